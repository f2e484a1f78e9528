"""Regions by figures, and the routes to the centres, as the web map is told of them."""

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis import fields as f
from gis.publish import palette
from gis.publish.map_themes import binned, bins
from gis.publish.payload import Json, line_parts, numbers
from gis.publish.words import LANGUAGES, class_name, column_label, said, tier_name, words

_SCORE = (20, 40, 60, 80)
_MINUTES = "60"
_ROUTE_BYTES = 300_000


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


def route_lines(
    routes: gpd.GeoDataFrame, ids: Sequence[str], tiers: Sequence[str], tolerance: float
) -> tuple[Json, list[str]]:
    """Describe the lines from settlements to their centres, each once however many tiers share it.

    Parameters
    ----------
    routes
        `settlement_id`, `tier` and the line.
    ids
        Of the settlements, in the order of the page.
    tiers
        The highest first. Those are left out first, for their routes are the longest and tell least.

    Returns
    -------
    lines, left_out
        `lines` and, by tier, the number of each settlement's line or -1; the tiers for which there was no room.
    """
    row = {key: i for i, key in enumerate(ids)}
    shapes = shapely.simplify(shapely.force_2d(routes.geometry.to_crs(4326).to_numpy()), tolerance)
    lines: list[list[list[list[int]]]] = []
    seen: dict[str, int] = {}
    of: list[list[int] | None] = [None] * len(tiers)
    left_out: list[str] = []
    for number in reversed(range(len(tiers))):
        numbered, before = [-1] * len(ids), len(lines)
        for at in np.flatnonzero((routes[f.TIER] == tiers[number]).to_numpy()):
            i = row.get(str(routes[f.SETTLEMENT_ID].iloc[at]))
            parts = line_parts([shapes[at]], 0.0) if i is not None and _drawn(shapes[at]) else None
            if i is None or not parts:
                continue
            key = json.dumps(parts)
            if key not in seen:
                seen[key] = len(lines)
                lines.append(parts)
            numbered[i] = seen[key]
        if left_out or _packed(lines) > _ROUTE_BYTES:
            left_out.append(tiers[number])
            seen = {key: k for key, k in seen.items() if k < before}
            del lines[before:]
        else:
            of[number] = numbered
    return {"lines": lines, "of": of}, left_out


def _drawn(shape: object) -> bool:
    return shape is not None and not shapely.is_empty(shape) and shapely.get_num_coordinates(shape) > 1


def _packed(lines: list[list[list[list[int]]]]) -> int:
    """Bytes that lines take in the page: packed, and in base 64."""
    return len(zlib.compress(json.dumps(lines, separators=(",", ":")).encode(), 9)) * 4 // 3
