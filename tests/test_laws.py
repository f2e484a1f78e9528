"""Laws of the whole run: what must not change the answer, and what may change it in one direction only.

Each test writes a small invented country to files, runs it, changes one thing, and runs it again.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import gis.pipeline
from gis.inputs import read_inputs
from gis.pipeline import Result, compute
from gis.study import make_study

SEEDS = [0, 1]
TIERS = [{"name": "city", "population_min": 50_000}, {"name": "town", "population_min": 5_000}]
INDICATORS = [
    {"name": "far", "block": "access", "column": "travel_time_city_min", "direction": -1, "weight": 2},
    {"name": "near_road", "block": "access", "column": "access_min", "direction": -1},
    {"name": "schools", "block": "services", "column": "schools", "direction": 1},
    {"name": "people", "block": "population", "column": "population", "direction": 1, "transform": "log"},
]


def _country(seed: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Settlements and roads: a broken street grid with islands, one-way streets and villages on and off it."""
    rng = np.random.default_rng(seed)
    place = {
        (i, j): (67 + 0.25 * i + rng.normal(0, 0.04), 49 + 0.2 * j + rng.normal(0, 0.03))
        for i in range(8)
        for j in range(5)
    }
    lines = []
    for i, j in place:
        for to in ((i + 1, j), (i, j + 1)):
            if to in place and rng.uniform() < 0.65:
                bend = (np.array(place[i, j]) + place[to]) / 2 + rng.normal(0, 0.01, 2)
                lines.append(shapely.LineString([place[i, j], bend, place[to]][:: rng.choice([1, -1])]))
    n = len(lines)
    roads = gpd.GeoDataFrame(
        {
            "road_class": rng.choice(["trunk", "secondary", "unclassified"], n),
            "surface": rng.choice(["asphalt", "gravel", None], n),
            "oneway": rng.choice(["no", "no", "no", "no", "yes", "-1"], n),
        },
        geometry=lines,
        crs="EPSG:4326",
    )
    m = 24
    spots = [lines[rng.integers(0, n)].interpolate(rng.uniform(), normalized=True) for _ in range(m)]
    off = rng.normal(0, 0.03, (m, 2)) * (np.arange(m) % 3 > 0)[:, None]
    points = shapely.points(shapely.get_coordinates(np.array(spots)) + off)
    # Corners, so that what is added or changed inside does not move the study area.
    corners = shapely.points([[66.9, 48.9], [68.9, 49.9]])
    people = np.round(np.exp(rng.uniform(3, 8.4, m)))
    people[[0, 5]], people[[1, 6, 9]] = 80_000, 9_000
    places = gpd.GeoDataFrame(
        {
            "settlement_id": [f"s{k:02d}" for k in range(m + 2)],
            "name": [f"Village {k}" for k in range(m + 2)],
            "population": np.r_[people, 50.0, 60.0],
            "schools": rng.integers(0, 6, m + 2).astype(float),
        },
        geometry=[*points, *corners],
        crs="EPSG:4326",
    )
    return places, roads


def _run(folder: Path, places: gpd.GeoDataFrame, lines: gpd.GeoDataFrame | None, **keys: Any) -> Result:
    folder.mkdir(exist_ok=True)
    places.to_file(folder / "places.gpkg")
    data: dict[str, Any] = {
        "settlements": {"path": "places.gpkg"},
        "tiers": TIERS,
        "indicators": INDICATORS,
        "grid": {"cell_km": 8, "margin_km": 10},
    }
    if lines is not None:
        lines.to_file(folder / "roads.gpkg")
        data["roads"] = {"path": "roads.gpkg", "over_land_max_km": 40, **keys.pop("roads", {})}
    return compute(make_study(data | keys, folder=folder))


def _minutes(result: Result) -> pd.DataFrame:
    return result.settlements.filter(regex=r"^travel_time_.*_min$").sort_index()


def _numbers(result: Result) -> pd.DataFrame:
    exact = r"^(access|travel_time|distance|contribution)_.*|^remoteness$|^viability(_missing)?$|^population$"
    return result.settlements.filter(regex=exact).sort_index()


def _assert_same(one: Result, other: Result, *, rtol: float, atol: float = 1e-6, surfaces: bool = True) -> None:
    a, b = _numbers(one), _numbers(other)
    pd.testing.assert_frame_equal(a, b, rtol=rtol, atol=atol)
    for column in ("centre_city", "centre_town", "potential", "remoteness_class", "reachable"):
        pd.testing.assert_series_equal(one.settlements[column].sort_index(), other.settlements[column].sort_index())
    for key in one.travel_time if surfaces else ():  # kept as float32
        np.testing.assert_allclose(one.travel_time[key], other.travel_time[key], rtol=max(rtol, 1e-6), atol=1e-6)
    for tier in one.distance if surfaces else ():
        np.testing.assert_allclose(one.distance[tier], other.distance[tier], rtol=rtol, atol=1e-6)


@pytest.fixture(scope="module", params=SEEDS)
def country(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """An invented country, and what came of it."""
    places, roads = _country(request.param)
    return places, roads, _run(tmp_path_factory.mktemp("law"), places, roads)


Country = tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, Result]


def test_the_invented_countries_have_what_the_laws_are_about(country: Country) -> None:
    _, _, result = country
    assert {"at_centre", "by_road"} <= set(result.journeys["mode"])
    assert result.roads is not None
    assert (result.roads["oneway"] != 0).any()
    assert (result.settlements["access_km"] == 0).any()
    assert (result.settlements["access_km"] > 2).any()
    assert result.settlements["viability"].nunique() > 10


def test_a_new_centre_never_adds_minutes(country: Country, tmp_path: Path) -> None:
    places, roads, before = country
    rng = np.random.default_rng(1)
    old = _minutes(before)
    for k, population in zip(rng.choice(len(places), 4, replace=False), [60_000, 60_000, 6_000, 6_000], strict=True):
        more = places.copy()
        more.loc[k, "population"] = max(population, more.loc[k, "population"])
        after = _run(tmp_path / f"{k}", more, roads)
        new = _minutes(after)
        assert (new <= old * (1 + 1e-9) + 1e-9).all(axis=None)
        for key, surface in before.travel_time.items():
            assert (after.travel_time[key] <= surface * (1 + 1e-6) + 1e-9).all()
        for name in ("city", "town"):
            assert (after.distance[name] <= before.distance[name] + 2e-7).all()  # kilometres; each is within 0.1 mm
        if population > places.loc[k, "population"]:
            tier = "city" if population == 60_000 else "town"
            assert new.loc[places.loc[k, "settlement_id"], f"travel_time_{tier}_min"] == 0


def test_a_new_settlement_that_is_a_centre_never_adds_minutes(country: Country, tmp_path: Path) -> None:
    places, roads, before = country
    added = gpd.GeoDataFrame(
        {"settlement_id": ["new"], "name": ["New"], "population": [70_000.0], "schools": [1.0]},
        geometry=[shapely.Point(67.9, 49.45)],
        crs="EPSG:4326",
    )
    new = _minutes(_run(tmp_path, pd.concat([places, added], ignore_index=True), roads)).drop("new")
    assert (new <= _minutes(before) * (1 + 1e-6) + 1e-6).all(axis=None)


def test_shuffling_the_rows_changes_nothing(country: Country, tmp_path: Path) -> None:
    places, roads, before = country
    rng = np.random.default_rng(2)
    shuffled = (frame.iloc[rng.permutation(len(frame))].reset_index(drop=True) for frame in (places, roads))
    after = _run(tmp_path, *shuffled)
    _assert_same(before, after, rtol=1e-9)
    assert after.settlements.index.tolist() != before.settlements.index.tolist()  # the order is the caller's


def test_reversing_lines_changes_nothing(country: Country, tmp_path: Path) -> None:
    places, roads, before = country
    turned = roads.copy()
    turned["geometry"] = turned.geometry.reverse()
    turned["oneway"] = turned["oneway"].replace({"yes": "-1", "-1": "yes"})
    _assert_same(before, _run(tmp_path, places, turned), rtol=1e-9)


def _split(roads: gpd.GeoDataFrame, seed: int) -> gpd.GeoDataFrame:
    """Every second road in two: one that gains a vertex within a segment, and is cut there."""
    rng = np.random.default_rng(seed)
    rows = []
    for k, row in enumerate(roads.to_dict("records")):
        xy = shapely.get_coordinates(row["geometry"])
        if k % 2:
            rows.append(row)
            continue
        at = int(rng.integers(0, len(xy) - 1))
        new = xy[at] + (xy[at + 1] - xy[at]) * rng.uniform(0.1, 0.9)
        rows.append(row | {"geometry": shapely.LineString([*xy[: at + 1], new])})
        rows.append(row | {"geometry": shapely.LineString([new, *xy[at + 1 :]])})
    return gpd.GeoDataFrame(rows, crs=roads.crs)


def test_splitting_roads_changes_nothing(country: Country, tmp_path: Path) -> None:
    places, roads, before = country
    after = _run(tmp_path, places, _split(roads, 3))
    # A vertex more on a line that is straight in degrees changes its geodesic length by a millionth, and its course
    # in the plane of snapping by centimetres.
    _assert_same(before, after, rtol=1e-4, atol=1e-3, surfaces=False)
    for key, surface in before.travel_time.items():
        np.testing.assert_allclose(after.travel_time[key], surface, rtol=1e-3, atol=0.01)


def test_joining_roads_at_crossings_changes_nothing_where_all_share_their_vertices(
    country: Country, tmp_path: Path
) -> None:
    places, roads, before = country
    _assert_same(before, _run(tmp_path, places, roads, roads={"noding": "crossings"}), rtol=1e-9)


def test_reprojecting_the_inputs_to_pulkovo_1942_changes_minutes_by_less_than_half_a_percent(
    country: Country, tmp_path: Path
) -> None:
    places, roads, before = country
    box = gpd.GeoDataFrame(geometry=[shapely.box(66.5, 48.5, 69.5, 50.5).segmentize(0.05)], crs="EPSG:4326")
    minutes = []
    for name, crs in (("degrees", "EPSG:4326"), ("pulkovo", "EPSG:28412")):
        folder = tmp_path / name
        folder.mkdir()
        box.to_crs(crs).to_file(folder / "box.gpkg")
        result = _run(folder, places.to_crs(crs), roads.to_crs(crs), boundary={"path": "box.gpkg"})
        minutes.append(_minutes(result))
        assert result.settlements.crs == "EPSG:4326"
    assert (np.isinf(minutes[0]) == np.isinf(minutes[1])).all(axis=None)
    np.testing.assert_allclose(minutes[1], minutes[0], rtol=0.005, atol=0.02)
    np.testing.assert_allclose(minutes[0], _minutes(before))


@pytest.mark.parametrize("column", ["schools", "population"])
def test_raising_an_indicator_of_a_settlement_never_lowers_its_viability(
    country: Country, tmp_path: Path, column: str
) -> None:
    places, roads, before = country
    for k in (3, 10):  # neither is a centre, and population stays below that of one
        more = places.copy()
        more.loc[k, column] = more.loc[k, column] + (50 if column == "schools" else 100)
        assert more.loc[k, "population"] < 5_000
        who = more.loc[k, "settlement_id"]
        after = _run(tmp_path / f"{column}{k}", more, roads)
        assert after.settlements.loc[who, "viability"] >= before.settlements.loc[who, "viability"] - 1e-9


def test_doubling_every_speed_halves_the_minutes_and_keeps_the_ways(country: Country, tmp_path: Path) -> None:
    places, roads, before = country
    assert before.inputs.speeds is not None
    fast = before.inputs.speeds.assign(speed_kph=before.inputs.speeds["speed_kph"] * 2)
    fast.rename_axis("road_class").to_csv(tmp_path / "speeds.csv")
    after = _run(tmp_path, places, roads, roads={"speeds": "speeds.csv", "near_kph": 40.0, "over_land_kph": 20.0})
    np.testing.assert_allclose(_minutes(after) * 2, _minutes(before), rtol=1e-12)
    for tier in ("city", "town"):
        km = f"distance_{tier}_km"
        np.testing.assert_allclose(after.settlements[km], before.settlements[km], rtol=1e-9)
    for key, surface in before.travel_time.items():
        np.testing.assert_allclose(after.travel_time[key] * 2, surface, rtol=1e-6)


def test_the_surface_agrees_with_the_settlements_on_it(country: Country) -> None:
    _, _, result = country
    points = result.settlements.geometry.to_crs(result.grid.crs)
    row, column = result.grid.cells(points.x, points.y)
    for (tier, _), surface in result.travel_time.items():
        there, own = surface[row, column], result.settlements[f"travel_time_{tier}_min"].to_numpy()
        assert (there <= own * (1 + 1e-6) + 1e-9).all()  # a cell has the least of its roads and settlements
        np.testing.assert_array_equal(np.isnan(surface), np.isnan(result.distance[tier]))


@pytest.mark.parametrize("season", ["winter", "year"])
def test_a_slower_season_never_takes_minutes_away(country: Country, tmp_path: Path, season: str) -> None:
    places, roads, _ = country
    seasons = [{"name": "year"}, {"name": "winter", "months": [1, 2], "paved": 0.8, "unpaved": 0.5}]
    if season == "year":
        seasons = seasons[::-1]
    columns = _minutes(_run(tmp_path, places, roads, seasons=seasons))
    for tier in ("city", "town"):
        first, second = columns[f"travel_time_{tier}_min"], columns[f"travel_time_{tier}_{season}_min"]
        slow, quick = (second, first) if season == "winter" else (first, second)
        assert (slow >= quick - 1e-9).all()


def test_a_run_changes_none_of_its_inputs(country: Country, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places, roads, _ = country
    handed: list[Any] = []

    def remember(study: Any) -> Any:
        handed.extend([read_inputs(study), read_inputs(study)])
        return handed[0]

    monkeypatch.setattr(gis.pipeline, "read_inputs", remember)
    _run(tmp_path, places, roads)
    used, fresh = handed
    for name in ("settlements", "roads", "speeds", "surfaces", "indicators", "classes"):
        pd.testing.assert_frame_equal(pd.DataFrame(getattr(used, name)), pd.DataFrame(getattr(fresh, name)))
    assert used.tiers == fresh.tiers
    assert used.block_weights == fresh.block_weights


def test_two_runs_are_one(country: Country, tmp_path: Path) -> None:
    places, roads, before = country
    after = _run(tmp_path, places, roads)
    pd.testing.assert_frame_equal(pd.DataFrame(after.settlements), pd.DataFrame(before.settlements))
    pd.testing.assert_frame_equal(after.journeys, before.journeys)


Change = Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]


@pytest.mark.parametrize(
    "change",
    [
        lambda places: places.iloc[::-1].reset_index(drop=True),
        lambda places: places.to_crs("EPSG:28412"),
    ],
    ids=["order", "pulkovo"],
)
def test_the_laws_hold_for_settlements_alone(tmp_path: Path, change: Change) -> None:
    places, _ = _country(4)
    one = _run(tmp_path / "one", places, None)
    other = _run(tmp_path / "other", change(places), None)
    np.testing.assert_allclose(_minutes(other), _minutes(one), rtol=1e-6, atol=1e-6)
    more = places.copy()
    more.loc[12, "population"] = 90_000
    assert (_minutes(_run(tmp_path / "more", more, None)) <= _minutes(one) + 1e-9).all(axis=None)
