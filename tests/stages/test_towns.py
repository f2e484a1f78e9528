"""Small towns: each comparison, what cannot be judged, and the verdict by points."""

import itertools

import numpy as np
import pandas as pd
import pytest

from gis.stages.towns import NO, UNKNOWN, YES, depressed, is_town, judge, small_towns

TOWNS = pd.DataFrame(
    {
        "region": ["n", "n", "s", None],
        "population": [1000.0, 3000.0, 2000.0, 500.0],
        "change": [-1.0, 0.0, np.nan, 5.0],
        "income": [100.0, 200.0, 50.0, 10.0],
        "travel_time_min": [np.inf, 120.0, 121.0, 0.0],
        "industry": ["Yes ", "no", None, "нет"],
        "flag": [1.0, 0.0, np.nan, 2.0],
        "kind": ["Mining", "port", "", "mining"],
    },
    index=pd.Index(["a", "b", "c", "d"], name="settlement_id"),
)
ALL = pd.Series(True, index=TOWNS.index)


def answers(column: str, comparison: str, limit: str) -> list[str]:
    rule = pd.DataFrame(
        {"column": [column], "comparison": [comparison], "limit": [limit], "points": [1.0]}, index=["x"]
    )
    return judge(TOWNS, ALL, rule)["met"].tolist()


@pytest.mark.parametrize(
    ("column", "comparison", "limit", "said"),
    [
        ("change", "below", "0", [YES, NO, UNKNOWN, NO]),
        ("change", "at_most", "0", [YES, YES, UNKNOWN, NO]),
        ("travel_time_min", "above", "120", [YES, NO, YES, NO]),
        ("travel_time_min", "at_least", "120", [YES, YES, YES, NO]),
        # The mean of n, weighted by people, is (1000 x 100 + 3000 x 200) / 4000 = 175; a town without region has none.
        ("income", "below", "region_mean", [YES, NO, NO, UNKNOWN]),
        ("industry", "is", "yes", [YES, NO, UNKNOWN, NO]),
        ("industry", "is", "no", [NO, YES, UNKNOWN, YES]),
        ("flag", "is", "yes", [YES, NO, UNKNOWN, UNKNOWN]),
        ("flag", "is", "2", [NO, NO, UNKNOWN, YES]),
        ("kind", "is", "mining", [YES, NO, UNKNOWN, YES]),
        ("no_such_column", "below", "0", [UNKNOWN] * 4),
        ("no_such_column", "is", "yes", [UNKNOWN] * 4),
    ],
)
def test_each_comparison(column: str, comparison: str, limit: str, said: list[str]) -> None:
    assert answers(column, comparison, limit) == said


@pytest.mark.parametrize(
    ("column", "comparison", "limit", "match"),
    [
        ("change", "less", "0", "expected a comparison of below"),
        ("change", "below", "many", "expected a number or region_mean"),
        ("kind", "below", "0", "must hold numbers to be compared by below, it has 'Mining'"),
    ],
)
def test_what_cannot_be_compared_is_refused(column: str, comparison: str, limit: str, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        answers(column, comparison, limit)


def test_the_mean_of_the_region_is_over_all_settlements_not_over_the_towns_judged() -> None:
    rule = pd.DataFrame({"column": "income", "comparison": "below", "limit": "region_mean", "points": 1.0}, index=["x"])
    judged = judge(TOWNS, TOWNS.index == "a", rule)
    assert judged[["settlement_id", "limit", "met"]].to_numpy().tolist() == [["a", 175.0, YES]]


@pytest.mark.parametrize("met", list(itertools.product([YES, NO, UNKNOWN], repeat=3)))
@pytest.mark.parametrize("points_min", [1.0, 2.0, 4.0])
def test_the_verdict_is_what_every_way_to_fill_the_unknown_agrees_on(met: tuple[str, ...], points_min: float) -> None:
    points = [1.0, 1.5, 2.0]
    judged = pd.DataFrame({"settlement_id": "a", "criterion": ["x", "y", "z"], "points": points, "met": met})
    verdict = depressed(judged, points_min=points_min).loc["a", "depressed"]
    filled = itertools.product(*[[m] if m != UNKNOWN else [YES, NO] for m in met])
    ends = {sum(p for p, m in zip(points, way, strict=True) if m == YES) >= points_min for way in filled}
    assert verdict == (UNKNOWN if len(ends) == 2 else YES if ends == {True} else NO)


def test_criteria_are_named_by_what_became_of_them() -> None:
    judged = pd.DataFrame(
        {"settlement_id": "a", "criterion": ["x", "y", "z"], "points": [1.0, 2.0, 4.0], "met": [YES, NO, UNKNOWN]}
    )
    row = depressed(judged, points_min=5).loc["a"]
    assert row[["criteria_met", "criteria_not_met", "criteria_not_judged"]].tolist() == ["x", "y", "z"]
    assert (row["points"], row["points_unknown"], row["depressed"]) == (1.0, 4.0, UNKNOWN)


def test_a_town_by_tier_and_a_small_one_by_people() -> None:
    frame = pd.DataFrame({"tier": ["town", "town", "town", "village"], "population": [50_000, 50_001, np.nan, 10.0]})
    town = is_town(frame, ["town"])
    assert town.tolist() == [True, True, True, False]
    assert small_towns(frame, town, population_max=50_000).tolist() == [True, False, False, False]
