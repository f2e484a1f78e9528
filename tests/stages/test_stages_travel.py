"""Journeys, held against networkx on graphs that are built apart from ours."""

import itertools
from dataclasses import dataclass

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis.space.impedance import with_minutes
from gis.space.network import Network, node_at_vertices
from gis.space.snapping import ways_to_roads
from gis.stages.legs import Legs, access_legs
from gis.stages.travel import Roads, road_journeys, straight_journeys, tier_levels

GEOD = Geod(ellps="WGS84")
LEGS = {"near_km": 2.0, "near_kph": 20.0, "over_land_kph": 8.0, "over_land_max_km": 12.0}


@dataclass
class Case:
    """A street grid with gaps, one-way streets and islands, and settlements on and beside it."""

    network: Network
    points: gpd.GeoSeries
    centre: np.ndarray
    ways: pd.DataFrame
    legs: Legs
    roads: Roads


def _case(seed: int, *, nx_: int = 6, ny: int = 4, n: int = 14, centres: int = 3, off_m: float = 3000.0) -> Case:
    rng = np.random.default_rng(seed)
    place = {
        (i, j): (68 + 0.1 * i + rng.normal(0, 0.02), 50 + 0.07 * j + rng.normal(0, 0.015))
        for i in range(nx_)
        for j in range(ny)
    }
    streets = [((i, j), (i + di, j + dj)) for i, j in place for di, dj in ((1, 0), (0, 1)) if (i + di, j + dj) in place]
    kept = [street for street in streets if rng.uniform() < 0.5]
    lines = [shapely.LineString([place[a], place[b]][:: rng.choice([1, -1])]) for a, b in kept]
    oneway = rng.choice([0, 0, 0, 1, -1], len(lines))
    kph = rng.choice([20.0, 60.0, 90.0, 0.0], len(lines), p=[0.3, 0.3, 0.35, 0.05])
    roads = gpd.GeoDataFrame({"oneway": oneway, "kph": kph}, geometry=lines, crs="EPSG:4326")
    noded = node_at_vertices(roads)
    network = Network(noded.nodes, with_minutes(noded.edges, noded.edges["kph"].to_numpy()))
    # On a street, several on one street, on a junction, and away from it.
    at = []
    for k in range(n):
        line = lines[rng.integers(0, max(1, len(lines) // 2))]
        spot = line.interpolate(rng.choice([0.0, 0.25, 0.5, rng.uniform()]), normalized=True)
        lon, lat, _ = GEOD.fwd(spot.x, spot.y, rng.uniform(0, 360), 0.0 if k % 2 else rng.uniform(0, off_m))
        at.append(shapely.Point(lon, lat))
    points = gpd.GeoSeries(at, index=[f"s{k:02d}" for k in range(n)], crs="EPSG:4326")
    centre = np.zeros(n, bool)
    centre[rng.choice(n, centres, replace=False)] = True
    ways = ways_to_roads(points, network, centre, near_m=2000, max_m=LEGS["over_land_max_km"] * 1000)
    legs = access_legs(ways["access_m"].to_numpy(), ways["settlement"].to_numpy(), **LEGS)
    return Case(network, points, centre, ways, legs, Roads.cut_at(network, ways))


def _oracle(case: Case) -> nx.DiGraph:
    """The journeys as a graph of its own: streets cut one by one, every way and every straight line an edge."""
    graph = nx.MultiDiGraph()
    edges = case.network.edges
    for i, edge in edges.iterrows():
        mine = case.ways[case.ways["edge"] == i]
        stops = sorted({0.0, 1.0, *mine["fraction"]})
        names = [
            ("node", edge["from_id"]) if f == 0 else ("node", edge["to_id"]) if f == 1 else ("cut", i, f) for f in stops
        ]
        for (a, b), (fa, fb) in zip(itertools.pairwise(names), itertools.pairwise(stops), strict=True):
            km = edge["length_m"] / 1000 * (fb - fa)
            if edge["kph"] > 0 and edge["oneway"] >= 0:
                graph.add_edge(a, b, minutes=km / edge["kph"] * 60, km=km)
            if edge["kph"] > 0 and edge["oneway"] <= 0:
                graph.add_edge(b, a, minutes=km / edge["kph"] * 60, km=km)
    graph.add_nodes_from([(kind, k) for kind in ("from", "to") for k in range(len(case.points))])
    for way in case.ways.itertuples():
        km = way.access_m / 1000
        if way.edge < 0 or km > LEGS["over_land_max_km"]:
            continue
        minutes = km / (LEGS["near_kph"] if km <= LEGS["near_km"] else LEGS["over_land_kph"]) * 60
        f = way.fraction
        edge = edges.loc[way.edge]
        entry = ("node", edge["from_id"]) if f == 0 else ("node", edge["to_id"]) if f == 1 else ("cut", way.edge, f)
        graph.add_edge(("from", way.settlement), entry, minutes=minutes, km=km)
        graph.add_edge(entry, ("to", way.settlement), minutes=minutes, km=km)
    for i, a in enumerate(case.points):
        for k in np.flatnonzero(case.centre):
            b = case.points.iloc[k]
            km = GEOD.inv(a.x, a.y, b.x, b.y)[2] / 1000
            if km <= LEGS["over_land_max_km"]:
                graph.add_edge(("from", i), ("to", k), minutes=km / LEGS["over_land_kph"] * 60, km=km)
    return graph


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_journeys_are_those_of_networkx(seed: int) -> None:
    case = _case(seed)
    journeys, _ = road_journeys(case.points, case.roads, case.legs, case.centre)
    graph = _oracle(case)
    for i, who in enumerate(case.points.index):
        row = journeys.loc[who]
        if case.centre[i]:
            assert (row["to_id"], row["travel_time_min"], row["distance_km"]) == (who, 0.0, 0.0)
            assert row["mode"] == "at_centre"
            continue
        minutes, route = nx.single_source_dijkstra(graph, ("from", i), weight="minutes")
        ends = {k: minutes[("to", k)] for k in np.flatnonzero(case.centre) if ("to", k) in minutes}
        if not ends:
            assert np.isinf(row["travel_time_min"])
            assert np.isinf(row["distance_km"])
            assert row["to_id"] is None
            assert row["mode"] == "unreachable"
            continue
        best = min(ends, key=lambda k: ends[k])
        assert row["travel_time_min"] == pytest.approx(ends[best], rel=1e-9, abs=1e-9)
        serving = case.points.index.get_loc(row["to_id"])
        assert ends[serving] == pytest.approx(ends[best], rel=1e-9, abs=1e-9)
        tied = sum(value < ends[best] + 1e-6 for value in ends.values()) > 1
        path = route[("to", best)]
        km = sum(min(graph[a][b].values(), key=lambda e: e["minutes"])["km"] for a, b in itertools.pairwise(path))
        if not tied:
            assert row["distance_km"] == pytest.approx(km, rel=1e-6, abs=1e-9)


def test_the_random_graphs_have_every_kind_of_journey() -> None:
    kinds: set[str] = set()
    many_ways = 0
    for seed in range(12):
        case = _case(seed)
        journeys, _ = road_journeys(case.points, case.roads, case.legs, case.centre)
        kinds |= set(journeys["mode"])
        many_ways += len(case.ways) > len(case.points)
    assert kinds == {"at_centre", "by_road", "over_land", "unreachable"}
    assert many_ways >= 3


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_node_minutes_are_those_to_the_nearest_centre(seed: int) -> None:
    case = _case(seed)
    _, node_minutes = road_journeys(case.points, case.roads, case.legs, case.centre)
    graph = _oracle(case).reverse()
    minutes = nx.multi_source_dijkstra_path_length(
        graph, {("to", k) for k in np.flatnonzero(case.centre)}, weight="minutes"
    )
    for node in case.network.nodes.index:
        assert node_minutes[node] == pytest.approx(minutes.get(("node", node), np.inf))


def _line(*x: float, oneway: int = 0, kph: float = 60.0) -> Network:
    """A road along the equator, where a degree is 111.319 km, through the given longitudes."""
    lines = [shapely.LineString([(a, 0), (b, 0)]) for a, b in itertools.pairwise(x)]
    noded = node_at_vertices(gpd.GeoDataFrame({"oneway": [oneway] * len(lines)}, geometry=lines, crs="EPSG:4326"))
    return Network(noded.nodes, with_minutes(noded.edges, np.full(len(noded.edges), kph)))


def _go(network: Network, xy: list[tuple[float, float]], centre: list[bool], **legs: float) -> pd.DataFrame:
    points = gpd.GeoSeries([shapely.Point(p) for p in xy], index=list("abcdef")[: len(xy)], crs="EPSG:4326")
    who = np.array(centre)
    rule = LEGS | legs
    ways = ways_to_roads(points, network, who, near_m=2000, max_m=rule["over_land_max_km"] * 1000)
    out = access_legs(ways["access_m"].to_numpy(), ways["settlement"].to_numpy(), **rule)
    return road_journeys(points, Roads.cut_at(network, ways), out, who)[0]


KM = 111.319491  # of a degree on the equator of WGS 84


@pytest.mark.parametrize(("oneway", "minutes"), [(0, 0.5 * KM), (1, np.inf), (-1, 0.5 * KM)])
def test_one_way_roads_are_driven_from_the_settlement_to_the_centre(oneway: int, minutes: float) -> None:
    # The centre lies to the west; the line is drawn to the east.
    out = _go(_line(60, 61, oneway=oneway), [(60.0, 0), (60.5, 0)], [True, False])
    assert out["travel_time_min"].tolist() == pytest.approx([0, minutes], rel=1e-6)


def test_settlements_in_the_middle_of_one_edge_need_not_go_to_its_ends() -> None:
    out = _go(_line(60, 61), [(60.4, 0), (60.5, 0), (60.7, 0)], [True, False, False])
    assert out["distance_km"].tolist() == pytest.approx([0, 0.1 * KM, 0.3 * KM], rel=1e-6)
    assert out["to_id"].tolist() == ["a", "a", "a"]


def test_the_ways_to_the_road_count_at_both_ends() -> None:
    degree = 1 / 110.574  # a kilometre to the north
    out = _go(_line(60, 61), [(60.2, degree), (60.8, degree)], [True, False])
    assert out["travel_time_min"].tolist() == pytest.approx([0, 3 + 0.6 * KM + 3], rel=1e-4)
    assert out["distance_km"].tolist() == pytest.approx([0, 1 + 0.6 * KM + 1], rel=1e-4)


def test_of_two_centres_at_one_node_the_one_nearer_to_it_serves() -> None:
    degree = 1 / 110.574
    out = _go(_line(60, 61), [(60.2, degree), (60.2, -degree / 2), (60.8, 0)], [True, True, False])
    assert out["to_id"].tolist() == ["a", "b", "b"]
    assert out["distance_km"].iloc[2] == pytest.approx(0.6 * KM + 0.5, rel=1e-4)


def test_a_settlement_on_the_same_spot_as_a_centre_is_at_no_distance() -> None:
    out = _go(_line(60, 61), [(60.2, 0), (60.2, 0)], [True, False])
    assert out["travel_time_min"].tolist() == [0, 0]
    assert out["to_id"].tolist() == ["a", "a"]


def test_over_land_is_gone_where_it_is_quicker_and_not_too_far() -> None:
    # Two villages 5 km on either side of the end of a slow road: 10 km straight, 8 km/h.
    degree = 5 / 110.574
    xy = [(60.0, degree), (60.0, -degree)]
    slow = _go(_line(60, 61), xy, [True, False])
    assert slow["mode"].tolist() == ["at_centre", "over_land"]
    assert slow["travel_time_min"].iloc[1] == pytest.approx(75, rel=1e-4)
    short = _go(_line(60, 61), xy, [True, False], over_land_max_km=9.0)
    assert short["mode"].iloc[1] == "by_road"
    assert short["travel_time_min"].iloc[1] == pytest.approx(75, rel=1e-4)


def test_nobody_reaches_a_centre_that_is_too_far_from_every_road() -> None:
    out = _go(_line(60, 61), [(60.5, 1.0), (60.2, 0)], [True, False])
    assert out["travel_time_min"].tolist() == [0, np.inf]
    assert out["to_id"].tolist() == ["a", None]


def test_without_a_centre_everything_is_unknown() -> None:
    out = _go(_line(60, 61), [(60.5, 0), (60.2, 0)], [False, False])
    assert out["travel_time_min"].isna().all()
    assert out["distance_km"].isna().all()
    assert out["to_id"].tolist() == [None, None]


def test_a_village_with_a_road_of_its_own_crosses_the_land_to_the_next_network() -> None:
    lines = [shapely.LineString([(60, 0), (61, 0)]), shapely.LineString([(60.5, 0.1), (60.6, 0.1)])]
    noded = node_at_vertices(gpd.GeoDataFrame({"oneway": [0, 0]}, geometry=lines, crs="EPSG:4326"))
    network = Network(noded.nodes, with_minutes(noded.edges, np.full(2, 60.0)))
    out = _go(network, [(60.0, 0), (60.5, 0.1)], [True, False])
    assert out["travel_time_min"].iloc[1] == pytest.approx(0.5 * KM + 11.0574 / 8 * 60, rel=1e-3)
    # A new centre on the other network, farther along it than the old one is over land, takes nothing away.
    more = _go(network, [(60.0, 0), (60.5, 0.1), (60.6, 0.1)], [True, False, True])
    assert more["to_id"].tolist() == ["a", "c", "c"]
    assert more["travel_time_min"].iloc[1] == pytest.approx(0.1 * KM, rel=1e-3)


def test_inputs_are_not_changed() -> None:
    case = _case(3)
    points, ways, edges = case.points.copy(), case.ways.copy(), case.network.edges.copy()
    minutes = case.legs.access_min.copy()
    road_journeys(case.points, case.roads, case.legs, case.centre)
    assert case.points.equals(points)
    pd.testing.assert_frame_equal(case.ways, ways)
    assert case.network.edges.equals(edges)
    np.testing.assert_array_equal(case.legs.access_min, minutes)


# --- legs, straight lines, tiers --------------------------------------------


def test_access_legs_at_their_limits() -> None:
    legs = access_legs(np.array([0.0, 2000, 2001, 12_000, 12_001, np.inf]), **LEGS)
    assert legs.access_min.tolist() == pytest.approx([0, 6, 2.001 / 8 * 60, 90, np.inf, np.inf])
    assert legs.settlement.tolist() == [0, 1, 2, 3, 4, 5]


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_straight_journeys_go_to_the_nearest_centre(seed: int) -> None:
    rng = np.random.default_rng(seed)
    xy = np.c_[rng.uniform(46, 88, 12), rng.uniform(40, 56, 12)]
    points = gpd.GeoSeries(shapely.points(xy), index=[f"s{i}" for i in range(12)], crs="EPSG:4326")
    centre = rng.uniform(size=12) < 0.4
    centre[0] = True
    out = straight_journeys(points, centre, speed_kph=50, detour_factor=1.4)
    for i in range(12):
        metres = {k: GEOD.inv(*xy[i], *xy[k])[2] for k in np.flatnonzero(centre)}
        best = min(metres, key=lambda k: metres[k])
        assert out["to_id"].iloc[i] == f"s{best}"
        assert out["distance_km"].iloc[i] == pytest.approx(metres[best] / 1000 * 1.4)
        assert out["travel_time_min"].iloc[i] == pytest.approx(metres[best] / 1000 * 1.4 / 50 * 60)


def test_without_a_centre_straight_journeys_are_unknown() -> None:
    points = gpd.GeoSeries(shapely.points([[60.0, 50.0]]), index=["a"], crs="EPSG:4326")
    assert straight_journeys(points, np.array([False]), speed_kph=50, detour_factor=1)["distance_km"].isna().all()


def test_tiers_by_population_at_their_limits() -> None:
    people = pd.DataFrame({"population": [50_000.0, 49_999, 1000, 999, np.nan, 0]})
    levels = tier_levels(people, population_min={"city": 50_000, "town": 1000})
    assert levels.tolist() == pytest.approx([0, 1, 1, np.nan, np.nan, np.nan], nan_ok=True)


def test_tiers_by_value_take_the_highest_that_names_it() -> None:
    places = pd.DataFrame({"tier": ["city", "town", None, "village", "hub"]})
    before = places.copy()
    levels = tier_levels(places, values={"a": ["city", "hub"], "b": ["town", "hub"]})
    assert levels.tolist() == pytest.approx([0, 1, np.nan, np.nan, 0], nan_ok=True)
    pd.testing.assert_frame_equal(places, before)
