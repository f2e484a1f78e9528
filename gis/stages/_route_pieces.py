"""What routes are made of: pieces of road, the ways between settlements and roads, and the ways over land."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.kernels.paths import accumulate
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
    searched: dict[tuple[int, str], Search] = {}
    found = {}
    for (tier, season), table in journeys.groupby(["tier", "season"], sort=False):
        mode = table["mode"].to_numpy(object)
        who = np.flatnonzero(mode == OVER_LAND)
        to = ids.get_indexer(pd.Index(table["to_id"].iloc[who]))
        number = pieces.first_over_land + who * pieces.settlements + to
        steps = [_table(who, to, number, True)]
        if (mode == BY_ROAD).any():
            here = roads[str(season)]
            shared = (id(here), str(tier))
            if shared not in searched:
                searched[shared] = search_roads(here, legs, centre[str(tier)])
            steps += _by_road(here, legs, searched[shared], np.flatnonzero(mode == BY_ROAD), pieces)
        found[str(tier), str(season)] = pd.concat(steps, ignore_index=True)
    return found


def _by_road(roads: Roads, legs: Legs, search: Search, who: Int, pieces: Pieces) -> list[pd.DataFrame]:
    """Follow journeys from where they enter the roads, and to both settlements."""
    before, n = search.found.predecessor.astype(np.int64), pieces.settlements
    way = search.way[who]
    enters = roads.pieces.cut_node[way].astype(np.int64)
    on_way = np.zeros(len(before), bool)
    at = np.unique(enters)
    while len(at):
        on_way[at] = True
        at = before[at]
        at = np.unique(at[at >= 0])
        at = at[~on_way[at]]
    node = np.flatnonzero(on_way & (before >= 0))
    used, cut = roads.used[_steps_onward(roads, search)[node]], len(roads.pieces.edge)
    left = accumulate(roads.graph, search.found, np.ones(len(roads.used)), node)
    ends = np.flatnonzero(on_way & (before < 0))
    into = search.into[search.found.source[ends]]
    return [
        _table(who, n + enters, pieces.first_way + way, True),
        _table(n + node, n + before[node], used % cut, used < cut, left),
        _table(n + ends, legs.settlement[into], pieces.first_way + into, False),
    ]


def _steps_onward(roads: Roads, search: Search) -> Int:
    """For each node the edge of the graph, as in `roads.used`, that its journey takes next; -1 where it ends."""
    graph = roads.graph
    on_way = search.found.predecessor[graph.to] == graph.from_node
    out = np.full(graph.n, -1, np.int64)
    out[graph.to[on_way]] = graph.edge[on_way]
    return out


def _table(node: Int, to: Int, piece: Int, along: Bool | bool, left: Float | float = 0.0) -> pd.DataFrame:
    return pd.DataFrame({"node": node, "to": to, "piece": piece, "along": along, "steps_left": left})
