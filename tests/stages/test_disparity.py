"""Disparity between regions: pysal/inequality as an oracle, sums of parts, and what is left out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.stages.disparity import (
    disparity_between,
    disparity_within,
    lorenz_points,
    quotients,
    ranking,
    region_means,
)


def places(n: int = 60, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "region": rng.choice(["north", "south", "west"], n),
            "population": rng.integers(1, 5000, n).astype(float),
            "income": rng.lognormal(0, 1, n),
        }
    )


def test_unweighted_measures_agree_with_pysal() -> None:
    gini = pytest.importorskip("inequality.gini", reason="pysal/inequality is not installed")
    theil = pytest.importorskip("inequality.theil")
    frame = places()
    row = disparity_between(frame[["income"]], None)[0].loc["income"]
    assert row["gini"] == pytest.approx(gini.Gini(frame["income"].to_numpy()).g)
    assert row["theil"] == pytest.approx(float(theil.Theil(frame["income"].to_numpy()).T))
    split = theil.TheilD(frame["income"].to_numpy(), frame["region"].to_numpy())
    ours = disparity_within(frame, ["income"], by_people=False).loc["income"]
    assert ours["theil_between"] == pytest.approx(float(split.bg[0]))
    assert ours["theil_within"] == pytest.approx(float(split.wg[0]))


@pytest.mark.parametrize("by_people", [False, True])
def test_the_parts_of_theil_sum_and_between_is_that_of_the_regions_means(by_people: bool) -> None:
    frame = places()
    people = frame["population"] if by_people else None
    whole = disparity_between(frame[["income"]], people)[0].loc["income", "theil"]
    parts = disparity_within(frame, ["income"], by_people=by_people).loc["income"]
    assert parts["theil_between"] + parts["theil_within"] == pytest.approx(whole)
    weights = frame.groupby("region")["population"].sum() if by_people else frame.groupby("region").size().astype(float)
    means = region_means(frame, ["income"])[1 if by_people else 0]
    assert disparity_between(means, weights)[0].loc["income", "theil"] == pytest.approx(parts["theil_between"])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(0.01, 100), st.integers(1, 50)), min_size=2, max_size=8))
def test_weighing_by_people_is_the_same_as_a_row_for_each_person(rows: list[tuple[float, int]]) -> None:
    values, people = (np.array(part, float) for part in zip(*rows, strict=True))
    weighted = disparity_between(pd.DataFrame({"x": values}), pd.Series(people))[0].loc["x"]
    each = disparity_between(pd.DataFrame({"x": np.repeat(values, people.astype(int))}), None)[0].loc["x"]
    measures = ["smallest", "largest", "max_min_ratio", "gini", "theil", "hoover", "williamson"]
    np.testing.assert_allclose(weighted[measures].astype(float), each[measures].astype(float), atol=1e-9)


def test_what_is_not_known_is_left_out_and_counted() -> None:
    values = pd.DataFrame({"x": [1.0, 3.0, np.nan, np.inf]})
    row = disparity_between(values, None)[0].loc["x"]
    assert (row["rows"], row["left_out"], row["max_min_ratio"]) == (2, 2, 3.0)
    row = disparity_between(values, pd.Series([5.0, np.nan, 1.0, 1.0]))[0].loc["x"]
    assert (row["rows"], row["left_out"], row["gini"]) == (1, 3, 0.0)


@pytest.mark.parametrize(
    ("values", "reason"),
    [([0.0, 0.0], "every value is 0"), ([-1.0, 2.0], "1 values are negative"), ([np.nan, np.inf], "no value is known")],
)
def test_what_cannot_be_measured_is_named_with_its_reason(values: list[float], reason: str) -> None:
    table, refused = disparity_between(pd.DataFrame({"x": values}), None)
    assert refused == {"x": reason}
    assert table.loc["x", ["gini", "theil", "hoover", "williamson", "max_min_ratio"]].isna().all()
    frame = pd.DataFrame({"x": values, "region": ["a", "b"], "population": 1.0})
    assert disparity_within(frame, ["x"], by_people=False).isna().all(axis=None)
    assert lorenz_points(pd.DataFrame({"x": values}), None).empty


def test_a_smallest_value_of_nothing_has_no_ratio() -> None:
    row = disparity_between(pd.DataFrame({"x": [0.0, 4.0]}), None)[0].loc["x"]
    assert np.isnan(row["max_min_ratio"])
    assert row["gini"] == 0.5


def test_the_area_over_the_lorenz_curve_is_half_the_gini() -> None:
    frame = places()
    points = lorenz_points(frame[["income"]], frame["population"])
    under = np.trapezoid(points["amount"], points["people"])
    assert 1 - 2 * under == pytest.approx(
        disparity_between(frame[["income"]], frame["population"])[0].loc["income", "gini"]
    )


def test_ranking_by_hand_with_equal_values() -> None:
    values = pd.DataFrame({"x": [2.0, 8.0, 2.0, np.nan]}, index=pd.Index(["a", "b", "c", "d"], name="region"))
    table = ranking(values, pd.Series([3.0, 1.0, 2.0, 9.0], index=values.index))
    assert table["region"].tolist() == ["b", "a", "c"]
    assert table["rank"].tolist() == [1, 2, 2]
    # The mean of people is (3 x 2 + 1 x 8 + 2 x 2) / 6 = 3.
    np.testing.assert_allclose(table["to_mean"], [8 / 3, 2 / 3, 2 / 3])


def test_location_quotients_by_hand() -> None:
    amounts = pd.DataFrame({"farms": [10.0, 30.0, np.nan], "mines": [90.0, 70.0, 5.0]}, index=["a", "b", "c"])
    table = quotients(amounts)
    assert table.index.tolist() == ["a", "b"]
    np.testing.assert_allclose(table["farms"], [0.1 / 0.2, 0.3 / 0.2])
    np.testing.assert_allclose(table["mines"], [0.9 / 0.8, 0.7 / 0.8])
    whole = quotients(amounts[["farms"]], pd.Series([100.0, 100.0, 1.0], index=["a", "b", "c"]))
    np.testing.assert_allclose(whole["farms"], [0.5, 1.5])
    with pytest.raises(ValueError, match="more than its whole"):
        quotients(amounts[["farms"]], pd.Series([5.0, 100.0, 1.0], index=["a", "b", "c"]))
