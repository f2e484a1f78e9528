"""What every climate formula needs: months on one axis, checked once."""

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._numbers import Float, floats, whole

DAYS_IN_MONTH = (31.0, 28.0, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0)
"""Days of the months of a common year; give 28.25 for February where normals span leap years."""


def as_float(values: ArrayLike, name: str) -> Float:
    """Return numbers as floats (float32 stays as it is); NaN passes, text and infinities are refused."""
    a = floats(values, name)
    infinite = np.isinf(a)
    if infinite.any():
        raise ValueError(f"{name}: {int(infinite.sum())} infinite values; use NaN for no data")
    return a


def monthly(values: ArrayLike, name: str, axis: int) -> Float:
    """Return monthly values with the twelve months first."""
    a = as_float(values, name)
    whole(axis, "axis", least=-a.ndim)
    if a.ndim == 0 or not -a.ndim <= axis < a.ndim or a.shape[axis] != 12:
        raise ValueError(f"{name}: expected 12 months on axis {axis}, got shape {a.shape}")
    return np.moveaxis(a, axis, 0)


def not_negative(values: Float, name: str) -> Float:
    """Return the values, or refuse negative ones."""
    below = values < 0
    if below.any():
        raise ValueError(f"{name}: {int(below.sum())} negative values, the least {np.nanmin(values)}")
    return values


def month_weights(days: ArrayLike) -> Float:
    """Return the days of the twelve months, checked."""
    a = as_float(days, "days")
    if a.shape != (12,) or not bool((a > 0).all()):
        raise ValueError(f"days: expected 12 positive lengths of months, got {a.tolist()}")
    return a
