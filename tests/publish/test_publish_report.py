import itertools
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import geopandas as gpd
import numpy as np
import pandas as pd
import publish_tools as tools
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gis import fields as f
from gis.errors import Finding
from gis.publish import report_pictures
from gis.publish.report import Code, Items, Section, Table, Text, markdown, write_report
from gis.publish.report_base import Run, made_line, place_names
from gis.publish.report_sections import MOST, REVIEW, sections
from gis.publish.words import LANGUAGES, class_name, number, words

TITLE = 'Ел <script>window.hurt=1</script> "{{ 7*7 }}" *b* | \x0b[x](javascript:alert(1))'
COUNTS = ["settlements", *(f"settlements_{p}" for p in f.POTENTIALS), f.POPULATION]


def by_region(settlements):
    groups = settlements.groupby(f.REGION)
    table = pd.DataFrame({"settlements": groups.size(), f.POPULATION: groups[f.POPULATION].sum()})
    for name in f.POTENTIALS:
        table[f"settlements_{name}"] = groups[f.POTENTIAL].apply(lambda part, name=name: int((part == name).sum()))
    table.loc[tools.HOSTILE[7]] = 0
    table.loc["total"] = table.sum()
    return table.rename_axis(f.REGION).reset_index()


def make_run(country, language):
    settlements = country["settlements"].copy()
    random = np.random.default_rng(5)
    chances = random.dirichlet(np.ones(3), len(settlements)).round(3)
    for k, name in enumerate((f.HIGH, f.MEDIUM, f.LOW)):
        settlements[f.probability(name)] = chances[:, k]
    settlements[f.VIABILITY_P05], settlements[f.VIABILITY_P95] = (
        settlements[f.VIABILITY] - 5,
        settlements[f.VIABILITY] + 5,
    )
    for i, name in enumerate(tools.HOSTILE):  # the most remote have the worst names
        settlements.iloc[12 + i, settlements.columns.get_loc(f.REMOTENESS)] = 99.0 - i / 10
        settlements.iloc[12 + i, settlements.columns.get_loc(f"name_{language}")] = name
    tables = {
        "regions": by_region(settlements),
        "indicators": pd.DataFrame({
            "indicator": ["remoteness", "people"], "block": ["access", tools.HOSTILE[0]], "direction": [-1, 1],
            "weight": [1.0, 2.0], "block_weight": [0.4, 0.6], "minimum": [0.0, -0.0], "maximum": [100.0, np.inf],
        }),
        "sensitivity": pd.DataFrame({
            "assumption": ["weights", "speeds"], "alternatives": [64, 7], "rank_change": [4.8, 3.6],
            "first_order": [0.07, -0.01], "total": [0.06, 0.01],
        }),
        "disparity": pd.DataFrame({
            "column": ["remoteness"], "among": ["regions"], "weighting": ["plain"], "smallest": [0.0],
            "largest": [49.6], "max_min_ratio": [np.nan], "gini": [0.244], "theil": [0.1], "hoover": [0.2],
            "williamson": [0.4],
        }),
    }  # fmt: skip
    findings = [Finding("repair", "closed-ring", "a ring was closed", file="a.gpkg", row="7"),
                Finding("warning", "name", tools.HOSTILE[2], value=tools.HOSTILE[3], count=1234)]  # fmt: skip
    inputs = [{"file": tools.HOSTILE[1], "bytes": 12345, "sha256": "ab" * 32, "date": "2026-02-01"},
              {"file": "t.tif", "bytes": 7, "sha256": "cd" * 32, "date": "1961-1990",
               "licence": "CC0-1.0"}]  # fmt: skip
    return Run(
        settlements=settlements, tables=tables,
        below={"roads": country["roads"], "regions": country["regions"], "water": None,
               "land": gpd.GeoDataFrame(geometry=[shapely.box(46.5, 40.6, 87.3, 55.4)], crs=4326)},
        findings=findings, inputs=inputs,
        parameters={"notes": [tools.HOSTILE[2], "B (CC BY 4.0)"], "roads": {}, "remoteness": {"preset": "kz"},
                    "tiers": [{"name": t, "values": None, "population_min": 5000.0} for t in tools.TIERS],
                    "potential": {"rule": "shares", "high": 1204.0, "medium": 5625.0, "low": 595.0}},
        settings=[f'title = "{TITLE}"', "grid.cell_km = 5", "</pre>"], tiers=tools.TIERS,
        tier_names={"town": tools.HOSTILE[1]}, remoteness_classes=tools.CLASSES,
        figures={"certainty": {"draws": 500, "not_stable": 9}, "centres": dict.fromkeys(tools.TIERS, 3),
                 "potential_limits": {"high": 63.5, "medium": 25.25}},
        versions={"numpy": "2.4"}, language=language, day=date(2026, 11, 5), program="Shalgai 9.9",
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(country):
    return {language: make_run(country, language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def reports(runs, tmp_path_factory):
    made = {}
    for language, run in runs.items():
        folder = tmp_path_factory.mktemp(f"есеп {language}")
        parts = sections(run, folder)
        write_report(folder, TITLE, made_line(run), parts, language)
        made[language] = (folder, parts)
    return made


def tables(parts):
    return [block for part in parts for block in part.blocks if isinstance(block, Table)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_is_whole_and_every_total_sums_up(language, reports):
    parts = reports[language][1]
    w = words(language)
    summed = [table for table in tables(parts) if table.total]
    assert len(summed) == 4
    for table in tables(parts):
        assert {len(row) for row in table.rows} == {len(table.head)}
    for table in summed:
        assert table.rows[-1][0] in (w["planning.total"], "total")
        for column in range(len(table.head) - table.numbers, len(table.head)):
            texts = [row[column].replace("–", "0") for row in table.rows]
            plain = [t.replace("\u00a0", "").replace(",", "" if language == "en" else ".") for t in texts]
            *each, total = map(float, plain)
            share = "%" in table.head[column]
            assert sum(each) == pytest.approx(total, abs=0.2 if share else 0.5), (table.head[column], each, total)


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_dates_follow_the_language(language, reports, runs):
    text = (reports[language][0] / "report.html").read_text("utf-8")
    assert {"en": "5 November 2026", "ru": "05.11.2026", "kk": "05.11.2026"}[language] in text
    assert {"en": "1 February 2026", "ru": "01.02.2026", "kk": "01.02.2026"}[language] in text
    assert "1961-1990" in text
    assert number(1234, language) in text
    assert f'lang="{language}"' in text
    people = runs[language].settlements[f.POPULATION].sum()
    assert number(people, language) in text


def test_the_review_is_that_of_7512_settlements(reports):
    assert sum(count for count, _ in REVIEW.values()) == 7512
    first = next(table for table in tables(reports["en"][1]) if "National review, %" in table.head)
    assert [row[4] for row in first.rows] == ["1,204", "5,625", "595", "88", "0", "7,512"]
    high = first.rows[0]
    assert high[0] == "High"
    assert high[5] == "16.0"


def test_the_lists_hold_the_most_remote_and_the_least_certain(reports, runs):
    settlements = runs["ru"].settlements.dropna(subset=f.REMOTENESS)
    minutes = settlements[[f.travel_time_min(tier) for tier in runs["ru"].tiers]]
    settlements = settlements[np.isfinite(minutes).any(axis=1)]
    remote, doubtful = (part.blocks[-1] for part in reports["ru"][1][5:7])
    most = settlements.loc[sorted(settlements.index, key=lambda i: (-settlements[f.REMOTENESS][i], i))[:MOST]]
    assert [row[0] for row in remote.rows] == [
        name if isinstance(name, str) else other for name, other in zip(most[f.NAME_RU], most[f.NAME], strict=True)
    ]
    assert len(doubtful.rows) == MOST
    every = runs["ru"].settlements
    own = [row.get(f.probability(row[f.POTENTIAL]), np.nan) for _, row in every.iterrows()]
    least = sorted(v for v in own if not np.isnan(v))[:MOST]
    assert [row[3] for row in doubtful.rows] == [number(100 * v, "ru") for v in least]


def test_those_who_reach_no_centre_stand_apart_from_the_most_remote(runs, tmp_path):
    run = runs["en"]
    minutes = [f.travel_time_min(tier) for tier in run.tiers]
    cut_off = run.settlements.sort_values(f.REMOTENESS, ascending=False).index[: MOST + 3]
    frame = run.settlements.copy()
    frame.loc[cut_off, minutes] = np.inf
    frame.loc[cut_off[0], minutes[0]] = 60.0  # it reaches one
    apart = frame[np.isinf(frame[minutes]).all(axis=1)]
    [part] = [s for s in sections(replace(run, settlements=frame), tmp_path) if "most remote" in s.title]
    told, table = part.blocks
    assert isinstance(told, Text)
    assert f"{len(apart)}, with {number(apart[f.POPULATION].sum(), 'en')} inhabitants" in told.text
    assert told.text.endswith(" ....")  # there are more than are named
    apart = apart.sort_index().sort_values(f.POPULATION, ascending=False, kind="stable")
    named = [name in told.text for name in place_names(run, apart)]
    assert all(named[:MOST])
    assert not all(named)
    listed = {row[0] for row in table.rows}
    assert len(table.rows) == MOST
    assert set(place_names(run, frame.loc[cut_off[:1]])) <= listed
    assert not listed & set(place_names(run, apart))


@pytest.mark.parametrize("low", [0.0, 99.0])
def test_a_value_outside_its_range_is_explained(runs, tmp_path, low):
    run = runs["ru"]
    frame = run.settlements.assign(**{f.VIABILITY_P05: low, f.VIABILITY_P95: 100.0})
    texts = [
        b.text
        for part in sections(replace(run, settlements=frame), tmp_path)
        for b in part.blocks
        if isinstance(b, Text)
    ]
    said = words("ru")["report.outside"] in texts
    assert said == (low > 0)


def test_unreachable_is_a_word_and_unknown_a_dash(runs, tmp_path):
    settlements = runs["en"].settlements.copy()
    settlements[f.REMOTENESS] = np.where(np.isinf(settlements[f.travel_time_min("town")]), 100.0, 1.0)
    settlements[f.travel_time_min(runs["en"].tiers[0])] = 60.0  # they reach some centre
    part = sections(replace(runs["en"], settlements=settlements), tmp_path)[5]
    assert all("cannot be reached" in row[-1] for row in part.blocks[0].rows[:4])
    assert not any("inf" in cell or "nan" in cell for row in part.blocks[0].rows for cell in row)


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.addresses, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "action", "srcset", "data")]
        assert not [k for k, _ in attrs if k.startswith("on")]

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_needs_nothing_from_elsewhere_and_names_stay_text(language, reports):
    source = (reports[language][0] / "report.html").read_text("utf-8")
    page = Page()
    page.feed(source)
    assert page.addresses
    assert all(a.startswith(("data:", "#s")) for a in page.addresses)
    assert not {"script", "iframe", "object", "link rel"} & set(page.tags)
    assert "url(" not in source.split("</style>")[0]
    text = "".join(page.words)
    for name in tools.HOSTILE:
        assert name in text, name
    assert TITLE.replace("\x0b", "") in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_markdown_holds_the_same_tables_and_no_markup_from_data(language, reports):
    folder, parts = reports[language]
    source = (folder / "report.md").read_text("utf-8")
    tokens = MarkdownIt("commonmark", {"linkify": False}).enable("table").parse(source)
    inside = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in (*tokens, *inside)}
    assert not {"html_block", "html_inline", "link_open", "em_open", "s_open", "code_inline", "fence"} & kinds
    pictures = [child.attrs["src"] for child in inside if child.type == "image"]
    assert pictures == [b.path for part in parts for b in part.blocks if b.kind == "picture"]
    assert all((folder / path).is_file() for path in pictures)
    cells = []
    for before, token in itertools.pairwise(tokens):
        if before.type in ("th_open", "td_open"):
            cells.append("".join(child.content for child in token.children).replace("\u200b", ""))
    expected = [cell for table in tables(parts) for row in (table.head, *table.rows) for cell in row]
    assert cells == [" ".join(cell.split()) for cell in expected]
    headings = [after.children for before, after in itertools.pairwise(tokens) if before.type == "heading_open"]
    assert len(headings) == len(parts) + 1


STARTS = ["# a", "- a", "1. a", "1) a", "+ a", "> a", "===", "---", "~~~", "    a", "| - |", "a\n\nb", "-19.4"]
MARKS = ["http://a.b", "a@b.c", "![a](b)", "<b>", "&amp;", "`a`", "$x$", "\\*", "*a*", "__a__", "~~a~~", "a_b_c"]


@pytest.mark.parametrize("text", STARTS + MARKS)
def test_markdown_shows_a_text_as_it_is(text):
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children).replace("\u200b", "") == " ".join(text.split())


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_stays_text_in_page_and_markdown(name, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    write_report(
        folder, name, name, [Section(name, [Text(name), Items([name]), Table([name], [[name]]), Code([name])])]
    )
    plain = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", "", name)
    page = Page()
    page.feed((folder / "report.html").read_text("utf-8"))
    assert page.tags.count("table") == page.tags.count("pre") == page.tags.count("ul") == 1
    assert not {"script", "img"} & set(page.tags)
    tokens = MarkdownIt("commonmark").enable("table").parse((folder / "report.md").read_text("utf-8"))
    inside = {child.type for token in tokens for child in token.children or []}
    assert inside <= {"text", "text_special"}
    if plain.strip() and not set(plain) & set("\x85\u2028\u2029"):
        assert [token.type for token in tokens].count("table_open") == 1
        assert [token.type for token in tokens].count("heading_open") == 2


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    path = tools.chromium()
    with sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


_WIDE = """(width) => [...document.querySelectorAll('body *')].filter(e =>
  e.getBoundingClientRect().right > width + 1 && (matchMedia('print').matches || !e.closest('.wide table')))
  .map(e => e.tagName + ': ' + e.textContent.slice(0, 40))"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_opens_offline_without_a_complaint_and_prints_within_the_page(language, reports, browser):
    page = browser.new_context(offline=True).new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda r: r.url.startswith(("file:", "data:")) or said.append(r.url))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto((reports[language][0] / "report.html").as_uri())
    assert page.evaluate("window.hurt") is None
    assert page.evaluate(_WIDE, 1280) == []
    loaded = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert len(loaded) == 4
    assert all(width > 100 for width in loaded)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print")
    page.set_viewport_size({"width": round((210 - 28) / 25.4 * 96), "height": 1000})
    assert page.evaluate(_WIDE, (210 - 28) / 25.4 * 96) == []
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    sizes = {tuple(round(float(v)) for v in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", pdf)}
    assert len(sizes) == 1
    _, _, width, height = sizes.pop()
    assert (width, height) == pytest.approx((595, 842), abs=2)  # A4 in points
    assert said == []


def test_the_same_run_makes_the_same_report(runs, reports, tmp_path):
    run = runs["kk"]
    write_report(tmp_path, TITLE, made_line(run), sections(run, tmp_path), "kk")
    first = reports["kk"][0]
    for path in sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file()):
        assert (tmp_path / path).read_bytes() == (first / path).read_bytes(), path


def test_what_a_run_does_not_have_is_left_out(runs, tmp_path):
    run = runs["ru"]
    bare = run.settlements.drop(columns=[c for c in run.settlements if c.startswith(("probability_", "viability_p"))])
    less = replace(run, settlements=bare, tables={}, findings=[], below={}, inputs=[], figures={})
    parts = sections(less, tmp_path)
    write_report(tmp_path, "Отчёт", made_line(less), parts, "ru")
    text = (tmp_path / "report.html").read_text("utf-8")
    w = words("ru")
    assert w["report.no_findings"] in text
    assert w["layer.sensitivity"] not in text
    assert w["layer.disparity"] not in text
    assert w["report.least_certain"].format(number=MOST) not in text
    assert class_name(f.POTENTIAL, f.HIGH, "ru") in text


def test_one_settlement_is_enough(runs, tmp_path):
    run = runs["en"]
    one = replace(run, settlements=run.settlements.iloc[40:41].assign(population=np.nan), tables={}, below={})
    write_report(tmp_path, "One", made_line(one), sections(one, tmp_path), "en")
    assert "Akbulak" in (tmp_path / "report.md").read_text("utf-8")


def test_a_section_without_a_block_is_not_written(tmp_path):
    write_report(tmp_path, "A", "B", [Section("Empty", []), Section("Full", [Text("said")])])
    assert "Empty" not in (tmp_path / "report.md").read_text("utf-8")
    assert "said" in (tmp_path / "report.html").read_text("utf-8")


def test_a_picture_leaves_out_the_least_roads_where_all_would_blacken_it(monkeypatch: pytest.MonkeyPatch) -> None:
    line = shapely.LineString([(60, 50), (61, 50)])
    roads = gpd.GeoDataFrame({"road_class": ["trunk", *["residential"] * 5]}, geometry=[line] * 6, crs=4326)
    assert len(report_pictures._main_roads(roads)) == 6
    monkeypatch.setattr(report_pictures, "_ROADS_MAX", 3)
    assert len(report_pictures._main_roads(roads)) == 1


@pytest.mark.parametrize("n", [0, 1, 199, 200, 201, 450])
def test_lines_are_joined_with_gaps_and_none_is_lost(n: int) -> None:
    lines = [np.column_stack([np.arange(2 + k % 3), np.full(2 + k % 3, float(k))]) for k in range(n)]
    xy = np.concatenate([np.empty((0, 2)), *lines])
    strokes = report_pictures._strokes(xy, np.repeat(np.arange(n), [len(line) for line in lines]))
    assert len(strokes) == -(-n // report_pictures._JOINED)
    drawn = []
    for stroke in strokes:
        gaps = np.flatnonzero(np.isnan(stroke[:, 0]))
        assert gaps[0] == 0
        drawn += [part[1:] for part in np.split(stroke, gaps[1:])]
    assert [part.tolist() for part in drawn] == [line.tolist() for line in lines]
