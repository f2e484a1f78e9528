"""Where a settlement meets the road: the nearest point on an edge, not the nearest node."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from gis.fields import BACKWARD_MIN, COMPONENT_ID, FORWARD_MIN, FROM_ID, LENGTH_M, TO_ID
from gis.space.boxes import boxes_around, touching
from gis.space.geodesy import densified, local_crs, segment_lengths_m, vertex_measures_m
from gis.space.network import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# Nobody measures a way to the road below a millimetre: what is left of one there is rounding.
_ROUNDING_M = 1e-3

# Of two roads whose distances differ by less than a micrometre neither is nearer: the plane rounds as coarsely.
_TIE_M = 1e-6

# A point this close to an end of an edge (as a share of its length) is that end.
_END = 1e-9


def snap(points: gpd.GeoSeries, network: Network, *, near_m: float) -> pd.DataFrame:
    """Find the point of the network at which each settlement enters it.

    The nearest point on an edge that can be driven; but where the largest component lies within `near_m`, the
    nearest point of that: a stub of road that was drawn apart does not cut a village off. In a conformal plane,
    so that nearest means nearest; distances are geodesic. Of edges at the same distance the one whose point lies
    further west, then south, then the faster is taken, whatever their order; of equals in all that, the first.

    Parameters
    ----------
    points
        Settlements, longitude and latitude.
    network
        With `forward_min` and `backward_min` on its edges.
    near_m
        How far the largest component may be to be preferred to a nearer one, metres.

    Returns
    -------
    DataFrame
        On the settlements' index: `settlement` (position in `points`), `edge` (position; -1 where the network is
        empty), `fraction` (0 to 1 of the edge's length), `access_m` (geodesic, `inf` where the network is empty),
        `component_id`, `preferred` (True where the largest component was taken before a nearer one), `longitude`,
        `latitude` of the point.

    Examples
    --------
    >>> from gis.space.network import node_at_vertices
    >>> line = shapely.from_wkt(["LINESTRING (60 50, 61 50)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=line, crs="EPSG:4326"))
    >>> network = Network(network.nodes, network.edges.assign(forward_min=9.0, backward_min=9.0))
    >>> village = gpd.GeoSeries.from_xy([60.25], [50.01], crs="EPSG:4326")
    >>> snap(village, network, near_m=2000).round(2)[["edge", "fraction", "access_m"]].to_numpy().tolist()
    [[0.0, 0.25, 1112.24]]
    """
    first, _ = _first_ways(_Plane.of(points, network), near_m, near_m)
    return first.set_axis(points.index)


def ways_to_roads(
    points: gpd.GeoSeries, network: Network, centre: NDArray[np.bool_], *, near_m: float, max_m: float
) -> pd.DataFrame:
    """Find every way by which each settlement may enter the network: the nearest road, and other parts of it.

    Parts of a network that are not joined are a fault of the data or a fact of life; either way people travel
    over land to the next road that leads somewhere. So beside the way of `snap` each settlement gets one to
    the nearest point of every other component that holds a centre, up to `max_m` away; which of them is gone is
    decided by the minutes of the journey. A further centre adds ways and takes none away.

    Parameters
    ----------
    points, network, near_m
        As for `snap`.
    centre
        Which settlements are centres, of any tier, shape `(n,)`.
    max_m
        The longest way over land, metres.

    Returns
    -------
    DataFrame
        The rows of `snap` in its order, then the further ways; the index is the settlements', and `settlement` their
        position in `points`.

    Examples
    --------
    >>> from gis.space.network import node_at_vertices
    >>> lines = shapely.from_wkt(["LINESTRING (60 50, 61 50)", "LINESTRING (60 50.1, 60.1 50.1)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326"))
    >>> network = Network(network.nodes, network.edges.assign(forward_min=9.0, backward_min=9.0))
    >>> places = gpd.GeoSeries.from_xy([60.0, 60.0], [50.0, 50.1], index=["town", "village"], crs="EPSG:4326")
    >>> ways = ways_to_roads(places, network, np.array([True, False]), near_m=2000, max_m=50_000)
    >>> ways[["component_id", "access_m"]].round().reset_index().to_numpy().tolist()
    [['town', 0, 0.0], ['village', 1, 0.0], ['village', 0, 11123.0]]
    """
    plane = _Plane.of(points, network)
    first, to_main = _first_ways(plane, near_m, max(near_m, max_m))
    joined = centre & (first["access_m"] <= max_m).to_numpy() & (first["edge"] >= 0).to_numpy()
    component = first["component_id"].to_numpy()
    ways = [first]
    for served in np.unique(component[joined]):
        away = np.flatnonzero(component != served)
        if served == 0:
            way = to_main[to_main["settlement"].isin(away)]
        else:
            way = plane.nearest(away, np.flatnonzero(plane.usable & (plane.component == served)), max_m)
        ways.append(way[way["access_m"] <= max_m].assign(preferred=False))
    out = pd.concat(ways, ignore_index=True)
    return out.set_axis(points.index[out["settlement"].to_numpy()])


def _first_ways(plane: "_Plane", near_m: float, max_m: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The way of each settlement, and the ways to the largest component of those whose nearest road is not of it."""
    first = plane.nearest(np.arange(len(plane.lonlat)), np.flatnonzero(plane.usable)).assign(preferred=False)
    off = np.flatnonzero(first["component_id"] != 0)
    main = np.flatnonzero(plane.usable & (plane.component == 0)) if len(off) else np.empty(0, np.int64)
    to_main = plane.nearest(off, main, max_m)
    near = to_main[to_main["access_m"] <= near_m].assign(preferred=True)
    first.loc[near["settlement"]] = near.set_axis(near["settlement"])
    return first, to_main


@dataclass(frozen=True)
class _Plane:
    """Settlements and edges in one conformal plane: projected once, searched as often as need be."""

    edges: gpd.GeoDataFrame
    usable: NDArray[np.bool_]
    component: Int
    lonlat: Float
    to_plane: Transformer
    points: NDArray[np.object_]
    lines: NDArray[np.object_]
    boxes: Float

    @classmethod
    def of(cls, points: gpd.GeoSeries, network: Network) -> "_Plane":
        edges = network.edges
        usable = np.isfinite(np.minimum(edges[FORWARD_MIN], edges[BACKWARD_MIN]).to_numpy(float))
        lonlat = np.column_stack([points.x, points.y])
        lines = edges.geometry.to_numpy()
        boxes = shapely.bounds(lines).reshape(-1, 4)
        corners = np.vstack([lonlat, boxes[:, :2], boxes[:, 2:]])
        bounds = (*corners.min(axis=0), *corners.max(axis=0)) if len(corners) else (0.0, 0.0, 0.0, 0.0)
        to_plane = Transformer.from_crs("EPSG:4326", CRS(local_crs(bounds)), always_xy=True)
        flat = shapely.points(*to_plane.transform(*lonlat.T))
        return cls(edges, usable, edges[COMPONENT_ID].to_numpy(np.int64), lonlat, to_plane, flat, lines, boxes)

    def nearest(self, rows: Int, candidates: Int, within_m: float = np.inf) -> pd.DataFrame:
        """The nearest point on candidate edges of the settlements at given positions; those farther may be left out."""
        if len(candidates) == 0 or len(rows) == 0:
            return _nowhere(rows)
        # The plane's scale is below 2 as far as 12 000 km from its middle.
        reach = None if np.isinf(within_m) else 2 * within_m + _ROUNDING_M
        candidates = self._near(rows, candidates, reach)
        lines = self._flat(densified(self.lines[candidates]))
        tree = shapely.STRtree(lines)
        (which, _), least = tree.query_nearest(
            self.points[rows], max_distance=reach, all_matches=False, return_distance=True
        )
        if len(which) == 0:
            return _nowhere(which)
        rows = rows[which]
        points = self.points[rows]
        row, line = tree.query(points, predicate="dwithin", distance=least + _TIE_M)
        along = shapely.line_locate_point(lines[line], points[row])
        at = shapely.line_interpolate_point(lines[line], along)
        order = np.lexsort([candidates[line], *self._faster_first(candidates[line]), *_to_millimetres(at), row])
        chosen = order[np.unique(row[order], return_index=True)[1]]
        edge = candidates[line[chosen]]
        lonlat = np.column_stack(
            self.to_plane.transform(shapely.get_x(at[chosen]), shapely.get_y(at[chosen]), direction="INVERSE")
        )
        access_m = segment_lengths_m(self.lonlat[rows], lonlat)
        return pd.DataFrame(
            {
                "settlement": rows,
                "edge": edge,
                "fraction": self._fraction(edge, along[chosen]),
                "access_m": np.where(access_m < _ROUNDING_M, 0.0, access_m),
                "component_id": self.component[edge],
                "longitude": lonlat[:, 0],
                "latitude": lonlat[:, 1],
            }
        )

    def _flat(self, dense: NDArray[np.object_]) -> NDArray[np.object_]:
        return np.asarray(shapely.transform(dense, lambda xy: np.column_stack(self.to_plane.transform(*xy.T))))

    def _near(self, rows: Int, candidates: Int, reach: float | None) -> Int:
        """Keep the candidates that may be the nearest of some settlement, so that only those need be projected.

        The edge that is nearest in degrees is so far off in the plane, and on the ground not farther: the plane's scale
        is 1 in its middle and more elsewhere. What is nearer has its box in a box of so many metres.
        """
        lonlat = self.lonlat[rows]
        if reach is not None:
            around = boxes_around(lonlat, np.full(len(rows), reach))
            candidates = candidates[touching(self.boxes[candidates], around)]
        lines = self.lines[candidates]
        which, found = shapely.STRtree(lines).query_nearest(shapely.points(lonlat), all_matches=False)
        each, number = np.unique(found, return_inverse=True)
        flat = self._flat(densified(lines[each]))
        metres = shapely.distance(self.points[rows[which]], flat[number]) * 1.01 + 1.0
        metres = metres if reach is None else np.minimum(metres, reach)
        return candidates[touching(self.boxes[candidates], boxes_around(lonlat[which], metres))]

    def _faster_first(self, edge: Int) -> list[Float]:
        """Sort keys that do not depend on the order of the roads, the weightiest last, as numpy.lexsort has them."""
        length_m = self.edges[LENGTH_M].to_numpy(float)[edge]
        # To a metre in an hour, so that the rounding of lengths decides nothing.
        forward, backward = (
            np.round(length_m / np.maximum(self.edges[minutes].to_numpy(float)[edge], _TIE_M) * 60.0)
            for minutes in (FORWARD_MIN, BACKWARD_MIN)
        )
        ends = self.edges[[FROM_ID, TO_ID]].to_numpy(float)[edge]
        # Of two one-way roads on one line, the one that leads to the node of the lower number.
        arrival = np.where(forward >= backward, ends[:, 1], ends[:, 0])
        return [arrival, -np.minimum(forward, backward), -np.maximum(forward, backward)]

    def _fraction(self, edge: Int, along: Float) -> Float:
        """Turn metres of the plane into shares of the geodesic length, exact at every vertex."""
        each, which = np.unique(edge, return_inverse=True)
        dense = densified(self.lines[each])
        flat = shapely.get_coordinates(self._flat(dense))
        metres, first, last = vertex_measures_m(dense)
        step = np.hypot(*np.diff(flat, axis=0, prepend=flat[:1]).T)
        step[first] = 0.0
        measure = np.cumsum(step)
        first, last = first[which], last[which]
        here = np.interp(measure[first] + along, measure, metres)
        share = (here - metres[first]) / np.maximum(metres[last] - metres[first], _TIE_M)
        return np.where(share < _END, 0.0, np.where(share > 1 - _END, 1.0, share))


def _to_millimetres(at: NDArray[np.object_]) -> list[Float]:
    return [np.round(shapely.get_y(at) / _ROUNDING_M), np.round(shapely.get_x(at) / _ROUNDING_M)]


def _nowhere(rows: Int) -> pd.DataFrame:
    unknown = np.full(len(rows), np.nan)
    return pd.DataFrame(
        {
            "settlement": rows,
            "edge": np.full(len(rows), -1),
            "fraction": unknown,
            "access_m": np.full(len(rows), np.inf),
            "component_id": np.full(len(rows), -1),
            "longitude": unknown,
            "latitude": unknown,
        }
    )
