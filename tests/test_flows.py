"""The people on every stretch of way, held against the journeys of the run."""

import json
import sqlite3
from contextlib import closing

import geopandas as gpd
import numpy as np
import pytest
from certainty_tools import write_study
from study_tools import call

from gis.pipeline import compute
from gis.publish.geopackage import write_geopackage
from gis.space.geodesy import line_lengths_m
from gis.steps.cards import flows
from gis.study import demonstration, read_study


def _of(tmp_path, **tables):
    """The flows of a small study, and its result."""
    result = compute(read_study(write_study(tmp_path, more="[certainty]\ndraws = 0", **tables)))
    return flows(result.travelled, result.routes, result.settlements["population"]), result


def _first_season(result, tier):
    table = result.journeys
    return table[(table["tier"] == tier) & (table["season"] == table["season"].iloc[0])].set_index("from_id")


def test_kilometres_of_all_stretches_are_those_of_all_journeys(tmp_path):
    made, result = _of(tmp_path)
    people = result.settlements["population"].fillna(0.0)
    for tier, rows in made.groupby("tier"):
        km = line_lengths_m(rows.geometry.to_numpy()) / 1000.0
        journeys = _first_season(result, tier)["distance_km"]
        reached = journeys[np.isfinite(journeys)]
        # Lines are at most 0.001 degrees from the way.
        assert (km * rows["journeys"]).sum() == pytest.approx(reached.sum(), rel=0.02)
        assert (km * rows["population"]).sum() == pytest.approx((reached * people[reached.index]).sum(), rel=0.02)
        assert rows["journeys"].between(1, len(journeys)).all()
        assert (rows["population"] <= people.sum()).all()


def test_without_roads_each_journey_is_a_line_of_its_own(tmp_path):
    file = write_study(tmp_path, more="[certainty]\ndraws = 0")
    file.write_text(file.read_text("utf-8").replace('[roads]\npath = "roads.geojson"\n', ""), encoding="utf-8")
    result = compute(read_study(file))
    assert result.routes is None
    made = flows(result.travelled, None, result.settlements["population"])
    for tier, rows in made.groupby("tier"):
        journeys = _first_season(result, tier)
        goes = journeys["to_id"].notna() & (journeys["to_id"] != journeys.index)
        assert len(rows) == goes.sum()
        assert (rows["journeys"] == 1).all()
        assert rows["off_road"].all()
        assert rows["population"].sum() == result.settlements.loc[journeys.index[goes], "population"].sum()


def test_the_geopackage_has_the_flows_at_any_size_and_a_rule_for_each_tier(tmp_path):
    study = write_study(tmp_path, more="[certainty]\ndraws = 0")
    assert call("run", study).code == 0
    package = tmp_path / "results" / "results.gpkg"
    layer = gpd.read_file(package, layer="flows")
    assert list(layer.columns) == ["tier", "off_road", "journeys", "population", "geometry"]
    assert not layer.geometry.isna().any()
    assert set(layer["tier"]) == {"town", "district_centre"}
    with closing(sqlite3.connect(package)) as db:
        (style,) = db.execute("SELECT styleQML FROM layer_styles WHERE f_table_name = 'flows'").fetchone()
        routes = db.execute("SELECT parts FROM routes").fetchall()
    assert style.count("<rule ") == 2
    assert "outlineWidth" in style
    assert len(routes) == 2 * 12
    assert any(json.loads(parts) for (parts,) in routes)


def test_the_demonstration_has_people_on_its_trunk_roads(tmp_path):
    result = compute(read_study(demonstration()).model_copy(update={"title": "x"}))
    made = flows(result.travelled, result.routes, result.settlements["population"])
    on = made[~made["off_road"]]
    highest = on[on["tier"] == result.inputs.tiers[0].name]
    assert highest["journeys"].max() > 100
    write_geopackage(tmp_path / "flows.gpkg", {"flows": made})
    assert len(gpd.read_file(tmp_path / "flows.gpkg", layer="flows")) == len(made)
