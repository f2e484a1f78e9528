"""How fit a settlement is for life: a weighted composite of named indicators, from 0 to 100."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gis.kernels.composite import aggregate, contributions, missing_share, normalise

# Values whose range is a smaller share of the greatest than this differ by rounding alone.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Viability:
    """The composite, and everything that it was made of, so that a third person can recompute it.

    Parameters
    ----------
    index
        0 to 100 on the settlements' index; NaN where no indicator is known.
    contributions
        The points that each indicator adds, one column an indicator; a row sums to the index. 0 where the
        value is missing, NaN where all of a settlement's are.
    missing
        Share of the weight whose indicators are missing, 0 to 1.
    normalised
        Each indicator from 0 (worst) to 1 (best).
    ranges
        Index `indicator`: the least and the greatest value that was normalised by, in the column's unit.
    left_out
        Indicators that could not be used, each with the reason.
    infinite
        How many infinite values (unreachable) each indicator had; they count as the worst value, or the best
        where more is better.
    """

    index: pd.Series
    contributions: pd.DataFrame
    missing: pd.Series
    normalised: pd.DataFrame
    ranges: pd.DataFrame
    left_out: Mapping[str, str]
    infinite: Mapping[str, int]


def viability(settlements: pd.DataFrame, indicators: pd.DataFrame, block_weights: Mapping[str, float]) -> Viability:
    """Make the composite: min-max normalised indicators, weighted within blocks and between them.

    `100 x sum of block weight x weight in the block x normalised value`, the weights of what is known rescaled to 1.

    Parameters
    ----------
    settlements
        With the columns that the indicators name.
    indicators
        Index `indicator`; `block`, `column`, `direction` (1 more is better, -1 less is), `weight` (within the block,
        above 0), `transform` (`none`, or `log`: ln(1 + x), of values that are not negative).
    block_weights
        Of each block.

    Returns
    -------
    Viability

    Raises
    ------
    ValueError
        No indicator can be used; a negative value under `log`.

    Notes
    -----
    Minimum and maximum are those of the settlements given, so the index moves with the set. An indicator that is the
    same everywhere, or known nowhere, tells nothing apart and is left out, with the reason. Values that differ by
    less than a billionth of the greatest are the same: what is left there is rounding, which must not be
    stretched over 0 to 1. Where the finite values are the same and others are infinite, that difference counts.

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
    values: dict[str, np.ndarray] = {}
    left_out: dict[str, str] = {}
    infinite: dict[str, int] = {}
    ranges: dict[str, tuple[float, float]] = {}
    for name, row in indicators.iterrows():
        column = settlements[row["column"]].to_numpy(float)
        finite = column[np.isfinite(column)]
        endless = np.isinf(column)
        if len(finite) == 0:
            left_out[str(name)] = "no settlement has a value" + (" that is not infinite" if endless.any() else "")
            continue
        scored = _score(column, row, str(name))
        if scored is None:
            left_out[str(name)] = f"every settlement has the same value, {finite[0]:g}"
            continue
        values[str(name)] = scored
        ranges[str(name)] = (float(finite.min()), float(finite.max()))
        if endless.any():
            infinite[str(name)] = int(endless.sum())
    if not values:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise ValueError(f"no indicator of viability can be used ({reasons})")
    used = indicators.loc[list(values)]
    score = pd.DataFrame(values, index=settlements.index)
    blocks = used["block"].tolist()
    weighting: dict[str, Any] = {
        "weights": used["weight"].to_numpy(float),
        "blocks": blocks,
        "block_weights": [block_weights[block] for block in dict.fromkeys(blocks)],
        "names": list(values),
    }
    points = score.to_numpy() * 100.0
    return Viability(
        pd.Series(aggregate(points, **weighting), index=settlements.index),
        pd.DataFrame(contributions(points, **weighting), index=settlements.index, columns=list(values)),
        pd.Series(missing_share(points, **weighting), index=settlements.index),
        score,
        pd.DataFrame.from_dict(ranges, orient="index", columns=["minimum", "maximum"]),
        left_out,
        infinite,
    )


def _score(column: np.ndarray, row: pd.Series, name: str) -> np.ndarray | None:
    """Score an indicator from 0 (worst) to 1 (best); None where it tells nothing apart."""
    if row["transform"] == "log":
        if (column < 0).any():
            raise ValueError(f"indicator {name}: a logarithm needs values of 0 or more, got {np.nanmin(column):g}")
        column = np.log1p(column)
    direction = int(row["direction"])
    endless = np.isinf(column)
    finite = np.where(endless, np.nan, column)
    end = np.where(np.sign(column) * direction > 0, 1.0, 0.0)
    if np.nanmax(finite) - np.nanmin(finite) > _ROUNDING * np.nanmax(np.abs(finite)):
        return np.where(endless, end, normalise(finite, direction=direction, names=[name]))
    if not endless.any():
        return None
    # All finite values are one: it lies at the other end from the infinite ones, or between them.
    return np.where(endless, end, np.where(np.isnan(column), np.nan, 1.0 - np.unique(end[endless]).mean()))
