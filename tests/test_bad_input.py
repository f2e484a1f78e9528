"""Bad input, as a user meets it: one clear message, a status that is not 0, and no lost file."""

import csv
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
from study_tools import PLACES, SHARED, call, contents, spawn, write_country, write_raster, write_roads

Spoil = Callable[[Path], object]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A country that was run well once: its results are what must not be lost."""
    folder = tmp_path_factory.mktemp("good")
    done = call("run", write_country(folder))
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def country(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "country"))


def replace(file: str, old: str, new: str) -> Spoil:
    def spoil(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return spoil


def each(*spoils: Spoil) -> Spoil:
    return lambda folder: [spoil(folder) for spoil in spoils]


def without_crs(folder: Path) -> None:
    gpd.read_file(folder / "roads.geojson").to_file(folder / "roads.shp")
    (folder / "roads.prj").unlink()
    replace("study.toml", "roads.geojson", "roads.shp")(folder)


def exchanged(folder: Path) -> None:
    rows = list(csv.reader(PLACES.splitlines()))
    swapped = [rows[0], *([*row[:-2], row[-1], row[-2]] for row in rows[1:])]
    (folder / "places.csv").write_text("\n".join(",".join(row) for row in swapped), encoding="utf-8")


def cut(source: Path, target: str) -> Spoil:
    def spoil(folder: Path) -> None:
        if not source.is_absolute():
            with zipfile.ZipFile(folder / "whole.zip", "w") as whole:
                whole.write(folder / source, source.name)
        elif not source.exists():
            pytest.skip(f"no {source}")
        whole_bytes = (source if source.is_absolute() else folder / "whole.zip").read_bytes()
        (folder / target).write_bytes(whole_bytes[: len(whole_bytes) // 2])
        replace("study.toml", "roads.geojson", target)(folder)

    return spoil


def with_clinics(cells: str, direction: int, more: str = "", index: str = "") -> Spoil:
    """Give the places a column of the user's own, and the study two indicators of which it is the first."""

    def spoil(folder: Path) -> None:
        rows = zip(PLACES.splitlines(), ["clinic_km", *cells.split()], strict=True)
        (folder / "places.csv").write_text("\n".join(f"{row},{cell}" for row, cell in rows), encoding="utf-8")
        block = '[[indicators]]\nname = "{}"\nblock = "b"\ncolumn = "{}"\ndirection = {}\n{}\n'
        own = block.format("clinic", "clinic_km", direction, more) + block.format(
            "town", "travel_time_town_min", -1, ""
        )
        replace("study.toml", "[grid]", f"{own}{index}\n[grid]")(folder)

    return spoil


EMPTY_ROADS = '{"type": "FeatureCollection", "features": []}'

# Kind of bad input: how to make it, what the message names, and what it tells to do.
KINDS: dict[str, tuple[Spoil, list[str]]] = {
    "missing file": (
        replace("study.toml", "places.csv", "place.csv"), ["place.csv: no such file in", "did you mean places.csv?"]
    ),
    "missing raster": (
        replace("study.toml", "temperature.tif", "tempreature.tif"), ["did you mean temperature.tif?"]
    ),
    "no CRS": (without_crs, ["roads.shp: the layer has no coordinate system; set crs"]),
    "exchanged axes": (exchanged, ["places.csv: latitude and longitude look exchanged", "exchange the two columns"]),
    "empty settlements": (
        lambda folder: (folder / "places.csv").write_text(PLACES.splitlines()[0]), ["places.csv: the layer has no rows"]
    ),
    "empty roads": (
        lambda folder: (folder / "roads.geojson").write_text(EMPTY_ROADS), ["roads.geojson: the layer has no rows"]
    ),
    "lines for settlements": (
        replace("study.toml", '"places.csv"', '"roads.geojson"'),
        ["roads.geojson, row 1, 2, value LineString: settlements must be points"],
    ),
    "lines for water": (
        replace("study.toml", "[grid]", '[water]\npath = "roads.geojson"\n[grid]'),
        ["roads.geojson, row 1, value LineString: expected polygons"],
    ),
    "duplicate ids": (
        replace("places.csv", "\nb,", "\na,"), ["places.csv, row 1, 2, value a: settlement id is not unique"]
    ),
    "negative population": (
        replace("places.csv", ",900,", ",-900,"),
        ["places.csv, row 2, value -900: population is negative", "blank where unknown"],
    ),
    "population in words": (replace("places.csv", ",900,", ",many,"), ["places.csv, row 2, value many"]),
    "NaN coordinates": (replace("places.csv", "70.5,50.0", "nan,50.0"), ["places.csv, row 2", "lon"]),
    "infinite coordinates": (replace("places.csv", "70.5,50.0", "70.5,inf"), ["places.csv, row 2, value inf", "lat"]),
    "raster that does not cover": (
        lambda folder: write_raster(folder / "temperature.tif", np.linspace(-15, 20, 12), west=10),
        ["temperature.tif: the raster (10.00..15.00 E, 48.00..52.00 N) has no value at any settlement"],
    ),
    "raster in tenths": (
        lambda folder: write_raster(folder / "temperature.tif", np.linspace(-150, 200, 12)),
        ["temperature.tif, value -150 to 200", "set scale = 0.1"],
    ),
    "unknown column": (
        replace("study.toml", '"places.csv"', '"places.csv"\ncolumns = { population = "populaton" }'),
        ["places.csv, value populaton: no column of this name for population", "did you mean population?"],
    ),
    "unknown column of an indicator": (
        replace(
            "study.toml", "[grid]", '[[indicators]]\nname = "w"\nblock = "b"\ncolumn = "taps"\ndirection = 1\n[grid]'
        ),
        ["places.csv, value taps: indicator w needs this column", "access_km"],
    ),
    "an endless value where more is better": (
        with_clinics("1 2 inf 4 5 6", 1),
        ["places.csv, row c, value inf: the column clinic_km of indicator clinic is infinite", "leave the cell empty"],
    ),
    "a value below all others": (
        with_clinics("1 2 -inf 4 5 -inf", -1), ["places.csv, row c, f, value -inf: the column clinic_km of indicator"]
    ),
    "an endless divisor": (
        with_clinics("1 2 inf 4 -5 6", -1, 'per = "clinic_km"'),
        ["places.csv, row c, e, value inf, -5: indicator clinic is divided by clinic_km: expected numbers of 0"],
    ),
    "an indicator in words": (
        with_clinics("near far far near far near", 1),
        ["places.csv, row a, value near: the column clinic_km of indicator clinic must hold numbers"],
    ),
    "a geometric mean over zeros": (
        with_clinics("1 2 3 4 5 6", 1, index='[index]\naggregation = "geometric"'),
        ["indicator clinic: the geometric mean needs scores above 0", "0 points (a); set index.floor to 1"],
    ),
    "a logarithm of negative values": (
        with_clinics("1 2 3 4 -5 6", 1, 'transform = "log"'),
        ["indicator clinic: a logarithm needs values of 0 or more, got -5 (e); set transform to 'none'"],
    ),
    "a negative weight": (
        with_clinics("1 2 3 4 5 6", 1, "weight = -1"), ["study.toml: indicators.1.weight = -1: expected"]
    ),
    "weights that are all zero": (
        with_clinics("1 2 3 4 5 6", 1, index="[blocks]\nb = 0"), ["study.toml: blocks.b = 0: expected a number above 0"]
    ),
    "an empty column to share": (
        each(
            replace("places.csv", "lon,lat\n", "lon,lat,beds\n"),
            replace("study.toml", "[grid]", '[[supplies]]\nname = "beds"\ncolumn = "beds"\n[grid]'),
        ),
        ["places.csv, value beds: the column beds of supply beds is empty"],
    ),
    "unknown class of road": (
        lambda folder: write_roads(folder / "roads.geojson", {"road_class": "primry"}, {"road_class": "track"}),
        ["roads.geojson, row 1, value primry: unknown road class", "did you mean primary"],
    ),
    "broken zip": (cut(Path("roads.geojson"), "roads.zip"), ["roads.zip: not a whole zip", "download it again"]),
    "broken PBF": (
        cut((SHARED / "osm" / "liechtenstein.osm.pbf").resolve(), "roads.osm.pbf"),
        ["roads.osm.pbf: not a whole OpenStreetMap extract", "download it again"],
    ),
    "broken TIFF": (
        lambda folder: (folder / "temperature.tif").write_bytes((folder / "temperature.tif").read_bytes()[:150]),
        ["temperature.tif: cannot be read"],
    ),
    "a study with a typing error": (
        replace("study.toml", "[roads]", "[raods]"), ["study.toml: raods: no such key; did you mean 'roads'?"]
    ),
    "a study that is not TOML": (replace("study.toml", "[roads]", "[roads"), ["study.toml: not valid TOML", "line 4"]),
    "no centre": (
        each(replace("study.toml", '"city"]', '"City"]'), replace("study.toml", '"town"]', '"Town"]')),
        ["no settlement is a centre", "['City', 'Town']", "'city', 'town'"],
    ),
    "an unknown block": (
        replace("study.toml", "[grid]", "[blocks]\nclimat = 1\n[grid]"),
        ["blocks.climat: no indicator is in this block"],
    ),
    "an unknown coordinate system": (
        replace("study.toml", "[grid]", '[grid]\ncrs = "EPSG:1"'), ["grid.crs = EPSG:1: no such coordinate system"]
    ),
    "too many cells": (
        replace("study.toml", "cell_km = 10", "cell_km = 0.001"), ["grid.cell_km = 0.001", "choose larger cells"]
    ),
    "a table of speeds in words": (
        each(
            lambda folder: (folder / "speeds.csv").write_text("road_class,speed_kph,surface\nprimary,fast,asphalt\n"),
            replace("study.toml", '"roads.geojson"', '"roads.geojson"\nspeeds = "speeds.csv"'),
        ),
        ["speeds.csv, row 1, value fast: speed_kph must be a number"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_gives_one_clear_message_and_loses_nothing(country: Path, kind: str) -> None:
    spoil, named = KINDS[kind]
    spoil(country)
    before = contents(country)
    done = call("run", country / "study.toml")
    assert done.code == 1
    errors = [line for line in done.err.splitlines() if line.startswith("error ")]
    assert len(errors) == 1, done.err
    for part in named:
        assert part in errors[0]
    assert "Traceback" not in done.err
    assert contents(country) == before, "earlier outputs are as they were, byte for byte"


def rows_of(path: Path) -> dict[str, dict[str, str]]:
    return {row["settlement_id"]: row for row in csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())}


def test_an_endless_value_where_less_is_better_is_unreachable_and_worst(country: Path) -> None:
    with_clinics("1 2 inf 4 5 6", -1)(country)
    done = call("run", country / "study.toml")
    assert done.code == 0, done.err
    assert "repair clinic: unreachable counts as the worst value" in done.err
    scores = {one: float(row["clinic"]) for one, row in rows_of(country / "results/tables/normalised.csv").items()}
    assert scores == pytest.approx({"a": 1.0, "b": 0.8, "c": 0.0, "d": 0.4, "e": 0.2, "f": 0.0})
    assert all(row["viability"] for row in rows_of(country / "results/settlements.csv").values())


@pytest.mark.parametrize("cells", ["3 3 3 3 3 3", "inf inf inf inf inf inf"])
def test_an_indicator_that_tells_nothing_apart_is_left_out_with_the_reason(country: Path, cells: str) -> None:
    with_clinics(cells, -1)(country)
    done = call("run", country / "study.toml")
    assert done.code == 0, done.err
    assert "warning clinic: the indicator tells nothing apart: " in done.err
    assert all(row["viability"] for row in rows_of(country / "results/settlements.csv").values())


@pytest.mark.parametrize("kind", ["duplicate ids", "a study with a typing error", "no CRS"])
def test_a_process_of_its_own_ends_with_the_same_message_and_status(country: Path, kind: str) -> None:
    KINDS[kind][0](country)
    here, there = call("run", country / "study.toml"), spawn("run", "study.toml", cwd=country)
    assert there.code == here.code == 1
    assert KINDS[kind][1][0] in there.err
    assert "Traceback" not in there.err
    assert there.out == ""


@pytest.mark.parametrize("kind", ["exchanged axes", "negative population", "broken zip"])
def test_check_finds_what_run_finds(country: Path, kind: str) -> None:
    KINDS[kind][0](country)
    before = contents(country)
    done = call("check", country / "study.toml")
    assert done.code == 1
    assert KINDS[kind][1][0] in done.err
    assert "1 error, " in done.err
    assert contents(country) == before


def test_errors_of_several_layers_are_shown_all_at_once(country: Path) -> None:
    kinds = ("duplicate ids", "negative population", "unknown class of road", "missing raster", "an unknown block")
    for kind in kinds:
        KINDS[kind][0](country)
    done = call("run", country / "study.toml")
    assert done.code == 1
    for kind in kinds:
        assert KINDS[kind][1][0] in done.err
    assert len([line for line in done.err.splitlines() if line.startswith("error ")]) == 5


def test_of_very_many_errors_the_first_are_shown_and_the_others_counted(country: Path) -> None:
    header, *rows = PLACES.splitlines()
    many = [row.replace(row[0], f"id{number // 2}", 1) for number, row in enumerate(rows * 20)]
    (country / "places.csv").write_text("\n".join([header, *many]), encoding="utf-8")
    done = call("run", country / "study.toml")
    assert done.code == 1
    assert len(done.err.splitlines()) < 30
    assert "more ids twice" in done.err


def test_the_log_keeps_the_errors_of_a_failed_run(country: Path) -> None:
    KINDS["duplicate ids"][0](country)
    call("run", country / "study.toml")
    log = (country / "results" / "run.log").read_text(encoding="utf-8")
    assert "failed: places.csv, row 1, 2, value a: settlement id is not unique" in log.splitlines()[-1]


def unwritable(folder: Path) -> list[Path]:
    """Where nobody can write, not even root: a file in the folder's place, and a folder below a file."""
    (folder / "taken").write_text("mine", encoding="utf-8")
    places = [folder / "taken", folder / "taken" / "results"]
    return [*places, Path("/proc/shalgai")] if Path("/proc/self").exists() else places


def test_a_folder_that_cannot_be_written_is_said_before_the_work_begins(country: Path) -> None:
    for out in unwritable(country):
        before = contents(country)
        done = call("run", country / "study.toml", "--out", out)
        assert done.code == 1
        assert done.err.startswith(f"error {out}: not a folder to write to")
        assert "choose another one with --out" in done.err
        assert contents(country) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_said(country: Path) -> None:
    locked = country / "locked"
    locked.mkdir(mode=0o500)
    done = call("run", country / "study.toml", "--out", locked / "results")
    assert done.code == 1
    assert "Permission denied" in done.err


EVIL = [
    '<img src=x onerror="alert(1)">',
    "=1+1",
    "@SUM(A1)",
    "</script><script>alert(1)</script>",
    "[bold]b[/bold] :smile:",
]


def test_markup_and_formulas_in_names_survive_as_text(country: Path) -> None:
    with (country / "places.csv").open("w", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(PLACES.splitlines()))
        for row, name in zip(rows[1:], EVIL, strict=False):
            row[1:5] = [name] * 4
        csv.writer(file).writerows(rows)
    done = call("run", country / "study.toml")
    assert done.code == 0, done.err
    out = country / "results"
    assert gpd.read_file(out / "results.gpkg", layer="settlements")["name"].tolist()[:5] == EVIL
    page = (out / "map.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<script>alert(1)" not in page
    with (out / "settlements.csv").open(encoding="utf-8-sig", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)][:5]
    assert names == [f"'{name}" if name[0] in "=@" else name for name in EVIL]
    sheet = openpyxl.load_workbook(out / "tables.xlsx").worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value in EVIL]
    assert {cell.value for cell in cells} == set(EVIL)
    assert {cell.data_type for cell in cells} == {"s"}
    for name in EVIL:
        explained = call("explain", out, name)
        assert explained.code == 0
        assert explained.out.startswith(name), "neither markup nor emoji of the console's own"


def test_names_with_markup_in_errors_are_shown_as_they_are(country: Path) -> None:
    replace("places.csv", "\nb,", "\n[red]a[/red],")(country)
    replace("places.csv", "\nc,", "\n[red]a[/red],")(country)
    done = call("run", country / "study.toml")
    assert "value [red]a[/red]: settlement id is not unique" in done.err


def test_the_record_of_a_good_run_is_not_touched_by_a_bad_one(country: Path) -> None:
    record = json.loads((country / "results" / "run.json").read_text(encoding="utf-8"))
    KINDS["empty roads"][0](country)
    assert call("run", country / "study.toml").code == 1
    assert json.loads((country / "results" / "run.json").read_text(encoding="utf-8")) == record
