"""How sure: laws of the draws, and the fast path against a dumb loop."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.kernels.composite import aggregate, hierarchical_weights
from gis.kernels.sensitivity import monte_carlo_ranks
from gis.stages._draws import Index
from gis.stages.certainty import (
    ASSUMPTIONS,
    Alternatives,
    Certainty,
    Classes,
    certainty,
    population_errors,
    speed_factors,
)
from gis.stages.potential import by_shares, by_thresholds

TABLE = pd.DataFrame(
    {"block": ["access", "access", "climate", "people"], "weight": [1.0, 0.5, 1.0, 1.0]},
    index=["far", "road", "frost", "size"],
)
BLOCKS = {"access": 0.4, "climate": 0.35, "people": 0.25}
PROBABILITIES = ["probability_high", "probability_medium", "probability_low"]


def made(
    n: int = 23, *, seed: int = 1, gaps: float = 0.1, journeys: bool = True, population: bool = True
) -> Alternatives:
    rng = np.random.default_rng(seed)
    values = rng.random((n, 4))
    values[rng.random((n, 4)) < gaps] = np.nan
    values[:, 0] = rng.random(n)
    scores = pd.DataFrame(values, columns=TABLE.index, index=[f"v{i:03d}" for i in rng.permutation(n)])
    drawn = np.clip(values[:, 0] + rng.normal(0, 0.1, (3, 2, n)), 0, 1)
    drawn[0, 0] = values[:, 0]
    people = np.clip(values[:, 3] + rng.normal(0, 0.1, (5, n)), 0, 1)
    return Alternatives(scores, {"far": drawn} if journeys else {}, {"size": people} if population else {}, True)


def shares(n: int, *, empty: int = 0) -> Classes:
    return Classes(np.arange(n) >= empty, 3, 6, 2)


def run(given: Alternatives, classes: Classes | None = None, **options) -> Certainty:
    options = {"draws": 60, "design": 8} | options
    return certainty(given, TABLE, BLOCKS, classes or shares(len(given.scores)), **options)


def reordered(given: Alternatives, order: np.ndarray) -> Alternatives:
    journeys = {name: values[..., order] for name, values in given.journeys.items()}
    people = {name: values[..., order] for name, values in given.population.items()}
    return Alternatives(given.scores.iloc[order], journeys, people, given.missing)


CERTAIN = {"weight_spread": 0.0, "normalisations": (), "aggregations": ()}


@given(seed=st.integers(0, 10_000), n=st.integers(4, 40), empty=st.integers(0, 2))
@settings(max_examples=25, deadline=None)
def test_probabilities_sum_to_one_and_bounds_are_in_order(seed: int, n: int, empty: int) -> None:
    out = run(made(n, seed=seed), shares(n, empty=empty), draws=20).columns
    total = out[PROBABILITIES].sum(axis=1, min_count=3)
    classed = (np.arange(n) >= empty) & out["viability_p05"].notna()
    np.testing.assert_allclose(total[classed], 1.0)
    assert total[~classed].isna().all()
    assert out.loc[~classed, "potential_stable"].all(), "no draw changes the class of an empty village"
    assert (out["viability_p05"] <= out["viability_p95"]).all()
    assert (out["rank_p05"] <= out["rank_p95"]).all()
    assert out["rank_p05"].min() == 1


def test_without_variation_all_is_certain() -> None:
    given = made(journeys=False, population=False)
    given = Alternatives(given.scores, {}, {}, missing=False)
    out = run(given, **CERTAIN)
    nominal = pd.Series(nominal_of(given), index=given.scores.index)
    np.testing.assert_allclose(out.columns["viability_p05"], nominal, rtol=1e-12)
    np.testing.assert_allclose(out.columns["viability_p95"], nominal, rtol=1e-12)
    assert (out.columns["rank_p05"] == out.columns["rank_p95"]).all()
    assert out.columns["rank_p05"].tolist() == nominal.rank(ascending=False, method="min").tolist()
    assert set(np.unique(out.columns[PROBABILITIES])) == {0.0, 1.0}
    assert out.columns["potential_stable"].all()
    assert (out.sensitivity[["rank_change", "first_order", "total"]] == 0).all(axis=None)
    assert (out.sensitivity["alternatives"] == 1).all()


def nominal_of(given: Alternatives) -> np.ndarray:
    weights = {"weights": TABLE["weight"].to_numpy(), "blocks": TABLE["block"].tolist()}
    return aggregate(given.scores.to_numpy() * 100.0, **weights, block_weights=list(BLOCKS.values()))


@pytest.mark.parametrize("thresholds", [False, True])
def test_the_likeliest_class_under_no_variation_is_the_published_one(thresholds: bool) -> None:
    given = Alternatives(made().scores, {}, {}, missing=False)
    nominal = pd.Series(nominal_of(given), index=given.scores.index)
    people = pd.Series(1.0, index=nominal.index)
    if thresholds:
        wanted = by_thresholds(nominal, people, high=55.0, low=45.0)
        out = run(given, Classes(np.ones(len(nominal), bool), limits=(55.0, 45.0)), **CERTAIN)
    else:
        wanted, _ = by_shares(nominal, people, high=3, medium=6, low=2)
        out = run(given, **CERTAIN)
    names = out.columns[PROBABILITIES].idxmax(axis=1).str.removeprefix("probability_")
    assert names.tolist() == wanted.tolist()
    assert wanted.nunique() == 3


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    one, same, other = (run(made(), seed=seed) for seed in (4, 4, 5))
    pd.testing.assert_frame_equal(one.columns, same.columns)
    pd.testing.assert_frame_equal(one.sensitivity, same.sensitivity)
    assert not one.columns.equals(other.columns)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    given = made(gaps=0.2)
    order = np.random.default_rng(seed).permutation(len(given.scores))
    out, turned = run(given), run(reordered(given, order))
    pd.testing.assert_frame_equal(out.columns.iloc[order], turned.columns, rtol=1e-9)
    pd.testing.assert_frame_equal(out.sensitivity, turned.sensitivity, rtol=1e-6, atol=1e-9)


def test_an_interval_of_weights_alone_contains_the_published_value() -> None:
    given = Alternatives(made(40).scores, {}, {}, missing=False)
    out = run(given, draws=400, normalisations=(), aggregations=()).columns
    nominal = nominal_of(given)
    assert (out["viability_p05"] <= nominal + 1e-9).all()
    assert (out["viability_p95"] >= nominal - 1e-9).all()
    assert (out["viability_p95"] > out["viability_p05"]).any()


def test_weights_agree_with_the_kernel_in_other_draws() -> None:
    given = Alternatives(made(30).scores, {}, {}, missing=False)
    out = run(given, draws=4000, normalisations=(), aggregations=()).columns
    oracle = monte_carlo_ranks(
        given.scores.to_numpy() * 100, TABLE["weight"], draws=4000, blocks=TABLE["block"].tolist(),
        block_weights=list(BLOCKS.values()), seed=9,
    )  # fmt: skip
    width = (oracle.index_high - oracle.index_low).mean()
    np.testing.assert_allclose(out["viability_p05"], oracle.index_low, atol=0.1 * width)
    np.testing.assert_allclose(out["viability_p95"], oracle.index_high, atol=0.1 * width)


@pytest.mark.parametrize("constant", ASSUMPTIONS)
def test_a_constant_assumption_scores_zero(constant: str) -> None:
    given = made(30, gaps=0.2)
    journeys = {name: values.copy() for name, values in given.journeys.items()}
    if constant == "speeds":
        journeys = {name: values[:1] for name, values in journeys.items()}
    if constant == "seasons":
        journeys = {name: values[:, :1] for name, values in journeys.items()}
    people = {} if constant == "population" else given.population
    out = run(
        Alternatives(given.scores, journeys, people, constant != "missing"),
        design=32,
        weight_spread=0.0 if constant == "weights" else 0.25,
        normalisations=() if constant == "normalisation" else ("percentile_rank",),
        aggregations=() if constant == "aggregation" else ("geometric", "harmonic"),
    ).sensitivity
    assert out.loc[constant].tolist() == [1, 0, 0, 0]
    others = out.drop(index=constant)
    assert (others["rank_change"] > 0).all()
    assert (others["alternatives"] > 1).all()


def test_one_assumption_alone_explains_everything() -> None:
    given = Alternatives(made(30).scores, {}, {}, missing=False)
    out = run(given, design=64, normalisations=(), aggregations=()).sensitivity
    assert out.loc["weights", "total"] == pytest.approx(1.0, abs=0.25)
    assert out.loc["weights", "first_order"] == pytest.approx(1.0, abs=0.35)


@pytest.mark.parametrize("missing", [False, True])
def test_draws_agree_with_a_dumb_loop(missing: bool) -> None:
    given = made(17, gaps=0.25)
    given = Alternatives(given.scores, given.journeys, given.population, missing)
    index = Index.of(
        given.scores, TABLE, BLOCKS, {"far": given.journeys["far"].reshape(6, -1)}, given.population,
        lots=4 if missing else 0, normalisations=("percentile_rank",),
        aggregations=("geometric", "harmonic", "copeland"), order=np.argsort(given.scores.index.to_numpy()), seed=0,
    )  # fmt: skip
    counts = {"normalisation": 2, "aggregation": 4, "speeds": 3, "seasons": 2, "population": 5}
    counts["missing"] = index.lots or 1
    plan = index.plan(np.random.default_rng(3).random((40, 7)), counts, 0.25, np.random.default_rng(4))
    fast = np.empty((40, 17))
    for some, values in index.blocks(plan):
        fast[some] = values
    methods = ["arithmetic", "geometric", "harmonic", "copeland"]
    for d in range(plan.draws):
        x = np.column_stack([values_of(index, plan, column, d) for column in range(4)])
        method = methods[plan.recipe[d, 1]]
        factor, term = index.scale.get(tuple(plan.recipe[d]), (1.0, 0.0))
        if method == "copeland":
            w = hierarchical_weights(TABLE["block"].tolist(), plan.weights[d], plan.block_weights[d])
            pairs = 0.5 * (1 + aggregate(x, w, "copeland") / (len(x) - 1))
            np.testing.assert_allclose(fast[d], pairs * 100 * factor + term, rtol=1e-9)
            continue
        if method != "arithmetic":
            x = 0.01 + 0.99 * x
        mean = aggregate(
            x,
            plan.weights[d],
            method=method,
            blocks=TABLE["block"].tolist(),
            block_weights=plan.block_weights[d],
        )
        if method != "arithmetic":
            mean = (mean - 0.01) / 0.99
        np.testing.assert_allclose(fast[d], mean * 100 * factor + term, rtol=1e-9)


def values_of(index: Index, plan, column: int, draw: int) -> np.ndarray:
    made = index.columns[column]
    table = index.ranked[column] if plan.recipe[draw, 0] else made.values
    first = {"journeys": plan.journeys, "population": plan.population}.get(made.follows)
    lot = plan.missing[draw] if table.shape[1] > 1 else 0
    return table[0 if first is None else first[draw], lot]


def test_every_recipe_keeps_the_mean_and_the_spread_of_the_published_index() -> None:
    given = made(50, gaps=0.0)
    index = Index.of(
        given.scores, TABLE, BLOCKS, {}, {}, lots=0, normalisations=("percentile_rank",), aggregations=("geometric",),
        order=np.arange(50), seed=0,
    )  # fmt: skip
    wanted = index.nominal()
    counts = dict.fromkeys(("speeds", "seasons", "population", "missing"), 1) | {"normalisation": 2, "aggregation": 2}
    plan = index.plan(np.random.default_rng(0).random((30, 7)), counts, 0.0, np.random.default_rng(0))
    for _, values in index.blocks(plan):
        np.testing.assert_allclose(values.mean(axis=1), wanted.mean())
        np.testing.assert_allclose(values.std(axis=1), wanted.std())


def test_what_is_unknown_stays_unknown() -> None:
    given = made(20, gaps=0.0, journeys=False, population=False)
    scores = given.scores.copy()
    scores.iloc[3] = np.nan
    out = run(Alternatives(scores, {}, {}, missing=True)).columns
    assert out.iloc[3].drop("potential_stable").isna().all()
    assert out.drop(index=scores.index[3]).notna().all(axis=None)
    assert out["rank_p95"].max() == 19


@pytest.mark.parametrize("aggregation", ["geometric", "copeland"])
def test_no_change_keeps_the_chance_and_more_never_lowers_it(aggregation: str) -> None:
    given = made(25)
    out = run(given, draws=100, aggregations=[aggregation])
    rows = np.flatnonzero(out.columns["viability_p05"].notna())
    still = out.chance(rows, np.zeros((len(rows), 4)))
    np.testing.assert_allclose(still[:, 0], out.columns["probability_high"].iloc[rows])
    np.testing.assert_allclose(1 - still[:, 1], out.columns["probability_low"].iloc[rows], atol=1e-12)
    for column in range(4):
        change = np.zeros((len(rows), 4))
        change[:, column] = 0.2
        assert (out.chance(rows, change) >= still - 1e-12).all()


def test_a_chance_is_what_a_run_with_the_changed_score_finds() -> None:
    given = Alternatives(made(30, gaps=0.0).scores, {}, {}, missing=False)
    limits = Classes(np.ones(30, bool), limits=(60.0, 45.0))
    out = run(given, limits, draws=200, normalisations=(), aggregations=())
    change = np.zeros((30, 4))
    change[:, 2] = np.minimum(0.3, given.scores["frost"].max() - given.scores["frost"])
    foreseen = out.chance(np.arange(30), change)
    better = Alternatives(given.scores + change, {}, {}, missing=False)
    found = run(better, limits, draws=200, normalisations=(), aggregations=()).columns
    np.testing.assert_allclose(foreseen[:, 0], found["probability_high"])
    np.testing.assert_allclose(1 - foreseen[:, 1], found["probability_low"], atol=1e-12)
    assert (foreseen > out.chance(np.arange(30), 0 * change)).any()


def test_a_class_is_stable_from_the_stated_probability_on() -> None:
    given = made(40)
    loose, strict = (run(given, stable=stable).columns for stable in (0.5, 0.999))
    assert loose["potential_stable"].sum() > strict["potential_stable"].sum()
    own = strict[PROBABILITIES].max(axis=1)
    assert (own[strict["potential_stable"] & strict["probability_high"].notna()] >= 0.999).all()


def test_draws_are_refused_below_one() -> None:
    with pytest.raises(ValueError, match="draws: expected 1 or more, got 0"):
        run(made(), draws=0)


@given(factor=st.floats(1.0, 3.0), tables=st.integers(1, 9), seed=st.integers(0, 100))
def test_speeds_stay_within_the_factor_and_lean_to_no_side(factor: float, tables: int, seed: int) -> None:
    drawn = speed_factors(["trunk", "primary", "track"], factor=factor, tables=tables, seed=seed)
    assert drawn.shape == (tables, 3)
    assert (drawn.to_numpy() <= factor * (1 + 1e-12)).all()
    assert (drawn.to_numpy() >= 1 / factor * (1 - 1e-12)).all()
    assert (drawn.iloc[0] == 1).all()
    if tables % 2:
        np.testing.assert_allclose(np.log(drawn).sum(), 0, atol=1e-9)


def test_speeds_do_not_depend_on_the_order_of_classes() -> None:
    one = speed_factors(["trunk", "track"], factor=1.4)
    pd.testing.assert_frame_equal(one, speed_factors(["track", "trunk"], factor=1.4)[["trunk", "track"]])
    with pytest.raises(ValueError, match="factor: expected 1 or more"):
        speed_factors(["trunk"], factor=0.5)


def test_errors_of_population_have_the_stated_spread_and_keep_the_mean_order() -> None:
    factors = np.concatenate(list(population_errors(20_000, error=0.1)))
    assert factors.std() == pytest.approx(0.1, rel=0.03)
    assert (factors > 0).all()
    again = np.concatenate(list(population_errors(20_000, error=0.1)))
    assert (factors == again).all()
