"""Rasters of travel time and of distance to the nearest centre."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from gis.kernels.along import ROUNDING_MIN, beaten_along, lower_to_stretches, minutes_along, stretches_of_pieces
from gis.kernels.least import least_of_groups
from gis.kernels.paths import Graph, csr_graph, nearest
from gis.kernels.threads import on_all_cores
from gis.space.geodesy import densified, vertex_measures_m
from gis.space.grid import Grid
from gis.space.network import Network
from gis.stages.travel import Roads

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_LINES = 50_000  # that are laid on the grid at once: by one core, in its cache


@dataclass(frozen=True)
class RoadCells:
    """Where roads run through the cells of a grid: a row for each stretch of a piece of road within one cell.

    Parameters
    ----------
    roads
        The cut network.
    grid
        The grid.
    cell
        Position of the cell, counted row by row, shape `(n,)`.
    piece
        Position of the piece in `roads.pieces`, shape `(n,)`.
    enter, leave
        Where on the piece the stretch begins and ends, as shares of its length, shape `(n,)`.
    """

    roads: Roads
    grid: Grid
    cell: Int
    piece: Int
    enter: Float
    leave: Float

    def lower(self, minutes: Float, node_minutes: Float) -> None:
        """Lower the minutes of all cells, in place, to the least on the roads in them, from those of the cut nodes."""
        p = self.roads.pieces
        along = p.from_id, p.to_id, *self.roads.piece_min
        lower_to_stretches(minutes.reshape(-1), self.cell, node_minutes, *along, self.piece, self.enter, self.leave)

    def some(self, which: Int) -> "RoadCells":
        """Return the stretches at some positions."""
        return replace(self, cell=self.cell[which], piece=self.piece[which],
                       enter=self.enter[which], leave=self.leave[which])  # fmt: skip

    def at_ends(self, node_minutes: Float) -> Float:
        """Return the minutes at the beginning and at the end of each stretch, shape `(2, n)`."""
        return np.stack([minutes_at(self.roads, node_minutes, self.piece, s) for s in (self.enter, self.leave)])


def minutes_at(roads: Roads, node_minutes: Float, piece: Int, share: Float) -> Float:
    """Return the minutes of places on the pieces of a cut network, from those of its nodes.

    Parameters
    ----------
    roads
        The cut network.
    node_minutes
        Of its nodes.
    piece, share
        Positions of pieces, and how far along them the places are, 0 to 1; shape `(n,)`.
    """
    p = roads.pieces
    return minutes_along(node_minutes, p.from_id, p.to_id, *roads.piece_min, piece, share)


def not_beaten(
    roads: Roads, piece: Int, share: Float, minutes: Float, driven: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Say at which of some places a journey may leave the roads: where it is not quicker to drive to another of them.

    Parameters
    ----------
    roads
        The cut network.
    piece, share
        Positions of pieces, rising, and how far along them the places are, 0 to 1, rising on each; shape `(n,)`.
    minutes
        From each place on, off the road; shape `(n,)`.
    driven
        Which pieces one drives on between the places, all of the places' among them; without it all.

    Returns
    -------
    array of shape `(n,)`
        False where driving to another place and going on from there is quicker by more than rounding.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> from gis.space.network import node_at_vertices
    >>> line = shapely.from_wkt(["LINESTRING (60 0, 61 0)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=line, crs="EPSG:4326"))
    >>> network = Network(network.nodes, network.edges.assign(forward_min=60.0, backward_min=60.0))
    >>> roads = Roads.cut_at(network, pd.DataFrame({"edge": [0], "fraction": [0.0]}))
    >>> not_beaten(roads, np.zeros(3, int), np.array([0.0, 0.5, 1.0]), np.array([100.0, 40.0, 69.0])).tolist()
    [False, True, True]
    """
    kept: NDArray[np.bool_] = ~beaten_along(piece, share, share, minutes, *roads.piece_min)[0]
    left = np.flatnonzero(kept)
    piece, share, minutes = piece[left], share[left], minutes[left]
    from_id, to_id, graph = roads.pieces.from_id, roads.pieces.to_id, roads.graph
    if driven is not None:
        from_id, to_id, graph = _part_of_graph(roads, driven)
    forward, backward = roads.piece_min
    nodes = np.concatenate([from_id[piece], to_id[piece]])
    start = np.concatenate([minutes + _part(forward[piece], share), minutes + _part(backward[piece], 1 - share)])
    least = least_of_groups(nodes, start, graph.n)
    least = least[least >= 0]
    found = nearest(graph, nodes[least], start=start[least])
    by_node = minutes_along(found.minutes, from_id, to_id, forward, backward, piece, share)
    kept[left[by_node < minutes - ROUNDING_MIN]] = False
    return kept


def _part_of_graph(roads: Roads, driven: NDArray[np.bool_]) -> tuple[Int, Int, Graph]:
    """Return the ends of pieces, -1 of those that are not driven, and the graph of the others."""
    pieces, graph = roads.pieces, roads.graph
    number = np.full(pieces.n_nodes, -1)
    number[pieces.from_id[driven]] = number[pieces.to_id[driven]] = 0
    number[number == 0] = np.arange(np.count_nonzero(number == 0))
    on = np.flatnonzero(driven[roads.driven(graph.edge)[0]])
    from_id, to_id = (np.where(driven, number[node], -1) for node in (pieces.from_id, pieces.to_id))
    tail, head = number[graph.from_node[on]], number[graph.to[on]]
    return from_id, to_id, csr_graph(int(np.count_nonzero(number >= 0)), tail, head, graph.minutes[on])


@dataclass(frozen=True)
class Crossings:
    """Where the edges of a network run through the cells of a grid: a row for each stretch of an edge in one cell.

    Parameters
    ----------
    grid
        The grid.
    cell
        Position of the cell, counted row by row, shape `(n,)`.
    begin, end
        Where on the edges the stretch lies, in order: twice the edge's position, and the share of its length.
    """

    grid: Grid
    cell: Int
    begin: Float
    end: Float

    def on(self, roads: Roads) -> RoadCells:
        """Return the stretches of the pieces that the network is cut into."""
        pieces = roads.pieces
        begin, stop = 2 * pieces.edge + pieces.start, 2 * pieces.edge + pieces.end
        of, piece, enter, leave = stretches_of_pieces(self.begin, self.end, begin, stop)
        return RoadCells(roads, self.grid, self.cell[of], piece, enter, leave)

    def some(self, edges: NDArray[np.bool_]) -> "Crossings":
        """Return the stretches of some of the edges."""
        kept = edges[(self.begin / 2).astype(np.int64)]
        return replace(self, cell=self.cell[kept], begin=self.begin[kept], end=self.end[kept])


def crossings(network: Network, grid: Grid) -> Crossings:
    """Find the stretches of roads within each cell, exactly: also where a road only clips a corner.

    Parameters
    ----------
    network
        The roads; links over land (`gis.stages.links`) among its edges are no roads.
    grid
        Shape `(ny, nx)`; roads outside it are left out.

    Returns
    -------
    Crossings

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> from affine import Affine
    >>> from gis.space.network import node_at_vertices
    >>> line = shapely.from_wkt(["LINESTRING (60.5 0.5, 62.5 0.5)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=line, crs="EPSG:4326"))
    >>> network = Network(network.nodes, network.edges.assign(forward_min=120.0, backward_min=120.0))
    >>> roads = Roads.cut_at(network, pd.DataFrame({"edge": [0], "fraction": [0.0]}))
    >>> cells = crossings(network, Grid((1, 3), Affine(1, 0, 60, 0, -1, 1), "EPSG:4326")).on(roads)
    >>> cells.cell.tolist(), cells.enter.round(2).tolist(), cells.leave.round(2).tolist()
    ([0, 1, 2], [0.0, 0.25, 0.75], [0.25, 0.75, 1.0])
    >>> cells.at_ends(np.array([0.0, 120.0])).min(axis=0).round().tolist()
    [0.0, 30.0, 90.0]
    """
    lines = network.edges.geometry.to_numpy()[~network.is_link]  # which stand last: the numbers of the others stay
    parts = [(first, lines[first : first + _LINES]) for first in range(0, max(len(lines), 1), _LINES)]
    cell, begin, end = zip(*on_all_cores(lambda first, some, _: _stretches(some, first, grid), parts), strict=True)
    return Crossings(grid, np.concatenate(cell), np.concatenate(begin), np.concatenate(end))


def _stretches(lines: NDArray[np.object_], first_edge: int, grid: Grid) -> tuple[Int, Float, Float]:
    """Return cell, begin and end of the stretches of some lines, of edges that follow each other."""
    lines = densified(lines)
    column, row = _grid_position(grid, *shapely.get_coordinates(lines).T)
    metres, first, last = vertex_measures_m(lines)
    number = np.arange(first_edge, first_edge + len(lines))
    edge = np.repeat(number, last - first + 1)
    length = np.maximum((metres[last] - metres[first])[edge - first_edge], np.finfo(float).tiny)
    place = 2 * edge + (metres - metres[first][edge - first_edge]) / length
    starts = 2.0 * number
    breaks = np.sort(np.concatenate([starts, starts + 1, *(_crossings(place, edge, line) for line in (column, row))]))
    here, there = breaks[:-1], breaks[1:]
    within = (here < there) & (np.floor(here / 2) == np.floor(there / 2))
    here, there = here[within], there[within]
    ny, nx = grid.shape
    c, r = (np.floor(np.interp((here + there) / 2, place, position)) for position in (column, row))
    inside = (r >= 0) & (r < ny) & (c >= 0) & (c < nx)
    return (r[inside] * nx + c[inside]).astype(np.int64), here[inside], there[inside]


def over_land_friction(
    grid: Grid,
    *,
    speed_kph: float | Float,
    elevation_m: Float | None = None,
    water: NDArray[np.bool_] | None = None,
    outside: NDArray[np.bool_] | None = None,
) -> Float:
    """Make friction over land: a speed, slower in thin air, none over water, unknown outside the study area.

    Height slows walking by `1.016 exp(-0.0001072 h)` (Weiss et al. 2020); slope is of the moves, not of the cells:
    `gis.kernels.cost_distance` takes it from the elevation.

    Parameters
    ----------
    grid
        Shape `(ny, nx)`.
    speed_kph
        Over land: one for all cells, or of each, shape `(ny, nx)`; 0 where there is no way through, NaN unknown.
    elevation_m
        Of the cells, shape `(ny, nx)`; NaN unknown. None: height does not count.
    water, outside
        Cells of water, and cells outside the study area, shape `(ny, nx)`.

    Returns
    -------
    array of shape `(ny, nx)`
        Minutes per metre; `inf` water, NaN outside.

    Examples
    --------
    >>> from affine import Affine
    >>> grid = Grid((1, 2), Affine(1, 0, 69.5, 0, -1, 50.5), "EPSG:4326")
    >>> over_land_friction(grid, speed_kph=6.0, water=np.array([[False, True]])).tolist()
    [[0.01, inf]]
    """
    speed = np.broadcast_to(np.asarray(speed_kph, float), grid.shape)
    if elevation_m is not None:
        speed = speed * np.minimum(1.0, 1.016 * np.exp(-0.0001072 * elevation_m))
    with np.errstate(divide="ignore"):
        friction = 60.0 / (speed * 1000.0)
    if water is not None:
        friction[water] = np.inf
    if outside is not None:
        friction[outside] = np.nan
    return friction


def _part(minutes: Float, share: Float) -> Float:
    """Minutes of a part of a piece: none of one of no length, also where it may not be driven."""
    return np.asarray(np.multiply(minutes, share, out=np.zeros(len(share)), where=share > 0))


def _grid_position(grid: Grid, lon: Float, lat: Float) -> tuple[Float, Float]:
    """Column and row of points as fractions; the whole part is the cell's."""
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(lon, lat)
    t = grid.transform
    return (np.asarray(x, float) - t.c) / t.a, (np.asarray(y, float) - t.f) / t.e


def _crossings(place: Float, edge: Int, line: Float) -> Float:
    """Places on edges at which they cross whole numbers of columns, or of rows."""
    a, b = line[:-1], line[1:]
    low, high = np.floor(np.minimum(a, b)), np.floor(np.maximum(a, b))
    crossed = (edge[:-1] == edge[1:]) & np.isfinite(a) & np.isfinite(b)
    count = np.where(crossed, high - low, 0).astype(np.int64)
    segment = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
    share = (low[segment] + 1 + nth - a[segment]) / (b - a)[segment]
    return np.asarray(place[:-1][segment] + share * (place[1:] - place[:-1])[segment])
