"""The one formula for the minutes of a move between two cells, shared by every solver of cost distance.

All solvers use these functions, so that their answers agree bit for bit.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis.kernels._jit import kernel

Float = NDArray[np.float64]


class Land(NamedTuple):
    """What the minutes of a move depend on.

    Parameters
    ----------
    friction
        Shape `(ny, nx)`, minutes per metre; NaN and inf are barriers.
    elevation
        Shape `(ny, nx)`, metres; of size 0 where slope does not count.
    lengths
        Metres of each kind of move by its upper row, from `move_lengths`.
    gaps
        Whether a diagonal move may pass between two barriers.
    """

    friction: Float
    elevation: Float
    lengths: Float
    gaps: bool


# A move is (rows, columns): 4 straight, 4 diagonal, 8 knight's moves. Opposite moves stand side by side.
ROWS = np.array([-1, 1, 0, 0, -1, 1, -1, 1, -1, 1, -1, 1, -2, 2, -2, 2], np.int64)
COLUMNS = np.array([0, 0, -1, 1, -1, 1, 1, -1, -2, 2, 2, -2, -1, 1, 1, -1], np.int64)

ACROSS, DOWN, DIAGONAL, FLAT_KNIGHT, STEEP_KNIGHT = range(5)
KIND = np.array([DOWN, DOWN, ACROSS, ACROSS] + [DIAGONAL] * 4 + [FLAT_KNIGHT] * 4 + [STEEP_KNIGHT] * 4)


def move_lengths(dx: Float, dy: Float) -> Float:
    """Return the metres of each kind of move by its upper row, shape `(5, ny)`, from the cells' sizes by row.

    A move between rows is as wide as the mean of the two rows at its ends. Rows that a move would leave the
    grid by hold NaN.
    """
    ny = len(dx)
    lengths = np.full((5, ny), np.nan)
    lengths[ACROSS] = dx
    width, height = (dx[:-1] + dx[1:]) / 2, (dy[:-1] + dy[1:]) / 2
    lengths[DOWN, :-1] = height
    lengths[DIAGONAL, :-1] = np.sqrt(width * width + height * height)
    lengths[FLAT_KNIGHT, :-1] = np.sqrt(4 * width * width + height * height)
    if ny > 2:
        width, height = (dx[:-2] + dx[2:]) / 2, (dy[:-2] + dy[2:]) / 2 + dy[1:-1]
        lengths[STEEP_KNIGHT, :-2] = np.sqrt(width * width + height * height)
    return lengths


_TWO_TO = 2.0 ** np.arange(1011)
_TAYLOR = tuple(1.0 / math.factorial(k) for k in range(13, -1, -1))


@kernel
def _exp(x):  # type: ignore[no-untyped-def]
    """Return exp of 0 to 700 by plain arithmetic, so that every loop and machine agrees on each bit."""
    x = min(x, 700.0)
    whole = int(x * 1.4426950408889634 + 0.5)
    rest = (x - whole * 0.693147180369123816490) - whole * 1.90821492927058770002e-10  # ln 2 in two parts
    value = 0.0
    for term in _TAYLOR:
        value = value * rest + term
    return value * _TWO_TO[whole]


@kernel
def slope_factor(z_here, z_there, length):  # type: ignore[no-untyped-def]
    """Return how much longer a walk takes from `there` up or down to `here` than at 5 km/h (Tobler)."""
    return _exp(3.5 * abs((z_here - z_there) / length + 0.05)) / 1.2


@kernel
def move_minutes(land, i, j, move):  # type: ignore[no-untyped-def]
    """Return the minutes of a move inside the grid from cell `(i, j)`, outwards from a start; inf where barred."""
    friction = land.friction
    i2, j2 = i + ROWS[move], j + COLUMNS[move]
    ends = friction[i, j] + friction[i2, j2]
    length = land.lengths[KIND[move], min(i, i2)]
    if move < 8:
        if move >= 4 and not (land.gaps or friction[i, j2] < np.inf or friction[i2, j] < np.inf):
            return np.inf
        minutes = ends * (0.5 * length)
    else:
        if move < 12:
            middle = (j + j2) // 2
            ends += friction[i, middle] + friction[i2, middle]
        else:
            middle = (i + i2) // 2
            ends += friction[middle, j] + friction[middle, j2]
        minutes = ends * (0.25 * length)
    if land.elevation.size:
        minutes *= slope_factor(land.elevation[i, j], land.elevation[i2, j2], length)
    return minutes if minutes < np.inf else np.inf
