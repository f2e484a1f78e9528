"""The ways between settlements and the roads, and how people move where there is no road."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.stages.land import Walkers

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True)
class Legs:
    """The ways between settlements and the road, and how people move where there is no road.

    Parameters
    ----------
    settlement
        The position of the settlement that each way is of, shape `(k,)`: a settlement may have several.
    access_min
        Minutes of the way, `inf` where it is too far, shape `(k,)`.
    access_km
        The same in kilometres.
    over_land_kph
        Speed over land, straight from a settlement to a centre.
    over_land_max_km
        The longest way that is made over land.
    into_min
        Minutes of the way from the road to the settlement: uphill and downhill differ.
    moved
        Where the road is not joined to the nearest one of the settlement.
    over_land
        Where it is no local street or track.
    paths
        The cells that a way over land passes, from the settlement to the road; None where it is a straight line.
    via
        The settlement whose own way to the road is the last part of it, -1 none.
    direct
        Ways over land from settlements to centres: `settlement`, `to`, `access_min`, `km`, `path`. None: they are
        straight lines.
    walkers
        Who may walk over the land to any place. None: all may, straight.
    """

    settlement: Int
    access_min: Float
    access_km: Float
    over_land_kph: float
    over_land_max_km: float
    into_min: Float
    moved: NDArray[np.bool_]
    over_land: NDArray[np.bool_]
    paths: NDArray[np.object_]
    via: Int
    direct: pd.DataFrame | None = None
    walkers: Walkers | None = None

    def between(self, way: int) -> Float:
        """Return the places on a way between the settlement and the road, longitude and latitude, shape `(k, 2)`.

        They are the middles of the cells between those of the settlement and of the road; none where it is straight.
        """
        return np.concatenate([places for places, _ in self.bends(np.array([way]))])

    def bends(self, ways: Int) -> list[tuple[Float, Int]]:
        """Return the same of some ways: places in their order, each with which of the ways passes it."""
        via = self.via[ways]
        found = [self.middles(self.settlement[ways], self.paths[ways])]
        if self.walkers is not None:
            found.append((self.walkers.at.lonlat[via[via >= 0]], np.flatnonzero(via >= 0)))
        return found

    def between_centre(self, settlement: int, centre: int) -> Float:
        """Return the same on the way over land from a settlement to a centre."""
        if self.direct is None:
            return np.empty((0, 2))
        rows = self.direct[(self.direct["settlement"] == settlement) & (self.direct["to"] == centre)]
        paths = rows["path"].to_numpy(object)[:1]
        return self.middles(np.full(len(paths), settlement), paths)[0]

    def middles(self, who: Int, paths: NDArray[np.object_]) -> tuple[Float, Int]:
        """Return the middles of the cells between those of both ends of settlements' paths, and of which path each is.

        A path that is None has none.
        """
        number = [k for k, path in enumerate(paths) if path is not None]
        if self.walkers is None or not number:
            return np.empty((0, 2)), np.empty(0, np.int64)
        at = self.walkers.at
        skip = (at.cell[who] == at.own[who]).astype(int)
        cells = [paths[k][skip[k] : -1] for k in number]
        owner = np.repeat(np.array(number, np.int64), [len(part) for part in cells])
        return self.walkers.land.lonlat(np.concatenate(cells)), owner


def access_legs(
    access_m: Float,
    settlement: Int | None = None,
    *,
    near_km: float,
    near_kph: float,
    over_land_kph: float,
    over_land_max_km: float,
) -> Legs:
    """Give the way from each settlement to its road a speed and minutes.

    Within `near_km` it is a local street or track; beyond, the whole of it is over land; beyond
    `over_land_max_km` it is not made at all.

    Parameters
    ----------
    access_m
        Geodesic metres to the road, `inf` where there is none, shape `(k,)`.
    settlement
        The position of the settlement that each way is of, shape `(k,)`; without it there is one way for each
        settlement, in their order.
    near_km, near_kph
        Up to how many kilometres, and at what speed, the way is a local one.
    over_land_kph, over_land_max_km
        Speed beyond that, and the longest such way.

    Examples
    --------
    >>> legs = access_legs(np.array([500.0, 10_000.0, 80_000.0]), near_km=2, near_kph=20, over_land_kph=10,
    ...                    over_land_max_km=50)
    >>> legs.access_min.tolist()
    [1.5, 60.0, inf]
    """
    km = np.asarray(access_m, float) / 1000.0
    speed = np.where(km <= near_km, near_kph, over_land_kph)
    minutes = np.where(km <= over_land_max_km, km / speed * 60.0, np.inf)
    who = np.arange(len(km)) if settlement is None else np.asarray(settlement, np.int64)
    moved = np.ones(len(who), bool)
    moved[np.unique(who, return_index=True)[1]] = False
    straight, nobody = np.full(len(who), None, object), np.full(len(who), -1)
    return Legs(who, minutes, km, over_land_kph, over_land_max_km, minutes, moved, km > near_km, straight, nobody)
