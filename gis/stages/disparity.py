"""How far regions lie apart: measures of disparity, rankings, Lorenz curves, location quotients."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gis.fields import POPULATION, REGION
from gis.kernels.inequality import disparity, location_quotient, lorenz_curve, theil_decomposition
from gis.stages.regions import weighted_mean

PLAIN, BY_PEOPLE = "plain", "population"
"""Ways to weigh: each place counts as one, or each person does."""


def region_means(settlements: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mean of columns by region, over settlements and over people.

    Examples
    --------
    >>> frame = pd.DataFrame({"region": ["a", "a"], "population": [3.0, 1.0], "viability": [1.0, 3.0]})
    >>> [float(table.loc["a", "viability"]) for table in region_means(frame, ["viability"])]
    [2.0, 1.5]
    """
    groups = dict(list(settlements.groupby(REGION)))
    plain = {c: {n: part[c][np.isfinite(part[c])].mean() for n, part in groups.items()} for c in columns}
    people = {c: {n: weighted_mean(part[c], part[POPULATION]) for n, part in groups.items()} for c in columns}
    index = pd.Index(list(groups), name=REGION, dtype=object)
    return pd.DataFrame(plain, index=index, columns=list(columns)), pd.DataFrame(
        people, index=index, columns=list(columns)
    )


def disparity_between(values: pd.DataFrame, population: pd.Series | None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Measure how far rows (regions, or settlements) lie apart in each column.

    Parameters
    ----------
    values
        A column for each value per person, 0 or more; rows whose value is unknown or infinite are left out and counted.
    population
        On the same index: each person counts as one. None: each row counts as one. Rows whose population is unknown or
        0 are then left out too.

    Returns
    -------
    table : DataFrame
        By column: `rows` used, `left_out`, `smallest`, `largest`, `max_min_ratio` (NaN where the smallest is 0),
        `gini`, `theil`, `hoover`, `williamson`.
    refused : dict
        The columns that cannot be measured (all zero, negative, nothing known), with the reason; their measures are
        NaN.

    Examples
    --------
    >>> table, refused = disparity_between(pd.DataFrame({"product": [1.0, 2.0, 3.0], "debt": [-1.0, 0, 1]}), None)
    >>> float(table.loc["product", "max_min_ratio"]), round(float(table.loc["product", "gini"]), 3)
    (3.0, 0.222)
    >>> refused
    {'debt': '1 values are negative'}
    """
    rows: dict[str, dict[str, float]] = {}
    refused: dict[str, str] = {}
    for column in values.columns:
        x, people = _usable(values[column], population)
        row: dict[str, float] = {"rows": len(x), "left_out": len(values) - len(x)}
        row |= {"smallest": x.min() if len(x) else np.nan, "largest": x.max() if len(x) else np.nan}
        reason = _unmeasurable(x)
        if reason:
            refused[column] = reason
        else:
            row |= disparity(x.to_numpy(), None if people is None else people.to_numpy())
        rows[column] = row
    names = ["rows", "left_out", "smallest", "largest", "max_min_ratio", "gini", "theil", "hoover", "williamson"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("column")
    return table.replace({"max_min_ratio": np.inf}, np.nan), refused


def disparity_within(settlements: pd.DataFrame, columns: Sequence[str], *, by_people: bool) -> pd.DataFrame:
    """Split Theil's index over settlements into what lies between regions and what lies within them.

    Settlements whose value, region (or, by people, population) is unknown are left out.

    Returns
    -------
    DataFrame
        By column: `theil_between`, `theil_within`, which sum to Theil's index of the settlements used; NaN where it
        cannot be measured.

    Examples
    --------
    >>> frame = pd.DataFrame({"region": ["s", "s", "n", "n"], "population": 1.0, "income": [1.0, 1, 3, 3]})
    >>> disparity_within(frame, ["income"], by_people=False).round(3).loc["income"].tolist()
    [0.131, 0.0]
    """
    rows = {}
    inside = settlements[settlements[REGION].notna()]
    for column in columns:
        x, people = _usable(inside[column], inside[POPULATION] if by_people else None)
        if _unmeasurable(x):
            rows[column] = [np.nan, np.nan]
            continue
        regions = inside.loc[x.index, REGION].to_numpy(object)
        parts = theil_decomposition(x.to_numpy(), regions, None if people is None else people.to_numpy())
        rows[column] = [parts.between, parts.within]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["theil_between", "theil_within"])


def _usable(values: pd.Series, population: pd.Series | None) -> tuple[pd.Series, pd.Series | None]:
    x = values.astype(float)
    if population is None:
        return x[np.isfinite(x)], None
    people = population.reindex(x.index)
    keep = np.isfinite(x) & (people > 0)
    return x[keep], people[keep]


def _unmeasurable(x: pd.Series) -> str:
    if x.empty:
        return "no value is known"
    if (x < 0).any():
        return f"{int((x < 0).sum())} values are negative"
    return "" if x.any() else "every value is 0"


def lorenz_points(values: pd.DataFrame, population: pd.Series | None) -> pd.DataFrame:
    """Return the points of the Lorenz curve of each column that has one.

    Returns
    -------
    DataFrame
        `column`, `people` (share of the people, or of the rows), `amount` (share of the total that they hold), both
        from 0 to 1 and rising.

    Examples
    --------
    >>> lorenz_points(pd.DataFrame({"product": [3.0, 1.0]}), None)["amount"].tolist()
    [0.0, 0.25, 1.0]
    """
    parts = []
    for column in values.columns:
        x, weights = _usable(values[column], population)
        if not _unmeasurable(x):
            people, amount = lorenz_curve(x.to_numpy(), None if weights is None else weights.to_numpy())
            parts.append(pd.DataFrame({"column": column, "people": people, "amount": amount}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["column", "people", "amount"])


def ranking(values: pd.DataFrame, population: pd.Series) -> pd.DataFrame:
    """Rank regions by each column, the largest value first; equal values share the better rank.

    Returns
    -------
    DataFrame
        `column`, `rank`, the region, `value`, `population`, and `to_mean`: the value over the mean by people (NaN where
        that is 0 or unknown). Regions whose value is unknown are left out.

    Examples
    --------
    >>> values = pd.DataFrame({"product": [1.0, 4.0]}, index=pd.Index(["a", "b"], name="region"))
    >>> table = ranking(values, pd.Series([2.0, 1.0], index=["a", "b"]))
    >>> table[["rank", "region", "to_mean"]].to_numpy().tolist()
    [[1, 'b', 2.0], [2, 'a', 0.5]]
    """
    parts, region = [], str(values.index.name or REGION)
    for column in values.columns:
        x, _ = _usable(values[column], None)
        mean = weighted_mean(x, population.reindex(x.index))
        part = pd.DataFrame({"column": column, "rank": x.rank(ascending=False, method="min").astype(int), "value": x})
        part["population"] = population.reindex(x.index)
        part["to_mean"] = x / mean if mean > 0 else np.nan
        parts.append(part.sort_values("rank", kind="stable").rename_axis(region).reset_index())
    names = ["column", "rank", region, "value", "population", "to_mean"]
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)


def quotients(amounts: pd.DataFrame, whole: pd.Series | None = None) -> pd.DataFrame:
    """Return the location quotient of each branch in each region.

    Parameters
    ----------
    amounts
        Regions x branches (workers, product), 0 or more. A region in which one is unknown is left out.
    whole
        The total of each region; the sum of the branches where None.

    Returns
    -------
    DataFrame
        1 as in the country, above 1 more than there, NaN where a region or a branch has nothing.

    Raises
    ------
    ValueError
        Negative values, a branch larger than its whole.

    Examples
    --------
    >>> table = quotients(pd.DataFrame({"farms": [10.0, 30], "mines": [90.0, 70]}, index=["a", "b"]))
    >>> table["farms"].round(9).tolist()
    [0.5, 1.5]
    """
    part = amounts.to_numpy(float)
    total = part.sum(axis=1) if whole is None else whole.reindex(amounts.index).to_numpy(float)
    known = np.isfinite(part).all(axis=1) & np.isfinite(total)
    quotient = location_quotient(part[known], total[known]) if known.any() else part[known]
    return pd.DataFrame(quotient, amounts.index[known], amounts.columns)
