"""ARIA+ and the Kazakh scheme, against cases worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.stages.remoteness import aria_plus, classes, kz

# Published limits of the ARIA+ score of 15 (Hugo Centre).
ARIA_UPPER = [0.20, 2.40, 5.92, 10.53, 15.0]
ARIA_NAMES = ["major", "inner", "outer", "remote", "very remote"]


def test_aria_plus_by_hand() -> None:
    km = pd.DataFrame(
        {
            "a": [0.0, 300.0, 600.0, 1500.0],  # mean 600: 0, 0.5, 1, 2.5
            "b": [0.0, 100.0, 300.0, 400.0],  # mean 200: 0, 0.5, 1.5, 2
            "c": [0.0, 0.0, 50.0, 150.0],  # mean 50: 0, 0, 1, 3
            "d": [0.0, 0.0, 0.0, 80.0],  # mean 20: 0, 0, 0, 4 -> 3
            "e": [0.0, 0.0, 40.0, 0.0],  # mean 10: 0, 0, 4 -> 3, 0
        },
        index=["capital", "near", "far", "remote"],
    )
    before = km.copy()
    result = aria_plus(km)
    assert result.ruler == {"a": 600, "b": 200, "c": 50, "d": 20, "e": 10}
    score_of_15 = result.score * 0.15
    assert score_of_15.tolist() == pytest.approx([0, 1.0, 6.5, 10.5])
    assert classes(score_of_15, ARIA_UPPER, ARIA_NAMES).tolist() == ["major", "inner", "remote", "remote"]
    assert result.parts.loc["far"].tolist() == pytest.approx([100 / 15, 150 / 15, 100 / 15, 0, 300 / 15])
    pd.testing.assert_frame_equal(km, before)


def test_who_cannot_reach_a_tier_gets_the_cap_and_does_not_move_the_mean() -> None:
    km = pd.DataFrame({"a": [0.0, 20.0, 40.0, np.inf]})
    result = aria_plus(km)
    assert result.ruler == {"a": 20.0}
    assert result.score.tolist() == pytest.approx([0, 100 / 3, 200 / 3, 100])


def test_a_tier_that_is_not_known_drops_out_and_the_rest_carry_its_share() -> None:
    km = pd.DataFrame({"a": [0.0, 30.0, np.nan], "b": [np.nan] * 3, "c": [0.0, 5.0, 10.0]})
    result = aria_plus(km)
    assert result.ruler["a"] == 15
    assert np.isnan(result.ruler["b"])
    # Row 2: a is 2 of 3, c is 1 of 3; row 3: only c, 2 of 3.
    assert result.score.tolist() == pytest.approx([0, 50, 100 * 2 / 3])
    assert np.isnan(aria_plus(pd.DataFrame({"a": [np.nan, 1.0]})).score.iloc[0])


def test_frozen_means_keep_the_ruler() -> None:
    km = pd.DataFrame({"a": [0.0, 50.0, 600.0]})
    result = aria_plus(km, means_km={"a": 100.0})
    assert result.ruler == {"a": 100.0}
    assert result.score.tolist() == pytest.approx([0, 50 / 3, 100])
    # On its own ruler a set scores the same however many others there are.
    full = aria_plus(km)
    assert aria_plus(km.iloc[:2], means_km=full.ruler).score.tolist() == pytest.approx(full.score.iloc[:2].tolist())


def test_where_only_centres_reach_a_tier_the_others_get_the_cap() -> None:
    assert aria_plus(pd.DataFrame({"a": [0.0, np.inf]})).score.tolist() == [0, 100]
    assert aria_plus(pd.DataFrame({"a": [0.0, 0.0]})).score.tolist() == [0, 0]


def test_kz_by_hand() -> None:
    minutes = pd.DataFrame(
        {
            "republican_city": [0.0, 360.0, 1000.0, np.inf, np.nan],
            "regional_centre": [0.0, 90.0, 180.0, np.inf, 180.0],
            "town": [0.0, 90.0, 45.0, np.inf, np.nan],
            "district_centre": [0.0, 45.0, 9.0, np.inf, 45.0],
        }
    )
    weight = {"republican_city": 0.15, "regional_centre": 0.30, "town": 0.20, "district_centre": 0.35}
    cap = {"republican_city": 720, "regional_centre": 360, "town": 180, "district_centre": 90}
    result = kz(minutes, weight=weight, cap_min=cap)
    by_hand = [
        0.0,
        100 * (0.15 * 0.5 + 0.30 * 0.25 + 0.20 * 0.5 + 0.35 * 0.5),
        100 * (0.15 * 1.0 + 0.30 * 0.5 + 0.20 * 0.25 + 0.35 * 0.1),
        100.0,
        100 * (0.30 * 0.5 + 0.35 * 0.5) / 0.65,
    ]
    assert result.score.tolist() == pytest.approx(by_hand)
    assert result.parts.sum(axis=1).tolist() == pytest.approx(by_hand)
    assert result.ruler == cap


def test_kz_does_not_depend_on_the_sum_of_the_weights_and_a_weight_of_0_counts_nothing() -> None:
    minutes = pd.DataFrame({"a": [10.0, 50.0, np.nan], "b": [5.0, np.inf, 3.0]})
    cap = {"a": 100.0, "b": 10.0}
    one = kz(minutes, weight={"a": 1, "b": 3}, cap_min=cap).score
    pd.testing.assert_series_equal(one, kz(minutes, weight={"a": 10, "b": 30}, cap_min=cap).score)
    only_a = kz(minutes, weight={"a": 1, "b": 0}, cap_min=cap).score
    assert only_a.tolist() == pytest.approx([10, 50, np.nan], nan_ok=True)


@given(
    km=st.lists(st.lists(st.floats(0, 1e4) | st.just(float("inf")), min_size=3, max_size=3), min_size=1, max_size=8),
    row=st.integers(0, 7), column=st.integers(0, 2), less=st.floats(0, 1),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_scores_lie_between_0_and_100_sum_up_and_fall_with_distance(
    km: list[list[float]], row: int, column: int, less: float
) -> None:
    frame = pd.DataFrame(km, columns=list("abc"))
    ruler = {"a": 100.0, "b": 10.0, "c": 1.0}
    for score in (
        lambda f: aria_plus(f, means_km=ruler),
        lambda f: kz(f, weight={"a": 1, "b": 2, "c": 0.5}, cap_min=ruler),
    ):
        result = score(frame)
        assert result.score.between(0, 100 + 1e-9).all()
        np.testing.assert_allclose(result.parts.sum(axis=1), result.score)
        nearer = frame.copy()
        i = row % len(frame)
        value = nearer.iloc[i, column]
        nearer.iloc[i, column] = value * less if np.isfinite(value) else 1e4 * less
        assert score(nearer).score[i] <= result.score[i] + 1e-9


@pytest.mark.parametrize(("limit", "name"), list(zip(ARIA_UPPER[:-1], ARIA_NAMES[:-1], strict=True)))
def test_a_score_at_a_published_limit_belongs_to_the_class_below(limit: float, name: str) -> None:
    above = ARIA_NAMES[ARIA_NAMES.index(name) + 1]
    got = classes(pd.Series([limit - 0.01, limit, limit + 0.01]), ARIA_UPPER, ARIA_NAMES).tolist()
    assert got == [name, name, above]
    # Through the scale of 100 and back as a run does it, which adds rounding.
    assert classes(pd.Series([limit / 15 * 100 * 0.15]), ARIA_UPPER, ARIA_NAMES).tolist() == [name]
    sums = pd.Series([sum([limit / 7] * 7)])
    assert classes(sums, ARIA_UPPER, ARIA_NAMES).tolist() == [name]


def test_the_ends_of_the_scale_have_classes_and_the_unknown_has_none() -> None:
    got = classes(pd.Series([0.0, 15.0, 15.000001, np.nan], index=list("abcd")), ARIA_UPPER, ARIA_NAMES)
    assert got.iloc[:3].tolist() == ["major", "very remote", "very remote"]
    assert got.isna().tolist() == [False, False, False, True]
    assert got.index.tolist() == list("abcd")
