"""A typology of settlements: how far they are, crossed with how well they can live."""

from collections.abc import Mapping, Sequence

import pandas as pd

from gis.fields import HIGH, LOW, MEDIUM, UNINHABITED, UNKNOWN

NEAR, MIDWAY, REMOTE = "near", "midway", "remote"
GROUPS = (NEAR, MIDWAY, REMOTE)
"""Groups of remoteness."""
TYPOLOGY = "typology"


def remoteness_groups(
    classes: Sequence[str], *, near: Sequence[str] | None = None, remote: Sequence[str] | None = None
) -> dict[str, str]:
    """Put the classes of remoteness into three groups.

    Parameters
    ----------
    classes
        Names of the classes, the nearest first.
    near, remote
        The classes of these groups; without them the first and the last third of the classes, two of five.

    Returns
    -------
    dict
        `near`, `midway` or `remote` for each class.

    Raises
    ------
    ValueError
        A class that is not there, or in both groups.

    Examples
    --------
    >>> remoteness_groups(["a", "b", "c", "d", "e"])
    {'a': 'near', 'b': 'near', 'c': 'midway', 'd': 'remote', 'e': 'remote'}
    >>> remoteness_groups(["a", "b", "c"], near=[], remote=["b", "c"])
    {'a': 'midway', 'b': 'remote', 'c': 'remote'}
    """
    # On a ruler from 0 (nearest class) to 2 (farthest): up to 0.5 is near, from 1.5 on remote.
    place = {name: 2 * i / max(len(classes) - 1, 1) for i, name in enumerate(classes)}
    first = [name for name in classes if place[name] <= 0.5] if near is None else list(near)
    last = [name for name in classes if place[name] >= 1.5] if remote is None else list(remote)
    strange = [name for name in (*first, *last) if name not in place]
    if strange:
        raise ValueError(f"no class of remoteness is called {strange[0]!r}; there are {list(classes)}")
    both = [name for name in first if name in last]
    if both:
        raise ValueError(f"the class {both[0]!r} cannot be both near and remote")
    return {name: NEAR if name in first else REMOTE if name in last else MIDWAY for name in classes}


def typology(
    remoteness_class: pd.Series, potential: pd.Series, groups: Mapping[str, str], names: Mapping[tuple[str, str], str]
) -> pd.Series:
    """Name the type of each settlement.

    Parameters
    ----------
    remoteness_class
        Class of remoteness; missing is unknown.
    potential
        Class of viability: `high`, `medium`, `low`; `uninhabited` and `unknown` are types of their own.
    groups
        From `remoteness_groups`.
    names
        The type of each pair of group and class of viability, nine of them.

    Returns
    -------
    Series of text
        `unknown` where the class of remoteness is.

    Raises
    ------
    ValueError
        Pairs without a name.

    Examples
    --------
    >>> names = {(g, p): f"{g}-{p}" for g in GROUPS for p in ("high", "medium", "low")}
    >>> remote, potential = pd.Series(["far", "far", None]), pd.Series(["high", "uninhabited", "low"])
    >>> typology(remote, potential, {"far": "remote"}, names).tolist()
    ['remote-high', 'uninhabited', 'unknown']
    """
    lacking = [pair for pair in ((g, p) for g in GROUPS for p in (HIGH, MEDIUM, LOW)) if pair not in names]
    if lacking:
        raise ValueError(f"no type is named for {lacking[0][0]} and {lacking[0][1]}")
    group = remoteness_class.map(dict(groups)).fillna("")
    # A pair that has no name is one of an unknown class, or of a potential that is a type of its own.
    values = [
        fit if fit in (UNINHABITED, UNKNOWN) else names.get((near, fit), UNKNOWN)
        for near, fit in zip(group, potential, strict=True)
    ]
    return pd.Series(values, index=potential.index, dtype=object, name=TYPOLOGY)


def type_counts(types: pd.Series, population: pd.Series, names: Sequence[str]) -> pd.DataFrame:
    """Count settlements and people of each type, in the order of `names`; `uninhabited` and `unknown` last.

    Examples
    --------
    >>> table = type_counts(pd.Series(["b", "b", "unknown"]), pd.Series([5.0, None, 1]), ["a", "b"])
    >>> table.loc[["a", "b", "unknown"], ["settlements", "population"]].to_numpy().tolist()
    [[0.0, 0.0], [2.0, 5.0], [1.0, 1.0]]
    """
    order = list(dict.fromkeys([*names, UNINHABITED, UNKNOWN]))
    groups = population.groupby(types)
    table = pd.DataFrame({"settlements": groups.size(), "population": groups.sum()})
    return table.reindex(order, fill_value=0).rename_axis(TYPOLOGY)
