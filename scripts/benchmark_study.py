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
from benchmark_tools import DISAGREED, Row, add_row, installed
from national_roads import EAST, NORTH, SOUTH, WEST, network
from rasterio.transform import from_origin

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data" / "kazakhstan" / "settlements.csv"
WHOLE_COUNTRY = 1_000_000  # edges, with 11 736 settlements and cells of 1 km
SETTLEMENTS = 11_736

# Ranks of settlements by people, as shares, that make the five tiers.
TIERS = {"t1": 0.001, "t2": 0.005, "t3": 0.02, "t4": 0.06, "t5": 0.2}
SHARED_STAGES = (
    "read", "travel", "surfaces", "climate", "scores", "certainty", "map", "rasters", "geopackage", "tables",
)  # fmt: skip
BOTH_MAKE = (
    "minutes, kilometres and centre by road of each settlement for 5 tiers in 2 seasons; rasters of minutes for each; "
    "rasters of kilometres; climate at the settlements; remoteness, viability, potential and their spread over "
    "1 000 draws; CSV, workbook, GeoPackage with roads, map"
)
OURS_ADDS = (
    "exact way to the road, the way over land, routes on the map, surfaces that start from the solved roads, draws of "
    "speeds by class of road and of seasons, cards, the planner's tables, QGIS project, report, findings, schema, log"
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
    (folder / "cell_km.txt").write_text(str(cell_km), encoding="utf-8")


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
    """What a process took."""

    seconds: float
    core_seconds: float
    peak_gib: float


def timed(command: list[str], folder: Path, limit_s: float) -> Process | None:
    """Run a command to its end; None where it does not end in time."""
    begin = time.perf_counter()
    with (folder / "log.txt").open("w") as log:
        child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        while True:
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            if time.perf_counter() - begin > limit_s:
                child.kill()
                os.wait4(child.pid, 0)
                return None
            time.sleep(0.05)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(folder / 'log.txt').read_text()[-2000:]}")
    core = usage.ru_utime + usage.ru_stime
    return Process(time.perf_counter() - begin, core, usage.ru_maxrss * 1024 / 2**30)


def study(runs: int, edges: int, limit_s: float = 3600.0) -> None:
    """Run both on the same layers: wall time of the whole process, its peak memory, and how far the minutes differ."""
    if missing := [name for name in ("networkx", "skimage", "rasterstats", "folium") if not installed(name)]:
        print(f"\nstudy: left out, for {', '.join(missing)} are not installed")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, edges)
        commands = {
            "this project": [sys.executable, "-m", "gis", "run", "study.toml"],
            "analyst's script": [sys.executable, str(ROOT / "scripts" / "benchmark_naive.py"), "."],
        }
        taken: dict[str, list[Process]] = {name: [] for name in commands}
        shared: list[float] = []
        for _ in range(runs):
            for name, command in commands.items():
                process = timed(command, folder, limit_s)
                if process is None:
                    print(f"\nstudy, {edges} edges: {name} did not end in {limit_s:.0f} s")
                    return
                taken[name].append(process)
            stages = json.loads((folder / "ours" / "run.json").read_text("utf-8"))["seconds"]
            shared.append(sum(stages.get(stage, 0.0) for stage in SHARED_STAGES))
        report(folder, edges, taken, shared)


def report(folder: Path, edges: int, taken: dict[str, list[Process]], shared: list[float]) -> None:
    """Print what was measured, and what each made."""
    settlements = len(pd.read_csv(folder / "settlements.csv"))
    with rasterio.open(folder / "ours" / "travel_time.tif") as raster:
        cells = raster.width * raster.height
    title = f"the whole study, {edges} edges, {settlements} settlements, {cells / 1e6:.1f} million cells"
    print(f"\n{title}")
    for name, processes in taken.items():
        seconds = [process.seconds for process in processes]
        print(
            f"  {name:28} {statistics.median(seconds):8.1f} s ({min(seconds):.1f} to {max(seconds):.1f}), "
            f"{statistics.median(process.core_seconds for process in processes):.1f} core s, "
            f"peak {max(process.peak_gib for process in processes):.2f} GiB"
        )
    ours, theirs = ([process.seconds for process in processes] for processes in taken.values())
    peaks = [max(process.peak_gib for process in processes) for processes in taken.values()]
    row = add_row(Row(title, edges, ours, "analyst's script", theirs))
    part = statistics.median(shared)
    part_ratio = statistics.median(theirs) / part
    print(f"  of ours, stages that the script has too: {part:.1f} s; ratio to those {part_ratio:.1f}")
    print(f"  both make: {BOTH_MAKE}")
    print(f"  ours adds: {OURS_ADDS}")
    row.notes += [f"peak {peaks[0]:.1f} beside {peaks[1]:.1f} GiB", f"{part_ratio:.1f} to the stages that both have"]
    difference = minutes_apart(folder)
    print(f"  minutes of settlements, median relative difference: {difference:.3f} (the script enters at a node)")
    if not difference < 0.15:
        DISAGREED.append(f"{title}: minutes differ by {difference:.3f} in the median")


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
