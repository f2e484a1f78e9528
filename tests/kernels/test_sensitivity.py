import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.kernels import composite, sensitivity
from gis.kernels.sensitivity import monte_carlo_ranks, rank_of, sobol_design, sobol_indices

NAN = float("nan")
FIELDS = ("index", "rank", "rank_median", "rank_low", "rank_high", "index_low", "index_high", "class_probability")
unhurried = settings(deadline=None, max_examples=30)


def table(seed=0, n=23, k=4, gaps=0.2):
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 10, (n, k)).round(2)
    x[rng.random(x.shape) < gaps] = NAN
    x[5] = x[2]  # a twin
    x[np.isnan(x).all(axis=1), 0] = 5.0
    return x


def same(a, b, **tolerance):
    for name in FIELDS:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), **tolerance, err_msg=name)


# --- ranks -------------------------------------------------------------------------------------------


@given(st.lists(st.one_of(st.just(NAN), st.integers(-5, 5).map(lambda i: i / 4)), min_size=1, max_size=12))
def test_ranks_equal_a_dumb_loop(index):
    expected = [NAN if np.isnan(v) else 1 + sum(o > v for o in index) for v in index]
    np.testing.assert_array_equal(rank_of(index), expected)
    both = rank_of(np.column_stack([index, np.negative(index)]))
    np.testing.assert_array_equal(both[:, 0], expected)


def test_roundings_do_not_break_ties():
    assert rank_of([0.3, 0.1 + 0.2, 0.1]).tolist() == [1, 1, 3]
    assert rank_of([0.3, 0.3 + 1e-9, 0.1]).tolist() == [2, 1, 3]


def test_mean_absolute_rank_change_by_hand():
    draws = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0], [NAN, NAN]])
    out = sensitivity.mean_absolute_rank_change(draws, draws[:, 0])
    np.testing.assert_allclose(out, [0, 4 / 3])


# --- Monte Carlo -------------------------------------------------------------------------------------


def test_without_doubt_all_draws_are_the_index():
    x = table()
    w = [1.0, 2, 3, 4]
    out = monte_carlo_ranks(x, w, draws=7, weight_spread=0, class_bounds=[4, 6])
    index = composite.aggregate(x, w)
    np.testing.assert_allclose(out.index, index)
    for rank in (out.rank, out.rank_low, out.rank_median, out.rank_high):
        np.testing.assert_array_equal(rank, rank_of(index))
    for bound in (out.index_low, out.index_high):
        np.testing.assert_allclose(bound, index, rtol=1e-6)
    expected = np.eye(3)[np.searchsorted([4, 6], index, side="right")]
    np.testing.assert_array_equal(out.class_probability, expected)


@pytest.mark.parametrize("aggregation", ["arithmetic", "geometric", "harmonic", "copeland"])
@pytest.mark.parametrize("method", ["min_max", "percentile_rank", "distance_to_max"])
@pytest.mark.parametrize("blocks", [None, ["a", "b", "a", "b"]])
def test_the_nominal_index_is_that_of_composite(aggregation, method, blocks):
    if blocks and aggregation == "copeland":
        return
    x = table(3)
    settings = {"direction": [1, -1, 1, 1], "bounds": (1.0, 100.0)}
    out = monte_carlo_ranks(
        x, [1, 2, 3, 4], draws=2, normalisations=[method], aggregations=[aggregation], blocks=blocks, **settings
    )
    scores = composite.normalise(x, method, settings["direction"])
    expected = composite.aggregate(1 + 99 * scores, [1, 2, 3, 4], aggregation, blocks=blocks)
    np.testing.assert_allclose(out.index, expected)


@unhurried
@given(st.integers(0, 1000), st.integers(1, 50))
def test_laws_of_monte_carlo(seed, block_size):
    x = table(seed)
    options = {"draws": 40, "seed": seed, "class_bounds": [4.0, 5.0, 6.0], "weight_spread": 0.8}
    out = monte_carlo_ranks(x, [4, 3, 2, 1], **options)
    np.testing.assert_allclose(out.class_probability.sum(axis=1), 1)
    assert (out.rank_low <= out.rank_median).all()
    assert (out.rank_median <= out.rank_high).all()
    assert (out.rank_low >= 1).all()
    assert (out.rank_high <= len(x)).all()
    assert (out.index_low <= out.index_high).all()
    for name in FIELDS:  # twins share their fate
        np.testing.assert_array_equal(getattr(out, name)[2], getattr(out, name)[5])
    same(out, monte_carlo_ranks(x, [4, 3, 2, 1], block_size=block_size, **options), atol=1e-9)
    same(out, monte_carlo_ranks(x, [40, 30, 20, 10], **options), atol=1e-5)
    rows = np.random.default_rng(seed).permutation(len(x))
    moved = monte_carlo_ranks(x[rows], [4, 3, 2, 1], **options)
    for name in FIELDS:
        np.testing.assert_allclose(getattr(moved, name), getattr(out, name)[rows], atol=1e-5)


def test_the_interval_against_numpy_on_the_same_draws():
    rng = np.random.default_rng(1)
    index = rng.random((6, 101))
    out = sensitivity.summarise_draws(index, index[:, 0], class_bounds=[0.5], interval=0.9)
    ranks = rank_of(index)
    np.testing.assert_array_equal(out.rank_median, np.median(ranks, axis=1))
    np.testing.assert_array_equal(out.rank_low, np.quantile(ranks, 0.05, axis=1, method="lower"))
    np.testing.assert_array_equal(out.rank_high, np.quantile(ranks, 0.95, axis=1, method="higher"))
    np.testing.assert_allclose(out.index_low, np.quantile(index, 0.05, axis=1, method="lower"), rtol=1e-6)
    np.testing.assert_allclose(out.class_probability[:, 1], (index >= 0.5).mean(axis=1))
    full = sensitivity.summarise_draws(index, index[:, 0], interval=1)
    np.testing.assert_array_equal(full.rank_high, ranks.max(axis=1))
    assert full.class_probability.shape == (6, 0)


def test_more_doubt_gives_wider_intervals():
    x = table(4, n=40, gaps=0)
    widths = [
        np.mean(out.rank_high - out.rank_low)
        for spread in (0.0, 0.1, 0.5, 1.0)
        for out in [monte_carlo_ranks(x, draws=300, weight_spread=spread)]
    ]
    assert widths[0] == 0
    assert (np.diff(widths) > 0).all()


def test_alternative_tables_normalisations_and_aggregations_are_drawn():
    winter, summer = table(5, gaps=0), table(6, gaps=0)
    for x, alternatives in (
        (np.stack([winter, summer]), {}),
        (winter, {"normalisations": ["min_max", "percentile_rank"], "bounds": (1, 100)}),
        (winter, {"aggregations": ["arithmetic", "harmonic"]}),
    ):
        out = monte_carlo_ranks(x, draws=60, weight_spread=0, interval=1, **alternatives)
        first = {name: list(ways)[:1] for name, ways in alternatives.items()} | {"bounds": (1, 100)}
        one = monte_carlo_ranks(winter, draws=2, weight_spread=0, **first)
        np.testing.assert_allclose(out.index, one.index)  # the published choice comes first
        assert (out.rank_low < out.rank_high).any()
        same(out, monte_carlo_ranks(x, draws=60, weight_spread=0, interval=1, **alternatives))


def test_errors_and_gaps_widen_only_what_they_touch():
    x = table(7, gaps=0)
    x[0, 1] = NAN
    sd = np.zeros(x.shape)
    sd[3] = 0.5
    out = monte_carlo_ranks(x, draws=200, weight_spread=0, error_sd=sd)
    np.testing.assert_allclose(out.index, composite.aggregate(x))
    width = out.index_high - out.index_low
    assert width[3] > 0.3
    assert np.delete(width, 3).max() == 0
    dropped = monte_carlo_ranks(x, draws=200, weight_spread=0)
    filled = monte_carlo_ranks(x, draws=200, weight_spread=0, missing="resample")
    assert dropped.index_high[0] == dropped.index_low[0]
    assert filled.index_high[0] > filled.index_low[0]
    assert (filled.index_high == filled.index_low)[1:].all()
    # the drawn values are known values of the same indicator
    assert filled.index_high[0] <= (np.nansum(x[0]) + np.nanmax(x[:, 1])) / 4 + 1e-6


def test_a_settlement_without_values_is_unknown_throughout():
    x = table(8, gaps=0)
    x[4] = NAN
    out = monte_carlo_ranks(x, draws=20, class_bounds=[5])
    for name in FIELDS:
        found = np.isnan(getattr(out, name)).reshape(len(x), -1).all(axis=1)
        assert found.tolist() == [i == 4 for i in range(len(x))]
    assert np.nanmax(out.rank) == len(x) - 1


def test_weights_are_moved_by_no_more_than_their_spread():
    x = np.array([[1.0, 0.0], [0.0, 1.0]])  # the index is the weight itself
    out = monte_carlo_ranks(x, [3, 1], draws=2000, weight_spread=0.2, interval=1)
    low, high = 3 * 0.8 / (3 * 0.8 + 1.2), 3 * 1.2 / (3 * 1.2 + 0.8)
    assert low <= out.index_low[0] < low + 0.02
    assert high - 0.02 < out.index_high[0] <= high


def test_monte_carlo_refuses():
    x = table(gaps=0)
    for options, message in (
        ({"weights": [1, -1, 1, 1]}, "weights: expected 0 or more"),
        ({"weights": [0, 0, 0, 0]}, "all 4 are 0"),
        ({"weights": [0, 1, 0, 1], "blocks": ["a", "b", "a", "b"]}, "in block 'a'"),
        ({"direction": 2}, "direction must be 1 or -1"),
        ({"weight_spread": 1.5}, "weight_spread: expected 0 to 1"),
        ({"draws": 0}, "draws"),
        ({"interval": 0}, "interval"),
        ({"missing": "guess"}, "missing: expected"),
        ({"error_sd": [1, 2]}, "error_sd"),
        ({"error_sd": [1, 2, 3, -4]}, "error_sd"),
        ({"class_bounds": [2, 1]}, "class_bounds: expected rising"),
        ({"class_bounds": [2], "normalisations": ["min_max", "z_score"]}, "class_bounds need one scale"),
        ({"aggregations": []}, "aggregations: give at least one"),
        ({"normalisations": ["min_max"], "aggregations": ["geometric"]}, "geometric mean needs values above 0"),
        ({"aggregations": ["copeland"], "blocks": ["a", "b", "a", "b"]}, "copeland takes no blocks"),
        ({"aggregations": ["median"]}, "median"),
        ({"normalisations": ["magic"]}, "magic"),
        ({"normalisations": "min_max"}, "in a list"),
        ({"normalisations": ["goalposts"]}, "goalposts"),
    ):
        with pytest.raises(ValueError, match=message):
            monte_carlo_ranks(x, **{"draws": 3, **options})
    x[:, 2] = 4.0
    with pytest.raises(ValueError, match=r"indicator hay:.*constant"):
        monte_carlo_ranks(x, draws=3, normalisations=["min_max"], names=["a", "b", "hay", "d"])


# --- Sobol -------------------------------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 5))
def test_design(n, d, seed):
    design = sobol_design(n, d, seed)
    assert design.shape == (n * (d + 2), d)
    assert ((design >= 0) & (design < 1)).all()
    a, b, *mixed = design.reshape(d + 2, n, d)
    for i, one in enumerate(mixed):
        np.testing.assert_array_equal(one[:, i], b[:, i])
        np.testing.assert_array_equal(np.delete(one, i, axis=1), np.delete(a, i, axis=1))
    np.testing.assert_array_equal(sobol_design(n, d, seed), design)


def ishigami(u):
    x = (2 * u - 1) * np.pi
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_ishigami():
    # Ishigami and Homma 1990 with a = 7, b = 0.1; the exact values from the closed form
    v1, v2, v13 = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8, 0.01 * np.pi**8 * (1 / 18 - 1 / 50)
    total = v1 + v2 + v13
    design = sobol_design(4096, 3)
    out = sobol_indices(ishigami(design) - 3.5, 3)
    np.testing.assert_allclose(out.first, [v1 / total, v2 / total, 0], atol=0.02)
    np.testing.assert_allclose(out.total, [(v1 + v13) / total, v2 / total, v13 / total], atol=0.02)
    assert out.variance == pytest.approx(total, rel=0.02)


def test_the_formulas_written_out():
    rng = np.random.default_rng(0)
    n, d = 5, 2
    y = rng.random(n * (d + 2)) + 3
    ya, yb, yab = y[:n], y[n : 2 * n], y[2 * n :].reshape(d, n)
    v = np.var(np.concatenate([ya, yb]), ddof=1)
    out = sobol_indices(y, d)
    for i in range(d):
        assert out.first[i] == pytest.approx(sum(yb[r] * (yab[i, r] - ya[r]) for r in range(n)) / n / v)
        assert out.total[i] == pytest.approx(sum((ya[r] - yab[i, r]) ** 2 for r in range(n)) / (2 * n * v))


def test_what_changes_nothing_scores_nothing():
    design = sobol_design(64, 3)
    out = sobol_indices(design[:, 0] + 10, 3)
    assert out.first[1:].tolist() == [0, 0]
    assert out.total[1:].tolist() == [0, 0]
    constant = sobol_indices(np.full(64 * 5, 7.3), 3)
    assert constant.first.tolist() == constant.total.tolist() == [0, 0, 0]
    for y, message in ((np.zeros(7), "expected n x"), (np.full(10, NAN), "10 outputs are unknown")):
        with pytest.raises(ValueError, match=message):
            sobol_indices(y, 3)
    with pytest.raises(ValueError, match="1 or more"):
        sobol_design(0, 3)


def test_against_salib():
    analyze = pytest.importorskip("SALib.analyze.sobol")
    n, d = 512, 3
    design = sobol_design(n, d)
    y = ishigami(design)
    ya, yb, yab = y[:n], y[n : 2 * n], y[2 * n :].reshape(d, n)
    mean, sd = y.mean(), y.std()
    ours = sobol_indices((y - mean) / sd, d)
    ddof = (2 * n - 1) / (2 * n)  # they divide the variance by 2 n
    a, b = (ya - mean) / sd, (yb - mean) / sd
    for i in range(d):
        mixed = (yab[i] - mean) / sd
        assert ours.first[i] == pytest.approx(float(analyze.first_order(a, mixed, b)) * ddof)
        assert ours.total[i] == pytest.approx(float(analyze.total_order(a, mixed, b)) * ddof)


def test_which_assumption_moves_the_ranks():
    x = table(9, n=30, gaps=0)
    options = {"n": 64, "bounds": (1, 100), "normalisations": ["min_max"], "aggregations": ["arithmetic"]}
    only_weights = sensitivity.assumption_sensitivity(x, weight_spread=0.5, **{**options, "n": 512})
    assert only_weights.total["weights"] == pytest.approx(1, abs=0.1)
    assert [only_weights.total[a] for a in ("table", "normalisation", "aggregation", "values")] == [0, 0, 0, 0]
    none = sensitivity.assumption_sensitivity(x, weight_spread=0, **options)
    assert set(none.total.values()) == {0.0}
    other = np.random.default_rng(0).permuted(x, axis=0)
    seasons = sensitivity.assumption_sensitivity(np.stack([x, other]), weight_spread=0.05, **options)
    assert seasons.total["table"] > 0.8 > 0.2 > seasons.total["weights"]
    noisy = sensitivity.assumption_sensitivity(x, weight_spread=0, error_sd=np.full(4, 0.5), **options)
    assert noisy.total["values"] > 0.8
    assert sensitivity.assumption_sensitivity(np.stack([x, other]), weight_spread=0.05, **options) == seasons


def test_first_indices_are_estimated_about_the_mean(monkeypatch):
    # As SALib does: what is far from 0 and moves little has first indices that are mostly noise.
    seen, plain = [], sensitivity.sobol_indices
    monkeypatch.setattr(sensitivity, "sobol_indices", lambda y, d: seen.append(y) or plain(y, d))
    sensitivity.assumption_sensitivity(table(9, n=30, gaps=0), n=64)
    assert seen[0].std() > 0
    assert abs(seen[0].mean()) < 1e-9
