"""The steps of the web map's slider: the seasons of a study, or the months where it has one season that varies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis import fields as f
from gis.publish.words import said, words

Json = dict[str, Any]

WORST = "worst"


@dataclass(frozen=True)
class Step:
    """One step of the slider.

    Parameters
    ----------
    key
        Name of the season, `worst`, or the number of the month in two digits.
    label
        Its name in all languages.
    season
        The season whose surfaces and routes it has; None where it has none of its own.
    minutes
        By tier, on the settlements' index; a tier that is missing has none.
    centre
        By tier, the ids of the centres, where they may be others than in the first step.
    """

    key: str
    label: Json
    season: str | None
    minutes: Mapping[str, pd.Series] = field(default_factory=dict)
    centre: Mapping[str, pd.Series] = field(default_factory=dict)


def steps(
    settlements: gpd.GeoDataFrame,
    tiers: Sequence[str],
    seasons: Sequence[str],
    months: Mapping[str, pd.DataFrame] | None = None,
    journeys: pd.DataFrame | None = None,
) -> list[Step]:
    """List the steps, the first being that of the plain columns; none where the minutes never change.

    Parameters
    ----------
    settlements
        With the columns of minutes.
    tiers, seasons
        Names; the first season is that of the plain columns.
    months
        By tier, minutes with the settlements as rows and the twelve months as columns; used where there is one season.
    journeys
        Long table with `from_id`, `to_id`, `tier` and `season`: the centres of each season.
    """
    if not seasons:
        return []
    first = Step(seasons[0], season_name(seasons[0]), seasons[0], _columns(settlements, tiers, None))
    if len(seasons) > 1 or not months:
        others = [
            Step(x, season_name(x), x, _columns(settlements, tiers, x), _centres(settlements, x, journeys))
            for x in seasons[1:]
        ]
        others.append(Step(WORST, season_name(WORST), None, _columns(settlements, tiers, WORST)))
    else:
        others = [_month(settlements, months, number) for number in range(1, 13)]
    others = [step for step in others if step.minutes]
    return [first, *others] if any(_differs(first, step) for step in others) else []


def season_name(season: str) -> dict[str, str]:
    """Name a season in all languages; one that the table does not know is its own name.

    Examples
    --------
    >>> season_name("winter")["en"], season_name("rut_of_deer")["kk"]
    ('winter', 'rut of deer')
    """
    return said(lambda language: words(language).get(f"season.{season}", str(season).replace("_", " ")))


def month_name(number: int, language: str) -> str:
    """Name a month, counted from 1."""
    return words(language)[f"month.{number:02d}"]


def described(found: Sequence[Step], seasons: Sequence[str]) -> list[Json]:
    """Describe the steps for the page: `own` is the number of the season whose routes they have, or -1."""
    return [
        {"key": one.key, "label": one.label, "own": -1 if one.season is None else list(seasons).index(one.season)}
        for one in found
    ]


def _columns(settlements: pd.DataFrame, tiers: Sequence[str], season: str | None) -> dict[str, pd.Series]:
    names = {tier: f.travel_time_min(tier, season) for tier in tiers}
    return {tier: settlements[name] for tier, name in names.items() if name in settlements}


def _centres(settlements: pd.DataFrame, season: str, journeys: pd.DataFrame | None) -> dict[str, pd.Series]:
    if journeys is None:
        return {}
    rows = journeys[journeys["season"] == season]
    return {
        str(tier): part.set_index("from_id")["to_id"].reindex(settlements.index) for tier, part in rows.groupby("tier")
    }


def _month(settlements: pd.DataFrame, months: Mapping[str, pd.DataFrame], number: int) -> Step:
    minutes = {tier: table[number].reindex(settlements.index) for tier, table in months.items()}
    return Step(f"{number:02d}", said(partial(month_name, number)), None, minutes)


def _differs(first: Step, other: Step) -> bool:
    return any(
        tier not in first.minutes or not np.array_equal(first.minutes[tier], minutes, equal_nan=True)
        for tier, minutes in other.minutes.items()
    )
