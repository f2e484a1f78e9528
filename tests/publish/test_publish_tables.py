import csv
import io

import numpy as np
import openpyxl
import pandas as pd
import publish_tools as tools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import fields as f
from gis.errors import OutputError
from gis.publish import tables
from gis.publish.tables import field_table, write_csv, write_workbook
from gis.publish.words import LANGUAGES, column_label, words


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
    assert [c.value for c in book.worksheets[3][4]] == ["notes", "b"]


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
    kept = [tables._legal(t).replace("\r\n", "\n").replace("\r", "\n") for t in texts]
    assert [(c.value or "").replace("_x000D_", "").replace("\r", "\n") for c in cells] == kept or any(
        "_x" in t or "\r" in t for t in texts
    )


def test_a_table_that_is_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_EXCEL_ROWS", 3)
    with pytest.raises(OutputError, match="use the CSV"):
        write_workbook(tmp_path / "a.xlsx", {"a": pd.DataFrame({"x": [1, 2, 3]})}, run={})


def test_fields_count_what_is_missing():
    table = field_table(pd.DataFrame({f.POPULATION: [1, np.nan], f.REACHABLE: [True, False]}), "ru")
    assert table.iloc[:, 3].tolist() == [1, 0]
    assert table.iloc[:, 2].tolist() == ["число", "да или нет"]
