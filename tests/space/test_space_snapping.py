"""Settlements meet the road at the nearest point of an edge, against brute force and by stated rules."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod, Transformer

from gis.space.geodesy import points_along
from gis.space.network import Network, node_at_vertices
from gis.space.snapping import snap, ways_to_roads

GEOD = Geod(ellps="WGS84")
CORNER = np.array([68.0, 50.0])


def _network(lines: list[object], forward: object = 1.0, backward: object = 1.0) -> Network:
    noded = node_at_vertices(gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326"))
    return Network(noded.nodes, noded.edges.assign(forward_min=forward, backward_min=backward))


def _lines(*coordinates: list[tuple[float, float]]) -> list[object]:
    return [shapely.LineString(xy) for xy in coordinates]


def _points(*xy: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.Point(p) for p in xy], index=[f"v{i}" for i in range(len(xy))], crs="EPSG:4326")


def _scribble(seed: int, n: int = 30) -> list[object]:
    rng = np.random.default_rng(seed)
    return [
        shapely.LineString(rng.uniform(0, 1, 2) + CORNER + np.cumsum(rng.normal(0, 0.05, (k, 2)), axis=0))
        for k in rng.integers(2, 9, n)
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("crs", ["EPSG:32642", "EPSG:28412"])
def test_nearest_is_that_of_brute_force_in_two_other_conformal_planes(seed: int, crs: str) -> None:
    rng = np.random.default_rng(seed + 100)
    network = _network(_scribble(seed))
    points = _points(*(rng.uniform(-0.1, 1.1, (60, 2)) + CORNER))
    found = snap(points, network, near_m=0.0)
    flat = network.edges.geometry.segmentize(0.005).to_crs(crs).to_numpy()
    away = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    for point, flat_point, row in zip(points, points.to_crs(crs), found.itertuples(), strict=True):
        distance = [line.distance(flat_point) for line in flat]
        best = int(np.argmin(distance))
        nearest = flat[best].interpolate(flat[best].project(flat_point))
        metres = GEOD.inv(point.x, point.y, *away.transform(nearest.x, nearest.y))[2]
        assert row.access_m == pytest.approx(metres, rel=1e-4, abs=0.1)
        second = np.partition(distance, 1)[1]
        if second > distance[best] * 1.001:
            assert row.edge == best
            share = GEOD.inv(row.longitude, row.latitude, *away.transform(nearest.x, nearest.y))[2]
            assert share < 0.002 * max(metres, 500)


@pytest.mark.parametrize("seed", range(3))
def test_fraction_edge_and_place_are_one_point(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = _network(_scribble(seed))
    points = _points(*(rng.uniform(0, 1, (40, 2)) + CORNER))
    found = snap(points, network, near_m=0.0)
    place = points_along(network.edges.geometry.to_numpy(), found["edge"].to_numpy(), found["fraction"].to_numpy())
    _, _, off = GEOD.inv(found["longitude"], found["latitude"], *place.T)
    assert np.max(off) < 0.1
    _, _, access = GEOD.inv(points.x, points.y, found["longitude"], found["latitude"])
    np.testing.assert_allclose(found["access_m"], access, atol=1e-3)
    np.testing.assert_array_equal(found["component_id"], network.edges["component_id"].to_numpy()[found["edge"]])


def test_fraction_is_of_metres() -> None:
    # The corner lies at half the metres, at two thirds of the degrees; the scale of any plane falls off to the side.
    network = _network(_lines([(66.0, 60.0), (68.0, 60.0), (68.0, 61.0)]))
    fraction = snap(_points((68.0, 60.0)), network, near_m=0)["fraction"].item()
    east, north = GEOD.inv(66, 60, 68, 60)[2], GEOD.inv(68, 60, 68, 61)[2]
    assert fraction == pytest.approx(east / (east + north), rel=1e-4)


def test_a_road_between_far_vertices_runs_straight_in_degrees() -> None:
    network = _network(_lines([(66.0, 50.0), (70.0, 50.0)]))  # 287 km; a great circle passes 2 km to the north
    found = snap(_points((68.0, 50.0), (67.0, 50.0)), network, near_m=0)
    assert (found["access_m"] < 0.1).all()
    assert found["fraction"].tolist() == pytest.approx([0.5, 0.25], abs=1e-6)


def test_a_settlement_on_a_vertex_is_on_the_node_and_has_no_way() -> None:
    network = _network(_lines([(68, 50), (68.1, 50.1)], [(68.1, 50.1), (68.3, 50.0)]))
    found = snap(_points((68.1, 50.1), (68, 50), (68.3, 50.0)), network, near_m=2000)
    assert found["access_m"].tolist() == [0, 0, 0]
    assert found["fraction"].isin([0.0, 1.0]).all()


def test_no_roads_and_no_usable_roads_leave_everybody_off() -> None:
    closed = _network(_lines([(68, 50), (69, 50)]), forward=np.inf, backward=np.inf)
    empty = node_at_vertices(gpd.GeoDataFrame(geometry=[], crs="EPSG:4326"))
    empty = Network(empty.nodes, empty.edges.assign(forward_min=1.0, backward_min=1.0))
    for network in (closed, empty):
        for found in (
            snap(_points((68, 50)), network, near_m=2000),
            ways_to_roads(_points((68, 50)), network, np.array([True]), near_m=2000, max_m=np.inf),
        ):
            assert found["edge"].tolist() == [-1]
            assert found["access_m"].tolist() == [np.inf]
            assert found["component_id"].tolist() == [-1]


def test_no_settlements_have_no_ways() -> None:
    nobody = gpd.GeoSeries([], crs="EPSG:4326")
    network = _network(_lines([(68, 50), (69, 50)]))
    assert len(snap(nobody, network, near_m=1)) == 0
    assert len(ways_to_roads(nobody, network, np.array([], bool), near_m=1, max_m=1)) == 0


def test_a_closed_road_is_passed_over_for_one_that_is_open_in_one_direction() -> None:
    network = _network(_lines([(68, 50), (69, 50)], [(68, 50.1), (69, 50.1)]), [np.inf, np.inf], [np.inf, 3.0])
    assert snap(_points((68.5, 50.01)), network, near_m=0)["edge"].tolist() == [1]


# --- ties -------------------------------------------------------------------


@pytest.mark.parametrize("turn", [1, -1])
def test_of_equally_near_roads_the_western_is_taken_in_any_order(turn: int) -> None:
    # The settlement lies on the axis of the plane, the roads as mirror images on both sides of it.
    lines = _lines([(67.9, 49.9), (67.9, 50.1)], [(68.1, 49.9), (68.1, 50.1)])
    found = snap(_points((68.0, 50.0)), _network(lines[::turn]), near_m=0)
    assert found["longitude"].item() == pytest.approx(67.9, abs=1e-4)


@pytest.mark.parametrize("turn", [1, -1])
def test_of_roads_on_one_line_the_faster_is_taken_in_any_order(turn: int) -> None:
    lines = _lines([(68, 50), (69, 50)], [(68, 50), (69, 50)])
    network = _network(lines, [9.0, 5.0][::turn], [9.0, 5.0][::turn])
    found = snap(_points((68.5, 50.01)), network, near_m=0)
    assert network.edges["forward_min"].to_numpy()[found["edge"]].tolist() == [5.0]


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("drawn_westwards", [True, False])
def test_of_opposite_one_way_roads_on_one_line_one_is_taken_in_any_order(turn: int, drawn_westwards: bool) -> None:
    west, east = (68.0, 50.0), (69.0, 50.0)
    back = [east, west] if drawn_westwards else [west, east]
    forward, backward = [5.0, 5.0 if drawn_westwards else np.inf], [np.inf, np.inf if drawn_westwards else 5.0]
    network = _network(_lines([west, east], back)[::turn], forward[::turn], backward[::turn])
    edge = snap(_points((68.53, 50.01)), network, near_m=0)["edge"].item()
    assert [True, False][::turn][edge] is False  # the one that is driven westwards


def test_rows_of_settlements_may_come_in_any_order() -> None:
    rng = np.random.default_rng(9)
    network = _network(_scribble(9))
    points = _points(*(rng.uniform(0, 1, (30, 2)) + CORNER))
    shuffled = points.iloc[rng.permutation(30)]
    one, other = snap(points, network, near_m=500), snap(shuffled, network, near_m=500)
    pd.testing.assert_frame_equal(one, other.loc[one.index].assign(settlement=one["settlement"]))


# --- components -------------------------------------------------------------

MAIN = [(68.0, 50.0), (69.0, 50.0)]
STUB = [(68.5, 50.01), (68.51, 50.01)]  # 1.1 km north of the main road


@pytest.mark.parametrize(("near_m", "component"), [(2500, 0), (2000, 1)])
def test_the_largest_component_is_preferred_up_to_a_distance(near_m: float, component: int) -> None:
    network = _network(_lines(MAIN, STUB))
    found = snap(_points((68.505, 50.02)), network, near_m=near_m)  # 1.1 km from the stub, 2.2 from the road
    assert found["component_id"].tolist() == [component]
    assert found["preferred"].tolist() == [component == 0]
    assert found["access_m"].item() == pytest.approx(2224 if component == 0 else 1112, rel=1e-2)


def test_a_settlement_on_the_largest_component_is_not_called_preferred() -> None:
    found = snap(_points((68.2, 50.001)), _network(_lines(MAIN, STUB)), near_m=2500)
    assert found["preferred"].tolist() == [False]


def test_ways_lead_to_every_component_with_a_centre_and_to_no_other() -> None:
    far = [(68.5, 50.3), (68.6, 50.3)]
    network = _network(_lines(MAIN, STUB, far))
    points = _points((68.505, 50.02), (68.0, 50.0), (68.55, 50.3))
    none = np.zeros(3, bool)
    for centre, expected in [
        (none, set()),
        (np.array([False, True, False]), {("v0", 0), ("v2", 0)}),
        (np.array([False, True, True]), {("v0", 0), ("v2", 0), ("v0", 1), ("v1", 1)}),
    ]:
        ways = ways_to_roads(points, network, centre, near_m=100, max_m=1e6)
        assert ways.index[:3].tolist() == ["v0", "v1", "v2"]
        pd.testing.assert_frame_equal(ways.iloc[:3], snap(points, network, near_m=100))
        further = ways.iloc[3:]
        assert set(zip(further.index, further["component_id"], strict=True)) == expected
        np.testing.assert_array_equal(points.index[further["settlement"]], further.index)


def test_further_ways_are_no_longer_than_allowed_and_lead_to_the_nearest_point() -> None:
    network = _network(_lines(MAIN, STUB))
    points = _points((68.505, 50.02), (68.0, 50.0))
    centre = np.array([False, True])
    assert len(ways_to_roads(points, network, centre, near_m=100, max_m=2000)) == 2
    way = ways_to_roads(points, network, centre, near_m=100, max_m=3000).iloc[2]
    assert way["longitude"] == pytest.approx(68.505, abs=1e-4)
    assert way["latitude"] == pytest.approx(50.0, abs=1e-4)


def test_a_centre_that_is_too_far_from_its_road_serves_no_component() -> None:
    network = _network(_lines(MAIN, STUB))
    points = _points((68.505, 50.01), (68.5, 49.5))
    assert len(ways_to_roads(points, network, np.array([False, True]), near_m=0, max_m=20_000)) == 2


@pytest.mark.parametrize("seed", range(3))
def test_a_further_centre_takes_no_way_away(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = _network(_scribble(seed, 12))
    points = _points(*(rng.uniform(0, 1, (20, 2)) + CORNER))
    centre = np.zeros(20, bool)
    before: set[tuple[str, int, int]] = set()
    for i in rng.permutation(20):
        centre[i] = True
        ways = ways_to_roads(points, network, centre, near_m=1000, max_m=40_000)
        now = set(zip(ways.index, ways["edge"], (ways["fraction"] * 1e9).astype(int), strict=True))
        assert before <= now
        before = now
    assert len(before) > 20
