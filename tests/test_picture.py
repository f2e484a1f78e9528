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


def _needs_chromium() -> None:
    if importlib.util.find_spec("playwright") is None or not (
        shutil.which("chromium") or shutil.which("chromium-browser")
    ):
        if os.environ.get("SHALGAI_REQUIRE_ALL") == "1":
            pytest.fail("Chromium with playwright is required here (SHALGAI_REQUIRE_ALL=1) and was not found")
        pytest.skip("Chromium with playwright was not found")


def test_a_chart_becomes_a_picture_of_its_size(tmp_path):
    _needs_chromium()
    chart = tmp_path / "a.svg"
    chart.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="120"><rect width="150" height="120"/></svg>',
        "utf-8",
    )
    out = tmp_path / "a.png"
    assert picture.main([str(chart), "--out", str(out)]) == 0
    with Image.open(out) as image:
        assert image.size == (300, 120)
        assert [image.convert("RGB").getpixel((x, 60)) for x in (10, 290)] == [(0, 0, 0), (255, 255, 255)]


def test_a_map_becomes_a_picture(tmp_path):
    _needs_chromium()
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
