"""What routes are made of: pieces of road, the ways between settlements and roads, and the ways over land."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.kernels.journey_tree import journey_tree
from gis.kernels.threads import on_all_cores
from gis.space.geodesy import lines_through, parts_of_lines
from gis.stages.legs import Legs
from gis.stages.travel import BY_ROAD, OVER_LAND, Roads, Search, search_roads

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]


class Pieces:
    """Numbers for all pieces that a route may take: those of road, then the ways of settlements, then those over land.

    Nodes are numbered too: the settlements, then those of the cut network. Of the ways between the settlements `i` and
    `j` over land the number is that of the first plus `i n + j`.

    Parameters
    ----------
    points
        Settlements, longitude and latitude.
    roads, legs
        As for `gis.stages.travel.road_journeys`.
    """

    def __init__(self, points: gpd.GeoSeries, roads: Roads, legs: Legs) -> None:
        self.roads, self.legs = roads, legs
        self.lonlat = shapely.get_coordinates(points.to_numpy())
        self.settlements = len(points)
        self.n_nodes = len(points) + roads.pieces.n_nodes
        self.first_way = len(roads.pieces.edge)
        self.first_over_land = self.first_way + len(legs.settlement)

    def off_road(self, piece: Int) -> Bool:
        """Say which pieces are on no road."""
        off = np.ones(len(piece), bool)
        on = piece < self.first_way
        off[on] = self.roads.network.is_link[self.roads.pieces.edge[piece[on]]]
        return off

    def lines(self, piece: Int) -> NDArray[np.object_]:
        """Return the lines of pieces, those of ways from the settlement, shape `(k,)`."""
        out = np.empty(len(piece), object)
        on, over_land = piece < self.first_way, piece >= self.first_over_land
        way = ~on & ~over_land
        out[on] = self._on_road(piece[on])
        out[way] = self._to_road(piece[way] - self.first_way)
        out[over_land] = self._over_land(*np.divmod(piece[over_land] - self.first_over_land, self.settlements))
        return out

    def _on_road(self, piece: Int) -> NDArray[np.object_]:
        cut = self.roads.pieces
        edge, of = np.unique(cut.edge[piece], return_inverse=True)
        shapes = self.roads.network.edges.geometry.to_numpy()[edge]
        return parts_of_lines(shapes, cut.start[piece], cut.end[piece], of)

    def _to_road(self, way: Int) -> NDArray[np.object_]:
        ends = self.roads.places(self.roads.pieces.cut_node[way])
        return lines_through(self.lonlat[self.legs.settlement[way]], self.legs.bends(way), ends)

    def _over_land(self, who: Int, to: Int) -> NDArray[np.object_]:
        paths = np.full(len(who), None, object)
        direct = self.legs.direct
        if direct is not None and len(direct):
            known = direct.drop_duplicates(["settlement", "to"]).set_index(["settlement", "to"])["path"]
            found = known.index.get_indexer(pd.MultiIndex.from_arrays([who, to]))
            paths[found >= 0] = known.to_numpy(object)[found[found >= 0]]
        return lines_through(self.lonlat[who], [self.legs.middles(who, paths)], self.lonlat[to])


def steps_of_all(
    ids: pd.Index,
    journeys: pd.DataFrame,
    roads: Mapping[str, Roads],
    legs: Legs,
    centre: Mapping[str, Bool],
    pieces: Pieces,
) -> dict[tuple[str, str], pd.DataFrame]:
    """Follow the journeys to each tier in each season, each step once.

    Parameters
    ----------
    ids
        Of the settlements, in their order.
    journeys, roads, legs, centre
        As for `gis.stages.route_forest.route_forest`.
    pieces
        Which number what is taken.

    Returns
    -------
    dict
        By tier and season, a table of `node`, `to`, `piece`, `along` (in the direction of its line) and `steps_left` on
        the roads, since minutes of very short pieces can be lost in rounding.
    """
    over_land, by_road = {}, {}
    shared: dict[tuple[int, str], list[tuple[str, str]]] = {}  # seasons with the same roads share the search
    for (tier, season), table in journeys.groupby(["tier", "season"], sort=False):
        key, mode = (str(tier), str(season)), table["mode"].to_numpy(object)
        shared.setdefault((id(roads[key[1]]), key[0]), []).append(key)
        by_road[key], who = np.flatnonzero(mode == BY_ROAD), np.flatnonzero(mode == OVER_LAND)
        to = ids.get_indexer(pd.Index(table["to_id"].iloc[who]))
        over_land[key] = _table(who, to, pieces.first_over_land + who * pieces.settlements + to, True)

    def follow(keys: list[tuple[str, str]], _: object) -> None:
        (tier, season), some = keys[0], [key for key in keys if len(by_road[key])]
        here = roads[season]
        if some:
            search = search_roads(here, legs, centre[tier])
        for key in some:
            steps = _by_road(here, legs, search, by_road[key], pieces)
            found[key] = pd.concat([over_land[key], *steps], ignore_index=True)

    found = dict(over_land)
    on_all_cores(follow, [(keys,) for keys in shared.values()])
    return found


def _by_road(roads: Roads, legs: Legs, search: Search, who: Int, pieces: Pieces) -> list[pd.DataFrame]:
    """Follow journeys from where they enter the roads, and to both settlements."""
    n, way = pieces.settlements, search.way[who]
    enters = roads.pieces.cut_node[way].astype(np.int64)
    tree = journey_tree(roads.graph, search.found, enters)
    steps_left = tree.totals(np.ones(len(tree.node)))
    order = np.argsort(tree.node)
    on, last = order[tree.edge[order] >= 0], order[tree.edge[order] < 0]
    node, before = tree.node[on].astype(np.int64), tree.node[tree.parent[on]].astype(np.int64)
    piece, along = roads.driven(roads.graph.edge[tree.edge[on]])
    ends = tree.node[last].astype(np.int64)
    into = search.into[search.found.source[ends]]
    return [
        _table(who, n + enters, pieces.first_way + way, True),
        _table(n + node, n + before, piece, along, steps_left[on]),
        _table(n + ends, legs.settlement[into], pieces.first_way + into, False),
    ]


def _table(node: Int, to: Int, piece: Int, along: Bool | bool, left: Float | float = 0.0) -> pd.DataFrame:
    return pd.DataFrame({"node": node, "to": to, "piece": piece, "along": along, "steps_left": left})
