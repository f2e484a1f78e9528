"""Months in which roads are open, and what the months of a year make of a journey."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

MONTHS = tuple(range(1, 13))


def in_months(months: Sequence[Collection[int] | None]) -> Bool:
    """Lay lists of months out as one column each: True in the months named, in all where none are.

    Parameters
    ----------
    months
        For each of n roads its months, 1 to 12; None stands for all of them.

    Returns
    -------
    array of shape `(12, n)`

    Examples
    --------
    >>> in_months([{1, 12}, None]).sum(axis=0).tolist()
    [2, 12]
    """
    return np.array([[m is None or month in m for m in months] for month in MONTHS], bool).reshape(12, len(months))


def month_after_thaw(temperature_c: Float, *, above_c: float = 0.0) -> Bool:
    """Find the month after the thaw: the first after the coldest whose mean is above a limit.

    The ground has thawed on top and is still frozen below, so that unpaved roads are mud.

    Parameters
    ----------
    temperature_c
        Mean temperature of the months, shape `(12, n)`.
    above_c
        The limit.

    Returns
    -------
    array of shape `(12, n)`
        True in that month; nowhere in a column that has no winter (its coldest month is above the limit), no summer
        or an unknown month.

    Examples
    --------
    >>> t = np.array([-15.0, -14, -7, 6, 14, 19, 21, 18, 12, 4, -6, -13])
    >>> (np.flatnonzero(month_after_thaw(t[:, None])[:, 0]) + 1).tolist()
    [4]
    """
    coldest = np.argmin(np.where(np.isnan(temperature_c), np.inf, temperature_c), axis=0)
    order = (coldest + np.arange(12)[:, None]) % 12
    above = np.take_along_axis(temperature_c, order, axis=0) > above_c
    first = above.argmax(axis=0)
    known = ~np.isnan(temperature_c).any(axis=0)
    found = known & above.any(axis=0) & ~above[0]
    month = np.take_along_axis(order, first[None, :], axis=0)[0]
    return np.asarray((np.arange(12)[:, None] == month) & found)


def ice_bears(temperature_c: Float, *, below_c: float = -10.0) -> Bool:
    """Say in which months an ice road carries: those whose mean is below a limit.

    Parameters
    ----------
    temperature_c
        Mean temperature of the months, shape `(12, n)`.
    below_c
        The limit.

    Returns
    -------
    array of shape `(12, n)`
        True in months that are not known: a rule that cannot be applied closes nothing.

    Examples
    --------
    >>> ice_bears(np.full((12, 1), -10.0)).any(), ice_bears(np.full((12, 1), -10.1)).all()
    (np.False_, np.True_)
    """
    return np.asarray(~(temperature_c >= below_c))


def season_is_open(open_: Bool, months: Collection[int]) -> Bool:
    """Say which roads a season has: those that are open in at least one of its months.

    A season takes the minutes of the months in which a road is open; in how many it is closed is counted apart
    (`month_summary` sees every month by itself).

    Parameters
    ----------
    open_
        Shape `(12, n)`.
    months
        Of the season, 1 to 12.

    Returns
    -------
    array of shape `(n,)`

    Examples
    --------
    >>> season_is_open(in_months([{4, 5}, {6}]), [3, 4]).tolist()
    [True, False]
    """
    return np.asarray(open_[[month - 1 for month in months]].any(axis=0))


def month_summary(minutes: Float) -> pd.DataFrame:
    """Sum up the travel times of the months.

    Parameters
    ----------
    minutes
        Of the twelve months, shape `(12, n)`: 0 at a centre, `inf` where it cannot be reached, NaN in a month that is
        in no season.

    Returns
    -------
    DataFrame
        `cut_off`: the number of months in which no centre is reached. `worst_min`: the longest travel time, `inf`
        where cut off. `worst_month`: the first month that has it, 1 to 12; NaN where all months are alike.
        `seasonality`: longest / shortest travel time - 1, so 0 where nothing changes and at a centre, `inf` where cut
        off for a part of the year, NaN where never reached. All NaN where no month is known.

    Examples
    --------
    >>> year = np.full((12, 3), 60.0)
    >>> year[3] = [90.0, np.inf, 60.0]
    >>> month_summary(year).to_numpy().tolist()
    [[0.0, 90.0, 4.0, 0.5], [1.0, inf, 4.0, inf], [0.0, 60.0, nan, 0.0]]
    """
    known = ~np.isnan(minutes)
    some = known.any(axis=0)
    low = np.where(known, minutes, np.inf).min(axis=0)
    high = np.where(known, minutes, -np.inf).max(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(high == low, 0.0, high / low - 1.0)
    worst = np.where(known, minutes, -np.inf).argmax(axis=0) + 1.0
    return pd.DataFrame(
        {
            "cut_off": np.where(some, np.isinf(minutes).sum(axis=0), np.nan),
            "worst_min": np.where(some, high, np.nan),
            "worst_month": np.where(some & (high > low), worst, np.nan),
            "seasonality": np.where(some & np.isfinite(low), ratio, np.nan),
        }
    )


def mean_within(minutes: Float, cap_min: float) -> Float:
    """Average the travel times of the months, each of them cut at a limit, so that a month without a way counts.

    Parameters
    ----------
    minutes
        As for `month_summary`, shape `(12, n)`.
    cap_min
        The limit.

    Returns
    -------
    array of shape `(n,)`
        NaN where no month is known.

    Examples
    --------
    >>> year = np.full((12, 1), 60.0)
    >>> year[3] = np.inf
    >>> mean_within(year, 120.0).tolist()
    [65.0]
    """
    known = ~np.isnan(minutes)
    total = np.where(known, np.minimum(minutes, cap_min), 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
