"""The ways of many cells to their starts at once, and the minutes of a way gone back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._jit import kernel
from gis.kernels._moves import COLUMNS, KIND, ROWS, Land, move_lengths, move_minutes
from gis.kernels._trace import AT_START
from gis.kernels.cost_distance import CostDistance

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True)
class Trails:
    """Ways over the cells of a grid.

    Parameters
    ----------
    cells
        Flat indices (`row * nx + column`) of the cells of all ways, each from its first cell to its start.
    first
        Where each way begins in `cells`, and where the last ends, shape `(n + 1,)`.
    km
        The length of each, from middle to middle of the cells, shape `(n,)`.
    """

    cells: Int
    first: Int
    km: Float

    def way(self, number: int) -> Int:
        """Return the cells of one way."""
        return self.cells[self.first[number] : self.first[number + 1]]

    @property
    def end(self) -> Int:
        """Return the cell of each start, shape `(n,)`."""
        return np.asarray(self.cells[self.first[1:] - 1])


def trails(answer: CostDistance, cells: ArrayLike, *, dx: ArrayLike, dy: ArrayLike) -> Trails:
    """Follow the moves of an answer of `cost_distance` back from cells to the starts that serve them.

    Parameters
    ----------
    answer
        Of `gis.kernels.cost_distance.cost_distance`.
    cells
        Flat indices of cells that have a start, shape `(n,)`.
    dx, dy
        Width and height of the cells in metres, as they were given there.

    Returns
    -------
    Trails

    Examples
    --------
    >>> from gis.kernels.cost_distance import cost_distance
    >>> start = np.array([[0.0, np.inf, np.inf], [np.inf, np.inf, np.inf]])
    >>> answer = cost_distance(np.full((2, 3), 0.01), start, dx=100, dy=100)
    >>> found = trails(answer, [5, 0], dx=100, dy=100)
    >>> found.way(0).tolist(), found.way(1).tolist(), found.km.round(3).tolist()
    ([5, 4, 0], [0], [0.241, 0.0])
    """
    ny, nx = answer.minutes.shape
    lengths = _lengths(ny, dx, dy)
    begin = np.asarray(cells, np.int64)
    moves = answer.move_in.ravel()
    count = np.empty(len(begin), np.int64)
    _count(moves, nx, begin, count)
    first = np.concatenate([[0], np.cumsum(count)])
    path, km = np.empty(first[-1], np.int64), np.zeros(len(begin))
    _follow(moves, nx, lengths, begin, first, path, km)
    return Trails(path, first, km)


def _lengths(ny: int, dx: ArrayLike, dy: ArrayLike) -> Float:
    return move_lengths(*(np.broadcast_to(np.asarray(size, float), (ny,)) for size in (dx, dy)))


def _land(friction: Float, dx: ArrayLike, dy: ArrayLike, elevation: Float | None) -> Land:
    z = np.empty((0, 0)) if elevation is None else np.ascontiguousarray(elevation, np.float64)
    return Land(np.ascontiguousarray(friction, np.float64), z, _lengths(len(friction), dx, dy), False)


@kernel
def _count(moves, nx, begin, count):  # type: ignore[no-untyped-def]
    for number in range(len(begin)):
        cell, steps = begin[number], 1
        while moves[cell] < AT_START:
            cell -= ROWS[moves[cell]] * nx + COLUMNS[moves[cell]]
            steps += 1
        count[number] = steps


@kernel
def _follow(moves, nx, lengths, begin, first, path, km):  # type: ignore[no-untyped-def]
    for number in range(len(begin)):
        cell, at = begin[number], first[number]
        path[at] = cell
        while moves[cell] < AT_START:
            move, row = moves[cell], cell // nx
            km[number] += lengths[KIND[move], min(row, row - ROWS[move])] / 1000.0
            cell -= ROWS[move] * nx + COLUMNS[move]
            at += 1
            path[at] = cell


def trail_km(answer: CostDistance, cells: ArrayLike, *, dx: ArrayLike, dy: ArrayLike) -> Float:
    """Return the kilometres of the ways that `trails` would follow, shape `(n,)`: each move is counted once.

    Examples
    --------
    >>> from gis.kernels.cost_distance import cost_distance
    >>> start = np.array([[0.0, np.inf, np.inf], [np.inf, np.inf, np.inf]])
    >>> answer = cost_distance(np.full((2, 3), 0.01), start, dx=100, dy=100)
    >>> trail_km(answer, [5, 0], dx=100, dy=100).round(3).tolist()
    [0.241, 0.0]
    """
    ny, nx = answer.minutes.shape
    lengths = _lengths(ny, dx, dy)
    km = np.full(ny * nx, -1.0)
    here = np.asarray(cells, np.int64)
    _measure(answer.move_in.ravel(), nx, lengths, here, km)
    return np.asarray(km[here])


@kernel
def _measure(moves, nx, lengths, cells, km):  # type: ignore[no-untyped-def]
    for number in range(len(cells)):
        cell, ahead = cells[number], 0.0
        while km[cell] < 0.0 and moves[cell] < AT_START:
            move, row = moves[cell], cell // nx
            ahead += lengths[KIND[move], min(row, row - ROWS[move])] / 1000.0
            cell -= ROWS[move] * nx + COLUMNS[move]
        ahead += max(km[cell], 0.0)
        end, cell = cell, cells[number]
        while cell != end:  # the same way again, now that its length is known
            km[cell] = ahead
            move, row = moves[cell], cell // nx
            ahead -= lengths[KIND[move], min(row, row - ROWS[move])] / 1000.0
            cell -= ROWS[move] * nx + COLUMNS[move]
        km[end] = max(km[end], 0.0)


def minutes_back(
    found: Trails, friction: Float, *, dx: ArrayLike, dy: ArrayLike, elevation: Float | None = None
) -> Float:
    """Return the minutes over land of each way gone back, from its start to its first cell, shape `(n,)`.

    On a slope they are not those of the way there.

    Examples
    --------
    >>> from gis.kernels.cost_distance import cost_distance
    >>> friction, hill = np.full((1, 3), 0.01), np.array([[0.0, 10.0, 40.0]])
    >>> start = np.array([[0.0, np.inf, np.inf]])
    >>> answer = cost_distance(friction, start, dx=100, dy=100, elevation=hill)
    >>> found = trails(answer, [2], dx=100, dy=100)
    >>> down, up = answer.minutes[0, 2], minutes_back(found, friction, dx=100, dy=100, elevation=hill)[0]
    >>> bool(down < up), round(float(up), 1)
    (True, 4.2)
    """
    out = np.zeros(len(found.km))
    _back(_land(friction, dx, dy, elevation), found.cells, found.first, out)
    return out


def steps_out(
    minutes: Float,
    friction: Float,
    cells: ArrayLike,
    *,
    dx: ArrayLike,
    dy: ArrayLike,
    neighbours: int = 8,
    elevation: Float | None = None,
) -> tuple[Float, Int, Float]:
    """Find the quickest way out of cells: who stands there may not stay, whatever the cell itself has.

    Parameters
    ----------
    minutes
        Of all cells, shape `(ny, nx)`, from `gis.kernels.cost_distance.cost_distance`.
    friction, dx, dy, neighbours, elevation
        As they were given there.
    cells
        Flat indices of cells, shape `(n,)`.

    Returns
    -------
    minutes : array of shape `(n,)`
        Of the move out, and from there on; `inf` where there is none.
    beside : array of shape `(n,)`
        The cell that is moved to, -1 none.
    km : array of shape `(n,)`
        The length of the move.

    Examples
    --------
    >>> minutes, friction = np.array([[5.0, 0.0, 3.0]]), np.full((1, 3), 0.01)
    >>> [one.tolist() for one in steps_out(minutes, friction, [1], dx=100, dy=100)]
    [[4.0], [2], [0.1]]
    """
    land = _land(friction, dx, dy, elevation)
    here = np.asarray(cells, np.int64)
    least, move = np.full(len(here), np.inf), np.full(len(here), -1, np.int64)
    _out(land, np.asarray(minutes, np.float64), here, neighbours, least, move)
    beside = np.where(move >= 0, here - ROWS[move] * friction.shape[1] - COLUMNS[move], -1)
    upper = np.minimum(here, np.where(move >= 0, beside, here)) // friction.shape[1]
    return least, beside, np.where(move >= 0, land.lengths[KIND[move], upper] / 1000.0, np.inf)


@kernel
def _out(land, minutes, cells, neighbours, least, best):  # type: ignore[no-untyped-def]
    ny, nx = land.friction.shape
    for number in range(len(cells)):
        i, j = cells[number] // nx, cells[number] % nx
        for move in range(neighbours):
            k, m = i - ROWS[move], j - COLUMNS[move]  # the journey goes against the move
            if 0 <= k < ny and 0 <= m < nx and minutes[k, m] < np.inf:
                total = minutes[k, m] + move_minutes(land, k, m, move)
                if total < least[number]:
                    least[number], best[number] = total, move


@kernel
def _back(land, cells, first, out):  # type: ignore[no-untyped-def]
    nx = land.friction.shape[1]
    for number in range(len(out)):
        for at in range(first[number], first[number + 1] - 1):
            i, j = cells[at] // nx, cells[at] % nx
            rows, columns = cells[at + 1] // nx - i, cells[at + 1] % nx - j
            for move in range(len(ROWS)):
                if ROWS[move] == rows and COLUMNS[move] == columns:
                    out[number] += move_minutes(land, i, j, move)
