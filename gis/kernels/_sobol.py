"""Sobol indices: the design of points, and what the outputs at them say."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._numbers import Float, doubles, whole


class SobolIndices(NamedTuple):
    """Sobol indices of each assumption, shape `(d,)`, and the variance that they split."""

    first: Float
    total: Float
    variance: float


def sobol_design(n: int, d: int, seed: int = 0) -> Float:
    """Points of a Sobol analysis: [A; B; AB_1; ...; AB_d], AB_i being A with column i of B.

    Parameters
    ----------
    n
        Rows of A and of B.
    d
        Assumptions.
    seed
        The same seed gives the same points.

    Returns
    -------
    array
        Numbers from 0 to below 1, shape `(n (d + 2), d)`.

    Raises
    ------
    ValueError
        `n` or `d` that is not a whole number of 1 or more, a seed that is not one of 0 or more.

    Notes
    -----
    A and B are the two halves of a scrambled Sobol sequence in 2 d dimensions, which needs far fewer points than
    random numbers; powers of 2 fill the space best.

    References
    ----------
    Saltelli et al. 2010, Computer Physics Communications 181.

    Examples
    --------
    >>> design = sobol_design(4, 3)
    >>> design.shape, bool((design[8:12, 0] == design[4:8, 0]).all())
    ((20, 3), True)
    """
    from scipy.stats import qmc  # takes half a second to import

    whole(n, "n")
    whole(d, "d")
    whole(seed, "seed", least=0)
    sequence = qmc.Sobol(2 * d, rng=np.random.default_rng([seed, 2]))
    points = sequence.random_base2(int(np.ceil(np.log2(n))))[:n]
    a, b = points[:, :d], points[:, d:]
    mixed = []
    for column in range(d):
        one = a.copy()
        one[:, column] = b[:, column]
        mixed.append(one)
    return np.concatenate([a, b, *mixed])


def sobol_indices(y: ArrayLike, d: int) -> SobolIndices:
    """Sobol indices of the outputs of a `sobol_design`.

    `S_i = mean(yB (yAB_i - yA)) / V`, `ST_i = sum (yA - yAB_i)^2 / (2 N V)`, V the variance of yA and yB
    together (dividing by 2 N - 1).

    Parameters
    ----------
    y
        Output at each point of the design, shape `(n (d + 2),)`.
    d
        Assumptions.

    Returns
    -------
    SobolIndices
        `first`: the share of the variance that an assumption explains alone; `total`: with all its
        interactions. 0 for an assumption that changes nothing, and for all where the output never changes.
        Estimates: `first` may fall below 0 or above 1 by chance.

    Raises
    ------
    ValueError
        A length that is not n (d + 2), unknown or infinite outputs.

    Notes
    -----
    `first` is noisy where the mean is large beside the spread; subtract the mean of y to help. SALib centres y
    and divides by 2 N.

    References
    ----------
    Saltelli et al. 2010, Computer Physics Communications 181, table 2 (b) and (f); Jansen 1999.

    Examples
    --------
    >>> design = sobol_design(1024, 2)
    >>> out = sobol_indices(design @ [2.0, 1.0] - 1.5, 2)
    >>> out.first.round(1).tolist(), out.total.round(1).tolist()
    ([0.8, 0.2], [0.8, 0.2])
    """
    a = doubles(y, "y")
    whole(d, "d")
    if a.ndim != 1 or a.size == 0 or a.size % (d + 2):
        raise ValueError(f"y: expected n x ({d} + 2) outputs, got shape {a.shape}")
    if not np.isfinite(a).all():
        raise ValueError(f"y: {int((~np.isfinite(a)).sum())} outputs are unknown or infinite")
    ya, yb, *mixed = a.reshape(d + 2, -1)
    yab = np.asarray(mixed)
    variance = float(np.var(np.concatenate([ya, yb]), ddof=1))
    if variance == 0 or np.ptp(a) == 0:
        return SobolIndices(np.zeros(d), np.zeros(d), 0.0)
    first = (yb * (yab - ya)).mean(axis=1) / variance
    total = ((ya - yab) ** 2).sum(axis=1) / (2 * len(ya) * variance)
    return SobolIndices(first, total, variance)
