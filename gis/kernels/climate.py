"""Climate fitness from monthly normals: cold, heat, water, wind, and the classes made of them.

Monthly arrays have the months on `axis` (0 unless told), January first, and any shape beside it: `(12,)` for
a place, `(12, n)` for settlements, `(12, ny, nx)` for rasters. NaN, or a masked cell, in any month that a formula reads
gives NaN; infinite values and text are refused with `ValueError`. float32 stays float32.

A formula on monthly means is not the same formula on days: each docstring says which way it leans.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._aridity import (
    ARIDITY_CLASSES,
    aridity_class,
    aridity_code,
    aridity_index,
    classify,
    de_martonne,
)
from gis.kernels._koppen import KOPPEN_CLASSES, koppen_geiger, koppen_geiger_code
from gis.kernels._months import DAYS_IN_MONTH, as_float, month_weights, monthly, not_negative
from gis.kernels._numbers import Float, scalar
from gis.kernels._pet import (
    day_length_hours,
    extraterrestrial_radiation,
    hargreaves_pet,
    monthly_day_length_hours,
    monthly_extraterrestrial_radiation,
    thornthwaite_pet,
)

__all__ = [
    "ARIDITY_CLASSES",
    "DAYS_IN_MONTH",
    "KOPPEN_CLASSES",
    "annual_range",
    "aridity_class",
    "aridity_code",
    "aridity_index",
    "bodman_severity",
    "classify",
    "cooling_degree_days",
    "day_length_hours",
    "de_martonne",
    "extraterrestrial_radiation",
    "frost_months",
    "growing_degree_days",
    "hargreaves_pet",
    "heat_months",
    "heating_degree_days",
    "koppen_geiger",
    "koppen_geiger_code",
    "monthly_day_length_hours",
    "monthly_extraterrestrial_radiation",
    "thornthwaite_pet",
    "wind_chill",
]


def _degree_days(excess: Float, days: Float) -> Float:
    """Sum days times excess over the months, one month at a time so that a large raster fits."""
    total = np.zeros(excess.shape[1:], dtype=excess.dtype)
    for month in range(12):
        total += excess.dtype.type(days[month]) * np.maximum(excess[month], excess.dtype.type(0))
    return total


def heating_degree_days(
    t_monthly: ArrayLike, base: float = 18.0, *, axis: int = 0, days: ArrayLike = DAYS_IN_MONTH
) -> Float:
    """Heating degree days of a year: the sum over months of days x max(0, base - t).

    Parameters
    ----------
    t_monthly
        Mean temperature of each month, C, shape `(12, ...)`.
    base
        Temperature of balance, C. 18 is usual; 17 (Europe), 18.3 (65 F) and 15.5 (Britain) are in use.
    axis
        Axis of the months.
    days
        Days of each month.

    Returns
    -------
    array
        Degree days (C x day), shape of the input without the months. 0 where no month is below the base,
        NaN where a month is unknown.

    Notes
    -----
    Means of a month hide the cold days of a mild month: against daily data the sum is too low where months
    are near the base, and right where they are well below it. All cold days count, also outside the heating
    period (below 8 C for five days) of the building codes of Kazakhstan and Russia.

    Examples
    --------
    >>> float(heating_degree_days([-10.0] * 12))
    10220.0
    """
    return _degree_days(scalar(base, "base") - monthly(t_monthly, "t_monthly", axis), month_weights(days))


def cooling_degree_days(
    t_monthly: ArrayLike, base: float = 18.0, *, axis: int = 0, days: ArrayLike = DAYS_IN_MONTH
) -> Float:
    """Cooling degree days of a year: the sum over months of days x max(0, t - base).

    Parameters
    ----------
    t_monthly
        Mean temperature of each month, C, shape `(12, ...)`.
    base
        Temperature of balance, C. 18 is usual; 22 and 24 are in use.
    axis
        Axis of the months.
    days
        Days of each month.

    Returns
    -------
    array
        Degree days (C x day); 0 where no month is above the base, NaN where a month is unknown.

    Notes
    -----
    Too low against daily data where months are near the base, as for `heating_degree_days`.

    Examples
    --------
    >>> float(cooling_degree_days([20.0] * 12, base=18.0))
    730.0
    """
    return _degree_days(monthly(t_monthly, "t_monthly", axis) - scalar(base, "base"), month_weights(days))


def growing_degree_days(
    t_monthly: ArrayLike, base: float = 5.0, *, axis: int = 0, days: ArrayLike = DAYS_IN_MONTH
) -> Float:
    """Growing degree days of a year: the sum over months of days x max(0, t - base).

    Parameters
    ----------
    t_monthly
        Mean temperature of each month, C, shape `(12, ...)`.
    base
        Temperature at which the crop grows, C: 5 for wheat and grass, 10 for maize.
    axis
        Axis of the months.
    days
        Days of each month.

    Returns
    -------
    array
        Degree days (C x day); 0 where nothing grows, NaN where a month is unknown.

    Notes
    -----
    Not the "sum of active temperatures" of Russian agronomy, which adds the whole temperature of days above
    10 C.

    Examples
    --------
    >>> float(growing_degree_days([0.0] * 6 + [15.0] * 6))
    1840.0
    """
    return cooling_degree_days(t_monthly, base, axis=axis, days=days)


def annual_range(t_monthly: ArrayLike, *, axis: int = 0) -> Float:
    """Range of temperature in the year: the warmest month minus the coldest, C.

    Parameters
    ----------
    t_monthly
        Mean temperature of each month, C, shape `(12, ...)`.
    axis
        Axis of the months.

    Returns
    -------
    array
        C, 0 or more; NaN where a month is unknown.

    Examples
    --------
    >>> float(annual_range([-15, -14, -7, 5, 13, 19, 21, 18, 12, 4, -6, -12]))
    36.0
    """
    t = monthly(t_monthly, "t_monthly", axis)
    return np.asarray(t.max(axis=0) - t.min(axis=0))


def _count(condition: NDArray[np.bool_], t: Float) -> Float:
    return np.where(np.isnan(t).any(axis=0), np.nan, condition.sum(axis=0)).astype(t.dtype)


def frost_months(t_monthly: ArrayLike, threshold: float = 0.0, *, axis: int = 0) -> Float:
    """Count the months whose mean is below a threshold.

    Parameters
    ----------
    t_monthly
        Temperature of each month, C, shape `(12, ...)`; give the mean minimum to count months of night frost.
    threshold
        C; a month at the threshold itself is not counted.
    axis
        Axis of the months.

    Returns
    -------
    array
        0 to 12, NaN where a month is unknown.

    Examples
    --------
    >>> float(frost_months([-15, -14, -7, 5, 13, 19, 21, 18, 12, 4, -6, -12]))
    5.0
    """
    t = monthly(t_monthly, "t_monthly", axis)
    return _count(t < scalar(threshold, "threshold"), t)


def heat_months(t_monthly: ArrayLike, threshold: float = 22.0, *, axis: int = 0) -> Float:
    """Count the months whose mean is above a threshold.

    Parameters
    ----------
    t_monthly
        Temperature of each month, C, shape `(12, ...)`; give the mean maximum to count months of hot days.
    threshold
        C; 22 is Koeppen's limit of a hot summer. A month at the threshold itself is not counted.
    axis
        Axis of the months.

    Returns
    -------
    array
        0 to 12, NaN where a month is unknown.

    Examples
    --------
    >>> float(heat_months([-2, 0, 7, 14, 19, 25, 28, 26, 20, 12, 5, 0]))
    3.0
    """
    t = monthly(t_monthly, "t_monthly", axis)
    return _count(t > scalar(threshold, "threshold"), t)


def wind_chill(t: ArrayLike, v_kph: ArrayLike, *, mask_invalid: bool = False) -> Float:
    """Wind chill of the Joint Action Group of 2001, in degrees of felt temperature.

    `13.12 + 0.6215 T - 11.37 V^0.16 + 0.3965 T V^0.16`; below 5 km/h, `T + V (-1.59 + 0.1345 T) / 5`.

    Parameters
    ----------
    t
        Air temperature, C.
    v_kph
        Wind at 10 m, km/h (3.6 times m/s), of a shape that broadcasts with `t`.
    mask_invalid
        Give NaN above 0 C, where the formula was not fitted; by default it is computed everywhere.

    Returns
    -------
    array
        C; equal to `t` in calm air, NaN where an input is NaN.

    Raises
    ------
    ValueError
        Negative wind.

    Notes
    -----
    xclim masks above 0 C unless told not to, and the U.S. variant above 10 C and below 4.8 km/h. A monthly
    mean wind with a monthly mean temperature understates the worst days.

    References
    ----------
    Environment Canada, wind chill calculation; Osczevski and Bluestein 2005, BAMS 86.

    Examples
    --------
    >>> round(float(wind_chill(-20.0, 30.0)), 1)
    -32.6
    """
    temperature = as_float(t, "t")
    v = not_negative(as_float(v_kph, "v_kph"), "v_kph")
    power = v**0.16
    windy = 13.12 + 0.6215 * temperature + (0.3965 * temperature - 11.37) * power
    felt = np.where(v < 5, temperature + v * (0.1345 * temperature - 1.59) / 5, windy)
    return np.where(temperature > 0, np.nan, felt) if mask_invalid else felt


def bodman_severity(t: ArrayLike, v_ms: ArrayLike) -> Float:
    """Bodman's severity of winter weather, (1 - 0.04 t)(1 + 0.272 v).

    Parameters
    ----------
    t
        Air temperature of the winter or of a winter month, C.
    v_ms
        Wind, m/s, of a shape that broadcasts.

    Returns
    -------
    array
        Points: below 1 mild, 1-2 slightly severe, 2-3 moderate, 3-4 severe, 4-5 very severe, 5-6 harsh, above
        extremely harsh. 1 at 0 C in calm air. NaN where an input is NaN.

    Raises
    ------
    ValueError
        Negative wind.

    Notes
    -----
    Made for polar winters; above 25 C the first factor is negative and the number means nothing. Formula and
    classes are as they are commonly quoted; they were not checked against the first publication.

    References
    ----------
    Bodman 1908, after the Swedish Antarctic expedition.

    Examples
    --------
    >>> round(float(bodman_severity(-15.0, 5.0)), 3)
    3.776
    """
    v = not_negative(as_float(v_ms, "v_ms"), "v_ms")
    return np.asarray((1 - 0.04 * as_float(t, "t")) * (1 + 0.272 * v))
