"""The generator of national road networks: the same network for the same size and seed, and a real one."""

import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
import national_roads

from gis.read.roads import read_roads
from gis.space.network import node_at_vertices


def test_the_layer_is_what_it_says(tmp_path, capsys):
    file = tmp_path / "roads.gpkg"
    assert national_roads.main([str(file), "--edges", "4000"]) == 0
    assert "edges in" in capsys.readouterr().out
    roads, _ = read_roads(file, classes=national_roads.CLASSES)
    network = node_at_vertices(roads)
    assert 0.9 < len(network.edges) / 4000 < 1.1
    ends = pd.concat([network.edges.from_id, network.edges.to_id]).value_counts()
    assert (ends == 2).mean() > 0.6
    assert network.edges.component_id.max() > 0
    assert set(roads.oneway) == {0, 1}
    assert roads.bridge.any()


def test_the_same_seed_gives_the_same_network():
    one, again = national_roads.network(500, 3), national_roads.network(500, 3)
    assert gpd.GeoSeries(one.geometry).geom_equals(again.geometry).all()
    pd.testing.assert_frame_equal(one.drop(columns="geometry"), again.drop(columns="geometry"))
    other = national_roads.network(500, 4)
    assert one.geometry.iloc[0].wkb != other.geometry.iloc[0].wkb
