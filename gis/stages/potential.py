"""Potential for development: a class for each settlement."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.fields import HIGH, LOW, MEDIUM, UNINHABITED, UNKNOWN

REVIEW_HIGH, REVIEW_MEDIUM, REVIEW_LOW = 1204, 5625, 595
"""Inhabited rural settlements of Kazakhstan by potential, in a national review of 7 512 (88 more had no residents)."""

_DECIMALS = 9


def by_thresholds(viability: pd.Series, population: pd.Series, *, high: float, low: float) -> pd.Series:
    """Class settlements by fixed limits of viability: `high` and above is high, below `low` is low.

    Parameters
    ----------
    viability
        0 to 100; NaN is `unknown`.
    population
        0 is `uninhabited`; NaN (not known) is not.
    high, low
        Limits.

    Raises
    ------
    ValueError
        `low` above `high`.

    Examples
    --------
    >>> viability = pd.Series([60.0, 59.9, 10, 70, np.nan])
    >>> by_thresholds(viability, pd.Series([9, np.nan, 9, 0, 9]), high=60, low=40).tolist()
    ['high', 'medium', 'low', 'uninhabited', 'unknown']
    """
    if low > high:
        raise ValueError(f"the limit of low ({low}) lies above the limit of high ({high})")
    return _classed(viability, population, high, low)


def by_shares(
    viability: pd.Series,
    population: pd.Series,
    *,
    high: float = REVIEW_HIGH,
    medium: float = REVIEW_MEDIUM,
    low: float = REVIEW_LOW,
) -> tuple[pd.Series, dict[str, float]]:
    """Class settlements by their rank: the best share is high, the last share low, as in the national review.

    The shares are of the inhabited settlements whose viability is known. Settlements of equal viability get the same
    class, the better one, so that the order of rows decides nothing.

    Parameters
    ----------
    viability, population
        As in `by_thresholds`.
    high, medium, low
        Shares, in any unit; the default is the review's 1 204 : 5 625 : 595.

    Returns
    -------
    potential : Series
    limits : dict
        The viability from which `high` and `medium` begin, for a study that wants to keep them; NaN where there is no
        settlement to class.

    Raises
    ------
    ValueError
        A negative share, or none above zero.

    Examples
    --------
    >>> potential, limits = by_shares(pd.Series([9.0, 8, 7, 6, 5]), pd.Series([1, 1, 1, 1, 0]), high=1, medium=2, low=1)
    >>> potential.tolist(), limits
    (['high', 'medium', 'medium', 'low', 'uninhabited'], {'high': 9.0, 'medium': 7.0})
    """
    shares = np.array([high, medium, low], float)
    if (shares < 0).any() or shares.sum() <= 0:
        raise ValueError(f"shares must not be negative, and one must be above zero; got {shares.tolist()}")
    ranked = np.sort(_value(viability[viability.notna() & ~(population == 0)]))[::-1]
    n = len(ranked)
    n_high = round(n * shares[0] / shares.sum())
    n_not_low = round(n * (shares[0] + shares[1]) / shares.sum())
    top = float(ranked[n_high - 1]) if n_high else (np.inf if n else np.nan)
    middle = float(ranked[n_not_low - 1]) if n_not_low else top
    return _classed(viability, population, top, middle), {HIGH: top, MEDIUM: middle}


def _value(viability: pd.Series) -> NDArray[np.float64]:
    """The values without what rounding adds to them: equal villages must not differ in their last bits."""
    return np.round(viability.to_numpy(float), _DECIMALS)


def _classed(viability: pd.Series, population: pd.Series, high: float, low: float) -> pd.Series:
    value = _value(viability)
    high, low = round(high, _DECIMALS), round(low, _DECIMALS)
    potential = np.select([value >= high, value >= low, np.isfinite(value)], [HIGH, MEDIUM, LOW], UNKNOWN)
    return pd.Series(potential, index=viability.index, dtype=object).where(population != 0, UNINHABITED)
