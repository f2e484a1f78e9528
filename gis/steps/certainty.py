"""The certainty step: a study's scores under other speeds, seasons and populations, and what becomes of its classes."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis import fields
from gis.inputs import Inputs
from gis.kernels.threads import on_all_cores
from gis.record import Record
from gis.stages.certainty import (
    Alternatives,
    Certainty,
    Classes,
    certainty,
    population_errors,
    speed_factors,
)
from gis.stages.legs import Legs
from gis.stages.other_speeds import OtherSpeeds
from gis.stages.travel import OVER_LAND, STRAIGHT
from gis.stages.viability import Rule, viability
from gis.steps.remoteness import remoteness, supply
from gis.steps.travel import Travelled, journeys_of_states
from gis.study import Study

Float = NDArray[np.float64]
_Parts = Mapping[tuple[str, str], pd.DataFrame]  # journeys by tier and season

_WORST = "worst"
_DESIGN, _FEW, _MANY = 128, 16, 1000  # rows of the design; fewer where Copeland compares so many settlements
_NEAR, _OVER_LAND = "(near)", "(over land)"


def sureness(
    study: Study,
    inputs: Inputs,
    places: gpd.GeoDataFrame,
    level: pd.Series,
    travelled: Travelled,
    scored: gpd.GeoDataFrame,
    tables: dict[str, pd.DataFrame],
    record: Record,
) -> Certainty | None:
    """Draw the assumptions of a study; None where it asks for no draws.

    Parameters
    ----------
    scored
        With every column of the run, in the order of `places`.
    tables
        From `gis.steps.scores.fitness`: `indicators`, `raw` and `normalised`.

    Notes
    -----
    Kept as published in every draw: which settlements are centres, the people of centres and those who share a supply,
    and how much longer the minutes of a single month are than those of the first season.
    """
    rule = study.certainty
    by = study.index
    if rule.draws == 0:
        return None
    pairs = "copeland" in (by.aggregation, *rule.aggregations)
    used, scores = tables["indicators"].set_index("indicator"), tables["normalised"]
    sure = certainty(
        Alternatives(
            scores,
            _journeys(study, inputs, places, level, travelled, scored, used),
            _population(study, inputs, scored, used),
            rule.missing,
            tables["raw"].isna(),
        ),
        used,
        {str(block): float(rows.iloc[0]) for block, rows in used.groupby("block")["block_weight"]},
        _classes(study, scored),
        draws=rule.draws,
        seed=rule.seed,
        weight_spread=rule.weights,
        normalisations=rule.normalisations,
        aggregations=rule.aggregations,
        published=by.aggregation,
        power=by.power,
        stable=rule.stable,
        design=_FEW if pairs and len(scored) > _MANY else _DESIGN,
    )
    doubtful = int((~sure.columns[fields.POTENTIAL_STABLE]).sum())
    record.figures["certainty"] = {
        "draws": rule.draws,
        "seed": rule.seed,
        "not_stable": doubtful,
        "sensitivity": sure.sensitivity.to_dict(orient="index"),
    }
    return sure


def _classes(study: Study, scored: pd.DataFrame) -> Classes:
    rule = study.potential
    inhabited = ~(scored[fields.POPULATION] == 0).to_numpy()
    if rule.rule == "thresholds":
        return Classes(inhabited, limits=(rule.high, rule.low))
    return Classes(inhabited, rule.high, rule.medium, rule.low)


def _journeys(
    study: Study,
    inputs: Inputs,
    places: gpd.GeoDataFrame,
    level: pd.Series,
    travelled: Travelled,
    scored: gpd.GeoDataFrame,
    used: pd.DataFrame,
) -> dict[str, Float]:
    """Score the indicators that follow from journeys anew, for every table of speeds and every season."""
    tiers = [tier.name for tier in inputs.tiers]
    seasons = travelled.table["season"].unique().tolist()
    moved = {fields.REMOTENESS, fields.ACCESS_MIN}
    moved |= {column(tier) for tier in tiers for column in (fields.travel_time_min, fields.distance_km)}
    moved |= {fields.travel_time_min(tier, season) for tier in tiers for season in [*seasons[1:], _WORST]}
    moved |= {fields.supply(one.name) for one in study.supplies}
    affected = used[used["column"].isin(moved)]
    if affected.empty:
        return {}
    centre = {tier: (level <= position).to_numpy() for position, tier in enumerate(tiers)}
    others = seasons if _of_year(study, affected) else seasons[1:]
    drawn, published = [], _parts(travelled)
    for at_speed, other in _at_other_speeds(study, places, travelled, centre):
        parts = _parts(other)
        now = _columns(other, parts, published, scored, tiers, seasons)
        monthly = _monthly(parts, travelled.monthly, published, seasons[0])
        row = [_scores(at_speed, inputs, scored.assign(**now), monthly, other, affected)]
        by_first = _by_first(at_speed)
        for season in others if study.certainty.seasons else []:
            first = scored.assign(**_first(now, parts, tiers, season))
            row.append(_scores(by_first, inputs, first, {}, _only(other, seasons, season), affected))
        drawn.append(row)
        del at_speed, other, parts  # the next table of speeds needs the memory of its roads
    return {str(name): np.array([[scores[name] for scores in row] for row in drawn]) for name in affected.index}


def _of_year(study: Study, affected: pd.DataFrame) -> bool:
    """Whether something is scored by more than the first season, so that the first is an alternative to it."""
    supplies = {fields.supply(one.name): one.season for one in study.supplies}
    used = [supplies[column] for column in affected["column"] if column in supplies]
    return any(season != "first" for season in [study.remoteness.season, *used])


def _by_first(study: Study) -> Study:
    """The study, scored by the first season."""
    first = {"season": "first"}
    supplies = [one.model_copy(update=first) for one in study.supplies]
    return study.model_copy(update={"remoteness": study.remoteness.model_copy(update=first), "supplies": supplies})


def _only(travelled: Travelled, seasons: list[str], season: str) -> Travelled:
    """The journeys of one season."""
    table = travelled.table[travelled.table["season"] == season]
    roads = None if travelled.roads is None else [travelled.roads[seasons.index(season)]]
    return replace(travelled, table=table, roads=roads)


def _scores(
    study: Study,
    inputs: Inputs,
    scored: gpd.GeoDataFrame,
    monthly: dict[str, Float],
    travelled: Travelled,
    indicators: pd.DataFrame,
) -> dict[str, Float]:
    """Score some indicators once remoteness is scored anew; one that became the same everywhere tells nothing: 1/2."""
    columns, changed = set(indicators["column"]), scored
    if fields.REMOTENESS in columns:
        far = remoteness(study, inputs, scored, Record(), monthly, travelled)
        changed = changed.assign(**{fields.REMOTENESS: far.score})
    own = [fields.supply(one.name) for one in study.supplies]
    if columns & set(own):
        changed = changed.drop(columns=own).join(supply(study, inputs, scored, travelled, Record()))
    half = np.full(len(scored), 0.5)
    try:
        made = _normalised(study, inputs, changed, indicators)
    except ValueError:  # none tells settlements apart
        return dict.fromkeys(map(str, indicators.index), half)
    return {str(name): made[name].to_numpy(float) if name in made else half for name in indicators.index}


def _normalised(study: Study, inputs: Inputs, scored: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """Score indicators by the rules of the study; how they are put together does not matter here."""
    by = study.index
    groups = None if by.missing_by is None else scored[by.missing_by].astype(object).fillna("").to_numpy()
    table = inputs.indicators.loc[indicators.index]
    return viability(scored, table, inputs.block_weights, rule=Rule(floor=by.floor), groups=groups).normalised


def _parts(travelled: Travelled) -> dict[tuple[str, str], pd.DataFrame]:
    """The journeys by tier and season."""
    return {(str(tier), str(season)): part for (tier, season), part in travelled.table.groupby(["tier", "season"])}


def _minutes(parts: _Parts, tier: str, season: str, column: str = "travel_time_min") -> Float:
    return parts[tier, season][column].to_numpy(float)


def _slower(parts: _Parts, published: _Parts, tier: str, season: str) -> Float:
    """By what factor journeys take longer than published; 1 where that cannot be told."""
    now, then = _minutes(parts, tier, season), _minutes(published, tier, season)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isfinite(now) & np.isfinite(then) & (then > 0), now / then, 1.0)


def _monthly(parts: _Parts, monthly: Mapping[str, Float], published: _Parts, season: str) -> dict[str, Float]:
    """The minutes of the months, searched at the published speeds only: as much longer as those of a season."""
    return {tier: minutes * _slower(parts, published, tier, season) for tier, minutes in monthly.items()}


def _columns(
    travelled: Travelled, parts: _Parts, published: _Parts, scored: pd.DataFrame, tiers: list[str], seasons: list[str]
) -> dict[str, Float]:
    """Lay journeys out as the columns of a run."""
    out: dict[str, Float] = {}
    for tier in tiers:
        out[fields.travel_time_min(tier)] = _minutes(parts, tier, seasons[0])
        out[fields.distance_km(tier)] = _minutes(parts, tier, seasons[0], "distance_km")
        for season in seasons[1:]:
            out[fields.travel_time_min(tier, season)] = _minutes(parts, tier, season)
        worst = fields.travel_time_min(tier, _WORST)
        if worst in scored:
            out[worst] = scored[worst].to_numpy(float) * _slower(parts, published, tier, seasons[0])
    if travelled.legs is not None:
        out[fields.ACCESS_MIN] = travelled.legs.access_min[: len(scored)]
    return out


def _first(columns: dict[str, Float], parts: _Parts, tiers: list[str], season: str) -> dict[str, Float]:
    """Let the journeys of a season stand where those of the first one are."""
    first = {fields.travel_time_min(tier): _minutes(parts, tier, season) for tier in tiers}
    first |= {fields.distance_km(tier): _minutes(parts, tier, season, "distance_km") for tier in tiers}
    return columns | first


def _at_other_speeds(
    study: Study, places: gpd.GeoDataFrame, travelled: Travelled, centre: dict[str, NDArray[np.bool_]]
) -> Iterator[tuple[Study, Travelled]]:
    """Yield the journeys as published, then those at each of the other tables of speeds; each with its study."""
    yield study, travelled
    rule = study.certainty
    if rule.speeds == 1.0:
        return
    if travelled.roads is None or travelled.legs is None:
        for factor in speed_factors([STRAIGHT], factor=rule.speeds, seed=rule.seed)[STRAIGHT].tolist()[1:]:
            table = travelled.table.assign(travel_time_min=travelled.table["travel_time_min"] / factor)
            straight = study.straight.model_copy(update={"speed_kph": study.straight.speed_kph * factor})
            yield study.model_copy(update={"straight": straight}), replace(travelled, table=table)
        return
    classes = sorted(set(travelled.roads[0].network.edges[fields.ROAD_CLASS].unique()) - {OVER_LAND})
    factors = speed_factors([*classes, _NEAR, _OVER_LAND], factor=rule.speeds, seed=rule.seed)
    seasons = travelled.table["season"].unique().tolist()
    states = {id(roads): OtherSpeeds(roads) for roads in travelled.roads}  # seasons with the same minutes share roads

    def at(factor: pd.Series) -> Travelled:
        assert travelled.roads is not None
        assert travelled.legs is not None
        legs = _faster_legs(travelled.legs, factor)
        of_class = factor.rename({_OVER_LAND: OVER_LAND})
        made = on_all_cores(lambda roads, _: roads.at(of_class), [(roads,) for roads in states.values()])
        faster = dict(zip(states, made, strict=True))
        journeys = journeys_of_states(places.geometry, faster, legs, centre)
        rows = [
            journeys[id(roads), tier].assign(tier=tier, season=season).rename_axis("from_id").reset_index()
            for season, roads in zip(seasons, travelled.roads, strict=True)
            for tier in centre
        ]
        of_seasons = [faster[id(roads)] for roads in travelled.roads]
        return replace(travelled, table=pd.concat(rows), roads=of_seasons, legs=legs)

    for _, factor in factors.iloc[1:].iterrows():
        yield study, at(factor)


def _faster_legs(legs: Legs, factor: pd.Series) -> Legs:
    """Go faster on local ways and over land, by the same places."""
    over_land = float(factor[_OVER_LAND])
    by = np.where(legs.over_land, over_land, factor[_NEAR])
    direct = None if legs.direct is None else legs.direct.assign(access_min=legs.direct["access_min"] / over_land)
    walkers = None if legs.walkers is None else replace(legs.walkers, faster=legs.walkers.faster * over_land)
    return replace(
        legs,
        access_min=legs.access_min / by,
        into_min=legs.into_min / by,
        over_land_kph=legs.over_land_kph * over_land,
        direct=direct,
        walkers=walkers,
    )


def _population(study: Study, inputs: Inputs, scored: gpd.GeoDataFrame, used: pd.DataFrame) -> dict[str, Float]:
    """Score the indicators that follow from population anew, for each draw of its errors."""
    rule = study.certainty
    per = used["per"] if "per" in used else pd.Series(None, index=used.index, dtype=object)
    affected = used[(used["column"] == fields.POPULATION) | (per == fields.POPULATION)]
    if affected.empty or rule.population == 0:
        return {}
    drawn = [
        _normalised(study, inputs, scored.assign(**{fields.POPULATION: scored[fields.POPULATION] * factor}), affected)
        for factor in population_errors(len(scored), error=rule.population, seed=rule.seed)
    ]
    return {str(name): np.array([table[name].to_numpy(float) for table in drawn]) for name in affected.index}
