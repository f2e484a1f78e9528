"""Ways over land between the centres that lie off the main network and the roads around them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.kernels.along import beaten_along
from gis.kernels.cost_distance import CostDistance
from gis.kernels.threads import on_all_cores
from gis.space.geodesy import points_along, segment_lengths_m
from gis.stages.land import Doors, Land
from gis.stages.over_land import first_of
from gis.stages.surface import RoadCells, not_beaten
from gis.stages.travel import Roads

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]


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
    """The roads around some centres: the minutes over land from each stretch, `inf` or NaN out of reach.

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
        minutes[on[land.km_of(answer, cells.cell[on]) > max_km]] = np.inf
        own = np.flatnonzero(np.isin(cells.cell, at.cell[who]) & (minutes == start.reshape(-1)[cells.cell]))
        host = first_of(at.cell[who], at.minutes[who], who, cells.cell[own], minutes[own])
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
        owner = first_of(self.at.cell[self.who], self.at.minutes[self.who], self.who, found.end, starts)
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
