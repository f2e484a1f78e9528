"""What the presets of remoteness share: the result, its classes, the checks of what they are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gis.kernels._numbers import doubles, scalar

Float = NDArray[np.float64]
Travel = pd.DataFrame | ArrayLike
"""Distances or minutes: a DataFrame on the settlements' index, or an array with a row for each settlement."""


OfEach = Mapping[str, float] | pd.Series | Sequence[float] | Float
"""A number for each tier: by its name, or in the order of the columns. A Series that has the names goes by them."""


@dataclass(frozen=True)
class Remoteness:
    """A score, its classes, and the ruler by which it was measured.

    Parameters
    ----------
    score
        0 (near) to 100 (remote) on the settlements' index; NaN where it is not known.
    parts
        What each tier adds to the score, one column a tier; they sum to it. No column where a preset has no
        such parts (`nz_ua`, `statcan_ir`, `gravity`).
    ruler
        What the score is measured by: for each tier the mean (`aria_plus`, `cari_plus`) or the minutes (`kz`, `far`,
        `nz_ua`); `least` and `greatest` (`statcan_ir`, `gravity`). To score other settlements, or a later year, on
        the same ruler, hand it in again.
    value
        The score as it is published: see each preset.
    classes
        The published class of each settlement; NaN where the score is.
    """

    score: pd.Series
    parts: pd.DataFrame
    ruler: Mapping[str, float]
    value: pd.Series
    classes: pd.Series


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


def classed(value: pd.Series, class_upper: Mapping[str, float]) -> pd.Series:
    """Name the classes by a mapping from their names to their upper bounds, from low to high.

    Raises
    ------
    ValueError
        No mapping, or bounds that do not rise.
    """
    if not isinstance(class_upper, Mapping):
        raise ValueError(f"class_upper: expected upper bounds by the names of the classes, got {class_upper!r}")
    upper = doubles(list(class_upper.values()), "class_upper")
    if not upper.size or not (np.diff(upper) > 0).all():
        raise ValueError(f"class_upper: expected rising bounds, got {dict(class_upper)}")
    return classes(value, upper.tolist(), list(class_upper))


def table_of(travel: Travel, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Return distances or minutes as a table of floats, and refuse what is no distance.

    The columns of an array are named, in order, by `names`; those of a DataFrame must be there by name.

    Raises
    ------
    ValueError
        Text, negative values, no such column, another number of columns.
    """
    if isinstance(travel, pd.DataFrame):
        missing = [name for name in names or [] if name not in travel]
        if missing:
            raise ValueError(f"no column {missing[0]!r}; there are {travel.columns.tolist()}")
        table = travel if names is None else travel[list(names)]
    else:
        values = np.asanyarray(travel)  # which keeps the mask of a masked array
        if values.ndim != 2 or (names is not None and values.shape[1] != len(names)):
            raise ValueError(f"expected settlements x {'tiers' if names is None else len(names)}, got {values.shape}")
        table = pd.DataFrame(
            values, columns=list(names) if names is not None else [str(i) for i in range(values.shape[1])]
        )
    for name in table.columns:
        try:
            below = (table[name].astype(float) < 0).to_numpy()
        except (TypeError, ValueError) as error:
            raise ValueError(f"column {name}: expected numbers ({error})") from None
        if below.any():
            raise ValueError(f"column {name}: {int(below.sum())} values below 0, the least {table[name].min():g}")
    return table.astype(float)


def of_seasons(by_season: Sequence[Travel]) -> list[pd.DataFrame]:
    """Return the tables of the seasons with the rows and columns of the first, those of DataFrames found by name.

    Raises
    ------
    ValueError
        As `table_of`; tables of different shapes, or DataFrames that name other settlements or tiers.
    """
    tables = [table_of(one) for one in by_season]
    if not tables or any(table.shape != tables[0].shape for table in tables):
        raise ValueError(f"seasons: expected one table or more, of one shape; got {[table.shape for table in tables]}")
    first = tables[0]
    for number, table in enumerate(tables):
        if not isinstance(by_season[0], pd.DataFrame) or not isinstance(by_season[number], pd.DataFrame):
            continue  # arrays are in one order
        for what, own, theirs in (("rows", table.index, first.index), ("columns", table.columns, first.columns)):
            if not own.equals(theirs) and (not own.is_unique or set(own) != set(theirs)):
                raise ValueError(f"seasons: table {number} has other {what} than the first")
        if not (table.index.equals(first.index) and table.columns.equals(first.columns)):
            tables[number] = table.reindex(index=first.index, columns=first.columns)
    return tables


def of_each(given: OfEach, names: Sequence[str], what: str) -> dict[str, float]:
    """Return a number for each tier: by its name, or in the order of the columns.

    Raises
    ------
    ValueError
        A tier without a number, or another number of them.
    """
    given = by_label(given, names)
    if isinstance(given, Mapping):
        missing = [name for name in names if name not in given]
        if missing:
            raise ValueError(f"{what}: no number for tier {missing[0]!r}; there are {list(given)}")
        given = [given[name] for name in names]
    numbers = doubles(given, what)
    if numbers.shape != (len(names),):
        raise ValueError(f"{what}: expected {len(names)} numbers, one for each tier, got {np.size(numbers)}")
    if np.isnan(numbers).any():
        raise ValueError(f"{what}: no number for tier {names[int(np.flatnonzero(np.isnan(numbers))[0])]!r}")
    return dict(zip(names, numbers.tolist(), strict=True))


def by_label(given: Any, names: Sequence[str]) -> Any:
    """Put a Series that has all the names into their order; anything else is in order already."""
    if isinstance(given, pd.Series) and given.index.is_unique and all(name in given.index for name in names):
        return given.loc[list(names)]
    return given


def between(value: pd.Series, ruler: Mapping[str, float] | None) -> tuple[pd.Series, dict[str, float]]:
    """Measure by least and greatest, 0 to 1: those of the values, or of a ruler that was kept.

    Values that are all one are all 0.
    """
    finite = value[np.isfinite(value)]
    if ruler is None:
        ruler = (
            {"least": finite.min(), "greatest": finite.max()} if len(finite) else {"least": np.nan, "greatest": np.nan}
        )
    elif not isinstance(ruler, Mapping) or not {"least", "greatest"} <= set(ruler):
        raise ValueError(f"ruler: expected the numbers least and greatest, got {ruler!r}")
    else:
        scalar(ruler["least"], "ruler: least")
        scalar(ruler["greatest"], "ruler: greatest")
    low, high = (float(ruler[end]) for end in ("least", "greatest"))
    if low > high:
        raise ValueError(f"ruler: least ({low:g}) lies above greatest ({high:g})")
    unit = (value - low) / (high - low) if high > low else value.where(value.isna(), np.sign(value - low))
    return unit, {"least": low, "greatest": high}


def season_weights(count: int, months: Sequence[float] | None) -> Float:
    """Return the weights of seasons, of sum 1: by their months, or equal where None.

    Raises
    ------
    ValueError
        Months that are negative, all 0 or of another number.
    """
    weight = np.ones(count) if months is None else doubles(months, "months")
    if weight.shape != (count,) or not (np.isfinite(weight) & (weight >= 0)).all() or not weight.any():
        raise ValueError(f"months: expected {count} numbers of 0 or more, not all 0, got {months}")
    return np.asarray(weight / weight.sum())


def none_of(index: pd.Index) -> pd.DataFrame:
    """Return the parts of a score that has none."""
    return pd.DataFrame(index=index)
