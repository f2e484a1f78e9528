"""Months and what they make of a journey, held against dumb loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gis.stages.seasons import (
    ice_bears,
    in_months,
    mean_within,
    month_after_thaw,
    month_summary,
    season_is_open,
)

MINUTES = st.one_of(st.floats(0.5, 900.0), st.just(np.inf), st.just(np.nan))
CELSIUS = st.floats(-50.0, 45.0)


@settings(max_examples=200, deadline=None)
@given(arrays(float, (12,), elements=CELSIUS), st.floats(-5.0, 5.0))
def test_the_month_after_the_thaw_is_found_by_walking_on_from_the_coldest(celsius, limit):
    coldest = min(range(12), key=lambda m: celsius[m])
    expected = []
    if celsius[coldest] <= limit:
        for step in range(1, 12):
            if celsius[(coldest + step) % 12] > limit:
                expected = [(coldest + step) % 12]
                break
    found = month_after_thaw(np.column_stack([celsius, celsius]), above_c=limit)
    assert np.flatnonzero(found[:, 1]).tolist() == expected


def test_no_thaw_without_winter_without_summer_or_without_knowledge():
    assert not month_after_thaw(np.full((12, 2), [4.0, -4.0])).any()
    celsius = np.array([-15.0, -14, -7, 6, 14, 19, 21, 18, 12, np.nan, -6, -13])
    assert not month_after_thaw(celsius[:, None]).any()


def test_the_southern_half_thaws_in_its_own_spring():
    celsius = -np.array([-15.0, -14, -7, 6, 14, 19, 21, 18, 12, 4, -6, -13])
    assert (np.flatnonzero(month_after_thaw(celsius[:, None])[:, 0]) + 1).tolist() == [11]


def test_ice_bears_below_the_limit_and_where_nothing_is_known():
    celsius = np.array([[-20.0], [-10.0], [np.nan], [5.0], *[[0.0]] * 8])
    assert ice_bears(celsius)[:4, 0].tolist() == [True, False, True, False]


@settings(max_examples=100, deadline=None)
@given(arrays(float, (12, 3), elements=MINUTES))
def test_the_summary_agrees_with_a_loop(minutes):
    out = month_summary(minutes)
    for i in range(3):
        known = [(m + 1, t) for m, t in enumerate(minutes[:, i]) if not np.isnan(t)]
        if not known:
            assert out.loc[i].isna().all()
            continue
        times = [t for _, t in known]
        best, worst = min(times), max(times)
        assert out.loc[i, "cut_off"] == sum(t == np.inf for t in times)
        assert out.loc[i, "worst_min"] == worst
        if best == worst:
            assert np.isnan(out.loc[i, "worst_month"])
        else:
            assert out.loc[i, "worst_month"] == next(m for m, t in known if t == worst)
        if best == np.inf:
            assert np.isnan(out.loc[i, "seasonality"])
        else:
            assert out.loc[i, "seasonality"] == pytest.approx(worst / best - 1 if worst > best else 0.0)


def test_a_centre_has_no_season():
    assert month_summary(np.zeros((12, 1))).loc[0, ["cut_off", "worst_min", "seasonality"]].tolist() == [0.0, 0.0, 0.0]


@settings(max_examples=100, deadline=None)
@given(arrays(float, (12, 2), elements=MINUTES), st.integers(0, 11))
def test_closing_a_month_never_shortens_the_worst_or_the_mean(minutes, month):
    closed = minutes.copy()
    closed[month] = np.where(np.isnan(closed[month]), np.nan, np.inf)
    before, after = month_summary(minutes), month_summary(closed)
    assert (after["worst_min"].fillna(0) >= before["worst_min"].fillna(0)).all()
    assert (after["cut_off"].fillna(0) >= before["cut_off"].fillna(0)).all()
    assert (np.nan_to_num(mean_within(closed, 300.0)) >= np.nan_to_num(mean_within(minutes, 300.0)) - 1e-9).all()


def test_a_season_has_the_roads_of_any_of_its_months():
    open_ = in_months([{4}, {5}, {6}, None, set()])
    assert season_is_open(open_, [4, 5]).tolist() == [True, True, False, True, False]
    assert open_.shape == (12, 5)
    assert open_.sum(axis=0).tolist() == [1, 1, 1, 12, 0]
