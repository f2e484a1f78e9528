"""Support villages: pairs against one search for each candidate, the greedy choice against every choice."""

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.space.impedance import with_minutes
from gis.space.network import Network, node_at_vertices
from gis.space.snapping import ways_to_roads
from gis.stages.legs import Legs, access_legs
from gis.stages.support import catchments, propose, road_pairs, satellites, straight_pairs
from gis.stages.travel import Roads, road_journeys, straight_journeys

LEGS = {"near_km": 2.0, "near_kph": 20.0, "over_land_kph": 8.0, "over_land_max_km": 12.0}


def villages(seed: int, n: int = 25) -> tuple[gpd.GeoSeries, Roads, Legs, np.ndarray]:
    """Villages on and beside a street grid of 7 x 4 with gaps, one-way and closed streets; 8 of them candidates."""
    rng = np.random.default_rng(seed)
    place = {(i, j): (70 + 0.12 * i, 49 + 0.09 * j + 0.01 * i) for i in range(7) for j in range(4)}
    streets = [(a, (a[0] + dx, a[1] + dy)) for a in place for dx, dy in ((1, 0), (0, 1))]
    lines = [shapely.LineString([place[a], place[b]]) for a, b in streets if b in place and rng.uniform() < 0.7]
    oneway, kph = rng.choice([0, 0, 0, 1, -1], len(lines)), rng.choice([20.0, 60.0, 0.0], len(lines), p=[0.4, 0.5, 0.1])
    roads = gpd.GeoDataFrame({"oneway": oneway, "kph": kph}, geometry=lines, crs="EPSG:4326")
    noded = node_at_vertices(roads)
    network = Network(noded.nodes, with_minutes(noded.edges, noded.edges["kph"].to_numpy()))
    spots = [lines[k % len(lines)].interpolate(rng.uniform(), normalized=True) for k in range(n)]
    # Every other one stands off the road; the last one where the first does, so that way and street have no length.
    off = [0.0 if k % 2 else rng.uniform(0, 0.05) for k in range(n)]
    at = [shapely.Point(spot.x, spot.y + by) for spot, by in zip(spots, off, strict=True)]
    at[-1] = at[1]
    points = gpd.GeoSeries(at, index=[f"v{k:02d}" for k in range(n)], crs="EPSG:4326")
    candidate = np.zeros(n, bool)
    candidate[rng.choice(n, 8, replace=False)] = True
    ways = ways_to_roads(points, network, candidate, near_m=2000, max_m=12_000)
    legs = access_legs(ways["access_m"].to_numpy(), ways["settlement"].to_numpy(), **LEGS)
    return points, Roads.cut_at(network, ways), legs, candidate


@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_the_journeys_to_each_candidate_alone(seed: int) -> None:
    points, roads, legs, candidate = villages(seed)
    for limit in (15.0, 60.0):
        pairs = road_pairs(points, roads, legs, candidate, limit_min=limit)
        expected = {}
        for position in np.flatnonzero(candidate):
            alone = np.arange(len(points)) == position
            minutes = road_journeys(points, roads, legs, alone)[0]["travel_time_min"]
            expected |= {(v, points.index[position]): t for v, t in minutes.items() if t <= limit}
        found = {(a, b): t for a, b, t in pairs.itertuples(index=False)}
        assert len(found) == len(pairs), "a pair stands once"
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_few_candidates_to_a_job_change_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    points, roads, legs, candidate = villages(seed)
    whole = road_pairs(points, roads, legs, candidate, limit_min=60)
    monkeypatch.setattr("gis.kernels.within._PART", 1)
    pd.testing.assert_frame_equal(whole, road_pairs(points, roads, legs, candidate, limit_min=60))


@pytest.mark.parametrize("latitude", [0.0, 48.0, 70.0])
def test_straight_pairs_are_the_straight_journeys(latitude: float) -> None:
    rng = np.random.default_rng(3)
    points = gpd.GeoSeries.from_xy(rng.uniform(60, 63, 40), rng.uniform(latitude, latitude + 2, 40), crs="EPSG:4326")
    points.index = pd.Index([f"v{k:02d}" for k in range(40)])
    rule = {"speed_kph": 50.0, "detour_factor": 1.4}
    candidate = np.arange(40) % 9 == 0
    pairs = straight_pairs(points, candidate, limit_min=90, **rule)
    expected = {}
    for position in np.flatnonzero(candidate):
        minutes = straight_journeys(points, np.arange(40) == position, **rule)["travel_time_min"]
        expected |= {(v, points.index[position]): t for v, t in minutes.items() if t <= 90}
    assert 8 < len(expected) < 200
    assert {(a, b): t for a, b, t in pairs.itertuples(index=False)} == pytest.approx(expected)


# --- choosing ---------------------------------------------------------------------------------------------------------


@st.composite
def reaches(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.Series, pd.Index]:
    """Up to nine villages, the first six candidates, who reach each other at random and always themselves."""
    n = draw(st.integers(1, 9))
    ids = [f"v{k}" for k in range(n)]
    candidates = pd.Index(ids[:6], name="settlement_id")
    rows = [
        (a, b, 0.0 if a == b else draw(st.floats(1, 50)))
        for a in ids
        for b in candidates
        if a == b or draw(st.booleans())
    ]
    pairs = pd.DataFrame(rows, columns=["from_id", "to_id", "travel_time_min"])
    pairs = pairs.sort_values(["from_id", "travel_time_min", "to_id"], ignore_index=True)
    people = pd.Series(draw(st.lists(st.integers(0, 900), min_size=n, max_size=n)), index=ids, dtype=float)
    return pairs, people, candidates


def served(pairs: pd.DataFrame, people: pd.Series, chosen: list[str]) -> float:
    reached = set(pairs.loc[pairs["to_id"].isin(chosen), "from_id"])
    return float(people[people.index.isin(reached)].sum())


@settings(deadline=None, max_examples=150)
@given(reaches(), st.integers(1, 4))
def test_the_greedy_set_keeps_its_guarantee(case: tuple[pd.DataFrame, pd.Series, pd.Index], p: int) -> None:
    pairs, people, candidates = case
    made = propose(pairs, people, candidates, number=p)
    best = max(
        served(pairs, people, list(some)) for some in itertools.combinations(candidates, min(p, len(candidates)))
    )
    own = served(pairs, people, made.index.tolist())
    assert own >= (1 - (1 - 1 / p) ** p) * best - 1e-9
    assert len(made) <= p
    if p == 1:
        assert own == best
    if people.sum():
        assert made["population_added"].sum() == pytest.approx(own)
        assert (made["population_added"] > 0).all()
        assert made["population_added"].is_monotonic_decreasing, "a later village never adds more than one before it"
        if len(made):
            assert made["share_served"].iloc[-1] == pytest.approx(own / people.sum())


@settings(deadline=None, max_examples=80)
@given(reaches(), st.floats(0.1, 1.0))
def test_a_share_is_reached_or_nobody_can_be_added(
    case: tuple[pd.DataFrame, pd.Series, pd.Index], share: float
) -> None:
    pairs, people, candidates = case
    made = propose(pairs, people, candidates, share=share)
    own, most = served(pairs, people, made.index.tolist()), served(pairs, people, list(candidates))
    assert own >= share * people.sum() - 1e-6 or own == pytest.approx(most)
    if len(made) > 1:
        assert served(pairs, people, made.index.tolist()[:-1]) < share * people.sum(), "no village too many"


@settings(deadline=None, max_examples=80)
@given(reaches())
def test_each_is_assigned_to_the_nearest_chosen_and_catchments_are_counted_once(
    case: tuple[pd.DataFrame, pd.Series, pd.Index],
) -> None:
    pairs, people, candidates = case
    table = catchments(pairs, people, candidates)
    assert table["population_nearest"].sum() == served(pairs, people, list(candidates))
    assert (table["population_within"] >= table["population_nearest"]).all()
    chosen = candidates[::2]
    made = satellites(pairs, chosen, people)
    assert made.index.equals(people.index)
    for village, row in made.iterrows():
        near = pairs[(pairs["from_id"] == village) & pairs["to_id"].isin(chosen)]
        if near.empty:
            assert row["support_id"] is None
            assert np.isinf(row["travel_time_min"])
        else:
            assert row["travel_time_min"] == near["travel_time_min"].min()
            assert row["support_id"] in near.loc[near["travel_time_min"] == row["travel_time_min"], "to_id"].tolist()
        if village in chosen:
            assert (row["support_id"], row["travel_time_min"]) == (village, 0.0)


def test_unknown_people_are_a_settlement_without_people_and_others_are_not_counted() -> None:
    pairs = pd.DataFrame({"from_id": ["a", "b", "c"], "to_id": ["a", "a", "a"], "travel_time_min": [0.0, 5.0, 6.0]})
    people = pd.Series({"a": 10.0, "b": np.nan})
    table = catchments(pairs, people, pd.Index(["a"]))
    assert table.loc["a"].tolist() == [2, 10.0, 2, 10.0]
    assert propose(pairs, people, pd.Index(["a"])).loc["a", "share_served"] == 1.0


def test_ties_go_to_the_larger_village_then_to_the_first() -> None:
    pairs = pd.DataFrame(
        [("x", "a"), ("x", "b"), ("a", "a"), ("b", "b"), ("x", "c"), ("c", "c"), ("y", "a"), ("z", "b"), ("z", "c")],
        columns=["from_id", "to_id"],
    ).assign(travel_time_min=1.0)
    people = pd.Series({"a": 1.0, "b": 2.0, "c": 2.0, "x": 5.0, "y": 2.0, "z": 1.0})
    assert propose(pairs, people, pd.Index(["a", "c", "b"]), number=1).index.tolist() == ["c"]


def test_nobody_lives_there() -> None:
    pairs = pd.DataFrame({"from_id": ["a"], "to_id": ["a"], "travel_time_min": [0.0]})
    assert propose(pairs, pd.Series({"a": 0.0}), pd.Index(["a"])).empty
