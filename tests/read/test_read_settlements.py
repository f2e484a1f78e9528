"""Settlements at the door: what is mended is counted, what is wrong is named by row and value."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.errors import InputError
from gis.read.settlements import read_settlements

KAZAKHSTAN = Path(__file__).parents[3] / "shared" / "data" / "kazakhstan"


def csv(tmp_path, text, name="places.csv", encoding="utf-8"):
    (tmp_path / name).write_text(text, encoding)
    return tmp_path / name


def failure(path, **options):
    with pytest.raises(InputError) as error:
        read_settlements(path, **options)
    return {f.code: f for f in error.value.findings if f.level == "error"}


def found(findings):
    return {f.code: f for f in findings}


def test_columns_by_our_names_in_any_case(tmp_path):
    path = csv(tmp_path, "SETTLEMENT_ID,Name,population,Region,tier,lon,lat,wells\n1,a,5,r,town,70,50,3\n")
    frame, findings = read_settlements(path)
    assert frame.index.name == "settlement_id"
    row = frame.loc["1"]
    assert (row["name"], row["population"], row["region"], row["tier"], row["wells"]) == ("a", 5, "r", "town", 3)
    assert row.geometry == shapely.Point(70, 50)
    assert frame.crs == "EPSG:4326"
    assert not findings


def test_one_column_may_serve_twice_and_ours_replaces_theirs(tmp_path):
    path = csv(tmp_path, "name,title,lon,lat,population\nx,Абай,70,50,1\n")
    frame, _ = read_settlements(path, columns={"settlement_id": "title", "name": "title"})
    assert frame.index.tolist() == frame["name"].tolist() == ["Абай"]
    assert "title" not in frame


def test_columns_of_the_users_own(tmp_path):
    path = csv(
        tmp_path,
        'settlement_id,lon,lat,school_km,kind,code,mixed\n1,70,50,3,a,01,5\n2,71,50,"4,5",b,02,x\n3,72,50,н/д,c,03,6\n',
    )
    frame, findings = read_settlements(path, columns={"school": "school_km"})
    np.testing.assert_array_equal(frame["school"], [3, 4.5, np.nan])
    assert frame["kind"].tolist() == ["a", "b", "c"]
    assert frame["code"].tolist() == ["01", "02", "03"]
    np.testing.assert_array_equal(frame["mixed"], [5, np.nan, 6])
    assert found(findings)["not-a-number"].row == "2"
    assert found(findings)["no-name"].count == 3
    assert frame["name"].tolist() == ["1", "2", "3"]


def test_unknown_column_names_the_nearest_and_all(tmp_path):
    path = csv(tmp_path, "id,name,pop_2023,lon,lat\n1,a,5,70,50\n")
    error = failure(path, columns={"population": "pop2023", "settlement_id": "nr"})
    assert error["no-such-column"].value == "nr"
    with pytest.raises(InputError, match=r"did you mean pop_2023\?.*the file has \['id', 'name', 'pop_2023'"):
        read_settlements(path, columns={"population": "pop2023"})


def test_ids_from_a_spreadsheet(tmp_path):
    table = pd.DataFrame({"код": [101.0, 102.0, None], "name": "abc", "lon": [70.0, 71.0, 72.0], "lat": 50.0})
    table.iloc[:2].to_excel(tmp_path / "a.xlsx", index=False)
    frame, _ = read_settlements(tmp_path / "a.xlsx", columns={"settlement_id": "код"})
    assert frame.index.tolist() == ["101", "102"]
    table.to_excel(tmp_path / "b.xlsx", index=False)
    assert failure(tmp_path / "b.xlsx", columns={"settlement_id": "код"})["blank-id"].row == "3"


def test_duplicate_ids_name_their_rows(tmp_path):
    path = csv(tmp_path, "settlement_id,lon,lat\n7,70,50\n8,71,50\n7,72,50\n8,73,50\n9,74,50\n")
    with pytest.raises(InputError) as error:
        read_settlements(path)
    named = {(f.code, f.value, f.row) for f in error.value.findings if f.level == "error"}
    assert named == {("duplicate-id", "7", "1, 3"), ("duplicate-id", "8", "2, 4")}


def test_many_duplicate_ids_are_summed_up(tmp_path):
    rows = "\n".join(f"{i % 30},{60 + i / 10},50" for i in range(60))
    with pytest.raises(InputError) as error:
        read_settlements(csv(tmp_path, f"settlement_id,lon,lat\n{rows}\n"))
    messages = [f.message for f in error.value.findings if f.code == "duplicate-id"]
    assert len(messages) == 21
    assert messages[-1].startswith("10 more")


def test_made_ids_are_stable_and_unique(tmp_path):
    rows = ["Абай,70,50", "Абай,71,50", "Абай,71,50", "Жамбыл,72,50"]
    frame, findings = read_settlements(csv(tmp_path, "name,lon,lat\n" + "\n".join(rows)))
    again, _ = read_settlements(csv(tmp_path, "name,lon,lat\n" + "\n".join(rows[::-1]), "b.csv"))
    assert frame.index.is_unique
    assert set(frame.index) == set(again.index)
    assert frame["name"].sort_index().equals(again["name"].sort_index())
    assert found(findings)["ids-made"].level == "repair"
    assert found(findings)["same-place"].row == "2, 3"


def test_population_as_people_write_it(tmp_path):
    values = ["1 200", "1\u00a0200", '"1,200"', "нет данных", "-", "", "0", "1200.0"]
    rows = "\n".join(f"{i},{60 + i},50,{v}" for i, v in enumerate(values))
    frame, findings = read_settlements(csv(tmp_path, f"settlement_id,lon,lat,population\n{rows}\n"))
    np.testing.assert_array_equal(frame["population"], [1200, 1200, 1200, np.nan, np.nan, np.nan, 0, 1200])
    assert found(findings)["unknown-population"].count == 3
    assert "between thousands" in found(findings)["commas"].message


def test_negative_and_unreadable_population(tmp_path):
    path = csv(tmp_path, "settlement_id,lon,lat,population\n1,70,50,-3\n2,71,50,many\n3,72,50,inf\n4,73,50,5\n")
    error = failure(path)
    assert (error["negative-population"].row, error["negative-population"].value) == ("1", "-3")
    assert (error["bad-population"].row, error["bad-population"].value) == ("2, 3", "many, inf")


def test_all_errors_are_shown_at_once(tmp_path):
    path = csv(tmp_path, "settlement_id,lon,lat,population\n1,70,50,-3\n1,71,50,5\n3,,50,5\n4,0,0,5\n5,70,950,1\n")
    assert failure(path, columns={"region": "oblast"}).keys() == {
        "negative-population", "duplicate-id", "blank-coordinate", "null-island", "out-of-range", "no-such-column",
    }  # fmt: skip


KAZAKH_TOWNS = [(76.95, 43.24), (71.47, 51.16), (57.17, 50.28), (51.92, 47.1), (82.61, 49.95), (65.5, 44.85)]


def test_exchanged_axes_against_other_layers(tmp_path):
    rows = "\n".join(f"{i},{lat},{lon}" for i, (lon, lat) in enumerate(KAZAKH_TOWNS))
    path = csv(tmp_path, f"settlement_id,lon,lat\n{rows}\n")
    bounds = (46.5, 40.5, 87.3, 55.4)
    error = failure(path, expected_bounds=bounds)
    assert "exchange" in error["axes-exchanged"].message
    right, findings = read_settlements(path, columns={"lon": "lat", "lat": "lon"}, expected_bounds=bounds)
    assert right.geometry.x.max() == 82.61
    assert "axes-exchanged" not in found(findings)
    assert "layers-apart" in failure(path, expected_bounds=(-120.0, 30.0, -110.0, 40.0))


def test_exchanged_axes_of_one_layer_alone(tmp_path):
    rows = "\n".join(f"{i},{lat},{lon}" for i, (lon, lat) in enumerate([*KAZAKH_TOWNS, (82.0, 48.0)]))
    assert "axes-exchanged" in failure(csv(tmp_path, f"settlement_id,lon,lat\n{rows}\n"))
    east = "1,50,140\n2,51,141\n"  # Sakhalin: latitude cannot be 140
    error = failure(csv(tmp_path, f"settlement_id,lon,lat\n{east}"))
    assert error["axes-exchanged"].row == "1, 2"


def test_one_row_exchanged_and_one_far_away(tmp_path):
    rows = [(70 + i / 10, 50 + i / 20) for i in range(20)]
    rows[3] = rows[3][::-1]
    rows[7] = (-70.0, 10.0)
    text = "\n".join(f"{i},{lon},{lat}" for i, (lon, lat) in enumerate(rows, 1))
    error = failure(csv(tmp_path, f"settlement_id,lon,lat\n{text}\n"))
    assert error["axes-exchanged"].row == "4"
    rows[3] = (70.0, 50.0)
    text = "\n".join(f"{i},{lon},{lat}" for i, (lon, lat) in enumerate(rows, 1))
    _, findings = read_settlements(csv(tmp_path, f"settlement_id,lon,lat\n{text}\n"))
    assert found(findings)["far-away"].row == "8"


def test_a_wide_country_has_no_outliers(tmp_path):
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(46.5, 87.3, 300), rng.uniform(41, 55, 300)
    text = "\n".join(f"{i},{x},{y}" for i, (x, y) in enumerate(zip(lon, lat, strict=True)))
    _, findings = read_settlements(csv(tmp_path, f"settlement_id,lon,lat\n{text}\n"))
    assert found(findings).keys() == {"no-name", "unknown-population"}


def layer(tmp_path, *shapes, name="a.gpkg"):
    gpd.GeoDataFrame({"settlement_id": range(len(shapes))}, geometry=list(shapes), crs="EPSG:4326").to_file(
        tmp_path / name
    )
    return tmp_path / name


def test_areas_and_multipoints_become_points(tmp_path):
    horseshoe = shapely.Polygon([(70, 50), (73, 50), (73, 53), (72, 53), (72, 51), (71, 51), (71, 53), (70, 53)])
    bow_tie = shapely.Polygon([(75, 50), (76, 51), (76, 50), (75, 51)])
    path = layer(tmp_path, horseshoe, bow_tie, shapely.MultiPoint([(74, 50)]), shapely.Point(77, 50, 300))
    frame, findings = read_settlements(path)
    assert set(frame.geom_type) == {"Point"}
    assert horseshoe.contains(frame.geometry["0"])
    assert shapely.make_valid(bow_tie).contains(frame.geometry["1"])
    assert not frame.has_z.any()
    assert found(findings)["area-to-point"].count == 2
    assert found(findings)["multipoint"].count == 1


def test_wrong_and_missing_geometry(tmp_path):
    path = layer(tmp_path, shapely.LineString([(70, 50), (71, 51)]), shapely.Point(70, 50), None, shapely.Point())
    error = failure(path)
    assert (error["wrong-geometry"].row, error["wrong-geometry"].value) == ("1", "LineString")
    assert error["no-geometry"].row == "3, 4"
    two = layer(tmp_path, shapely.MultiPoint([(70, 50), (71, 50)]), name="b.gpkg")
    assert failure(two).keys() == {"wrong-geometry"}


def test_names_are_kept_as_text_but_for_control_characters(tmp_path):
    odd = '<script>alert("1")</script>'
    table = pd.DataFrame({"settlement_id": [1, 2, 3], "name": [odd, "=1+1", "Ал\x07ма\nты "]})
    points = gpd.points_from_xy([70, 71, 72], [50, 50, 50], crs="EPSG:4326")
    gpd.GeoDataFrame(table, geometry=points).to_file(tmp_path / "a.gpkg")
    frame, findings = read_settlements(tmp_path / "a.gpkg")
    assert frame["name"].tolist() == [odd, "=1+1", "Алма ты"]
    assert found(findings)["control-characters"].row == "3"
    assert found(findings)["control-characters"].level == "repair"


def test_blank_names_are_filled_from_other_languages(tmp_path):
    path = csv(tmp_path, "settlement_id,name,name_kk,name_ru,lon,lat\n1,,Абай,Абая,70,50\n2,,,Жамбыл,71,50\n")
    frame, findings = read_settlements(path)
    assert frame["name"].tolist() == ["Абай", "Жамбыл"]
    assert frame["name_kk"].tolist() == ["Абай", None]
    assert "no-name" not in found(findings)


def test_pulkovo_shapefile_that_lost_kazakh_letters(tmp_path):
    names = ["Қызылорда", "Өскемен", "Алматы"]
    kept = [n.encode("cp1251", "replace").decode("cp1251") for n in names]
    frame = gpd.GeoDataFrame(
        {"KOD": [1, 2, 3], "NAZV": kept},
        geometry=gpd.points_from_xy([65.5, 82.6, 76.9], [44.85, 49.95, 43.24], crs="EPSG:4326"),
    ).to_crs("EPSG:28412")
    path = tmp_path / "сёла.shp"
    frame.to_file(path, encoding="cp1251")
    read, findings = read_settlements(path, columns={"settlement_id": "KOD", "name": "NAZV"})
    assert read["name"].tolist() == ["?ызылорда", "?скемен", "Алматы"]
    np.testing.assert_allclose(read.geometry.x, [65.5, 82.6, 76.9], atol=1e-6)
    assert found(findings)["lost-letters"].row == "1, 2"
    assert found(findings)["encoding"].level == "warning"


@pytest.mark.skipif(not KAZAKHSTAN.is_dir(), reason="../shared/data/kazakhstan is absent")
def test_all_kazakh_settlements():
    path = KAZAKHSTAN / "settlements.csv"
    columns = {"settlement_id": "wof_id", "name": "name_kaz", "name_ru": "name_rus", "name_en": "name"}
    frame, findings = read_settlements(path, columns=columns | {"region": "ADM1_EN"})
    table = pd.read_csv(path)
    assert len(frame) == len(table) == 11_736
    assert frame.index.tolist() == table["wof_id"].astype(str).tolist()
    np.testing.assert_array_equal(frame.geometry.x, table["lon"])
    np.testing.assert_array_equal(frame.geometry.y, table["lat"])
    np.testing.assert_array_equal(frame["population"], table["population"])
    assert found(findings)["unknown-population"].count == int(table["population"].isna().sum())
    assert found(findings)["same-place"].count == int(table.duplicated(["lon", "lat"], keep=False).sum())
    assert frame["name"].ne("").all()


@pytest.mark.skipif(not KAZAKHSTAN.is_dir(), reason="../shared/data/kazakhstan is absent")
def test_districts_stand_as_points_inside_them():
    path = KAZAKHSTAN / "districts.gpkg"
    frame, findings = read_settlements(
        path, columns={"settlement_id": "KATO", "name": "ADM2_KK", "population": "pop2023"}
    )
    areas = gpd.read_file(path).set_index("KATO")
    assert areas.geometry.loc[frame.index].intersects(frame.geometry.set_axis(frame.index)).all()
    assert found(findings)["area-to-point"].count == 205
