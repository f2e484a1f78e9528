"""Weights that fall with time, and the checks of travel times."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._numbers import Float, doubles, scalar

Decay = Literal["exponential", "power", "gaussian"]

E2SFCA_STEPS: Mapping[float, float] = MappingProxyType({10: 1.0, 20: 0.68, 30: 0.22})
"""Weights of Luo and Qi (2009) by minutes up to and including."""

HALF_LIVES_MIN = (15.0, 30.0, 60.0, 120.0, 300.0)
"""Half-lives in use for the exponential decay, minutes."""


def numbers(values: ArrayLike, name: str, shape: tuple[int, ...] | None = None) -> Float:
    a = doubles(values, name)
    if shape is not None and a.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {a.shape}")
    if (a < 0).any():
        raise ValueError(f"{name}: {int((a < 0).sum())} negative values, the least {np.nanmin(a)}")
    return a


def amounts(values: ArrayLike, name: str, count: int) -> Float:
    a = numbers(values, name, (count,))
    if not np.isfinite(a).all():
        row = int(np.flatnonzero(~np.isfinite(a))[0])
        raise ValueError(f"{name}: expected known, finite amounts, got {a[row]} in row {row}")
    return a


def minutes(travel_time_min: ArrayLike, *, known: bool = False) -> Float:
    t = numbers(travel_time_min, "travel_time_min")
    if t.ndim != 2 or t.size == 0:
        raise ValueError(f"travel_time_min: expected settlements x places, got shape {t.shape}")
    if known and np.isnan(t).any():
        rows = np.flatnonzero(np.isnan(t).any(axis=1))
        raise ValueError(
            f"travel_time_min: unknown (NaN) in {rows.size} rows, the first {rows[0]}; leave them out, or give "
            "inf where there is no way"
        )
    return t


def step_weights(travel_time_min: ArrayLike, steps: Mapping[float, float] = E2SFCA_STEPS) -> Float:
    """Weights that fall in steps: that of the first step whose minutes are not exceeded, beyond the last 0.

    Parameters
    ----------
    travel_time_min
        Minutes, any shape.
    steps
        Weight by minutes up to and including.

    Returns
    -------
    array
        Shape of the input; 0 for `inf`, NaN for NaN.

    Raises
    ------
    ValueError
        Negative minutes, no steps, negative weights, or weights that rise with time.

    Examples
    --------
    >>> step_weights([0.0, 10.0, 15.0, 31.0]).tolist()
    [1.0, 1.0, 0.68, 0.0]
    """
    t = numbers(travel_time_min, "travel_time_min")
    if not isinstance(steps, Mapping):
        raise ValueError(f"steps: expected weights by minutes, such as {{10: 1, 30: 0.5}}, got {steps!r}")
    limits = doubles(list(steps), "steps: minutes")
    order = np.argsort(limits)
    limits, weights = limits[order], doubles(list(steps.values()), "steps: weights")[order]
    if not limits.size or np.isnan(limits).any() or not (weights >= 0).all() or (np.diff(weights) > 0).any():
        raise ValueError(f"steps: expected weights of 0 or more that do not rise with time, got {dict(steps)}")
    out = np.append(weights, 0.0)[np.searchsorted(limits, t, side="left")]
    return np.where(np.isnan(t), np.nan, np.where(np.isinf(t), 0.0, out))


def lambda_per_second(half_life_min: float) -> float:
    """Rate of the exponential decay whose weight is a half at a half-life: ln 2 / (60 x minutes).

    Parameters
    ----------
    half_life_min
        Minutes, above 0.

    Returns
    -------
    float
        Per second.

    Raises
    ------
    ValueError
        What is not one finite number above 0.

    Examples
    --------
    >>> round(lambda_per_second(15), 10)
    0.0007701635
    """
    return float(np.log(2) / (60 * scalar(half_life_min, "half_life_min", above=0)))


def decay_weights(
    travel_time_min: ArrayLike,
    decay: Decay = "exponential",
    *,
    half_life_min: float | None = None,
    exponent: float | None = None,
    floor_min: float = 1.0,
) -> Float:
    """Weights that fall smoothly with time.

    - `exponential`: exp(-ln 2 c / h), 1 at 0 and a half at each further half-life h
    - `gaussian`: exp(-ln 2 (c / h)^2), 1 at 0 and a half at h (sigma = h / sqrt(2 ln 2) = 0.849 h)
    - `power`: max(c, floor)^-b; with a half-life in place of b, half of the weight at the floor at h minutes

    Parameters
    ----------
    travel_time_min
        Minutes c, any shape.
    decay
        One of the three.
    half_life_min
        h, minutes; needed unless `exponent` is given.
    exponent
        b of `power`, above 0.
    floor_min
        Shortest time of `power`, minutes, above 0: without it the weight at 0 minutes has no limit, and the
        floor decides how much the own place counts.

    Returns
    -------
    array
        Shape of the input; 0 for `inf`, NaN for NaN.

    Raises
    ------
    ValueError
        Negative minutes, or parameters that are missing, not above 0, or of another decay.

    Examples
    --------
    >>> decay_weights([0.0, 30.0, 60.0, float("inf")], half_life_min=30).round(6).tolist()
    [1.0, 0.5, 0.25, 0.0]
    >>> decay_weights([0.0, 2.0, 10.0], "power", exponent=2).tolist()
    [1.0, 0.25, 0.01]
    """
    t = numbers(travel_time_min, "travel_time_min")
    if decay not in ("exponential", "power", "gaussian"):
        raise ValueError(f"decay: expected exponential, power or gaussian, got {decay!r}")
    if (half_life_min is None) == (exponent is None) or (exponent is not None and decay != "power"):
        raise ValueError("give half_life_min, or exponent with decay 'power'")
    for name, value in (("half_life_min", half_life_min), ("exponent", exponent)):
        if value is not None:
            scalar(value, name, above=0)
    scalar(floor_min, "floor_min", above=0)
    if decay == "power":
        if half_life_min is not None:
            if half_life_min <= floor_min:
                raise ValueError(f"half_life_min {half_life_min} must be above floor_min {floor_min}")
            exponent = float(np.log(2) / np.log(half_life_min / floor_min))
        return np.asarray(np.maximum(t, floor_min) ** -float(exponent or 0.0))
    relative = t / float(half_life_min or 0.0)
    return np.asarray(np.exp(-np.log(2) * (relative if decay == "exponential" else relative**2)))
