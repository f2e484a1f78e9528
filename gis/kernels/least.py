"""The least of each group, where groups are many and small."""

import numpy as np
from numpy.typing import NDArray

from gis.kernels._jit import kernel

Float = NDArray[np.float64]
Int = NDArray[np.int64]


def least_of_groups(group: Int, value: Float, n: int) -> Int:
    """Find the least value of each group, in one pass and without sorting.

    Parameters
    ----------
    group
        The group of each value, below `n`, shape `(k,)`; a value of group -1 is passed over.
    value
        Shape `(k,)`; `inf` and NaN are never the least.
    n
        How many groups there are.

    Returns
    -------
    array of shape `(n,)`
        The position of the least value, of equal ones the first; -1 where a group has none.

    Raises
    ------
    ValueError
        Arrays of different length, or groups out of range.

    Examples
    --------
    >>> least_of_groups(np.array([0, 2, 0, -1, 2]), np.array([5.0, np.inf, 3.0, 1.0, np.nan]), 3).tolist()
    [2, -1, -1]
    """
    if group.shape != value.shape or group.ndim != 1:
        raise ValueError(f"expected two arrays of one length, got {group.shape} and {value.shape}")
    if len(group) and not (group.min() >= -1 and group.max() < n):
        raise ValueError(f"groups must be from -1 to {n - 1}")
    return np.asarray(_least(np.ascontiguousarray(group, np.int64), np.ascontiguousarray(value, np.float64), n))


@kernel
def _least(group, value, n):  # type: ignore[no-untyped-def]
    at, least = np.full(n, -1, np.int64), np.full(n, np.inf)
    for i in range(len(group)):
        g = group[i]
        if g >= 0 and value[i] < least[g]:
            least[g], at[g] = value[i], i
    return at
