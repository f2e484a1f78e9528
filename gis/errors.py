"""The few errors that a user can meet, and the findings that they are made of."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["error", "warning", "repair"]


@dataclass(frozen=True)
class Finding:
    """One thing seen in the input: an error, a warning, or a repair that was made.

    Parameters
    ----------
    level
        `error` stops the run, `warning` is reported, `repair` was mended and is written to the outputs.
    code
        Short stable name of the kind of finding, for example `duplicate-id`.
    message
        What was found, what was expected, and what to do, in a sentence that an analyst understands.
    file, layer, row, value
        Where: the file, the layer in it, the row (its number from 1, or its id) and the value. Empty where
        the finding is of the whole layer or file.
    count
        How many rows the finding stands for.

    Examples
    --------
    >>> print(Finding("error", "negative-population", "expected 0 or more", file="a.csv", row="7", value="-3"))
    a.csv, row 7, value -3: expected 0 or more [negative-population]
    """

    level: Level
    code: str
    message: str
    file: str = ""
    layer: str = ""
    row: str = ""
    value: str = ""
    count: int = 1

    def __str__(self) -> str:
        where = [
            self.file,
            f"layer {self.layer}" if self.layer else "",
            f"row {self.row}" if self.row else "",
            (f"value {self.value}" if self.file or self.row else self.value) if self.value else "",
        ]
        place = ", ".join(part for part in where if part)
        times = f" (x {self.count})" if self.count > 1 else ""
        return f"{place + ': ' if place else ''}{self.message}{times} [{self.code}]"

    def as_dict(self) -> dict[str, object]:
        """Return the finding as a plain dictionary, for tables and JSON."""
        return asdict(self)


class ShalgaiError(Exception):
    """The base of the errors that are shown to the user without a traceback."""


class InputError(ShalgaiError):
    """Layers that cannot be used; holds every finding, not only the first.

    Parameters
    ----------
    findings
        What was found; those of level `error` are why it was raised.

    Examples
    --------
    >>> error = InputError([Finding("error", "no-crs", "no coordinate system; set crs", file="a.shp")])
    >>> print(error)
    a.shp: no coordinate system; set crs [no-crs]
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(f) for f in self.findings if f.level == "error"))


class StudyError(ShalgaiError):
    """A study file that cannot be read: names the key, the value and what was expected."""


class OutputError(ShalgaiError):
    """Outputs that cannot be written: names the folder or file, and what to do."""
