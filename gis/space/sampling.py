"""Values of rasters at settlements."""

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from gis.space.grid import Grid

Float = NDArray[np.float64]


def sample(bands: Float, grid: Grid, lon: Float, lat: Float) -> tuple[Float, Float]:
    """Read rasters at points, bilinear between the four cells around each.

    Cells without a value drop out and the rest carry their weights, so that a village on a shore reads the land beside
    it; where the cell that holds the point has no value but a neighbour has, that neighbour's value is used,
    and the share says so.

    Parameters
    ----------
    bands
        Shape `(k, ny, nx)`, NaN where there is no value.
    grid
        Of shape `(ny, nx)`.
    lon, lat
        Points in degrees (WGS 84), shape `(n,)`.

    Returns
    -------
    values : array of shape `(k, n)`
        NaN outside the raster, or where none of the four cells has a value.
    share : array of shape `(k, n)`
        The share of the bilinear weight that had a value: 1 is sound, below 1 in part borrowed, 0 is NaN.

    Examples
    --------
    >>> from affine import Affine
    >>> grid = Grid((2, 3), Affine(1, 0, 60, 0, -1, 50), "EPSG:4326")
    >>> bands = np.array([[[0.0, 1, 2], [10, 11, np.nan]]])
    >>> values, share = sample(bands, grid, np.array([61.0, 62.25, 70.0]), np.array([49.0, 49.0, 49.0]))
    >>> values.round(3).tolist(), share.round(3).tolist()
    ([[5.5, 3.6, nan]], [[1.0, 0.625, 0.0]])
    """
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(lon, lat)
    ny, nx = grid.shape
    column = (np.asarray(x) - grid.transform.c) / grid.transform.a - 0.5
    row = (np.asarray(y) - grid.transform.f) / grid.transform.e - 0.5
    inside = (column >= -0.5) & (column <= nx - 0.5) & (row >= -0.5) & (row <= ny - 0.5)
    column = np.where(inside, np.clip(column, 0, nx - 1), 0)
    row = np.where(inside, np.clip(row, 0, ny - 1), 0)
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    total, weight = np.zeros((len(bands), len(column))), np.zeros((len(bands), len(column)))
    for down in (0, 1):
        for right in (0, 1):
            r, c = np.minimum(top + down, ny - 1), np.minimum(left + right, nx - 1)
            w = np.abs(1 - down - (row - top)) * np.abs(1 - right - (column - left))
            value = bands[:, r, c]
            known = np.isfinite(value) & inside
            total += np.where(known, value * w, 0.0)
            weight += np.where(known, w, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0, total / weight, np.nan), weight
