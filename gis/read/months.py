"""Months as road agencies write them: `5-10`, `11-3`, `4, 5, 12`."""

import re

_PART = re.compile(r"(\d{1,2})(?:\s*[-–—]\s*(\d{1,2}))?")


def parse_months(text: str) -> frozenset[int] | None:
    """Read the months of a cell: numbers and spans, parted by commas, semicolons or blanks.

    A span may run over the new year: `11-3` is November to March.

    Parameters
    ----------
    text
        For example `5-10`, `5,6,7` or `12; 1-2`.

    Returns
    -------
    frozenset of int, or None
        Months from 1 to 12; None where the text cannot be read, or names none.

    Examples
    --------
    >>> sorted(parse_months("11-2, 4"))
    [1, 2, 4, 11, 12]
    >>> parse_months("13") is None, parse_months("spring") is None, parse_months("") is None
    (True, True, True)
    """
    months: set[int] = set()
    joined = re.sub(r"\s*([-–—])\s*", r"\1", text.strip())
    for part in filter(None, re.split(r"[,;\s]+", joined)):
        match = _PART.fullmatch(part)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if not (1 <= first <= 12 and 1 <= last <= 12):
            return None
        months |= {(first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1)}
    return frozenset(months) or None
