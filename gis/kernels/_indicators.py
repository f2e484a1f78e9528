"""What every step of the composite index needs: a matrix of indicators, checked once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._numbers import Float, doubles

Names = Sequence[str] | None


def label(names: Names, column: int) -> str:
    """Return how a refusal names an indicator: by its name, or its column from 0 where it has none."""
    return f"indicator {column if names is None else names[column]}"


def matrix(x: ArrayLike, names: Names = None) -> Float:
    """Return settlements x indicators as floats; a single column may be given without its second axis.

    NaN passes; text and infinities are refused, with the indicator named.
    """
    try:
        a = doubles(x, "indicators")
    except ValueError as error:
        raise ValueError(f"{_not_numeric(x, names)}: {str(error).partition(': ')[2]}") from error
    if a.ndim == 1:
        a = a[:, np.newaxis]
    if a.ndim != 2 or a.size == 0:
        raise ValueError(f"expected a table of settlements x indicators, got shape {a.shape}")
    if names is not None and np.shape(names) != a.shape[1:]:
        raise ValueError(f"{np.size(names)} names for {a.shape[1]} indicators: {names!r}")
    for column in np.flatnonzero(np.isinf(a).any(axis=0)).tolist():
        rows = np.flatnonzero(np.isinf(a[:, column]))
        raise ValueError(
            f"{label(names, column)}: {rows.size} infinite values, the first in row {rows[0]}; "
            "cap them or set them to NaN"
        )
    return a


def rows(x: ArrayLike, names: Names = None) -> Float:
    """Return settlements x indicators as `matrix` does, but a single list is one settlement."""
    a = np.asanyarray(x)  # which keeps the mask of a masked array
    return matrix(a[np.newaxis] if a.ndim == 1 else a, names)


def _not_numeric(x: ArrayLike, names: Names) -> str:
    """Find the first column that is not made of numbers."""
    a = np.asarray(x, dtype=object)
    a = a[:, np.newaxis] if a.ndim == 1 else a
    for column in range(a.shape[1] if a.ndim == 2 else 0):
        try:
            doubles(a[:, column], "")
        except ValueError:
            return label(names, column)
    return "indicators"


def directions(direction: ArrayLike, count: int, names: Names = None) -> Float:
    """Return +1 or -1 for each indicator, from one number or one for each."""
    given = np.asarray(direction)
    if given.shape not in ((), (count,)):
        raise ValueError(f"direction: expected one number or {count}, got shape {given.shape}")
    out = np.broadcast_to(given, (count,))
    for column in range(count):
        if out[column] not in (1, -1):
            raise ValueError(f"{label(names, column)}: direction must be 1 or -1, got {out[column]!r}")
    return out.astype(np.float64)


def known(a: Float, names: Names = None) -> NDArray[np.bool_]:
    """Return where values are known, or refuse an indicator that has none."""
    present = ~np.isnan(a)
    for column in np.flatnonzero(~present.any(axis=0)).tolist():
        raise ValueError(f"{label(names, column)}: every value is missing")
    return present


def check_weights(weights: ArrayLike | None, count: int, names: Names = None, *, what: str = "weights") -> Float:
    """Return weights that sum to 1: equal where None, else the given ones divided by their sum."""
    if weights is None:
        return np.full(count, 1 / count)
    w = doubles(weights, what)
    if w.shape != (count,):
        raise ValueError(f"{what}: expected {count}, got shape {w.shape}")
    for column in np.flatnonzero(~(w >= 0) | np.isinf(w)).tolist():
        raise ValueError(f"{what}: expected 0 or more, got {w[column]} for {label(names, column)}")
    if not w.any():
        raise ValueError(f"{what}: all {count} are 0")
    return np.asarray(w / w.sum())
