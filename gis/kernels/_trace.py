"""From final minutes back to the moves they were made of, and to the start that serves each cell."""

import numpy as np
from numba import njit

from gis.kernels._moves import COLUMNS, ROWS, move_minutes

NO_MOVE, AT_START = 255, 254
_UNTIED = 253  # minutes that only a neighbour of equal minutes explains, as on cells of no friction


@njit(cache=True, nogil=True)
def trace_moves(friction, z, lengths, moves, start, minutes, move_in, first, last):  # type: ignore[no-untyped-def]
    """Fill `move_in` for the rows from `first` to `last`, and turn minutes of unknown cells into NaN.

    A cell that keeps its starting value is `AT_START`; else it takes the first move, in the order of
    `ROWS` and `COLUMNS`, that leads to its minutes from a cell of fewer minutes.
    """
    ny, nx = friction.shape
    untied = 0
    for i in range(first, last):
        for j in range(nx):
            here = minutes[i, j]
            code = NO_MOVE
            if here < np.inf:
                code = AT_START if here == start[i, j] else _UNTIED
                for move in range(moves if code == _UNTIED else 0):
                    i2, j2 = i - ROWS[move], j - COLUMNS[move]
                    if not (0 <= i2 < ny and 0 <= j2 < nx and minutes[i2, j2] < here):
                        continue
                    if minutes[i2, j2] + move_minutes(friction, z, lengths, i2, j2, move) == here:
                        code = move
                        break
                untied += code == _UNTIED
            elif np.isnan(friction[i, j]):
                minutes[i, j] = np.nan
            move_in[i, j] = code
    return untied


@njit(cache=True, nogil=True)
def tie_equals(friction, z, lengths, moves, minutes, move_in):  # type: ignore[no-untyped-def]
    """Give the cells that only neighbours of equal minutes explain a move, outwards from those that have one."""
    ny, nx = friction.shape
    stack = [0]
    for cell in range(friction.size):
        stack.append(cell)
        while len(stack) > 1:
            here = stack.pop()
            i, j = here // nx, here % nx
            if move_in[i, j] == NO_MOVE or move_in[i, j] == _UNTIED:
                continue
            for move in range(moves):
                i2, j2 = i + ROWS[move], j + COLUMNS[move]
                if (
                    0 <= i2 < ny
                    and 0 <= j2 < nx
                    and move_in[i2, j2] == _UNTIED
                    and minutes[i, j] == minutes[i2, j2]
                    and minutes[i, j] + move_minutes(friction, z, lengths, i, j, move) == minutes[i2, j2]
                ):
                    move_in[i2, j2] = move
                    stack.append(i2 * nx + j2)


@njit(cache=True, nogil=True)
def label_sources(move_in, source, first, last):  # type: ignore[no-untyped-def]
    """Fill `source` for the cells from `first` to `last` by following moves back; threads may share arrays.

    Another thread can at most write the same label first.
    """
    nx = move_in.shape[1]
    code, label = move_in.ravel(), source.ravel()
    for cell in range(first, last):
        if code[cell] == NO_MOVE or label[cell] >= 0:
            continue
        here = cell
        while label[here] < 0 and code[here] != AT_START:
            here -= ROWS[code[here]] * nx + COLUMNS[code[here]]
        found = label[here] if label[here] >= 0 else here
        here = cell
        while label[here] < 0:
            label[here] = found
            if code[here] != AT_START:
                here -= ROWS[code[here]] * nx + COLUMNS[code[here]]
