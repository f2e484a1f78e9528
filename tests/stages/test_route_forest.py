"""The forest of routes, held against routes that are drawn one by one."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_stages_travel import Case, _case

from gis.stages.route_forest import RouteForest, route_forest
from gis.stages.routes import route
from gis.stages.travel import BY_ROAD, road_journeys


def _grown(case: Case, more: np.ndarray) -> tuple[RouteForest, dict[str, pd.DataFrame], dict[str, np.ndarray]]:
    centre = {"city": case.centre, "town": case.centre | more}
    journeys = {tier: road_journeys(case.points, case.roads, case.legs, who)[0] for tier, who in centre.items()}
    table = pd.concat(
        [part.assign(tier=tier, season="year").rename_axis("from_id").reset_index() for tier, part in journeys.items()]
    )
    return route_forest(table, {"year": case.roads}, case.legs, centre), journeys, centre


def _drawn(line: np.ndarray) -> np.ndarray:
    """The places of a line, without those that repeat the one before."""
    new = np.ones(len(line), bool)
    new[1:] = np.abs(np.diff(line, axis=0)).max(axis=1) > 1e-9
    return line[new]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_every_route_is_the_one_that_is_drawn_alone(seed):
    case = _case(seed, n=20)
    more = np.zeros(len(case.points), bool)
    more[seed % len(more)] = True
    forest, journeys, centre = _grown(case, more)
    for tier, who in centre.items():
        for i, key in enumerate(case.points.index):
            journey, got = journeys[tier].loc[key], forest.route(i, tier, "year")
            if journey["mode"] != BY_ROAD:
                assert len(got) == 0
                continue
            alone = route(case.points, key, journey, centre=who, roads=case.roads, legs=case.legs)
            wanted = [shapely.get_coordinates(leg) for leg in alone.legs.loc[alone.legs["kind"] == "road", "geometry"]]
            if not wanted:  # settlement and centre meet the road at one place
                assert len(got) == 0 or np.ptp(got, axis=0).max() < 1e-9
                continue
            assert _drawn(got) == pytest.approx(_drawn(np.concatenate(wanted)), abs=1e-9)


def test_a_stretch_is_held_once():
    forest, journeys, _ = _grown(_case(5, n=30), np.zeros(30, bool))
    ends = [(*sorted((tuple(line[0]), tuple(line[-1]))), len(line)) for line in forest.lines]
    middle = [tuple(np.round(line.mean(axis=0), 9)) for line in forest.lines]
    assert len(set(zip(ends, middle, strict=True))) == len(forest.lines)
    assert (forest.ends >= 0).all()
    assert not np.isnan(forest.xy).any()
    drawn = sum((part["mode"] == BY_ROAD).sum() for part in journeys.values())
    assert len(forest.lines) < 3 * drawn


def test_of_some_tiers_the_others_are_gone():
    case = _case(11, n=20)
    forest, _, _ = _grown(case, np.arange(20) == 3)
    some = forest.of_tiers(["town"])
    assert set(some.ways) == {("town", "year")}
    assert len(some.lines) <= len(forest.lines)
    for i in range(20):
        assert (some.route(i, "town", "year") == forest.route(i, "town", "year")).all()
