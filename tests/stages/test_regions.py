"""Figures by region and district: by hand, and what they sum to."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.fields import POTENTIALS
from gis.stages.potential import by_shares
from gis.stages.regions import area_figures, weighted_mean

RULE = {"tiers": ["town"], "limits_min": [30, 60, 120]}


def country(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    names = ["region", "population", "potential", "remoteness", "viability", "rural", "all_season_km", "minutes"]
    frame = pd.DataFrame(rows, columns=names).rename(columns={"minutes": "travel_time_town_min"})
    return frame.astype({"population": float, "all_season_km": float, "travel_time_town_min": float})


SMALL = country(
    [
        ("West", 900, "high", 10.0, 70.0, True, 1.0, 30.0),
        ("West", 100, "low", 60.0, 20.0, True, 2.5, 90.0),
        ("West", 5000, "high", 0.0, 90.0, False, 0.0, 0.0),
        ("West", 0, "uninhabited", 80.0, 10.0, True, 9.0, 121.0),
        ("East", np.nan, "medium", 40.0, 50.0, True, 0.5, np.inf),
        (None, 300, "unknown", np.nan, np.nan, True, np.nan, 61.0),
    ]
)


def test_by_hand() -> None:
    west = area_figures(SMALL, ["region"], **RULE).loc["West"]
    assert west["settlements"] == 4
    assert west["population"] == 6000
    assert [west[f"settlements_{name}"] for name in POTENTIALS] == [2, 0, 1, 1, 0]
    assert [west[f"population_{name}"] for name in POTENTIALS] == [5900, 0, 100, 0, 0]
    assert west["remoteness_mean"] == pytest.approx((10 + 60 + 0 + 80) / 4)
    assert west["remoteness_weighted"] == pytest.approx((900 * 10 + 100 * 60) / 6000)
    assert west["viability_weighted"] == pytest.approx((900 * 70 + 100 * 20 + 5000 * 90) / 6000)
    # At the limit is not beyond it.
    assert [west[f"settlements_beyond_town_{m}_min"] for m in (30, 60, 120)] == [2, 2, 1]
    assert [west[f"population_beyond_town_{m}_min"] for m in (30, 60, 120)] == [100, 100, 0]
    # Rural people: 900 within 2 km, 100 beyond; the town is not rural.
    assert west["rural_population"] == 1000
    assert west["rural_access_index"] == pytest.approx(0.9)


def test_a_population_that_is_not_known_is_counted_apart_and_unreachable_is_beyond() -> None:
    east = area_figures(SMALL, ["region"], **RULE).loc["East"]
    assert (east["settlements"], east["settlements_population_unknown"], east["population"]) == (1, 1, 0)
    assert east["remoteness_mean"] == 40
    assert np.isnan(east["remoteness_weighted"])
    assert east["settlements_beyond_town_120_min"] == 1
    assert np.isnan(east["rural_access_index"]), "no rural people are known: no share of them"


def test_regions_stand_in_the_order_of_the_kazakh_alphabet() -> None:
    # Code points would put Ә, Қ and Ұ behind Я; ё stands after е, as in Russian.
    names = ["Абай", "Ақмола", "Алматы", "Әулие", "Бейнеу", "Ёлка", "Жамбыл", "Қостанай", "Лепсі", "Ұлытау", "Шу", None]
    frame = pd.concat([SMALL.iloc[:1].assign(region=name) for name in reversed(names)], ignore_index=True)
    found = area_figures(frame, ["region"], **RULE).index.tolist()
    assert found[:-1] == names[:-1]
    assert pd.isna(found[-1])


def test_an_unknown_region_is_a_row_and_the_last() -> None:
    table = area_figures(SMALL, ["region"], **RULE)
    assert table.index.tolist()[:2] == ["East", "West"]
    assert pd.isna(table.index[2])
    assert table.iloc[2]["population"] == 300


def test_a_tier_without_minutes_is_not_known_rather_than_near() -> None:
    none = area_figures(SMALL.assign(travel_time_town_min=np.nan), **RULE).iloc[0]
    assert np.isnan(none["settlements_beyond_town_30_min"])
    assert np.isnan(none["population_beyond_town_30_min"])


@st.composite
def countries(draw: st.DrawFn) -> pd.DataFrame:
    number = st.floats(0, 1e5)
    row = st.tuples(
        st.sampled_from(["a", "b", "c", None]), number | st.just(np.nan), st.sampled_from(POTENTIALS), number, number,
        st.booleans(), number | st.just(np.inf), number | st.just(np.inf),
    )  # fmt: skip
    return country(draw(st.lists(row, min_size=1, max_size=30)))


@settings(deadline=None, max_examples=60)
@given(countries())
def test_settlements_and_people_of_the_regions_sum_to_the_country(frame: pd.DataFrame) -> None:
    table, total = area_figures(frame, ["region"], **RULE), area_figures(frame, **RULE).iloc[0]
    for column in table.columns[table.columns.str.startswith(("settlements", "population"))]:
        assert table[column].sum() == pytest.approx(total[column])
    assert total["settlements"] == len(frame)
    assert sum(total[f"settlements_{name}"] for name in POTENTIALS) == len(frame)
    assert sum(total[f"population_{name}"] for name in POTENTIALS) == pytest.approx(frame["population"].sum())


@settings(deadline=None, max_examples=30)
@given(countries(), st.randoms())
def test_the_order_of_rows_decides_nothing(frame: pd.DataFrame, random: object) -> None:
    order = list(range(len(frame)))
    random.shuffle(order)  # type: ignore[attr-defined]
    left, right = area_figures(frame, ["region"], **RULE), area_figures(frame.iloc[order], ["region"], **RULE)
    pd.testing.assert_frame_equal(left, right)


def test_districts_of_one_name_in_two_regions_are_two() -> None:
    frame = SMALL.assign(district="Jambyl")
    table = area_figures(frame, ["region", "district"], **RULE)
    assert len(table) == 3
    assert table["settlements"].tolist() == [1, 4, 1]


def test_the_table_of_the_national_review() -> None:
    # 7 512 rural settlements: 1 204 high (1.8 million people), 5 625 medium (5.2), 595 low (189.9 thousand), 88 empty.
    people = np.concatenate(
        [np.full(1204, 1.8e6 / 1204), np.full(5625, 5.2e6 / 5625), np.full(595, 189_900 / 595), np.zeros(88)]
    )
    viability = np.linspace(100, 0, 7512)
    frame = pd.DataFrame({"population": people, "viability": viability, "remoteness": 50.0, "rural": True})
    frame["potential"], _ = by_shares(frame["viability"], frame["population"])
    frame = frame.assign(region="all", all_season_km=0.0, travel_time_town_min=0.0)
    row = area_figures(frame, ["region"], **RULE).loc["all"]
    assert [row[f"settlements_{name}"] for name in POTENTIALS] == [1204, 5625, 595, 88, 0]
    assert [round(row[f"population_{name}"]) for name in POTENTIALS] == [1_800_000, 5_200_000, 189_900, 0, 0]


def test_a_weighted_mean_leaves_out_what_is_not_known() -> None:
    values, weights = pd.Series([1.0, np.nan, np.inf, 5.0, 7.0]), pd.Series([1.0, 9.0, 9.0, 3.0, np.nan])
    assert weighted_mean(values, weights) == 4.0
    assert np.isnan(weighted_mean(values, weights * 0))
