"""Tables for Excel and for other programs: CSV and a workbook that holds no formula.

Text that Excel would read as a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line break) is written
with an apostrophe before it in CSV; in the workbook it is text by its type and stays as it is. Numbers
stay numbers, also negative ones.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from gis.errors import OutputError
from gis.publish.words import CLASSES, class_name, column_label, words

_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EXCEL_ROWS = 1_048_576
_EXCEL_TEXT = 32_767
_AT_ONCE = 5_000
_WHOLE = 2**53
# What is measured or estimated is written to the millionth: a millimetre, 60 microseconds. Scores keep every digit, so
# that what they are made of adds up.
_MEASURED, _DECIMALS = ("_min", "_km", "_c", "_mm"), 6
_SHEET = re.compile(r"[\[\]:*?/\\']")


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
    flat = _flat(table)
    excel = path.with_name(f"{path.stem}_excel{path.suffix}")
    with (
        path.open("w", encoding="utf-8-sig", newline="") as plain,
        excel.open("w", encoding="utf-8-sig", newline="") as local,
    ):
        commas = csv.writer(plain, lineterminator="\n")
        semicolons = csv.writer(local, delimiter=";", lineterminator="\r\n")
        for writer in (commas, semicolons):
            writer.writerow([_defused(c) for c in flat.columns])
        for first in range(0, len(flat), _AT_ONCE):
            block = flat.iloc[first : first + _AT_ONCE]
            texts = [_texts(block.iloc[:, i], str(c).endswith(_MEASURED)) for i, c in enumerate(flat.columns)]
            commas.writerows(zip(*texts, strict=True))
            for i, kind in enumerate(flat.dtypes):
                if pd.api.types.is_float_dtype(kind):
                    texts[i] = [text.replace(".", ",") for text in texts[i]]
            semicolons.writerows(zip(*texts, strict=True))


def _texts(values: pd.Series, measured: bool) -> list[str]:
    """Write a column for CSV: nothing for what is missing, no text that Excel would take for a formula."""
    if not _numeric(values):
        return ["" if pd.isna(v) else str(_defused(v)) for v in values]
    if not pd.api.types.is_float_dtype(values.dtype):
        return ["" if pd.isna(v) else str(v) for v in values.tolist()]
    numbers = values.to_numpy(dtype=values.dtype if values.dtype == np.float32 else float, na_value=np.nan)
    numbers = numbers.round(_DECIMALS) if measured else numbers
    texts = list(map(repr, numbers.tolist())) if numbers.dtype == float else [str(v) for v in numbers]
    for i in np.flatnonzero(np.isnan(numbers)).tolist():
        texts[i] = ""
    return texts


def field_table(table: pd.DataFrame, language: str, tier_names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Describe the columns of a table: name, heading with the unit, kind, and how many values are missing.

    Examples
    --------
    >>> field_table(pd.DataFrame({"population": [7.0, None]}), "en").iloc[0].tolist()
    ['population', 'Population, people', 'number', 1]
    """
    w, flat = words(language), _flat(table)
    rows = [
        (str(c), column_label(str(c), language, tier_names), _kind(flat[c], w), int(flat[c].isna().sum()))
        for c in flat.columns
    ]
    return pd.DataFrame(
        rows, columns=[w[f"fields.{k}"] for k in ("column", "meaning", "kind", "missing")], dtype=object
    )


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
    from openpyxl import Workbook

    w = words(language)
    book, bodies = Workbook(write_only=True), []
    for name, table in sheets.items():
        if len(table) >= _EXCEL_ROWS:
            raise OutputError(f"{path}: {name} has {len(table)} rows, a sheet holds {_EXCEL_ROWS - 1}; use the CSV")
        flat = _named(_flat(table), language)
        headings = [column_label(str(c), language, tier_names) for c in flat.columns]
        bodies.append((flat, w["class.unreachable"]))
        _heading(book, w.get(f"layer.{name}", name), headings, *bodies[-1])
    described = [field_table(table, language, tier_names) for table in sheets.values()]
    if described:
        one = pd.concat(described, ignore_index=True)
        one.insert(
            0,
            w["fields.layer"],
            np.repeat([w.get(f"layer.{n}", n) for n in sheets], [len(d) for d in described]),
        )
        bodies.append((one, ""))
        _heading(book, w["layer.fields"], list(one.columns), *bodies[-1])
    pairs = [(k, v) for k, value in run.items() for v in (value if isinstance(value, list | tuple) else [value])]
    about = pd.DataFrame([(str(k), str(v)) for k, v in pairs], columns=[w["run.what"], w["run.value"]], dtype=object)
    bodies.append((about, ""))
    _heading(book, w["layer.run"], list(about.columns), *bodies[-1])
    _save(book, path, bodies)


def _heading(book: Any, name: str, headings: list[str], table: pd.DataFrame, unreachable: str) -> None:
    """Make a sheet of headings, with widths for the rows that will follow."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(_SHEET.sub(" ", name)[:31] or "-")
    sheet.freeze_panes = "C2" if len(headings) > 3 else "A2"
    for i, heading in enumerate(headings):
        seen = _cells(table.iloc[:2000, i], unreachable)
        longest = max((len(str(c)) for c in seen if c is not None), default=0)
        width = min(60, max(9, longest + 2, len(heading) / 2 + 2))
        sheet.column_dimensions[get_column_letter(i + 1)].width = width

    def written(text: str) -> object:
        cell = WriteOnlyCell(sheet, value=text)
        cell.data_type = "s"  # text, never a formula
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E7EEF3")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        return cell

    sheet.append([written(_legal(h)) for h in headings])
    if headings:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(headings))}{len(table) + 1}"


def _save(book: Any, path: Path, bodies: Sequence[tuple[pd.DataFrame, str]]) -> None:
    """Save a book of headings, with the rows of its sheets.

    openpyxl makes a cell an object: of a country's settlements that was half the time of a run. It makes all of the
    book but the rows, which are plain text.
    """
    made = io.BytesIO()
    book.save(made)
    rows = {f"xl/worksheets/sheet{i}.xml": body for i, body in enumerate(bodies, start=1)}
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as target:
        for name in source.namelist():
            content = source.read(name)
            if name not in rows:
                target.writestr(name, content)
                continue
            head, end, tail = content.rpartition(b"</sheetData>")
            with target.open(name, "w", force_zip64=True) as file:
                file.write(head)
                for text in _rows(*rows[name]) if end else ():  # a sheet of no columns has no rows
                    file.write(text.encode())
                file.write(end + tail)


def _rows(table: pd.DataFrame, unreachable: str) -> Iterator[str]:
    """Write the rows below the headings, some thousands at a time."""
    from openpyxl.utils import get_column_letter

    letters = [get_column_letter(i + 1) for i in range(table.shape[1])]
    for first in range(0, len(table), _AT_ONCE):
        block = table.iloc[first : first + _AT_ONCE]
        numbers = range(first + 2, first + 2 + len(block))
        columns = []
        for i, letter in enumerate(letters):
            cells = _cells(block.iloc[:, i], unreachable)
            columns.append([_cell(f"{letter}{row}", value) for row, value in zip(numbers, cells, strict=True)])
        rows = zip(numbers, zip(*columns, strict=True), strict=True)
        yield "".join(f'<row r="{row}">{"".join(cells)}</row>' for row, cells in rows)


def _cell(place: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = escape(value, {"\r": "&#13;"})
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def _cells(values: pd.Series, unreachable: str) -> list[object]:
    """Turn a column into plain values for a sheet: None for what is missing."""
    if _numeric(values):
        numbers = values.to_numpy(dtype=float, na_value=np.nan).round(4) + 0.0  # no -0
        # A number that is whole is written as one: no 120000.0.
        cells: list[Any] = [int(v) if v.is_integer() and abs(v) < _WHOLE else v for v in numbers.tolist()]
        for i in np.flatnonzero(~np.isfinite(numbers)).tolist():
            cells[i] = None if np.isnan(numbers[i]) else unreachable
        return cells
    return [None if pd.isna(v) else bool(v) if isinstance(v, bool | np.bool_) else _legal(str(v)) for v in values]


def _named(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """Write classes and yes or no in the language."""
    w = words(language)
    for column in CLASSES:
        if column in table:
            table[column] = [v if pd.isna(v) else class_name(column, str(v), language) for v in table[column]]
    for column in table.columns:
        if pd.api.types.is_bool_dtype(table[column].dtype):
            table[column] = [None if pd.isna(v) else w["value.yes"] if v else w["value.no"] for v in table[column]]
    return table


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy with the named index as a column and the points as longitude and latitude."""
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
    """Drop characters that a workbook cannot hold, and the end of texts that are too long for a cell."""
    return _ILLEGAL.sub("", text)[:_EXCEL_TEXT]
