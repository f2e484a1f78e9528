"""Ranks of many draws, and what is read off them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._jit import kernel
from gis.kernels._numbers import Float, doubles, scalar


def ranks(index: Float) -> Float:
    """Rank of each settlement in each draw: 1 the highest index, equal ones share the best of their ranks.

    What differs by less than a few roundings counts as equal; NaN has no rank. Shape of the input, `(n, d)`.
    """
    down = np.ascontiguousarray(-index.T)  # NaN sorts to the end
    out = np.empty(down.shape)
    _number(down, np.argsort(down, axis=1), out)
    return out.T


@kernel
def _number(down, order, out):  # type: ignore[no-untyped-def]
    """Fill the ranks of each row in the order that sorts it."""
    for draw in range(len(down)):
        size = 0.0
        for value in down[draw]:
            size = max(size, abs(value)) if not np.isnan(value) else size
        rank, last = 1, np.inf
        for place, i in enumerate(order[draw]):
            value = down[draw, i]
            if value - last > 1e-12 * size:
                rank = place + 1
            out[draw, i] = np.nan if np.isnan(value) else rank
            last = value


def rank_of(index: ArrayLike) -> Float:
    """Rank of each settlement: 1 the highest index, equal ones share the best of their ranks.

    Parameters
    ----------
    index
        Shape `(n,)`, or `(n, draws)` for the ranks within each draw.

    Returns
    -------
    array
        Shape of the input; NaN where the index is NaN.

    Examples
    --------
    >>> rank_of([0.2, 0.9, 0.9, float("nan")]).tolist()
    [3.0, 1.0, 1.0, nan]
    """
    a = doubles(index, "index")
    if a.ndim not in (1, 2):
        raise ValueError(f"index: expected (n,) or (n, draws), got shape {a.shape}")
    return ranks(a[:, np.newaxis])[:, 0] if a.ndim == 1 else ranks(a)


def mean_absolute_rank_change(index: ArrayLike, nominal: ArrayLike) -> Float:
    """How far ranks move: the mean over settlements of |rank - nominal rank|, for each draw.

    Parameters
    ----------
    index
        Index in each draw, shape `(n, draws)`.
    nominal
        Index under the assumptions as published, shape `(n,)`.

    Returns
    -------
    array
        Shape `(draws,)`, in ranks; settlements without an index in either are left out, NaN where all are.

    Examples
    --------
    >>> mean_absolute_rank_change([[3.0, 1.0], [2.0, 2.0], [1.0, 3.0]], [3, 2, 1]).round(3).tolist()
    [0.0, 1.333]
    """
    a, middle = doubles(index, "index"), doubles(nominal, "nominal")
    if a.ndim != 2 or middle.shape != a.shape[:1]:
        raise ValueError(f"index {a.shape} and nominal {middle.shape}: expected (n, draws) and (n,)")
    moved = np.abs(ranks(a) - rank_of(middle)[:, np.newaxis])
    known = ~np.isnan(moved)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, moved, 0).sum(axis=0) / known.sum(axis=0))


@dataclass(frozen=True)
class RankUncertainty:
    """Index and rank of each settlement with their intervals, shape `(n,)` each.

    The interval of the index is kept to seven digits. `class_probability` has shape `(n, classes)`, lowest class
    first, rows summing to 1; it is empty, `(n, 0)`, without class bounds. A settlement whose index is unknown in
    some draw has NaN throughout.
    """

    index: Float
    rank: Float
    rank_median: Float
    rank_low: Float
    rank_high: Float
    index_low: Float
    index_high: Float
    class_probability: Float


class Collected:
    """Ranks and indices of the draws so far, settlement by settlement, and counts of classes."""

    def __init__(self, n: int, draws: int, class_bounds: ArrayLike | None) -> None:
        self.bounds = doubles([] if class_bounds is None else class_bounds, "class_bounds")
        if self.bounds.ndim != 1 or not (np.diff(self.bounds) > 0).all() or np.isnan(self.bounds).any():
            raise ValueError(f"class_bounds: expected rising numbers, got {self.bounds.tolist()}")
        self.rank = np.empty((n, draws), dtype=np.float32)  # exact up to 16 million settlements
        self.index = np.empty((n, draws), dtype=np.float32)
        self.count = np.zeros((n, self.bounds.size + 1 if class_bounds is not None else 0))

    def add(self, draws: NDArray[np.int64], index: Float) -> None:
        """Take in the index of some draws, shape `(n, len(draws))`."""
        self.rank[:, draws] = ranks(index)
        self.index[:, draws] = index
        for number in range(self.count.shape[1]):
            above = index >= self.bounds[number - 1] if number else ~np.isnan(index)
            below = index < self.bounds[number] if number < self.bounds.size else True
            self.count[:, number] += (above & below).sum(axis=1)

    def summary(self, nominal: Float, interval: float) -> RankUncertainty:
        """Sort the draws of each settlement and read off the intervals; the collection is spent."""
        if not 0 < scalar(interval, "interval") <= 1:
            raise ValueError(f"interval: expected a share above 0 up to 1, got {interval}")
        draws = self.rank.shape[1]
        unknown = np.isnan(self.rank).any(axis=1)
        self.rank.sort(axis=1)
        self.index.sort(axis=1)
        tail = (1 - interval) / 2 * (draws - 1)
        low, high = int(np.floor(tail + 1e-9)), int(np.ceil(draws - 1 - tail - 1e-9))
        middle = (self.rank[:, (draws - 1) // 2].astype(np.float64) + self.rank[:, draws // 2]) / 2
        out = (
            middle,
            *(part[:, at].astype(np.float64) for part in (self.rank, self.index) for at in (low, high)),
            self.count / draws,
        )
        for part in out:
            part[unknown] = np.nan
        return RankUncertainty(nominal, rank_of(nominal), *out)


def summarise_draws(
    index: ArrayLike, nominal: ArrayLike, *, class_bounds: ArrayLike | None = None, interval: float = 0.9
) -> RankUncertainty:
    """Intervals of rank and index, and probabilities of classes, from indices that were drawn elsewhere.

    Parameters
    ----------
    index
        Index in each draw, shape `(n, draws)`.
    nominal
        Index under the assumptions as published, shape `(n,)`.
    class_bounds
        Rising bounds between classes of the index; a value at a bound is in the class above.
    interval
        Share of the draws inside the intervals.

    Returns
    -------
    RankUncertainty
        The bounds of intervals are values that occurred, just outside where the share falls between two.

    Examples
    --------
    >>> out = summarise_draws([[0.9, 0.8], [0.1, 0.85]], [0.9, 0.1], class_bounds=[0.5])
    >>> out.rank_low.tolist(), out.rank_high.tolist(), out.class_probability.tolist()
    ([1.0, 1.0], [2.0, 2.0], [[0.0, 1.0], [0.5, 0.5]])
    """
    a, middle = doubles(index, "index"), doubles(nominal, "nominal")
    if a.ndim != 2 or a.size == 0 or middle.shape != a.shape[:1]:
        raise ValueError(f"index {a.shape} and nominal {middle.shape}: expected (n, draws) and (n,)")
    collected = Collected(len(a), a.shape[1], class_bounds)
    collected.add(np.arange(a.shape[1]), a)
    return collected.summary(middle, interval)
