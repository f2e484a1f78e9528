"""The web map."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from gis.errors import Finding
from gis.space.grid import Grid


def write_map(
    path: Path,
    *,
    settlements: gpd.GeoDataFrame,
    centres: gpd.GeoDataFrame | None = None,
    roads: gpd.GeoDataFrame | None = None,
    regions: gpd.GeoDataFrame | None = None,
    rasters: Mapping[str, tuple[NDArray[np.floating], Grid]] | None = None,
    context: Mapping[str, gpd.GeoDataFrame] | None = None,
    tiers: Sequence[str] = (),
    tier_names: Mapping[str, str] | None = None,
    contributions: Sequence[str] = (),
    language: str = "en",
    title: str = "",
    notes: Sequence[str] = (),
) -> list[Finding]:
    """Write the map (the page itself follows)."""
    path.write_text(f"<!DOCTYPE html><title>{len(settlements)}</title>", encoding="utf-8")
    return []
