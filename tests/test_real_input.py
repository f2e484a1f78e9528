"""Real input, from beginning to end: two OpenStreetMap extracts, and every settlement of Kazakhstan."""

import json
import math
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from pyproj import Geod
from study_tools import ROOT, SHARED, call, contents, spawn

from gis.study import Study, read_study

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason=f"no shared data at {SHARED}")

KAZAKHSTAN = SHARED / "kazakhstan"
GEOD = Geod(ellps="WGS84")


def run(study: Path) -> gpd.GeoDataFrame:
    """Run a study in a process of its own, print its seconds and memory, return the layer of settlements."""
    begun = time.perf_counter()
    done = spawn("run", study)
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    print(f"{study.parent.name}: {time.perf_counter() - begun:.1f} s, {memory_gib():.2f} GiB at most")
    print(done.out, done.err)
    return gpd.read_file(study.parent / "results" / "results.gpkg", layer="settlements").set_index("settlement_id")


def memory_gib() -> float:
    """The most that any child has used so far; not known on Windows."""
    try:
        import resource
    except ImportError:
        return float("nan")
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20


def geodesic_km(frame: gpd.GeoDataFrame, centre: pd.Series) -> np.ndarray:
    """Geodesic kilometres from each settlement to the settlement that is its centre."""
    here, there = frame.loc[centre.index].geometry, frame.geometry.loc[centre.to_numpy()]
    metres = GEOD.inv(here.x.to_numpy(), here.y.to_numpy(), there.x.to_numpy(), there.y.to_numpy())[2]
    return np.asarray(metres) / 1000


def assert_sane(frame: gpd.GeoDataFrame, study: Study, fastest_kph: float) -> None:
    """What holds of every study, whatever the country."""
    folder = study.resolve(study.outputs.folder)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    with rasterio.open(folder / "travel_time.tif") as raster:
        cell_km = raster.res[0] / 1000
    near_km = study.roads.near_km if study.roads else 0.0
    assert record["counts"]["settlements"] == len(frame)
    assert sum(record["counts"]["by_potential"].values()) == len(frame)
    assert frame.index.is_unique
    for column in ("remoteness", "viability"):
        known = frame[column].dropna()
        assert len(known) > 0
        assert known.between(0, 100).all()
    contributions = frame[[c for c in frame if c.startswith("contribution_")]]
    np.testing.assert_allclose(contributions.sum(axis=1)[frame["viability"].notna()], frame["viability"].dropna())
    for tier in record["tiers"]:
        km, minutes, centre = (frame[c] for c in (f"distance_{tier}_km", f"travel_time_{tier}_min", f"centre_{tier}"))
        there = centre.dropna()
        assert set(there) <= set(frame.index)
        assert (km.isna() == centre.isna()).all()
        # No road is shorter than the geodesic, and none is driven faster than the fastest class. Over land the places
        # within a cell are one: up to its diagonal is not seen at an end of the way there, and of that to a centre.
        off = (frame["access_km"] >= near_km).to_numpy()
        ends = off[frame.index.get_indexer(there.index)].astype(int) + off[frame.index.get_indexer(there)]
        unseen_km = np.where(ends > 0, ends * math.sqrt(2) * cell_km, 0.001)
        assert (km[there.index].to_numpy() >= geodesic_km(frame, there) - unseen_km).all()
        assert (minutes[there.index] >= km[there.index] / fastest_kph * 60 - 1e-6).all()
        assert (minutes[there[there == there.index].index] == 0).all()


@pytest.mark.parametrize(("extract", "centres"), [("liechtenstein", {"town"}), ("almaty_2013", {"city", "town"})])
def test_init_and_run_on_an_extract(tmp_path: Path, extract: str, centres: set[str]) -> None:
    folder = tmp_path / f"{extract} кесінді"
    done = call("init", folder, "--osm", SHARED / "osm" / f"{extract}.osm.pbf")
    assert done.code == 0, done.err
    text = (folder / "study.toml").read_text(encoding="utf-8")
    assert "OpenStreetMap contributors" in text
    study = read_study(folder / "study.toml")
    assert {tier.name for tier in study.tiers or []} == centres
    assert not study.settlements.path.is_absolute(), "a folder that is moved with its data still runs"
    if extract == "almaty_2013":
        climate = "".join(
            f'[climate.{name}]\npath = "{(KAZAKHSTAN / f"annual_{file}_10min.tif").as_posix()}"\n'
            for name, file in (("temperature", "mean_temperature"), ("precipitation", "precipitation"))
        )
        (folder / "study.toml").write_text(text + climate, encoding="utf-8")
    frame = run(folder / "study.toml")
    # A street of the fastest class that the presets know, or the fastest sign there is.
    assert_sane(frame, study, fastest_kph=130)
    counted = gpd.read_file(SHARED / "osm" / f"{extract}.osm.pbf", layer="points")
    named = counted[counted["place"].isin(["city", "town", "village"])]
    assert set("n" + named["osm_id"]) <= set(frame.index)
    assert frame["reachable"].mean() > 0.9
    if extract == "almaty_2013":
        almaty = frame[frame["name"] == "Алматы"].iloc[0]
        assert almaty["travel_time_city_min"] == 0
        # The city's long-term mean is about 10 C and 650 mm; a cell of 10 minutes holds some of the mountains too.
        assert 4 < almaty["temperature_mean_c"] < 13
        assert 300 < almaty["precipitation_mm"] < 1000


@pytest.fixture(scope="module")
def kazakhstan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All settlements of the country with the demonstration's roads and real climate rasters, run once."""
    folder = tmp_path_factory.mktemp("kazakhstan")
    (folder / "study.toml").write_text(
        f"""
title = "Every settlement of Kazakhstan"
language = "ru"
[settlements]
path = "{(KAZAKHSTAN / "settlements.csv").as_posix()}"
[settlements.columns]
settlement_id = "wof_id"
name_en = "name"
name_ru = "name_rus"
name_kk = "name_kaz"
region = "ADM1_EN"
[roads]
path = "{(ROOT / "layers" / "kazakhstan" / "roads.geojson").as_posix()}"
over_land_max_km = 300
[climate.temperature]
path = "{(KAZAKHSTAN / "monthly_temperature_2p5deg.tif").as_posix()}"
[climate.precipitation]
path = "{(KAZAKHSTAN / "annual_precipitation_10min.tif").as_posix()}"
""",
        encoding="utf-8",
    )
    run(folder / "study.toml")
    return folder


@pytest.fixture(scope="module")
def scored(kazakhstan: Path) -> gpd.GeoDataFrame:
    path = kazakhstan / "results" / "results.gpkg"
    return gpd.read_file(path, layer="settlements").set_index("settlement_id")


@pytest.fixture(scope="module")
def given() -> pd.DataFrame:
    return pd.read_csv(KAZAKHSTAN / "settlements.csv", dtype={"wof_id": str}).set_index("wof_id")


def test_every_settlement_of_the_country_is_there(scored: gpd.GeoDataFrame, given: pd.DataFrame) -> None:
    assert len(scored) == len(given) == 11_736
    assert set(scored.index) == set(given.index)
    assert scored["population"].notna().sum() == given["population"].notna().sum() == 342
    same = given.loc[scored.index]
    np.testing.assert_allclose(scored.geometry.x, same["lon"], atol=1e-6)
    np.testing.assert_allclose(scored.geometry.y, same["lat"], atol=1e-6)
    assert (scored["name_kk"].fillna("") == same["name_kaz"].fillna("").str.strip()).mean() > 0.99


def test_the_country_is_sane(scored: gpd.GeoDataFrame, kazakhstan: Path) -> None:
    assert_sane(scored, read_study(kazakhstan / "study.toml"), fastest_kph=90)
    assert scored["reachable"].mean() > 0.95
    assert scored["viability"].notna().all()
    assert (scored["potential"] != "uninhabited").sum() == (scored["population"] != 0).sum()


def test_no_centre_that_is_nearer_on_the_map_is_ten_times_farther_by_road(scored: gpd.GeoDataFrame) -> None:
    """The nearest centre by road may be another than the nearest on the map, but rarely by much."""
    tier = next(c[len("centre_") :] for c in scored if c.startswith("centre_"))
    reached = scored[f"centre_{tier}"].dropna()
    ratio = scored.loc[reached.index, f"distance_{tier}_km"] / np.maximum(geodesic_km(scored, reached), 1)
    assert 1 < ratio[ratio > 1.001].median() < 1.6
    assert (ratio < 10).mean() > 0.99


def test_almaty_is_its_own_centre_and_its_neighbours_are_near(scored: gpd.GeoDataFrame) -> None:
    almaty = scored[scored["name_en"] == "Almaty"].sort_values("population", ascending=False).iloc[0]
    tiers = [c[len("centre_") :] for c in scored if c.startswith("centre_")]
    for tier in tiers:
        assert almaty[f"centre_{tier}"] == almaty.name
        assert almaty[f"travel_time_{tier}_min"] == 0
    assert almaty["remoteness"] == scored["remoteness"].min()
    near = scored[geodesic_km(scored, pd.Series(almaty.name, index=scored.index)) < 15]
    assert len(near) > 5
    assert (near[f"centre_{tiers[0]}"] == almaty.name).all()
    assert near[f"travel_time_{tiers[0]}_min"].max() < 120
    assert near["remoteness"].max() < scored["remoteness"].quantile(0.5)


def test_climate_agrees_with_the_rasters_read_otherwise(scored: gpd.GeoDataFrame) -> None:
    points = list(zip(scored.geometry.x, scored.geometry.y, strict=True))
    with rasterio.open(KAZAKHSTAN / "annual_precipitation_10min.tif") as file:
        rain = np.ma.concatenate(list(file.sample(points, masked=True))).filled(np.nan)
    known = np.isfinite(rain) & scored["precipitation_mm"].notna().to_numpy()
    assert known.mean() > 0.95
    # Between the centres of cells the program interpolates; the cell itself is what this reads.
    assert np.abs(scored["precipitation_mm"].to_numpy()[known] - rain[known]).mean() < 0.1 * rain[known].mean()
    with rasterio.open(KAZAKHSTAN / "annual_mean_temperature_10min.tif") as file:
        warmth = np.ma.concatenate(list(file.sample(points, masked=True))).filled(np.nan)
    both = np.isfinite(warmth) & scored["temperature_mean_c"].notna().to_numpy()
    # Another source, of another period and of cells fifteen times as wide: they agree on the whole.
    difference = scored["temperature_mean_c"].to_numpy()[both] - warmth[both]
    assert abs(np.median(difference)) < 3
    assert np.corrcoef(scored["temperature_mean_c"].to_numpy()[both], warmth[both])[0, 1] > 0.8


def test_the_north_needs_more_heating_than_the_south(scored: gpd.GeoDataFrame) -> None:
    north, south = scored.geometry.y > 52, scored.geometry.y < 43
    assert scored.loc[north, "heating_degree_days"].median() > 1.3 * scored.loc[south, "heating_degree_days"].median()


def test_a_settlement_of_the_country_can_be_explained(kazakhstan: Path) -> None:
    before = contents(kazakhstan)
    done = call("explain", kazakhstan / "results", "Аягоз")
    assert done.code == 0, done.err
    assert "Аягоз" in done.out.splitlines()[0]
    assert contents(kazakhstan) == before
