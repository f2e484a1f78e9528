"""Roads at other speeds, held against roads that are cut anew with the minutes of a loop over the edges."""

from dataclasses import fields as fields_of

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.kernels.paths import Graph
from gis.space.impedance import with_minutes
from gis.space.network import Network, node_at_vertices
from gis.stages.other_speeds import OtherSpeeds
from gis.stages.travel import Roads

CLASSES = ["trunk", "track", "tertiary"]


def _roads(seed: int) -> Roads:
    """Lines among few places, so that many run beside each other; some are closed, some have a limit."""
    rng = np.random.default_rng(seed)
    place = rng.uniform([68, 50], [69, 51], (7, 2))
    ends = [rng.choice(len(place), 2, replace=False) for _ in range(30)]
    lines = [shapely.LineString([place[a], rng.uniform([68, 50], [69, 51]), place[b]]) for a, b in ends]
    table = {
        "road_class": rng.choice(CLASSES, 30),
        "oneway": rng.choice([0, 0, 1, -1], 30),
        "maxspeed_kph": rng.choice([np.nan, 30.0, 60.0, 75.0], 30),
    }
    noded = node_at_vertices(gpd.GeoDataFrame(table, geometry=lines, crs="EPSG:4326"))
    kph = rng.choice([0.0, 20.0, 60.0, 70.0], len(noded.edges))
    network = Network(noded.nodes, with_minutes(noded.edges, kph).assign(speed_kph=kph))
    ways = pd.DataFrame({"edge": [0, 4, 4, 9, -1], "fraction": [0.5, 0.25, 0.75, 1.0, np.nan]})
    return Roads.cut_at(network, ways)


@pytest.mark.parametrize("seed", range(6))
def test_roads_are_those_that_are_cut_anew(seed: int) -> None:
    roads = _roads(seed)
    factor = pd.Series(np.exp(np.random.default_rng(seed).normal(0, 0.4, 3)), index=CLASSES)
    edges = roads.network.edges.copy()
    for row in edges.index:
        speed, limit, by = edges.speed_kph[row], edges.maxspeed_kph[row], factor[edges.road_class[row]]
        if speed > 0 and limit >= speed:
            by = min(by, limit / speed)
        edges.loc[row, ["forward_min", "backward_min"]] /= by
    anew = roads.with_minutes_of(Network(roads.network.nodes, edges))
    made = OtherSpeeds(roads).at(factor)
    assert len(roads.used) > len(roads.graph.edge)  # some edges have a quicker one beside them
    pd.testing.assert_frame_equal(pd.DataFrame(made.network.edges), pd.DataFrame(edges), check_exact=True)
    for name in ("used", "km", "track_min", "link_min"):
        np.testing.assert_array_equal(getattr(made, name), getattr(anew, name), err_msg=name)
    np.testing.assert_array_equal(made.piece_min, anew.piece_min)
    for field in fields_of(Graph):
        np.testing.assert_array_equal(getattr(made.graph, field.name), getattr(anew.graph, field.name), field.name)
    assert len(anew.track_min.nonzero()[0])
    pd.testing.assert_frame_equal(
        pd.DataFrame(OtherSpeeds(roads).at(factor * 0 + 1).network.edges), pd.DataFrame(roads.network.edges)
    )
