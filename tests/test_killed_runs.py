"""The study of a whole country, killed at random moments and started again, ends with the answer of a run left alone;
one that is stopped by Ctrl-C leaves what was there.

SHALGAI_KILL_EDGES, _PLACES, _CELL_KM and _KILLS set its size and how often it is killed (the national size:
1000000, 11736, 1 and 5), SHALGAI_KILL_SEED the moments.
"""

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from study_tools import ROOT, contents, environment, packed

sys.path.insert(0, str(ROOT / "scripts"))
import national_roads  # type: ignore[import-not-found]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

EDGES = int(os.environ.get("SHALGAI_KILL_EDGES", "100000"))
PLACES = int(os.environ.get("SHALGAI_KILL_PLACES", "3000"))
CELL_KM = float(os.environ.get("SHALGAI_KILL_CELL_KM", "10"))
KILLS = int(os.environ.get("SHALGAI_KILL_KILLS", "3"))
SEED = int(os.environ.get("SHALGAI_KILL_SEED", "1"))

STUDY = """\
title = "A whole country"
[settlements]
path = "places.csv"
[roads]
path = "roads.fgb"
over_land_max_km = 300
[climate.temperature]
path = "temperature.tif"
[closures]
[[seasons]]
name = "summer"
months = [4, 5, 6, 7, 8, 9, 10]
[[seasons]]
name = "winter"
months = [11, 12, 1, 2, 3]
paved = 0.8
unpaved = 0.6
[grid]
cell_km = {cell_km}
[certainty]
draws = 50
"""


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a study of a generated country; return its file."""
    folder = tmp_path_factory.mktemp("country")
    assert national_roads.main([str(folder / "roads.fgb"), "--edges", str(EDGES)]) == 0
    rng = np.random.default_rng(SEED)
    lon = rng.uniform(national_roads.WEST, national_roads.EAST, PLACES).round(5)
    lat = rng.uniform(national_roads.SOUTH, national_roads.NORTH, PLACES).round(5)
    people = np.exp(rng.normal(6.5, 1.8, PLACES)).astype(int)
    rows = [f"p{i},Place {i},{n},Region {i % 17},{x},{y}" for i, (n, x, y) in enumerate(zip(people, lon, lat))]  # noqa: B905
    header = "settlement_id,name,population,region,lon,lat"
    (folder / "places.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    year = -15.0 * np.cos(np.arange(12) / 12 * 2 * np.pi)
    values = (year[:, None, None] + np.linspace(-2, 12, 40)[None, :, None] + np.zeros((1, 1, 100))).astype("float32")
    with rasterio.open(
        folder / "temperature.tif", "w", driver="GTiff", count=12, height=40, width=100, dtype="float32",
        crs="EPSG:4326", transform=Affine(0.5, 0, 44, 0, -0.5, 58), nodata=-9999,
    ) as file:  # fmt: skip
        file.write(values)
    study = folder / "study.toml"
    study.write_text(STUDY.format(cell_km=CELL_KM), encoding="utf-8")
    return study


# A test run in the background may hand down a deaf signal.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from gis.cli import program
program()
"""


def start(study: Path, out: Path, cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "run", str(study), "--out", str(out)],
        env=environment() | {"XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


def finished(child: subprocess.Popen[str]) -> str:
    out, err = child.communicate(timeout=3600)
    assert child.returncode == 0, err
    return out


def kept(cache: Path) -> set[str]:
    return {path.stem for path in cache.rglob("*.pickle")}


def values(folder: Path) -> dict[str, object]:
    """Every output: its bytes, or, where a time of writing stands in it, all its values but that."""
    found: dict[str, object] = dict(contents(folder))
    for name in found:
        path = folder / name
        if name == "run.json":
            record = json.loads(path.read_text("utf-8"))
            found[name] = {key: value for key, value in record.items() if key not in ("written", "seconds")}
        elif path.suffix in (".xlsx", ".qgz"):
            found[name] = packed(path)
        elif path.suffix == ".gpkg":
            found[name] = rows(path)
    return found


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of a GeoPackage, but for the times of its last changes."""
    with sqlite3.connect(path) as base:
        names = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        made = {}
        for name in names:
            found = base.execute(f'SELECT * FROM "{name}"')
            columns = [column[0] for column in found.description]
            timed = {i for i, column in enumerate(columns) if column in ("last_change", "update_time", "timestamp")}
            made[name] = [tuple(v for i, v in enumerate(row) if i not in timed) for row in found]
    base.close()
    return made


@dataclass(frozen=True)
class Whole:
    """A run that was left alone: its folder, what it printed, its outputs, and how long it took."""

    out: Path
    said: str
    outputs: dict[str, object]
    seconds: float


@pytest.fixture(scope="module")
def whole(country: Path) -> Whole:
    out, cache, begun = country.parent / "whole", country.parent / "cache", time.monotonic()
    said = finished(start(country, out, cache))
    seconds = time.monotonic() - begun
    print(f"seed {SEED}: {EDGES} edges, {PLACES} places, {seconds:.1f} s left alone")
    assert not kept(cache), "a run that is done keeps nothing"
    return Whole(out, said, values(out), seconds)


def stopped(child: subprocess.Popen[str], moment_s: float, by: int) -> str:
    """Send a signal at a moment, if the run is not done by then; return what it said last."""
    try:
        child.wait(moment_s)
    except subprocess.TimeoutExpired:
        child.send_signal(by)
    return child.communicate(timeout=60)[1]


def test_ctrl_c_at_any_moment_leaves_what_was_there(country: Path, whole: Whole, tmp_path: Path) -> None:
    chance, before = random.Random(SEED), contents(whole.out)
    for number in range(KILLS):
        child = start(country, whole.out, tmp_path)
        moment = 1 + chance.random() * 0.9 * (whole.seconds - 1)
        err = stopped(child, moment, signal.SIGINT)
        print(f"Ctrl-C {number}: after {moment:.1f} s, status {child.returncode}")
        if child.returncode == 0:  # it went quicker than the run that was left alone
            before = contents(whole.out)
            continue
        assert child.returncode == 130, err
        assert "Traceback" not in err
        assert err.splitlines()[-1] == "Stopped. Earlier outputs are as they were."
        assert contents(whole.out) == before
        assert "stopped by the user" in (whole.out / "run.log").read_text("utf-8")


def test_a_killed_run_of_a_whole_country_ends_with_the_same_answer(country: Path, whole: Whole, tmp_path: Path) -> None:
    out, cache, chance = tmp_path / "killed", tmp_path / "cache", random.Random(SEED)
    for number in range(KILLS):
        child = start(country, out, cache)
        moment = chance.uniform(0.05, 0.95) * whole.seconds
        stopped(child, moment, signal.SIGKILL)
        print(f"kill {number}: after {moment:.1f} s, status {child.returncode}, kept {sorted(kept(cache))}")
    had = kept(cache)
    said = finished(start(country, out, cache))
    taken = re.findall(r"taken from the run that was stopped: (.*)", (out / "run.log").read_text("utf-8"))
    assert (set(taken[-1].split(", ")) if had else set()) == had
    assert said.replace(str(out), str(whole.out)) == whole.said
    assert not kept(cache)
    made = values(out)
    assert made.keys() == whole.outputs.keys()
    assert [name for name in whole.outputs if made[name] != whole.outputs[name]] == []
    assert not [path for path in out.iterdir() if path.name.startswith(".shalgai-") and path.is_dir()]
