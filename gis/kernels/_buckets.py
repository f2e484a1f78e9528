"""Cost distance by a queue of buckets: one thread, steady on mazes and noise, and able to finish any start."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gis.kernels._jit import kernel
from gis.kernels._moves import COLUMNS, KIND, ROWS, Float, Land, move_minutes

N_BUCKETS = 1 << 14
_FAR = N_BUCKETS  # the last list holds all that lies beyond the horizon of the buckets
_NONE = -1
_OUT = -2  # a cell that is in no list
_BUDGET = 400_000  # cells between two returns to Python, so that Ctrl-C is heard


@kernel
def _put(cell, bucket, head, after, before):  # type: ignore[no-untyped-def]
    """Put a cell first in a bucket; `before` of a bucket's first cell is `-3 - bucket`."""
    first = head[bucket]
    after[cell] = first
    if first != _NONE:
        before[first] = cell
    before[cell] = -3 - bucket
    head[bucket] = cell


@kernel
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


@kernel
def _bucket_of(value, base, per_minute):  # type: ignore[no-untyped-def]
    steps = (value - base) * per_minute
    return np.int64(steps) if steps < _FAR else _FAR


@kernel
def _seed(land, moves, minutes, head, after, before):  # type: ignore[no-untyped-def]
    """Put every cell that can still better a neighbour into the far list."""
    ny, nx = minutes.shape
    for i in range(ny):
        for j in range(nx):
            here = minutes[i, j]
            for move in range(moves if here < np.inf else 0):
                i2, j2 = i + ROWS[move], j + COLUMNS[move]
                if (
                    0 <= i2 < ny
                    and 0 <= j2 < nx
                    and here < minutes[i2, j2]
                    and here + move_minutes(land, i, j, move) < minutes[i2, j2]
                ):
                    _put(i * nx + j, _FAR, head, after, before)
                    break


@kernel
def _rebase(minutes, head, after, before, per_minute):  # type: ignore[no-untyped-def]
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
        _put(cell, _bucket_of(flat[cell], base, per_minute), head, after, before)
        cell = following
    return base


@kernel
def _relax(land, moves, minutes, head, after, before, base, per_minute, bucket, budget):  # type: ignore[no-untyped-def]
    """Empty the buckets from `bucket` on, at most about `budget` cells.

    Returns the bucket reached, `_FAR` when all but the far list are empty, and the number of cells reached for
    the first time. The minutes of straight and diagonal moves are written out here: a call for each costs as
    much again. A cell with no more than two exits lies in a corridor, which is followed without the queue.
    """
    ny, nx = minutes.shape
    flat, friction, gaps = minutes.ravel(), land.friction.ravel(), land.gaps
    plain = land.elevation.size == 0
    jump, half, row = ROWS * nx + COLUMNS, np.empty(8), np.int64(-1)
    reached, following = 0, _NONE
    while bucket < _FAR:
        cell, following = following, _NONE
        if cell == _NONE:
            cell = head[bucket]
            if cell == _NONE:
                bucket += 1
                continue
            if budget <= 0:
                break
            _take(cell, head, after, before)
        budget -= 1
        here, f = flat[cell], friction[cell]
        i = np.int64(np.uint32(cell) // np.uint32(nx))
        j = cell - i * nx
        if i != row:
            row = i
            for move in range(8):
                half[move] = 0.5 * land.lengths[KIND[move], max(0, i - 1) if ROWS[move] < 0 else i]
        inner = 0 < i < ny - 1 and 0 < j < nx - 1
        exits = 0
        for move in range(moves):
            if not ((inner and move < 8) or (0 <= i + ROWS[move] < ny and 0 <= j + COLUMNS[move] < nx)):
                continue
            there = cell + jump[move]
            if not friction[there] < np.inf:
                continue
            exits += 1
            old = flat[there]
            if not here < old:
                continue
            if plain and move < 8:
                side = COLUMNS[move]
                through = here + (f + friction[there]) * half[move]
                if move >= 4 and not (gaps or friction[cell + side] < np.inf or friction[there - side] < np.inf):
                    continue
            else:
                through = here + move_minutes(land, i, j, move)
            if not through < old:
                continue
            reached += old == np.inf
            flat[there] = through
            if before[there] != _OUT:
                _take(there, head, after, before)
            if following != _NONE:
                _put(following, max(bucket, _bucket_of(flat[following], base, per_minute)), head, after, before)
            following = there
        if following != _NONE and exits > 2:
            _put(following, max(bucket, _bucket_of(flat[following], base, per_minute)), head, after, before)
            following = _NONE
    return bucket, reached


def finish_by_buckets(land: Land, moves: int, minutes: Float, *, report: Callable[[int], None]) -> None:
    """Bring minutes, upper bounds that hold the starting values, down to the least, in place.

    `report` is called with the number of cells reached so far.
    """
    head: NDArray[np.int32] = np.full(N_BUCKETS + 1, _NONE, np.int32)
    after: NDArray[np.int32] = np.empty(minutes.size, np.int32)  # read of listed cells only
    before: NDArray[np.int32] = np.full(minutes.size, _OUT, np.int32)
    per_minute = _buckets_per_minute(land)
    reached = 0
    _seed(land, moves, minutes, head, after, before)
    while head[_FAR] != _NONE:
        base = _rebase(minutes, head, after, before, per_minute)
        bucket = 0
        while bucket < _FAR:
            bucket, more = _relax(land, moves, minutes, head, after, before, base, per_minute, bucket, _BUDGET)
            reached += more
            report(reached)


def _buckets_per_minute(land: Land) -> float:
    """Return buckets about as narrow as the shortest moves, from a sample of cells; any width is correct."""
    sample = land.friction.ravel()[:: max(1, land.friction.size // 10_007)]
    sample = sample[(sample > 0) & np.isfinite(sample)]
    low = float(np.quantile(sample, 0.1)) if sample.size else 1.0
    return min(1 / (low * float(np.nanmin(land.lengths[:2]))), 1e300)
