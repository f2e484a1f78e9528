"""Before normalising: per head, gaps, outliers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._indicators import Names, known, label, matrix
from gis.kernels._numbers import Float, scalar, whole


def denominate(x: ArrayLike, denominator: ArrayLike, *, scale: float = 1.0, names: Names = None) -> Float:
    """Divide indicators by the size of the settlement: scale * x / denominator.

    Parameters
    ----------
    x
        Settlements x indicators, shape `(n, k)`, or one indicator, shape `(n,)`; NaN where unknown.
    denominator
        People, hectares ..., 0 or more, shape `(n,)`, or `(n, k)` for one of its own for each indicator.
    scale
        1000 for a rate per thousand.
    names
        Names of the indicators, for messages.

    Returns
    -------
    array
        Shape of `x`; NaN where the denominator is 0 (a village without people has no rate) or unknown.

    Raises
    ------
    ValueError
        Negative or infinite denominators, shapes that do not fit, a scale that is not above 0.

    Examples
    --------
    >>> denominate([4.0, 3.0, 1.0], [2000, 500, 0], scale=1000).tolist()
    [2.0, 6.0, nan]
    """
    a = matrix(x, names)
    by = matrix(denominator)
    if by.shape not in (a.shape, (len(a), 1)):
        raise ValueError(f"denominator: expected {len(a)} values or {a.shape}, got {np.shape(denominator)}")
    below = by < 0
    if below.any():
        row = int(np.flatnonzero(below.any(axis=1))[0])
        raise ValueError(f"denominator: expected 0 or more, got {by[row].min()} in row {row}")
    out = scalar(scale, "scale", above=0) * a / np.where(by == 0, np.nan, by)
    return np.asarray(out[:, 0]) if np.ndim(x) == 1 else out


def impute(
    x: ArrayLike,
    method: Literal["mean", "median", "none", "fail"] = "median",
    groups: ArrayLike | None = None,
    *,
    names: Names = None,
) -> Float:
    """Fill gaps with the mean or median of the group (a region, a class of size).

    Parameters
    ----------
    x
        Settlements x indicators, shape `(n, k)`, or one indicator, shape `(n,)`; NaN where unknown.
    method
        `mean` or `median` of the known values of the group; `none` leaves gaps, to drop out at aggregation;
        `fail` refuses them.
    groups
        Label of the group of each settlement, shape `(n,)`; one group where None. Compared as text, so that missing
        labels are a group too.
    names
        Names of the indicators, for messages.

    Returns
    -------
    array
        Shape of `x`. A group without any known value keeps its gaps: count the NaN that are left, and the NaN
        that went, `numpy.isnan(x) & ~numpy.isnan(out)`.

    Raises
    ------
    ValueError
        A gap where the method is `fail`; an indicator without any value (`mean`, `median`).

    Examples
    --------
    >>> impute([1.0, float("nan"), 9.0, 5.0], groups=["a", "a", "b", "b"]).tolist()
    [1.0, 1.0, 9.0, 5.0]
    """
    if method not in ("mean", "median", "none", "fail"):
        raise ValueError(f"method: expected mean, median, none or fail, got {method!r}")
    a = matrix(x, names).copy()
    gaps = np.isnan(a)
    if method == "fail":
        for column in np.flatnonzero(gaps.any(axis=0)).tolist():
            rows = np.flatnonzero(gaps[:, column])
            raise ValueError(f"{label(names, column)}: {rows.size} values missing, the first in row {rows[0]}")
    elif method != "none":
        known(a, names)
        middle = np.mean if method == "mean" else np.median
        for members in _members(groups, len(a)):
            for column in range(a.shape[1]):
                values = a[members, column]
                has = ~np.isnan(values)
                if has.any():
                    a[members, column] = np.where(has, values, middle(values[has]))
    return np.asarray(a[:, 0]) if np.ndim(x) == 1 else a


def _members(groups: ArrayLike | None, n: int) -> list[NDArray[np.int64]]:
    if groups is None:
        return [np.arange(n)]
    labels = np.asarray(groups).astype(str)
    if labels.shape != (n,):
        raise ValueError(f"groups: expected {n} labels, got shape {labels.shape}")
    return [np.flatnonzero(labels == g) for g in np.unique(labels)]


@dataclass(frozen=True)
class Treatment:
    """What `treat_outliers` did to an indicator.

    Parameters
    ----------
    indicator
        Its name, or its column from 0 as text.
    action
        `none`, `winsorise` or `log`.
    winsorised
        How many values were moved.
    skew, kurtosis
        Bias-corrected G1 and G2 (excess) of the result; NaN where there are fewer than 4 values or all are
        equal.
    passed
        Whether the result passes the test; a log that did not help is kept, and False here.
    """

    indicator: str
    action: Literal["none", "winsorise", "log"]
    winsorised: int
    skew: float
    kurtosis: float
    passed: bool


def treat_outliers(
    x: ArrayLike,
    *,
    winmax: int = 5,
    max_skew: float = 2.0,
    max_kurtosis: float = 3.5,
    names: Names = None,
) -> tuple[Float, list[Treatment]]:
    """Pull in the outliers of skewed indicators: winsorise, and where that is not enough, take the log.

    An indicator passes untouched if |skew| < 2 or kurtosis < 3.5. Else its highest value (lowest, where the
    skew is negative) is set to the next, one after the other, until it passes or `winmax` values have been
    moved. If it still fails, the original is replaced by ln(x - min + 0.01 (max - min)).

    Parameters
    ----------
    x
        Settlements x indicators, shape `(n, k)`, or one indicator, shape `(n,)`; NaN where unknown.
    winmax
        Most values to move. Equal values move together, so ties may pass it.
    max_skew, max_kurtosis
        Limits of the test.
    names
        Names of the indicators, for messages and the record.

    Returns
    -------
    array
        Shape of `x`, NaN where the input is NaN. Order is kept, apart from the ties that winsorising makes.
    list of Treatment
        What was done to each indicator.

    Raises
    ------
    ValueError
        An indicator that is not numeric, infinite or without values; limits that are no numbers.

    Notes
    -----
    The log stretches the low end: with a negative skew it makes things worse, which `passed` then says.
    The skew and kurtosis are those of spreadsheets and of `e1071` type 2. Constant indicators and those of
    fewer than 4 values have no kurtosis and are left as they are.

    References
    ----------
    OECD and JRC 2008, Handbook on Constructing Composite Indicators; Becker et al. 2022, COINr.

    Examples
    --------
    >>> values, done = treat_outliers([*range(1, 11), 30.0, 100.0])
    >>> values[-2:].tolist(), done[0].action, done[0].winsorised
    ([30.0, 30.0], 'winsorise', 1)
    """
    whole(winmax, "winmax", least=0)
    scalar(max_skew, "max_skew", least=0)
    scalar(max_kurtosis, "max_kurtosis")
    a = matrix(x, names).copy()
    known(a, names)
    record = []
    for column in range(a.shape[1]):
        has = ~np.isnan(a[:, column])
        a[has, column], done = _treat(
            a[has, column], winmax, max_skew, max_kurtosis, str(column) if names is None else names[column]
        )
        record.append(done)
    return (np.asarray(a[:, 0]) if np.ndim(x) == 1 else a), record


def _treat(x: Float, winmax: int, max_skew: float, max_kurtosis: float, name: str) -> tuple[Float, Treatment]:
    def passes(values: Float) -> tuple[float, float, bool]:
        skew, kurtosis = _skew_kurtosis(values)
        return skew, kurtosis, not (abs(skew) >= max_skew and kurtosis >= max_kurtosis)

    skew, kurtosis, passed = passes(x)
    if passed:
        return x, Treatment(name, "none", 0, skew, kurtosis, True)
    cut = x.copy()
    moved = np.zeros(len(x), dtype=bool)
    while not passed and moved.sum() < winmax:
        end = cut == (cut.max() if skew >= 0 else cut.min())
        cut[end] = cut[~end].max() if skew >= 0 else cut[~end].min()
        moved |= end
        skew, kurtosis, passed = passes(cut)
    if passed:
        return cut, Treatment(name, "winsorise", int(moved.sum()), skew, kurtosis, True)
    logged = np.log(x - x.min() + 0.01 * (x.max() - x.min()))
    return logged, Treatment(name, "log", 0, *passes(logged))


def _skew_kurtosis(x: Float) -> tuple[float, float]:
    """Return the bias-corrected skew G1 and excess kurtosis G2; NaN where they are not defined."""
    n = len(x)
    centred = x - x.mean()
    m2 = float((centred**2).mean())
    if n < 4 or np.ptp(x) == 0 or m2 == 0:
        return float("nan"), float("nan")
    g1 = float((centred**3).mean()) / m2**1.5
    g2 = float((centred**4).mean()) / m2**2 - 3
    return g1 * (n * (n - 1)) ** 0.5 / (n - 2), ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))
