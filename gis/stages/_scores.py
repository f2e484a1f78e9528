"""One indicator of viability on its way from a column to a score of 0 to 1."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gis.kernels.composite import NORMALISATIONS, Treatment, denominate, impute, normalise, treat_outliers

Float = NDArray[np.float64]

TRANSFORMS = ("none", "log", "outliers")

# Values whose range is a smaller share of the greatest than this differ by rounding alone.
_ROUNDING = 1e-9
_RANKS = ("rank", "percentile_rank", "borda")
_NEED_SPREAD = (*_RANKS, "min_max", "z_score", "distance_to_max")
_MEAN_SD = (0.5, 0.1)  # of z-scores: 50 points, and 10 for each standard deviation


@dataclass(frozen=True)
class Indicator:
    """The rules of one indicator, as a row of the table of indicators has them.

    Parameters
    ----------
    name, column, direction, transform, normalise, goalpost_low, goalpost_high, target, reference, missing, per,
    per_scale
        See `gis.stages.viability.viability`.
    """

    name: str
    column: str
    direction: int
    transform: str = "none"
    normalise: str = "min_max"
    goalpost_low: float | None = None
    goalpost_high: float | None = None
    target: float | None = None
    reference: str | None = None
    missing: str = "none"
    per: str | None = None
    per_scale: float = 1.0

    @classmethod
    def of(cls, name: str, row: pd.Series) -> "Indicator":
        """Take a row; what is blank or not there has its default."""
        given = {key: row[key] for key in cls.__dataclass_fields__ if key in row and key != "name"}
        made = cls(name=name, **{key: value for key, value in given.items() if not _blank(value)})
        for what, value, known in (
            ("direction", made.direction, (1, -1)),
            ("transform", made.transform, TRANSFORMS),
            ("normalise", made.normalise, NORMALISATIONS),
        ):
            if value not in known:
                raise ValueError(f"indicator {name}: {what} must be one of {', '.join(map(str, known))}, got {value!r}")
        if made.transform == "outliers" and made.normalise in ("goalposts", "distance_to_target"):
            raise ValueError(
                f"indicator {name}: outliers are moved by the data, goalposts and targets are not; give one"
            )
        return made


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def numbers(settlements: pd.DataFrame, column: str, name: str) -> Float:
    """Return a column as floats, or say of which indicator it is no number."""
    try:
        return settlements[column].to_numpy(float)
    except (TypeError, ValueError):
        text = settlements[column].dropna().astype(str)
        example = f", such as {text.iloc[0]!r}" if len(text) else ""
        raise ValueError(f"indicator {name}: the column {column} must hold numbers{example}") from None


def raw_values(settlements: pd.DataFrame, rule: Indicator) -> Float:
    """Return the column, divided by the one that it is counted per; `inf` is unreachable, `-inf` is refused."""
    values = numbers(settlements, rule.column, rule.name)
    if np.isneginf(values).any():
        raise ValueError(
            f"indicator {rule.name}: the column {rule.column} holds -inf; only inf has a meaning, unreachable"
        )
    if rule.per is None:
        return values
    by, endless = numbers(settlements, rule.per, rule.name), np.isinf(values)
    try:
        share = denominate(np.where(endless, np.nan, values), by, scale=rule.per_scale)
    except ValueError as error:
        raise ValueError(f"indicator {rule.name}: per {rule.per}: {error}") from None
    return np.where(endless, values, share)


def first_of(index: pd.Index, where: NDArray[np.bool_]) -> str:
    """Name the settlements of a refusal: the first three, and how many more there are."""
    ids = [str(one) for one in index[where]]
    return ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")


def treated(
    values: Float, rule: Indicator, groups: ArrayLike | None, index: pd.Index
) -> tuple[Float, Treatment | None]:
    """Fill gaps, then take the logarithm or pull in outliers; infinite values stay as they are."""
    endless, finite = np.isinf(values), np.where(np.isinf(values), np.nan, values)
    gaps = np.isnan(values)
    if rule.missing == "fail" and gaps.any():
        raise ValueError(
            f"indicator {rule.name}: {int(gaps.sum())} values missing, and missing is 'fail' ({first_of(index, gaps)})"
        )
    if rule.missing != "fail":  # an infinite value is no gap
        filled = impute(finite, rule.missing, groups, names=[rule.name])  # type: ignore[arg-type]
        finite = np.where(gaps, filled, finite)
    done = None
    if rule.transform == "log":
        if (values < 0).any():
            raise ValueError(
                f"indicator {rule.name}: a logarithm needs values of 0 or more, got {np.nanmin(values):g} "
                f"({first_of(index, values < 0)}); set transform to 'none' or 'outliers'"
            )
        finite = np.log1p(finite)
    elif rule.transform == "outliers":
        finite, records = treat_outliers(finite, names=[rule.name])
        done = records[0]
    return np.where(endless, values, finite), done


def scored(values: Float, rule: Indicator, index: pd.Index, floor: float) -> Float | None:
    """Score an indicator from `floor` (worst) to 1 (best); None where it tells nothing apart."""
    endless = np.isinf(values)
    if rule.normalise in _RANKS:
        return _ranked(values, rule, floor)
    finite = np.where(endless, np.nan, values)
    low, high = np.nanmin(finite), np.nanmax(finite)
    end, other_end = (1.0, floor) if rule.direction > 0 else (floor, 1.0)
    if rule.normalise in _NEED_SPREAD and not high - low > _ROUNDING * max(abs(low), abs(high)):
        if not endless.any():
            return None
        # All finite values are one: it lies at the other end from the infinite ones.
        return np.where(endless, end, np.where(np.isnan(values), np.nan, other_end))
    unit = normalise(finite, rule.normalise, rule.direction, names=[rule.name], **_options(rule, index, floor))  # type: ignore[arg-type]
    if rule.normalise not in ("min_max", "goalposts", "z_score"):
        unit = floor + (1.0 - floor) * unit
    if rule.normalise == "z_score":
        end = np.nanmax(unit) if rule.direction > 0 else np.nanmin(unit)
    return np.where(endless, end, unit)


def _options(rule: Indicator, index: pd.Index, floor: float) -> dict[str, Any]:
    def in_unit(value: float) -> float:
        return float(np.log1p(value)) if rule.transform == "log" else float(value)

    if rule.normalise in ("min_max", "goalposts"):
        options: dict[str, Any] = {"bounds": (floor, 1.0)}
        if rule.normalise == "goalposts":
            if rule.goalpost_low is None or rule.goalpost_high is None:
                raise ValueError(f"indicator {rule.name}: goalposts need low and high")
            options["goalposts"] = [in_unit(rule.goalpost_low), in_unit(rule.goalpost_high)]
        return options
    if rule.normalise == "z_score":
        return {"mean_sd": _MEAN_SD}
    if rule.normalise == "distance_to_target":
        if rule.target is None:
            raise ValueError(f"indicator {rule.name}: distance_to_target needs a target")
        return {"targets": in_unit(rule.target), "cap": True}
    if rule.normalise == "distance_to_reference":
        if rule.reference not in index:
            raise ValueError(f"indicator {rule.name}: reference: no settlement has the id {rule.reference!r}")
        return {"reference": int(np.flatnonzero(index == rule.reference)[0]), "cap": True}
    return {}


def _ranked(values: Float, rule: Indicator, floor: float) -> Float | None:
    """Score by ranks, brought to 0-1; infinite values lie beyond all others."""
    finite = values[np.isfinite(values)]
    beyond = np.abs(finite).max() + 1.0
    known = values[~np.isnan(values)]
    if not np.isinf(known).any() and not np.ptp(finite) > _ROUNDING * np.abs(finite).max():
        return None
    ranked = normalise(
        np.where(np.isinf(values), beyond, values),
        rule.normalise,  # type: ignore[arg-type]
        rule.direction,
        names=[rule.name],
    )
    most = {"rank": len(known), "borda": len(known) - 1, "percentile_rank": 1}[rule.normalise]
    return floor + (1.0 - floor) * ranked / most
