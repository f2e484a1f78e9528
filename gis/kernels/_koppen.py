"""Koeppen-Geiger classes by the rules of Beck et al."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._months import monthly, not_negative
from gis.kernels._numbers import Float, scalar

_SYMBOLS = (
    "Af Am Aw BWh BWk BSh BSk Csa Csb Csc Cwa Cwb Cwc Cfa Cfb Cfc Dsa Dsb Dsc Dsd Dwa Dwb Dwc Dwd Dfa Dfb Dfc Dfd ET EF"
)
KOPPEN_CLASSES = ("", *_SYMBOLS.split(" "))
"""Symbols by the numbers of the legend of Beck et al., 1 to 30; 0 is no data."""

_CODE = {symbol: code for code, symbol in enumerate(KOPPEN_CLASSES)}
_WINTER_HALF = np.array([True] * 3 + [False] * 6 + [True] * 3)  # October to March


def koppen_geiger_code(
    t_monthly: ArrayLike, p_monthly: ArrayLike, *, cold_limit_c: float = 0.0, axis: int = 0
) -> NDArray[np.uint8]:
    """Return the number of the Koeppen-Geiger class in the legend of Beck et al. (1 = Af ... 30 = EF).

    Parameters
    ----------
    t_monthly
        Mean temperature of each month, C, shape `(12, ...)`.
    p_monthly
        Precipitation of each month, mm, the same shape.
    cold_limit_c
        Coldest month that divides C from D: 0 (Beck, Peel) or -3 (Koeppen, Kottek).
    axis
        Axis of the months.

    Returns
    -------
    array of uint8
        Place in `KOPPEN_CLASSES`; 0 where a month is unknown.

    Raises
    ------
    ValueError
        Shapes that differ, not 12 months, negative precipitation.

    Notes
    -----
    Summer is the warmer of April-September and October-March, so no latitude is needed. The dry test (B)
    comes first, then E is what has no month above 10 C. A place that is dry in summer and in winter takes `s`
    where the winter half is not drier, else `w`.

    References
    ----------
    Beck et al. 2018, Scientific Data 5:180214, table 2; Beck et al. 2023, Scientific Data 10:724; after Peel
    et al. 2007, Hydrology and Earth System Sciences 11.

    Examples
    --------
    >>> t = [-15, -14, -7, 5, 13, 19, 21, 18, 12, 4, -6, -12]
    >>> int(koppen_geiger_code(t, [30.0] * 12))
    26
    """
    t = monthly(t_monthly, "t_monthly", axis)
    p = not_negative(monthly(p_monthly, "p_monthly", axis), "p_monthly")
    if t.shape != p.shape:
        raise ValueError(f"t_monthly {t.shape} and p_monthly {p.shape} must have one shape")
    flat = (12, int(np.prod(t.shape[1:], dtype=int)))
    codes = _classes(t.reshape(flat), p.reshape(flat), scalar(cold_limit_c, "cold_limit_c"))
    return codes.reshape(t.shape[1:])


def koppen_geiger(
    t_monthly: ArrayLike, p_monthly: ArrayLike, *, cold_limit_c: float = 0.0, axis: int = 0
) -> NDArray[np.str_]:
    """Name the Koeppen-Geiger class, for example `Dfb`.

    Parameters
    ----------
    t_monthly
        Mean temperature of each month, C, shape `(12, ...)`.
    p_monthly
        Precipitation of each month, mm, the same shape.
    cold_limit_c
        Coldest month that divides C from D, see `koppen_geiger_code`.
    axis
        Axis of the months.

    Returns
    -------
    array of str
        Symbol, or `""` where a month is unknown.

    Examples
    --------
    >>> str(koppen_geiger([-15, -14, -7, 5, 13, 19, 21, 18, 12, 4, -6, -12], [30.0] * 12))
    'Dfb'
    """
    code = koppen_geiger_code(t_monthly, p_monthly, cold_limit_c=cold_limit_c, axis=axis)
    return np.asarray(np.array(KOPPEN_CLASSES)[code])


def _halves(t: Float, p: Float) -> tuple[Float, Float]:
    """Return precipitation of the six summer and the six winter months, each `(6, n)`."""
    apr_sep_warmer = t[~_WINTER_HALF].mean(axis=0) >= t[_WINTER_HALF].mean(axis=0)
    apr_sep, oct_mar = p[~_WINTER_HALF], p[_WINTER_HALF]
    return np.where(apr_sep_warmer, apr_sep, oct_mar), np.where(apr_sep_warmer, oct_mar, apr_sep)


def _classes(t: Float, p: Float, cold_limit: float) -> NDArray[np.uint8]:
    """Return the numbers of the classes of `(12, n)` months."""
    mean, cold, hot = t.mean(axis=0), t.min(axis=0), t.max(axis=0)
    year, driest = p.sum(axis=0), p.min(axis=0)
    warm_months = (t > 10).sum(axis=0)
    summer, winter = _halves(t, p)
    in_summer, in_winter = summer.sum(axis=0), winter.sum(axis=0)
    extra = np.where(in_summer > 0.7 * year, 28, np.where(in_winter > 0.7 * year, 0, 14))
    threshold = 2 * mean + extra
    dry_summer = (summer.min(axis=0) < 40) & (summer.min(axis=0) < winter.max(axis=0) / 3)
    dry_winter = winter.min(axis=0) < summer.max(axis=0) / 10
    both = dry_summer & dry_winter
    dry_summer &= ~(both & (in_summer > in_winter))
    dry_winter &= ~dry_summer

    arid = year < 10 * threshold
    tropical = ~arid & (cold >= 18)
    temperate = ~arid & (hot > 10) & (cold > cold_limit) & (cold < 18)
    boreal = ~arid & (hot > 10) & (cold <= cold_limit)
    polar = ~arid & (hot <= 10)

    out = np.zeros(mean.shape, dtype=np.uint8)
    desert = year < 5 * threshold
    dry_code = np.where(desert, _CODE["BWh"], _CODE["BSh"]) + (mean < 18)
    out[arid] = dry_code[arid]
    monsoon = np.where(driest >= 100 - year / 25, _CODE["Am"], _CODE["Aw"])
    out[tropical] = np.where(driest >= 60, _CODE["Af"], monsoon)[tropical]
    rain = np.where(dry_summer, 0, np.where(dry_winter, 1, 2))
    summer_heat = np.where(hot >= 22, 0, np.where(warm_months >= 4, 1, 2))
    out[temperate] = (_CODE["Csa"] + 3 * rain + summer_heat)[temperate]
    heat_or_frost = np.where((summer_heat == 2) & (cold < -38), 3, summer_heat)
    out[boreal] = (_CODE["Dsa"] + 4 * rain + heat_or_frost)[boreal]
    out[polar] = np.where(hot > 0, _CODE["ET"], _CODE["EF"])[polar]
    out[np.isnan(t).any(axis=0) | np.isnan(p).any(axis=0)] = 0
    return out
