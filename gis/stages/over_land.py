"""Journeys over land: from a settlement off the road to the road, to a road that is not joined, or to the centre."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.kernels.along import ROUNDING_MIN, beaten_along
from gis.kernels.cost_distance import CostDistance
from gis.kernels.threads import on_all_cores
from gis.space.geodesy import points_along, segment_lengths_m
from gis.stages.land import Doors, Land
from gis.stages.legs import Legs
from gis.stages.surface import RoadCells, not_beaten
from gis.stages.travel import Roads, Search

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
    def of(
        cls, land: Land, at: Doors, cells: RoadCells, node_minutes: Float, door_min: Float, reach: Reach
    ) -> "Spread":
        """Carry the minutes over the land within reach of the cells that have some.

        Each cell that a road crosses starts with the least minutes of the road inside it, each cell that holds a
        settlement with those of its door.
        """
        start = np.full(land.grid.shape, np.inf)
        cells.lower(start, node_minutes)
        for cell, more in ((at.own, 0.0), (at.cell, at.minutes)):
            on = cell >= 0
            np.minimum.at(start.reshape(-1), cell[on], (door_min + more)[on])
        return cls(land, at, cells, node_minutes, door_min, start, land.spread(start, reach.of(start)))

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
        here = np.flatnonzero(np.isin(self.cells.cell, end))
        few = self.cells.some(here)
        minutes = few.at_ends(self.node_minutes)
        share = np.where(minutes[0] <= minutes[1], few.enter, few.leave)
        at = _first_of(few.cell, np.minimum(*minutes), np.arange(len(here)), end, starts)
        if not len(here):
            return at, np.zeros(len(end))
        return np.where(at >= 0, few.piece[at], -1), share[at]

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
    land: Land, at: Doors, cells: RoadCells, walks: Bool, centres: list[Bool], states: Iterable[Roads], *, max_km: float
) -> pd.DataFrame:
    """Find the ways between the centres that lie off the main network and the roads around them.

    Where a journey leaves the road for such a centre depends on where it comes from. So each place around has a way, to
    the centre of the tier that is nearest over land: but for those from which it is quicker, in every state of the
    roads, to drive to another place and leave the road there.

    Parameters
    ----------
    land, at, cells
        The land, where the settlements step onto it, and the roads that are ever open.
    walks
        Which settlements may walk.
    centres
        Which are centres, by tier.
    states
        The same roads, in every state of the year.
    max_km
        The longest way.

    Returns
    -------
    DataFrame
        As `Spread.walks` returns it.
    """
    groups = (np.flatnonzero(centre & walks & (at.cell >= 0)) for centre in centres)
    distinct = {who.tobytes(): who for who in groups if len(who)}  # tiers may have the same centres
    around = on_all_cores(
        lambda who, _: _Around.of(land, at, cells, who, max_km), [(who,) for who in distinct.values()]
    )
    used = [np.empty(0, np.int64) for _ in around]
    for roads in states if around else ():
        kept = on_all_cores(lambda one, _, roads=roads: one.places(roads), [(one,) for one in around])
        used = [np.union1d(before, now) for before, now in zip(used, kept, strict=True)]
    frames = [one.ways(places) for one, places in zip(around, used, strict=True)]
    if not frames:
        return pd.DataFrame()
    every = pd.concat(frames, ignore_index=True)
    return every.sort_values("into_min", kind="stable").drop_duplicates(["settlement", "edge", "fraction"])


@dataclass(frozen=True)
class _Around:
    """The roads around some centres: the minutes over land from each stretch, `inf` out of reach.

    Both ends of a stretch are places to leave the road at; they are numbered from 0, two to a stretch. In the centres'
    own cells (`own`, stretches in order) the grid does not know how far a road is: there the way from each of the two
    places is straight.
    """

    land: Land
    at: Doors
    cells: RoadCells
    who: Int
    answer: CostDistance
    minutes: Float
    own: Int
    straight_km: Float
    straight_min: Float

    @classmethod
    def of(cls, land: Land, at: Doors, cells: RoadCells, who: Int, max_km: float) -> "_Around":
        start = np.full(land.grid.shape, np.inf)
        np.minimum.at(start.reshape(-1), at.cell[who], at.minutes[who])
        answer = land.spread(start, land.near(at.cell[who], max_km))
        minutes = answer.minutes.reshape(-1)[cells.cell]
        on = np.flatnonzero(np.isfinite(minutes))
        minutes[:] = np.inf
        on = on[land.km_of(answer, cells.cell[on]) <= max_km]
        minutes[on] = answer.minutes.reshape(-1)[cells.cell[on]]
        own = np.flatnonzero(np.isin(cells.cell, at.cell[who]) & (minutes == start.reshape(-1)[cells.cell]))
        host = _first_of(at.cell[who], at.minutes[who], who, cells.cell[own], minutes[own])
        own, host = own[at.own[host] == cells.cell[own]], host[at.own[host] == cells.cell[own]]
        number = np.column_stack([2 * own, 2 * own + 1]).ravel()
        edge, fraction = cells.roads.pieces.on_edges(cells.piece[number // 2], _share(cells, number))
        places = points_along(cells.roads.network.edges.geometry.to_numpy()[edge], np.arange(len(number)), fraction)
        straight_km = segment_lengths_m(at.lonlat[np.repeat(host, 2)], places) / 1000.0
        straight_min = straight_km * 1000.0 * land.friction.reshape(-1)[cells.cell[number // 2]]
        return cls(land, at, cells, who, answer, minutes, own, straight_km, straight_min)

    def places(self, roads: Roads) -> Int:
        """Return the places from which, in a state of the roads, it is not quicker to drive to another of them."""
        cells, minutes = self.cells, self.minutes.copy()
        minutes[self.own] = np.inf
        beaten = beaten_along(cells.piece, cells.enter, cells.leave, minutes, *roads.piece_min)
        beaten[:, self.own] = False
        left = np.flatnonzero((~beaten & np.isfinite(self.minutes)).T.ravel())
        piece = cells.piece[left // 2]
        stays = not_beaten(roads, piece, _share(cells, left), self._from(left)[0])
        return left[roads.is_open[piece] & stays]

    def _from(self, places: Int) -> tuple[Float, Float]:
        """Minutes from places, and the kilometres of those whose way is straight, NaN of the others."""
        minutes, km = self.minutes[places // 2], np.full(len(places), np.nan)
        at = np.searchsorted(self.own, places // 2)
        straight = np.flatnonzero(np.append(self.own, -1)[at] == places // 2)
        slot = 2 * at[straight] + places[straight] % 2
        minutes[straight], km[straight] = self.straight_min[slot], self.straight_km[slot]
        return minutes, km

    def ways(self, places: Int) -> pd.DataFrame:
        """Return the ways to some of the places."""
        here, slot = np.unique(self.cells.cell[places // 2], return_inverse=True)
        found = self.land.follow(self.answer, here)
        starts = self.answer.minutes.reshape(-1)[found.end]
        owner = _first_of(self.at.cell[self.who], self.at.minutes[self.who], self.who, found.end, starts)
        there = self.answer.minutes.reshape(-1)[here]
        out = there if self.land.elevation_m is None else self.land.back(found) + self.at.minutes[owner]
        paths = [found.way(k)[::-1] for k in range(len(here))]
        edge, fraction = self.cells.roads.pieces.on_edges(self.cells.piece[places // 2], _share(self.cells, places))
        minutes, straight_km = self._from(places)
        straight = ~np.isnan(straight_km)
        return pd.DataFrame(
            {
                "settlement": owner[slot],
                "to": -1,
                "edge": edge,
                "fraction": fraction,
                "access_min": np.where(straight, minutes, out[slot]),
                "into_min": minutes,
                "km": np.where(straight, straight_km, (found.km + self.at.km[owner])[slot]),
                "path": pd.Series([paths[k] for k in slot.tolist()], dtype=object),
                "via": -1,
            }
        )


def _share(cells: RoadCells, places: Int) -> Float:
    """How far along their pieces the ends of stretches lie, two places to a stretch."""
    stretch = places // 2
    return np.where(places % 2 == 0, cells.enter[stretch], cells.leave[stretch])


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
