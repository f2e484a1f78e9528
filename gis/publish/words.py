"""The words that people read, in English, Russian and Kazakh: one table, `words.csv`."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType

from gis import fields as f

LANGUAGES = ("en", "ru", "kk")

CLASSES: Mapping[str, str] = MappingProxyType(
    {
        f.POTENTIAL: "potential", f.REMOTENESS_CLASS: "remoteness", f.ROAD_CLASS: "road", "typology": "typology",
        "depressed": "answer", "met": "answer", "among": "among", "weighting": "weighting", "criterion": "criterion",
        "assumption": "assumption", "block": "block",
        "aridity_class": "climate", "discomfort": "climate",
    }
)  # fmt: skip
"""The columns that hold classes, and the family of messages that names them."""


def words(language: str) -> Mapping[str, str]:
    """Return every message in a language, by its key.

    Raises
    ------
    ValueError
        A language other than `en`, `ru` and `kk`.

    Examples
    --------
    >>> words("kk")["tier.town"]
    'қала'
    """
    if language not in LANGUAGES:
        raise ValueError(f"expected one of the languages {', '.join(LANGUAGES)}, got {language!r}")
    return _table()[language]


def column_label(column: str, language: str, tier_names: Mapping[str, str] | None = None) -> str:
    """Return the heading of a column, with its unit; a column that is not ours is its own heading.

    Parameters
    ----------
    column
        Name of the column, as in `gis.fields`.
    language
        `en`, `ru` or `kk`.
    tier_names
        Names of the tiers that the study gave, before those of the table.

    Examples
    --------
    >>> column_label("travel_time_town_min", "en"), column_label("temperature_01_c", "ru")
    ('Travel time: town, min', 'Средняя температура, январь, °C')
    >>> column_label("contribution_frost_days", "en"), column_label("my_column", "kk")
    ('Contribution: frost days, points', 'my_column')
    """
    w = words(language)
    if f"column.{column}" in w and "{" not in w[f"column.{column}"]:
        return w[f"column.{column}"]
    if match := re.fullmatch(r"(temperature|precipitation)_(0[1-9]|1[0-2])_(c|mm)", column):
        what, month, unit = match.groups()
        return w[f"column.{what}_month_{unit}"].format(month=w[f"month.{month}"])
    if match := re.fullmatch(r"travel_time_(.+)_min", column):
        return _travel_label(match[1], language, tier_names)
    if match := re.fullmatch(r"distance_(.+)_km", column):
        return w["column.distance_km"].format(tier=tier_name(match[1], language, tier_names))
    if match := re.fullmatch(r"centre_(.+)", column):
        return w["column.centre"].format(tier=tier_name(match[1], language, tier_names))
    if match := re.fullmatch(r"(months_cut_off|months_without_freight|worst_month|seasonality)_(.+)", column):
        return w[f"column.{match[1]}"].format(tier=tier_name(match[2], language, tier_names))
    if label := _area_label(column, language, tier_names):
        return label
    if match := re.fullmatch(r"probability_(.+)", column):
        return w["column.probability"].format(potential=class_name(f.POTENTIAL, match[1], language))
    if match := re.fullmatch(r"supply_(.+)", column):
        return w["column.supply"].format(supply=match[1].replace("_", " "))
    if match := re.fullmatch(r"contribution_(.+)", column):
        return w["column.contribution"].format(indicator=indicator_name(match[1], language))
    return column


def said(make: Callable[[str], str]) -> dict[str, str]:
    """Return what a function says in each language, by language.

    Examples
    --------
    >>> said(lambda language: class_name("potential", "low", language))
    {'en': 'Low', 'ru': 'Низкий', 'kk': 'Төмен'}
    """
    return {language: make(language) for language in LANGUAGES}


def tier_name(tier: str, language: str, tier_names: Mapping[str, str] | None = None) -> str:
    """Return the name of a tier: the study's, or the table's, or the id with blanks.

    Examples
    --------
    >>> tier_name("market_town", "kk"), tier_name("town", "en", {"town": "market"})
    ('market town', 'market')
    """
    if tier_names and tier in tier_names:
        return tier_names[tier]
    return words(language).get(f"tier.{tier}", _plain(tier))


def indicator_name(indicator: str, language: str) -> str:
    """Return the name of an indicator: its message, the heading of its column, or the id with blanks.

    Examples
    --------
    >>> indicator_name("temperature_mean_c", "kk")
    'Орташа жылдық температура, °C'
    """
    w = words(language)
    if f"indicator.{indicator}" in w:
        return w[f"indicator.{indicator}"]
    if indicator.startswith("contribution_"):  # never loop
        return _plain(indicator)
    label = column_label(indicator, language)
    return _plain(indicator) if label == indicator else label


def class_name(column: str, value: str, language: str) -> str:
    """Return the name of a class of one of the columns `CLASSES`, or the id with blanks.

    Examples
    --------
    >>> class_name("potential", "low", "ru"), class_name("remoteness_class", "very_remote", "en")
    ('Низкий', 'Very remote')
    """
    return words(language).get(f"{CLASSES[column]}.{value}", _plain(value).capitalize())


def criterion_name(criterion: str, language: str) -> str:
    """Return the name of a criterion, or its id with blanks.

    Examples
    --------
    >>> criterion_name("single_industry", "en"), criterion_name("no_gas", "kk")
    ('Single industry', 'No gas')
    """
    return words(language).get(f"criterion.{criterion}", criterion.replace("_", " ").capitalize())


def number(value: float, language: str, digits: int = 0) -> str:
    """Write a number by the rules of a language: 1,234.5 in English, 1 234,5 in Russian and Kazakh.

    Examples
    --------
    >>> number(1234.5, "en", 1), number(1234.5, "ru", 1).replace(chr(0xA0), "_")
    ('1,234.5', '1_234,5')
    """
    text = f"{value:,.{digits}f}"
    return text if language == "en" else text.replace(",", "\u00a0").replace(".", ",")


def bin_labels(bounds: Sequence[float], unit: str, language: str) -> list[str]:
    """Name the bins between bounds, and the one above the last; minutes from an hour on are named in hours.

    Examples
    --------
    >>> bin_labels((30, 60, 90), "min", "en")
    ['≤ 30 min', '30 min – 1 h', '1 – 1.5 h', '> 1.5 h']
    """
    w = words(language)

    def of(value: float) -> tuple[str, str]:
        hours = unit == "min" and value >= 60
        shown = value / 60 if hours else value
        return number(shown, language, 0 if shown == int(shown) else 1), w["unit.h"] if hours else w[f"unit.{unit}"]

    marks = [of(b) for b in bounds]
    middle = [f"{a} – {b} {v}" if u == v else f"{a} {u} – {b} {v}" for (a, u), (b, v) in pairwise(marks)]
    return ["≤ " + " ".join(marks[0]), *middle, "> " + " ".join(marks[-1])]


def _area_label(column: str, language: str, tier_names: Mapping[str, str] | None) -> str:
    """Head a column of the tables by region; nothing where it is none of theirs."""
    w = words(language)
    if match := re.fullmatch(r"(settlements|population)_beyond_(.+)_([0-9.]+)_min", column):
        what, tier, minutes = match.groups()
        return w[f"column.{what}_beyond"].format(tier=tier_name(tier, language, tier_names), minutes=minutes)
    if match := re.fullmatch(rf"(settlements|population)_({'|'.join(f.POTENTIALS)})", column):
        potential = class_name(f.POTENTIAL, match[2], language).lower()
        return w[f"column.{match[1]}_class"].format(potential=potential)
    if match := re.fullmatch(rf"({f.REMOTENESS}|{f.VIABILITY})_(mean|weighted)", column):
        return w[f"column.measure_{match[2]}"].format(measure=w[f"column.{match[1]}"])
    return ""


def _travel_label(middle: str, language: str, tier_names: Mapping[str, str] | None) -> str:
    """Split a tier from a season: what the study or the table knows as a tier wins."""
    w = words(language)
    known = {*(tier_names or ()), *(k.removeprefix("tier.") for k in w if k.startswith("tier."))}
    for tier in sorted(known, key=len, reverse=True):
        if middle.startswith(f"{tier}_"):
            season = middle.removeprefix(f"{tier}_")
            season = w.get(f"season.{season}", _plain(season))
            return w["column.travel_time_season_min"].format(tier=tier_name(tier, language, tier_names), season=season)
    return w["column.travel_time_min"].format(tier=tier_name(middle, language, tier_names))


def _plain(identifier: str) -> str:
    return str(identifier).replace("_", " ")


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    text = files("gis.publish").joinpath("words.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return {language: MappingProxyType({row["key"]: row[language] for row in rows}) for language in LANGUAGES}
