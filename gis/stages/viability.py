"""How fit a settlement is for life: a weighted composite of named indicators, from 0 to 100."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gis.kernels.composite import (
    Aggregation,
    Treatment,
    aggregate,
    contributions,
    correlation_adjusted_weights,
    entropy_weights,
    missing_share,
    row_weights,
)
from gis.stages._scores import Indicator, first_of, raw_values, scored, treated

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """How the indicators become one index.

    Parameters
    ----------
    aggregation
        `arithmetic`, `geometric`, `harmonic`, `generalised` (with `power`) or `copeland`.
    power
        Of the generalised mean.
    weights
        `given`; `equal`: of the indicators in a block, and of the blocks; `correlation`: given, divided by how much
        an indicator repeats the others of its block; `entropy`: by how much an indicator tells settlements apart,
        within its block. Blocks keep their weights but under `equal`.
    floor
        The points of the worst score, 0 to below 100: a geometric or harmonic mean needs one above 0.
    """

    aggregation: Aggregation = "arithmetic"
    power: float | None = None
    weights: Literal["given", "equal", "correlation", "entropy"] = "given"
    floor: float = 0.0


@dataclass(frozen=True)
class Viability:
    """The composite, and everything that it was made of, so that a third person can recompute it.

    Parameters
    ----------
    index
        0 to 100 on the settlements' index; NaN where no indicator is known.
    contributions
        The points that each indicator adds, one column an indicator; a row sums to the index. 0 where the
        value is missing. No columns under `copeland`, whose index has no parts.
    missing
        Share of the weight whose indicators are missing, 0 to 1; values that were filled in count as missing.
    normalised
        Each indicator from 0 (worst) to 1 (best); z-scores may go beyond.
    ranges
        Index `indicator`: the least and the greatest finite value, in the column's unit (per its denominator).
    left_out
        Indicators that could not be used, each with the reason.
    infinite
        How many infinite values (unreachable) each indicator had; they count as the worst value where less is better,
        as the best where more is.
    raw
        The values before any treatment, per their denominator.
    treated
        Filled in, and transformed.
    weights
        Index `indicator`: `block`, `weight` in the block and `block_weight`, as used, and `weight_in_index`, which sums
        to 1 over all.
    treatments
        What became of outliers, by indicator, where they were looked for.
    imputed
        How many values were filled in, by indicator.
    """

    index: pd.Series
    contributions: pd.DataFrame
    missing: pd.Series
    normalised: pd.DataFrame
    ranges: pd.DataFrame
    left_out: Mapping[str, str]
    infinite: Mapping[str, int]
    raw: pd.DataFrame = field(default_factory=pd.DataFrame)
    treated: pd.DataFrame = field(default_factory=pd.DataFrame)
    weights: pd.DataFrame = field(default_factory=pd.DataFrame)
    treatments: Mapping[str, Treatment] = field(default_factory=dict)
    imputed: Mapping[str, int] = field(default_factory=dict)


def viability(
    settlements: pd.DataFrame,
    indicators: pd.DataFrame,
    block_weights: Mapping[str, float],
    *,
    rule: Rule | None = None,
    groups: ArrayLike | None = None,
) -> Viability:
    """Make the composite: indicators denominated, filled in, treated, normalised, weighted and aggregated.

    By default `100 x sum of block weight x weight in the block x min-max normalised value`, the weights of what is
    known rescaled to 1.

    Parameters
    ----------
    settlements
        With the columns that the indicators name.
    indicators
        Index `indicator`; `block`, `column`, `direction` (1 more is better, -1 less is), `weight` (within the block,
        above 0), `transform` (`none`; `log`: ln(1 + x), of values that are not negative; `outliers`: winsorised, or the
        logarithm, where skew and kurtosis are high). And, where wanted: `normalise` (one of the ten ways of
        `gis.kernels.composite.normalise`), `goalpost_low`, `goalpost_high` and `target` in the column's unit,
        `reference` (the id of a settlement), `missing` (`none` drops out, `mean` or `median` of the group, `fail`),
        `per` (a column to divide by) and `per_scale`, and `floor` in place of the rule's.
    block_weights
        Of each block.
    rule
        Weights and aggregation; `Rule()` where None.
    groups
        Label of the group of each settlement that gaps are filled in from, such as its region; one group where None.

    Returns
    -------
    Viability

    Raises
    ------
    ValueError
        No indicator can be used; text; `-inf`; a negative value under `log`; another word than those above; weights
        that are negative or all 0; a geometric or harmonic mean over a score of 0. The indicator is named.

    Notes
    -----
    Minimum and maximum are those of the settlements given, so the index moves with the set; goalposts do not. An
    indicator that is the same everywhere, or known nowhere, tells nothing apart and is left out, with the reason.
    Values that differ by less than a billionth of the greatest are the same: what is left there is rounding, which
    must not be stretched over 0 to 1. Where the finite values are the same and others are infinite, that difference
    counts. Ranks are divided by their number (Borda by one less), z-scores have 50 points and 10 for each
    standard deviation, so that every way has points of one size; distances to a target or reference end at 1.
    Copeland's row sums s become 50 (1 + s / (n - 1)).

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators.

    Examples
    --------
    >>> villages = pd.DataFrame({"minutes": [10.0, 40.0, np.inf], "rain_mm": [200.0, 300.0, np.nan]})
    >>> table = pd.DataFrame({"block": ["access", "climate"], "column": ["minutes", "rain_mm"],
    ...     "direction": [-1, 1], "weight": [1.0, 1.0], "transform": "none"}, index=["near", "rain"])
    >>> out = viability(villages, table, {"access": 3, "climate": 1})
    >>> out.index.tolist(), out.missing.tolist(), out.contributions.near.tolist()
    ([75.0, 25.0, 0.0], [0.0, 0.0, 0.25], [75.0, 0.0, 0.0])
    """
    rule = rule or Rule()
    if not 0 <= rule.floor < 100:
        raise ValueError(f"floor: expected points from 0 to below 100, got {rule.floor}")
    values: dict[str, dict[str, Float]] = {"raw": {}, "treated": {}, "normalised": {}}
    left_out: dict[str, str] = {}
    treatments: dict[str, Treatment] = {}
    for key, row in indicators.iterrows():
        name = str(key)
        one = Indicator.of(name, row)
        raw = raw_values(settlements, one)
        if not np.isfinite(raw).any():
            endless = " that is not infinite" if np.isinf(raw).any() else ""
            left_out[name] = "no settlement has a value" + endless
            continue
        after, done = treated(raw, one, groups, settlements.index)
        score = scored(after, one, settlements.index, float(row.get("floor", rule.floor)) / 100.0)
        if score is None:
            left_out[name] = f"every settlement has the same value, {raw[np.isfinite(raw)][0]:g}"
            continue
        values["raw"][name], values["treated"][name], values["normalised"][name] = raw, after, score
        if done is not None:
            treatments[name] = done
    if not values["raw"]:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise ValueError(f"no indicator of viability can be used ({reasons})")
    frames = {stage: pd.DataFrame(columns, index=settlements.index) for stage, columns in values.items()}
    return _aggregated(frames, indicators.loc[list(values["raw"])], block_weights, rule, left_out, treatments)


def _aggregated(
    frames: Mapping[str, pd.DataFrame],
    used: pd.DataFrame,
    block_weights: Mapping[str, float],
    rule: Rule,
    left_out: Mapping[str, str],
    treatments: Mapping[str, Treatment],
) -> Viability:
    raw, score = frames["raw"], frames["normalised"]
    names = score.columns.tolist()
    weights = _weights(score, used, block_weights, rule)
    weighting: dict[str, Any] = {
        "weights": weights["weight"].to_numpy(float),
        "blocks": weights["block"].tolist(),
        "block_weights": weights.groupby("block", sort=False)["block_weight"].first().to_numpy(float),
        "names": names,
    }
    points = score.to_numpy() * 100.0
    _refuse_zeros(score, weights["weight_in_index"], rule)
    known = np.where(np.isnan(raw.to_numpy()), np.nan, points)
    parts = pd.DataFrame(index=score.index)
    if rule.aggregation == "copeland":
        sums = aggregate(points, weights["weight_in_index"].to_numpy(float), "copeland", names=names)
        index = 50.0 * (1.0 + sums / max(int(np.isfinite(sums).sum()) - 1, 1))
    else:
        how: dict[str, Any] = {"method": rule.aggregation, "power": rule.power, **weighting}
        index = aggregate(points, **how)
        parts = pd.DataFrame(contributions(points, **how), index=score.index, columns=names)
    finite = raw.where(np.isfinite(raw))
    endless = {name: int(count) for name, count in np.isinf(raw).sum().items() if count}
    filled = (raw.isna() & frames["treated"].notna()).sum()
    return Viability(
        index=pd.Series(index, index=score.index),
        contributions=parts,
        missing=pd.Series(missing_share(known, **weighting), index=score.index),
        normalised=score,
        ranges=pd.DataFrame({"minimum": finite.min(), "maximum": finite.max()}),
        left_out=left_out,
        infinite={str(name): count for name, count in endless.items()},
        raw=raw,
        treated=frames["treated"],
        weights=weights,
        treatments=treatments,
        imputed={str(name): int(count) for name, count in filled.items() if count},
    )


def _refuse_zeros(score: pd.DataFrame, weight: pd.Series, rule: Rule) -> None:
    """Refuse scores of 0 or below under a mean that needs them above 0, with the way out."""
    if rule.aggregation not in ("geometric", "harmonic") and not (rule.power is not None and rule.power <= 0):
        return
    for name in score.columns[weight > 0]:
        bad = (score[name] <= 0).to_numpy()
        if bad.any():
            raise ValueError(
                f"indicator {name}: the {rule.aggregation} mean needs scores above 0, and its worst settlements have "
                f"{100.0 * score[name].min():g} points ({first_of(score.index, bad)}); set index.floor to 1, so that "
                "the worst has 1 point (z-scores have no floor), or choose the arithmetic mean"
            )


def against_the_others(made: Viability, limit: float = -0.4, least_settlements: int = 10) -> dict[str, float]:
    """Find indicators that may be directed the wrong way: where they score well, the others score badly.

    Parameters
    ----------
    made
        The composite.
    limit
        Rank correlation (Spearman) with the weighted mean of the other indicators' scores, at and below which an
        indicator is named. COINr names pairs of indicators from -0.4 on.
    least_settlements
        Fewer settlements that have both say nothing.

    Returns
    -------
    dict
        The correlation by the name of the indicator. It tells what to look at and proves nothing: some good things do
        lie where others are bad.

    Examples
    --------
    >>> n = np.arange(12.0)
    >>> table = pd.DataFrame({"block": "b", "column": list("abc"), "direction": [1, 1, -1], "weight": 1.0},
    ...     index=["schools", "clinics", "income"])
    >>> against_the_others(viability(pd.DataFrame({"a": n, "b": n**2, "c": n + 3}), table, {"b": 1.0}))
    {'income': -1.0}
    """
    score, weight = made.normalised, made.weights["weight_in_index"]
    found = {}
    for name in score.columns:
        others = score.drop(columns=name)
        known = others.notna() * weight.drop(name)
        mean = (others * known).sum(axis=1) / known.sum(axis=1).where(lambda total: total > 0)
        pairs = pd.DataFrame({"own": score[name], "others": mean}).dropna().round(9)  # rounding is no order
        if len(pairs) < least_settlements or (pairs.nunique() < 2).any():  # where all are equal nothing is opposed
            continue
        r = pairs["own"].corr(pairs["others"], method="spearman")
        if r <= limit:
            found[str(name)] = float(r)
    return found


def _weights(score: pd.DataFrame, used: pd.DataFrame, block_weights: Mapping[str, float], rule: Rule) -> pd.DataFrame:
    """Return the weights as used: in the blocks, of the blocks, and of each indicator in the index."""
    table = pd.DataFrame({"block": used["block"], "weight": used["weight"].astype(float)}, index=used.index)
    table["block_weight"] = [float(block_weights[block]) for block in table["block"]]
    if rule.weights == "equal":
        table["weight"] = table["block_weight"] = 1.0
    elif rule.weights in ("correlation", "entropy"):
        for _, members in table.groupby("block", sort=False):
            names = list(members.index)
            inside = score[names].to_numpy()
            if len(names) == 1:
                table.loc[names, "weight"] = 1.0
            elif rule.weights == "correlation":
                table.loc[names, "weight"] = correlation_adjusted_weights(inside, members["weight"], names=names)
            else:
                table.loc[names, "weight"] = entropy_weights(inside, names=names)
    elif rule.weights != "given":
        raise ValueError(f"weights: expected given, equal, correlation or entropy, got {rule.weights!r}")
    blocks = table["block"].tolist()
    of_block = [float(table.loc[table["block"] == block, "block_weight"].iloc[0]) for block in dict.fromkeys(blocks)]
    every = np.zeros((1, len(table)))
    given = table["weight"].to_numpy(float)
    every_name = [str(name) for name in table.index]
    table["weight_in_index"] = row_weights(every, given, blocks=blocks, block_weights=of_block, names=every_name)[0]
    return table
