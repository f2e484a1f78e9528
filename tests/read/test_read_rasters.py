"""Rasters at the door: one band or twelve, scaled once, no data as NaN, north up."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine

from gis.errors import InputError
from gis.read.rasters import check_covers, read_raster

KAZAKHSTAN = Path(__file__).parents[3] / "shared" / "data" / "kazakhstan"
needs_kazakhstan = pytest.mark.skipif(not KAZAKHSTAN.is_dir(), reason="../shared/data/kazakhstan is absent")
NORTH_UP = Affine(0.5, 0, 60, 0, -0.25, 50)
VALUES = np.arange(6, dtype="float32").reshape(1, 2, 3)


def write(tmp_path, values=VALUES, name="a.tif", *, transform=NORTH_UP, crs="EPSG:4326", nodata=None, **tags):
    count, ny, nx = values.shape
    with rasterio.open(
        tmp_path / name, "w", driver="GTiff", count=count, height=ny, width=nx, dtype=values.dtype,
        crs=crs, transform=transform, nodata=nodata,
    ) as target:  # fmt: skip
        target.write(values)
        for key, value in tags.items():
            setattr(target, key, value)
    return tmp_path / name


def failure(path, **options):
    with pytest.raises(InputError) as error:
        read_raster(path, **options)
    return {f.code: f for f in error.value.findings if f.level == "error"}


def codes(findings):
    return [f.code for f in findings]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32642"])
def test_one_band_as_it_is(tmp_path, crs):
    raster, findings = read_raster(write(tmp_path, crs=crs))
    np.testing.assert_array_equal(raster.values, VALUES)
    assert (raster.grid.shape, raster.grid.transform, raster.grid.crs) == ((2, 3), NORTH_UP, crs)
    assert not findings


def test_a_system_without_a_code_is_kept(tmp_path):
    crs = "+proj=aea +lat_0=0 +lon_0=67 +lat_1=43 +lat_2=53 +datum=WGS84"
    raster, _ = read_raster(write(tmp_path, crs=crs, transform=Affine(1000, 0, 0, 0, -1000, 5e6)))
    lon, lat = raster.grid.lonlat()
    assert lon[0, 0] == pytest.approx(67, abs=0.1)
    assert 40 < lat[0, 0] < 50


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
def test_nodata_is_nan(tmp_path, dtype):
    raster, _ = read_raster(write(tmp_path, VALUES.astype(dtype), nodata=4))
    assert np.isnan(raster.values[0, 1, 1])
    assert np.nansum(raster.values) == VALUES.sum() - 4
    assert raster.values.dtype == (np.float64 if dtype in ("int32", "float64") else np.float32)


def test_infinite_cells_and_masks_are_nan(tmp_path):
    values = VALUES.copy()
    values[0, 0, 0] = np.inf
    assert np.isnan(read_raster(write(tmp_path, values))[0].values[0, 0, 0])
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(write(tmp_path), "r+") as target:
        target.write_mask(np.array([[True, True, False], [True, True, True]]))
    assert np.argwhere(np.isnan(read_raster(tmp_path / "a.tif")[0].values)).tolist() == [[0, 0, 2]]


def test_scale_of_the_file_is_used_and_said(tmp_path):
    path = write(tmp_path, VALUES.astype("int16"), nodata=0, scales=(0.1,), offsets=(-5.0,))
    raster, findings = read_raster(path)
    np.testing.assert_allclose(raster.values[0], [[np.nan, -4.9, -4.8], [-4.7, -4.6, -4.5]], atol=1e-6)
    assert (codes(findings), findings[0].level) == (["scale"], "repair")
    raster, findings = read_raster(path, scale=1.0, offset=0.0)
    assert raster.values[0, 1, 2] == 5
    assert (codes(findings), findings[0].level) == (["scale"], "warning")


def test_scale_given(tmp_path):
    raster, findings = read_raster(write(tmp_path), scale=2.0, offset=1.0)
    np.testing.assert_array_equal(raster.values, VALUES * 2 + 1)
    assert not findings


def test_bands(tmp_path):
    twelve = np.arange(72, dtype="float32").reshape(12, 2, 3)
    path = write(tmp_path, twelve, descriptions=[f"month {i}" for i in range(1, 13)])
    raster, _ = read_raster(path)
    np.testing.assert_array_equal(raster.values, twelve)
    assert raster.descriptions[11] == "month 12"
    np.testing.assert_array_equal(read_raster(path, bands=[3, 1])[0].values, twelve[[2, 0]])
    assert "the file has [1, 2" in failure(path, bands=[13])["bands"].message
    four = write(tmp_path, twelve[:4], "b.tif", descriptions=["cover", "b", "c", "d"])
    assert "found 4 (1 cover, 2 b, 3 c, 4 d); choose by setting bands" in failure(four)["bands"].message
    assert read_raster(four, bands=[1])[0].values.shape == (1, 2, 3)


def test_twelve_files(tmp_path):
    paths = [write(tmp_path, VALUES + i, f"t{i:02d}.tif") for i in range(12)]
    raster, findings = read_raster(paths)
    np.testing.assert_array_equal(raster.values[:, 0, 0], np.arange(12))
    assert raster.descriptions[3] == "t03"
    assert not findings
    assert "got 11" in failure(paths[:11])["bands"].message
    write(tmp_path, VALUES, "t05.tif", transform=NORTH_UP @ Affine.translation(0.5, 0))
    write(tmp_path, VALUES[:, :, :2], "t07.tif")
    with pytest.raises(InputError) as error:
        read_raster(paths)
    assert [f.message.split()[0] for f in error.value.findings] == ["t05.tif", "t07.tif"]
    write(tmp_path, np.repeat(VALUES, 2, axis=0), "t05.tif")
    assert failure(paths)["bands"].file == "t05.tif"


def test_south_up_is_turned_over(tmp_path):
    path = write(tmp_path, VALUES[:, ::-1], transform=Affine(0.5, 0, 60, 0, 0.25, 49.5))
    raster, findings = read_raster(path)
    np.testing.assert_array_equal(raster.values, VALUES)
    assert raster.grid.transform == NORTH_UP
    assert (codes(findings), findings[0].level) == (["south-up"], "repair")


def test_rotated_is_refused(tmp_path):
    assert "rotated" in failure(write(tmp_path, transform=NORTH_UP @ Affine.rotation(10)))


def test_without_a_system_or_a_place(tmp_path):
    assert "no-crs" in failure(write(tmp_path, crs=None))
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        path = write(tmp_path, transform=Affine.identity())
    assert "no-crs" in failure(path)


def test_metres_labelled_as_degrees(tmp_path):
    path = write(tmp_path, transform=Affine(1000, 0, 500_000, 0, -1000, 5_000_000))
    assert "crs-implausible" in failure(path)


def test_broken_and_missing_files(tmp_path):
    whole = write(tmp_path, np.random.default_rng(0).random((1, 200, 300))).read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "junk.tif").write_bytes(b"junk" * 99)
    assert "cannot-read" in failure(tmp_path / "cut.tif")
    assert "cannot-read" in failure(tmp_path / "junk.tif")
    assert "did you mean cut.tif" in failure(tmp_path / "cutt.tif")["no-such-file"].message


def test_no_values(tmp_path):
    assert "empty-layer" in failure(write(tmp_path, VALUES * 0, nodata=0))


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        (VALUES * 50 - 120, "set scale = 0.1"),
        (VALUES + 270, "set offset = -273.15"),
        (np.where(VALUES == 3, -9999, VALUES), "not named in the file (1 cells)"),
    ],
)
def test_values_that_cannot_be_temperatures(tmp_path, values, hint):
    path = write(tmp_path, values.astype("float32"))
    assert hint in failure(path, valid_range=(-60.0, 50.0))["implausible-values"].message
    assert read_raster(path)[0].values.shape == (1, 2, 3)


def test_the_hint_works(tmp_path):
    path = write(tmp_path, VALUES * 50 - 120)
    raster, _ = read_raster(path, scale=0.1, valid_range=(-60.0, 50.0))
    np.testing.assert_allclose(raster.values, (VALUES * 50 - 120) / 10, rtol=1e-6)


def points(*lonlat, crs="EPSG:4326"):
    names = [f"place {i}" for i in range(len(lonlat))]
    return gpd.GeoDataFrame(
        {"name": names}, geometry=gpd.points_from_xy(*zip(*lonlat, strict=True)), crs="EPSG:4326"
    ).to_crs(crs)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:28412"])
def test_settlements_outside_a_raster(tmp_path, crs):
    raster, _ = read_raster(write(tmp_path, nodata=4))
    # The raster covers 60..61.5 E, 49.5..50 N; the cell in the middle of the lower row has no value.
    assert check_covers(raster, points((60.1, 49.9), (61.4, 49.6), crs=crs)) == []
    outside, empty = check_covers(raster, points((60.1, 49.9), (59.9, 49.9), (60.1, 50.1), (60.7, 49.6), crs=crs))
    assert (outside.level, outside.code, outside.count, outside.value) == (
        "warning", "outside-raster", 2, "place 1, place 2",
    )  # fmt: skip
    assert (empty.code, empty.count, empty.value) == ("no-raster-value", 1, "place 3")
    (none,) = check_covers(raster, points((70, 49.9), (60.7, 49.6), crs=crs), file="t.tif")
    assert (none.level, none.code, none.file) == ("error", "raster-does-not-cover", "t.tif")


@needs_kazakhstan
def test_real_climate_rasters():
    for name, low, high in (
        ("annual_mean_temperature_10min", -60, 50),
        ("annual_precipitation_10min", 0, 15_000),
        ("monthly_temperature_2p5deg", -60, 50),
    ):
        path = KAZAKHSTAN / f"{name}.tif"
        raster, findings = read_raster(path, valid_range=(low, high))
        with rasterio.open(path) as source:
            expected = source.read(masked=True).filled(np.nan)
            np.testing.assert_array_equal(raster.values, expected)
            assert raster.grid.bounds == pytest.approx(tuple(source.bounds))
        assert not findings
    assert "found 4" in failure(KAZAKHSTAN / "landcover_20min.tif")["bands"].message
