"""The script that puts two runs side by side."""

import json
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine

from gis import fields as f
from gis.publish.geopackage import write_geopackage
from gis.publish.rasters import write_cog
from gis.publish.tables import write_csv
from gis.space.grid import Grid

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
import compare


def run(folder, potential, minutes):
    folder.mkdir()
    frame = gpd.GeoDataFrame(
        {f.NAME: ["Ақсу", "Бурабай", "<b>"], f.POTENTIAL: potential, f.TIER: "town",
         f.travel_time_min("town"): minutes},
        geometry=gpd.points_from_xy([70.0, 71, 72.5], [50.0, 51, 50.5]), crs=4326,
        index=pd.Index(["001", "002", "003"], name=f.SETTLEMENT_ID),
    )  # fmt: skip
    write_geopackage(folder / "results.gpkg", {"settlements": frame, "centres": frame.iloc[:1]}, language="en")
    write_csv(folder / "settlements.csv", frame)
    near = np.add.outer(np.arange(20.0), np.arange(30.0)) + potential.count("low")
    grid = Grid(near.shape, Affine(0.1, 0, 69.8, 0, -0.1, 51.5), "EPSG:4326")
    write_cog(folder / "travel_time.tif", {f.travel_time_min("town"): near}, grid, kind="minutes")
    about = {"tiers": {"town": "town"}, "title": "Test", "parameters": {"language": "en", "notes": []}}
    (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


def test_two_runs_make_one_page(tmp_path, capsys):
    left = run(tmp_path / "a", ["low", "low", "high"], [0.0, 30, np.inf])
    right = run(tmp_path / "b", ["low", "medium", "high"], [0.0, 20, 90])
    assert compare.main([str(left), str(right), "--out", str(tmp_path / "page.html")]) == 0
    assert "3 settlements in both, potential differs in 1" in capsys.readouterr().out
    assert (tmp_path / "page.html").stat().st_size > 100_000
    surfaces, grid = compare._surfaces(right, ["town"])
    assert surfaces["town", ""][2, 5] == 8  # one is low
    assert grid.shape == (20, 30)
    assert list(compare._settlements(left)[f.travel_time_min("town")]) == [0, 30, np.inf]


def test_what_is_no_run_is_named(tmp_path, capsys):
    left = run(tmp_path / "a", ["low"] * 3, [0.0, 1, 2])
    assert compare.main([str(left), str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_help_answers(capsys):
    with pytest.raises(SystemExit, match="0"):
        compare.main(["--help"])
    assert "--name" in capsys.readouterr().out
