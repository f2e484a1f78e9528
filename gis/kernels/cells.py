"""What is written of the cells of a raster: in one pass, free of Python's lock, beside other work."""

import numpy as np
from numpy.typing import NDArray

from gis.kernels._jit import kernel


def figures(values: NDArray[np.floating]) -> tuple[int, float, float, float, float]:
    """Return count, least, highest, mean and standard deviation (of the population) of the finite values.

    Parameters
    ----------
    values
        Any shape.

    Returns
    -------
    tuple
        All but the count are NaN where no value is finite.

    Examples
    --------
    >>> figures(np.array([[2.0, np.nan], [4.0, np.inf]]))
    (2, 2.0, 4.0, 3.0, 1.0)
    """
    found: tuple[int, float, float, float, float] = _figures(np.ravel(values))
    return found


@kernel
def _figures(values):  # type: ignore[no-untyped-def]
    count, least, highest, total, squares = 0, np.inf, -np.inf, 0.0, 0.0
    for value in values:
        if np.isfinite(value):
            count += 1
            total += value
            least, highest = min(least, value), max(highest, value)
    if count == 0:
        return 0, np.nan, np.nan, np.nan, np.nan
    mean = total / count
    for value in values:
        if np.isfinite(value):
            squares += (value - mean) ** 2
    return count, least, highest, mean, np.sqrt(squares / count)


def whole_numbers(values: NDArray[np.floating], *, highest: int, unreachable: int, unknown: int) -> NDArray[np.uint16]:
    """Round values to whole numbers of two bytes, with codes for what is no number.

    Parameters
    ----------
    values
        0 or more, any shape; halves go to the even number.
    highest
        What higher values become.
    unreachable, unknown
        The codes of `inf` and NaN.

    Examples
    --------
    >>> whole_numbers(np.array([1.5, 1e9, np.inf, np.nan]), highest=9, unreachable=10, unknown=11).tolist()
    [2, 9, 10, 11]
    """
    out = np.empty(values.shape, np.uint16)
    _whole_numbers(np.ravel(values), highest, unreachable, unknown, out.reshape(-1))
    return out


@kernel
def _whole_numbers(values, highest, unreachable, unknown, out):  # type: ignore[no-untyped-def]
    for i in range(len(values)):
        value = values[i]
        if np.isnan(value):
            out[i] = unknown
        elif np.isinf(value):
            out[i] = unreachable
        else:
            out[i] = min(np.rint(value), highest)
