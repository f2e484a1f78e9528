"""Short geodesics, held against Karney's solution as pyproj has it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis.kernels.geodesic import short_lengths_m

GEOD = Geod(ellps="WGS84")
NANOMETRES_10 = 1e-8

degrees = st.floats(-0.02, 0.02)


@settings(deadline=None)  # numba compiles in the first example
@given(st.floats(-180, 180), st.floats(-84.9, 84.9), degrees, degrees)
def test_short_lengths_are_those_of_karney(lon: float, lat: float, east: float, north: float) -> None:
    length = short_lengths_m([[lon, lat]], [[lon + east, lat + north]])[0]
    assert length == pytest.approx(GEOD.inv(lon, lat, lon + east, lat + north)[2], rel=0, abs=NANOMETRES_10)


@settings(deadline=None)  # numba compiles in the first example
@given(st.floats(-180, 180), st.floats(-84, 84), degrees, degrees)
def test_the_way_back_is_as_long(lon: float, lat: float, east: float, north: float) -> None:
    a, b = [[lon, lat]], [[lon + east, lat + north]]
    assert short_lengths_m(a, b)[0] == pytest.approx(short_lengths_m(b, a)[0], rel=0, abs=NANOMETRES_10)


def test_a_segment_without_length_has_none() -> None:
    assert short_lengths_m([[60.0, 50.0]], [[60.0, 50.0]]).tolist() == [0.0]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ([60, 50], [60.1, 50]),
        ([60, 50], [60, 50.1]),
        ([60, 86], [60.01, 86]),
        ([180, 0], [-180, 0]),
        ([60, np.nan], [60, 50]),
    ],
)
def test_what_is_not_short_is_left_to_others(start: list[float], end: list[float]) -> None:
    assert np.isnan(short_lengths_m([start], [end])).all()
    assert short_lengths_m(np.empty((0, 2)), np.empty((0, 2))).shape == (0,)
