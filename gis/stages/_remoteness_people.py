"""Presets that measure the way to all centres, each by its people."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gis.kernels._numbers import doubles, scalar
from gis.kernels.access import Decay, gravity_access
from gis.stages._remoteness import (
    Float,
    Remoteness,
    Travel,
    between,
    by_label,
    classed,
    none_of,
    of_seasons,
    season_weights,
    table_of,
)

Seasons = Sequence[pd.DataFrame]
"""A table for each season."""

STATCAN_IR_CLASSES: Mapping[str, float] = MappingProxyType(
    {
        "easily_accessible": 0.1500,
        "accessible": 0.2888,
        "less_accessible": 0.3898,
        "remote": 0.5539,
        "very_remote": 1.0,
    }
)
"""The five classes of Subedi, Roshanafshar and Greenberg (2020), Statistics Canada 11-633-X; their upper bounds are
from memory and were not checked against the paper."""

GRAVITY_CLASSES: Mapping[str, float] = MappingProxyType(
    {"near": 20.0, "accessible": 40.0, "outlying": 60.0, "remote": 80.0, "very_remote": 100.0}
)
"""Fifths of the score of 100; ours."""


def statcan_ir(
    distance_km: Travel | Seasons,
    population: ArrayLike,
    *,
    months: Sequence[float] | None = None,
    log: bool = True,
    ruler: Mapping[str, float] | None = None,
    cost_per_km: float = 0.16,
    floor_cost: float = 3.0,
    cutoff_cost: float = 32.0,
    class_upper: Mapping[str, float] = STATCAN_IR_CLASSES,
) -> Remoteness:
    """Index of remoteness of Statistics Canada: people of the centres within reach over the cost of going there.

    `A = sum of population / cost` over the centres that cost 32 dollars or less (2.5 hours at 80 km/h, 0.16 dollars
    a kilometre), a cost of less than 3 counting as 3; where there is none, population / cost of the cheapest centre
    alone. The index is `(greatest - x) / (greatest - least)` with x = ln A, or A: 1 is the most remote.

    Parameters
    ----------
    distance_km
        Settlements x centres, shape `(n, m)`: road kilometres; 0 where the settlement is the centre, `inf`
        unreachable, NaN unknown (the settlement's index then is NaN). From minutes: times 80 / 60. Or a list of
        such DataFrames, one for each season: A is then its mean over the seasons.
    population
        People of each centre, above 0, shape `(m,)`; a Series that has the names of the columns goes by them.
    months
        How many months each season has; equal where None.
    log
        Whether x is ln A, which spreads the index over 0 to 1 as published: without it nearly all places
        lie close to 1. Sources do not say it plainly, so it is a choice.
    ruler
        `least` and `greatest` x of another run. Settlements beyond them leave 0 to 1; the score is cut.
    cost_per_km, floor_cost, cutoff_cost
        Dollars; only their ratios matter, apart from a kept ruler.
    class_upper
        Classes from low to high, each with its upper bound on the scale of 1.

    Returns
    -------
    Remoteness
        `value` is the index, 0 to 1; `score` that in per cent. A settlement that reaches no centre gets 1, and is
        left out of least and greatest.

    Raises
    ------
    ValueError
        Negative distances, populations that are not above 0, costs that are not above 0.

    Notes
    -----
    Discontinuous at the cut-off: a village 199 km from two cities counts both, at 201 km only the cheaper. Of centres
    at one least cost the largest counts.

    References
    ----------
    Alasia, Bedard, Belanger, Guimond and Penney (2017), Statistics Canada 18-001-X.

    Examples
    --------
    >>> made = statcan_ir([[0.0, 100.0], [100.0, 0.0], [300.0, 400.0]], [90_000, 8_000], log=False)
    >>> made.ruler, made.value.round(4).tolist()
    ({'least': 1875.0, 'greatest': 30500.0}, [0.0, 0.7758, 1.0])
    """
    tables = _seasons(distance_km)
    people = _people(population, tables[0].columns.tolist())
    given = {"cost_per_km": cost_per_km, "floor_cost": floor_cost, "cutoff_cost": cutoff_cost}
    costs = [scalar(cost, name, above=0) for name, cost in given.items()]
    level, index = _mean(tables, months, lambda km: _statcan_level(km, people, *costs)), tables[0].index
    nowhere = pd.Series(level == 0, index=index)
    x = pd.Series(np.log(np.where(level > 0, level, np.nan)) if log else level, index=index).where(~nowhere)
    unit, kept = between(x, ruler)
    value = (1.0 - unit if kept["greatest"] > kept["least"] else -unit).where(~nowhere, 1.0)
    return _scored(value, kept, value.clip(0.0, 1.0) * 100.0, classed(value, class_upper))


def _statcan_level(km: Float, people: Float, cost_per_km: float, floor_cost: float, cutoff_cost: float) -> Float:
    """People over the cost of going there; NaN where a distance is not known."""
    cost = np.maximum(km * cost_per_km, floor_cost)
    within = cost <= cutoff_cost
    # Of equal costs the largest centre: the order of the columns decides nothing.
    cheapest = np.lexsort([np.broadcast_to(-people, cost.shape), cost], axis=1)[:, 0]
    alone = people[cheapest] / cost[np.arange(len(cost)), cheapest]
    level = np.where(within.any(axis=1), np.where(within, people / cost, 0.0).sum(axis=1), alone)
    return np.where(np.isnan(cost).any(axis=1), np.nan, level)


def gravity(
    travel_time_min: Travel | Seasons,
    population: ArrayLike,
    decay: Decay = "exponential",
    *,
    months: Sequence[float] | None = None,
    half_life_min: float | None = None,
    exponent: float | None = None,
    floor_min: float = 1.0,
    ruler: Mapping[str, float] | None = None,
    class_upper: Mapping[str, float] = GRAVITY_CLASSES,
) -> Remoteness:
    """Gravity (potential): people within reach, each weighed by a decay with travel time, `A = sum P w(c)`.

    `exponential`: w = exp(-lambda c), lambda = ln 2 / half-life; `gaussian`: exp(-ln 2 (c / half-life)^2);
    `power`: max(c, floor)^-b.

    Parameters
    ----------
    travel_time_min
        Minutes, settlements x centres, shape `(n, m)`; 0 where the settlement is the centre, `inf` unreachable,
        NaN unknown (the settlement's score then is NaN). Or a list of such DataFrames, one for each season: A is then
        its mean over the seasons.
    population
        People of each centre, above 0, shape `(m,)`; a Series that has the names of the columns goes by them.
    months
        How many months each season has; equal where None.
    decay, half_life_min, exponent, floor_min
        As `gis.kernels.access.decay_weights`: a half-life in minutes (15, 30, 60, 120 and 300 are in use), or an
        exponent with `power`.
    ruler
        `least` and `greatest` of ln(1 + A) of another run.
    class_upper
        Classes from low to high, each with its upper bound on the scale of 100.

    Returns
    -------
    Remoteness
        `value` is A, in people: high is near. `score` is 100 (greatest - x) / (greatest - least) with x = ln(1 + A),
        cut to 0-100: high is remote. A settlement that reaches nobody gets 100.

    Raises
    ------
    ValueError
        As `gis.kernels.access.decay_weights`; populations that are not above 0.

    References
    ----------
    Hansen 1959, Journal of the American Institute of Planners 25.

    Examples
    --------
    >>> made = gravity([[0.0, 30.0], [30.0, 0.0], [60.0, 90.0]], [1000, 200], half_life_min=30)
    >>> made.value.tolist(), made.score.round(1).tolist()
    ([1100.0, 700.0, 275.0], [0.0, 32.6, 100.0])
    """
    tables = _seasons(travel_time_min)
    people = _people(population, tables[0].columns.tolist())
    kind: dict[str, Any] = {"half_life_min": half_life_min, "exponent": exponent, "floor_min": floor_min}
    reached = _mean(tables, months, lambda minutes: gravity_access(minutes, people, decay, **kind))
    value = pd.Series(reached, index=tables[0].index)
    unit, kept = between(value.map(np.log1p), ruler)
    score = ((1.0 - unit if kept["greatest"] > kept["least"] else -unit).clip(0.0, 1.0)) * 100.0
    score = score.where(value != 0, 100.0)
    return _scored(value, kept, score, classed(score, class_upper))


def _scored(value: pd.Series, ruler: Mapping[str, float], score: pd.Series, named: pd.Series) -> Remoteness:
    return Remoteness(score + 0.0, none_of(value.index), ruler, value + 0.0, named)


def _seasons(travel: Travel | Seasons) -> list[pd.DataFrame]:
    """Return one table, or those of the seasons."""
    if isinstance(travel, list | tuple) and len(travel) > 0 and isinstance(travel[0], pd.DataFrame):
        return of_seasons(travel)
    return [table_of(travel)]


def _mean(tables: list[pd.DataFrame], months: Sequence[float] | None, measure: Callable[[Float], Float]) -> Float:
    """Measure each season and return the mean, weighed by months."""
    weight = season_weights(len(tables), months)
    used = [(w, table) for w, table in zip(weight, tables, strict=True) if w > 0]
    return np.asarray(sum(w * measure(table.to_numpy(float)) for w, table in used))


def _people(population: ArrayLike, centres: list[str]) -> Float:
    people, count = doubles(by_label(population, centres), "population"), len(centres)
    if people.shape != (count,) or not (np.isfinite(people) & (people > 0)).all():
        raise ValueError(
            f"population: expected {count} numbers above 0, one for each centre, got {np.ravel(people).tolist()[:8]}"
        )
    return people
