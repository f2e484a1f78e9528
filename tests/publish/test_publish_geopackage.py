import json
import sqlite3

import geopandas as gpd
import numpy as np
import pandas as pd
import publish_tools as tools
import pyogrio
import pytest
import shapely

from gis import fields as f
from gis.publish import layer_stream, palette
from gis.publish.geopackage import layer_names, write_geopackage
from gis.publish.words import column_label

QGIS = """
out = {}
for name in sys.argv[2:]:
    layer = QgsVectorLayer(f"{sys.argv[1]}|layername={name}", name, "ogr")
    fields = [f.name() for f in layer.fields()]
    renderer = layer.renderer()
    out[name] = {
        "valid": layer.isValid(), "rows": layer.featureCount(), "spatial": layer.isSpatial(), "fields": fields,
        "aliases": [layer.attributeAlias(i) for i in range(len(fields))],
        "renderer": renderer.type() if renderer else None, "crs": layer.crs().authid(),
    }
    if renderer and renderer.type() == "RuleRenderer":
        context = QgsRenderContext()
        renderer.startRender(context, layer.fields())
        rules = {r.label(): r.filterExpression() for r in renderer.rootRule().children()}
        drawn = {label: 0 for label in rules}
        colours = {r.label(): r.symbol().color().name() for r in renderer.rootRule().children()}
        nothing = 0
        for feature in layer.getFeatures():
            context.expressionContext().setFeature(feature)
            labels = [r.label() for r in renderer.rootRule().rulesForFeature(feature, context, False)]
            nothing += not labels
            for label in labels:
                drawn[label] += 1
        renderer.stopRender(context)
        out[name].update(drawn=drawn, nothing=nothing, colours=colours)
        settings = QgsMapSettings()
        settings.setLayers([layer]); settings.setDestinationCrs(layer.crs())
        settings.setExtent(layer.extent()); settings.setOutputSize(QSize(300, 200))
        settings.setBackgroundColor(QColor("white"))
        job = QgsMapRendererSequentialJob(settings); job.start(); job.waitForFinished()
        image = job.renderedImage()
        out[name]["inks"] = len({image.pixel(x, y) for x in range(300) for y in range(200)})
print("RESULT" + json.dumps(out))
"""


@pytest.fixture(scope="module")
def package(country, tmp_path_factory):
    path = tmp_path_factory.mktemp("Нәтиже бумасы") / "results.gpkg"
    write_geopackage(path, {**country, "repairs": tools.repairs()}, language="kk", title="Сынақ", abstract="<b>&amp;")
    return path


def test_layers_keep_rows_columns_and_order(package, country):
    assert layer_names(package) == ["settlements", "centres", "roads", "regions", "repairs"]
    read = gpd.read_file(package, layer="settlements")
    assert [c for c in read.columns if c != "geometry"] == [
        f.SETTLEMENT_ID,
        *(c for c in country["settlements"].columns if c != "geometry"),
    ]
    assert read[f.NAME].tolist() == country["settlements"][f.NAME].tolist()
    assert len(read) == len(country["settlements"])


def test_unreachable_and_unknown_are_null_and_reachable_tells_them_apart(package, country):
    column = f.travel_time_min("town")
    read = gpd.read_file(package, layer="settlements").set_index(f.SETTLEMENT_ID)
    given = country["settlements"][column]
    assert np.isinf(given).sum() == 4
    assert (read[column].isna() == ~np.isfinite(given)).all()
    assert not read.loc[np.isinf(given), f.REACHABLE].any()
    assert read[column].dropna().to_numpy() == pytest.approx(given[np.isfinite(given)].to_numpy())


def test_the_file_is_a_geopackage_1_3_with_titles(package):
    with sqlite3.connect(package) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == 10300
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        contents = dict(db.execute("SELECT table_name, identifier FROM gpkg_contents"))
        described = dict(db.execute("SELECT table_name, description FROM gpkg_contents"))
        titles = dict(db.execute("SELECT column_name, title FROM gpkg_data_columns WHERE table_name = 'settlements'"))
    db.close()
    assert contents["settlements"] == "Сынақ: Елді мекендер"
    assert described["settlements"] == "<b>&amp;"
    assert titles["population"] == column_label("population", "kk")


def test_gdal_finds_a_valid_geopackage(package):
    said = tools.run_system(
        "GDAL's validator",
        "osgeo_utils.samples.validate_gpkg",
        "-m",
        "osgeo_utils.samples.validate_gpkg",
        "-v",
        package,
    )
    assert "Checking gpkg_schema" in said


def test_empty_and_odd_layers_are_written(tmp_path):
    mixed = gpd.GeoDataFrame(
        {"name": ["a", "b", None]},
        geometry=[shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)]), None],
        crs=4326,
    )
    write_geopackage(tmp_path / "odd.gpkg", {"mixed": mixed, "none": mixed.iloc[:0]})
    assert pyogrio.read_info(tmp_path / "odd.gpkg", layer="mixed")["features"] == 3
    assert pyogrio.read_info(tmp_path / "odd.gpkg", layer="none")["features"] == 0


def test_qgis_opens_every_layer_styled_and_draws_every_row(package, country):
    answer = tools.run_qgis(QGIS, package, *layer_names(package))
    seen = json.loads(answer.split("RESULT")[1])
    assert all(layer["valid"] for layer in seen.values()), seen
    for name in ("settlements", "centres", "roads", "regions"):
        assert seen[name]["renderer"] == "RuleRenderer", name
        assert seen[name]["nothing"] == 0, f"{name}: rows that no rule draws"
        assert seen[name]["inks"] > 2, f"{name}: drawn blank"
        assert seen[name]["crs"] == "EPSG:4326"
    assert not seen["repairs"]["spatial"]
    settlements, frame = seen["settlements"], country["settlements"]
    counts = frame[f.POTENTIAL].value_counts()
    assert settlements["drawn"]["Төмен"] == counts[f.LOW]
    assert settlements["drawn"]["Анықталмаған"] == counts[f.UNKNOWN] > 0
    assert settlements["colours"]["Жоғары"] == palette.POTENTIAL[f.HIGH]
    labels = dict(zip(settlements["fields"], settlements["aliases"], strict=True))
    for column in frame.columns.drop("geometry"):
        assert labels[column] == column_label(column, "kk"), column
    assert labels[f.POPULATION] == "Халқы, адам"


def test_qgis_draws_settlements_whose_class_is_null(country, tmp_path):
    frame = country["settlements"].copy()
    frame[f.POTENTIAL] = frame[f.POTENTIAL].astype(object)
    frame.iloc[:5, frame.columns.get_loc(f.POTENTIAL)] = None
    path = tmp_path / "null.gpkg"
    write_geopackage(path, {"settlements": frame})
    seen = json.loads(tools.run_qgis(QGIS, path, "settlements").split("RESULT")[1])
    assert seen["settlements"]["nothing"] == 0


def test_layers_written_in_parts_are_the_same_layers(tmp_path, monkeypatch):
    """Texts, flags, gaps, one part or several: in the first rows nothing is known, or there are single parts only."""
    lines = shapely.from_wkt([f"LINESTRING ({i} 50, {i} 51)" for i in range(60, 70)])
    lines[7] = shapely.from_wkt("MULTILINESTRING ((67 50, 67 51), (67 52, 67 53))")
    roads = gpd.GeoDataFrame(
        {"name": [None] * 6 + list("abcd"), "km": [np.nan] * 5 + [1.5] * 5, "flag": [True, False] * 5},
        geometry=lines,
        crs=4326,
    )
    layers = {"roads": roads, "repairs": tools.repairs()}
    read = []
    for rows in (1000, 3):
        monkeypatch.setattr(layer_stream, "_ROWS", rows)
        write_geopackage(tmp_path / f"{rows}.gpkg", layers)
        with sqlite3.connect(tmp_path / f"{rows}.gpkg") as db:
            indexed = db.execute("SELECT count(*) FROM rtree_roads_geom").fetchone()[0]
        db.close()
        assert indexed == len(roads)
        info = pyogrio.read_info(tmp_path / f"{rows}.gpkg", layer="roads")
        read.append(
            [pyogrio.read_dataframe(tmp_path / f"{rows}.gpkg", layer=name) for name in layers]
            + [info["geometry_type"], list(info["fields"]), list(info["dtypes"])]
        )
    for whole, parts in zip(*read, strict=True):
        if isinstance(whole, pd.DataFrame):
            pd.testing.assert_frame_equal(whole, parts)
        else:
            assert whole == parts
    assert len(read[0][0]) == len(roads)


def test_ctrl_c_within_a_layer_is_heard_as_such(tmp_path, monkeypatch):
    """GDAL says of it only that the stream has failed; a layer of a million lines takes seconds."""
    made = []

    def stops(shapes):
        made.append(len(shapes))
        if len(made) == 2:
            raise KeyboardInterrupt
        return to_wkb(shapes)

    to_wkb = shapely.to_wkb
    monkeypatch.setattr(layer_stream, "_ROWS", 3)
    monkeypatch.setattr(layer_stream.shapely, "to_wkb", stops)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(range(10), range(10)), crs=4326)
    with pytest.raises(KeyboardInterrupt):
        write_geopackage(tmp_path / "some.gpkg", {"settlements": points})
    assert made == [3, 3]


def test_columns_that_arrow_would_refuse_are_text(tmp_path):
    """What a user's table may hold: numbers and words in a column, nothing at all, a flag with a gap."""
    table = pd.DataFrame(
        {
            "mixed": [1, "two", None],
            "empty": [None] * 3,
            "flag": [True, None, False],
            "kind": pd.Categorical(list("aba")),
        }
    )
    write_geopackage(tmp_path / "some.gpkg", {"repairs": table})
    with sqlite3.connect(tmp_path / "some.gpkg") as db:
        rows = db.execute("SELECT mixed, empty, flag, kind FROM repairs").fetchall()
    db.close()
    assert rows == [("1", None, 1, "a"), ("two", None, None, "b"), (None, None, 0, "a")]
