"""Weights of indicators: equal, given, by blocks, by correlation, by entropy."""

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._aggregate import Labels, row_weights
from gis.kernels._indicators import Names, check_weights, known, label, matrix
from gis.kernels._numbers import Float, whole


def equal_weights(count: int) -> Float:
    """Weights of 1 / count for each of `count` indicators.

    Parameters
    ----------
    count
        How many, 1 or more.

    Returns
    -------
    array
        Shape `(count,)`, sum 1.

    Raises
    ------
    ValueError
        What is not a whole number of 1 or more.

    Examples
    --------
    >>> equal_weights(4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    whole(count, "count")
    return np.full(count, 1 / count)


def given_weights(weights: ArrayLike, names: Names = None) -> Float:
    """Given weights divided by their sum, checked.

    Parameters
    ----------
    weights
        0 or more, shape `(k,)`, not all 0.
    names
        Names of the indicators, for messages.

    Returns
    -------
    array
        Shape `(k,)`, sum 1.

    Raises
    ------
    ValueError
        A weight that is negative, missing or infinite, or all 0.

    Examples
    --------
    >>> given_weights([1, 3]).tolist()
    [0.25, 0.75]
    >>> given_weights([1, -2], names=["roads", "water"])
    Traceback (most recent call last):
        ...
    ValueError: weights: expected 0 or more, got -2.0 for indicator water
    """
    return check_weights(weights, int(np.size(np.asarray(weights))), names)


def hierarchical_weights(
    blocks: Labels, weights: ArrayLike | None = None, block_weights: ArrayLike | None = None
) -> Float:
    """Weight of each indicator in the index, from its weight in its block and the weight of the block.

    Parameters
    ----------
    blocks
        Label of the block of each indicator, shape `(k,)`.
    weights
        Weight of each indicator within its block, of any sum; equal where None.
    block_weights
        One for each block, in the order in which blocks first appear; equal where None.

    Returns
    -------
    array
        Shape `(k,)`, sum 1.

    Raises
    ------
    ValueError
        Weights that are negative or all 0, in total or within a block.

    Examples
    --------
    >>> hierarchical_weights(["economy", "roads", "roads"], block_weights=[1, 3]).tolist()
    [0.25, 0.375, 0.375]
    """
    count = np.size(blocks) if np.ndim(blocks) == 1 else 0  # type: ignore[arg-type]
    if count == 0:
        raise ValueError(f"blocks: give the block of each indicator in a list, got {blocks!r}")
    return np.asarray(row_weights(np.zeros((1, count)), weights, blocks=blocks, block_weights=block_weights)[0])


def correlation_adjusted_weights(x: ArrayLike, weights: ArrayLike | None = None, *, names: Names = None) -> Float:
    """Weights that fall where indicators repeat each other: w / sum over indicators of |r|.

    An indicator that is given twice shares the weight of one, where it is not correlated with the rest.

    Parameters
    ----------
    x
        Settlements x indicators, shape `(n, k)`; NaN where unknown.
    weights
        Weights before the adjustment; equal where None.
    names
        Names of the indicators, for messages.

    Returns
    -------
    array
        Shape `(k,)`, sum 1.

    Raises
    ------
    ValueError
        Names the indicator that is constant or without values; a pair that shares fewer than 3 settlements or
        is constant there.

    Notes
    -----
    r is Pearson's, over the settlements in which both are known; its sign does not matter, so neither does
    direction. The handbook of OECD and JRC proposes weights that fall with correlation; this is the simplest.

    Examples
    --------
    >>> correlation_adjusted_weights([[1, 1, 1], [2, 2, 0], [3, 3, 0], [4, 4, 1]]).round(2).tolist()
    [0.25, 0.25, 0.5]
    """
    a = matrix(x, names)
    present = known(a, names)
    k = a.shape[1]
    r = np.eye(k)
    for i in range(k):
        for j in range(i):
            both = present[:, i] & present[:, j]
            first, second = a[both, i], a[both, j]
            if both.sum() < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
                raise ValueError(
                    f"{label(names, j)} and {label(names, i)}: no correlation, for {int(both.sum())} settlements "
                    "have both (3 are needed), or one of them is constant there; leave one out, or choose other weights"
                )
            r[i, j] = r[j, i] = abs(float(np.corrcoef(first, second)[0, 1]))
    adjusted = check_weights(weights, k, names) / r.sum(axis=1)
    return np.asarray(adjusted / adjusted.sum())


def entropy_weights(x: ArrayLike, *, names: Names = None) -> Float:
    """Weights by Shannon's entropy: an indicator that tells settlements apart counts more.

    With shares p of the column's sum, e = -sum p ln p / ln n, and w = (1 - e) / sum (1 - e).

    Parameters
    ----------
    x
        Settlements x indicators, 0 or more, shape `(n, k)`; NaN where unknown.
    names
        Names of the indicators, for messages.

    Returns
    -------
    array
        Shape `(k,)`, sum 1; 0 for an indicator that is constant.

    Raises
    ------
    ValueError
        Names the indicator with a negative value, with fewer than 2 values, or 0 everywhere; all constant.

    Notes
    -----
    Depends on where the zero of the scale is: give it values of a ratio scale, or min-max scores throughout.

    References
    ----------
    Shannon 1948; Zeleny 1982, Multiple Criteria Decision Making.

    Examples
    --------
    >>> entropy_weights([[1.0, 1.0], [1.0, 3.0]]).round(6).tolist()
    [0.0, 1.0]
    """
    a = matrix(x, names)
    present = known(a, names)
    spread = np.zeros(a.shape[1])
    for column in range(a.shape[1]):
        values = a[present[:, column], column]
        if len(values) < 2 or values.min() < 0 or values.max() == 0:
            raise ValueError(
                f"{label(names, column)}: entropy needs 2 values or more, none negative, not all 0; "
                f"got {len(values)} from {values.min()} to {values.max()}"
            )
        share = values / values.sum()
        share = share[share > 0]
        spread[column] = 1 + float((share * np.log(share)).sum()) / np.log(len(values))
        if values.min() == values.max():
            spread[column] = 0.0
    if not spread.any():
        raise ValueError("every indicator is constant, so entropy gives no weights")
    return np.asarray(spread / spread.sum())
