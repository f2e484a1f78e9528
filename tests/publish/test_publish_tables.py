import csv
import io
import zipfile
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pandas as pd
import publish_tools as tools
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import fields as f
from gis.errors import OutputError
from gis.publish import tables
from gis.publish.tables import field_table, write_csv, write_workbook
from gis.publish.words import LANGUAGES, column_label, words

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def rows_of(path, **kinds):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), **kinds))


def test_csv_keeps_every_value_and_numbers_stay_numbers(country, tmp_path):
    frame = country["settlements"]
    write_csv(tmp_path / "settlements.csv", frame)
    assert (tmp_path / "settlements.csv").read_bytes()[:3] == b"\xef\xbb\xbf"
    plain = pd.read_csv(tmp_path / "settlements.csv", dtype={f.SETTLEMENT_ID: str})
    excel = pd.read_csv(tmp_path / "settlements_excel.csv", sep=";", decimal=",", dtype={f.SETTLEMENT_ID: str})
    pd.testing.assert_frame_equal(plain, excel)
    assert plain[f.SETTLEMENT_ID].tolist() == frame.index.tolist()
    for column in (f.travel_time_min("town"), f.TEMPERATURE_MEAN_C, f.POPULATION):
        assert plain[column].to_numpy() == pytest.approx(frame[column].to_numpy(), nan_ok=True)
    assert plain["longitude"].to_numpy() == pytest.approx(frame.geometry.x.to_numpy(), abs=1e-6)


def test_no_text_in_csv_begins_as_a_formula(country, tmp_path):
    write_csv(tmp_path / "a.csv", country["settlements"])
    for path, kinds in (("a.csv", {}), ("a_excel.csv", {"delimiter": ";"})):
        rows = rows_of(tmp_path / path, **kinds)
        given_names = country["settlements"][f.NAME].tolist()
        for row, name in zip(rows, given_names, strict=True):
            assert row["name"][:1] not in "=+-@\t\r\n"
            assert row["name"].removeprefix("'") == name
        assert sum(row["name"].startswith("'") for row in rows) == 4


def test_csv_defuses_headings_and_reprojects_points(country, tmp_path):
    frame = country["settlements"][["geometry"]].to_crs(28412).assign(**{"=cmd": 1.0})
    write_csv(tmp_path / "a.csv", frame)
    row = rows_of(tmp_path / "a.csv")[0]
    assert "'=cmd" in row
    assert float(row["longitude"]) == pytest.approx(71.43, abs=1e-4)


def book_of(path):
    return openpyxl.load_workbook(path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_workbook_has_frozen_headings_filters_fields_and_run(country, tmp_path, language):
    w, frame = words(language), country["settlements"]
    path = tmp_path / "tables.xlsx"
    write_workbook(
        path,
        {"settlements": frame, "repairs": tools.repairs()},
        run={"title": "=1+1", "notes": ["a", "b"]},
        language=language,
    )
    book = book_of(path)
    assert book.sheetnames == [w[f"layer.{n}"][:31] for n in ("settlements", "repairs", "fields", "run")]
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == sheet.dimensions
    assert sheet.max_row == len(frame) + 1
    assert sheet["A1"].value == column_label(f.SETTLEMENT_ID, language)
    assert sheet.column_dimensions["B"].width > 12
    heads = [c.value for c in sheet[1]]
    town = heads.index(column_label(f.travel_time_min("town"), language))
    assert sheet[32][town].value == w["class.unreachable"]
    assert sheet[36][town].value is None
    assert isinstance(sheet[2][town].value, int | float)
    assert sheet[2][heads.index(column_label(f.POTENTIAL, language))].value in {
        w[f"potential.{p}"] for p in f.POTENTIALS
    }
    assert [c.value for c in book.worksheets[3][4]] == [w["run.notes"], "b"]


def test_no_cell_is_a_formula(country, tmp_path):
    path = tmp_path / "tables.xlsx"
    frame = country["settlements"]
    write_workbook(path, {"settlements": frame, "=A1[x]": frame.head(3)}, run={"=1+1": "=2+2"})
    for sheet in book_of(path).worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row), sheet.title
    names = [row[1].value for row in book_of(path).worksheets[0].iter_rows(min_row=2)]
    assert names[15] == '=HYPERLINK("http://example.org","click")'


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_text_survives_the_workbook(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    write_workbook(path, {"a": pd.DataFrame({"name": texts})}, run={})
    cells = [row[0] for row in book_of(path).worksheets[0].iter_rows(min_row=2)]
    assert all(cell.data_type != "f" for cell in cells)
    assert [c.value or "" for c in cells] == [tables._legal(t) for t in texts] or any("_x" in t for t in texts)


def test_a_table_that_is_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_EXCEL_ROWS", 3)
    with pytest.raises(OutputError, match="use the CSV"):
        write_workbook(tmp_path / "a.xlsx", {"a": pd.DataFrame({"x": [1, 2, 3]})}, run={})


def test_fields_count_what_is_missing():
    table = field_table(pd.DataFrame({f.POPULATION: [1, np.nan], f.REACHABLE: [True, False]}), "ru")
    assert table.iloc[:, 3].tolist() == [1, 0]
    assert table.iloc[:, 2].tolist() == ["число", "да или нет"]


def test_measures_have_six_decimals_and_scores_give_themselves_back(tmp_path):
    numbers = np.random.default_rng(1).uniform(-1e4, 1e4, 200)
    frame = pd.DataFrame({"road_min": numbers, "distance_town_km": numbers, "contribution_frost": numbers})
    write_csv(tmp_path / "a.csv", frame)
    rows = rows_of(tmp_path / "a.csv")
    assert [float(row["contribution_frost"]) for row in rows] == numbers.tolist()
    for column in ("road_min", "distance_town_km"):
        assert max(len(row[column].partition(".")[2]) for row in rows) == 6
        assert [float(row[column]) for row in rows] == pytest.approx(numbers.tolist(), abs=5.1e-7, rel=0)


def test_csv_is_what_pandas_writes(tmp_path):
    """But for the digits of measures, and for apostrophes: whatever kinds of columns there are."""
    frame = pd.DataFrame(
        {
            "whole": [1, -2, 3],
            "maybe": pd.array([1, None, 3], "Int64"),
            "single": np.array([0.1, np.nan, 1e20], np.float32),
            "double": [1e-7, np.inf, -0.0],
            "flag": [True, False, True],
            "mixed": ["a;b,c", None, 'say "yes"\nnow'],
            "kind": pd.Categorical(["x", None, "y"]),
        }
    )
    write_csv(tmp_path / "a.csv", frame)
    frame.to_csv(tmp_path / "b.csv", index=False, encoding="utf-8-sig", lineterminator="\n")
    frame.to_csv(
        tmp_path / "b_excel.csv", index=False, encoding="utf-8-sig", sep=";", decimal=",", lineterminator="\r\n"
    )
    for ending in (".csv", "_excel.csv"):
        assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


def test_the_sheets_are_sound_xml_of_unique_places_and_survive_another_reader(tmp_path):
    path = tmp_path / "a.xlsx"
    frame = pd.DataFrame({"name": ["<&>\"'", "a\r\nb\tc", "\x00z", " spaced "], "x": [1.0, -0.00001, np.inf, np.nan]})
    write_workbook(path, {"a": frame, "empty": frame.head(0), "nothing": pd.DataFrame()}, run={"k": "]]>"})
    sheet = book_of(path).worksheets[0]
    assert [cell.value for cell in sheet["A"]][1:] == ["<&>\"'", "a\nb\tc", "z", " spaced "]
    assert [cell.value for cell in sheet["B"]][1:] == [1, 0, words("en")["class.unreachable"], None]
    assert book_of(path).worksheets[1].max_row == 1
    with zipfile.ZipFile(path) as book:
        assert book.testzip() is None
        for name in book.namelist():
            if name.startswith("xl/worksheets/sheet"):
                places = [c.get("r") for c in ElementTree.fromstring(book.read(name)).iter(f"{{{MAIN}}}c")]
                assert len(places) == len(set(places))
    read = pyogrio.read_dataframe(path, layer=book_of(path).sheetnames[0], read_geometry=False)
    assert read.iloc[:, 0].tolist()[0] == "<&>\"'"


def test_what_looks_like_the_format_itself_stays_text(tmp_path):
    texts = ["<r><t>x</t></r>", "</sheetData>", '<c r="A1"/>', "&amp;", " a ", "a\nb"]
    write_workbook(tmp_path / "a.xlsx", {"a": pd.DataFrame({"name": texts})}, run={})
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["a"]
    read = [cell.value for (cell,) in sheet.iter_rows(min_row=2)]
    assert read == [" <r><t>x</t></r>", *texts[1:]]  # which the library would write as it is


def test_texts_end_where_excel_ends_them_and_no_sign_is_cut_in_two(tmp_path):
    longest = 32_767  # in units of UTF-16, of which a sign beyond the first plane takes two
    write_workbook(
        tmp_path / "a.xlsx", {"a": pd.DataFrame({"name": ["a" + "😀" * longest, "b" * (longest + 1)]})}, run={}
    )
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["a"]
    assert sheet["A2"].value == "a" + "😀" * (longest // 2)
    assert sheet["A3"].value == "b" * longest


def test_both_csv_files_hold_every_digit(tmp_path):
    numbers = [1e16, 1.5e-7, -0.0, 123456789.123456789, 1 / 3, float("inf"), 2.0, 1e22, 5e-324]
    frame = pd.DataFrame({"score": numbers, "short": np.array([*numbers[:7], 1, 0.1], np.float32), "n": range(9)})
    frame.loc[9] = [np.nan, np.nan, 9]
    write_csv(tmp_path / "a.csv", frame)
    first = rows_of(tmp_path / "a.csv")
    second = rows_of(tmp_path / "a_excel.csv", delimiter=";")
    assert [{k: v.replace(",", ".") for k, v in row.items()} for row in second] == first
    assert [float(row["score"]) for row in first[:9]] == numbers
    assert [np.float32(row["short"]) for row in first[:9]] == frame["short"].astype(np.float32).tolist()[:9]
    assert first[9] == {"score": "", "short": "", "n": "9"}
    assert "," in second[4]["score"]
    assert "." not in second[4]["score"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_indicators_tiers_and_criteria_are_called_by_their_names(tmp_path, language):
    w, by_indicator = words(language), pd.DataFrame({"people": [0.5], "heating": [0.25]}, index=pd.Index(["a"]))
    by_indicator.index.name = f.SETTLEMENT_ID
    sheets = {
        "settlements": pd.DataFrame({f.TIER: ["district_centre", "own_kind"]}),
        "normalised": by_indicator,
        "contributions": by_indicator,
        "remoteness_parts": pd.DataFrame({"town": [1.0]}, index=by_indicator.index),
        "weights": pd.DataFrame({"indicator": ["people"], "weight": [1.0]}),
        "disparity": pd.DataFrame({"column": ["remoteness"], "gini": [0.2]}),
        "indicators": pd.DataFrame({"indicator": ["heating"], "column": ["heating_degree_days"]}),
        "towns": pd.DataFrame({"criteria_met": ["population_falls, single_industry", ""]}),
    }
    write_workbook(tmp_path / "a.xlsx", sheets, run={}, language=language)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    told = {name: [list(row) for row in book[w[f"layer.{name}"][:31]].iter_rows(values_only=True)] for name in sheets}
    code = w["column.settlement_id"]
    assert told["normalised"][0] == [code, w["indicator.people"], w["indicator.heating"]]
    assert told["contributions"][0] == told["normalised"][0]
    assert told["remoteness_parts"][0] == [code, w["tier.town"]]
    assert told["weights"][1] == [w["indicator.people"], 1]
    assert told["disparity"][1][0] == w["column.remoteness"]
    assert told["indicators"][1] == [w["indicator.heating"], "heating_degree_days"]
    assert [row[0] for row in told["settlements"][1:]] == [w["tier.district_centre"], "own_kind"]
    assert told["towns"][1][0] == f"{w['criterion.population_falls']}, {w['criterion.single_industry']}"
    fields = list(book[w["layer.fields"]].iter_rows(values_only=True))
    assert (w["layer.normalised"], "people", w["indicator.people"], w["kind.number"], 0) in fields


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_keys_of_a_study_are_said_in_the_language_in_the_workbook_alone(tmp_path, language):
    w = words(language)
    indicators = pd.DataFrame({"transform": ["log"], "normalise": ["min_max"], "missing": ["none"]})
    towns = pd.DataFrame({"comparison": ["below", "is"], "limit": ["0", "yes"]})
    own = pd.DataFrame({"comparison": ["below {0}"], "missing": ["none"]})
    sheets = {"indicators": indicators, "town_criteria": towns, "settlements": own}
    write_workbook(tmp_path / "a.xlsx", sheets, run={"title": "T", "own": "x"}, language=language)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    rows = [list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in book.worksheets]
    assert rows[0] == [(w["transform.log"], w["normalise.min_max"], w["missing.none"])]
    below = w["comparison.below"].replace("{limit}", "").strip()
    assert [row[0] for row in rows[1]] == [below, w["comparison.is"].replace("{limit}", "").strip()]
    assert rows[2] == [("below {0}", "none")], "a column of the user's own is not ours"
    assert rows[-1] == [(w["run.title"], "T"), ("own", "x")]
    write_csv(tmp_path / "indicators.csv", indicators)
    assert "min_max" in (tmp_path / "indicators.csv").read_text("utf-8")
