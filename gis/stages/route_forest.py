"""The journeys of all settlements as a forest: every stretch of road that any of them takes is held once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.kernels.paths import accumulate
from gis.space.geodesy import parts_of_lines
from gis.stages.journey_parts import steps_onward
from gis.stages.travel import BY_ROAD, Legs, Roads, Search, search_roads

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
Key = tuple[str, str]


@dataclass(frozen=True)
class Ways:
    """The journeys to one tier in one season, as ways through the forest.

    Parameters
    ----------
    start
        The node where each settlement enters the roads, -1 where its journey is not by road, shape `(n,)`.
    onward
        The stretch that a journey takes from each node, -1 at a centre's and off every way, shape `(nodes,)`.
    """

    start: Int
    onward: Int


@dataclass(frozen=True)
class RouteForest:
    """Stretches of road between the places where journeys begin, meet, part and end.

    Parameters
    ----------
    settlements
        Their ids, in the order of `Ways.start`.
    xy
        Longitude and latitude of each node, shape `(nodes, 2)`.
    ends
        The nodes at both ends of each stretch, shape `(stretches, 2)`.
    lines
        Coordinates of each stretch from its first end to its second, ends included.
    ways
        By tier and season.
    """

    settlements: pd.Index
    xy: Float
    ends: Int
    lines: list[Float]
    ways: dict[Key, Ways]

    def of_tiers(self, tiers: Sequence[str]) -> "RouteForest":
        """Return the forest with the ways to some tiers alone, and the stretches that they take."""
        ways = {key: way for key, way in self.ways.items() if key[0] in tiers}
        if len(ways) == len(self.ways):
            return self
        taken = np.unique(np.concatenate([np.empty(0, np.int64), *(way.onward for way in ways.values())]))
        taken = taken[taken >= 0]
        number = np.full(len(self.lines) + 1, -1, np.int64)  # the last stands for -1
        number[taken] = np.arange(len(taken))
        ways = {key: Ways(way.start, number[way.onward]) for key, way in ways.items()}
        return RouteForest(self.settlements, self.xy, self.ends[taken], [self.lines[i] for i in taken], ways)

    def route(self, settlement: int, tier: str, season: str) -> Float:
        """Return the coordinates of a journey along the roads, shape `(k, 2)`; none where it is not by road.

        Parameters
        ----------
        settlement
            Its position.
        tier, season
            As in `ways`.
        """
        way = self.ways[tier, season]
        node, found = int(way.start[settlement]), [np.empty((0, 2))]
        while node >= 0 and (stretch := int(way.onward[node])) >= 0:
            forth = self.ends[stretch, 0] == node
            found.append(self.lines[stretch] if forth else self.lines[stretch][::-1])
            node = int(self.ends[stretch, 1 if forth else 0])
        return np.concatenate(found)


def route_forest(
    journeys: pd.DataFrame, roads: Mapping[str, Roads], legs: Legs, centre: Mapping[str, Bool]
) -> RouteForest:
    """Find the ways of all settlements to all tiers in all seasons, and cut the roads they take into stretches.

    Parameters
    ----------
    journeys
        Long table with `from_id`, `tier`, `season` and `mode`; in each tier and season the settlements stand in the
        order of `centre`.
    roads
        By season: one network, cut at the same places, with the minutes of each season.
    legs, centre
        As for `gis.stages.travel.road_journeys`, the centres by tier.

    Notes
    -----
    Each pair of tier and season is searched again; seasons that share their roads share the search. A stretch is taken
    whole or not at all, since every place where a journey enters or ends is a node.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from gis.space.network import Network, node_at_vertices
    >>> from gis.space.snapping import snap
    >>> from gis.stages.travel import access_legs, road_journeys
    >>> line = shapely.from_wkt(["LINESTRING (60 0, 61 0, 62 0)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=line, crs="EPSG:4326"))
    >>> network = Network(network.nodes, network.edges.assign(forward_min=200.0, backward_min=200.0))
    >>> points = gpd.GeoSeries.from_xy([60.0, 60.5, 62.0], [0.0] * 3, index=["town", "a", "b"], crs="EPSG:4326")
    >>> ways = snap(points, network, near_m=2000)
    >>> legs = access_legs(ways.access_m, near_km=2, near_kph=20, over_land_kph=5, over_land_max_km=9)
    >>> roads, centre = Roads.cut_at(network, ways), np.array([True, False, False])
    >>> journeys = road_journeys(points, roads, legs, centre)[0].rename_axis("from_id").reset_index()
    >>> journeys = journeys.assign(tier="town", season="year")
    >>> forest = route_forest(journeys, {"year": roads}, legs, {"town": centre})
    >>> len(forest.lines), forest.route(2, "town", "year").tolist()
    (2, [[62.0, 0.0], [61.0, 0.0], [60.5, 0.0], [60.5, 0.0], [60.0, 0.0]])
    """
    trees = _trees(journeys, roads, legs, centre)
    some = next(iter(roads.values()))
    pieces = some.pieces
    # Each piece is held in the direction, and in the order, of the first tree that takes it.
    taken = pd.concat([tree.steps.assign(tree=i) for i, tree in enumerate(trees.values())], ignore_index=True)
    held = taken.drop_duplicates("piece", ignore_index=True)
    a, b = held["node"].to_numpy(np.int64), held["to"].to_numpy(np.int64)
    degree = np.bincount(np.concatenate([a, b]), minlength=pieces.n_nodes)
    key = (degree > 0) & (degree != 2)
    for tree in trees.values():
        key[tree.start[tree.start >= 0]] = True
        key[tree.roots] = True
    stretch = _stretches(a, b, key)
    order = np.lexsort([-held["steps_left"].to_numpy(float), held["tree"].to_numpy(), stretch])
    held, stretch, a, b = held.iloc[order], stretch[order], a[order], b[order]
    first = np.flatnonzero(np.diff(stretch, prepend=-1))
    last = np.append(first[1:], len(stretch))
    nodes = np.flatnonzero(key)
    place = np.full(pieces.n_nodes, -1, np.int64)
    place[nodes] = np.arange(len(nodes))
    lines, number = _shapes(some, held["piece"].to_numpy(np.int64), held["along"].to_numpy(bool))
    bounds = np.searchsorted(number, np.append(first, len(stretch)))
    coordinates = [lines[i:j] for i, j in pairwise(bounds.tolist())]
    ends = np.column_stack([place[a[first]], place[b[last - 1]]]) if len(first) else np.empty((0, 2), np.int64)
    xy = np.full((len(nodes), 2), np.nan)
    for line, (i, j) in zip(coordinates, ends, strict=True):
        xy[i], xy[j] = line[0], line[-1]
    stretch_of = np.full(len(pieces.edge), -1, np.int64)
    stretch_of[held["piece"].to_numpy(np.int64)] = stretch
    ways = {}
    for name, tree in trees.items():
        onward = np.full(len(nodes), -1, np.int64)
        steps = tree.steps[key[tree.steps["node"].to_numpy(np.int64)]]
        onward[place[steps["node"].to_numpy(np.int64)]] = stretch_of[steps["piece"].to_numpy(np.int64)]
        ways[name] = Ways(np.where(tree.start >= 0, place[np.maximum(tree.start, 0)], -1), onward)
    ids = next(iter(journeys.groupby(["tier", "season"], sort=False)))[1]["from_id"]
    return RouteForest(pd.Index(ids), xy, ends, coordinates, ways)


@dataclass(frozen=True)
class _Tree:
    """One search, as far as journeys use it: where they enter, where they end, and their steps.

    `steps` has `node`, `to`, `piece`, `along` (in the direction of the piece) and `steps_left`, the
    number of steps from `node` to the end. (Minutes of very short pieces can be lost in rounding.)
    """

    start: Int
    roots: Int
    steps: pd.DataFrame


def _trees(
    journeys: pd.DataFrame, roads: Mapping[str, Roads], legs: Legs, centre: Mapping[str, Bool]
) -> dict[Key, _Tree]:
    searched: dict[tuple[int, str], Search] = {}
    found: dict[Key, _Tree] = {}
    for (tier, season), table in journeys.groupby(["tier", "season"], sort=False):
        by_road = (table["mode"] == BY_ROAD).to_numpy()
        if not by_road.any():
            found[str(tier), str(season)] = _Tree(np.full(len(table), -1, np.int64), np.empty(0, np.int64), _no_steps())
            continue
        here = roads[str(season)]
        shared = (id(here), str(tier))
        if shared not in searched:
            searched[shared] = search_roads(here, legs, centre[str(tier)])
        search = searched[shared]
        start = np.where(by_road, here.pieces.cut_node[np.maximum(search.way, 0)], -1)
        found[str(tier), str(season)] = _tree(here, search, start.astype(np.int64))
    return found


def _tree(roads: Roads, search: Search, start: Int) -> _Tree:
    """Follow every journey from where it enters the roads, each step once."""
    before = search.found.predecessor.astype(np.int64)
    on_way = np.zeros(len(before), bool)
    at = np.unique(start[start >= 0])
    while len(at):
        on_way[at] = True
        at = before[at]
        at = np.unique(at[at >= 0])
        at = at[~on_way[at]]
    edge = steps_onward(roads, search)
    node = np.flatnonzero(on_way & (before >= 0))
    used = roads.used[edge[node]]
    n = len(roads.pieces.edge)
    left = accumulate(roads.graph, search.found, np.ones(len(roads.used)))
    steps = pd.DataFrame({
        "node": node, "to": before[node], "piece": used % n, "along": used < n, "steps_left": left[node],
    })  # fmt: skip
    return _Tree(start, np.flatnonzero(on_way & (before < 0)), steps)


def _no_steps() -> pd.DataFrame:
    whole = np.empty(0, np.int64)
    return pd.DataFrame({"node": whole, "to": whole, "piece": whole, "along": whole > 0, "steps_left": whole * 1.0})


def _stretches(a: Int, b: Int, key: Bool) -> Int:
    """Number the stretches that pieces between nodes `a` and `b` join into where no key node lies between them."""
    piece = np.arange(len(a))
    node = np.concatenate([a, b])
    owner = np.concatenate([piece, piece])[~key[node]]
    node = node[~key[node]]
    order = np.argsort(node, kind="stable")
    pairs = owner[order].reshape(-1, 2)  # a node that is no key node has exactly two pieces
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(a), len(a)))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _shapes(roads: Roads, piece: Int, along: Bool) -> tuple[Float, Int]:
    """Return the coordinates of pieces in the direction of travel, and of which piece each is."""
    pieces = roads.pieces
    shapes = roads.network.edges.geometry.to_numpy()[pieces.edge[piece]]
    lines = parts_of_lines(shapes, pieces.start[piece], pieces.end[piece])
    lines = np.where(along, lines, shapely.reverse(lines))
    xy, number = shapely.get_coordinates(lines, return_index=True)
    return xy, number
