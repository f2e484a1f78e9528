"""What the report of a run is made from, and how its numbers, names and dates are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis import fields as f
from gis.errors import Finding
from gis.publish.words import column_label, number, words

NOTHING = "–"


@dataclass(frozen=True)
class Run:
    """What the report is made from.

    Parameters
    ----------
    settlements
        With every column of the results.
    tables
        The planner's and the others, by name.
    below
        `land`, `water`, `regions`, `roads` for the maps, where the study has them.
    findings
        Everything that was warned of and repaired.
    inputs
        For each file: `file`, `bytes`, `sha256`, `date`, and `source` and `licence` where they are known.
    parameters
        The study as plain values.
    settings
        What the study sets, a line for each key.
    tiers
        In order.
    tier_names
        Names that the study gave.
    remoteness_classes
        The nearest first.
    figures, versions
        As in the record of the run.
    language
        `en`, `ru` or `kk`.
    day, program
        When it was made, and by what.
    """

    settlements: gpd.GeoDataFrame
    tables: Mapping[str, pd.DataFrame]
    below: Mapping[str, gpd.GeoDataFrame | None]
    findings: Sequence[Finding]
    inputs: Sequence[Mapping[str, Any]]
    parameters: Mapping[str, Any]
    settings: Sequence[str]
    tiers: Sequence[str]
    tier_names: Mapping[str, str]
    remoteness_classes: Sequence[str]
    figures: Mapping[str, Any]
    versions: Mapping[str, str]
    language: str
    day: date
    program: str

    def number(self, value: Any, digits: int = 0) -> str:
        """Write a number in the language; a dash where there is none, a word where it is infinite."""
        if value is None or pd.isna(value):
            return NOTHING
        if np.isinf(float(value)):
            return words(self.language)["class.unreachable"].lower()
        return number(round(float(value), digits) + 0.0, self.language, digits)  # never minus nought


def written_day(day: date, language: str) -> str:
    """Write a date by the rules of a language.

    Examples
    --------
    >>> written_day(date(2026, 3, 1), "en"), written_day(date(2026, 3, 1), "kk")
    ('1 March 2026', '01.03.2026')
    """
    if language == "en":
        return f"{day.day} {words(language)[f'month.{day.month:02d}']} {day.year}"
    return f"{day:%d.%m.%Y}"


def made_line(run: Run) -> str:
    """Say when the report was made, and by what."""
    return words(run.language)["report.made"].format(date=written_day(run.day, run.language), program=run.program)


def place_names(run: Run, table: pd.DataFrame) -> list[str]:
    """Take the names in the report's language where they are known."""
    names = table[f.NAME]
    own = f.NAME_IN[run.language]
    if own in table:
        names = table[own].where(table[own].notna() & (table[own].astype(str) != ""), names)
    return [str(label) if pd.isna(name) else str(name) for label, name in names.items()]


def region_name(run: Run, region: object) -> str:
    """Name a region in the report's language where the settlements tell it (a column `region_ru`), else as it is."""
    if region is None or region != region:  # NaN
        return NOTHING
    own = f"{f.REGION}_{run.language}"
    if own in run.settlements:
        named = run.settlements.loc[run.settlements[f.REGION] == region, own].dropna()
        if len(named):
            return str(named.iloc[0])
    return str(region)


def places(run: Run, table: pd.DataFrame) -> list[tuple[str, str]]:
    """Name settlements and their regions."""
    return list(zip(place_names(run, table), [region_name(run, r) for r in table[f.REGION]], strict=True))


def headings(run: Run, columns: Sequence[str]) -> list[str]:
    """Head columns in the report's language."""
    return [column_label(column, run.language, run.tier_names) for column in columns]
