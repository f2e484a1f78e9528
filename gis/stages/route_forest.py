"""The journeys of all settlements as a forest: every stretch of way that any of them takes is held once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.stages._route_pieces import Pieces, steps_of_all
from gis.stages.legs import Legs
from gis.stages.travel import Roads

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
Key = tuple[str, str]


@dataclass(frozen=True)
class RouteForest:
    """Stretches of way between the places where journeys begin, meet, part, leave the roads and end.

    Parameters
    ----------
    settlements
        Their ids. They are the first nodes, in this order; the others lie on roads.
    xy
        Longitude and latitude of each node, shape `(nodes, 2)`.
    ends
        The nodes at both ends of each stretch, shape `(stretches, 2)`.
    vertices
        Longitude and latitude of the vertices of all stretches in turn, each from its first end to its second, both
        included, shape `(v, 2)`.
    first
        Where the vertices of each stretch begin, and where the last ones end, shape `(stretches + 1,)`.
    off_road
        Which stretches are on no road: the ways to it and from it, and over land; shape `(stretches,)`.
    onward
        By tier and season, the stretch that a journey takes from each node, -1 at a centre's and where no journey
        passes, shape `(nodes,)`.
    """

    settlements: pd.Index
    xy: Float
    ends: Int
    vertices: Float
    first: Int
    off_road: Bool
    onward: dict[Key, Int]

    def of_tiers(self, tiers: Sequence[str]) -> "RouteForest":
        """Return the forest with the ways to some tiers alone, and the stretches that they take."""
        onward = {key: way for key, way in self.onward.items() if key[0] in tiers}
        if len(onward) == len(self.onward):
            return self
        taken = np.zeros(len(self.ends) + 1, bool)  # the last stands for -1
        for way in onward.values():
            taken[way] = True
        taken[-1] = False
        number = np.where(taken, np.cumsum(taken) - 1, -1)
        kept, count = taken[:-1], np.diff(self.first)
        return RouteForest(
            self.settlements, self.xy, self.ends[kept], self.vertices[np.repeat(kept, count)],
            np.append(0, np.cumsum(count[kept])), self.off_road[kept], {k: number[way] for k, way in onward.items()},
        )  # fmt: skip

    def lines(self) -> NDArray[np.object_]:
        """Return the line of each stretch, from its first end to its second."""
        stretch = np.repeat(np.arange(len(self.ends)), np.diff(self.first))
        found: NDArray[np.object_] = shapely.linestrings(self.vertices, indices=stretch)
        return found

    def simplified(self, tolerance: float | Float) -> "RouteForest":
        """Return the forest with lines at most so many degrees from the way, one number for each or all; ends stay."""
        lines = shapely.simplify(self.lines(), tolerance)
        first = np.append(0, np.cumsum(shapely.get_num_coordinates(lines)))
        vertices = shapely.get_coordinates(lines)
        return RouteForest(self.settlements, self.xy, self.ends, vertices, first, self.off_road, self.onward)

    def line(self, settlement: int, tier: str, season: str) -> Float:
        """Return the vertices of a journey, shape `(k, 2)`; none at a centre and where none is reached.

        Parameters
        ----------
        settlement
            Its position.
        tier, season
            As in `onward`.
        """
        onward, node, found = self.onward[tier, season], settlement, [np.empty((0, 2))]
        while (stretch := int(onward[node])) >= 0:
            line = self.vertices[self.first[stretch] : self.first[stretch + 1]]
            forth = self.ends[stretch, 0] == node
            found.append(line if forth else line[::-1])
            node = int(self.ends[stretch, 1 if forth else 0])
        return np.concatenate(found)

    def loads(self, tier: str, season: str, weights: Float) -> Float:
        """Sum weights of the settlements whose journeys take each stretch.

        Parameters
        ----------
        tier, season
            As in `onward`.
        weights
            Of the settlements, shape `(n, k)`.

        Returns
        -------
        array of shape `(stretches, k)`
            0 where no journey passes.
        """
        onward = self.onward[tier, season]
        goes = np.flatnonzero(onward >= 0)
        after = np.arange(len(onward))  # the node that comes next; where a journey ends, the same
        after[goes] = self.ends[onward[goes]].sum(axis=1) - goes
        load = np.zeros((len(onward), weights.shape[1]))
        load[: len(weights)] = weights
        left = _steps_left(after)
        far = goes[np.argsort(-left[goes], kind="stable")]
        for level in np.split(far, np.flatnonzero(np.diff(left[far])) + 1):
            np.add.at(load, after[level], load[level])
        out = np.zeros((len(self.ends), weights.shape[1]))
        out[onward[goes]] = load[goes]
        return out


def _steps_left(after: Int) -> Int:
    """Count the steps from each node to where its journey ends, twice as many of them in each round."""
    left: Int = (after != np.arange(len(after))).astype(np.int64)
    while (left[after] > 0).any():
        left, after = left + left[after], after[after]
    return left


def route_forest(
    points: gpd.GeoSeries, journeys: pd.DataFrame, roads: Mapping[str, Roads], legs: Legs, centre: Mapping[str, Bool]
) -> RouteForest:
    """Find the ways of all settlements to all tiers in all seasons, and cut what they take into stretches.

    Parameters
    ----------
    points
        Settlements, longitude and latitude.
    journeys
        Long table with `from_id`, `to_id`, `tier`, `season` and `mode`; in each tier and season the settlements stand
        in the order of `points`.
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
    >>> from gis.space.network import Network, node_at_vertices
    >>> from gis.space.snapping import snap
    >>> from gis.stages.legs import access_legs
    >>> from gis.stages.travel import road_journeys
    >>> line = shapely.from_wkt(["LINESTRING (60 0, 61 0, 62 0)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=line, crs="EPSG:4326"))
    >>> network = Network(network.nodes, network.edges.assign(forward_min=200.0, backward_min=200.0))
    >>> points = gpd.GeoSeries.from_xy([60.0, 60.5, 62.0], [0.0, 0.0, 0.01], index=["town", "a", "b"], crs="EPSG:4326")
    >>> ways = snap(points, network, near_m=2000)
    >>> legs = access_legs(ways.access_m, near_km=2, near_kph=20, over_land_kph=5, over_land_max_km=9)
    >>> roads, centre = Roads.cut_at(network, ways), np.array([True, False, False])
    >>> journeys = road_journeys(points, roads, legs, centre)[0].rename_axis("from_id").reset_index()
    >>> journeys = journeys.assign(tier="town", season="year")
    >>> forest = route_forest(points, journeys, {"year": roads}, legs, {"town": centre})
    >>> len(forest.ends), forest.line(2, "town", "year").round(2).tolist()[:4]
    (5, [[62.0, 0.01], [62.0, 0.0], [62.0, 0.0], [61.0, 0.0]])
    >>> sorted(forest.loads("town", "year", np.array([[0.0], [300.0], [20.0]])).ravel().tolist())
    [20.0, 20.0, 300.0, 320.0, 320.0]
    """
    some = next(iter(roads.values()))
    pieces = Pieces(points, some, legs)
    trees = steps_of_all(points.index, journeys, roads, legs, centre, pieces)
    # Each piece is held in the direction, and in the order, of the first tree that takes it.
    taken = pd.concat([tree.assign(tree=i) for i, tree in enumerate(trees.values())], ignore_index=True)
    held = taken.drop_duplicates("piece")
    off = pieces.off_road(held["piece"].to_numpy(np.int64))
    key = _key_nodes(held, off, pieces)
    stretch = _stretches(held["node"].to_numpy(np.int64), held["to"].to_numpy(np.int64), key)
    order = np.lexsort([-held["steps_left"].to_numpy(float), held["tree"].to_numpy(), stretch])
    held, stretch = held.iloc[order], stretch[order]
    begins = np.flatnonzero(np.diff(stretch, prepend=-1))
    until = np.append(begins, len(stretch))[1:]
    place = np.where(key, np.cumsum(key) - 1, -1)
    ends = np.column_stack([
        place[held["node"].to_numpy(np.int64)[begins]], place[held["to"].to_numpy(np.int64)[until - 1]]
    ])  # fmt: skip
    vertices, count = _joined(pieces, held, begins)
    first = np.append(0, np.cumsum(count))[np.append(begins, len(stretch))]
    xy = np.empty((int(key.sum()), 2))
    xy[: len(points)] = pieces.lonlat
    xy[ends[:, 0]], xy[ends[:, 1]] = vertices[first[:-1]], vertices[first[1:] - 1]
    stretch_of = pd.Series(stretch, index=held["piece"])
    onward = {}
    for name, tree in trees.items():
        steps = tree[key[tree["node"].to_numpy(np.int64)]]
        onward[name] = np.full(len(xy), -1, np.int64)
        onward[name][place[steps["node"].to_numpy(np.int64)]] = stretch_of.loc[steps["piece"]].to_numpy()
    return RouteForest(pd.Index(points.index), xy, ends, vertices, first, off[order][begins], onward)


def _key_nodes(held: pd.DataFrame, off: Bool, pieces: Pieces) -> Bool:
    """Say between which nodes stretches lie: settlements, and where ways meet, part, end, or leave the roads."""
    at = np.concatenate([held["node"], held["to"]]).astype(np.int64)
    degree, of_them_off = (np.bincount(at, np.tile(each, 2), pieces.n_nodes) for each in (np.ones(len(held)), off))
    key: Bool = (degree > 0) & ((degree != 2) | (of_them_off == 1))
    key[at[np.tile(held["piece"] >= pieces.first_way, 2)]] = True  # where journeys enter the roads, and end on them
    key[: pieces.settlements] = True
    return key


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


def _joined(pieces: Pieces, held: pd.DataFrame, begins: Int) -> tuple[Float, Int]:
    """Return the vertices of pieces in turn, and how many each has; where one goes on another, their joint is once."""
    lines = pieces.lines(held["piece"].to_numpy(np.int64))
    back = ~held["along"].to_numpy(bool)
    lines[back] = shapely.reverse(lines[back])
    vertices, number = shapely.get_coordinates(lines, return_index=True)
    joint = np.diff(number, prepend=-1) > 0
    joint &= ~np.isin(number, begins)
    return vertices[~joint], np.bincount(number[~joint], minlength=len(held))
