"""Lines that roads cross only by a bridge."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gis.fields import BRIDGE, ROAD_CLASS, TUNNEL
from gis.space.network import Network, with_components


def without_fords(network: Network, barriers: gpd.GeoSeries) -> tuple[Network, NDArray[np.bool_]]:
    """Take out the edges that cross a barrier and are no bridge, tunnel or ferry.

    For rivers drawn in the same detail as the roads; a generalised river crosses roads where there is no water, and
    misses the bridges.

    Parameters
    ----------
    network
        Edges with `road_class`, and `bridge` and `tunnel` where they are known.
    barriers
        Lines in the coordinate system of the network.

    Returns
    -------
    network : Network
        Without those edges, its components numbered anew.
    cut : array of bool
        Which of the edges of the network given were taken out.

    Examples
    --------
    >>> from gis.space.network import node_at_vertices
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 2 0)", "LINESTRING (0 1, 2 1)"])
    >>> roads = gpd.GeoDataFrame({"road_class": "primary", "bridge": [False, True]}, geometry=lines, crs="EPSG:4326")
    >>> river = gpd.GeoSeries(shapely.from_wkt(["LINESTRING (1 -1, 1 2)"]), crs="EPSG:4326")
    >>> left, cut = without_fords(node_at_vertices(roads), river)
    >>> cut.tolist(), len(left.edges)
    ([True, False], 1)
    """
    edges = network.edges
    passes = (edges[ROAD_CLASS] == "ferry").to_numpy(bool)
    for column in (BRIDGE, TUNNEL):
        if column in edges:
            passes = passes | edges[column].to_numpy(bool)
    cut = np.zeros(len(edges), bool)
    crossing, _ = shapely.STRtree(barriers.to_numpy()).query(edges.geometry.to_numpy(), predicate="intersects")
    cut[crossing] = True
    cut &= ~passes
    return with_components(Network(network.nodes, edges[~cut].reset_index(drop=True))), cut
