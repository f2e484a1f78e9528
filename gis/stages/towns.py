"""Small towns, and which of them are depressed by a rule that the user reads and sets.

No statute of Kazakhstan defines a depressed town. So the rule is a table of criteria with points, and a town is
depressed where the criteria that it meets reach a number of points. What cannot be judged is never counted as not met.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gis.fields import POPULATION, REGION, TIER
from gis.stages.regions import weighted_mean

YES, NO, UNKNOWN = "yes", "no", "unknown"
COMPARISONS = ("below", "at_most", "above", "at_least", "is")
"""How a criterion compares a column with its limit; `is` compares text or numbers for equality."""
REGION_MEAN = "region_mean"
"""Limit of a criterion: the mean of the column over the settlements of the region, weighted by people."""


def is_town(settlements: pd.DataFrame, values: Sequence[str]) -> pd.Series:
    """Say which settlements are towns: those whose tier is one of `values`; all others count as rural.

    Examples
    --------
    >>> is_town(pd.DataFrame({"tier": ["town", "village", None]}), ["town"]).tolist()
    [True, False, False]
    """
    return settlements[TIER].isin(list(values))


def small_towns(settlements: pd.DataFrame, town: pd.Series, *, population_max: float) -> pd.Series:
    """Say which towns are small: at most `population_max` people, and some; a population not known is not small.

    Examples
    --------
    >>> towns = pd.DataFrame({"population": [50_000.0, 50_001, 0, np.nan]})
    >>> small_towns(towns, pd.Series(True, index=towns.index), population_max=50_000).tolist()
    [True, False, False, False]
    """
    return town & (settlements[POPULATION] > 0) & (settlements[POPULATION] <= population_max)


def judge(settlements: pd.DataFrame, small: pd.Series, criteria: pd.DataFrame) -> pd.DataFrame:
    """Judge each small town by each criterion.

    Parameters
    ----------
    settlements
        All settlements (the region's mean is over all of them), with the columns that the criteria name, or without.
    small
        Which of them are judged.
    criteria
        Index `criterion`; `column`, `comparison` (one of `COMPARISONS`), `limit` (text: a number or `region_mean`; for
        `is` any text, where `yes` and `no` also stand for 1, true, да, иә and 0, false, нет, жоқ) and `points`.

    Returns
    -------
    DataFrame
        A row for each town and criterion: the town's id (under the name of the index), `criterion`, `column`, `value`
        (text for `is`), `comparison`, `limit` (a number, or text for `is`), `points`, and `met`: `yes`, `no`, or
        `unknown` where the study has no such column, the town no value, or the region no mean.

    Raises
    ------
    ValueError
        A comparison that is not known; a column or limit that is to be compared as a number, and is none.

    Examples
    --------
    >>> towns = pd.DataFrame({"change": [-2.0, np.nan]}, index=pd.Index(["a", "b"], name="settlement_id"))
    >>> rule = pd.DataFrame({"column": ["change", "income"], "comparison": "below", "limit": "0", "points": 1.0},
    ...                     index=pd.Index(["falls", "poor"], name="criterion"))
    >>> judged = judge(towns, pd.Series(True, index=towns.index), rule)
    >>> judged[["settlement_id", "criterion", "met"]].to_numpy().tolist()
    [['a', 'falls', 'yes'], ['b', 'falls', 'unknown'], ['a', 'poor', 'unknown'], ['b', 'poor', 'unknown']]
    """
    parts = []
    index = str(settlements.index.name or "settlement_id")
    for name, rule in criteria.iterrows():
        column = str(rule["column"])
        values = settlements[column] if column in settlements else pd.Series(np.nan, index=settlements.index)
        limit = _limit(settlements, values, str(rule["comparison"]), str(rule["limit"]), str(name))
        met = _met(values, limit, str(rule["comparison"]))[small]
        part = pd.DataFrame({"criterion": name, "column": column, "value": values[small].astype(object)})
        part["comparison"], part["limit"] = rule["comparison"], limit[small].astype(object)
        part["points"], part["met"] = float(rule["points"]), met
        parts.append(part.rename_axis(index).reset_index())
    names = [index, "criterion", "column", "value", "comparison", "limit", "points", "met"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def _limit(settlements: pd.DataFrame, values: pd.Series, comparison: str, limit: str, name: str) -> pd.Series:
    """The limit of each settlement, as a number or, for `is`, as text."""
    if comparison not in COMPARISONS:
        raise ValueError(f"criterion {name}: expected a comparison of {', '.join(COMPARISONS)}, got {comparison!r}")
    if comparison == "is":
        return pd.Series(limit, index=values.index, dtype=object)
    if not pd.api.types.is_numeric_dtype(values.dtype):
        example = values.dropna().astype(str)
        shown = repr(example.iloc[0]) if len(example) else "nothing"
        raise ValueError(
            f"criterion {name}: its column must hold numbers to be compared by {comparison}, it has {shown}"
        )
    if limit == REGION_MEAN:
        weights = settlements[POPULATION]
        means = {
            key: weighted_mean(values[part.index], weights[part.index]) for key, part in settlements.groupby(REGION)
        }
        return settlements[REGION].map(means).astype(float)
    try:
        return pd.Series(float(limit), index=values.index)
    except ValueError:
        raise ValueError(f"criterion {name}: expected a number or {REGION_MEAN} as limit, got {limit!r}") from None


def _met(values: pd.Series, limit: pd.Series, comparison: str) -> pd.Series:
    if comparison == "is":
        answers = [_is(value, str(wanted)) for value, wanted in zip(values, limit, strict=True)]
        return pd.Series(answers, index=values.index, dtype=object)
    x, y = values.to_numpy(float, na_value=np.nan), limit.to_numpy(float)
    met = {"below": x < y, "at_most": x <= y, "above": x > y, "at_least": x >= y}[comparison]
    answer = np.where(np.isnan(x) | np.isnan(y), UNKNOWN, np.where(met, YES, NO))
    return pd.Series(answer, index=values.index, dtype=object)


_FLAGS = {YES: ("yes", "true", "да", "иә"), NO: ("no", "false", "нет", "жоқ")}


def _is(value: object, wanted: str) -> str:
    """Numbers are equal as numbers, text without regard to case and blanks; a flag is 1 or 0, or a word for them."""
    text, limit = ("" if value is None else str(value)).strip().casefold(), wanted.strip().casefold()
    if text in ("", "nan", "<na>"):
        return UNKNOWN
    try:
        number: float | None = float(text)
    except ValueError:
        number = None
    if limit in (YES, NO):
        known = YES if text in _FLAGS[YES] or number == 1 else NO if text in _FLAGS[NO] or number == 0 else UNKNOWN
        return known if known == UNKNOWN else YES if known == limit else NO
    try:
        return YES if number == float(limit) else NO
    except ValueError:
        return YES if text == limit else NO


def depressed(judged: pd.DataFrame, *, points_min: float) -> pd.DataFrame:
    """Say which towns are depressed: the points of the criteria met reach `points_min`.

    Parameters
    ----------
    judged
        From `judge`.
    points_min
        Points from which on a town is depressed.

    Returns
    -------
    DataFrame
        By town: `depressed` (`yes`; `no` where even all that could not be judged would not reach the points; else
        `unknown`), `points`, `points_unknown`, and the names of the criteria: `criteria_met`, `criteria_not_met` and
        `criteria_not_judged`.

    Examples
    --------
    >>> judged = pd.DataFrame({"settlement_id": ["a", "a", "b", "b"], "criterion": ["falls", "poor"] * 2,
    ...                        "points": 1.0, "met": ["yes", "unknown", "no", "unknown"]})
    >>> depressed(judged, points_min=2)[["depressed", "points", "criteria_not_judged"]].to_numpy().tolist()
    [['unknown', 1.0, 'poor'], ['no', 0.0, 'poor']]
    """
    rows = {}
    for town, part in judged.groupby(judged.columns[0], sort=False):
        points = {answer: float(part.loc[part["met"] == answer, "points"].sum()) for answer in (YES, UNKNOWN)}
        named = {answer: ", ".join(part.loc[part["met"] == answer, "criterion"]) for answer in (YES, NO, UNKNOWN)}
        open_still = points[YES] + points[UNKNOWN] >= points_min
        verdict = YES if points[YES] >= points_min else UNKNOWN if open_still else NO
        rows[town] = (verdict, points[YES], points[UNKNOWN], named[YES], named[NO], named[UNKNOWN])
    names = ["depressed", "points", "points_unknown", "criteria_met", "criteria_not_met", "criteria_not_judged"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis(judged.columns[0])
