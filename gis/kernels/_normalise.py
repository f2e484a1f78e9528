"""Ten ways to bring indicators to one scale, high = good."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gis.kernels._indicators import Names, directions, known, label, matrix
from gis.kernels._numbers import Float, doubles, scalar, whole

Normalisation = Literal[
    "min_max",
    "z_score",
    "rank",
    "percentile_rank",
    "borda",
    "distance_to_max",
    "distance_to_reference",
    "distance_to_target",
    "fraction_of_max",
    "goalposts",
]
NORMALISATIONS: tuple[Normalisation, ...] = (
    "min_max",
    "z_score",
    "rank",
    "percentile_rank",
    "borda",
    "distance_to_max",
    "distance_to_reference",
    "distance_to_target",
    "fraction_of_max",
    "goalposts",
)
"""The ways of `normalise`."""

_ROUNDING = 1e-12  # a range below this share of the values is rounding, not a difference between settlements
_NEED_SPREAD = ("min_max", "z_score", "rank", "percentile_rank", "borda", "distance_to_max")


def normalise(
    x: ArrayLike,
    method: Normalisation = "min_max",
    direction: ArrayLike = 1,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    mean_sd: tuple[float, float] = (0.0, 1.0),
    ties: Literal["min", "average", "max", "dense"] = "min",
    reference: int | None = None,
    targets: ArrayLike | None = None,
    goalposts: ArrayLike | None = None,
    cap: bool = False,
    names: Names = None,
) -> Float:
    """Bring indicators to one scale on which more is better.

    With y = direction * x, and minimum, maximum, mean and standard deviation over the known values of y:

    - `min_max`: (y - min) / (max - min), stretched to `bounds`
    - `z_score`: (y - mean) / sd (n - 1), stretched to `mean_sd`
    - `rank`: 1 for the worst, counted upwards
    - `percentile_rank`: (rank - 1) / (n - 1)
    - `borda`: rank - 1
    - `distance_to_max`: 1 - (max - y) / (max - min)
    - `distance_to_reference`: 1 - (ref - y) / (ref - min), ref being the value of the settlement `reference`
    - `distance_to_target`: 1 - (target - y) / (target - min)
    - `fraction_of_max`: x / max x, and 1 - x / max x for direction -1
    - `goalposts`: (x - low) / (high - low) cut to 0-1, 1 minus it for direction -1, stretched to `bounds`

    Parameters
    ----------
    x
        Settlements x indicators, shape `(n, k)`, or one indicator, shape `(n,)`; NaN where unknown.
    method
        One of the ten ways.
    direction
        1 where more is better, -1 where less is; one for all or one for each indicator.
    bounds
        Lowest and highest score, of `min_max` and `goalposts`.
    mean_sd
        Mean and standard deviation of the scores, of `z_score`.
    ties
        Rank of equal values, of `rank`, `percentile_rank` and `borda`: `min`, the rank of the worst place, is
        what COINr uses.
    reference
        Row of the settlement that others are measured by.
    targets
        Target in units of x, one for all or one for each indicator.
    goalposts
        Low and high in units of x, shape `(2,)` or `(k, 2)`. These, unlike minimum and maximum, stay the same
        for another region or a later year.
    cap
        Cut scores above 1 to 1, of `distance_to_reference` and `distance_to_target`.
    names
        Names of the indicators, for messages.

    Returns
    -------
    array
        Shape of `x`; NaN where, and only where, the input is NaN.

    Raises
    ------
    ValueError
        Names the indicator that is not numeric, infinite, without any value, constant but for rounding (where
        the formula divides by its range or ranks it), or of a direction other than 1 and -1; a negative value with
        `fraction_of_max`; a reference that is missing or the worst; a target not better than the worst value
        (it would turn the scale round); goalposts that do not rise.

    Notes
    -----
    Differs from COINr in `fraction_of_max` of an indicator where less is better: there -x / max(-x) makes the
    worst score highest.

    References
    ----------
    OECD and JRC 2008, Handbook on Constructing Composite Indicators, step 5; Becker et al. 2022, COINr.

    Examples
    --------
    >>> normalise([10.0, 20.0, 40.0, float("nan")]).round(3).tolist()
    [0.0, 0.333, 1.0, nan]
    >>> normalise([[10, 5], [20, 1], [40, 3]], direction=[1, -1], bounds=(0, 100)).round(1).tolist()
    [[0.0, 0.0], [33.3, 100.0], [100.0, 50.0]]
    >>> normalise([7.0, 7.0], names=["schools"])
    Traceback (most recent call last):
        ...
    ValueError: indicator schools: constant, every known value is 7.0; min_max needs two values
    """
    if method not in NORMALISATIONS:
        raise ValueError(f"method: expected one of {', '.join(NORMALISATIONS)}, got {method!r}")
    a = matrix(x, names)
    sign = directions(direction, a.shape[1], names)
    known(a, names)
    if method in _NEED_SPREAD:
        _refuse_constant(a, method, names)
    y = a * sign
    if method in ("rank", "percentile_rank", "borda"):
        out = _ranks(y, method, ties)
    elif method == "z_score":
        z = (y - np.nanmean(y, axis=0)) / np.nanstd(y, axis=0, ddof=1)
        mean, sd = _two(mean_sd, "mean_sd")
        out = mean + scalar(sd, "mean_sd: standard deviation", above=0) * z
    elif method == "fraction_of_max":
        out = _fraction_of_max(a, sign, names)
    elif method == "goalposts":
        out = _stretch(_between_posts(a, sign, goalposts, names), bounds)
    else:
        best = _best(y, method, sign, reference, targets, names)
        worst = np.nanmin(y, axis=0)
        out = (y - worst) / (best - worst)
        if method == "min_max":
            out = _stretch(out, bounds)
        elif cap:
            out = np.minimum(out, 1.0)
    return out[:, 0] if np.ndim(x) == 1 else out


def _two(given: ArrayLike, name: str) -> tuple[float, float]:
    a = doubles(given, name)
    if a.shape != (2,) or not np.isfinite(a).all():
        raise ValueError(f"{name}: expected two numbers, got {given!r}")
    return float(a[0]), float(a[1])


def low_high(bounds: ArrayLike) -> tuple[float, float]:
    """Return the bounds of a scale, or refuse what does not rise."""
    low, high = _two(bounds, "bounds")
    if not low < high:
        raise ValueError(f"bounds: expected a low and a higher number, got {bounds!r}")
    return low, high


def _stretch(unit: Float, bounds: tuple[float, float]) -> Float:
    low, high = low_high(bounds)
    return np.asarray(low + unit * (high - low))


def _refuse_constant(a: Float, method: str, names: Names) -> None:
    low, high = np.nanmin(a, axis=0), np.nanmax(a, axis=0)
    size = np.maximum(np.abs(low), np.abs(high))
    for column in np.flatnonzero(high - low <= _ROUNDING * size).tolist():
        value = np.nanmin(a[:, column])
        raise ValueError(f"{label(names, column)}: constant, every known value is {value}; {method} needs two values")


def _ranks(y: Float, method: str, ties: str) -> Float:
    from scipy.stats import rankdata  # takes half a second to import: not for those who only look at their layers

    out = np.asarray(rankdata(y, method=ties, axis=0, nan_policy="omit"), dtype=np.float64)
    if method == "rank":
        return out
    out -= 1
    return np.asarray(out / ((~np.isnan(y)).sum(axis=0) - 1)) if method == "percentile_rank" else out


def _fraction_of_max(a: Float, sign: Float, names: Names) -> Float:
    for column in np.flatnonzero((np.nanmin(a, axis=0) < 0) | (np.nanmax(a, axis=0) <= 0)).tolist():
        raise ValueError(
            f"{label(names, column)}: a fraction of the maximum needs values of 0 or more, not all 0; "
            f"got {np.nanmin(a[:, column])} to {np.nanmax(a[:, column])}; choose another way, such as min_max"
        )
    fraction = a / np.nanmax(a, axis=0)
    return np.asarray(np.where(sign > 0, fraction, 1 - fraction))


def _between_posts(a: Float, sign: Float, goalposts: ArrayLike | None, names: Names) -> Float:
    if goalposts is None:
        raise ValueError("goalposts: give low and high for each indicator")
    posts = np.broadcast_to(doubles(goalposts, "goalposts"), (a.shape[1], 2))
    for column in np.flatnonzero(~(posts[:, 0] < posts[:, 1]) | np.isinf(posts).any(axis=1)).tolist():
        raise ValueError(
            f"{label(names, column)}: goalposts must rise, low then high in units of the indicator "
            f"(set direction to -1 where less is better); got {posts[column].tolist()}"
        )
    unit = np.clip((a - posts[:, 0]) / (posts[:, 1] - posts[:, 0]), 0.0, 1.0)
    return np.asarray(np.where(sign > 0, unit, 1 - unit))


def _best(y: Float, method: str, sign: Float, reference: int | None, targets: ArrayLike | None, names: Names) -> Float:
    """Return the directed value that scores 1, and refuse one that is not better than the worst value."""
    if method in ("min_max", "distance_to_max"):
        return np.asarray(np.nanmax(y, axis=0))
    if method == "distance_to_reference":
        if reference is None or whole(reference, "reference", least=-len(y)) >= len(y):
            raise ValueError(f"reference: expected a row from 0 to {len(y) - 1}, got {reference}")
        best, what = y[reference], "the reference"
    else:
        if targets is None:
            raise ValueError("targets: give one for all or one for each indicator")
        best, what = sign * np.broadcast_to(doubles(targets, "targets"), sign.shape), "the target"
    worst = np.nanmin(y, axis=0)
    for column in np.flatnonzero(~(best > worst) | np.isinf(best)).tolist():
        raise ValueError(
            f"{label(names, column)}: {what} must be better than the worst value "
            f"{sign[column] * worst[column]}, got {sign[column] * best[column]}"
        )
    return np.asarray(best)
