"""Every format gives the same points; every broken file one clear error."""

import shutil
import sqlite3
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pyproj import Transformer

from gis.errors import InputError
from gis.read import vector
from gis.read.vector import read_table

LON = np.array([76.9454, 71.4704, 69.6019])
LAT = np.array([43.2389, 51.1605, 42.3417])
NAMES = ["Алматы", "Астана", "Шымкент"]
GAUSS_KRUEGER = "EPSG:28412"


def places(crs="EPSG:4326"):
    points = gpd.points_from_xy(LON, LAT, crs="EPSG:4326")
    return gpd.GeoDataFrame({"name": NAMES, "people": [2_161_695, 1_354_435, 1_200_000]}, geometry=points).to_crs(crs)


def codes(error):
    return [f.code for f in error.value.findings if f.level == "error"]


@pytest.mark.parametrize(
    ("suffix", "crs"),
    [("geojson", "EPSG:4326")]
    + [(s, c) for s in ("gpkg", "shp", "fgb") for c in ("EPSG:4326", GAUSS_KRUEGER, "EPSG:32642")],
)
def test_formats_agree(tmp_path, suffix, crs):
    path = tmp_path / f"places.{suffix}"
    places(crs).to_file(path, encoding="utf-8" if suffix == "shp" else None)
    frame, findings = read_table(path)
    frame = frame.sort_values("people", ascending=False)
    assert frame["name"].tolist() == NAMES
    assert sorted(frame["row"]) == [1, 2, 3]
    assert frame.crs == "EPSG:4326"
    np.testing.assert_allclose(frame.geometry.x, LON, atol=1e-6)
    np.testing.assert_allclose(frame.geometry.y, LAT, atol=1e-6)
    assert not findings


def test_zipped_shapefile(tmp_path):
    (tmp_path / "inner").mkdir()
    places().to_file(tmp_path / "inner" / "places.shp", encoding="utf-8")
    shutil.make_archive(str(tmp_path / "деревни и сёла"), "zip", tmp_path, "inner")
    frame, findings = read_table(tmp_path / "деревни и сёла.zip")
    assert frame["name"].tolist() == NAMES
    assert not findings


@pytest.mark.parametrize(
    ("header", "separator", "decimal"),
    [
        ("name,lon,lat", ",", "."),
        ("name;lon;lat", ";", ","),
        ("Name\tlon_deg\tlat_deg", "\t", ","),
        ("Атауы;бойлық;ендік", ";", ","),
        ("Название;Долгота;Широта", ";", "."),
        ("name|X|Y", "|", "."),
        (" name , Longitude , Latitude ", ",", "."),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_csv_dialects(tmp_path, header, separator, decimal, encoding):
    if encoding == "cp1251":  # it has no Kazakh letters
        header = header.replace("бойлық", "lon").replace("ендік", "lat")
    rows = [
        separator.join([n, str(x).replace(".", decimal), str(y).replace(".", decimal)])
        for n, x, y in zip(NAMES, LON, LAT, strict=True)
    ]
    path = tmp_path / "places.csv"
    path.write_text("\n".join([header, *rows]), encoding)
    frame, findings = read_table(path)
    assert frame.iloc[:, 0].tolist() == NAMES
    np.testing.assert_array_equal(frame.geometry.x, LON)
    np.testing.assert_array_equal(frame.geometry.y, LAT)
    assert [f.code for f in findings] == (["encoding-guessed"] if encoding == "cp1251" else [])


def test_csv_in_projected_coordinates(tmp_path):
    x, y = Transformer.from_crs("EPSG:4326", GAUSS_KRUEGER, always_xy=True).transform(LON, LAT)
    pd.DataFrame({"name": NAMES, "east": x, "north": y}).to_csv(tmp_path / "a.csv", index=False)
    frame, findings = read_table(tmp_path / "a.csv", crs=GAUSS_KRUEGER, lon="east", lat="north")
    np.testing.assert_allclose(frame.geometry.x, LON, atol=1e-6)
    np.testing.assert_allclose(frame.geometry.y, LAT, atol=1e-6)
    assert not findings


def test_workbook_with_kazakh_headers_and_blank_rows(tmp_path):
    table = pd.DataFrame({"Атауы": [*NAMES, None], "бойлық": [*LON, None], "ендік": [*LAT, None]})
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        table.iloc[[0, 3, 1, 2]].to_excel(book, sheet_name="Ауылдар", index=False)
        pd.DataFrame({"note": ["other"]}).to_excel(book, sheet_name="Notes", index=False)
    frame, findings = read_table(tmp_path / "a.xlsx", layer="Ауылдар")
    assert frame["Атауы"].tolist() == NAMES
    assert frame["row"].tolist() == [1, 3, 4]
    assert [f.code for f in findings] == ["blank-rows"]
    assert "which-layer" in [f.code for f in read_table(tmp_path / "a.xlsx")[1]]
    with pytest.raises(InputError, match=r"no such sheet.*did you mean Ауылдар"):
        read_table(tmp_path / "a.xlsx", layer="Ауылдр")


def test_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "settlements.csv").touch()
    with pytest.raises(InputError, match=r"no such file .*did you mean settlements\.csv"):
        read_table(tmp_path / "setlements.csv")
    with pytest.raises(InputError, match="there is no folder"):
        read_table(tmp_path / "nowhere" / "a.csv")
    with pytest.raises(InputError, match="this is a folder"):
        read_table(tmp_path)


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.fgb", "a.xlsx", "a.shp", "a.zip", "a.pbf", "a.odd"])
def test_junk_is_one_error(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x00\x01not a layer at all" * 50)
    for part in ("a.dbf", "a.shx"):
        (tmp_path / part).write_bytes(b"\x00\x01junk" * 50)
    with pytest.raises(InputError) as error:
        read_table(tmp_path / name)
    assert len(error.value.findings) == 1
    assert error.value.findings[0].file == name


def test_damaged_zip(tmp_path):
    places().to_file(tmp_path / "a.shp", encoding="utf-8")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in tmp_path.glob("a.[!z]*"):
            archive.write(part, part.name)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError) as error:
        read_table(path)
    assert codes(error) == ["broken-zip"]
    start = whole.index(NAMES[0].encode())
    path.write_bytes(whole[:start] + b"XX" + whole[start + 2 :])
    with pytest.raises(InputError, match=r"a\.dbf in it is damaged"):
        read_table(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no layer here")
    with pytest.raises(InputError, match="found none"):
        read_table(path)


def test_truncated_files(tmp_path):
    many = gpd.GeoDataFrame(pd.concat([places()] * 200), crs="EPSG:4326")
    for suffix in ("gpkg", "fgb", "geojson", "shp"):
        path = tmp_path / f"a.{suffix}"
        many.to_file(path)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
        with pytest.raises(InputError) as error:
            read_table(path)
        assert codes(error) == ["cannot-read"]


@pytest.mark.parametrize("suffix", ["gpkg", "fgb", "geojson", "shp", "csv", "xlsx", "zip"])
def test_damaged_bytes_are_an_input_error_or_read(tmp_path, suffix):
    rng = np.random.default_rng(7)
    path = tmp_path / f"a.{suffix}"
    table = pd.DataFrame({"name": NAMES, "lon": LON, "lat": LAT})
    if suffix == "csv":
        table.to_csv(path, index=False)
    elif suffix == "xlsx":
        table.to_excel(path, index=False)
    elif suffix == "zip":
        places().to_file(tmp_path / "b.shp", encoding="utf-8")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in tmp_path.glob("b.*"):
                archive.write(part, part.name)
    else:
        places().to_file(path)
    whole, refused = path.read_bytes(), 0
    for _ in range(12):
        damaged = bytearray(whole)
        for position in rng.integers(len(whole), size=20):
            damaged[position] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_table(path)
        except InputError:
            refused += 1
    assert refused or suffix == "gpkg"  # most of a small GeoPackage is room to grow


def test_shapefile_without_its_parts(tmp_path):
    places().to_file(tmp_path / "a.shp", encoding="utf-8")
    (tmp_path / "a.dbf").unlink()
    with pytest.raises(InputError, match=r"\.dbf missing"):
        read_table(tmp_path / "a.shp")


def test_layers_are_named(tmp_path):
    path = tmp_path / "a.gpkg"
    places().to_file(path, layer="villages")
    assert len(read_table(path)[0]) == 3
    places().to_file(path, layer="towns")
    with pytest.raises(InputError, match="2 layers; set layer to one of"):
        read_table(path)
    with pytest.raises(InputError, match=r"did you mean towns.*villages, towns"):
        read_table(path, layer="town")
    assert len(read_table(path, layer="towns")[0]) == 3


def test_empty_layers(tmp_path):
    places()[:0].to_file(tmp_path / "a.gpkg", layer="a", geometry_type="Point")
    (tmp_path / "a.csv").write_text("name,lon,lat\n")
    (tmp_path / "b.csv").write_text("")
    pd.DataFrame({"lon": [], "lat": []}).to_excel(tmp_path / "a.xlsx", index=False)
    for name in ("a.gpkg", "a.csv", "b.csv", "a.xlsx"):
        with pytest.raises(InputError) as error:
            read_table(tmp_path / name)
        assert codes(error) == ["empty-layer"]


def test_no_crs_asks_for_one(tmp_path):
    places(GAUSS_KRUEGER).to_file(tmp_path / "a.shp", encoding="utf-8")
    (tmp_path / "a.prj").unlink()
    with pytest.raises(InputError, match="no coordinate system; set crs"):
        read_table(tmp_path / "a.shp")
    frame, findings = read_table(tmp_path / "a.shp", crs=GAUSS_KRUEGER)
    np.testing.assert_allclose(frame.geometry.x, LON, atol=1e-6)
    assert not findings
    with pytest.raises(InputError, match="no such coordinate system"):
        read_table(tmp_path / "a.shp", crs="EPSG:99999999")


def test_crs_that_contradicts_the_file_is_used_and_said(tmp_path):
    places("EPSG:32642").to_file(tmp_path / "a.gpkg")
    assert not read_table(tmp_path / "a.gpkg", crs="EPSG:32642")[1]
    frame, findings = read_table(tmp_path / "a.gpkg", crs="EPSG:32641")
    assert [f.code for f in findings] == ["crs-overridden"]
    np.testing.assert_allclose(frame.geometry.x, LON - 6, atol=1e-6)  # the next zone, six degrees west


@pytest.mark.parametrize(
    ("true", "claimed", "match"),
    [
        ("EPSG:32642", "EPSG:4326", "are not degrees"),
        ("EPSG:4326", "EPSG:32642", "look like degrees"),
        ("EPSG:2502", "EPSG:28412", "no zone number in front"),
        ("EPSG:28412", "EPSG:2502", 'zone number 12 in front.*"EPSG:28412"'),
    ],
)
def test_implausible_crs(tmp_path, true, claimed, match):
    places(true).set_crs(claimed, allow_override=True).to_file(tmp_path / "a.gpkg")
    with pytest.raises(InputError, match=match):
        read_table(tmp_path / "a.gpkg")


def test_the_twin_with_zone_number_is_the_same_system():
    """EPSG:2490 + zone and EPSG:28400 + zone differ by the zone number in front of the easting alone."""
    for zone in (8, 12, 15):
        lon = 6 * zone - 3
        plain = Transformer.from_crs("EPSG:4284", f"EPSG:{2490 + zone}", always_xy=True).transform(lon + 1, 48)
        full = Transformer.from_crs("EPSG:4284", f"EPSG:{28400 + zone}", always_xy=True).transform(lon + 1, 48)
        assert full[0] - plain[0] == pytest.approx(zone * 1e6)
        assert full[1] == pytest.approx(plain[1])


def test_bad_coordinates_name_row_and_value(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name,lon,lat\na,76,43\nb,,43\nc,76,nan\nd,seventy,43\ne,inf,43\nf,76,143\ng,76,99999\nh,200,80\n")
    with pytest.raises(InputError) as error:
        read_table(path)
    found = {(f.code, f.row) for f in error.value.findings}
    assert found == {
        ("blank-coordinate", "2"),
        ("blank-coordinate", "3"),
        ("bad-coordinate", "4"),
        ("bad-coordinate", "5"),
        ("axes-exchanged", "6"),
        ("out-of-range", "7, 8"),
    }
    assert "value seventy" in str(error.value)


def test_vertices_that_are_not_finite(tmp_path):
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkt(
            ["POINT (70 50)", "POINT (NaN 50)", "POINT (Infinity 50)", "LINESTRING (70 50, NaN 51, 72 52)"]
        )
    gpd.GeoDataFrame({"name": list("abcd")}, geometry=shapes, crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
    with pytest.raises(InputError) as error:
        read_table(tmp_path / "a.gpkg")
    assert [(f.code, f.row) for f in error.value.findings] == [("bad-coordinate", "2, 3, 4")]


def test_file_that_another_program_holds(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("name,lon,lat\na,76,43\n")

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="close it in other programs"):
        read_table(tmp_path / "a.csv")


def test_geometry_counts_before_columns(tmp_path):
    places().assign(lon=0.0, lat=0.0).to_file(tmp_path / "a.gpkg")
    frame, findings = read_table(tmp_path / "a.gpkg", lon="lon", lat="lat")
    np.testing.assert_array_equal(frame.geometry.x, LON)
    assert [f.code for f in findings] == ["columns-unused"]
    assert not read_table(tmp_path / "a.gpkg")[1]


def test_columns_of_coordinates_are_asked_for(tmp_path):
    (tmp_path / "a.csv").write_text("name,east,north\na,76,43\n")
    with pytest.raises(InputError, match="name it as lon; the file has"):
        read_table(tmp_path / "a.csv")
    with pytest.raises(InputError, match="did you mean east"):
        read_table(tmp_path / "a.csv", lon="eest", lat="north")
    (tmp_path / "b.csv").write_text("name,lon,lat\na,76,43,1,2\n")
    with pytest.raises(InputError, match="more fields than the header"):
        read_table(tmp_path / "b.csv")


def test_encodings_of_shapefiles(tmp_path):
    russian = places(GAUSS_KRUEGER)
    path = tmp_path / "a.shp"
    russian.to_file(path, encoding="cp1251")
    assert [f.code for f in read_table(path)[1]] == ["encoding"]
    (tmp_path / "a.cpg").unlink(missing_ok=True)
    data = bytearray((tmp_path / "a.dbf").read_bytes())
    data[29] = 0  # no code page named
    (tmp_path / "a.dbf").write_bytes(data)
    frame, findings = read_table(path)
    assert frame["name"].tolist() == NAMES
    assert [f.code for f in findings] == ["encoding-guessed"]
    assert read_table(path, encoding="cp1251")[1] == []
    with pytest.raises(InputError, match="text is not in utf"):
        read_table(path, encoding="utf-8")
    with pytest.raises(InputError, match="no such encoding"):
        read_table(path, encoding="kz-1048-x")
    russian.to_file(path, encoding="utf-8")
    (tmp_path / "a.cpg").unlink(missing_ok=True)
    frame, findings = read_table(path)
    assert frame["name"].tolist() == NAMES
    assert not findings


@pytest.mark.parametrize(("cpg", "codes"), [("65001", []), ("ANSI 1251", ["encoding"]), ("Klingon", ["encoding"])])
def test_what_a_cpg_says(tmp_path, cpg, codes):
    path = tmp_path / "a.shp"
    places().to_file(path, encoding="cp1251" if "1251" in cpg else "utf-8")
    (tmp_path / "a.cpg").write_text(cpg)
    frame, findings = read_table(path)
    assert [f.code for f in findings] == codes
    if cpg != "Klingon":
        assert frame["name"].tolist() == NAMES


def test_code_page_in_the_dbf_itself(tmp_path):
    places().to_file(tmp_path / "a.shp", encoding="cp1251")
    (tmp_path / "a.cpg").unlink(missing_ok=True)
    data = bytearray((tmp_path / "a.dbf").read_bytes())
    data[29] = 0xC9  # Windows-1251, "Russian Windows" in the list of dBASE's language drivers
    (tmp_path / "a.dbf").write_bytes(data)
    frame, findings = read_table(tmp_path / "a.shp")
    assert frame["name"].tolist() == NAMES
    assert [f.code for f in findings] == ["encoding"]


def test_encoding_of_a_csv_given(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name,lon,lat\nАбай,70,50\n", "cp1251")
    assert read_table(path, encoding="cp1251")[1] == []
    with pytest.raises(InputError, match="text is not in utf-8"):
        read_table(path, encoding="utf-8")


def test_table_without_geometry_in_a_geopackage(tmp_path):
    table = pd.DataFrame({"name": NAMES, "x": LON, "y": LAT})
    pyogrio.write_dataframe(table, tmp_path / "a.gpkg", layer="places")
    frame, _ = read_table(tmp_path / "a.gpkg")
    np.testing.assert_array_equal(shapely.get_x(frame.geometry.to_numpy()), LON)


def test_names_with_brackets(tmp_path):
    path = Path(tmp_path / "roads [2024] *.gpkg")
    places().to_file(path)
    assert len(read_table(path)[0]) == 3
    places().to_file(tmp_path / "a [1].shp", encoding="utf-8")
    assert len(read_table(tmp_path / "a [1].shp")[0]) == 3


@pytest.mark.parametrize("suffix", ["gpkg", "fgb"])
def test_by_columns_is_as_by_rows(tmp_path, suffix, monkeypatch):
    made = places().assign(
        blank=[None, "", "Абай"], share=[0.5, np.nan, 1.0], yes=[True, False, True],
        day=pd.to_datetime(["2026-01-01", None, "2025-12-31"]),
    )  # fmt: skip
    path = tmp_path / f"a.{suffix}"
    pyogrio.write_dataframe(made, path)
    by_columns, findings = read_table(path)
    monkeypatch.setattr(vector, "_by_columns", lambda *_: None)
    by_rows, same = read_table(path)
    assert_geodataframe_equal(by_columns, by_rows)
    assert findings == same == []


def test_curves_and_heights_are_read_by_rows(tmp_path):
    path = tmp_path / "a.gpkg"
    chord = gpd.GeoDataFrame(geometry=[shapely.LineString([(70, 50), (71, 50)])], crs=4326)
    pyogrio.write_dataframe(chord, path, layer_options={"SPATIAL_INDEX": "NO"})
    arc = struct.pack("<2sBBi BII 6d", b"GP", 0, 1, 4326, 1, 8, 3, 70.0, 50.0, 70.5, 50.5, 71.0, 50.0)
    with sqlite3.connect(path) as file:  # in a layer of lines: some programs write it so
        file.execute("UPDATE a SET geom = ?", [arc])
    bend = read_table(path)[0].geometry[0]
    assert bend.length > 1.5, "an arc of half a circle, not the chord, nor nothing"
    high = gpd.GeoDataFrame(geometry=gpd.points_from_xy(LON, LAT, [1.0, 2.0, 3.0]), crs=4326)
    high.to_file(tmp_path / "b.fgb")
    assert read_table(tmp_path / "b.fgb")[0].geometry.has_z.all()


def test_text_that_is_not_utf_8(tmp_path):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(places(), path, layer_options={"SPATIAL_INDEX": "NO"})
    with sqlite3.connect(path) as file:
        file.execute("UPDATE a SET name = CAST(x'c0cbece0f2fb' AS TEXT) WHERE fid = 2")
    with pytest.raises(InputError, match="text is not in utf-8"):
        read_table(path)
