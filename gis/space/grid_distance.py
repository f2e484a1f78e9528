"""From every cell of a grid to the nearest of some points, along the ellipsoid."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import DTypeLike, NDArray

from gis.kernels.nearest_centre import metres_to_nearest
from gis.kernels.threads import on_all_cores
from gis.space.geodesy import GEOD, nearest_point
from gis.space.grid import Grid

Float = NDArray[np.float64]

_BAND = 200_000  # cells of a thread's share, about


def distances_from_cells(
    grid: Grid, to: Sequence[tuple[Float, Float]], *, unit_m: float, dtype: DTypeLike
) -> list[NDArray[Any]]:
    """Measure from the middle of every cell to the nearest point of each of several sets.

    Where a cell lies on the earth is found once for all sets, which takes as long as to measure to one.

    Parameters
    ----------
    grid
        Shape `(ny, nx)`.
    to
        The sets: longitudes and latitudes of their points, degrees.
    unit_m
        The unit of the answer, in metres.
    dtype
        Of the answer.

    Returns
    -------
    list of arrays of shape `(ny, nx)`
        One for each set, within 0.1 mm of the geodesic; `inf` where it has no point, NaN where the grid's coordinate
        system has no place on the earth.

    Examples
    --------
    >>> grid = Grid((1, 2), Affine(1, 0, 69.5, 0, -1, 50.5), "EPSG:4326")
    >>> to = [(np.array([70.0]), np.array([50.0])), (np.array([]), np.array([]))]
    >>> [km.round(2).tolist() for km in distances_from_cells(grid, to, unit_m=1000.0, dtype=float)]
    [[[0.0, 71.7]], [[inf, inf]]]
    """
    (ny, nx), t = grid.shape, grid.transform
    rows = max(32, _BAND // nx // 32 * 32)  # whole blocks of the kernel
    out = [np.empty(grid.shape, dtype) for _ in to]

    def measure(first: int, _: object) -> None:
        last = min(first + rows, ny)
        band = Grid((last - first, nx), Affine(t.a, 0, t.c, 0, t.e, t.f + first * t.e), grid.crs)
        cell_lon, cell_lat = band.lonlat()
        there = np.isfinite(cell_lon) & np.isfinite(cell_lat)
        found = metres_to_nearest(cell_lon, cell_lat, to, a=GEOD.a, f=GEOD.f)
        for made, metres, (lon, lat) in zip(out, found, to, strict=True):
            failed = np.isnan(metres) & there
            if failed.any():  # almost opposite to the point
                metres[failed] = nearest_point(cell_lon[failed], cell_lat[failed], lon, lat)[0]
            made[first:last] = metres / unit_m

    on_all_cores(measure, [(first,) for first in range(0, ny, rows)])
    return out
