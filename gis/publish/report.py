"""The report of a run: one list of sections, printed as a page for the browser (and PDF) and as Markdown."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gis.publish.words import words

_LONG = 17  # letters of a word that may be broken in a narrow column


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Items:
    """A list of lines."""

    items: Sequence[str]
    kind: str = "items"


@dataclass(frozen=True)
class Code:
    """Lines that are typed or kept as they are."""

    lines: Sequence[str]
    kind: str = "code"


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    head
        Headings of the columns.
    rows
        As many texts in each.
    numbers
        How many columns at the end hold numbers and stand to the right.
    total
        Whether the last row is a sum of the others.
    caption
        Above the table.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int = 0
    total: bool = False
    caption: str = ""
    kind: str = "table"


@dataclass(frozen=True)
class Picture:
    """An SVG file below the report's folder, what it shows, and whether it should not take the page's whole width."""

    path: str
    caption: str
    narrow: bool = False
    kind: str = "picture"


Block = Text | Items | Code | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what follows."""

    title: str
    blocks: Sequence[Block]


def write_report(folder: Path, title: str, made: str, sections: Sequence[Section], language: str = "en") -> None:
    r"""Write `report.html`, which needs no other file, and `report.md`, whose pictures lie beside it.

    Parameters
    ----------
    folder
        Where the pictures are already.
    title, made
        Heading, and the line below it.
    sections
        Those without a block are left out.
    language
        `en`, `ru` or `kk`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_report(Path(folder), "A <b>", "today", [Section("1 * 2", [Table(["a|b"], [["_x_"]])])])
    ...     print((Path(folder) / "report.md").read_text("utf-8"))
    # A &lt;b&gt;
    <BLANKLINE>
    today
    <BLANKLINE>
    ## 1 \* 2
    <BLANKLINE>
    | a\|b |
    |---|
    | \_x\_ |
    <BLANKLINE>
    """
    values = {
        "title": title, "made": made, "language": language, "words": words(language),
        "sections": [section for section in sections if section.blocks],
    }  # fmt: skip
    for name, escaped in (("report.html", True), ("report.md", False)):
        environment = _environment(escaped)
        environment.globals["embedded"] = lambda path: _embedded(folder / path)
        text = environment.get_template(f"{name}.jinja").render(values)
        (folder / name).write_text(_printable(text).rstrip() + "\n", encoding="utf-8", newline="\n")


def markdown(text: object) -> str:
    r"""Write a text so that Markdown shows it as it is, in one line.

    Examples
    --------
    >>> print(markdown("<a> *b* | [c](d) 1.5"))
    &lt;a&gt; \*b\* \| \[c\](d) 1.5
    """
    line = " ".join(str(text).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]|~#$!{}])", r"\\\1", line)
    line = re.sub(r"(?i)\b(https?|ftp|mailto|www)([:.])", r"\1&#8203;\2", line)  # never a link by itself
    return re.sub(r"^(\d*)([-+=.)])(?=[\s=-]|$)", r"\1\\\2", line)  # no list and no heading


def _environment(escaped: bool) -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def finalize(value: object) -> object:
        return value if escaped or isinstance(value, Markup) else markdown(value)

    made = Environment(
        loader=PackageLoader("gis.publish"), autoescape=escaped, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=finalize, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters["code"] = lambda text: Markup(" ".join(str(text).splitlines()))  # lines that are indented, and paths
    made.filters["wordy"] = lambda text: max(map(len, str(text).split()), default=0) > _LONG
    made.filters["cells"] = lambda row: Markup("| " + " | ".join(map(markdown, row)) + " |")
    made.filters["rule"] = lambda table: Markup(
        "|" + "|".join(["---"] * (len(table.head) - table.numbers) + ["---:"] * table.numbers) + "|"
    )
    return made


@cache
def _illegal() -> re.Pattern[str]:
    return re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def _printable(text: str) -> str:
    return _illegal().sub("", text)


def _embedded(path: Path) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()
