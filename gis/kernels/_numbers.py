"""What a kernel is given, made into numbers once: anything else is refused by the name of the argument.

Lists, arrays of any numeric type, and columns of tables are numbers. A masked value is unknown (NaN), as None and
an empty cell among numbers are. Text is refused, also where it reads as a number: reading is not a kernel's work.
"""

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


def floats(values: ArrayLike, name: str) -> Float:
    """Return values of any shape as floats; float32 stays as it is, NaN and infinities pass."""
    try:
        a = values if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    except ValueError as error:  # rows of unequal length
        raise ValueError(f"{name}: expected numbers ({error})") from error
    text = a.dtype.kind == "O" and any(isinstance(value, str | bytes) for value in a.flat)
    if values is None or text or a.dtype.kind not in "fiubO":
        kind = "None" if values is None else "text" if text or a.dtype.kind in "US" else str(a.dtype)
        raise ValueError(f"{name}: expected numbers, got {kind}")
    try:
        out = a if a.dtype.kind == "f" and a.dtype.itemsize > 2 else a.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: expected numbers ({error})") from error
    return np.asarray(np.ma.filled(out, np.nan) if isinstance(out, np.ma.MaskedArray) else out)


def doubles(values: ArrayLike, name: str) -> Float:
    """Return values of any shape as float64."""
    return floats(values, name).astype(np.float64, copy=False)


def scalar(
    value: Any, name: str, *, above: float | None = None, least: float | None = None, finite: bool = True
) -> float:
    """Return one known number, above a limit or not below one."""
    limit = f" above {above:g}" if above is not None else f" of {least:g} or more" if least is not None else ""
    refusal = f"{name}: expected a number{limit}, got {value!r}"
    try:
        a = doubles(value, name)
    except ValueError:
        raise ValueError(refusal) from None
    if a.ndim or np.isnan(a) or (finite and np.isinf(a)):
        raise ValueError(refusal)
    if (above is not None and not a > above) or (least is not None and not a >= least):
        raise ValueError(refusal)
    return float(a)


def whole(value: Any, name: str, least: int = 1) -> int:
    """Return one whole number, not below a limit; 8.0 is not one, for it counts."""
    try:
        if isinstance(value, bool):
            raise TypeError
        out = operator.index(value)
    except TypeError:
        raise ValueError(f"{name}: expected a whole number of {least} or more, got {value!r}") from None
    if out < least:
        raise ValueError(f"{name}: expected {least} or more, got {out}")
    return out
