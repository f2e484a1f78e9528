"""Roads at the door: single lines with a known class, a direction and exact vertices."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, MultiLineString, Point

from gis.errors import InputError
from gis.read.roads import read_roads

CLASSES = ["motorway", "primary", "tertiary", "track"]
LINE = LineString([(70, 50), (70.5, 50.1), (71, 50)])


def write(tmp_path, shapes, name="roads.gpkg", crs="EPSG:4326", **columns):
    columns = {"road_class": ["primary"] * len(shapes)} | columns
    gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:4326").to_crs(crs).to_file(tmp_path / name)
    return tmp_path / name


def found(findings):
    return {f.code: f for f in findings}


def failure(path, **options):
    with pytest.raises(InputError) as error:
        read_roads(path, **({"classes": CLASSES} | options))
    return [f for f in error.value.findings if f.level == "error"]


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson", "fgb"])
def test_formats_agree(tmp_path, suffix):
    path = write(tmp_path, [LINE, LINE.reverse()], f"a.{suffix}", road_class=["Primary", "track "])
    frame, _ = read_roads(path, classes=CLASSES)
    by_class = frame.set_index("road_class")
    assert by_class.geometry["primary"].equals_exact(LINE)
    assert by_class.geometry["track"].equals_exact(LINE.reverse())
    assert frame.index.name == "road_id"
    assert frame.index.is_unique
    assert frame.crs == "EPSG:4326"


def test_reprojected(tmp_path):
    path = write(tmp_path, [LINE], crs="EPSG:28412")
    frame, _ = read_roads(path, classes=CLASSES)
    assert frame.geometry.iloc[0].equals_exact(LINE, 1e-6)


def test_all_columns(tmp_path):
    path = write(
        tmp_path,
        [LINE] * 3,
        id=[7.0, 8.0, 9.0],
        surface=["gravel", "", None],
        limit=["60 km/h", "40 mph", "none"],
        oneway=["yes", "-1", None],
        bridge=["viaduct", "no", None],
        tunnel=[None, "yes", "no"],
        level=["1", "-1", None],
        ref=["A1", None, "M36"],
    )
    columns = {"road_id": "id", "maxspeed_kph": "limit", "layer": "level"}
    frame, findings = read_roads(path, columns=columns, classes=CLASSES)
    assert not findings
    assert frame.index.tolist() == ["7", "8", "9"]
    assert frame["surface"].tolist() == ["gravel", None, None]
    np.testing.assert_allclose(frame["maxspeed_kph"], [60, 40 * 1.609344, np.nan])
    assert frame["oneway"].tolist() == [1, -1, 0]
    assert frame["oneway"].dtype == np.int8
    assert frame["bridge"].tolist() == [True, False, False]
    assert frame["tunnel"].tolist() == [False, True, False]
    assert frame["layer"].tolist() == [1, -1, 0]
    assert frame["ref"].tolist() == ["A1", None, "M36"]
    assert frame["name"].isna().all()


def test_columns_of_openstreetmaps_descendants(tmp_path):
    data = {"fclass": ["primary"] * 3, "osm_id": ["a", "b", "c"], "maxspeed": [60, 0, 90], "oneway": ["F", "T", "B"]}
    gpd.GeoDataFrame(data, geometry=[LINE] * 3, crs="EPSG:4326").to_file(tmp_path / "a.shp")
    frame, findings = read_roads(tmp_path / "a.shp", classes=CLASSES)
    assert frame.index.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(frame["maxspeed_kph"], [60, np.nan, 90])
    assert frame["oneway"].tolist() == [1, -1, 0]
    assert found(findings)["oneway-letters"].level == "warning"


def test_unreadable_words_are_named(tmp_path):
    path = write(tmp_path, [LINE] * 3, maxspeed=["fast", "60", None], oneway=["sometimes", "no", "true"])
    frame, findings = read_roads(path, classes=CLASSES)
    assert (found(findings)["bad-maxspeed_kph"].row, found(findings)["bad-maxspeed_kph"].value) == ("1", "fast")
    assert (found(findings)["bad-oneway"].row, found(findings)["bad-oneway"].value) == ("1", "sometimes")
    assert frame["oneway"].tolist() == [0, 0, 1]


def test_unknown_class_names_rows_and_the_nearest(tmp_path):
    path = write(tmp_path, [LINE] * 4, road_class=["primary", "tertary", "tertary", None])
    unknown, blank = failure(path)
    assert (unknown.code, unknown.value, unknown.row, unknown.count) == ("unknown-road-class", "tertary", "2, 3", 2)
    assert "did you mean tertiary" in unknown.message
    assert all(c in unknown.message for c in CLASSES)
    assert (blank.code, blank.row) == ("unknown-road-class", "4")


def test_ways_that_no_vehicle_drives_on_are_counted(tmp_path):
    path = write(tmp_path, [LINE] * 4, road_class=["primary", "footway", "steps", "steps"])
    frame, findings = read_roads(path, classes=CLASSES)
    assert len(frame) == 1
    assert (found(findings)["not-a-road"].count, found(findings)["not-a-road"].value) == (3, "footway, steps")
    assert len(read_roads(path, classes=[*CLASSES, "footway", "steps"])[0]) == 4
    nothing = write(tmp_path, [LINE], "b.gpkg", road_class=["steps"])
    assert [f.code for f in failure(nothing)] == ["empty-layer"]


def test_missing_columns(tmp_path):
    path = write(tmp_path, [LINE], limit=["60"])
    (error,) = failure(path, columns={"maxspeed_kph": "limits"})
    assert "did you mean limit?" in error.message
    (error,) = failure(path, columns={"speed": "limit"})
    assert error.value == "speed"
    gpd.GeoDataFrame({"kind": ["primary"]}, geometry=[LINE], crs="EPSG:4326").to_file(tmp_path / "b.gpkg")
    (error,) = failure(tmp_path / "b.gpkg")
    assert "set columns.road_class to one of ['kind']" in error.message


def test_repairs_of_lines_are_counted(tmp_path):
    shapes = [
        MultiLineString([LINE.coords, [(72, 50), (73, 50)]]),
        MultiLineString([LINE.coords]),
        LineString([(70, 50, 300), (71, 50, 310)]),
        LineString([(70, 50), (70, 50), (71, 50), (71, 50), (70, 50)]),
        LineString([(70, 50), (70, 50)]),
        LineString(),
        None,
    ]
    frame, findings = read_roads(write(tmp_path, shapes), classes=CLASSES)
    assert frame.index.tolist() == ["1.1", "1.2", "2", "3", "4"]
    assert set(frame.geom_type) == {"LineString"}
    assert not frame.has_z.any()
    assert list(frame.geometry["4"].coords) == [(70, 50), (71, 50), (70, 50)]
    rows = {f.code: (f.level, f.row) for f in findings}
    assert rows == {
        "multiline": ("repair", "1"),
        "repeated-vertex": ("repair", "4"),
        "zero-length": ("repair", "5"),
        "no-geometry": ("repair", "6, 7"),
    }


def test_vertices_stay_exact(tmp_path):
    rng = np.random.default_rng(3)
    shapes = shapely.linestrings(rng.uniform(40, 80, (50, 30, 2)))
    frame, _ = read_roads(write(tmp_path, shapes), classes=CLASSES)
    assert shapely.equals_exact(frame.geometry.to_numpy(), shapes, tolerance=0).all()


def test_wrong_geometry(tmp_path):
    (error,) = failure(write(tmp_path, [LINE, Point(70, 50)]))
    assert (error.code, error.row, error.value) == ("wrong-geometry", "2", "Point")
    pd.DataFrame({"road_class": ["primary"], "lon": [70], "lat": [50]}).to_csv(tmp_path / "a.csv", index=False)
    (error,) = failure(tmp_path / "a.csv")
    assert error.code == "wrong-geometry"


def test_row_numbers_stand_in_for_ids_that_repeat(tmp_path):
    path = write(tmp_path, [LINE] * 4, road_id=["A1", "A1", "M36", None])
    frame, findings = read_roads(path, classes=CLASSES)
    assert frame.index.tolist() == ["1", "2", "3", "4"]
    assert (found(findings)["duplicate-id"].level, found(findings)["duplicate-id"].row) == ("repair", "1, 2, 4")
    two = MultiLineString([LINE.coords, [(72, 50), (73, 50)]])
    path = write(tmp_path, [two, LINE], "b.gpkg", road_id=["x", "x.1"])  # x.1 would be there twice
    assert read_roads(path, classes=CLASSES)[0].index.tolist() == ["1.1", "1.2", "2"]


def test_exchanged_axes(tmp_path):
    path = write(tmp_path, [shapely.transform(LINE, lambda xy: xy[:, ::-1])])
    assert [f.code for f in failure(path, expected_bounds=(65.0, 45.0, 80.0, 55.0))] == ["axes-exchanged"]


def test_errors_of_all_kinds_at_once(tmp_path):
    path = write(tmp_path, [LINE, Point(70, 50), LINE], road_class=["primry", "primary", "primary"])
    codes = {f.code for f in failure(path, columns={"ref": "nowhere"})}
    assert codes == {"no-such-column", "unknown-road-class", "wrong-geometry"}
