"""From every cell of a grid to the nearest of some points, along the ellipsoid."""

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from gis.kernels.nearest_centre import metres_to_nearest
from gis.kernels.threads import on_all_cores
from gis.space.geodesy import GEOD, nearest_point
from gis.space.grid import Grid

Float = NDArray[np.float64]

_BAND = 200_000  # cells of a thread's share, about


def metres_from_cells(grid: Grid, lon: Float, lat: Float) -> Float:
    """Measure from the middle of every cell to the nearest of some points.

    Parameters
    ----------
    grid
        Shape `(ny, nx)`.
    lon, lat
        The points, degrees, shape `(m,)`.

    Returns
    -------
    array of shape `(ny, nx)`
        Metres, within 0.1 mm of the geodesic; `inf` where there is no point, NaN where the grid's coordinate system
        has no place on the earth.

    Examples
    --------
    >>> grid = Grid((1, 2), Affine(1, 0, 69.5, 0, -1, 50.5), "EPSG:4326")
    >>> metres_from_cells(grid, np.array([70.0]), np.array([50.0])).round(2).tolist()
    [[0.0, 71695.22]]
    """
    if len(lon) == 0:
        return np.full(grid.shape, np.inf)
    (ny, nx), t = grid.shape, grid.transform
    rows = max(32, _BAND // nx // 32 * 32)  # whole blocks of the kernel
    out = np.empty(grid.shape)

    def measure(first: int, _: object) -> None:
        last = min(first + rows, ny)
        band = Grid((last - first, nx), Affine(t.a, 0, t.c, 0, t.e, t.f + first * t.e), grid.crs)
        cell_lon, cell_lat = band.lonlat()
        metres = metres_to_nearest(cell_lon, cell_lat, lon, lat, a=GEOD.a, f=GEOD.f)
        failed = np.isnan(metres) & np.isfinite(cell_lon) & np.isfinite(cell_lat)
        if failed.any():  # almost opposite to the point
            metres[failed] = nearest_point(cell_lon[failed], cell_lat[failed], lon, lat)[0]
        out[first:last] = metres

    on_all_cores(measure, [(first,) for first in range(0, ny, rows)])
    return out
