"""The land between the roads, and where settlements step onto it."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer

from gis.kernels.cost_distance import CostDistance, cost_distance
from gis.kernels.trails import Trails, minutes_back, steps_out, trail_km, trails
from gis.space.geodesy import segment_lengths_m
from gis.space.grid import Grid

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

# By Tobler's rule nobody walks faster than this many times the speed on the flat: down a twentieth.
_DOWNHILL = 1.2


@dataclass(frozen=True)
class Land:
    """The land between the roads.

    Parameters
    ----------
    grid
        Shape `(ny, nx)`.
    friction
        Minutes per metre, shape `(ny, nx)`; `inf` where one cannot go, NaN outside the study area.
    elevation_m
        Of the cells; None: slope does not count.
    neighbours
        8 or 16 moves from a cell.
    """

    grid: Grid
    friction: Float
    elevation_m: Float | None = None
    neighbours: int = 8

    def spread(self, start: Float, friction: Float | None = None, known: Float | None = None) -> CostDistance:
        """Carry minutes over land from cells that have them, shape `(ny, nx)`, `inf` elsewhere."""
        dx, dy = self.grid.cell_sizes_m()
        land = self.friction if friction is None else friction
        return cost_distance(
            land, start, dx=dx, dy=dy, neighbours=self.neighbours, elevation=self.elevation_m, known=known
        )

    def near(self, cells: Int, max_km: float) -> Float:
        """Return the friction, `inf` where the way over land to the nearest of some cells is longer than a limit."""
        dx, dy = self.grid.cell_sizes_m()
        passable = np.isfinite(self.friction)
        start = np.full(self.grid.shape, np.inf)
        start.reshape(-1)[cells] = 0.0
        metres = cost_distance(np.where(passable, 1.0, np.inf), start, dx=dx, dy=dy).minutes
        return np.where(passable & (metres > max_km * 1000.0), np.inf, self.friction)

    def around(self, cell: int, radius_km: float) -> tuple[Int, Float]:
        """Return the cells that have a way to a cell inside a box around it, in order, and their minutes."""
        (ny, nx), (row, column) = self.grid.shape, divmod(cell, self.grid.shape[1])
        dx, dy = self.grid.cell_sizes_m()
        down = int(min(ny, radius_km * 1000.0 // dy.min()))
        north, south = max(0, row - down), min(ny, row + down + 1)
        across = int(min(nx, radius_km * 1000.0 // dx[north:south].min()))
        west, east = max(0, column - across), min(nx, column + across + 1)
        box = slice(north, south), slice(west, east)
        start = np.full((south - north, east - west), np.inf)
        start[row - north, column - west] = 0.0
        z = None if self.elevation_m is None else self.elevation_m[box]
        minutes = cost_distance(
            self.friction[box], start, dx=dx[box[0]], dy=dy[box[0]], neighbours=self.neighbours, elevation=z, threads=1
        ).minutes
        i, j = np.nonzero(np.isfinite(minutes))
        return (i + north) * nx + j + west, minutes[i, j]

    def follow(self, answer: CostDistance, cells: Int) -> Trails:
        """Follow the ways from cells back to their starts."""
        dx, dy = self.grid.cell_sizes_m()
        return trails(answer, cells, dx=dx, dy=dy)

    def km_of(self, answer: CostDistance, cells: Int) -> Float:
        """Return the kilometres of the ways from cells back to their starts."""
        dx, dy = self.grid.cell_sizes_m()
        return trail_km(answer, cells, dx=dx, dy=dy)

    def out_of(self, answer: CostDistance, cells: Int) -> tuple[Float, Int, Float]:
        """Return the minutes of the quickest ways out of cells, the cells beside them, and the kilometres to those."""
        dx, dy = self.grid.cell_sizes_m()
        return steps_out(
            answer.minutes, self.friction, cells, dx=dx, dy=dy, neighbours=self.neighbours, elevation=self.elevation_m
        )

    def back(self, ways: Trails) -> Float:
        """Return the minutes of ways gone back."""
        dx, dy = self.grid.cell_sizes_m()
        return minutes_back(ways, self.friction, dx=dx, dy=dy, elevation=self.elevation_m)

    def lonlat(self, cells: Int) -> Float:
        """Return longitude and latitude of the middles of cells, shape `(n, 2)`."""
        row, column = np.divmod(cells, self.grid.shape[1])
        to_degrees = Transformer.from_crs(self.grid.crs, "EPSG:4326", always_xy=True)
        return np.column_stack(to_degrees.transform(self.grid.x[column], self.grid.y[row]))


@dataclass(frozen=True)
class Doors:
    """Where settlements step onto the land.

    Parameters
    ----------
    lonlat
        Of the settlements, shape `(n, 2)`.
    own
        The cell that holds each, counted row by row; -1 outside the grid, shape `(n,)`.
    cell
        The cell where its way over land begins: its own, or where that is a barrier the cell beside it whose middle
        is nearest; -1 where all of them are barriers.
    km, minutes
        To that middle, where it is not its own cell's; else 0.
    """

    lonlat: Float
    own: Int
    cell: Int
    km: Float
    minutes: Float


def doors(land: Land, lon: Float, lat: Float) -> Doors:
    """Find the cells where settlements step onto the land.

    Examples
    --------
    >>> from affine import Affine
    >>> grid = Grid((1, 2), Affine(1, 0, 60, 0, -1, 51), "EPSG:4326")
    >>> shore = Land(grid, np.array([[np.inf, 0.01]]))
    >>> found = doors(shore, np.array([60.9, 61.5]), np.array([50.5, 50.5]))
    >>> found.own.tolist(), found.cell.tolist(), found.km.round().tolist()
    ([0, 1], [1, 1], [43.0, 0.0])
    """
    ny, nx = land.grid.shape
    x, y = Transformer.from_crs("EPSG:4326", land.grid.crs, always_xy=True).transform(lon, lat)
    row, column = land.grid.cells(x, y)
    lonlat, n = np.column_stack([lon, lat]), len(row)
    own = np.where(row >= 0, row * nx + column, -1)
    is_open = np.isfinite(land.friction).reshape(-1)
    cell = np.where((own >= 0) & is_open[own], own, -1)
    km = np.zeros(n)
    barred = np.flatnonzero((own >= 0) & (cell < 0))
    nearest = np.full(len(barred), np.inf)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            i, j = row[barred] + down, column[barred] + right
            inside = (i >= 0) & (i < ny) & (j >= 0) & (j < nx)
            beside = np.where(inside, i * nx + j, 0)
            metres = segment_lengths_m(lonlat[barred], land.lonlat(beside))
            nearer = inside & is_open[beside] & (metres < nearest)
            nearest[nearer] = metres[nearer]
            cell[barred[nearer]] = beside[nearer]
    found = np.isfinite(nearest)
    km[barred[found]] = nearest[found] / 1000.0
    minutes = km * 1000.0 * np.where(cell >= 0, land.friction.reshape(-1)[cell], 0.0)
    return Doors(lonlat, own, cell, km, np.where(km > 0, minutes, 0.0))


@dataclass(frozen=True)
class Walkers:
    """Those who may walk over the land to any place.

    Parameters
    ----------
    land, at
        The land, and where all settlements step onto it.
    walks
        Which of them may walk.
    max_km
        How far a place may be.
    faster
        How many times the speed of the land they go.
    """

    land: Land
    at: Doors
    walks: Bool
    max_km: float
    faster: float = 1.0
    _found: dict[tuple[bytes, float], pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    def ways_to(self, places: Int, within_min: float = np.inf) -> pd.DataFrame:
        """Return the minutes over land from the walkers to other settlements, as far as there is a way.

        Parameters
        ----------
        places
            Positions of the settlements that are walked to.
        within_min
            The longest walk, minutes.

        Returns
        -------
        DataFrame
            `settlement`, `to` (positions), `minutes`. Of a place that stands in one cell with a settlement the minutes
            are those of the straight line.

        Examples
        --------
        >>> from affine import Affine
        >>> grid = Grid((1, 4), Affine(1000, 0, 500_000, 0, -1000, 5_500_000), "EPSG:32642")
        >>> land = Land(grid, np.array([[0.01, 0.01, 0.01, 0.02]]))
        >>> lon, lat = Transformer.from_crs("EPSG:32642", "EPSG:4326", always_xy=True).transform(
        ...     [500_500.0, 503_500.0], [5_499_500.0, 5_499_500.0])
        >>> walkers = Walkers(land, doors(land, np.array(lon), np.array(lat)), np.array([True, True]), max_km=9.0)
        >>> walkers.ways_to(np.array([0])).round(6).to_numpy().tolist()
        [[1.0, 0.0, 35.0]]
        """
        key = places.tobytes(), within_min * self.faster
        if key not in self._found:
            reach_km = min(self.max_km, self._reach_km(within_min * self.faster))
            frames = [self._to(int(place), within_min * self.faster, reach_km) for place in places]
            none = pd.DataFrame({"settlement": [], "to": [], "minutes": []})
            self._found[key] = pd.concat([none.astype({"settlement": int, "to": int}), *frames], ignore_index=True)
        found = self._found[key]
        return found.assign(minutes=found["minutes"] / self.faster)

    def _to(self, place: int, within_min: float, reach_km: float) -> pd.DataFrame:
        at, cell = self.at, int(self.at.cell[place])
        near = self.land.around(cell, reach_km) if cell >= 0 else None
        if near is None:
            return pd.DataFrame()
        number, minutes = near
        who = np.flatnonzero(self.walks & (at.cell >= 0) & (np.arange(len(at.cell)) != place))
        slot = np.minimum(np.searchsorted(number, at.cell[who]), len(number) - 1)
        who, slot = who[number[slot] == at.cell[who]], slot[number[slot] == at.cell[who]]
        there = minutes[slot] + at.minutes[who] + at.minutes[place]
        # Who only steps onto the cell, from one of water beside it, has the way to its middle in the minutes.
        beside = (at.cell[who] == cell) & (at.own[who] == cell) & (at.own[place] == cell)
        metres = segment_lengths_m(at.lonlat[who[beside]], np.repeat(at.lonlat[[place]], beside.sum(), axis=0))
        there[beside] = metres * self.land.friction.reshape(-1)[cell]
        kept = there <= within_min
        return pd.DataFrame({"settlement": who[kept], "to": place, "minutes": there[kept]})

    def _reach_km(self, within_min: float) -> float:
        quickest = float(np.min(self.land.friction, initial=np.inf, where=self.land.friction > 0))
        return within_min / quickest / 1000.0 * _DOWNHILL
