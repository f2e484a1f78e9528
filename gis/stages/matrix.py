"""Minutes from every settlement to every one of some places."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gis.kernels.paths import travel_matrix
from gis.space.geodesy import GEOD
from gis.stages.legs import Legs
from gis.stages.travel import Roads

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_EARTH_KM = 6378.137


def road_matrix(lon: Float, lat: Float, roads: Roads, legs: Legs, places: Int) -> Float:
    """Find the minutes by road, or over land where that is quicker, from every settlement to each of some of them.

    One search from each place, against the direction of travel. The ways to and from the road are part of it, as in
    `gis.stages.travel.road_journeys`.

    Parameters
    ----------
    lon, lat
        Settlements in degrees, shape `(n,)`.
    roads, legs
        The roads cut where the settlements' ways meet them, and those ways, in one order.
    places
        Positions of the settlements that are travelled to, shape `(m,)`.

    Returns
    -------
    array of shape `(n, m)`
        Minutes; 0 from a place to itself, `inf` unreachable.
    """
    n, m = len(lon), len(places)
    out = np.full((m, n), np.inf)
    node = roads.pieces.cut_node
    column = np.full(n, -1, np.int64)
    column[places] = np.arange(m)
    ways = np.flatnonzero((node >= 0) & np.isfinite(legs.access_min))
    into = np.flatnonzero((node >= 0) & (column[legs.settlement] >= 0) & np.isfinite(legs.into_min))
    if len(into):
        starts, start_of = np.unique(node[into], return_inverse=True)
        ends, end_of = np.unique(node[ways], return_inverse=True)
        between = travel_matrix(roads.contracted, starts, ends)
        order = np.argsort(legs.settlement[ways], kind="stable")
        who, first = np.unique(legs.settlement[ways[order]], return_index=True)
        for way, start in zip(into, start_of, strict=True):
            minutes = between[start, end_of[order]] + legs.access_min[ways[order]] + legs.into_min[way]
            row = out[column[legs.settlement[way]]]
            row[who] = np.minimum(row[who], np.minimum.reduceat(minutes, first))
    if legs.walkers is None:
        i, j, km = _pairs_within(lon, lat, places, legs.over_land_max_km)
        np.minimum.at(out, (j, i), km / legs.over_land_kph * 60.0)
    else:
        walks = legs.walkers.ways_to(places)
        np.minimum.at(out, (column[walks["to"]], walks["settlement"]), walks["minutes"].to_numpy(float))
    out[np.arange(m), places] = 0.0
    return out.T


def straight_matrix(lon: Float, lat: Float, places: Int, *, speed_kph: float, detour_factor: float) -> Float:
    """Estimate the minutes where no roads are known: geodesic kilometres times a detour factor, at one speed.

    Parameters
    ----------
    lon, lat, places
        As for `road_matrix`.
    speed_kph, detour_factor
        The stated speed, and how much longer a road is than a straight line.

    Returns
    -------
    array of shape `(n, m)`
        Minutes; 0 from a place to itself.

    Examples
    --------
    >>> lon, lat = np.array([70.0, 71.0]), np.array([50.0, 50.0])
    >>> straight_matrix(lon, lat, np.array([0]), speed_kph=60, detour_factor=1.5).round(1).tolist()
    [[0.0], [107.5]]
    """
    out = np.empty((len(lon), len(places)))
    for column, place in enumerate(places):
        _, _, metres = GEOD.inv(lon, lat, np.full(len(lon), lon[place]), np.full(len(lat), lat[place]))
        out[:, column] = np.asarray(metres) / 1000.0 * detour_factor / speed_kph * 60.0
    return out


def _pairs_within(lon: Float, lat: Float, places: Int, most_km: float) -> tuple[Int, Int, Float]:
    """Return settlement, place (as its number in `places`) and geodesic kilometres of all pairs within a distance."""
    a, b = np.radians(lon), np.radians(lat)
    xyz = _EARTH_KM * np.column_stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)])
    # A sphere and its chords differ from the ellipsoid by less than a per cent: search wider, then measure.
    near = cKDTree(xyz[places]).query_ball_tree(cKDTree(xyz), most_km * 1.01)
    j = np.repeat(np.arange(len(places)), [len(one) for one in near])
    i = np.concatenate([np.asarray(one, np.int64) for one in near]) if len(j) else np.empty(0, np.int64)
    _, _, metres = GEOD.inv(lon[i], lat[i], lon[places[j]], lat[places[j]])
    km = np.asarray(metres) / 1000.0
    kept = km <= most_km
    return i[kept], j[kept], km[kept]
