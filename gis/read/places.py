"""The frame of settlements, whatever file they came from, and what is checked of each."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis import fields
from gis.read.checks import Bounds, Report, check_axes, distance_from_middle_km
from gis.read.text import Column, ambiguous_commas, as_text, lost_letters, optional_text, parse_numbers, strip_control
from gis.read.vector import ROW

_NAMES = (fields.NAME_KK, fields.NAME_RU, fields.NAME_EN)
_TEXTS = (*_NAMES, fields.REGION, fields.TIER)
OURS = (fields.SETTLEMENT_ID, fields.NAME, fields.POPULATION, *_TEXTS)
"""Columns of settlements that have a meaning of their own."""

_DUPLICATES_SHOWN = 20
_FAR_KM = 1000.0

Rows = NDArray[np.int64]


def settlement_frame(raw: gpd.GeoDataFrame, report: Report) -> gpd.GeoDataFrame:
    """Return points with our columns as the frame of settlements; write what is wrong into a report.

    Parameters
    ----------
    raw
        Points in EPSG:4326, the column `row`, and those of our columns that there are.
    report
        Takes the findings.

    Returns
    -------
    Index `settlement_id`, our columns, all other columns, geometry; see `read_settlements`.

    Examples
    --------
    >>> points = gpd.points_from_xy([70.0], [50.0], crs="EPSG:4326")
    >>> raw = gpd.GeoDataFrame({"row": [1], "settlement_id": [7.0], "population": ["1 200"]}, geometry=points)
    >>> settlement_frame(raw, Report("a.csv"))[["name", "population"]].to_dict("index")
    {'7': {'name': '7', 'population': 1200.0}}
    """
    rows = raw[ROW].to_numpy()
    name, texts = _clean_texts(raw, rows, report)
    others = [c for c in raw.columns if c not in {*OURS, ROW, raw.geometry.name}]
    ids = _ids(raw, name, rows, report)
    frame = gpd.GeoDataFrame(
        {
            fields.NAME: _named(name, texts, ids, report),
            **{c: texts[c] for c in _NAMES},
            fields.POPULATION: _population(raw, rows, report),
            **{c: texts[c] for c in (fields.REGION, fields.TIER)},
            **{c: _numbers_if_any(raw[c], rows, report) for c in others},
        },
        geometry=raw.geometry,
    )
    frame.index = pd.Index(ids.to_numpy(dtype=object), name=fields.SETTLEMENT_ID, dtype="str")
    return frame


def _clean_texts(raw: gpd.GeoDataFrame, rows: Rows, report: Report) -> tuple[Column, dict[str, Column]]:
    """Return the name (empty where missing) and the other texts (None where missing), cleaned."""
    cleaned = {}
    odd, lost = np.zeros(len(raw), bool), np.zeros(len(raw), bool)
    for column in (fields.NAME, *_TEXTS):
        values = as_text(raw[column]) if column in raw else pd.Series("", index=raw.index, dtype="str")
        cleaned[column], changed = strip_control(values)
        odd |= changed
        lost |= lost_letters(cleaned[column])
    if odd.any():
        message = "control characters in names removed, breaks and tabs made blanks"
        report.add("repair", "control-characters", message, rows=rows[odd])
    if lost.any():
        message = "letters lost (? or \ufffd among Cyrillic letters): an older program saved names in CP1251"
        values_lost = cleaned[fields.NAME][lost].head(3)
        report.add("warning", "lost-letters", message, rows=rows[lost], values=values_lost)
    return cleaned[fields.NAME], {c: optional_text(cleaned[c]) for c in _TEXTS}


def _named(name: Column, texts: dict[str, Column], ids: Column, report: Report) -> Column:
    """Fill names that are blank from the names in other languages, then from the id."""
    filled = name.astype(object).where(name != "", None)
    for column in _NAMES:
        filled = filled.where(filled.notna(), texts[column])
    nameless = filled.isna()
    if nameless.any():
        report.add("warning", "no-name", "settlements without a name, called by id", count=int(nameless.sum()))
    return filled.where(~nameless, ids).astype("str")


def _ids(raw: gpd.GeoDataFrame, name: Column, rows: Rows, report: Report) -> Column:
    if fields.SETTLEMENT_ID not in raw:
        message = "no column of ids: ids made of place and name (they stay while both stay)"
        report.add("repair", "ids-made", message, count=len(raw))
        return _made_ids(raw, name)
    ids = as_text(raw[fields.SETTLEMENT_ID])
    blank = (ids == "").to_numpy()
    if blank.any():
        report.add("error", "blank-id", "settlement id is blank; ids must be filled", rows=rows[blank])
    again = (ids.duplicated(keep=False) & ~blank).to_numpy()
    if again.any():
        groups = pd.Series(rows[again]).groupby(ids[again].to_numpy(), sort=False)
        for number, (value, where) in enumerate(groups):
            if number == _DUPLICATES_SHOWN:
                report.add("error", "duplicate-id", f"{groups.ngroups - number} more ids twice; each needs its own")
                break
            message = "settlement id is not unique; each needs its own (or leave the column of ids out)"
            report.add("error", "duplicate-id", message, rows=where, values=[value])
    return ids


def _made_ids(raw: gpd.GeoDataFrame, name: Column) -> Column:
    """Return `s` and ten hexadecimal digits of place (to a millionth of a degree) and name."""
    place = raw.geometry.x.map("{:.6f}".format) + " " + raw.geometry.y.map("{:.6f}".format)
    hashes = pd.util.hash_array((place + " " + name).to_numpy(dtype=object), categorize=False)
    ids = pd.Series([f"s{value:016x}"[:11] for value in hashes.tolist()], index=raw.index, dtype="str")
    again = ids.groupby(ids).cumcount()
    return ids.where(again == 0, ids + "-" + (again + 1).astype("str"))


def _population(raw: gpd.GeoDataFrame, rows: Rows, report: Report) -> NDArray[np.float64]:
    if fields.POPULATION not in raw:
        message = "no column of population: unknown for all (set columns.population if the file has one)"
        report.add("warning", "unknown-population", message, count=len(raw))
        return np.full(len(raw), np.nan)
    values, unreadable = parse_numbers(raw[fields.POPULATION], comma="thousands")
    _say_commas(raw[fields.POPULATION], "between thousands", report)
    given = as_text(raw[fields.POPULATION]).to_numpy(dtype=object)
    unreadable |= np.isinf(values)
    negative = values < 0
    unknown = np.isnan(values) & ~unreadable
    for code, mask, message in (
        ("bad-population", unreadable, "population is not a number; leave it blank where it is unknown"),
        ("negative-population", negative, "population is negative; expected 0 or more, blank where unknown"),
    ):
        if mask.any():
            report.add("error", code, message, rows=rows[mask], values=given[mask])
    if unknown.any():
        report.add("warning", "unknown-population", "population unknown", count=int(unknown.sum()))
    return values


def _numbers_if_any(values: Column, rows: Rows, report: Report) -> Column:
    """Return a column of text as numbers where its filled values are numbers, else as it is.

    Where most, but not all, are numbers the rest becomes NaN, with a warning. Codes that start with a zero
    are text.
    """
    if not (pd.api.types.is_object_dtype(values.dtype) or pd.api.types.is_string_dtype(values.dtype)):
        return values
    numbers, unreadable = parse_numbers(values)
    readable = int((~np.isnan(numbers)).sum())
    code = as_text(values).str.fullmatch(r"0\d+|\d{16,}").any()
    if code or readable <= unreadable.sum():
        return optional_text(values)
    if unreadable.any():
        message = f"{values.name} is not a number here, as it is elsewhere; taken as unknown"
        bad = values[unreadable]
        report.add("warning", "not-a-number", message, rows=rows[unreadable], values=bad.unique())
    _say_commas(values, "as decimal signs", report)
    return pd.Series(numbers, index=values.index, name=values.name)


def _say_commas(values: Column, meaning: str, report: Report) -> None:
    count = ambiguous_commas(values)
    if count:
        message = f"commas in {values.name}, as in 1,234, were read {meaning}; write 1234 or 1.234"
        report.add("warning", "commas", message, count=count)


def check_places(frame: gpd.GeoDataFrame, rows: Rows, report: Report, *, expected_bounds: Bounds | None = None) -> None:
    """Report places at 0 0, exchanged axes, places far from all others, and several at one place.

    Parameters
    ----------
    frame
        Settlements, as `settlement_frame` makes them.
    rows
        Number of each row in the file, shape `(n,)`.
    report
        Takes the findings.
    expected_bounds
        `(west, south, east, north)` of the other layers, degrees.

    Examples
    --------
    >>> report = Report("a.csv")
    >>> points = gpd.GeoDataFrame({"name": ["a"]}, geometry=gpd.points_from_xy([0.0], [0.0], crs="EPSG:4326"))
    >>> check_places(points, np.array([1]), report)
    >>> report.findings[0].code
    'null-island'
    """
    lon, lat = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
    null = (lon == 0) & (lat == 0)
    if null.any():
        message = "longitude and latitude are 0, in the Gulf of Guinea; give the place or take the row out"
        report.add("error", "null-island", message, rows=rows[null], values=frame["name"][null])
    lon, lat, rows, names = lon[~null], lat[~null], rows[~null], frame["name"].to_numpy()[~null]
    if check_axes(lon, lat, report, expected_bounds=expected_bounds):
        _check_outliers(lon, lat, rows, names, report)
    places = pd.DataFrame({"lon": lon, "lat": lat})
    again = places.duplicated(keep=False).to_numpy()
    if again.any():
        report.add("warning", "same-place", "settlements at one place", rows=rows[again], values=names[again])


def _check_outliers(
    lon: NDArray[np.float64], lat: NDArray[np.float64], rows: Rows, names: NDArray[np.object_], report: Report
) -> None:
    """Report places more than 1000 km, and four times as far as nine tenths of them, from the middle."""
    if len(lon) < 5:
        return
    distance_km = distance_from_middle_km(lon, lat)
    limit_km = max(_FAR_KM, 4 * float(np.quantile(distance_km, 0.9)))
    far = distance_km > limit_km
    if not far.any():
        return
    # With the axes of these rows alone exchanged, do they fall among the others?
    can_swap = far & (np.abs(lon) <= 90)
    swapped_km = np.full(len(lon), np.inf)
    both_x, both_y = np.concatenate([lon[~far], lat[can_swap]]), np.concatenate([lat[~far], lon[can_swap]])
    swapped_km[can_swap] = distance_from_middle_km(both_x, both_y)[np.count_nonzero(~far) :]
    swapped = swapped_km < limit_km / 4
    if swapped.any():
        message = "latitude and longitude of this row look exchanged: exchange them, it is then among the others"
        report.add("error", "axes-exchanged", message, rows=rows[swapped], values=names[swapped])
    lone = far & ~swapped
    if lone.any():
        message = f"more than {limit_km:.0f} km from the middle of the settlements; check the coordinates"
        report.add("warning", "far-away", message, rows=rows[lone], values=names[lone])
