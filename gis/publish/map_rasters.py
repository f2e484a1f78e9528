"""The surfaces of travel time as the web map is told of them: cells by class of minutes, coloured by the page."""

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds

from gis.errors import Finding
from gis.publish import palette
from gis.publish.map_steps import Json
from gis.space.grid import Grid

Minutes = NDArray[np.floating]
Codes = NDArray[np.uint8]

UNREACHABLE = len(palette.MINUTES_COLOURS) + 1
"""The code of cells from which no centre is reached; 0 is unknown, the classes are 1 onwards."""

BYTES = 330_000
"""What the surfaces of a page may take, packed."""

_MOST_PIXELS = 1200
_FEWEST_PIXELS = 150
_POLE = 85.0
_COARSER = 1.05
"""What is coarser by less is not worth a word."""


def within(
    surfaces: Mapping[tuple[str, str], Minutes], grid: Grid | None, most: int, findings: list[Finding], file: str
) -> Json | None:
    """Describe surfaces in so many bytes, and say where they are coarser than they were; None without surfaces."""
    if not surfaces or grid is None:
        return None
    made, coarser = rasters(surfaces, grid, most)
    if coarser > _COARSER:
        message = "surfaces of travel time would make the map too large: it draws them in cells so many times larger"
        findings.append(Finding("warning", "map-surfaces-coarser", message, file=file, value=f"{coarser:.1f}"))
    return made


def rasters(surfaces: Mapping[tuple[str, str], Minutes], grid: Grid, most: int = BYTES) -> tuple[Json, float]:
    """Sort surfaces into classes of minutes, and warp them to the map's projection.

    Parameters
    ----------
    surfaces
        Minutes by tier and season, `inf` unreachable, NaN unknown.
    grid
        Of all of them.
    most
        Bytes; where the surfaces would take more, all are drawn in larger cells.

    Returns
    -------
    made, coarser
        `bounds`, `width`, `height`, `of` (the number of the picture, by tier and season) and `pictures`:
        the code of each cell, row by row from the north-west, the later pictures as the difference to the first of
        their tier. And how many times larger than the surfaces' own cells those of the map are; 1 where they are not.
    """
    found = {key: classes(minutes) for key, minutes in surfaces.items()}
    own, around = _pixel(grid)
    largest = max(around[2] - around[0], around[3] - around[1])
    pixel = max(own, largest / _MOST_PIXELS)
    while True:
        made = _at(found, grid, around, pixel)
        size = sum(len(zlib.compress(picture.tobytes(), 6)) for picture in made["pictures"])
        if size <= most or pixel >= largest / _FEWEST_PIXELS:
            return made, pixel / own
        pixel = min(pixel * max(1.1, math.sqrt(size / most)), largest / _FEWEST_PIXELS)


def classes(minutes: Minutes) -> Codes:
    """Return the code of each cell: its class of minutes from 1 on, `UNREACHABLE`, or 0 for unknown.

    Examples
    --------
    >>> classes(np.array([[10.0, 45.0, np.inf, np.nan]])).tolist()
    [[1, 3, 11, 0]]
    """
    codes = np.digitize(minutes, palette.MINUTES, right=True).astype(np.uint8) + np.uint8(1)
    codes[np.isinf(minutes)] = UNREACHABLE
    codes[np.isnan(minutes)] = 0
    return codes


def _pixel(grid: Grid) -> tuple[float, tuple[float, float, float, float]]:
    """Return the pixel of the map's projection that is as large as a cell, and the bounds of the grid in it."""
    west, south, east, north = transform_bounds(grid.crs, "EPSG:4326", *grid.bounds)
    around = transform_bounds("EPSG:4326", "EPSG:3857", west, max(south, -_POLE), east, min(north, _POLE))
    return math.sqrt((around[2] - around[0]) * (around[3] - around[1]) / math.prod(grid.shape)), around


def _at(
    codes: Mapping[tuple[str, str], Codes], grid: Grid, around: tuple[float, float, float, float], pixel: float
) -> Json:
    west, _, _, north = around
    width, height = math.ceil((around[2] - west) / pixel), math.ceil((north - around[1]) / pixel)
    # Where each pixel's cell is: found once for all surfaces. One is added, as 0 is what lies outside.
    cell = np.arange(1, math.prod(grid.shape) + 1, dtype=np.int32).reshape(grid.shape)
    warped = np.zeros((height, width), np.int32)
    reproject(
        cell, warped, src_transform=grid.transform, src_crs=grid.crs, src_nodata=0, dst_nodata=0,
        dst_transform=Affine(pixel, 0, west, 0, -pixel, north), dst_crs="EPSG:3857", resampling=Resampling.nearest,
    )  # fmt: skip
    corners = transform_bounds("EPSG:3857", "EPSG:4326", west, north - height * pixel, west + width * pixel, north)
    bounds = [[corners[1], corners[0]], [corners[3], corners[2]]]
    return {"bounds": bounds, "width": width, "height": height, **_pictures(codes, warped)}


def _pictures(surfaces: Mapping[tuple[str, str], Codes], warped: NDArray[np.int32]) -> Json:
    pictures: list[Codes] = []
    of: dict[str, dict[str, int]] = {}
    first: list[int] = []
    seen: dict[bytes, int] = {}
    for (tier, season), codes in surfaces.items():
        shown = np.append(np.uint8(0), codes)[warped].ravel()
        key = shown.tobytes()
        if key not in seen:
            seen[key] = len(pictures)
            base = next(iter(of[tier].values())) if tier in of else -1
            first.append(base)
            pictures.append(shown if base < 0 else shown - _whole(pictures, first, base))
        of.setdefault(tier, {})[season] = seen[key]
    return {"of": of, "first": first, "pictures": pictures}


def _whole(pictures: Sequence[Codes], first: Sequence[int], number: int) -> Codes:
    """Undo the difference of a picture to the first of its tier."""
    picture = pictures[number]
    return picture if first[number] < 0 else picture + _whole(pictures, first, first[number])
