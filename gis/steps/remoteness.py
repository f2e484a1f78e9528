"""The remoteness step: the preset of a study, on its journeys."""

import functools
from collections.abc import Mapping
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis import fields
from gis.errors import Finding, InputError
from gis.inputs import Inputs
from gis.record import Record
from gis.stages.matrix import road_matrix, straight_matrix
from gis.stages.remoteness import (
    Remoteness,
    aria_plus,
    cari_plus,
    enhanced_two_step_fca,
    far,
    gravity,
    kz,
    nz_ua,
    over_seasons,
    statcan_ir,
    three_step_fca,
    two_step_fca,
)
from gis.stages.seasons import mean_within
from gis.stages.travel import Roads
from gis.steps.travel import Travelled
from gis.study import Study
from gis.study_rules import Supply

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_PAIRS_MAX = 50_000_000  # 0.4 GB of minutes


def remoteness(
    study: Study,
    inputs: Inputs,
    scored: gpd.GeoDataFrame,
    record: Record,
    monthly: Mapping[str, Float],
    travelled: Travelled | None = None,
) -> Remoteness:
    """Score remoteness by the study's preset; the ruler goes into the record.

    `monthly` holds the minutes of the twelve months by tier, in the order of `scored`; empty where all are alike.
    `travelled` is needed by the presets that look at all centres, and by kilometres of several seasons; without it they
    keep the score that `scored` has.
    """
    rule = study.remoteness
    names = [tier.name for tier in inputs.tiers]
    upper = dict(zip(inputs.classes["class"], inputs.classes["upper"].astype(float), strict=True))
    if rule.preset in ("aria_plus", "cari_plus"):
        means = rule.means_km if rule.measure == "km" else rule.means_min
        _check_means(means, names, "means_km" if rule.measure == "km" else "means_min")
        if rule.measure == "minutes":
            way = _minutes(study, names, scored, monthly, dict.fromkeys(names, np.inf))
        elif rule.season == "first":
            way = scored[[fields.distance_km(name) for name in names]].set_axis(names, axis=1)
        elif travelled is None:
            return _kept(study, scored)
        else:
            way = _kilometres(rule.season, inputs, names, scored, travelled)
        if rule.preset == "aria_plus":
            made = aria_plus(way, means_km=means, class_upper=upper)
        else:
            made = cari_plus(way, means=means, class_upper=upper)
    elif rule.preset in ("kz", "far", "nz_ua"):
        made = _by_minutes(study, inputs, scored, monthly, upper)
    elif travelled is None:
        return _kept(study, scored)
    else:
        made = _by_people(study, inputs, scored, travelled, upper, record)
    record.figures["remoteness_ruler"] = dict(made.ruler)
    if rule.preset in ("statcan_ir", "gravity"):
        # The numbers that a study hands in again, so that another region or year is scored alike.
        record.figures["remoteness_range"] = [made.ruler["least"], made.ruler["greatest"]]
    return made


def _kept(study: Study, scored: gpd.GeoDataFrame) -> Remoteness:
    value = scored[fields.remoteness_value(study.remoteness.preset)]
    none = pd.DataFrame(index=scored.index)
    return Remoteness(scored[fields.REMOTENESS], none, {}, value, scored[fields.REMOTENESS_CLASS])


def _by_minutes(
    study: Study, inputs: Inputs, scored: gpd.GeoDataFrame, monthly: Mapping[str, Float], upper: Mapping[str, float]
) -> Remoteness:
    assert inputs.remoteness_table is not None
    names, table = [tier.name for tier in inputs.tiers], inputs.remoteness_table
    if study.remoteness.preset == "kz":
        table = table.loc[names]
        weight, cap_min = (dict(zip(names, table[column], strict=True)) for column in ("weight", "cap_min"))
        minutes = _minutes(study, names, scored, monthly, cap_min)
        return kz(minutes, weight=weight, cap_min=cap_min, class_upper=upper)
    minutes = _minutes(study, names, scored, monthly, dict.fromkeys(names, np.inf))
    # A tier without any centre is no unknown: nobody lives near one. The travel step has warned of it.
    empty = minutes.isna().all()
    minutes.loc[:, empty] = np.inf
    if study.remoteness.preset == "far":
        least = table["minutes"].astype(float).to_dict()
        return far(minutes, least_min={name: least[name] for name in names}, class_upper=upper)
    limits: dict[str, dict[str, float]] = {}
    for _, row in table.iterrows():
        limits.setdefault(str(row["class"]), {})[str(row[fields.TIER])] = float(row["minutes"])
    return nz_ua(minutes, most_min=limits, last=str(inputs.classes["class"].iloc[-1]))


def _minutes(
    study: Study,
    names: list[str],
    scored: gpd.GeoDataFrame,
    monthly: Mapping[str, Float],
    cap_min: Mapping[str, float],
) -> pd.DataFrame:
    """Minutes to each tier in the first season, the worst month, or on average; the mean counts a month up to a cap."""
    out = {}
    for name in names:
        column = fields.travel_time_min(name)
        if study.remoteness.season == "worst" and fields.travel_time_min(name, "worst") in scored:
            column = fields.travel_time_min(name, "worst")
        out[name] = scored[column]
        if study.remoteness.season == "mean" and name in monthly:
            out[name] = pd.Series(mean_within(monthly[name], cap_min[name]), index=scored.index)
    return pd.DataFrame(out)


def _kilometres(
    season: str, inputs: Inputs, names: list[str], scored: gpd.GeoDataFrame, travelled: Travelled
) -> pd.DataFrame:
    """Kilometres of the quickest journey to each tier, the longest or the mean of the seasons."""
    tables, months = [], []
    for name, part in travelled.table.groupby("season", sort=False):
        wide = part.pivot(index="from_id", columns="tier", values="distance_km")
        tables.append(wide.loc[scored.index, names])
        months.append(_months(inputs, str(name)))
    return over_seasons(tables, "worst" if season == "worst" else "mean", months)


def _months(inputs: Inputs, season: str) -> float:
    """How many months a season has."""
    return float(sum(len(one.months) for one in inputs.season.seasons if one.name == season))


def _check_means(means: Mapping[str, float] | None, names: list[str], key: str) -> None:
    if means is not None and set(means) != set(names):
        message = f"remoteness.{key} must name the tiers {names}"
        raise InputError([Finding("error", "means", message, value=str(sorted(means)))])


def _by_people(
    study: Study,
    inputs: Inputs,
    scored: gpd.GeoDataFrame,
    travelled: Travelled,
    upper: Mapping[str, float],
    record: Record,
) -> Remoteness:
    """Score by the people of all centres: those of the settlements that belong to a tier."""
    rule = study.remoteness
    people = scored[fields.POPULATION].to_numpy(float)
    own = scored[[fields.centre(tier.name) for tier in inputs.tiers]].eq(scored.index.to_series(), axis=0)
    is_centre = own.to_numpy().any(axis=1)
    unknown = is_centre & ~(people > 0)
    message = "centres without a known population above 0 are left out of remoteness"
    record.note("warning", "centre-without-people", message, int(unknown.sum()))
    at = np.flatnonzero(is_centre & ~unknown)
    if not len(at):
        message = f"the preset {rule.preset} needs the population of the centres, and none is known"
        raise InputError([Finding("error", "no-population", message, file=study.settlements.path.name)])
    assert inputs.remoteness_table is not None
    given = {str(name): float(value) for name, value in inputs.remoteness_table["value"].items()}
    matrices, months = matrices_to(study, inputs, scored, travelled, at, rule.season)
    minutes = [pd.DataFrame(one, index=scored.index, columns=scored.index[at]) for one in matrices]
    ruler = None if rule.range is None else dict(zip(("least", "greatest"), rule.range, strict=True))
    if rule.preset == "statcan_ir":
        costs = {name: given[name] for name in ("cost_per_km", "floor_cost", "cutoff_cost")}
        km = [one * (given["speed_kph"] / 60.0) for one in minutes]
        return statcan_ir(km, people[at], months=months, log=rule.log, ruler=ruler, class_upper=upper, **costs)
    half = None if rule.exponent is not None else rule.half_life_min or given["half_life_min"]
    try:
        return gravity(
            minutes,
            people[at],
            rule.decay,
            months=months,
            half_life_min=half,
            exponent=rule.exponent,
            floor_min=rule.floor_min or given["floor_min"],
            ruler=ruler,
            class_upper=upper,
        )
    except ValueError as error:
        raise InputError([Finding("error", "decay", f"remoteness: {error}")]) from None


def matrices_to(
    study: Study,
    inputs: Inputs,
    scored: gpd.GeoDataFrame,
    travelled: Travelled,
    at: Int,
    season: Literal["first", "worst", "mean"] = "first",
) -> tuple[list[Float], list[float]]:
    """Return the minutes from every settlement to those at some positions, and the months that they stand for.

    One matrix of the first season, or of the longest journeys of all seasons (`worst`); or one for each state of the
    roads (`mean`), over which what is reached is averaged.

    Raises
    ------
    InputError
        More pairs than memory holds.
    """
    lon, lat = scored.geometry.x.to_numpy(), scored.geometry.y.to_numpy()
    states, months = dict[int, Roads](), dict[int, float]()  # seasons with the same minutes share their roads
    for name, roads in zip(dict.fromkeys(travelled.table["season"]), travelled.roads or [], strict=False):
        states[id(roads)] = roads
        months[id(roads)] = months.get(id(roads), 0.0) + _months(inputs, str(name))
    if season == "first" or len(states) < 2:
        states = dict(list(states.items())[:1])
    pairs = len(scored) * len(at) * (max(len(states), 1) if season == "mean" else 1)
    if pairs > _PAIRS_MAX:
        message = (
            f"{len(scored)} settlements times {len(at)} places are more than {_PAIRS_MAX:,} journeys; name fewer "
            "places, for example by higher tiers"
        )
        raise InputError([Finding("error", "too-many-journeys", message, value=f"{pairs:,}")])
    if not states or travelled.legs is None:
        return [straight_matrix(lon, lat, at, **study.straight.model_dump())], [1.0]
    legs = travelled.legs
    found = (road_matrix(lon, lat, roads, legs, at) for roads in states.values())
    if season == "mean":
        return list(found), [months[key] for key in states]
    return [functools.reduce(np.maximum, found)], [1.0]


def supply(
    study: Study, inputs: Inputs, scored: gpd.GeoDataFrame, travelled: Travelled, record: Record
) -> pd.DataFrame:
    """Supply per person by floating catchments, one column for each supply that the study names."""
    columns = {
        fields.supply(one.name): _catchment(study, inputs, one, scored, travelled, record) for one in study.supplies
    }
    return pd.DataFrame(columns, index=scored.index)


def _catchment(
    study: Study, inputs: Inputs, rule: Supply, scored: gpd.GeoDataFrame, travelled: Travelled, record: Record
) -> pd.Series:
    offered = scored[rule.column].to_numpy(float)
    if not np.isfinite(offered[~np.isnan(offered)]).all() or (offered < 0).any():
        message = f"supply {rule.name}: the column {rule.column} must hold finite numbers of 0 or more"
        raise InputError([Finding("error", "supply", message, file=study.settlements.path.name)])
    people = scored[fields.POPULATION].to_numpy(float)
    unknown = np.isnan(people)
    message = "settlements without a known population: their people do not share the supply"
    record.note("warning", "demand-unknown", message, int(unknown.sum()), rule.name)
    at = np.flatnonzero(offered > 0)
    if not len(at):
        raise InputError([Finding("error", "supply", f"supply {rule.name}: no settlement has any", value=rule.column)])
    demand = np.where(unknown, 0.0, people)
    matrices, months = matrices_to(study, inputs, scored, travelled, at, rule.season)
    shared = np.zeros(len(scored))
    for minutes, weight in zip(matrices, months, strict=True):
        if rule.method == "2sfca":
            here = two_step_fca(minutes, demand, offered[at], rule.threshold_min)
        elif rule.method == "e2sfca":
            here = enhanced_two_step_fca(minutes, demand, offered[at], inputs.catchments[rule.name])
        else:
            here = three_step_fca(minutes, demand, offered[at], inputs.catchments[rule.name])
        shared += here * (weight / sum(months))
    return pd.Series(shared * rule.per, index=scored.index)
