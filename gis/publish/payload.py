"""What the web map is told: settlements, lines and rasters as small plain values for JSON.

Labels are in all languages, so that the page can change its own. Numbers: `null` is unknown, `-1` is
unreachable. Coordinates are whole hundred-thousandths of a degree, each the difference to the one before,
which packs well.
"""

import base64
import math
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds

from gis import fields as f
from gis.publish import palette
from gis.publish.words import LANGUAGES, bin_labels, class_name, column_label, indicator_name, said, tier_name, words
from gis.space.grid import Grid

_DEGREE = 100_000
_VIABILITY = (20, 40, 60, 80)
_REMOTENESS = (20, 40, 60, 80)
_MOST_PIXELS = 1200
_POLE = 85.0
_MOST_VERTICES = 120_000

Json = dict[str, Any]


def numbers(values: Iterable[object], digits: int = 0) -> list[float | int | None]:
    """Round numbers for JSON: `None` for unknown, `-1` for unreachable.

    Examples
    --------
    >>> numbers([1.26, float("nan"), float("inf")], 1), numbers([2.5, None])
    ([1.3, None, -1], [2, None])
    """
    array = np.asarray(pd.to_numeric(pd.Series(values), errors="coerce"), float)
    rounded = np.round(array, digits)
    if digits == 0:
        return [None if np.isnan(v) else -1 if np.isinf(v) else int(v) for v in rounded]
    return [None if np.isnan(v) else -1 if np.isinf(v) else float(v) for v in rounded]


def deltas(values: NDArray[np.floating]) -> list[int]:
    """Return degrees as whole hundred-thousandths, each the difference to the one before.

    Examples
    --------
    >>> deltas(np.array([71.0, 71.00002, 70.99999]))
    [7100000, 2, -3]
    """
    whole = np.rint(np.asarray(values, float) * _DEGREE).astype(np.int64)
    return [int(v) for v in np.diff(whole, prepend=0)]


def points(
    settlements: gpd.GeoDataFrame,
    tiers: Sequence[str],
    tier_names: Mapping[str, str] | None,
    contributions: Sequence[str],
) -> Json:
    """Describe the settlements, column by column; columns that are missing are left out.

    Parameters
    ----------
    settlements
        Points with the settlement id as index; geometry in any coordinate system.
    tiers, contributions
        Which of them to show, in this order.
    """
    frame = settlements.to_crs(4326)
    rows = {str(key): i for i, key in enumerate(frame.index)}
    base = _texts(frame[f.NAME]) if f.NAME in frame else [str(key) for key in frame.index]
    data: Json = {
        "lon": deltas(frame.geometry.x.to_numpy()),
        "lat": deltas(frame.geometry.y.to_numpy()),
        "id": [str(key) for key in frame.index],
        "name": base,
        "names": {},
    }
    for column, tag in ((f.NAME_KK, "kk"), (f.NAME_RU, "ru"), (f.NAME_EN, "en")):
        if column in frame:
            own = zip(_texts(frame[column]), base, strict=True)
            data["names"][tag] = [None if text == first else text for text, first in own]
    if f.POPULATION in frame:
        data["population"] = numbers(frame[f.POPULATION])
    if f.REGION in frame and frame[f.REGION].notna().any():
        codes, names = pd.factorize(frame[f.REGION].astype(object), use_na_sentinel=True)
        data["region"], data["regions"] = codes.tolist(), [str(n) for n in names]
    for column, digits in (
        (f.ACCESS_KM, 1), (f.ACCESS_MIN, 0), (f.REMOTENESS, 1), (f.VIABILITY, 1), (f.VIABILITY_MISSING, 2),
    ):  # fmt: skip
        if column in frame:
            data[column] = numbers(frame[column], digits)
    data["tiers"] = [_tier(frame, tier, tier_label(tier, tier_names), rows) for tier in tiers]
    data["contributions"] = [
        {"label": said(partial(indicator_name, i)), "points": numbers(frame[f.contribution(i)], 1)}
        for i in contributions
        if f.contribution(i) in frame
    ]
    return data


def themes(
    settlements: gpd.GeoDataFrame,
    tiers: Sequence[str],
    tier_names: Mapping[str, str] | None,
    remoteness_classes: Sequence[str],
) -> list[Json]:
    """List the ways to colour the settlements: each with classes, and a code per settlement."""
    found = []
    unknown = {"label": _message("class.no_data"), "colour": palette.NO_DATA, "mark": "cross"}
    if f.POTENTIAL in settlements:
        classes = [
            {"label": said(partial(class_name, f.POTENTIAL, v)), "colour": palette.POTENTIAL[v], "mark": _mark(v)}
            for v in f.POTENTIALS
        ]
        codes = _codes(settlements[f.POTENTIAL], f.POTENTIALS, f.POTENTIALS.index(f.UNKNOWN))
        found.append(_theme(f.POTENTIAL, classes, codes))
    if f.REMOTENESS_CLASS in settlements and remoteness_classes:
        ramp = palette.remoteness_colours(remoteness_classes)
        classes = [
            {"label": said(partial(class_name, f.REMOTENESS_CLASS, c)), "colour": colour, "mark": "disc"}
            for c, colour in ramp.items()
        ]
        codes = _codes(settlements[f.REMOTENESS_CLASS], remoteness_classes, len(classes))
        found.append(_theme(f.REMOTENESS_CLASS, [*classes, unknown], codes))
    for column, bounds, colours in (
        (f.REMOTENESS, _REMOTENESS, palette.REMOTENESS),
        (f.VIABILITY, _VIABILITY, palette.VIABILITY),
    ):
        if column in settlements:
            classes = _binned(bounds, "", colours)
            found.append(_theme(column, classes, _bins(settlements[column], bounds)))
    for tier in tiers:
        column = f.travel_time_min(tier)
        if column in settlements:
            classes = _binned(palette.MINUTES, "min", palette.MINUTES_COLOURS)
            theme = _theme(column, classes, _bins(settlements[column], palette.MINUTES))
            names = tier_label(tier, tier_names)
            group = _message("map.travel_time")
            theme |= {"label": {x: f"{group[x]}: {names[x]}" for x in names}, "group": group, "short": names}
            found.append(theme)
    if not found:
        plain = {"label": _message("layer.settlements"), "colour": palette.POTENTIAL[f.HIGH], "mark": "disc"}
        found.append({"key": "plain", "label": plain["label"], "classes": [plain], "codes": [0] * len(settlements)})
    return found


def road_lines(roads: gpd.GeoDataFrame, tolerance: float) -> tuple[list[Json], list[str]]:
    """Merge and simplify the roads of each class.

    Returns
    -------
    lines, left_out
        The classes that the page shows, and the least classes, left out where all would be too many.
    """
    geometry = roads.geometry.to_crs(4326)
    style = pd.Series(
        [palette.road_style(c) for c in roads[f.ROAD_CLASS]] if f.ROAD_CLASS in roads else "local",
        index=roads.index,
        dtype=object,
    )
    found: list[Json] = []
    left_out: list[str] = []
    room = _MOST_VERTICES
    for key, (colour, width) in palette.ROADS.items():
        lines = geometry[(style == key).to_numpy()]
        if lines.empty:
            continue
        # No union: edges of a network meet at their ends already, and it takes minutes on a country's streets.
        merged = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(shapely.force_2d(lines.to_numpy()))))
        parts = None if left_out else line_parts([merged], tolerance, room)
        if parts is None:
            left_out.append(key)
            continue
        room -= sum(len(part[0]) for part in parts)
        label = said(partial(class_name, f.ROAD_CLASS, key))
        found.append({"label": label, "colour": colour, "width": round(width * 2.6, 1), "lines": parts})
    return found, left_out


def line_parts(geometries: Iterable[object], tolerance: float, most: int | None = None) -> list[list[list[int]]] | None:
    """Return the simplified lines, or rings of polygons, as pairs of longitudes and latitudes (see `deltas`).

    `None` where they would have more than `most` vertices.

    Examples
    --------
    >>> line_parts([shapely.LineString([(0, 0), (0.5, 0.00001), (1, 0)])], 0.001)
    [[[0, 100000], [0, 0]]]
    """
    parts = shapely.simplify(shapely.get_parts(np.asarray(list(geometries), dtype=object)), tolerance)
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    lines = np.concatenate([shapely.get_rings(parts[polygons]), parts[~polygons]])
    xy, part = shapely.get_coordinates(lines, return_index=True)
    if most is not None and len(xy) > most:
        return None
    whole = np.rint(xy * _DEGREE).astype(np.int64)
    starts = np.flatnonzero(np.diff(part, prepend=-1))
    steps = np.diff(whole, axis=0, prepend=0)
    steps[starts] = whole[starts]
    return [piece.T.tolist() for piece in np.split(steps, starts[1:]) if len(piece) > 1]


def raster(minutes: NDArray[np.floating], grid: Grid) -> Json:
    """Colour a raster of minutes by bins, warp it to the map's projection, and pack it as a palette PNG.

    Unknown cells are transparent, unreachable cells are hatched.
    """
    codes = np.digitize(minutes, palette.MINUTES, right=True).astype(np.uint8) + 1
    last = len(palette.MINUTES_COLOURS)
    codes[np.isinf(minutes)] = last + 1
    codes[np.isnan(minutes)] = 0
    around = transform_bounds(grid.crs, "EPSG:4326", *grid.bounds)
    around = (around[0], max(around[1], -_POLE), around[2], min(around[3], _POLE))
    west, south, east, north = transform_bounds("EPSG:4326", "EPSG:3857", *around)
    # As many cells as the grid has, but square in the map's projection.
    size = math.sqrt((east - west) * (north - south) / codes.size)
    size = max(size, (east - west) / _MOST_PIXELS, (north - south) / _MOST_PIXELS)
    width, height = math.ceil((east - west) / size), math.ceil((north - south) / size)
    warped = np.zeros((height, width), np.uint8)
    reproject(
        codes, warped, src_transform=grid.transform, src_crs=grid.crs,
        dst_transform=Affine(size, 0, west, 0, -size, north), dst_crs="EPSG:3857", resampling=Resampling.nearest,
    )  # fmt: skip
    row, column = np.indices(warped.shape)
    warped[(warped == last + 1) & ((row + column) % 4 < 1)] = last + 2
    colours = [(0, 0, 0, 0), *((*palette.rgb(c), 255) for c in palette.MINUTES_COLOURS)]
    colours += [(*palette.rgb(palette.UNREACHABLE), 150), (*palette.rgb(palette.OUTLINE), 190)]
    corners = transform_bounds("EPSG:3857", "EPSG:4326", west, north - height * size, west + width * size, north)
    return {
        "url": "data:image/png;base64," + base64.b64encode(png(warped, colours)).decode(),
        "bounds": [[corners[1], corners[0]], [corners[3], corners[2]]],
    }


def png(codes: NDArray[np.uint8], colours: Sequence[tuple[int, int, int, int]]) -> bytes:
    """Pack codes as a PNG with a palette of red, green, blue and opacity.

    Examples
    --------
    >>> png(np.zeros((1, 2), np.uint8), [(255, 0, 0, 255)])[1:4]
    b'PNG'
    """

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = codes.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), codes], axis=1).tobytes()
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            chunk(b"PLTE", bytes(v for colour in colours for v in colour[:3])),
            chunk(b"tRNS", bytes(colour[3] for colour in colours)),
            chunk(b"IDAT", zlib.compress(rows, 9)),
            chunk(b"IEND", b""),
        ]
    )


def tier_label(tier: str, tier_names: Mapping[str, str] | None) -> dict[str, str]:
    """Name a tier in all languages; the name that the study gave is the same in all."""
    return said(lambda language: tier_name(tier, language, tier_names))


def minutes_classes() -> list[Json]:
    """Return the classes of the travel-time rasters, for their legend."""
    bins = _binned(palette.MINUTES, "min", palette.MINUTES_COLOURS)
    return [{**one, "mark": "hatch" if one["mark"] == "slash" else "square"} for one in bins[:-1]]


def _tier(frame: gpd.GeoDataFrame, tier: str, label: dict[str, str], rows: Mapping[str, int]) -> Json:
    found: Json = {"key": tier, "label": label}
    if f.travel_time_min(tier) in frame:
        found["min"] = numbers(frame[f.travel_time_min(tier)])
    if f.distance_km(tier) in frame:
        found["km"] = numbers(frame[f.distance_km(tier)])
    if f.centre(tier) in frame:
        found["centre"] = [rows.get(str(key), -1) for key in frame[f.centre(tier)]]
    return found


def _theme(column: str, classes: Sequence[Json], codes: Sequence[int]) -> Json:
    return {"key": column, "label": said(partial(column_label, column)), "classes": classes, "codes": codes}


def _mark(potential: str) -> str:
    return {f.UNINHABITED: "ring", f.UNKNOWN: "cross"}.get(potential, "disc")


def _codes(values: pd.Series, classes: Sequence[str], missing: int) -> list[int]:
    place = {name: i for i, name in enumerate(classes)}
    return [place.get(str(v), missing) for v in values]


def _binned(bounds: Sequence[int], unit: str, colours: Sequence[str]) -> list[Json]:
    """Return the classes of bins, then unreachable, then no data."""
    if unit:
        each = said(lambda language: "\n".join(bin_labels(bounds, unit, language)))
        labels = [
            dict(zip(each, parts, strict=True)) for parts in zip(*(t.split("\n") for t in each.values()), strict=True)
        ]
    else:
        labels = [dict.fromkeys(LANGUAGES, f"{a}–{b}") for a, b in zip([0, *bounds], [*bounds, 100], strict=True)]
    return [
        *({"label": t, "colour": c, "mark": "disc"} for t, c in zip(labels, colours, strict=True)),
        {"label": _message("class.unreachable"), "colour": palette.UNREACHABLE, "mark": "slash"},
        {"label": _message("class.no_data"), "colour": palette.NO_DATA, "mark": "cross"},
    ]


def _message(key: str) -> dict[str, str]:
    return said(lambda language: words(language)[key])


def _bins(values: pd.Series, bounds: Sequence[int]) -> list[int]:
    array = np.asarray(pd.to_numeric(values, errors="coerce"), float)
    codes = np.digitize(array, bounds, right=True)
    codes[np.isinf(array)] = len(bounds) + 1
    codes[np.isnan(array)] = len(bounds) + 2
    return [int(c) for c in codes]


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


def borders(regions: gpd.GeoDataFrame, tolerance: float) -> list[list[list[int]]]:
    """Return the borders of regions, each once: neighbours are simplified together."""
    shapes = regions.geometry.to_crs(4326).to_numpy()
    edges = shapely.line_merge(shapely.union_all(shapely.boundary(shapely.force_2d(shapes))))
    return line_parts([edges], tolerance) or []


def context(name: str, frame: gpd.GeoDataFrame, tolerance: float) -> Json:
    """Describe a layer of lines or polygons that lies below all else: `land`, `water`, or one drawn as water."""
    fill = bool(frame.geom_type.isin(["Polygon", "MultiPolygon"]).any())
    colour = palette.CONTEXT.get(name, palette.CONTEXT["water"])
    return {"colour": colour, "fill": fill, "lines": line_parts(frame.geometry.to_crs(4326), tolerance)}
