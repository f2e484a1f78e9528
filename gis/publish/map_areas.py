"""Regions by figures, as the web map is told of them."""

import re
from collections.abc import Mapping, Sequence
from functools import partial

import geopandas as gpd
import pandas as pd
import shapely

from gis import fields as f
from gis.publish import palette
from gis.publish.map_steps import Json
from gis.publish.map_themes import binned, bins
from gis.publish.payload import line_parts, numbers
from gis.publish.words import LANGUAGES, class_name, column_label, said, tier_name, words

_SCORE = (20, 40, 60, 80)
_MINUTES = "60"


def areas(
    frame: gpd.GeoDataFrame,
    tiers: Sequence[str],
    tier_names: Mapping[str, str] | None,
    tolerance: float,
    region_names: Mapping[str, dict[str, str]],
) -> Json:
    """Describe the regions and their figures: means of the scores, shares of classes, people far from centres.

    Parameters
    ----------
    frame
        Polygons with the columns of the table of regions; a measure whose columns are missing is left out.
    region_names
        Names in all languages, where they are known.
    tolerance
        Of the simplification, in degrees. Neighbours are simplified together where they fit without gaps.
    """
    shapes = shapely.force_2d(frame.geometry.to_crs(4326).to_numpy())
    if shapely.coverage_is_valid(shapes):
        shapes = shapely.coverage_simplify(shapes, tolerance)
        tolerance = 0.0
    names = frame[f.REGION] if f.REGION in frame else pd.Series(frame.index)
    return {
        "names": [region_names.get(str(name), dict.fromkeys(LANGUAGES, str(name))) for name in names],
        "rings": [line_parts([shape], tolerance) for shape in shapes],
        "themes": _measures(frame, tiers, tier_names),
    }


def _measures(frame: pd.DataFrame, tiers: Sequence[str], tier_names: Mapping[str, str] | None) -> list[Json]:
    found = []
    for column, colours in ((f.VIABILITY, palette.VIABILITY), (f.REMOTENESS, palette.REMOTENESS)):
        if f"{column}_mean" in frame:
            label = said(partial(column_label, f"{column}_mean"))
            found.append(_measure(f"{column}_mean", label, frame[f"{column}_mean"], _SCORE, colours))
    for potential in (f.HIGH, f.LOW):
        if {f"settlements_{potential}", "settlements"} <= set(frame):
            share = _share(frame[f"settlements_{potential}"], frame["settlements"])
            label = said(
                lambda x, p=potential: words(x)["map.share_of"].format(potential=class_name(f.POTENTIAL, p, x))  # type: ignore[misc]
            )
            found.append(_measure(f"share_{potential}", label, share, palette.SHARES, palette.SHARES_COLOURS))
    for tier in tiers:
        limit = _limit(frame, tier)
        if limit and f.POPULATION in frame:
            share = _share(frame[f"population_beyond_{tier}_{limit}_min"], frame[f.POPULATION])
            label = said(
                lambda x, t=tier, m=limit: words(x)["map.people_beyond"].format(  # type: ignore[misc]
                    tier=tier_name(t, x, tier_names), minutes=m
                )
            )
            found.append(_measure(f"beyond_{tier}", label, share, palette.SHARES, palette.SHARES_COLOURS))
    return found


def _limit(frame: pd.DataFrame, tier: str) -> str:
    """Return an hour where the study counts people beyond it, else its first limit."""
    found = [m[1] for c in frame if (m := re.fullmatch(rf"population_beyond_{re.escape(tier)}_([0-9.]+)_min", str(c)))]
    return _MINUTES if _MINUTES in found else (found or [""])[0]


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return (100.0 * part / whole.where(whole > 0)).clip(0, 100)


def _measure(
    key: str, label: Json, values: pd.Series, bounds: Sequence[float], colours: Sequence[str]
) -> Json:  # fmt: skip
    classes = [one | {"mark": "square"} for one in binned(bounds, colours)]
    return {
        "key": key, "label": label, "classes": [*classes[:-2], {**classes[-1], "mark": "cross"}],
        "codes": [min(code, len(classes) - 2) for code in bins(values, bounds)], "values": numbers(values, 1),
    }  # fmt: skip
