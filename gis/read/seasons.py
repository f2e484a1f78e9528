"""Tables of seasons and of closures."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gis.fields import MONTHS, REF, ROAD_CLASS, SURFACE
from gis.read.checks import Report, did_you_mean
from gis.read.months import parse_months
from gis.read.tables import read_rows
from gis.read.text import parse_numbers
from gis.read.vector import require_file

SEASON = "season"

_MONTHS_EXPECTED = "expected months such as 12-2 or 3,4, as text: a spreadsheet makes dates of them"


@dataclass(frozen=True)
class Closure:
    """A stretch of a numbered road that is closed in some months.

    Parameters
    ----------
    row
        Of the file, counted from 1.
    ref
        The number of the road.
    km_from, km_to
        Kilometres from its beginning.
    months
        1 to 12.
    """

    row: int
    ref: str
    km_from: float
    km_to: float
    months: frozenset[int]


def read_seasons(
    path: Path, *, classes: Collection[str], surfaces: Collection[str]
) -> tuple[dict[str, list[int]], pd.DataFrame]:
    r"""Read a table of seasons: their months, and factors of speed by class and surface.

    Parameters
    ----------
    path
        CSV of `season`, `months` (filled in one row of each season), `road_class`, `surface` (blank: any) and
        `factor` (0 to 1, 0 is closed).
    classes, surfaces
        What there is, and words for groups of surfaces.

    Returns
    -------
    months, factors
        The months of each season, and `season`, `road_class`, `surface`, `factor`, in the order of the file.

    Raises
    ------
    InputError
        Missing column, unreadable or contradictory months, unknown class or surface, factor outside 0 to 1.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "seasons.csv"
    >>> _ = file.write_text("season,months,road_class,surface,factor\nmud,3-4,,,1\nmud,,track,,0.2\n", "utf-8")
    >>> months, factors = read_seasons(file, classes=["track"], surfaces=["asphalt"])
    >>> months, factors["factor"].tolist()
    ({'mud': [3, 4]}, [1.0, 0.2])
    """
    report = Report(path.name)
    table = _table(path, report, [SEASON, MONTHS, ROAD_CLASS, SURFACE, "factor"])
    _refuse(table, SEASON, table[SEASON] == "", "the season is blank; name it in every row", report)
    numbers, _ = parse_numbers(table["factor"])
    _refuse(table, "factor", ~((numbers >= 0) & (numbers <= 1)), "expected a factor between 0 and 1", report)
    for column, known in ((ROAD_CLASS, classes), (SURFACE, surfaces)):
        for value in sorted(set(table[column]) - {"", *known}):
            message = f"unknown {column}{did_you_mean(value, known)}; expected blank or one of {sorted(known)}"
            _refuse(table, column, table[column] == value, message, report)
    months: dict[str, list[int]] = {}
    for season, rows in table.groupby(SEASON, sort=False):
        given = rows[rows[MONTHS] != ""]
        read = {parse_months(cell) for cell in given[MONTHS]}
        if len(read) != 1 or None in read:
            message = f"season {season!r} needs its months once, such as 12-2 or 3,4"
            report.add("error", "months", message, rows=given["row"], values=given[MONTHS].unique())
            continue
        months[str(season)] = sorted(next(iter(read)) or ())
    report.close()
    factors = table[[SEASON, ROAD_CLASS, SURFACE]].assign(factor=numbers)
    return months, factors.reset_index(drop=True)


def read_closures(path: Path) -> list[Closure]:
    r"""Read a table of closures, as road agencies publish them.

    Parameters
    ----------
    path
        CSV of `ref` (the number of the road), `km_from`, `km_to`, `months` and, if wished, `note`.

    Returns
    -------
    list of Closure

    Raises
    ------
    InputError
        Missing column, blank road, kilometres that are no numbers, negative or not rising, unreadable months.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "closures.csv"
    >>> _ = file.write_text("ref,km_from,km_to,months,note\nA-1,12,30.5,\"12,1,2\",drifts\n", "utf-8")
    >>> read_closures(file)
    [Closure(row=1, ref='A-1', km_from=12.0, km_to=30.5, months=frozenset({1, 2, 12}))]
    """
    report = Report(path.name)
    table = _table(path, report, [REF, "km_from", "km_to", MONTHS])
    _refuse(table, REF, table[REF] == "", "the number of the road is blank; fill it in, such as A-1", report)
    kilometres = {}
    for column in ("km_from", "km_to"):
        kilometres[column], _ = parse_numbers(table[column])
        wrong = ~(np.isfinite(kilometres[column]) & (kilometres[column] >= 0))
        _refuse(table, column, wrong, f"{column} must be a number, 0 or more", report)
    falling = kilometres["km_to"] <= kilometres["km_from"]
    _refuse(table, "km_to", falling, "km_to must be above km_from; exchange them, or mend one", report)
    months = [parse_months(text) for text in table[MONTHS]]
    _refuse(table, MONTHS, [m is None for m in months], _MONTHS_EXPECTED, report)
    report.close()
    spans = zip(table["row"], table[REF], kilometres["km_from"], kilometres["km_to"], months, strict=True)
    return [Closure(int(row), str(ref), float(a), float(b), m or frozenset()) for row, ref, a, b, m in spans]


def _table(path: Path, report: Report, columns: list[str]) -> pd.DataFrame:
    require_file(path, report)
    table = read_rows(report, path, encoding=None, sheet=None)
    there = [c for c in table.columns if c != "row"]
    for column in columns:
        if column not in there:
            message = f"column missing{did_you_mean(column, there)}; add it, the table has {there}"
            report.add("error", "no-such-column", message, values=[column])
    report.close()
    if not len(table):
        report.fail("empty-layer", "the table has no rows; fill it in, or take it out of the study")
    return table.assign(**{c: table[c].astype(str).str.strip() for c in columns})


def _refuse(table: pd.DataFrame, column: str, wrong: object, message: str, report: Report) -> None:
    rows = table[np.asarray(wrong, bool)]
    if len(rows):
        report.add("error", column.replace("_", "-"), message, rows=rows["row"], values=rows[column])
