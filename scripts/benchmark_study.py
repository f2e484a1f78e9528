"""The whole study beside the same job as a good analyst would script it, each in a process of its own."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from benchmark_tools import DISAGREED, Row, add_row, installed, kilobytes
from national_roads import EAST, NORTH, SOUTH, WEST, network
from rasterio.transform import from_origin

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data" / "kazakhstan" / "settlements.csv"
WHOLE_COUNTRY = 1_000_000  # edges, with 11 736 settlements and cells of 1 km
SETTLEMENTS = 11_736

# Ranks of settlements by people, as shares, that make the five tiers.
TIERS = {"t1": 0.001, "t2": 0.005, "t3": 0.02, "t4": 0.06, "t5": 0.2}
SHARED_STAGES = (
    "read", "travel", "surfaces", "climate", "scores", "certainty", "cards", "routes", "planning", "tables", "map",
    "rasters", "geopackage", "report",
)  # fmt: skip
BOTH_MAKE = (
    "minutes, kilometres and centre of each settlement for 5 tiers in 2 seasons, again at 6 drawn tables of speeds; "
    "the way to the road, round water; links over land between roads that are not joined; rasters of minutes and "
    "kilometres; climate at the settlements and as rasters; remoteness, viability, potential, typology; their spread "
    "over 1 000 draws, Sobol indices; routes with legs, the slowest one and what paving saves; contributions, "
    "percentiles, what would lift a settlement and how probably; tables by region, disparity, Lorenz curves, support "
    "villages; CSV, workbook, GeoPackage, map, report with charts"
)
OURS_ADDS = (
    "the best of many ways over land (the script: the way to the nearest road, one link for each network that stands "
    "apart), surfaces that start from the solved roads (roads burnt into the cells), the route on a click (all routes "
    "drawn at once), Koeppen-Geiger and discomfort, a map that needs no network, styles and QGIS project, three "
    "languages, checked inputs and findings, schema, log, checkpoints"
)

STUDY = """\
title = "Benchmark"
language = "en"
[settlements]
path = "settlements.csv"
[roads]
path = "roads.fgb"
over_land_max_km = 300
[water]
path = "water.gpkg"
[climate.temperature]
path = "temperature.tif"
[climate.precipitation]
path = "precipitation.tif"
[[seasons]]
name = "summer"
[[seasons]]
name = "winter"
paved = 0.8
unpaved = 0.6
[certainty]
draws = 1000
[outputs]
folder = "ours"
"""


def write_inputs(folder: Path, edges: int) -> None:
    """Write the layers of a study: of a whole country, or of one with fewer roads, settlements and cells in step."""
    share = min(1.0, edges / WHOLE_COUNTRY)
    network(edges, 0).to_file(folder / "roads.fgb", index=False)
    places(max(200, round(SETTLEMENTS * share**0.5))).to_csv(folder / "settlements.csv", index=False)
    rng = np.random.default_rng(5)
    lakes = shapely.buffer(
        shapely.points(rng.uniform([WEST, SOUTH], [EAST, NORTH], (60, 2))), rng.uniform(0.02, 0.3, 60)
    )
    gpd.GeoDataFrame(geometry=lakes, crs="EPSG:4326").to_file(folder / "water.gpkg")
    step = 1 / 6
    lat = np.arange(NORTH + 1, SOUTH - 1, -step)
    lon = np.arange(WEST - 1, EAST + 1, step)
    season = np.cos(2 * np.pi * (np.arange(12) - 6.5) / 12)[:, None, None]
    warmth = 12 - 0.8 * (lat - 45)[None, :, None] + 18 * season + 0.05 * (lon - 65)[None, None, :]
    rain = 25 + 12 * season + 0.4 * (lat - 45)[None, :, None] + 0 * lon[None, None, :]
    for name, values in (("temperature", warmth), ("precipitation", rain)):
        profile = {
            "driver": "GTiff", "count": 12, "height": len(lat), "width": len(lon), "dtype": "float32",
            "crs": "EPSG:4326", "transform": from_origin(lon[0], lat[0], step, step), "nodata": -9999.0,
        }  # fmt: skip
        with rasterio.open(folder / f"{name}.tif", "w", **profile) as out:
            out.write(values.astype("float32"))
    tiers = "".join(f'[[tiers]]\nname = "{tier}"\nvalues = ["{tier}"]\n' for tier in TIERS)
    cell_km = round(share**-0.5, 2)
    (folder / "study.toml").write_text(f"{STUDY}[grid]\ncell_km = {cell_km}\n{tiers}", encoding="utf-8")


def places(count: int) -> pd.DataFrame:
    """Return settlements with people and a tier: the real ones where they lie beside the project, else made up."""
    rng = np.random.default_rng(4)
    if REAL.exists():
        real = pd.read_csv(REAL)
        found = real.sort_values("population", ascending=False, na_position="last")
        found = found.iloc[np.unique(np.linspace(0, len(found) - 1, count).astype(int))]
        table = pd.DataFrame({
            "settlement_id": found["wof_id"].astype(str), "name": found["name"].fillna("?"), "lon": found["lon"],
            "lat": found["lat"], "population": found["population"], "region": found["ADM1_EN"],
        })  # fmt: skip
    else:
        lon, lat = rng.uniform(WEST + 0.2, EAST - 0.2, count), rng.uniform(SOUTH + 0.2, NORTH - 0.2, count)
        region = (lon // 8).astype(int) * 10 + (lat // 8).astype(int)
        table = pd.DataFrame({
            "settlement_id": np.arange(count).astype(str), "name": [f"Place {i}" for i in range(count)],
            "lon": lon.round(6), "lat": lat.round(6), "region": [f"Region {r}" for r in region],
            "population": np.sort(rng.lognormal(6, 1.5, count).astype(int))[::-1],
        })  # fmt: skip
    rank = np.arange(len(table)) / len(table)
    tier = np.full(len(table), "village", object)
    for name, share in reversed(TIERS.items()):
        tier[rank < share] = name
    tier[: len(TIERS)] = list(TIERS)  # none is empty, however few there are
    return table.assign(tier=tier)


@dataclass(frozen=True)
class Process:
    """What a process and its children took; up to its stop where it did not end in time."""

    seconds: float
    core_seconds: float
    peak_gib: float
    ended: bool


def timed(command: list[str], folder: Path, limit_s: float) -> Process:
    """Run a command to its end, or stop it at the limit."""
    begin, ended, peak_kib = time.perf_counter(), True, 0
    with (folder / "log.txt").open("w") as log:
        child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        while True:
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            peak_kib = max(peak_kib, held_kib(child.pid))
            if time.perf_counter() - begin > limit_s:
                child.kill()
                _, status, usage = os.wait4(child.pid, 0)
                ended = False
                break
            time.sleep(0.05)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode and ended:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(folder / 'log.txt').read_text()[-2000:]}")
    core = usage.ru_utime + usage.ru_stime
    # What `wait4` tells is no less than what this process held when it began the other.
    return Process(time.perf_counter() - begin, core, (peak_kib or usage.ru_maxrss) * 1024 / 2**30, ended)


def held_kib(number: int) -> int:
    """Return what a process and its children hold, or what it held at most itself; 0 where the system does not tell."""
    try:
        own, most = kilobytes("VmRSS", number), kilobytes("VmHWM", number)
        tasks = [path.read_text().split() for path in Path(f"/proc/{number}/task").glob("*/children")]
    except OSError:  # it has ended meanwhile, or this is not Linux
        return 0
    return max(most, own + sum(held_kib(int(child)) for task in tasks for child in task))


def study(runs: int, edges: int, limit_s: float = 3600.0) -> None:
    """Run both on the same layers: wall time of the whole process, its peak memory, and how far the minutes differ.

    A script that does not end within the limit is stopped and not run again: the ratio is then a lower bound.
    """
    needed = ("networkx", "skimage", "rasterstats", "folium", "matplotlib", "jinja2")
    if missing := [name for name in needed if not installed(name)]:
        print(f"\nstudy: left out, for {', '.join(missing)} are not installed")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, edges)
        if hasattr(os, "sync"):  # else whoever runs first shares the machine with the writing of these files
            os.sync()
        ours: list[Process] = []
        theirs: list[Process] = []
        seconds: list[dict[str, float]] = []
        for _ in range(runs):
            ours.append(timed([sys.executable, "-m", "gis", "run", "study.toml"], folder, limit_s))
            if not ours[-1].ended:
                print(f"\nstudy, {edges} edges: this project did not end in {limit_s:.0f} s")
                DISAGREED.append(f"study, {edges} edges: this project did not end")
                return
            seconds.append(json.loads((folder / "ours" / "run.json").read_text("utf-8"))["seconds"])
            if not theirs or theirs[-1].ended:
                script = str(ROOT / "scripts" / "benchmark_naive.py")
                theirs.append(timed([sys.executable, script, "."], folder, limit_s))
        report(folder, edges, ours, theirs, seconds)


def report(
    folder: Path, edges: int, ours: list[Process], theirs: list[Process], seconds: list[dict[str, float]]
) -> None:
    """Print what was measured, and what each made; `seconds` are those of our stages, in each run."""
    settlements = len(pd.read_csv(folder / "settlements.csv"))
    with rasterio.open(folder / "ours" / "travel_time.tif") as raster:
        cells = raster.width * raster.height
    title = f"the whole study, {edges} edges, {settlements} settlements, {cells / 1e6:.1f} million cells"
    print(f"\n{title}")
    stopped = not theirs[-1].ended
    theirs = theirs[-1:] if stopped else theirs  # one that ended just before the limit says less
    for name, processes in (("this project", ours), ("analyst's script", theirs)):
        wall = [process.seconds for process in processes]
        print(
            f"  {name:28} {statistics.median(wall):8.1f} s ({min(wall):.1f} to {max(wall):.1f}), "
            f"{statistics.median(process.core_seconds for process in processes):.1f} core s, "
            f"peak {max(process.peak_gib for process in processes):.2f} GiB"
            + ("" if processes[-1].ended else ": stopped, would have taken longer")
        )
    peaks = [max(process.peak_gib for process in processes) for processes in (ours, theirs)]
    core = [statistics.median(process.core_seconds for process in processes) for processes in (ours, theirs)]
    wall = [[process.seconds for process in processes] for processes in (ours, theirs)]
    row = add_row(Row(title, edges, wall[0], "analyst's script", wall[1], stopped=stopped))
    least = ">= " if stopped else ""
    apart = [stage for stage in SHARED_STAGES if stage != "surfaces"]  # which lie within the seconds of the journeys
    part = statistics.median(sum(of.get(stage, 0.0) for stage in apart) for of in seconds)
    part_ratio = f"{least}{statistics.median(wall[1]) / part:.1f}"
    print(f"  core seconds: analyst's script / this project = {least}{core[1] / core[0]:.2f}")
    print(f"  of ours, stages that the script has too: {part:.1f} s; ratio to those {part_ratio}")
    print(f"  both make: {BOTH_MAKE}")
    print(f"  ours adds: {OURS_ADDS}")
    row.notes += [
        f"peak {peaks[0]:.1f} beside {peaks[1]:.1f} GiB", f"core seconds {core[0]:.0f} beside {least}{core[1]:.0f}",
        f"{part_ratio} to the stages that both have",
    ]  # fmt: skip
    if stopped:
        print("  the answers were not compared: the script did not come so far")
        return
    by_stage(seconds, json.loads((folder / "naive" / "run.json").read_text("utf-8"))["core_seconds"])
    difference = minutes_apart(folder)
    print(f"  minutes of settlements, median relative difference: {difference:.3f}")
    if not difference < 0.15:
        DISAGREED.append(f"{title}: minutes differ by {difference:.3f} in the median")


def by_stage(ours: list[dict[str, float]], theirs: dict[str, float]) -> None:
    """Print the seconds of our stages (wall) beside those of the script (of one core: it has no threads)."""
    for stage in ours[0]:
        own = statistics.median(of.get(stage, 0.0) for of in ours)
        print(f"    {stage:12} {own:8.2f} s beside " + (f"{theirs[stage]:8.2f} s" if stage in theirs else "nothing"))


def minutes_apart(folder: Path) -> float:
    """Return the median relative difference of the minutes of both, over settlements, tiers and seasons."""
    ours = pd.read_csv(folder / "ours" / "settlements.csv", dtype={"settlement_id": str}).set_index("settlement_id")
    theirs = pd.read_csv(folder / "naive" / "settlements.csv", dtype={"settlement_id": str}).set_index("settlement_id")
    parts = []
    for tier in TIERS:
        for season, column in (("summer", f"travel_time_{tier}_min"), ("winter", f"travel_time_{tier}_winter_min")):
            a, b = ours[column], theirs[f"minutes_{tier}_{season}"].reindex(ours.index)
            both = np.isfinite(a) & np.isfinite(b) & (a > 5)
            parts.append((np.abs(a - b) / a)[both])
    return float(np.median(np.concatenate(parts)))
