"""The grid: cells, bounds and true sizes, in degrees and in metres, never square."""

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis.space.grid import Grid

GEOD = Geod(ellps="WGS84")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:28412", "EPSG:3857"])
def test_the_middle_of_every_cell_lies_in_it(crs: str) -> None:
    grid = Grid((3, 5), Affine(2.0, 0, 60.0, 0, -1.5, 50.0), crs)
    xx, yy = np.meshgrid(grid.x, grid.y)
    row, column = grid.cells(xx.ravel(), yy.ravel())
    np.testing.assert_array_equal(row.reshape(3, 5), np.arange(3)[:, None] * np.ones(5, int))
    np.testing.assert_array_equal(column.reshape(3, 5), np.arange(5) * np.ones(3, int)[:, None])


def test_cells_own_their_western_and_northern_side() -> None:
    grid = Grid((2, 3), Affine(1, 0, 0, 0, -1, 2), "EPSG:3857")
    row, column = grid.cells([0.0, 1.0, 3.0, 0.0, np.nan, np.inf], [2.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    assert row.tolist() == [0, 1, -1, -1, -1, -1]
    assert column.tolist() == [0, 1, -1, -1, -1, -1]


@given(
    west=st.floats(-1e6, 1e6), south=st.floats(-1e6, 1e6), width=st.floats(0, 1e5), height=st.floats(0, 1e5),
    cell=st.floats(100, 2e4),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_grid_over_bounds_covers_them_with_less_than_a_cell_to_spare(
    west: float, south: float, width: float, height: float, cell: float
) -> None:
    grid = Grid.over((west, south, west + width, south + height), cell, "EPSG:3857")
    a, b, c, d = grid.bounds
    rounding = 1e-9 * (abs(west) + abs(south) + cell)
    assert a <= west + rounding
    assert b <= south + rounding
    assert c >= west + width - rounding
    assert d >= south + height - rounding
    assert c - a <= width + 2 * cell + rounding
    assert d - b <= height + 2 * cell + rounding


def test_cell_sizes_in_degrees_are_geodesic() -> None:
    grid = Grid((4, 3), Affine(0.5, 0, 60.0, 0, -0.25, 80.0), "EPSG:4326")
    dx, dy = grid.cell_sizes_m()
    assert dx.shape == dy.shape == (4,)
    for i, lat in enumerate(grid.y):
        assert dx[i] == pytest.approx(GEOD.inv(60, lat, 60.5, lat)[2], rel=1e-12)
        assert dy[i] == pytest.approx(GEOD.inv(60, lat - 0.125, 60, lat + 0.125)[2], rel=1e-12)
    assert (np.diff(dx) > 0).all()


def test_cell_sizes_at_the_pole_and_over_the_whole_world_are_finite() -> None:
    dx, dy = Grid((3, 2), Affine(180, 0, -180, 0, -60, 90), "EPSG:4326").cell_sizes_m()
    assert np.isfinite(dx).all()
    assert dy == pytest.approx([GEOD.inv(0, a, 0, a + 60)[2] for a in (30, -30, -90)])


def test_cell_sizes_in_metres_and_in_feet() -> None:
    metres = Grid((2, 3), Affine(100, 0, 0, 0, -50, 0), "EPSG:28412").cell_sizes_m()
    assert [m.tolist() for m in metres] == [[100, 100], [50, 50]]
    feet = Grid((2, 3), Affine(100, 0, 0, 0, -50, 0), "EPSG:2225").cell_sizes_m()  # California, US survey feet
    assert feet[0][0] == pytest.approx(100 * 1200 / 3937)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32642"])
def test_lonlat_is_in_degrees_whatever_the_crs(crs: str) -> None:
    if crs == "EPSG:4326":
        grid = Grid((2, 3), Affine(0.1, 0, 69.0, 0, -0.1, 50.0), crs)
    else:
        grid = Grid((2, 3), Affine(9000, 0, 500_000, 0, -9000, 5_540_000), crs)
    lon, lat = grid.lonlat()
    assert lon.shape == lat.shape == (2, 3)
    assert (np.diff(lon, axis=1) > 0).all()
    assert (np.diff(lat, axis=0) < 0).all()
    assert lon.min() >= 69.0 - 0.1
    assert lat.max() <= 50.1


@pytest.mark.parametrize(
    "transform", [Affine(1, 0.1, 0, 0, -1, 0), Affine(1, 0, 0, 0, 1, 0), Affine(-1, 0, 0, 0, -1, 0)]
)
def test_rotated_and_turned_grids_are_refused(transform: Affine) -> None:
    with pytest.raises(ValueError, match="north-up"):
        Grid((2, 3), transform, "EPSG:4326")


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        Grid((0, 3), Affine(1, 0, 0, 0, -1, 0), "EPSG:4326")


def test_equal_grids_are_one_value() -> None:
    a = Grid((2, 3), Affine(1, 0, 0, 0, -1, 2), "EPSG:4326")
    b = Grid((2, 3), Affine(1, 0, 0, 0, -1, 2), "EPSG:4326")
    assert len({a, b}) == 1
