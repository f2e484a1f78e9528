"""Journeys over land: from a settlement off the road to the road, to a road that is not joined, or to the centre."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer

from gis.fields import BACKWARD_MIN, COMPONENT_ID, FORWARD_MIN
from gis.kernels.cost_distance import CostDistance, cost_distance
from gis.kernels.trails import Trails, minutes_back, trails
from gis.space.geodesy import points_along, segment_lengths_m
from gis.space.grid import Grid
from gis.stages.surface import RoadCells
from gis.stages.travel import Legs, Search

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

# What is quicker by less is rounding.
_ROUNDING_MIN = 1e-9


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

    def spread(self, start: Float, friction: Float | None = None) -> CostDistance:
        """Carry minutes over land from cells that have them, shape `(ny, nx)`, `inf` elsewhere."""
        dx, dy = self.grid.cell_sizes_m()
        land = self.friction if friction is None else friction
        return cost_distance(land, start, dx=dx, dy=dy, neighbours=self.neighbours, elevation=self.elevation_m)

    def near(self, cells: Int, max_km: float) -> Float:
        """Return the friction, `inf` where the way over land to the nearest of some cells is longer than a limit."""
        dx, dy = self.grid.cell_sizes_m()
        passable = np.isfinite(self.friction)
        start = np.full(self.grid.shape, np.inf)
        start.reshape(-1)[cells] = 0.0
        metres = cost_distance(np.where(passable, 1.0, np.inf), start, dx=dx, dy=dy).minutes
        return np.where(passable & (metres > max_km * 1000.0), np.inf, self.friction)

    def follow(self, answer: CostDistance, cells: Int) -> Trails:
        """Follow the ways from cells back to their starts."""
        dx, dy = self.grid.cell_sizes_m()
        return trails(answer, cells, dx=dx, dy=dy)

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


def legs_on_land(legs: Legs, land: Land, at: Doors, cells: RoadCells, *, near_km: float) -> Legs:
    """Keep the straight ways to the road where the land has no say in them.

    Within `near_km` the way to the road is a local street or track, and stays as it is. Beyond, it is straight only
    where the grid cannot tell the settlement from the road or from a settlement beside it, because one cell holds
    both; its minutes are those of the cell. All others are to be found over the land.

    Parameters
    ----------
    legs
        As `gis.stages.travel.access_legs` returns them; the first of them are the settlements' own, in order.
    land, at, cells
        The land, where the settlements step onto it, and where roads may be entered.

    Returns
    -------
    Legs
        `access_min` is `inf` where a way is not straight.
    """
    near = legs.access_km <= near_km
    held = np.zeros(land.friction.size, bool)
    held[cells.cell] = True
    held[at.own[legs.settlement[near & np.isfinite(legs.access_min) & (at.own[legs.settlement] >= 0)]]] = True
    own = at.own[legs.settlement]
    friction = land.friction.reshape(-1)[own]
    slow = np.where(np.isfinite(friction), friction * 1000.0, 60.0 / legs.over_land_kph)
    straight = ~near & (own >= 0) & held[own] & (legs.access_km <= legs.over_land_max_km)
    with np.errstate(invalid="ignore"):
        minutes = np.where(near, legs.access_min, np.where(straight, legs.access_km * slow, np.inf))
    return replace(legs, access_min=minutes, into_min=minutes, over_land=~near)


@dataclass(frozen=True)
class Spread:
    """Minutes of roads and settlements, carried over the land.

    Parameters
    ----------
    land, at, cells
        The land, where the settlements step onto it, and the roads on the grid with the state they are in.
    node_minutes
        Minutes of the nodes of the roads.
    door_min
        Minutes of the settlements by their ways to the roads, 0 at centres, `inf` where there are none.
    start
        Minutes of the cells that a road crosses or a settlement stands in.
    answer
        The minutes of all cells.
    """

    land: Land
    at: Doors
    cells: RoadCells
    node_minutes: Float
    door_min: Float
    start: Float
    answer: CostDistance

    @classmethod
    def of(cls, land: Land, at: Doors, cells: RoadCells, node_minutes: Float, door_min: Float, near: Float) -> "Spread":
        """Carry the minutes over the land of a friction, from `Land.near`.

        Each cell that a road crosses starts with the least minutes of the road inside it, each cell that holds a
        settlement with those of its door.
        """
        start = np.full(land.grid.shape, np.inf)
        np.minimum.at(start.reshape(-1), cells.cell, cells.minutes(node_minutes))
        for cell, more in ((at.own, 0.0), (at.cell, at.minutes)):
            on = cell >= 0
            np.minimum.at(start.reshape(-1), cell[on], (door_min + more)[on])
        return cls(land, at, cells, node_minutes, door_min, start, land.spread(start, near))

    def walked_min(self, walks: Bool) -> Float:
        """Return the minutes over land from the doors of those who may walk: `inf` where nothing is gained by it.

        In a cell whose minutes are those of its own road or of a settlement in it nobody walks: the grid does not know
        how far they stand apart.
        """
        cell, on = self.at.cell, self.at.cell >= 0
        minutes = np.where(on, self.answer.minutes.reshape(-1)[cell], np.inf)
        beside = cell != self.at.own
        moved = walks & (beside | (minutes < self.start.reshape(-1)[cell]))
        minutes = np.where(on & moved & ~np.isnan(minutes), minutes + self.at.minutes, np.inf)
        return np.where(minutes < self.door_min - _ROUNDING_MIN, minutes, np.inf)

    def surface(self, walked_min: Float, main: Bool) -> NDArray[np.float32]:
        """Return the minutes of all cells, NaN outside the study area.

        A cell on the main network keeps the road's, also where leaving the road for the land would be quicker; a
        settlement on a barrier keeps its own.
        """
        out = np.where(np.isnan(self.land.friction), np.nan, self.answer.minutes).astype(np.float32)
        on_main = self.cells.cell[main[self.cells.roads.pieces.edge[self.cells.piece]]]
        start = self.start.reshape(-1)[on_main]
        kept = np.isfinite(start) & np.isfinite(self.land.friction.reshape(-1)[on_main])
        out.reshape(-1)[on_main[kept]] = start[kept]
        beside = np.isfinite(walked_min) & (self.at.cell != self.at.own) & (self.at.own >= 0)
        np.fmin.at(out.reshape(-1), self.at.own[beside], walked_min[beside].astype(np.float32))
        return out

    def walks(self, walked_min: Float, search: Search, legs: Legs, ways: pd.DataFrame, centre: Bool) -> pd.DataFrame:
        """Return the ways of those who walk, a row each.

        Parameters
        ----------
        walked_min
            From `walked_min`.
        search, legs, ways
            The journeys by road that the minutes of the doors came from, and the ways to the roads.
        centre
            Which settlements are centres.

        Returns
        -------
        DataFrame
            `settlement`; `to`, the centre, where the way leads all the way to one, else -1; `edge` and `fraction`, the
            place where it meets the road; `access_min` and `into_min`, there and back; `km`; `path`, its cells;
            `via`, the settlement whose own way to the road is its last part, or -1.
        """
        who = np.flatnonzero(np.isfinite(walked_min))
        found = self.land.follow(self.answer, self.at.cell[who])
        end, starts = found.end, self.start.reshape(-1)[found.end]
        there = np.maximum(walked_min[who] - starts, 0.0)
        back = there if self.land.elevation_m is None else self.land.back(found) + self.at.minutes[who]
        km = found.km + self.at.km[who]
        piece, share = self._road_of(end, starts)
        host = self._host_of(end, starts)
        # The host whose minutes the cell has: always a centre before a road, a road before another settlement.
        hosted = (host >= 0) & (centre[host] | (piece < 0))
        j, way = host[hosted], np.maximum(search.way[host[hosted]], 0)
        by_road = ~centre[j]
        door = self.at.cell[j] == end[hosted]
        for total, own, more in (
            (there, self.at.minutes, legs.access_min), (back, self.at.minutes, legs.into_min),
            (km, self.at.km, legs.access_km),
        ):  # fmt: skip
            total[hosted] += own[j] * door + np.where(by_road, more[way], 0.0)
        pieces = self.cells.roads.pieces
        edge, fraction = pieces.edge[piece], pieces.start[piece] + (pieces.end - pieces.start)[piece] * share
        edge[hosted] = np.where(by_road, ways["edge"].to_numpy(np.int64)[way], -1)
        fraction[hosted] = np.where(by_road, ways["fraction"].to_numpy(float)[way], 0.0)
        to = np.full(len(who), -1)
        to[hosted] = np.where(by_road, -1, j)
        return pd.DataFrame(
            {
                "settlement": who,
                "to": to,
                "edge": edge,
                "fraction": fraction,
                "access_min": there,
                "into_min": back,
                "km": km,
                "path": [found.way(k) for k in range(len(who))],
                "via": np.where(hosted & (to < 0), host, -1),
            }
        )

    def _road_of(self, end: Int, starts: Float) -> tuple[Int, Float]:
        """The piece of road, and the share of it, that gave each cell its minutes; -1 where none did."""
        here = np.flatnonzero(np.isin(self.cells.cell, end))
        few = self.cells.some(here)
        minutes = few.at_ends(self.node_minutes)
        share = np.where(minutes[0] <= minutes[1], few.enter, few.leave)
        least = np.minimum(*minutes)
        at = _first_of(few.cell, least, np.arange(len(here)), end, starts)
        return np.where(at >= 0, few.piece[at], -1) if len(here) else at, share[at] if len(here) else np.zeros(len(end))

    def _host_of(self, end: Int, starts: Float) -> Int:
        """The settlement whose door gave each cell its minutes; -1 where none did."""
        cell = np.concatenate([self.at.own, self.at.cell])
        minutes = np.concatenate([self.door_min, self.door_min + self.at.minutes])
        return _first_of(cell, minutes, np.tile(np.arange(len(self.door_min)), 2), end, starts)


def _first_of(cell: Int, minutes: Float, what: Int, end: Int, starts: Float) -> Int:
    """For each of some cells the first of what gives it the minutes that it starts with; -1 none."""
    out = np.full(len(end), -1, np.int64)
    kept = np.flatnonzero(np.isfinite(minutes) & (cell >= 0))
    order = kept[np.lexsort([what[kept], minutes[kept], cell[kept]])]
    each, first = np.unique(cell[order], return_index=True)
    at = np.searchsorted(each, end)
    if len(each):
        known = np.flatnonzero(each[np.minimum(at, len(each) - 1)] == end)
        found = order[first[at[known]]]
        exact = minutes[found] <= starts[known]
        out[known[exact]] = what[found[exact]]
    return out


def ways_of_centres(
    land: Land, at: Doors, cells: RoadCells, walks: Bool, centres: list[Bool], *, max_km: float
) -> pd.DataFrame:
    """Find the ways between the centres that lie off the main network and the roads around them.

    Where a journey leaves the road for such a centre depends on where it comes from. So a centre has a way to each
    place around it at which the land first meets a road, and to the nearest place of every part of the network.

    Parameters
    ----------
    land, at, cells
        The land, where the settlements step onto it, and the roads that are ever open.
    walks
        Which settlements may walk.
    centres
        Which are centres, by tier.
    max_km
        The longest way.

    Returns
    -------
    DataFrame
        As `Spread.walks` returns it.
    """
    frames: list[pd.DataFrame] = []
    seen: set[bytes] = set()
    road = np.zeros(land.friction.size, bool)
    road[cells.cell] = True
    for centre in centres:
        who = np.flatnonzero(centre & walks & (at.cell >= 0))
        if not len(who) or who.tobytes() in seen:
            continue
        seen.add(who.tobytes())
        start = np.full(land.grid.shape, np.inf)
        np.minimum.at(start.reshape(-1), at.cell[who], at.minutes[who])
        answer = land.spread(start, land.near(at.cell[who], max_km))
        minutes = answer.minutes.reshape(-1)
        here = np.flatnonzero(road & np.isfinite(minutes))
        found = land.follow(answer, here)
        here, found, keep = here, found, found.km <= max_km
        passed = road[found.cells]
        passed[found.first[:-1]] = False
        around = keep & ~np.logical_or.reduceat(passed, found.first[:-1]) if len(here) else keep
        owner = _first_of(at.cell[who], at.minutes[who], who, found.end, start.reshape(-1)[found.end])
        back = minutes[here] if land.elevation_m is None else land.back(found) + at.minutes[owner]
        frames.append(_places(at, cells, here, found, owner, minutes[here], back, around, keep))
    if not frames:
        return pd.DataFrame()
    out = pd.concat(frames, ignore_index=True)
    return out.sort_values("into_min", kind="stable").drop_duplicates(["settlement", "edge", "fraction"])


def _places(
    at: Doors, cells: RoadCells, here: Int, found: Trails, owner: Int, into: Float, out: Float,
    around: Bool, keep: Bool,
) -> pd.DataFrame:  # fmt: skip
    """Both ends of every stretch of road in the cells around centres, and in the nearest of each component."""
    pieces = cells.roads.pieces
    component = cells.roads.network.edges[COMPONENT_ID].to_numpy(np.int64)[pieces.edge[cells.piece]]
    number = np.searchsorted(here, cells.cell)
    on = np.flatnonzero((number < len(here)) & (here[np.minimum(number, max(len(here) - 1, 0))] == cells.cell))
    if not len(on):
        return pd.DataFrame()
    on = on[keep[number[on]]]
    cell = number[on]
    table = pd.DataFrame({"stretch": on, "cell": cell, "owner": owner[cell], "component": component[on],
                          "into": into[cell], "around": around[cell]}).sort_values("into", kind="stable")  # fmt: skip
    chosen = table[table["around"] | ~table.duplicated(["owner", "component"])]
    stretch, cell = (np.tile(chosen[name].to_numpy(np.int64), 2) for name in ("stretch", "cell"))
    share = np.concatenate([cells.enter[chosen["stretch"].to_numpy()], cells.leave[chosen["stretch"].to_numpy()]])
    piece = cells.piece[stretch]
    return pd.DataFrame(
        {
            "settlement": owner[cell],
            "to": -1,
            "edge": pieces.edge[piece],
            "fraction": pieces.start[piece] + (pieces.end - pieces.start)[piece] * share,
            "access_min": out[cell],
            "into_min": into[cell],
            "km": found.km[cell] + at.km[owner[cell]],
            "path": [found.way(k)[::-1] for k in cell.tolist()],
            "via": -1,
        }
    )


def to_nearest_road(land: Land, at: Doors, cells: RoadCells, who: Int) -> pd.DataFrame:
    """Find the quickest way over land from settlements to a road that is open.

    Parameters
    ----------
    land, at, cells
        As for `Spread`; the land within reach of the roads.
    who
        Positions of settlements.

    Returns
    -------
    DataFrame
        As `Spread.walks` returns it; those who reach no road are left out.
    """
    start = np.full(land.grid.shape, np.inf)
    start.reshape(-1)[cells.cell] = 0.0
    answer = land.spread(start)
    who = who[at.cell[who] >= 0]
    who = who[np.isfinite(answer.minutes.reshape(-1)[at.cell[who]])]
    found = land.follow(answer, at.cell[who])
    order = np.argsort(cells.cell, kind="stable")
    stretch = order[np.searchsorted(cells.cell[order], found.end)]
    pieces, piece = cells.roads.pieces, cells.piece[stretch]
    minutes = answer.minutes.reshape(-1)[at.cell[who]] + at.minutes[who]
    return pd.DataFrame(
        {
            "settlement": who,
            "to": -1,
            "edge": pieces.edge[piece],
            "fraction": pieces.start[piece] + (pieces.end - pieces.start)[piece] * cells.enter[stretch],
            "access_min": minutes,
            "into_min": minutes if land.elevation_m is None else land.back(found) + at.minutes[who],
            "km": found.km + at.km[who],
            "path": [found.way(k) for k in range(len(who))],
            "via": -1,
        }
    )


def open_cells(cells: RoadCells) -> RoadCells:
    """Return the stretches of the roads that are open in their state."""
    edges = cells.roads.network.edges
    is_open = np.isfinite(np.minimum(edges[FORWARD_MIN].to_numpy(float), edges[BACKWARD_MIN].to_numpy(float)))
    return cells.some(np.flatnonzero(is_open[cells.roads.pieces.edge[cells.piece]]))


def lines_of(walks: pd.DataFrame, land: Land, at: Doors, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the coordinates of ways over land, from the settlement to the road or the centre, shape `(n,)`.

    From the settlement by the middles of the cells between; a way ends at the place itself, not at a middle.
    """
    paths = walks["path"].tolist()
    middles = [
        path[(0 if at.cell[s] != at.own[s] else 1) : -1] for path, s in zip(paths, walks["settlement"], strict=True)
    ]
    every = land.lonlat(np.concatenate([*middles, np.empty(0, np.int64)]).astype(np.int64))
    split = np.split(every, np.cumsum([len(one) for one in middles])[:-1]) if middles else []
    edge = walks["edge"].to_numpy(np.int64)
    place = np.full((len(walks), 2), np.nan)
    on = edge >= 0
    place[on] = points_along(shapes[edge[on]], np.arange(on.sum()), walks["fraction"].to_numpy(float)[on])
    to = walks["to"].to_numpy(np.int64)
    place[~on] = at.lonlat[to[~on]]
    via = walks["via"].to_numpy(np.int64)
    out = np.empty(len(walks), object)
    for k, (own, middle) in enumerate(zip(walks["settlement"].tolist(), split, strict=True)):
        host = at.lonlat[[via[k]]] if via[k] >= 0 else np.empty((0, 2))
        out[k] = np.concatenate([at.lonlat[[own]], middle, host, place[[k]]])
    return out
