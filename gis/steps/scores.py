"""The scores step: remoteness, viability and potential by the rules of a study."""

import geopandas as gpd
import pandas as pd

from gis import fields
from gis.errors import Finding, InputError
from gis.inputs import Inputs
from gis.record import Record
from gis.stages.potential import by_shares, by_thresholds
from gis.stages.viability import Rule, Viability, against_the_others, viability
from gis.steps.remoteness import remoteness
from gis.study import Study

__all__ = ["fitness", "ordered", "remoteness"]


def fitness(
    study: Study, inputs: Inputs, scored: gpd.GeoDataFrame, record: Record
) -> tuple[gpd.GeoDataFrame, dict[str, pd.DataFrame]]:
    """Score viability and potential; also return the tables that the index was made from."""
    table = inputs.indicators
    absent = ~table["column"].isin(scored.columns)
    for name, row in table[absent].iterrows():
        record.note(
            "warning",
            "indicator-left-out",
            f"the study has no layer for this indicator ({row['column']})",
            1,
            str(name),
        )
    by = study.index
    rule = Rule(by.aggregation, by.power, by.weights, by.floor)
    groups = None if by.missing_by is None else scored[by.missing_by].astype(object).fillna("").to_numpy()
    try:
        made = viability(scored, table[~absent], inputs.block_weights, rule=rule, groups=groups)
    except ValueError as error:
        raise InputError([Finding("error", "indicators", str(error), file=study.settlements.path.name)]) from None
    _note(made, study, table, record)
    scored[fields.VIABILITY] = made.index
    scored[fields.VIABILITY_MISSING] = made.missing
    limit, population = study.potential, scored[fields.POPULATION]
    if limit.rule == "thresholds":
        scored[fields.POTENTIAL] = by_thresholds(made.index, population, high=limit.high, low=limit.low)
        limits = {"high": limit.high, "medium": limit.low}
    else:
        scored[fields.POTENTIAL], limits = by_shares(
            made.index, population, high=limit.high, medium=limit.medium, low=limit.low
        )
    record.figures["potential_limits"] = limits
    record.figures["potential"] = {name: int((scored[fields.POTENTIAL] == name).sum()) for name in fields.POTENTIALS}
    parts = made.contributions.rename(columns=fields.contribution)
    return scored.join(parts), _tables(table, made, scored, by.floor)


def _note(made: Viability, study: Study, table: pd.DataFrame, record: Record) -> None:
    """Note what was left out, filled in and pulled in, and which of the study's own indicators oppose the others."""
    for name, reason in made.left_out.items():
        record.note("warning", "indicator-left-out", f"the indicator tells nothing apart: {reason}", 1, name)
    for name, count in made.infinite.items():
        worst = table.loc[name, "direction"] == -1
        message = "unreachable counts as the worst value" if worst else "unreachable counts as the best value"
        record.note("repair", "unreachable-is-worst", message, count, name)
    group = study.index.missing_by or "all settlements"
    for name, count in made.imputed.items():
        record.note("repair", "filled-in", f"values of the indicator were filled in from {group}", count, name)
    for name, done in made.treatments.items():
        what = (
            f"{done.winsorised} outliers set to the next value" if done.action == "winsorise" else "its logarithm taken"
        )
        if done.action != "none":
            passed = "" if done.passed else "; skew and kurtosis are still high"
            record.note("repair", "outliers", f"the indicator was skewed: {what}{passed}", 1, name)
    for name, r in {} if study.indicators is None else against_the_others(made).items():
        other = 1 if table.loc[name, "direction"] == -1 else -1
        message = (
            f"indicator {name}: settlements that it calls good are bad by the other indicators "
            f"(rank correlation {r:.2f}); is direction {other} meant?"
        )
        record.note("warning", "direction", message, 1, str(table.loc[name, "column"]))
    if study.index.weights != "given":
        record.figures["weights"] = made.weights["weight_in_index"].to_dict()


def _tables(table: pd.DataFrame, made: Viability, scored: pd.DataFrame, floor: float) -> dict[str, pd.DataFrame]:
    """Every stage of the index, in its order, so that a third person can recompute it."""
    weights = made.weights
    used = table.loc[weights.index].join(made.ranges).dropna(axis=1, how="all")
    used = used.assign(weight=weights["weight"], block_weight=weights["block_weight"])
    used = used if floor == 0 else used.assign(floor=floor)
    return {
        "indicators": used.reset_index(),
        "raw": made.raw,
        "treated": made.treated,
        "normalised": made.normalised,
        "weights": weights.reset_index(),
        "contributions": made.contributions,
        "index": scored[[fields.VIABILITY, fields.VIABILITY_MISSING, fields.POTENTIAL]],
    }


def ordered(scored: gpd.GeoDataFrame, inputs: Inputs) -> gpd.GeoDataFrame:
    """Put the columns that every run has first, the user's own last."""
    head = [
        fields.NAME,
        fields.NAME_KK,
        fields.NAME_RU,
        fields.NAME_EN,
        fields.POPULATION,
        fields.REGION,
        fields.TIER,
    ]
    own = [c for c in inputs.settlements.columns if c not in head and c != "geometry"]
    scores = [
        fields.REMOTENESS, fields.REMOTENESS_CLASS, fields.VIABILITY, fields.VIABILITY_MISSING, fields.POTENTIAL,
        fields.VIABILITY_P05, fields.VIABILITY_P95, fields.RANK_P05, fields.RANK_P95,
        *(fields.probability(name) for name in (fields.HIGH, fields.MEDIUM, fields.LOW)), fields.POTENTIAL_STABLE,
    ]  # fmt: skip
    between = [c for c in scored.columns if c not in {*head, *own, *scores, "geometry"}]
    travel = [c for c in between if not c.startswith(("temperature_", "precipitation_", "contribution_"))]
    rest = [c for c in between if c not in travel]
    order = [
        *(c for c in head if c in scored),
        *travel,
        *(c for c in scores if c in scored),
        *rest,
        *(c for c in own if c in scored),
        "geometry",
    ]
    return scored[order]
