"""Boxes in degrees, held against every pair and against geodesics."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gis.space.boxes import boxes_around, touching

GEOD = Geod(ellps="WGS84")


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(0, 360), st.floats(0, 2e6))
def test_a_box_holds_what_lies_within_its_metres(lon: float, lat: float, azimuth: float, metres: float) -> None:
    west, south, east, north = boxes_around(np.array([[lon, lat]]), np.array([metres]))[0]
    x, y, _ = GEOD.fwd(lon, lat, azimuth, metres)
    assert south - 1e-9 <= y <= north + 1e-9
    assert any(west - 1e-9 <= x + turn <= east + 1e-9 for turn in (-360, 0, 360))


def test_the_whole_world_is_around_where_no_distance_is_too_far() -> None:
    west, south, east, north = boxes_around(np.array([[60.0, 50.0]]), np.array([np.inf]))[0]
    assert west <= -180
    assert east >= 180
    assert south <= -90
    assert north >= 90


@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(0, 30))
def test_no_box_that_touches_another_is_missed(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)

    def boxes(count: int, size: float) -> np.ndarray:
        low = np.column_stack([rng.uniform(-180, 178, count), rng.uniform(-80, 78, count)])
        return np.hstack([low, low + rng.uniform(0, size, (count, 2))])

    some, others = boxes(n, 2.0), boxes(m, 20.0)
    others[::2, [0, 2]] += 360.0  # as they are past the antimeridian
    named = touching(some, others)
    for turn in (-360, 0, 360):
        moved = others + np.array([turn, 0, turn, 0])
        meets = (some[:, None, :2] <= moved[:, 2:]).all(2) & (some[:, None, 2:] >= moved[:, :2]).all(2)
        assert not (meets.any(axis=1) & ~named).any()


def test_far_boxes_are_not_named() -> None:
    some = np.array([[60.0, 50.0, 60.1, 50.1], [61.0, 50.0, 61.1, 50.1], [80.0, 40.0, 80.1, 40.1]])
    assert touching(some, np.array([[60.05, 50.05, 60.5, 50.2]])).tolist() == [True, False, False]
    assert touching(some, np.empty((0, 4))).tolist() == [False] * 3
    assert touching(np.empty((0, 4)), some).tolist() == []
