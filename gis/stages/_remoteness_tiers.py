"""Presets that measure the way to the nearest centre of each tier."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from gis.kernels.access import serve_lower_tiers
from gis.stages._remoteness import (
    OfEach,
    Remoteness,
    Travel,
    classed,
    none_of,
    of_each,
    of_seasons,
    season_weights,
    table_of,
)

ARIA_CAP = 3.0
"""The most that one tier can add to an ARIA+ or CARI+ score: three times the mean distance."""

ARIA_PLUS_CLASSES: Mapping[str, float] = MappingProxyType(
    {"major_cities": 0.20, "inner_regional": 2.40, "outer_regional": 5.92, "remote": 10.53, "very_remote": 15.0}
)
"""Upper bounds of the classes of the ARIA+ score of 15, each included."""

CARI_PLUS_CLASSES: Mapping[str, float] = MappingProxyType(
    {"near": 0.2, "accessible": 0.4, "outlying": 0.6, "remote": 0.8, "very_remote": 1.0}
)
"""Fifths of the CARI+ score of 0 to 1; ours, not published."""

FAR_MINUTES: Mapping[str, float] = MappingProxyType(
    {"urban_50000": 60.0, "urban_25000": 45.0, "urban_10000": 30.0, "urban_2500": 15.0}
)
"""From how many minutes of each urban area the levels 1 to 4 begin."""

FAR_CLASSES: Mapping[str, float] = MappingProxyType(
    {"not_far": 0, "far_level_1": 1, "far_level_2": 2, "far_level_3": 3, "far_level_4": 4}
)

NZ_UA_MINUTES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "high_urban_accessibility": {"major_urban": 15.0},
        "medium_urban_accessibility": {"major_urban": 25.0, "large_urban": 25.0, "medium_urban": 15.0},
        "low_urban_accessibility": {"major_urban": 60.0, "large_urban": 60.0, "medium_urban": 60.0},
        "remote": {"major_urban": 120.0, "large_urban": 120.0, "medium_urban": 120.0},
    }
)
"""By class, the most minutes to the edge of each kind of urban area, included; beyond all of them is very remote."""

KZ_CLASSES: Mapping[str, float] = MappingProxyType(
    {"near": 20.0, "accessible": 40.0, "outlying": 60.0, "remote": 80.0, "very_remote": 100.0}
)
"""Fifths of the score of 100; ours, to be edited."""

_VERY_REMOTE = "very_remote"


def aria_plus(
    distance_km: Travel,
    means_km: OfEach | None = None,
    *,
    serve_lower: bool = False,
    class_upper: Mapping[str, float] = ARIA_PLUS_CLASSES,
) -> Remoteness:
    """Score by road distance to each tier of centres, after the Accessibility/Remoteness Index of Australia, ARIA+.

    `sum over tiers of min(3, distance / mean distance)`: 0 to 15 for five tiers. The mean is over all settlements
    that can reach the tier, so the score moves with the set of settlements: hand in `means_km` to keep the
    ruler of another run. A settlement that cannot reach a tier gets the cap for it.

    Parameters
    ----------
    distance_km
        Road kilometres (minutes do as well), one column a tier, the largest first; 0 at a centre, `inf` unreachable,
        NaN unknown (the tier then drops out for that settlement and the rest carry its share).
    means_km
        A frozen ruler: the mean for each tier, by its column, or in the order of the columns; its names
        are those of the columns of an array.
    serve_lower
        Let a larger centre serve the tiers below it. Leave it out where the distances are already to a centre of the
        tier or any above, as those of a study are.
    class_upper
        Classes from low to high, each with its upper bound on the scale of 15.

    Returns
    -------
    Remoteness
        `value` is the sum, 0 to three times the number of tiers; `score` is that in per cent. With other than five
        tiers the classes are read from the value brought to a scale of 15.

    Raises
    ------
    ValueError
        Negative distances, text, a mean below 0 or none for a tier.

    Notes
    -----
    The published index measures the shortest distance over five tiers by population (250 000; 48 000; 18 000; 5 000;
    1 000); in a study kilometres are those of the quickest journey.

    References
    ----------
    Hugo Centre, University of Adelaide: ARIA+ methodology.

    Examples
    --------
    >>> km = pd.DataFrame({"a": [0.0, 10.0, 80.0], "b": [0.0, 0.0, 30.0]})
    >>> result = aria_plus(km)
    >>> result.ruler, result.value.round(3).tolist(), result.score.round(2).tolist()
    ({'a': 30.0, 'b': 10.0}, [0.0, 0.333, 5.667], [0.0, 5.56, 94.44])
    >>> aria_plus([[45.0, 30.0]], means_km=[30.0, 10.0]).value.tolist()
    [4.5]
    """
    made, tiers = _capped_sum(distance_km, means_km, serve_lower)
    return Remoteness(made.score, made.parts, made.ruler, made.value, classed(made.value * 5 / tiers, class_upper))


def cari_plus(
    travel: Travel,
    means: OfEach | None = None,
    *,
    serve_lower: bool = False,
    class_upper: Mapping[str, float] = CARI_PLUS_CLASSES,
) -> Remoteness:
    """Score by distance or minutes to six tiers of centres, after the Canadian index CARI+: as ARIA+, scaled to 0-1.

    `sum over tiers of min(3, d / mean d) / (3 x tiers)`: with six tiers the sum is 0 to 18.

    Parameters
    ----------
    travel
        Kilometres or minutes, one column a tier, the largest first; as for `aria_plus`.
    means, serve_lower
        As `means_km` and `serve_lower` of `aria_plus`, in the unit of `travel`.
    class_upper
        Classes from low to high, each with its upper bound on the scale of 1; fifths, for none are published.

    Returns
    -------
    Remoteness
        `value` is 0 to 1, `score` that in per cent.

    Raises
    ------
    ValueError
        As `aria_plus`.

    References
    ----------
    McGaughey and Peters, Introducing the Canadian Accessibility and Remoteness Index (CARI+).

    Examples
    --------
    >>> minutes = pd.DataFrame([[30.0] * 6, [90.0] * 6], index=["near", "far"])
    >>> cari_plus(minutes).value.round(4).tolist()
    [0.1667, 0.5]
    """
    made, tiers = _capped_sum(travel, means, serve_lower)
    value = made.value / (ARIA_CAP * tiers)
    return Remoteness(made.score, made.parts, made.ruler, value, classed(value, class_upper))


def kz(
    minutes: Travel,
    weight: OfEach,
    cap_min: OfEach,
    *,
    class_upper: Mapping[str, float] = KZ_CLASSES,
) -> Remoteness:
    """Score by minutes to each tier of centres, after the scheme for Kazakhstan, down to district and market.

    `100 x sum of weight x min(1, minutes / cap) / sum of weight`. Unlike `aria_plus` the ruler does not move with the
    set of settlements.

    Parameters
    ----------
    minutes
        One column a tier; 0 at a centre, `inf` unreachable (counts as the cap), NaN unknown (drops out). Of several
        seasons see `over_seasons`.
    weight, cap_min
        For each tier, 0 or more and above 0, by its column, or in the order of the columns; a table that the planner
        edits.
    class_upper
        Classes from low to high, each with its upper bound on the scale of 100.

    Returns
    -------
    Remoteness
        `value` is the score.

    Raises
    ------
    ValueError
        Negative minutes, text, weights that are negative or all 0, caps that are not above 0.

    Examples
    --------
    >>> minutes = pd.DataFrame({"town": [0.0, 90.0, np.inf], "district": [0.0, 15.0, np.inf]})
    >>> kz(minutes, weight={"town": 1, "district": 3}, cap_min={"town": 180, "district": 60}).score.tolist()
    [0.0, 31.25, 100.0]
    """
    by_name = None if isinstance(minutes, pd.DataFrame) or not isinstance(weight, Mapping) else list(weight)
    table = table_of(minutes, by_name)
    tiers = table.columns.tolist()
    weights, caps = of_each(weight, tiers, "weight"), of_each(cap_min, tiers, "cap_min")
    if min(weights.values()) < 0 or not max(weights.values()) > 0 or min(caps.values()) <= 0:
        raise ValueError(f"expected weights of 0 or more, not all 0, and caps above 0; got {weights} and {caps}")
    ratio = {tier: _capped_ratio(table[tier], caps[tier], 1.0) for tier in tiers}
    score, parts = _weighted(pd.DataFrame(ratio, index=table.index), weights)
    return Remoteness(score, parts, caps, score, classed(score, class_upper))


def far(
    minutes: Travel,
    *,
    least_min: Mapping[str, float] = FAR_MINUTES,
    class_upper: Mapping[str, float] = FAR_CLASSES,
) -> Remoteness:
    """Level of frontier and remote areas (FAR) of the United States Department of Agriculture.

    Level 1: 60 minutes or more from urban areas of 50 000 people or more; level 2: level 1, and 45 minutes or more
    from those of 25 000 to 50 000; level 3: level 2, and 30 from 10 000 to 25 000; level 4: level 3, and 15 from
    2 500 to 10 000.

    Parameters
    ----------
    minutes
        One column for each kind of urban area, named as in `least_min`; an array has them in that order. `inf`
        where there is none. It is the same whether a column holds the way to areas of that size, or of that size and
        above.
    least_min
        From how many minutes on (included) a settlement is far from each.
    class_upper
        Names of the levels from 0 on, each with its number.

    Returns
    -------
    Remoteness
        `value` is the level, 0 (none) to 4; `score` is 25 for each level. NaN where unknown minutes leave it open.

    References
    ----------
    USDA Economic Research Service: Frontier and Remote Area Codes.

    Examples
    --------
    >>> far([[59, 99, 99, 99], [60, 44, 99, 99], [60, 45, 30, 14], [np.inf, 45, 30, 15]]).value.tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    table = table_of(minutes, list(least_min))
    limits = np.array(list(least_min.values()), float)

    def passed(unknown: float) -> np.ndarray:
        return np.asarray(np.cumprod(table.fillna(unknown).to_numpy() >= limits, axis=1))

    near, away = passed(0.0), passed(np.inf)
    open_ = (near != away).any(axis=1)
    share = pd.DataFrame(np.where(open_[:, np.newaxis], np.nan, near) / len(limits), table.index, table.columns)
    level = pd.Series(np.where(open_, np.nan, near.sum(axis=1)), index=table.index)
    return Remoteness(level * 100.0 / len(limits), share * 100.0, dict(least_min), level, classed(level, class_upper))


def nz_ua(
    minutes: Travel, *, most_min: Mapping[str, Mapping[str, float]] = NZ_UA_MINUTES, last: str = _VERY_REMOTE
) -> Remoteness:
    """Class of urban accessibility of Statistics New Zealand, by minutes to major, large and medium urban areas.

    High: up to 15 minutes from a major area (100 000 people or more). Medium: up to 25 from a major or large one
    (30 000), or 15 from a medium one (10 000). Low: up to 60 from any. Remote: up to 120. Beyond: very remote.

    Parameters
    ----------
    minutes
        To the edge of the nearest area of each kind, columns `major_urban`, `large_urban`, `medium_urban`; an array
        has them in that order. `inf` where there is none. It is the same whether a column holds the way to
        areas of that kind, or of that kind and above.
    most_min
        By class, from the nearest to the most remote: the most minutes, included, to each kind of area; a kind
        that is not named does not lead to the class.
    last
        Name of the class beyond all.

    Returns
    -------
    Remoteness
        `value` is 0 (high) to 4 (very remote); `score` is that in per cent of 4. NaN where unknown minutes leave the
        class open.

    Notes
    -----
    Urban areas themselves are classes apart in the publication; here they are 0 minutes from an edge, hence high
    (major) or medium. In a study minutes lead to the centre's point, not to its edge, so large towns look farther.

    References
    ----------
    Statistics New Zealand (2020): Urban accessibility, methodology and classification.

    Examples
    --------
    >>> nz_ua([[15, 99, 99], [90, 25, 99], [99, 99, 16], [121, 99, 120], [121, 121, 121]]).value.tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    kinds = list(dict.fromkeys(kind for limits in most_min.values() for kind in limits))
    table = table_of(minutes, kinds)

    def level(unknown: float) -> np.ndarray:
        known = table.fillna(unknown)
        within = [(known[list(limits)] <= list(limits.values())).any(axis=1) for limits in most_min.values()]
        return np.asarray(np.argmax(np.column_stack([*within, np.ones(len(table), bool)]), axis=1))

    near, away = level(0.0), level(np.inf)
    value = pd.Series(np.where(near == away, near, np.nan), index=table.index)
    names = [*most_min, last]
    ruler = {f"{name}/{kind}": float(most) for name, limits in most_min.items() for kind, most in limits.items()}
    classes = classed(value, {name: number for number, name in enumerate(names)})
    return Remoteness(value * 100.0 / (len(names) - 1), none_of(table.index), ruler, value, classes)


def over_seasons(
    by_season: Sequence[Travel], rule: Literal["worst", "mean"] = "worst", months: Sequence[float] | None = None
) -> pd.DataFrame:
    """Bring the distances or minutes of several seasons to one table: the worst of them, or their mean.

    Parameters
    ----------
    by_season
        A table for each season, of one shape; rows and columns of DataFrames are found by name.
    rule
        `worst`: the longest; `mean`: the mean, weighed by `months`. A season in which there is no way makes both `inf`,
        an unknown one NaN.
    months
        How many months each season has; equal where None.

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        No season, tables of other rows or columns, another rule, weights that are negative, all 0 or of another number.

    Examples
    --------
    >>> over_seasons([[[30.0, 60.0]], [[90.0, np.inf]]], "mean", months=[9, 3]).to_numpy().tolist()
    [[45.0, inf]]
    """
    if isinstance(by_season, pd.DataFrame | str) or not np.iterable(by_season):
        raise ValueError(f"by_season: expected a list with a table for each season, got {type(by_season).__name__}")
    tables = of_seasons(list(by_season))
    stack = np.stack([table.to_numpy() for table in tables])
    if rule == "worst":
        out = stack.max(axis=0)  # NaN stays NaN
    elif rule == "mean":
        weight = season_weights(len(tables), months)
        out = np.tensordot(weight[weight > 0], stack[weight > 0], axes=1)
    else:
        raise ValueError(f"rule: expected 'worst' or 'mean', got {rule!r}")
    return pd.DataFrame(out, index=tables[0].index, columns=tables[0].columns)


def _capped_sum(travel: Travel, means: OfEach | None, serve_lower: bool) -> tuple[Remoteness, int]:
    # An array has no names of its own: those of the ruler then.
    table = table_of(travel, None if isinstance(travel, pd.DataFrame) or not isinstance(means, Mapping) else [*means])
    if serve_lower:
        table = pd.DataFrame(serve_lower_tiers(table.to_numpy()), index=table.index, columns=table.columns)
    tiers = table.columns.tolist()
    own = {tier: _mean_of_reached(table[tier]) for tier in tiers}
    ruler = own if means is None else of_each(means, tiers, "means")
    for tier, mean in ruler.items():
        if mean < 0 or (means is not None and not np.isfinite(mean)):
            raise ValueError(f"means: expected a number of 0 or more for tier {tier}, got {mean}")
    capped = pd.DataFrame({tier: _capped_ratio(table[tier], ruler[tier], ARIA_CAP) for tier in tiers}, table.index)
    score, parts = _weighted(capped / ARIA_CAP, dict.fromkeys(tiers, 1.0))
    value = capped.sum(axis=1, min_count=1) * (len(tiers) / capped.notna().sum(axis=1).where(lambda n: n > 0))
    return Remoteness(score, parts, {tier: float(ruler[tier]) for tier in tiers}, value, score), len(tiers)


def _mean_of_reached(values: pd.Series) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def _capped_ratio(values: pd.Series, by: float, cap: float) -> pd.Series:
    if by == 0:  # every settlement is a centre of the tier: 0 / 0 is at no distance
        return values.where(values == 0, cap).where(values.notna())
    return (values / by).clip(upper=cap).where(~np.isinf(values), cap)


def _weighted(ratio: pd.DataFrame, weight: Mapping[str, float]) -> tuple[pd.Series, pd.DataFrame]:
    """Weigh the ratios of the tiers that are known: the score of 100, and what each adds."""
    tiers = ratio.columns.tolist()
    w = pd.Series([float(weight[tier]) for tier in tiers], index=tiers)
    known, share = ratio.notna().to_numpy(), ratio.fillna(0.0).to_numpy(float)
    # Both sums go the same way: rounding then takes no score above 100, nor one at all caps below it.
    total = np.sum(known * w.to_numpy(), axis=1)
    total = np.where(total > 0, total, np.nan)
    score = pd.Series(np.sum(share * w.to_numpy(), axis=1) / total * 100.0, index=ratio.index)
    return score, ratio.mul(w, axis=1).div(total, axis=0) * 100.0
