import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.kernels import inequality
from gis.kernels.inequality import gini, hoover, lorenz_curve, theil, theil_decomposition, williamson

MEASURES = [gini, theil, hoover, williamson]
places = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def draw(rng, n=9):
    """Values with a zero and a tie, people, and three groups."""
    x = rng.lognormal(0, 1, n)
    x[0], x[1] = 0.0, x[2]
    return x, rng.integers(1, 6, n), np.array(["north", "south", "west"])[rng.permutation(np.arange(n) % 3)]


def measure(function, x, w=None):
    return function(x, weights=w)


@given(places)
def test_against_dumb_loops(rng):
    x, w, _ = draw(rng)
    share, people = w / w.sum(), range(len(x))
    mean = sum(x * share)
    pairs = sum(share[i] * share[j] * abs(x[i] - x[j]) for i in people for j in people)
    assert gini(x, w) == pytest.approx(pairs / (2 * mean))
    held = x * w / sum(x * w)
    assert theil(x, w) == pytest.approx(sum(s * np.log(s / p) for s, p in zip(held, share, strict=True) if s > 0))
    assert hoover(x, weights=w) == pytest.approx(sum(abs(held - share)) / 2)
    assert hoover(x * w, w) == pytest.approx(hoover(x, weights=w))
    assert williamson(x, w) == pytest.approx(np.sqrt(sum((x - mean) ** 2 * share)) / mean)


@given(places, st.sampled_from(MEASURES), st.integers(2, 5), st.floats(0.01, 1000))
def test_laws_of_every_measure(rng, function, copies, factor):
    x, w, _ = draw(rng)
    order = rng.permutation(len(x))
    out = measure(function, x, w)
    assert measure(function, x[order], w[order]) == pytest.approx(out)
    assert measure(function, x * factor, w) == pytest.approx(out)  # units
    assert measure(function, x, w * factor) == pytest.approx(out)
    assert measure(function, np.tile(x, copies), np.tile(w, copies)) == pytest.approx(out)  # two countries
    assert measure(function, np.repeat(x, w)) == pytest.approx(out)  # a weight is so many equal places
    assert measure(function, np.append(x, 99.0), np.append(w, 0)) == pytest.approx(out)
    assert measure(function, np.full(5, 7.0)) == pytest.approx(0, abs=1e-12)
    assert out > 0


@given(places, st.sampled_from([gini, theil, williamson]), st.floats(0.01, 0.49))
def test_a_gift_from_rich_to_poor_lowers_inequality(rng, function, share):
    x, _, _ = draw(rng)
    low, high = int(np.argmin(x)), int(np.argmax(x))
    after = x.copy()
    gift = share * (x[high] - x[low])
    after[low] += gift
    after[high] -= gift
    assert function(after) < function(x)


@given(places)
def test_theil_is_the_sum_of_its_parts(rng):
    x, w, groups = draw(rng)
    for weights in (None, w, np.where(np.arange(9) == 4, 0, w)):
        parts = theil_decomposition(x, groups, weights)
        assert parts.total == pytest.approx(theil(x, weights))
        assert parts.between + parts.within == pytest.approx(parts.total)
        assert min(parts) >= 0
    one = theil_decomposition(x, np.zeros(9), w)
    assert one.between == pytest.approx(0, abs=1e-12)
    each = theil_decomposition(x, np.arange(9), w)
    assert each.within == pytest.approx(0, abs=1e-12)


def test_bounds_and_textbook_values():
    assert gini([0, 0, 0, 8]) == pytest.approx(1 - 1 / 4)
    assert theil([0, 0, 0, 8]) == pytest.approx(np.log(4))
    assert hoover([0, 0, 0, 8]) == pytest.approx(3 / 4)
    assert williamson([0, 0, 0, 8]) == pytest.approx(np.sqrt(3))
    assert williamson([1, 2, 3]) == pytest.approx(np.std([1, 2, 3]) / 2)
    assert hoover([60, 40], [20, 80]) == pytest.approx(0.4)
    assert inequality.max_min_ratio([0, 3]) == float("inf")
    assert inequality.max_min_ratio([2, 20, 5]) == 10


@given(places)
def test_lorenz_curve(rng):
    x, w, _ = draw(rng)
    people, amount = lorenz_curve(x, w)
    assert (people[0], people[-1], amount[0], amount[-1]) == (0, 1, 0, 1)
    slope = np.diff(amount) / np.diff(people)
    assert (np.diff(slope) >= -1e-9).all()  # convex
    assert gini(x, w) == pytest.approx(1 - 2 * np.trapezoid(amount, people))
    assert hoover(x, weights=w) == pytest.approx((people - amount).max())  # the widest gap


def test_location_quotient():
    jobs = np.array([[10.0, 90], [30, 70], [0, 0]])
    lq = inequality.location_quotient(jobs)
    np.testing.assert_allclose(lq, [[0.5, 90 / 80], [1.5, 70 / 80], [np.nan, np.nan]])
    np.testing.assert_allclose(inequality.location_quotient(jobs[:, 0], jobs.sum(axis=1)), lq[:, 0])
    whole = jobs.sum(axis=1)[:2]
    np.testing.assert_allclose((lq[:2] * (whole / whole.sum())[:, None]).sum(axis=0), 1)
    for part, total, message in (
        ([1, 2], None, "whole: give"),
        ([1, 2], [1, 2, 3], "whole: expected 2"),
        ([3, 2], [1, 2], "part: 3.0 in row 0 is more than its whole"),
        ([1, -2], [1, 2], "part: expected known numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            inequality.location_quotient(part, total)


@pytest.mark.parametrize("function", MEASURES)
def test_bad_values_are_refused(function):
    for x, w, message in (
        ([1, np.nan], None, "x: 1 values are missing, the first in row 1"),
        ([1, np.inf], None, "x: 1 values are infinite"),
        ([1, -2], None, "x: 1 values are negative"),
        ([0, 0], None, "x: every value is 0"),
        ([], None, "x: expected a list"),
        (["a", "b"], None, "x: expected numbers"),
        ([1, 2], [1, -1], "weights: 1 values are negative"),
        ([1, 2], [0, 0], "weights: every value is 0"),
        ([1, 2], [1], "weights: expected 2, got 1"),
        ([0, 2], [1, 0], "every value with weights is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            measure(function, x, w)


def test_other_refusals():
    with pytest.raises(ValueError, match="groups: expected 2 labels"):
        theil_decomposition([1, 2], ["a"])
    with pytest.raises(ValueError, match="labels are missing"):
        theil_decomposition([1, 2], np.array(["a", None], dtype=object))
    with pytest.raises(ValueError, match="not both"):
        hoover([1, 2], [1, 2], weights=[1, 2])
    with pytest.raises(ValueError, match="population: expected 2, got 1"):
        hoover([1, 2], [1])


def test_disparity_is_all_of_them():
    x, w, _ = draw(np.random.default_rng(5))
    x = x + 1
    out = inequality.disparity(x, w)
    assert out == {
        "max_min_ratio": inequality.max_min_ratio(x),
        "gini": gini(x, w),
        "theil": theil(x, w),
        "hoover": hoover(x, weights=w),
        "williamson": williamson(x, w),
    }


def test_against_pysal():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pysal_gini = pytest.importorskip("inequality.gini")
        pysal_theil = pytest.importorskip("inequality.theil")
        x, _, groups = draw(np.random.default_rng(2))
        x = x + 0.1
        their_gini = pysal_gini.Gini(x).g
        their_theil = pysal_theil.Theil(x).T
        parts = pysal_theil.TheilD(x, groups)
    assert gini(x) == pytest.approx(their_gini)
    assert theil(x) == pytest.approx(float(their_theil))
    ours = theil_decomposition(x, groups)
    assert ours.between == pytest.approx(float(np.ravel(parts.bg)[0]))
    assert ours.within == pytest.approx(float(np.ravel(parts.wg)[0]))
