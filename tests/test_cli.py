"""The commands, as a user calls them; and `gis.run` for notebooks."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from study_tools import ROOT, call, contents, environment, packed, spawn, write_country

import gis
from gis import cli
from gis.errors import Finding
from gis.fields import POTENTIALS
from gis.pipeline import Result
from gis.space.grid import Grid
from gis.starter import write_starter
from gis.study import demonstration, make_study, read_study

HEAVY = {
    "geopandas",
    "pandas",
    "numpy",
    "rasterio",
    "pyogrio",
    "shapely",
    "folium",
    "numba",
    "scipy",
    "pydantic",
}
COMMANDS = ["run", "check", "explain", "init", "doctor"]
FILES = {
    "results.gpkg", "travel_time.tif", "distance.tif", "map.html", "settlements.csv", "tables.xlsx", "run.json",
    "run.log", "study.schema.json", "project.qgz", "report.html", "report.md",
}  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A country that was run in a process of its own, in a folder with blanks and Kazakh letters."""
    folder = tmp_path_factory.mktemp("ran") / "Менің елім 2024"
    write_country(folder)
    done = spawn("run", "study.toml", cwd=folder)
    assert done.code == 0, done.err
    (folder / "said.json").write_text(json.dumps([done.out, done.err]), encoding="utf-8")
    return folder


def said(ran: Path) -> tuple[str, str]:
    out, err = json.loads((ran / "said.json").read_text(encoding="utf-8"))
    return out, err


# --- help -----------------------------------------------------------------------------------------------------------


def test_help_comes_before_any_heavy_library_is_loaded() -> None:
    source = "import sys, gis.cli\nprint(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", source], env=environment(), capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"gis", "typer"} <= loaded
    assert not HEAVY & loaded


def test_help_loads_nothing_more_than_the_import() -> None:
    source = (
        "import sys\nfrom gis import cli\nsys.argv = ['shalgai', 'run', '--help']\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    print(*{n.split('.')[0] for n in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", source], env=environment(), capture_output=True, text=True, check=True)
    assert "--out" in done.stdout
    # Typer itself looks at pydantic, where that is installed, when it shows the kinds of options.
    assert set(done.stderr.split()) & HEAVY <= {"pydantic"}


def test_help_names_every_command_and_each_has_its_own() -> None:
    whole = spawn("--help")
    assert whole.code == 0
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", whole.out)
        own = call(command, "--help")
        assert own.code == 0
        assert re.search(rf"Usage: .*\b{command}\b", own.out)


def test_a_command_that_is_none_is_refused_with_the_way_to_help() -> None:
    done = call("rum")
    assert done.code == 2
    assert "No such command" in done.err
    assert "--help" in done.err


def test_no_argument_at_all_shows_the_help() -> None:
    done = call()
    assert "Usage: " in done.out + done.err
    assert done.code != 0


# --- run ------------------------------------------------------------------------------------------------------------


def test_run_writes_every_output_and_says_what_to_open(ran: Path) -> None:
    results = ran / "results"
    assert {path.name for path in results.iterdir()} >= FILES
    out, err = said(ran)
    assert str(results / "map.html") in out
    assert str(results / "project.qgz") in out
    assert "Traceback" not in err
    assert not [path for path in results.glob(".*") if path.is_dir()], "nothing half made is left"


def test_the_summary_counts_settlements_and_never_takes_unknown_for_nobody(ran: Path) -> None:
    out, _ = said(ran)
    assert "6 settlements, " in out
    classes = {line.split()[0]: line for line in out.splitlines() if re.match(rf"  ({'|'.join(POTENTIALS)}) ", line)}
    assert sum(int(re.findall(r"(\d+) settlements", line)[0]) for line in classes.values()) == 6
    assert "0 people" in classes["uninhabited"]
    settlements = gpd.read_file(ran / "results" / "results.gpkg", layer="settlements").set_index("settlement_id")
    assert "unknown in 1" in classes[settlements.loc["f", "potential"]]
    assert re.search(r" 120,000 people$", classes[settlements.loc["a", "potential"]])


def test_a_class_whose_people_are_all_unknown_shows_a_question_mark() -> None:
    from gis.outputs import by_potential

    villages = pd.DataFrame({"potential": ["low", "low", "high"], "population": [np.nan, np.nan, 5.0]})
    shown = {name: cli._people(row) for name, row in by_potential(villages).iterrows()}
    assert "? people, unknown in 2" in shown["low"]
    assert "0 people" not in shown["low"]
    assert shown["high"].endswith(" 5 people")


def test_the_log_holds_times_findings_and_seconds(ran: Path) -> None:
    lines = (ran / "results" / "run.log").read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in lines)
    assert lines[0].endswith("study study.toml")
    assert any("population unknown" in line for line in lines)
    assert "seconds {" in lines[-1]


def test_the_log_is_added_to_and_outputs_are_replaced(ran: Path) -> None:
    before = (ran / "results" / "run.log").read_text(encoding="utf-8")
    assert call("run", ran / "study.toml").code == 0
    after = (ran / "results" / "run.log").read_text(encoding="utf-8")
    assert after.startswith(before)
    assert len(after) > len(before)


def test_every_stage_shows_its_progress(ran: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gis", "run", ran / "study.toml", "--out", tmp_path / "out"],
        env=environment() | {"FORCE_COLOR": "1"}, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0
    stages = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["seconds"]
    assert len(stages) > 7
    for stage in stages:
        assert re.search(rf"{stage} .*\d:\d\d:\d\d", done.stderr), "a bar and a time for each"


def test_a_pipe_gets_no_progress(ran: Path) -> None:
    _, err = said(ran)
    assert "\x1b" not in err
    assert "━" not in err
    assert err.splitlines()[0].startswith("warning ")


def test_no_study_is_the_demonstration_into_results_where_one_stands(tmp_path: Path) -> None:
    before = contents(demonstration().parent)
    done = spawn("run", cwd=tmp_path)
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.iterdir()} == {"results"}
    assert {path.name for path in (tmp_path / "results").iterdir()} >= FILES
    assert "336 settlements" in done.out
    assert contents(demonstration().parent) == before
    record = json.loads((tmp_path / "results" / "run.json").read_text(encoding="utf-8"))
    assert record["parameters"]["language"] == "kk"
    assert {"read", "travel", "surfaces", "climate", "scores", "map"} <= record["seconds"].keys()


def test_out_wins_over_the_study_and_starts_where_one_stands(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(ran)
    monkeypatch.chdir(tmp_path)
    done = call("run", ran / "study.toml", "--out", "шығыс 1")
    assert done.code == 0, done.err
    assert {path.name for path in (tmp_path / "шығыс 1").iterdir()} >= FILES
    assert contents(ran) == before


def test_the_folder_of_the_study_is_relative_to_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = write_country(tmp_path / "country")
    study.write_text(study.read_text("utf-8") + '[outputs]\nfolder = "../elsewhere/today"\n', encoding="utf-8")
    monkeypatch.chdir(study.parent)
    assert call("run", "study.toml").code == 0
    assert {path.name for path in (tmp_path / "elsewhere" / "today").iterdir()} >= FILES


def test_the_shortest_study_is_settlements_alone(tmp_path: Path) -> None:
    write_country(tmp_path)
    study = tmp_path / "short.toml"
    study.write_text('[settlements]\npath = "places.csv"\n', encoding="utf-8")
    done = call("run", study)
    assert done.code == 0, done.err
    settlements = gpd.read_file(tmp_path / "results" / "results.gpkg", layer="settlements").set_index("settlement_id")
    # Straight lines times the factor that the study states, at the speed that it states, in the default study.
    straight = make_study({"settlements": {"path": "x"}}, folder=tmp_path).straight
    tier = next(c for c in settlements if c.startswith("distance_"))[len("distance_") : -len("_km")]
    known = settlements[settlements[f"distance_{tier}_km"].notna()]
    np.testing.assert_allclose(
        known[f"travel_time_{tier}_min"], known[f"distance_{tier}_km"] / straight.speed_kph * 60, rtol=1e-6
    )
    assert settlements["viability"].notna().all()


def test_a_missing_study_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("run", "none.toml")
    assert done.code == 1
    assert done.err.startswith("error none.toml: no such study file")
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_the_program_is_kept_in_the_log(ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gis.outputs

    def faulty(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(gis.outputs, "write_outputs", faulty)
    with pytest.raises(ZeroDivisionError):
        call("run", ran / "study.toml", "--out", tmp_path / "out")
    log = (tmp_path / "out" / "run.log").read_text(encoding="utf-8")
    assert "a fault of the program; please report it" in log
    assert "ZeroDivisionError: by zero" in log


def test_large_tables_are_written_by_a_process_of_their_own_and_are_the_same(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gis.outputs

    monkeypatch.setattr(gis.outputs, "_MANY_CELLS", 0)
    written = gis.outputs.elsewhere
    called = []
    monkeypatch.setattr(gis.outputs, "elsewhere", lambda *task, **named: called.append(task) or written(*task, **named))
    assert call("run", ran / "study.toml", "--out", tmp_path / "out").code == 0
    assert len(called) == 1
    assert packed(tmp_path / "out" / "tables.xlsx") == packed(ran / "results" / "tables.xlsx")
    tables = [path.relative_to(ran / "results") for path in (ran / "results").rglob("*.csv")]
    assert len(tables) > 10
    for table in tables:
        assert (tmp_path / "out" / table).read_bytes() == (ran / "results" / table).read_bytes(), table


# --- stopped and killed ---------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No kept stage of another run, or of the person who runs the tests, is taken."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


# The command line, but that it stops in the middle of its writing; the last argument is a file that says so.
HELD = """
import pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background may hand down a deaf one
import gis.outputs
from gis import cli
flag = pathlib.Path(sys.argv.pop())
whole = gis.outputs.write_csv_and_workbook
def held(path, *arguments, **named):
    whole(path, *arguments, **named)
    flag.touch()
    time.sleep(120)
gis.outputs.write_csv_and_workbook = held
cli.program()
"""


def held(ran: Path, flag: Path) -> subprocess.Popen[str]:
    """Start a run and wait until it stands in the middle of its writing."""
    child = subprocess.Popen(
        [sys.executable, "-c", HELD, "run", str(ran / "study.toml"), str(flag)],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    for _ in range(1200):
        if flag.exists() or child.poll() is not None:
            break
        time.sleep(0.1)
    assert flag.exists(), child.communicate()[1]
    return child


@pytest.fixture
def country(tmp_path: Path) -> Path:
    folder = tmp_path / "country"
    assert call("run", write_country(folder)).code == 0
    return folder


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_earlier_outputs_whole_with_a_clean_message(country: Path, tmp_path: Path) -> None:
    before = contents(country)
    child = held(country, tmp_path / "flag")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert err.splitlines()[-1] == "Stopped. Earlier outputs are as they were."
    assert "Traceback" not in err
    assert out == ""
    assert contents(country) == before
    assert (country / "results" / "run.log").read_text("utf-8").splitlines()[-1].endswith("stopped by the user")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_leaves_the_last_good_outputs_whole_and_the_next_one_tidies(country: Path, tmp_path: Path) -> None:
    before = contents(country)
    child = held(country, tmp_path / "flag")
    child.kill()
    child.communicate(timeout=60)
    after = contents(country)
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before), "it was killed in the middle of its writing"
    explained = call("explain", country / "results", "a")
    assert explained.code == 0
    assert call("run", country / "study.toml").code == 0
    assert contents(country).keys() == before.keys()


# --- check ----------------------------------------------------------------------------------------------------------


def test_check_lists_findings_counts_them_and_writes_nothing(tmp_path: Path) -> None:
    study = write_country(tmp_path)
    before = contents(tmp_path)
    done = spawn("check", study)
    assert done.code == 0
    assert "warning places.csv: population unknown" in done.err
    assert done.err.splitlines()[-1] == "0 errors, 1 warning, 0 repairs"
    assert contents(tmp_path) == before
    assert not (tmp_path / "results").exists()


def test_check_needs_a_study() -> None:
    done = call("check")
    assert done.code == 2
    assert "Missing argument" in done.err


# --- init -----------------------------------------------------------------------------------------------------------


def test_init_writes_a_study_that_reads_and_a_schema(tmp_path: Path) -> None:
    done = call("init", tmp_path / "жаңа зерттеу")
    assert done.code == 0
    folder = tmp_path / "жаңа зерттеу"
    assert sorted(path.name for path in folder.iterdir()) == ["study.schema.json", "study.toml"]
    assert read_study(folder / "study.toml").settlements.path == Path("settlements.csv")
    assert "shalgai check" in done.out
    schema = json.loads((folder / "study.schema.json").read_text(encoding="utf-8"))
    assert "settlements" in schema["properties"]


def test_what_init_names_is_all_that_is_missing_to_run(tmp_path: Path) -> None:
    call("init", tmp_path)
    write_country(tmp_path / "other")
    (tmp_path / "other" / "places.csv").rename(tmp_path / "settlements.csv")
    done = call("run", tmp_path / "study.toml")
    assert done.code == 0, done.err


def test_every_line_that_init_leaves_commented_out_is_a_real_key(tmp_path: Path) -> None:
    write_starter(tmp_path)
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    commented = re.findall(r"^# (?:\[.*|\w+ = .*)", text, flags=re.MULTILINE)
    assert len(commented) > 25
    whole = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    (tmp_path / "study.toml").write_text(whole, encoding="utf-8")
    study = read_study(tmp_path / "study.toml")
    assert study.roads is not None
    assert study.roads.noding == "crossings"
    assert study.climate.precipitation is not None
    assert study.tiers is not None
    assert study.indicators is not None
    assert [season.name for season in study.seasons] == ["summer", "winter"]
    assert study.settlements.columns["settlement_id"] == "KATO"
    # What stands in comments is the default, where it says so: uncommenting changes nothing in silence.
    assert (study.potential.high, study.potential.medium, study.potential.low) == (1204, 5625, 595)


def test_init_never_writes_over_a_study(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("mine", encoding="utf-8")
    done = call("init", tmp_path)
    assert done.code == 1
    assert "is there already; choose another folder, or delete it first" in done.err
    assert contents(tmp_path) == {"study.toml": b"mine"}


def test_init_says_what_is_wrong_with_its_folder_or_extract(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    done = call("init", tmp_path / "file" / "study")
    assert done.code == 1
    assert "cannot be written" in done.err
    done = call("init", tmp_path / "new", "--osm", tmp_path / "none.osm.pbf")
    assert done.code == 1
    assert "none.osm.pbf: no such file" in done.err
    (tmp_path / "broken.osm.pbf").write_bytes(b"nothing")
    done = call("init", tmp_path / "new", "--osm", tmp_path / "broken.osm.pbf")
    assert done.code == 1
    assert "broken.osm.pbf: not a whole OpenStreetMap extract" in done.err
    assert not (tmp_path / "new").exists()


# --- doctor ---------------------------------------------------------------------------------------------------------


def test_doctor_shows_versions_and_is_ready() -> None:
    done = call("doctor")
    assert done.code == 0
    for name in ("python", "shalgai", "geopandas", "GDAL", "PROJ"):
        assert re.search(rf"^{name}\b.* \d+\.\d+", done.out, flags=re.MULTILINE)
    assert done.out.splitlines()[-1] == "ready"


def test_doctor_warns_of_the_environment_of_other_programs() -> None:
    from gis.doctor import examine

    _, findings = examine({"PROJ_DATA": "/opt/qgis/proj", "GDAL_DATA": "/opt/qgis/gdal", "HOME": "/home/a"})
    assert {finding.value.split("=")[0] for finding in findings if finding.code == "environment"} == {
        "PROJ_DATA", "GDAL_DATA"
    }  # fmt: skip
    assert {finding.level for finding in findings} == {"warning"}


def test_doctor_fails_where_a_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from gis import doctor

    monkeypatch.setattr(doctor, "_LIBRARIES", (*doctor._LIBRARIES, "no-such-library"))
    done = call("doctor")
    assert done.code == 1
    assert "no-such-library: not installed" in done.err
    assert "ready" not in done.out


# --- findings on the console ----------------------------------------------------------------------------------------


def test_findings_are_shown_errors_first_and_many_of_one_kind_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    many = [Finding("repair", "small", f"number {number}") for number in range(40)]
    cli.show_findings([*many, Finding("error", "big", "first of all", count=84)])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error first of all (x 84) [big]"
    assert len(lines) < 40
    shown = sum(line.startswith("repair ") for line in lines)
    assert lines[-1] == f"... and {40 - shown} more of [small]"


# --- objects --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result(ran: Path) -> Result:
    return gis.run(ran / "study.toml")


def promised(tiers: list[str]) -> list[str]:
    """The columns that layer `settlements` has at least."""
    each = [name for t in tiers for name in (f"travel_time_{t}_min", f"distance_{t}_km", f"centre_{t}")]
    return [
        "name", "population", "region", "tier", "reachable", "access_km", "access_min", *each,
        "remoteness", "remoteness_class", "viability", "viability_missing", "potential",
    ]  # fmt: skip


def test_run_returns_objects_for_notebooks(result: Result) -> None:
    assert isinstance(result.settlements, gpd.GeoDataFrame)
    assert result.settlements.index.name == "settlement_id"
    assert result.settlements.index.tolist() == list("abcdef"), "in the file's order"
    assert set(promised(["city", "town"])) <= set(result.settlements)
    assert isinstance(result.centres, gpd.GeoDataFrame)
    assert result.centres["tier"].to_dict() == {"a": "city", "d": "town"}
    assert isinstance(result.roads, gpd.GeoDataFrame)
    assert isinstance(result.grid, Grid)
    assert list(result.distance) == [tier for tier, _ in result.travel_time] == ["city", "town"]
    for rasters in (result.travel_time, result.distance):
        assert all(array.shape == result.grid.shape for array in rasters.values())
    journeys = ["from_id", "to_id", "tier", "season", "travel_time_min", "distance_km", "mode"]
    assert list(result.journeys)[:7] == journeys
    assert len(result.journeys) == 6 * 2
    assert result.settlements["reachable"].dtype == bool
    for column in ("remoteness", "viability", "viability_missing", "access_km", "travel_time_city_min"):
        assert result.settlements[column].dtype == float
    assert result.settlements.loc["a", "travel_time_city_min"] == 0
    assert np.isnan(result.settlements.loc["f", "population"])


def test_the_layer_holds_what_the_objects_hold(ran: Path, result: Result) -> None:
    path = ran / "results" / "results.gpkg"
    layers = {str(name) for name, _ in pyogrio.list_layers(path)}
    assert {"settlements", "centres", "roads", "repairs"} <= layers
    layer = gpd.read_file(path, layer="settlements").set_index("settlement_id")
    columns = list(layer)
    assert set(promised(["city", "town"])) <= set(columns)
    assert [c for c in columns if c in result.settlements] == [c for c in result.settlements if c in columns]
    for column in ("remoteness", "viability", "travel_time_town_min", "distance_town_km"):
        np.testing.assert_allclose(layer[column], result.settlements.loc[layer.index, column].replace(np.inf, np.nan))
    assert layer["potential"].tolist() == result.settlements.loc[layer.index, "potential"].astype(str).tolist()


def test_run_takes_a_study_a_path_and_nothing_and_writes_only_where_it_is_told(ran: Path, tmp_path: Path) -> None:
    before = contents(ran)
    study = read_study(ran / "study.toml")
    by_study, by_path = gis.run(study), gis.run(str(ran / "study.toml"), out=tmp_path / "out")
    pd.testing.assert_frame_equal(pd.DataFrame(by_study.settlements), pd.DataFrame(by_path.settlements))
    assert contents(ran) == before
    assert (tmp_path / "out" / "map.html").exists()


# --- the wheel ------------------------------------------------------------------------------------------------------


def test_a_wheel_holds_the_layers_and_works_wherever_it_is_unpacked(tmp_path: Path) -> None:
    build = pytest.importorskip("hatchling.build", reason="hatchling, which builds the wheel, is not installed")
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        wheel = tmp_path / build.build_wheel(str(tmp_path))
    finally:
        os.chdir(before)
    inside = tmp_path / "with blanks"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(inside)
    layers = ROOT / "layers"
    for path in layers.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert f"gis/layers/{path.relative_to(layers).as_posix()}" in names
    assert {"gis/publish/words.csv", "gis/publish/templates/map.js"} <= names
    assert not [name for name in names if name.startswith(("tests/", "layers/", "scripts/"))]
    found = subprocess.run(
        [sys.executable, "-c", "from gis.read.shipped import layers_dir; print(layers_dir())"],
        cwd=tmp_path, env=environment() | {"PYTHONPATH": str(inside)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(found.stdout.strip()) == inside / "gis" / "layers"
    done = subprocess.run(
        [sys.executable, "-m", "gis", "check", inside / "gis" / "layers" / "kazakhstan" / "study.toml"],
        cwd=tmp_path, env=environment() | {"PYTHONPATH": str(inside)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "0 errors" in done.stderr
