"""The page as its user meets it: in a browser, from a disk, with no network."""

import csv
import io
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import zlib

import geopandas as gpd
import numpy as np
import pandas as pd
import publish_tools as tools
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from gis import fields as f
from gis.errors import Finding
from gis.publish import map_rasters, map_routes, map_themes, palette, payload, web_map
from gis.publish.finding_words import finding_said
from gis.publish.packing import pack
from gis.publish.web_map import OtherRun, write_map
from gis.publish.words import LANGUAGES, tier_name, words
from gis.space.grid import Grid
from gis.stages.route_forest import RouteForest

SIZES = {"laptop": (1280, 800), "phone": (390, 844)}


def written(path, country, language="kk", **changes):
    minutes, grid = tools.minutes_raster()
    options = {
        "surfaces": {(tier, "summer"): minutes + 20 * k for k, tier in enumerate(("town", "district_centre"))},
        "grid": grid,
        "tiers": tools.TIERS,
        "contributions": tools.INDICATORS,
        "remoteness_classes": tools.CLASSES,
        "language": language,
        "notes": ["Test <b>data</b>", tools.HOSTILE[2]],
        **country,
    }
    assert write_map(path, **(options | changes)) == []
    return path


SEASONS = ("summer", "winter", "thaw")
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30" width="400" height="300">'
    '<rect width="40" height="30" fill="#1b6ca8"/><script>window.hurt=1</script></svg>'
)


FOUND = [
    Finding("warning", "unreachable", "settlements that reach no centre of this tier", value=tools.HOSTILE[0], count=4),
    Finding("repair", "no-bridge", "roads cut where they cross a river without a bridge", count=2),
]


def rich(n=600):
    """The country with everything that a run may have: types, draws, climate, seasons, routes, figures of regions."""
    made = tools.country(n)
    frame, random = made["settlements"].copy(), np.random.default_rng(7)
    n = len(frame)
    far = np.select([frame[f.REMOTENESS] < 25, frame[f.REMOTENESS] < 45], ["near", "midway"], "remote")
    how = frame[f.POTENTIAL].map({f.HIGH: "strong", f.MEDIUM: "fair", f.LOW: "failing"})
    frame["typology"] = np.where(how.isna(), f.UNKNOWN, pd.Series(far, frame.index) + "_" + how.fillna(""))
    frame["typology"] = frame["typology"].replace("remote_strong", "remote_viable")
    chance = random.dirichlet((3, 3, 3), n)
    own = frame[f.POTENTIAL].map({f.HIGH: 0, f.MEDIUM: 1, f.LOW: 2}).to_numpy(float)
    for k, value in enumerate(f.POTENTIALS[:3]):
        frame[f.probability(value)] = np.where(np.isnan(own), np.nan, np.where(own == k, 0.5, 0.25) + 0 * chance[:, k])
    frame[f.POTENTIAL_STABLE] = random.random(n) < 0.8
    frame[f.VIABILITY_P05], frame[f.VIABILITY_P95] = frame[f.VIABILITY] * 0.9, np.minimum(100, frame[f.VIABILITY] * 1.1)
    frame[f.HEATING_DEGREE_DAYS] = np.where(np.arange(n) == 37, np.nan, random.uniform(1500, 7500, n))
    frame["aridity_class"] = random.choice(["hyper-arid", "arid", "semi-arid", "dry sub-humid", "humid"], n)
    frame["koppen"] = random.choice(["BWk", "BSk", "Dfa", "Dfb", "Dwb", "Cfa", "ET", "EF", "Csa"], n)
    for tier in tools.TIERS:
        minutes = frame[f.travel_time_min(tier)]
        for season, factor in (("winter", 1.25), ("thaw", 2.0), ("worst", 2.5)):
            frame[f.travel_time_min(tier, season)] = np.where(np.arange(n) % 50 == 40, np.inf, minutes * factor)
        frame[f.worst_month(tier)] = 4.0
        frame[f.months_cut_off(tier)] = np.where(np.arange(n) % 50 == 40, 2.0, 0.0)
    made["settlements"] = frame
    minutes, grid = tools.minutes_raster()
    surfaces = {("town", season): minutes * k for k, season in enumerate(SEASONS, start=1)}
    journeys = [
        pd.DataFrame({"from_id": frame.index, "to_id": frame[f.centre(tier)], "tier": tier, "season": season})
        for tier in tools.TIERS for season in SEASONS
    ]  # fmt: skip
    return {**made, "routes": _routes(frame), "areas": _areas(frame), "seasons": SEASONS, "surfaces": surfaces,
            "grid": grid, "journeys": pd.concat(journeys), "found": FOUND,
            "pictures": {key: {"lorenz": PICTURE, "ranking": PICTURE} for key in LANGUAGES}}  # fmt: skip


def _routes(frame):
    """A bent road from each settlement to each of its centres, every fifth over land; there is none in a thaw."""
    xy = shapely.get_coordinates(frame.geometry.to_numpy())
    ends, lines, ways, number = [], [], {}, {}
    for tier in tools.TIERS:
        to = frame.index.get_indexer(frame[f.centre(tier)].fillna(""))
        own = (to >= 0) & (to != np.arange(len(frame)))
        onward = np.full(len(frame), -1)
        for i in np.flatnonzero(own):
            if (i, to[i]) not in number:
                number[i, to[i]] = len(lines)
                ends.append((i, to[i]))
                lines.append(np.array([xy[i], (xy[i] + xy[to[i]]) / 2 + (0.4, 0.3), xy[to[i]]]))
            onward[i] = number[i, to[i]]
        for season in SEASONS:
            ways[tier, season] = onward if season != "thaw" else np.full(len(frame), -1)
    first = np.cumsum([0, *map(len, lines)])
    off = np.arange(len(lines)) % 5 == 0
    return RouteForest(frame.index, xy, np.array(ends), np.concatenate(lines), first, off, ways)


def _areas(frame):
    shapes = tools._regions(frame)
    hubs = frame.iloc[: len(tools._HUBS)]
    names = [hubs[f.REGION][hubs.within(shape)].iloc[0] for shape in shapes.geometry]
    groups = frame.groupby(f.REGION)
    figures = pd.DataFrame(
        {
            "settlements": groups.size(), f.POPULATION: groups[f.POPULATION].sum(),
            "settlements_high": groups[f.POTENTIAL].agg(lambda v: (v == f.HIGH).sum()),
            "settlements_low": groups[f.POTENTIAL].agg(lambda v: (v == f.LOW).sum()),
            "viability_mean": groups[f.VIABILITY].mean(),
        }
    )  # fmt: skip
    beyond = frame[frame[f.travel_time_min("town")] > 60].groupby(f.REGION)[f.POPULATION].sum()
    figures["population_beyond_town_60_min"] = beyond.reindex(figures.index).fillna(0.0)
    polygons = gpd.GeoDataFrame({f.REGION: names}, geometry=shapes.geometry, crs=4326)
    return polygons.merge(figures, left_on=f.REGION, right_index=True, how="left")


@pytest.fixture(scope="module")
def rich_file(tmp_path_factory):
    return written(tmp_path_factory.mktemp("rich") / "map.html", rich())


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


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("Aqtobe", "Ақтөбе"), ("Qyzylorda", "Қызылорда"), ("jezqazgan", "Жезқазған"), ("Qaraǵandy", "Қарағанды"),
        ("Ust Kamenogorsk", "Өскемен"), ("Şymkent", "Шымкент"), ("Балкаш", "Балқаш"), ("Öskemen", "Өскемен"),
    ],
)  # fmt: skip
def test_search_finds_a_name_in_another_alphabet(visit, page_file, typed, known):
    page = visit(page_file)
    assert find(page, typed)[0].startswith(known)
    assert find(page, "!?") == [words("kk")["map.nothing"]]


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
    assert page.locator("canvas.cells").count() == 0
    page.get_by_label("Кез келген жерден жол уақыты").select_option("town")
    assert page.locator("canvas.cells").count() == 1
    assert inks(page, "canvas.cells") > 1000
    assert "Жету мүмкін емес" in legend.inner_text()
    page.get_by_label("Кез келген жерден жол уақыты").select_option("none")
    assert page.locator("canvas.cells").count() == 0


def table_rows(page):
    page.locator(".drawer tbody[aria-busy=false]").wait_for()
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
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert [row[w["column.code"]] for row in rows] == [row[1] for row in table_rows(page)]
    first = page.locator(".drawer tbody th button").first
    name = first.inner_text()
    first.click()
    card_of(page).wait_for()
    assert card_of(page).get_by_role("heading", level=2).inner_text() == name


def test_the_rows_of_a_long_table_are_the_first_of_all(visit, rich_file):
    page, w = visit(rich_file), words("kk")
    page.get_by_role("button", name=w["map.table"]).click()
    for column in ("map.name", "column.population", "column.population", "column.remoteness"):
        head = w.get(column, w["column.name"])
        page.locator(".drawer thead").get_by_role("button", name=head).first.click()
        shown = table_rows(page)
        with page.expect_download() as waiting:
            page.get_by_role("button", name=w["map.download"]).click()
        text = waiting.value.path().read_bytes().decode("utf-8-sig")
        codes = [row[w["column.code"]] for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=";")]
        assert len(codes) > 400
        assert [row[1] for row in shown[:-1]] == codes[:300]
        assert shown[-1] == [f"… {len(codes) - 300}"]


def test_downloaded_table_has_no_formula(visit, page_file, country):
    page = visit(page_file)
    page.get_by_role("button", name=words("kk")["map.table"]).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=words("kk")["map.download"]).click()
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))[1:]
    assert len(rows) == len(country["settlements"])
    for row in rows:
        assert not re.match(r"[=+\-@\t\r\n]", row[0])
    assert {row[0].removeprefix("'") for row in rows} == set(country["settlements"][f.NAME])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_downloaded_table_is_for_the_spreadsheet_of_its_language(visit, page_file, country, language):
    page, w = visit(page_file, fragment=f"#lang={language}"), words(language)
    page.get_by_role("button", name=w["map.table"]).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=w["map.download"]).click()
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    cells, decimal = (",", ".") if language == "en" else (";", ",")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=cells))
    by_code = country["settlements"][f.REMOTENESS].round(1)
    told = {row[w["column.code"]]: row[w["column.remoteness"]] for row in rows}
    found = pd.Series(told).replace("", np.nan).str.replace(decimal, ".").astype(float)
    pd.testing.assert_series_equal(found[by_code.index], by_code, check_names=False, check_index_type=False)
    assert any(decimal in value for value in told.values())


def test_language_filter_and_hidden_classes_are_shared_as_well(visit, rich_file):
    page = visit(rich_file)
    page.get_by_role("button", name="Русский").click()
    w = words("ru")
    page.get_by_text(w["map.filter"], exact=True).click()
    region = page.get_by_label(w["column.region"], exact=True)
    region.select_option(index=3)
    page.get_by_label(w["map.people_from"]).fill("300")
    page.get_by_label(w["map.minutes_from"]).fill("15")
    page.get_by_label(w["map.centre"], exact=True).select_option("town")
    page.locator(".legends li button").nth(1).click()
    legend = page.locator(".legends ul").first.inner_text()
    other = visit(rich_file, fragment=page.evaluate("location.hash"))
    assert other.evaluate("document.documentElement.lang") == "ru"
    assert other.locator(".legends ul").first.inner_text() == legend
    assert other.locator(".legends li button[aria-pressed=false]").count() == 1
    assert other.get_by_label(w["column.region"], exact=True).input_value() == region.input_value()
    for label, value in ((w["map.people_from"], "300"), (w["map.minutes_from"], "15")):
        assert other.get_by_label(label).input_value() == value
    assert other.get_by_label(w["map.centre"], exact=True).input_value() == "town"
    assert other.get_by_label(w["map.people_from"]).is_visible(), "a filter that acts is seen"
    visit(rich_file, fragment="#lang=__proto__&hide=x.99.-1&region=1e9&people=<b>&minutes=NaN&to=..")


def test_the_printed_card_is_whole_and_on_a_page_of_its_own(visit, rich_file):
    page = visit(rich_file)
    one_page = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    find(page, "Балқаш")
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == one_page + 1 == 2
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    box = page.locator(".sheet").evaluate("e => [e.scrollHeight - e.clientHeight, e.parentNode.tagName]")
    assert box == [0, "BODY"]
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator(".leaflet-container .sheet").is_visible()


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
    assert other.locator("canvas.cells").count() == 1
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
    made = rich(12_000)
    path = written(tmp_path / "map.html", made)
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
    lon = np.array(data["lon"]) / 100_000
    assert lon == pytest.approx(country["settlements"].geometry.x.to_numpy(), abs=1.5e-5)
    town = data["tiers"][2]
    assert town["min"][30] == -1
    assert town["min"][34] is None
    assert data["id"][town["centre"][5]] == frame[f.centre("town")].iloc[5]


GRID = Grid((20, 30), Affine(0.1, 0, 60, 0, -0.1, 50), "EPSG:4326")


def whole(made, number):
    """The picture of a surface, from what the page is told."""
    first = made["first"][number]
    return made["pictures"][number] + (0 if first < 0 else whole(made, first))


def test_a_surface_keeps_its_place_and_its_classes():
    minutes = np.full((20, 30), 5.0)
    minutes[:, 10:20], minutes[:, 20:] = np.inf, np.nan
    made, coarser = map_rasters.rasters({("town", "winter"): minutes}, GRID)
    (south, west), (north, east) = made["bounds"]
    assert (west, north) == pytest.approx((60, 50), abs=0.01)
    assert (east, south) == pytest.approx((63, 48), abs=0.11)
    codes = made["pictures"][made["of"]["town"]["winter"]].reshape(made["height"], made["width"])
    middle = codes[len(codes) // 2]
    thirds = [middle[len(middle) * k // 6] for k in (1, 3, 5)]
    assert thirds == [1, map_rasters.UNREACHABLE, 0]
    assert coarser == pytest.approx(1, abs=0.05)


def test_surfaces_of_seasons_unpack_to_their_own_classes():
    random = np.random.default_rng(3)
    surfaces = {(t, s): random.uniform(0, 900, GRID.shape) for t in ("town", "city") for s in ("year", "winter")}
    surfaces["city", "thaw"] = surfaces["city", "winter"].copy()
    made, _ = map_rasters.rasters(surfaces, GRID)
    assert made["of"]["city"]["thaw"] == made["of"]["city"]["winter"]  # kept once
    alone = {key: map_rasters.rasters({key: minutes}, GRID)[0]["pictures"][0] for key, minutes in surfaces.items()}
    for (tier, season), codes in alone.items():
        assert (whole(made, made["of"][tier][season]) == codes).all()


def test_surfaces_for_which_there_is_no_room_are_coarser_and_that_is_said(tmp_path):
    random = np.random.default_rng(4)
    grid = Grid((700, 900), Affine(0.03, 0, 46.5, 0, -0.02, 55.6), "EPSG:4326")
    surfaces = {("town", f"s{k}"): random.uniform(0, 900, grid.shape) for k in range(3)}
    made, coarser = map_rasters.rasters(surfaces, grid)
    assert len(zlib.compress(pack(made), 6)) < 1.1 * map_rasters.BYTES
    assert coarser > 1.3
    places = tools.country(60)["settlements"]
    findings = write_map(tmp_path / "map.html", settlements=places, tiers=["town"], surfaces=surfaces, grid=grid)
    assert [one.code for one in findings] == ["map-surfaces-coarser"]
    assert float(findings[0].value) == pytest.approx(coarser, abs=0.1)


def test_least_classes_of_roads_go_first_where_all_would_be_too_many(country, monkeypatch, tmp_path):
    every, none = payload.road_lines(country["roads"], 0.001)
    assert none == []
    assert len(every) == 6
    monkeypatch.setattr(payload, "_MOST_VERTICES", sum(len(road["lines"]["x"]) for road in every[:4]))
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


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The checker of accessibility, from the registry of npm as it is configured where the tests run."""
    npm = shutil.which("npm")
    if npm is None:
        tools.missing("npm")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4.10.2"]
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    except subprocess.TimeoutExpired:
        tools.missing("axe-core (npm did not answer)")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if done.returncode or not script.is_file():
        tools.missing("axe-core from npm")
    return script.read_text("utf-8")


def violations(page, axe):
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe)
    found = page.evaluate("axe.run(document).then((made) => made.violations)")
    return [
        (one["id"], node["html"], node["failureSummary"])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_axe_finds_nothing_serious(visit, rich_file, axe, size, language):
    page = visit(rich_file, size, "#regions=viability_mean&season=1&colour=travel_time_town_min&beside=2")
    button = {"en": "English", "ru": "Русский", "kk": "Қазақша"}[language]
    page.evaluate("(name) => [...document.querySelectorAll('.languages button')]"
                  ".find((one) => one.textContent === name).click()", button)  # fmt: skip
    assert violations(page, axe) == []
    find(page, "Ақбұлақ 5")
    assert violations(page, axe) == []
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    if size == "phone":
        page.locator(".toggle").click()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.locator(".legends li button").first.click()
    assert violations(page, axe) == []
    page.get_by_role("button", name=words(language)["map.table"]).click()
    assert violations(page, axe) == []
    page.locator(".drawer .close").click()
    page.get_by_role("button", name=words(language)["map.lorenz"]).click()
    assert violations(page, axe) == []


def test_the_page_can_be_enlarged_by_hand(page_file):
    assert "user-scalable" not in re.search(r'<meta name="viewport"[^>]*>', page_file.read_text("utf-8"))[0]


def colour_by(page, key, language="kk"):
    page.get_by_label(words(language)["map.colour"]).select_option(key)
    return page.locator(".legends").inner_text()


def test_types_certainty_and_climate_are_themes_with_their_counts(visit, rich_file):
    frame = rich()["settlements"]
    page, w = visit(rich_file), words("kk")

    def counted(key):
        text = colour_by(page, key)
        rows = page.locator(".legends ul").first.locator("li button")
        return {r.locator("span").inner_text(): int(r.locator("b").inner_text()) for r in rows.all()}, text

    types, _ = counted("typology")
    expected = frame["typology"].value_counts()
    assert types[w["typology.near_strong"]] == expected["near_strong"]
    assert sum(types.values()) == len(frame)
    stable, _ = counted(f.POTENTIAL_STABLE)
    doubtful = (frame[f.POTENTIAL] == f.LOW) & ~frame[f.POTENTIAL_STABLE]
    assert stable[f"{w['potential.low']}, {w['map.doubtful']}"] == doubtful.sum()
    chance, _ = counted("probability")
    assert (
        sum(v for k, v in chance.items() if k != w["class.no_data"]) == frame[f.POTENTIAL].isin(f.POTENTIALS[:3]).sum()
    )
    heating, _ = counted(f.HEATING_DEGREE_DAYS)
    assert heating[w["class.no_data"]] == 1
    arid, _ = counted("aridity_class")
    assert arid[w["climate.arid"]] == (frame["aridity_class"] == "arid").sum()
    koppen, text = counted("koppen")
    assert koppen["Dfb"] == (frame["koppen"] == "Dfb").sum()
    assert w["class.unreachable"] in text  # told in every theme, by a mark of its own


def whites(page):
    """Count the pixels of white ink on the canvas of the points."""
    return page.evaluate(
        """() => { const c = document.querySelector(".leaflet-points-pane canvas");
        const d = new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer);
        return d.filter((ink) => ink === 0xffffffff).length; }"""
    )


def test_a_class_that_is_not_stable_is_marked_in_the_first_view(visit, tmp_path):
    """By a mark that is hollow, and by a line of the legend; other themes tell of other things."""
    made, sign = rich(60), words("kk")["card.not_stable"].capitalize()
    made["settlements"][f.POPULATION] = 50_000.0  # large marks
    white = {}
    for stable in (True, False):
        made["settlements"][f.POTENTIAL_STABLE] = stable
        page = visit(written(tmp_path / f"{stable}.html", made))
        assert (sign in page.locator(".legends").inner_text()) == (not stable)
        white[stable] = whites(page)
        assert sign not in colour_by(page, f.VIABILITY)
    assert white[False] > white[True] + 60


def test_the_bars_of_a_card_add_up_to_viability(visit, rich_file):
    frame, page = rich()["settlements"], visit(rich_file)
    for row in (0, 5, 33, 45):
        find(page, frame.index[row])
        page.keyboard.press("Enter")
        card_of(page).wait_for()
        numbers = [float(t.replace(",", ".")) for t in page.locator(".bars b").all_inner_texts()]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=1e-6)
        assert numbers[-1] == pytest.approx(frame[f.VIABILITY].iloc[row], abs=0.051)
    assert words("kk")["map.no_value"] in card_of(page).inner_text()  # row 45 lacks an indicator
    assert words("kk")["map.probability"] in card_of(page).inner_text()


@given(st.lists(st.lists(st.floats(0, 60) | st.just(float("nan")), min_size=3, max_size=3), min_size=1, max_size=20))
def test_rounded_points_sum_to_the_rounded_total(rows):
    points = np.array(rows)
    parts = payload.summing(points).T
    assert np.nansum(parts, axis=1) == pytest.approx(np.rint(np.nansum(points * 10, axis=1)) / 10, abs=1e-9)
    assert (np.isnan(parts) == np.isnan(points)).all()
    assert (np.abs(parts - points)[~np.isnan(points)] < 0.1 + 1e-9).all()


def test_seasons_change_minutes_everywhere(visit, rich_file):
    frame, page, w = rich()["settlements"], visit(rich_file), words("kk")
    key = f.travel_time_min("town")
    colour_by(page, key)
    slider = page.get_by_label(w["map.season"])
    assert slider.get_attribute("aria-valuetext") == w["season.summer"]
    find(page, frame.index[60])
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == w["season.winter"]
    assert w["season.winter"] in card_of(page).locator("thead").inner_text()
    minutes = round(frame[f.travel_time_min("town", "winter")].iloc[60])
    said = f"{minutes // 60} сағ" if minutes >= 60 else f"{minutes} мин"
    assert said in card_of(page).locator("tbody tr:has(th)").nth(2).locator("td").first.inner_text().replace(
        "\u00a0", " "
    )
    assert w["month.04"] in card_of(page).inner_text()
    legend = page.locator(".legends ul").first.locator("li", has_text=w["class.unreachable"])
    winter = frame[f.travel_time_min("town", "winter")]
    assert int(legend.locator("b").inner_text()) == np.isinf(winter).sum() > np.isinf(frame[key]).sum()
    assert "season=1" in page.evaluate("location.hash")


def test_one_season_has_no_slider(visit, page_file):
    assert visit(page_file).get_by_label(words("kk")["map.season"]).count() == 0


@pytest.mark.parametrize("size", SIZES)
def test_catchments_are_lines_to_the_centres_of_a_tier(visit, rich_file, size):
    page, w = visit(rich_file, size), words("kk")
    canvas = ".leaflet-catchments-pane canvas"
    if size == "phone":
        page.locator(".toggle").click()
    page.get_by_label(w["map.catchments"]).select_option("town")
    page.wait_for_timeout(100)
    every = inks(page, canvas)
    assert every > 2000
    assert w["map.catchment_lines"] in page.locator(".legends").inner_text()
    assert "catchments=town" in page.evaluate("location.hash")
    page.get_by_text(w["map.filter"], exact=True).click()
    page.get_by_label(w["map.people_from"]).fill("3000")
    page.wait_for_timeout(100)
    assert 0 < inks(page, canvas) < every, "of those that are shown"
    page.get_by_label(w["map.catchments"]).select_option("none")
    assert page.locator(canvas).count() == 0 or inks(page, canvas) == 0
    again = visit(rich_file, size, fragment="#catchments=town")
    assert again.locator(canvas).count() == 1


def test_the_route_of_the_chosen_settlement_is_drawn(visit, rich_file, page_file):
    page = visit(rich_file)
    paths = ".leaflet-routes-pane canvas"
    find(page, rich()["settlements"].index[60])
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    page.wait_for_timeout(100)
    assert inks(page, paths) > 200
    page.keyboard.press("Escape")
    card_of(page).wait_for(state="hidden")
    page.wait_for_timeout(100)
    assert page.locator(paths).count() == 0 or inks(page, paths) == 0
    bare = visit(page_file)
    find(bare, rich()["settlements"].index[60])
    bare.keyboard.press("Enter")
    assert bare.locator(paths).count() == 0


def followed(made, places, row, tier, season):
    """The way of a settlement, and whether it leaves the roads, from what the page is told: as the page follows it."""
    at = {}
    to = np.array(made["from"]) + np.array(made["to"])
    for stretch, ends in enumerate(zip(made["from"], to, strict=True)):
        for node in ends:
            at.setdefault(int(node), []).append(stretch)
    begin = np.concatenate([[0], np.cumsum(made["count"])]).astype(int)
    own = np.rint(places * 1e5).astype(int) // made["unit"]
    node_xy = np.vstack([own, np.column_stack([made["x"], made["y"]]).astype(int)])
    onward = made["ways"][made["of"][tier][season]]["onward"]
    found, off, node = [node_xy[row]], [], row
    while onward[node]:
        k = at[node][onward[node] - 1]
        steps_ = np.column_stack([made["dx"], made["dy"]])[begin[k] : begin[k + 1]]
        between = node_xy[made["from"][k]] + np.cumsum(steps_, axis=0)
        found += list(between if made["from"][k] == node else between[::-1])
        off.append(made["off"][k])
        node = int(to[k] if made["from"][k] == node else made["from"][k])
        found.append(node_xy[node])
    return np.array(found if off else np.empty((0, 2))) * made["unit"] / 1e5, off


def told_of(made, ids):
    """Whether every route that the page is told of is that of the forest, and how many there are."""
    forest = made["routes"]
    told = map_routes.routes(map_routes.simplified(forest, 4e-5), ids, tools.TIERS, SEASONS, 4e-5)
    places = shapely.get_coordinates(made["settlements"].geometry.loc[ids].to_numpy())
    drawn = 0
    for t, tier in enumerate(tools.TIERS):
        for s, season in enumerate(SEASONS):
            for row, key in enumerate(ids):
                wanted = forest.line(forest.settlements.get_loc(key), tier, season)
                got, off = followed(told, places, row, t, s)
                assert len(got) == len(wanted)
                assert got == pytest.approx(wanted, abs=1.01e-5)
                if len(got):
                    stretch = forest.onward[tier, season][forest.settlements.get_loc(key)]
                    assert off == [int(forest.off_road[stretch])]
                    drawn += 1
    return told, drawn


def test_every_route_unpacks_to_where_it_was():
    made = rich(90)
    told, drawn = told_of(made, made["settlements"].index[::-1])
    assert drawn > 200
    assert 0 < sum(told["off"]) < len(told["off"])
    assert len(told["ways"]) < len(tools.TIERS) * len(SEASONS)  # seasons share what they can


def test_settlements_that_the_page_or_the_forest_lacks_do_no_harm():
    made = rich(90)
    some = made["settlements"].index[5:]
    assert told_of(made, some)[1] > 150
    more = some.append(pd.Index(["nobody knows it"]))
    told = map_routes.routes(map_routes.simplified(made["routes"], 4e-5), more, tools.TIERS, SEASONS, 4e-5)
    assert all(way["onward"][len(some)] == 0 for way in told["ways"])


def test_routes_for_which_there_is_no_room_are_named(monkeypatch, tmp_path):
    made = rich(200)
    some = map_routes.simplified(made["routes"].of_tiers(tools.TIERS[-1:]), 0.04)
    lowest = map_routes.routes(some, made["settlements"].index, tools.TIERS, SEASONS, 0.04)
    monkeypatch.setattr(map_routes, "BYTES", len(zlib.compress(pack(lowest), 6)) + 400)
    findings = write_map(
        tmp_path / "map.html", settlements=made["settlements"], tiers=tools.TIERS, seasons=SEASONS,
        routes=made["routes"],
    )  # fmt: skip
    assert [one.code for one in findings] == ["map-routes-left-out"]
    assert "republican_city" in findings[0].value  # the longest go first
    assert "district_centre" not in findings[0].value


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6)), min_size=1, max_size=60), st.sampled_from([1, 10, 100])
)
def test_packed_numbers_unpack(values, scale):
    values = [None if v is None else v / scale if scale > 1 else v for v in values]
    data = pack({"a": values, "b": ["x", None]})
    end = 4 + int.from_bytes(data[:4], "little")
    told = json.loads(data[4:end])
    assert told["b"] == ["x", None]
    assert (unpacked(data[end:], *told["a"]["$"]) if isinstance(told["a"], dict) else told["a"]) == values


def unpacked(columns, start, count, width, differences, scale):
    """What the page's `column` does."""
    found, last = [], 0
    for i in range(count):
        code = sum(columns[start + k * count + i] << 8 * k for k in range(width))
        if code < 2:
            found.append(None if code == 0 else -1)
            continue
        value = (code - 2) // 2 if code % 2 == 0 else -(code - 1) // 2
        last = last + value if differences else value
        found.append(last / scale)
    return found


def test_regions_are_coloured_by_their_figures(visit, rich_file):
    areas = rich()["areas"]
    page, w = visit(rich_file), words("kk")
    land = ".leaflet-areas-pane canvas"
    page.get_by_label(w["map.raster"]).select_option("town")
    page.get_by_label(w["map.regions_by"]).select_option("share_high")
    page.wait_for_timeout(100)
    assert inks(page, land) > 20_000
    assert page.locator("canvas.cells").count() == 0  # one picture of the land at a time
    table = {r.locator("th").inner_text(): r.locator("td").inner_text() for r in page.locator(".areas tr").all()}
    share = dict(zip(areas[f.REGION], 100 * areas["settlements_high"] / areas["settlements"], strict=True))
    assert {k: float(v.replace(",", ".")) for k, v in table.items()} == pytest.approx(share, abs=0.051)
    options = page.get_by_label(w["map.regions_by"]).locator("option").all_inner_texts()
    assert any("60" in text and w["tier.town"] in text for text in options)
    page.get_by_label(w["map.raster"]).select_option("town")
    page.wait_for_timeout(100)
    assert page.locator(".areas").count() == 0


def test_pictures_open_as_images_that_run_nothing(visit, rich_file):
    page, w = visit(rich_file), words("kk")
    page.get_by_text(w["map.disparity"]).click()
    page.get_by_role("button", name=w["map.ranking"]).click()
    image = page.get_by_role("img", name=w["map.ranking"])
    assert image.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 400
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    assert page.evaluate("window.hurt") is None


def test_the_map_is_used_with_keys_alone(visit, rich_file):
    page = visit(rich_file)
    home = page.locator(".leaflet-container")
    for _ in range(80):
        page.keyboard.press("Tab")
        if home.evaluate("(one) => document.activeElement === one"):
            break
    assert home.evaluate("(one) => document.activeElement === one && one.matches(':focus-visible')")
    assert home.evaluate("(one) => getComputedStyle(one).outlineStyle") != "none"
    before = page.evaluate("map_shalgai.getCenter().lng")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    assert page.evaluate("map_shalgai.getCenter().lng") > before
    find(page, "Қарағанды")
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    page.keyboard.press("Escape")
    card_of(page).wait_for(state="hidden")
    assert home.evaluate("(one) => document.activeElement === one")
    page.evaluate("map_shalgai.setView([49.8, 73.1], 9, { animate: false })")
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    assert card_of(page).get_by_role("heading", level=2).inner_text() == "Қарағанды"


def test_the_number_of_results_is_announced(visit, page_file):
    page = visit(page_file)
    names = find(page, "Ақбұлақ 5")
    assert page.locator(".search [role=status]").inner_text() == words("kk")["map.results"].format(count=len(names))
    page.get_by_role("combobox").first.fill("zzzz")
    assert page.locator(".search [role=status]").inner_text() == words("kk")["map.nothing"]


def hostile_texts(n):
    """Draw texts of what breaks pages: tags, quotes, entities, templates, controls, and letters of all kinds."""
    draw = random.Random(5)
    parts = [
        *tools.HOSTILE, "javascript:window.hurt=1", "<svg/onload=window.hurt=1>", "' onfocus='window.hurt=1", "]]>",
        "<!--", "--!>", "\\u003cscript\\u003e", "`${window.hurt=1}`", "\u202e", "\u0000x", "😀", "%3Cscript%3E",
        "&#60;", "</style>", "</title>", "__proto__", "constructor", "ә" * 90, "data:text/html,<script>1</script>",
        "{low}", "{{", "%}", "\u2028", "\ufeff", "https://example.org/?a=1&b=<i>", "NaN", "null", "-1", "1e400",
    ]  # fmt: skip
    return ["".join(draw.choices(parts, k=draw.randint(1, 3))).replace("\x00", "") + f" {i}" for i in range(n)]


def test_200_hostile_texts_leave_the_page_unharmed(visit, tmp_path):
    made, texts = rich(200), hostile_texts(200)
    frame, turn = made["settlements"], itertools.cycle(texts)
    for column in (f.NAME, f.NAME_KK, f.NAME_RU, f.NAME_EN):
        frame[column] = texts
    for column in ("typology", "aridity_class", "koppen"):
        frame[column] = [next(turn) for _ in texts]
    frame["region_kk"] = frame["region_ru"] = frame[f.REGION] = [texts[i % 9] for i in range(200)]
    made["areas"][f.REGION] = texts[: len(made["areas"])]
    made["seasons"] = ("<b>first</b>", "winter", "thaw")
    file = written(
        tmp_path / "map.html", made, title=texts[0], notes=texts,
        tier_names=dict(zip(tools.TIERS, texts, strict=False)),
    )  # fmt: skip
    page = visit(file)
    for key in ("typology", "aridity_class", "koppen", f.travel_time_min("town")):
        colour_by(page, key)
    page.get_by_label(words("kk")["map.regions_by"]).select_option("viability_mean")
    page.get_by_role("button", name=words("kk")["map.table"]).click()
    page.locator(".drawer tbody[aria-busy=false]").wait_for()
    shown = page.evaluate("[...document.querySelectorAll('.drawer tbody th')].map((one) => one.textContent)")
    assert sorted(shown) == sorted(texts)
    page.locator(".drawer .close").click()
    for key in frame.index[::10]:
        find(page, key)
        page.keyboard.press("Enter")
        card_of(page).wait_for()
        heading = card_of(page).get_by_role("heading", level=2)
        assert heading.evaluate("(one) => one.textContent") == frame[f.NAME_KK][key]
    assert page.evaluate("window.hurt") is None
    assert page.evaluate("Object.prototype.hurt") is None
    assert (
        page.locator(".panel :is(img, script, svg, iframe, object), .sheet :is(img, script, svg, iframe)").count() == 0
    )
    own = page.evaluate("[...document.querySelectorAll('[onload], [onerror], [onfocus], [onclick]')].length")
    assert own == 0
    links = page.evaluate("[...document.querySelectorAll('.panel a, .sheet a, .drawer a')].map((one) => one.href)")
    assert links
    assert all(link.startswith(("https://", "http://")) for link in links)


def changed(page):
    page.get_by_text(re.compile(words("kk")["map.changed"])).click()
    return [one.inner_text() for one in page.locator(".changed li bdi").all()]


@pytest.mark.parametrize("size", SIZES)
def test_two_seasons_lie_side_by_side(visit, rich_file, size):
    page, w = visit(rich_file, size), words("kk")
    frame = rich()["settlements"]
    if size == "phone":
        page.locator(".toggle").click()
    page.get_by_label(w["map.beside"]).select_option("1")
    assert page.get_by_label(w["map.colour"]).input_value() == f.travel_time_min(tools.TIERS[0])
    columns = [f.travel_time_min(tools.TIERS[0]), f.travel_time_min(tools.TIERS[0], "winter")]
    first, winter = (map_themes.bins(frame[c].round(), palette.MINUTES) for c in columns)
    differ = np.array(first) != np.array(winter)
    assert 0 < differ.sum() < len(frame)
    assert page.locator(".changed summary").inner_text().endswith(f": {differ.sum()}")
    assert set(changed(page)) <= set(frame[f.NAME][differ])
    if size == "phone":
        page.locator(".toggle").click()
    before = page.screenshot()
    slider = page.locator(".swipe input")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    assert slider.input_value() == "60"
    assert page.screenshot() != before
    assert w["season.summer"] in page.locator(".swipe p").inner_text()
    assert w["season.winter"] in page.locator(".swipe p").inner_text()


def test_another_run_lies_beside_this_one(visit, tmp_path):
    made = rich(300)
    other = made["settlements"].iloc[::-1].drop(columns="koppen").copy()  # in any order, and with fewer columns
    raised = [key for key in other.index if other[f.POTENTIAL][key] == f.LOW][:7]
    other.loc[raised, f.POTENTIAL] = f.MEDIUM
    gone = other.index[other[f.POTENTIAL] == f.HIGH][0]
    page = visit(written(tmp_path / "map.html", made, compare=OtherRun("<b>2030</b>", other.drop(index=gone))))
    names = made["settlements"][f.NAME]
    assert set(changed(page)) == {names[key] for key in [*raised, gone]}
    assert "<b>2030</b>" in page.locator(".swipe p").inner_text()
    page.locator(".changed li button").first.click()
    card_of(page).wait_for()
    colour_by(page, f.VIABILITY)
    assert changed(page) == [names[gone]]
    colour_by(page, "koppen")  # which the other run lacks
    assert page.locator(".changed").count() == 0
    assert page.locator(".swipe").is_hidden()
    page.get_by_label(words("kk")["map.beside"]).select_option("none")
    colour_by(page, f.POTENTIAL)
    assert page.locator(".changed").count() == 0


def clip(page, pane):
    return page.evaluate("(name) => map_shalgai.getPane(name).style.clip", pane)


def test_the_swipe_parts_surfaces_as_well(visit, rich_file):
    page, w = visit(rich_file, fragment="#time=town&beside=2"), words("kk")
    assert page.locator(".leaflet-rasters-pane canvas.cells").count() == 1
    assert page.locator(".leaflet-beside-pane canvas.cells").count() == 1
    left, right = (
        page.locator(f".leaflet-{name}-pane canvas.cells").evaluate("c => c.toDataURL()")
        for name in ("rasters", "beside")
    )
    assert left != right  # two seasons
    before = clip(page, "rasters"), clip(page, "beside"), clip(page, "points"), clip(page, "beside-points")
    assert before[0] == before[2] != before[1] == before[3]
    slider = page.locator(".swipe input")
    box = slider.bounding_box()
    line = page.locator(".swipe-line").bounding_box()["x"]
    assert line == pytest.approx(box["x"] + box["width"] / 2, abs=6)
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    after = clip(page, "rasters"), clip(page, "beside")
    assert after[0] != before[0]
    assert after[1] != before[1]
    assert after[0].split()[1] == after[1].split()[3].replace(")", "") + ","  # the one begins where the other ends
    legend = page.locator(".legends").inner_text()
    assert f"({w['season.summer']} | {w['season.thaw']})" in legend
    page.get_by_label(w["map.season"]).focus()
    page.keyboard.press("ArrowRight")
    assert f"({w['season.winter']} | {w['season.thaw']})" in page.locator(".legends").inner_text()
    page.get_by_label(w["map.beside"]).select_option("none")
    assert page.locator(".leaflet-beside-pane canvas.cells").count() == 0
    assert clip(page, "rasters") == ""


def test_months_are_steps_where_one_season_varies(visit, country, tmp_path):
    frame, w = country["settlements"], words("en")
    minutes = frame[f.travel_time_min("town")]
    months = pd.DataFrame({month: minutes * (2 if month == 4 else 1) for month in range(1, 13)})
    months.loc[frame.index[60], 5] = np.inf
    path = written(tmp_path / "map.html", country, language="en", seasons=["year"], months={"town": months})
    page = visit(path, fragment="#season=4")
    slider = page.get_by_label(w["map.month"])
    assert (slider.get_attribute("aria-valuetext"), slider.get_attribute("max")) == (w["month.04"], "12")
    find(page, frame.index[60])
    page.keyboard.press("Enter")
    card_of(page).wait_for()
    row = card_of(page).locator("tbody tr:has(th)").nth(2)
    assert row.locator("bdi").inner_text() == ""  # of a month that differs only the minutes are known
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert w["class.unreachable"] in row.inner_text()
    page.keyboard.press("ArrowRight")
    assert row.locator("bdi").inner_text() != ""
    assert "(year)" in page.locator(".legends").inner_text() or page.locator("canvas.cells").count() == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_month_says_whose_surface_and_ways_are_shown_and_where_it_is_cut_off(visit, tmp_path, language):
    made, w = rich(90), words(language)
    frame = made["settlements"]
    # One settlement, which leads to centres of all tiers: cut off from one in May, slower to another, else alike.
    leads = pd.DataFrame({t: frame[f.centre(t)].notna() & (frame[f.centre(t)] != frame.index) for t in tools.TIERS})
    key = frame.index[leads.all(axis=1) & np.isfinite(frame[[f.travel_time_min(t) for t in tools.TIERS]]).all(axis=1)][
        0
    ]
    months = {t: pd.DataFrame(dict.fromkeys(range(1, 13), frame[f.travel_time_min(t)])) for t in tools.TIERS}
    cut, slow, *same = tools.TIERS
    months[cut].loc[key, 5] = np.inf
    months[slow].loc[key, 5] += 60
    alone = {k: v for k, v in made.items() if k not in ("seasons", "journeys", "surfaces")}
    alone["surfaces"] = {("town", "summer"): made["surfaces"]["town", "summer"]}
    file = written(tmp_path / "map.html", alone, language=language, seasons=["summer"], months=months)
    page = visit(file, fragment=f"#season=5&time=town&place={key}")
    names = {"month": w["month.05"], "season": w["season.summer"]}
    card_of(page).wait_for()
    told = [one.inner_text() for one in card_of(page).locator(".month").all()]
    tier = {t: tier_name(t, language, None) for t in tools.TIERS}
    assert told == [
        w["map.month_cut_off"].format(**names, tiers=tier[cut]),
        w["map.month_other_way"].format(**names, tiers=tier[slow]),
        w["map.month_same_way"].format(**names, tiers=", ".join(tier[t] for t in same)),
    ]
    assert page.locator(".legends .month").inner_text() == w["map.month_surface"].format(**names)
    page.get_by_label(w["map.month"]).focus()
    page.keyboard.press("Home")  # the season itself
    assert page.locator(".month").count() == 0


def test_where_nothing_varies_there_is_no_slider(visit, country, tmp_path):
    minutes = country["settlements"][f.travel_time_min("town")]
    months = {"town": pd.DataFrame(dict.fromkeys(range(1, 13), minutes))}
    page = visit(written(tmp_path / "map.html", country, language="en", seasons=["year"], months=months))
    assert page.locator("#season").count() == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_findings_are_said_in_the_language_of_the_page(visit, rich_file, language):
    page, w = visit(rich_file), words(language)
    page.locator(f".languages [lang={language}]").click()
    box = page.locator(".findings")
    assert box.locator("summary").inner_text() == f"{w['report.findings']}: 2"
    box.locator("summary").click()
    said = box.inner_text()
    for row in (finding_said(one)[language] for one in FOUND):
        assert row in said  # with what a hostile value holds as text
    assert len({finding_said(FOUND[1])[x] for x in LANGUAGES}) == 3


def test_pictures_are_those_of_the_language(visit, country, tmp_path):
    pictures = {x: {"ranking": PICTURE.replace("1b6ca8", f"00000{k}")} for k, x in enumerate(LANGUAGES)}
    page = visit(written(tmp_path / "map.html", country, pictures=pictures))
    seen = set()
    for language in LANGUAGES:
        w = words(language)
        page.locator(f".languages [lang={language}]").click()
        page.get_by_text(w["map.disparity"]).click()
        page.get_by_role("button", name=w["map.ranking"]).click()
        seen.add(page.get_by_role("img", name=w["map.ranking"]).get_attribute("src"))
        page.keyboard.press("Escape")
    assert len(seen) == 3


def test_a_route_is_that_of_the_season(visit, rich_file):
    page = visit(rich_file, fragment=f"#place={rich()['settlements'].index[60]}")
    page.wait_for_timeout(100)
    assert inks(page, ".leaflet-routes-pane canvas") > 200
    slider = page.get_by_label(words("kk")["map.season"])
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # the thaw, in which no journey is by road
    page.wait_for_timeout(100)
    assert page.locator(".leaflet-routes-pane canvas").count() == 0 or inks(page, ".leaflet-routes-pane canvas") == 0
    assert inks(page, ".leaflet-chosen-pane canvas") > 100


def test_a_map_that_was_moved_is_as_one_drawn_anew(visit, page_file):
    page = visit(page_file)
    for step in ([60, 25], [-150, 40], [500, 0]):
        page.evaluate("(by) => map_shalgai.panBy(by, { animate: false })", step)
        page.wait_for_timeout(150)
        moved = page.screenshot()
        page.evaluate("() => map_shalgai.eachLayer((one) => one.order && one.redraw())")
        page.wait_for_timeout(150)
        pixels = [np.asarray(Image.open(io.BytesIO(data)).convert("L"), int) for data in (moved, page.screenshot())]
        assert (np.abs(pixels[0] - pixels[1]) > 60).mean() < 0.003  # names may take other places


def test_on_a_phone_the_panel_stays_open_when_the_language_changes(visit, page_file):
    page = visit(page_file, "phone")
    page.locator(".toggle").click()
    page.locator(".languages [lang=ru]").click()
    assert page.get_by_label(words("ru")["map.colour"]).is_visible()
    assert page.locator(".toggle").get_attribute("aria-expanded") == "true"
