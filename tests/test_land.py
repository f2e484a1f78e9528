"""The way over land of a study: land cover, elevation, rivers."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from shapely import LineString, Point

from gis.errors import InputError
from gis.pipeline import Result, compute
from gis.study import make_study

WEST, NORTH, CELL, NX, NY = 500_000.0, 5_500_000.0, 100.0, 60, 40
MIDDLE = 19  # the row of the centre


def raster(path: Path, values: np.ndarray) -> None:
    transform = Affine(CELL, 0, WEST, 0, -CELL, NORTH)
    with rasterio.open(
        path, "w", driver="GTiff", width=NX, height=NY, count=1, dtype="float32", crs="EPSG:32642", transform=transform,
        nodata=-9999,
    ) as out:  # fmt: skip
        out.write(values.astype("float32"), 1)


def utm(path: Path, geometries: list, **columns: list) -> None:
    gpd.GeoDataFrame(columns, geometry=geometries, crs="EPSG:32642").to_crs(4326).to_file(path)


@pytest.fixture
def solved(tmp_path):
    """A road along the western edge, the centre in its middle, and a village far to the east."""
    utm(
        tmp_path / "places.gpkg",
        [Point(WEST + x, NORTH - y) for x, y in ((250, 2050), (5450, 2050), (250, 150), (250, 3850))],
        settlement_id=["c", "v", "n", "s"], name=["Centre", "Village", "North", "South"], population=[9000, 50, 40, 30],
    )  # fmt: skip
    utm(
        tmp_path / "roads.gpkg",
        [LineString([(WEST + 250, NORTH - 150), (WEST + 250, NORTH - 2050), (WEST + 250, NORTH - 3850)])],
        road_class=["primary"], surface=["asphalt"],
    )  # fmt: skip

    def solve(land: dict, **more: dict) -> Result:
        data = {
            "settlements": {"path": "places.gpkg"},
            "roads": {"path": "roads.gpkg", "over_land_kph": 6, "over_land_max_km": 50, "near_km": 0.1},
            "tiers": [{"name": "town", "population_min": 5000}],
            "grid": {"crs": "EPSG:32642", "cell_km": 0.1, "margin_km": 0},
            "land": land,
            **more,
        }
        return compute(make_study(data, folder=tmp_path))

    return solve


@pytest.fixture
def run(solved):
    """The surface of that study."""
    return lambda land, **more: next(iter(solved(land, **more).travel_time.values()))


def test_without_land_layers_one_speed_holds(run):
    minutes = run({})
    # Straight east along the row of the centre: 10 minutes a kilometre.
    row = minutes[MIDDLE]
    assert np.allclose(np.diff(row[5:40]), 1.0)


def test_land_cover_sets_the_speed(run, tmp_path):
    codes = np.full((NY, NX), 10.0)  # grassland, 4.86 km/h
    codes[:, 30:] = 11  # wetland, 2.00 km/h
    raster(tmp_path / "cover.tif", codes)
    row = run({"cover": {"path": "cover.tif"}})[MIDDLE]
    assert np.allclose(np.diff(row[6:25]), 0.1 / 4.86 * 60)
    assert np.allclose(np.diff(row[35:50]), 0.1 / 2.00 * 60)


def test_a_class_without_a_speed_is_refused_by_its_number(run, tmp_path):
    codes = np.full((NY, NX), 10.0)
    codes[3, :7] = 99
    raster(tmp_path / "cover.tif", codes)
    with pytest.raises(InputError, match=r"cover\.tif, value 99: no speed in land_cover\.csv .*\(x 7\)"):
        run({"cover": {"path": "cover.tif"}})


def test_uphill_to_the_centre_takes_longer_than_downhill(run, tmp_path):
    slope = np.tile(np.linspace(0.0, 300.0, NX), (NY, 1))
    flat = np.full((NY, NX), 150.0)
    times = {}
    for name, metres in (("downhill", slope), ("uphill", slope[:, ::-1]), ("flat", flat)):
        raster(tmp_path / f"{name}.tif", metres)
        times[name] = run({"elevation": {"path": f"{name}.tif"}})[MIDDLE, 45]
    # The centre lies in the west, and the journey goes to it; Tobler's fastest is a gentle descent of 5 %.
    assert times["downhill"] < times["flat"] < times["uphill"]


def test_a_river_holds_but_where_its_line_is_broken_or_a_road_crosses(run, tmp_path):
    x = WEST + 3000
    utm(tmp_path / "whole.gpkg", [LineString([(x, NORTH + 500), (x + 900, NORTH - 5000)])], name=["r"])
    gap = [LineString([(x, NORTH + 500), (x, NORTH - 1000)]), LineString([(x, NORTH - 1500), (x, NORTH - 5000)])]
    utm(tmp_path / "gap.gpkg", gap, name=["r", "r"])
    east = run({"rivers": {"path": "whole.gpkg"}})[:, 50]
    # A village on the far shore keeps its own journey, and here it has none: nothing is reached there.
    assert np.isinf(east).all()
    assert np.isinf(run({"rivers": {"path": "whole.gpkg"}, "neighbours": 16})[:, 50]).all()
    free, through = run({})[:, 50], run({"rivers": {"path": "gap.gpkg"}})[:, 50]
    assert np.isfinite(through).all()
    assert (through >= free - 1e-9).all()
    assert through.max() > free.max() + 1


def test_rivers_must_be_lines(run, tmp_path):
    utm(tmp_path / "lake.gpkg", [Point(WEST, NORTH).buffer(50)], name=["l"])
    with pytest.raises(InputError, match=r"lake\.gpkg, row 1, value Polygon: expected lines"):
        run({"rivers": {"path": "lake.gpkg"}})


def test_unknown_land_is_counted(run, tmp_path):
    codes = np.full((NY, NX), 10.0)
    codes[:, 40:45] = -9999
    raster(tmp_path / "cover.tif", codes)
    minutes = run({"cover": {"path": "cover.tif"}})
    assert np.isnan(minutes).any()


def test_roads_cross_rivers_only_by_bridges_where_the_study_says_so(tmp_path, run):
    utm(
        tmp_path / "roads.gpkg",
        [LineString([(WEST + 250, NORTH - y), (WEST + 5450, NORTH - y)]) for y in (150, 2050)],
        road_class=["primary", "primary"], surface=["asphalt"] * 2, bridge=[True, False],
    )  # fmt: skip
    utm(tmp_path / "river.gpkg", [LineString([(WEST + 3000, NORTH + 500), (WEST + 3000, NORTH - 5000)])], name=["r"])
    rivers = {"rivers": {"path": "river.gpkg"}}
    # At the far end of the road without a bridge; the other road is across 1.9 km of land.
    assert run(rivers)[MIDDLE, 50] < 6
    assert run(rivers | {"bridges_only": True})[MIDDLE, 50] > 10


def test_a_village_off_the_road_goes_round_the_river_or_over_the_bridge_or_nowhere(solved, tmp_path):
    at_x = WEST + 30.5 * CELL
    bank, east = (WEST + 250, NORTH - 2050), (WEST + 4050, NORTH - 2050)
    reaches = {
        "dry": [],
        "round": [LineString([(at_x, NORTH - 600), (at_x, NORTH - NY * CELL - 500)])],
        "shut": [LineString([(at_x, NORTH + 500), (at_x, NORTH - NY * CELL - 500)])],
    }
    minutes, routes = {}, {}
    for name, lines in reaches.items():
        land = {}
        if lines:
            utm(tmp_path / f"{name}.gpkg", lines)
            land = {"rivers": {"path": f"{name}.gpkg"}}
        result = solved(land)
        minutes[name] = result.settlements.loc["v", "travel_time_town_min"]
        routes[name] = result.route("v", "town")
        assert bool(result.settlements.loc["v", "reachable"]) == np.isfinite(minutes[name])
    # 5.2 km west at 10 minutes a kilometre; round the river 1.4 km up and down again, aslant where that is shorter.
    assert minutes["dry"] == pytest.approx(52, abs=1)
    assert minutes["dry"] + 5 < minutes["round"] < minutes["dry"] + 28
    assert np.isinf(minutes["shut"])
    x, y = routes["round"].line.xy
    north = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=4326).to_crs("EPSG:32642").y.max()
    assert north > NORTH - 600, "its line goes round as well"
    assert routes["round"].travel_time_min == pytest.approx(minutes["round"])
    utm(
        tmp_path / "roads.gpkg",
        [LineString([(WEST + 250, NORTH - 150), bank, (WEST + 250, NORTH - 3850)]), LineString([bank, east])],
        road_class=["primary", "primary"], surface=["asphalt", "asphalt"],
    )  # fmt: skip
    bridged = solved({"rivers": {"path": "shut.gpkg"}}).settlements.loc["v", "travel_time_town_min"]
    assert bridged < minutes["dry"]
