"""Roads, settlements and water from an OpenStreetMap extract."""

from collections.abc import Collection
from pathlib import Path

import geopandas as gpd

from gis.errors import Finding


def osm_roads(path: Path, classes: Collection[str]) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read the roads of an extract."""
    raise NotImplementedError


def osm_settlements(path: Path) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read the settlements of an extract."""
    raise NotImplementedError
