"""The index under many assumptions at once: draws that share a table become one matrix product."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._aggregate import Aggregation, Labels, aggregate, block_order
from gis.kernels._indicators import Names, check_weights, directions, label, matrix
from gis.kernels._normalise import Normalisation, low_high, normalise
from gis.kernels._numbers import Float, doubles, scalar, whole
from gis.kernels.threads import on_all_cores

Int = NDArray[np.int64]
Missing = Literal["drop", "resample"]

_BOUNDED: tuple[str, ...] = ("min_max", "percentile_rank", "distance_to_max", "fraction_of_max")
"""Normalisations that share the scale from 0 to 1, stretched to `bounds` here."""


_NORMALISATIONS = (*_BOUNDED, "z_score", "rank", "borda")
_AGGREGATIONS = ("arithmetic", "geometric", "harmonic", "copeland")


@dataclass(frozen=True)
class Study:
    """Tables and the alternatives that draws choose from.

    Parameters
    ----------
    tables
        Alternative inputs (seasons, speeds, estimates), each settlements x indicators.
    direction
        1 or -1 for each indicator.
    normalisations
        Alternatives; None where the tables are normalised already.
    aggregations
        Alternatives.
    bounds
        Scale of the bounded normalisations.
    member
        Number of the block of each indicator.
    error_sd
        Standard deviation of the error of each value, `(k,)` or `(n, k)`, or None.
    missing
        Whether gaps drop out, or take the value of another settlement by lot.
    seed
        Of the errors and the lots.
    names
        Of the indicators.
    """

    tables: tuple[Float, ...]
    direction: Float
    normalisations: tuple[Normalisation, ...] | None
    aggregations: tuple[Aggregation, ...]
    bounds: tuple[float, float]
    member: Int
    error_sd: Float | None
    missing: Missing
    seed: int
    names: Names

    @property
    def varies_inputs(self) -> bool:
        """Whether values differ between draws beyond the choice of a table."""
        gaps = any(np.isnan(t).any() for t in self.tables)
        return self.error_sd is not None or (self.missing == "resample" and gaps)

    @property
    def alternatives(self) -> tuple[int, int, int]:
        """How many tables, normalisations and aggregations there are."""
        return len(self.tables), len(self.normalisations or (None,)), len(self.aggregations)


@dataclass(frozen=True)
class Plan:
    """What each draw chooses: weights `(draws, k)`, weights of blocks, and the numbers of its alternatives.

    `choice` has shape `(draws, 4)`: table, normalisation, aggregation, and the lot of errors and gaps.
    """

    weights: Float
    block_weights: Float
    choice: Int


def make_study(
    x: ArrayLike | Sequence[ArrayLike],
    direction: ArrayLike,
    normalisations: Sequence[Normalisation] | None,
    aggregations: Sequence[Aggregation],
    bounds: tuple[float, float],
    blocks: Labels,
    error_sd: ArrayLike | None,
    missing: Missing,
    seed: int,
    names: Names,
) -> tuple[Study, list[str]]:
    """Check everything once; return the study and the names of its blocks."""
    stack = x if np.ndim(x) == 3 else [x]  # type: ignore[arg-type]
    tables = tuple(matrix(t, names) for t in stack)  # type: ignore[union-attr,arg-type]
    shape = tables[0].shape
    if missing not in ("drop", "resample"):
        raise ValueError(f"missing: expected drop or resample, got {missing!r}")
    _check_ways(aggregations, _AGGREGATIONS, "aggregations")
    if normalisations is not None:
        _check_ways(normalisations, _NORMALISATIONS, "normalisations")
    sd = None
    if error_sd is not None:
        sd = doubles(error_sd, "error_sd")
        if sd.shape not in (shape, shape[1:]) or not (np.isfinite(sd) & (sd >= 0)).all():
            raise ValueError(f"error_sd: expected {shape[1]} or {shape} known numbers of 0 or more")
    order, member = ([""], np.zeros(shape[1], np.int64)) if blocks is None else block_order(blocks, shape[1])
    study = Study(
        tables,
        directions(direction, shape[1], names),
        None if normalisations is None else tuple(normalisations),
        tuple(aggregations),
        low_high(bounds),
        member,
        sd,
        missing,
        whole(seed, "seed", least=0),
        names,
    )
    if "copeland" in aggregations and blocks is not None:
        raise ValueError("copeland takes no blocks: give it hierarchical_weights")
    return study, order


def _check_ways(ways: Sequence[str], allowed: tuple[str, ...], what: str) -> None:
    if np.ndim(ways) != 1 or not len(ways):
        raise ValueError(f"{what}: give at least one, in a list")
    for way in ways:
        if way not in allowed:
            raise ValueError(f"{what}: expected some of {', '.join(allowed)}, got {way!r}")


def spread_weights(weights: ArrayLike | None, u: Float, spread: float, names: Names, what: str) -> Float:
    """Move each weight by up to `spread` of itself, by numbers from 0 to 1 of shape `(draws, k)`."""
    if not 0 <= scalar(spread, "weight_spread") <= 1:
        raise ValueError(f"weight_spread: expected 0 to 1, got {spread}")
    w = check_weights(weights, u.shape[1], names, what=what)
    moved = w * (1 + spread * (2 * u - 1))
    total = moved.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, moved / np.where(total > 0, total, 1), w))


def _values(study: Study, table: int, normalisation: int, error: int) -> Float:
    """Return the normalised table of a choice."""
    raw = study.tables[table]
    if study.varies_inputs:
        rng = np.random.default_rng([study.seed, 7, error])
        if study.error_sd is not None:
            raw = raw + rng.standard_normal(raw.shape) * study.error_sd
        if study.missing == "resample":
            raw = _filled(raw, rng, study.names)
    if study.normalisations is None:
        return raw * study.direction
    method = study.normalisations[normalisation]
    low, high = study.bounds
    if method == "min_max":
        return normalise(raw, method, study.direction, bounds=study.bounds, names=study.names)
    out = normalise(raw, method, study.direction, names=study.names)
    return low + out * (high - low) if method in _BOUNDED else out


def _filled(raw: Float, rng: np.random.Generator, names: Names) -> Float:
    out = raw.copy()
    for column in range(raw.shape[1]):
        gaps = np.isnan(raw[:, column])
        if gaps.any():
            if gaps.all():
                raise ValueError(f"{label(names, column)}: every value is missing")
            out[gaps, column] = rng.choice(raw[~gaps, column], int(gaps.sum()))
    return out


def indices(study: Study, plan: Plan, block_size: int) -> Iterator[tuple[Int, Float]]:
    """Yield `(draws, index)`, the numbers of some draws and their index, shape `(n, len(draws))`."""
    values_of = plan.choice[:, [0, 1, 3]] * [1, 1, int(study.varies_inputs)]
    unique, which = np.unique(values_of, axis=0, return_inverse=True)
    which = which.reshape(-1)
    for number, (table, normalisation, mistake) in enumerate(unique.tolist()):
        values = _values(study, table, normalisation, mistake)
        same = which == number
        for kind, method in enumerate(study.aggregations):
            chosen = np.flatnonzero(same & (plan.choice[:, 2] == kind))
            for start in range(0, len(chosen), block_size):
                draws = chosen[start : start + block_size]
                yield draws, _means(values, plan.weights[draws], plan.block_weights[draws], study, method)


def _means(values: Float, w: Float, of_block: Float, study: Study, method: Aggregation) -> Float:
    """Return the index of each settlement for each row of weights, shape `(n, draws)`."""
    if method == "copeland":
        return np.column_stack(on_all_cores(lambda one, _: aggregate(values, one, method), [(one,) for one in w]))
    present = ~np.isnan(values)
    if method == "arithmetic":
        powered = values
    else:
        if (values <= 0).any():
            column = int(np.flatnonzero((values <= 0).any(axis=0))[0])
            raise ValueError(
                f"{label(study.names, column)}: the {method} mean needs values above 0; set bounds above 0, "
                "for example (1, 100), and choose bounded normalisations"
            )
        powered = np.log(values) if method == "geometric" else 1 / values
    powered = np.where(present, powered, 0.0)
    total = np.zeros((len(values), len(w)))
    weight = np.zeros_like(total)
    for number in range(of_block.shape[1]):
        columns = study.member == number
        shares = w[:, columns].T
        share = of_block[:, number]
        if present[:, columns].all():
            total += powered[:, columns] @ (shares * (share / shares.sum(axis=0)))
            weight += share
            continue
        known = present[:, columns].astype(np.float64) @ shares
        has = known > 0
        total += np.where(has, powered[:, columns] @ shares / np.where(has, known, 1), 0) * share
        weight += has * share
    with np.errstate(invalid="ignore", divide="ignore"):
        total /= weight  # 0 / 0 where a settlement has nothing known: NaN
    if method == "geometric":
        return np.exp(total)
    return 1 / total if method == "harmonic" else total
