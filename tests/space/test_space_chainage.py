"""Kilometres along numbered roads, on lines whose lengths pyproj measures apart from ours."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis.space.chainage import chainage, edges_of_refs, plain_ref, split_edges
from gis.space.geodesy import parts_of_lines
from gis.space.network import Network, node_at_vertices

GEOD = Geod(ellps="WGS84")


def network_of(*wkt: str) -> Network:
    return node_at_vertices(
        gpd.GeoDataFrame({"ref": ["A"] * len(wkt)}, geometry=shapely.from_wkt(list(wkt)), crs="EPSG:4326")
    )


def km(*xy: tuple[float, float]) -> float:
    return GEOD.line_length(*zip(*xy, strict=True)) / 1000.0


def every(network: Network) -> np.ndarray:
    return np.arange(len(network.edges))


@pytest.mark.parametrize("first", [(60.1, 50.0), (60.0, 50.0), (60.4, 50.0)])
def test_a_road_begins_at_the_end_that_is_nearer_to_its_first_vertex(first):
    network = network_of("LINESTRING (60.4 50, 60.6 50)", "LINESTRING (61 50, 60.6 50)", "LINESTRING (60 50, 60.4 50)")
    posts = chainage(network, every(network), first)
    assert posts.begins == (60.0, 50.0)
    assert posts.km == pytest.approx(km((60, 50), (60.4, 50), (60.6, 50), (61, 50)))
    # The second line is drawn towards the beginning.
    assert posts.at_from == pytest.approx([km((60, 50), (60.4, 50)), posts.km, 0.0])
    assert posts.at_to == pytest.approx([km((60, 50), (60.4, 50), (60.6, 50)), posts.at_to[0], posts.at_from[0]])


def test_it_begins_at_the_other_end_where_that_is_nearer():
    network = network_of("LINESTRING (60 50, 60.4 50)", "LINESTRING (60.4 50, 61 50)")
    assert chainage(network, every(network), (60.9, 50.0)).begins == (61.0, 50.0)


def test_a_gap_counts_with_its_straight_length():
    network = network_of("LINESTRING (60 50, 60.4 50)", "LINESTRING (60.5 50, 61 50)")
    posts = chainage(network, every(network), (60.0, 50.0))
    assert posts.at_from[1] == pytest.approx(km((60, 50), (60.4, 50)) + km((60.4, 50), (60.5, 50)))


def test_both_carriageways_are_counted_alike():
    network = network_of(
        "LINESTRING (60 50, 60.2 50)",
        "LINESTRING (60.2 50, 60.3 50.001, 60.4 50)",
        "LINESTRING (60.4 50, 60.3 49.999, 60.2 50)",
        "LINESTRING (60.4 50, 60.6 50)",
    )
    posts = chainage(network, every(network), (60.0, 50.0))
    assert posts.at_from[1] == pytest.approx(posts.at_to[2])
    assert posts.at_to[1] == pytest.approx(posts.at_from[2], rel=1e-4)
    which, share = posts.cuts(posts.at_from[1] + 5.0)
    assert sorted(which.tolist()) == [1, 2]
    assert share[which == 1] == pytest.approx(1 - share[which == 2], rel=1e-3)


def test_a_ring_begins_at_its_nearest_node_and_is_counted_from_both_sides():
    ring = ("LINESTRING (60 50, 60.1 50)", "LINESTRING (60.1 50, 60.1 50.1)", "LINESTRING (60.1 50.1, 60 50)")
    network = network_of(*ring)
    posts = chainage(network, every(network), (60.0, 50.01))
    total = network.edges["length_m"].sum() / 1000.0
    assert posts.begins == (60.0, 50.0)
    assert posts.km == pytest.approx(total / 2)
    assert len(posts.cuts(total / 4)[0]) == 2


def test_numbers_are_one_in_any_script_and_spelling():
    assert plain_ref("М-36") == plain_ref("m 36") == plain_ref("M36")
    edges = pd.DataFrame({"ref": ["Р-24; A 1", None, "a-1", "A-17"]})
    assert edges_of_refs(edges).loc[["A1"]].tolist() == [0, 2]
    assert edges_of_refs(edges.iloc[[1]]).empty


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0.0, 1.0)), min_size=1, max_size=8),
)
def test_splitting_keeps_lengths_ends_and_columns(cuts):
    network = network_of(
        "LINESTRING (60 50, 60.4 50.2, 60.5 50.2)", "LINESTRING (60.5 50.2, 61 50)", "LINESTRING (60.5 50.2, 60.5 51)"
    )
    edge, share = np.array([c[0] for c in cuts]), np.array([c[1] for c in cuts])
    split, of, start, end = split_edges(network, edge, share)
    inside = {(e, s) for e, s in cuts if 0 < s < 1}
    assert len(split.edges) == 3 + len(inside)
    assert np.bincount(of, weights=end - start) == pytest.approx([1.0, 1.0, 1.0])
    assert np.bincount(of, weights=split.edges["length_m"]) == pytest.approx(network.edges["length_m"].to_numpy())
    assert list(split.edges.columns) == list(network.edges.columns)
    nodes = shapely.get_coordinates(split.nodes.geometry.to_numpy())
    lines = split.edges.geometry.to_numpy()
    for column, place in (("from_id", 0), ("to_id", -1)):
        tips = shapely.get_coordinates(shapely.get_point(lines, place))
        assert tips == pytest.approx(nodes[split.edges[column].to_numpy()], abs=1e-9)
    assert split.nodes.index.tolist() == list(range(len(split.nodes)))


@settings(max_examples=40, deadline=None)
@given(st.floats(0.0, 0.9), st.floats(0.05, 1.0))
def test_the_parts_of_a_line_are_as_long_as_their_share(start, length):
    end = min(1.0, start + length)
    line = shapely.linestrings([[[60.0, 50.0], [60.3, 50.1], [60.3, 50.4], [60.1, 50.45]]])
    part = parts_of_lines(line, np.array([start]), np.array([end]))[0]
    whole = GEOD.geometry_length(line[0])
    assert GEOD.geometry_length(part) == pytest.approx((end - start) * whole, rel=1e-4)
