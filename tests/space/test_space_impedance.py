"""Minutes along roads, against cases worked out by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from gis.space.impedance import assumed_surface, season_factor, speed_kph, with_minutes

SPEEDS = pd.DataFrame(
    {"speed_kph": [80.0, 40.0, 0.0], "surface": ["asphalt", "gravel", "asphalt"]}, index=["trunk", "track", "closed"]
)
SURFACES = pd.DataFrame(
    {"factor": [1.0, 0.8, 0.5, 0.0], "paved": [True, False, False, False]}, index=["asphalt", "gravel", "sand", "swamp"]
)


@pytest.mark.parametrize(
    ("road_class", "surface", "maxspeed", "paved", "unpaved", "expected"),
    [
        ("trunk", "asphalt", np.nan, 1.0, 1.0, 80.0),
        ("trunk", "gravel", np.nan, 1.0, 1.0, 64.0),
        ("track", "gravel", np.nan, 1.0, 1.0, 40.0),  # the class's speed is meant for gravel
        ("track", "sand", np.nan, 1.0, 1.0, 25.0),  # 0.5 / 0.8 of it
        ("track", "asphalt", np.nan, 1.0, 1.0, 40.0),  # better than usual does not raise it
        ("trunk", "swamp", np.nan, 1.0, 1.0, 0.0),
        ("closed", "asphalt", np.nan, 1.0, 1.0, 0.0),
        ("trunk", "asphalt", 60.0, 1.0, 1.0, 60.0),
        ("trunk", "asphalt", 110.0, 1.0, 1.0, 80.0),  # a posted limit is no promise
        ("trunk", "gravel", 64.0, 1.0, 1.0, 64.0),
        ("trunk", "asphalt", 60.0, 0.9, 0.5, 54.0),  # the season slows below the limit
        ("trunk", "gravel", np.nan, 0.9, 0.5, 32.0),
        ("trunk", "gravel", np.nan, 1.0, 0.0, 0.0),  # closed to traffic in that season
    ],
)
def test_speed(road_class: str, surface: str, maxspeed: float, paved: float, unpaved: float, expected: float) -> None:
    edge = pd.DataFrame({"road_class": [road_class], "surface": [surface], "maxspeed_kph": [maxspeed]})
    kinds = {"road_class": "", "surface": ["any_paved", "any_unpaved"], "factor": [paved, unpaved]}
    speed = speed_kph(edge, SPEEDS, SURFACES) * season_factor(edge, SURFACES, pd.DataFrame(kinds))
    assert speed.tolist() == pytest.approx([expected])


def test_minutes_by_direction() -> None:
    edges = gpd.GeoDataFrame({"length_m": [3000.0, 3000.0, 3000.0, 3000.0], "oneway": [0, 1, -1, 0]})
    out = with_minutes(edges, np.array([60.0, 60.0, 60.0, 0.0]))
    assert out["forward_min"].tolist() == [3.0, 3.0, np.inf, np.inf]
    assert out["backward_min"].tolist() == [3.0, np.inf, 3.0, np.inf]
    assert "forward_min" not in edges


def test_a_surface_that_is_known_is_kept_and_the_input_too() -> None:
    roads = pd.DataFrame({"road_class": ["track", "trunk"], "surface": ["sand", None]})
    before = roads.copy()
    out = assumed_surface(roads, SPEEDS)
    assert out["surface"].tolist() == ["sand", "asphalt"]
    assert out["surface_assumed"].tolist() == [False, True]
    pd.testing.assert_frame_equal(roads, before)
