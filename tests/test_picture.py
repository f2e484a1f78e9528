"""The script that makes the picture of a map."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import geopandas as gpd
import pytest
from PIL import Image

from gis.publish.web_map import write_map

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
import picture


def test_a_map_becomes_a_picture(tmp_path):
    if importlib.util.find_spec("playwright") is None or not (
        shutil.which("chromium") or shutil.which("chromium-browser")
    ):
        if os.environ.get("SHALGAI_REQUIRE_ALL") == "1":
            pytest.fail("Chromium with playwright is required here (SHALGAI_REQUIRE_ALL=1) and was not found")
        pytest.skip("Chromium with playwright was not found")
    places = gpd.GeoDataFrame(index=["a", "b"], geometry=gpd.points_from_xy([70, 72], [50, 51]), crs=4326)
    write_map(tmp_path / "map.html", settlements=places)
    out = tmp_path / "map.png"
    assert picture.main([str(tmp_path / "map.html"), "--out", str(out), "--width", "700", "--height", "500"]) == 0
    with Image.open(out) as image:
        assert image.size == (700, 500)
        assert len(image.convert("RGB").getcolors(70_000)) > 20


def test_a_missing_map_is_named(tmp_path, capsys):
    assert picture.main([str(tmp_path / "none.html")]) == 1
    assert "none.html" in capsys.readouterr().err


def test_help_answers(capsys):
    with pytest.raises(SystemExit, match="0"):
        picture.main(["--help"])
    assert "--out" in capsys.readouterr().out
