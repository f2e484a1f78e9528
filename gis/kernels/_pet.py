"""Potential evapotranspiration from monthly temperature: sun, day length, Thornthwaite, Hargreaves."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._months import DAYS_IN_MONTH, as_float, month_weights, monthly
from gis.kernels._numbers import Float

SOLAR_CONSTANT = 0.0820
"""MJ per square metre and minute (FAO-56)."""


def _latitude(latitude_deg: ArrayLike) -> Float:
    latitude = as_float(latitude_deg, "latitude_deg")
    beyond = np.abs(latitude) > 90
    if beyond.any():
        raise ValueError(f"latitude_deg: {int(beyond.sum())} beyond 90 degrees; expected degrees")
    return np.deg2rad(latitude)


def _sunset(latitude: Float, day: Float) -> tuple[Float, Float]:
    """Return the sunset hour angle and the declination, radians (FAO-56 equations 24 and 25)."""
    declination = 0.409 * np.sin(2 * np.pi * day / 365 - 1.39)
    cosine = -np.tan(latitude) * np.tan(declination)
    return np.arccos(np.clip(cosine, -1.0, 1.0)), declination


def day_length_hours(latitude_deg: ArrayLike, day_of_year: ArrayLike) -> Float:
    """Hours from sunrise to sunset, of the sun's centre, without refraction (FAO-56 equation 34).

    Parameters
    ----------
    latitude_deg
        Degrees, north positive.
    day_of_year
        1 on 1 January, of a shape that broadcasts.

    Returns
    -------
    array
        Hours, 0 in the polar night and 24 in the polar day.

    Notes
    -----
    Almanacs count the sun's upper edge with refraction and give about 10 minutes more at 45 degrees.

    References
    ----------
    Allen et al. 1998, FAO Irrigation and Drainage Paper 56.

    Examples
    --------
    FAO-56, example 9: 20 S on 3 September, 11.7 hours.

    >>> round(float(day_length_hours(-20.0, 246)), 1)
    11.7
    """
    angle, _ = _sunset(_latitude(latitude_deg), as_float(day_of_year, "day_of_year"))
    return np.asarray(24 / np.pi * angle)


def extraterrestrial_radiation(latitude_deg: ArrayLike, day_of_year: ArrayLike) -> Float:
    """Radiation on a level surface above the air, of a day (FAO-56 equation 21).

    Parameters
    ----------
    latitude_deg
        Degrees, north positive.
    day_of_year
        1 on 1 January, of a shape that broadcasts.

    Returns
    -------
    array
        MJ per square metre and day, 0 in the polar night. Times 0.408 for mm of water.

    References
    ----------
    Allen et al. 1998, FAO Irrigation and Drainage Paper 56.

    Examples
    --------
    FAO-56, example 8: 20 S on 3 September, 32.2.

    >>> round(float(extraterrestrial_radiation(-20.0, 246)), 1)
    32.2
    """
    latitude, day = _latitude(latitude_deg), as_float(day_of_year, "day_of_year")
    angle, declination = _sunset(latitude, day)
    distance = 1 + 0.033 * np.cos(2 * np.pi * day / 365)
    level = angle * np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.sin(angle)
    return np.asarray(np.maximum(24 * 60 / np.pi * SOLAR_CONSTANT * distance * level, 0.0))


def _monthly_mean(latitude_deg: ArrayLike, of_day: str) -> Float:
    """Mean over the days of each month of a common year, one day at a time so that rasters fit."""
    function = day_length_hours if of_day == "length" else extraterrestrial_radiation
    latitude = as_float(latitude_deg, "latitude_deg")
    out = np.zeros((12, *latitude.shape))
    day = 0
    for month, days in enumerate(int(d) for d in DAYS_IN_MONTH):
        for _ in range(days):
            day += 1
            out[month] += function(latitude, day)
        out[month] /= days
    return out


def monthly_day_length_hours(latitude_deg: ArrayLike) -> Float:
    """Mean day length of each month, the mean over its days.

    Parameters
    ----------
    latitude_deg
        Degrees, north positive, any shape.

    Returns
    -------
    array
        Hours, shape `(12, ...)`.

    Examples
    --------
    >>> monthly_day_length_hours(0.0).tolist() == [12.0] * 12
    True
    """
    return _monthly_mean(latitude_deg, "length")


def monthly_extraterrestrial_radiation(latitude_deg: ArrayLike) -> Float:
    """Mean extraterrestrial radiation of each month, the mean over its days.

    Parameters
    ----------
    latitude_deg
        Degrees, north positive, any shape.

    Returns
    -------
    array
        MJ per square metre and day, shape `(12, ...)`.

    Examples
    --------
    >>> monthly_extraterrestrial_radiation([50.0, 43.0]).shape
    (12, 2)
    """
    return _monthly_mean(latitude_deg, "radiation")


def _over_places(of_latitude: Float, shape: tuple[int, ...]) -> Float:
    """Spread monthly values `(12, ...)` over places, by the rules of broadcasting beside the months."""
    places = (1,) * (len(shape) - of_latitude.ndim) + of_latitude.shape[1:]
    try:
        return np.broadcast_to(of_latitude.reshape((12, *places)), shape)
    except ValueError as error:
        raise ValueError(f"latitude {of_latitude.shape[1:]} does not fit places {shape[1:]}") from error


def thornthwaite_pet(
    t_monthly: ArrayLike,
    latitude_deg: ArrayLike | None = None,
    *,
    day_length_h: ArrayLike | None = None,
    days: ArrayLike = DAYS_IN_MONTH,
    hot: Literal["formula", "willmott"] = "formula",
    axis: int = 0,
) -> Float:
    """Potential evapotranspiration of each month from temperature alone, by Thornthwaite.

    `16 (L / 12)(N / 30)(10 T / I)^a`, with `I = sum (T / 5)^1.514` over the months above 0 C and
    `a = 6.75e-7 I^3 - 7.71e-5 I^2 + 0.01792 I + 0.49239`.

    Parameters
    ----------
    t_monthly
        Mean temperature of each month, C, shape `(12, ...)`.
    latitude_deg
        Degrees, north positive, of a shape that broadcasts with the input without the months; day length is
        then the mean over the days of each month.
    day_length_h
        Hours L of each month, months on `axis`, in place of `latitude_deg`.
    days
        Days N of each month.
    hot
        At 26.5 C and above, where Thornthwaite left the formula: `formula` keeps it, `willmott` takes
        `(L / 12)(N / 30)(-415.85 + 32.24 T - 0.43 T^2)`.
    axis
        Axis of the months, in the input and the result.

    Returns
    -------
    array
        mm a month, 0 where the month is not above 0 C, NaN in all months of a place with an unknown month.

    Raises
    ------
    ValueError
        Not exactly one of `latitude_deg` and `day_length_h`; not 12 months.

    Notes
    -----
    Too low in dry and windy lands: for the steppe, Hargreaves is nearer to Penman-Monteith. SPEI and
    climate_indices use the plain formula in hot months as well, dismo and xclim do not all.

    References
    ----------
    Thornthwaite 1948, Geographical Review 38; Willmott, Rowe and Mintz 1985, Journal of Climatology 5.

    Examples
    --------
    >>> pet = thornthwaite_pet([-15, -14, -7, 5, 13, 19, 21, 18, 12, 4, -6, -12], 51.0)
    >>> float(pet[0]), int(pet.argmax())
    (0.0, 6)
    """
    if (latitude_deg is None) == (day_length_h is None):
        raise ValueError("give either latitude_deg or day_length_h")
    if hot not in ("formula", "willmott"):
        raise ValueError(f"hot: expected 'formula' or 'willmott', got {hot!r}")
    t = np.maximum(monthly(t_monthly, "t_monthly", axis), 0)
    if day_length_h is not None:
        length = monthly(day_length_h, "day_length_h", axis)
    elif latitude_deg is not None:
        length = monthly_day_length_hours(latitude_deg)
    length = _over_places(length, t.shape)
    heat = ((t / 5) ** 1.514).sum(axis=0)
    exponent = 6.75e-7 * heat**3 - 7.71e-5 * heat**2 + 0.01792 * heat + 0.49239
    base = 10 * t / np.where(heat == 0, 1, heat)
    pet = 16 * base**exponent
    if hot == "willmott":
        pet = np.where(t >= 26.5, -415.85 + 32.24 * t - 0.43 * t**2, pet)
    share = (month_weights(days) / 30).reshape((12,) + (1,) * (t.ndim - 1))
    return np.moveaxis(pet * (length / 12) * share, 0, axis)


def hargreaves_pet(
    t_min: ArrayLike,
    t_max: ArrayLike,
    t_mean: ArrayLike | None = None,
    radiation: ArrayLike | None = None,
    *,
    latitude_deg: ArrayLike | None = None,
    axis: int = 0,
) -> Float:
    """Compute reference evapotranspiration per day by Hargreaves and Samani.

    `0.0023 x 0.408 Ra (T + 17.8) sqrt(Tmax - Tmin)`.

    Parameters
    ----------
    t_min, t_max
        Mean daily minimum and maximum, C, of one shape.
    t_mean
        Mean temperature, C; `(t_min + t_max) / 2` where not given, as in FAO-56.
    radiation
        Extraterrestrial radiation Ra, MJ per square metre and day (`extraterrestrial_radiation`), of a shape
        that broadcasts.
    latitude_deg
        In place of `radiation`, for monthly input with the months on `axis`: degrees, north positive; the
        mean of each month is then used.
    axis
        Axis of the months; read with `latitude_deg` only.

    Returns
    -------
    array
        mm a day (times the days of the month for mm a month), 0 below -17.8 C, NaN where an input is unknown.

    Raises
    ------
    ValueError
        A minimum above its maximum; not exactly one of `radiation` and `latitude_deg`.

    Notes
    -----
    Made for weeks and months, not days. Without humidity and wind: too high in humid air, too low in windy.

    References
    ----------
    Hargreaves and Samani 1985; Allen et al. 1998, FAO-56 equation 52.

    Examples
    --------
    FAO-56, example 20: Lyon in July, 5.0 mm a day.

    >>> ra = extraterrestrial_radiation(45.72, 196)
    >>> round(float(hargreaves_pet(14.8, 26.6, radiation=ra)), 1)
    5.0
    """
    if (latitude_deg is None) == (radiation is None):
        raise ValueError("give either radiation or latitude_deg")
    low, high = as_float(t_min, "t_min"), as_float(t_max, "t_max")
    crossed = low > high
    if crossed.any():
        raise ValueError(f"t_min is above t_max in {int(crossed.sum())} values")
    mean = (low + high) / 2 if t_mean is None else as_float(t_mean, "t_mean")
    if radiation is not None:
        ra = as_float(radiation, "radiation")
    elif latitude_deg is not None:
        shape = monthly(mean, "t_mean", axis).shape
        ra = monthly_extraterrestrial_radiation(latitude_deg)
        ra = np.moveaxis(_over_places(ra, shape), 0, axis)
    return np.asarray(np.maximum(0.0023 * 0.408 * ra * (mean + 17.8) * np.sqrt(high - low), 0.0))
