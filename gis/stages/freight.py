"""In how many months lorries reach a settlement's centre only past a stretch of road where they stop."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.kernels.paths import accumulate
from gis.stages.legs import Legs
from gis.stages.travel import BY_ROAD, Roads, search_roads

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


def months_without_freight(journeys: pd.DataFrame, centre: Bool, roads: Roads, legs: Legs, stopped: Bool) -> Float:
    """Count the months in which the journey to the nearest centre has a stretch where lorries stop.

    It is the journey of the season that `roads` are of, in every month: cars go on, and the quickest way stays it.

    Parameters
    ----------
    journeys
        From `gis.stages.travel.road_journeys` with the same roads, legs and centres.
    centre
        Which settlements are centres, shape `(n,)`.
    roads, legs
        As for `road_journeys`.
    stopped
        In which months lorries stop on each edge of the network, shape `(12, n_edges)`.

    Returns
    -------
    array of shape `(n,)`
        0 to 12; 0 at a centre; NaN where the journey is not by road, or there is none.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from gis.space.network import Network, node_at_vertices
    >>> from gis.space.snapping import snap
    >>> from gis.stages.legs import access_legs
    >>> from gis.stages.travel import road_journeys
    >>> lines = gpd.GeoSeries.from_wkt(["LINESTRING (60 0, 61 0)", "LINESTRING (61 0, 62 0)"], crs="EPSG:4326")
    >>> network = node_at_vertices(gpd.GeoDataFrame(geometry=lines))
    >>> network = Network(network.nodes, network.edges.assign(forward_min=60.0, backward_min=60.0))
    >>> points = gpd.GeoSeries.from_xy([60.0, 60.5, 62.0], [0.0, 0.0, 0.0], index=["town", "b", "c"], crs="EPSG:4326")
    >>> ways = snap(points, network, near_m=2000)
    >>> legs = access_legs(ways.access_m, near_km=2, near_kph=20, over_land_kph=5, over_land_max_km=9)
    >>> roads, town = Roads.cut_at(network, ways), np.array([True, False, False])
    >>> journeys, _ = road_journeys(points, roads, legs, town)
    >>> stopped = np.zeros((12, 2), bool)
    >>> stopped[:2, 1] = True  # on the second road, in January and February
    >>> months_without_freight(journeys, town, roads, legs, stopped).tolist()
    [0.0, 0.0, 2.0]
    """
    out = np.where(journeys["travel_time_min"] == 0.0, 0.0, np.nan)
    if not centre.any():
        return out
    search = search_roads(roads, legs, centre)
    by_road = ((journeys["mode"] == BY_ROAD) & (journeys["travel_time_min"] > 0.0)).to_numpy(bool)
    node = roads.pieces.cut_node[search.way[by_road]]
    edge = roads.pieces.edge[roads.driven(np.arange(len(roads.used)))[0]]
    months = np.zeros(int(by_road.sum()))
    for month in np.flatnonzero(stopped.any(axis=1)):
        months += accumulate(roads.graph, search.found, stopped[month, edge].astype(float), node) > 0.0
    out[by_road] = months
    return out
