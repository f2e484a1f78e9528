"""Where a settlement meets the road: the nearest point on an edge, not the nearest node."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from gis.fields import BACKWARD_MIN, COMPONENT_ID, FORWARD_MIN
from gis.space.geodesy import local_crs, segment_lengths_m
from gis.space.network import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# Nobody measures a way to the road below a millimetre: what is left of one there is rounding.
_ROUNDING_M = 1e-3

# A point this close to an end of an edge (as a share of its length) is that end.
_END = 1e-9


def snap(points: gpd.GeoSeries, network: Network, *, near_m: float) -> pd.DataFrame:
    """Find the point of the network at which each settlement enters it.

    The nearest point on an edge that can be driven; but where the largest component lies within `near_m`, the
    nearest point of that: a stub of road that was drawn apart does not cut a village off. In a conformal plane,
    so that nearest means nearest; distances are geodesic. Of edges at the same distance the one whose point lies
    further west, then south, then the faster is taken, whatever their order.

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
        On the settlements' index: `edge` (position; -1 where the network is empty), `fraction` (0 to 1 along
        it), `access_m` (geodesic, `inf` where the network is empty), `component_id`, `preferred` (True where the
        largest component was taken before a nearer one), `longitude`, `latitude` of the point.

    Examples
    --------
    >>> from gis.space.network import node_at_vertices
    >>> line = shapely.from_wkt(["LINESTRING (60 50, 61 50)"])
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=line, crs="EPSG:4326"))
    >>> network = Network(network.nodes, network.edges.assign(forward_min=9.0, backward_min=9.0))
    >>> village = gpd.GeoSeries.from_xy([60.25], [50.01], crs="EPSG:4326")
    >>> snap(village, network, near_m=2000).round(2)[["edge", "fraction", "access_m"]].to_numpy().tolist()
    [[0.0, 0.25, 1022.67]]
    """
    edges = network.edges
    usable = np.isfinite(np.minimum(edges[FORWARD_MIN], edges[BACKWARD_MIN]).to_numpy(float))
    nearest = _nearest_on(points, edges, np.flatnonzero(usable))
    component = edges[COMPONENT_ID].to_numpy()
    largest = _nearest_on(points, edges, np.flatnonzero(usable & (component == 0)))
    stub = (nearest["component_id"] != 0) & (largest["access_m"] <= near_m)
    nearest.loc[stub] = largest.loc[stub]
    return nearest.assign(preferred=stub)


def snap_again(snapped: pd.DataFrame, points: gpd.GeoSeries, network: Network, served: Int) -> pd.DataFrame:
    """Move settlements out of components that hold no centre to the nearest edge of one that does.

    A disconnected stretch of road is a fault of the data or a fact of life; either way the people travel over
    land to the next road that leads somewhere, and it is written down.

    Parameters
    ----------
    snapped
        From `snap`.
    points, network
        As for `snap`.
    served
        Ids of the components that hold a centre.

    Returns
    -------
    DataFrame
        `snapped` with a boolean column `moved`.
    """
    edges = network.edges
    lost = ~snapped["component_id"].isin(served) & (snapped["edge"] >= 0)
    out = snapped.assign(moved=False)
    if not lost.any():
        return out
    usable = np.isfinite(np.minimum(edges[FORWARD_MIN], edges[BACKWARD_MIN]).to_numpy(float))
    there = np.flatnonzero(usable & edges[COMPONENT_ID].isin(served).to_numpy())
    if len(there) == 0:
        return out
    again = _nearest_on(points[lost], edges, there).assign(preferred=False, moved=True)
    out.loc[lost, again.columns] = again
    return out


def _nearest_on(points: gpd.GeoSeries, edges: gpd.GeoDataFrame, candidates: Int) -> pd.DataFrame:
    n = len(points)
    if len(candidates) == 0:
        nowhere = np.full(n, np.nan)
        return pd.DataFrame(
            {
                "edge": np.full(n, -1),
                "fraction": nowhere,
                "access_m": np.full(n, np.inf),
                "component_id": np.full(n, -1),
                "longitude": nowhere,
                "latitude": nowhere,
            },
            index=points.index,
        )
    lines = edges.geometry.to_numpy()[candidates]
    lonlat = np.column_stack([points.x, points.y])
    bounds = np.array([shapely.total_bounds(lines), [*lonlat.min(axis=0), *lonlat.max(axis=0)]])
    crs = local_crs((*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0)))
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    flat_lines = shapely.transform(lines, lambda xy: np.column_stack(to_plane.transform(*xy.T)))
    flat_points = shapely.points(*to_plane.transform(*lonlat.T))
    row, line = shapely.STRtree(flat_lines).query_nearest(flat_points, all_matches=True)
    along = shapely.line_locate_point(flat_lines[line], flat_points[row], normalized=True)
    along = np.where(along < _END, 0.0, np.where(along > 1 - _END, 1.0, along))
    at = shapely.line_interpolate_point(flat_lines[line], along, normalized=True)
    x, y = shapely.get_x(at), shapely.get_y(at)
    fastest = np.minimum(edges[FORWARD_MIN], edges[BACKWARD_MIN]).to_numpy(float)[candidates[line]]
    order = np.lexsort([fastest, np.round(y, 3), np.round(x, 3), row])
    first = order[np.unique(row[order], return_index=True)[1]]
    lon, lat = to_plane.transform(x[first], y[first], direction="INVERSE")
    edge = candidates[line[first]]
    access_m = segment_lengths_m(lonlat, np.column_stack([lon, lat]))
    return pd.DataFrame(
        {
            "edge": edge,
            "fraction": along[first],
            "access_m": np.where(access_m < _ROUNDING_M, 0.0, access_m),
            "component_id": edges[COMPONENT_ID].to_numpy()[edge],
            "longitude": lon,
            "latitude": lat,
        },
        index=points.index,
    )
