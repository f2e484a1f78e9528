"""Outlines for the background of a map: the country, and the water that local roads go round."""

from pathlib import Path

from demo_layers.tables import feature, read_csv, write_geojson

Point = tuple[float, float]
GENERALISED = "generalised by hand: for the background of a map only"


def build_outlines(source: Path, out: Path) -> list[list[Point]]:
    """Write country.geojson and lakes.geojson and give the rings of the water."""
    collections: dict[str, list[dict[str, object]]] = {"country": [], "water": []}
    water = []
    for row in read_csv(source / "outlines.csv"):
        ring = [tuple(map(float, point.split())) for point in row["ring"].split(";")]
        if row["kind"] == "water":
            water.append(ring)
        properties = {"name": row["name"], "note": GENERALISED}
        collections[row["kind"]].append(feature("Polygon", [ring], properties))
    write_geojson(out / "country.geojson", "country", collections["country"])
    write_geojson(out / "lakes.geojson", "lakes", collections["water"])
    return water
