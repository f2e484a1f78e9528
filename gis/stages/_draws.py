"""The index of viability under many assumptions at once: a gather and a product for each indicator."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.kernels.composite import outranking, outranking_among
from gis.kernels.threads import on_all_cores
from gis.stages._ruler import Ruler, percentiles

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Normalisation = Literal["percentile_rank"]
Aggregation = Literal["geometric", "harmonic", "copeland"]
PublishedAggregation = Literal["arithmetic", "geometric", "harmonic", "generalised", "copeland"]

_FLOOR = 0.01
_ELEMENTS = 2_000_000  # of an array that is worked on at once


@dataclass(frozen=True)
class Plan:
    """What each draw chooses.

    Parameters
    ----------
    weights
        Of indicators within their blocks, shape `(draws, k)`.
    block_weights
        Shape `(draws, blocks)`.
    recipe
        Normalisation and aggregation, 0 as published, shape `(draws, 2)`.
    journeys, population, missing
        The alternative of each, 0 as published, shape `(draws,)`.
    """

    weights: Float
    block_weights: Float
    recipe: Int
    journeys: Int
    population: Int
    missing: Int

    @property
    def draws(self) -> int:
        """Return how many draws there are."""
        return len(self.journeys)


@dataclass(frozen=True)
class _Column:
    """An indicator: scores of shape `(alternatives, lots, n)`, the first of each as published."""

    values: Float
    follows: Literal["journeys", "population", ""]

    @cached_property
    def gapless(self) -> bool:
        """Whether every score is known."""
        return not np.isnan(self.values).any()

    def chosen(self, plan: Plan, draws: Int) -> Int:
        """Return the row of the flattened alternatives that each draw takes."""
        first = {"journeys": plan.journeys, "population": plan.population}.get(self.follows)
        lots = self.values.shape[1]
        at = np.zeros(len(draws), np.int64) if first is None else first[draws] * lots
        return np.asarray(at + (plan.missing[draws] if lots > 1 else 0))


@dataclass(frozen=True)
class Index:
    """Everything that the index is made of, and how.

    Parameters
    ----------
    columns
        One for each indicator.
    ranked
        Their scores as percentile ranks, in the same shape; empty where that is no alternative.
    member
        The number of the block of each indicator.
    weights, block_weights
        As published.
    normalisations, aggregations
        Alternatives to the published ones.
    published_aggregation, power
        The published one, and the power of a generalised mean.
    lots
        How many ways of filling the gaps there are; 0 where they drop out.
    scale
        For each recipe but the first, what its index is multiplied by and what is added.
    among, own
        Of settlements whose scores are changed: the index of all as they are, and the places of these among them.
    """

    columns: tuple[_Column, ...]
    ranked: tuple[Float, ...]
    member: Int
    weights: Float
    block_weights: Float
    normalisations: tuple[Normalisation, ...]
    aggregations: tuple[Aggregation, ...]
    published_aggregation: PublishedAggregation
    power: float | None
    lots: int
    scale: Mapping[tuple[int, int], tuple[float, float]]
    among: "Index | None" = None
    own: Int | None = None

    @classmethod
    def of(
        cls,
        scores: pd.DataFrame,
        indicators: pd.DataFrame,
        block_weights: Mapping[str, float],
        journeys: Mapping[str, Float],
        population: Mapping[str, Float],
        *,
        lots: int,
        normalisations: Sequence[Normalisation],
        aggregations: Sequence[Aggregation],
        order: Int,
        seed: int,
        published: PublishedAggregation = "arithmetic",
        power: float | None = None,
        unknown: pd.DataFrame | None = None,
    ) -> "Index":
        """Gather the alternatives; `order` sorts the rows, so that lots do not depend on theirs.

        `unknown` says which values were not known and have a score because they were filled in.
        """
        columns, gaps = [], False
        for number, name in enumerate(scores.columns):
            own = scores[name].to_numpy(float)
            follows: Literal["journeys", "population", ""] = ""
            values = own[np.newaxis]
            if name in journeys:
                follows, values = "journeys", journeys[name]
            elif name in population:
                follows, values = "population", np.concatenate([values, population[name]])
            gap = np.isnan(own) if unknown is None else unknown[name].to_numpy(bool)
            some = lots > 0 and gap.any() and not gap.all()
            gaps |= bool(some)
            filled = _filled(values, gap, order, lots, [seed, 4, number]) if some else values[:, np.newaxis]
            columns.append(_Column(filled, follows))
        ranked = tuple(percentiles(column.values) for column in columns) if normalisations else ()
        blocks = list(dict.fromkeys(indicators["block"]))
        made = cls(
            tuple(columns),
            ranked,
            indicators["block"].map({block: number for number, block in enumerate(blocks)}).to_numpy(np.int64),
            indicators["weight"].to_numpy(float),
            np.array([block_weights[block] for block in blocks], float),
            tuple(normalisations),
            tuple(kind for kind in aggregations if kind != published),
            published,
            power,
            lots if gaps else 0,
            {},
        )
        return replace(made, scale=made._scales())

    @property
    def weighted(self) -> bool:
        """Whether moving weights can move the index: not of one indicator alone."""
        return len(self.columns) > 1

    def plan(
        self,
        u: Float,
        counts: Mapping[str, int],
        spread: float,
        rng: np.random.Generator,
        *,
        weights: int | None = None,
        only: str | None = None,
    ) -> Plan:
        """Turn numbers from 0 to 1 of shape `(draws, 7)` into choices.

        With `weights` given there are so many sets of weights, from which the first number chooses; else each draw
        has its own. With `only` given the other assumptions are as published.
        """
        vary = {name: only in (None, name) for name in ("weights", *counts)}
        sets = len(u) if weights is None else weights
        lot = rng.random((sets, len(self.weights) + len(self.block_weights)))
        if weights is not None:
            lot = lot[(u[:, 0] * sets).astype(np.int64)]
        moved = 1 + spread * (2 * lot - 1) if vary["weights"] else np.ones_like(lot)
        k = len(self.weights)
        choice = {
            name: (u[:, number] * count).astype(np.int64) if vary[name] else np.zeros(len(u), np.int64)
            for number, (name, count) in enumerate(counts.items(), start=1)
        }
        # Errors and lots are realisations, none of which is as published: those are numbered from 1.
        realised = counts["population"] > 1 and vary["population"]
        return Plan(
            self.weights * moved[:, :k],
            self.block_weights * moved[:, k:],
            np.column_stack([choice["normalisation"], choice["aggregation"]]),
            choice["speeds"] * counts["seasons"] + choice["seasons"],
            choice["population"] + int(realised),
            choice["missing"] + int(self.lots > 0 and vary["missing"]),
        )

    def published(self) -> Plan:
        """Return the plan of one draw, in which everything is as published."""
        zero = np.zeros(1, np.int64)
        recipe = np.zeros((1, 2), np.int64)
        return Plan(self.weights[np.newaxis], self.block_weights[np.newaxis], recipe, zero, zero, zero)

    def nominal(self) -> Float:
        """Return the index as published, shape `(n,)`."""
        return np.asarray(next(self.blocks(self.published()))[1][0])

    def blocks(self, plan: Plan) -> Iterator[tuple[Int, Float]]:
        """Yield `(draws, index)`, the numbers of some draws and their index, 0 to 100, shape `(len(draws), n)`."""
        for recipe, draws in _recipes(plan):
            yield from ((some, self._index(values, recipe, plan, some)) for some, values in self._work(recipe, draws))

    def over(self, plan: Plan, take: Callable[[Int, Float], None]) -> None:
        """Call `take(draws, index)` with what `blocks` yields, on all cores: each number of a draw comes once."""
        for recipe, draws in _recipes(plan):
            if self._kind(recipe) == "copeland":  # which takes all cores itself
                for some, values in self._work(recipe, draws):
                    take(some, self._index(values, recipe, plan, some))
            else:
                on_all_cores(
                    lambda some, values, _, recipe=recipe: take(some, self._index(values, recipe, plan, some)),
                    self._work(recipe, draws),
                )

    def _work(self, recipe: tuple[int, int], draws: Int) -> Iterator[tuple[Int, list[Float]]]:
        """Yield some draws of a recipe at a time, and the scores that they choose from, ready to be averaged."""
        n = self.columns[0].values.shape[-1]
        size = max(1, _ELEMENTS // max(n, 1))
        power, lift = (1.0, False) if self._kind(recipe) == "copeland" else self._power(recipe)
        values = [_powered(table.reshape(-1, n), power, lift) for table in self._normalised(recipe)]
        for start in range(0, len(draws), size):
            yield draws[start : start + size], values

    def _index(self, values: list[Float], recipe: tuple[int, int], plan: Plan, draws: Int) -> Float:
        """The index of some draws of a recipe, 0 to 100, shape `(len(draws), n)`."""
        if self._kind(recipe) == "copeland":
            mean = self._outranked(values, recipe, plan, draws)
        else:
            mean = _unpowered(self._mean(values, plan, draws), *self._power(recipe))
        factor, term = self.scale.get(recipe, (1.0, 0.0))
        return mean * (100.0 * factor) + term

    def changed(self, rows: Int, change: Float, rulers: Sequence[Ruler] | None = None) -> "Index":
        """Return the index of some settlements, once their published scores are changed by `(len(rows), k)`.

        `rulers`, from the method of that name, are made once for many.
        """
        columns, ranked = [], []
        for number, (column, ruler) in enumerate(zip(self.columns, rulers or self.rulers(), strict=True)):
            new = np.clip(column.values[:, :, rows] + change[:, number], ruler.least, ruler.most)
            columns.append(_Column(new, column.follows))
            if self.ranked:
                ranked.append(ruler.ranks(new))
        return replace(self, columns=tuple(columns), ranked=tuple(ranked), among=self, own=rows)

    def rulers(self) -> list[Ruler]:
        """Sort the scores of each indicator, so that the ranks of other scores can be looked up."""
        ranked = self.ranked or [None] * len(self.columns)
        made: list[Ruler] = on_all_cores(
            lambda column, its, _: Ruler.of(column.values, its), zip(self.columns, ranked, strict=True)
        )
        return made

    @property
    def compares_pairs(self) -> bool:
        """Whether some draws compare every pair of settlements, each on all cores."""
        return "copeland" in (self.published_aggregation, *self.aggregations)

    def _kind(self, recipe: tuple[int, int]) -> str:
        return self.aggregations[recipe[1] - 1] if recipe[1] else self.published_aggregation

    def _power(self, recipe: tuple[int, int]) -> tuple[float, bool]:
        """The power of the mean of a recipe, 0 the geometric; and whether scores are lifted off zero before."""
        power = {"arithmetic": 1.0, "geometric": 0.0, "harmonic": -1.0}.get(self._kind(recipe), self.power or 1.0)
        return power, recipe != (0, 0) and power <= 0

    def _normalised(self, recipe: tuple[int, int]) -> tuple[Float, ...]:
        return self.ranked if recipe[0] else tuple(column.values for column in self.columns)

    def _mean(self, values: list[Float], plan: Plan, draws: Int) -> Float:
        """Weigh within blocks and between them; what is missing drops out, and the rest carries its weight."""
        total, weight = np.zeros((len(draws), values[0].shape[-1])), 0.0
        for block in range(len(self.block_weights)):
            summed, known = np.zeros_like(total), 0.0
            for column in np.flatnonzero(self.member == block):
                x = values[column][self.columns[column].chosen(plan, draws)]  # a copy, to be worked on in place
                w = plan.weights[draws, column][:, np.newaxis]
                if self.columns[column].gapless:
                    known = known + w
                else:
                    there = ~np.isnan(x)
                    x[~there], known = 0.0, known + w * there
                x *= w
                summed += x
            has = known > 0
            share = plan.block_weights[draws, block][:, np.newaxis] * has
            summed *= share
            summed /= np.where(has, known, 1.0)
            total += summed
            weight = weight + share
        with np.errstate(invalid="ignore", divide="ignore"):
            total /= weight  # 0 / 0 where nothing is known: NaN
        return total

    def _outranked(self, values: list[Float], recipe: tuple[int, int], plan: Plan, draws: Int) -> Float:
        """Copeland's index from 0 (outranked by all) to 1 (outranks all): every draw compares every pair."""
        whole = self.among
        tables = [] if whole is None else [x.reshape(-1, x.shape[-1]) for x in whole._normalised(recipe)]

        def one(draw: int, _: object) -> Float:
            at, w = np.array([draw]), self._index_weights(plan, draw)
            mine = self._gathered(values, plan, at)
            if whole is None or self.own is None:
                score, there = outranking(mine, w), _known(mine, w)
                rivals = int(there.sum()) - 1
            else:
                others = whole._gathered(tables, plan, at)
                score, there = outranking_among(mine, others, self.own, w), _known(mine, w)
                rivals = int(_known(others, w).sum()) - 1
            return np.where(there, 0.5 * (1.0 + score / max(rivals, 1)), np.nan)

        return np.stack(on_all_cores(one, [(draw,) for draw in draws.tolist()]))

    def _gathered(self, values: list[Float], plan: Plan, draw: Int) -> Float:
        """The scores of one draw, indicators x settlements."""
        return np.concatenate([x[column.chosen(plan, draw)] for column, x in zip(self.columns, values, strict=True)])

    def _index_weights(self, plan: Plan, draw: int) -> Float:
        """The weight of each indicator in the index, of sum 1."""
        w, of_block = plan.weights[draw], plan.block_weights[draw]
        inside = np.bincount(self.member, w, len(of_block))
        return np.asarray(w / inside[self.member] * (of_block / of_block.sum())[self.member])

    def _scales(self) -> dict[tuple[int, int], tuple[float, float]]:
        """Bring each recipe to the mean and the standard deviation of the published index."""
        wanted = self.nominal()
        scales: dict[tuple[int, int], tuple[float, float]] = {}
        if np.isnan(wanted).all():
            return {}
        for a in range(len(self.normalisations) + 1):
            for b in range(len(self.aggregations) + 1):
                if (a, b) == (0, 0):
                    continue
                given = next(self.blocks(replace(self.published(), recipe=np.array([[a, b]]))))[1][0]
                spread = float(np.nanstd(given))
                factor = float(np.nanstd(wanted)) / spread if spread > 0 else 1.0
                scales[a, b] = (factor, float(np.nanmean(wanted) - factor * np.nanmean(given)))
        return scales


def _recipes(plan: Plan) -> Iterator[tuple[tuple[int, int], Int]]:
    """Yield each recipe that is drawn, and the draws of it."""
    for recipe in sorted({(int(a), int(b)) for a, b in plan.recipe}):
        yield recipe, np.flatnonzero((plan.recipe == recipe).all(axis=1))


def _filled(values: Float, gap: NDArray[np.bool_], order: Int, lots: int, seed: list[int]) -> Float:
    """Give the gaps, lot by lot, the values of other settlements; the first lot leaves them as they are."""
    known, unknown = order[~gap[order]], order[gap[order]]
    rng = np.random.default_rng(seed)
    out = np.repeat(values[:, np.newaxis], lots + 1, axis=1)
    for lot in range(1, lots + 1):
        out[:, lot, unknown] = values[:, rng.choice(known, len(unknown))]
    return out


def _known(scores: Float, w: Float) -> NDArray[np.bool_]:
    """Where a settlement has a known score of any weight; scores are indicators x settlements."""
    return np.asarray((~np.isnan(scores) & (w > 0)[:, np.newaxis]).any(axis=0))


def _powered(scores: Float, power: float, lift: bool) -> Float:
    """Turn scores into what is averaged; off zero first, for means that a zero would end."""
    if lift:
        scores = np.maximum(_FLOOR + (1.0 - _FLOOR) * scores, _FLOOR)
    if power == 1.0:
        return scores
    return np.log(scores) if power == 0.0 else np.asarray(scores**power)


def _unpowered(mean: Float, power: float, lift: bool) -> Float:
    if power != 1.0:
        mean = np.exp(mean) if power == 0.0 else np.asarray(mean ** (1.0 / power))
    return np.asarray((mean - _FLOOR) / (1.0 - _FLOOR)) if lift else mean
