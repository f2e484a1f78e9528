"""How sure ranks and classes are: the index drawn again and again under other defensible assumptions.

A score rests on choices that another analyst could make otherwise: how much each indicator weighs, how indicators are
brought to one scale and put together, how fast roads are, which season counts, how many people there are, and what
stands where nothing is known. Each draw takes one of the alternatives of each, and the index, the ranks and the classes
are made anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis import fields
from gis.kernels.sensitivity import mean_absolute_rank_change, rank_of, sobol_design, sobol_indices
from gis.kernels.threads import on_all_cores
from gis.stages._draws import Aggregation, Index, Normalisation, Plan, PublishedAggregation

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]

ASSUMPTIONS = ("weights", "normalisation", "aggregation", "speeds", "seasons", "population", "missing")
"""What draws vary, in the order of `Certainty.sensitivity`."""

SPEED_TABLES, REALISATIONS = 7, 12
"""How many tables of speeds, and how many draws of populations and of missing values, are made and drawn from."""

_TAIL = 0.05
_DECIMALS = 9
_BOUNDS = ("viability_p05", "viability_p95", "rank_p05", "rank_p95")
_BLOCK = 500  # draws, or settlements, of a thread's share
_PART = 2000  # settlements whose changes are weighed at once


@dataclass(frozen=True)
class Alternatives:
    """The scores of the indicators as published, and where inputs are other than that.

    Parameters
    ----------
    scores
        Settlements x indicators, 0 (worst) to 1 (best), NaN unknown; unique index.
    journeys
        Of the indicators that follow from journeys: shape `(speeds, seasons, n)`; `[0, 0]` is as published.
    population
        Of the indicators that follow from population: shape `(realisations, n)`, each with other errors.
    missing
        Whether gaps take, in each draw, the value of another settlement by lot; else they stay as published.
    unknown
        Where values are gaps, settlements x indicators, if some of them are filled in; None where gaps have no score.
    """

    scores: pd.DataFrame
    journeys: Mapping[str, Float]
    population: Mapping[str, Float]
    missing: bool = False
    unknown: pd.DataFrame | None = None


@dataclass(frozen=True)
class Classes:
    """The rule of the classes: shares of the inhabited settlements, or limits of the index.

    Parameters
    ----------
    inhabited
        Who is classed by the index, shape `(n,)`; the others have no class probabilities.
    high, medium, low
        Shares, in any unit; or
    limits
        the index at and above which potential is high, and below which it is low.
    """

    inhabited: Bool
    high: float = 0.0
    medium: float = 0.0
    low: float = 0.0
    limits: tuple[float, float] | None = None

    def of_draws(self, index: Float) -> Float:
        """Return where high and medium begin in each draw, shape `(2, draws)`, of an index `(draws, n)`."""
        if self.limits is not None:
            return np.repeat(np.round([[self.limits[0]], [self.limits[1]]], _DECIMALS), len(index), axis=1)
        among = self.inhabited & ~np.isnan(index).any(axis=0)
        n, total = int(among.sum()), self.high + self.medium + self.low
        n_high, n_not_low = round(n * self.high / total), round(n * (self.high + self.medium) / total)
        at = [n - count for count in (n_high, n_not_low) if count]
        if not at:
            return np.full((2, len(index)), np.inf)

        def limits(draws: slice, _: object) -> Float:
            ranked = np.partition(np.round(index[draws][:, among], _DECIMALS), at, axis=1)
            not_low = ranked[:, at[-1]]
            return np.stack([ranked[:, at[0]] if n_high else np.full(len(ranked), np.inf), not_low])

        return np.concatenate(on_all_cores(limits, _blocks(len(index))), axis=1)


@dataclass(frozen=True)
class Certainty:
    """What became of index, ranks and classes, and of which assumption.

    Parameters
    ----------
    columns
        On the settlements' index: `viability_p05`, `viability_p95`, `rank_p05`, `rank_p95` (1 is the highest index),
        `probability_high`, `probability_medium`, `probability_low`, `potential_stable`.
    sensitivity
        Index `assumption`: `alternatives` (how many were drawn from), `rank_change` (the mean absolute change of
        rank when it alone varies), `first_order` and `total` (Sobol indices of the mean absolute change of rank:
        estimates, which may fall below 0 or rise above 1 by chance; a certain assumption scores 0).
    limits
        Where high and medium begin in each draw, shape `(2, draws)`.
    """

    columns: pd.DataFrame
    sensitivity: pd.DataFrame
    limits: Float
    _index: Index
    _plan: Plan

    def chance(self, rows: NDArray[np.int64], change: Float) -> Float:
        """Say how probable the classes become when scores of settlements change, each as if it were the only one.

        Parameters
        ----------
        rows
            Positions of the settlements, shape `(m,)`; one may come more than once.
        change
            What is added to their published scores, shape `(m, k)`; scores stay within 0 to 1.

        Returns
        -------
        array of shape `(m, 2)`
            The share of draws in which the class is high, and in which it is high or medium.
        """
        out = np.empty((len(rows), 2))
        rulers = self._index.rulers()

        def fill(start: int, _: object = None) -> None:
            part = slice(start, start + _PART)
            changed = self._index.changed(rows[part], change[part], rulers)
            reached = np.zeros((2, len(rows[part])))
            for draws, index in changed.blocks(self._plan):
                reached += (np.round(index, _DECIMALS) >= self.limits[:, draws, np.newaxis]).sum(axis=1)
            out[part] = reached.T / self._plan.draws

        starts = range(0, len(rows), _PART)
        if self._index.compares_pairs:
            for start in starts:
                fill(start)
        else:
            on_all_cores(fill, [(start,) for start in starts])
        return out


def certainty(
    alternatives: Alternatives,
    indicators: pd.DataFrame,
    block_weights: Mapping[str, float],
    classes: Classes,
    *,
    draws: int = 500,
    seed: int = 0,
    weight_spread: float = 0.25,
    normalisations: Sequence[Normalisation] = ("percentile_rank",),
    aggregations: Sequence[Aggregation] = ("geometric",),
    published: PublishedAggregation = "arithmetic",
    power: float | None = None,
    stable: float = 0.8,
    design: int = 128,
) -> Certainty:
    """Draw assumptions at random, make index, ranks and classes anew each time, and say how far they hold.

    Parameters
    ----------
    alternatives
        Scores as published and otherwise.
    indicators
        Index as the columns of the scores; `block` and `weight` (within the block).
    block_weights
        Of each block.
    classes
        The rule, in the order of the scores' rows.
    draws
        How many, 1 or more.
    seed
        The same seed gives the same answer, whatever the order of rows.
    weight_spread
        By what share of itself each weight is moved up or down, evenly: 0 (certain) to 1.
    normalisations, aggregations
        Alternatives to the published ones. For the geometric and harmonic mean scores are brought to 0.01 to 1,
        because a zero would end in zero.
    published, power
        The published aggregation of the scores as they are given, and the power of a generalised mean.
    stable
        The probability of its class from which on a settlement counts as stable.
    design
        Rows of the Sobol design, a power of 2; the index is made up to `16 x design` times for it.

    Returns
    -------
    Certainty
        Probabilities are NaN where potential is not classed by the index, all columns where the index is unknown;
        `potential_stable` is True there, as no draw changes that.

    Notes
    -----
    Intervals hold 90 % of the draws. They tell what the choices of the analyst do, and are as wide as the alternatives
    that are given: they are not confidence intervals of a sample. An index of another normalisation or
    aggregation is brought to the scale of the published one (the same mean and standard deviation under the published
    inputs), so that limits of classes and intervals mean the same; this moves no rank. Centres stay centres whatever
    the population.

    References
    ----------
    Saisana, Saltelli and Tarantola 2005, Journal of the Royal Statistical Society A 168; OECD and JRC 2008, step 7.

    Examples
    --------
    >>> scores = pd.DataFrame({"near": [1.0, 0.6, 0.5, 0.0], "mild": [0.9, 0.2, 0.4, 0.1]}, index=list("abcd"))
    >>> table = pd.DataFrame({"block": ["access", "climate"], "weight": 1.0}, index=["near", "mild"])
    >>> out = certainty(Alternatives(scores, {}, {}), table, {"access": 1, "climate": 1},
    ...                 Classes(np.ones(4, bool), 1, 2, 1), draws=100)
    >>> out.columns["probability_high"].tolist(), out.columns["rank_p95"].tolist()
    ([1.0, 0.0, 0.0, 0.0], [1.0, 3.0, 3.0, 4.0])
    """
    if draws < 1:
        raise ValueError(f"draws: expected 1 or more, got {draws}")
    order = np.argsort(alternatives.scores.index.to_numpy(), kind="stable")
    index = Index.of(
        alternatives.scores,
        indicators.loc[alternatives.scores.columns],
        block_weights,
        {name: values.reshape(-1, values.shape[-1]) for name, values in alternatives.journeys.items()},
        alternatives.population,
        lots=REALISATIONS if alternatives.missing else 0,
        normalisations=normalisations,
        aggregations=aggregations,
        order=order,
        seed=seed,
        published=published,
        power=power,
        unknown=alternatives.unknown,
    )
    counts = _counts(alternatives, index)
    rng = np.random.default_rng([seed, 1])
    plan = index.plan(rng.random((draws, len(ASSUMPTIONS))), counts, weight_spread, rng)
    drawn, ranked, nominal = np.empty((draws, len(order))), np.empty((draws, len(order))), index.nominal()

    def take(some: Int, values: Float) -> None:
        drawn[some] = known = np.where(np.isnan(nominal), np.nan, values)
        ranked[some] = rank_of(known.T).T

    index.over(plan, take)
    limits = classes.of_draws(drawn)
    columns = _columns(drawn, ranked, nominal, limits, classes, stable).set_axis(alternatives.scores.index, axis=0)
    sensitivity = _sensitivity(index, counts, weight_spread, nominal, design, seed)
    return Certainty(columns, sensitivity, limits, index, plan)


def _counts(alternatives: Alternatives, index: Index) -> dict[str, int]:
    """How many alternatives of each assumption there are; 1 where it is certain."""
    shapes = [values.shape for values in alternatives.journeys.values()]
    speeds, seasons = shapes[0][:2] if shapes else (1, 1)
    realisations = max((len(values) for values in alternatives.population.values()), default=1)
    return {
        "normalisation": 1 + len(index.normalisations),
        "aggregation": 1 + len(index.aggregations),
        "speeds": speeds,
        "seasons": seasons,
        "population": realisations,
        "missing": max(index.lots, 1),
    }


def _columns(
    drawn: Float, ranked: Float, nominal: Float, limits: Float, classes: Classes, stable: float
) -> pd.DataFrame:
    draws = len(drawn)
    tails = [int(np.floor(_TAIL * (draws - 1) + 1e-9)), int(np.ceil((1 - _TAIL) * (draws - 1) - 1e-9))]

    def of_some(who: slice, _: object) -> Float:
        mine = np.ascontiguousarray(drawn[:, who].T)
        bounds = [
            np.partition(values, tails, axis=1)[:, tails].T
            for values in (np.clip(mine, 0.0, 100.0), np.ascontiguousarray(ranked[:, who].T))
        ]
        reached = [(np.round(mine, _DECIMALS) >= limit).mean(axis=1) for limit in limits]
        return np.concatenate([*bounds, reached])

    *bounds, is_high, not_low = np.concatenate(on_all_cores(of_some, _blocks(drawn.shape[1])), axis=1)
    out: dict[str, Float | Bool] = dict(zip(_BOUNDS, bounds, strict=True))
    classed = classes.inhabited & ~np.isnan(nominal)
    probability = np.where(classed, np.stack([is_high, not_low - is_high, 1.0 - not_low]), np.nan)
    at = classes.of_draws(nominal[np.newaxis])[:, 0]
    own = np.where(np.round(nominal, _DECIMALS) >= at[0], 0, np.where(np.round(nominal, _DECIMALS) >= at[1], 1, 2))
    sure = np.take_along_axis(probability, own[np.newaxis], axis=0)[0] >= stable - 1e-12
    names = [fields.probability(name) for name in (fields.HIGH, fields.MEDIUM, fields.LOW)]
    out |= dict(zip(names, probability, strict=True))
    out[fields.POTENTIAL_STABLE] = sure | ~classed
    return pd.DataFrame(out)


def _blocks(n: int) -> list[tuple[slice]]:
    return [(slice(first, first + _BLOCK),) for first in range(0, max(n, 1), _BLOCK)]


def _sensitivity(
    index: Index, counts: Mapping[str, int], spread: float, nominal: Float, design: int, seed: int
) -> pd.DataFrame:
    """Sobol indices of the mean absolute change of rank, and that change when an assumption alone varies."""
    d = len(ASSUMPTIONS)
    points = sobol_design(design, d, seed)
    vary = {name: count > 1 for name, count in counts.items()} | {"weights": spread > 0 and index.weighted}
    lots = [count if name != "weights" else design for name, count in {"weights": 0, **counts}.items()]

    def moved(u: Float, only: str | None = None) -> Float:
        rng = np.random.default_rng([seed, 3])  # the same weights for the same point, wherever it stands
        out = np.empty(len(u))

        def take(some: Int, values: Float) -> None:
            out[some] = mean_absolute_rank_change(values.T, nominal)

        index.over(index.plan(u, counts, spread, rng, weights=design, only=only), take)
        return np.nan_to_num(out)

    answer = moved(points)
    found = sobol_indices(answer - answer.mean() if np.ptp(answer) else answer, d)
    alone = [moved(points[:design], name).mean() if vary[name] else 0.0 for name in ASSUMPTIONS]
    return pd.DataFrame(
        {
            "alternatives": [n if vary[name] else 1 for name, n in zip(ASSUMPTIONS, lots, strict=True)],
            "rank_change": alone,
            "first_order": found.first,
            "total": found.total,
        },
        index=pd.Index(ASSUMPTIONS, name="assumption"),
    )


def speed_factors(classes: Sequence[str], *, factor: float, tables: int = SPEED_TABLES, seed: int = 0) -> pd.DataFrame:
    """Draw tables of factors of speed, the first of them all 1.

    Half of what a class is faster or slower is common to all classes, half its own, on the scale of logarithms;
    the tables come in pairs of opposites, so that they lean to no side.

    Parameters
    ----------
    classes
        Classes of road, and whatever else has a speed of its own.
    factor
        The most by which a speed is multiplied or divided, 1 or more.
    tables
        How many, 1 or more.

    Returns
    -------
    DataFrame
        Tables x classes.

    Examples
    --------
    >>> drawn = speed_factors(["trunk", "track"], factor=1.4, tables=3)
    >>> drawn.iloc[0].tolist(), bool((abs(drawn.iloc[1] * drawn.iloc[2] - 1) < 1e-12).all())
    ([1.0, 1.0], True)
    """
    if factor < 1:
        raise ValueError(f"factor: expected 1 or more, got {factor}")
    names = sorted(classes)
    u = np.random.default_rng([seed, 5]).uniform(-1, 1, (tables // 2, len(names) + 1))
    half = (u[:, :1] + u[:, 1:]) / 2
    exponent = np.concatenate([np.zeros((1, len(names))), *(np.stack([row, -row]) for row in half)])[:tables]
    return pd.DataFrame(factor**exponent, columns=names)[list(classes)]


def population_errors(n: int, *, error: float, realisations: int = REALISATIONS, seed: int = 0) -> Iterator[Float]:
    """Draw factors of population of shape `(n,)`, log-normal with a relative standard deviation of `error`.

    Examples
    --------
    >>> [factors.tolist() for factors in population_errors(2, error=0.0, realisations=1)]
    [[1.0, 1.0]]
    """
    sigma = np.sqrt(np.log1p(error**2))
    for number in range(realisations):
        yield np.exp(sigma * np.random.default_rng([seed, 6, number]).standard_normal(n))
