"""Why a settlement has its values: read back from the outputs of a run."""

import difflib
import json
import unicodedata
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from gis import fields
from gis.errors import ShalgaiError
from gis.publish.bundle import recover
from gis.publish.words import class_name, column_label, indicator_name, number, tier_name, words

_NAMES = (fields.NAME, fields.NAME_KK, fields.NAME_RU, fields.NAME_EN)


def find(settlements: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """Find settlements by id or by the name in any language; case, blanks and ё or е do not matter.

    Parameters
    ----------
    settlements
        On `settlement_id`, with the columns of names.
    wanted
        An id or a name.

    Returns
    -------
    DataFrame
        The rows that match; all settlements of that name.

    Raises
    ------
    ShalgaiError
        None matches; the nearest names are given.

    Examples
    --------
    >>> villages = pd.DataFrame({"name": ["Аягөз", "Абай"]}, index=["7", "8"])
    >>> find(villages, "аягөз").index.tolist()
    ['7']
    """
    if wanted in settlements.index:
        return settlements.loc[[wanted]]
    names = settlements[[name for name in _NAMES if name in settlements]].astype("string")
    sought = _folded(wanted)
    hit = (names.fillna("\0").map(_folded) == sought).any(axis=1)
    if hit.any():
        return settlements[hit]
    known = {_folded(name): name for column in names for name in names[column].dropna()}
    near = [known[key] for key in difflib.get_close_matches(sought, list(known), n=5, cutoff=0.5)]
    hint = f"; near it: {', '.join(near)}" if near else ""
    raise ShalgaiError(f"no settlement has the name or id {wanted!r}{hint}")


def _folded(name: str) -> str:
    """What spellings have in common: case, blanks, ё for е, and letters that a Mac types as two signs."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("ё", "е").split())


def explain(folder: Path, wanted: str) -> str:
    """Say in plain text why settlements have their values.

    Parameters
    ----------
    folder
        The outputs of a run.
    wanted
        An id or a name; where several settlements share it, each is explained.

    Returns
    -------
    str

    Raises
    ------
    ShalgaiError
        The folder holds no results, or no settlement matches.
    """
    recover(folder)
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        settlements = pyogrio.read_dataframe(folder / "results.gpkg", layer="settlements", fid_as_index=False)
    except (OSError, ValueError, pyogrio.errors.DataSourceError):
        raise ShalgaiError(
            f"{folder}: no results of a run here; `shalgai run STUDY.toml --out {folder}` makes them"
        ) from None
    settlements = settlements.set_index(fields.SETTLEMENT_ID)
    settlements.index = settlements.index.astype(str)
    return "\n\n".join(_card(row, settlements, record) for _, row in find(settlements, wanted).iterrows())


def _card(row: pd.Series, settlements: gpd.GeoDataFrame, record: dict) -> str:  # type: ignore[type-arg]
    language, titles = record["parameters"]["language"], record["tiers"]
    w = words(language)

    def line(column: str, digits: int = 1) -> str:
        value = row.get(column)
        shown = w["class.no_data"] if pd.isna(value) else number(float(value), language, digits)
        return f"  {column_label(column, language, titles)}: {shown}"

    others = dict.fromkeys(str(row[name]) for name in _NAMES if name in row and pd.notna(row[name]))
    lines = [f"{' / '.join(others)} [{row.name}]"]
    if pd.notna(row.get(fields.REGION)):
        lines.append(f"  {column_label(fields.REGION, language)}: {row[fields.REGION]}")
    lines += [line(fields.POPULATION, 0), line(fields.ACCESS_KM), line(fields.ACCESS_MIN)]
    empty = _empty_tiers(record)
    for tier in titles:
        minutes, km, to = row[fields.travel_time_min(tier)], row[fields.distance_km(tier)], row[fields.centre(tier)]
        if pd.isna(minutes):
            shown = w["class.no_data"] if tier in empty else w["class.unreachable"]
        else:
            name = settlements[fields.NAME].get(str(to), str(to))
            shown = (
                f"{number(minutes, language, 0)} {w['unit.min']}, {number(km, language, 0)} {w['unit.km']} -> {name}"
            )
        lines.append(f"  {tier_name(tier, language, titles)}: {shown}")
    lines += [line(fields.TEMPERATURE_MEAN_C), line(fields.HEATING_DEGREE_DAYS, 0), line(fields.PRECIPITATION_MM, 0)]
    remote, potential = row[fields.REMOTENESS_CLASS], row[fields.POTENTIAL]
    if pd.notna(remote):
        lines.append(f"{line(fields.REMOTENESS)} ({class_name(fields.REMOTENESS_CLASS, remote, language)})")
    lines.append(line(fields.VIABILITY))
    parts = {c: row[c] for c in row.index if c.startswith("contribution_") and pd.notna(row[c])}
    for column, points in sorted(parts.items(), key=lambda item: -item[1]):
        name = indicator_name(column.removeprefix("contribution_"), language)
        lines.append(f"    {number(points, language, 1):>6}  {name}")
    lines.append(line(fields.VIABILITY_MISSING, 2))
    limits = record["figures"]["potential_limits"]
    shown = ", ".join(
        f"{class_name(fields.POTENTIAL, key, language)} >= {number(float(value), language, 1)}"
        for key, value in limits.items()
        if isinstance(value, int | float)
    )
    lines.append(
        f"  {column_label(fields.POTENTIAL, language)}: {class_name(fields.POTENTIAL, potential, language)} ({shown})"
    )
    return "\n".join(lines)


def _empty_tiers(record: dict) -> set[str]:  # type: ignore[type-arg]
    """The tiers above which, and in which, there is no centre: their travel times are unknown, not infinite."""
    empty = set()
    for tier, centres in record["figures"]["centres"].items():
        if centres:
            break
        empty.add(tier)
    return empty
