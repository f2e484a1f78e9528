"""Noding, drawn: letters are vertices, a road is a string of letters, and so is an edge."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis.space.network import Network, cut_edges, node_at_crossings, node_at_vertices

GEOD = Geod(ellps="WGS84")
CORNER = np.array([68.0, 50.0])
# West of Greenwich and south of the equator as well: signs must not matter.
ORIGINS = [(68.0, 50.0), (-70.0, -33.0)]


def _places(picture: str, origin: tuple[float, float] = ORIGINS[0]) -> dict[str, tuple[float, float]]:
    rows = picture.strip("\n").splitlines()
    return {
        letter: (round(origin[0] + 0.01 * x, 7), round(origin[1] - 0.02 * y, 7))
        for y, row in enumerate(rows)
        for x, letter in enumerate(row)
        if letter.isalpha()
    }


def _roads(picture: str, lines: str, origin: tuple[float, float] = ORIGINS[0], **columns: object) -> gpd.GeoDataFrame:
    at = _places(picture, origin)
    geometry = [shapely.LineString([at[letter] for letter in line]) for line in lines.split()]
    return gpd.GeoDataFrame(columns, geometry=geometry, index=lines.split(), crs="EPSG:4326")


def _edges(network: Network, picture: str, origin: tuple[float, float] = ORIGINS[0]) -> str:
    name = {tuple(np.round(xy, 6)): letter for letter, xy in _places(picture, origin).items()}
    found = []
    for line in network.edges.geometry:
        word = "".join(name[tuple(np.round(xy, 6))] for xy in line.coords)
        found.append(min(word, word[::-1]))
    return " ".join(sorted(found))


T = """
a---b---c
    |
    d
"""
LOOP = """
a---b---c
    |   |
    e---d
"""
EIGHT = """
a   c
  b
d   e
"""
GRID = """
    c
a---x---b
    d
"""

AT_VERTICES = [
    ("a shared vertex within a line", T, "abc bd", "ab bc bd"),
    ("ends that meet", T, "ab bc", "ab bc"),
    ("a vertex that nobody shares stays within its edge", T, "abc", "abc"),
    ("a closed loop hanging on a road", LOOP, "ab bcdeb", "ab bcdeb"),
    ("a loop alone", LOOP, "bcdeb", "bcdeb"),
    ("a line through its own vertex", EIGHT, "abcebd", "ab bceb bd"),
    ("the same line twice", T, "abc abc", "ab ab bc bc"),
    ("a line and its reverse", T, "ab ba", "ab ab"),
    ("out and back", T, "aba", "aba"),
    ("crossing without a common vertex", GRID, "ab cd", "ab cd"),
    ("crossing at a common vertex", GRID, "axb cxd", "ax bx cx dx"),
    ("a vertex written twice in a row", T, "abbc", "ab bc"),
    ("a road of no length beside one that has some", T, "ab dd", "ab"),
]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(("picture", "before", "after"), [c[1:] for c in AT_VERTICES], ids=[c[0] for c in AT_VERTICES])
def test_noding_at_vertices(picture: str, before: str, after: str, origin: tuple[float, float]) -> None:
    roads = _roads(picture, before, origin)
    kept = roads.copy()
    assert _edges(node_at_vertices(roads), picture, origin) == after
    assert roads.equals(kept)


@pytest.mark.parametrize("case", AT_VERTICES, ids=[c[0] for c in AT_VERTICES])
def test_noding_at_vertices_does_not_depend_on_order_or_direction(case: tuple[str, str, str, str]) -> None:
    _, picture, before, after = case
    turned = " ".join(line[::-1] for line in reversed(before.split()))
    one, other = node_at_vertices(_roads(picture, before)), node_at_vertices(_roads(picture, turned))
    assert _edges(other, picture) == after
    assert one.nodes.geometry.tolist() == other.nodes.geometry.tolist()


def test_ends_point_in_the_direction_of_the_line_and_columns_are_inherited() -> None:
    network = node_at_vertices(_roads(T, "cba bd", road_class=["trunk", "track"]))
    nodes = network.nodes.geometry
    for edge in network.edges.itertuples():
        assert nodes[edge.from_id].coords[0] == edge.geometry.coords[0]
        assert nodes[edge.to_id].coords[0] == edge.geometry.coords[-1]
    assert network.edges["road_id"].tolist() == ["cba", "cba", "bd"]
    assert network.edges["road_class"].tolist() == ["trunk", "trunk", "track"]
    assert network.edges.index.tolist() == [0, 1, 2]
    assert network.edges.crs == "EPSG:4326"


def test_vertices_that_differ_by_less_than_a_centimetre_are_one() -> None:
    lines = [shapely.LineString([(68, 50), (69, 50)]), shapely.LineString([(69 + 3e-8, 50 - 3e-8), (70, 51)])]
    assert node_at_vertices(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326")).edges["component_id"].nunique() == 1


@pytest.mark.parametrize("noise", [1e-12, 4e-10])
def test_two_writings_of_one_place_are_one_wherever_it_lies(noise: float) -> None:
    rng = np.random.default_rng(0)
    # Half of the places on the border between two roundings, where noise decides to which they go.
    at = rng.uniform(0, 1, (400, 2)) + CORNER
    at[::2] = np.round(at[::2], 7) + 0.5e-7
    other = at + rng.uniform(-noise, noise, at.shape)
    lines = shapely.linestrings(
        np.concatenate([np.stack([at, at + 0.1], axis=1), np.stack([other, other - 0.1], axis=1)])
    )
    network = node_at_vertices(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326"))
    assert network.edges["component_id"].nunique() == 400
    assert len(network.nodes) == 1200


def test_no_roads_make_an_empty_network() -> None:
    empty = gpd.GeoDataFrame({"bridge": np.array([], bool)}, geometry=[], crs="EPSG:4326")
    for node in (node_at_vertices, node_at_crossings):
        network = node(empty)
        assert len(network.nodes) == len(network.edges) == 0


# --- at crossings -----------------------------------------------------------

AT_CROSSINGS = [
    ("crossing", GRID, "ab cd", "ax bx cx dx"),
    ("crossing at a common vertex", GRID, "axb cxd", "ax bx cx dx"),
    ("crossing at a vertex of one", GRID, "axb cd", "ax bx cx dx"),
    ("a road that ends on another", GRID, "ab cx", "ax bx cx"),
    ("two roads end at one place of another", GRID, "ab cx dx", "ax bx cx dx"),
]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    ("picture", "before", "after"), [c[1:] for c in AT_CROSSINGS], ids=[c[0] for c in AT_CROSSINGS]
)
def test_noding_at_crossings(picture: str, before: str, after: str, origin: tuple[float, float]) -> None:
    roads = _roads(picture, before, origin)
    kept = roads.copy()
    assert _edges(node_at_crossings(roads), picture, origin) == after
    assert roads.equals(kept)


OVERLAP = """
a---b---c---d
    e   f
"""


def test_roads_along_each_other_are_joined_where_the_common_stretch_begins_and_ends() -> None:
    network = node_at_crossings(_roads(OVERLAP, "ad ebcf"))
    assert _edges(network, OVERLAP) == "ab bc bc be cd cf"


def test_a_road_that_crosses_another_in_several_places() -> None:
    zigzag = shapely.LineString([(0, -1), (1, 1), (2, -1), (3, 1)])
    straight = shapely.LineString([(0, 0), (3, 0)])
    network = node_at_crossings(gpd.GeoDataFrame(geometry=[zigzag, straight], crs="EPSG:4326"))
    assert len(network.edges) == 4 + 4
    assert len(network.nodes) == 3 + 4


def test_a_road_that_crosses_itself() -> None:
    loop = shapely.LineString([(0, 0), (2, 0), (2, 1), (1, 1), (1, -1)])
    network = node_at_crossings(gpd.GeoDataFrame(geometry=[loop], crs="EPSG:4326"))
    assert len(network.edges) == 3
    assert len(network.nodes) == 3


@pytest.mark.parametrize("kind", ["bridge", "tunnel"])
def test_bridges_and_tunnels_cross_without_a_node(kind: str) -> None:
    network = node_at_crossings(_roads(GRID, "ab cd", **{kind: [False, True]}))
    assert len(network.edges) == 2
    assert network.edges["component_id"].nunique() == 2


def test_a_bridge_joins_a_road_that_its_end_lies_on() -> None:
    network = node_at_crossings(_roads(GRID, "ab cx", bridge=[False, True]))
    assert _edges(network, GRID) == "ax bx cx"


def test_a_bridge_shares_a_vertex_where_it_has_one() -> None:
    assert _edges(node_at_crossings(_roads(GRID, "axb cxd", bridge=[False, True])), GRID) == "ax bx cx dx"


def test_an_end_that_rounding_put_beside_a_road_is_on_it() -> None:
    # The third point of a slanted line is never on it to the last bit; some fall short, some beyond.
    rng = np.random.default_rng(0)
    for _ in range(30):
        a, b, away = rng.uniform(0, 1, (3, 2)) + CORNER
        on = a + (b - a) * rng.uniform(0.2, 0.8) + rng.normal(0, 1e-10, 2)
        lines = [shapely.LineString([a, b]), shapely.LineString([away, on])]
        network = node_at_crossings(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326"))
        assert network.edges["component_id"].nunique() == 1
        assert len(network.edges) >= 3


def test_an_end_a_metre_from_a_road_is_not_on_it() -> None:
    lines = [shapely.LineString([(68, 50), (69, 50)]), shapely.LineString([(68.5, 50.00001), (68.5, 51)])]
    assert node_at_crossings(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326")).edges["component_id"].nunique() == 2


def test_roads_shorter_than_a_centimetre_do_no_harm() -> None:
    lines = [shapely.LineString([(68, 50), (69, 50)]), shapely.LineString([(68.5, 50), (68.5, 50 + 1e-9)])]
    assert len(node_at_crossings(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326")).edges) == 2


def _scribble(seed: int, n: int, step: float = 0.15) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    lines = [
        shapely.LineString(rng.uniform(0, 1, 2) + CORNER + np.cumsum(rng.normal(0, step, (k, 2)), axis=0))
        for k in rng.integers(2, 8, n)
    ]
    return gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326")


@pytest.mark.parametrize("seed", range(8))
def test_crossings_are_those_of_geos(seed: int) -> None:
    roads = _scribble(seed, 14)
    network = node_at_crossings(roads)
    noded = shapely.get_parts(shapely.node(shapely.MultiLineString(list(roads.geometry))))
    assert len(network.edges) == len(noded)
    ends = {tuple(np.round(xy, 7)) for line in noded for xy in (line.coords[0], line.coords[-1])}
    assert len(network.nodes) == len(ends)
    np.testing.assert_allclose(
        np.sort(network.edges["length_m"]), np.sort([GEOD.geometry_length(line) for line in noded]), atol=1e-3
    )


# --- laws -------------------------------------------------------------------

# Few places, so that roads share vertices, run along each other and turn back.
_words = st.lists(st.text("abcdefgh", min_size=2, max_size=6), min_size=1, max_size=8)
FIELD = """
a   b  c
  d   e
f   g   h
"""


@given(words=_words, crossings=st.booleans())
@settings(max_examples=150, deadline=None)
def test_geometry_is_kept_and_components_are_those_of_networkx(words: list[str], crossings: bool) -> None:
    at = _places(FIELD)
    lines = [shapely.LineString([at[letter] for letter in word]) for word in words]
    roads = gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326")
    network = (node_at_crossings if crossings else node_at_vertices)(roads)
    edges = network.edges
    by_road = edges.groupby("road_id")["length_m"].sum().reindex(roads.index, fill_value=0.0)
    # A new vertex on a line that is straight in degrees moves its geodesics by less than a millionth.
    np.testing.assert_allclose(by_road, [GEOD.geometry_length(line) for line in lines], rtol=1e-6, atol=1e-3)
    assert (edges["length_m"] > 0).all()

    graph = nx.MultiGraph()
    graph.add_nodes_from(network.nodes.index)
    graph.add_edges_from(zip(edges["from_id"], edges["to_id"], strict=True))
    for members in nx.connected_components(graph):
        assert network.nodes.loc[list(members), "component_id"].nunique() == 1
    assert network.nodes["component_id"].nunique() == nx.number_connected_components(graph)
    np.testing.assert_array_equal(
        edges["component_id"], network.nodes["component_id"].to_numpy()[edges["from_id"].to_numpy(int)]
    )
    length = edges.groupby("component_id")["length_m"].sum()
    assert length.index.tolist() == list(range(len(length)))
    assert (np.diff(length) <= 1e-3).all()


@given(words=_words, crossings=st.booleans(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_order_and_direction_of_lines_do_not_matter(words: list[str], crossings: bool, data: st.DataObject) -> None:
    at = _places(FIELD)
    node = node_at_crossings if crossings else node_at_vertices

    def shape(words: list[str]) -> tuple[list[float], list[tuple[float, ...]]]:
        lines = [shapely.LineString([at[letter] for letter in word]) for word in words]
        network = node(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326"))
        nodes = sorted(map(tuple, np.round(shapely.get_coordinates(network.nodes.geometry), 6)))
        return sorted(network.edges["length_m"].round(2)), nodes

    other = [word[::-1] if data.draw(st.booleans()) else word for word in data.draw(st.permutations(words))]
    one_lengths, one_nodes = shape(words)
    other_lengths, other_nodes = shape(other)
    assert one_nodes == other_nodes
    np.testing.assert_allclose(one_lengths, other_lengths, atol=0.02)


# --- cutting ----------------------------------------------------------------


@given(
    cuts=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.75, 1.0]) | st.floats(0, 1)), max_size=12
    )
)
@settings(max_examples=100, deadline=None)
def test_pieces_cover_every_edge_once_and_cuts_are_where_they_were_asked_for(cuts: list[tuple[int, float]]) -> None:
    network = node_at_vertices(_roads(T, "abc bd"))
    edge, fraction = np.array([c[0] for c in cuts], int), np.array([c[1] for c in cuts], float)
    pieces = cut_edges(network, edge, fraction)
    place: dict[int, set[tuple[int, float]]] = {}
    for i in range(3):
        mine = pieces.edge == i
        order = np.argsort(pieces.start[mine])
        start, end = pieces.start[mine][order], pieces.end[mine][order]
        assert start[0] == 0
        assert end[-1] == 1
        np.testing.assert_array_equal(start[1:], end[:-1])
        from_id, to_id = pieces.from_id[mine][order], pieces.to_id[mine][order]
        np.testing.assert_array_equal(from_id[1:], to_id[:-1])
        assert (from_id[0], to_id[-1]) == tuple(network.edges.loc[i, ["from_id", "to_id"]])
        for node, at in zip(np.r_[from_id, to_id], np.r_[start, end], strict=True):
            place.setdefault(int(node), set()).add((i, float(at)))
    for node, i, at in zip(pieces.cut_node, edge, fraction, strict=True):
        assert (i, at) in place[int(node)]
    inner = {(i, at) for i, at in cuts if 0 < at < 1}
    assert pieces.n_nodes == len(network.nodes) + len(inner)
    assert len(pieces.edge) == 3 + len(inner)
