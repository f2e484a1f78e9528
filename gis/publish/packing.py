"""Long lists of numbers of the page, packed as bytes behind its JSON: half the size of numbers written out.

A list is kept as whole numbers, each as it is or as the difference to the one before, whichever packs better. In
`{"$": [start, count, width, differences, scale]}`, which stands in its place, `start` is where its bytes begin,
`width` how many bytes a number has (the lowest bytes of all come first), and `scale` what the whole numbers are
divided by. The code 0 is unknown, 1 is unreachable, and 2 onwards are 0, -1, 1, -2, 2 ... An array of bytes stays what
it is: `{"$": [start, count]}`.
"""

import json
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEAST = 24
"""Shorter lists stay as they are."""

_MOST = 2**29
_UNREACHABLE = -1
_SCALES = (1, 10, 100)

Int = NDArray[np.int64]


def pack(data: object) -> bytes:
    """Pack what JSON can hold: four bytes with the length of the JSON, the JSON, and the numbers.

    Parameters
    ----------
    data
        Of what JSON holds, and arrays of bytes. Numbers have two places behind the point at most; -1 stands for
        unreachable, `None` for unknown.

    Examples
    --------
    >>> len(pack({"minutes": list(range(1000))})) < 1100
    True
    """
    columns = _Columns()
    text = json.dumps(columns.taken(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return struct.pack("<I", len(text)) + text + b"".join(columns.parts)


class _Columns:
    """The bytes of the lists that were taken out of the data."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.end = 0

    def taken(self, value: Any) -> Any:  # JSON is of any type
        if isinstance(value, dict):
            return {key: self.taken(inner) for key, inner in value.items()}
        if isinstance(value, np.ndarray):
            return self._add(value.astype(np.uint8, casting="no").tobytes(), value.size)
        if not isinstance(value, list | tuple):
            return value
        column = _whole(value) if len(value) >= _LEAST else None
        return [self.taken(inner) for inner in value] if column is None else self._put(*column)

    def _put(self, codes: Int, special: Int, scale: int) -> dict[str, list[int]]:
        made = [_bytes(codes, special, differences=differences) for differences in (False, True)]
        best = min((0, 1), key=lambda k: len(zlib.compress(made[k][0], 1)))
        data, width = made[best]
        return self._add(data, len(codes), width, best, scale)

    def _add(self, data: bytes, *how: int) -> dict[str, list[int]]:
        found = {"$": [self.end, *how]}
        self.parts.append(data)
        self.end += len(data)
        return found


def _whole(values: Any) -> tuple[Int, Int, int] | None:
    """Return the values as whole numbers, which are unknown (0) or unreachable (1), and the scale.

    None where they are no numbers, or too fine ones.
    """
    kinds = set(map(type, values))
    if not kinds <= {int, float, type(None)} or kinds == {type(None)}:
        return None
    numbers = np.array([np.nan if v is None else v for v in values], float)
    special = np.where(np.isnan(numbers), 0, np.where(numbers == _UNREACHABLE, 1, -1))
    filled = np.where(special < 0, numbers, 0.0)
    for scale in _SCALES:
        codes = np.rint(filled * scale)
        if np.abs(codes / scale - filled).max() < 1e-9 and np.abs(codes).max() < _MOST:
            return codes.astype(np.int64), special, scale
    return None


def _bytes(codes: Int, special: Int, *, differences: bool) -> tuple[bytes, int]:
    """Lay the numbers out byte by byte; return how many bytes each has."""
    if differences:  # a special value stands between the same two numbers as if it were not there
        last = np.maximum.accumulate(np.where(special < 0, np.arange(len(codes)), -1))
        codes = np.diff(np.where(last < 0, 0, codes[last]), prepend=0)
    zigzag = np.where(codes < 0, -2 * codes - 1, 2 * codes) + 2
    unsigned = np.where(special < 0, zigzag, special)
    width = max(1, (int(unsigned.max()).bit_length() + 7) // 8)
    return b"".join((unsigned >> 8 * k & 255).astype(np.uint8).tobytes() for k in range(width)), width
