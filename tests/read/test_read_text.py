"""Numbers, words and tables as people write them."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InputError
from gis.read import shipped
from gis.read.checks import Report, check_axes, crs_conflict, nearest
from gis.read.road_tags import NON_ROAD, ROAD, parse_maxspeed, parse_oneway
from gis.read.tables import read_lookup
from gis.read.text import as_text, parse_numbers

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


@settings(deadline=None)
@given(st.lists(finite, min_size=1), st.sampled_from([".", ","]))
def test_numbers_survive_being_written(values, decimal):
    text = pd.Series([repr(v).replace(".", decimal) for v in values], dtype=object)
    numbers, unreadable = parse_numbers(text)
    np.testing.assert_array_equal(numbers, values)
    assert not unreadable.any()


@settings(deadline=None)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1), st.sampled_from([" ", "\u00a0", "\u202f", "'", ","]))
def test_grouped_thousands_survive(values, group):
    text = pd.Series([f"{v:,}".replace(",", group) for v in values], dtype=object)
    numbers, unreadable = parse_numbers(text, comma="thousands")
    np.testing.assert_array_equal(numbers, values)
    assert not unreadable.any()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234.567", 1234567),
        ("1,234.5", 1234.5),
        ("−5", -5),
        (" 7 ", 7),
        ("1e3", 1000),
        ("1,5", 1.5),
        ("1.234,5", 1234.5),
    ],
)
def test_single_numbers(text, number):
    assert parse_numbers(pd.Series([text]))[0][0] == number


def test_a_column_gives_commas_one_meaning():
    numbers, unreadable = parse_numbers(pd.Series(["1,234,567", "0,5", "7"]))
    np.testing.assert_array_equal(numbers, [1_234_567, np.nan, 7])
    assert unreadable.tolist() == [False, True, False]
    numbers, _ = parse_numbers(pd.Series(["1,234", "0,5"]), comma="thousands")
    np.testing.assert_array_equal(numbers, [1.234, 0.5])


def test_number_columns_of_every_type():
    for values in ([1, 2.5, None], ["1", "2.5", None], pd.array([1.0, 2.5, None], dtype="Float64")):
        numbers, unreadable = parse_numbers(pd.Series(values))
        np.testing.assert_array_equal(numbers, [1, 2.5, np.nan])
        assert not unreadable.any()
    assert parse_numbers(pd.Series([], dtype=object))[0].shape == (0,)
    assert parse_numbers(pd.Series([None, None], dtype=object))[0].shape == (2,)


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_ids_are_the_same_from_csv_and_spreadsheet(ids):
    expected = [str(i) for i in ids]
    for values in (ids, [float(i) for i in ids], expected, [f"{i}.0" for i in ids]):
        assert as_text(pd.Series(values)).tolist() == expected


def test_codes_keep_their_zeros():
    assert as_text(pd.Series(["010000000", "110000000"])).tolist() == ["010000000", "110000000"]


@pytest.mark.parametrize(
    ("text", "kph"),
    [
        ("60", 60), ("60.0", 60), ("60 km/h", 60), ("60km/h", 60), ("60 kmh", 60), ("40 mph", 64.37376),
        ("40mph", 64.37376), ("RU:urban", 60), ("kz:urban", 60), ("KZ:rural", 90), ("60;80", 60), ("walk", 5),
        ("none", math.nan), ("signals", math.nan), ("0", math.nan), ("", math.nan), (None, math.nan),
    ],
)  # fmt: skip
def test_maxspeed(text, kph):
    speed, unreadable = parse_maxspeed(pd.Series([text, "50"], dtype=object))
    np.testing.assert_allclose(speed, [kph, 50])
    assert not unreadable.any()


@pytest.mark.parametrize("text", ["fast", "60 furlongs", "-60", "1e999", "nan", "XX:urban"])
def test_unreadable_maxspeed(text):
    speed, unreadable = parse_maxspeed(pd.Series([text]))
    assert np.isnan(speed[0])
    assert unreadable[0]


def test_oneway_words():
    words = ["yes", "True", "1", "1.0", "-1", "reverse", "no", "False", "0", "", None]
    assert parse_oneway(pd.Series(words, dtype=object))[0].tolist() == [1, 1, 1, 1, -1, -1, 0, 0, 0, 0, 0]
    assert parse_oneway(pd.Series([1.0, -1.0, 0.0, np.nan]))[0].tolist() == [1, -1, 0, 0]
    assert parse_oneway(pd.Series([True, False]))[0].tolist() == [1, 0]
    assert parse_oneway(pd.Series([], dtype=object))[0].shape == (0,)


def test_no_value_of_highway_is_both_road_and_not():
    assert not ROAD & NON_ROAD


def test_nearest_is_blind_to_case():
    assert nearest("POPULATON", ["Population", "name"]) == ["Population"]
    assert nearest("xyz", ["Population"]) == []


@pytest.mark.parametrize("epsg", [28412, 2502, 32642, 2939, 3857, 4284, 4326])
def test_kazakhstan_fits_every_system_it_is_given_in(epsg):
    from pyproj import CRS, Transformer

    crs = CRS.from_epsg(epsg)
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform([46.5, 67.0, 87.3], [48.0, 55.0, 42.0])
    assert crs_conflict(crs, (min(x), min(y), max(x), max(y)), float(np.median(x))) is None


def test_axes_near_the_diagonal_are_left_alone():
    """Where the layer fits the expected area both ways, nothing is said."""
    report = Report("a.csv")
    assert check_axes([50.0, 51.0], [51.0, 50.0], report, expected_bounds=(49.0, 49.0, 52.0, 52.0))
    assert check_axes([], [], report, expected_bounds=(0.0, 0.0, 1.0, 1.0))
    assert not report.findings


def table(tmp_path, text):
    (tmp_path / "speeds.csv").write_text(text, "utf-8")
    return tmp_path / "speeds.csv"


def test_lookup_is_strict(tmp_path):
    columns = {"text": ["road_class"], "numbers": ["speed_kph"], "key": "road_class"}
    good = read_lookup(table(tmp_path, "road_class;speed_kph;note\nprimary;80,5;\n"), **columns)
    assert good["speed_kph"].to_dict() == {"primary": 80.5}
    bad = "road_class,speed_kph\nprimary,fast\ntrack,\n,5\nprimary,80\n"
    with pytest.raises(InputError) as error:
        read_lookup(table(tmp_path, bad), **columns)
    named = {(f.code, f.file, f.row) for f in error.value.findings}
    assert named == {
        ("not-a-number", "speeds.csv", "1, 2"),
        ("blank-cell", "speeds.csv", "3"),
        ("duplicate-key", "speeds.csv", "1, 4"),
    }
    with pytest.raises(InputError, match=r"value speed_kph: column missing.*did you mean speed_kmh"):
        read_lookup(table(tmp_path, "road_class,speed_kmh\nprimary,80\n"), **columns)
    with pytest.raises(InputError, match="no rows"):
        read_lookup(table(tmp_path, "road_class,speed_kph\n"), **columns)
    with pytest.raises(InputError, match=r"did you mean speeds\.csv"):
        read_lookup(tmp_path / "speed.csv", **columns)


def test_shipped_layers_are_found_in_a_checkout_and_in_a_package(tmp_path, monkeypatch):
    assert shipped.layers_dir() == Path(importlib.util.find_spec("gis").origin).parents[1] / "layers"
    package = tmp_path / "gis"
    (package / "layers" / "presets").mkdir(parents=True)
    (package / "layers" / "presets" / "speeds.csv").write_text("a\n1\n")
    monkeypatch.setattr(shipped.resources, "files", lambda _: package)
    assert shipped.layers_dir() == package / "layers"
    assert shipped.preset("speeds.csv") == package / "layers" / "presets" / "speeds.csv"
    with pytest.raises(InputError, match=r"did you mean speeds\.csv"):
        shipped.preset("speed.csv")
