"""Surfaces: the road's minutes on the road, over land beside it, in degrees and in metres."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod, Transformer

from gis.space.geodesy import equal_area_crs
from gis.space.grid import Grid
from gis.space.impedance import with_minutes
from gis.space.network import Network, node_at_vertices
from gis.space.snapping import ways_to_roads
from gis.stages.land import Land, doors
from gis.stages.legs import access_legs
from gis.stages.over_land import Reach, Spread
from gis.stages.surface import crossings, over_land_friction
from gis.stages.travel import Roads, road_journeys

GEOD = Geod(ellps="WGS84")
BOX = (67.6, 49.7, 69.0, 50.4)


def _grids() -> list[Grid]:
    degrees = Grid.over(BOX, 0.02, "EPSG:4326")
    crs = equal_area_crs(BOX)
    corners = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform_bounds(*BOX)
    return [degrees, Grid.over(corners, 1800, crs.to_wkt()), Grid.over(_in_pulkovo(), 1500, "EPSG:28412")]


def _in_pulkovo() -> tuple[float, float, float, float]:
    return Transformer.from_crs("EPSG:4326", "EPSG:28412", always_xy=True).transform_bounds(*BOX)


GRIDS = _grids()
NAMES = ["degrees", "equal-area", "pulkovo"]
TOWN = (68.0, 50.0)


def _solved(oneway: int = 0, kph: float = 60.0) -> tuple[Roads, np.ndarray, gpd.GeoSeries, np.ndarray]:
    """A road that runs east from a town, then turns north; a village at its end."""
    line = shapely.LineString([TOWN, (68.6, 50.0), (68.6, 50.3)])
    noded = node_at_vertices(gpd.GeoDataFrame({"oneway": [oneway]}, geometry=[line], crs="EPSG:4326"))
    network = Network(noded.nodes, with_minutes(noded.edges, np.array([kph])))
    points = gpd.GeoSeries([shapely.Point(TOWN), shapely.Point(68.6, 50.3)], index=["town", "end"], crs="EPSG:4326")
    centre = np.array([True, False])
    ways = ways_to_roads(points, network, centre, near_m=2000, max_m=50_000)
    legs = access_legs(ways["access_m"].to_numpy(), near_km=2, near_kph=20, over_land_kph=6, over_land_max_km=50)
    roads = Roads.cut_at(network, ways)
    journeys, node_minutes = road_journeys(points, roads, legs, centre)
    return roads, node_minutes, points, journeys["travel_time_min"].to_numpy()


def _surface(grid: Grid, friction: np.ndarray, **road: float) -> np.ndarray:
    roads, node_minutes, points, minutes = _solved(**road)  # type: ignore[arg-type]
    land, nobody = Land(grid, friction), np.full(len(points), np.inf)
    at = doors(land, points.x.to_numpy(), points.y.to_numpy())
    spread = Spread.of(land, at, crossings(roads.network, grid).on(roads), node_minutes, minutes, Reach(land, 1e6))
    return spread.surface(nobody, spread.cells.cell)


def _at(surface: np.ndarray, grid: Grid, lon: float, lat: float) -> float:
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(lon, lat)
    row, column = grid.cells([x], [y])
    return float(surface[row[0], column[0]])


def _road_km(lon: float, lat: float) -> float:
    """Kilometres along the road to the town, from a point on it."""
    corner = GEOD.inv(*TOWN, 68.6, 50.0)[2]
    if lat == 50.0:
        return float(GEOD.inv(*TOWN, lon, lat)[2]) / 1000
    return float(corner + GEOD.inv(68.6, 50.0, 68.6, lat)[2]) / 1000


ON_ROAD = [(68.1, 50.0), (68.35, 50.0), (68.55, 50.0), (68.6, 50.05), (68.6, 50.15), (68.6, 50.25)]


@pytest.mark.parametrize("grid", GRIDS, ids=NAMES)
def test_a_cell_on_the_road_has_the_minutes_of_the_road_within_a_cell(grid: Grid) -> None:
    surface = _surface(grid, over_land_friction(grid, speed_kph=6.0))
    cell_km = max(size.max() for size in grid.cell_sizes_m()) / 1000
    for lon, lat in ON_ROAD:
        expected = _road_km(lon, lat)  # at 60 km/h a kilometre is a minute
        assert expected - 1.5 * cell_km <= _at(surface, grid, lon, lat) <= expected + 1e-3


@pytest.mark.parametrize("grid", GRIDS, ids=NAMES)
def test_beside_the_road_the_way_over_land_to_it_is_added(grid: Grid) -> None:
    surface = _surface(grid, over_land_friction(grid, speed_kph=6.0))
    cell_min = max(size.max() for size in grid.cell_sizes_m()) / 1000 * 11  # a cell of road and of land
    for lon in (68.1, 68.3, 68.5):
        km = GEOD.inv(lon, 50.0, lon, 49.8)[2] / 1000
        expected = km / 6 * 60 + _road_km(lon, 50.0)
        assert _at(surface, grid, lon, 49.8) == pytest.approx(expected, abs=cell_min + 0.09 * expected)


@pytest.mark.parametrize("grid", GRIDS, ids=NAMES)
def test_the_centre_is_at_0_and_nothing_is_negative(grid: Grid) -> None:
    surface = _surface(grid, over_land_friction(grid, speed_kph=6.0))
    assert _at(surface, grid, *TOWN) == 0
    assert surface.min() == 0
    assert np.isfinite(surface).all()


@pytest.mark.parametrize("grid", GRIDS, ids=NAMES)
def test_water_is_not_crossed_but_by_road(grid: Grid) -> None:
    lon, lat = grid.lonlat()
    # A moat around everything north of the corner; the road crosses it.
    moat = (lat > 50.08) & (lat < 50.14)
    surface = _surface(grid, over_land_friction(grid, speed_kph=6.0, water=moat))
    assert _at(surface, grid, 68.6, 50.25) == pytest.approx(_road_km(68.6, 50.25), abs=3)
    on_road = np.abs(lon - 68.6) < 0.06
    assert np.isinf(surface[moat & ~on_road]).all()
    far = (lat > 50.16) & (lon < 68.0)
    # Over the moat straight it is an hour or two nearer: the way round by the bridge is longer.
    dry = _surface(grid, over_land_friction(grid, speed_kph=6.0))
    assert np.isfinite(surface[far]).all()
    assert (surface[far] > dry[far] + 30).all()


@pytest.mark.parametrize("grid", GRIDS, ids=NAMES)
def test_outside_the_study_area_nothing_is_known_and_nobody_passes(grid: Grid) -> None:
    lon, _ = grid.lonlat()
    outside = lon < 67.8
    surface = _surface(grid, over_land_friction(grid, speed_kph=6.0, outside=outside))
    assert np.isnan(surface[outside]).all()
    assert np.isfinite(surface[~outside]).all()


@pytest.mark.parametrize("grid", GRIDS, ids=NAMES)
def test_a_road_that_only_leads_away_takes_nobody_to_the_centre(grid: Grid) -> None:
    # Drawn from the town: one way along the line leads away from it.
    away = _surface(grid, over_land_friction(grid, speed_kph=6.0), oneway=1)
    towards = _surface(grid, over_land_friction(grid, speed_kph=6.0), oneway=-1)
    both = _surface(grid, over_land_friction(grid, speed_kph=6.0), oneway=0)
    np.testing.assert_allclose(towards, both)
    assert _at(away, grid, 68.55, 50.0) > 5 * _at(both, grid, 68.55, 50.0)


@pytest.mark.parametrize("grid", GRIDS, ids=NAMES)
def test_every_cell_that_a_road_crosses_is_found_and_no_other(grid: Grid) -> None:
    rng = np.random.default_rng(1)
    lines = [shapely.LineString(np.array([68.3, 50.0]) + rng.normal(0, [0.4, 0.2], (5, 2))) for _ in range(12)]
    # Through corners and along the sides of cells as well.
    t = grid.transform
    away = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    corners = (
        [(t.c + k * t.a, t.f + k * t.e) for k in (5, 15)],
        [(t.c + 3 * t.a, t.f + 4 * t.e), (t.c + 9 * t.a, t.f + 4 * t.e)],
    )
    lines += [shapely.LineString(np.column_stack(away.transform(*np.array(line).T))) for line in corners]
    noded = node_at_vertices(gpd.GeoDataFrame({"oneway": [0] * 14}, geometry=lines, crs="EPSG:4326"))
    network = Network(noded.nodes, with_minutes(noded.edges, np.full(len(noded.edges), 60.0)))
    cuts = pd.DataFrame({"edge": [0, 0, 3], "fraction": [0.3, 0.31, 0.5]})
    found = crossings(network, grid).on(Roads.cut_at(network, cuts))
    to_grid = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    ny, nx = grid.shape
    for i, line in enumerate(noded.edges.geometry.segmentize(0.02)):
        xy = np.column_stack(to_grid.transform(*np.array(line.coords).T))
        mine = set(found.cell[found.roads.pieces.edge[found.piece] == i].tolist())
        flat = shapely.LineString((xy - [t.c, t.f]) / [t.a, t.e])
        for cell in range(ny * nx):
            row, column = divmod(cell, nx)
            inside = flat.intersection(shapely.box(column, row, column + 1, row + 1)).length
            if inside > 1e-6 and i < 12:
                assert cell in mine
            if inside == 0:
                assert cell not in mine
    # The stretches of a piece within the grid follow on one another and add up to it.
    pieces = found.roads.pieces
    length = noded.edges["length_m"].to_numpy()[pieces.edge] * (pieces.end - pieces.start)
    together = np.bincount(found.piece, weights=found.leave - found.enter, minlength=len(length))
    assert (together <= 1 + 1e-9).all()
    whole = noded.edges.within(shapely.box(67.7, 49.8, 68.9, 50.3)).to_numpy()[pieces.edge]
    assert whole.any()
    np.testing.assert_allclose(together[whole], 1)
