"""The page as its user meets it: in a browser, from a disk, with no network."""

import csv
import io
import itertools
import re
import sys

import geopandas as gpd
import numpy as np
import publish_tools as tools
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis import fields as f
from gis.publish import palette, payload, web_map
from gis.publish.web_map import write_map
from gis.publish.words import words
from gis.space.grid import Grid

SIZES = {"laptop": (1280, 800), "phone": (390, 844)}


def written(path, country, language="kk", **changes):
    minutes, grid = tools.minutes_raster()
    options = {
        **country,
        "rasters": {"town": (minutes, grid), "district_centre": (minutes + 20, grid)},
        "tiers": tools.TIERS,
        "contributions": tools.INDICATORS,
        "remoteness_classes": tools.CLASSES,
        "language": language,
        "notes": ["Test <b>data</b>", tools.HOSTILE[2]],
    }
    assert write_map(path, **(options | changes)) == []
    return path


@pytest.fixture(scope="module")
def page_file(country, tmp_path_factory):
    return written(tmp_path_factory.mktemp("Карта үлгісі") / "map.html", country)


@pytest.fixture(scope="module")
def browser():
    path = tools.chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        one = play.chromium.launch(executable_path=path, args=flags)
        yield one
        one.close()


@pytest.fixture
def visit(browser):
    """Open a page with the network off; at the end nothing may have been complained of, or asked of the network."""
    pages, trouble = [], []

    def open_page(file, size="laptop", fragment=""):
        width, height = SIZES[size]
        phone = size == "phone"
        context = browser.new_context(viewport={"width": width, "height": height}, has_touch=phone, is_mobile=phone)
        page = context.new_page()
        page.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: trouble.append(str(e)))

        def stop(route):
            trouble.append(route.request.url)
            route.abort()

        page.route(re.compile("^https?:"), stop)
        page.goto(file.as_uri() + fragment)
        page.wait_for_selector("[data-ready=yes]", timeout=30_000)
        pages.append(context)
        return page

    yield open_page
    for context in pages:
        context.close()
    assert trouble == []


def find(page, text):
    page.get_by_role("combobox").first.fill(text)
    page.locator("#found [role=option]:visible").first.wait_for()
    return [option.inner_text() for option in page.locator("#found [role=option]:visible").all()]


def card_of(page):
    return page.locator(".leaflet-popup .card, .sheet:not([hidden]) .card")


def inks(page, selector=".leaflet-points-pane canvas"):
    """Count the pixels that are drawn on a canvas."""
    return page.evaluate(
        """(selector) => { const c = document.querySelector(selector);
        const copy = document.createElement("canvas");
        copy.width = c.width; copy.height = c.height;
        copy.getContext("2d", { willReadFrequently: true }).drawImage(c, 0, 0);
        const d = copy.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }""",
        selector,
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("typed", ["Қарағанды", "караганды", "Karaganda", "100003021"])
def test_search_finds_any_spelling_and_opens_the_card(visit, page_file, size, typed):
    page = visit(page_file, size)
    assert find(page, typed)[0].startswith("Қарағанды")
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    assert card_of(page).get_by_role("heading", level=2).inner_text() == "Қарағанды"
    assert "500" in card_of(page).inner_text()


@pytest.mark.parametrize("size", SIZES)
def test_a_found_name_can_be_chosen_by_hand_or_by_keys(visit, page_file, size):
    page = visit(page_file, size)
    find(page, "Ақтөбе")
    option = page.locator("#found [role=option]:visible").first
    option.tap() if size == "phone" else option.click()
    card_of(page).wait_for()
    assert card_of(page).inner_text().startswith("Ақтөбе")
    assert page.evaluate("document.activeElement.className") == "card"
    names = find(page, "Ақбұлақ 5")
    assert len(names) == 12
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    heading = card_of(page).get_by_role("heading", level=2)
    assert heading.inner_text() == names[2].split("\n")[0]
    find(page, "Ақбұлақ 5")
    page.keyboard.press("Escape")
    assert page.locator("#found [role=option]:visible").count() == 0


@pytest.mark.parametrize("size", SIZES)
def test_a_click_opens_the_settlement_that_is_there(visit, page_file, country, size):
    page = visit(page_file, size)
    row = 3
    find(page, "Қарағанды")
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    page.locator(".leaflet-popup-close-button, .close").first.click()
    card_of(page).wait_for(state="hidden")
    place = page.evaluate(
        """([lat, lon]) => { const p = map_shalgai.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }""",
        [country["settlements"].geometry.y.iloc[row], country["settlements"].geometry.x.iloc[row]],
    )
    page.mouse.click(*place)
    card_of(page).wait_for()
    text = card_of(page).inner_text()
    frame, w = country["settlements"].iloc[row], words("kk")
    assert text.startswith("Қарағанды")
    assert w[f"potential.{frame[f.POTENTIAL]}"] in text
    assert w["tier.republican_city"] in text
    assert "Астана" in text
    assert page.locator(".card .bars .bar").count() == len(tools.INDICATORS)
    minutes = round(frame[f.travel_time_min("republican_city")])
    assert f"{minutes // 60} сағ {minutes % 60} мин" in text.replace("\u00a0", " ")


def test_layers_themes_and_rasters_change_map_and_legend(visit, page_file, country):
    page = visit(page_file)
    legend = page.locator(".legends")
    counts = country["settlements"][f.POTENTIAL].value_counts()
    assert str(counts[f.MEDIUM]) in legend.inner_text()
    lines = ".leaflet-lines-pane canvas"
    before = inks(page, lines)
    page.get_by_label("Жолдар").uncheck()
    page.wait_for_timeout(100)
    assert inks(page, lines) < before
    assert "Автомагистраль" not in legend.inner_text()
    before = inks(page)
    legend.get_by_role("button", name="Орташа").click()
    assert inks(page) < before
    page.get_by_label("Елді мекендердің түсі").select_option(f.REMOTENESS_CLASS)
    assert "Өте шалғай" in legend.inner_text()
    assert "Орташа" not in legend.inner_text()
    assert page.locator("img.cells").count() == 0
    page.get_by_label("Кез келген жерден жол уақыты").select_option("town")
    assert page.locator("img.cells").count() == 1
    assert page.evaluate("document.querySelector('img.cells').decode().then(() => true)")
    assert "Жету мүмкін емес" in legend.inner_text()
    page.get_by_label("Кез келген жерден жол уақыты").select_option("none")
    assert page.locator("img.cells").count() == 0


def table_rows(page):
    return [
        [cell.inner_text() for cell in row.locator("th, td").all()] for row in page.locator(".drawer tbody tr").all()
    ]


@pytest.mark.parametrize("size", SIZES)
def test_filter_and_table_hold_the_same_settlements(visit, page_file, country, size):
    page = visit(page_file, size)
    if size == "phone":
        page.locator(".toggle").click()
    frame, w = country["settlements"], words("kk")
    page.get_by_text(w["map.filter"], exact=True).click()
    page.get_by_label(w["column.region"], exact=True).select_option(label="Қарағанды облысы")
    page.get_by_label(w["map.people_from"]).fill("400")
    page.get_by_label(w["map.minutes_from"]).fill("120")
    right = frame[
        (frame[f.REGION] == "Қарағанды облысы")
        & (frame[f.POPULATION] >= 400)
        & (frame[f.travel_time_min("republican_city")].round() >= 120)
    ]
    assert 5 < len(right) < 300
    page.get_by_role("button", name=w["map.table"]).click()
    assert {row[1] for row in table_rows(page)} == set(right.index)
    page.locator(".drawer").get_by_role("button", name=w["column.population"]).click()
    people = [float(row[3].replace("\u00a0", "")) for row in table_rows(page)]
    assert people == sorted(right[f.POPULATION])
    with page.expect_download() as waiting:
        page.get_by_role("button", name=w["map.download"]).click()
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row[w["column.code"]] for row in rows] == [row[1] for row in table_rows(page)]
    first = page.locator(".drawer tbody th button").first
    name = first.inner_text()
    first.click()
    card_of(page).wait_for()
    assert card_of(page).get_by_role("heading", level=2).inner_text() == name


def test_downloaded_table_has_no_formula(visit, page_file, country):
    page = visit(page_file)
    page.get_by_role("button", name=words("kk")["map.table"]).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=words("kk")["map.download"]).click()
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert len(rows) == len(country["settlements"])
    for row in rows:
        assert not re.match(r"[=+\-@\t\r\n]", row[0])
    assert {row[0].removeprefix("'") for row in rows} == set(country["settlements"][f.NAME])


def test_a_view_is_shared_by_its_address(visit, page_file):
    page = visit(page_file)
    page.get_by_label("Елді мекендердің түсі").select_option(f.VIABILITY)
    page.get_by_label("Кез келген жерден жол уақыты").select_option("town")
    find(page, "Балқаш")
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    fragment = page.evaluate("location.hash")
    other = visit(page_file, fragment=fragment)
    card_of(other).wait_for()
    assert card_of(other).inner_text().startswith("Балқаш")
    assert other.get_by_label("Елді мекендердің түсі").input_value() == f.VIABILITY
    assert other.locator("img.cells").count() == 1
    assert other.evaluate("map_shalgai.getZoom()") == page.evaluate("map_shalgai.getZoom()")
    visit(page_file, fragment="#map=x/y&colour=<b>&time=none&place=../..")


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=60), min_size=8, max_size=20))
def test_any_text_in_any_place_is_only_text(browser, tmp_path_factory, texts):
    text = itertools.cycle(texts)
    frame = tools.country(30)["settlements"]
    for column in (f.NAME, f.NAME_KK, f.NAME_RU, f.REGION, f.REMOTENESS_CLASS):
        frame[column] = [next(text) for _ in range(len(frame))]
    classes = sorted(set(frame[f.REMOTENESS_CLASS]))[:5]
    folder = tmp_path_factory.mktemp("texts")
    write_map(
        folder / "map.html", settlements=frame, tiers=tools.TIERS, tier_names={"town": next(text)},
        remoteness_classes=classes, title=next(text), notes=texts,
    )  # fmt: skip
    page = browser.new_page()
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto((folder / "map.html").as_uri())
    page.wait_for_selector("[data-ready=yes]", timeout=30_000)
    names = page.evaluate("document.querySelectorAll('.panel *').length")
    assert names > 20
    page.close()
    assert trouble == []


@pytest.mark.parametrize("size", SIZES)
def test_hostile_names_are_text(visit, page_file, size):
    page = visit(page_file, size)
    for number, name in enumerate(tools.HOSTILE, start=12):
        find(page, str(100000000 + 1007 * number))
        page.keyboard.press("Enter")
        card_of(page).wait_for()
        heading = card_of(page).get_by_role("heading", level=2)
        assert heading.evaluate("e => e.textContent") == name
    assert page.evaluate("window.hurt") is None
    assert page.locator(".panel img, .leaflet-popup img, .sheet img").count() == 0
    page.evaluate("document.querySelector('.about').open = true")
    assert "</script>" in page.locator(".about").inner_text()


def test_unreachable_and_unknown_are_said(visit, page_file):
    page = visit(page_file)
    for number, word in ((31, "Жету мүмкін емес"), (34, "Дерек жоқ")):
        find(page, str(100000000 + 1007 * number))
        page.keyboard.press("Enter")
        card_of(page).wait_for()
        assert word in card_of(page).locator("table").inner_text()


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_page_is_in_its_language(visit, country, tmp_path, language):
    page = visit(written(tmp_path / "map.html", country, language))
    assert page.evaluate("document.documentElement.lang") == language
    assert page.title() == words(language)["map.title"]
    text = page.locator(".panel").inner_text()
    others = {"en", "ru", "kk"} - {language}
    assert words(language)["potential.low"] in text
    assert not any(words(other)["potential.low"] in text for other in others)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off(visit, page_file, size):
    page = visit(page_file, size)
    width, height = SIZES[size]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator(".panel").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= height
    find(page, "Алматы")
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    page.wait_for_timeout(400)
    card = page.locator(".leaflet-popup, .sheet:not([hidden])").first.bounding_box()
    assert card["x"] >= 0
    assert card["y"] >= (box["y"] + box["height"] if size == "phone" else 0)
    assert card["x"] + card["width"] <= width
    assert card["y"] + card["height"] <= height


def test_page_works_with_the_least_that_can_be_had(visit, tmp_path):
    bare = gpd.GeoDataFrame(index=["a"], geometry=[shapely.Point(70, 50)], crs=4326)
    assert write_map(tmp_path / "bare.html", settlements=bare) == []
    page = visit(tmp_path / "bare.html")
    find(page, "a")
    page.keyboard.press("Enter")
    assert card_of(page).inner_text().startswith("a")


def test_page_is_small_asks_for_nothing_and_is_the_same_each_time(page_file, country, tmp_path):
    text = page_file.read_text("utf-8")
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", text)
    assert not re.search(r"url\((?!\"?(?:data:|#))", text)
    again = written(tmp_path / "again.html", country)
    assert again.read_bytes() == page_file.read_bytes()


def test_12_000_settlements_take_less_than_the_promised_size(tmp_path):
    path = written(tmp_path / "map.html", tools.country(12_000))
    assert path.stat().st_size < 1_500_000


def test_without_leaflet_the_page_links_to_it_and_says_so(country, tmp_path, monkeypatch):
    monkeypatch.setattr(web_map, "_leaflet", lambda: None)
    findings = write_map(tmp_path / "map.html", settlements=country["settlements"])
    assert [(one.level, one.code) for one in findings] == [("warning", "leaflet-missing")]
    assert re.search(r'src="https://[^"]*leaflet', (tmp_path / "map.html").read_text("utf-8"))


def test_leaflet_is_read_without_django():
    assert web_map._leaflet() is not None
    assert "django" not in sys.modules


def test_points_unpack_to_where_they_were(country):
    frame = country["settlements"].to_crs(3857)
    data = payload.points(frame, tools.TIERS, None, ())
    lon = np.cumsum(data["lon"]) / 100_000
    assert lon == pytest.approx(country["settlements"].geometry.x.to_numpy(), abs=1.5e-5)
    town = data["tiers"][2]
    assert town["min"][30] == -1
    assert town["min"][34] is None
    assert data["id"][town["centre"][5]] == frame[f.centre("town")].iloc[5]


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_a_raster_keeps_its_place_and_its_classes():
    minutes = np.full((20, 30), 5.0)
    minutes[:, 10:20], minutes[:, 20:] = np.inf, np.nan
    made = payload.raster(minutes, Grid((20, 30), Affine(0.1, 0, 60, 0, -0.1, 50), "EPSG:4326"))
    (south, west), (north, east) = made["bounds"]
    assert (west, north) == pytest.approx((60, 50), abs=0.01)
    assert (east, south) == pytest.approx((63, 48), abs=0.11)
    import base64

    from rasterio.io import MemoryFile

    with MemoryFile(base64.b64decode(made["url"].split(",")[1])) as memory, memory.open() as image:
        codes, colours = image.read(1), image.colormap(1)
    middle = codes[codes.shape[0] // 2]
    assert colours[int(middle[2])][:3] == palette.rgb(palette.MINUTES_COLOURS[0])
    assert colours[int(middle[len(middle) // 2])][:3] in (
        palette.rgb(palette.UNREACHABLE),
        palette.rgb(palette.OUTLINE),
    )
    assert colours[int(middle[-2])][3] == 0


def test_least_classes_of_roads_go_first_where_all_would_be_too_many(country, monkeypatch, tmp_path):
    every, none = payload.road_lines(country["roads"], 0.001)
    assert none == []
    assert len(every) == 6
    monkeypatch.setattr(payload, "_MOST_VERTICES", sum(len(p[0]) for road in every[:4] for p in road["lines"]))
    lines, left_out = payload.road_lines(country["roads"], 0.001)
    assert lines == every[:4]
    assert left_out == ["tertiary", "local"]
    findings = write_map(tmp_path / "map.html", settlements=country["settlements"], roads=country["roads"])
    assert [one.code for one in findings] == ["map-roads-left-out"]


@pytest.mark.parametrize("size", SIZES)
def test_the_page_opens_on_all_settlements_beside_its_panel(visit, page_file, country, size):
    page = visit(page_file, size)
    west, south, east, north = country["settlements"].total_bounds
    corners = page.evaluate(
        """(all) => all.map((at) => map_shalgai.latLngToContainerPoint(at)).map((p) => [p.x, p.y])""",
        [[north, west], [south, east]],
    )
    panel = page.locator(".panel").bounding_box()
    free = panel["x"] + panel["width"], 0
    if size == "phone":
        free = 0, panel["y"] + panel["height"]
    assert corners[0][0] >= free[0]
    assert corners[0][1] >= free[1]
    assert corners[1][0] <= SIZES[size][0]
    assert corners[1][1] <= SIZES[size][1]
    # and uses at least half of what is free
    assert corners[1][0] - corners[0][0] > 0.5 * (SIZES[size][0] - free[0])


def test_the_reader_changes_the_language_and_keeps_the_view(visit, page_file):
    page = visit(page_file)
    page.get_by_label(words("kk")["map.colour"]).select_option(f.VIABILITY)
    page.get_by_text(words("kk")["map.filter"], exact=True).click()
    page.get_by_label(words("kk")["map.people_from"]).fill("300")
    find(page, "Қарағанды")
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    zoom = page.evaluate("map_shalgai.getZoom()")
    for language, button, name in (
        ("ru", "Русский", "Караганда"),
        ("en", "English", "Karaganda"),
        ("kk", "Қазақша", "Қарағанды"),
    ):
        page.get_by_role("button", name=button).click()
        w = words(language)
        assert page.evaluate("document.documentElement.lang") == language
        assert card_of(page).get_by_role("heading", level=2).inner_text() == name
        assert w["column.population"] in card_of(page).inner_text()
        assert w["column.viability"] in page.locator(".legends h2").first.inner_text()
        assert page.get_by_label(w["map.colour"]).input_value() == f.VIABILITY
        assert page.locator("#filter-people").input_value() == "300"
        assert w["unit.km"] in page.locator(".leaflet-control-scale").inner_text()
        assert page.locator(".panel").count() == page.locator(".drawer").count() == 1
    assert page.evaluate("map_shalgai.getZoom()") == zoom
