"""Cost distance by a queue of buckets: one thread, steady on mazes and noise, and able to finish any start.

A cell waits in the bucket of its minutes, in a list whose entries are used again as soon as they are free, so that
the lists of a narrow front stay in the cache. A cell that is bettered while it waits is listed once more; the entry
that comes up later finds the cell done, and is dropped. Which of the eight ways out of a cell are open is
looked up once for each cell.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis.kernels._jit import kernel
from gis.kernels._moves import COLUMNS, KIND, ROWS, Float, Land, move_minutes

N_BUCKETS = 1 << 12
_FAR = N_BUCKETS  # the last list holds all that lies beyond the horizon of the buckets
_NONE = -1
_BUDGET = 400_000  # cells between two returns to Python, so that Ctrl-C is heard
_BAND = 2_000_000  # likewise, of cells that are only looked at
_ENTRIES = 1 << 16  # at first; more are made when they run out
_ENTRY, _LEFT = 0, 1
_FRESH, _WAITS, _DONE = 0, 1, 2

# The moves in a set of open ways: their number, and which.
_COUNT = np.array([way.bit_count() for way in range(256)], np.uint8)
_MOVES = np.array([[b for b in range(8) if way >> b & 1] + [0] * (8 - way.bit_count()) for way in range(256)], np.uint8)
_NARROWEST = 1e300  # buckets a minute
_NARROW = 4  # up to so many open ways, a loop over them is quicker than all eight at once


class _Queue(NamedTuple):
    """Lists of waiting cells, one for each bucket.

    Parameters
    ----------
    head
        First entry of each bucket and of the far list, `_NONE` where empty, shape `(N_BUCKETS + 1,)`.
    listed, after
        Of each entry: its cell, and the entry that follows it, shape `(entries,)`.
    spare
        First of the free entries, and how many there are.
    state
        `_FRESH`, `_WAITS` or `_DONE`, of each cell, shape `(ny * nx,)`.
    """

    head: NDArray[np.int32]
    listed: NDArray[np.int32]
    after: NDArray[np.int32]
    spare: NDArray[np.int64]
    state: NDArray[np.uint8]


@kernel
def _put(cell, bucket, head, listed, after, spare):  # type: ignore[no-untyped-def]
    """Put a cell first in a bucket; the arrays come one by one, for to pass them in a tuple costs numba dear."""
    entry = spare[_ENTRY]
    spare[_ENTRY] = after[entry]
    spare[_LEFT] -= 1
    listed[entry] = cell
    after[entry] = head[bucket]
    head[bucket] = entry


@kernel
def _free(entry, after, spare):  # type: ignore[no-untyped-def]
    after[entry] = spare[_ENTRY]
    spare[_ENTRY] = entry
    spare[_LEFT] += 1


@kernel
def _bucket_of(value, base, per_minute):  # type: ignore[no-untyped-def]
    steps = (value - base) * per_minute
    return np.int64(steps) if steps < _FAR else _FAR


@kernel
def _open_ways(friction, gaps, first, last, ways):  # type: ignore[no-untyped-def]
    """Fill the open ways out of the cells of some rows: bit b is set where move b may be made."""
    ny, nx = friction.shape
    free = np.zeros((3, nx + 2), np.uint8)  # by row modulo 3, with a rim
    one = np.uint8(1)
    for i in range(first - 1, last + 1):
        for j in range(nx):
            free[i % 3, j + 1] = friction[i, j] < np.inf if 0 <= i < ny else False
        if i <= first:
            continue
        above, here, below, way = free[(i - 2) % 3], free[(i - 1) % 3], free[i % 3], ways[i - 1]
        for j in range(nx):
            up, down, left, right = above[j + 1], below[j + 1], here[j], here[j + 2]
            straight = up | down << one | left << np.uint8(2) | right << np.uint8(3)
            up_left, down_right, up_right, down_left = above[j], below[j + 2], above[j + 2], below[j]
            if not gaps:
                up_left, down_right = up_left & (up | left), down_right & (down | right)
                up_right, down_left = up_right & (up | right), down_left & (down | left)
            slant = up_left | down_right << one | up_right << np.uint8(2) | down_left << np.uint8(3)
            way[j] = (straight | slant << np.uint8(4)) * here[j + 1]


@kernel
def _better(friction, minutes, way, half, jump, cell, through):  # type: ignore[no-untyped-def]
    """Fill the minutes of the eight neighbours by way of a cell; return the set of those that are bettered.

    Where many ways are open they are taken all at once: a barred one leads back to the cell itself, which it
    cannot better.
    """
    here, f = minutes[cell], friction[cell]
    bettered = np.int64(0)
    if _COUNT[way] > _NARROW:
        for b in range(8):
            there = np.uint64(np.int64(cell) + (jump[b] & -((way >> b) & 1)))
            through[b] = here + (f + friction[there]) * half[b]
            bettered |= np.int64(through[b] < minutes[there]) << b
        return bettered
    for k in range(_COUNT[way]):
        move = np.int64(_MOVES[way, k])
        there = np.uint64(np.int64(cell) + jump[move])
        through[move] = here + (f + friction[there]) * half[move]
        bettered |= np.int64(through[move] < minutes[there]) << move
    return bettered


@kernel
def _better_any(land, minutes, first, moves, cell, through):  # type: ignore[no-untyped-def]
    """Do the same for the moves from `first` to `moves`, of any kind and over slopes."""
    ny, nx = minutes.shape
    i, j = cell // nx, cell % nx
    here = minutes[i, j]
    bettered = np.int64(0)
    for b in range(first, moves if land.friction[i, j] < np.inf else first):
        i2, j2 = i + ROWS[b], j + COLUMNS[b]
        if 0 <= i2 < ny and 0 <= j2 < nx and here < minutes[i2, j2]:
            through[b] = here + move_minutes(land, i, j, b)
            bettered |= np.int64(through[b] < minutes[i2, j2]) << b
    return bettered


@kernel
def _seed(land, minutes, ways, moves, halves, queue, cell, last):  # type: ignore[no-untyped-def]
    """Put the cells up to `last` that can still better a neighbour into the far list.

    Returns the cell reached, earlier where entries run out, and the number of cells that have minutes.
    """
    nx = land.friction.shape[1]
    flat, friction, through, jump = minutes.ravel(), land.friction.ravel(), np.empty(16), ROWS * nx + COLUMNS
    head, listed, after, spare, state = queue
    plain = land.elevation.size == 0
    reached = 0
    while cell < last and spare[_LEFT] > 0:
        if flat[cell] < np.inf:
            reached += 1
            bettered = 0
            if plain:
                bettered = _better(friction, flat, np.int64(ways[cell]), halves[cell // nx], jump, cell, through)
            if bettered == 0 and (moves > 8 or not plain):
                bettered = _better_any(land, minutes, 8 if plain else 0, moves, cell, through)
            if bettered:
                state[cell] = _WAITS
                _put(cell, _FAR, head, listed, after, spare)
        cell += 1
    return cell, reached


@kernel
def _rebase(minutes, queue, per_minute):  # type: ignore[no-untyped-def]
    """Deal the far list out to the buckets; return their new base and the number of cells dealt."""
    flat = minutes.ravel()
    head, listed, after, spare, state = queue
    base, dealt = np.inf, 0
    entry = head[_FAR]
    while entry != _NONE:
        base = min(base, flat[listed[entry]] if state[listed[entry]] == _WAITS else np.inf)
        entry = after[entry]
    entry = head[_FAR]
    head[_FAR] = _NONE
    while entry != _NONE:
        cell, following = listed[entry], after[entry]
        if state[cell] == _WAITS:
            bucket = _bucket_of(flat[cell], base, per_minute)
            after[entry] = head[bucket]
            head[bucket] = entry
            dealt += 1
        else:
            _free(entry, after, spare)
        entry = following
    return base, dealt


@kernel
def _gather(queue):  # type: ignore[no-untyped-def]
    """Move what waits in the buckets to the far list."""
    for bucket in range(_FAR):
        while queue.head[bucket] != _NONE:
            entry = queue.head[bucket]
            queue.head[bucket] = queue.after[entry]
            queue.after[entry] = queue.head[_FAR]
            queue.head[_FAR] = entry


@kernel
def _relax(land, minutes, ways, moves, halves, queue, base, per_minute, bucket):  # type: ignore[no-untyped-def]
    """Empty the buckets from `bucket` on, at most about `_BUDGET` cells, while there are entries to spare.

    Returns the bucket reached, `_FAR` when all but the far list are empty, and the number of cells worked on, of
    those reached for the first time, and of those bettered after they were worked on. A cell with no more than two
    ways out lies in a corridor, which is followed without the queue.
    """
    nx = land.friction.shape[1]
    flat, friction, through, jump = minutes.ravel(), land.friction.ravel(), np.empty(16), ROWS * nx + COLUMNS
    head, listed, after, spare, state = queue
    plain = land.elevation.size == 0
    corridor = plain and moves == 8
    worked, reached, again, following = 0, 0, 0, np.int64(_NONE)
    while bucket < _FAR:
        cell, following = following, np.int64(_NONE)
        if cell == _NONE:
            entry = np.int64(head[bucket])
            if entry == _NONE:
                bucket += 1
                continue
            if worked > _BUDGET or spare[_LEFT] < moves:
                break
            cell = np.int64(listed[entry])
            head[bucket] = after[entry]
            _free(entry, after, spare)
            if state[np.uint64(cell)] != _WAITS:
                continue
            state[np.uint64(cell)] = _DONE
        worked += 1
        way = np.int64(ways[np.uint64(cell)])
        half = halves[np.uint32(cell) // np.uint32(nx)]
        if corridor and _COUNT[way] <= 2:
            for k in range(_COUNT[way]):
                move = np.int64(_MOVES[way, k])
                there = cell + jump[move]
                value = flat[np.uint64(cell)] + (friction[np.uint64(cell)] + friction[np.uint64(there)]) * half[move]
                if value < flat[np.uint64(there)]:
                    reached += flat[np.uint64(there)] == np.inf
                    flat[np.uint64(there)] = value
                    again += state[np.uint64(there)] == _DONE
                    if following == _NONE:
                        state[there] = _DONE
                        following = there
                    else:
                        state[there] = _WAITS
                        _put(there, max(bucket, _bucket_of(value, base, per_minute)), head, listed, after, spare)
            continue
        bettered = _better(friction, flat, way, half, jump, np.uint64(cell), through) if plain else 0
        if moves > 8 or not plain:
            bettered |= _better_any(land, minutes, 8 if plain else 0, moves, cell, through)
        while bettered:
            move = np.int64(_MOVES[bettered & 255, 0]) if bettered & 255 else 8 + np.int64(_MOVES[bettered >> 8, 0])
            bettered &= bettered - 1
            there, value = cell + jump[move], through[move]
            reached += flat[np.uint64(there)] == np.inf
            flat[np.uint64(there)] = value
            again += state[np.uint64(there)] == _DONE
            state[np.uint64(there)] = _WAITS
            _put(there, max(bucket, _bucket_of(value, base, per_minute)), head, listed, after, spare)
    return bucket, worked, reached, again


def finish_by_buckets(land: Land, moves: int, minutes: Float, *, report: Callable[[int], None]) -> None:
    """Bring minutes, upper bounds that hold the starting values, down to the least, in place.

    `report` is called several times a second with the number of cells known to be reached.
    """
    ny, nx = minutes.shape
    ways: NDArray[np.uint8] = np.empty(minutes.shape, np.uint8)
    step = max(1, _BAND // nx)
    for first in range(0, ny, step):
        _open_ways(land.friction, land.gaps, first, min(first + step, ny), ways)
        report(0)
    flat_ways, halves, per_minute = ways.ravel(), _half_lengths(land), _buckets_per_minute(land)
    queue = _Queue(
        np.full(N_BUCKETS + 1, _NONE, np.int32),
        np.empty(0, np.int32),
        np.empty(0, np.int32),
        np.array([_NONE, 0], np.int64),
        np.zeros(minutes.size, np.uint8),
    )
    cell = reached = 0
    while cell < minutes.size:
        queue = _with_spare(queue)
        last = min(cell + _BAND, minutes.size)
        cell, more = _seed(land, minutes, flat_ways, moves, halves, queue, cell, last)
        reached += more
        report(reached)
    while queue.head[_FAR] != _NONE:
        base, dealt = _rebase(minutes, queue, per_minute)
        bucket = done = 0
        while bucket < _FAR:
            queue = _with_spare(queue)
            bucket, worked, more, again = _relax(
                land, minutes, flat_ways, moves, halves, queue, base, per_minute, bucket
            )
            done, reached = done + worked, reached + more
            report(reached)
            if again > worked // 4:  # many are worked on too early: the buckets are too wide
                per_minute = min(8 * per_minute, _NARROWEST)
                _gather(queue)
                break
        if done < dealt:  # the far list is dealt out for little work: they are too narrow
            per_minute /= 4


def _with_spare(queue: _Queue) -> _Queue:
    """Return the queue with free entries enough to work on; twice as many entries where they run short."""
    n = len(queue.listed)
    if queue.spare[_LEFT] > _ENTRIES // 2:
        return queue
    more = max(n, _ENTRIES)
    listed, after = np.empty(n + more, np.int32), np.arange(1, n + more + 1, dtype=np.int32)
    listed[:n], after[:n], after[-1] = queue.listed, queue.after, queue.spare[_ENTRY]
    return queue._replace(listed=listed, after=after, spare=np.array([n, queue.spare[_LEFT] + more], np.int64))


def _half_lengths(land: Land) -> Float:
    """Return half the metres of straight and diagonal moves by row, shape `(ny, 8)`."""
    ny = len(land.friction)
    upper = np.maximum(np.arange(ny)[:, None] + np.minimum(ROWS[:8], 0), 0)  # lengths are kept with the upper row
    return np.ascontiguousarray(0.5 * land.lengths[KIND[:8], upper])


def _buckets_per_minute(land: Land) -> float:
    """Return buckets about as narrow as the shortest moves, from a sample of cells; any width is correct."""
    # Steps of the golden section spread evenly, and do not fall in with the rows of a pattern.
    spread = np.arange(10_007, dtype=np.float64) * 0.6180339887498949 % 1.0
    sample = land.friction.ravel()[(spread * land.friction.size).astype(np.int64)]
    sample = sample[(sample > 0) & np.isfinite(sample)]
    low = float(np.quantile(sample, 0.1)) if sample.size else 1.0
    return min(1 / (low * float(np.nanmin(land.lengths[:2]))), _NARROWEST)
