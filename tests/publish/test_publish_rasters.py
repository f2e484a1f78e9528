import json

import numpy as np
import publish_tools as tools
import pytest
import rasterio
from affine import Affine

from gis.publish import palette
from gis.publish.rasters import LONGEST, NODATA, UNREACHABLE, write_cog
from gis.space.grid import Grid

QGIS = """
layer = QgsRasterLayer(sys.argv[1], "time")
renderer = layer.renderer()
shader = renderer.shader().rasterShaderFunction()
def colour(value):
    ok, r, g, b, a = shader.shade(value)
    return QColor(r, g, b).name() if ok else None
settings = QgsMapSettings()
settings.setLayers([layer]); settings.setDestinationCrs(layer.crs())
settings.setExtent(layer.extent()); settings.setOutputSize(QSize(400, 160))
settings.setBackgroundColor(QColor("white"))
job = QgsMapRendererSequentialJob(settings); job.start(); job.waitForFinished()
image = job.renderedImage()
print("RESULT" + json.dumps({
    "valid": layer.isValid(), "type": renderer.type(), "bands": layer.bandCount(), "crs": layer.crs().authid(),
    "labels": [i.label for i in shader.colorRampItemList()],
    "colours": {v: colour(float(v)) for v in sys.argv[2:]},
    "inks": len({image.pixel(x, y) for x in range(400) for y in range(160)}),
}))
"""


@pytest.fixture(params=["EPSG:4326", "EPSG:32642"])
def grid(request):
    if request.param == "EPSG:4326":
        return Grid((3, 5), Affine(0.5, 0, 60, 0, -0.5, 50), request.param)
    return Grid((3, 5), Affine(1000, 0, 300_000, 0, -1000, 5_500_000), request.param)


def test_minutes_are_rounded_and_unreachable_is_not_unknown(grid, tmp_path):
    minutes = np.array([[0, 0.4, 0.6, 1e9, np.inf], [np.nan, 3, 4, 5, 6], [7, 8, 9, 10, 65533]], float)
    path = tmp_path / "travel_time.tif"
    write_cog(path, {"town": minutes, "city": minutes + 1}, grid, kind="minutes", title="Уақыт")
    with rasterio.open(path) as file:
        assert file.read(1)[0].tolist() == [0, 0, 1, LONGEST, UNREACHABLE]
        assert file.read(1)[1, 0] == NODATA == file.nodata
        assert file.read(1)[2, 4] == LONGEST
        assert file.descriptions == ("town", "city")
        assert file.units == ("min", "min")
        assert (file.shape, file.transform, file.crs) == (
            grid.shape,
            grid.transform,
            rasterio.CRS.from_string(grid.crs),
        )
        assert file.tags()["UNREACHABLE"] == str(UNREACHABLE)
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        finite = minutes[np.isfinite(minutes)]
        assert float(file.tags(1)["STATISTICS_MEAN"]) == pytest.approx(finite.mean(), rel=1e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["travel_time.qml", "travel_time.tif"]


def test_kilometres_are_float(grid, tmp_path):
    km = np.arange(15, dtype=float).reshape(3, 5)
    km[0, 0], km[1, 1] = np.nan, np.inf
    write_cog(tmp_path / "distance.tif", {"town": km}, grid, kind="km")
    with rasterio.open(tmp_path / "distance.tif") as file:
        read = file.read(1)
        assert file.dtypes == ("float32",)
        assert file.units == ("km",)
    assert np.array_equal(read, km.astype(np.float32), equal_nan=True)


def test_kilometres_are_right_to_two_metres_and_nought_stays_nought(grid, tmp_path):
    km = np.random.default_rng(3).uniform(0, 2000, (3, 5))
    km[2, 2], km[0, 4] = 0.0, 0.1
    write_cog(tmp_path / "distance.tif", {"town": km}, grid, kind="km")
    with rasterio.open(tmp_path / "distance.tif") as file:
        read = file.read(1)
    np.testing.assert_allclose(read, km, rtol=1e-7, atol=0.00196)
    assert read[2, 2] == 0.0
    assert (read * 256 == np.rint(read * 256)).all()


def test_overviews_never_mix_minutes_with_codes(tmp_path):
    minutes = np.where(np.indices((1100, 1300)).sum(axis=0) % 2 == 0, np.inf, 10.0)
    write_cog(
        tmp_path / "big.tif",
        {"town": minutes},
        Grid(minutes.shape, Affine(100, 0, 0, 0, -100, 0), "EPSG:3857"),
        kind="minutes",
    )
    with rasterio.open(tmp_path / "big.tif") as file:
        assert file.overviews(1)
        small = file.read(1, out_shape=(275, 325))
    assert set(np.unique(small)) <= {10, UNREACHABLE}


def test_gdal_finds_a_valid_cog(tmp_path):
    minutes = np.zeros((1100, 1300))
    path = tmp_path / "big.tif"
    write_cog(
        path, {"a": minutes, "b": minutes}, Grid(minutes.shape, Affine(9, 0, 0, 0, -9, 0), "EPSG:3857"), kind="km"
    )
    check = "osgeo_utils.samples.validate_cloud_optimized_geotiff"
    assert "is a valid cloud optimized GeoTIFF" in tools.run_system("GDAL's validator", check, "-m", check, path)


@pytest.mark.parametrize(
    ("bands", "match"),
    [({}, "at least one"), ({"a": np.zeros((5, 3))}, "shape"), ({"a": np.full((3, 5), -1.0)}, "0 or more")],
)
def test_what_cannot_be_a_raster_of_times_is_refused(grid, tmp_path, bands, match):
    with pytest.raises(ValueError, match=match):
        write_cog(tmp_path / "a.tif", bands, grid, kind="minutes")


def test_qgis_shows_minutes_unreachable_and_nothing_apart(tmp_path):
    minutes, grid = tools.minutes_raster()
    write_cog(tmp_path / "travel_time.tif", {"town": minutes}, grid, kind="minutes", language="ru")
    answer = tools.run_qgis(QGIS, tmp_path / "travel_time.tif", 0, 15, 16, 721, UNREACHABLE)
    seen = json.loads(answer.split("RESULT")[1])
    assert seen["valid"]
    assert seen["type"] == "singlebandpseudocolor"
    assert seen["colours"]["0"] == seen["colours"]["15"] == palette.MINUTES_COLOURS[0]
    assert seen["colours"]["16"] == palette.MINUTES_COLOURS[1]
    assert seen["colours"]["721"] == palette.MINUTES_COLOURS[-1]
    assert seen["colours"][str(UNREACHABLE)] == palette.UNREACHABLE
    assert seen["labels"][-1] == "Недостижимо"
    assert seen["inks"] > 5
    assert not (tmp_path / "travel_time.tif.aux.xml").exists()


def test_qgis_opens_kilometres(tmp_path):
    _, grid = tools.minutes_raster()
    lon, _ = grid.lonlat()
    write_cog(tmp_path / "distance.tif", {"town": (lon - 46) * 15}, grid, kind="km", language="kk")
    answer = tools.run_qgis(QGIS, tmp_path / "distance.tif", 5, 601)
    seen = json.loads(answer.split("RESULT")[1])
    assert seen["valid"]
    assert seen["colours"] == {"5": palette.MINUTES_COLOURS[0], "601": palette.MINUTES_COLOURS[-1]}
    assert seen["inks"] > 5


def test_what_is_required_and_missing_fails(monkeypatch):
    monkeypatch.setenv("SHALGAI_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="required"):
        tools.missing("QGIS")
    monkeypatch.delenv("SHALGAI_REQUIRE_ALL")
    with pytest.raises(pytest.skip.Exception, match="not found"):
        tools.missing("QGIS")
