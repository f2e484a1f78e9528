"""How far a settlement is, from 0 (near) to 100 (remote)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

ARIA_CAP = 3.0
"""The most that one tier can add to an ARIA+ score: three times the mean distance."""


@dataclass(frozen=True)
class Remoteness:
    """A score, its classes, and the ruler by which it was measured.

    Parameters
    ----------
    score
        0 to 100 on the settlements' index; NaN where no tier is known.
    parts
        What each tier adds to the score, one column a tier; they sum to it.
    ruler
        For each tier what the score is measured by: the mean distance in kilometres (`aria_plus`) or the capping
        minutes (`kz`). To score another set of settlements on the same ruler, hand it in again.
    """

    score: pd.Series
    parts: pd.DataFrame
    ruler: Mapping[str, float]


def aria_plus(distance_km: pd.DataFrame, *, means_km: Mapping[str, float] | None = None) -> Remoteness:
    """Score by road distance to each tier of centres, after the Accessibility/Remoteness Index of Australia, ARIA+.

    `sum over tiers of min(3, distance / mean distance)`, rescaled from 0-3k to 0-100 over the k tiers. The mean is
    over all settlements that can reach the tier, so the score moves with the set of settlements: hand in `means_km`
    to keep the ruler of another run. A settlement that cannot reach a tier gets the cap for it.

    Parameters
    ----------
    distance_km
        Road kilometres, one column a tier; 0 at a centre, `inf` unreachable, NaN unknown (the tier then drops
        out for that settlement and the rest carry its share).
    means_km
        A frozen ruler: the mean for each tier.

    Returns
    -------
    Remoteness

    Notes
    -----
    The published index measures the shortest distance over five tiers by population (250 000; 48 000; 18 000; 5 000;
    1 000) and has a range of 0 to 15; here kilometres are those of the quickest journey. With fewer tiers in the
    study area than five the scores of two studies cannot be compared.

    References
    ----------
    Hugo Centre, University of Adelaide: ARIA+ methodology.

    Examples
    --------
    >>> km = pd.DataFrame({"a": [0.0, 10.0, 80.0], "b": [0.0, 0.0, 30.0]})
    >>> result = aria_plus(km)
    >>> result.ruler, result.score.round(2).tolist()
    ({'a': 30.0, 'b': 10.0}, [0.0, 5.56, 94.44])
    """
    tiers = distance_km.columns.tolist()
    means = dict(means_km or {tier: _mean_of_reached(distance_km[tier]) for tier in tiers})
    ratio = {tier: _capped_ratio(distance_km[tier], means[tier], ARIA_CAP) / ARIA_CAP for tier in tiers}
    return _weighted(pd.DataFrame(ratio, index=distance_km.index), dict.fromkeys(tiers, 1.0), means)


def kz(minutes: pd.DataFrame, *, weight: Mapping[str, float], cap_min: Mapping[str, float]) -> Remoteness:
    """Score by minutes to each tier of centres, after the scheme for Kazakhstan: capital, region, town, district.

    `100 x sum of weight x min(1, minutes / cap) / sum of weight`. Unlike `aria_plus` the ruler does not move with the
    set of settlements.

    Parameters
    ----------
    minutes
        One column a tier; 0 at a centre, `inf` unreachable (counts as the cap), NaN unknown (drops out).
    weight, cap_min
        For each tier; a table that the planner edits.

    Returns
    -------
    Remoteness

    Examples
    --------
    >>> minutes = pd.DataFrame({"town": [0.0, 90.0, np.inf], "district": [0.0, 15.0, np.inf]})
    >>> kz(minutes, weight={"town": 1, "district": 3}, cap_min={"town": 180, "district": 60}).score.tolist()
    [0.0, 31.25, 100.0]
    """
    ratio = {tier: _capped_ratio(minutes[tier], cap_min[tier], 1.0) for tier in minutes.columns.tolist()}
    return _weighted(pd.DataFrame(ratio, index=minutes.index), weight, cap_min)


def classes(score: pd.Series, upper: Sequence[float], names: Sequence[str]) -> pd.Series:
    """Name the class of each score; a score at a class's upper bound (to nine decimals) belongs to it.

    Parameters
    ----------
    score
        NaN stays without a class.
    upper, names
        The classes from low to high; the last has no upper bound.

    Examples
    --------
    >>> classes(pd.Series([0.0, 20.0, 20.1, 99.0, np.nan]), [20, 60, 100], ["near", "far", "remote"]).tolist()
    ['near', 'near', 'far', 'remote', nan]
    """
    position = np.searchsorted(np.asarray(upper[:-1], float), score.round(9).to_numpy(float), side="left")
    return pd.Series(np.asarray(names, object)[position], index=score.index).where(score.notna())


def _mean_of_reached(values: pd.Series) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def _capped_ratio(values: pd.Series, by: float, cap: float) -> pd.Series:
    if by == 0:  # every settlement is a centre of the tier: 0 / 0 is at no distance
        return values.where(values != 0, 0.0).clip(upper=cap)
    return (values / by).clip(upper=cap)


def _weighted(ratio: pd.DataFrame, weight: Mapping[str, float], ruler: Mapping[str, float]) -> Remoteness:
    tiers = ratio.columns.tolist()
    w = pd.Series([float(weight[tier]) for tier in tiers], index=tiers)
    present = ratio.notna().mul(w, axis=1)
    total = present.sum(axis=1)
    parts = ratio.mul(w, axis=1).div(total.where(total > 0), axis=0) * 100.0
    score = parts.sum(axis=1, min_count=1)
    return Remoteness(score, parts, {tier: float(ruler[tier]) for tier in tiers})
