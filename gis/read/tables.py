"""Tables of text: CSV and XLSX rows with their numbers, and the lookup tables of presets."""

import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from xml.etree.ElementTree import ParseError

import numpy as np
import pandas as pd

from gis.read.checks import Report, did_you_mean
from gis.read.encoding import decode
from gis.read.text import parse_numbers

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")

# What openpyxl lets through of a file that is no workbook: of the archive, its parts and their XML.
_BROKEN_WORKBOOK = (zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, OSError, RuntimeError)
_SEPARATORS = ",;\t|"


def read_rows(report: Report, path: Path, *, encoding: str | None, sheet: str | None) -> pd.DataFrame:
    """Read a CSV or a sheet of a workbook: text as it stands, and the column `row`, counted from 1.

    Raises
    ------
    InputError
        The file cannot be read as a table, or the sheet is not in it.
    """
    workbook = path.suffix.lower() in (".xlsx", ".xlsm")
    frame = _workbook(report, path, sheet) if workbook else _delimited(report, path, encoding)
    frame.columns = pd.Index([str(c).strip() for c in frame.columns])
    frame = frame.drop(columns="row", errors="ignore")
    frame["row"] = np.arange(1, len(frame) + 1)
    values = frame.drop(columns="row")
    blank: pd.Series[bool] = (values.isna() | (values == "")).all(axis=1).astype(bool)
    if blank.any():
        report.add("repair", "blank-rows", "blank rows left out", rows=frame["row"][blank])
    return frame[~blank]


def _workbook(report: Report, path: Path, sheet: str | None) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of what it will not write again (validation, styles): nothing to a reader.
            warnings.simplefilter("ignore", UserWarning)
            with pd.ExcelFile(path, engine="openpyxl") as book:
                names = [str(n) for n in book.sheet_names]
                if sheet is not None and sheet not in names:
                    near = did_you_mean(sheet, names)
                    report.fail("no-such-layer", f"no such sheet; set layer to one of {names}{near}")
                if sheet is None and len(names) > 1:
                    report.add("warning", "which-layer", f"read the first of the sheets {names}; set layer")
                return pd.read_excel(book, sheet_name=sheet if sheet is not None else 0, dtype=object)
    except _BROKEN_WORKBOOK as error:
        report.fail("cannot-read", f"not a whole XLSX workbook ({error}); save it again from the spreadsheet")


def _delimited(report: Report, path: Path, encoding: str | None) -> pd.DataFrame:
    text = decode(report, path.read_bytes(), encoding)
    if not text.strip():
        report.fail("empty-layer", "the file is empty; save the table again, or name another file")
    try:
        with warnings.catch_warnings():
            # A row with more fields than the header only warns, and would lose its last fields.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.StringIO(text),
                sep=_separator(text),
                dtype=str,
                keep_default_na=False,
                na_filter=False,
                index_col=False,
            )
    except pd.errors.ParserWarning:
        report.fail("cannot-read", "rows have more fields than the header; put values with separators in quotes")
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        report.fail("cannot-read", f"not a table: {str(error).strip()}; save it again as CSV")


def _separator(text: str) -> str:
    """Return the separator that cuts the first line into most fields; quoted ones do not count."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    fields = {s: len(next(csv.reader([first], delimiter=s), [])) for s in _SEPARATORS}
    return max(_SEPARATORS, key=lambda s: fields[s])


def read_lookup(
    path: Path, *, text: Collection[str] = (), numbers: Collection[str] = (), key: str | None = None
) -> pd.DataFrame:
    r"""Read a lookup table (speeds, weights), strictly: every cell of the named columns must be right.

    Parameters
    ----------
    path
        CSV in UTF-8 (or with an encoding that is found).
    text, numbers
        Columns that must be there, filled, and, for `numbers`, finite. Other columns are kept as text.
    key
        Column whose values must differ; it becomes the index.

    Returns
    -------
    The table: `text` columns trimmed, `numbers` as float.

    Raises
    ------
    InputError
        Missing column, blank cell, not a number, repeated key: file, row and value are named.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "speeds.csv"
    >>> _ = file.write_text("road_class,speed_kph\nprimary,80\ntrack,20\n", "utf-8")
    >>> read_lookup(file, text=["road_class"], numbers=["speed_kph"], key="road_class")["speed_kph"].to_dict()
    {'primary': 80.0, 'track': 20.0}
    """
    report = Report(path.name)
    if not path.is_file():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        report.fail("no-such-file", f"no such file in {path.parent}{did_you_mean(path.name, names)}")
    table = read_rows(report, path, encoding=None, sheet=None)
    columns = [c for c in table.columns if c != "row"]
    for name in [*text, *numbers]:
        if name not in columns:
            near = did_you_mean(name, columns)
            report.add(
                "error", "no-such-column", f"column missing{near}; add it, the table has {columns}", values=[name]
            )
    report.close()
    if not len(table):
        report.fail("empty-layer", "the table has no rows; fill it in, or take it out of the study")
    table = table.assign(**{c: table[c].astype(str).str.strip() for c in columns})
    for name in text:
        blank = table[name] == ""
        if blank.any():
            report.add("error", "blank-cell", f"{name} is blank; fill it in", rows=table.loc[blank, "row"])
    for name in numbers:
        values, _ = parse_numbers(table[name])
        bad = ~np.isfinite(values)
        if bad.any():
            cells = table.loc[bad]
            report.add(
                "error", "not-a-number", f"{name} must be a number; fill one in", rows=cells["row"], values=cells[name]
            )
        table[name] = values
    if key is not None:
        again = table[key].duplicated(keep=False)
        if again.any():
            cells = table.loc[again]
            report.add(
                "error", "duplicate-key", f"{key} twice; keep one of the rows", rows=cells["row"], values=cells[key]
            )
    report.close()
    table = table.drop(columns="row")
    return table.set_index(key) if key is not None else table.reset_index(drop=True)
