"""The cards step: what `explain` says of each settlement, as tables that lie beside the results."""

import json
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis import fields
from gis.inputs import Inputs
from gis.kernels.composite import normalise, row_weights
from gis.kernels.threads import on_all_cores
from gis.record import Record
from gis.stages.certainty import Certainty
from gis.stages.climate import COLUMNS as CLIMATE
from gis.stages.improvement import changes_needed, index_of, lifted, next_class, score_of
from gis.stages.journey_parts import JourneyParts, journey_parts, slowest_parts
from gis.stages.route_forest import RouteForest, route_forest
from gis.steps.remoteness import remoteness
from gis.steps.travel import Travelled
from gis.study import Study

Float = NDArray[np.float64]

PAVED_ROAD = "paved_road"
"""Stands among the indicators of `changes` for a paved road along the present way."""

_CHANGE_COLUMNS = [
    "settlement_id", "indicator", "value", "needed", "minutes_saved", fields.TIER, "viability", "potential",
    "next_potential", "probability",
]  # fmt: skip
_POWER = {"arithmetic": 1.0, "geometric": 0.0, "harmonic": -1.0}
_SIMPLIFY_DEGREES = 0.001
_DRAWN_OF_EACH = 3
_SAVES_LEAST_MIN = 0.5


def cards(
    study: Study,
    inputs: Inputs,
    travelled: Travelled,
    scored: gpd.GeoDataFrame,
    tables: dict[str, pd.DataFrame],
    sure: Certainty | None,
    record: Record,
) -> dict[str, pd.DataFrame]:
    """Make the tables of the cards: `routes`, `indicator_values` and `changes`.

    Parameters
    ----------
    scored
        With every column of the run, in the order of the journeys.
    tables
        From `gis.steps.scores.fitness`: `indicators`, `raw` and `normalised`.
    sure
        The draws, where there are any: the probabilities of the classes that changes lead to.

    Returns
    -------
    dict
        - `routes`, a row for each settlement and tier, in the first season: centre, minutes, kilometres, the slowest
          part (of those that take a twentieth of the minutes or more), the minutes that a paved road would save, and
          all parts as JSON. `flows` has their lines, `Result.route` draws one.
        - `indicator_values`, a row for each settlement and indicator: value, score (0 to 1), percentile (the share of
          the others that are worse, equal ones by half), weight in this settlement, points.
        - `changes`, a row for each single change that lifts a settlement, and for a paved road: the value needed, or
          the minutes saved; viability, class, and the probability of the next class or a better one. Nobody changes
          the climate, so its indicators are not among them.
    """
    used, scores = tables["indicators"].set_index("indicator"), tables["normalised"]
    values = tables["raw"]
    parts = _parts(study, inputs, travelled)
    blocks = used["block"].tolist()
    share = row_weights(
        scores.to_numpy(float),
        used["weight"].to_numpy(float),
        blocks=blocks,
        block_weights=used.groupby("block", sort=False)["block_weight"].first().to_numpy(float),
    )
    return {
        "routes": _routes(travelled, parts),
        "indicator_values": _indicator_values(values, scores, share, scored, used["column"]),
        "changes": _changes(study, inputs, travelled, scored, values, scores, used, share, parts, sure, record),
    }


def routes_of_all(travelled: Travelled) -> RouteForest | None:
    """Return the routes of all settlements to all tiers in all seasons; None where there are no roads."""
    if travelled.roads is None or travelled.legs is None:
        return None
    seasons = dict.fromkeys(travelled.table["season"])
    roads = dict(zip(seasons, travelled.roads, strict=True))
    assert travelled.points is not None
    return route_forest(travelled.points, travelled.table, roads, travelled.legs, travelled.centre)


def flows(travelled: Travelled, routes: RouteForest | None, people: pd.Series) -> gpd.GeoDataFrame:
    """Count, on every stretch of way, the journeys of the first season that take it, and who makes them.

    Parameters
    ----------
    travelled
        The journeys.
    routes
        From `routes_of_all`. None: the journeys are straight lines, each a stretch of its own.
    people
        The population of the settlements, on their index; where it is not known nobody is counted.

    Returns
    -------
    GeoDataFrame
        A row for each tier and stretch: `tier`, `off_road`, `journeys`, `population`, and the line, at most 0.001
        degrees from the way.
    """
    points = travelled.points
    assert points is not None
    weights = np.column_stack([np.ones(len(points)), people.reindex(points.index).fillna(0.0).to_numpy(float)])
    near = None if routes is None else routes.simplified(_SIMPLIFY_DEGREES)
    stretches = np.empty(0, object) if near is None else near.lines()
    xy = shapely.get_coordinates(points.to_numpy())
    frames = []
    for tier in travelled.centre:
        journeys = _journeys(travelled, tier)
        if near is None:
            goes = np.flatnonzero(journeys["to_id"].notna() & (journeys["to_id"] != journeys.index))
            to = points.index.get_indexer(pd.Index(journeys["to_id"].iloc[goes]))
            load, off = weights[goes], np.ones(len(goes), bool)
            lines = shapely.linestrings(np.stack([xy[goes], xy[to]], axis=1))
        else:
            load = near.loads(tier, str(travelled.table["season"].iloc[0]), weights)
            taken = np.flatnonzero(load[:, 0] > 0)
            lines, load, off = stretches[taken], load[taken], near.off_road[taken]
        table = {fields.TIER: tier, "off_road": off, "journeys": load[:, 0].astype(np.int64)}
        frames.append(gpd.GeoDataFrame({**table, fields.POPULATION: load[:, 1]}, geometry=lines, crs=points.crs))
    out: gpd.GeoDataFrame = pd.concat(frames, ignore_index=True)
    long = shapely.length(out.geometry.to_numpy()) > 0  # who stands on the road has no way to it
    return out[long].reset_index(drop=True)


def minutes_by_month(travelled: Travelled) -> dict[str, pd.DataFrame]:
    """Return, by tier, the minutes of the settlements (rows) in the months 1 to 12; empty where all are alike."""
    assert travelled.points is not None
    ids, months = travelled.points.index, range(1, 13)
    return {tier: pd.DataFrame(minutes.T, index=ids, columns=months) for tier, minutes in travelled.monthly.items()}


def _parts(study: Study, inputs: Inputs, travelled: Travelled) -> dict[str, JourneyParts]:
    roads = None if travelled.roads is None else travelled.roads[0]
    paved = None
    if roads is not None and inputs.surfaces is not None:
        paved = roads.network.edges[fields.SURFACE].isin(inputs.surfaces.index[inputs.surfaces["paved"]]).to_numpy()
    kph = study.certainty.paved_kph

    def of_tier(tier: str, who: NDArray[np.bool_], _: object) -> JourneyParts:
        journeys = _journeys(travelled, tier)
        return journey_parts(journeys, who, paved_kph=kph, roads=roads, legs=travelled.legs, paved=paved)

    return dict(zip(travelled.centre, on_all_cores(of_tier, travelled.centre.items()), strict=True))


def _journeys(travelled: Travelled, tier: str) -> pd.DataFrame:
    table = travelled.table
    first = table["season"].iloc[0]
    rows: pd.DataFrame = table[(table["tier"] == tier) & (table["season"] == first)]
    return rows.set_index("from_id")


def _routes(travelled: Travelled, parts: dict[str, JourneyParts]) -> pd.DataFrame:
    frames = []
    for tier, made in parts.items():
        journeys = _journeys(travelled, tier)
        slowest = slowest_parts(made.parts).reindex(journeys.index)
        detail = made.parts.round({"length_km": 2, "travel_time_min": 1})
        listed = _listed(detail)
        frame = pd.DataFrame(
            {
                fields.SETTLEMENT_ID: journeys.index,
                fields.TIER: tier,
                "centre_id": journeys["to_id"].to_numpy(),
                "mode": journeys["mode"].to_numpy(),
                "travel_time_min": journeys["travel_time_min"].to_numpy(float),
                "distance_km": journeys["distance_km"].to_numpy(float),
                "slowest_kind": slowest["kind"].to_numpy(object),
                "slowest_surface": slowest["paved"].map({True: "paved", False: "unpaved"}).to_numpy(object),
                "slowest_km": slowest["length_km"].to_numpy(float),
                "slowest_min": slowest["travel_time_min"].to_numpy(float),
                "slowest_kph": slowest["speed_kph"].to_numpy(float),
                "paved_saves_min": made.saved_min.to_numpy(float),
                "parts": [listed.get(key, "[]") for key in journeys.index],
            }
        )
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _listed(parts: pd.DataFrame) -> dict[str, str]:
    """List the parts of each journey as JSON, those that take longest first."""
    code, ids = pd.factorize(parts["from_id"])
    rows = parts.iloc[np.lexsort([-parts["travel_time_min"].to_numpy(float), code])]
    columns = [_json(rows[name].tolist()) for name in ("kind", "paved", "length_km", "travel_time_min")]
    each = [
        f'{{"kind": {kind}, "paved": {paved}, "km": {km}, "min": {minutes}}}'
        for kind, paved, km, minutes in zip(*columns, strict=True)
    ]
    first = np.cumsum([0, *np.bincount(code)]).tolist()
    return {key: f"[{', '.join(each[a:b])}]" for key, (a, b) in zip(ids.tolist(), pairwise(first), strict=True)}


def _json(values: list[object]) -> list[str]:
    """Write values as JSON, each distinct one once."""
    known = {value: json.dumps(value) for value in set(values)}
    return [known[value] for value in values]


def _indicator_values(
    values: pd.DataFrame, scores: pd.DataFrame, share: Float, scored: pd.DataFrame, columns: pd.Series
) -> pd.DataFrame:
    frames = []
    added = all(fields.contribution(str(name)) in scored for name in scores.columns)  # Copeland's index has no parts
    for number, name in enumerate(scores.columns):
        score = scores[name].to_numpy(float)
        frames.append(
            pd.DataFrame(
                {
                    fields.SETTLEMENT_ID: scores.index,
                    "indicator": str(name),
                    "column": columns[name],
                    "value": values[name].to_numpy(float),
                    "unreachable": np.isinf(values[name].to_numpy(float)),
                    "score": score,
                    "percentile": _percentiles(score),
                    "weight": share[:, number],
                    "points": scored[fields.contribution(str(name))].to_numpy(float) if added else np.nan,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _percentiles(score: Float) -> Float:
    """The share of the others that are worse, in %, equal ones by half."""
    if np.nanmin(score) == np.nanmax(score):
        return np.where(np.isnan(score), np.nan, 50.0)
    return normalise(score, "percentile_rank", ties="average") * 100.0


def _changes(
    study: Study,
    inputs: Inputs,
    travelled: Travelled,
    scored: gpd.GeoDataFrame,
    values: pd.DataFrame,
    scores: pd.DataFrame,
    used: pd.DataFrame,
    share: Float,
    parts: dict[str, JourneyParts],
    sure: Certainty | None,
    record: Record,
) -> pd.DataFrame:
    limits: dict[str, float] = dict(record.figures["potential_limits"])  # type: ignore[call-overload]
    viability, potential = scored[fields.VIABILITY], scored[fields.POTENTIAL]
    power = _POWER.get(study.index.aggregation, study.index.power)
    if power is None:  # Copeland's method has no weighted mean to move
        return pd.DataFrame(columns=_CHANGE_COLUMNS)
    block_weights = {str(name): float(rows.iloc[0]) for name, rows in used.groupby("block")["block_weight"]}
    single = changes_needed(values, scores, used, block_weights, viability, potential, limits, power=power)
    single = single[~single["indicator"].map(used["column"]).isin(CLIMATE)].reset_index(drop=True)
    position = pd.Series(np.arange(len(scores)), index=scores.index)
    rows = position[single["settlement_id"]].to_numpy(np.int64)
    number = scores.columns.get_indexer(pd.Index(single["indicator"]))
    change = np.zeros((len(single), scores.shape[1]))
    change[np.arange(len(single)), number] = single["score_change"]
    single["viability"] = index_of(scores.to_numpy(float)[rows] + change, share[rows], power)
    first = (single.groupby("settlement_id").cumcount() < _DRAWN_OF_EACH).to_numpy()
    single["probability"] = np.nan
    single.loc[first, "probability"] = _chance(sure, rows[first], change[first], single.loc[first, "potential"])
    saved = pd.DataFrame({tier: made.saved_min for tier, made in parts.items()}).reindex(scores.index)
    paved = _paved(study, inputs, travelled, scored, values, scores, used, saved, record)
    wanted = next_class(potential)
    could = (saved.fillna(0.0).max(axis=1) >= _SAVES_LEAST_MIN) & wanted.notna()
    at = np.flatnonzero(could.to_numpy())
    after = index_of(scores.to_numpy(float)[at] + paved[at], share[at], power)
    roads = pd.DataFrame(
        {
            "settlement_id": scores.index[at],
            "indicator": PAVED_ROAD,
            "potential": lifted(after, limits),
            "minutes_saved": saved.max(axis=1).to_numpy(float)[at],
            fields.TIER: [str(tier) for tier in saved.iloc[at, ::-1].idxmax(axis=1)] if len(at) else [],
            "viability": after,
            "next_potential": wanted.iloc[at].to_numpy(object),
            "probability": _chance(sure, at, paved[at], wanted.iloc[at]),
        }
    )
    single["next_potential"] = single["potential"]
    return pd.DataFrame(
        {column: np.concatenate([_column(table, column) for table in (roads, single)]) for column in _CHANGE_COLUMNS}
    )


def _column(table: pd.DataFrame, column: str) -> NDArray[np.object_] | Float:
    if column in table:
        return table[column].to_numpy()
    return np.full(len(table), None, object) if column == fields.TIER else np.full(len(table), np.nan)


def _chance(sure: Certainty | None, rows: NDArray[np.int64], change: Float, wanted: pd.Series) -> Float:
    """The probability of a class or a better one, NaN without draws."""
    if sure is None or not len(rows):
        return np.full(len(rows), np.nan)
    reached = sure.chance(rows, np.nan_to_num(change))
    return np.where(wanted.to_numpy(object) == fields.HIGH, reached[:, 0], reached[:, 1])


def _paved(
    study: Study,
    inputs: Inputs,
    travelled: Travelled,
    scored: gpd.GeoDataFrame,
    values: pd.DataFrame,
    scores: pd.DataFrame,
    used: pd.DataFrame,
    saved: pd.DataFrame,
    record: Record,
) -> Float:
    """The change of the scores, were each settlement's present way paved, its alone: shape `(n, k)`."""
    now: dict[str, Float] = {}
    factor: dict[str, Float] = {}
    for tier in saved.columns:
        minutes, less = scored[fields.travel_time_min(tier)].to_numpy(float), saved[tier].fillna(0.0).to_numpy()
        now[fields.travel_time_min(tier)] = minutes - less
        with np.errstate(invalid="ignore", divide="ignore"):
            factor[tier] = np.where(np.isfinite(minutes) & (minutes > 0), 1.0 - less / minutes, 1.0)
        worst = fields.travel_time_min(tier, "worst")
        if worst in scored:
            now[worst] = scored[worst].to_numpy(float) * factor[tier]
    km, way = scored[fields.ACCESS_KM].to_numpy(float), scored[fields.ACCESS_MIN].to_numpy(float)
    now[fields.ACCESS_MIN] = np.fmin(way, km / study.certainty.paved_kph * 60.0)
    rule = study.remoteness
    if rule.preset in ("aria_plus", "cari_plus"):  # on the ruler of this run
        means: dict[str, float] = dict(record.figures["remoteness_ruler"])  # type: ignore[call-overload]
        # Where a tier has no centre nothing is measured by its mean, which is unknown.
        ruler = {tier: 0.0 if np.isnan(mean) else mean for tier, mean in means.items()}
        rule = rule.model_copy(update={"means_km" if rule.measure == "km" else "means_min": ruler})
    monthly = {tier: minutes * factor[tier] for tier, minutes in travelled.monthly.items()}
    frozen = study.model_copy(update={"remoteness": rule})
    far = remoteness(frozen, inputs, scored.assign(**now), Record(), monthly)
    now[fields.REMOTENESS] = far.score.to_numpy(float)
    out = np.zeros(scores.shape)
    for number, (name, row) in enumerate(used.loc[scores.columns].iterrows()):
        if row["column"] in now:
            known, score = values[name].to_numpy(float), scores[name].to_numpy(float)
            new = now[row["column"]]
            risen = score_of(new, known, score) - score
            out[:, number] = np.where(np.isfinite(new) & np.isfinite(known), risen, 0.0)
    return out
