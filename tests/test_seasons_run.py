"""Seasons, closures, ferries and ice roads through a whole travel step: laws, cases by hand, bad tables."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod
from study_tools import STUDY, write_country, write_raster

from gis.errors import InputError, StudyError
from gis.inputs import read_inputs
from gis.outputs import write_outputs
from gis.pipeline import compute
from gis.publish.rasters import UNREACHABLE
from gis.read.osm import osm_roads
from gis.record import Record
from gis.steps.surfaces import make_grid, make_land
from gis.steps.travel import levels, travel, travel_columns
from gis.study import make_study

GEOD = Geod(ellps="WGS84")
PLACES = """\
settlement_id,name,population,region,tier,lon,lat
a,City,120000,West,city,70.0,50.0
b,Junction,900,West,village,70.5,50.0
d,Town,7000,East,town,71.0,50.1
e,Track,40,East,village,70.9,50.7
g,Apart town,6000,West,town,69.9,50.3
h,Apart village,200,West,village,70.2,50.3
i,Island,300,East,village,72.6,50.5
j,Shore,100,East,village,71.9,50.41
"""
MAIN = ({"road_class": "primary", "ref": "A-1"}, [[69.9, 50.0], [70.5, 50.0], [71.0, 50.1], [71.5, 50.4]])
TRACK = ({"road_class": "track"}, [[70.5, 50.0], [70.9, 50.7]])
FERRY = ({"road_class": "ferry", "months": "5-10"}, [[71.5, 50.4], [72.3, 50.4]])
ICE = ({"road_class": "ice_road"}, [[71.5, 50.4], [71.9, 50.35], [72.3, 50.4]])
ISLAND = ({"road_class": "tertiary", "ref": "P-7"}, [[72.3, 50.4], [72.6, 50.5]])
APART = ({"road_class": "tertiary"}, [[69.9, 50.3], [70.2, 50.3]])
ROADS = [MAIN, TRACK, FERRY, ISLAND, APART]
MONTHS_C = np.array([-16.0, -14, -7, 6, 14, 19, 21, 18, 12, 4, -6, -13])


def write_roads(path: Path, roads) -> None:
    columns = dict.fromkeys(key for properties, _ in roads for key in properties)
    features = [
        {
            "type": "Feature",
            "properties": {key: properties.get(key) for key in columns},
            "geometry": {"type": "LineString", "coordinates": line},
        }
        for properties, line in roads
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    folder = tmp_path_factory.mktemp("country")
    write_country(folder)
    (folder / "places.csv").write_text(PLACES, encoding="utf-8")
    write_raster(folder / "temperature.tif", MONTHS_C)
    return folder


class Run:
    """A travel step of the small country."""

    def __init__(self, folder: Path, roads=ROADS, closures: str | None = None, **keys):
        write_roads(folder / "roads.geojson", roads)
        data = tomllib.loads(STUDY)
        # The water under the ferry is in no layer: nobody goes as far over land.
        data["roads"] |= {"over_land_max_km": 45, **keys.pop("roads_keys", {})}
        if closures is not None:
            (folder / "closures.csv").write_text("ref,km_from,km_to,months,note\n" + closures, encoding="utf-8")
            data["roads"]["closures"] = "closures.csv"
        if "rules" in keys:
            data["closures"] = keys.pop("rules")
        self.study = make_study({**data, **keys}, folder=folder)
        self.record = Record()
        inputs = read_inputs(self.study)
        places = inputs.settlements.sort_index()
        level = levels(places, inputs, self.record)
        land = make_land(self.study, inputs, make_grid(self.study, places), self.record)
        self.travelled = travel(self.study, inputs, places, level, land, self.record)
        self.columns = travel_columns(inputs, self.travelled, places.index)

    @property
    def table(self):
        return self.travelled.table

    def monthly(self, tier="city"):
        return self.travelled.monthly[tier]

    def codes(self):
        return {finding.code: finding for finding in self.record.findings}


def _rules(**keys):
    return {"rules": keys}


def season(name, months=None, **factors):
    return {"name": name, **({} if months is None else {"months": months}), **factors}


def test_a_study_of_one_season_has_no_columns_of_seasons(country):
    run = Run(country, [MAIN, TRACK, ISLAND, APART])
    assert run.travelled.monthly == {}
    assert not [c for c in run.columns if c.startswith(("months_", "worst_", "seasonality_")) or "worst" in c]


def test_a_season_of_factors_1_equals_the_base_and_is_not_searched_twice(country):
    base = Run(country, [MAIN, TRACK, APART])
    run = Run(country, [MAIN, TRACK, APART], seasons=[season("all"), season("same", [6, 7])])
    for tier in ("city", "town"):
        base_min = base.columns[f"travel_time_{tier}_min"]
        assert (run.columns[f"travel_time_{tier}_same_min"] == base_min).all()
        assert (run.columns[f"travel_time_{tier}_worst_min"] == base_min).all()
        assert (run.columns[f"seasonality_{tier}"].dropna() == 0).all()
        assert run.columns[f"worst_month_{tier}"].isna().all()
    assert run.record.figures["states_of_roads"] == 1
    assert run.travelled.roads[0] is run.travelled.roads[1]


def test_a_tier_without_a_centre_is_unknown_in_every_month(country):
    tiers = [{"name": "port", "values": ["port"]}, {"name": "city", "values": ["city"]}]
    run = Run(country, tiers=tiers)
    assert np.isnan(run.monthly("port")).all()
    assert run.columns[["months_cut_off_port", "worst_month_port", "seasonality_port"]].isna().all(axis=None)
    assert run.travelled.route("b", "port").line is None


def test_a_ferry_runs_in_its_months(country):
    run = Run(country)
    island = run.columns.loc["i"]
    assert island["months_cut_off_city"] == 6
    assert island["travel_time_city_worst_min"] == np.inf
    assert island["worst_month_city"] == 1
    assert island["seasonality_city"] == np.inf
    # The season as a whole takes the months in which the ferry runs.
    assert np.isfinite(island["travel_time_city_min"])
    assert np.isinf(run.monthly()[:, run.columns.index.get_loc("i")]).tolist() == [
        m not in range(5, 11) for m in range(1, 13)
    ]
    assert run.columns.loc["b", "months_cut_off_city"] == 0
    assert run.columns.loc["a", ["months_cut_off_city", "travel_time_city_worst_min"]].tolist() == [0, 0]
    assert run.codes()["closed-in-months"].count == 1
    assert "months-in-no-season" not in run.codes()


def test_nobody_boards_a_ferry_on_the_water(country):
    run = Run(country)
    # The shore village lies 1 km from the ferry's course, and 29 km from its landing.
    assert run.columns.loc["j", "access_km"] > 25


def test_a_season_without_the_ferrys_months_has_no_ferry(country):
    run = Run(country, seasons=[season("summer", [6, 7]), season("winter", [12, 1])])
    assert np.isfinite(run.columns.loc["i", "travel_time_city_min"])
    assert run.columns.loc["i", "travel_time_city_winter_min"] == np.inf
    assert run.columns.loc["i", "months_cut_off_city"] == 2
    found = run.codes()["months-in-no-season"]
    assert found.value == "2, 3, 4, 5, 8, 9, 10, 11"


def test_unpaved_roads_close_in_the_month_after_the_thaw(country):
    run = Run(country, [MAIN, TRACK, APART], **_rules())
    at = run.columns.index.get_loc("e")
    assert np.flatnonzero(np.isinf(run.monthly()[:, at])).tolist() == [3]  # April is the first month above 0
    assert run.columns.loc["e", "worst_month_city"] == 4
    warmer = Run(country, [MAIN, TRACK, APART], **_rules(thaw_c=10.0))
    assert np.flatnonzero(np.isinf(warmer.monthly()[:, at])).tolist() == [4]
    off = Run(country, [MAIN, TRACK, APART], **_rules(unpaved_after_thaw=False))
    assert off.travelled.monthly == {}


def test_an_ice_road_opens_below_its_limit_but_for_one_with_months_of_its_own(country):
    roads = [MAIN, ISLAND, ICE]
    at = Run(country, roads).columns.index.get_loc("i")
    open_ = np.isfinite(Run(country, roads, **_rules()).monthly()[:, at])
    assert (np.flatnonzero(open_) + 1).tolist() == [1, 2, 12]  # -16, -14 and -13
    own = [MAIN, ISLAND, ({**ICE[0], "months": "1-3"}, ICE[1])]
    assert (np.flatnonzero(np.isfinite(Run(country, own, **_rules()).monthly()[:, at])) + 1).tolist() == [1, 2, 3]


def test_lorries_that_stop_are_counted_and_close_nothing(country):
    run = Run(country, [MAIN], **_rules(freight_stops_c=-13.5, unpaved_after_thaw=False, ice_roads=False))
    assert set(run.travelled.roads[0].network.edges["months_freight_stopped"]) == {2}
    assert run.travelled.monthly == {}
    assert "freight-stopped" in run.codes()


def test_months_without_freight_are_those_in_which_lorries_stop_on_the_way(country):
    """By hand: the east is below the limit in January and February, the far east also in December."""
    values = np.broadcast_to(MONTHS_C[:, None, None], (12, 8, 10)).astype("float32").copy()
    values[:2, :, 5:] = -60.0  # from 70.5 E
    values[11, :, 7:] = -60.0  # from 71.5 E
    with rasterio.open(country / "temperature.tif") as plain:
        profile = plain.profile
    with rasterio.open(country / "east.tif", "w", **profile) as file:
        file.write(values)
    climate = {"temperature": {"path": "east.tif"}}
    run = Run(country, [MAIN, TRACK, FERRY, ISLAND, APART], climate=climate, **_rules(unpaved_after_thaw=False))
    count = run.columns["months_without_freight_city"]
    assert count.drop("g").to_dict() == {"a": 0, "b": 0, "d": 2, "e": 2, "h": 0, "i": 3, "j": 2}
    town = run.columns["months_without_freight_town"]
    assert town["d"] == town["g"] == 0
    noted = {(one.value, one.count) for one in run.record.findings if one.code == "without-freight"}
    assert noted == {("city", 4), ("town", int((town > 0).sum()))}
    # Without lorries that stop anywhere there is nothing to say.
    assert not [c for c in Run(country, **_rules()).columns if "freight" in c]
    made = list(run.columns)
    assert [c for c in made if c.startswith("months_without_freight")] == [
        "months_without_freight_city",
        "months_without_freight_town",
    ]


def test_opening_an_ice_road_never_adds_minutes(country):
    before, after = Run(country, **_rules()), Run(country, [*ROADS, ICE], **_rules())
    for tier in ("city", "town"):
        assert (after.monthly(tier) <= before.monthly(tier) + 1e-9).all()
    at = before.columns.index.get_loc("i")
    assert (np.isinf(before.monthly()[:, at]) & np.isfinite(after.monthly()[:, at])).sum() == 3


TWO = [season("year"), season("slow", [1, 2], paved=0.5)]


@pytest.fixture(scope="module")
def open_year(country):
    return Run(country, seasons=TWO)


SPAN = st.tuples(
    st.sampled_from(["A-1", "a1", "P-7"]),
    st.floats(0.0, 20.0),
    st.floats(0.5, 90.0),
    st.sets(st.integers(1, 11), min_size=1),  # closed in all months it is no road: who lived on it lives off the roads
)


@settings(max_examples=8, deadline=None)
@example(spans=[("A-1", 0.0, 17.0, set(range(1, 12)))])  # the road at the city itself
@given(spans=st.lists(SPAN, min_size=1, max_size=3))
def test_closing_never_saves_minutes(country, spans, open_year):
    rows = "".join(f'{ref},{a},{a + b},"{",".join(map(str, sorted(months)))}",\n' for ref, a, b, months in spans)
    before, after = open_year, Run(country, closures=rows, seasons=TWO)
    for tier in ("city", "town"):
        # A road that is split at a kilometre post is measured anew: its chords in degrees differ by a few millionths.
        assert (after.monthly(tier) >= before.monthly(tier) * (1 - 1e-5)).all()
        assert (after.columns[f"months_cut_off_{tier}"] >= before.columns[f"months_cut_off_{tier}"]).all()
    untouched = [m for m in range(1, 13) if not any(m in months for *_, months in spans)]
    for m in untouched:
        assert after.monthly()[m - 1] == pytest.approx(before.monthly()[m - 1], rel=1e-5)


def test_splitting_the_spans_of_a_table_changes_nothing(country):
    whole = Run(country, closures='A-1,10,60,"1,2",\n')
    parts = Run(country, closures="A-1,10,25,1-2,\nA-1,25,60,1-2,\nА-1,30,40,1,\n")
    for tier in ("city", "town"):
        assert parts.monthly(tier) == pytest.approx(whole.monthly(tier), rel=1e-5)


@pytest.mark.parametrize("added", [FERRY, ICE, ({"road_class": "primary", "months": "6-8"}, ICE[1])])
def test_a_road_for_a_part_of_the_year_never_adds_minutes(country, added):
    landed = [MAIN, TRACK, ISLAND, APART]
    before = Run(country, landed, seasons=TWO, roads_keys={"over_land_max_km": 100}, **_rules())
    after = Run(country, [*landed, added], seasons=TWO, roads_keys={"over_land_max_km": 100}, **_rules())
    at = before.columns.index.get_loc("i")
    for tier in ("city", "town"):
        assert np.isfinite(before.monthly(tier)[:, at]).all()  # over land, from one part of the roads to the other
        assert (after.monthly(tier) <= before.monthly(tier) * (1 + 1e-9)).all()
    assert (after.monthly()[:, at] < before.monthly()[:, at] - 1).any()


def test_a_published_closure_by_hand(country):
    # The road begins in the west: 20 to 30 km from there lies between the city (7 km) and the junction (43 km).
    run = Run(country, closures='A-1,20,30,"12,1,2",drifts\n')
    km = GEOD.line_length(*zip(*MAIN[1], strict=True)) / 1000
    road = run.record.figures["numbered_roads"]["A1"]
    assert road == {"km": round(km, 1), "begins": [69.9, 50.0]}
    at = run.columns.index.get_loc("b")
    minutes = run.monthly()[:, at]
    by_road = GEOD.inv(70.0, 50.0, 70.5, 50.0)[2] / 1000 / 70 * 60
    assert minutes[2:11] == pytest.approx(by_road)
    assert np.isinf(minutes[[0, 1, 11]]).all()  # who lives on the main network goes by road, or not at all
    edges = run.travelled.roads[0].network.edges
    closed = edges[edges["months_closed"] == 3]
    assert closed["length_m"].sum() == pytest.approx(10_000, abs=1e-3)
    assert edges.loc[edges["ref"] == "A-1", "length_m"].sum() == pytest.approx(km * 1000)


def test_a_month_of_several_seasons_counts_with_the_slowest(country):
    run = Run(country, [MAIN], seasons=[season("year"), season("winter", [1, 12], paved=0.5)])
    at = run.columns.index.get_loc("b")
    slow, fast = run.monthly()[0, at], run.monthly()[5, at]
    assert slow == pytest.approx(2 * fast)
    assert run.columns.loc["b", "seasonality_city"] == pytest.approx(1.0)
    assert run.columns.loc["b", "travel_time_city_worst_min"] == run.columns.loc["b", "travel_time_city_winter_min"]


@pytest.mark.parametrize("preset", ["kz", "months"])
def test_the_presets_of_seasons(country, preset):
    run = Run(country, [*ROADS, ICE], seasons=preset)
    assert not np.isnan(run.monthly()).any()
    seasons = run.table["season"].unique().tolist()
    assert seasons == (["summer", "autumn", "winter", "thaw"] if preset == "kz" else seasons)
    assert len(seasons) == {"kz": 4, "months": 12}[preset]
    if preset == "kz":
        times = run.columns.loc["b"]
        assert times["travel_time_city_winter_min"] == pytest.approx(times["travel_time_city_min"] / 0.8)
        # The track of e: 0.2 of its speed in the thaw, asphalt 0.9.
        parts = run.table[(run.table["from_id"] == "e") & (run.table["tier"] == "city")].set_index("season")
        assert parts.loc["thaw", "track_min"] == pytest.approx(parts.loc["summer", "track_min"] / 0.2)
        assert parts.loc["thaw", "road_min"] == pytest.approx(parts.loc["summer", "road_min"] / 0.9)


def test_the_parts_of_a_journey_sum_and_mean_what_they_say(country):
    run = Run(country, [*ROADS, ICE], **_rules())
    table = run.table[np.isfinite(run.table["travel_time_min"])]
    parts = table[["road_min", "track_min", "offroad_min"]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(table["travel_time_min"].to_numpy(), rel=1e-12)
    assert (parts >= 0).all(axis=None)
    assert run.table.loc[np.isinf(run.table["travel_time_min"]), "road_min"].isna().all()
    e = table[(table["from_id"] == "e") & (table["tier"] == "city")].iloc[0]
    assert e["track_min"] == pytest.approx(GEOD.line_length(*zip(*TRACK[1], strict=True)) / 1000 / 20 * 60)
    assert e["road_min"] == pytest.approx(GEOD.inv(70.0, 50.0, 70.5, 50.0)[2] / 1000 / 70 * 60)
    assert e["offroad_min"] == pytest.approx(0.0, abs=1e-6)
    assert (table.loc[table["mode"] == "over_land", "offroad_min"] > 0).all()
    assert (
        run.columns.loc["e", "track_min"] == run.table.query("from_id == 'e' and tier == 'town'")["track_min"].iloc[0]
    )


def test_a_component_without_a_tiers_centre_reaches_it_over_land(country):
    run = Run(country)
    h = run.table.query("from_id == 'h'").set_index("tier")
    assert h.loc["town", "to_id"] == "g"
    assert h.loc["city", "to_id"] == "a"
    found = [f for f in run.record.findings if f.code in ("over-land-to-network", "unreachable")]
    assert all(f.value in ("city", "town") for f in found)
    near = Run(country, roads_keys={"over_land_max_km": 3})
    assert near.columns.loc["h", "travel_time_city_min"] == np.inf
    assert np.isfinite(near.columns.loc["h", "travel_time_town_min"])
    assert {f.value for f in near.record.findings if f.code == "unreachable"} == {"city", "town"}


@pytest.mark.parametrize("tier", ["city", "town"])
@pytest.mark.parametrize("name", ["summer", "winter"])
def test_a_route_is_as_long_as_its_journey(country, tier, name):
    run = Run(
        country, [*ROADS, ICE], closures="A-1,20,30,1,\n",
        seasons=[season("summer", [6, 7]), season("winter", [1, 2], unpaved=0.5)], **_rules(),
    )  # fmt: skip
    table = run.table[(run.table["tier"] == tier) & (run.table["season"] == name)].set_index("from_id")
    points = run.travelled.points
    for i, journey in table.iterrows():
        route = run.travelled.route(i, tier, name)
        assert route.mode == journey["mode"]
        assert route.travel_time_min == pytest.approx(journey["travel_time_min"], rel=1e-9)
        assert route.length_km == pytest.approx(journey["distance_km"], rel=1e-9)
        if route.line is None:
            assert route.slowest is None
            assert journey["travel_time_min"] in (0.0, np.inf)
            continue
        assert route.to_id == journey["to_id"]
        along = route.legs[route.legs["kind"] != "over_land"]  # over land kilometres are from cell to cell
        drawn_km = sum(GEOD.geometry_length(line) for line in along.geometry) / 1000
        assert drawn_km == pytest.approx(along["length_km"].sum(), rel=1e-4)
        ends = np.array([route.line.coords[0], route.line.coords[-1]])
        there = points.loc[route.to_id]
        assert ends == pytest.approx(np.array([[points[i].x, points[i].y], [there.x, there.y]]), abs=1e-7)
        legs = route.legs
        long = legs["travel_time_min"] >= 0.05 * legs["travel_time_min"].sum()
        assert route.slowest["speed_kph"] == legs.loc[long, "speed_kph"].min()
        for one, other in zip(legs.geometry[:-1], legs.geometry[1:], strict=True):
            assert np.array(one.coords[-1]) == pytest.approx(np.array(other.coords[0]), abs=1e-6)
        on_track = legs["road_class"].isin(["track", "ice_road"])
        assert legs.loc[on_track, "travel_time_min"].sum() == pytest.approx(journey["track_min"], abs=1e-9)


def test_a_route_by_hand_and_what_there_is_no_route_of(country):
    run = Run(country)
    route = run.travelled.route("e", "city")
    assert route.legs[["kind", "road_class"]].to_numpy().tolist() == [["road", "track"], ["road", "primary"]]
    assert route.slowest["road_class"] == "track"
    with pytest.raises(KeyError, match="no settlement 'z'"):
        run.travelled.route("z", "city")
    with pytest.raises(KeyError, match="no season 'mud'"):
        run.travelled.route("e", "city", "mud")
    with pytest.raises(KeyError, match="no tier 'port'"):
        run.travelled.route("e", "port")


def faults(folder, **keys):
    with pytest.raises(InputError) as error:
        Run(folder, **keys)
    return str(error.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A-9,1,2,1,", "row 1, value A-9: no road has this number"),
        ("A-1,900,950,1,", "row 1, value A-1 900: km_from lies beyond the end of the road, which is 1"),
        ("A-1,20,10,1,", "row 1, value 10: km_to must be above km_from"),
        ("A-1,-5,10,1,", "row 1, value -5: km_from must be a number, 0 or more"),
        ("A-1,x,10,1,", "row 1, value x: km_from must be a number"),
        ("A-1,1,10,13,", "row 1, value 13: expected months such as"),
        ("A-1,1,10,,", "row 1: expected months such as"),
        (",1,10,1,", "row 1: the number of the road is blank"),
    ],
)
def test_a_bad_table_of_closures_is_refused(country, row, said):
    assert f"closures.csv, {said}" in faults(country, closures=row + "\n")


def test_a_closure_that_reaches_beyond_the_road_is_warned_of(country):
    run = Run(country, closures="A-1,100,500,1,\n")
    found = run.codes()["beyond-road"]
    assert (found.level, found.row, found.value) == ("warning", "1", "A-1 500")


def test_a_table_of_closures_without_numbered_roads(country):
    plain = [({"road_class": "primary"}, MAIN[1])]
    assert "set columns.ref of the roads" in faults(country, roads=plain, closures="A-1,1,2,1,\n")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("s,1-3,motor,,1", "value motor: unknown road_class"),
        ("s,1-3,,tarmac,1", "value tarmac: unknown surface"),
        ("s,1-3,,,1.5", "value 1.5: expected a factor between 0 and 1"),
        ("s,,,,1", "season 's' needs its months once"),
        ("s,1,,,1\ns,2,track,,1", "value 1, 2: season 's' needs its months once"),
        ("s,13,,,1", "season 's' needs its months once"),
        ("Лето,1,,,1", "value Лето: expected lower-case Latin letters"),
        ("worst,1,,,1", "value worst: expected lower-case Latin letters"),
        (",1,,,1", "the season is blank"),
    ],
)
def test_a_bad_table_of_seasons_is_refused(country, rows, said):
    (country / "seasons.csv").write_text(f"season,months,road_class,surface,factor\n{rows}\n", encoding="utf-8")
    text = faults(country, seasons="seasons.csv")
    assert "seasons.csv" in text
    assert said in text


def test_the_most_specific_row_of_a_table_wins(country):
    rows = "s,1-12,,,0.9\ns,,track,,0.5\ns,,,any_unpaved,0.4\ns,,primary,asphalt,0.8\n"
    (country / "seasons.csv").write_text("season,months,road_class,surface,factor\n" + rows, encoding="utf-8")
    base, run = Run(country, [MAIN, TRACK]), Run(country, [MAIN, TRACK], seasons="seasons.csv")
    edges, before = (r.travelled.roads[0].network.edges for r in (run, base))
    factor = (edges["speed_kph"] / before["speed_kph"]).groupby(edges["road_class"]).mean()
    assert factor.to_dict() == pytest.approx({"primary": 0.8, "track": 0.5})


def test_months_of_a_road_that_cannot_be_read_are_refused(country):
    wrong = ({"road_class": "ferry", "months": "summer"}, FERRY[1])
    text = faults(country, roads=[MAIN, wrong])
    assert "roads.geojson, row 2, value summer: months in which the road is open" in text


@pytest.mark.parametrize("tag", ["ice_road", "winter_road"])
def test_ice_roads_of_openstreetmap(tmp_path, tag):
    node = '<node id="{}" lat="50" lon="{}"/>'
    way = '<way id="{}"><nd ref="1"/><nd ref="2"/><tag k="highway" v="track"/>{}</way>'
    nodes = node.format(1, 60) + node.format(2, 61)
    ways = way.format(8, "") + way.format(9, f'<tag k="{tag}" v="yes"/>')
    (tmp_path / "a.osm").write_text(f'<osm version="0.6">{nodes}{ways}</osm>', encoding="utf-8")
    assert osm_roads(tmp_path / "a.osm", ["track", "ice_road"])[0]["road_class"].to_dict() == {
        "w8": "track", "w9": "ice_road"
    }  # fmt: skip
    assert set(osm_roads(tmp_path / "a.osm", ["track"])[0]["road_class"]) == {"track"}


def test_the_rules_need_monthly_temperatures(country):
    text = faults(country, climate={}, **_rules())
    assert "the rules of closure need climate.temperature with twelve months" in text


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"seasons": [season("worst")]}, "choose another name"),
        ({"closures": {"thaw": 1}}, "closures.thaw: no such key"),
    ],
)
def test_a_study_that_cannot_be_meant(country, keys, said):
    with pytest.raises(StudyError, match=said):
        make_study({**tomllib.loads(STUDY), **keys}, folder=country)


def test_remoteness_by_the_worst_month_and_on_average(country):
    write_roads(country / "roads.geojson", ROADS)
    table = country / "weights.csv"
    table.write_text("tier,weight,cap_min\ncity,1,600\ntown,1,300\n", encoding="utf-8")
    score = {}
    for rule in ("first", "mean", "worst"):
        data = tomllib.loads(STUDY)
        data["grid"]["cell_km"] = 5
        data["roads"]["over_land_max_km"] = 45
        data["remoteness"] = {"preset": "kz", "table": "weights.csv", "season": rule}
        result = compute(make_study(data, folder=country))
        score[rule] = result.settlements["remoteness"]
    assert (score["first"] <= score["mean"] + 1e-9).all()
    assert (score["mean"] <= score["worst"] + 1e-9).all()
    # The island is cut off for half the year: half the months at the cap, half at the first season's share.
    first, worst = score["first"]["i"], score["worst"]["i"]
    assert worst == pytest.approx(100.0)
    assert score["mean"]["i"] == pytest.approx((first + worst) / 2)
    assert result.route("i", "city").travel_time_min == pytest.approx(
        result.settlements.loc["i", "travel_time_city_min"]
    )


def test_there_is_a_surface_for_every_tier_and_season(country, tmp_path):
    write_roads(country / "roads.geojson", [MAIN, TRACK, APART])
    data = tomllib.loads(STUDY)
    data["grid"]["cell_km"] = 5
    seasons = [season("all"), season("winter", [1, 2], paved=0.5), season("again", [6, 7])]
    result = compute(make_study({**data, "seasons": seasons}, folder=country))
    surface = result.travel_time
    assert list(surface) == [(t, s["name"]) for s in seasons for t in ("city", "town")]
    assert surface["city", "again"] is surface["city", "all"]
    points = result.settlements.geometry.to_crs(result.grid.crs)
    cells = result.grid.cells(points.x, points.y)
    for tier in ("city", "town"):
        assert (surface[tier, "winter"] >= surface[tier, "all"]).all()
        for name, column in (("all", f"travel_time_{tier}_min"), ("winter", f"travel_time_{tier}_winter_min")):
            own = result.settlements[column].to_numpy()
            assert (surface[tier, name][cells] <= own * (1 + 1e-6) + 1e-6).all()
    assert (surface["city", "winter"] > surface["city", "all"]).any()
    write_outputs(result, tmp_path / "out")
    with rasterio.open(tmp_path / "out" / "travel_time.tif") as file:
        columns = [name for name in file.descriptions if name in result.settlements]
        assert columns == list(file.descriptions)
        assert columns[2] == "travel_time_city_winter_min"
        for number, values in enumerate(surface.values(), start=1):
            assert (file.read(number) == np.where(np.isinf(values), UNREACHABLE, np.rint(values))).all()
