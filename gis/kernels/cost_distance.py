"""Minutes over land from every cell to the centre that is nearest by time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._buckets import finish_by_buckets
from gis.kernels._jit import kernel
from gis.kernels._moves import COLUMNS, ROWS, Float, Land, move_lengths
from gis.kernels._tiles import sweep_tiles
from gis.kernels._trace import AT_START, NO_MOVE, label_sources, mark_unknown, tie_equals, trace_moves
from gis.kernels.threads import cores

Int = NDArray[np.int32]

_BAND = 4_000_000  # cells between two returns to Python, so that Ctrl-C is heard


@dataclass(frozen=True)
class CostDistance:
    """Answer of `cost_distance`, three arrays of shape `(ny, nx)`.

    Sources and moves are worked out from the minutes when they are first asked for. Until then minutes, friction,
    start and elevation, of which no copy is taken, must be left as they are; a `RuntimeError` tells that they were not.

    Parameters
    ----------
    minutes
        Least minutes from the cell to a start: 0 at a centre, `inf` at barriers and where no start can be
        reached, NaN where friction is unknown.
    trace
        What makes the moves.
    label
        What makes the sources of the moves.
    """

    minutes: Float
    trace: Callable[[], NDArray[np.uint8]] = field(repr=False)
    label: Callable[[NDArray[np.uint8]], Int] = field(repr=False)

    @cached_property
    def move_in(self) -> NDArray[np.uint8]:
        """Return the number of the move by which the minutes came into each cell, as `way` reads it.

        0-15, 254 at a start, 255 none.
        """
        return self.trace()

    @cached_property
    def source(self) -> Int:
        """Return the flat index (`row * nx + column`) of the start cell that serves each cell; -1 none."""
        return self.label(self.move_in)

    def way(self, row: int, column: int) -> NDArray[np.int64]:
        """Return the rows and columns of the cells of the journey from a cell to its start, shape `(cells, 2)`.

        Empty where the cell has no way to a start.

        Examples
        --------
        >>> start = np.array([[0.0, np.inf, np.inf], [np.inf, np.inf, np.inf]])
        >>> answer = cost_distance(np.full((2, 3), 0.01), start, dx=100, dy=100)
        >>> answer.way(1, 2).tolist()
        [[1, 2], [1, 1], [0, 0]]
        """
        if self.move_in[row, column] == NO_MOVE:
            return np.empty((0, 2), np.int64)
        cells = [(row, column)]
        while (move := self.move_in[cells[-1]]) != AT_START:
            cells.append((cells[-1][0] - int(ROWS[move]), cells[-1][1] - int(COLUMNS[move])))
        return np.array(cells, np.int64)


def cost_distance(
    friction: ArrayLike,
    start: ArrayLike,
    *,
    dx: ArrayLike,
    dy: ArrayLike,
    neighbours: int = 8,
    elevation: ArrayLike | None = None,
    diagonal_gaps: bool = False,
    known: Float | None = None,
    threads: int | None = None,
    tile: int = 62,
    progress: Callable[[float], None] | None = None,
) -> CostDistance:
    """Accumulate minutes over land: for each cell the least minutes of a journey to a start.

    A move takes its length in metres times the mean friction of the cells that it passes:
    `length * (f[a] + f[b]) / 2` between sides and corners, and a quarter of the sum of four cells for a
    knight's move, which crosses each of them for a quarter of its length. With `elevation` a move's minutes
    are multiplied by Tobler's `exp(3.5 * abs(s + 0.05)) / 1.2`, `s` being the rise over the length *in the
    direction of the journey, from the cell to the start*: uphill and downhill differ.

    Parameters
    ----------
    friction
        Shape `(ny, nx)`, minutes per metre, 0 or more; `inf` is a barrier, NaN is unknown and bars the way too.
    start
        Shape `(ny, nx)`, minutes already spent at a start (0 at a centre), `inf` where there is none. A start on
        a barrier or an unknown cell keeps its minutes there and cannot leave.
    dx, dy
        Width and height of the cells in metres: a number, or one for each row, as on a grid of longitude and
        latitude. A move between rows is as wide as the mean of the two.
    neighbours
        8 (straight and diagonal) or 16 (and knight's moves). On uniform friction the way to a far cell is
        overstated by up to 8.24 % (1 / cos(22.5 degrees) - 1) and 2.79 %. 16 takes several times as long.
    elevation
        Shape `(ny, nx)`, metres; NaN is unknown, as in friction. None: slope does not count.
    diagonal_gaps
        True lets diagonal moves pass between two barriers that touch at a corner, as other engines do.
    known
        The minutes of an answer for the same land, from starts of which none was lower than it is now: only what is
        quicker now is worked out, with the same answer, in the same array. 16 neighbours have no use for it.
    threads
        Number of threads; None for every core. Neither threads nor `tile` change a bit of the answer.
    tile
        Side of the tiles, in cells.
    progress
        Called now and then with the share of the cells reached, 0 to 1.

    Returns
    -------
    CostDistance
        Minutes, sources and moves. Of starts that are equally near, to the last bit, the cell takes the one behind the
        first of its neighbours on a quickest way, in the order S, N, E, W, SE, NW, SW, NE.

    Raises
    ------
    ValueError
        Shapes that differ, negative or NaN starts, negative friction, sizes not above 0, neighbours other than
        8 or 16.

    Notes
    -----
    Barriers hold diagonally: a diagonal move is refused where both cells beside its corner are barriers or
    unknown, and a knight's move where any of its four cells is. GRASS `r.cost`, scikit-image's `MCP_Geometric`
    and xarray-spatial let it pass, so that a river drawn one cell wide leaks there; `diagonal_gaps=True` agrees
    with them.

    Method: tiles swept by row to the fixed point (see `_tiles`) on all cores; mazes, and 16 neighbours, by a queue
    of buckets on one. Beyond input and answer next to nothing is held for tiles, 2 bytes a cell for buckets, and 8 more
    where friction or start is not float64. The first run compiles for some seconds.

    References
    ----------
    Tobler, W. (1993), Three presentations on geographical analysis and modeling, NCGIA report 93-1.
    GRASS GIS manual, `r.cost`: mean friction of both cells, half of the start's own is charged.

    Examples
    --------
    >>> friction = np.array([[0.01, 0.01, 0.03], [np.inf, np.inf, 0.01]])
    >>> start = np.array([[0.0, np.inf, np.inf], [np.inf, np.inf, np.inf]])
    >>> answer = cost_distance(friction, start, dx=100, dy=100)
    >>> answer.minutes.round(3).tolist()
    [[0.0, 1.0, 3.0], [inf, inf, 2.414]]
    >>> answer.source.tolist()
    [[0, 0, 0], [-1, -1, 0]]
    """
    f, begin = np.ascontiguousarray(friction, np.float64), np.ascontiguousarray(start, np.float64)
    if f.ndim != 2 or f.shape != begin.shape or not 0 < f.size < 2**31:
        raise ValueError(f"friction and start must be of one shape (ny, nx), got {f.shape} and {begin.shape}")
    if neighbours not in (8, 16):
        raise ValueError(f"neighbours must be 8 or 16, got {neighbours}")
    ny = len(f)
    lengths = move_lengths(_per_row(dx, ny, "dx"), _per_row(dy, ny, "dy"))
    z = np.empty((0, 0))
    if known is not None and known.shape != f.shape:
        raise ValueError(f"known minutes must have the shape of friction {f.shape}, got {known.shape}")
    if elevation is not None:
        z = np.ascontiguousarray(elevation, np.float64)
        if z.shape != f.shape:
            raise ValueError(f"elevation must have the shape of friction {f.shape}, got {z.shape}")
        f = np.where(np.isfinite(z), f, np.nan)
    n_threads = threads or cores()
    land = Land(f, z, lengths, diagonal_gaps)
    with ThreadPoolExecutor(n_threads) as pool:
        start_cells, n_open = _survey(f, begin, pool)
        if known is None or neighbours == 16:
            minutes = begin.copy()
        else:
            start_cells = start_cells[~(known.ravel()[start_cells] <= begin.ravel()[start_cells])]
            minutes = np.fmin(begin, known, out=known)
        report = _reporter(progress, n_open)
        report(0)
        if neighbours == 16 or not sweep_tiles(
            land, minutes, start_cells, pool=pool, threads=n_threads, size=tile, report=report
        ):
            finish_by_buckets(land, neighbours, minutes, report=report)
        for _ in pool.map(lambda band: mark_unknown(f, minutes, *band), _bands(f.shape)):
            pass
    report(n_open)
    trace = partial(_trace, land, neighbours, begin, minutes, n_threads)
    return CostDistance(minutes, trace, partial(_label, n_threads))


def _reporter(progress: Callable[[float], None] | None, n_open: int) -> Callable[[int], None]:
    """Turn counts of reached cells into shares for the caller, which never fall."""
    most = 0

    def report(reached: int) -> None:
        nonlocal most
        most = max(most, reached)
        if progress is not None:
            progress(min(1.0, most / max(n_open, 1)))

    return report


def _per_row(size: ArrayLike, ny: int, name: str) -> Float:
    """Return a cell size as one positive number per row."""
    rows = np.asarray(size, np.float64)
    if rows.shape not in ((), (ny,)) or not (np.isfinite(rows).all() and (rows > 0).all()):
        raise ValueError(f"{name} must be metres above 0, one number or one for each of {ny} rows")
    return np.ascontiguousarray(np.broadcast_to(rows, (ny,)))


def _bands(shape: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the first and the last row of bands of a grid, for threads to share."""
    ny, nx = shape
    step = max(1, min(_BAND // nx, -(-ny // 8)))
    return [(first, min(first + step, ny)) for first in range(0, ny, step)]


def _survey(friction: Float, start: Float, pool: ThreadPoolExecutor) -> tuple[NDArray[np.int64], int]:
    """Return the flat indices of the starts and the number of cells that can be walked on."""
    bands, nx = _bands(friction.shape), friction.shape[1]
    counts = np.array(list(pool.map(lambda band: _count(friction, start, *band), bands)))
    _, n_open, bad_friction, bad_start = counts.sum(axis=0).tolist()
    if bad_friction:
        raise ValueError("friction must be 0 or more, inf for a barrier or NaN for unknown")
    if bad_start:
        raise ValueError("start must hold minutes of 0 or more, and inf where there is no start")
    filled = [band for band, count in zip(bands, counts, strict=True) if count[0]]
    cells = [np.flatnonzero(start[first:last] < np.inf) + first * nx for first, last in filled]
    return np.concatenate([np.empty(0, np.int64), *cells]), n_open


@kernel
def _count(friction, start, first, last):  # type: ignore[no-untyped-def]
    n_starts = n_open = bad_friction = bad_start = 0
    for i in range(first, last):
        for j in range(friction.shape[1]):
            n_open += friction[i, j] < np.inf
            bad_friction += friction[i, j] < 0
        for j in range(friction.shape[1]):
            n_starts += start[i, j] < np.inf
            bad_start += not (start[i, j] >= 0)
    return n_starts, n_open, bad_friction, bad_start


def _trace(land: Land, moves: int, start: Float, minutes: Float, threads: int) -> NDArray[np.uint8]:
    """Derive moves from the final minutes, in bands of rows."""
    move_in = np.empty(minutes.shape, np.uint8)
    bands = _bands(minutes.shape)
    with ThreadPoolExecutor(threads) as pool:
        untied = sum(pool.map(lambda band: trace_moves(land, moves, start, minutes, move_in, *band), bands))
    if untied and untied > sum(tie_equals(land, moves, minutes, move_in, *band) for band in bands):
        raise RuntimeError("minutes, friction, start or elevation were changed before sources were asked for")
    return move_in


def _label(threads: int, move_in: NDArray[np.uint8]) -> Int:
    """Derive sources from moves, in bands of rows."""
    nx = move_in.shape[1]
    source = np.full(move_in.shape, -1, np.int32)
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(
            lambda band: label_sources(move_in, source, band[0] * nx, band[1] * nx), _bands(move_in.shape)
        ):
            pass
    return source
