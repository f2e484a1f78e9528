"""Floating catchments: supply per person, shared with all who reach it too."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._decay import E2SFCA_STEPS, amounts, minutes, step_weights
from gis.kernels._numbers import Float, doubles, scalar

THREE_STEP_STEPS: Mapping[float, float] = MappingProxyType({10: 0.962, 20: 0.704, 30: 0.377, 60: 0.042})
"""Weights of Wan, Zou and Sternberg (2012) by minutes up to and including."""


def _floating_catchment(w_demand: Float, w_supply: Float, demand: Float, supply: Float) -> Float:
    """R_j = S_j / sum_i P_i w_ij; A_i = sum_j R_j w_ij; supply that no people reach serves nobody."""
    reaching = demand @ w_demand
    ratio = np.divide(supply, reaching, out=np.zeros_like(supply), where=reaching > 0)
    return np.asarray(w_supply @ ratio)


def two_step_fca(
    travel_time_min: ArrayLike, demand: ArrayLike, supply: ArrayLike, threshold_min: float = 30.0
) -> Float:
    """Two-step floating catchment area: supply per person within reach, shared with all who reach it too.

    `R_j = S_j / sum_i P_i` over the settlements within the threshold of j; `A_i = sum_j R_j` over the places
    within the threshold of i.

    Parameters
    ----------
    travel_time_min
        Minutes, settlements x places, shape `(n, m)`.
    demand
        People of each settlement, shape `(n,)`.
    supply
        Beds, doctors, school places of each place, shape `(m,)`.
    threshold_min
        Minutes up to and including.

    Returns
    -------
    array
        Shape `(n,)`, supply per person; 0 where nothing is within reach. The sum of A times demand is the
        supply that anyone reaches.

    Raises
    ------
    ValueError
        Negative or unknown values, shapes that do not fit.

    References
    ----------
    Luo and Wang 2003, Environment and Planning B 30.

    Examples
    --------
    >>> two_step_fca([[5.0, 40.0], [20.0, 10.0]], demand=[100, 300], supply=[4, 6]).tolist()
    [0.01, 0.03]
    """
    within = scalar(threshold_min, "threshold_min", least=0)
    return enhanced_two_step_fca(travel_time_min, demand, supply, {within: 1.0})


def _weigh(t: Float, weights: Mapping[float, float] | Callable[[Float], Float]) -> Float:
    if not callable(weights):
        return step_weights(t, weights)
    w = doubles(weights(t), "steps")
    if w.shape != t.shape or not (np.isfinite(w) & (w >= 0)).all():
        raise ValueError("steps: the function must give known weights of 0 or more in the shape of the minutes")
    return w


def enhanced_two_step_fca(
    travel_time_min: ArrayLike,
    demand: ArrayLike,
    supply: ArrayLike,
    steps: Mapping[float, float] | Callable[[Float], Float] = E2SFCA_STEPS,
) -> Float:
    """Enhanced two-step floating catchment area: the same, with weights that fall with time in both steps.

    `R_j = S_j / sum_i P_i w(c_ij)`; `A_i = sum_j R_j w(c_ij)`.

    Parameters
    ----------
    travel_time_min, demand, supply
        As for `two_step_fca`.
    steps
        Weight by minutes up to and including, or a function from minutes to weights, such as one that calls
        `decay_weights`.

    Returns
    -------
    array
        Shape `(n,)`, supply per person; 0 where nothing is within reach.

    Raises
    ------
    ValueError
        Negative or unknown values, shapes or weights that do not fit.

    Notes
    -----
    One factor on all weights cancels.

    References
    ----------
    Luo and Qi 2009, Health and Place 15.

    Examples
    --------
    >>> enhanced_two_step_fca([[5.0], [20.0]], demand=[100, 300], supply=[4]).round(5).tolist()
    [0.01316, 0.00895]
    """
    t = minutes(travel_time_min, known=True)
    w = _weigh(t, steps)
    people, offered = amounts(demand, "demand", t.shape[0]), amounts(supply, "supply", t.shape[1])
    return _floating_catchment(w, w, people, offered)


def three_step_fca(
    travel_time_min: ArrayLike,
    demand: ArrayLike,
    supply: ArrayLike,
    steps: Mapping[float, float] | Callable[[Float], Float] = THREE_STEP_STEPS,
) -> Float:
    """Three-step floating catchment area: people are split over the places that compete for them.

    With `G_ij = w_ij / sum_k w_ik` the share of settlement i that turns to place j,
    `R_j = S_j / sum_i G_ij P_i w_ij` and `A_i = sum_j G_ij R_j w_ij`.

    Parameters
    ----------
    travel_time_min, demand, supply, steps
        As for `enhanced_two_step_fca`.

    Returns
    -------
    array
        Shape `(n,)`, supply per person; 0 where nothing is within reach.

    Raises
    ------
    ValueError
        Negative or unknown values, shapes or weights that do not fit.

    References
    ----------
    Wan, Zou and Sternberg 2012, International Journal of Geographical Information Science 26.

    Examples
    --------
    >>> three_step_fca([[5.0, 15.0], [25.0, 5.0]], demand=[100, 300], supply=[4, 6]).round(4).tolist()
    [0.033, 0.0223]
    """
    t = minutes(travel_time_min, known=True)
    w = _weigh(t, steps)
    people, offered = amounts(demand, "demand", t.shape[0]), amounts(supply, "supply", t.shape[1])
    total = w.sum(axis=1, keepdims=True)
    chosen = w * w / np.where(total > 0, total, 1.0)
    return _floating_catchment(chosen, chosen, people, offered)
