"""Pictures of regions: bars of classes, and a map coloured by a score."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import box

from gis import fields as f
from gis.publish import palette
from gis.publish.pictures import write_classes_by_region
from gis.publish.report_pictures import write_region_map

NAMES = ["Ұлытау облысы", "<b>$x$</b>", "Empty"]


def fills(path: Path) -> list[str]:
    """The colours of the filled shapes, in the order of drawing."""
    return re.findall(r"fill: (#[0-9a-f]{6})", path.read_text("utf-8"))


def bars(path: Path, counts: dict[str, list[int]]) -> Path:
    table = pd.DataFrame({f"settlements_{name}": counts.get(name, [0, 0, 0]) for name in f.POTENTIALS})
    write_classes_by_region(path, table, NAMES, "kk")
    return path


def test_bars_have_the_colours_of_the_classes_that_there_are(tmp_path: Path) -> None:
    drawn = fills(bars(tmp_path / "a.svg", {"high": [3, 1, 0], "low": [1, 0, 0]}))
    for name, there in (("high", True), ("low", True), ("medium", False)):
        assert (palette.POTENTIAL[name] in drawn) == there, name


def test_places_without_residents_are_seen_on_white(tmp_path: Path) -> None:
    line = f"stroke: {palette.OUTLINE}"
    assert line not in bars(tmp_path / "a.svg", {"high": [3, 1, 0]}).read_text("utf-8")
    assert line in bars(tmp_path / "b.svg", {"high": [3, 1, 0], "uninhabited": [1, 0, 0]}).read_text("utf-8")


def test_the_same_counts_make_the_same_bytes(tmp_path: Path) -> None:
    counts = {"high": [3, 1, 0], "medium": [0, 5, 0]}
    one, other = bars(tmp_path / "a.svg", counts), bars(tmp_path / "b.svg", counts)
    assert one.read_bytes() == other.read_bytes()
    assert "<b>" not in one.read_text("utf-8")


def test_regions_have_the_colour_of_their_score(tmp_path: Path) -> None:
    areas = gpd.GeoDataFrame(geometry=[box(70, 50, 71, 51), box(71, 50, 73, 51), box(70, 51, 73, 52)], crs=4326)
    path = tmp_path / "map.svg"
    write_region_map(path, areas, np.array([19.9, 20.0, np.nan]), below={"water": None}, names=NAMES)
    drawn = fills(path)
    for colour in (palette.VIABILITY[0], palette.VIABILITY[1], palette.NO_DATA):
        assert colour in drawn
    assert palette.VIABILITY[2] not in drawn


def test_water_lies_over_the_regions(tmp_path: Path) -> None:
    areas = gpd.GeoDataFrame(geometry=[box(70, 50, 73, 52)], crs=4326)
    lake = gpd.GeoDataFrame(geometry=[box(71, 50.5, 72, 51).difference(box(71.4, 50.6, 71.6, 50.8))], crs=4326)
    path = tmp_path / "map.svg"
    write_region_map(path, areas, np.array([90.0]), below={"water": lake}, names=NAMES[:1])
    drawn = fills(path)
    assert drawn.index(palette.VIABILITY[4]) < drawn.index(palette.CONTEXT["water"])
