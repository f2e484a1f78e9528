"""From final minutes back to the moves they were made of, and to the start that serves each cell."""

import numpy as np

from gis.kernels._jit import kernel
from gis.kernels._moves import ACROSS, COLUMNS, DIAGONAL, DOWN, ROWS, move_minutes, slope_factor
from gis.kernels._tiles import slope_row, weigh_row

NO_MOVE, AT_START = 255, 254
_UNTIED = 253  # minutes that only a neighbour of equal minutes explains, as on cells of no friction


@kernel
def mark_unknown(friction, minutes, first, last):  # type: ignore[no-untyped-def]
    """Turn the minutes of unknown cells that no start gave any, in the rows from `first` to `last`, into NaN."""
    for i in range(first, last):
        for j in range(friction.shape[1]):
            unknown = np.isnan(friction[i, j]) & (minutes[i, j] == np.inf)
            minutes[i, j] = np.nan if unknown else minutes[i, j]


@kernel
def _match(minutes, moving, here, move, code):  # type: ignore[no-untyped-def]
    """Note a move where it leads from fewer minutes to just those that are here."""
    for j in range(len(code)):
        leads = (minutes[j] + moving[j] == here[j]) & (minutes[j] < here[j]) & (code[j] < AT_START)
        code[j] = move if leads else code[j]


@kernel
def _read_row(land, minutes, i, f, z, d, half):  # type: ignore[no-untyped-def]
    """Read a row into padded arrays; a row off the grid is a barrier."""
    ny, nx = minutes.shape
    f[:] = np.inf
    d[:] = np.inf
    for j in range(nx if 0 <= i < ny else 0):
        d[j + 1] = minutes[i, j]
        f[j + 1] = land.friction[i, j] if land.friction[i, j] < np.inf else np.inf
    for j in range(nx if 0 <= i < ny and land.elevation.size else 0):
        z[j + 1] = land.elevation[i, j]
    if 0 < i < ny:
        half[0, :] = 0.5 * land.lengths[DOWN, i - 1]
        half[1, :] = 0.5 * land.lengths[DIAGONAL, i - 1]


@kernel
def _weigh_across(f, z, length, left, right):  # type: ignore[no-untyped-def]
    """Fill the minutes of the moves into each cell of a row from its left and from its right."""
    for j in range(len(f) - 1):
        left[j + 1] = (f[j] + f[j + 1]) * (0.5 * length)
    for j in range(len(f) - 1):
        right[j] = left[j + 1]
    if z.size:
        for j in range(1, len(f)):
            if left[j] < np.inf:
                left[j] *= slope_factor(z[j - 1], z[j], length)
                right[j - 1] *= slope_factor(z[j], z[j - 1], length)


@kernel
def trace_moves(land, moves, start, minutes, move_in, first, last):  # type: ignore[no-untyped-def]
    """Fill `move_in` for the rows from `first` to `last`.

    A cell that keeps its starting value is `AT_START`; else it takes the first move, in the order of
    `ROWS` and `COLUMNS`, that leads to its minutes from a cell of fewer minutes. Returns how many cells only a
    neighbour of equal minutes explains.
    """
    nx = minutes.shape[1]
    slope = land.elevation.size > 0
    f, d = np.empty((3, nx + 2)), np.empty((3, nx + 2))
    z = np.zeros((3, nx + 2 if slope else 0))
    half = np.ones((2, nx + 1))
    w = np.full((2, 2, 3, nx + 2), np.inf)  # by row modulo 2, down or up, straight, left or right
    left, right = np.full(nx + 2, np.inf), np.full(nx + 2, np.inf)
    _read_row(land, minutes, first - 1, f[(first - 1) % 3], z[(first - 1) % 3], d[(first - 1) % 3], half)
    number = np.arange(8)
    untied = 0
    for i in range(first - 1, last):
        below, row = (i + 1) % 3, i % 3
        _read_row(land, minutes, i + 1, f[below], z[below], d[below], half)
        up = w[(i + 1) % 2]
        weigh_row(f[row], f[below], half, land.gaps, up[0, 0], up[0, 1], up[0, 2])
        if slope:
            slope_row(z[row], z[below], half, up[0, :, :], up[1, :, :])
        if i < first:
            continue
        back, down, above = up[1 if slope else 0], w[i % 2, 0], (i - 1) % 3
        here, code = d[row, 1:-1], move_in[i]
        _weigh_across(f[row], z[row], land.lengths[ACROSS, i], left, right)
        for j in range(nx):
            code[j] = (AT_START if here[j] == start[i, j] else _UNTIED) if here[j] < np.inf else NO_MOVE
        # The first move wins, so it is noted last; a number from an array spares numba a version for each literal.
        _match(d[above, 2:], down[2, 1:], here, number[7], code)
        _match(d[below], back[2], here, number[6], code)
        _match(d[above], down[1, 1:], here, number[5], code)
        _match(d[below, 2:], back[1, 2:], here, number[4], code)
        _match(d[row], left[1:], here, number[3], code)
        _match(d[row, 2:], right[1:], here, number[2], code)
        _match(d[above, 1:], down[0, 1:], here, number[1], code)
        _match(d[below, 1:], back[0, 1:], here, number[0], code)
        for j in range(nx):
            if code[j] == _UNTIED:
                code[j] = _knight_in(land, moves, minutes, i, j)
                untied += code[j] == _UNTIED
    return untied


@kernel
def _knight_in(land, moves, minutes, i, j):  # type: ignore[no-untyped-def]
    """Return the first knight's move that leads to the minutes of a cell from fewer, or `_UNTIED`."""
    ny, nx = minutes.shape
    for move in range(8, moves):
        i2, j2 = i - ROWS[move], j - COLUMNS[move]
        if (
            0 <= i2 < ny
            and 0 <= j2 < nx
            and minutes[i2, j2] < minutes[i, j]
            and minutes[i2, j2] + move_minutes(land, i2, j2, move) == minutes[i, j]
        ):
            return move
    return _UNTIED


@kernel
def tie_equals(land, moves, minutes, move_in, first, last):  # type: ignore[no-untyped-def]
    """Give the cells that only neighbours of equal minutes explain a move, outwards from those that have one.

    Begins at the rows from `first` to `last`; returns how many cells were given one.
    """
    ny, nx = minutes.shape
    stack = [0]
    tied = 0
    for cell in range(first * nx, last * nx):
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
                    and minutes[i, j] + move_minutes(land, i, j, move) == minutes[i2, j2]
                ):
                    move_in[i2, j2] = move
                    tied += 1
                    stack.append(i2 * nx + j2)
    return tied


@kernel
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
