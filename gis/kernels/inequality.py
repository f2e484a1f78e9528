"""Disparity between regions or settlements: Gini, Theil, Hoover, Williamson, and what goes with them.

`x` is a value per person (or of the place itself: minutes, an index), shape `(n,)`. `weights` are the people
behind each value. Without weights each place counts as one: the usual question of a statistician, and what
pysal/inequality computes. With weights each person counts as one: the usual question of a planner. A region
of weight 2 is the same as two regions of weight 1.

Values are 0 or more and known: a missing (NaN, masked) value is refused, so that nobody is dropped in silence. No
measure is corrected for the size of the sample, and logarithms are natural: as in pysal/inequality.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._numbers import Float, doubles

__all__ = [
    "TheilParts",
    "disparity",
    "gini",
    "hoover",
    "location_quotient",
    "lorenz_curve",
    "max_min_ratio",
    "theil",
    "theil_decomposition",
    "williamson",
]


class TheilParts(NamedTuple):
    """Theil's index and its parts; `total` is `between` + `within`."""

    total: float
    between: float
    within: float


def _numbers(values: ArrayLike, name: str) -> Float:
    """Return known, finite numbers of 0 or more that are not all 0, in a unit that makes the greatest about 1."""
    a = doubles(values, name)
    if a.ndim != 1 or a.size == 0:
        raise ValueError(f"{name}: expected a list of numbers, got shape {a.shape}")
    for problem, where in (("missing", np.isnan(a)), ("infinite", np.isinf(a)), ("negative", a < 0)):
        if where.any():
            row = int(np.flatnonzero(where)[0])
            raise ValueError(f"{name}: {int(where.sum())} values are {problem}, the first in row {row}")
    if not a.any():
        raise ValueError(f"{name}: every value is 0")
    # No measure depends on the unit: by a power of two nothing is rounded, and the least of numbers can be squared.
    return np.asarray(np.ldexp(a, -np.frexp(a.max())[1]))


def _shares(x: ArrayLike, weights: ArrayLike | None, name: str = "weights") -> tuple[Float, Float]:
    """Return values, and weights that sum to 1; rows without weight are left out."""
    a = _numbers(x, "x")
    if weights is None:
        return a, np.full(a.size, 1 / a.size)
    w = _numbers(weights, name)
    if w.shape != a.shape:
        raise ValueError(f"{name}: expected {a.size}, got {w.size}")
    if not a[w > 0].any():
        raise ValueError(f"x: every value with {name} is 0")
    return a[w > 0], w[w > 0] / w.sum()


def gini(x: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Gini coefficient: half the mean difference of two people, over the mean.

    `sum_ij w_i w_j |x_i - x_j| / (2 mean)` with weights that sum to 1.

    Parameters
    ----------
    x
        Values per person, 0 or more, shape `(n,)`.
    weights
        People behind each value, shape `(n,)`; one each where None.

    Returns
    -------
    float
        0 (all equal) to 1 - 1/n (one has all).

    Raises
    ------
    ValueError
        Values or weights that are missing, negative, infinite, not numeric, or all 0.

    Notes
    -----
    Without the factor n / (n - 1) of the small-sample estimate, as in pysal/inequality.

    References
    ----------
    Gini 1912; Sen 1973, On Economic Inequality.

    Examples
    --------
    >>> gini([1, 2, 3])
    0.2222222222222222
    """
    people, amount = lorenz_curve(x, weights)
    return max(0.0, float(1 - ((amount[1:] + amount[:-1]) * np.diff(people)).sum()))


def lorenz_curve(x: ArrayLike, weights: ArrayLike | None = None) -> tuple[Float, Float]:
    """Lorenz curve: the share of the total that the poorest share of people holds.

    Parameters
    ----------
    x
        Values per person, 0 or more, shape `(n,)`.
    weights
        People behind each value, shape `(n,)`; one each where None.

    Returns
    -------
    people, amount
        Shares from 0 to 1, both rising, shape `(m + 1,)` for the m rows that have weight.

    Raises
    ------
    ValueError
        As for `gini`.

    Examples
    --------
    >>> people, amount = lorenz_curve([3.0, 1.0])
    >>> people.tolist(), amount.tolist()
    ([0.0, 0.5, 1.0], [0.0, 0.25, 1.0])
    """
    a, w = _shares(x, weights)
    order = np.argsort(a, kind="stable")
    people = np.concatenate([[0.0], np.cumsum(w[order])])
    amount = np.concatenate([[0.0], np.cumsum((a * w)[order])])
    return people / people[-1], amount / amount[-1]


def theil(x: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Theil's T: sum s ln(s / w), with s the share of the total and w the share of people.

    Without weights w is 1 / N, and T = sum s ln(N s).

    Parameters
    ----------
    x
        Values per person, 0 or more, shape `(n,)`; 0 adds nothing.
    weights
        People behind each value, shape `(n,)`; one each where None.

    Returns
    -------
    float
        0 (all equal) to ln N (one has all).

    Raises
    ------
    ValueError
        As for `gini`.

    References
    ----------
    Theil 1967, Economics and Information Theory.

    Examples
    --------
    >>> round(theil([1, 2, 3]), 6)
    0.087208
    """
    a, w = _shares(x, weights)
    return _theil(a, w)


def _theil(a: Float, w: Float) -> float:
    relative = a / float((a * w).sum() / w.sum())
    terms = np.zeros_like(a)
    np.log(relative, out=terms, where=relative > 0)
    return max(0.0, float((w / w.sum() * relative * terms).sum()))


def _is_missing(label: object) -> bool:
    """NaN does not equal itself; whether the missing value of a table does is missing too."""
    same = label == label
    return label is None or not (isinstance(same, bool | np.bool_) and bool(same))


def theil_decomposition(x: ArrayLike, groups: ArrayLike, weights: ArrayLike | None = None) -> TheilParts:
    """Split Theil's T into what lies between groups and what lies within them.

    Between: T of the groups' means, weighted by their people. Within: each group's own T, weighted by its
    share of the total.

    Parameters
    ----------
    x
        Values per person, 0 or more, shape `(n,)`.
    groups
        Label of the group of each row, shape `(n,)`.
    weights
        People behind each value, shape `(n,)`; one each where None.

    Returns
    -------
    TheilParts
        `total`, `between`, `within`; total = between + within to rounding, and equals `theil`.

    Raises
    ------
    ValueError
        As for `gini`, and labels that are missing or of another length.

    References
    ----------
    Theil 1967; Shorrocks 1980, Econometrica 48.

    Examples
    --------
    >>> parts = theil_decomposition([1, 1, 3, 3], ["south", "south", "north", "north"])
    >>> round(parts.between, 6), parts.within
    (0.130812, 0.0)
    """
    count = _numbers(x, "x").size
    labels = np.asarray(groups, dtype=object)
    if labels.shape != (count,):
        raise ValueError(f"groups: expected {count} labels, got shape {labels.shape}")
    if any(_is_missing(label) for label in labels.tolist()):
        raise ValueError("groups: some labels are missing")
    a, w = _shares(x, weights)
    if weights is not None:
        labels = labels[_numbers(weights, "weights") > 0]
    _, member = np.unique(labels.astype(str), return_inverse=True)
    people = np.asarray(np.bincount(member, weights=w), dtype=np.float64)
    amount = np.asarray(np.bincount(member, weights=a * w), dtype=np.float64)
    between = _theil(amount / people, people)
    within = 0.0
    for group in np.flatnonzero(amount > 0).tolist():
        inside = member == group
        within += amount[group] / amount.sum() * _theil(a[inside], w[inside])
    return TheilParts(_theil(a, w), between, float(within))


def hoover(x: ArrayLike, population: ArrayLike | None = None, *, weights: ArrayLike | None = None) -> float:
    """Hoover index: the share of the total that would have to move for all to have the same.

    `1/2 sum |x_i / X - p_i / P|`.

    Parameters
    ----------
    x
        With `population`, amounts of each region (its product, its doctors), shape `(n,)`. With `weights`, or
        with neither, values per person as for `gini`.
    population
        People of each region, for amounts.
    weights
        People behind each value, for values per person; then the amounts are x times weights.

    Returns
    -------
    float
        0 (all equal) to 1.

    Raises
    ------
    ValueError
        As for `gini`; both `population` and `weights` given.

    References
    ----------
    Hoover 1936, Review of Economics and Statistics 18.

    Examples
    --------
    Two regions, the product of each and its people; then the same as product per head.

    >>> hoover([60.0, 40.0], [20, 80])
    0.4
    >>> round(hoover([3.0, 0.5], weights=[20, 80]), 12)
    0.4
    """
    if population is None:
        a, w = _shares(x, weights)
        amount = a * w
    elif weights is None:
        amount, w = _numbers(x, "x"), _numbers(population, "population")
        if amount.shape != w.shape:
            raise ValueError(f"population: expected {amount.size}, got {w.size}")
    else:
        raise ValueError("give population (with amounts) or weights (with values per person), not both")
    return float(np.abs(amount / amount.sum() - w / w.sum()).sum() / 2)


def williamson(x: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Williamson's coefficient of regional variation: sqrt(sum (y_i - y)^2 p_i / P) / y.

    Parameters
    ----------
    x
        Values per person (y_i), 0 or more, shape `(n,)`.
    weights
        People (p_i), shape `(n,)`; one each where None, which is the plain coefficient of variation (of the
        population, dividing by n).

    Returns
    -------
    float
        0 (all equal) and up; y is the mean over people, so that it is the national value per person.

    Raises
    ------
    ValueError
        As for `gini`.

    References
    ----------
    Williamson 1965, Economic Development and Cultural Change 13.

    Examples
    --------
    >>> round(williamson([1.0, 3.0], [3, 1]), 6)
    0.57735
    """
    a, w = _shares(x, weights)
    mean = float((a * w).sum())
    return float(np.sqrt((w * (a - mean) ** 2).sum()) / mean)


def max_min_ratio(x: ArrayLike) -> float:
    """Ratio of the largest value to the smallest.

    Parameters
    ----------
    x
        Values, 0 or more, shape `(n,)`.

    Returns
    -------
    float
        1 (all equal) and up, `inf` where the smallest is 0.

    Raises
    ------
    ValueError
        As for `gini`.

    Examples
    --------
    >>> max_min_ratio([2.0, 5.0, 20.0])
    10.0
    """
    a = _numbers(x, "x")
    return float(a.max()) / float(a.min()) if a.min() > 0 else float("inf")


def location_quotient(part: ArrayLike, whole: ArrayLike | None = None) -> Float:
    """Location quotient: the share of a branch in a region over its share in the country.

    `(part_i / whole_i) / (sum part / sum whole)`.

    Parameters
    ----------
    part
        Amounts (workers, product), 0 or more: of one branch by region, shape `(n,)`, or regions x branches,
        shape `(n, m)`.
    whole
        Amounts of all branches by region, shape `(n,)`; the sum over the branches given where None.

    Returns
    -------
    array
        Shape of `part`: 1 as in the country, above 1 more than there. NaN for a region whose whole is 0 and
        for a branch that is nowhere.

    Raises
    ------
    ValueError
        Values that are missing, negative or infinite; one branch without `whole`; a part above its whole.

    References
    ----------
    Isard 1960, Methods of Regional Analysis.

    Examples
    --------
    >>> location_quotient([10, 30], [100, 100]).round(9).tolist()
    [0.5, 1.5]
    """
    a = doubles(part, "part")
    columns = a[:, np.newaxis] if a.ndim == 1 else a
    if a.ndim not in (1, 2) or a.size == 0:
        raise ValueError(f"part: expected regions, or regions x branches, got shape {a.shape}")
    if whole is None and a.ndim != 2:
        raise ValueError("whole: give the total of each region, or part as regions x branches")
    total = columns.sum(axis=1) if whole is None else doubles(whole, "whole")
    if total.shape != columns.shape[:1]:
        raise ValueError(f"whole: expected {len(columns)}, got shape {total.shape}")
    for name, values in (("part", columns), ("whole", total)):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise ValueError(f"{name}: expected known numbers of 0 or more")
    above = columns > total[:, np.newaxis] * (1 + 1e-9)
    if above.any():
        row = int(np.flatnonzero(above.any(axis=1))[0])
        raise ValueError(f"part: {columns[row].max()} in row {row} is more than its whole, {total[row]}")
    with np.errstate(divide="ignore", invalid="ignore"):
        share = columns / total[:, np.newaxis]
        out = share / (columns.sum(axis=0) / total.sum())
    return np.asarray(out[:, 0] if a.ndim == 1 else out)


def disparity(x: ArrayLike, weights: ArrayLike | None = None) -> dict[str, float]:
    """All measures of disparity of one column, for a table of regions.

    Parameters
    ----------
    x
        Values per person, 0 or more, shape `(n,)`.
    weights
        People behind each value, shape `(n,)`; one each where None.

    Returns
    -------
    dict
        `max_min_ratio` (over rows, whatever their weight), `gini`, `theil`, `hoover`, `williamson`.

    Raises
    ------
    ValueError
        As for `gini`.

    Examples
    --------
    >>> {name: round(value, 3) for name, value in disparity([1, 2, 3]).items()}
    {'max_min_ratio': 3.0, 'gini': 0.222, 'theil': 0.087, 'hoover': 0.167, 'williamson': 0.408}
    """
    return {
        "max_min_ratio": max_min_ratio(x),
        "gini": gini(x, weights),
        "theil": theil(x, weights),
        "hoover": hoover(x, weights=weights),
        "williamson": williamson(x, weights),
    }
