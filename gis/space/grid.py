"""A grid is a value: a shape, a transform and a coordinate system."""

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

Float = NDArray[np.float64]

_GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Grid:
    """North-up raster grid; everything raster is aligned to one.

    Parameters
    ----------
    shape
        `(ny, nx)`, rows from north to south.
    transform
        From (column, row) to the x and y of the grid's coordinate system; no rotation.
    crs
        Coordinate system, as text that pyproj reads.

    Raises
    ------
    ValueError
        Empty shape, or a transform that is rotated or not north-up.

    Examples
    --------
    >>> grid = Grid((2, 3), Affine(0.5, 0, 60.0, 0, -0.5, 50.0), "EPSG:4326")
    >>> grid.bounds
    (60.0, 49.0, 61.5, 50.0)
    >>> [c.tolist() for c in grid.cells([60.1, 61.4, 70.0], [49.9, 49.1, 49.9])]
    [[0, 1, -1], [0, 2, -1]]
    """

    shape: tuple[int, int]
    transform: Affine
    crs: str

    def __post_init__(self) -> None:
        if min(self.shape) < 1:
            raise ValueError(f"a grid needs at least one row and one column, got shape {self.shape}")
        t = self.transform
        if t.b or t.d or t.a <= 0 or t.e >= 0:
            raise ValueError(f"a grid must be north-up and not rotated, got transform {tuple(t)[:6]}")

    @classmethod
    def over(cls, bounds: tuple[float, float, float, float], cell: float, crs: str) -> "Grid":
        """Cover bounds `(xmin, ymin, xmax, ymax)`, in the units of `crs`, with square cells of a size.

        The edges fall on whole multiples of the cell size, so that grids of one size line up.

        Examples
        --------
        >>> Grid.over((0.2, 0.1, 2.9, 1.2), 1.0, "EPSG:3857").shape
        (2, 3)
        """
        west, south = math.floor(bounds[0] / cell), math.floor(bounds[1] / cell)
        east, north = math.ceil(bounds[2] / cell), math.ceil(bounds[3] / cell)
        shape = (max(1, north - south), max(1, east - west))
        return cls(shape, Affine(cell, 0.0, west * cell, 0.0, -cell, (south + shape[0]) * cell), crs)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return `(xmin, ymin, xmax, ymax)` in the units of the coordinate system."""
        ny, nx = self.shape
        t = self.transform
        return (t.c, t.f + ny * t.e, t.c + nx * t.a, t.f)

    @property
    def x(self) -> Float:
        """Return the x of the cells' centres, from west to east, shape `(nx,)`."""
        return np.asarray(self.transform.c + (np.arange(self.shape[1]) + 0.5) * self.transform.a)

    @property
    def y(self) -> Float:
        """Return the y of the cells' centres, from north to south, shape `(ny,)`."""
        return np.asarray(self.transform.f + (np.arange(self.shape[0]) + 0.5) * self.transform.e)

    def lonlat(self) -> tuple[Float, Float]:
        """Return longitude and latitude (WGS 84, degrees) of the cells' centres, each of shape `(ny, nx)`."""
        xx, yy = np.meshgrid(self.x, self.y)
        lon, lat = Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True).transform(xx, yy)
        return np.asarray(lon), np.asarray(lat)

    def cells(self, x: object, y: object) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the row and column of the cell that holds each point; -1 and -1 outside the grid."""
        ny, nx = self.shape
        column = np.floor((np.asarray(x, float) - self.transform.c) / self.transform.a)
        row = np.floor((np.asarray(y, float) - self.transform.f) / self.transform.e)
        inside = (row >= 0) & (row < ny) & (column >= 0) & (column < nx)
        return np.where(inside, row, -1).astype(np.int64), np.where(inside, column, -1).astype(np.int64)

    def cell_sizes_m(self) -> tuple[Float, Float]:
        """Return the true width and height of the cells, in metres, one of each per row.

        A grid of longitude and latitude tapers to the poles; widths and heights are then geodesic
        (ellipsoid WGS 84). On a projected grid they are the cell size in metres, which is as true as the
        projection.

        Returns
        -------
        dx_m, dy_m : arrays of shape `(ny,)`

        Examples
        --------
        >>> dx, dy = Grid((2, 3), Affine(1, 0, 60.0, 0, -1, 61.0), "EPSG:4326").cell_sizes_m()
        >>> [round(v) for v in dx], [round(v) for v in dy]
        ([54955, 56639], [111421, 111404])
        """
        crs = CRS.from_user_input(self.crs)
        ny = self.shape[0]
        if not crs.is_geographic:
            metres = crs.axis_info[0].unit_conversion_factor
            return np.full(ny, self.transform.a * metres), np.full(ny, -self.transform.e * metres)
        lat, half = self.y, -self.transform.e / 2
        zero = np.zeros(ny)
        _, _, dx = _GEOD.inv(zero, lat, zero + self.transform.a, lat)
        _, _, dy = _GEOD.inv(zero, np.clip(lat - half, -90, 90), zero, np.clip(lat + half, -90, 90))
        return np.asarray(dx), np.asarray(dy)
