"""The forest of routes, held against routes that are drawn one by one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_stages_over_land import solve, world
from test_stages_travel import LEGS, Case, _case

from gis.space.snapping import ways_to_roads
from gis.stages.legs import access_legs
from gis.stages.route_forest import RouteForest, route_forest
from gis.stages.routes import Route, route
from gis.stages.travel import AT_CENTRE, NONE, Roads, road_journeys


def _forest(points, roads, legs, centre) -> tuple[RouteForest, dict[tuple[str, str], Route]]:
    """The forest, and every route drawn alone."""
    journeys = {tier: road_journeys(points, roads, legs, who)[0] for tier, who in centre.items()}
    table = pd.concat(
        [part.assign(tier=tier, season="year").rename_axis("from_id").reset_index() for tier, part in journeys.items()]
    )
    alone = {
        (tier, str(key)): route(points, str(key), row, centre=centre[tier], roads=roads, legs=legs)
        for tier, part in journeys.items()
        for key, row in part.iterrows()
    }
    return route_forest(points, table, {"year": roads}, legs, centre), alone


def _grown(case: Case, more: np.ndarray) -> tuple[RouteForest, dict[tuple[str, str], Route]]:
    return _forest(case.points, case.roads, case.legs, {"city": case.centre, "town": case.centre | more})


def _agree(forest: RouteForest, alone: dict[tuple[str, str], Route]) -> None:
    for (tier, key), wanted in alone.items():
        got = _line(forest, key, tier)
        if wanted.line is None or shapely.length(wanted.line) < 1e-7:  # at a centre, none reached, or at the same place
            assert got is None or shapely.length(got) < 1e-6
            continue
        assert wanted.mode not in (AT_CENTRE, NONE)
        assert shapely.hausdorff_distance(got, wanted.line) < 1e-7
        assert shapely.length(got) == pytest.approx(shapely.length(wanted.line), abs=1e-6)
        assert shapely.get_coordinates(got)[[0, -1]] == pytest.approx(
            shapely.get_coordinates(wanted.line)[[0, -1]], abs=1e-7
        )


def _line(forest: RouteForest, key: str, tier: str) -> shapely.LineString | None:
    xy = forest.line(forest.settlements.get_loc(key), tier, "year")
    return shapely.LineString(xy) if len(xy) else None


def _off_road_length(forest: RouteForest, settlement: int, tier: str) -> float:
    """The length, in degrees, of what a journey does not go on roads: followed stretch by stretch."""
    node, onward, found = settlement, forest.onward[tier, "year"], 0.0
    while (stretch := int(onward[node])) >= 0:
        xy = forest.vertices[forest.first[stretch] : forest.first[stretch + 1]]
        found += np.hypot(*np.diff(xy, axis=0).T).sum() * forest.off_road[stretch]
        a, b = forest.ends[stretch]
        node = int(b if a == node else a)
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_every_route_is_the_one_that_is_drawn_alone(seed):
    case = _case(seed, n=20)
    more = np.zeros(len(case.points), bool)
    more[seed % len(more)] = True
    _agree(*_grown(case, more))


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(0, 10_000), hills=st.booleans())
def test_ways_over_land_bend_as_those_that_are_drawn_alone(seed, hills):
    w = world(seed, hills=hills)
    s = solve(w)
    forest, alone = _forest(w.points, s.roads, s.made.legs, {"town": w.centre})
    _agree(forest, alone)
    for (tier, key), wanted in alone.items():
        off = wanted.legs["kind"] != "road"
        if "road_class" in wanted.legs:
            off |= wanted.legs["road_class"] == "over_land"
        length = shapely.length(wanted.legs.loc[off, "geometry"].to_numpy()).sum()
        assert _off_road_length(forest, forest.settlements.get_loc(key), tier) == pytest.approx(length, abs=1e-6)


def test_some_of_these_ways_bend():
    """Else the law above would say nothing of bends."""
    bent = 0
    for seed in range(6):
        w = world(seed)
        s = solve(w)
        forest, _ = _forest(w.points, s.roads, s.made.legs, {"town": w.centre})
        bent += int((np.diff(forest.first)[forest.off_road] > 2).sum())
    assert bent > 5


def test_a_stretch_is_held_once():
    forest, alone = _grown(_case(5, n=30), np.zeros(30, bool))
    lines = [forest.vertices[a:b] for a, b in zip(forest.first[:-1], forest.first[1:], strict=True)]
    ends = [(*sorted((tuple(line[0]), tuple(line[-1]))), len(line)) for line in lines]
    middle = [tuple(np.round(line.mean(axis=0), 9)) for line in lines]
    of = [tuple(pair) for pair in np.sort(forest.ends, axis=1).tolist()]
    assert len(set(zip(ends, middle, of, strict=True))) == len(lines)
    assert (forest.ends >= 0).all()
    assert not np.isnan(forest.xy).any()
    for line, (a, b) in zip(lines, forest.ends, strict=True):
        assert line[0] == pytest.approx(forest.xy[a])
        assert line[-1] == pytest.approx(forest.xy[b])
    assert len(lines) < 3 * len(alone)


def test_a_place_where_one_journey_ends_on_the_road_that_it_enters_is_known():
    """Two settlements on one junction: the way between them has no stretch of road at all."""
    case = _case(3, n=6, centres=1, off_m=0.0)
    points = case.points.copy()
    points.iloc[0] = points.iloc[int(np.flatnonzero(case.centre)[0])]
    ways = ways_to_roads(points, case.network, case.centre, near_m=2000, max_m=9000)
    legs = access_legs(ways["access_m"].to_numpy(), ways["settlement"].to_numpy(), **LEGS)
    forest, alone = _forest(points, Roads.cut_at(case.network, ways), legs, {"town": case.centre})
    assert not np.isnan(forest.xy).any()
    _agree(forest, alone)


def test_a_piece_over_land_within_a_road_is_a_stretch_of_its_own():
    case = _case(7, n=20)
    edges = case.network.edges
    third = np.arange(len(edges)) % 3 == 0
    marked = edges.assign(from_id=np.where(third, -1, edges["from_id"]))  # as the links over land are
    roads = replace(case.roads, network=replace(case.network, edges=marked))
    plain, _ = _grown(case, np.zeros(20, bool))
    forest, alone = _forest(case.points, roads, case.legs, {"city": case.centre})
    _agree(forest, alone)
    of = {off: shapely.union_all(edges.geometry[third == off].to_numpy()) for off in (True, False)}
    n, seen = len(case.points), {True: 0, False: 0}
    for stretch, (a, b) in enumerate(forest.ends):
        if min(a, b) < n:
            continue  # the way of a settlement
        middle = shapely.LineString(forest.vertices[forest.first[stretch] : forest.first[stretch + 1]])
        off = bool(forest.off_road[stretch])
        seen[off] += 1
        assert of[off].buffer(1e-7).contains(middle)
    assert min(seen.values()) > 0
    assert len(forest.ends) >= len(plain.ends) / 2


def test_of_some_tiers_the_others_are_gone():
    case = _case(11, n=20)
    forest, alone = _grown(case, np.arange(20) == 3)
    some = forest.of_tiers(["town"])
    assert set(some.onward) == {("town", "year")}
    assert len(some.ends) <= len(forest.ends)
    _agree(some, {key: one for key, one in alone.items() if key[0] == "town"})


def test_simplified_lines_keep_their_ends_and_stay_near():
    case = _case(13, n=20)
    forest, _ = _grown(case, np.zeros(20, bool))
    near = forest.simplified(0.002)
    assert len(near.vertices) <= len(forest.vertices)
    for key in forest.settlements:
        exact, rough = _line(forest, key, "city"), _line(near, key, "city")
        assert (exact is None) == (rough is None)
        if exact is not None:
            assert shapely.hausdorff_distance(exact, rough) <= 0.0021
            assert shapely.get_coordinates(rough)[[0, -1]] == pytest.approx(shapely.get_coordinates(exact)[[0, -1]])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_load_of_a_stretch_is_the_sum_of_the_journeys_that_take_it(seed):
    case = _case(seed, n=20)
    forest, _ = _grown(case, np.arange(20) == seed % 20)
    weights = np.random.default_rng(seed).integers(0, 9000, (20, 2)).astype(float)
    for tier in ("city", "town"):
        wanted = np.zeros((len(forest.ends), 2))
        for i in range(20):
            node = i
            while (stretch := forest.onward[tier, "year"][node]) >= 0:
                wanted[stretch] += weights[i]
                node = forest.ends[stretch].sum() - node
        assert (forest.loads(tier, "year", weights) == wanted).all()


def test_where_nobody_reaches_a_centre_the_forest_is_empty():
    case = _case(17, n=8)
    forest, alone = _forest(case.points, case.roads, case.legs, {"town": np.zeros(8, bool)})
    assert len(forest.ends) == 0
    assert len(forest.simplified(0.01).lines()) == 0
    assert forest.loads("town", "year", np.ones((8, 1))).shape == (0, 1)
    assert all(len(forest.line(i, "town", "year")) == 0 for i in range(8))
    _agree(forest, alone)
