"""The rows of a workbook's sheets, written as XML into a workbook that has their headings already.

A library that is told each cell by a call takes three times as long. The format: ECMA-376, part 1, 18.3.1.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZipFile

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

Cell = str | float | bool | None
Columns = Sequence[Sequence[Cell]]

_END = b"</sheetData>"
# What a reader would take for a character by its number.
_NUMBERED = re.compile(r"(?=_x[0-9a-fA-F]{4}_)")


def fill(path: Path, headed: bytes, sheets: Sequence[tuple[int, Iterable[Columns]]]) -> None:
    """Write a workbook again, with rows below the headings of its sheets.

    Parameters
    ----------
    path
        The `.xlsx`; replaced where it exists.
    headed
        The workbook: each sheet has one row, or none where it has no columns.
    sheets
        For each sheet, how many rows it gets, and these, some at a time: a list for each column, `None` for an empty
        cell. Texts hold nothing that XML cannot.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import openpyxl
    >>> from xlsxwriter import Workbook
    >>> with Workbook(made := io.BytesIO()) as book:
    ...     _ = book.add_worksheet().write_row(0, 0, ["name", "people"])
    >>> with TemporaryDirectory() as folder:
    ...     fill(Path(folder) / "a.xlsx", made.getvalue(), [(2, [(["=1+1", None], [7.0, 8.0])])])
    ...     list(openpyxl.load_workbook(Path(folder) / "a.xlsx").active.values)
    [('name', 'people'), ('=1+1', 7), (None, 8)]
    """
    of_sheet = {f"xl/worksheets/sheet{number}.xml": sheet for number, sheet in enumerate(sheets, start=1)}
    with ZipFile(io.BytesIO(headed)) as made, ZipFile(path, "w") as whole:
        for info in made.infolist():
            rows, parts = of_sheet.get(info.filename, (0, ()))
            text = made.read(info)
            with whole.open(info, "w") as file:
                if not rows or _END not in text:
                    file.write(text)
                    continue
                before, after = text.split(_END)
                columns, below = before.count(b"<c "), 2
                reach = f'<dimension ref="A1:{xl_rowcol_to_cell(rows, columns - 1)}"/>'
                file.write(re.sub(rb'<dimension ref="[^"]*"/>', reach.encode(), before, count=1))
                for part in parts:
                    file.write("".join(_rows(part, below)).encode())
                    below += len(part[0])
                file.write(_END + after)


def _rows(columns: Columns, first: int) -> Iterator[str]:
    """Write rows, the first of which has this number; those without a value are left out."""
    written = [_written(column, xl_col_to_name(i), first) for i, column in enumerate(columns)]
    for number, cells in enumerate(zip(*written, strict=True), start=first):
        if row := "".join(cells):
            yield f'<row r="{number}">{row}</row>'


def _written(column: Sequence[Cell], letter: str, first: int) -> list[str]:
    """Write the cells of a column."""
    texts = {value: _text(value) for value in set(column) if isinstance(value, str)}
    made = []
    for number, value in enumerate(column, start=first):
        if value is None:
            made.append("")
        elif isinstance(value, str):
            made.append(f'<c r="{letter}{number}" t="inlineStr"><is>{texts[value]}</is></c>')
        elif isinstance(value, bool):
            made.append(f'<c r="{letter}{number}" t="b"><v>{value:d}</v></c>')
        else:
            made.append(f'<c r="{letter}{number}"><v>{value:.16G}</v></c>')
    return made


def _text(text: str) -> str:
    keep = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<t{keep}>{escape(_NUMBERED.sub('_x005F', text))}</t>"
