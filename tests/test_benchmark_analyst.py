"""scripts/benchmark_naive.py: what the analyst's script makes is what this project makes of the same numbers."""

import importlib.util
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.kernels.composite import normalise
from gis.kernels.inequality import gini, hoover, max_min_ratio, theil, theil_decomposition, williamson
from gis.kernels.sensitivity import rank_of
from gis.stages.certainty import Classes
from gis.stages.climate import Normals, measures
from gis.stages.improvement import changes_needed
from gis.stages.regions import area_figures
from gis.stages.remoteness import aria_plus
from gis.stages.support import catchments, propose, satellites
from gis.stages.viability import viability

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("networkx", "skimage", "rasterstats", "folium", "matplotlib", "jinja2")
TIERS = ["t1", "t2", "t3", "t4", "t5"]

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED),
    reason=f"the analyst's script needs {', '.join(NEEDED)}",
)


def script(name: str) -> ModuleType:
    sys.path.insert(0, str(ROOT / "scripts"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of rasterstats and folium
        return importlib.import_module(name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("analyst")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of affine
        script("benchmark_study").write_inputs(folder, 2_000)
    command = [sys.executable, str(ROOT / "scripts" / "benchmark_naive.py"), "."]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "naive"


@pytest.fixture(scope="module")
def settlements(made: Path) -> pd.DataFrame:
    return pd.read_csv(made / "settlements.csv", dtype={"settlement_id": str}, encoding="utf-8-sig")


def layer(made: Path, name: str) -> pd.DataFrame:
    return gpd.read_file(made / "results.gpkg", layer=name)


def test_everything_is_written(made: Path) -> None:
    names = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    wanted = {
        "map.html",
        "report.html",
        "tables.xlsx",
        "results.gpkg",
        "travel_time.tif",
        "distance.tif",
        "regions.csv",
    }
    assert wanted <= names
    seconds = json.loads((made / "run.json").read_text("utf-8"))["core_seconds"]
    assert set(seconds) == set(script("benchmark_study").SHARED_STAGES)


def test_remoteness_is_aria_plus_of_its_kilometres(settlements: pd.DataFrame) -> None:
    km = settlements[[f"km_{tier}_summer" for tier in TIERS]]
    ours = aria_plus(km)
    np.testing.assert_allclose(settlements["remoteness"], ours.score, rtol=1e-9)
    assert settlements["remoteness_class"].tolist() == ours.classes.astype(str).tolist()


def test_viability_is_ours_of_the_same_values(settlements: pd.DataFrame, made: Path) -> None:
    indicators = pd.read_csv(made / "indicators.csv", encoding="utf-8-sig").set_index("indicator")
    weights = pd.read_csv(ROOT / "layers" / "presets" / "blocks.csv").set_index("block")["weight"]
    out = viability(settlements, indicators, weights)
    np.testing.assert_allclose(settlements["viability"], out.index, atol=1e-9)
    for name in indicators.index:
        np.testing.assert_allclose(settlements[f"contribution_{name}"], out.contributions[name], atol=1e-9)


def test_classes_are_ours_of_the_same_index(settlements: pd.DataFrame) -> None:
    index, inhabited = settlements["viability"].to_numpy(), settlements["population"].ne(0).to_numpy()
    ours = Classes(inhabited, 1204, 5625, 595).of_draws(index[np.newaxis])[:, 0]
    _, limits = script("benchmark_naive_scores").classes(index, inhabited)
    np.testing.assert_allclose(limits, ours, atol=1e-9)


def test_percentiles_are_ours_of_the_same_scores(made: Path) -> None:
    for _, rows in layer(made, "indicator_values").groupby("indicator"):
        ours = normalise(rows["score"].to_numpy(float), "percentile_rank", ties="average") * 100
        np.testing.assert_allclose(rows["percentile"].to_numpy(float), ours, atol=1e-9)


def test_changes_are_ours_of_the_same_scores(settlements: pd.DataFrame, made: Path) -> None:
    read = {name: pd.read_csv(made / f"{name}.csv", dtype={"settlement_id": str}, encoding="utf-8-sig")
            for name in ("raw", "normalised")}  # fmt: skip
    raw, scores = (read[name].set_index("settlement_id") for name in ("raw", "normalised"))
    indicators = pd.read_csv(made / "indicators.csv", encoding="utf-8-sig").set_index("indicator")
    weights = pd.read_csv(ROOT / "layers" / "presets" / "blocks.csv").set_index("block")["weight"]
    by_id = settlements.set_index("settlement_id")
    limits = {name: by_id.loc[by_id["potential"] == name, "viability"].min() for name in ("high", "medium")}
    ours = changes_needed(raw, scores, indicators, weights, by_id["viability"], by_id["potential"], limits)
    theirs = layer(made, "changes")
    both = ours.merge(theirs, on=["settlement_id", "indicator"], suffixes=("_ours", "_theirs"))
    # Ours leaves the worst of all, whose change moves the scale itself, for a rule of its own.
    worst = indicators["minimum"].where(indicators["direction"] > 0, indicators["maximum"])
    both = both[both["value_ours"] != both["indicator"].map(worst)]
    assert len(both) > 100
    np.testing.assert_allclose(both["needed_theirs"], both["needed_ours"], rtol=1e-6)


def test_measures_of_disparity_are_ours_of_the_same_numbers(settlements: pd.DataFrame, made: Path) -> None:
    table = pd.read_csv(made / "disparity.csv", encoding="utf-8-sig")
    inside = settlements[settlements["region"].notna()]
    people = inside.groupby("region")["population"].sum()
    for row in table.itertuples():
        by_people = row.weighting == "population"
        known = inside[inside["population"] > 0] if by_people else inside
        weights, x, labels = known["population"], known[row.column], known["region"]
        if row.among == "regions":
            amount = (x * weights).groupby(labels).sum() / weights.groupby(labels).sum() if by_people else None
            x = x.groupby(labels).mean() if amount is None else amount
            weights = people[x.index]
        ours, w = x.to_numpy(), weights.to_numpy() if by_people else None
        expected = [gini(ours, w), theil(ours, w), hoover(ours, weights=w), williamson(ours, w)]
        np.testing.assert_allclose([row.gini, row.theil, row.hoover, row.williamson], expected, rtol=1e-9, atol=1e-12)
        if np.isfinite(max_min_ratio(ours)):
            assert row.max_min_ratio == pytest.approx(max_min_ratio(ours))
        if row.among == "settlements":
            parts = theil_decomposition(ours, labels.to_numpy(object), w)
            expected = [parts.between, parts.within]
            np.testing.assert_allclose([row.theil_between, row.theil_within], expected, rtol=1e-6, atol=1e-12)


def test_figures_of_regions_are_ours_of_the_same_settlements(settlements: pd.DataFrame, made: Path) -> None:
    theirs = (
        pd.read_csv(made / "regions.csv", encoding="utf-8-sig").set_index("region").drop("not known", errors="ignore")
    )
    renamed = settlements.rename(columns={f"minutes_{tier}_summer": f"travel_time_{tier}_min" for tier in TIERS})
    ours = area_figures(renamed.assign(rural=True), ["region"], tiers=TIERS, limits_min=[30, 60, 120])
    columns = [column for column in theirs if column in ours]
    assert len(columns) > 40
    expected = ours.loc[theirs.index, columns].astype(float)
    np.testing.assert_allclose(theirs[columns].astype(float), expected, rtol=1e-9)


def test_climate_is_ours_of_the_same_months() -> None:
    rng = np.random.default_rng(3)
    season = np.cos(2 * np.pi * (np.arange(12) - 6.5) / 12)[:, None]
    warmth = rng.uniform(-2, 15, 9) + 17 * season
    rain, lat = rng.uniform(5, 60, (12, 9)), rng.uniform(41, 55, 9)
    theirs = script("benchmark_naive_scores").measures(warmth, rain, lat)
    ours = measures(Normals(temperature=warmth, precipitation=rain, latitude=lat))
    assert set(theirs) <= set(ours)
    for name, values in theirs.items():
        # Thornthwaite's days are as long as the sun is up in the middle of the month: by another series of the sun.
        tolerance = 5e-3 if name in ("pet_thornthwaite_mm", "aridity_unep") else 1e-9
        np.testing.assert_allclose(values, ours[name](), rtol=tolerance, err_msg=name)


def test_each_journey_is_the_sum_of_its_legs(made: Path) -> None:
    routes = layer(made, "routes")
    there = routes[np.isfinite(routes["minutes"])]
    legs = there["parts"].map(json.loads)
    took, rounding = legs.map(lambda found: sum(leg["minutes"] for leg in found)), 0.05 * legs.map(len) + 1e-9
    assert ((took - there["minutes"]).abs() <= rounding).all()
    assert (there["slowest_min"].dropna() <= there["minutes"][there["slowest_min"].notna()] + 1e-9).all()
    assert (there["paved_saves_min"] <= there["minutes"] + 1e-9).all()


def test_routes_lead_from_the_door_to_the_centre(made: Path) -> None:
    places = layer(made, "settlements").set_index("settlement_id").geometry
    routes = layer(made, "routes").dropna(subset="geometry")
    assert len(routes) > 1000
    for end, ids in ((0, routes["settlement_id"]), (-1, routes["centre_id"])):
        apart = shapely.distance(shapely.get_point(routes.geometry.array, end), places[ids].array)
        assert apart.max() < 1e-3


def test_minutes_are_those_of_a_walk_along_the_tree() -> None:
    roads = script("benchmark_naive_roads")
    lines = [[(0, 0), (1000, 0)], [(1000, 0), (2000, 0)], [(2000, 0), (2000, 3000)], [(0, 0), (2000, 3000)]]
    table = gpd.GeoDataFrame(
        {"oneway": ["no", "no", "yes", "no"]}, geometry=[*map(shapely.LineString, lines)], crs=roads.CRS
    )
    minutes = np.array([1.0, 2.0, 3.0, 50.0])
    net = roads.road_net(table.assign(minutes_summer=minutes))
    start, centre = net.ends[0, 0], net.ends[2, 1]
    tree = roads.search(net, minutes, np.array([centre]), np.array([0.5]))
    assert tree.minutes[start] == 6.5
    total, root = roads.summed(tree, minutes[net.ways["row"]])
    assert (total[start], root[start]) == (6.0, centre)
    back = roads.search(net, minutes, np.array([start]), np.array([0.0]))
    assert back.minutes[centre] == 50.0  # the third road is one-way


def test_roads_that_stand_apart_are_linked_by_the_shortest_way() -> None:
    roads = script("benchmark_naive_roads")
    lines = [(0, 0), (1000, 0)], [(1000, 0), (2000, 0)], [(2000, 500), (2000, 900)]
    shapes = [shapely.LineString(line) for line in lines]
    columns = {"road_class": "trunk", "oneway": "no", "paved": True, "length_m": [1000.0, 1000.0, 400.0]}
    link = roads.joined(gpd.GeoDataFrame(columns, geometry=shapes, crs=roads.CRS)).iloc[3:]
    assert link["length_m"].tolist() == [500.0]
    assert link["minutes_winter"].tolist() == [500 / 1000 / roads.WALK_KPH * 60]
    assert link.geometry.iloc[0].equals(shapely.LineString([(2000, 500), (2000, 0)]))


def test_draws_are_the_published_index_where_nothing_moves(settlements: pd.DataFrame) -> None:
    scores = script("benchmark_naive_scores")
    rules = scores.Rules.of(settlements)
    table = rules.scores(rules.values(settlements))
    km = {
        season: {tier: settlements[f"km_{tier}_{season}"].to_numpy() for tier in TIERS}
        for season in ("summer", "winter")
    }
    drawn = scores.alternatives_of(settlements, rules, table, km, [])
    np.testing.assert_allclose(drawn.published, settlements["viability"], atol=1e-9)
    columns = [f"probability_{name}" for name in ("high", "medium", "low")]
    np.testing.assert_allclose(settlements[columns].sum(axis=1), 1.0, atol=1e-9)
    assert (settlements["rank_p05"] <= settlements["rank_p95"]).all()
    assert (settlements["rank_p95"] <= len(settlements)).all()
    assert rank_of(drawn.published).max() <= len(settlements)


def test_support_villages_are_ours_of_the_same_pairs() -> None:
    rng = np.random.default_rng(8)
    ids = pd.Index([f"s{i}" for i in range(40)])
    people = pd.Series(rng.permutation(np.arange(500, 4500, 100)).astype(float), ids)
    pairs = pd.DataFrame({"from_id": rng.choice(ids, 200), "to_id": rng.choice(ids[:12], 200)})
    pairs["minutes"] = rng.permutation(np.arange(200)) / 4 + 1
    own = pd.DataFrame({"from_id": ids[:12], "to_id": ids[:12], "minutes": 0.0})
    pairs = pd.concat([own, pairs]).sort_values(["from_id", "minutes"]).drop_duplicates(["from_id", "to_id"])
    pairs["order"] = ids.get_indexer(pairs["from_id"])
    pairs = pairs.sort_values(["order", "minutes"], ignore_index=True)
    table = pd.DataFrame({"settlement_id": ids, "name": ids, "region": "r", "population": people.to_numpy()})
    theirs = script("benchmark_naive_planner").support(table, pairs)
    as_ours = pairs.rename(columns={"minutes": "travel_time_min"})
    proposed = propose(as_ours, people, ids[:12], share=0.9)
    chosen = theirs["support"].dropna(subset="rank").sort_values("rank")
    assert chosen["settlement_id"].tolist() == proposed.index.tolist()
    np.testing.assert_allclose(chosen["share_served"], proposed["share_served"])
    within = catchments(as_ours, people, ids[:12])
    counted = theirs["support"].set_index("settlement_id").loc[ids[:12], list(within)]
    np.testing.assert_allclose(counted.astype(float), within.astype(float))
    nearest = satellites(as_ours, proposed.index, people)["support_id"]
    assert theirs["satellites"].set_index("settlement_id")["to_id"].dropna().to_dict() == nearest.dropna().to_dict()
