import contextlib
import sqlite3

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from gis.publish import geopackage, spatial_index
from gis.publish.geopackage import write_geopackage
from gis.publish.spatial_index import outwards

LAYER = "ro_ads%\"'x"
INDEX = f"rtree_{LAYER}_geom"


def lines(count, seed=3):
    """Short lines between 50 and 80 degrees east, with a missing and an empty one among them."""
    rng = np.random.default_rng(seed)
    begin = rng.uniform((50, 41), (80, 54), (count, 2))
    made = shapely.linestrings(np.stack([begin, begin + rng.normal(0, 0.05, begin.shape)], axis=1))
    made[count // 2 : count // 2 + 1], made[count // 3 : count // 3 + 1] = None, shapely.LineString()
    return gpd.GeoDataFrame({"number": np.arange(count)}, geometry=made, crs=4326)


@contextlib.contextmanager
def opened(path):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        yield db


def checked(path, index):
    quoted = index.replace("'", "''")
    with opened(path) as db:
        return db.execute(f"SELECT rtreecheck('{quoted}')").fetchone()[0]


def entries(path, index):
    name = index.replace('"', '""')
    with opened(path) as db:
        return sorted(db.execute(f'SELECT * FROM "{name}"').fetchall())


@pytest.mark.parametrize("count", [11, 51, 52, 53, 54, 51 * 51 + 2, 51 * 51 + 3, 7000])
def test_the_index_holds_what_sqlite_would_have_put_in(tmp_path, monkeypatch, count):
    roads = lines(count)
    monkeypatch.setattr(geopackage, "_ROWS", 10)
    write_geopackage(tmp_path / "parts.gpkg", {LAYER: roads})
    assert checked(tmp_path / "parts.gpkg", INDEX) == "ok"
    monkeypatch.setattr(geopackage, "_ROWS", count)
    write_geopackage(tmp_path / "whole.gpkg", {LAYER: roads})
    parts, whole = (np.array(entries(tmp_path / name, INDEX)) for name in ("parts.gpkg", "whole.gpkg"))
    assert parts == pytest.approx(whole, rel=2e-7)
    with opened(tmp_path / "parts.gpkg") as parts, opened(tmp_path / "whole.gpkg") as whole:
        for query in (
            f'SELECT * FROM "{LAYER.replace(chr(34), chr(34) * 2)}"',
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
            "SELECT * FROM gpkg_extensions ORDER BY 1, 2, 3",
            "SELECT * FROM gpkg_ogr_contents",
            "SELECT table_name, min_x, min_y, max_x, max_y, srs_id FROM gpkg_contents ORDER BY 1",
        ):
            assert parts.execute(query).fetchall() == whole.execute(query).fetchall(), query


def test_a_window_finds_what_meets_it_and_edits_keep_the_index(tmp_path, monkeypatch):
    roads = lines(4000)
    monkeypatch.setattr(geopackage, "_ROWS", 500)
    path = tmp_path / "roads.gpkg"
    write_geopackage(path, {"roads": roads})
    for west, south, east, north in ((60, 45, 61, 46), (49, 40, 81, 55), (70.1, 50.1, 70.11, 50.11), (10, 10, 11, 11)):
        met = shapely.intersects(roads.geometry.to_numpy(), shapely.box(west, south, east, north))
        found = pyogrio.read_dataframe(path, layer="roads", bbox=(west, south, east, north))
        assert sorted(found["number"]) == np.flatnonzero(met).tolist()
    added = gpd.GeoDataFrame({"number": [-1]}, geometry=[shapely.LineString([(5, 5), (6, 6)])], crs=4326)
    pyogrio.write_dataframe(added, path, layer="roads", append=True)
    assert pyogrio.read_dataframe(path, layer="roads", bbox=(4, 4, 7, 7))["number"].tolist() == [-1]
    with opened(path) as db:
        db.create_function("ST_IsEmpty", 1, lambda _: 0)
        db.execute("DELETE FROM roads WHERE number BETWEEN 100 AND 900")
    assert checked(path, "rtree_roads_geom") == "ok"
    assert len(entries(path, "rtree_roads_geom")) == 4000 - 2 + 1 - 801


def test_where_sqlite_knows_no_such_index_the_driver_fills_it(tmp_path, monkeypatch):
    roads = lines(90)
    monkeypatch.setattr(geopackage, "_ROWS", 40)
    monkeypatch.setattr(spatial_index, "_has_rtree", lambda: False)
    write_geopackage(tmp_path / "roads.gpkg", {"roads": roads})
    assert len(entries(tmp_path / "roads.gpkg", "rtree_roads_geom")) == 88
    assert checked(tmp_path / "roads.gpkg", "rtree_roads_geom") == "ok"


def test_boxes_in_single_precision_hold_those_in_double():
    rng = np.random.default_rng(1)
    low = rng.normal(0, 10.0 ** rng.integers(-6, 7, (2000, 2)))
    bounds = np.concatenate([low, low + rng.exponential(1e-3, low.shape)], axis=1)
    boxes = outwards(bounds).astype(float)
    assert (boxes[:, 0] <= bounds[:, 0]).all()
    assert (boxes[:, 1] >= bounds[:, 2]).all()
    assert (boxes[:, 2] <= bounds[:, 1]).all()
    assert (boxes[:, 3] >= bounds[:, 3]).all()
    assert boxes[:, [0, 2]] == pytest.approx(bounds[:, :2], rel=2e-7)
