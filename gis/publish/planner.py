"""The planner's tables in words: names for the rows of totals, and the reasons of a verdict."""

import pandas as pd

from gis.publish.words import criterion_name, number, words

_MET, _UNKNOWN = "yes", "unknown"


def named_areas(figures: pd.DataFrame, total: pd.DataFrame, language: str) -> pd.DataFrame:
    """Lay figures by area out as a table that ends with the row of totals; the unknown area gets a name.

    Parameters
    ----------
    figures
        On the names of the areas; a missing name is the unknown area.
    total
        One row with the same columns, or some of them.
    language
        `en`, `ru` or `kk`.

    Examples
    --------
    >>> figures = pd.DataFrame({"settlements": [2, 1]}, index=pd.Index(["Abai", None], name="region", dtype=object))
    >>> named_areas(figures, pd.DataFrame({"settlements": [3]}), "en").to_numpy().tolist()
    [['Abai', 2], ['Not known', 1], ['Total', 3]]
    """
    w, key = words(language), str(figures.index.name)
    names = [w["planning.unknown_area"] if pd.isna(name) else str(name) for name in figures.index]
    table = pd.concat([figures, total.reindex(columns=figures.columns)])
    table.insert(0, key, [*names, w["planning.total"]])
    return table.reset_index(drop=True)


def town_reasons(judged: pd.DataFrame, language: str) -> pd.Series:
    """Say in a line for each town which criteria it meets, with its value, and which could not be judged.

    Parameters
    ----------
    judged
        From `gis.stages.towns.judge`.
    language
        `en`, `ru` or `kk`.

    Examples
    --------
    >>> judged = pd.DataFrame({"settlement_id": ["a", "a"], "criterion": ["population_falls", "single_industry"],
    ...     "value": [-3.25, None], "comparison": ["below", "is"], "limit": [0.0, "yes"], "met": ["yes", "unknown"]})
    >>> town_reasons(judged, "en").tolist()
    ['Population falls: -3.25 (below 0); not judged: Single industry']
    """
    w = words(language)

    def line(part: pd.DataFrame) -> str:
        met = [
            f"{criterion_name(row['criterion'], language)}: {_shown(row['value'], language)} "
            f"({w['comparison.' + row['comparison']].format(limit=_shown(row['limit'], language))})"
            for _, row in part[part["met"] == _MET].iterrows()
        ]
        unknown = [criterion_name(name, language) for name in part.loc[part["met"] == _UNKNOWN, "criterion"]]
        left = [w["planning.not_judged"] + ": " + ", ".join(unknown)] if unknown else []
        return "; ".join([*met, *left])

    key = judged.columns[0]
    return pd.Series({town: line(part) for town, part in judged.groupby(key, sort=False)}, dtype=object)


def _shown(value: object, language: str) -> str:
    if isinstance(value, int | float):
        if value == float("inf"):
            return words(language)["class.unreachable"].lower()
        digits = 0 if value == round(value) else 1 if abs(value) >= 100 else 2
        return number(float(value), language, digits)
    return str(value)
