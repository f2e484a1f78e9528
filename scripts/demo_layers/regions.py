"""Regions as polygons: each part of the country goes to the region of its nearest place. Not borders."""

import json
from collections import defaultdict
from pathlib import Path

import shapely
from shapely.geometry import MultiPoint, MultiPolygon, Polygon, shape

from demo_layers.tables import feature, write_geojson

APPROXIMATE = "approximate: the part of the country whose nearest place is of this region; not a border"
EAST = 0.67  # a degree of longitude in degrees of latitude, at 48 N
GRID_DEG = 0.001  # all corners lie on it, so that the last digits of a library's arithmetic do not matter


def build_regions(out: Path, places: list[dict[str, object]]) -> None:
    """Write regions.geojson, a feature for each region, clipped by country.geojson."""
    country = json.loads((out / "country.geojson").read_text(encoding="utf-8"))["features"][0]["geometry"]
    outline = shapely.transform(shape(country), _east)
    region_of = {(round(float(p["lon"]) * EAST, 6), float(p["lat"])): str(p["region_kk"]) for p in places}  # type: ignore[arg-type]
    cells = shapely.voronoi_polygons(MultiPoint(sorted(region_of)), extend_to=outline)
    places_tree = shapely.STRtree(points := shapely.points(sorted(region_of)))
    parts = defaultdict(list)
    for cell in cells.geoms:
        (own,) = places_tree.query(cell, predicate="contains")
        parts[region_of[points[own].x, points[own].y]].append(cell)
    names = {str(p["region_kk"]): (str(p["region"]), str(p["region_ru"])) for p in places}
    features = []
    for region in sorted(parts):
        whole = shapely.intersection(shapely.union_all(parts[region], grid_size=GRID_DEG), outline, grid_size=GRID_DEG)
        area = shapely.normalize(shapely.set_precision(shapely.transform(whole, _west), GRID_DEG))
        properties = {"region_kk": region, "region": names[region][0], "region_ru": names[region][1]}
        features.append(feature("MultiPolygon", _rings(area), properties | {"note": APPROXIMATE}))
    write_geojson(out / "regions.geojson", "regions", features)


def _east(xy):  # type: ignore[no-untyped-def]
    return xy * [EAST, 1.0]


def _west(xy):  # type: ignore[no-untyped-def]
    return xy / [EAST, 1.0]


def _rings(area: Polygon | MultiPolygon) -> list[list[list[tuple[float, ...]]]]:
    parts = area.geoms if isinstance(area, MultiPolygon) else [area]
    return [
        [[(round(x, 3), round(y, 3)) for x, y in ring.coords] for ring in (part.exterior, *part.interiors)]
        for part in map(shapely.geometry.polygon.orient, parts)
    ]
