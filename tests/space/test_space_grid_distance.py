"""Distances from the cells of grids, held against every geodesic that there is, by pyproj."""

import numpy as np
import pytest
from affine import Affine
from pyproj import Geod

from gis.kernels.nearest_centre import metres_to_nearest
from gis.space.geodesy import equal_area_crs
from gis.space.grid import Grid
from gis.space.grid_distance import distances_from_cells

GEOD = Geod(ellps="WGS84")
WITHIN_M = 1e-4  # what is promised


def brute(lon: np.ndarray, lat: np.ndarray, to_lon: np.ndarray, to_lat: np.ndarray) -> np.ndarray:
    each = [
        GEOD.inv(lon, lat, np.full_like(lon, x), np.full_like(lat, y))[2] for x, y in zip(to_lon, to_lat, strict=True)
    ]
    return np.min(each, axis=0)


def metres_from_cells(grid: Grid, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    return distances_from_cells(grid, [(lon, lat)], unit_m=1.0, dtype=np.float64)[0]


PLANE = equal_area_crs((46.5, 40.5, 87.3, 55.5)).to_wkt()
GRIDS = {
    "degrees": Grid((70, 101), Affine(0.4, 0, 46.5, 0, -0.2, 55), "EPSG:4326"),
    "equal area": Grid((83, 71), Affine(40_000, 0, -1_500_000, 0, -20_000, 6_000_000), PLANE),
    "pole": Grid((41, 37), Affine(50_000, 0, -925_000, 0, -50_000, 1_025_000), "EPSG:3413"),
    "antimeridian": Grid((40, 67), Affine(0.5, 0, 165, 0, -0.5, 8), "EPSG:4326"),
    "world": Grid((60, 121), Affine(3, 0, -181.5, 0, -3, 90), "EPSG:4326"),
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
@pytest.mark.parametrize("count", [1, 2, 30, 400])
def test_equals_the_least_of_all_geodesics(grid: Grid, count: int) -> None:
    rng = np.random.default_rng(count)
    lon, lat = grid.lonlat()
    cells = rng.integers(0, lon.size, count)
    # Some points on cells, some beside them, and for one half the other half of the grid lies far off.
    to_lon = lon.ravel()[cells] + rng.choice([0.0, 0.013, 360.0], count)
    to_lat = np.clip(lat.ravel()[cells] + rng.choice([0.0, 0.01], count), -90, 90)
    ours = metres_from_cells(grid, to_lon, to_lat)
    np.testing.assert_allclose(ours, brute(lon, lat, to_lon, to_lat), rtol=0, atol=WITHIN_M)


def test_measures_to_points_far_from_the_grid() -> None:
    lon, lat = GRIDS["degrees"].lonlat()
    to = np.array([-70.0, 151.2, 18.4]), np.array([-53.1, -33.9, -33.9])
    np.testing.assert_allclose(metres_from_cells(GRIDS["degrees"], *to), brute(lon, lat, *to), rtol=0, atol=WITHIN_M)


def test_points_that_a_sphere_would_confuse_are_told_apart() -> None:
    """Two points equally far to within metres, one to the north and one to the east, from far off."""
    lon, lat = np.array([[70.0, 70.0001]]), np.array([[50.0, 50.0001]])
    for metres in (1e5, 1e6, 3e6):
        for more in (-2.0, 2.0):
            north, east = GEOD.fwd(70, 50, 0, metres), GEOD.fwd(70, 50, 90, metres + more)
            to = np.array([north[0], east[0]]), np.array([north[1], east[1]])
            ours = metres_to_nearest(lon, lat, [to], a=GEOD.a, f=GEOD.f)[0]
            np.testing.assert_allclose(ours, brute(lon, lat, *to), rtol=0, atol=WITHIN_M)


def test_almost_opposite_points_are_measured_all_the_same() -> None:
    grid = Grid((21, 33), Affine(0.1, 0, 178.35, 0, -0.1, 1.05), "EPSG:4326")
    lon, lat = grid.lonlat()
    to = np.array([0.0]), np.array([0.0])
    assert np.isnan(metres_to_nearest(lon, lat, [to], a=GEOD.a, f=GEOD.f)[0]).any()
    np.testing.assert_allclose(metres_from_cells(grid, *to), brute(lon, lat, *to), rtol=0, atol=WITHIN_M)


def test_bands_and_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Grid((130, 77), Affine(0.1, 0, 60, 0, -0.05, 52), "EPSG:4326")
    rng = np.random.default_rng(2)
    to = rng.uniform(60, 68, 9), rng.uniform(45, 52, 9)
    whole = metres_from_cells(grid, *to)
    monkeypatch.setattr("gis.space.grid_distance._BAND", 1)
    # A row's place differs by rounding with the row that it is counted from.
    np.testing.assert_allclose(metres_from_cells(grid, *to), whole, rtol=0, atol=1e-6)


def test_no_point_is_infinitely_far_and_no_place_is_unknown() -> None:
    grid = Grid((2, 3), Affine(1, 0, 60, 0, -1, 50), "EPSG:4326")
    assert np.isinf(metres_from_cells(grid, np.array([]), np.array([]))).all()
    beyond = Grid((1, 2), Affine(30_000_000, 0, -30_000_000, 0, -1000, 500), "+proj=ortho +lat_0=0 +lon_0=60 +type=crs")
    assert np.isnan(metres_from_cells(beyond, np.array([60.0]), np.array([0.0]))).all()
    lon = np.array([[60.0, np.inf]])
    metres = metres_to_nearest(lon, np.array([[50.0, np.inf]]), [([60.0], [50.0])], a=GEOD.a, f=GEOD.f)[0]
    np.testing.assert_array_equal(metres, [[0.0, np.nan]])


def test_several_sets_are_measured_as_each_alone() -> None:
    rng = np.random.default_rng(5)
    sets = [(rng.uniform(40, 90, m), rng.uniform(35, 60, m)) for m in (1, 0, 40, 7)]
    for grid in (GRIDS["degrees"], GRIDS["equal area"]):
        together = distances_from_cells(grid, sets, unit_m=1000.0, dtype=np.float32)
        for km, to in zip(together, sets, strict=True):
            np.testing.assert_array_equal(km, (metres_from_cells(grid, *to) / 1000.0).astype(np.float32))
