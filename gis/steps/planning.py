"""The planning step: the planner's tables by the rules of a study."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from gis import fields
from gis.errors import Finding, InputError
from gis.inputs import Inputs
from gis.publish.planner import named_areas, town_reasons
from gis.record import Record
from gis.space.network import Network
from gis.space.snapping import snap
from gis.stages.disparity import (
    BY_PEOPLE,
    PLAIN,
    disparity_between,
    disparity_within,
    lorenz_points,
    quotients,
    ranking,
    region_means,
)
from gis.stages.regions import ALL_SEASON_KM, DISTRICT, RURAL, area_figures
from gis.stages.support import catchments, propose, road_pairs, satellites, straight_pairs
from gis.stages.towns import depressed, is_town, judge, small_towns
from gis.stages.typology import TYPOLOGY, remoteness_groups, type_counts, typology
from gis.steps.travel import Travelled
from gis.study import Study


@dataclass(frozen=True)
class Planned:
    """What the planner gets.

    Parameters
    ----------
    settlements
        With `all_season_km` and `typology`.
    areas
        Polygons with their figures: `regions`, `districts`, where the study has them.
    tables
        By name, each with plain columns.
    """

    settlements: gpd.GeoDataFrame
    areas: dict[str, gpd.GeoDataFrame]
    tables: dict[str, pd.DataFrame]


def planning(
    study: Study, inputs: Inputs, settlements: gpd.GeoDataFrame, travelled: Travelled, record: Record
) -> Planned:
    """Make the planner's tables."""
    assert inputs.planning is not None
    types, tables = _types(study, inputs, settlements)
    settlements = settlements.drop(columns=[ALL_SEASON_KM, TYPOLOGY], errors="ignore")  # of an earlier run's table
    settlements.insert(
        settlements.columns.get_loc(fields.ACCESS_MIN) + 1, ALL_SEASON_KM, _all_season(inputs, travelled)
    )
    settlements.insert(settlements.columns.get_loc(fields.POTENTIAL) + 1, TYPOLOGY, types)
    town = is_town(settlements, study.towns.values)
    if not town.any():
        record.note(
            "warning", "no-towns", f"no settlement has a tier of {study.towns.values}: all count as rural, and no "
            "small town is judged; set towns.values", 1,
        )  # fmt: skip
    scored = pd.DataFrame(settlements.assign(**{RURAL: ~town}).drop(columns="geometry"))
    areas = {}
    for name, key, polygons in (("regions", fields.REGION, inputs.regions), ("districts", DISTRICT, inputs.districts)):
        if key in scored and scored[key].notna().any():
            tables[name], figures = _areas(study, inputs, scored, key)
            if polygons is not None:
                areas[name] = _with_figures(polygons, figures, key, _regional(inputs, key, figures))
    tables |= _towns(study, inputs, scored, town, record)
    tables |= _disparity(study, inputs, scored, record)
    tables |= _support(study, inputs, scored, town, travelled, record)
    return Planned(settlements, areas, {name: table for name, table in tables.items() if len(table)})


def _types(study: Study, inputs: Inputs, settlements: pd.DataFrame) -> tuple[pd.Series, dict[str, pd.DataFrame]]:
    assert inputs.planning is not None
    rule, names = study.typology, inputs.planning.types
    groups = remoteness_groups(inputs.classes["class"].tolist(), near=rule.near, remote=rule.remote)
    types = typology(settlements[fields.REMOTENESS_CLASS], settlements[fields.POTENTIAL], groups, names)
    counts = type_counts(types, settlements[fields.POPULATION], list(names.values()))
    return types, {TYPOLOGY: counts.reset_index()}


def _all_season(inputs: Inputs, travelled: Travelled) -> pd.Series:
    """Kilometres to the nearest road that is paved, no ferry, and open in every season; NaN without roads."""
    points = inputs.settlements.geometry
    if not travelled.roads or inputs.surfaces is None:
        return pd.Series(np.nan, index=points.index)
    network = travelled.roads[0].network
    edges = network.edges
    paved = inputs.surfaces.index[inputs.surfaces["paved"]].difference(["water"])
    kept = edges[fields.SURFACE].isin(paved).to_numpy() & (edges[fields.ROAD_CLASS] != "ferry").to_numpy()
    for roads in travelled.roads:
        minutes = roads.network.edges[[fields.FORWARD_MIN, fields.BACKWARD_MIN]].min(axis=1)
        kept &= np.isfinite(minutes.to_numpy(float))
    columns = [
        fields.FROM_ID,
        fields.TO_ID,
        fields.LENGTH_M,
        fields.COMPONENT_ID,
        fields.FORWARD_MIN,
        fields.BACKWARD_MIN,
    ]
    some = edges[[*columns, "geometry"]].loc[kept].reset_index(drop=True)  # what is needed to snap, of a million
    met = snap(points, Network(network.nodes, some), near_m=0.0)
    return met["access_m"] / 1000.0


def _areas(study: Study, inputs: Inputs, scored: pd.DataFrame, key: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table with its row of totals, and the figures by area."""
    assert inputs.planning is not None
    rule = {
        "tiers": [tier.name for tier in inputs.tiers],
        "limits_min": study.planning.limits_min,
        "all_season_within_km": study.planning.all_season_within_km or inputs.planning.all_season_within_km,
    }
    figures = area_figures(scored, [key], **rule)  # type: ignore[arg-type]
    total = area_figures(scored, **rule)  # type: ignore[arg-type]
    return named_areas(figures.join(_regional(inputs, key, figures)), total, study.language), figures


def _regional(inputs: Inputs, key: str, figures: pd.DataFrame) -> pd.DataFrame:
    """The figures that the study gives of regions, but for those that the run counts itself; districts have none."""
    assert inputs.planning is not None
    given = inputs.planning.regional if key == fields.REGION else pd.DataFrame()
    return given[[column for column in given if column not in figures]]


def _with_figures(
    polygons: gpd.GeoDataFrame, figures: pd.DataFrame, key: str, regional: pd.DataFrame
) -> gpd.GeoDataFrame:
    """The polygons and their figures; an area without settlements has none of them, not nothing known."""
    ours = {*figures, *regional, "row"} - {key}
    own = polygons.drop(columns=[c for c in polygons if c in ours])
    joined = own.merge(figures, left_on=key, right_index=True, how="left")
    joined = joined.merge(regional, left_on=key, right_index=True, how="left")
    counts = [c for c in figures if str(c).startswith(("settlements", "population"))]
    joined[counts] = joined[counts].fillna(0.0)
    front = [key, *(c for c in joined if c not in (key, "geometry")), "geometry"]
    return gpd.GeoDataFrame(joined[front], geometry="geometry", crs=polygons.crs)


def _towns(
    study: Study, inputs: Inputs, scored: pd.DataFrame, town: pd.Series, record: Record
) -> dict[str, pd.DataFrame]:
    assert inputs.planning is not None
    rule, criteria = study.towns, inputs.planning.criteria
    small = small_towns(scored, town, population_max=rule.population_max)
    unknown = int((town & scored[fields.POPULATION].isna()).sum())
    record.note("warning", "town-size", "towns whose population is not known: not judged as small towns", unknown)
    if not small.any():
        return {}
    for name, row in criteria.iterrows():
        if row["column"] not in scored:
            message = f"a criterion of depressed towns could not be judged: there is no column {row['column']}"
            record.note("warning", "criterion-not-judged", message, 1, str(name))
    try:
        judged = judge(scored, small, criteria)
    except ValueError as error:
        file = "towns.csv" if rule.criteria is None else rule.criteria.name
        raise InputError([Finding("error", "criteria", str(error), file=file)]) from None
    verdicts = depressed(judged, points_min=rule.points_min)
    verdicts["reasons"] = town_reasons(judged, study.language)
    record.figures["depressed_towns"] = verdicts["depressed"].value_counts().to_dict()
    about = scored.loc[verdicts.index, [fields.NAME, fields.REGION, fields.POPULATION]]
    return {
        "towns": about.join(verdicts).rename_axis(fields.SETTLEMENT_ID).reset_index(),
        "town_criteria": judged.merge(about[[fields.NAME]], left_on=judged.columns[0], right_index=True),
    }


def _disparity(study: Study, inputs: Inputs, scored: pd.DataFrame, record: Record) -> dict[str, pd.DataFrame]:
    assert inputs.planning is not None
    if scored[fields.REGION].nunique() < 2:
        return {}
    columns = _comparable(study, scored)
    people = scored[fields.POPULATION].groupby(scored[fields.REGION]).sum()
    regional = inputs.planning.regional.reindex(people.index)
    own = list(study.regional.values) if study.regional is not None else []
    rows, refused = [], dict[str, str]()
    plain, weighted = region_means(scored, columns)
    between = {PLAIN: plain.join(regional[own]), BY_PEOPLE: weighted.join(regional[own])}
    for weighting, values in between.items():
        table, bad = disparity_between(values, people if weighting == BY_PEOPLE else None)
        rows.append(table.assign(among="regions", weighting=weighting))
        refused |= bad
        by_people = weighting == BY_PEOPLE
        table, bad = disparity_between(scored[columns], scored[fields.POPULATION] if by_people else None)
        parts = disparity_within(scored, columns, by_people=by_people)
        rows.append(table.join(parts).assign(among="settlements", weighting=weighting))
        refused |= bad
    for column, reason in refused.items():
        record.note("warning", "disparity-not-measured", f"no disparity can be measured: {reason}", 1, column)
    table = pd.concat(rows).reset_index()
    front = ["column", "among", "weighting"]
    return {
        "disparity": table[[*front, *(c for c in table if c not in front)]].sort_values(front, ignore_index=True),
        "ranking": ranking(between[BY_PEOPLE], people),
        "lorenz": lorenz_points(between[BY_PEOPLE], people),
        "location_quotients": _quotients(study, regional),
    }


def _comparable(study: Study, scored: pd.DataFrame) -> list[str]:
    """The columns of `planning.disparity`, each checked."""
    findings = []
    for column in study.planning.disparity:
        if column not in scored:
            message = "planning.disparity names a column that neither the settlements nor the run has"
            findings.append(Finding("error", "no-such-column", message, value=column))
        elif not pd.api.types.is_numeric_dtype(scored[column].dtype):
            value = scored[column].dropna().astype(str)
            message = f"the column {column} of planning.disparity must hold numbers"
            findings.append(Finding("error", "not-a-number", message, value=value.iloc[0] if len(value) else ""))
    if findings:
        raise InputError(findings)
    return study.planning.disparity


def _quotients(study: Study, regional: pd.DataFrame) -> pd.DataFrame:
    rule = study.regional
    if rule is None or not rule.amounts:
        return pd.DataFrame()
    try:
        table = quotients(regional[rule.amounts], regional[rule.whole] if rule.whole else None)
    except ValueError as error:
        file = rule.path.name if rule.path is not None else ""
        raise InputError([Finding("error", "amounts", str(error), file=file)]) from None
    return table.rename_axis(fields.REGION).reset_index()


def _support(
    study: Study, inputs: Inputs, scored: pd.DataFrame, town: pd.Series, travelled: Travelled, record: Record
) -> dict[str, pd.DataFrame]:
    """Catchments, the proposed support villages, and their satellites, of all inhabited rural settlements."""
    rule, population = study.support, scored[fields.POPULATION]
    large = population >= rule.population_min
    if rule.values is None:
        candidate = ~town & large
    else:
        candidate = scored[fields.TIER].isin(rule.values) & (large | population.isna())
    served = (~town | candidate) & (population != 0)
    if not candidate.any():
        record.note(
            "warning", "no-candidate", "no settlement may be a support village: none is proposed; see support", 1
        )
        return {}
    points = inputs.settlements.sort_index().geometry
    who = candidate.reindex(points.index).to_numpy(bool)
    if travelled.roads is not None and travelled.legs is not None:
        pairs = road_pairs(points, travelled.roads[0], travelled.legs, who, limit_min=rule.limit_min)
    else:
        straight = study.straight.model_dump()
        pairs = straight_pairs(points, who, limit_min=rule.limit_min, **straight)
    people = population[served].sort_index()
    candidates = pd.Index(points.index[who], name=fields.SETTLEMENT_ID)
    chosen = propose(pairs, people, candidates, number=rule.number, share=rule.share)
    table = catchments(pairs, people, candidates).join(chosen)
    own = satellites(pairs, chosen.index, people)
    if len(chosen):
        record.figures["support_villages"] = {
            "proposed": len(chosen), "share_served": round(float(chosen["share_served"].iloc[-1]), 4)
        }  # fmt: skip
    names = scored[[fields.NAME, fields.REGION]]
    table = (
        names.loc[candidates]
        .join(population)
        .join(table)
        .sort_values(["rank", "population_within"], ascending=[True, False])
    )
    # The table leaves the minutes blank where no support village is in reach: it is not said that none can be reached.
    own = own.rename(columns={"travel_time_min": "minutes"}).replace({"minutes": np.inf}, np.nan).join(names)
    own["support_name"] = own["support_id"].map(scored[fields.NAME])
    front = [fields.NAME, fields.REGION, fields.POPULATION, "support_id", "support_name", "minutes"]
    return {
        "support": table.rename_axis(fields.SETTLEMENT_ID).reset_index(),
        "satellites": own[front].rename_axis(fields.SETTLEMENT_ID).reset_index(),
    }
