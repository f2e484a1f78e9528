"""Roads into a network of nodes and edges: noding, components, splitting at given points."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from geopandas.array import GeometryArray
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gis.fields import BRIDGE, COMPONENT_ID, FROM_ID, LENGTH_M, ROAD_ID, TO_ID, TUNNEL
from gis.kernels.garbage import uncollected
from gis.kernels.geodesic import short_steps_m
from gis.kernels.noding import components, pieces_between, vertex_keys
from gis.kernels.threads import on_all_cores
from gis.space.geodesy import segment_lengths_m

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# Vertices that agree to 1e-7 degrees (a centimetre, and OpenStreetMap's own resolution) are one vertex: what is
# lost by writing a shared vertex twice, or through another coordinate system, is far less.
_PER_DEGREE = 10_000_000

# As a share of that: how far two writings of one place may differ across the border between two vertices (0.1 mm).
_HALFWAY = 0.01


@dataclass(frozen=True)
class Network:
    """A road network as two tables; each step returns a new one.

    Parameters
    ----------
    nodes
        GeoDataFrame of points (longitude, latitude); its index is 0, 1, 2, ...; `component_id`.
    edges
        GeoDataFrame of lines; its index is 0, 1, 2, ...; `from_id` and `to_id` are nodes, in the direction of the
        line; `length_m`, `component_id`, and the columns of the roads that the edges are pieces of.
        Component 0 has the greatest length of road, and so on down.
    """

    nodes: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame

    @property
    def is_link(self) -> NDArray[np.bool_]:
        """Say which edges are no roads but links over land (`gis.stages.links`): they join no nodes of the network."""
        return np.asarray(self.edges[FROM_ID].to_numpy() < 0)


def node_at_vertices(roads: gpd.GeoDataFrame) -> Network:
    """Split roads at every vertex that two of them share, the convention of OpenStreetMap.

    A vertex is a node where a line ends, where lines share it, or where a line meets itself. Lines that cross
    without a common vertex (a bridge over a road) stay apart.

    Parameters
    ----------
    roads
        Lines in EPSG:4326 with a unique index and any columns, which the edges inherit; the index is kept as
        column `road_id`.

    Returns
    -------
    Network
        Pieces of no length are left out.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 1 0, 2 0)", "LINESTRING (1 0, 1 1)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=lines, index=["a", "b"], crs="EPSG:4326"))
    >>> len(network.nodes), network.edges.road_id.tolist()
    (4, ['a', 'a', 'b'])
    """
    lines = roads.geometry.to_numpy()
    xy, line = shapely.get_coordinates(lines, return_index=True)
    cut, step = on_all_cores(
        lambda work, _: work(), [(lambda: pieces_between(_vertex_keys(xy), line),), (lambda: _steps_m(xy, line),)]
    )
    first, last, from_id, to_id, vertex = cut

    def make_nodes() -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(geometry=GeometryArray(shapely.points(xy[vertex]), roads.crs))

    def make_edges() -> gpd.GeoDataFrame:
        pieces = GeometryArray(_pieces(lines, xy, line, first, last), roads.crs)
        edges = roads.iloc[line[first]].rename_axis(ROAD_ID).reset_index().set_geometry(pieces)
        return edges.assign(**{FROM_ID: from_id, TO_ID: to_id, LENGTH_M: _lengths_m(step, first, last)})

    with uncollected():
        nodes, edges = on_all_cores(lambda make, _: make(), [(make_nodes,), (make_edges,)])
    return with_components(Network(nodes, edges))


def node_at_crossings(roads: gpd.GeoDataFrame) -> Network:
    """Split roads wherever two of them cross or touch, or one crosses itself, but for bridges and tunnels.

    For shapefiles drawn without shared vertices. A bridge or a tunnel joins other roads only at its ends, and at
    vertices that it shares with them. An end of a road that lies within a centimetre of another road is on it.

    Parameters
    ----------
    roads
        As for `node_at_vertices`, with boolean columns `bridge` and `tunnel` where they are known.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 2 0)", "LINESTRING (1 -1, 1 1)"])
    >>> roads = gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326")
    >>> len(node_at_vertices(roads).edges), len(node_at_crossings(roads).edges)
    (2, 4)
    >>> len(node_at_crossings(roads.assign(bridge=[True, False])).edges)
    2
    """
    xy, line = shapely.get_coordinates(roads.geometry.to_numpy(), return_index=True)
    raised = np.zeros(len(roads), bool)
    for column in (BRIDGE, TUNNEL):
        if column in roads:
            raised |= roads[column].to_numpy(bool)
    # Segments of roads on the ground, each known by the vertex that it starts at.
    start = np.flatnonzero((line[1:] == line[:-1]) & (xy[1:] != xy[:-1]).any(axis=1) & ~raised[line[1:]])
    segments = shapely.linestrings(np.stack([xy[start], xy[start + 1]], axis=1))
    tree = shapely.STRtree(segments)
    one, other = tree.query(segments, predicate="intersects")
    apart = (one < other) & (start[other] != start[one] + 1)
    one, other = one[apart], other[apart]
    # Where two roads run along each other, the ends of the common stretch become nodes: that joins them there.
    at, pair = shapely.get_coordinates(shapely.intersection(segments[one], segments[other]), return_index=True)

    ends = np.flatnonzero(_line_ends(line))
    end, touched = tree.query(shapely.points(xy[ends]), predicate="dwithin", distance=1 / _PER_DEGREE)
    tip, into = xy[ends[end]], start[touched]
    new = (tip != xy[into]).any(axis=1) & (tip != xy[into + 1]).any(axis=1)
    after = np.concatenate([start[one[pair]], start[other[pair]], into[new]])
    return node_at_vertices(_with_vertices(roads, xy, line, after, np.concatenate([at, at, tip[new]])))


def with_components(network: Network) -> Network:
    """Number the connected components of a network, the one with most road first.

    Directions are ignored: a one-way street joins its ends. Components of equal length (to a millimetre) are ordered
    by their first node.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 1 0)", "LINESTRING (5 5, 7 7, 9 9)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326"))
    >>> network.edges.component_id.tolist()
    [1, 0]
    """
    edges = network.edges
    from_id, to_id = edges[FROM_ID].to_numpy(np.int64), edges[TO_ID].to_numpy(np.int64)
    count, label = components(len(network.nodes), from_id, to_id)
    length = np.bincount(label[from_id], weights=edges[LENGTH_M].to_numpy(), minlength=count)
    rank = np.empty(count, np.int64)
    rank[np.argsort(-np.round(length, 3), kind="stable")] = np.arange(count)
    node_component = rank[label]
    return Network(
        network.nodes.assign(**{COMPONENT_ID: node_component}),
        edges.assign(**{COMPONENT_ID: node_component[from_id]}),
    )


@dataclass(frozen=True)
class Pieces:
    """The edges of a network cut at points: what a graph is made of.

    Parameters
    ----------
    n_nodes
        Nodes of the network, then the cuts.
    from_id, to_id
        The ends of each piece, in the direction of its edge's line.
    edge
        The position of the edge that each piece is of.
    start, end
        Where on the edge the piece begins and ends, as fractions of its length.
    cut_node
        The node of each cut that was asked for.
    """

    n_nodes: int
    from_id: Int
    to_id: Int
    edge: Int
    start: Float
    end: Float
    cut_node: Int

    def on_edges(self, piece: Int, share: Float) -> tuple[Int, Float]:
        """Return the edges of places on pieces, and where on them, from how far along the pieces they are."""
        return self.edge[piece], self.start[piece] + (self.end - self.start)[piece] * share


def cut_edges(network: Network, edge: Int, fraction: Float) -> Pieces:
    """Cut edges at points, without cutting their geometries.

    Cuts at the same place of an edge are one node; cuts at an end of an edge are that end.

    Parameters
    ----------
    network
        What is cut.
    edge
        Position of the edge of each cut, shape `(n,)`.
    fraction
        Where on it, 0 to 1 of its length, shape `(n,)`.

    Examples
    --------
    >>> line = shapely.from_wkt(["LINESTRING (0 0, 1 0)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=line, crs="EPSG:4326"))
    >>> pieces = cut_edges(network, np.array([0, 0, 0]), np.array([0.75, 0.0, 0.25]))
    >>> pieces.from_id.tolist(), pieces.to_id.tolist(), pieces.cut_node.tolist()
    ([0, 3, 2], [3, 2, 1], [2, 0, 3])
    """
    n = len(network.nodes)
    from_id, to_id = network.edges[FROM_ID].to_numpy(np.int64), network.edges[TO_ID].to_numpy(np.int64)
    inside = (fraction > 0) & (fraction < 1)
    cut_node = np.where(fraction <= 0, from_id[edge], to_id[edge])
    if inside.any():
        number, cut_edge, cut_at = _distinct_cuts(edge[inside], fraction[inside])
        cut_node[inside] = n + number
    else:
        cut_edge, cut_at = np.empty(0, np.int64), np.empty(0)
    m, k = len(network.edges), len(cut_edge)
    # A cut begins a piece, and ends the one before it; all others begin and end where their edges do.
    order = np.lexsort([cut_at, cut_edge])
    cut_edge, cut_at = cut_edge[order], cut_at[order]
    begins = cut_edge + 1 + np.arange(k)
    first, last = np.ones(m + k, bool), np.ones(m + k, bool)
    first[begins] = last[begins - 1] = False
    begin, end = np.empty(m + k, np.int64), np.empty(m + k, np.int64)
    begin[first], begin[begins] = from_id, n + order
    end[last], end[begins - 1] = to_id, n + order
    of = np.cumsum(first) - 1
    start, stop = np.zeros(m + k), np.ones(m + k)
    start[begins] = stop[begins - 1] = cut_at
    return Pieces(n + k, begin, end, of, start, stop, cut_node)


def _distinct_cuts(edge: Int, fraction: Float) -> tuple[Int, Int, Float]:
    """Number the cuts, equal ones alike, by where each is met first; return the edge and fraction of each number."""
    order = np.lexsort([fraction, edge])
    rising_edge, rising_at = edge[order], fraction[order]
    new = np.append(True, (rising_edge[1:] != rising_edge[:-1]) | (rising_at[1:] != rising_at[:-1]))
    first = order[new]  # of equal cuts the one that comes first, for the sort is stable
    is_first = np.zeros(len(edge), bool)
    is_first[first] = True
    number = np.empty(len(edge), np.int64)
    number[order] = (np.cumsum(is_first) - 1)[first][np.cumsum(new) - 1]
    return number, edge[is_first], fraction[is_first]


def _vertex_keys(xy: Float) -> Int:
    """Give every vertex a number, equal ones at equal places, rising from west to east and south to north."""
    key, near_border = vertex_keys(xy, per_degree=_PER_DEGREE, halfway=_HALFWAY)
    # Two writings of one place may round to different sides of a half: those so near to one are compared themselves.
    halfway = np.flatnonzero(near_border)
    pairs = halfway[cKDTree(xy[halfway]).query_pairs(_HALFWAY / _PER_DEGREE, output_type="ndarray")]
    pairs = pairs[key[pairs[:, 0]] != key[pairs[:, 1]]]
    if len(pairs):
        code, place = np.unique(key[pairs], return_inverse=True)
        _, label = components(len(code), *place.reshape(-1, 2).T)
        _, least = np.unique(label, return_index=True)
        at = np.minimum(np.searchsorted(code, key), len(code) - 1)
        key = np.where(code[at] == key, code[least[label[at]]], key)
    return key


def _pieces(lines: NDArray[Any], xy: Float, line: Int, first: Int, last: Int) -> NDArray[np.object_]:
    """Cut lines from vertex to vertex; a line that is whole stays the object that it is."""
    out = np.asarray(lines, object)[line[first]]
    line_end = _line_ends(line)
    cut = np.flatnonzero(~(line_end[first] & line_end[last]))
    start, count = first[cut], last[cut] - first[cut] + 1
    offset = np.concatenate([[0], np.cumsum(count)])
    index = np.repeat(np.arange(len(count)), count)
    flat = np.arange(offset[-1]) - offset[index] + start[index]
    out[cut] = shapely.linestrings(xy[flat], indices=index)
    return out


def _steps_m(xy: Float, line: Int) -> Float:
    """Return the geodesic length from each vertex to the next one of its line; 0 at the last."""
    step = short_steps_m(xy, line)
    far = np.flatnonzero(np.isnan(step))
    if len(far):
        step[far] = segment_lengths_m(xy[far], xy[far + 1])
    return step


def _lengths_m(step: Float, first: Int, last: Int) -> Float:
    """Add up the steps of each piece, from its first vertex to its last in turn."""
    if len(first) == 0:
        return np.empty(0)
    return np.asarray(np.add.reduceat(step, np.column_stack([first, last]).ravel())[::2])


def _with_vertices(roads: gpd.GeoDataFrame, xy: Float, line: Int, after: Int, at: Float) -> gpd.GeoDataFrame:
    """Insert points into lines, each behind a vertex; the lines keep their own vertices."""
    step, away = xy[after + 1] - xy[after], at - xy[after]
    share = (away * step).sum(axis=1) / (step**2).sum(axis=1)
    # A line's own vertices come before what is inserted behind them.
    order = np.lexsort([np.concatenate([np.full(len(xy), -np.inf), share]), np.r_[np.arange(len(xy)), after]])
    xy, line = np.concatenate([xy, at])[order], np.concatenate([line, line[after]])[order]
    return roads.set_geometry(shapely.linestrings(xy, indices=line), crs=roads.crs)


def _line_ends(line: Int) -> NDArray[np.bool_]:
    ends = np.ones(len(line), bool)
    ends[1:-1] = (line[1:-1] != line[:-2]) | (line[1:-1] != line[2:])
    return ends
