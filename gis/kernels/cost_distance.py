"""Minutes over land from every cell to the centre that is nearest by time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from gis.kernels._buckets import finish_by_buckets
from gis.kernels._moves import COLUMNS, ROWS, Float, move_lengths, move_minutes

Int = NDArray[np.int32]


@dataclass(frozen=True)
class CostDistance:
    """Answer of `cost_distance`.

    Parameters
    ----------
    minutes
        Shape `(ny, nx)`, least minutes from the cell to a start; `inf` unreachable or barrier, NaN unknown.
    source
        Shape `(ny, nx)`, flat index (`row * nx + column`) of the start cell that serves the cell; -1 none.
    """

    minutes: Float
    source: Int


def cost_distance(
    friction: ArrayLike,
    start: ArrayLike,
    *,
    dx: ArrayLike,
    dy: ArrayLike,
    neighbours: int = 8,
    elevation: ArrayLike | None = None,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> CostDistance:
    """Accumulate minutes over land."""
    f = np.ascontiguousarray(friction, np.float64)
    minutes = np.array(start, np.float64, order="C")
    if f.ndim != 2 or f.shape != minutes.shape:
        raise ValueError(f"friction and start must be of one shape (ny, nx), got {f.shape} and {minutes.shape}")
    if neighbours not in (8, 16):
        raise ValueError(f"neighbours must be 8 or 16, got {neighbours}")
    if np.nanmin(f, initial=0.0) < 0:
        raise ValueError("friction must not be negative")
    if not minutes.min() >= 0:
        raise ValueError("start must hold minutes of 0 or more, and inf where there is no start")
    ny = f.shape[0]
    lengths = move_lengths(_per_row(dx, ny, "dx"), _per_row(dy, ny, "dy"))
    z = np.empty((0, 0)) if elevation is None else np.ascontiguousarray(elevation, np.float64)
    if z.size:
        if z.shape != f.shape:
            raise ValueError(f"elevation must be of the shape of friction, got {z.shape} and {f.shape}")
        f = np.where(np.isnan(z), np.nan, f)
    finish_by_buckets(f, z, lengths, neighbours, minutes)
    source = np.full(f.shape, -1, np.int32)
    _label(f, z, lengths, neighbours, minutes, np.asarray(start, np.float64), source)
    minutes[np.isnan(f) & ~np.isfinite(minutes)] = np.nan
    return CostDistance(minutes, source)


def _per_row(size: ArrayLike, ny: int, name: str) -> Float:
    """Return a cell size as one positive number per row."""
    rows = np.asarray(size, np.float64)
    if rows.shape not in ((), (ny,)) or not (np.isfinite(rows).all() and (rows > 0).all()):
        raise ValueError(f"{name} must be metres above 0, one number or one for each of {ny} rows")
    return np.ascontiguousarray(np.broadcast_to(rows, (ny,)))


@njit(cache=True, nogil=True)
def _label(friction, z, lengths, moves, minutes, start, source):  # type: ignore[no-untyped-def]
    """Give every cell the source of the neighbour that its minutes come from, in order of minutes."""
    ny, nx = friction.shape
    order = np.argsort(minutes.ravel())
    for cell in order:
        i, j = cell // nx, cell % nx
        here = minutes[i, j]
        if not here < np.inf:
            break
        if here == start[i, j]:
            source[i, j] = cell
            continue
        for move in range(moves):
            i2, j2 = i - ROWS[move], j - COLUMNS[move]
            if (
                0 <= i2 < ny
                and 0 <= j2 < nx
                and source[i2, j2] >= 0
                and minutes[i2, j2] + move_minutes(friction, z, lengths, i2, j2, move) == here
            ):
                source[i, j] = source[i2, j2]
                break
