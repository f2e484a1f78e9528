import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.kernels import access

INF, NAN = float("inf"), float("nan")
worlds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def draw(rng, n=5, m=3):
    """Minutes with an unreachable pair, people, supply."""
    t = rng.uniform(0, 70, (n, m))
    t[rng.integers(n), rng.integers(m)] = INF
    return t, rng.integers(10, 1000, n).astype(float), rng.integers(1, 50, m).astype(float)


def dumb_step(minutes, steps):
    for limit in sorted(steps):
        if minutes <= limit:
            return steps[limit]
    return 0.0


def dumb_fca(t, people, supply, steps, third=False):
    n, m = t.shape
    w = [[dumb_step(t[i, j], steps) for j in range(m)] for i in range(n)]
    if third:
        w = [[v * v / sum(row) if sum(row) else 0.0 for v in row] for row in w]
    ratio = []
    for j in range(m):
        reach = sum(people[i] * w[i][j] for i in range(n))
        ratio.append(supply[j] / reach if reach else 0.0)
    return [sum(ratio[j] * w[i][j] for j in range(m)) for i in range(n)]


FCA = [
    (lambda t, p, s: access.two_step_fca(t, p, s, 40), {40: 1.0}, False),
    (access.enhanced_two_step_fca, access.E2SFCA_STEPS, False),
    (access.three_step_fca, access.THREE_STEP_STEPS, True),
]


@given(worlds, st.sampled_from(FCA))
def test_floating_catchments_equal_dumb_loops(rng, case):
    function, steps, third = case
    t, people, supply = draw(rng)
    out = function(t, people, supply)
    np.testing.assert_allclose(out, dumb_fca(t, people, supply, steps, third))


@given(worlds, st.sampled_from(FCA), st.floats(0.1, 10))
def test_laws_of_floating_catchments(rng, case, factor):
    function, steps, _ = case
    t, people, supply = draw(rng)
    out = function(t, people, supply)
    # what is reached is shared out: nothing is lost and nothing made
    reached = ((access.step_weights(t, steps) > 0) & (people[:, None] > 0)).any(axis=0)
    assert (out * people).sum() == pytest.approx(supply[reached].sum())
    np.testing.assert_allclose(function(t, people, supply * factor), out * factor)
    np.testing.assert_allclose(function(t, people * factor, supply), out / factor)
    rows, columns = rng.permutation(5), rng.permutation(3)
    np.testing.assert_allclose(function(t[rows][:, columns], people[rows], supply[columns]), out[rows])


def test_published_steps():
    assert access.step_weights([0, 10, 10.1, 20, 30, 30.1, INF]).tolist() == [1, 1, 0.68, 0.68, 0.22, 0, 0]
    three = access.step_weights([10, 20, 30, 60, 61], access.THREE_STEP_STEPS)
    assert three.tolist() == [0.962, 0.704, 0.377, 0.042, 0]
    assert np.isnan(access.step_weights(NAN))
    for steps in ({}, {10: -1}, {10: 0.2, 20: 0.5}):
        with pytest.raises(ValueError, match="steps"):
            access.step_weights([1.0], steps)


def test_catchments_take_any_decay():
    t, people, supply = draw(np.random.default_rng(4))
    smooth = access.enhanced_two_step_fca(
        t, people, supply, lambda m: access.decay_weights(m, "gaussian", half_life_min=20)
    )
    w = np.exp(-np.log(2) * (t / 20) ** 2)
    np.testing.assert_allclose(smooth, w @ (supply / (people @ w)))
    with pytest.raises(ValueError, match="weights of 0 or more"):
        access.enhanced_two_step_fca(t, people, supply, lambda m: -m)


def test_a_place_beyond_all_has_nothing_and_empty_supply_is_left_out():
    t = np.array([[5.0, INF], [INF, INF], [INF, 5.0]])
    np.testing.assert_allclose(access.two_step_fca(t, [10, 10, 0], [2, 7]), [0.2, 0, 0])


def test_half_lives_of_the_published_table():
    published = [7.701635e-4, 3.850818e-4, 1.925409e-4, 9.62704e-5, 3.85082e-5]
    np.testing.assert_allclose([access.lambda_per_second(h) for h in access.HALF_LIVES_MIN], published, rtol=1e-5)
    for half in access.HALF_LIVES_MIN:
        w = access.decay_weights([0, half, 2 * half], half_life_min=half)
        np.testing.assert_allclose(w, [1, 0.5, 0.25])
        assert w[1] == pytest.approx(np.exp(-access.lambda_per_second(half) * 60 * half))


@given(st.floats(2, 300), st.sampled_from(["exponential", "gaussian", "power"]))
def test_every_decay_is_a_half_at_its_half_life(half, decay):
    w = access.decay_weights([0.0, 1.0, half, 1000, INF], decay, half_life_min=half)
    assert w[0] == 1
    assert w[2] == pytest.approx(0.5)
    assert (np.diff(w) <= 0).all()
    assert w[-1] == 0


def test_power_and_gaussian_by_hand():
    np.testing.assert_allclose(access.decay_weights([0, 2, 4], "power", exponent=1.5), [1, 2**-1.5, 0.125])
    np.testing.assert_allclose(access.decay_weights([0, 20], "power", exponent=1, floor_min=5), [0.2, 0.05])
    sigma = 30 / np.sqrt(2 * np.log(2))
    w = access.decay_weights(40.0, "gaussian", half_life_min=30)
    assert w == pytest.approx(np.exp(-(40**2) / (2 * sigma**2)))


@given(worlds, st.sampled_from(["exponential", "gaussian", "power"]))
def test_gravity_equals_a_dumb_loop_and_never_falls_with_a_new_place(rng, decay):
    t, _, supply = draw(rng)
    out = access.gravity_access(t, supply, decay, half_life_min=25)
    w = access.decay_weights(t, decay, half_life_min=25)
    np.testing.assert_allclose(out, [sum(w[i, j] * supply[j] for j in range(3)) for i in range(5)])
    more = access.gravity_access(np.column_stack([t, t[:, 0] / 2]), [*supply, 5.0], decay, half_life_min=25)
    assert (more >= out * (1 - 1e-12)).all()
    quicker = access.gravity_access(t * 0.9, supply, decay, half_life_min=25)
    assert (quicker >= out * (1 - 1e-12)).all()


def test_unknown_journeys():
    t = [[NAN, 5.0], [3.0, INF]]
    assert np.isnan(access.gravity_access(t, [1, 1], half_life_min=30)).tolist() == [True, False]
    np.testing.assert_array_equal(access.cumulative_opportunities(t), [NAN, 1])
    for function in (access.two_step_fca, access.enhanced_two_step_fca, access.three_step_fca):
        with pytest.raises(ValueError, match=r"unknown .* in 1 rows, the first 0"):
            function(t, [1, 1], [1, 1])


def test_cumulative():
    t = np.array([[5.0, 60.0, 60.1], [INF, 0.0, 31.0]])
    np.testing.assert_array_equal(access.cumulative_opportunities(t), [2, 2])
    np.testing.assert_array_equal(access.cumulative_opportunities(t, [1, 10, 100], 60), [11, 110])
    np.testing.assert_array_equal(access.cumulative_opportunities(t, None, [0, 30, 61]), [[0, 1, 3], [1, 1, 2]])


def test_aria_by_hand():
    d = np.array([[0.0, 0, 0], [10, 50, 20], [200, 10, 100], [INF, 0, 0]])
    means = [70.0, 15.0, 30.0]
    np.testing.assert_allclose(access.tier_means(d), means)
    expected = [sum(min(3, v / m) for v, m in zip(row, means, strict=True)) for row in d]
    np.testing.assert_allclose(access.capped_ratio_score(d), expected)
    assert access.capped_ratio_score(d)[3] == 3
    np.testing.assert_allclose(access.capped_ratio_score(d[1:2], means), expected[1:2])
    assert np.isnan(access.capped_ratio_score([[NAN, 1]], [1, 1])).all()
    served = access.serve_lower_tiers(d)
    np.testing.assert_allclose(served[1], [10, 10, 10])
    assert (np.diff(served[np.isfinite(served).all(axis=1)], axis=1) <= 0).all()


@given(worlds, st.floats(0.1, 100))
def test_laws_of_the_capped_ratio(rng, factor):
    d = rng.uniform(0.1, 500, (7, 5))
    score = access.capped_ratio_score(d)
    np.testing.assert_allclose(access.capped_ratio_score(d * factor), score)  # kilometres or minutes
    assert ((score >= 0) & (score <= 15)).all()
    means = access.tier_means(d)
    np.testing.assert_allclose([access.capped_ratio_score(d[[i]], means)[0] for i in range(7)], score)
    farther = d.copy()
    farther[3, 2] += 50
    assert access.capped_ratio_score(farther, means)[3] >= score[3]


def test_rural_access_index():
    assert access.rural_access_index([0, 2, 2.1, INF], [10, 20, 30, 40]) == pytest.approx(0.3)
    for d, people, message in (
        ([NAN], [1], "unknown"),
        ([1.0], [0], "nobody"),
        ([1.0], [-1], "population"),
        ([1.0, 2.0], [1], "expected shape"),
    ):
        with pytest.raises(ValueError, match=message):
            access.rural_access_index(d, people)


def test_bad_input_is_refused():
    t = [[1.0, 2.0]]
    for call, message in (
        (lambda: access.two_step_fca([[-1.0]], [1], [1]), "travel_time_min: 1 negative"),
        (lambda: access.two_step_fca(t, [1, 2], [1, 2]), r"demand: expected shape \(1,\)"),
        (lambda: access.two_step_fca(t, [1], [1, NAN]), "supply: expected known, finite amounts, got nan in row 1"),
        (lambda: access.two_step_fca([1.0], [1], [1]), "settlements x places"),
        (lambda: access.gravity_access(t, ["a", "b"], half_life_min=1), "opportunities: expected numbers"),
        (lambda: access.decay_weights(1.0), "give half_life_min"),
        (lambda: access.decay_weights(1.0, exponent=2), "give half_life_min"),
        (lambda: access.decay_weights(1.0, half_life_min=-2), "half_life_min: expected a number above 0"),
        (lambda: access.decay_weights(1.0, "linear", half_life_min=2), "decay: expected"),
        (lambda: access.decay_weights(1.0, "power", half_life_min=1), "above floor_min"),
        (lambda: access.lambda_per_second(0), "half_life_min"),
        (lambda: access.capped_ratio_score(t, [1, 0]), "means: expected numbers above 0"),
        (lambda: access.capped_ratio_score(t, cap=0), "cap"),
        (lambda: access.tier_means([[INF, 1.0]]), "tier 0"),
        (lambda: access.serve_lower_tiers([1.0]), "settlements x tiers"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_against_pysal_access():
    pd = pytest.importorskip("pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fca, weights = pytest.importorskip("access.fca"), pytest.importorskip("access.weights")
        t, people, supply = draw(np.random.default_rng(8), 6, 4)
        t[np.isinf(t)] = 999.0
        demand = pd.DataFrame({"demand": people}, index=[f"v{i}" for i in range(6)])
        offered = pd.DataFrame({"supply": supply}, index=[f"p{j}" for j in range(4)])
        rows = [(f"v{i}", f"p{j}", t[i, j]) for i in range(6) for j in range(4)]
        cost = pd.DataFrame(rows, columns=["origin", "dest", "cost"])
        settings = {"demand_index": True, "demand_name": "demand", "supply_index": True, "supply_name": "supply"}
        theirs = {
            "two": fca.two_stage_fca(demand, offered, cost, max_cost=40, **settings),
            "enhanced": fca.two_stage_fca(
                demand, offered, cost, max_cost=1000, weight_fn=weights.step_fn(dict(access.E2SFCA_STEPS)), **settings
            ),
            "three": fca.three_stage_fca(
                demand, offered, cost, max_cost=60, weight_fn=weights.step_fn(dict(access.THREE_STEP_STEPS)), **settings
            ),
        }
    ours = {
        "two": access.two_step_fca(t, people, supply, 40),
        "enhanced": access.enhanced_two_step_fca(t, people, supply),
        "three": access.three_step_fca(t, people, supply),
    }
    for name, series in theirs.items():
        np.testing.assert_allclose(series.reindex(demand.index).fillna(0), ours[name], err_msg=name)
