"""How sure: the index and its ranks when assumptions change, and which assumption moves them.

Ranks count from 1, the highest index; equal indices share the best of their ranks. All is reproducible by
seed, whatever the size of the blocks of draws.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._aggregate import Aggregation, Labels
from gis.kernels._draws import Missing, Plan, Study, indices, make_study, spread_weights
from gis.kernels._indicators import Names
from gis.kernels._normalise import Normalisation
from gis.kernels._numbers import Float, whole
from gis.kernels._ranks import (
    Collected,
    RankUncertainty,
    mean_absolute_rank_change,
    rank_of,
    summarise_draws,
)
from gis.kernels._sobol import SobolIndices, sobol_design, sobol_indices
from gis.kernels._weights import hierarchical_weights

__all__ = [
    "AssumptionSensitivity",
    "RankUncertainty",
    "SobolIndices",
    "assumption_sensitivity",
    "mean_absolute_rank_change",
    "monte_carlo_ranks",
    "rank_of",
    "sobol_design",
    "sobol_indices",
    "summarise_draws",
]

_SCALES: tuple[str, ...] = ("z_score", "rank", "borda")
_REALISATIONS = 32  # of the errors of values: each needs the table normalised anew


def monte_carlo_ranks(
    x: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    draws: int = 1000,
    seed: int = 0,
    direction: ArrayLike = 1,
    weight_spread: float = 0.25,
    normalisations: Sequence[Normalisation] | None = None,
    aggregations: Sequence[Aggregation] = ("arithmetic",),
    bounds: tuple[float, float] = (0.0, 1.0),
    blocks: Labels = None,
    block_weights: ArrayLike | None = None,
    error_sd: ArrayLike | None = None,
    missing: Missing = "drop",
    class_bounds: ArrayLike | None = None,
    interval: float = 0.9,
    block_size: int = 128,
    names: Names = None,
) -> RankUncertainty:
    """Draw assumptions at random, compute the index each time, and see what becomes of ranks and classes.

    Each draw takes: weights, each moved by up to `weight_spread` of itself, evenly; one of the tables; one of
    the normalisations; one of the aggregations; errors of the values; and, where asked for, lots for the gaps.

    Parameters
    ----------
    x
        Settlements x indicators, shape `(n, k)`, or alternatives (winter and summer, slow and fast speeds),
        shape `(tables, n, k)`, the published one first; NaN where unknown.
    weights
        0 or more, shape `(k,)`; equal where None. With blocks, weights within the block.
    draws
        How many, 1 or more.
    seed
        The same seed gives the same result.
    direction
        1 where more is better, -1 where less is; one for all or one for each indicator.
    weight_spread
        0 (weights are certain) to 1 (from nothing to double).
    normalisations
        Alternatives, the published one first; None where `x` is normalised already. Those that need a
        reference, targets or goalposts are not among them: normalise by them and give the results as tables.
    aggregations
        Alternatives of arithmetic, geometric, harmonic and copeland, the published one first. Copeland takes
        n^2 k for each draw: half a second on one core for 10 000 settlements and 15 indicators.
    bounds
        Scale of the bounded normalisations (min-max, percentile rank, distance to or fraction of the maximum);
        above 0 for the geometric and harmonic mean.
    blocks, block_weights
        Hierarchy of two levels, as in `composite.row_weights`; block weights are moved as well.
    error_sd
        Standard deviation of the (normal) error of the values in units of `x`, shape `(k,)` or `(n, k)`.
    missing
        `drop`: gaps drop out, as in the index. `resample`: in each draw a gap takes the known value of another
        settlement by lot, which shows how much the gaps matter.
    class_bounds
        Rising bounds between classes of the index; a value at a bound is in the class above.
    interval
        Share of the draws inside the intervals.
    block_size
        Draws computed at once; memory for it is about `n x block_size x 60` bytes.
    names
        Names of the indicators, for messages.

    Returns
    -------
    RankUncertainty
        Index and rank as published (no spread, no error, gaps dropped, first alternatives), median rank,
        intervals, and the probability of each class.

    Raises
    ------
    ValueError
        As `normalise` and `aggregate` do; class bounds with normalisations whose scales differ.

    Notes
    -----
    The intervals tell what the choices of the analyst do. They are not confidence intervals of a sample, and
    they are as wide as the alternatives that are given.

    References
    ----------
    Saisana, Saltelli and Tarantola 2005, Journal of the Royal Statistical Society A 168; OECD and JRC 2008,
    step 7.

    Examples
    --------
    >>> x = [[0.9, 0.8], [0.5, 0.4], [0.4, 0.5], [0.1, 0.2]]
    >>> out = monte_carlo_ranks(x, draws=200, class_bounds=[0.3, 0.6])
    >>> out.rank_low.tolist(), out.rank_high.tolist()
    ([1.0, 2.0, 2.0, 4.0], [1.0, 3.0, 3.0, 4.0])
    >>> out.class_probability[0].tolist()
    [0.0, 0.0, 1.0]
    """
    whole(draws, "draws")
    whole(block_size, "block_size")
    study, order = make_study(
        x, direction, normalisations, aggregations, bounds, blocks, error_sd, missing, seed, names
    )
    if blocks is not None:
        hierarchical_weights(blocks, weights, block_weights)  # refuses a block whose weights are all 0
    if class_bounds is not None and any(m in _SCALES for m in normalisations or ()) and len(normalisations or ()) > 1:
        raise ValueError(f"class_bounds need one scale: {', '.join(_SCALES)} cannot be mixed with others")
    n, k = study.tables[0].shape
    rng = np.random.default_rng([seed, 1])
    u = rng.random((draws, k + len(order)))
    plan = Plan(
        spread_weights(weights, u[:, :k], weight_spread, names, "weights"),
        spread_weights(block_weights, u[:, k:], weight_spread, order, "block_weights"),
        np.column_stack([rng.integers(c, size=draws) for c in study.alternatives] + [np.arange(draws)]),
    )
    collected = Collected(n, draws, class_bounds)
    for numbers, index in indices(study, plan, block_size):
        collected.add(numbers, index)
    return collected.summary(_nominal(study, weights, block_weights, order), interval)


def _nominal(study: Study, weights: ArrayLike | None, block_weights: ArrayLike | None, order: list[str]) -> Float:
    """Index under the assumptions as published."""
    half = np.full((1, study.member.size), 0.5)
    plan = Plan(
        spread_weights(weights, half, 0.0, study.names, "weights"),
        spread_weights(block_weights, half[:, : len(order)], 0.0, order, "block_weights"),
        np.zeros((1, 4), dtype=np.int64),
    )
    _, index = next(indices(replace(study, error_sd=None, missing="drop"), plan, 1))
    return np.asarray(index[:, 0])


class AssumptionSensitivity(NamedTuple):
    """Sobol indices by the name of the assumption: `first` alone, `total` with its interactions."""

    first: dict[str, float]
    total: dict[str, float]


def assumption_sensitivity(
    x: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    n: int = 128,
    seed: int = 0,
    direction: ArrayLike = 1,
    weight_spread: float = 0.25,
    normalisations: Sequence[Normalisation] | None = None,
    aggregations: Sequence[Aggregation] = ("arithmetic",),
    bounds: tuple[float, float] = (0.0, 1.0),
    blocks: Labels = None,
    block_weights: ArrayLike | None = None,
    error_sd: ArrayLike | None = None,
    missing: Missing = "drop",
    block_size: int = 128,
    names: Names = None,
) -> AssumptionSensitivity:
    """Which assumption moves the ranks: Sobol indices of the mean absolute change of rank.

    Parameters
    ----------
    x, weights, direction, weight_spread, normalisations, aggregations, bounds, blocks, block_weights
        As for `monte_carlo_ranks`.
    n
        Rows of the design; the index is computed `7 n` times. Powers of 2 are best.
    seed
        The same seed gives the same result.
    error_sd, missing, block_size, names
        As for `monte_carlo_ranks`.

    Returns
    -------
    AssumptionSensitivity
        For `weights`, `table`, `normalisation`, `aggregation` and `values` (errors and filled gaps): 0 where
        there is no alternative, or where it moves no rank.

    Raises
    ------
    ValueError
        As for `monte_carlo_ranks`.

    References
    ----------
    Saisana, Saltelli and Tarantola 2005, Journal of the Royal Statistical Society A 168.

    Examples
    --------
    >>> x = [[0.9, 0.1], [0.4, 0.5], [0.2, 0.8]]
    >>> out = assumption_sensitivity(x, weight_spread=0.9)
    >>> out.total["aggregation"], out.total["weights"] > 0.9
    (0.0, True)
    """
    whole(block_size, "block_size")
    study, order = make_study(
        x, direction, normalisations, aggregations, bounds, blocks, error_sd, missing, seed, names
    )
    if blocks is not None:
        hierarchical_weights(blocks, weights, block_weights)  # refuses a block whose weights are all 0
    k, assumptions = study.member.size, ("weights", "table", "normalisation", "aggregation", "values")
    u = sobol_design(n, len(assumptions), seed)
    spread = np.random.default_rng([seed, 3]).random((n, k + len(order)))[(u[:, 0] * n).astype(np.int64)]
    plan = Plan(
        spread_weights(weights, spread[:, :k], weight_spread, names, "weights"),
        spread_weights(block_weights, spread[:, k:], weight_spread, order, "block_weights"),
        (u[:, 1:] * [*study.alternatives, _REALISATIONS]).astype(np.int64),
    )
    nominal = _nominal(study, weights, block_weights, order)
    moved = np.empty(len(u))
    for numbers, index in indices(study, plan, block_size):
        moved[numbers] = mean_absolute_rank_change(index, nominal)
    out = sobol_indices(moved - moved.mean(), len(assumptions))  # the first indices are less noisy so
    return AssumptionSensitivity(
        dict(zip(assumptions, out.first.tolist(), strict=True)),
        dict(zip(assumptions, out.total.tolist(), strict=True)),
    )
