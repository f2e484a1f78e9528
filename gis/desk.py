"""Gathers what readers find, so that every finding is shown at once."""

from collections.abc import Callable
from typing import TypeVar

from gis.errors import Finding, InputError

T = TypeVar("T")


class Desk:
    """Gathers findings from one reader after the other, and goes on after one that refused."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def take(self, reader: Callable[[], tuple[T, list[Finding]]]) -> T | None:
        """Return what a reader made, or None where it refused; keep its findings either way."""
        try:
            value, findings = reader()
        except InputError as error:
            self.findings += error.findings
            return None
        self.findings += findings
        return value

    def table(self, reader: Callable[[], T]) -> T | None:
        """Take what a reader made that has no findings but its refusal."""
        return self.take(lambda: (reader(), []))

    def error(
        self,
        code: str,
        message: str,
        *,
        file: str = "",
        layer: str = "",
        row: str = "",
        value: str = "",
        count: int = 1,
    ) -> None:
        """Write down an error."""
        self.findings.append(Finding("error", code, message, file, layer, row, value, count))

    def close(self) -> None:
        """Refuse, with every finding, where one is an error."""
        if any(finding.level == "error" for finding in self.findings):
            raise InputError(self.findings)
