"""Cost distance by a queue of buckets: one thread, steady on mazes and noise, and able to finish any start."""

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis.kernels._moves import COLUMNS, ROWS, Float, move_minutes

N_BUCKETS = 1 << 14
_FAR = N_BUCKETS  # the last list holds all that lies beyond the horizon of the buckets
_NONE = -1
_OUT = -2  # a cell that is in no list
_BUDGET = 400_000  # cells between two returns to Python, so that Ctrl-C is heard


@njit(cache=True, nogil=True)
def _put(cell, bucket, head, after, before):  # type: ignore[no-untyped-def]
    """Put a cell first in a bucket; `before` of a bucket's first cell is `-3 - bucket`."""
    first = head[bucket]
    after[cell] = first
    if first != _NONE:
        before[first] = cell
    before[cell] = -3 - bucket
    head[bucket] = cell


@njit(cache=True, nogil=True)
def _take(cell, head, after, before):  # type: ignore[no-untyped-def]
    """Take a cell out of the list it is in."""
    last, following = before[cell], after[cell]
    if last <= -3:
        head[-3 - last] = following
    else:
        after[last] = following
    if following != _NONE:
        before[following] = last
    before[cell] = _OUT


@njit(cache=True, nogil=True)
def _bucket_of(value, base, width):  # type: ignore[no-untyped-def]
    steps = (value - base) / width
    return _FAR if steps >= _FAR else max(0, int(steps))


@njit(cache=True, nogil=True)
def _seed(friction, z, lengths, moves, minutes, head, after, before):  # type: ignore[no-untyped-def]
    """Put every cell that can still better a neighbour into the far list."""
    ny, nx = friction.shape
    for i in range(ny):
        for j in range(nx):
            here = minutes[i, j]
            for move in range(moves if here < np.inf else 0):
                i2, j2 = i + ROWS[move], j + COLUMNS[move]
                if (
                    0 <= i2 < ny
                    and 0 <= j2 < nx
                    and here < minutes[i2, j2]
                    and here + move_minutes(friction, z, lengths, i, j, move) < minutes[i2, j2]
                ):
                    _put(i * nx + j, _FAR, head, after, before)
                    break


@njit(cache=True, nogil=True)
def _rebase(minutes, head, after, before, width):  # type: ignore[no-untyped-def]
    """Deal the far list out to the buckets and return their new base; inf where it is empty."""
    flat = minutes.ravel()
    base = np.inf
    cell = head[_FAR]
    while cell != _NONE:
        base = min(base, flat[cell])
        cell = after[cell]
    cell = head[_FAR]
    head[_FAR] = _NONE
    while cell != _NONE:
        following = after[cell]
        _put(cell, _bucket_of(flat[cell], base, width), head, after, before)
        cell = following
    return base


@njit(cache=True, nogil=True)
def _relax(friction, z, lengths, moves, minutes, head, after, before, base, width, bucket, budget):  # type: ignore[no-untyped-def]
    """Empty the buckets from `bucket` on, at most `budget` cells.

    Returns the bucket reached, `_FAR` when all but the far list are empty, and the number of cells reached for
    the first time.
    """
    ny, nx = friction.shape
    reached = 0
    while bucket < _FAR:
        cell = head[bucket]
        if cell == _NONE:
            bucket += 1
            continue
        if budget == 0:
            break
        budget -= 1
        _take(cell, head, after, before)
        i, j = cell // nx, cell % nx
        here = minutes[i, j]
        for move in range(moves):
            i2, j2 = i + ROWS[move], j + COLUMNS[move]
            if not (0 <= i2 < ny and 0 <= j2 < nx and here < minutes[i2, j2] and friction[i2, j2] < np.inf):
                continue
            through = here + move_minutes(friction, z, lengths, i, j, move)
            if through < minutes[i2, j2]:
                reached += minutes[i2, j2] == np.inf
                minutes[i2, j2] = through
                there = i2 * nx + j2
                to_bucket = max(bucket, _bucket_of(through, base, width))
                if before[there] != _OUT:
                    _take(there, head, after, before)
                _put(there, to_bucket, head, after, before)
    return bucket, reached


def finish_by_buckets(
    grid: tuple[Float, Float, Float, Float], moves: int, *, report: Callable[[int], None]
) -> None:
    """Bring minutes, upper bounds that hold the starting values, down to the least, in place.

    Parameters
    ----------
    grid
        Friction, elevation (empty where slope does not count), lengths of moves, and minutes.
    moves
        8 or 16.
    report
        Called with the number of cells reached so far.
    """
    friction, z, lengths, minutes = grid
    head: NDArray[np.int32] = np.full(N_BUCKETS + 1, _NONE, np.int32)
    after: NDArray[np.int32] = np.full(friction.size, _NONE, np.int32)
    before: NDArray[np.int32] = np.full(friction.size, _OUT, np.int32)
    width = _bucket_width(friction, lengths)
    reached = 0
    _seed(friction, z, lengths, moves, minutes, head, after, before)
    while head[_FAR] != _NONE:
        base = _rebase(minutes, head, after, before, width)
        bucket = 0
        while bucket < _FAR:
            bucket, more = _relax(
                friction, z, lengths, moves, minutes, head, after, before, base, width, bucket, _BUDGET
            )
            reached += more
            report(reached)


def _bucket_width(friction: Float, lengths: Float) -> float:
    """Return a width near the shortest moves: the lower tenth of a sample of cells; any width is correct."""
    sample = friction.ravel()[:: max(1, friction.size // 100_003)]
    sample = sample[(sample > 0) & np.isfinite(sample)]
    low = float(np.quantile(sample, 0.1)) if sample.size else 1.0
    return max(low * float(np.nanmin(lengths[:2])), 1e-300)
