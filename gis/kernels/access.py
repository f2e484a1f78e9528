"""Access: what can be reached, how far it is, and how many share it.

`travel_time_min` has a row for each settlement (demand) and a column for each place that offers something
(supply), minutes, shape `(n, m)`: `0` at the place, `inf` unreachable. NaN, or a masked cell, is a journey that is not
known: the measures of one row give NaN for that row; the floating catchments, where every row acts on every
other, refuse it. Weights fall from 1 with time and are 0 for what cannot be reached.
"""

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._catchment import THREE_STEP_STEPS, enhanced_two_step_fca, three_step_fca, two_step_fca
from gis.kernels._decay import (
    E2SFCA_STEPS,
    HALF_LIVES_MIN,
    Decay,
    amounts,
    decay_weights,
    lambda_per_second,
    minutes,
    numbers,
    step_weights,
)
from gis.kernels._numbers import Float, scalar

__all__ = [
    "E2SFCA_STEPS",
    "HALF_LIVES_MIN",
    "THREE_STEP_STEPS",
    "Decay",
    "capped_ratio_score",
    "cumulative_opportunities",
    "decay_weights",
    "enhanced_two_step_fca",
    "gravity_access",
    "lambda_per_second",
    "rural_access_index",
    "serve_lower_tiers",
    "step_weights",
    "three_step_fca",
    "tier_means",
    "two_step_fca",
]


def gravity_access(
    travel_time_min: ArrayLike,
    opportunities: ArrayLike,
    decay: Decay = "exponential",
    *,
    half_life_min: float | None = None,
    exponent: float | None = None,
    floor_min: float = 1.0,
) -> Float:
    """Gravity (potential) access: the sum over places of what they offer times a weight that falls with time.

    `A_i = sum_j P_j w(c_ij)`, for example `sum P exp(-lambda c)`.

    Parameters
    ----------
    travel_time_min
        Minutes, settlements x places, shape `(n, m)`.
    opportunities
        People, jobs, beds at each place, shape `(m,)`.
    decay, half_life_min, exponent, floor_min
        As for `decay_weights`.

    Returns
    -------
    array
        Shape `(n,)`, in units of `opportunities`, high = good access; 0 where nothing is reached, NaN where a
        journey is unknown.

    Raises
    ------
    ValueError
        Negative or unknown opportunities; otherwise as for `decay_weights`.

    Notes
    -----
    If settlements are places as well, each counts itself at 0 minutes. Counts, and not shares: who else wants
    the same is left to the floating catchments.

    References
    ----------
    Hansen 1959, Journal of the American Institute of Planners 25.

    Examples
    --------
    >>> gravity_access([[0.0, 30.0]], [1000, 500], half_life_min=30).tolist()
    [1250.0]
    """
    t = minutes(travel_time_min)
    offered = amounts(opportunities, "opportunities", t.shape[1])
    w = decay_weights(t, decay, half_life_min=half_life_min, exponent=exponent, floor_min=floor_min)
    return np.asarray(w @ offered)


def cumulative_opportunities(
    travel_time_min: ArrayLike, opportunities: ArrayLike | None = None, threshold_min: ArrayLike = 60.0
) -> Float:
    """Count what can be reached within given minutes.

    Parameters
    ----------
    travel_time_min
        Minutes, settlements x places, shape `(n, m)`.
    opportunities
        People, jobs, beds at each place, shape `(m,)`; the places themselves are counted where None.
    threshold_min
        Minutes up to and including; one, or several, shape `(t,)`.

    Returns
    -------
    array
        Shape `(n,)`, or `(n, t)` for several thresholds; 0 where nothing is reached, NaN where a journey is
        unknown.

    Raises
    ------
    ValueError
        Negative minutes, negative or unknown opportunities, thresholds that are no finite minutes.

    Notes
    -----
    Steps at the threshold: a minute more or less may change all. Give several.

    Examples
    --------
    >>> cumulative_opportunities([[5.0, 60.0, 61.0]], [10, 20, 40], [30, 60]).tolist()
    [[10.0, 30.0]]
    """
    t = minutes(travel_time_min)
    m = t.shape[1]
    offered = np.ones(m) if opportunities is None else amounts(opportunities, "opportunities", m)
    limits = numbers(threshold_min, "threshold_min")
    if limits.ndim > 1 or limits.size == 0 or not np.isfinite(limits).all():
        raise ValueError(f"threshold_min: expected minutes, one or a list, got {limits.tolist()}")
    out = np.column_stack([(t <= limit) @ offered for limit in np.atleast_1d(limits)])
    out[np.isnan(t).any(axis=1)] = np.nan
    return out[:, 0] if limits.ndim == 0 else out


def serve_lower_tiers(distance: ArrayLike) -> Float:
    """Let a larger centre serve the tiers below it: the least distance to a tier or any above.

    Parameters
    ----------
    distance
        Distance (or minutes) to the nearest centre of each tier, the largest tier first, shape `(n, tiers)`.

    Returns
    -------
    array
        Shape of the input; NaN from the first unknown tier on.

    Examples
    --------
    >>> serve_lower_tiers([[10.0, 40.0], [90.0, 20.0]]).tolist()
    [[10.0, 10.0], [90.0, 20.0]]
    """
    return np.asarray(np.minimum.accumulate(_tiers(distance), axis=1))


def _tiers(distance: ArrayLike) -> Float:
    d = numbers(distance, "distance")
    if d.ndim != 2 or d.size == 0:
        raise ValueError(f"distance: expected settlements x tiers, got shape {d.shape}")
    return d


def tier_means(distance: ArrayLike) -> Float:
    """Mean distance to each tier, over the settlements that reach it: the ruler of `capped_ratio_score`.

    Parameters
    ----------
    distance
        Distance (or minutes) to the nearest centre of each tier, shape `(n, tiers)`; `inf` and NaN are left
        out.

    Returns
    -------
    array
        Shape `(tiers,)`.

    Raises
    ------
    ValueError
        A tier that nobody reaches, or in which all are at 0.

    Examples
    --------
    >>> tier_means([[10.0, 40.0], [30.0, float("inf")]]).tolist()
    [20.0, 40.0]
    """
    d = _tiers(distance)
    reached = np.isfinite(d)
    for tier in np.flatnonzero(~(reached & (d > 0)).any(axis=0)).tolist():
        raise ValueError(f"distance: no known distance above 0 in tier {tier} (column from 0)")
    return np.asarray(np.where(reached, d, 0.0).sum(axis=0) / reached.sum(axis=0))


def capped_ratio_score(distance: ArrayLike, means: ArrayLike | None = None, cap: float = 3.0) -> Float:
    """Remoteness as in ARIA: the sum over tiers of min(cap, distance / mean distance).

    Parameters
    ----------
    distance
        Distance (or minutes) to the nearest centre of each tier, shape `(n, tiers)`. A larger centre also
        serves the tiers below: see `serve_lower_tiers`.
    means
        Mean distance to each tier, shape `(tiers,)`. `tier_means(distance)` where None; give stored ones to
        score a region, or a later year, on the same ruler.
    cap
        Most that a tier adds; `inf` for none.

    Returns
    -------
    array
        Shape `(n,)`, 0 (at a centre of the highest tier) to cap x tiers; a tier that cannot be reached adds
        the cap. NaN where a distance is unknown.

    Raises
    ------
    ValueError
        Negative distances, means that are not above 0, a cap that is not above 0.

    Notes
    -----
    The mean is over the settlements given, unweighted, so the score of a place moves with the set. ARIA+ has 5
    tiers (0-15), CARI+ 6 (0-18).

    References
    ----------
    Taylor and Lange 2016, ARIA+; Hugo Centre, University of Adelaide.

    Examples
    --------
    >>> capped_ratio_score([[0.0, 10.0], [30.0, 10.0]]).tolist()
    [1.0, 3.0]
    >>> capped_ratio_score([[30.0, 10.0]], means=[5.0, 10.0]).tolist()
    [4.0]
    """
    d = _tiers(distance)
    ruler = tier_means(d) if means is None else numbers(means, "means", d.shape[1:])
    if not (np.isfinite(ruler) & (ruler > 0)).all():
        raise ValueError(f"means: expected numbers above 0, got {ruler.tolist()}")
    most = scalar(cap, "cap", above=0, finite=False)
    return np.asarray(np.minimum(d / ruler, most).sum(axis=1))


def rural_access_index(distance_km: ArrayLike, population: ArrayLike, threshold_km: float = 2.0) -> float:
    """Rural Access Index (SDG 9.1.1): the share of rural people within 2 km of an all-season road.

    Parameters
    ----------
    distance_km
        Kilometres from each rural settlement (or cell) to the nearest all-season road; `inf` where there is
        none.
    population
        Rural people there, of the same shape.
    threshold_km
        Kilometres up to and including.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        Unknown distances or people, negative values, no people at all.

    Examples
    --------
    >>> rural_access_index([0.5, 2.0, 7.0], [100, 50, 50])
    0.75
    """
    d = np.ravel(numbers(distance_km, "distance_km"))
    people = amounts(np.ravel(numbers(population, "population")), "population", d.size)
    if np.isnan(d).any():
        raise ValueError(f"distance_km: {int(np.isnan(d).sum())} values are unknown; leave them out")
    if not people.any():
        raise ValueError("population: nobody lives there")
    within = scalar(threshold_km, "threshold_km", least=0)
    return float(people[d <= within].sum() / people.sum())
