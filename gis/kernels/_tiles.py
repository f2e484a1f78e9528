"""Cost distance by tiles: each is swept row by row in a buffer that stays in the cache, threads share the tiles.

A tile is read with a rim of one cell. A row takes the least of what it has and of the three ways from the row
before it; nothing in it depends on its own row, so the compiler works on many cells at once. Sweeps go down and
up, then the same on the transposed buffer; only rows behind a row that changed are visited. What reaches the rim
wakes the neighbouring tile. The least waiting tiles go first. Values only fall, and stop at the one fixed point of
`minutes[v] = min(start[v], minutes[u] + move(u, v))`, so the order of work cannot change a bit of the answer.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from gis.kernels._jit import inlined, kernel
from gis.kernels._moves import ACROSS, DIAGONAL, DOWN, Float, Land, slope_factor

Bool = NDArray[np.bool_]

_LEAST_BATCH, _LARGEST_BATCH = 4, 512  # tiles between two returns to Python, so that Ctrl-C is heard
_PATIENCE = 4  # visits for each tile's worth of cells reached, past which a bucket queue is better; open land takes 3

# Square planes of a thread's working memory, each also transposed: minutes, friction, elevation, and the minutes
# of moves (straight, left, right) from the row before and, where slope counts, from the row after.
_MINUTES, _FRICTION, _HEIGHT, _MOVES, _PLANES = 0, 2, 4, 6, 18


@inlined
def _relax_row(d, i, source, straight, left, right, edge, shift):  # type: ignore[no-untyped-def]
    """Better row i from the row beside it; return whether anything changed.

    The arrays are whole planes: to cut rows out of them costs more than to work on them.
    """
    changed = False
    for j in range(d.shape[1] - 2):
        a = d[source, j] + left[edge, j + 1 - shift]
        b = d[source, j + 1] + straight[edge, j + 1]
        c = d[source, j + 2] + right[edge, j + 1 + shift]
        a = a if a < b else b
        a = a if a < c else c
        old = d[i, j + 1]
        changed |= a < old
        d[i, j + 1] = a if a < old else old
    return changed


@inlined
def weigh_row(above, here, half, gaps, straight, left, right):  # type: ignore[no-untyped-def]
    """Fill the minutes of the moves between two rows of friction; `half` holds half lengths by lane."""
    barrier = np.nan if gaps else np.inf  # nothing is as high as NaN, so no corner is barred
    for j in range(len(here) - 2):
        straight[j + 1] = (above[j + 1] + here[j + 1]) * half[0, j]
        barred = (above[j + 1] >= barrier) & (here[j] >= barrier)
        left[j + 1] = np.inf if barred else (above[j] + here[j + 1]) * half[1, j]
        barred = (above[j + 1] >= barrier) & (here[j + 2] >= barrier)
        right[j + 1] = np.inf if barred else (above[j + 2] + here[j + 1]) * half[1, j + 1]


@kernel
def slope_row(above, here, half, w, back):  # type: ignore[no-untyped-def]
    """Turn the minutes between two rows of elevation into those of moves down (`w`) and up (`back`)."""
    for side in range(3):
        shift = (0, -1, 1)[side]
        for j in range(len(here) - 2):
            back[side, j + 1] = w[side, j + 1]
            if w[side, j + 1] < np.inf:
                length = 2.0 * half[min(side, 1), j + (side == 2)]
                z_above, z_here = above[j + 1 + shift], here[j + 1]
                w[side, j + 1] *= slope_factor(z_above, z_here, length)
                back[side, j + 1] *= slope_factor(z_here, z_above, length)


@kernel
def _sweep(planes, turn, slope, gaps, half, weighed, dirty, changed):  # type: ignore[no-untyped-def]
    """Sweep down and up over the rows next to a dirty one; return whether anything changed.

    `dirty[0]` marks rows to be carried down, `dirty[1]` up; `changed` gathers the rows that fell.
    """
    d, f, z = planes[_MINUTES + turn], planes[_FRICTION + turn], planes[_HEIGHT + turn]
    first = _MOVES + 6 * turn
    straight, left, right = planes[first], planes[first + 1], planes[first + 2]
    back = first + 3 if slope else first
    straight_back, left_back, right_back = planes[back], planes[back + 2], planes[back + 1]
    n = len(d)
    any_change = False
    for way in range(2):
        for step in range(1, n):
            i = step if way == 0 else n - 1 - step  # the row to better
            source = i - 1 if way == 0 else i + 1
            if not dirty[way, source]:
                continue
            dirty[way, source] = False
            edge = max(i, source)  # moves between two rows are kept with the lower one
            if not weighed[edge]:
                weighed[edge] = True
                weigh_row(f[edge - 1], f[edge], half[edge], gaps, straight[edge], left[edge], right[edge])
                if slope:
                    w = planes[first : first + 6, edge]
                    slope_row(z[edge - 1], z[edge], half[edge], w[:3], w[3:])
            if way == 0:
                fell = _relax_row(d, i, source, straight, left, right, edge, 0)
            else:
                fell = _relax_row(d, i, source, straight_back, left_back, right_back, edge, 1)
            if fell:
                dirty[0, i] = dirty[1, i] = changed[i] = any_change = True
        dirty[way, n - 1 if way == 0 else 0] = False
    return any_change


@kernel
def _carry(d, turned, changed, dirty):  # type: ignore[no-untyped-def]
    """Carry the changed rows over to the transposed buffer, and mark its rows that fell."""
    n = len(d)
    for i in range(n):
        if changed[i]:
            changed[i] = False
            for j in range(n):
                if d[i, j + 1] < turned[j, i + 1]:
                    turned[j, i + 1] = d[i, j + 1]
                    dirty[0, j] = dirty[1, j] = True


@kernel
def _load(land, minutes, i0, j0, planes, half):  # type: ignore[no-untyped-def]
    """Fill a thread's planes with the cells from `(i0, j0)` on; what lies off the grid is a barrier."""
    friction, z, lengths = land.friction, land.elevation, land.lengths
    ny, nx = friction.shape
    n = len(planes[0])
    for i in range(n):
        gi = i0 + i
        inside = 0 <= gi < ny
        for j in range(n):
            gj = j0 + j
            f, d = np.inf, np.inf
            if inside and 0 <= gj < nx:
                f, d = friction[gi, gj], minutes[gi, gj]
                f = f if f < np.inf else np.inf  # NaN too is a barrier
                if z.size:
                    planes[_HEIGHT, i, j + 1] = planes[_HEIGHT + 1, j, i + 1] = z[gi, gj]
            planes[_FRICTION, i, j + 1] = f
            planes[_MINUTES, i, j + 1] = d
        between = 0 < gi < ny
        half[0, i, 0, :] = 0.5 * lengths[DOWN, gi - 1] if between else 1.0
        half[0, i, 1, :] = 0.5 * lengths[DIAGONAL, gi - 1] if between else 1.0
        half[1, :, 0, i] = 0.5 * lengths[ACROSS, gi] if inside else 1.0
        half[1, :, 1, i] = half[0, i, 1, 0]
    for k in (_MINUTES, _FRICTION):
        for i in range(n):
            for j in range(n):
                planes[k + 1, i, j + 1] = planes[k, j, i + 1]


@kernel
def _store(minutes, wake, i0, j0, size, d):  # type: ignore[no-untyped-def]
    """Write a tile back, wake those whose cells on its rim fell, and count cells reached for the first time."""
    ny, nx = minutes.shape
    across = (nx + size - 1) // size
    reached = 0
    for i in range(max(i0, -1) + 1, min(i0 + 1 + size, ny)):
        for j in range(max(j0, -1) + 1, min(j0 + 1 + size, nx)):
            value = d[i - i0, j - j0 + 1]
            if value < np.inf and minutes[i, j] == np.inf:
                reached += 1
            minutes[i, j] = value
    for i in range(max(i0, 0), min(i0 + size + 2, ny)):
        rim = i == i0 or i == i0 + size + 1
        for j in range(j0, j0 + size + 2, 1 if rim else size + 1):
            if 0 <= j < nx and d[i - i0, j - j0 + 1] < minutes[i, j]:
                tile = (i // size) * across + j // size
                wake[tile] = min(wake[tile], d[i - i0, j - j0 + 1])
    return reached


@kernel
def _settle(land, minutes, fresh, wake, tile, size, planes, half, flags):  # type: ignore[no-untyped-def]
    """Bring one tile to its fixed point; return the number of cells reached for the first time."""
    across = (minutes.shape[1] + size - 1) // size
    i0, j0 = tile // across * size - 1, tile % across * size - 1
    _load(land, minutes, i0, j0, planes, half)
    # Only what came in over the rim is news, unless the tile has starts that it was not yet asked about.
    flags[:] = False
    flags[:, 0, 0] = flags[:, 1, -1] = True
    if fresh[tile]:
        flags[:, 0:2] = True
    fresh[tile] = False
    any_change = False
    slope = land.elevation.size > 0
    turn, idle = np.int64(0), 0  # a plain 0 would have numba compile the sweep for a literal as well
    while idle < 2:
        idle += 1
        if _sweep(planes, turn, slope, land.gaps, half[turn], flags[turn, 3], flags[turn, 0:2], flags[turn, 2]):
            any_change = True
            idle = 0
            _carry(planes[turn], planes[1 - turn], flags[turn, 2], flags[1 - turn])
        turn = 1 - turn
    return _store(minutes, wake, i0, j0, size, planes[0]) if any_change else 0


@kernel
def _settle_all(land, minutes, fresh, wake, tiles, size, planes, half, flags):  # type: ignore[no-untyped-def]
    """Settle a list of tiles, in order; return the number of cells reached for the first time."""
    reached = 0
    for tile in tiles:
        wake[tile] = np.inf
        reached += _settle(land, minutes, fresh, wake, tile, size, planes, half, flags)
    return reached


class _Worker:
    """The working memory of one thread."""

    def __init__(self, n_tiles: int, size: int) -> None:
        n = size + 2
        self.size = size
        self.wake = np.full(n_tiles, np.inf)
        self.planes = np.full((_PLANES, n, n + 2), np.inf)
        self.half = np.ones((2, n, 2, n + 1))
        self.flags = np.zeros((2, 4, n), np.bool_)

    def settle(self, land: Land, minutes: Float, fresh: Bool, tiles: NDArray[np.int64]) -> int:
        """Settle a list of tiles; return the number of cells reached for the first time."""
        memory = (self.size, self.planes, self.half, self.flags)
        # A contiguous copy: numba would compile anew for a strided one.
        return int(_settle_all(land, minutes, fresh, self.wake, np.ascontiguousarray(tiles), *memory))


def sweep_tiles(
    land: Land,
    minutes: Float,
    start_cells: NDArray[np.int64],
    *,
    pool: ThreadPoolExecutor,
    threads: int,
    size: int,
    report: Callable[[int], None],
) -> bool:
    """Bring minutes down by tiles; return whether they are final.

    Parameters
    ----------
    minutes
        Shape `(ny, nx)`, the starting values; bettered in place.
    start_cells
        Flat indices of the cells whose minutes their neighbours do not know of.
    report
        Called with the number of cells reached so far.

    Returns
    -------
    bool
        False where the work was given up, because tiles are visited too often for what they yield, as in a
        maze; minutes are then upper bounds.
    """
    ny, nx = minutes.shape
    down, across = -(-ny // size), -(-nx // size)
    tile = start_cells // nx // size * across + start_cells % nx // size
    keys, fresh = np.full(down * across, np.inf), np.zeros(down * across, np.bool_)
    np.minimum.at(keys, tile, minutes.ravel()[start_cells])
    fresh[tile] = True
    workers = [_Worker(len(keys), size) for _ in range(threads)]
    reached, visits, n_start_tiles = int(np.count_nonzero(minutes < np.inf)), 0, int(fresh.sum())
    while len(waiting := np.flatnonzero(keys < np.inf)):
        count = min(max(_LEAST_BATCH * threads, len(waiting) // 4), _LARGEST_BATCH)
        batch = waiting[np.argsort(keys[waiting], kind="stable")[:count]]
        keys[batch] = np.inf
        jobs = [pool.submit(w.settle, land, minutes, fresh, batch[k::threads]) for k, w in enumerate(workers)]
        reached += sum(job.result() for job in jobs)
        for worker in workers:
            np.minimum(keys, worker.wake, out=keys)
            worker.wake[:] = np.inf
        visits += len(batch)
        if visits > _PATIENCE * (reached / size**2 + 1) + n_start_tiles:
            return False
        report(reached)
    return True
