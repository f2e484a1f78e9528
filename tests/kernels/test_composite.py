import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from gis.kernels import composite
from gis.kernels.composite import aggregate, contributions, normalise

NAN = float("nan")
unhurried = settings(deadline=None)  # numba compiles in the first example


def make_table(seed, rows, columns, low, high, gaps):
    """Numbers of two digits with ties; every column has two values, every row one."""
    rng = np.random.default_rng(seed)
    table = np.round(rng.uniform(low, high, (rows, columns)), int(rng.integers(0, 3)))
    table[0], table[1] = low, high
    if gaps:
        hide = rng.random(table.shape) < rng.uniform(0, 0.6)
        hide[:2] = False
        hide[np.arange(rows), rng.integers(columns, size=rows)] = False
        table[hide] = NAN
    return table[rng.permutation(rows)]


def tables(rows=7, columns=3, low=1.0, high=100.0, gaps=False):
    return st.integers(0, 2**32 - 1).map(lambda seed: make_table(seed, rows, columns, low, high, gaps))


def normalised(x, method, direction=1):
    """One column by one method, with a sensible reference, target or goalposts."""
    extra = {}
    best, worst = (x.max(), x.min()) if direction == 1 else (x.min(), x.max())
    if method == "distance_to_reference":
        extra = {"reference": int(np.argmax(x * direction))}
    if method == "distance_to_target":
        extra = {"targets": best + 0.1 * (best - worst)}
    if method == "goalposts":
        extra = {"goalposts": (x.min() - 1, x.max() + 1)}
    return normalise(x, method, direction, **extra)


# --- normalise ---------------------------------------------------------------------------------------


def test_every_way_by_hand():
    x = np.array([10.0, 20.0, 20.0, NAN, 50.0])
    expect = {
        "min_max": [0, 0.25, 0.25, NAN, 1],
        "z_score": (x - 25) / np.sqrt(((15**2) + 5**2 + 5**2 + 25**2) / 3),
        "rank": [1, 2, 2, NAN, 4],
        "percentile_rank": [0, 1 / 3, 1 / 3, NAN, 1],
        "borda": [0, 1, 1, NAN, 3],
        "distance_to_max": [0, 0.25, 0.25, NAN, 1],
        "fraction_of_max": [0.2, 0.4, 0.4, NAN, 1],
    }
    for method, values in expect.items():
        np.testing.assert_allclose(normalise(x, method), values)
    np.testing.assert_allclose(normalise(x, "min_max", bounds=(1, 100))[[0, 1, 4]], [1, 25.75, 100])
    np.testing.assert_allclose(normalise(x, "distance_to_reference", reference=1), [0, 1, 1, NAN, 4])
    np.testing.assert_allclose(normalise(x, "distance_to_reference", reference=1, cap=True), [0, 1, 1, NAN, 1])
    np.testing.assert_allclose(normalise(x, "distance_to_target", targets=30), [0, 0.5, 0.5, NAN, 2])
    np.testing.assert_allclose(normalise(x, "goalposts", goalposts=(15, 40)), [0, 0.2, 0.2, NAN, 1])
    np.testing.assert_allclose(normalise(x, "goalposts", -1, goalposts=(15, 40)), [1, 0.8, 0.8, NAN, 0])
    np.testing.assert_allclose(normalise(x, "rank", ties="average"), [1, 2.5, 2.5, NAN, 4])
    np.testing.assert_allclose(
        normalise(x, "distance_to_target", -1, targets=5), [1 - 5 / 45, 30 / 45, 30 / 45, NAN, 0]
    )
    np.testing.assert_allclose(normalise(x, "fraction_of_max", -1), [0.8, 0.6, 0.6, NAN, 0])


@unhurried
@given(tables(), st.sampled_from(composite.NORMALISATIONS), st.sampled_from([1, -1]))
def test_more_of_a_good_thing_is_never_worse(x, method, direction):
    column = x[:, 0]
    order = np.argsort(column * direction)
    assert (np.diff(normalised(column, method, direction)[order]) >= -1e-12).all()


@unhurried
@given(tables(), st.sampled_from(composite.NORMALISATIONS), st.floats(0.5, 50), st.floats(0, 20))
def test_units_do_not_matter(x, method, factor, shift):
    if method == "fraction_of_max":  # a ratio scale: the zero has a meaning
        shift = 0.0
    y = x[:, 0] * factor + shift
    assume(len(np.unique(y)) == len(np.unique(x[:, 0])))
    extra = {}
    if method == "distance_to_reference":
        extra = {"reference": int(np.argmax(y))}
    if method == "distance_to_target":
        extra = {"targets": 200.0}
    if method == "goalposts":
        extra = {"goalposts": [0.0, 150.0]}
    in_other_units = {k: np.multiply(v, factor) + shift if k != "reference" else v for k, v in extra.items()}
    np.testing.assert_allclose(normalise(x[:, 0], method, **extra), normalise(y, method, **in_other_units), atol=1e-8)


@unhurried
@given(
    tables(gaps=True),
    st.sampled_from(["min_max", "z_score", "rank", "percentile_rank", "borda", "fraction_of_max"]),
    st.randoms(),
)
def test_order_and_gaps(x, method, random):
    rows = list(range(len(x)))
    random.shuffle(rows)
    out = normalise(x, method, [1, -1, 1])
    np.testing.assert_array_equal(np.isnan(out), np.isnan(x))
    np.testing.assert_allclose(normalise(x[rows], method, [1, -1, 1]), out[rows], atol=1e-12)
    for column, direction in enumerate([1, -1, 1]):
        np.testing.assert_allclose(normalise(x[:, column], method, direction), out[:, column], atol=1e-12)


def test_what_cannot_be_normalised_is_refused_by_name():
    names = ["water", "roads"]
    good = [[1.0, 2.0], [2.0, 3.0], [4.0, 5.0]]

    def table(value, row=1):
        out = [list(r) for r in good]
        out[row][1] = value
        return out

    cases = [
        (table(float("inf")), {}, "indicator roads: 1 infinite values, the first in row 1"),
        (table("mud"), {}, "indicator roads:.*expected numbers"),
        ([[1, NAN], [2, NAN]], {}, "indicator roads:.*every value is missing"),
        ([[1, 5], [2, 5]], {}, "indicator roads:.*constant, every known value is 5.0"),
        ([[1, 5], [2, NAN]], {"method": "rank"}, "indicator roads:.*constant"),
        (good, {"direction": [1, 0]}, "indicator roads:.*direction must be 1 or -1, got"),
        (good, {"direction": [1, 1, 1]}, "direction: expected one number or 2"),
        (table(-1.0), {"method": "fraction_of_max"}, "indicator roads:.*0 or more"),
        (
            good,
            {"method": "distance_to_target", "targets": [9, 1]},
            "indicator roads:.*the target must be better than the worst value 2.0, got 1.0",
        ),
        (good, {"method": "distance_to_target"}, "targets: give"),
        (good, {"method": "distance_to_reference", "reference": 0}, "indicator water:.*the reference"),
        (table(NAN), {"method": "distance_to_reference", "reference": 1}, "indicator roads:.*the reference"),
        (good, {"method": "distance_to_reference", "reference": 3}, "expected a row from 0 to 2, got 3"),
        (
            good,
            {"method": "goalposts", "goalposts": [[0, 9], [9, 0]]},
            "indicator roads:.*goalposts must rise.*direction",
        ),
        (good, {"method": "goalposts"}, "goalposts: give"),
        (good, {"bounds": (1, 1)}, "bounds"),
        (good, {"method": "magic"}, "method: expected one of min_max"),
        ([], {}, "settlements x indicators"),
    ]
    for x, extra, message in cases:
        with pytest.raises(ValueError, match=message):
            normalise(x, names=names if np.ndim(np.asarray(x, object)) == 2 else None, **extra)


def test_rounding_is_not_a_difference():
    with pytest.raises(ValueError, match="constant"):
        normalise([0.1 + 0.2, 0.3, 0.3])
    assert normalise([1e11, 1e11 + 1]).tolist() == [0, 1]


def test_the_column_is_named_where_the_indicator_has_no_name():
    with pytest.raises(ValueError, match="indicator 2: constant"):
        normalise([[1, 2, 3], [2, 3, 3]])


# --- aggregate ---------------------------------------------------------------------------------------

MEANS = [("arithmetic", None), ("geometric", None), ("harmonic", None), ("generalised", 0.5), ("generalised", 3.0)]


def test_means_against_scipy():
    x = np.random.default_rng(3).uniform(1, 100, (4, 5))
    w = np.array([1, 2, 0, 4, 1])
    np.testing.assert_allclose(aggregate(x, w), np.average(x, axis=1, weights=w))
    np.testing.assert_allclose(aggregate(x, w, "geometric"), stats.gmean(x, axis=1, weights=w))
    np.testing.assert_allclose(aggregate(x, w, "harmonic"), stats.hmean(x[:, w > 0], axis=1, weights=w[w > 0]))
    np.testing.assert_allclose(aggregate(x, w, "generalised", power=2.5), stats.pmean(x, 2.5, axis=1, weights=w))
    np.testing.assert_allclose(aggregate(x, w, "generalised", power=0), stats.gmean(x, axis=1, weights=w))
    assert aggregate(x[0], w) == aggregate(x, w)[0]


@unhurried
@given(tables(columns=4, gaps=True), st.sampled_from(MEANS), st.lists(st.integers(1, 9), min_size=4, max_size=4))
def test_gaps_drop_out_and_the_rest_rescales(x, mean, w):
    method, power = mean
    out = aggregate(x, w, method, power=power)
    for row in range(len(x)):
        has = ~np.isnan(x[row])
        alone = aggregate(x[row, has], np.array(w)[has], method, power=power)
        assert out[row] == pytest.approx(float(alone), rel=1e-12)
        share = sum(v for v, h in zip(w, has, strict=True) if not h) / sum(w)
        assert composite.missing_share(x, w)[row] == pytest.approx(share)


def sum_from_left(row):
    """Add as a reader does; `sum` of Python 3.12 keeps the digits that are lost on the way."""
    total = 0.0
    for part in row:
        total += part
    return total


@unhurried
@given(tables(columns=4, gaps=True), st.sampled_from(MEANS), st.floats(0.01, 1000))
def test_contributions_add_up_and_scaled_weights_change_nothing(x, mean, factor):
    method, power = mean
    w = np.array([1.0, 2.0, 3.0, 4.0])
    out = aggregate(x, w, method, power=power)
    parts = contributions(x, w, method, power=power)
    assert [sum_from_left(row) for row in parts.tolist()] == out.tolist(), "to the last bit"
    assert (parts[np.isnan(x)] == 0).all()
    np.testing.assert_allclose(aggregate(x, w * factor, method, power=power), out, rtol=1e-9)
    assert (np.nanmin(x, axis=1) - 1e-9 <= out).all()
    assert (out <= np.nanmax(x, axis=1) + 1e-9).all()


@unhurried
@given(
    tables(columns=3),
    st.sampled_from([*MEANS, ("copeland", None)]),
    st.sampled_from(composite.NORMALISATIONS),
    st.integers(0, 6),
    st.floats(0.5, 40),
)
def test_raising_an_indicator_never_lowers_the_index(x, mean, way, row, more):
    method, power = mean
    assume(way != "z_score" or (power is None and method in ("arithmetic", "copeland")))
    better = x.copy()
    better[row, 1] += more
    extra = {"targets": 500.0, "goalposts": (0.0, 200.0), "reference": int(np.argmax(x[:, 1]))}
    # scores of the other ways are 0 or more: one up, so that every mean is defined
    before, after = (
        np.column_stack([x[:, 0] / 10, normalise(t[:, 1], way, **extra) + 1, x[:, 2]]) for t in (x, better)
    )
    first, second = (aggregate(t, [1, 2, 3], method, power=power) for t in (before, after))
    assert second[row] >= first[row] - 1e-9


@unhurried
@given(tables(columns=4), st.sampled_from([*MEANS, ("copeland", None)]), st.randoms())
def test_order_of_rows_and_columns_does_not_matter(x, mean, random):
    method, power = mean
    rows, columns = list(range(7)), list(range(4))
    random.shuffle(rows)
    random.shuffle(columns)
    w = np.array([1.0, 2.0, 3.0, 5.0])
    out = aggregate(x, w, method, power=power)
    np.testing.assert_allclose(aggregate(x[rows][:, columns], w[columns], method, power=power), out[rows], rtol=1e-9)


def dumb_copeland(x, w):
    n = len(x)
    out = np.zeros(n)
    for i in range(n):
        for j in range(n):
            both = [c for c in range(len(w)) if not np.isnan(x[i, c]) and not np.isnan(x[j, c]) and w[c] > 0]
            if i == j or not both:
                continue
            total = sum(w[c] for c in both)
            score = sum(w[c] * (1.0 if x[i, c] > x[j, c] else 0.5 if x[i, c] == x[j, c] else 0.0) for c in both) / total
            out[i] += 1 if score > 0.5 + 1e-9 else -1 if score < 0.5 - 1e-9 else 0
    return out


@unhurried
@given(tables(columns=4, low=1, high=2, gaps=True), st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_copeland_equals_a_dumb_loop(x, w):
    assume(any(w))
    x = np.round(x, 1)
    has = (~np.isnan(x) & (np.array(w) > 0)).any(axis=1)
    out = aggregate(x, w, "copeland")
    np.testing.assert_array_equal(out[has], dumb_copeland(x, w)[has])
    assert np.isnan(out[~has]).all()


@unhurried
@given(tables(rows=4, columns=5, gaps=True), st.sampled_from(MEANS))
def test_blocks_are_the_index_of_the_blocks_indices(x, mean):
    method, power = mean
    blocks, w, of_block = ["soil", "people", "soil", "people", "people"], np.array([1, 2, 3, 4, 5]), [2, 1]
    inner = np.column_stack(
        [aggregate(x[:, columns], w[columns], method, power=power) for columns in ([0, 2], [1, 3, 4])]
    )
    out = aggregate(x, w, method, power=power, blocks=blocks, block_weights=of_block)
    np.testing.assert_allclose(out, aggregate(inner, of_block, method, power=power), rtol=1e-9)
    parts = contributions(x, w, method, power=power, blocks=blocks, block_weights=of_block)
    np.testing.assert_allclose(parts.sum(axis=1), out, rtol=1e-9)


def test_hierarchical_weights_by_hand():
    w = composite.hierarchical_weights(["a", "b", "b", "b"], [9, 1, 1, 2], [1, 4])
    np.testing.assert_allclose(w, [0.2, 0.2, 0.2, 0.4])
    x = np.random.default_rng(0).random((3, 4))
    np.testing.assert_allclose(
        aggregate(x, w), aggregate(x, [9, 1, 1, 2], blocks=["a", "b", "b", "b"], block_weights=[1, 4])
    )


def test_nothing_known_is_unknown():
    x = [[NAN, NAN], [1.0, NAN]]
    np.testing.assert_array_equal(aggregate(x), [NAN, 1.0])
    np.testing.assert_array_equal(aggregate(x, [0, 1]), [NAN, NAN])
    np.testing.assert_array_equal(contributions(x), [[NAN, NAN], [1, 0]])
    np.testing.assert_array_equal(composite.missing_share(x, [3, 1]), [1.0, 0.25])


def test_weights_and_zeros_are_refused():
    x = [[0.0, 0.5], [1.0, 0.2]]
    for w, message in (
        ([1, -1], "expected 0 or more, got -1.0 for indicator 1"),
        ([0, 0], "all 2 are 0"),
        ([1, NAN], "got nan"),
        ([1], "expected 2, got shape"),
        (["much", "little"], "expected numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            aggregate(x, w)
    for method, power in (("geometric", None), ("harmonic", None), ("generalised", -2.0)):
        with pytest.raises(ValueError, match=r"indicator snow:.*above 0, got 0.0 in row 0"):
            aggregate(x, method=method, power=power, names=["snow", "ice"])
    assert aggregate(x, [0, 1], "geometric").tolist() == [0.5, 0.2]
    with pytest.raises(ValueError, match=r"indicator 0.*0 or more, got -0\.1"):
        aggregate([[-0.1, 1]], method="generalised", power=2)
    with pytest.raises(ValueError, match="in block 'b'"):
        aggregate(x, [1, 0], blocks=["a", "b"])
    with pytest.raises(ValueError, match="power"):
        aggregate(x, method="generalised")
    with pytest.raises(ValueError, match="method"):
        aggregate(x, method="median")
    with pytest.raises(ValueError, match="blocks"):
        aggregate(x, method="copeland", blocks=["a", "b"])
    with pytest.raises(ValueError, match="Copeland"):
        contributions(x, method="copeland")


# --- before and beside -------------------------------------------------------------------------------


def test_denominate():
    x = [[10.0, 4.0], [5.0, NAN]]
    np.testing.assert_allclose(composite.denominate(x, [100, 0], scale=1000), [[100, 40], [NAN, NAN]])
    np.testing.assert_allclose(composite.denominate(x, [[10, 2], [5, 1]]), [[1, 2], [1, NAN]])
    with pytest.raises(ValueError, match=r"denominator: expected 0 or more, got -1\.0 in row 1"):
        composite.denominate(x, [1, -1])
    with pytest.raises(ValueError, match="expected 2 values"):
        composite.denominate(x, [1, 2, 3])


def test_impute():
    x = [1.0, NAN, 5.0, 9.0, NAN, NAN]
    groups = ["n", "n", "n", "s", "s", "w"]
    np.testing.assert_allclose(composite.impute(x, "mean", groups), [1, 3, 5, 9, 9, NAN])
    np.testing.assert_allclose(composite.impute([*x, 6], "median"), [1, 5.5, 5, 9, 5.5, 5.5, 6])
    np.testing.assert_array_equal(composite.impute(x, "none"), x)
    with pytest.raises(ValueError, match=r"indicator hay:.*3 values missing, the first in row 1"):
        composite.impute(x, "fail", names=["hay"])
    with pytest.raises(ValueError, match="every value is missing"):
        composite.impute([NAN, NAN])
    with pytest.raises(ValueError, match="groups"):
        composite.impute(x, groups=["n"])


@unhurried
@given(tables(rows=12, columns=2, gaps=True), st.integers(0, 6))
def test_outliers_keep_their_order(x, winmax):
    before = x.copy()
    out, record = composite.treat_outliers(x, winmax=winmax)
    np.testing.assert_array_equal(x, before)
    for column, done in enumerate(record):
        has = ~np.isnan(x[:, column])
        order = np.argsort(x[has, column], kind="stable")
        assert (np.diff(out[has, column][order]) >= -1e-12).all()
        if has.sum() >= 4:
            values = out[has, column]
            assert done.skew == pytest.approx(stats.skew(values, bias=False), abs=1e-6)
            assert done.kurtosis == pytest.approx(stats.kurtosis(values, bias=False), abs=1e-6)
            assert done.passed == (abs(done.skew) < 2 or done.kurtosis < 3.5)
        if done.action == "none":
            np.testing.assert_array_equal(out[has, column], x[has, column])


def test_outliers_by_hand():
    x = np.array([*range(1, 11), 30.0, 100.0])
    out, (done,) = composite.treat_outliers(x)
    assert (out[-1], done.action, done.winsorised) == (30.0, "winsorise", 1)
    low, (done,) = composite.treat_outliers(-x)
    np.testing.assert_array_equal(low, -out)
    out, (done,) = composite.treat_outliers(x, winmax=0, names=["hay"])
    np.testing.assert_allclose(out, np.log(x - 1 + 0.01 * 99))
    assert (done.indicator, done.action, done.passed) == ("hay", "log", True)
    out, (done,) = composite.treat_outliers([5.0, 5.0, 5.0, 5.0, NAN])
    assert done.action == "none"
    with pytest.raises(ValueError, match="every value is missing"):
        composite.treat_outliers([NAN, NAN])


def test_weights_by_rule():
    assert composite.equal_weights(4).tolist() == [0.25] * 4
    assert composite.given_weights([2, 6]).tolist() == [0.25, 0.75]
    with pytest.raises(ValueError, match="for indicator b"):
        composite.given_weights([2, -6], names=["a", "b"])
    x = np.array([[1, 1.0, 4], [2, 1.0, 2], [3, 1.0, 9]])
    w = composite.entropy_weights(x)
    assert w[1] == 0
    assert w.sum() == pytest.approx(1)
    spread = [1 - stats.entropy(x[:, c], base=3) for c in (0, 2)]
    assert w[2] / w[0] == pytest.approx(spread[1] / spread[0])
    with pytest.raises(ValueError, match="indicator 1: entropy needs"):
        composite.entropy_weights([[1, -1], [2, 1]])
    with pytest.raises(ValueError, match="every indicator is constant"):
        composite.entropy_weights([[1, 2], [1, 2]])


@unhurried
@given(tables(rows=9, columns=3))
def test_an_indicator_given_twice_shares_its_weight(x):
    w = composite.correlation_adjusted_weights(x)
    r = np.abs(np.corrcoef(x.T))
    expected = 1 / r.sum(axis=1)
    np.testing.assert_allclose(w, expected / expected.sum(), atol=1e-9)
    np.testing.assert_allclose(composite.correlation_adjusted_weights(x * [1, -2, 3]), w, atol=1e-9)
    twice = composite.correlation_adjusted_weights(np.column_stack([x, x[:, 0]]))
    assert twice[0] == pytest.approx(twice[3])
    assert twice[0] < w[0]


def test_correlation_needs_pairs():
    with pytest.raises(ValueError, match="indicator 0 and indicator 1: no correlation"):
        composite.correlation_adjusted_weights([[1, NAN], [2, 5], [3, 6], [NAN, 7]])
