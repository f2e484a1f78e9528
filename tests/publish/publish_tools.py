"""A made-up country with everything that can go wrong in names and numbers, and the programs that open results."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine

from gis import fields as f
from gis.errors import Finding
from gis.space.grid import Grid

TIERS = ("republican_city", "regional_centre", "town", "district_centre")
CLASSES = ("near", "accessible", "outlying", "remote", "very_remote")
INDICATORS = ("remoteness", "heating", "aridity", "people", "services")
HOSTILE = (
    "<script>window.hurt=1</script>",
    '"><img src=x onerror="window.hurt=1">',
    "</script><script>window.hurt=1</script>",
    '=HYPERLINK("http://example.org","click")',
    '+7 (727) & co\'s "place"',
    "-2+3",
    "@SUM(A1)",
    "Ауыл 🏔️ emoji",
    "قازاقستان ‏مەن",
    "{{ 7*7 }} {% raw %} ${7*7} `x`",
    "line\nbreak\ttab",
    "&lt;b&gt; &amp; <b>bold</b>",
)
_HUBS = (
    ("Астана", "Астана", "Astana", 71.43, 51.13, 1_350_000, 0),
    ("Алматы", "Алматы", "Almaty", 76.92, 43.25, 2_000_000, 0),
    ("Шымкент", "Шымкент", "Shymkent", 69.60, 42.32, 1_100_000, 0),
    ("Қарағанды", "Караганда", "Karaganda", 73.10, 49.80, 500_000, 1),
    ("Өскемен", "Усть-Каменогорск", "Oskemen", 82.60, 49.95, 330_000, 1),
    ("Ақтөбе", "Актобе", "Aktobe", 57.17, 50.28, 500_000, 1),
    ("Қызылорда", "Кызылорда", "Kyzylorda", 65.51, 44.85, 240_000, 1),
    ("Ақтау", "Актау", "Aktau", 51.17, 43.65, 190_000, 1),
    ("Орал", "Уральск", "Oral", 51.37, 51.23, 230_000, 1),
    ("Жезқазған", "Жезказган", "Zhezkazgan", 67.71, 47.80, 90_000, 2),
    ("Балқаш", "Балхаш", "Balkhash", 74.98, 46.85, 78_000, 2),
    ("Аягөз", "Аягоз", "Ayagoz", 80.43, 47.97, 38_000, 3),
)


def country(n: int = 600) -> dict[str, gpd.GeoDataFrame]:
    """Draw settlements, centres and roads; deterministic."""
    random = np.random.default_rng(20)
    near = random.integers(0, len(_HUBS), n)
    lon = np.clip(np.array([_HUBS[i][3] for i in near]) + random.normal(0, 1.9, n), 47, 86.5)
    lat = np.clip(np.array([_HUBS[i][4] for i in near]) + random.normal(0, 1.2, n), 41, 55)
    names = [f"Ақбұлақ {i}" for i in range(n)]
    russian, english, people = (
        [f"Акбулак {i}" for i in range(n)],
        [f"Akbulak {i}" for i in range(n)],
        random.lognormal(6, 1.4, n),
    )
    tier = np.full(n, "village", dtype=object)
    for i, (kk, ru, en, x, y, population, rank) in enumerate(_HUBS):
        names[i], russian[i], english[i], lon[i], lat[i], people[i], tier[i] = kk, ru, en, x, y, population, TIERS[rank]
    for i, name in enumerate(HOSTILE, start=len(_HUBS)):
        names[i] = name
    frame = gpd.GeoDataFrame(
        {f.NAME: names, f.NAME_KK: names, f.NAME_RU: russian, f.NAME_EN: english,
         f.POPULATION: np.rint(people), f.REGION: [f"{_HUBS[i][0]} облысы" for i in near], f.TIER: tier},
        geometry=gpd.points_from_xy(lon, lat), crs=4326,
        index=pd.Index([f"{100000000 + 1007 * i}" for i in range(n)], name=f.SETTLEMENT_ID),
    )  # fmt: skip
    frame.iloc[20, 4], frame.iloc[21, 4] = np.nan, 0.0
    frame.iloc[22, 5] = None
    frame[f.REACHABLE] = True
    frame[f.ACCESS_KM] = random.exponential(4, n).round(3)
    frame[f.ACCESS_MIN] = frame[f.ACCESS_KM] * 6
    best = np.zeros(n)
    for rank, one in enumerate(TIERS):
        hubs = [i for i, hub in enumerate(_HUBS) if hub[6] <= rank]
        far = np.hypot((lon[:, None] - lon[hubs]) * 72, (lat[:, None] - lat[hubs]) * 111) * 1.3
        km = far.min(axis=1)
        km[30:34] = np.inf
        km[34:36] = np.nan
        frame[f.travel_time_min(one)] = km / 65 * 60
        frame[f.distance_km(one)] = km
        target = frame.index.to_numpy()[np.array(hubs)[far.argmin(axis=1)]].astype(object)
        target[30:36] = None
        frame[f.centre(one)] = target
        best = km
    frame.iloc[30:34, frame.columns.get_loc(f.REACHABLE)] = False
    frame[f.TEMPERATURE_MEAN_C] = 8 - (lat - 42) * 0.6
    frame[f.temperature_c(1)] = -5 - (lat - 42) * 1.2
    frame[f.REMOTENESS] = np.where(np.isinf(best), 100, np.minimum(100, best / 6))
    frame[f.REMOTENESS_CLASS] = pd.cut(frame[f.REMOTENESS], [-1, 10, 25, 45, 70, 101], labels=CLASSES)
    parts = random.dirichlet(np.ones(len(INDICATORS)), n) * random.uniform(15, 95, (n, 1))
    parts[34:36] = np.nan
    parts[40:50, 4] = np.nan
    for k, indicator in enumerate(INDICATORS):
        frame[f.contribution(indicator)] = parts[:, k]
    frame[f.VIABILITY] = np.where(np.isnan(parts).all(axis=1), np.nan, np.nansum(parts, axis=1))
    frame[f.VIABILITY_MISSING] = np.isnan(parts).mean(axis=1)
    potential = np.select(
        [frame[f.POPULATION] == 0, frame[f.VIABILITY].isna(), frame[f.VIABILITY] > 70, frame[f.VIABILITY] > 28],
        [f.UNINHABITED, f.UNKNOWN, f.HIGH, f.MEDIUM], f.LOW,
    )  # fmt: skip
    frame[f.POTENTIAL] = potential
    centres = frame.iloc[: len(_HUBS)][
        [f.NAME, f.NAME_KK, f.NAME_RU, f.NAME_EN, f.TIER, f.POPULATION, "geometry"]
    ].copy()
    return {"settlements": frame, "centres": centres, "roads": _roads(frame), "regions": _regions(frame)}


def _roads(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    points = frame.geometry.to_numpy()
    rows = []
    for i in range(len(_HUBS)):
        for j in range(i):
            if points[i].distance(points[j]) < 9:
                middle = shapely.Point((points[i].x + points[j].x) / 2 + 0.3, (points[i].y + points[j].y) / 2)
                rows.append(
                    (("trunk", "primary", "motorway")[(i + j) % 3], shapely.LineString([points[i], middle, points[j]]))
                )
    hubs = shapely.MultiPoint(points[: len(_HUBS)])
    for k in range(len(_HUBS), min(len(frame), 250)):
        near = shapely.ops.nearest_points(points[k], hubs)[1]
        rows.append((("secondary", "tertiary", "residential", "track")[k % 4], shapely.LineString([points[k], near])))
    roads = gpd.GeoDataFrame(
        {f.ROAD_CLASS: [r[0] for r in rows], f.REF: "A-1", f.SURFACE: "asphalt", f.SPEED_KPH: 70.0},
        geometry=[r[1] for r in rows], crs=4326, index=pd.RangeIndex(len(rows), name=f.ROAD_ID),
    )  # fmt: skip
    roads[f.LENGTH_M] = roads.to_crs(3857).length * 0.67
    roads[f.COMPONENT_ID] = 0
    return roads


def _regions(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    cells = shapely.voronoi_polygons(
        shapely.MultiPoint(frame.geometry.to_numpy()[: len(_HUBS)]), extend_to=shapely.box(46.5, 40.6, 87.3, 55.4)
    )
    shapes = shapely.intersection(shapely.get_parts(cells), shapely.box(46.5, 40.6, 87.3, 55.4))
    return gpd.GeoDataFrame({f.NAME: [f"Өңір {i}" for i in range(len(shapes))]}, geometry=shapes, crs=4326)


def minutes_raster() -> tuple[np.ndarray, Grid]:
    """Draw minutes to the nearest of the hubs, with unknown and unreachable cells."""
    grid = Grid((150, 408), Affine(0.1, 0, 46.5, 0, -0.1, 55.6), "EPSG:4326")
    lon, lat = np.meshgrid(grid.x, grid.y)
    far = np.min([np.hypot((lon - h[3]) * 72, (lat - h[4]) * 111) for h in _HUBS], axis=0)
    minutes = far / 40 * 60
    minutes[(lon - 58.5) ** 2 + (lat - 45) ** 2 < 2] = np.inf
    minutes[(lon < 49) & (lat < 45)] = np.nan
    return minutes, grid


def repairs() -> pd.DataFrame:
    """List findings, one of them hostile."""
    found = [Finding("repair", "closed-ring", "a ring was closed", file="a.gpkg", row="7"),
             Finding("warning", "name", "odd name", value=HOSTILE[3], count=3)]  # fmt: skip
    return pd.DataFrame([one.as_dict() for one in found])


def missing(what: str) -> None:
    """Skip a test whose program is not here, or fail it where all are required."""
    if os.environ.get("SHALGAI_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is required here (SHALGAI_REQUIRE_ALL=1) and was not found")
    pytest.skip(f"{what} was not found")


def chromium() -> str:
    """Return the path of Debian's Chromium, or skip."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None or importlib.util.find_spec("playwright") is None:
        missing("Chromium with playwright")
    return str(found)


def run_system(what: str, needs: str, *command: object) -> str:
    """Run the system's own Python, which has packages that no virtual environment can have; return what it printed."""
    python = "/usr/bin/python3"
    own = ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if k not in own}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "PYTHONWARNINGS": "ignore"}
    if sys.platform == "win32" or not Path(python).exists():
        missing(what)
    probe = subprocess.run([python, "-c", f"import {needs}"], capture_output=True, env=environment, check=False)
    if probe.returncode:
        missing(what)
    done = subprocess.run(
        [python, *map(str, command)],
        capture_output=True, text=True, encoding="utf-8", env=environment, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_qgis(script: str, *arguments: object) -> str:
    """Run a script in PyQGIS; return what it printed."""
    start = (
        "import os, sys, json\nfrom qgis.core import *\nfrom qgis.PyQt.QtCore import *\nfrom qgis.PyQt.QtGui import *\n"
        "QgsApplication.setPrefixPath('/usr', True)\nqgs = QgsApplication([], False)\nqgs.initQgis()\n"
    )
    end = "\nsys.stdout.flush()\nos._exit(0)\n"
    return run_system("QGIS for Python", "qgis.core", "-c", start + script + end, *arguments)
