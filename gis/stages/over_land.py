"""Journeys over land: from a settlement off the road to the road, to a road that is not joined, or to the centre."""

from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.kernels.along import ROUNDING_MIN
from gis.kernels.cost_distance import CostDistance
from gis.space.geodesy import segment_lengths_m
from gis.stages.land import Doors, Land
from gis.stages.legs import Legs
from gis.stages.surface import RoadCells
from gis.stages.travel import Search

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]


def legs_on_land(legs: Legs, land: Land, at: Doors, cells: RoadCells, *, near_km: float) -> Legs:
    """Keep the straight ways to the road where the land has no say in them.

    Within `near_km` the way to the road is a local street or track, and stays as it is. Beyond, it is straight only
    where the grid cannot tell the settlement from the road or from a settlement beside it, because one cell holds
    both; its minutes are those of the cell. All others are to be found over the land.

    Parameters
    ----------
    legs
        As `gis.stages.legs.access_legs` returns them; the first of them are the settlements' own, in order.
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


@dataclass
class Reach:
    """The land that is travelled: not farther over land than a limit from what leads to a centre, for any thread.

    Parameters
    ----------
    land
        The land.
    max_km
        The limit.
    """

    land: Land
    max_km: float
    _last: tuple[Bool, Float, bool] | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def of(self, start: Float) -> Float:
        """Return the friction within reach of the cells that have minutes, `inf` beyond.

        The last answer is kept: for the same cells, and for more than those where nothing was beyond.
        """
        led = np.isfinite(start)
        with self._lock:
            if self._last is not None:
                cells, near, whole = self._last
                if np.array_equal(led, cells) or (whole and not (cells & ~led).any()):
                    return near
            near = self.land.near(np.flatnonzero(led), self.max_km)
            self._last = led, near, np.array_equal(near, self.land.friction, equal_nan=True)
        return near


@dataclass(frozen=True)
class Known:
    """Minutes of all cells, before roads or ways were added, on the land within reach.

    Parameters
    ----------
    minutes, near
        As in `Spread`.
    """

    minutes: Float
    near: Float

    def no_later(self, start: Float) -> Float:
        """Return the minutes that cells start with now, but those known where only rounding tells them apart.

        Minutes of a road that was cut anew may be later by the last bit; those that lead away from there are not.
        """
        now, known = start.reshape(-1), self.minutes.reshape(-1)
        later = np.flatnonzero((now > known) & (now <= known + ROUNDING_MIN))
        if not len(later):
            return start
        out = start.copy()
        out.reshape(-1)[later] = known[later]
        return out


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
    near
        The friction within reach of the cells that have minutes.
    """

    land: Land
    at: Doors
    cells: RoadCells
    node_minutes: Float
    door_min: Float
    start: Float
    answer: CostDistance
    near: Float

    @classmethod
    def of(
        cls,
        land: Land,
        at: Doors,
        cells: RoadCells,
        node_minutes: Float,
        door_min: Float,
        reach: Reach,
        before: "Known | None" = None,
    ) -> "Spread":
        """Carry the minutes over the land within reach of the cells that have some.

        Each cell that a road crosses starts with the least minutes of the road inside it, each cell that holds a
        settlement with those of its door. Where they are known of before roads or ways were added, only what these
        change is worked out.
        """
        start = np.full(land.grid.shape, np.inf)
        cells.lower(start, node_minutes)
        for cell, more in ((at.own, 0.0), (at.cell, at.minutes)):
            on = cell >= 0
            np.minimum.at(start.reshape(-1), cell[on], (door_min + more)[on])
        near = reach.of(start)
        if before is None or before.near is not near:
            answer = land.spread(start, near)
        else:
            answer = land.spread(before.no_later(start), near, before.minutes)
        return cls(land, at, cells, node_minutes, door_min, start, answer, near)

    @property
    def known(self) -> "Known":
        """Return what a search with further roads or ways may build on."""
        return Known(self.answer.minutes, self.near)

    def walked_min(self, walks: Bool) -> Float:
        """Return the minutes over land from the doors of those who may walk: `inf` where nothing is gained by it.

        In a cell whose minutes are those of its own road nobody walks: the grid does not know how far it is. To the
        settlement that gave a cell its minutes the others in the cell go straight.
        """
        cell, on = self.at.cell, self.at.cell >= 0
        minutes = np.where(on, self.answer.minutes.reshape(-1)[cell], np.inf)
        beside = cell != self.at.own
        moved = walks & (beside | (minutes < self.start.reshape(-1)[cell] - ROUNDING_MIN))
        who = np.flatnonzero(walks & on & ~moved & np.isfinite(minutes) & ~np.isfinite(self.door_min))
        straight = minutes[who] + self._straight_km(who) * 1000.0 * self.land.friction.reshape(-1)[cell[who]]
        minutes = np.where(on & moved & ~np.isnan(minutes), minutes + self.at.minutes, np.inf)
        minutes[who] = straight
        return np.where(minutes < self.door_min - ROUNDING_MIN, minutes, np.inf)

    def surface(self, walked_min: Float, on_main: Int) -> NDArray[np.float32]:
        """Return the minutes of all cells, NaN outside the study area.

        A cell that the main network crosses (`on_main`) has the road's, as a settlement on it has: also where leaving
        the road for the land would be quicker, and `inf` where the road is closed. A settlement on a barrier keeps its
        own.
        """
        out = np.where(np.isnan(self.land.friction), np.nan, self.answer.minutes).astype(np.float32)
        on_main = on_main[np.isfinite(self.land.friction.reshape(-1)[on_main])]
        out.reshape(-1)[on_main] = self.start.reshape(-1)[on_main]
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
        back = there.copy() if self.land.elevation_m is None else self.land.back(found) + self.at.minutes[who]
        alone = (np.diff(found.first) == 1) & (self.at.cell[who] == self.at.own[who])
        km = found.km + self.at.km[who]
        km[alone], back[alone] = self._straight_km(who[alone]), there[alone]
        on = self.arrivals(end, starts, search, legs, ways, centre)
        return on.assign(
            settlement=who,
            access_min=there + on["access_min"],
            into_min=back + on["into_min"],
            km=km + on["km"],
            path=pd.Series([found.way(k) for k in range(len(who))], on.index, dtype=object),
        )

    def arrivals(
        self, end: Int, starts: Float, search: Search, legs: Legs, ways: pd.DataFrame, centre: Bool
    ) -> pd.DataFrame:
        """Say what ways over land lead to that end in some cells, and how the journey goes on from there.

        Parameters
        ----------
        end, starts
            Cells, and the minutes that they start with, shape `(n,)`.
        search, legs, ways, centre
            As for `walks`.

        Returns
        -------
        DataFrame
            `to`, `edge`, `fraction` and `via` as `walks` returns them; `access_min`, `into_min` and `km` of the way
            from the cell to the road, by way of a settlement, or to the centre; 0 where a road is in the cell.
        """
        piece, share = self._road_of(end, starts)
        host = self._host_of(end, starts)
        # The host whose minutes the cell has: always a centre before a road, a road before another settlement.
        hosted = (host >= 0) & (centre[host] | (piece < 0))
        j, way = host[hosted], np.maximum(search.way[host[hosted]], 0)
        by_road, door = ~centre[j], self.at.cell[j] == end[hosted]
        more = {}
        for name, own, of_way in (
            ("access_min", self.at.minutes, legs.access_min), ("into_min", self.at.minutes, legs.into_min),
            ("km", self.at.km, legs.access_km),
        ):  # fmt: skip
            more[name] = np.zeros(len(end))
            more[name][hosted] = own[j] * door + np.where(by_road, of_way[way], 0.0)
        edge, fraction = self.cells.roads.pieces.on_edges(piece, share)
        edge[hosted] = np.where(by_road, ways["edge"].to_numpy(np.int64)[way], -1)
        fraction[hosted] = np.where(by_road, ways["fraction"].to_numpy(float)[way], 0.0)
        to = np.full(len(end), -1)
        to[hosted] = np.where(by_road, -1, j)
        via = np.where(hosted & (to < 0), host, -1)
        return pd.DataFrame({"to": to, "edge": edge, "fraction": fraction, "via": via, **more})

    def _straight_km(self, who: Int) -> Float:
        """Kilometres to the settlement in the cell that gave it its minutes; `inf` where a road did.

        0 where it only steps onto the land there: its own way to the middle of the cell is in the minutes.
        """
        cell = self.at.cell[who]
        host = self._host_of(cell, self.start.reshape(-1)[cell])
        metres = segment_lengths_m(self.at.lonlat[who], self.at.lonlat[host])
        return np.where(host < 0, np.inf, np.where(self.at.own[host] == cell, metres / 1000.0, 0.0))

    def _road_of(self, end: Int, starts: Float) -> tuple[Int, Float]:
        """The piece of road that gave each cell its minutes, and where on it; -1 where none did."""
        asked = np.zeros(self.start.size, bool)
        asked[end] = True
        here = np.flatnonzero(asked[self.cells.cell])
        few = self.cells.some(here)
        minutes = few.at_ends(self.node_minutes)
        share = np.where(minutes[0] <= minutes[1], few.enter, few.leave)
        at = first_of(few.cell, np.minimum(*minutes), np.arange(len(here)), end, starts)
        if not len(here):
            return at, np.zeros(len(end))
        return np.where(at >= 0, few.piece[at], -1), share[at]

    def _host_of(self, end: Int, starts: Float) -> Int:
        """The settlement whose door gave each cell its minutes; -1 where none did."""
        cell = np.concatenate([self.at.own, self.at.cell])
        minutes = np.concatenate([self.door_min, self.door_min + self.at.minutes])
        return first_of(cell, minutes, np.tile(np.arange(len(self.door_min)), 2), end, starts)


def first_of(cell: Int, minutes: Float, what: Int, end: Int, starts: Float) -> Int:
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
    edge, fraction = cells.roads.pieces.on_edges(cells.piece[stretch], cells.enter[stretch])
    minutes = answer.minutes.reshape(-1)[at.cell[who]] + at.minutes[who]
    return pd.DataFrame(
        {
            "settlement": who,
            "to": -1,
            "edge": edge,
            "fraction": fraction,
            "access_min": minutes,
            "into_min": minutes if land.elevation_m is None else land.back(found) + at.minutes[who],
            "km": found.km + at.km[who],
            "path": [found.way(k) for k in range(len(who))],
            "via": -1,
        }
    )


def open_cells(cells: RoadCells) -> RoadCells:
    """Return the stretches of the roads that are open in their state."""
    return cells.some(np.flatnonzero(cells.roads.is_open[cells.piece]))
