"""How sure, from the study file to the results: the draws, the changes that lift, and the record of them."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from certainty_tools import places, write_study
from study_tools import call

from gis.pipeline import Result, compute
from gis.stages.certainty import ASSUMPTIONS
from gis.study import read_study

DRAWN = ["viability_p05", "viability_p95", "rank_p05", "rank_p95"]
CLASSES = ["probability_high", "probability_medium", "probability_low"]
CERTAIN = """
[certainty]
draws = 40
weights = 0
normalisations = []
aggregations = []
speeds = 1
seasons = false
population = 0
missing = false
"""


def run(folder: Path, **options) -> Result:
    return compute(read_study(write_study(folder, **options)))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("unsure"), more="[certainty]\ndraws = 120")


def test_every_settlement_has_its_interval_and_chances(result: Result) -> None:
    table = result.settlements
    assert table[DRAWN].notna().all(axis=None)
    classed = table["potential"].isin(["high", "medium", "low"])
    np.testing.assert_allclose(table.loc[classed, CLASSES].sum(axis=1), 1.0)
    assert table.loc[~classed, CLASSES].isna().all(axis=None)
    assert set(table.loc[~classed, "potential"]) == {"uninhabited"}
    own = np.array([row[f"probability_{row['potential']}"] for _, row in table[classed].iterrows()])
    assert (table.loc[classed, "potential_stable"].to_numpy(bool) == (own >= 0.8)).all()
    assert not table["potential_stable"].all(), "the country is made so that some are unsure"
    assert result.record.figures["certainty"]["not_stable"] == (~table["potential_stable"]).sum()


def test_every_assumption_is_drawn(result: Result) -> None:
    table = result.tables["sensitivity"]
    assert table.index.tolist() == list(ASSUMPTIONS)
    assert (table["alternatives"] > 1).all()
    assert (table["rank_change"] >= 0).all()
    assert (table.loc[["weights", "speeds", "population", "missing"], "rank_change"] > 0).all()


def test_certain_assumptions_leave_no_doubt(tmp_path: Path) -> None:
    made = run(tmp_path, more=CERTAIN)
    table = made.settlements
    np.testing.assert_allclose(table["viability_p05"], table["viability"], rtol=1e-12)
    np.testing.assert_allclose(table["viability_p95"], table["viability"], rtol=1e-12)
    assert (table["rank_p05"] == table["viability"].rank(ascending=False, method="min")).all()
    assert table["potential_stable"].all()
    for name in ("high", "medium", "low"):
        assert (
            table[f"probability_{name}"].dropna() == (table["potential"][lambda p: p != "uninhabited"] == name)
        ).all()
    assert (made.tables["sensitivity"][["rank_change", "first_order", "total"]] == 0).all(axis=None)


@pytest.mark.parametrize("aggregation", ["geometric", "harmonic", "generalised"])
def test_the_published_index_is_drawn_whatever_its_mean(tmp_path: Path, aggregation: str) -> None:
    power = "power = 0.5\n" if aggregation == "generalised" else ""
    more = f'[index]\naggregation = "{aggregation}"\nfloor = 1\n{power}' + CERTAIN
    table = run(tmp_path, more=more).settlements
    np.testing.assert_allclose(table["viability_p05"], table["viability"], rtol=1e-9)
    assert table["potential_stable"].all()


def test_copelands_method_is_drawn_as_published(tmp_path: Path) -> None:
    table = run(tmp_path / "certain", more='[index]\naggregation = "copeland"\n' + CERTAIN).settlements
    np.testing.assert_allclose(table["viability_p05"], table["viability"], rtol=1e-12)
    assert table["potential_stable"].all()
    drawn = run(tmp_path / "drawn", more='[index]\naggregation = "copeland"\n[certainty]\ndraws = 60')
    assert drawn.settlements[DRAWN].notna().all(axis=None)
    assert (drawn.settlements["viability_p05"] < drawn.settlements["viability_p95"]).any()
    assert drawn.cards["changes"].empty, "an index of pairs has no weighted mean to move"


def test_copelands_method_is_an_alternative(tmp_path: Path) -> None:
    made = run(tmp_path, more='[certainty]\ndraws = 60\naggregations = ["copeland"]')
    table = made.tables["sensitivity"]
    assert table.loc["aggregation", "alternatives"] == 2
    assert table.loc["aggregation", "rank_change"] > 0
    assert made.cards["changes"]["probability"].notna().any()


INDICATOR = '[[indicators]]\nname = "more"\nblock = "life"\ncolumn = "water"\ndirection = 1\n'


@pytest.mark.parametrize(
    "rule",
    [
        'normalise = "goalposts"\ngoalposts = [-10, -5]',  # all are past the post
        'normalise = "z_score"\nmissing = "median"',
        'normalise = "rank"\ntransform = "outliers"',
        'per = "population"',
    ],
    ids=["goalposts", "z_score", "rank", "per"],
)
def test_every_way_of_scoring_an_indicator_is_drawn(tmp_path: Path, rule: str) -> None:
    more = INDICATOR + rule + "\n"
    certain = run(tmp_path / "certain", more=more + CERTAIN).settlements
    np.testing.assert_allclose(certain["viability_p05"], certain["viability"], rtol=1e-9)
    np.testing.assert_allclose(certain["viability_p95"], certain["viability"], rtol=1e-9)
    drawn = run(tmp_path / "drawn", more=more + "[certainty]\ndraws = 30")
    assert drawn.settlements[DRAWN].notna().all(axis=None)
    assert drawn.cards["indicator_values"]["percentile"].dropna().between(0, 100).all()


def test_where_nobody_lives_nothing_is_classed(tmp_path: Path) -> None:
    made = run(tmp_path, table=places().assign(population=0), more="[certainty]\ndraws = 20")
    assert made.settlements[CLASSES].isna().all(axis=None)
    assert made.settlements["potential_stable"].all()
    assert made.cards["changes"].empty


def test_no_draws_no_columns_but_the_cards_stay(tmp_path: Path, result: Result) -> None:
    made = run(tmp_path, more="[certainty]\ndraws = 0")
    assert not set(DRAWN + CLASSES + ["potential_stable"]) & set(made.settlements)
    assert "sensitivity" not in made.tables
    assert made.cards["changes"]["probability"].isna().all()
    pd.testing.assert_frame_equal(
        made.cards["changes"].drop(columns="probability"), result.cards["changes"].drop(columns="probability")
    )


def test_the_seed_decides_and_the_order_of_rows_does_not(tmp_path: Path, result: Result) -> None:
    turned = places().sample(frac=1, random_state=3)
    again = run(tmp_path / "a", more="[certainty]\ndraws = 120", table=turned)
    columns = [*DRAWN, *CLASSES, "potential_stable"]
    pd.testing.assert_frame_equal(
        again.settlements[columns].sort_index(), result.settlements[columns].sort_index(), rtol=1e-9
    )
    other = run(tmp_path / "b", more="[certainty]\ndraws = 120\nseed = 1")
    assert not np.allclose(other.settlements["viability_p05"], result.settlements["viability_p05"])


def test_without_roads_speeds_are_drawn_as_well(tmp_path: Path) -> None:
    study = write_study(tmp_path, more="[certainty]\ndraws = 30")
    text = study.read_text(encoding="utf-8").replace('[roads]\npath = "roads.geojson"\n', "")
    study.write_text(text, encoding="utf-8")
    made = compute(read_study(study))
    assert made.tables["sensitivity"].loc["speeds", "alternatives"] > 1
    assert made.cards["routes"]["slowest_kind"].dropna().unique().tolist() == ["straight"]


def test_each_named_change_lifts_the_settlement_when_it_is_made(tmp_path: Path, result: Result) -> None:
    changes = result.cards["changes"]
    single = changes[changes["indicator"].isin(["water", "people"])]
    assert set(single["indicator"]) == {"water", "people"}
    column = {"water": "water", "people": "population"}
    for number, (_, change) in enumerate(single.groupby(["indicator", "next_potential"]).head(2).iterrows()):
        table = places().set_index("settlement_id")
        table[["water", "population"]] = table[["water", "population"]].astype(float)
        table.loc[change["settlement_id"], column[change["indicator"]]] = change["needed"]
        made = run(tmp_path / str(number), table=table.reset_index(), more="[certainty]\ndraws = 0").settlements
        after = made.loc[change["settlement_id"]]
        assert after["potential"] == change["next_potential"] == change["potential"]
        assert after["viability"] == pytest.approx(change["viability"], abs=1e-4)


def test_a_paved_road_saves_what_is_said(tmp_path: Path, result: Result) -> None:
    paved = run(tmp_path, branch="tertiary", more="[certainty]\ndraws = 0")  # 50 km/h, as certainty.paved_kph
    routes = result.cards["routes"].set_index(["tier", "settlement_id"])
    for tier in ("town", "district_centre"):  # villages lie a metre off the road, whose way is paved as well
        before, after = (made.settlements[f"travel_time_{tier}_min"] for made in (result, paved))
        np.testing.assert_allclose(before - routes.loc[tier, "paved_saves_min"], after, atol=1e-3)
    changes = result.cards["changes"].set_index(["indicator", "settlement_id"]).loc["paved_road"]
    assert {"p09", "p10", "p11"} >= set(changes.index) >= {"p10"}
    # p11 is the farthest: the scale of remoteness begins there, and moves when all are paved. Alone, the others gain.
    last = result.settlements["remoteness"].idxmax()
    for village in set(changes.index) - {last}:
        assert changes.loc[village, "viability"] > result.settlements.loc[village, "viability"]


def test_routes_are_drawn_and_their_parts_sum(result: Result) -> None:
    routes = result.cards["routes"]
    away = routes[routes["travel_time_min"] > 0]
    forest, season = result.routes, result.journeys["season"].iloc[0]
    assert forest is not None
    for _, route in away.iterrows():
        parts = json.loads(route["parts"])
        assert sum(part["min"] for part in parts) == pytest.approx(route["travel_time_min"], abs=0.1 * len(parts))
        assert sum(part["km"] for part in parts) == pytest.approx(route["distance_km"], abs=0.01 * len(parts))
        start, end = (result.settlements.geometry[route[key]] for key in ("settlement_id", "centre_id"))
        line = forest.line(forest.settlements.get_loc(route["settlement_id"]), route["tier"], season)
        np.testing.assert_allclose(line[[0, -1]], [[start.x, start.y], [end.x, end.y]])
    track = away[away["settlement_id"] == "p11"]
    assert track["slowest_kind"].tolist() == ["track"] * len(track)


def test_parts_are_those_of_the_route_leg_by_leg(result: Result) -> None:
    routes = result.cards["routes"].set_index(["settlement_id", "tier"])
    for village, tier in routes.index:
        legs = result.route(village, tier).legs
        kind = legs["road_class"].where(legs["kind"] == "road", legs["kind"])
        wanted = legs.groupby(kind)[["length_km", "travel_time_min"]].sum()
        parts = pd.DataFrame(json.loads(routes.loc[(village, tier), "parts"]), columns=["kind", "paved", "km", "min"])
        found = parts.groupby("kind")[["km", "min"]].sum().reindex(wanted.index, fill_value=0.0)
        assert set(parts["kind"]) <= set(wanted.index)
        np.testing.assert_allclose(found.to_numpy(float), wanted.to_numpy(float), atol=0.06)


def test_lines_follow_the_route_that_the_result_draws(result: Result) -> None:
    forest, season = result.routes, result.journeys["season"].iloc[0]
    assert forest is not None
    for village in ("p01", "p08", "p11"):
        exact = result.route(village, "town").line
        drawn = shapely.LineString(forest.line(forest.settlements.get_loc(village), "town", season))
        assert drawn.hausdorff_distance(exact) < 1e-6


def test_points_of_indicators_sum_to_viability(result: Result) -> None:
    values = result.cards["indicator_values"]
    total = values.groupby("settlement_id")["points"].sum()
    np.testing.assert_allclose(total[result.settlements.index], result.settlements["viability"])
    weight = values.groupby("settlement_id")["weight"].sum()
    np.testing.assert_allclose(weight, 1.0)
    unknown = values[values["value"].isna()]
    assert (unknown["points"] == 0).all()
    assert (unknown["weight"] == 0).all()
    assert values["percentile"].dropna().between(0, 100).all()


def test_results_hold_all_of_it(tmp_path: Path) -> None:
    study = write_study(tmp_path, more="[certainty]\ndraws = 20")
    assert call("run", study).code == 0
    out = tmp_path / "results"
    settlements = gpd.read_file(out / "results.gpkg", layer="settlements")
    assert {*DRAWN, *CLASSES, "potential_stable"} <= set(settlements)
    assert settlements["potential_stable"].dtype == bool
    for layer in ("routes", "indicator_values", "changes"):
        assert len(gpd.read_file(out / "results.gpkg", layer=layer)) > 0
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert list(record["figures"]["certainty"]["sensitivity"]) == list(ASSUMPTIONS)
    sheet = pd.read_excel(out / "tables.xlsx", sheet_name=None)
    assert any(len(table) == len(ASSUMPTIONS) and table.shape[1] == 5 for table in sheet.values())
