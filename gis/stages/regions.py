"""The planner's table: settlements and people by class, remoteness, viability and access of each area."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gis.fields import POPULATION, POTENTIAL, POTENTIALS, REMOTENESS, VIABILITY, travel_time_min
from gis.kernels.access import rural_access_index

DISTRICT = "district"
"""Column with the district of a settlement."""
RURAL = "rural"
"""Column that says whether a settlement counts as rural."""
ALL_SEASON_KM = "all_season_km"
"""Column with the kilometres to the nearest all-season road."""
SETTLEMENTS = "settlements"
POPULATION_UNKNOWN = "settlements_population_unknown"
RURAL_POPULATION = "rural_population"
RURAL_ACCESS_INDEX = "rural_access_index"


def beyond(what: str, tier: str, limit_min: float) -> str:
    """Name the column of settlements or people that lie beyond some minutes of a tier.

    Examples
    --------
    >>> beyond("population", "town", 60)
    'population_beyond_town_60_min'
    """
    return f"{what}_beyond_{tier}_{limit_min:g}_min"


_LETTERS = {letter: chr(0x430 + k) for k, letter in enumerate("аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя")}


def alphabetical(name: str) -> str:
    """Return what names are sorted by: the Kazakh alphabet, which holds the Russian one in its order.

    Examples
    --------
    >>> sorted(["Астана", "Ұлытау", "Ақмола", "Шымкент", "Almaty"], key=alphabetical)
    ['Almaty', 'Ақмола', 'Астана', 'Ұлытау', 'Шымкент']
    """
    return "".join(_LETTERS.get(letter, letter) for letter in name.casefold())


def area_figures(
    settlements: pd.DataFrame,
    keys: Sequence[str] = (),
    *,
    tiers: Sequence[str],
    limits_min: Sequence[float],
    all_season_within_km: float = 2.0,
) -> pd.DataFrame:
    """Count settlements and people by class of potential in each area, with remoteness, viability and access.

    The table of the national review, one row for each area. Every settlement is in one row, also one whose area is
    not known, so that the rows sum to the country.

    Parameters
    ----------
    settlements
        Columns `population` (NaN unknown), `potential`, `remoteness`, `viability`, `rural` (bool), `all_season_km`
        (`inf` where there is no such road, NaN unknown), and `travel_time_<tier>_min` of each tier.
    keys
        Columns that name the area, such as `region`; with none, one row of everything.
    tiers
        Names of the tiers.
    limits_min
        Minutes: people whose journey is longer (also `inf`) are beyond.
    all_season_within_km
        Kilometres, of the Rural Access Index.

    Returns
    -------
    DataFrame
        On the areas in alphabetical order, the unknown area (NaN) last: `settlements`, `population` (the known ones
        summed), `settlements_population_unknown`, `settlements_<class>` and `population_<class>`,
        `<measure>_mean` over settlements and `<measure>_weighted` by people (of those whose value is known; NaN where
        none is), `settlements_beyond_<tier>_<limit>_min` and `population_beyond_...` (NaN where no minutes are known),
        `rural_population` and `rural_access_index` (0 to 1; of the rural people whose road is known).

    Examples
    --------
    >>> villages = pd.DataFrame({
    ...     "region": ["West", "West", "East"], "population": [900.0, 100, np.nan], "potential": ["high", "low", "low"],
    ...     "remoteness": [10.0, 60, 70], "viability": [70.0, 20, 10], "rural": True, "all_season_km": [1.0, 5, 0],
    ...     "travel_time_town_min": [20.0, 90, np.inf]})
    >>> table = area_figures(villages, ["region"], tiers=["town"], limits_min=[60])
    >>> table.loc["West", ["settlements", "population_low", "remoteness_mean", "remoteness_weighted"]].tolist()
    [2.0, 100.0, 35.0, 15.0]
    >>> table["settlements_beyond_town_60_min"].tolist(), float(table.loc["West", "rural_access_index"])
    ([1.0, 1.0], 0.9)
    """
    if not keys:
        return pd.DataFrame([_figures(settlements, tiers, limits_min, all_season_within_km)])
    groups = list(settlements.groupby(list(keys), dropna=False))
    groups.sort(key=lambda group: [(name != name, alphabetical(str(name))) for name in tuple(group[0])])
    labels = pd.DataFrame([label for label, _ in groups], columns=list(keys), dtype=object)
    rows = [_figures(part, tiers, limits_min, all_season_within_km) for _, part in groups]
    index = pd.MultiIndex.from_frame(labels) if len(keys) > 1 else pd.Index(labels[keys[0]], dtype=object)
    return pd.DataFrame(rows, index=index)


def _figures(
    part: pd.DataFrame, tiers: Sequence[str], limits_min: Sequence[float], within_km: float
) -> dict[str, float]:
    people, known = part[POPULATION].fillna(0.0), part[POPULATION].notna()
    out = {SETTLEMENTS: len(part), POPULATION: people.sum(), POPULATION_UNKNOWN: int((~known).sum())}
    for name in POTENTIALS:
        inside = part[POTENTIAL] == name
        out |= {f"{SETTLEMENTS}_{name}": int(inside.sum()), f"{POPULATION}_{name}": people[inside].sum()}
    for measure in (REMOTENESS, VIABILITY):
        out[f"{measure}_mean"] = part[measure].mean()
        out[f"{measure}_weighted"] = weighted_mean(part[measure], part[POPULATION])
    for tier in tiers:
        minutes = part[travel_time_min(tier)]
        for limit in limits_min:
            out[beyond(SETTLEMENTS, tier, limit)] = float((minutes > limit).sum()) if minutes.notna().any() else np.nan
            out[beyond(POPULATION, tier, limit)] = people[minutes > limit].sum() if minutes.notna().any() else np.nan
    rural = part[part["rural"] & known]
    out[RURAL_POPULATION] = rural[POPULATION].sum()
    reached = rural[rural[ALL_SEASON_KM].notna()]
    out[RURAL_ACCESS_INDEX] = (
        rural_access_index(reached[ALL_SEASON_KM], reached[POPULATION], within_km)
        if reached[POPULATION].sum() > 0
        else np.nan
    )
    return out


def weighted_mean(values: pd.Series, weights: pd.Series) -> float:
    """Return the mean of the known finite values by known weights; NaN where nothing has weight.

    Examples
    --------
    >>> weighted_mean(pd.Series([1.0, 3.0, np.nan]), pd.Series([3.0, 1.0, 9.0]))
    1.5
    """
    known = np.isfinite(values.astype(float)) & (weights > 0)
    total = float(weights[known].sum())
    return float((values[known] * weights[known]).sum() / total) if total > 0 else float("nan")
