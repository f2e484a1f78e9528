"""Potential: the national review's counts, ties, limits, and who has no class."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.stages.potential import by_shares, by_thresholds

BEST_FIRST = ["high", "medium", "low"]


def _people(n: int) -> pd.Series:
    return pd.Series(np.full(n, 100.0))


def test_the_counts_of_the_national_review_come_out_exactly() -> None:
    # 1 204 + 5 625 + 595 inhabited settlements, and 88 without residents.
    rng = np.random.default_rng(0)
    viability = pd.Series(rng.permutation(np.linspace(0, 100, 7512)))
    people = _people(7512)
    people[:88] = 0
    potential, limits = by_shares(viability, people)
    assert potential.value_counts().to_dict() == {"high": 1204, "medium": 5625, "low": 595, "uninhabited": 88}
    again = by_thresholds(viability, people, high=limits["high"], low=limits["medium"])
    pd.testing.assert_series_equal(potential, again)


def test_settlements_of_one_viability_are_of_one_class_the_better() -> None:
    viability = pd.Series([9.0, 8, 8, 8, 7, 6, 5, 5, 5, 1])
    potential, limits = by_shares(viability, _people(10), high=2, medium=5, low=3)
    assert potential.tolist() == ["high"] * 4 + ["medium"] * 5 + ["low"]
    assert limits == {"high": 8, "medium": 5}


def test_rounding_does_not_break_a_tie() -> None:
    viability = pd.Series([50.0, 50 + 7e-15, 50 - 7e-15, 10])
    potential, _ = by_shares(viability, _people(4), high=1, medium=2, low=1)
    assert potential.tolist() == ["high", "high", "high", "low"]
    assert by_thresholds(viability, _people(4), high=50, low=20).tolist() == ["high", "high", "high", "low"]


def test_limits_of_thresholds_belong_to_the_better_class() -> None:
    viability = pd.Series([60.0, 59.999, 40.0, 39.999, 0, 100])
    got = by_thresholds(viability, _people(6), high=60, low=40)
    assert got.tolist() == ["high", "medium", "medium", "low", "low", "high"]
    third = pd.Series([100 / 3])
    assert by_thresholds(third, _people(1), high=100 / 3, low=0).tolist() == ["high"]


def test_limits_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match=r"low \(60\) lies above the limit of high \(40\)"):
        by_thresholds(pd.Series([1.0]), _people(1), high=40, low=60)


@pytest.mark.parametrize("shares", [(-1, 1, 1), (0, 0, 0)])
def test_shares_that_are_none_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        by_shares(pd.Series([1.0]), _people(1), high=shares[0], medium=shares[1], low=shares[2])


def test_uninhabited_is_known_to_be_empty_and_unknown_is_without_viability() -> None:
    viability = pd.Series([90.0, 90.0, 90.0, np.nan, np.nan, np.nan])
    people = pd.Series([0.0, np.nan, 5.0, 0.0, np.nan, 5.0])
    expected = ["uninhabited", "high", "high", "uninhabited", "unknown", "unknown"]
    assert by_thresholds(viability, people, high=60, low=40).tolist() == expected
    assert by_shares(viability, people, high=1, medium=0, low=0)[0].tolist() == expected


def test_the_uninhabited_and_the_unknown_take_no_share() -> None:
    viability = pd.Series([99.0, 98.0, 50.0, 40.0, 30.0, 20.0, np.nan])
    people = pd.Series([0.0, 0.0, 1.0, 1.0, np.nan, 1.0, 1.0])
    potential, limits = by_shares(viability, people, high=1, medium=2, low=1)
    assert potential.tolist() == ["uninhabited", "uninhabited", "high", "medium", "medium", "low", "unknown"]
    assert limits == {"high": 50, "medium": 30}


def test_without_anybody_to_class_there_are_no_limits() -> None:
    potential, limits = by_shares(pd.Series([np.nan, 50.0]), pd.Series([1.0, 0.0]))
    assert potential.tolist() == ["unknown", "uninhabited"]
    assert np.isnan(list(limits.values())).all()


@given(
    viability=st.lists(st.sampled_from([0.0, 10.0, 20.0, np.nan]) | st.floats(0, 100), min_size=1, max_size=40),
    shares=st.tuples(st.floats(0, 10), st.floats(0, 10), st.floats(0, 10)).filter(lambda s: sum(s) > 0.1),
    data=st.data(),
)
@settings(max_examples=200, deadline=None)
def test_shares_hold_but_for_ties_and_order_does_not_matter(
    viability: list[float], shares: tuple[float, float, float], data: st.DataObject
) -> None:
    score = pd.Series(viability)
    people = _people(len(score))
    high, medium, low = shares
    potential, limits = by_shares(score, people, high=high, medium=medium, low=low)
    known = score.dropna()
    n = len(known)
    assert (potential[score.isna()] == "unknown").all()
    if n:
        assert limits["medium"] <= limits["high"]
        counts = [int((potential == name).sum()) for name in BEST_FIRST]
        assert sum(counts) == n
        ties = int(known.round(9).duplicated().sum())
        assert abs(counts[0] - n * high / sum(shares)) <= 0.5 + 1e-9 + ties
        assert abs(counts[2] - n * low / sum(shares)) <= 0.5 + 1e-9 + ties
        rank = potential.map({name: i for i, name in enumerate(BEST_FIRST)})[known.index]
        assert rank[known.sort_values(ascending=False).index].is_monotonic_increasing
    order = data.draw(st.permutations(range(len(score))))
    pd.testing.assert_series_equal(
        by_shares(score.iloc[order], people, high=high, medium=medium, low=low)[0].sort_index(), potential
    )
