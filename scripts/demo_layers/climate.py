"""Climate: monthly rasters by inverse distance from a table of station normals.

Elevation: the value of a cell is that of the surrounding stations, which stand in the valleys and
plains where people live. Reducing temperatures to one level by a lapse rate and putting them back by
heights interpolated in the same way is the same arithmetic; a real correction needs a grid of heights,
and none is shipped. Mountains are therefore too warm and too dry.

Only sums, products and square roots in a fixed order are used, which IEEE 754 rounds the same way
everywhere; the cosine is rounded first, the result last.
"""

import math
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

from demo_layers.tables import read_csv

WEST, EAST, SOUTH, NORTH, CELL_DEG = 46.0, 88.0, 40.0, 56.0, 0.25
NODATA = -9999.0
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
SOFTENING_DEG = 0.2  # keeps a station from being a spike


def weights(stations: list[dict[str, str]]) -> np.ndarray:
    """Give the share of each station in each cell, (station, ny, nx): inverse cube of the distance."""
    lon = np.arange(WEST + CELL_DEG / 2, EAST, CELL_DEG)
    lat = np.arange(NORTH - CELL_DEG / 2, SOUTH, -CELL_DEG)
    shrink = np.array([round(math.cos(math.radians(value)), 6) for value in lat])
    shares = []
    for station in stations:
        east = (lon[None, :] - float(station["lon"])) * shrink[:, None]
        north = (lat - float(station["lat"]))[:, None]
        square = east * east + north * north + SOFTENING_DEG * SOFTENING_DEG
        shares.append(1.0 / (square * np.sqrt(square)))
    total = np.zeros_like(shares[0])
    for share in shares:
        total = total + share
    return np.stack([share / total for share in shares])


def interpolate(shares: np.ndarray, values: list[float]) -> np.ndarray:
    """Give the weighted mean on the grid, (ny, nx), rounded to 0.1."""
    mean = np.zeros(shares.shape[1:])
    for share, value in zip(shares, values, strict=True):
        mean = mean + share * value
    return np.rint(mean * 10.0) / 10.0


def write_raster(path: Path, bands: list[np.ndarray], quantity: str, unit: str) -> None:
    ny, nx = bands[0].shape
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": len(bands),
        "height": ny,
        "width": nx,
        "crs": "EPSG:4326",
        "transform": from_origin(WEST, NORTH, CELL_DEG, CELL_DEG),
        "nodata": NODATA,
        "compress": "LZW",  # deflate differs from one zlib to another
        "interleave": "band",
        "blockysize": ny,
    }
    with rasterio.open(path, "w", **profile) as raster:
        for number, (band, month) in enumerate(zip(bands, MONTHS, strict=True), start=1):
            raster.write(band.astype("float32"), number)
            raster.set_band_description(number, f"{quantity} {month}")
            raster.set_band_unit(number, unit)


def build_climate(source: Path, out: Path) -> None:
    """Write temperature_monthly.tif and precipitation_monthly.tif, twelve bands each."""
    stations = read_csv(source / "stations.csv")
    shares = weights(stations)
    for kind, unit, quantity in (
        ("temperature", "degC", "mean temperature"),
        ("precipitation", "mm", "precipitation"),
    ):
        columns = [key for key in stations[0] if key.startswith(f"{kind}_")]
        bands = [interpolate(shares, [float(station[key]) for station in stations]) for key in columns]
        write_raster(out / f"{kind}_monthly.tif", bands, quantity, unit)
