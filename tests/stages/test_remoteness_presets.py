"""Every preset of remoteness against its published rule, by hand, and the laws that all of them keep."""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gis.errors import InputError
from gis.pipeline import Result, compute
from gis.read.shipped import preset
from gis.read.tables import read_lookup
from gis.stages.matrix import road_matrix, straight_matrix
from gis.stages.remoteness import (
    ARIA_PLUS_CLASSES,
    CARI_PLUS_CLASSES,
    FAR_CLASSES,
    FAR_MINUTES,
    GRAVITY_CLASSES,
    KZ_CLASSES,
    NZ_UA_MINUTES,
    STATCAN_IR_CLASSES,
    aria_plus,
    cari_plus,
    far,
    gravity,
    kz,
    nz_ua,
    over_seasons,
    rural_access_index,
    statcan_ir,
)
from gis.stages.travel import straight_journeys
from gis.study import demonstration, make_study

INF, NAN = np.inf, np.nan
distances = arrays(
    float, st.tuples(st.integers(2, 9), st.just(5)), elements=st.floats(0, 2000, allow_subnormal=False).map(np.round)
)


@settings(max_examples=200, deadline=None)
@given(
    arrays(
        float, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=st.sampled_from([0.0, 60.0, 999.0, INF, NAN])
    ),
    st.lists(st.floats(0.01, 9.0), min_size=9, max_size=9),
)
def test_rounding_takes_no_score_above_100_nor_one_at_all_caps_below_it(minutes, weights):
    tiers = [f"t{i}" for i in range(minutes.shape[1])]
    table = pd.DataFrame(minutes, columns=tiers)
    every = {
        "kz": kz(table, weight=dict(zip(tiers, weights, strict=False)), cap_min=dict.fromkeys(tiers, 60.0)),
        "aria": aria_plus(table, means_km=dict.fromkeys(tiers, 20.0)),
    }
    for made in every.values():
        known = made.score.notna().to_numpy()
        assert (made.score[known] <= 100.0).all()
        at_cap = known & (minutes >= 60.0).any(axis=1) & ((minutes >= 60.0) | np.isnan(minutes)).all(axis=1)
        assert (made.score[at_cap] == 100.0).all()
        assert made.parts[known].sum(axis=1).to_numpy() == pytest.approx(made.score[known].to_numpy())


def test_aria_sums_capped_ratios_and_names_the_published_classes() -> None:
    means = dict(zip("abcde", [100.0, 80.0, 40.0, 20.0, 10.0], strict=True))
    km = pd.DataFrame(
        [
            [0, 0, 0, 0, 0],
            [20, 0, 0, 0, 0],  # 0.2: the bound itself is still a major city
            [20, 0, 0, 0, 0.1],
            [100, 80, 16, 0, 0],  # 1 + 1 + 0.4
            [300, 80, 40, 18.4, 0],  # 3 + 1 + 1 + 0.92
            [900, 240, 120, 30.6, 0],  # 3 + 3 + 3 + 1.53
            [900, 900, 900, 900, INF],
        ],
        columns=list("abcde"),
    )
    made = aria_plus(km, means_km=means)
    np.testing.assert_allclose(made.value, [0, 0.2, 0.21, 2.4, 5.92, 10.53, 15])
    names = list(ARIA_PLUS_CLASSES)
    assert made.classes.tolist() == [names[i] for i in (0, 0, 1, 1, 2, 3, 4)]
    np.testing.assert_allclose(made.score, made.value / 15 * 100)
    np.testing.assert_allclose(made.parts.sum(axis=1), made.score)


def test_aria_measures_by_the_mean_over_those_who_reach_the_tier() -> None:
    km = pd.DataFrame({"a": [10.0, 30.0, INF], "b": [0.0, 0.0, 0.0]})
    made = aria_plus(km)
    assert made.ruler == {"a": 20.0, "b": 0.0}
    assert made.value.tolist() == [0.5, 1.5, 3.0]


def test_a_larger_centre_serves_lower_tiers_where_asked() -> None:
    means = {"a": 10.0, "b": 10.0}
    assert aria_plus(pd.DataFrame({"a": [5.0], "b": [20.0]}), means_km=means).value.tolist() == [2.5]
    assert aria_plus(pd.DataFrame({"a": [5.0], "b": [20.0]}), means_km=means, serve_lower=True).value.tolist() == [1.0]


def test_a_tier_that_is_not_known_leaves_its_share_to_the_others() -> None:
    made = aria_plus(pd.DataFrame({"a": [20.0, NAN], "b": [NAN, NAN]}), means_km={"a": 10.0, "b": 1.0})
    assert made.value.fillna(-1).tolist() == [4.0, -1.0]
    assert made.score.fillna(-1).round(6).tolist() == [66.666667, -1.0]
    assert made.classes.isna().tolist() == [False, True]


def test_cari_scales_the_sum_of_six_tiers_to_one() -> None:
    means = {str(tier): 10.0 for tier in range(6)}
    made = cari_plus([[10.0] * 6, [30.0] * 6, [99.0] * 6, [0.0] * 6, [30, 30, 30, 15, 0, 0]], means=means)
    np.testing.assert_allclose(made.value * 18, [6, 18, 18, 0, 10.5])
    np.testing.assert_allclose(made.value, made.score / 100)


def test_far_levels_follow_the_four_limits() -> None:
    rows = [[59.9, 99, 99, 99], [60, 44.9, 99, 99], [60, 45, 29.9, 99], [60, 45, 30, 14.9], [60, 45, 30, 15], [INF] * 4]
    made = far(rows)
    assert made.value.tolist() == [0, 1, 2, 3, 4, 4]
    assert made.score.tolist() == [0, 25, 50, 75, 100, 100]
    assert made.classes.tolist() == [list(FAR_CLASSES)[int(level)] for level in made.value]
    np.testing.assert_allclose(made.parts.sum(axis=1), made.score)
    # Unknown minutes matter only where they decide.
    assert far([[59, NAN, 0, 0], [60, NAN, 0, 0], [NAN, 44, 0, 0]]).value.fillna(-1).tolist() == [0, -1, -1]


@settings(deadline=None)
@given(distances)
def test_far_and_nz_are_the_same_for_exclusive_and_for_cumulative_columns(table: np.ndarray) -> None:
    far_columns, nz_columns = table[:, :4], table[:, :3]
    assert far(far_columns).value.equals(far(np.minimum.accumulate(far_columns, axis=1)).value)
    assert nz_ua(nz_columns).value.equals(nz_ua(np.minimum.accumulate(nz_columns, axis=1)).value)


@pytest.mark.parametrize(
    ("minutes", "name"),
    [
        ((0, INF, INF), "high_urban_accessibility"),
        ((15, INF, INF), "high_urban_accessibility"),
        ((15.1, INF, INF), "medium_urban_accessibility"),
        ((25, INF, INF), "medium_urban_accessibility"),
        ((INF, 0, INF), "medium_urban_accessibility"),
        ((INF, 25, INF), "medium_urban_accessibility"),
        ((INF, INF, 15), "medium_urban_accessibility"),
        ((INF, INF, 15.1), "low_urban_accessibility"),
        ((25.1, INF, INF), "low_urban_accessibility"),
        ((INF, 60, INF), "low_urban_accessibility"),
        ((60.1, 61, 62), "remote"),
        ((INF, INF, 120), "remote"),
        ((121, 120.1, 122), "very_remote"),
        ((INF, INF, INF), "very_remote"),
        ((15, NAN, NAN), "high_urban_accessibility"),
    ],
)
def test_nz_classes_follow_the_published_minutes(minutes: tuple[float, ...], name: str) -> None:
    assert nz_ua([minutes]).classes.tolist() == [name]


def test_nz_leaves_open_what_unknown_minutes_could_decide() -> None:
    assert nz_ua([[20, NAN, NAN], [60, NAN, 30]]).value.fillna(-1).tolist() == [1, -1]


def test_kz_weighs_capped_minutes_and_takes_the_market() -> None:
    weight, cap = {"city": 1.0, "market": 3.0}, {"city": 100.0, "market": 50.0}
    made = kz(pd.DataFrame({"city": [50.0, 500.0], "market": [25.0, 0.0]}), weight=weight, cap_min=cap)
    assert made.score.tolist() == [50.0, 25.0]
    assert made.classes.tolist() == ["outlying", "accessible"]
    assert kz([[50.0, 25.0]], weight=weight, cap_min=cap).score.tolist() == [50.0]
    assert kz([[50.0, 25.0]], weight=[1, 3], cap_min=[100, 50]).score.tolist() == [50.0]


def test_statcan_by_hand() -> None:
    # Costs at 0.16 a kilometre: 10 km floors to 3, 100 km is 16, 200 km is 32 and still inside, 250 km is outside.
    km = [[10.0, 100.0], [200.0, 250.0], [250.0, 500.0], [INF, INF]]
    level = [90_000 / 3 + 8_000 / 16, 90_000 / 32, 90_000 / 40]
    plain = statcan_ir(km, [90_000, 8_000], log=False)
    assert plain.ruler == {"least": pytest.approx(level[2]), "greatest": pytest.approx(level[0])}
    np.testing.assert_allclose(plain.value, [0, (level[0] - level[1]) / (level[0] - level[2]), 1, 1])
    logged = statcan_ir(km, [90_000, 8_000])
    expected = np.log(level[0] / np.array(level)) / np.log(level[0] / level[2])
    np.testing.assert_allclose(logged.value, [*expected, 1], atol=1e-12)
    np.testing.assert_allclose(logged.score, logged.value * 100)


def test_statcan_steps_at_the_cut_off() -> None:
    """The published rule is not continuous: a kilometre more, and the larger but dearer centre no longer counts."""
    ruler = {"least": 0.0, "greatest": 10_000.0}
    near, beyond = statcan_ir([[190.0, 199.0], [190.0, 201.0]], [1_000, 90_000], log=False, ruler=ruler).value
    assert (beyond - near) * 10_000 == pytest.approx(90_000 / (199 * 0.16))


def test_gravity_halves_with_each_half_life() -> None:
    made = gravity([[0.0, INF], [60.0, INF], [120.0, 0.0]], [800.0, 100.0], half_life_min=60)
    assert made.value.tolist() == [800.0, 400.0, 300.0]
    assert made.score.tolist()[0] == 0.0
    assert made.score.tolist()[2] == 100.0
    seconds = gravity([[10.0]], [1.0], half_life_min=15).value[0]
    assert seconds == pytest.approx(np.exp(-7.701635e-4 * 600))  # the published rate per second
    assert gravity([[30.0]], [16.0], "gaussian", half_life_min=15).value.tolist() == [1.0]
    assert gravity([[4.0]], [16.0], "power", exponent=2).value.tolist() == [1.0]


def test_rural_access_index_is_a_share_of_people() -> None:
    assert rural_access_index([0.0, 2.0, 2.1, INF], [10, 20, 30, 40]) == 0.3


def test_seasons_are_joined_by_the_worst_or_by_months() -> None:
    summer, winter = pd.DataFrame({"a": [30.0, 10.0]}), pd.DataFrame({"a": [90.0, INF]})
    assert over_seasons([summer, winter])["a"].tolist() == [90.0, INF]
    assert over_seasons([summer, winter], "mean", [9, 3])["a"].tolist() == [45.0, INF]
    assert over_seasons([summer, winter], "mean", [12, 0])["a"].tolist() == [30.0, 10.0]
    with pytest.raises(ValueError, match="months"):
        over_seasons([summer, winter], "mean", [1])


def test_tables_of_seasons_are_met_by_name_and_not_by_place() -> None:
    summer = pd.DataFrame({"a": [1.0, 10.0], "b": [2.0, 20.0]}, index=["x", "y"])
    winter = (3 * summer).loc[["y", "x"], ["b", "a"]]
    assert over_seasons([summer, winter]).equals(3 * summer)
    plain, turned = (gravity([summer, one], [100.0, 7.0], half_life_min=9) for one in (3 * summer, winter))
    assert turned.value.equals(plain.value)
    kilometres = [statcan_ir([200 * summer, one], [100.0, 7.0]) for one in (600 * summer, 200 * winter)]
    assert kilometres[0].value.equals(kilometres[1].value)
    assert over_seasons([summer, summer.to_numpy() * 2]).equals(2 * summer), "arrays are in one order"
    with pytest.raises(ValueError, match="table 1 has other columns than the first"):
        over_seasons([summer, summer.rename(columns={"b": "c"})])
    with pytest.raises(ValueError, match="table 1 has other rows than the first"):
        over_seasons([summer, summer.rename(index={"y": "z"})])


def test_a_series_goes_by_its_names_where_it_has_them() -> None:
    way = pd.DataFrame({"city": [45.0, 300.0], "town": [30.0, 10.0]})
    ruler, people = {"city": 30.0, "town": 10.0}, {"city": 90_000.0, "town": 800.0}
    turned, of_centres = (pd.Series(given)[["town", "city"]] for given in (ruler, people))
    assert aria_plus(way, turned).value.equals(aria_plus(way, ruler).value)
    assert kz(way, turned, pd.Series([600.0, 60.0])).score.equals(kz(way, ruler, [600.0, 60.0]).score)
    assert gravity(way, of_centres, half_life_min=9).value.equals(gravity(way, [9e4, 800], half_life_min=9).value)
    assert statcan_ir(way, of_centres).value.equals(statcan_ir(way, [9e4, 800]).value)


def test_a_frozen_ruler_names_the_columns_of_an_array() -> None:
    ruler = {"city": 30.0, "town": 10.0}
    by_name = aria_plus(pd.DataFrame({"town": [30.0], "city": [45.0]}), means_km=ruler)
    for scored, whole in ((aria_plus, 1.0), (cari_plus, 6.0)):
        made = scored([[45.0, 30.0]], ruler)
        assert made.parts.columns.tolist() == ["city", "town"]
        assert made.value.tolist() == (by_name.value / whole).tolist() == [4.5 / whole]
    with pytest.raises(ValueError, match="settlements x 2"):
        aria_plus([[1.0, 2.0, 3.0]], means_km=ruler)


@settings(deadline=None)
@given(distances, st.sampled_from(["aria", "cari", "statcan", "gravity"]), st.randoms())
def test_the_order_of_settlements_and_centres_decides_nothing(table: np.ndarray, which: str, random) -> None:  # type: ignore[no-untyped-def]
    frame = pd.DataFrame(table, columns=list("vwxyz"))
    people = pd.Series([500_000.0, 60_000, 20_000, 6_000, 1_500], index=frame.columns)
    score = {
        "aria": aria_plus,
        "cari": cari_plus,
        "statcan": lambda t: statcan_ir(t, people[t.columns]),
        "gravity": lambda t: gravity(t, people[t.columns], half_life_min=60),
    }[which]
    rows, columns = list(frame.index), list(frame.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    one, other = score(frame), score(frame.loc[rows, columns])
    np.testing.assert_allclose(other.score.loc[frame.index], one.score, atol=1e-8)
    assert one.score.between(0, 100).all()


@settings(deadline=None)
@given(distances, st.sampled_from([0.001, 0.62137, 1000.0]))
def test_units_of_length_decide_nothing_where_the_ruler_moves_along(table: np.ndarray, unit: float) -> None:
    for score in (aria_plus, cari_plus):
        np.testing.assert_allclose(score(table * unit).value, score(table).value, atol=1e-9)


@settings(deadline=None)
@given(distances)
def test_a_kept_ruler_scores_a_part_as_the_whole(table: np.ndarray) -> None:
    people, part = [500_000.0, 60_000, 20_000, 6_000, 1_500], table[:1]
    whole = aria_plus(table)
    np.testing.assert_array_equal(aria_plus(part, means_km=whole.ruler).score, whole.score[:1])
    whole = cari_plus(table)
    np.testing.assert_array_equal(cari_plus(part, means=whole.ruler).value, whole.value[:1])
    whole = statcan_ir(table, people)
    if whole.ruler["least"] < whole.ruler["greatest"]:
        np.testing.assert_allclose(statcan_ir(part, people, ruler=whole.ruler).value, whole.value[:1], atol=1e-12)
    whole = gravity(table, people, half_life_min=30)
    if whole.ruler["least"] < whole.ruler["greatest"]:
        again = gravity(part, people, half_life_min=30, ruler=whole.ruler)
        np.testing.assert_allclose(again.score, whole.score[:1], atol=1e-9)


@settings(deadline=None)
@given(distances, st.integers(0, 4), st.floats(1, 500))
def test_a_longer_way_never_makes_less_remote(table: np.ndarray, column: int, more: float) -> None:
    longer = table.copy()
    longer[0, column] += more
    people, means = [5e5, 6e4, 2e4, 6e3, 1.5e3], {str(i): 100.0 for i in range(5)}
    assert aria_plus(longer, means_km=means).value[0] >= aria_plus(table, means_km=means).value[0]
    assert far(longer[:, :4]).value[0] >= far(table[:, :4]).value[0]
    assert nz_ua(longer[:, :3]).value[0] >= nz_ua(table[:, :3]).value[0]
    assert gravity(longer, people, half_life_min=60).value[0] <= gravity(table, people, half_life_min=60).value[0]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: aria_plus([[-1.0, 2.0]]), "column 0: 1 values below 0"),
        (lambda: aria_plus(pd.DataFrame({"a": ["far"]})), "column a: expected numbers"),
        (lambda: aria_plus([1.0, 2.0]), "expected settlements x tiers"),
        (lambda: far([[1.0, 2.0]]), "expected settlements x 4"),
        (lambda: nz_ua(pd.DataFrame({"major_urban": [1.0]})), "no column 'large_urban'"),
        (lambda: statcan_ir([[1.0]], [0.0]), "population: expected 1 numbers above 0"),
        (lambda: gravity([[1.0]], [NAN], half_life_min=60), "population: expected 1 numbers above 0"),
        (lambda: gravity([[1.0]], [5.0]), "give half_life_min"),
        (lambda: statcan_ir([[1.0]], [5.0], ruler={"least": 2, "greatest": 1}), "least .2. lies above greatest"),
        (lambda: aria_plus([[1.0, 2.0]], means_km=[1.0]), "means: expected 2 numbers"),
        (lambda: cari_plus(pd.DataFrame({"a": [1.0]}), means={"b": 1.0}), "means: no number for tier 'a'"),
        (lambda: aria_plus([[1.0]], means_km=[-1.0]), "expected a number of 0 or more for tier 0"),
        (lambda: kz([[1.0]], weight=[0.0], cap_min=[1.0]), "expected weights of 0 or more, not all 0"),
        (lambda: kz([[1.0]], weight=[1.0], cap_min=[0.0]), "caps above 0"),
        (lambda: over_seasons([]), "expected one table or more"),
    ],
)
def test_what_is_no_distance_is_refused(wrong, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=said):
        wrong()


def test_the_tables_hold_the_published_figures() -> None:
    limits = read_lookup(preset("remoteness_far.csv"), text=["tier"], numbers=["minutes"], key="tier")["minutes"]
    assert limits.to_dict() == dict(FAR_MINUTES)
    rows = read_lookup(preset("remoteness_nz_ua.csv"), text=["class", "tier"], numbers=["minutes"])
    table: dict[str, dict[str, float]] = {}
    for _, row in rows.iterrows():
        table.setdefault(row["class"], {})[row["tier"]] = row["minutes"]
    assert table == {name: dict(limits) for name, limits in NZ_UA_MINUTES.items()}
    bounds = read_lookup(preset("remoteness_classes.csv"), text=["preset", "class"], numbers=["upper"])
    for name, classes in (
        ("aria_plus", ARIA_PLUS_CLASSES), ("cari_plus", CARI_PLUS_CLASSES), ("far", FAR_CLASSES), ("kz", KZ_CLASSES),
        ("statcan_ir", STATCAN_IR_CLASSES), ("gravity", GRAVITY_CLASSES),
    ):  # fmt: skip
        of_preset = bounds[bounds["preset"] == name]
        assert dict(zip(of_preset["class"], of_preset["upper"], strict=True)) == dict(classes)


@cache
def demonstrated() -> Result:
    return run("kz")


def run(preset_name: str, **keys: object) -> Result:
    """The demonstration by another preset, on a coarse grid."""
    data = tomllib.loads(demonstration().read_text("utf-8"))
    data["grid"] = {"cell_km": 100}
    data["certainty"] = {"draws": 0}
    data["remoteness"] = {"preset": preset_name, **keys.pop("remoteness", {})}  # type: ignore[dict-item]
    if preset_name != "kz":
        del data["tiers"]
    return compute(make_study(data | keys, folder=demonstration().parent))


@pytest.mark.parametrize("name", ["aria_plus", "cari_plus", "far", "nz_ua", "statcan_ir", "gravity"])
def test_a_study_may_choose_any_preset(name: str) -> None:
    settlements = run(name).settlements
    assert settlements["remoteness"].between(0, 100).all()
    assert settlements["remoteness"].nunique() > 3
    assert settlements[f"remoteness_{name}"].notna().all()
    assert settlements["remoteness_class"].notna().all()
    ranked = settlements.groupby("remoteness_class")["remoteness"].agg(["min", "max"]).sort_values("min")
    assert (ranked["max"].to_numpy()[:-1] <= ranked["min"].to_numpy()[1:]).all()


@pytest.mark.parametrize("name", ["kz", "far", "nz_ua"])
def test_a_study_may_score_by_its_worst_season(name: str) -> None:
    by = {
        season: run(name, seasons="kz", remoteness={"season": season}).settlements["remoteness"]
        for season in ("first", "worst", "mean")
    }
    assert (by["worst"] >= by["first"] - 1e-9).all()
    assert (by["worst"] >= by["mean"] - 1e-9).all()
    assert (by["worst"] > by["first"]).any()


def test_a_tier_without_a_centre_is_far_from_all(tmp_path: Path) -> None:
    source = pd.read_csv(demonstration().parent / "settlements.csv", dtype={"settlement_id": str})
    small = source[source["population"] < 40_000].head(80)
    small.to_csv(tmp_path / "settlements.csv", index=False)
    data = {"settlements": {"path": "settlements.csv"}, "grid": {"cell_km": 200}, "certainty": {"draws": 0}}
    made = compute(make_study(data | {"remoteness": {"preset": "far"}}, folder=tmp_path))
    assert made.settlements["travel_time_urban_50000_min"].isna().all()
    assert made.settlements["remoteness_far"].notna().all()
    assert "empty-tier" in {finding.code for finding in made.record.findings}


def test_tiers_that_the_table_does_not_name_are_refused() -> None:
    tiers = [{"name": "city", "population_min": 50_000}]
    with pytest.raises(InputError, match="the tier has no row") as refusal:
        run("far", tiers=tiers)
    assert "the study has no such tier" in str(refusal.value)


def test_the_ruler_in_the_record_scores_a_study_alike() -> None:
    first = run("statcan_ir")
    again = run("statcan_ir", remoteness={"range": first.record.figures["remoteness_range"]})
    pd.testing.assert_series_equal(first.settlements["remoteness"], again.settlements["remoteness"])
    first = run("cari_plus", remoteness={"measure": "minutes"})
    means = first.record.figures["remoteness_ruler"]
    again = run("cari_plus", remoteness={"measure": "minutes", "means_min": means})
    pd.testing.assert_series_equal(first.settlements["remoteness"], again.settlements["remoteness"])


def test_the_matrix_agrees_with_the_journeys() -> None:
    made = demonstrated()
    places = made.settlements.sort_index()
    roads, legs = made.travelled.roads, made.travelled.legs
    assert roads is not None
    assert legs is not None
    at = np.flatnonzero(places["travel_time_town_min"] == 0)
    lon, lat = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    matrix = road_matrix(lon, lat, roads[0], legs, at)
    assert matrix.shape == (len(places), len(at))
    np.testing.assert_allclose(matrix.min(axis=1), places["travel_time_town_min"], rtol=1e-9)
    nearest = pd.Series(places.index[at[matrix.argmin(axis=1)]], index=places.index)
    assert (nearest == places["centre_town"]).mean() > 0.99


def test_the_straight_matrix_agrees_with_straight_journeys() -> None:
    places = demonstrated().settlements.head(40)
    at = np.array([3, 17, 20])
    lon, lat = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    matrix = straight_matrix(lon, lat, at, speed_kph=50, detour_factor=1.4)
    journeys = straight_journeys(places.geometry, np.isin(np.arange(40), at), speed_kph=50, detour_factor=1.4)
    np.testing.assert_allclose(matrix.min(axis=1), journeys["travel_time_min"])


def with_beds(folder: Path, beds: list[object]) -> dict[str, object]:
    source = pd.read_csv(demonstration().parent / "settlements.csv", dtype={"settlement_id": str}).head(60)
    source["beds"] = (beds * 60)[:60]
    source.to_csv(folder / "settlements.csv", index=False)
    roads = {"path": str(demonstration().parent / "roads.geojson")}
    settlements = {"path": str(folder / "settlements.csv")}
    return {"settlements": settlements, "roads": roads, "grid": {"cell_km": 200}, "certainty": {"draws": 0}}


def test_supply_is_shared_out_among_all_who_reach_it(tmp_path: Path) -> None:
    for method in ("2sfca", "e2sfca", "3sfca"):
        supply = {"name": "beds", "column": "beds", "method": method, "threshold_min": 60.0, "per": 1.0}
        data = with_beds(tmp_path, [0, 0, 25]) | {"supplies": [supply]}
        settlements = compute(make_study(data, folder=tmp_path)).settlements
        shared = (settlements["supply_beds"] * settlements["population"].fillna(0)).sum()
        # What anybody reaches is shared out in full: every settlement with beds has people, or near ones have.
        assert 0 < shared <= settlements["beds"].sum() * (1 + 1e-9)
        assert (settlements["supply_beds"] >= 0).all()


def test_supply_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    supply = {"name": "beds", "column": "beds"}
    for beds, said in (([0], "no settlement has any"), ([-1, 2], "finite numbers of 0 or more")):
        with pytest.raises(InputError, match=said):
            compute(make_study(with_beds(tmp_path, beds) | {"supplies": [supply]}, folder=tmp_path))
    with pytest.raises(InputError, match="needs this column"):
        compute(make_study(with_beds(tmp_path, [1]) | {"supplies": [{**supply, "column": "bedz"}]}, folder=tmp_path))


def test_who_reaches_nobody_is_most_remote_whatever_the_others_reach():
    alone, nobody = (
        gravity([[np.inf], [np.inf]], [100], half_life_min=30),
        gravity([[0], [np.inf]], [9], half_life_min=30),
    )
    assert alone.score.tolist() == [100.0, 100.0]
    assert alone.classes.tolist() == ["very_remote"] * 2
    assert nobody.score.tolist() == [0.0, 100.0]


def test_rulers_stand_second():
    km = [[45.0, 30.0], [0.0, 10.0]]
    assert aria_plus(km, [30.0, 10.0]).value.tolist() == aria_plus(km, means_km=[30.0, 10.0]).value.tolist()
    assert cari_plus(km, [30.0, 10.0]).value.tolist() == cari_plus(km, means=[30.0, 10.0]).value.tolist()
    assert kz(km, [1, 3], [60, 60]).score.tolist() == kz(km, weight=[1, 3], cap_min=[60, 60]).score.tolist()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gravity([[1.0]], [1], half_life_min=30, ruler={"least": 1.0}), "ruler: expected the numbers least"),
        (lambda: gravity([[1.0]], [1], half_life_min=30, ruler={"least": np.nan, "greatest": 1}), "ruler: least"),
        (lambda: statcan_ir([[1.0]], [1], cost_per_km=np.nan), "cost_per_km: expected a number above 0, got nan"),
        (lambda: aria_plus([[1.0]], class_upper={"near": 5, "far": 2}), "class_upper: expected rising bounds"),
        (lambda: aria_plus([[1.0]], class_upper=[5, 15]), "class_upper: expected upper bounds by the names"),
        (lambda: over_seasons([[[1.0]]], "mean", ["a"]), "months: expected numbers, got text"),
        (lambda: kz([[1.0, 2.0]], [1, np.nan], [9, 9]), "weight: no number for tier '1'"),
    ],
)
def test_parameters_of_a_wrong_kind_are_named(call, said):
    with pytest.raises(ValueError, match=said):
        call()
