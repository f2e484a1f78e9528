"""Roads from any vector file: lines with a class, a direction and what else slows a journey."""

from collections.abc import Collection, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis import fields
from gis.errors import Finding
from gis.kernels.garbage import uncollected
from gis.read.checks import Bounds, Report, check_axes, did_you_mean
from gis.read.months import parse_months
from gis.read.road_tags import NON_ROAD, ROAD, parse_flag, parse_maxspeed, parse_oneway
from gis.read.settlements import OSM_SUFFIXES
from gis.read.text import Column, as_text, coded, optional_text, parse_numbers
from gis.read.vector import LONLAT, ROW, load

LAYER = "layer"
"""Column with the level of a road over or under others (OpenStreetMap's `layer`), 0 on the ground."""

_OURS: dict[str, tuple[str, ...]] = {
    fields.ROAD_ID: ("road_id", "osm_id"),
    fields.ROAD_CLASS: ("road_class", "highway", "fclass"),
    fields.SURFACE: ("surface",),
    fields.MAXSPEED_KPH: ("maxspeed_kph", "maxspeed"),
    fields.ONEWAY: ("oneway",),
    fields.BRIDGE: ("bridge",),
    fields.TUNNEL: ("tunnel",),
    fields.REF: ("ref",),
    fields.NAME: ("name",),
    fields.MONTHS: ("months",),
    LAYER: ("layer",),
}


@uncollected()
def read_roads(
    path: Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    classes: Collection[str],
    expected_bounds: Bounds | None = None,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read roads: single lines with a class that the table of speeds knows, in longitude and latitude.

    Parameters
    ----------
    path
        A file that `read_table` reads, or an OpenStreetMap extract (`.osm.pbf`, `.osm`), of which `highway`
        is taken.
    layer, crs, encoding
        As in `read_table`.
    columns
        Our names (road_id, road_class, surface, maxspeed_kph, oneway, bridge, tunnel, ref, name, months, layer) and
        the file's names of them. What is left out is looked for under our name, and under those of
        OpenStreetMap's descendants (osm_id, highway, fclass, maxspeed). Not used for an extract.
    classes
        The road classes that the table of speeds knows, in lower case.
    expected_bounds
        `(west, south, east, north)` of the other layers, degrees; shows whether the axes are exchanged.

    Returns
    -------
    frame, findings
        Index `road_id` (text), `road_class` (lower case), `surface`, `ref`, `name`, `months` (text or None),
        `maxspeed_kph` (NaN: none known), `oneway` (int8: 0 both, 1 along the line, -1 against), `bridge`,
        `tunnel` (bool), `layer` (int16), and lines in EPSG:4326 of two or more different vertices. Warnings
        and repairs. A line of several parts becomes several, named `x.1`, `x.2`.

    Raises
    ------
    InputError
        With all that is wrong: see `read_table`; no column of classes, classes that the table does not know,
        points or areas in place of lines, exchanged axes.

    Notes
    -----
    Vertices are kept as they are, because roads meet where vertices are equal; only a vertex that
    repeats the one before it is dropped, and heights are. Values of `highway` that no vehicle drives on
    (`NON_ROAD`) are left out and counted, unless `classes` has them.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "roads.geojson"
    >>> _ = gpd.GeoDataFrame(
    ...     {"highway": ["Primary"], "oneway": ["yes"]},
    ...     geometry=[shapely.LineString([(76, 43), (77, 44)])],
    ...     crs="EPSG:4326",
    ... ).to_file(file)
    >>> frame, findings = read_roads(file, classes=["primary", "track"])
    >>> frame[["road_class", "oneway"]].to_dict("index")
    {'1': {'road_class': 'primary', 'oneway': 1}}
    """
    if path.suffix.lower() in OSM_SUFFIXES:
        from gis.read.osm import osm_roads

        return osm_roads(path, classes)
    report = Report(path.name, layer or "")
    raw = load(report, path, layer=layer, encoding=encoding, crs=crs)
    raw = _renamed(raw, columns or {}, report)
    frame = road_frame(raw, classes, report)
    if len(frame):
        xy, line = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
        begins = xy[np.diff(line, prepend=-1) > 0]
        check_axes(begins[:, 0], begins[:, 1], report, expected_bounds=expected_bounds)
    elif not any(f.level == "error" for f in report.findings):
        report.add(
            "error",
            "empty-layer",
            "no roads are left; see why each was left out above, and name another layer or class",
        )
    return frame, report.close()


def _renamed(raw: gpd.GeoDataFrame, named: Mapping[str, str], report: Report) -> gpd.GeoDataFrame:
    """Return the columns that roads have, under our names; report those that are not in the file."""
    theirs = [c for c in raw.columns if c not in (ROW, raw.geometry.name)]
    by_fold = {c.casefold(): c for c in reversed(theirs)}
    found: dict[str, Column] = {}
    for ours, known in _OURS.items():
        if ours in named:
            if named[ours] in theirs:
                found[ours] = raw[named[ours]]
            else:
                near = did_you_mean(named[ours], theirs)
                message = f"no column of this name for {ours}{near}; the file has {theirs}"
                report.add("error", "no-such-column", message, values=[named[ours]])
            continue
        name = next((by_fold[k] for k in known if k in by_fold), None)
        if name is not None:
            found[ours] = raw[name]
    for ours in named.keys() - _OURS.keys():
        report.add(
            "error",
            "no-such-column",
            f"roads have no {ours}; take it out of columns, which may name {list(_OURS)}",
            values=[ours],
        )
    if fields.ROAD_CLASS not in found:
        if fields.ROAD_CLASS not in named:
            message = f"no column of road classes; set columns.road_class to one of {theirs}"
            report.add("error", "no-such-column", message)
        report.close()
    return gpd.GeoDataFrame({ROW: raw[ROW], **found}, geometry=raw.geometry)


def road_frame(
    raw: gpd.GeoDataFrame, classes: Collection[str], report: Report, *, osm: bool = False
) -> gpd.GeoDataFrame:
    """Return lines with our columns as the frame of roads; write what is wrong into a report.

    Parameters
    ----------
    raw
        Lines in EPSG:4326, the column `row`, `road_class`, and those of our columns that there are.
    classes
        Road classes that the table of speeds knows.
    report
        Takes the findings.
    osm
        Whether this is raw OpenStreetMap: roundabouts (a column `junction`) and motorways then imply one way,
        and a value of `highway` that is neither known nor a usual road is left out, not an error.
    """
    raw = _known_classes(raw, classes, report, osm=osm)
    raw = _as_lines(raw, report)
    kph, unreadable = parse_maxspeed(_column(raw, fields.MAXSPEED_KPH))
    _warn(raw, fields.MAXSPEED_KPH, unreadable, "speed limit unreadable, left out", report)
    oneway, odd, geofabrik = parse_oneway(_column(raw, fields.ONEWAY))
    _warn(raw, fields.ONEWAY, odd, "direction unreadable, taken as both ways", report)
    if geofabrik:
        message = "oneway read as Geofabrik writes it: F along the line, T against it, B both ways"
        report.add("warning", "oneway-letters", message, count=len(raw))
    if osm:
        implied = (raw[fields.ROAD_CLASS] == "motorway") | (_column(raw, "junction") == "roundabout")
        blank = as_text(_column(raw, fields.ONEWAY)) == ""
        oneway[(implied & blank).to_numpy()] = 1
    levels = parse_numbers(_column(raw, LAYER))[0]
    frame = gpd.GeoDataFrame(
        {
            fields.ROAD_CLASS: raw[fields.ROAD_CLASS].astype("str"),
            fields.SURFACE: optional_text(_column(raw, fields.SURFACE)),
            fields.MAXSPEED_KPH: kph,
            fields.ONEWAY: oneway,
            fields.BRIDGE: parse_flag(_column(raw, fields.BRIDGE)),
            fields.TUNNEL: parse_flag(_column(raw, fields.TUNNEL)),
            fields.REF: optional_text(_column(raw, fields.REF)),
            fields.NAME: optional_text(_column(raw, fields.NAME)),
            fields.MONTHS: _months(raw, report),
            LAYER: np.nan_to_num(levels, nan=0.0, posinf=0.0, neginf=0.0).clip(-99, 99).astype(np.int16),
        },
        geometry=raw.geometry,
    )
    frame.index = pd.Index(raw[fields.ROAD_ID].to_numpy(dtype=object), name=fields.ROAD_ID, dtype="str")
    return frame


def _column(raw: gpd.GeoDataFrame, name: str) -> Column:
    return raw[name] if name in raw else pd.Series(None, index=raw.index, dtype=object)


def _months(raw: gpd.GeoDataFrame, report: Report) -> Column:
    """Return the months in which roads are open, as written, None for all; refuse what cannot be read."""
    months = optional_text(_column(raw, fields.MONTHS))
    codes, uniques = pd.factorize(months)
    for code, text in enumerate(uniques):
        if parse_months(str(text)) is None:
            message = "months in which the road is open: expected such as 5-10, 11-3 or 5,6,7; blank is all"
            report.add("error", "bad-months", message, rows=raw.loc[codes == code, ROW], values=[text])
    return months


def _warn(raw: gpd.GeoDataFrame, column: str, mask: np.ndarray, message: str, report: Report) -> None:
    if mask.any():
        values = raw.loc[mask, column].unique()
        report.add("warning", f"bad-{column}", message, rows=raw.loc[mask, ROW], values=values)


def _known_classes(raw: gpd.GeoDataFrame, classes: Collection[str], report: Report, *, osm: bool) -> gpd.GeoDataFrame:
    """Keep roads whose class is known, in lower case; report the others."""
    known = sorted(c.casefold() for c in classes)
    text, words = coded(raw[fields.ROAD_CLASS])
    codes, uniques = pd.factorize(np.array([word.casefold() for word in words], dtype=object)[text])
    keep = np.isin(uniques, known)
    apart = 0
    for code in np.flatnonzero(~keep).tolist():
        value, mask = str(uniques[code]), codes == code
        rows = raw.loc[mask, ROW]
        if value in NON_ROAD or (osm and value not in ROAD):
            apart += int(mask.sum())
        elif not value:
            report.add("error", "unknown-road-class", "road class is blank; give one", rows=rows)
        else:
            message = f"unknown road class{did_you_mean(value, known)}; the table of speeds has {known}"
            report.add("error", "unknown-road-class", message, rows=rows, values=[value])
    if apart:
        values = sorted(str(v) for v, k in zip(uniques, keep, strict=True) if not k and str(v) not in ROAD)
        message = "not for vehicles, or not a road: left out"
        report.add("warning", "not-a-road", message, values=values, count=apart)
    raw = raw.assign(**{fields.ROAD_CLASS: pd.Series(uniques[codes], index=raw.index, dtype="str")})
    return raw if keep.all() else raw[keep[codes]]


def _ids(raw: gpd.GeoDataFrame, part: "Column | None", report: Report) -> Column:
    """Name each line by its id, or the number of its row, and `.1`, `.2` where it is one part of several."""
    if fields.ROAD_ID in raw:
        own = as_text(raw[fields.ROAD_ID])
        ids = own if part is None else own + part
        unusable = (ids.duplicated(keep=False) | (own == "")).to_numpy()
        if not unusable.any():
            return ids
        message = "road ids blank or not unique: the numbers of the rows are used for all"
        report.add("repair", "duplicate-id", message, rows=raw.loc[unusable, ROW].unique())
    numbers: Column = raw[ROW].astype("str")
    return numbers if part is None else numbers + part


def _as_lines(raw: gpd.GeoDataFrame, report: Report) -> gpd.GeoDataFrame:
    """Return single lines of some length, without heights and repeated vertices; count what was mended."""
    shapes = raw.geometry.to_numpy().copy()
    high = shapely.get_coordinate_dimension(shapes) > 2
    shapes[high] = shapely.force_2d(shapes[high])
    kinds = shapely.get_type_id(shapes)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    multi = (kinds == shapely.GeometryType.MULTILINESTRING) & ~empty
    wrong = ~empty & ~multi & ~np.isin(kinds, [shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING])
    if wrong.any():
        found = sorted({str(shape.geom_type) for shape in shapes[wrong][:1000]})
        message = "roads must be lines; this may be another layer"
        report.add("error", "wrong-geometry", message, rows=raw.loc[wrong, ROW], values=found)
    if empty.any():
        report.add("repair", "no-geometry", "roads without a line left out", rows=raw.loc[empty, ROW])
    source = np.flatnonzero(~(empty | wrong))
    lines = shapes[source]
    if multi.any():
        lines, owner = shapely.get_parts(lines, return_index=True)
        source = source[owner]
    doubled = _repeats(lines)
    lines[doubled] = shapely.remove_repeated_points(lines[doubled])
    real = shapely.length(lines) > 0
    doubled &= real
    count = np.bincount(source, minlength=len(raw))
    several = count[source] > 1
    if several.any():
        message = "lines of several parts taken apart, named x.1, x.2 ..."
        report.add("repair", "multiline", message, rows=raw[ROW].to_numpy()[count > 1])
    if doubled.any():
        message = "vertices that repeat the one before dropped"
        report.add("repair", "repeated-vertex", message, rows=raw[ROW].to_numpy()[np.unique(source[doubled])])
    if not real.all():
        message = "lines of no length left out"
        report.add("repair", "zero-length", message, rows=raw[ROW].to_numpy()[source[~real]])
    frame = raw if len(source) == len(raw) and not several.any() else raw.iloc[source]
    frame = frame.set_geometry(gpd.GeoSeries(lines, crs=LONLAT, index=frame.index))
    part = None
    if several.any():
        number = pd.Series(source, index=frame.index).groupby(source).cumcount() + 1
        part = ("." + number.astype("str")).where(several, "")
    frame[fields.ROAD_ID] = _ids(frame, part, report)
    return (frame if real.all() else frame[real]).reset_index(drop=True)


def _repeats(lines: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Mark lines with a vertex that repeats the one before it."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    repeats = (line[1:] == line[:-1]) & (xy[1:] == xy[:-1]).all(axis=1)
    out = np.zeros(len(lines), bool)
    out[line[1:][repeats]] = True
    return out
