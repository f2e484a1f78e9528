"""What would lift a settlement into the next class of potential."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.fields import HIGH, LOW, MEDIUM
from gis.kernels.composite import row_weights

Float = NDArray[np.float64]

_OVER = 1e-6  # points by which a limit is passed, so that rounding does not keep a settlement below it
_NEXT = {LOW: MEDIUM, MEDIUM: HIGH}


def next_class(potential: pd.Series) -> pd.Series:
    """Return the class above, None for the highest and for those that are not classed by viability.

    Examples
    --------
    >>> next_class(pd.Series(["high", "medium", "low", "uninhabited"])).tolist()
    [None, 'high', 'medium', None]
    """
    return pd.Series([_NEXT.get(name) for name in potential], index=potential.index, dtype=object)


def changes_needed(
    values: pd.DataFrame,
    scores: pd.DataFrame,
    indicators: pd.DataFrame,
    block_weights: Mapping[str, float],
    viability: pd.Series,
    potential: pd.Series,
    limits: Mapping[str, float],
    *,
    power: float = 1.0,
) -> pd.DataFrame:
    """Find, for each indicator alone, the value that would lift a settlement into the next class.

    The index is a weighted mean of scores raised to a power (of their logarithms, at power 0), so what is averaged must
    rise by what the index lacks divided by the indicator's weight in that settlement; the value is where the
    indicator has that score.

    Parameters
    ----------
    values
        Settlements x indicators in their own units; `inf` unreachable, NaN unknown.
    scores
        The same from 0 to 1.
    indicators
        Index as the columns; `block`, `weight`, `direction` (1 or -1), `transform` (`none` or `log`).
    block_weights
        Of each block.
    viability, potential
        As published.
    limits
        The viability at which `high` and `medium` begin.
    power
        Of the mean: 1 arithmetic, 0 geometric, -1 harmonic.

    Returns
    -------
    DataFrame
        One row for each change that is possible, the smallest change of score first within a settlement:
        `settlement_id`, `indicator`, `potential` (the class reached), `value` (as is), `needed`, `score_change`. Values
        that are unknown are left out, and so are scores above the best that there is.

    Notes
    -----
    All else stays: also the least and the greatest value of the other settlements, by which the scale is made. Where
    the settlement itself is the worst of all, the scale begins at the next one once it has changed; that is taken into
    account. Under classes by shares the lifted settlement takes the place of another.

    Examples
    --------
    >>> values = pd.DataFrame({"minutes": [10.0, 60.0, 110.0], "people": [900.0, 500.0, 100.0]}, index=list("abc"))
    >>> scores = pd.DataFrame({"minutes": [1.0, 0.5, 0.0], "people": [1.0, 0.5, 0.0]}, index=list("abc"))
    >>> table = pd.DataFrame({"block": ["m", "p"], "weight": 1.0, "direction": [-1, 1], "transform": "none"},
    ...                      index=["minutes", "people"])
    >>> out = changes_needed(values, scores, table, {"m": 3, "p": 1}, pd.Series([100.0, 50, 0], list("abc")),
    ...                      pd.Series(["high", "medium", "low"], list("abc")), {"high": 75.0, "medium": 30.0})
    >>> out[["settlement_id", "indicator", "needed"]].round(2).to_numpy().tolist()
    [['b', 'minutes', 26.67], ['c', 'minutes', 40.0]]
    """
    blocks = indicators["block"].tolist()
    share = row_weights(
        scores.to_numpy(float),
        indicators["weight"].to_numpy(float),
        blocks=blocks,
        block_weights=[block_weights[block] for block in dict.fromkeys(blocks)],
        names=list(map(str, scores.columns)),
    )
    wanted = next_class(potential)
    limit = wanted.map(dict(limits)).to_numpy(float)
    target = _powered(np.asarray((limit + _OVER) / 100.0, np.float64), power)
    lacking = target - _powered(viability.to_numpy(float) / 100.0, power)
    rows = []
    for number, (name, rule) in enumerate(indicators.iterrows()):
        with np.errstate(divide="ignore", invalid="ignore"):
            score = scores[name].to_numpy(float)
            rise = _unpowered(_powered(score, power) + lacking / share[:, number], power) - score
        needed = value_at(values[name].to_numpy(float), score, score + rise, rule)
        rows.append(
            pd.DataFrame(
                {
                    "settlement_id": values.index,
                    "indicator": str(name),
                    "potential": wanted.to_numpy(),
                    "value": values[name].to_numpy(float),
                    "needed": needed,
                    "score_change": rise,
                }
            )[np.isfinite(needed)]
        )
    out = pd.concat(rows, ignore_index=True)
    place = pd.Series(np.arange(len(values)), index=values.index)
    out["_place"] = out["settlement_id"].map(place)
    return out.sort_values(["_place", "score_change"], kind="stable", ignore_index=True).drop(columns="_place")


def _powered(score: Float, power: float) -> Float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(score) if power == 0.0 else score**power)


def _unpowered(mean: Float, power: float) -> Float:
    """NaN where no score leads there."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if power == 0.0:
            return np.exp(mean)
        return np.asarray(np.where(mean >= 0, mean, np.nan) ** (1.0 / power)) if power != 1.0 else mean


def value_at(value: Float, score: Float, wanted: Float, rule: pd.Series) -> Float:
    """Return the value at which an indicator has a wanted score, NaN where no value has it.

    Parameters
    ----------
    value, score
        Of all settlements, shape `(n,)`.
    wanted
        A score for each settlement, were it alone to change.
    rule
        `direction` and `transform` of the indicator.

    Examples
    --------
    >>> rule = pd.Series({"direction": -1, "transform": "none"})
    >>> value_at(np.array([0.0, 50.0, 100.0]), np.array([1.0, 0.5, 0.0]), np.array([1.2, 0.8, 0.5]), rule).tolist()
    [nan, 20.0, 25.0]
    """
    log, sign = rule["transform"] == "log", int(rule["direction"])
    directed = sign * (np.log1p(value) if log else value)
    finite = np.isfinite(directed)
    ordered = np.unique(directed[finite])
    out = np.full(len(value), np.nan)
    if len(ordered) < 2 or score[finite].min() == score[finite].max():
        return out
    worst, best = ordered[0], ordered[-1]
    possible = np.isfinite(score) & ~np.isnan(value) & (wanted > score) & (wanted <= np.nanmax(score))
    straight = (directed[finite] - worst) / (best - worst)
    least, most = score[finite].min(), score[finite].max()
    if np.allclose(least + straight * (most - least), score[finite], atol=1e-9):
        # The scale begins at the worst of the others.
        alone = finite & (directed == worst) & ((directed == worst).sum() == 1)
        start = np.where(alone, ordered[1], worst)
        with np.errstate(invalid="ignore"):  # a class that cannot be reached by this indicator is not possible anyway
            found = start + (wanted - least) / (most - least) * (best - start)
        possible &= start < best
    else:
        order = np.argsort(score[finite], kind="stable")
        found = np.interp(wanted, score[finite][order], directed[finite][order])
    found = sign * found[possible]
    out[possible] = np.expm1(found) if log else found
    return out


def index_of(scores: Float, share: Float, power: float = 1.0) -> Float:
    """Return the index, 0 to 100, of scores by their weights in each settlement.

    Parameters
    ----------
    scores, share
        Shape `(n, k)`; the weights of a row sum to 1, 0 where the score is unknown (NaN).
    power
        Of the mean.

    Examples
    --------
    >>> index_of(np.array([[0.5, np.nan], [0.25, 1.0]]), np.array([[1.0, 0.0], [0.5, 0.5]]), 0.0).tolist()
    [50.0, 50.0]
    """
    averaged = np.where(share > 0, share * _powered(scores, power), 0.0).sum(axis=1)
    return 100.0 * _unpowered(averaged, power)


def score_of(value: Float, known: Float, score: Float) -> Float:
    """Return the scores of new values, between those of the nearest values that are known.

    Parameters
    ----------
    value
        New values, of any shape.
    known, score
        The values of all settlements and their scores, shape `(n,)`.

    Examples
    --------
    >>> score_of(np.array([25.0, 500.0]), np.array([0.0, 50.0, 100.0]), np.array([1.0, 0.5, 0.0])).tolist()
    [0.75, 0.0]
    """
    there = np.isfinite(known) & np.isfinite(score)
    values, first = np.unique(known[there], return_index=True)
    if not len(values):
        return np.full(np.shape(value), np.nan)
    return np.asarray(np.interp(value, values, score[there][first]))


def lifted(viability: Float, limits: Mapping[str, float], names: Sequence[str] = (HIGH, MEDIUM)) -> NDArray[np.object_]:
    """Return the class of new values of viability.

    Examples
    --------
    >>> lifted(np.array([80.0, 40.0, 10.0]), {"high": 75.0, "medium": 30.0}).tolist()
    ['high', 'medium', 'low']
    """
    value = np.round(viability, 9)
    return np.select([value >= round(limits[name], 9) for name in names], list(names), LOW).astype(object)
