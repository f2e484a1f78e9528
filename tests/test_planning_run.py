"""The planner's tables of a whole run: what they hold, where they are written, and what bad input says."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as xml

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from study_tools import write_country

from gis.errors import InputError
from gis.fields import POTENTIALS
from gis.inputs import read_inputs
from gis.outputs import write_outputs
from gis.pipeline import Result, compute
from gis.publish.words import words
from gis.study import demonstration, read_study

PLANNED = """
[regions]
path = "regions.geojson"
[districts]
path = "districts.geojson"
columns.district = "code"
[regional]
path = "regional.csv"
values = ["product_per_head"]
amounts = ["farms", "mines"]
whole = "workers"
[towns]
values = ["city", "town"]
criteria = "criteria.csv"
points_min = 2
[support]
population_min = 50
limit_min = 90
"""
CRITERIA = """\
criterion,column,comparison,limit,points
far,travel_time_city_min,above,30,1
shrinking,change,below,0,1
no_such_data,debt,above,1,1
"""
REGIONAL = """\
region,product_per_head,farms,mines,workers
West,2000,10,30,100
East,500,30,10,100
"""
Spoil = Callable[[Path], object]


def boxes(path: Path, column: str, rows: dict[str, tuple[float, float]]) -> None:
    """Write strips between two meridians."""
    shapes = [shapely.box(west, 49, east, 51) for west, east in rows.values()]
    gpd.GeoDataFrame({column: list(rows)}, geometry=shapes, crs="EPSG:4326").to_file(path)


def write_planned(folder: Path, language: str = "en") -> Path:
    study = write_country(folder)
    places = pd.read_csv(folder / "places.csv", dtype={"population": object})
    # The third settlement stands in no region by its own column, and lies in the east.
    places.loc[places["settlement_id"] == "c", "region"] = None
    places.assign(change=[1.0, 2, 3, -4, 5, 6]).to_csv(folder / "places.csv", index=False)
    boxes(folder / "regions.geojson", "region", {"West": (69, 70.6), "East": (70.6, 71.8), "Empty": (71.8, 72)})
    boxes(folder / "districts.geojson", "code", {"11": (69, 70.4), "12": (70.4, 70.6), "21": (70.6, 72)})
    (folder / "criteria.csv").write_text(CRITERIA, encoding="utf-8")
    (folder / "regional.csv").write_text(REGIONAL, encoding="utf-8")
    study.write_text(f'language = "{language}"\n' + study.read_text(encoding="utf-8") + PLANNED, encoding="utf-8")
    return study


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return compute(read_study(write_planned(tmp_path_factory.mktemp("planned"))))


@pytest.fixture(scope="module")
def written(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_outputs(result, tmp_path_factory.mktemp("out"))


def districts_of_one_name(folder: Path, by: str) -> Result:
    """Esil is a district in the west and another in the east."""
    study = write_planned(folder)
    names = {"Esil": (69, 70.55), "Kent": (70.55, 70.6), "Esil ": (70.6, 72)}
    boxes(folder / "districts.geojson", "name", names)
    text = study.read_text(encoding="utf-8").replace('columns.district = "code"', 'columns.district = "name"')
    if by == "column":  # of the layer, which spells regions in its own way
        layer = gpd.read_file(folder / "districts.geojson").assign(oblast=["Batys", "Batys", "Shygys"])
        layer.to_file(folder / "districts.geojson")
        text = text.replace('columns.district = "name"', 'columns = { district = "name", region = "oblast" }')
    if by != "place":  # the settlements name their district, and no region where the layer spells it otherwise
        places = pd.read_csv(folder / "places.csv", dtype={"population": object})
        places.assign(district="Esil").to_csv(folder / "places.csv", index=False)
    if by == "settlements":
        text = text.replace('[districts]\npath = "districts.geojson"\ncolumns.district = "name"\n', "")
    study.write_text(text, encoding="utf-8")
    return compute(read_study(study))


@pytest.mark.parametrize("by", ["place", "column", "settlements"])
def test_districts_of_one_name_in_two_regions_stay_two(tmp_path: Path, by: str) -> None:
    result = districts_of_one_name(tmp_path, by)
    west, east = ("Esil (Batys)", "Esil (Shygys)") if by == "column" else ("Esil (West)", "Esil (East)")
    table = result.tables["districts"].set_index("district")
    frame = result.settlements
    assert {west, east} <= set(table.index)
    in_west = frame["region"] == "West" if by == "settlements" else frame.geometry.x < 70.6
    assert frame["district"].tolist() == np.where(in_west, west, east).tolist()
    assert table.loc[[west, east], "settlements"].tolist() == [in_west.sum(), (~in_west).sum()]
    if by != "settlements":
        assert result.areas["districts"].set_index("district").loc[[west, east], "settlements"].sum() == 6
        assert "district_name" not in result.areas["districts"]
    codes = {finding.code: finding for finding in result.record.findings}
    assert "joined-parts" not in codes
    assert (codes["district-in-regions"].value, codes["district-in-regions"].count) == ("Esil", 2)


# --- tables -----------------------------------------------------------------------------------------------------------


def test_regions_sum_to_the_country(result: Result) -> None:
    table = result.tables["regions"].set_index("region")
    assert table.index.tolist() == ["East", "West", "Total"]
    assert table["settlements"].tolist() == [3, 3, 6]
    assert table["population"].tolist() == [7060, 120_900, 127_960]
    assert table["settlements_population_unknown"].tolist() == [0, 1, 1]
    sums = [c for c in table if c.startswith(("settlements", "population")) or c == "rural_population"]
    np.testing.assert_allclose(table.loc[["East", "West"], sums].sum(), table.loc["Total", sums])
    assert table["product_per_head"].tolist()[:2] == [500, 2000]
    assert np.isnan(table.loc["Total", "product_per_head"])


def test_beyond_is_counted_from_the_settlements(result: Result) -> None:
    frame, table = result.settlements, result.tables["regions"].set_index("region")
    for tier in ("city", "town"):
        for limit in (30, 60, 120):
            far = frame[frame[f"travel_time_{tier}_min"] > limit]
            assert table.loc["Total", f"settlements_beyond_{tier}_{limit}_min"] == len(far)
            assert table.loc["Total", f"population_beyond_{tier}_{limit}_min"] == far["population"].sum()


def test_an_all_season_road_is_paved(result: Result) -> None:
    # The primary road is paved, the track that leads to e is not: e lies some 30 km from the primary road.
    km = result.settlements["all_season_km"]
    assert km[["a", "b", "c", "d"]].max() < 0.001
    assert 20 < km["e"] < 40
    assert 20 < km["f"] < 25
    table = result.tables["regions"].set_index("region")
    # Rural people: b (900) and c (60) at the road; of f they are not known.
    assert table.loc["Total", ["rural_population", "rural_access_index"]].tolist() == [960, 1.0]


def test_districts_are_found_by_place_and_the_code_is_text(result: Result) -> None:
    assert result.settlements["district"].to_dict() == {
        "a": "11",
        "b": "12",
        "c": "21",
        "d": "21",
        "e": "21",
        "f": "11",
    }
    assert result.tables["districts"]["district"].tolist() == ["11", "12", "21", "Total"]
    assert result.tables["districts"]["settlements"].tolist() == [2, 1, 3, 6]
    codes = {finding.code: finding.count for finding in result.record.findings}
    assert codes["district-by-place"] == 6
    assert codes["region-by-place"] == 1


def test_towns_with_their_reasons(result: Result) -> None:
    towns = result.tables["towns"].set_index("settlement_id")
    # The city is too large to be a small town.
    assert towns.index.tolist() == ["d"]
    row = towns.loc["d"]
    assert row["depressed"] == "yes"
    assert row["criteria_met"] == "far, shrinking"
    assert row["criteria_not_judged"] == "no_such_data"
    assert "Shrinking: -4 (below 0)" in row["reasons"]
    assert row["reasons"].endswith("not judged: No such data")
    assert "criterion-not-judged" in {finding.code for finding in result.record.findings}


def test_disparity_of_the_regional_column_by_hand(result: Result) -> None:
    table = result.tables["disparity"].set_index(["column", "among", "weighting"])
    plain = table.loc[("product_per_head", "regions", "plain")]
    assert plain["max_min_ratio"] == 4
    # Two values: Gini is |2000 - 500| / (2 x 2 x 1250) = 0.3, the coefficient of variation 750 / 1250.
    assert plain["gini"] == pytest.approx(0.3)
    assert plain["williamson"] == pytest.approx(0.6)
    by_people = table.loc[("product_per_head", "regions", "population")]
    people = np.array([7060, 120_900]) / 127_960
    share = people * [500, 2000] / (people @ [500, 2000])
    assert by_people["hoover"] == pytest.approx(np.abs(share - people).sum() / 2)
    parts = table.loc[("viability", "settlements", "population")]
    assert parts["theil_between"] + parts["theil_within"] == pytest.approx(parts["theil"])


def test_quotients_and_ranking(result: Result) -> None:
    table = result.tables["location_quotients"].set_index("region")
    assert table.loc["West"].tolist() == pytest.approx([0.5, 1.5])
    first = result.tables["ranking"].query("column == 'product_per_head'")
    assert first[["rank", "region"]].to_numpy().tolist() == [[1, "West"], [2, "East"]]


def test_every_settlement_has_a_type_and_the_types_sum(result: Result) -> None:
    types = result.settlements["typology"]
    assert types.notna().all()
    assert types["e"] == "uninhabited"
    assert set(types) <= set(result.tables["typology"]["typology"])
    assert result.tables["typology"]["settlements"].sum() == 6


def test_satellites_are_the_inhabited_rural_settlements(result: Result) -> None:
    own = result.tables["satellites"].set_index("settlement_id")
    assert sorted(own.index) == ["b", "c", "f"], "not the towns, and not the empty village"
    chosen = result.tables["support"].set_index("settlement_id")
    assert sorted(chosen.index) == ["b", "c"]
    assert chosen["rank"].dropna().tolist() == list(range(1, chosen["rank"].notna().sum() + 1))
    assert own.loc["b", "support_id"] == "b"
    for _, row in own.dropna(subset="support_id").iterrows():
        assert row["minutes"] <= 90


def test_the_country_without_roads_has_the_tables_too(tmp_path: Path) -> None:
    study = write_planned(tmp_path)
    text = study.read_text(encoding="utf-8").replace('[roads]\npath = "roads.geojson"\n', "")
    study.write_text(text, encoding="utf-8")
    made = compute(read_study(study))
    assert {"regions", "support", "satellites", "disparity", "typology", "towns"} <= made.tables.keys()
    assert made.tables["regions"]["rural_access_index"].isna().all(), "no road is known"


def test_the_results_may_be_the_settlements_of_another_run(result: Result, good: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "country"))
    own = result.settlements.drop(columns="geometry").assign(typology="old", all_season_km=99.0)
    places = pd.read_csv(folder / "places.csv", index_col="settlement_id")
    own[["typology", "all_season_km"]].join(places).to_csv(folder / "places.csv")
    made = compute(read_study(folder / "study.toml")).settlements
    pd.testing.assert_frame_equal(
        made[["typology", "all_season_km"]], result.settlements[["typology", "all_season_km"]]
    )


# --- files ------------------------------------------------------------------------------------------------------------


def test_polygons_with_their_figures_and_style(result: Result, written: Path) -> None:
    layers = {str(name) for name, _ in pyogrio.list_layers(written / "results.gpkg")}
    assert {"regions", "districts"} <= layers
    regions = gpd.read_file(written / "results.gpkg", layer="regions").set_index("region")
    figures = result.tables["regions"].set_index("region")
    for column in ("settlements", "population_high", "viability_weighted", "rural_access_index", "product_per_head"):
        np.testing.assert_allclose(regions.loc[["East", "West"], column], figures.loc[["East", "West"], column])
    assert regions.loc["Empty", "settlements"] == 0
    assert np.isnan(regions.loc["Empty", "viability_weighted"])
    with sqlite3.connect(written / "results.gpkg") as db:
        styles = dict(db.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall())
    db.close()
    for name in ("regions", "districts"):
        rules = xml.fromstring(styles[name]).findall(".//rules/rule")
        filters = [rule.get("filter", "") for rule in rules]
        assert "IS NULL" in filters[0]
        values = gpd.read_file(written / "results.gpkg", layer=name)["viability_weighted"].dropna()
        for value in values:
            assert sum(holds(one, value) for one in filters[1:]) == 1, "each value has one colour"


def holds(condition: str, value: float) -> bool:
    parts = condition.replace('"viability_weighted"', "").split(" AND ")
    tests = {">=": lambda a, b: a >= b, "<": lambda a, b: a < b}
    return all(tests[part.split()[0]](value, float(part.split()[1])) for part in parts)


def test_workbook_and_csv_hold_every_table(result: Result, written: Path) -> None:
    w, book = words("en"), openpyxl.load_workbook(written / "tables.xlsx")
    for name, table in result.tables.items():
        sheet = book[w.get(f"layer.{name}", name)]
        assert sheet.max_row == len(table) + 1
        made = pd.read_csv(written / "tables" / f"{name}.csv", encoding="utf-8-sig")
        assert len(made) == len(table)
        assert (written / "tables" / f"{name}_excel.csv").is_file()


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_headings_and_pictures_in_each_language(result: Result, tmp_path: Path, language: str) -> None:
    study = read_study(write_planned(tmp_path / "study", language))
    out = write_outputs(compute(study), tmp_path / "out")
    book = openpyxl.load_workbook(out / "tables.xlsx")
    w, own = words(language), {"product_per_head", "change", "code"}
    for name in ("regions", "districts", "towns", "support", "satellites", "disparity", "ranking", "typology"):
        headings = {str(cell.value) for cell in book[w[f"layer.{name}"]][1]} - own
        assert not [heading for heading in headings if "_" in heading]
    for name in ("lorenz", "ranking"):
        xml.parse(out / f"{name}.svg")
    if language == "en":
        again = write_outputs(result, tmp_path / "again")
        assert (again / "ranking.svg").read_bytes() == (out / "ranking.svg").read_bytes()


def test_the_demonstration_has_the_tables(tmp_path: Path) -> None:
    made = compute(read_study(demonstration()))
    regions = made.tables["regions"]
    assert len(regions) == 17 + 3 + 1
    assert regions.iloc[:-1]["settlements"].sum() == regions.iloc[-1]["settlements"] == len(made.settlements)
    for name in POTENTIALS:
        assert regions.iloc[:-1][f"settlements_{name}"].sum() == (made.settlements["potential"] == name).sum()
    assert {"towns", "town_criteria", "disparity", "lorenz", "ranking", "support", "satellites"} <= made.tables.keys()
    # The demonstration knows one criterion of four: no town can be called depressed, and none be cleared.
    assert set(made.tables["towns"]["depressed"]) == {"unknown"}
    assert made.tables["towns"]["population"].max() <= 50_000
    out = write_outputs(made, tmp_path / "out")
    assert (out / "lorenz.svg").is_file()


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_planned(tmp_path_factory.mktemp("good")).parent


def replace(file: str, old: str, new: str) -> Spoil:
    def spoil(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return spoil


def types_without_a_pair(folder: Path) -> None:
    (folder / "types.csv").write_text("remoteness,potential,type\nnear,high,good\nnear,best,x\n", encoding="utf-8")
    replace("study.toml", "[towns]", '[typology]\ntable = "types.csv"\n[towns]')(folder)


BAD: dict[str, tuple[Spoil, list[str]]] = {
    "regional: no key": (replace("regional.csv", "region,", "oblast,"), ["regional.csv", "column missing", "oblast"]),
    "regional: a column that is not there": (
        replace("study.toml", '"product_per_head"', '"product_per_hed"'),
        ["product_per_hed", "did you mean product_per_head"],
    ),
    "regional: not a number": (replace("regional.csv", "2000", "much"), ["row 1", "value much", "product_per_head"]),
    "regional: negative": (replace("regional.csv", "500", "-500"), ["row 2", "must be 0 or more"]),
    "regional: a region twice": (replace("regional.csv", "East", "West"), ["region twice", "row 1, 2"]),
    "regional: a branch above its whole": (replace("regional.csv", "30,100", "130,100"), ["more than its whole"]),
    "regional: no file": (replace("study.toml", "regional.csv", "regionl.csv"), ["regionl.csv", "no such file"]),
    "regional: no columns": (
        replace("study.toml", 'values = ["product_per_head"]\namounts = ["farms", "mines"]\nwhole = "workers"\n', ""),
        ["name columns of it in regional.values"],
    ),
    "regional: neither table nor layer": (
        lambda folder: [
            replace("study.toml", 'path = "regional.csv"\n', "")(folder),
            replace("study.toml", '[regions]\npath = "regions.geojson"\n', "")(folder),
        ],
        ["regional needs a path, or a layer of regions"],
    ),
    "criteria: comparison": (replace("criteria.csv", "above,30", "more,30"), ["row far", "value more", "at_least"]),
    "criteria: limit": (replace("criteria.csv", "below,0", "below,zero"), ["row shrinking", "value zero"]),
    "criteria: points": (replace("criteria.csv", "30,1", "30,0"), ["row far", "points above 0"]),
    "criteria: text": (replace("criteria.csv", "change", "tier"), ["criterion shrinking", "must hold numbers"]),
    "typology: pairs": (types_without_a_pair, ["types.csv", "near and best", "no type is named for these pairs"]),
    "typology: class": (
        replace("study.toml", "[towns]", '[typology]\nnear = ["nearby"]\n[towns]'),
        ["typology.near", "no class of remoteness is called 'nearby'"],
    ),
    "regions: no column": (replace("regions.geojson", '"region"', '"name"'), ["regions.geojson", "set columns.region"]),
    "districts: no column": (replace("districts.geojson", '"code"', '"cod"'), ["set columns.district"]),
    "districts: a blank name": (replace("districts.geojson", '"12"', '" "'), ["the district's name is blank", "row 2"]),
    "disparity: no such column": (
        replace("study.toml", "[towns]", '[planning]\ndisparity = ["income"]\n[towns]'),
        ["income", "planning.disparity"],
    ),
    "disparity: text": (
        replace("study.toml", "[towns]", '[planning]\ndisparity = ["name"]\n[towns]'),
        ["must hold numbers"],
    ),
}


def read_and_compute(path: Path) -> None:
    """Read, and compute only what can be read: most faults are seen at the door."""
    study = read_study(path)
    read_inputs(study)
    compute(study)


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_by_name(case: str, good: Path, tmp_path: Path) -> None:
    spoil, said = BAD[case]
    folder = Path(shutil.copytree(good, tmp_path / "country"))
    spoil(folder)
    with pytest.raises(InputError) as caught:
        read_and_compute(folder / "study.toml")
    for words_of_it in said:
        assert words_of_it in str(caught.value)


def test_regions_that_do_not_match_are_warned_of(good: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "country"))
    replace("regional.csv", "East", "Eest")(folder)
    replace("regions.geojson", '"West"', '"Vest"')(folder)
    findings = {finding.code: finding for finding in read_inputs(read_study(folder / "study.toml")).findings}
    assert "did you mean Eest" in findings["region-without-figures"].message
    assert findings["unknown-region"].value == "Eest"
    assert findings["region-without-polygon"].value == "West"
    assert findings["region-without-polygon"].count == 3


def test_figures_of_the_layer_of_regions_and_a_blank_one(good: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "country"))
    layer = gpd.read_file(folder / "regions.geojson")
    layer.assign(product_per_head=[7.0, None, 3.0]).to_file(folder / "regions.geojson")
    replace("study.toml", 'path = "regional.csv"\n', "")(folder)
    replace("study.toml", 'amounts = ["farms", "mines"]\nwhole = "workers"\n', "")(folder)
    made = compute(read_study(folder / "study.toml"))
    row = (
        made.tables["disparity"]
        .set_index(["column", "among", "weighting"])
        .loc[("product_per_head", "regions", "plain")]
    )
    assert (row["rows"], row["left_out"], row["largest"]) == (1, 1, 7.0)
    assert made.areas["regions"].set_index("region")["product_per_head"].isna().tolist() == [False, True, False]


def test_parts_of_a_region_are_joined(good: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "country"))
    replace("regions.geojson", '"Empty"', '"East"')(folder)
    made = compute(read_study(folder / "study.toml"))
    assert made.areas["regions"]["region"].tolist() == ["West", "East"]
    assert made.areas["regions"].set_index("region").loc["East", "settlements"] == 3
    assert "joined-parts" in {finding.code for finding in made.record.findings}
