"""What is found in the input, in English, Russian and Kazakh: one table, `finding_words.csv`, by code.

Findings are written down in English, where they are found. The English column of the table is what they say, with holes
`{km}` for what only a run can tell; what fills the holes is put into the other languages' messages. Keys are the code,
and `code/variant` where one code says several things; `part.` what may fill a hole; `value.` what may be the value.
A message that the table does not have stays in English.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from gis import fields as f
from gis.errors import Finding
from gis.publish.words import (
    LANGUAGES,
    class_name,
    column_label,
    criterion_name,
    indicator_name,
    said,
    tier_name,
)

_NAMES: Mapping[str, Callable[[str, str], str]] = MappingProxyType(
    {
        **dict.fromkeys(("unreachable", "over-land-to-network", "empty-tier", "map-routes-left-out"), tier_name),
        **dict.fromkeys(("indicator-left-out", "unreachable-is-worst", "filled-in", "outliers"), indicator_name),
        **dict.fromkeys(("discomfort-not-judged", "disparity-not-measured"), column_label),
        "criterion-not-judged": criterion_name, "map-roads-left-out": partial(class_name, f.ROAD_CLASS),
    }
)  # fmt: skip
"""Findings whose value is names of the program's own, and what says these in a language."""

_HOLE = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"-?\d+\.\d+")


class Message(NamedTuple):
    """A row of the table: how its English is recognised, and what it says in each language."""

    key: str
    pattern: re.Pattern[str]
    texts: Mapping[str, str]


def finding_in(finding: Finding, language: str) -> Finding:
    """Put a finding into a language: its message, and the words and numbers of its row and value.

    Parameters
    ----------
    finding
        As it was written down, in English.
    language
        `en`, `ru` or `kk`.

    Examples
    --------
    >>> far = Finding("repair", "over-land-to-road", "over land to a road more than 2.5 km away", value="up to 30.5 km")
    >>> told = finding_in(far, "ru")
    >>> told.message, told.value
    ('по бездорожью до дороги дальше 2,5 км', 'до 30,5 км')
    """
    row, value = (_put(text, "value", language) for text in (finding.row, finding.value))
    if finding.code in _NAMES:
        value = ", ".join(_NAMES[finding.code](name, language) for name in value.split(", "))
    return replace(finding, message=_put(finding.message, finding.code, language), row=row, value=value)


def finding_said(finding: Finding) -> dict[str, str]:
    """Say a finding with its value, in each language.

    Examples
    --------
    >>> finding_said(Finding("warning", "same-place", "settlements at one place", value="Abai, Uil"))["en"]
    'settlements at one place: Abai, Uil'
    """

    def text(language: str) -> str:
        told = finding_in(finding, language)
        return told.message + (f": {told.value}" if told.value else "")

    return said(text)


def messages(code: str) -> Sequence[Message]:
    """Return the rows of the table for a code, or for the family `part` or `value`."""
    return _table().get(code, ())


def _put(text: str, code: str, language: str) -> str:
    if language == "en" or not text:
        return text
    for row in messages(code):
        if match := row.pattern.fullmatch(text):
            parts = _HOLE.split(row.texts[language])  # text and names of holes in turn
            return "".join(_filled(match[part], language) if k % 2 else part for k, part in enumerate(parts))
    return text


def _filled(text: str, language: str) -> str:
    """Put what fills a hole into a language: a number, or words that the table knows."""
    return text.replace(".", ",") if _NUMBER.fullmatch(text) else _put(text, "part", language)


@cache
def _table() -> Mapping[str, Sequence[Message]]:
    text = files("gis.publish").joinpath("finding_words.csv").read_text(encoding="utf-8")
    found: dict[str, list[Message]] = {}
    for row in csv.DictReader(text.splitlines()):
        plain = re.split(r"[/.]", row["key"])[0]
        texts = {language: row[language] for language in LANGUAGES}
        found.setdefault(plain, []).append(Message(row["key"], _pattern(row["en"]), texts))
    return found


def _pattern(english: str) -> re.Pattern[str]:
    parts = _HOLE.split(english)  # text and names of holes in turn
    return re.compile("".join(f"(?P<{p}>.*?)" if k % 2 else re.escape(p) for k, p in enumerate(parts)), re.DOTALL)
