"""Lengths, nearest points and planes, held against pyproj's own geodesics."""

import numpy as np
import pytest
import shapely
from pyproj import Geod, Proj

from gis.space.geodesy import (
    equal_area_crs,
    line_lengths_m,
    local_crs,
    nearest_point,
    points_along,
    segment_lengths_m,
    vertex_measures_m,
)

GEOD = Geod(ellps="WGS84")


def _lines(seed: int, n: int = 25) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array(
        [
            shapely.LineString(
                np.c_[rng.uniform(46, 88), rng.uniform(40, 56)] + np.cumsum(rng.normal(0, 0.3, (k, 2)), axis=0)
            )
            for k in rng.integers(2, 12, n)
        ]
    )


def test_lengths_are_those_of_pyproj() -> None:
    lines = _lines(1)
    np.testing.assert_allclose(line_lengths_m(lines), [GEOD.geometry_length(line) for line in lines], rtol=1e-12)


def test_length_across_the_antimeridian_is_the_short_way() -> None:
    line = shapely.linestrings([[[179.5, 60.0], [-179.5, 60.0]]])
    assert line_lengths_m(line)[0] == pytest.approx(55_800, rel=1e-3)


def test_no_lines_have_no_length() -> None:
    assert line_lengths_m(np.array([], object)).shape == (0,)


def test_length_of_one_line_does_not_depend_on_its_neighbours() -> None:
    lines = _lines(2)
    np.testing.assert_allclose(line_lengths_m(lines)[::-1], line_lengths_m(lines[::-1]), rtol=1e-10)


def test_measures_rise_along_a_line_and_go_on_from_line_to_line() -> None:
    lines = _lines(3)
    metres, first, last = vertex_measures_m(lines)
    assert (np.diff(metres) >= 0).all()
    np.testing.assert_array_equal(metres[first[1:]], metres[last[:-1]])
    np.testing.assert_array_equal(last - first + 1, shapely.get_num_coordinates(lines))


def test_a_point_along_a_line_has_its_share_of_the_metres_before_it() -> None:
    lines = _lines(4)
    rng = np.random.default_rng(4)
    line, share = rng.integers(0, len(lines), 60), np.r_[rng.uniform(0, 1, 58), 0.0, 1.0]
    for point, i, s in zip(points_along(lines, line, share), line, share, strict=True):
        # The dumb way: walk along in small steps until the metres are used up.
        xy = shapely.get_coordinates(shapely.segmentize(lines[i], 0.001))
        steps = segment_lengths_m(xy[:-1], xy[1:])
        left = s * steps.sum()
        k = 0
        while k < len(steps) - 1 and left > steps[k]:
            left -= steps[k]
            k += 1
        expected = xy[k] + (xy[k + 1] - xy[k]) * left / steps[k]
        assert GEOD.inv(*point, *expected)[2] < 1.0


def test_share_is_of_metres_not_of_degrees() -> None:
    # At 60 degrees north a degree to the east is half a degree to the north: the corner is at half the metres.
    corner = shapely.linestrings([[[60.0, 60.0], [62.0, 60.0], [62.0, 61.0]]])
    x, y = points_along(corner, np.array([0]), np.array([0.5]))[0]
    assert x == pytest.approx(62.0, abs=0.01)
    assert y == pytest.approx(60.0, abs=0.01)


@pytest.mark.parametrize(
    ("west", "east", "south", "north"),
    [(46, 88, 40, 56), (0, 30, 70, 89.9), (-180, 180, -90, 90), (170, 190, -20, 20)],
    ids=["kazakhstan", "arctic", "world", "antimeridian"],
)
@pytest.mark.parametrize("m", [1, 2, 40])
def test_nearest_point_is_that_of_brute_force(west: float, east: float, south: float, north: float, m: int) -> None:
    rng = np.random.default_rng(5)

    def points(n: int) -> tuple[np.ndarray, np.ndarray]:
        lon = rng.uniform(west, east, n)
        return (lon + 180) % 360 - 180, rng.uniform(south, north, n)

    (lon, lat), (to_lon, to_lat) = points(200), points(m)
    every = np.array([GEOD.inv(np.full(m, x), np.full(m, y), to_lon, to_lat)[2] for x, y in zip(lon, lat, strict=True)])
    metres, index = nearest_point(lon, lat, to_lon, to_lat)
    np.testing.assert_allclose(metres, every.min(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(index, every.argmin(axis=1))


def test_nearest_point_is_exact_where_the_sphere_is_wrong() -> None:
    # North and east of the same place, so that the sphere and the ellipsoid disagree about which is nearer.
    lon, lat = np.array([70.0]), np.array([50.0])
    _, _, north = GEOD.inv(70, 50, 70, 51.0)
    east = GEOD.fwd(70, 50, 90, north + 50)
    metres, index = nearest_point(lon, lat, np.array([east[0], 70.0]), np.array([east[1], 51.0]))
    assert index.tolist() == [1]
    assert metres[0] == pytest.approx(north)
    a, b = np.radians([50.0, 50.0]), np.radians([east[1], 51.0])
    sphere = np.arccos(np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(np.radians([east[0] - 70, 0.0])))
    assert sphere[0] < sphere[1]


@pytest.mark.parametrize("seed", range(5))
def test_nearest_of_a_ring_of_points_is_that_of_brute_force(seed: int) -> None:
    # Chords to points on a ring of 2 000 km differ by tens of metres with their direction, so any may be the nearest.
    rng = np.random.default_rng(seed)
    n = 40
    metres = 2e6 + rng.uniform(0, 20, n)
    to_lon, to_lat, _ = GEOD.fwd(np.full(n, 70.0), np.full(n, 45.0), np.arange(n) * 360 / n, metres)
    found, index = nearest_point(np.array([70.0]), np.array([45.0]), to_lon, to_lat)
    assert index.tolist() == [metres.argmin()]
    assert found[0] == pytest.approx(metres.min(), abs=1e-6)


def test_nearest_of_equal_points_is_the_first_and_of_none_is_none() -> None:
    lon, lat = np.array([60.0]), np.array([50.0])
    for m in (1, 3, 30):
        assert nearest_point(lon, lat, np.full(m, 61.0), np.full(m, 50.0))[1].tolist() == [0]
    many = np.r_[np.full(30, 61.0), 60.5, 60.5]
    assert nearest_point(lon, lat, many, np.full(32, 50.0))[1].tolist() == [30]
    metres, index = nearest_point(lon, lat, np.array([]), np.array([]))
    assert metres.tolist() == [np.inf]
    assert index.tolist() == [-1]


@pytest.mark.parametrize("bounds", [(46.5, 40.5, 87.3, 55.5), (60, 68, 90, 77), (9.4, 47.0, 9.7, 47.3)])
def test_local_plane_keeps_angles(bounds: tuple[float, float, float, float]) -> None:
    plane = Proj(local_crs(bounds))
    for lon in np.linspace(bounds[0], bounds[2], 4):
        for lat in np.linspace(bounds[1], bounds[3], 3):
            factors = plane.get_factors(lon, lat)
            assert factors.meridional_scale == pytest.approx(factors.parallel_scale, rel=1e-9)
            assert factors.angular_distortion == pytest.approx(0, abs=1e-4)  # degrees; PROJ differentiates by steps


@pytest.mark.parametrize("bounds", [(46.5, 40.5, 87.3, 55.5), (-10, -5, 20, 5), (100, -40, 140, -12)])
def test_equal_area_plane_keeps_areas(bounds: tuple[float, float, float, float]) -> None:
    plane = Proj(equal_area_crs(bounds))
    for lat in np.linspace(bounds[1], bounds[3], 5):
        assert plane.get_factors(bounds[0], lat).areal_scale == pytest.approx(1, rel=1e-6)
