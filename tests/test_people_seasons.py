"""Presets by the people of all centres, supplies and ARIA+ over several seasons, and in the draws."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from certainty_tools import places, write_study

from gis.pipeline import Result, compute
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


def test_nothing_but_the_published_is_drawn_where_all_is_certain(folder: Path) -> None:
    certain = {
        "draws": 20, "weights": 0.0, "normalisations": [], "aggregations": [], "speeds": 1.0, "seasons": False,
        "population": 0.0, "missing": False,
    }  # fmt: skip
    made = run(folder, remoteness={"preset": "gravity", "season": "mean"}, certainty=certain).settlements
    np.testing.assert_allclose(made["viability_p05"], made["viability"], rtol=1e-9)
    np.testing.assert_allclose(made["viability_p95"], made["viability"], rtol=1e-9)
