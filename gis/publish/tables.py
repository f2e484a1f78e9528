"""Tables for Excel and for other programs: CSV and a workbook that holds no formula.

Text that Excel would read as a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line break) is written
with an apostrophe before it in CSV; in the workbook it is text by its type and stays as it is. Numbers
stay numbers, also negative ones.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from xlsxwriter import Workbook

from gis.errors import OutputError
from gis.fields import SETTLEMENT_ID, TIER
from gis.publish.words import CLASSES, class_name, column_label, criterion_name, indicator_name, tier_name, words

_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EXCEL_ROWS = 1_048_576
_EXCEL_TEXT = 32_767
# What is measured or estimated is written to the millionth: a millimetre, 60 microseconds. Scores keep every digit, so
# that what they are made of adds up.
_MEASURED, _DECIMALS = ("_min", "_km", "_c", "_mm"), 6
_SHEET = re.compile(r"[\[\]:*?/\\']")
_BY_INDICATOR, _BY_TIER = ("raw", "treated", "normalised", "contributions"), "remoteness_parts"
"""Tables whose columns, but for the first, are indicators; and tiers."""
_OF_COLUMNS = ("disparity", "ranking", "lorenz")
"""Tables whose rows are of columns that people read; those of the indicators are for who recomputes the index."""
# Columns of the keys of a study, whose values are said in the language; a comparison has its limit beside it.
_OF_SHEET = {"indicators": ("transform", "normalise", "missing"), "town_criteria": ("comparison",)}
_CRITERIA = ("criteria_met", "criteria_not_met", "criteria_not_judged")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV twice: for programs, and as `<name>_excel.csv` for Russian and Kazakh Excel.

    Both are UTF-8 with a mark at the start, which Excel needs for Kazakh letters. The first has commas and
    decimal points, the second semicolons and decimal commas. A named index is the first column; a geometry
    becomes `longitude` and `latitude` (WGS 84, degrees; of points only). Minutes, kilometres, degrees Celsius and
    millimetres have six decimals; every other number has all the digits that give it back exactly.

    Parameters
    ----------
    path
        The first file.
    table
        `inf` (unreachable) is written as `inf`, `NaN` (unknown) as nothing.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> table = pd.DataFrame({"name": ["=1+1", "Абай"], "remoteness": [-1.5, float("inf")]})
    >>> with TemporaryDirectory() as folder:
    ...     write_csv(Path(folder) / "settlements.csv", table)
    ...     print((Path(folder) / "settlements_excel.csv").read_text(encoding="utf-8-sig"))
    name;remoteness
    '=1+1;-1,5
    Абай;inf
    <BLANKLINE>
    """
    flat = plain(table)
    for column in flat.columns:
        if not _numeric(flat[column]):
            flat[column] = flat[column].map(_defused, na_action="ignore")
        elif str(column).endswith(_MEASURED):
            flat[column] = flat[column].round(_DECIMALS)
    flat.columns = pd.Index([_defused(c) for c in flat.columns])
    excel = path.with_name(f"{path.stem}_excel{path.suffix}")
    # Pandas asks of each number whether it is missing, in each file anew: that takes twice as long.
    digits = {i: _digits(flat.iloc[:, i]) for i, dtype in enumerate(flat.dtypes) if dtype == np.float64}
    for file, sep, decimal, end in ((path, ",", ".", "\n"), (excel, ";", ",", "\r\n")):
        for i, texts in digits.items():
            flat.isetitem(i, [None if text is None else text.replace(".", decimal) for text in texts])
        flat.to_csv(file, index=False, encoding="utf-8-sig", sep=sep, decimal=decimal, lineterminator=end)


def write_csv_and_workbook(path: Path, table: pd.DataFrame, sheets: Mapping[str, pd.DataFrame], **of_book: Any) -> None:
    """Write a table as `write_csv` does, and beside it `tables.xlsx` as `write_workbook` does.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> table = pd.DataFrame({"remoteness": [1.5]})
    >>> with TemporaryDirectory() as folder:
    ...     write_csv_and_workbook(Path(folder) / "settlements.csv", table, {"settlements": table}, run={})
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['settlements.csv', 'settlements_excel.csv', 'tables.xlsx']
    """
    write_csv(path, table)
    write_workbook(path.with_name("tables.xlsx"), sheets, **of_book)


def _digits(values: pd.Series) -> list[str | None]:
    """Return numbers with all the digits that give them back; None for NaN."""
    return [None if value != value else repr(value) for value in values.tolist()]


def _heading(sheet: str, column: str, language: str, tier_names: Mapping[str, str] | None) -> str:
    if column != SETTLEMENT_ID and sheet in _BY_INDICATOR:
        return indicator_name(column, language)
    if column != SETTLEMENT_ID and sheet == _BY_TIER:
        return tier_name(column, language, tier_names)
    return column_label(column, language, tier_names)


def field_table(
    table: pd.DataFrame, language: str, tier_names: Mapping[str, str] | None = None, sheet: str = ""
) -> pd.DataFrame:
    """Describe the columns of a table: name, heading with the unit, kind, and how many values are missing.

    `sheet` is the name of the table in a workbook: what its columns are called may depend on it.

    Examples
    --------
    >>> field_table(pd.DataFrame({"population": [7.0, None]}), "en").to_numpy().tolist()
    [['population', 'Population, people', 'number', 1]]
    """
    w, flat = words(language), plain(table)
    rows = [
        (str(c), _heading(sheet, str(c), language, tier_names), _kind(flat[c], w), int(flat[c].isna().sum()))
        for c in flat.columns
    ]
    return pd.DataFrame(rows, columns=[w[f"fields.{k}"] for k in ("column", "meaning", "kind", "missing")])


def write_workbook(
    path: Path,
    sheets: Mapping[str, pd.DataFrame],
    *,
    run: Mapping[str, object],
    language: str = "en",
    tier_names: Mapping[str, str] | None = None,
) -> None:
    """Write tables as one workbook, with a sheet of their fields and a sheet about the run.

    Parameters
    ----------
    path
        The `.xlsx`; replaced where it exists.
    sheets
        Tables by name; `settlements`, `centres`, `roads`, `regions`, `repairs` are named in the language.
        A named index is the first column, a geometry becomes `longitude` and `latitude`.
    run
        What the last sheet says: a value, or a list of values, by its name.
    language, tier_names
        Of headings, which are frozen and have filters: the machine's names are in the sheet of fields.

    Raises
    ------
    OutputError
        A table with more rows than a sheet of Excel holds.

    Notes
    -----
    `inf` is written as the word for unreachable, `NaN` as an empty cell. No cell is a formula.
    """
    w = words(language)
    about = [
        (w.get(f"run.{k}", k), v)
        for k, value in run.items()
        for v in (value if isinstance(value, list | tuple) else [value])
    ]
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(path.parent),  # where what a killed run leaves behind is found and removed
    }
    with Workbook(path, options) as book:
        for name, table in sheets.items():
            if len(table) >= _EXCEL_ROWS:
                raise OutputError(f"{path}: {name} has {len(table)} rows, a sheet holds {_EXCEL_ROWS - 1}; use the CSV")
            flat = _named(plain(table), name, language, tier_names)
            flat.columns = pd.Index([_heading(name, str(c), language, tier_names) for c in flat.columns])
            _sheet(book, w.get(f"layer.{name}", name), flat, w["class.unreachable"])
        if sheets:
            described = {w.get(f"layer.{n}", n): field_table(t, language, tier_names, n) for n, t in sheets.items()}
            _sheet(book, w["layer.fields"], pd.concat(described, names=[w["fields.layer"]]).reset_index(level=0), "")
        _sheet(book, w["layer.run"], pd.DataFrame(about, columns=[w["run.what"], w["run.value"]], dtype=object), "")


def _sheet(book: Workbook, name: str, table: pd.DataFrame, unreachable: str) -> None:
    """Add a sheet: headings that stay in sight and filter, and the rows below them."""
    sheet = book.add_worksheet(_SHEET.sub(" ", name)[:31] or "-")
    bold = book.add_format({"bold": True, "bg_color": "#E7EEF3", "text_wrap": True, "valign": "top"})
    headings, columns = [_legal(str(c)) for c in table.columns], table.shape[1]
    sheet.freeze_panes(1, 2 if columns > 3 else 0)
    if columns:
        sheet.autofilter(0, 0, len(table), columns - 1)
    cells = [_cells(table.iloc[:, i], unreachable) for i in range(columns)]
    for i, (heading, column) in enumerate(zip(headings, cells, strict=True)):
        longest = max((len(str(c)) for c in column[:2000] if c is not None), default=0)
        sheet.set_column(i, i, min(60, max(9, longest + 2, len(heading) / 2 + 2)))
        sheet.write_string(0, i, heading, bold)
    for row, values in enumerate(zip(*cells, strict=True), start=1):
        for i, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, i, value)
            elif isinstance(value, bool):
                sheet.write_boolean(row, i, value)
            elif value is not None:
                sheet.write_number(row, i, value)


def _cells(values: pd.Series, unreachable: str) -> list[object]:
    """Turn a column into plain values for a sheet: None for what is missing."""
    if _numeric(values):
        numbers = values.to_numpy(dtype=float, na_value=np.nan).round(4) + 0.0  # no -0
        cells: list[Any] = numbers.tolist()
        for i in np.flatnonzero(~np.isfinite(numbers)).tolist():
            cells[i] = None if np.isnan(numbers[i]) else unreachable
        return cells
    return [None if pd.isna(v) else bool(v) if isinstance(v, bool | np.bool_) else _legal(str(v)) for v in values]


def _named(table: pd.DataFrame, sheet: str, language: str, tier_names: Mapping[str, str] | None) -> pd.DataFrame:
    """Write classes, indicators, tiers, criteria, and yes or no in the language."""
    w = words(language)

    def known(tier: str) -> bool:
        return f"tier.{tier}" in w or tier in (tier_names or {})

    said: dict[str, Callable[[str], str]] = {
        **{column: partial(_said, w, column) for column in _OF_SHEET.get(sheet, ())},
        "indicator": lambda value: indicator_name(value, language),
        TIER: lambda value: tier_name(value, language, tier_names) if known(value) else value,
        **dict.fromkeys(
            _CRITERIA, lambda value: ", ".join(criterion_name(one, language) for one in value.split(", ") if one)
        ),
    }
    if sheet in _OF_COLUMNS:
        said["column"] = lambda value: column_label(value, language, tier_names)
    for column, say in said.items():
        if column in table:
            table[column] = [v if pd.isna(v) else say(str(v)) for v in table[column]]
    for column in CLASSES:
        if column in table:
            table[column] = [v if pd.isna(v) else class_name(column, str(v), language) for v in table[column]]
    for column in table.columns:
        if pd.api.types.is_bool_dtype(table[column].dtype):
            table[column] = [None if pd.isna(v) else w["value.yes"] if v else w["value.no"] for v in table[column]]
    return table


def _said(w: Mapping[str, str], column: str, value: str) -> str:
    key = f"{column}.{value}"
    return w[key].format(limit="").strip() if key in w else value


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy with the named index as a column and the points as longitude and latitude.

    Examples
    --------
    >>> import geopandas as gpd
    >>> index = pd.Index(["v"], name="settlement_id")
    >>> plain(gpd.GeoDataFrame(index=index, geometry=gpd.points_from_xy([71.4], [51.2], crs=4326))).to_dict("list")
    {'settlement_id': ['v'], 'longitude': [71.4], 'latitude': [51.2]}
    """
    flat = table.reset_index() if table.index.name else table.reset_index(drop=True)
    geometry = getattr(table, "_geometry_column_name", None)
    if geometry is None or geometry not in flat:
        return pd.DataFrame(flat)
    points = flat.geometry
    plain = pd.DataFrame(flat.drop(columns=geometry))
    if len(points) and set(points.geom_type.dropna()) == {"Point"}:
        points = points.to_crs(4326) if points.crs is not None else points
        plain["longitude"], plain["latitude"] = points.x.round(6), points.y.round(6)
    return plain


def _numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)


def _kind(values: pd.Series, w: Mapping[str, str]) -> str:
    if pd.api.types.is_bool_dtype(values.dtype):
        return w["kind.flag"]
    return w["kind.number"] if _numeric(values) else w["kind.text"]


def _defused(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _legal(text: str) -> str:
    """Drop characters that a workbook cannot hold, and the end of texts that are too long for a cell.

    A text that the library would take for formatted text of its own, and write as it is, gets a space before it.
    """
    legal = _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    legal = f" {legal}" if legal.startswith("<r>") and legal.endswith("</r>") else legal
    return legal.encode("utf-16-le")[: 2 * _EXCEL_TEXT].decode("utf-16-le", "ignore")  # as Excel counts
