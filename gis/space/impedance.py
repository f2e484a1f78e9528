"""Minutes along roads: speed by class, surface, posted limit and season."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.fields import (
    BACKWARD_MIN,
    FORWARD_MIN,
    LENGTH_M,
    MAXSPEED_KPH,
    ONEWAY,
    ROAD_CLASS,
    SPEED_KPH,
    SURFACE,
)

Float = NDArray[np.float64]


def assumed_surface(roads: pd.DataFrame, speeds: pd.DataFrame) -> pd.DataFrame:
    """Fill the surface of roads that have none with the one that is usual for their class.

    Parameters
    ----------
    roads
        With `road_class` and `surface`.
    speeds
        Index `road_class`; column `surface`, the usual one.

    Returns
    -------
    DataFrame
        The roads, `surface` filled, and a boolean column `surface_assumed`.

    Examples
    --------
    >>> speeds = pd.DataFrame({"surface": ["asphalt"]}, index=["trunk"])
    >>> roads = pd.DataFrame({"road_class": ["trunk", "trunk"], "surface": [None, "gravel"]})
    >>> assumed_surface(roads, speeds)[["surface", "surface_assumed"]].to_numpy().tolist()
    [['asphalt', True], ['gravel', False]]
    """
    unknown = roads[SURFACE].isna()
    usual = roads[ROAD_CLASS].map(speeds[SURFACE])
    return roads.assign(surface=roads[SURFACE].where(~unknown, usual), surface_assumed=unknown)


def speed_kph(edges: pd.DataFrame, speeds: pd.DataFrame, surfaces: pd.DataFrame) -> Float:
    """Return the speed on each edge: that of its class, less for a worse surface, capped by the posted limit.

    `speed = min(class speed x min(1, factor of surface / factor of the class's usual surface), maxspeed)`. The class's
    speed is meant for its usual surface: a better one than usual does not raise it. A season's `season_factor` comes
    on top, below the limit as well.

    Parameters
    ----------
    edges
        `road_class`, `surface` (none unknown), `maxspeed_kph` (NaN where not posted).
    speeds
        Index `road_class`; `speed_kph` on the usual `surface`.
    surfaces
        Index `surface`; `factor` of speed (0 is impassable).

    Returns
    -------
    array of shape `(n,)`
        Kilometres per hour; `0` impassable.

    Examples
    --------
    >>> speeds = pd.DataFrame({"speed_kph": [80.0], "surface": ["asphalt"]}, index=["trunk"])
    >>> surfaces = pd.DataFrame({"factor": [1.0, 0.7]}, index=["asphalt", "gravel"])
    >>> edges = pd.DataFrame({"road_class": ["trunk"] * 3, "surface": ["asphalt", "gravel", "asphalt"],
    ...                       "maxspeed_kph": [np.nan, np.nan, 60]})
    >>> speed_kph(edges, speeds, surfaces).tolist()
    [80.0, 56.0, 60.0]
    """
    # Looked up for each class and surface, not for each of a million edges; what is unknown stands last, as NaN.
    road_class, classes = pd.factorize(edges[ROAD_CLASS])
    surface, names = pd.factorize(edges[SURFACE])
    own = np.append(surfaces["factor"].reindex(names).to_numpy(float), np.nan)
    of_class = speeds.reindex(classes)
    usual = np.append(of_class[SURFACE].map(surfaces["factor"]).to_numpy(float), np.nan)
    kph = np.append(of_class[SPEED_KPH].to_numpy(float), np.nan)
    speed = kph[road_class] * np.minimum(1.0, own[surface] / usual[road_class])
    return np.asarray(np.fmin(speed, edges[MAXSPEED_KPH].to_numpy(float)))


ANY_PAVED, ANY_UNPAVED = "any_paved", "any_unpaved"
"""Stand in a table of season factors for all surfaces of the kind."""


def season_factor(edges: pd.DataFrame, surfaces: pd.DataFrame, factors: pd.DataFrame) -> Float:
    """Return the factor of speed on each edge in a season: that of the most specific row that fits it.

    A row that names a surface is more specific than one that names a road class, that more than one of all paved or
    unpaved surfaces, and that more than one of all roads; one that names class and surface is the most specific.
    Of two that are equally specific the later wins; where none fits, the factor is 1.

    Parameters
    ----------
    edges
        `road_class` and `surface` (none unknown).
    surfaces
        Index `surface`; boolean `paved`.
    factors
        `road_class` (empty: any), `surface` (a surface, `any_paved`, `any_unpaved`, or empty: any) and `factor`,
        0 where such roads are closed.

    Returns
    -------
    array of shape `(n,)`

    Examples
    --------
    >>> surfaces = pd.DataFrame({"paved": [True, False]}, index=["asphalt", "gravel"])
    >>> factors = pd.DataFrame({"road_class": ["", "track"], "surface": ["any_unpaved", ""], "factor": [0.6, 0.0]})
    >>> edges = pd.DataFrame({"road_class": ["trunk", "trunk", "track"], "surface": ["asphalt", "gravel", "gravel"]})
    >>> season_factor(edges, surfaces, factors).tolist()
    [1.0, 0.6, 0.0]
    """
    class_code, classes = pd.factorize(edges[ROAD_CLASS])
    surface_code, names = pd.factorize(edges[SURFACE])
    paved = surfaces["paved"].reindex(names).to_numpy(bool)
    table = np.ones((len(classes), len(names)))
    weight = np.zeros_like(table)
    for road_class, surface, factor in factors[[ROAD_CLASS, SURFACE, "factor"]].itertuples(index=False):
        group = surface in (ANY_PAVED, ANY_UNPAVED)
        of_class = np.ones(len(classes), bool) if road_class == "" else classes == road_class
        of_surface = np.ones(len(names), bool) if surface == "" else names == surface
        if group:
            of_surface = paved if surface == ANY_PAVED else ~paved
        specific = 2 * (road_class != "") + (1 if group else 4 * (surface != ""))
        wins = np.outer(of_class, of_surface) & (specific >= weight)
        table[wins], weight[wins] = factor, specific
    return np.asarray(table[class_code, surface_code])


def with_minutes(edges: gpd.GeoDataFrame, speed: Float) -> gpd.GeoDataFrame:
    """Add speed and minutes to edges, along the line and against it.

    Parameters
    ----------
    edges
        `length_m`; `oneway`: 0 both ways, 1 along the line only, -1 against it only.
    speed
        Kilometres per hour, shape `(n,)`.

    Returns
    -------
    GeoDataFrame
        The edges with `speed_kph`, `forward_min` and `backward_min`; `inf` where one may not or cannot drive.

    Examples
    --------
    >>> edges = gpd.GeoDataFrame({"length_m": [1000.0, 1000.0, 1000.0], "oneway": [0, 1, -1]})
    >>> out = with_minutes(edges, np.array([60.0, 30.0, 0.0]))
    >>> out.forward_min.tolist(), out.backward_min.tolist()
    ([1.0, 2.0, inf], [1.0, inf, inf])
    """
    length_m, oneway = edges[LENGTH_M].to_numpy(float), edges[ONEWAY].to_numpy()
    with np.errstate(divide="ignore"):
        minutes = np.where(speed > 0, length_m / 1000.0 / speed * 60.0, np.inf)
    return edges.assign(
        **{
            SPEED_KPH: speed,
            FORWARD_MIN: np.where(oneway >= 0, minutes, np.inf),
            BACKWARD_MIN: np.where(oneway <= 0, minutes, np.inf),
        }
    )
