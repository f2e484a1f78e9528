"""Roads: highways as sequences of named places, and schematic local roads to all other places."""

import math
from itertools import pairwise
from pathlib import Path

from demo_layers.tables import feature, read_csv, write_geojson

Point = tuple[float, float]
EARTH_RADIUS_KM = 6371.0
WATER_FACTOR = 5.0  # a local road over water counts five times its length: it goes round where it can
GRAVEL_UP_TO_KM = 60.0  # a village further from the next place has an unpaved road


def distance_km(a: Point, b: Point) -> float:
    """Great-circle distance."""
    lat_a, lat_b = math.radians(a[1]), math.radians(b[1])
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b[0] - a[0]) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))


def side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def crosses(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Tell whether the segments ab and cd cross (on the plane of lon and lat)."""
    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def highways(source: Path, points: dict[str, Point]) -> list[dict[str, object]]:
    """Give one record for each row of highways.csv, its line running through the named points."""
    records = []
    for row in read_csv(source / "highways.csv"):
        names = row["places"].split(";")
        unknown = [name for name in names if name not in points]
        if unknown:
            raise SystemExit(f"highways.csv, {row['ref'] or row['places']}: no such place: {unknown}")
        records.append(
            {
                "ref": row["ref"] or None,
                "name": f"{names[0]} – {names[-1]}",
                "road_class": row["road_class"],
                "surface": row["surface"],
                "schematic": 0,
                "line": [points[name] for name in names],
            }
        )
    return records


def local_roads(
    places: list[dict[str, object]], on_network: set[Point], water: list[list[Point]]
) -> list[dict[str, object]]:
    """Join each remaining place to the network by the shortest forest (Prim): one straight line a place."""
    shores = [shore for ring in water for shore in pairwise(ring)]

    def cost(a: Point, b: Point) -> float:
        km = distance_km(a, b)
        return km * WATER_FACTOR if any(crosses(a, b, *shore) for shore in shores) else km

    waiting = {(place["lon"], place["lat"]): place for place in places}
    names = {point: place["name_en"] for point, place in waiting.items()}
    waiting = {point: place for point, place in waiting.items() if point not in on_network}
    best = {point: min((cost(point, end), end) for end in on_network) for point in waiting}
    records = []
    while waiting:
        point = min(best, key=lambda key: (best[key], key))
        place, (_, end) = waiting.pop(point), best.pop(point)
        for other in best:
            best[other] = min(best[other], (cost(other, point), point))
        important = place["tier"] != "village"
        surface = "gravel" if distance_km(point, end) <= GRAVEL_UP_TO_KM else "unpaved"
        records.append(
            {
                "ref": None,
                "name": f"{place['name_en']} – {names.get(end, 'highway')}",
                "road_class": "tertiary" if important else "unclassified",
                "surface": "asphalt" if important else surface,
                "schematic": 1,
                "line": [point, end],
            }
        )
    return sorted(records, key=lambda record: record["name"])


def build_roads(source: Path, out: Path, places: list[dict[str, object]], water: list[list[Point]]) -> None:
    """Write roads.geojson: lines that meet share a vertex, to the last digit."""
    points: dict[str, Point] = {
        row["waypoint"]: (float(row["lon"]), float(row["lat"])) for row in read_csv(source / "waypoints.csv")
    }
    points |= {str(place["name_en"]): (place["lon"], place["lat"]) for place in places}
    records = highways(source, points)
    on_network = {point for record in records for point in record["line"]}
    records += local_roads(places, on_network, water)
    features = []
    for number, record in enumerate(records, start=1):
        line = record.pop("line")
        properties = {"road_id": f"kz{number:04d}", **record, "oneway": "no"}
        features.append(feature("LineString", line, properties))
    write_geojson(out / "roads.geojson", "roads", features)
