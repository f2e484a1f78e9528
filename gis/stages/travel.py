"""Minutes and kilometres from every settlement to the nearest centre of each tier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.fields import BACKWARD_MIN, FORWARD_MIN, LENGTH_M, OFFROAD_MIN, ROAD_CLASS, ROAD_MIN, TRACK_MIN
from gis.kernels.least import least_of_groups
from gis.kernels.paths import Contracted, Graph, Nearest, accumulate_all, contract_chains, csr_graph, nearest
from gis.space.geodesy import nearest_point, points_along
from gis.space.network import Network, Pieces, cut_edges
from gis.stages.legs import Legs

Float = NDArray[np.float64]
Int = NDArray[np.int64]

AT_CENTRE, BY_ROAD, OVER_LAND, STRAIGHT, NONE = "at_centre", "by_road", "over_land", "straight", "unreachable"
"""How a journey is made; `straight` is the estimate of a study without roads."""

TRACK_CLASSES = ("track", "ice_road")
"""The classes of road whose minutes are counted apart, as `track_min`."""

PART_OF_YEAR = ("ferry", "ice_road")
"""The classes of road that exist for a part of the year only."""

PARTS = (ROAD_MIN, TRACK_MIN, OFFROAD_MIN)
"""What the minutes of a journey are made of."""


def tier_levels(
    settlements: pd.DataFrame,
    *,
    values: Mapping[str, Sequence[str]] | None = None,
    population_min: Mapping[str, float] | None = None,
) -> pd.Series:
    """Say of which tier each settlement is a centre, 0 being the highest.

    Parameters
    ----------
    settlements
        Columns `tier` or `population`.
    values
        The tiers from high to low, each with the values of column `tier` that belong to it; or
    population_min
        the tiers from high to low, each with its least population. A population that is not known makes no centre.

    Returns
    -------
    Series of float
        The position of the tier; NaN where the settlement is no centre.

    Examples
    --------
    >>> tier_levels(pd.DataFrame({"population": [90_000, 7_000, 10, np.nan]}),
    ...             population_min={"city": 50_000, "town": 5_000}).tolist()
    [0.0, 1.0, nan, nan]
    """
    level = pd.Series(np.nan, index=settlements.index)
    if values is not None:
        for position, members in enumerate(values.values()):
            level[settlements["tier"].isin(members) & level.isna()] = position
    for position, least in enumerate((population_min or {}).values()):
        level[(settlements["population"] >= least) & level.isna()] = position
    return level


@dataclass(frozen=True)
class Roads:
    """A network with its minutes, cut where the settlements meet it, ready to be searched.

    Parameters
    ----------
    network
        With `forward_min` and `backward_min`.
    pieces
        Its edges, cut where the ways of the settlements meet them; `cut_node` is in the order of those ways, -1 for
        one that meets no road.
    """

    network: Network
    pieces: Pieces

    @classmethod
    def cut_at(cls, network: Network, ways: pd.DataFrame, links: pd.DataFrame | None = None) -> "Roads":
        """Cut a network where `gis.space.snapping` found the settlements to meet it.

        With `links` over land, the last edges of the network, it is cut where they leave a road and reach another.
        """
        at_edge, fraction = ways["edge"].to_numpy(np.int64), ways["fraction"].to_numpy(float)
        on = at_edge >= 0
        at_edge, fraction = at_edge[on], fraction[on]
        if links is not None:
            at_edge = np.concatenate([at_edge, links["edge"], links["to_edge"]])
            fraction = np.concatenate([fraction, links["fraction"], links["to_fraction"]])
        pieces = cut_edges(network, at_edge, fraction)
        cut_node = np.full(len(ways), -1, np.int64)
        cut_node[on] = pieces.cut_node[: on.sum()]
        from_id, to_id = pieces.from_id.copy(), pieces.to_id.copy()
        if links is not None and len(links):
            from_id[-len(links) :], to_id[-len(links) :] = pieces.cut_node[on.sum() :].reshape(2, -1)
        return cls(network, replace(pieces, from_id=from_id, to_id=to_id, cut_node=cut_node))

    def with_minutes_of(self, network: Network) -> "Roads":
        """Return the same cuts of the same network with other minutes."""
        return Roads(network, self.pieces)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the rest follows from: a third of the size."""
        return Roads, (self.network, self.pieces)

    @cached_property
    def piece_min(self) -> tuple[Float, Float]:
        """Return the minutes along each piece, and against it; `inf` where one may not drive."""
        share, edges = self.pieces.end - self.pieces.start, self.network.edges
        forward, backward = (edges[column].to_numpy(float) for column in (FORWARD_MIN, BACKWARD_MIN))
        return forward[self.pieces.edge] * share, backward[self.pieces.edge] * share

    @cached_property
    def used(self) -> Int:
        """Return the piece of each edge that the graph was made from, which is driven along the line.

        Of one that is driven against it, its piece plus the number of pieces.
        """
        return np.flatnonzero(np.isfinite(np.concatenate(self.piece_min)))

    @cached_property
    def graph(self) -> Graph:
        """Return the pieces that can be driven, against the direction of travel.

        A search from a centre then finds the journeys to it.
        """
        pieces, used = self.pieces, self.used
        tail = np.concatenate([pieces.to_id, pieces.from_id])[used]
        head = np.concatenate([pieces.from_id, pieces.to_id])[used]
        return csr_graph(pieces.n_nodes, tail, head, np.concatenate(self.piece_min)[used])

    @cached_property
    def contracted(self) -> Contracted:
        """Return the graph with its chains left out: found once, for all searches."""
        return contract_chains(self.graph)

    @cached_property
    def km(self) -> Float:
        """Return the length of the edges that the graph was made from."""
        piece, pieces = self.used % max(len(self.pieces.edge), 1), self.pieces
        km = self.network.edges[LENGTH_M].to_numpy(float)[pieces.edge] / 1000.0 * (pieces.end - pieces.start)
        return np.asarray(km[piece])

    @cached_property
    def track_min(self) -> Float:
        """Return the minutes of those edges where they are tracks (`TRACK_CLASSES`), 0 elsewhere."""
        edges = self.network.edges
        track = edges[ROAD_CLASS].isin(TRACK_CLASSES).to_numpy() if ROAD_CLASS in edges else np.zeros(len(edges), bool)
        return self._minutes_where(track)

    @cached_property
    def link_min(self) -> Float:
        """Return the minutes of those edges where they are links over land (`gis.stages.links`), 0 elsewhere."""
        return self._minutes_where(self.network.is_link)

    def _minutes_where(self, edge: NDArray[np.bool_]) -> Float:
        there = np.tile(edge[self.pieces.edge], 2)[self.used]
        return np.where(there, np.concatenate(self.piece_min)[self.used], 0.0)

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Say which pieces may be driven in some direction."""
        return np.isfinite(np.minimum(*self.piece_min))

    def driven(self, number: Int) -> tuple[Int, NDArray[np.bool_]]:
        """Return the pieces that some of the edges that the graph was made from are, and which along the line."""
        used, n = self.used[number], max(len(self.pieces.edge), 1)
        return used % n, used < n

    def places(self, nodes: Int) -> Float:
        """Return where nodes of the cut network lie, longitude and latitude, shape `(k, 2)`."""
        network, cut = self.network, self.pieces
        out = np.empty((len(nodes), 2))
        own = nodes < len(network.nodes)
        out[own] = shapely.get_coordinates(network.nodes.geometry.to_numpy()[nodes[own]])
        ends_in = np.full(cut.n_nodes, -1, np.int64)
        ends_in[cut.to_id[::-1]] = np.arange(len(cut.to_id))[::-1]  # of several the first, which is no link
        piece = ends_in[nodes[~own]]
        edge, of = np.unique(cut.edge[piece], return_inverse=True)
        out[~own] = points_along(network.edges.geometry.to_numpy()[edge], of, cut.end[piece])
        return out


@dataclass(frozen=True)
class Search:
    """The quickest journeys by road from every settlement to any of a set of centres.

    Parameters
    ----------
    found
        Of every node of the cut network.
    way
        The way by which each settlement enters the roads, -1 where it reaches no centre by road, shape `(n,)`.
    into
        The way from the roads to the centre, of each source of the search.
    travel_time_min
        Shape `(n,)`; `inf` where no centre is reached by road.
    """

    found: Nearest
    way: Int
    into: Int
    travel_time_min: Float


def search_roads(roads: Roads, legs: Legs, centre: NDArray[np.bool_]) -> Search:
    """Search the roads once from all centres, against the direction of travel; see `road_journeys`."""
    at, start, into = _sources(roads.pieces.cut_node, legs, centre)
    found = nearest(roads.contracted, at, start=start)
    way, minutes = _quickest_way(roads.pieces.cut_node, legs, found.minutes, len(centre))
    return Search(found, way, into, minutes)


def road_journeys(
    points: gpd.GeoSeries, roads: Roads, legs: Legs, centre: NDArray[np.bool_], search: Search | None = None
) -> tuple[pd.DataFrame, Float]:
    """Find the quickest journey from every settlement to any of a set of centres.

    One search from all centres at once, against the direction of travel, so that one-way roads are driven from
    the settlement to the centre. The way to the road and from the road to the centre are part of it. Where going
    over land to the nearest centre is quicker, it is gone: by the way that `legs` have for it, or straight.

    Parameters
    ----------
    points
        Settlements, longitude and latitude, with a unique index.
    roads, legs
        The roads cut where the settlements' ways meet them, and those ways, in one order. Of several ways of a
        settlement the one of the quickest journey is gone.
    centre
        Which settlements are centres, shape `(n,)`.
    search
        From `search_roads`, where it has been made.

    Returns
    -------
    journeys : DataFrame
        On the index of `points`: `to_id`, `travel_time_min`, `distance_km`, `mode`. 0 at a centre, `inf` and no
        `to_id` where none can be reached; all NaN where there is no centre at all. `road_min`, `track_min` and
        `offroad_min` (the ways to and from the road, and over land) sum to `travel_time_min`; NaN where it is `inf`.
        `moved` where the journey takes a road that is not joined to the settlement's nearest.
    node_minutes : array of shape `(n_nodes,)`
        Minutes from each node of the cut network to the nearest centre, the way from the road to it included.

    Examples
    --------
    >>> import shapely
    >>> from gis.space.network import node_at_vertices
    >>> from gis.space.snapping import snap
    >>> from gis.stages.legs import access_legs
    >>> line = shapely.from_wkt(["LINESTRING (60 0, 61 0)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=line, crs="EPSG:4326"))
    >>> network = Network(network.nodes, network.edges.assign(forward_min=100.0, backward_min=100.0))
    >>> points = gpd.GeoSeries.from_xy([60.0, 60.5], [0.0, 0.0], index=["town", "village"], crs="EPSG:4326")
    >>> ways = snap(points, network, near_m=2000)
    >>> legs = access_legs(ways.access_m, near_km=2, near_kph=20, over_land_kph=5, over_land_max_km=9)
    >>> journeys, _ = road_journeys(points, Roads.cut_at(network, ways), legs, np.array([True, False]))
    >>> journeys.to_id.tolist(), journeys.travel_time_min.round(1).tolist(), journeys.distance_km.round(1).tolist()
    (['town', 'town'], [0.0, 50.0], [0.0, 55.7])
    """
    if not centre.any():
        return _unknown(points.index), np.full(roads.pieces.n_nodes, np.nan)
    search = search_roads(roads, legs, centre) if search is None else search
    found, reached = search.found, search.way >= 0
    way = search.way[reached]
    node = roads.pieces.cut_node[way]
    into = search.into[found.source[node]]
    linked, track, km = accumulate_all(roads.graph, found, [roads.link_min, roads.track_min, roads.km], node)
    offroad = legs.access_min[way] + linked + legs.into_min[into]
    minutes = search.travel_time_min[reached]
    by_road = {
        "to": legs.settlement[into],
        "travel_time_min": minutes,
        "distance_km": legs.access_km[way] + km + legs.access_km[into],
        "mode": BY_ROAD,
        # What is left, so that the parts sum; rounding must not leave less than nothing.
        ROAD_MIN: np.maximum(minutes - offroad - track, 0.0),
        TRACK_MIN: track,
        OFFROAD_MIN: offroad,
        "moved": legs.moved[way] | (linked > 0),
    }
    nowhere = {"to": -1, "travel_time_min": np.inf, "distance_km": np.inf, "mode": NONE}
    nowhere |= {**dict.fromkeys(PARTS, np.nan), "moved": False}
    journeys = {
        name: np.full(len(points), value, object if name == "mode" else None) for name, value in nowhere.items()
    }
    over_land = _over_land(points, legs, centre)
    for name, values in journeys.items():
        values[reached] = by_road[name]
    quicker = over_land["travel_time_min"] < journeys["travel_time_min"]
    for name, values in journeys.items():
        values[quicker] = over_land[name][quicker]
    return _finish(journeys, points.index, centre), found.minutes


def straight_journeys(
    points: gpd.GeoSeries, centre: NDArray[np.bool_], *, speed_kph: float, detour_factor: float
) -> pd.DataFrame:
    """Estimate journeys where no roads are known: geodesic kilometres times a detour factor, at one speed.

    Parameters
    ----------
    points
        Settlements, longitude and latitude, with a unique index.
    centre
        Which of them are centres.
    speed_kph, detour_factor
        The stated speed, and how much longer a road is than a straight line.

    Returns
    -------
    DataFrame
        As `road_journeys`; `mode` is `straight`, and the minutes of the parts are unknown.

    Examples
    --------
    >>> points = gpd.GeoSeries.from_xy([70.0, 71.0], [50.0, 50.0], index=["a", "b"], crs="EPSG:4326")
    >>> journeys = straight_journeys(points, np.array([True, False]), speed_kph=60, detour_factor=1.5)
    >>> journeys.iloc[1].to_list()[:1], journeys["distance_km"].round(1).to_list()
    (['a'], [0.0, 107.5])
    """
    if not centre.any():
        return _unknown(points.index)
    return _finish(_straight(points, centre, speed_kph, detour_factor, STRAIGHT), points.index, centre)


def _straight(
    points: gpd.GeoSeries, centre: NDArray[np.bool_], speed_kph: float, detour_factor: float, mode: str
) -> dict[str, NDArray[Any]]:
    lon, lat = points.x.to_numpy(), points.y.to_numpy()
    metres, index = nearest_point(lon, lat, lon[centre], lat[centre])
    km = metres / 1000.0 * detour_factor
    return _off_roads(np.flatnonzero(centre)[index], km / speed_kph * 60.0, km, mode)


def _off_roads(to: Int, minutes: Float, km: Float, mode: str) -> dict[str, NDArray[Any]]:
    # Over land no minute is on a road; an estimate says nothing of roads.
    none = np.full(len(to), 0.0 if mode == OVER_LAND else np.nan)
    return {
        "to": to,
        "travel_time_min": minutes,
        "distance_km": km,
        "mode": np.full(len(to), mode, object),
        ROAD_MIN: none,
        TRACK_MIN: none,
        OFFROAD_MIN: none + minutes,
        "moved": np.zeros(len(to), bool),
    }


def _over_land(points: gpd.GeoSeries, legs: Legs, centre: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """The journeys that meet no road, `inf` where there is none."""
    if legs.direct is None:
        out = _straight(points, centre, legs.over_land_kph, 1.0, OVER_LAND)
        out["travel_time_min"][out["distance_km"] > legs.over_land_max_km] = np.inf
        return out
    who, whither = legs.direct[["settlement", "to"]].to_numpy(np.int64).T
    way_min, way_km = legs.direct[["access_min", "km"]].to_numpy(float).T
    best = least_of_groups(np.where(centre[whither], who, -1), way_min, len(points))
    there = best >= 0
    to, (minutes, km) = np.full(len(points), -1), np.full((2, len(points)), np.inf)
    to[there], minutes[there], km[there] = whither[best[there]], way_min[best[there]], way_km[best[there]]
    return _off_roads(to, minutes, km, OVER_LAND)


def _finish(journeys: Mapping[str, NDArray[Any]], ids: pd.Index, centre: NDArray[np.bool_]) -> pd.DataFrame:
    """A centre is its own, at no cost; positions become ids."""
    to = np.where(centre, np.arange(len(ids)), journeys["to"])
    to_id = pd.Series(ids.to_numpy()[to], index=ids, dtype=object).where(to >= 0, None)
    return pd.DataFrame(
        {
            "to_id": to_id,
            "travel_time_min": np.where(centre, 0.0, journeys["travel_time_min"]),
            "distance_km": np.where(centre, 0.0, journeys["distance_km"]),
            "mode": np.where(centre, AT_CENTRE, journeys["mode"]),
            **{part: np.where(centre, 0.0, journeys[part]) for part in PARTS},
            "moved": journeys["moved"] & ~centre,
        },
        index=ids,
    )


def _unknown(ids: pd.Index) -> pd.DataFrame:
    nobody = pd.Series([None] * len(ids), index=ids, dtype=object)
    unknown = {"travel_time_min": np.nan, "distance_km": np.nan, "mode": NONE, **dict.fromkeys(PARTS, np.nan)}
    unknown["moved"] = False
    return pd.DataFrame({"to_id": nobody, **unknown}, index=ids)


def _sources(cut_node: Int, legs: Legs, centre: NDArray[np.bool_]) -> tuple[Int, Float, Int]:
    """The nodes of the centres' ways, the minutes from there, and which way; the shortest where ways share a node."""
    nodes = np.where(centre[legs.settlement], cut_node, -1)
    way = least_of_groups(nodes, legs.into_min, int(cut_node.max(initial=-1)) + 1)
    node = np.flatnonzero(way >= 0)
    return node, legs.into_min[way[node]], way[node]


def _quickest_way(cut_node: Int, legs: Legs, node_minutes: Float, n: int) -> tuple[Int, Float]:
    """For each settlement the way that begins its quickest journey, -1 none, and the minutes of that journey."""
    minutes = np.where(cut_node >= 0, node_minutes[np.maximum(cut_node, 0)] + legs.access_min, np.inf)
    way = least_of_groups(legs.settlement, minutes, n)
    travel = np.full(n, np.inf)
    travel[way >= 0] = minutes[way[way >= 0]]
    return way, travel
