"""The composite, against a table worked out by hand, and its laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.stages.viability import viability


def _table(*rows: tuple[str, str, int, float, str]) -> pd.DataFrame:
    """Indicators named as their columns: name, block, direction, weight, transform."""
    return pd.DataFrame(
        [
            {"block": block, "column": name, "direction": direction, "weight": weight, "transform": transform}
            for name, block, direction, weight, transform in rows
        ],
        index=pd.Index([row[0] for row in rows], name="indicator"),
    )


TABLE = _table(
    ("minutes", "access", -1, 3.0, "none"),
    ("access", "access", -1, 1.0, "none"),
    ("frost", "climate", 1, 1.0, "none"),
    ("people", "population", 1, 1.0, "log"),
)
BLOCKS = {"access": 0.5, "climate": 0.3, "population": 0.2}
VILLAGES = pd.DataFrame(
    {
        "minutes": [0.0, 50.0, 100.0, np.inf, np.nan],
        "access": [0.0, 2.0, 4.0, 1.0, np.nan],
        "frost": [-10.0, -20.0, -30.0, np.nan, -20.0],
        "people": [np.e**4 - 1, np.e**2 - 1, 0.0, np.e - 1, np.nan],
    },
    index=list("abcde"),
)


def test_the_composite_is_the_table_worked_out_by_hand() -> None:
    before = VILLAGES.copy()
    out = viability(VILLAGES, TABLE, BLOCKS)
    # minutes 1, .5, 0, 0 (unreachable), -; access 1, .5, 0, .75, -; frost 1, .5, 0, -, .5; people 1, .5, 0, .25, -
    # access block: minutes 3/4, access 1/4.
    d = (0.5 * (0.25 * 75) + 0.2 * 25) / 0.7
    assert out.index.tolist() == pytest.approx([100, 50, 0, d, 50])
    assert out.missing.tolist() == pytest.approx([0, 0, 0, 0.3, 0.7])
    assert out.contributions.loc["b"].tolist() == pytest.approx([0.375 * 50, 0.125 * 50, 0.3 * 50, 0.2 * 50])
    assert out.contributions.loc["d"].tolist() == pytest.approx([0, 0.125 * 75 / 0.7, 0, 0.2 * 25 / 0.7])
    assert out.ranges.loc["minutes"].tolist() == [0, 100]
    assert out.ranges.loc["people"].tolist() == pytest.approx([0, np.e**4 - 1])
    assert out.infinite == {"minutes": 1}
    assert out.left_out == {}
    pd.testing.assert_frame_equal(VILLAGES, before)


def test_direction_turns_an_indicator_round() -> None:
    table = _table(("minutes", "access", -1, 1.0, "none"))
    turned = _table(("minutes", "access", 1, 1.0, "none"))
    one = viability(VILLAGES, table, BLOCKS).index[list("abc")]
    other = viability(VILLAGES, turned, BLOCKS).index[list("abc")]
    assert (one + other).tolist() == pytest.approx([100, 100, 100])
    assert viability(VILLAGES, turned, BLOCKS).index["d"] == 100


def test_a_settlement_of_which_nothing_is_known_has_no_viability() -> None:
    nothing = VILLAGES.copy()
    nothing.loc["e", "frost"] = np.nan
    out = viability(nothing, TABLE, BLOCKS)
    assert np.isnan(out.index["e"])
    assert out.missing["e"] == 1
    assert out.contributions.loc["e"].isna().all()


def test_what_tells_nothing_apart_is_left_out_with_the_reason() -> None:
    frame = VILLAGES.assign(frost=-5.0, people=np.nan)
    out = viability(frame, TABLE, BLOCKS)
    assert set(out.left_out) == {"frost", "people"}
    assert "-5" in out.left_out["frost"]
    assert list(out.contributions) == ["minutes", "access"]
    assert out.index["b"] == pytest.approx(50)
    with pytest.raises(ValueError, match=r"no indicator of viability can be used.*frost"):
        viability(frame, TABLE.loc[["frost", "people"]], BLOCKS)
    with pytest.raises(ValueError, match="infinite"):
        viability(VILLAGES.assign(minutes=np.inf), TABLE.loc[["minutes"]], BLOCKS)


@pytest.mark.parametrize("transform", ["none", "log"])
def test_rounding_is_not_stretched_over_the_scale(transform: str) -> None:
    noise = 1 + np.array([0, 1, -1, 2, 3]) * 1e-12
    frame = VILLAGES.assign(people=1234.5 * noise)
    out = viability(frame, _table(*_rows("people", transform), *_rows("access", "none")), BLOCKS)
    assert set(out.left_out) == {"people"}
    # Small values are not rounding: what counts is their difference beside their size.
    small = viability(frame.assign(people=np.arange(5) * 1e-12), _table(*_rows("people", transform)), BLOCKS)
    assert small.index.tolist() == pytest.approx([0, 25, 50, 75, 100])


def _rows(name: str, transform: str) -> list[tuple[str, str, int, float, str]]:
    return [(name, "access", 1, 1.0, transform)]


def test_a_difference_of_a_millionth_counts() -> None:
    frame = pd.DataFrame({"people": [1e6, 1e6 + 1]})
    assert viability(frame, _table(*_rows("people", "none")), BLOCKS).index.tolist() == [0, 100]


@pytest.mark.parametrize(("direction", "expected"), [(-1, [100, 100, 0]), (1, [0, 0, 100])])
def test_reachable_and_unreachable_are_told_apart_where_all_else_is_equal(
    direction: int, expected: list[float]
) -> None:
    frame = pd.DataFrame({"minutes": [10.0, 10.0, np.inf]})
    out = viability(frame, _table(("minutes", "access", direction, 1.0, "none")), BLOCKS)
    assert out.index.tolist() == expected
    assert out.infinite == {"minutes": 1}


def test_a_logarithm_of_a_negative_value_is_refused() -> None:
    with pytest.raises(ValueError, match=r"people.*0 or more, got -3"):
        viability(VILLAGES.assign(people=[-3.0, 1, 2, 3, 4]), TABLE, BLOCKS)


def test_a_logarithm_leaves_unreachable_unreachable() -> None:
    frame = pd.DataFrame({"minutes": [0.0, np.e - 1, np.e**2 - 1, np.inf]})
    out = viability(frame, _table(("minutes", "access", -1, 1.0, "log")), BLOCKS)
    assert out.index.tolist() == pytest.approx([100, 50, 0, 0])


_value = st.one_of(st.floats(0, 1000), st.sampled_from([0.0, 10.0, np.inf, np.nan]))


@given(data=st.data(), n=st.integers(1, 6))
@settings(max_examples=300, deadline=None)
def test_raising_an_indicator_never_lowers_viability(data: st.DataObject, n: int) -> None:
    frame = pd.DataFrame(
        {name: data.draw(st.lists(_value, min_size=n, max_size=n)) for name in TABLE.index}, dtype=float
    )
    frame["frost"] = frame["frost"].replace(np.inf, 5.0)
    row, name = data.draw(st.integers(0, n - 1)), data.draw(st.sampled_from(list(TABLE.index)))
    before, after = frame.loc[row, name], data.draw(st.floats(0, 1100) | st.just(np.inf))
    if np.isnan(before):
        return
    low, high = sorted([before, after])
    worse, better = (low, high) if TABLE.loc[name, "direction"] == 1 else (high, low)
    indices = []
    for value in (worse, better):
        frame.loc[row, name] = value
        try:
            indices.append(viability(frame, TABLE, BLOCKS).index[row])
        except ValueError:
            return  # no indicator tells anything apart
    assert indices[1] >= indices[0] - 1e-9


@given(data=st.data(), n=st.integers(2, 6))
@settings(max_examples=100, deadline=None)
def test_contributions_sum_up_and_rows_may_come_in_any_order(data: st.DataObject, n: int) -> None:
    frame = pd.DataFrame(
        {name: data.draw(st.lists(_value, min_size=n, max_size=n)) for name in TABLE.index}, dtype=float
    )
    try:
        out = viability(frame, TABLE, BLOCKS)
    except ValueError:
        return
    known = out.index.notna()
    np.testing.assert_allclose(out.contributions.sum(axis=1)[known], out.index[known], atol=1e-9)
    assert out.index[known].between(-1e-9, 100 + 1e-9).all()
    assert out.missing.between(0, 1 + 1e-12).all()
    order = data.draw(st.permutations(range(n)))
    np.testing.assert_allclose(viability(frame.iloc[order], TABLE, BLOCKS).index[frame.index], out.index, atol=1e-9)
