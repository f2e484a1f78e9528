"""What the journeys of all settlements are made of: kilometres and minutes by kind of road."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.fields import ROAD_CLASS
from gis.kernels.journey_tree import JourneyTree, journey_tree
from gis.stages.legs import Legs
from gis.stages.travel import BY_ROAD, NONE, OVER_LAND, STRAIGHT, Roads, search_roads

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

ACCESS = "access"
"""The kind of local ways between settlements and roads; `over_land` is what leads over the land."""

SHARE_LEAST = 0.05


@dataclass(frozen=True)
class JourneyParts:
    """What journeys to one tier are made of.

    Parameters
    ----------
    parts
        One row for each kind of way on a journey: `from_id`, `kind` (a class of road, `access`, `over_land` or
        `straight`), `paved`, `length_km`, `travel_time_min`; in the order of settlements.
    saved_min
        On the settlements' index: the minutes saved, were all of the journey that is not paved driven at the speed of a
        paved road, from the settlement's door; 0 where nothing is saved, NaN where no centre is reached.
    """

    parts: pd.DataFrame
    saved_min: pd.Series


def journey_parts(
    journeys: pd.DataFrame,
    centre: Bool,
    *,
    paved_kph: float,
    roads: Roads | None = None,
    legs: Legs | None = None,
    paved: Bool | None = None,
) -> JourneyParts:
    """Split journeys by kind of way, and say what paving them would save.

    Parameters
    ----------
    journeys
        On the settlements' index, as `gis.stages.travel.road_journeys` returns them.
    centre
        Which settlements are centres, shape `(n,)`.
    paved_kph
        The speed on a road once it is paved; what is faster already stays so.
    roads, legs
        As for `road_journeys`; None where there are no roads.
    paved
        Which edges of the network are paved.

    Returns
    -------
    JourneyParts

    Notes
    -----
    What is saved is on the present way; another may become quicker still.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from gis.stages.travel import straight_journeys
    >>> points = gpd.GeoSeries.from_xy([70.0, 71.0], [50.0, 50.0], index=["a", "b"], crs="EPSG:4326")
    >>> centre = np.array([True, False])
    >>> journeys = straight_journeys(points, centre, speed_kph=60, detour_factor=1.0)
    >>> journey_parts(journeys, centre, paved_kph=50).parts.round(1).to_numpy().tolist()
    [['b', 'straight', False, 71.7, 71.7]]
    """
    mode = journeys["mode"].to_numpy(object)
    minutes, km = journeys["travel_time_min"].to_numpy(float), journeys["distance_km"].to_numpy(float)
    saved = np.where(mode == NONE, np.nan, 0.0)
    tables = []
    for kind in (OVER_LAND, STRAIGHT):
        who = np.flatnonzero(mode == kind)
        tables.append(_table(who, kind, False, km[who], minutes[who]))
        if kind == OVER_LAND:
            saved[who] = _saving(km[who], minutes[who], paved_kph)
    if roads is not None and legs is not None and paved is not None and (mode == BY_ROAD).any():
        who = np.flatnonzero(mode == BY_ROAD)
        search = search_roads(roads, legs, centre)
        way = search.way[who]
        node = roads.pieces.cut_node[way]
        into = search.into[search.found.source[node]]
        own_km, own_min = legs.access_km[way], legs.access_min[way]
        tree = journey_tree(roads.graph, search.found, node)
        edges = _edges(roads, tree)
        along = list(_kinds(roads, tree, edges, paved))
        for kind, over_land in ((ACCESS, False), (OVER_LAND, True)):
            there, back = legs.over_land[way] == over_land, legs.over_land[into] == over_land
            of_km = np.where(there, own_km, 0.0) + np.where(back, legs.access_km[into], 0.0)
            of_min = np.where(there, own_min, 0.0) + np.where(back, legs.into_min[into], 0.0)
            links = [one for one in along if one[0] == kind]  # between roads that are not joined
            of_km, of_min = of_km + sum(km for *_, km, _ in links), of_min + sum(took for *_, took in links)
            tables.append(_table(who, kind, False, of_km, of_min))
        tables += [_table(who, kind, made, km, took) for kind, made, km, took in along if kind != OVER_LAND]
        gained = np.where(paved[edges.edge], 0.0, _saving(edges.km, edges.minutes, paved_kph))
        saved[who] = tree.sums(gained) + _saving(own_km, own_min, paved_kph)
    table = pd.concat(tables).sort_values("position", kind="stable", ignore_index=True)
    table.insert(0, "from_id", journeys.index.to_numpy()[table.pop("position").to_numpy(int)])
    return JourneyParts(table, pd.Series(saved, index=journeys.index))


def slowest_parts(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the slowest part of each journey among those that take a twentieth of its minutes or more.

    Returns
    -------
    DataFrame
        On `from_id`: `kind`, `paved`, `length_km`, `travel_time_min`, `speed_kph`.

    Examples
    --------
    >>> parts = pd.DataFrame({"from_id": "a", "kind": ["access", "trunk", "track"], "paved": [False, True, False],
    ...                       "length_km": [0.1, 80.0, 10.0], "travel_time_min": [1.0, 60.0, 30.0]})
    >>> slowest_parts(parts)[["kind", "speed_kph"]].to_numpy().tolist()
    [['track', 20.0]]
    """
    whole = parts.groupby("from_id")["travel_time_min"].transform("sum")
    long = parts[parts["travel_time_min"] >= SHARE_LEAST * whole]
    speed = long["length_km"] / long["travel_time_min"] * 60.0
    ordered = long.assign(speed_kph=speed).sort_values(["speed_kph", "travel_time_min"], ascending=[True, False])
    return ordered.drop_duplicates("from_id").set_index("from_id")


def _table(who: NDArray[np.int64], kind: str, paved: bool, km: Float, minutes: Float) -> pd.DataFrame:
    table = pd.DataFrame({"position": who, "kind": kind, "paved": paved, "length_km": km, "travel_time_min": minutes})
    return table[minutes > 0]


def _saving(km: Float, minutes: Float, paved_kph: float) -> Float:
    return np.asarray(np.maximum(minutes - km / paved_kph * 60.0, 0.0))


class _Edges(NamedTuple):
    """What the journeys of a tree run along, in its order: edges of the network; 0 km and minutes at a source."""

    edge: NDArray[np.int64]
    km: Float
    minutes: Float


def _edges(roads: Roads, tree: JourneyTree) -> _Edges:
    graph, inner = roads.graph, tree.edge >= 0
    edge, (km, minutes) = np.zeros(len(inner), np.int64), np.zeros((2, len(inner)))
    number = graph.edge[tree.edge[inner]]
    edge[inner] = roads.pieces.edge[roads.driven(number)[0]]
    km[inner], minutes[inner] = roads.km[number], graph.minutes[tree.edge[inner]]
    return _Edges(edge, km, minutes)


def _kinds(roads: Roads, tree: JourneyTree, edges: _Edges, paved: Bool) -> Iterator[tuple[str, bool, Float, Float]]:
    """Sum kilometres and minutes along the journeys, class by class, paved and not."""
    code, classes = pd.factorize(roads.network.edges[ROAD_CLASS], sort=True)
    kind = code[edges.edge] * 2 + paved[edges.edge]
    for number in np.unique(kind).tolist():
        of_km, of_min = (tree.sums(np.where(kind == number, value, 0.0)) for value in (edges.km, edges.minutes))
        yield str(classes[number // 2]), bool(number % 2), of_km, of_min
