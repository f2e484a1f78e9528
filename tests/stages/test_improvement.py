"""What would lift a settlement: the value that is named, put in, does lift it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.stages.improvement import changes_needed, lifted, next_class, score_of, value_at
from gis.stages.potential import by_shares, by_thresholds
from gis.stages.viability import viability

TABLE = pd.DataFrame(
    {
        "block": ["access", "access", "people", "climate"],
        "column": ["minutes", "km", "population", "rain"],
        "direction": [-1, -1, 1, 1],
        "weight": [1.0, 0.5, 1.0, 2.0],
        "transform": ["none", "log", "log", "none"],
    },
    index=["near", "road", "people", "rain"],
)
BLOCKS = {"access": 0.5, "people": 0.3, "climate": 0.2}
LIMITS = {"high": 60.0, "medium": 40.0}


def villages(seed: int, n: int = 14) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "minutes": rng.gamma(2, 40, n),
            "km": rng.exponential(10, n),
            "population": np.exp(rng.normal(6, 1.5, n)),
            "rain": rng.integers(100, 110, n) * 1.0,  # with ties, also at the ends
        },
        index=[f"v{i}" for i in range(n)],
    )
    table.loc[table.index[:2], "minutes"] = np.inf
    table.loc[table.index[3], "rain"] = np.nan
    return table


def needed(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    out = viability(table, TABLE, BLOCKS)
    values = pd.DataFrame({name: table[row["column"]] for name, row in TABLE.iterrows()})
    potential = by_thresholds(out.index, pd.Series(1.0, index=table.index), high=60.0, low=40.0)
    return changes_needed(values, out.normalised, TABLE, BLOCKS, out.index, potential, LIMITS), potential


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_value_that_is_needed_lifts_and_one_less_does_not(seed: int) -> None:
    table = villages(seed)
    changes, potential = needed(table)
    assert changes["indicator"].isin(TABLE.index).all()
    for _, change in changes.iterrows():
        rule, village = TABLE.loc[change["indicator"]], change["settlement_id"]
        changed = table.copy()
        changed.loc[village, rule["column"]] = change["needed"]
        limit = LIMITS[change["potential"]]
        after = viability(changed, TABLE, BLOCKS).index[village]
        assert after >= limit
        assert after == pytest.approx(limit, abs=1e-4)
        assert next_class(potential)[village] == change["potential"]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_under_shares_the_lifted_village_takes_the_place_of_another(seed: int) -> None:
    table, people = villages(seed), pd.Series(1.0, index=[f"v{i}" for i in range(14)])
    out = viability(table, TABLE, BLOCKS)
    potential, limits = by_shares(out.index, people, high=3, medium=7, low=4)
    values = pd.DataFrame({name: table[row["column"]] for name, row in TABLE.iterrows()})
    for _, change in changes_needed(values, out.normalised, TABLE, BLOCKS, out.index, potential, limits).iterrows():
        changed = table.copy()
        changed.loc[change["settlement_id"], TABLE.loc[change["indicator"], "column"]] = change["needed"]
        after, _ = by_shares(viability(changed, TABLE, BLOCKS).index, people, high=3, medium=7, low=4)
        assert after[change["settlement_id"]] == change["potential"]


def test_what_cannot_lift_is_left_out() -> None:
    table = villages(3)
    changes, potential = needed(table)
    assert not changes["settlement_id"].isin(potential.index[potential == "high"]).any()
    unknown = changes[(changes["settlement_id"] == "v3") & (changes["indicator"] == "rain")]
    assert unknown.empty, "an unknown value cannot be raised"
    assert (changes["score_change"] <= 1).all()
    first = changes.groupby("settlement_id")["score_change"].apply(lambda rises: rises.is_monotonic_increasing)
    assert first.all()


def test_where_no_limit_is_there_nothing_lifts() -> None:
    table = villages(5)
    out = viability(table, TABLE, BLOCKS)
    values = pd.DataFrame({name: table[row["column"]] for name, row in TABLE.iterrows()})
    low = pd.Series("low", index=table.index)
    for limit in (np.inf, np.nan):
        none = changes_needed(values, out.normalised, TABLE, BLOCKS, out.index, low, {"high": 99.0, "medium": limit})
        assert none.empty


def test_values_follow_another_way_of_scoring_between_what_is_known() -> None:
    value = np.array([0.0, 10.0, 20.0, 40.0])
    ranked = np.array([1.0, 2 / 3, 1 / 3, 0.0])
    rule = pd.Series({"direction": -1, "transform": "none"})
    found = value_at(value, ranked, np.array([np.nan, 1.0, 2 / 3, 0.5]), rule)
    np.testing.assert_allclose(found, [np.nan, 0.0, 10.0, 15.0])
    np.testing.assert_allclose(score_of(found, value, ranked), [np.nan, 1.0, 2 / 3, 0.5])


def test_a_constant_indicator_has_no_value_that_helps() -> None:
    rule = pd.Series({"direction": 1, "transform": "none"})
    assert np.isnan(value_at(np.full(3, 7.0), np.full(3, 0.5), np.full(3, 0.9), rule)).all()


def test_limits_belong_to_the_class_above() -> None:
    assert lifted(np.array([60.0, 60 - 1e-12, 59.99, 39.0]), LIMITS).tolist() == ["high", "high", "medium", "low"]
