"""A small country to run studies on, and the command line as a user calls it."""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"

PLACES = """\
settlement_id,name,name_kk,name_ru,name_en,population,region,tier,lon,lat
a,Қала,Қала,Город,City,120000,West,city,70.0,50.0
b,Ауыл,Ауыл,Село,Village,900,West,village,70.5,50.0
c,Алыс,Алыс,Далёкое,Far,60,East,village,71.5,50.4
d,Орта,Орта,Средний,Middle,7000,East,town,71.0,50.1
e,Бос,Бос,Пустое,Empty,0,East,village,70.7,50.3
f,Белгісіз,Белгісіз,Неизвестное,Unknown,,West,village,70.2,49.8
"""
STUDY = """\
title = "A small country"
[settlements]
path = "places.csv"
[roads]
path = "roads.geojson"
[climate.temperature]
path = "temperature.tif"
[climate.precipitation]
path = "precipitation.tif"
[[tiers]]
name = "city"
values = ["city"]
[[tiers]]
name = "town"
values = ["town"]
[grid]
cell_km = 10
"""


def write_country(folder: Path) -> Path:
    """Write six settlements, two roads, two rasters and a study of them; return the study file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "places.csv").write_text(PLACES, encoding="utf-8")
    write_roads(folder / "roads.geojson", {"road_class": "primary"}, {"road_class": "track"})
    write_raster(folder / "temperature.tif", np.linspace(-15, 20, 12))
    write_raster(folder / "precipitation.tif", np.full(12, 25.0))
    study = folder / "study.toml"
    study.write_text(STUDY, encoding="utf-8")
    return study


def write_roads(path: Path, first: dict[str, object], second: dict[str, object]) -> None:
    """Write a road along the parallel of 50 degrees, and a branch from its middle."""
    lines = [[[69.9, 50.0], [70.5, 50.0], [71.0, 50.1], [71.5, 50.4]], [[70.5, 50.0], [70.7, 50.3]]]
    features = [
        {"type": "Feature", "properties": properties, "geometry": {"type": "LineString", "coordinates": line}}
        for properties, line in zip((first, second), lines, strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def write_raster(path: Path, months: np.ndarray, west: float = 68.0, north: float = 52.0) -> None:
    """Write twelve bands of 8 x 10 cells of half a degree, each of one value."""
    values = np.broadcast_to(months.astype("float32")[:, None, None], (12, 8, 10))
    with rasterio.open(
        path, "w", driver="GTiff", count=12, height=8, width=10, dtype="float32", crs="EPSG:4326",
        transform=Affine(0.5, 0, west, 0, -0.5, north), nodata=-9999,
    ) as file:  # fmt: skip
        file.write(values)


@dataclass(frozen=True)
class Said:
    """How a command ended: its status, and what it printed."""

    code: int
    out: str
    err: str


def call(*arguments: object) -> Said:
    """Call the command line in this process: as fast as the libraries already loaded allow."""
    from gis import cli

    out, err = _stream(), _stream()
    code, before = 0, sys.argv
    sys.argv = ["shalgai", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = before
    return Said(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def spawn(*arguments: object, cwd: Path | None = None, timeout: float = 600) -> Said:
    """Call the command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gis", *map(str, arguments)],
        cwd=cwd, env=environment(), capture_output=True, text=True, encoding="utf-8", timeout=timeout,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)


def environment() -> dict[str, str]:
    """Return the environment of a child: the checkout is found from every folder."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", "COLUMNS": "200"}


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is in every file of a folder by its relative path, but for the log, which every run adds to.

    Of all but the shortest files it is a digest: where a comparison fails, the names are to be read, not the bytes.
    """
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "run.log")
    return {path.relative_to(folder).as_posix(): _told(path.read_bytes()) for path in files}


def packed(path: Path) -> dict[str, bytes]:
    """Return what a workbook or a project holds by its name, but for the part with the time of writing."""
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist() if name != "docProps/core.xml"}


def _told(data: bytes) -> bytes:
    return data if len(data) < 100 else hashlib.sha256(data).hexdigest().encode()
