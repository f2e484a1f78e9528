"""The spine: from a study to every settlement scored."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis import fields
from gis.checkpoints import Checkpoints
from gis.inputs import Inputs, read_inputs
from gis.publish.beside import beside
from gis.record import Progress, Record
from gis.space.grid import Grid
from gis.stages.route_forest import RouteForest
from gis.stages.routes import Route
from gis.steps.cards import cards, routes_of_all
from gis.steps.certainty import sureness
from gis.steps.climate import climate as climate_step
from gis.steps.planning import planning
from gis.steps.remoteness import remoteness, supply
from gis.steps.scores import fitness, ordered
from gis.steps.surfaces import distances, make_grid, make_land, straight_minutes
from gis.steps.travel import Travelled, levels, travel, travel_columns
from gis.study import Study

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Result:
    """What a run makes, as objects.

    Parameters
    ----------
    study
        As run.
    settlements
        Every settlement with every value, on `settlement_id`; `inf` unreachable, NaN unknown.
    centres
        The settlements that are centres, with their tier.
    journeys
        Long table: `from_id`, `to_id`, `tier`, `season`, `travel_time_min`, `distance_km`, `mode`.
    roads
        The edges of the network with speeds and minutes of the first season; None without roads.
    travel_time
        Surfaces of minutes on `grid`, float32, by tier and season; seasons with the same speeds share one array.
        Without roads there is the first season alone.
    distance
        Surfaces of geodesic kilometres, by tier.
    grid
        Of the surfaces.
    water, regions
        As read.
    areas
        Polygons of the `regions` and `districts` with their figures, where the study has them.
    tables
        The tables behind viability (normalised indicators, ranges, weights), and the planner's.
    cards
        What `explain` says: `routes`, `indicator_values`, `changes`; see `gis.steps.cards`.
    routes
        Those of all settlements to all tiers in all seasons, each stretch once; None without roads.
    record
        Seconds, findings and figures.
    travelled
        What the journeys were made from: networks by season, ways to the road, minutes by month.
    """

    study: Study
    inputs: Inputs
    settlements: gpd.GeoDataFrame
    centres: gpd.GeoDataFrame
    journeys: pd.DataFrame
    roads: gpd.GeoDataFrame | None
    travel_time: dict[tuple[str, str], NDArray[np.float32]]
    distance: dict[str, NDArray[np.float32]]
    grid: Grid
    areas: dict[str, gpd.GeoDataFrame]
    tables: dict[str, pd.DataFrame]
    cards: dict[str, pd.DataFrame]
    routes: RouteForest | None
    record: Record
    travelled: Travelled

    def route(self, settlement_id: str, tier: str, season: str | None = None) -> Route:
        """Draw the journey of a settlement to its nearest centre of a tier, leg by leg.

        Parameters
        ----------
        settlement_id, tier
            As in the results.
        season
            Without it the first.

        Returns
        -------
        Route
            Its line, legs, kilometres and minutes; `slowest` names the leg that holds it up.

        Raises
        ------
        KeyError
            No such settlement, tier or season.
        """
        return self.travelled.route(settlement_id, tier, season)


def compute(study: Study, *, progress: Progress | None = None, checkpoints: Checkpoints | None = None) -> Result:
    """Run a study and return its results as objects; nothing is written.

    Parameters
    ----------
    study
        From `gis.study.read_study` or `gis.study.make_study`.
    progress
        Called with the name of each stage as it begins.
    checkpoints
        Where long stages are kept, so that a run that was killed goes on from the last one; None keeps nothing.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        Layers that cannot be used, with all findings.
    """
    record = Record(progress=progress, checkpoints=Checkpoints(None) if checkpoints is None else checkpoints)
    inputs = record.keep("read", lambda: _read(study, record))
    places = inputs.settlements.sort_index()
    level = levels(places, inputs, record)
    grid = make_grid(study, places)
    away: list[dict[str, NDArray[np.float32]]] = []

    def surfaces(_: object) -> None:
        with record.timed("surfaces"):
            away.append(distances(inputs, places, level, grid))

    with beside(surfaces):
        travelled = record.keep(
            "travel", lambda: travel(study, inputs, places, level, make_land(study, inputs, grid, record), record)
        )
        record.begins("surfaces")
    distance = away[0]
    inputs = replace(inputs, roads=None)  # a million lines that the network has as well
    travel_time = travelled.surface or straight_minutes(study, inputs, distance)
    with record.stage("climate"):
        climate = climate_step(study, inputs, places, record)
    with record.stage("scores"):
        columns = pd.concat([travel_columns(inputs, travelled, places.index), climate], axis=1)
        scored = pd.concat([places.drop(columns=columns.columns, errors="ignore"), columns], axis=1)
        far = remoteness(study, inputs, scored, record, travelled.monthly, travelled)
        scored[fields.REMOTENESS] = far.score
        scored[fields.REMOTENESS_CLASS] = far.classes
        if study.remoteness.preset != "kz":  # whose published value is the score
            scored[fields.remoteness_value(study.remoteness.preset)] = far.value
        scored = scored.join(supply(study, inputs, scored, travelled, record))
        scored, tables = fitness(study, inputs, scored, record)
    sure = record.keep("certainty", lambda: sureness(study, inputs, places, level, travelled, scored, tables, record))
    if sure is not None:
        scored = scored.join(sure.columns)
        tables["sensitivity"] = sure.sensitivity
    explained = record.keep("cards", lambda: cards(study, inputs, travelled, scored, tables, sure, record))
    settlements = ordered(scored.loc[inputs.settlements.index], inputs)
    forest: list[RouteForest | None] = []
    with beside(lambda _: forest.append(routes_of_all(travelled))):
        planned = record.keep("planning", lambda: planning(study, inputs, settlements, travelled, record))
    settlements = planned.settlements
    named = (fields.NAME, fields.NAME_KK, fields.NAME_RU, fields.NAME_EN, fields.POPULATION)
    known = [column for column in named if column in settlements]
    centres = settlements.loc[level.reindex(settlements.index).notna(), [*known, "geometry"]]
    names = np.array([tier.name for tier in inputs.tiers], object)
    centres = centres.assign(tier=names[level[centres.index].astype(int)])
    if not far.parts.columns.empty:
        tables["remoteness_parts"] = far.parts.loc[settlements.index]
    return Result(
        study=study,
        inputs=inputs,
        settlements=settlements,
        centres=centres,
        journeys=travelled.table,
        roads=travelled.road_edges,
        travel_time=travel_time,
        distance=distance,
        grid=grid,
        areas=planned.areas,
        tables={**tables, **planned.tables},
        cards=explained,
        routes=forest[0],
        record=record,
        travelled=travelled,
    )


def _read(study: Study, record: Record) -> Inputs:
    inputs = read_inputs(study)
    record.findings += inputs.findings
    return inputs
