"""What the web map is told: settlements, lines and rasters as small plain values for JSON.

Labels are in all languages, so that the page can change its own. Numbers: `null` is unknown, `-1` is
unreachable. Coordinates are whole hundred-thousandths of a degree, or as many of them as `unit` says.
`gis.publish.packing` makes long lists small.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis import fields as f
from gis.publish import palette
from gis.publish.map_steps import Json, Step
from gis.publish.words import LANGUAGES, class_name, indicator_name, said, tier_name, words

DEGREE = 100_000
"""Coordinates are whole numbers of such parts of a degree."""

_FINER = 4
_MOST_VERTICES = 120_000
_BY_MONTH = {"cut_off": f.months_cut_off, "worst": f.worst_month, "freight": f.months_without_freight}


def numbers(values: Iterable[object], digits: int = 0) -> list[float | int | None]:
    """Round numbers for JSON: `None` for unknown, `-1` for unreachable.

    Examples
    --------
    >>> numbers([1.26, float("nan"), float("inf")], 1), numbers([2.5, None])
    ([1.3, None, -1.0], [2, None])
    """
    array = np.asarray(pd.to_numeric(pd.Series(values), errors="coerce"), float)
    unknown = np.flatnonzero(np.isnan(array))
    rounded = np.round(np.where(np.isinf(array), -1.0, np.nan_to_num(array)), digits)
    found: list[float | int | None] = (rounded.astype(np.int64) if digits == 0 else rounded).tolist()
    for i in unknown:
        found[i] = None
    return found


def degrees(values: NDArray[np.floating]) -> list[int]:
    """Return degrees as whole hundred-thousandths.

    Examples
    --------
    >>> degrees(np.array([71.0, 71.00002]))
    [7100000, 7100002]
    """
    whole: list[int] = np.rint(np.asarray(values, float) * DEGREE).astype(np.int64).tolist()
    return whole


def neighbours_first(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put places in an order in which neighbours follow each other, along a Z-curve: their numbers then pack well.

    Examples
    --------
    >>> places = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0, 9, 0.1, 9], [0, 9, 0, 0]), crs=4326)
    >>> neighbours_first(places).index.tolist()
    [0, 2, 3, 1]
    """
    xy = shapely.get_coordinates(places.geometry.to_crs(4326).to_numpy())
    return places.iloc[np.argsort(z_curve(xy[:, 0], xy[:, 1]), kind="stable")]


def z_curve(x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.uint64]:
    """Return the place of points along a Z-curve over all of them: the bits of both axes in turn.

    Examples
    --------
    >>> z_curve(np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])).argsort().tolist()
    [0, 1, 2]
    """
    size = max(float(np.ptp(x)), float(np.ptp(y))) or 1.0
    found = np.zeros(len(x), np.uint64)
    for axis, values in enumerate((x, y)):
        whole = np.rint((values - values.min()) / size * 65535).astype(np.uint64)
        for bit in range(16):
            found |= (whole >> np.uint64(bit) & np.uint64(1)) << np.uint64(2 * bit + axis)
    return found


def points(
    settlements: gpd.GeoDataFrame,
    tiers: Sequence[str],
    tier_names: Mapping[str, str] | None,
    contributions: Sequence[str],
    others: Sequence[Step] = (),
) -> Json:
    """Describe the settlements, column by column; columns that are missing are left out.

    Parameters
    ----------
    settlements
        Points with the settlement id as index; geometry in any coordinate system.
    tiers, contributions
        Which of them to show, in this order.
    others
        The steps of the slider after the first.
    """
    frame = settlements.to_crs(4326)
    rows = {str(key): i for i, key in enumerate(frame.index)}
    base = _texts(frame[f.NAME]) if f.NAME in frame else [str(key) for key in frame.index]
    data: Json = {
        "lon": degrees(frame.geometry.x.to_numpy()),
        "lat": degrees(frame.geometry.y.to_numpy()),
        "id": [str(key) for key in frame.index],
        "name": base,
        "names": {},
    }
    for tag, column in f.NAME_IN.items():
        if column in frame:
            own = zip(_texts(frame[column]), base, strict=True)
            data["names"][tag] = [None if text == first else text for text, first in own]
    if f.POPULATION in frame:
        data["population"] = numbers(frame[f.POPULATION])
    if f.REGION in frame and frame[f.REGION].notna().any():
        codes, names = pd.factorize(frame[f.REGION].astype(object), use_na_sentinel=True)
        known = region_names(frame)
        data["region"], data["regions"] = codes.tolist(), [known[str(n)] for n in names]
    for column, digits in (
        (f.ACCESS_KM, 1), (f.ACCESS_MIN, 0), (f.REMOTENESS, 1), (f.VIABILITY, 1), (f.VIABILITY_MISSING, 2),
        (f.VIABILITY_P05, 0), (f.VIABILITY_P95, 0), (f.HEATING_DEGREE_DAYS, 0),
    ):  # fmt: skip
        if column in frame:
            data[column] = numbers(frame[column], digits)
    if f.REACHABLE in frame:
        data["cut_off"] = [int(v is not None and not pd.isna(v) and not v) for v in frame[f.REACHABLE]]
    data["tiers"] = [_tier(frame, tier, tier_label(tier, tier_names), rows, others) for tier in tiers]
    shown = [i for i in contributions if f.contribution(i) in frame]
    parts: NDArray[np.float64] | list[Json] = (
        summing(frame[[f.contribution(i) for i in shown]].to_numpy(float)) if shown else []
    )
    data["contributions"] = [
        {"label": said(partial(indicator_name, i)), "points": numbers(part, 1)}
        for i, part in zip(shown, parts, strict=True)
    ]
    return data


def road_lines(roads: gpd.GeoDataFrame, tolerance: float) -> tuple[list[Json], list[str]]:
    """Merge and simplify the roads of each class.

    Returns
    -------
    lines, left_out
        The classes that the page shows, and the least classes, left out where all would be too many.
    """
    lines = roads.geometry.to_crs(4326).to_numpy()
    if shapely.has_z(lines).any():
        lines = shapely.force_2d(lines)
    classes = roads[f.ROAD_CLASS] if f.ROAD_CLASS in roads else pd.Series("local", index=roads.index)
    number, names = pd.factorize(classes, use_na_sentinel=False)
    style = np.array([palette.road_style(name) for name in names], object)
    found: list[Json] = []
    left_out: list[str] = []
    room = _MOST_VERTICES
    for key, (colour, width) in palette.ROADS.items():
        of_class = lines[(style == key)[number]]
        if not len(of_class):
            continue
        if left_out:
            left_out.append(key)
            continue
        # No union: edges of a network meet at their ends already, and it takes minutes on a country's streets.
        if (shapely.get_type_id(of_class) != shapely.GeometryType.LINESTRING).any():
            of_class = shapely.get_parts(of_class)
        parts = None
        if 2 * _merged_at_least(of_class) <= room:  # merging them takes longer than to see that they are too many
            merged = shapely.line_merge(shapely.multilinestrings(of_class))
            parts = line_parts([merged], tolerance, room)
        if parts is None:
            left_out.append(key)
            continue
        room -= len(parts["x"])
        label = said(partial(class_name, f.ROAD_CLASS, key))
        found.append({"label": label, "colour": colour, "width": round(width * 2.6, 1), "lines": parts})
    return found, left_out


def _merged_at_least(lines: NDArray[np.object_]) -> float:
    """Count the lines that are left when lines are merged wherever two ends meet, but for closed ones.

    Examples
    --------
    >>> star = [[(0, 0), (1, 0)], [(0, 0), (0, 1)], [(0, 0), (-1, 0)], [(1, 0), (2, 0)]]
    >>> _merged_at_least(shapely.linestrings(star))
    3.0
    """
    long = lines[shapely.length(lines) > 0]
    xy, count = shapely.get_coordinates(long), shapely.get_num_coordinates(long)
    last = np.cumsum(count) - 1
    ends = xy[np.concatenate([last - count + 1, last])]
    _, meet = np.unique(ends[:, 0] + 1j * ends[:, 1], return_counts=True)
    return float(meet[meet != 2].sum()) / 2.0


def line_parts(geometries: Iterable[object], tolerance: float, most: int | None = None) -> Json | None:
    """Return the simplified lines, or rings of polygons; `None` where they would have more than `most` vertices.

    Returns
    -------
    dict
        `count`: how many vertices each has. `x`, `y`: of all vertices in turn, each as the difference to the one
        before, in whole numbers of `unit` hundred-thousandths of a degree.

    Examples
    --------
    >>> line_parts([shapely.LineString([(0, 0), (0.5, 0.00001), (1, 0)])], 0.001)
    {'unit': 25, 'count': [2], 'x': [0, 4000], 'y': [0, 0]}
    """
    parts = shapely.get_parts(np.asarray(list(geometries), dtype=object))
    if most is not None and 2 * len(parts) > most:
        return None
    parts = shapely.simplify(parts, tolerance)
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    lines = np.concatenate([shapely.get_rings(parts[polygons]), parts[~polygons]])
    xy, part = shapely.get_coordinates(lines, return_index=True)
    if most is not None and len(xy) > most:
        return None
    unit = unit_for(tolerance)
    steps = np.diff(np.rint(xy * (DEGREE / unit)).astype(np.int64), axis=0, prepend=0)
    count = np.bincount(part)
    return {"unit": unit, "count": count[count > 0].tolist(), "x": steps[:, 0].tolist(), "y": steps[:, 1].tolist()}


def unit_for(tolerance: float) -> int:
    """Return in what hundred-thousandths of a degree to give lines that may be so many degrees from what they show."""
    return max(1, round(tolerance * DEGREE / _FINER))


def tier_label(tier: str, tier_names: Mapping[str, str] | None) -> dict[str, str]:
    """Name a tier in all languages; the name that the study gave is the same in all."""
    return said(lambda language: tier_name(tier, language, tier_names))


def message(key: str) -> dict[str, str]:
    """Return a message in all languages."""
    return said(lambda language: words(language)[key])


def region_names(frame: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Name each region in all languages: from `region_kk`, `region_ru` and `region_en` where they are known.

    Examples
    --------
    >>> region_names(pd.DataFrame({"region": ["Abai"], "region_ru": ["Абайская область"]}))
    {'Abai': {'en': 'Abai', 'ru': 'Абайская область', 'kk': 'Abai'}}
    """
    first = frame[frame[f.REGION].notna()].drop_duplicates(f.REGION)
    found = {str(name): dict.fromkeys(LANGUAGES, str(name)) for name in first[f.REGION]}
    for language in LANGUAGES:
        if f"{f.REGION}_{language}" in frame:
            for name, own in zip(first[f.REGION], _texts(first[f"{f.REGION}_{language}"]), strict=True):
                found[str(name)][language] = own or str(name)
    return found


def summing(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round points to tenths such that each row sums to its rounded total; NaN is no part.

    Each is rounded down, and the tenths left over go to those that lost most. Returns shape `(k, n)` for `(n, k)`.

    Examples
    --------
    >>> summing(np.array([[0.26, 0.26, 0.26]])).T.tolist()
    [[0.3, 0.3, 0.2]]
    """
    tenths = points * 10.0
    low = np.floor(tenths)
    left = np.rint(np.nansum(tenths, axis=1)) - np.nansum(low, axis=1)
    order = np.argsort(np.where(np.isnan(tenths), np.inf, low - tenths), axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(points.shape[1])[None, :], axis=1)
    return np.asarray((low + (place < left[:, None])).T / 10.0)


def _tier(
    frame: gpd.GeoDataFrame, tier: str, label: dict[str, str], rows: Mapping[str, int], others: Sequence[Step]
) -> Json:
    found: Json = {"key": tier, "label": label}
    if f.travel_time_min(tier) in frame:
        found["min"] = numbers(frame[f.travel_time_min(tier)])
        found["others"] = [numbers(one.minutes[tier]) if tier in one.minutes else None for one in others]
    for key, column in _BY_MONTH.items():
        if column(tier) in frame:
            found[key] = numbers(frame[column(tier)])
    if f.distance_km(tier) in frame:
        found["km"] = numbers(frame[f.distance_km(tier)])
    if f.centre(tier) in frame:
        found["centre"] = _rows(frame[f.centre(tier)], rows)
        found["centres"] = [_rows(one.centre[tier], rows) if tier in one.centre else None for one in others]
    return found


def _rows(ids: pd.Series, rows: Mapping[str, int]) -> list[int]:
    return [rows.get(str(key), -1) for key in ids]


def _texts(values: pd.Series) -> list[str | None]:
    return [None if pd.isna(v) else str(v) for v in values]


def centres(frame: gpd.GeoDataFrame | None, settlements: gpd.GeoDataFrame, tiers: Sequence[str]) -> list[Json]:
    """List the centres for labels: the highest tier and the largest first."""
    if frame is None or frame.empty:
        return []
    rows = {str(key): i for i, key in enumerate(settlements.index)}
    rank = {tier: i for i, tier in enumerate(tiers)}
    order = pd.DataFrame({"rank": [rank.get(str(t), len(rank)) for t in frame[f.TIER]] if f.TIER in frame else 0})
    order["people"] = pd.to_numeric(frame[f.POPULATION], errors="coerce").to_numpy() if f.POPULATION in frame else 0.0
    points = frame.geometry.to_crs(4326)
    names = _texts(frame[f.NAME]) if f.NAME in frame else [None] * len(frame)
    found = []
    for i in order.sort_values(["rank", "people"], ascending=[True, False], kind="stable").index:
        key = str(frame.index[i])
        found.append(
            {
                "row": rows.get(key, -1),
                "rank": int(order["rank"][i]),
                "id": key,
                "name": names[i],
                "lon": round(float(points.iloc[i].x), 5),
                "lat": round(float(points.iloc[i].y), 5),
            }
        )
    return found


def borders(regions: gpd.GeoDataFrame, tolerance: float) -> Json | None:
    """Return the borders of regions, each once: neighbours are simplified together."""
    shapes = regions.geometry.to_crs(4326).to_numpy()
    edges = shapely.line_merge(shapely.union_all(shapely.boundary(shapely.force_2d(shapes))))
    return line_parts([edges], tolerance)


def context(name: str, frame: gpd.GeoDataFrame, tolerance: float) -> Json:
    """Describe a layer of lines or polygons that lies below all else: `land`, `water`, or one drawn as water."""
    fill = bool(frame.geom_type.isin(["Polygon", "MultiPolygon"]).any())
    colour = palette.CONTEXT.get(name, palette.CONTEXT["water"])
    return {"colour": colour, "fill": fill, "lines": line_parts(frame.geometry.to_crs(4326), tolerance)}
