"""The scores step: remoteness, viability and potential by the rules of a study."""

import geopandas as gpd
import pandas as pd

from gis import fields
from gis.errors import Finding, InputError
from gis.inputs import Inputs
from gis.record import Record
from gis.stages.potential import by_shares, by_thresholds
from gis.stages.viability import Viability, viability
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
    try:
        made: Viability = viability(scored, table[~absent], inputs.block_weights)
    except ValueError as error:
        raise InputError([Finding("error", "indicators", str(error), file=study.settlements.path.name)]) from None
    for name, reason in made.left_out.items():
        record.note("warning", "indicator-left-out", f"the indicator tells nothing apart: {reason}", 1, name)
    for name, count in made.infinite.items():
        record.note(
            "repair",
            "unreachable-is-worst",
            "unreachable counts as the end of the indicator's range",
            count,
            name,
        )
    scored[fields.VIABILITY] = made.index
    scored[fields.VIABILITY_MISSING] = made.missing
    rule, population = study.potential, scored[fields.POPULATION]
    if rule.rule == "thresholds":
        scored[fields.POTENTIAL] = by_thresholds(made.index, population, high=rule.high, low=rule.low)
        limits = {"high": rule.high, "medium": rule.low}
    else:
        scored[fields.POTENTIAL], limits = by_shares(
            made.index, population, high=rule.high, medium=rule.medium, low=rule.low
        )
    record.figures["potential_limits"] = limits
    record.figures["potential"] = {name: int((scored[fields.POTENTIAL] == name).sum()) for name in fields.POTENTIALS}
    parts = made.contributions.rename(columns=fields.contribution)
    used = table.loc[made.contributions.columns].join(made.ranges)
    used["block_weight"] = used["block"].map(inputs.block_weights)
    tables = {"indicators": used.reset_index(), "normalised": made.normalised}
    return scored.join(parts), tables


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
