"""Presets by the people of all centres, supplies and ARIA+ over several seasons, and in the draws."""

import inspect
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from certainty_tools import places, write_study

from gis.errors import InputError
from gis.kernels.access import E2SFCA_STEPS, THREE_STEP_STEPS, rural_access_index
from gis.pipeline import Result, compute
from gis.stages.remoteness import statcan_ir
from gis.study import make_study

SEASONS = [
    {"name": "summer", "months": [5, 6, 7, 8, 9, 10, 11, 12]},
    {"name": "winter", "months": [1, 2], "paved": 0.5, "unpaved": 0.4},
    {"name": "mud", "months": [3, 4], "unpaved": 0.2},
]
MONTHS = np.array([8, 2, 2])
BEDS = {"name": "beds", "column": "water", "method": "2sfca", "threshold_min": 40.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seasons")
    write_study(folder, table=places().fillna({"water": 5.0}))
    return folder


def run(folder: Path, *, seasons: list[dict] = SEASONS, draws: int = 0, **keys) -> Result:
    data = tomllib.loads((folder / "study.toml").read_text("utf-8"))
    data |= {"seasons": seasons, "certainty": {"draws": draws}} | keys
    return compute(make_study(data, folder=folder))


def each_season(folder: Path, column: str, **keys) -> pd.DataFrame:
    """What a study gives whose first and only season is that one."""
    return pd.DataFrame({s["name"]: run(folder, seasons=[s], **keys).settlements[column] for s in SEASONS})


def test_gravity_is_the_mean_of_what_is_reached_by_months(folder: Path) -> None:
    keys = {"preset": "gravity", "half_life_min": 30.0}
    column = "remoteness_gravity"
    alone = each_season(folder, column, remoteness=keys)
    made = run(folder, remoteness=keys | {"season": "mean"}).settlements[column]
    np.testing.assert_allclose(made, alone @ (MONTHS / MONTHS.sum()), rtol=1e-9)
    np.testing.assert_allclose(run(folder, remoteness=keys).settlements[column], alone["summer"], rtol=1e-12)
    worst = run(folder, remoteness=keys | {"season": "worst"}).settlements[column]
    assert (worst <= alone.min(axis=1) + 1e-9).all()
    assert (worst < alone["summer"]).any()


def test_the_index_of_remoteness_is_scaled_once_over_the_seasons(folder: Path) -> None:
    keys = {"preset": "statcan_ir", "log": False, "range": [0.0, 1e6]}
    column = "remoteness_statcan_ir"
    alone = each_season(folder, column, remoteness=keys)
    made = run(folder, remoteness=keys | {"season": "mean"}).settlements[column]
    np.testing.assert_allclose(made, alone @ (MONTHS / MONTHS.sum()), rtol=1e-9)


@pytest.mark.parametrize("method", ["2sfca", "e2sfca", "3sfca"])
def test_a_supply_over_the_seasons(folder: Path, method: str) -> None:
    beds = BEDS | {"method": method}
    alone = each_season(folder, "supply_beds", supplies=[beds])
    made = run(folder, supplies=[beds | {"season": "mean"}]).settlements["supply_beds"]
    np.testing.assert_allclose(made, alone @ (MONTHS / MONTHS.sum()), rtol=1e-9)
    assert not np.allclose(alone["summer"], alone["winter"])


@pytest.mark.parametrize("preset", ["aria_plus", "cari_plus"])
def test_aria_plus_over_the_seasons(folder: Path, preset: str) -> None:
    keys = {"preset": preset, "measure": "km"}
    closed = [*SEASONS[:2], {"name": "mud", "months": [3, 4], "unpaved": 0.0}]
    rules = ("first", "mean", "worst")
    by = {s: run(folder, seasons=closed, remoteness=keys | {"season": s}).settlements["remoteness"] for s in rules}
    assert by["first"].notna().all()
    assert not np.allclose(by["first"], by["worst"]), "the track is closed in spring: the way over land is shorter"
    for season in ("mean", "worst"):
        assert by[season].between(0, 100).all()


def test_minutes_over_the_seasons_are_never_less_than_the_first(folder: Path) -> None:
    keys = {"preset": "aria_plus", "measure": "minutes", "means_min": {"town": 30.0, "district_centre": 30.0}}
    first, worst = (run(folder, remoteness=keys | {"season": s}).settlements["remoteness"] for s in ("first", "worst"))
    assert (worst >= first - 1e-9).all()
    assert (worst > first).any()


@pytest.mark.parametrize("preset", ["gravity", "statcan_ir"])
def test_speeds_and_seasons_are_drawn_under_presets_by_people(folder: Path, preset: str) -> None:
    made = run(folder, draws=40, remoteness={"preset": preset})
    table = made.tables["sensitivity"]
    assert table.loc[["speeds", "seasons"], "alternatives"].tolist() == [7, 3]
    assert (table.loc[["speeds", "seasons"], "rank_change"] > 0).all()


def test_a_supply_is_drawn(folder: Path) -> None:
    beds = {"name": "beds", "block": "care", "column": "supply_beds", "direction": 1}
    made = run(folder, draws=40, supplies=[BEDS], indicators=[beds], blocks={"care": 1.0})
    table, settlements = made.tables["sensitivity"], made.settlements
    assert (table.loc[["speeds", "seasons"], "rank_change"] > 0).all()
    assert (settlements["viability_p05"] < settlements["viability_p95"]).any()


PRESETS = Path(__file__).parents[1] / "layers" / "presets"


def test_the_tables_of_the_presets_hold_the_figures_of_their_functions() -> None:
    costs = pd.read_csv(PRESETS / "remoteness_statcan_ir.csv").set_index("parameter")["value"]
    own = inspect.signature(statcan_ir).parameters
    assert {name: own[name].default for name in costs.index.drop("speed_kph")} == costs.drop("speed_kph").to_dict()
    # The cut-off is what 2.5 hours cost at that speed.
    assert costs["cutoff_cost"] == pytest.approx(2.5 * costs["speed_kph"] * costs["cost_per_km"])
    steps = pd.read_csv(PRESETS / "catchments.csv")
    for method, known in (("e2sfca", E2SFCA_STEPS), ("3sfca", THREE_STEP_STEPS)):
        rows = steps[steps["method"] == method]
        assert dict(zip(rows["within_min"], rows["weight"], strict=True)) == dict(known)
    access = pd.read_csv(PRESETS / "rural_access.csv").set_index("parameter")["value"]
    assert access["all_season_within_km"] == inspect.signature(rural_access_index).parameters["threshold_km"].default


def test_a_users_own_tables_are_taken(folder: Path) -> None:
    (folder / "costs.csv").write_text(
        "parameter,value\ncost_per_km,0.16\nfloor_cost,3\ncutoff_cost,6\nspeed_kph,80\n", "utf-8"
    )
    (folder / "steps.csv").write_text("method,within_min,weight\ne2sfca,90,1\n", "utf-8")
    keys = {"preset": "statcan_ir"}
    usual = run(folder, remoteness=keys).settlements["remoteness"]
    near = run(folder, remoteness=keys | {"table": "costs.csv"}).settlements["remoteness"]
    assert not np.allclose(usual, near)
    beds = BEDS | {"method": "e2sfca", "steps": "steps.csv"}
    same = BEDS | {"method": "2sfca", "threshold_min": 90.0}
    made = [run(folder, supplies=[one]).settlements["supply_beds"] for one in (beds, same)]
    np.testing.assert_allclose(*made)


@pytest.mark.parametrize(
    ("table", "keys", "said"),
    [
        ("parameter,value\nhalf_life_min,60\n", {"remoteness": {"preset": "gravity", "table": "t.csv"}}, "floor_min"),
        (
            "parameter,value\nhalf_life_min,0\nfloor_min,1\n",
            {"remoteness": {"preset": "gravity", "table": "t.csv"}},
            "expected a number above 0",
        ),
        (
            "method,within_min,weight\n3sfca,10,1\n",
            {"supplies": [BEDS | {"method": "e2sfca", "steps": "t.csv"}]},
            "e2sfca",
        ),
        (
            "method,within_min,weight\ne2sfca,10,0.5\ne2sfca,20,0.9\n",
            {"supplies": [BEDS | {"method": "e2sfca", "steps": "t.csv"}]},
            "weights from 1 to 0 that fall",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_refused(folder: Path, table: str, keys: dict, said: str) -> None:
    (folder / "t.csv").write_text(table, "utf-8")
    with pytest.raises(InputError, match=said):
        run(folder, **keys)


def test_nothing_but_the_published_is_drawn_where_all_is_certain(folder: Path) -> None:
    certain = {
        "draws": 20, "weights": 0.0, "normalisations": [], "aggregations": [], "speeds": 1.0, "seasons": False,
        "population": 0.0, "missing": False,
    }  # fmt: skip
    made = run(folder, remoteness={"preset": "gravity", "season": "mean"}, certainty=certain).settlements
    np.testing.assert_allclose(made["viability_p05"], made["viability"], rtol=1e-9)
    np.testing.assert_allclose(made["viability_p95"], made["viability"], rtol=1e-9)
