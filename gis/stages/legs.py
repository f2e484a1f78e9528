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
        places = self._middles(int(self.settlement[way]), self.paths[way])
        via = int(self.via[way])
        return places if via < 0 or self.walkers is None else np.vstack([places, self.walkers.at.lonlat[[via]]])

    def between_centre(self, settlement: int, centre: int) -> Float:
        """Return the same on the way over land from a settlement to a centre."""
        if self.direct is None:
            return np.empty((0, 2))
        rows = self.direct[(self.direct["settlement"] == settlement) & (self.direct["to"] == centre)]
        return self._middles(settlement, rows["path"].iloc[0] if len(rows) else None)

    def _middles(self, settlement: int, path: Int | None) -> Float:
        if path is None or self.walkers is None:
            return np.empty((0, 2))
        at = self.walkers.at
        first = int(at.cell[settlement] == at.own[settlement])
        return self.walkers.land.lonlat(path[first:-1])


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
