"""The climate at settlements, against values worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from gis.stages.climate import climate_at

INDEX = pd.Index(["steppe", "pole"], name="settlement_id")
# Steppe: warm and cold halves of the year; pole: -20 all year.
T = np.array([[-10.0, -20]] * 3 + [[20.0, -20]] * 6 + [[-10.0, -20]] * 3)
P = np.array([[10.0, 5]] * 6 + [[40.0, 5]] * 6)


def test_hand_computed_values() -> None:
    out = climate_at(INDEX, temperature=T, precipitation=P)
    # January to March and October to December: 90 and 92 days of 365.
    mean = (182 * -10 + 183 * 20) / 365
    assert out["temperature_mean_c"].tolist() == pytest.approx([mean, -20], rel=1e-3)
    assert out["temperature_coldest_c"].tolist() == [-10, -20]
    assert out["temperature_warmest_c"].tolist() == [20, -20]
    assert out["temperature_range_c"].tolist() == [30, 0]
    assert out["heating_degree_days"].tolist() == pytest.approx([182 * 28, 365 * 38], rel=2e-3)
    assert out["precipitation_mm"].tolist() == [300, 60]
    assert out["aridity_de_martonne"].tolist() == pytest.approx([300 / (mean + 10), np.nan], rel=1e-3, nan_ok=True)
    assert out["temperature_07_c"].tolist() == [20, -20]
    assert out["precipitation_12_mm"].tolist() == [40, 5]


def test_the_base_of_heating_moves_it() -> None:
    cold = climate_at(INDEX, temperature=T, heating_base_c=10.0)["heating_degree_days"]
    assert cold.tolist() == pytest.approx([182 * 20, 365 * 30], rel=2e-3)


def test_annual_rasters_give_what_the_year_allows() -> None:
    out = climate_at(INDEX, temperature=T[:1], precipitation=P[:1])
    assert set(out) == {"temperature_mean_c", "precipitation_mm", "aridity_de_martonne"}
    assert out["temperature_mean_c"].tolist() == [-10, -20]


def test_what_is_not_known_is_not_known() -> None:
    hole = T.copy()
    hole[4, 0] = np.nan
    out = climate_at(INDEX, temperature=hole, precipitation=P)
    assert out.loc["steppe", ["temperature_mean_c", "temperature_coldest_c", "temperature_warmest_c"]].isna().all()
    assert out.loc["steppe", ["temperature_range_c", "heating_degree_days", "aridity_de_martonne"]].isna().all()
    assert out.loc["steppe", "precipitation_mm"] == 300
    assert out.loc["pole", "temperature_mean_c"] == -20


def test_without_rasters_there_is_no_climate() -> None:
    out = climate_at(INDEX)
    assert out.index.equals(INDEX)
    assert out.shape == (2, 0)
    assert list(climate_at(INDEX, precipitation=P[:1])) == ["precipitation_mm"]
