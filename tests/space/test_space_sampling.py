"""Rasters at points: bilinear, as other libraries have it, and honest at holes and borders."""

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from scipy.ndimage import map_coordinates

from gis.space.grid import Grid
from gis.space.sampling import sample

GRIDS = [
    Grid((5, 8), Affine(0.5, 0, 60.0, 0, -0.25, 50.0), "EPSG:4326"),
    Grid((5, 8), Affine(4000, 0, 12_400_000, 0, -2500, 5_500_000), "EPSG:28412"),
]


def _lonlat(grid: Grid, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)


@pytest.mark.parametrize("grid", GRIDS, ids=["degrees", "pulkovo"])
def test_inside_it_is_scipys_bilinear(grid: Grid) -> None:
    rng = np.random.default_rng(0)
    bands = rng.normal(size=(3, *grid.shape))
    row, column = rng.uniform(0, 4, 50), rng.uniform(0, 7, 50)
    t = grid.transform
    lon, lat = _lonlat(grid, t.c + (column + 0.5) * t.a, t.f + (row + 0.5) * t.e)
    values, share = sample(bands, grid, lon, lat)
    expected = [map_coordinates(band, [row, column], order=1) for band in bands]
    np.testing.assert_allclose(values, expected, atol=1e-5)
    np.testing.assert_allclose(share, 1.0)


@pytest.mark.parametrize("grid", GRIDS, ids=["degrees", "pulkovo"])
def test_a_constant_raster_is_constant_to_its_border_and_nothing_beyond(grid: Grid) -> None:
    west, south, east, north = grid.bounds
    dx, dy = (east - west) / 1000, (north - south) / 1000
    x = np.array([west + dx, east - dx, west - dx, east + dx, (west + east) / 2])
    y = np.array([south + dy, north - dy, south + dy, north - dy, north + dy])
    values, share = sample(np.full((1, *grid.shape), 7.0), grid, *_lonlat(grid, x, y))
    np.testing.assert_allclose(values[0], [7, 7, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(share[0], [1, 1, 0, 0, 0])


def test_holes_drop_out_and_the_share_says_so() -> None:
    grid = Grid((2, 3), Affine(1, 0, 0, 0, -1, 2), "EPSG:4326")
    band = np.array([[[10.0, 20.0, np.nan], [30.0, np.nan, np.nan]]])
    lon, lat = np.array([0.75, 1.0, 2.5, 1.5]), np.array([1.5, 1.0, 0.5, 0.5])
    values, share = sample(band, grid, lon, lat)
    assert values[0] == pytest.approx([12.5, 20.0, np.nan, np.nan], nan_ok=True)
    assert share[0] == pytest.approx([1.0, 0.75, 0.0, 0.0])


def test_each_band_has_its_own_holes() -> None:
    grid = Grid((1, 2), Affine(1, 0, 0, 0, -1, 1), "EPSG:4326")
    bands = np.array([[[1.0, 3.0]], [[np.nan, 4.0]]])
    values, share = sample(bands, grid, np.array([1.0]), np.array([0.5]))
    assert values[:, 0].tolist() == [2.0, 4.0]
    assert share[:, 0].tolist() == [1.0, 0.5]


def test_a_place_that_is_not_known_has_no_value() -> None:
    values, share = sample(np.ones((1, 5, 8)), GRIDS[0], np.array([np.nan]), np.array([49.0]))
    assert np.isnan(values).all()
    assert share.tolist() == [[0.0]]
