"""The tables and columns that scores are made by: tiers, limits and classes of remoteness, indicators, zones."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.desk import Desk
from gis.errors import Finding, InputError
from gis.fields import (
    TIER,
    months_cut_off,
    months_without_freight,
    remoteness_value,
    seasonality,
    supply,
    travel_time_min,
    worst_month,
)
from gis.read.checks import listed
from gis.read.shipped import preset
from gis.read.tables import read_lookup
from gis.stages.climate import COMPARISONS, MEASURES
from gis.study import Study
from gis.study_rules import Indicator, Tier

_PARAMETERS = {
    "statcan_ir": ("cost_per_km", "floor_cost", "cutoff_cost", "speed_kph"),
    "gravity": ("half_life_min", "floor_min"),
}

# What a study's columns can be named after, although no layer has them: the run computes them.
COMPUTED = (
    "remoteness",
    "access_min",
    "access_km",
    "road_min",
    "track_min",
    "offroad_min",
    "heating_degree_days",
    "temperature_mean_c",
    "temperature_coldest_c",
    "temperature_warmest_c",
    "temperature_range_c",
    "precipitation_mm",
    "aridity_de_martonne",
)


def read_tiers(study: Study, desk: Desk) -> list[Tier]:
    """Return the study's tiers, or those of its preset of remoteness."""
    if study.tiers is not None:
        return study.tiers
    named = study.remoteness.preset if study.remoteness.preset in ("cari_plus", "far", "nz_ua") else "aria_plus"
    table = desk.table(lambda: read_lookup(preset(f"tiers_{named}.csv"), text=[TIER], numbers=["population_min"]))
    return (
        []
        if table is None
        else [Tier(name=str(row[TIER]), population_min=float(row["population_min"])) for _, row in table.iterrows()]
    )


def read_classes(study: Study) -> pd.DataFrame:
    """Read the classes of the preset of remoteness, from near to far."""
    path = study.resolve(study.remoteness.classes) if study.remoteness.classes else preset("remoteness_classes.csv")
    table = read_lookup(path, text=["preset", "class"], numbers=["upper"])
    table = table[table["preset"] == study.remoteness.preset]
    if table.empty or not table["upper"].is_monotonic_increasing:
        raise InputError(
            [Finding(
                "error", "classes", f"expected rows of the preset {study.remoteness.preset}, their upper bounds rising",
                file=path.name,
            )]
        )  # fmt: skip
    return table


def read_remoteness_table(study: Study, desk: Desk, tiers: list[Tier]) -> pd.DataFrame | None:
    """The limits of a preset that measures minutes to each tier: a row for each tier, of `nz_ua` for each class too.

    Or the parameters of one that looks at all centres: column `value`.
    """
    rule = study.remoteness
    if rule.preset not in ("kz", "far", "nz_ua", *_PARAMETERS):
        return None
    path = study.resolve(rule.table) if rule.table else preset(f"remoteness_{rule.preset}.csv")
    if rule.preset in _PARAMETERS:
        return _parameters(path, _PARAMETERS[rule.preset], desk)
    numbers = ["weight", "cap_min"] if rule.preset == "kz" else ["minutes"]
    text, key = ([TIER, "class"], None) if rule.preset == "nz_ua" else ([TIER], TIER)
    table = desk.table(lambda: read_lookup(path, text=text, numbers=numbers, key=key))
    if table is None:
        return None
    named = set(table.index if key else table[TIER])
    for tier in tiers:
        if tier.name not in named:
            desk.error(
                "tier", f"the tier has no row (there are {sorted(named)}); add one, or name your own table in "
                "remoteness.table", file=path.name, value=tier.name,
            )  # fmt: skip
    if rule.preset != "kz":
        _check_limits(table, named, tiers, path, desk)
        return table
    for name, row in table.iterrows():
        if row["weight"] < 0 or row["cap_min"] <= 0:
            desk.error(
                "weight", "weight must be 0 or more and cap_min above 0", file=path.name, row=str(name),
                value=f"{row['weight']:g}, {row['cap_min']:g}",
            )  # fmt: skip
    if not table["weight"].reindex([tier.name for tier in tiers]).sum() > 0:
        desk.error("weight", "one tier of the study needs a weight above 0", file=path.name)
    return table


def _parameters(path: Path, names: tuple[str, ...], desk: Desk) -> pd.DataFrame | None:
    """Read numbers by name, all of them above 0."""
    table = desk.table(lambda: read_lookup(path, text=["parameter"], numbers=["value"], key="parameter"))
    if table is None:
        return None
    values = table["value"].astype(float)
    for name in names:
        if name not in values:
            desk.error("parameter", f"the table needs a row {name}", file=path.name, value=name)
        elif not values[name] > 0:
            desk.error("parameter", "expected a number above 0", file=path.name, row=name, value=f"{values[name]:g}")
    return table


def read_catchments(study: Study, desk: Desk) -> dict[str, dict[float, float]]:
    """Return the weights by minutes of each supply whose method has steps."""
    out = {}
    for one in study.supplies:
        if one.method == "2sfca":
            continue
        path = study.resolve(one.steps) if one.steps else preset("catchments.csv")
        table = desk.table(partial(read_lookup, path, text=["method"], numbers=["within_min", "weight"]))
        if table is None:
            continue
        rows = table[table["method"] == one.method].sort_values("within_min", kind="stable")
        minutes, weight = rows["within_min"], rows["weight"]
        fits = minutes.gt(0).all() and minutes.is_unique and weight.between(0, 1).all()
        if rows.empty or not (fits and weight.is_monotonic_decreasing):
            message = f"expected rows of {one.method}: minutes above 0, each once, and weights from 1 to 0 that fall"
            desk.error("catchments", message, file=path.name)
        out[one.name] = dict(zip(minutes.astype(float), weight.astype(float), strict=True))
    return out


def _check_limits(table: pd.DataFrame, named: set[str], tiers: list[Tier], path: Path, desk: Desk) -> None:
    """Refuse minutes below 0, and rows of tiers that the study has not: the preset would be another one."""
    for name in sorted(named - {tier.name for tier in tiers}):
        message = "the study has no such tier; name the tiers as the table does, or name your own in remoteness.table"
        desk.error("tier", message, file=path.name, value=name)
    for row, minutes in table["minutes"].items():
        if minutes < 0:
            desk.error("minutes", "expected 0 or more", file=path.name, row=str(row), value=f"{minutes:g}")


def read_indicators(study: Study, desk: Desk) -> tuple[pd.DataFrame, Mapping[str, float]]:
    """Return the indicators of viability and the weights of their blocks."""
    if study.indicators is not None:
        own = [indicator.model_dump() for indicator in study.indicators]
        table = pd.DataFrame(own).set_index("name").rename_axis("indicator")
    else:
        file = preset("indicators.csv")
        read = read_lookup(
            file, text=["block", "column", "transform"], numbers=["direction", "weight"], key="indicator"
        )
        rows = [
            Indicator.model_validate(
                {
                    "name": name,
                    **row[["block", "column", "weight", "transform"]],
                    "direction": int(row["direction"]),
                }
            ).model_dump()
            for name, row in read.iterrows()
        ]
        table = pd.DataFrame(rows).set_index("name").rename_axis("indicator")
    posts = [pair if isinstance(pair, list) else (None, None) for pair in table.pop("goalposts")]
    table[["goalpost_low", "goalpost_high"]] = pd.DataFrame(posts, index=table.index, dtype=float)
    blocks = read_lookup(preset("blocks.csv"), text=["block"], numbers=["weight"], key="block")["weight"]
    given = study.blocks or {}
    for name in given:
        if name not in set(table["block"]):
            desk.error(
                "block",
                f"no indicator is in this block; there are {sorted(set(table['block']))}",
                value=f"blocks.{name}",
            )
    weights = {block: given.get(block, float(blocks.get(block, 1.0))) for block in dict.fromkeys(table["block"])}
    if study.index.weights == "equal":
        return table.assign(weight=1.0), dict.fromkeys(weights, 1.0)
    return table, weights


def read_discomfort(study: Study) -> pd.DataFrame:
    """Read the zones of discomfort, from the mildest on."""
    path = study.resolve(study.climate.discomfort) if study.climate.discomfort else preset("discomfort.csv")
    table = read_lookup(path, text=["zone", "column", "comparison"], numbers=["limit"])
    wrong = [("comparison", one, COMPARISONS) for one in table["comparison"] if one not in COMPARISONS]
    known = (*MEASURES, "temperature_mean_c", "precipitation_mm", "aridity_de_martonne")
    wrong += [("column", one, known) for one in table["column"] if one not in known]
    if wrong:
        raise InputError(
            [Finding("error", what, f"expected one of {', '.join(of)}", file=path.name, value=one)
             for what, one, of in wrong]
        )  # fmt: skip
    return table


def check_columns(
    study: Study,
    settlements: gpd.GeoDataFrame,
    tiers: list[Tier],
    later: list[str],
    indicators: pd.DataFrame,
    desk: Desk,
) -> None:
    """Refuse columns that indicators, supplies or groups name and neither the settlements nor a run have."""
    minutes = [travel_time_min(t.name) for t in tiers] + [travel_time_min(t.name, s) for t in tiers for s in later]
    for column in sorted({name for name in minutes if minutes.count(name) > 1}):
        desk.error("names", f"the names of tiers and seasons make the column {column} twice; choose another name")
    _check_supplies(study, settlements, desk)
    file = study.settlements.path.name
    if study.index.missing_by is not None and study.index.missing_by not in settlements:
        message = f"index.missing_by must name a column of the settlements: {sorted(set(settlements) - {'geometry'})}"
        desk.error("no-such-column", message, file=file, value=study.index.missing_by)
    _check_values(study, settlements, indicators, desk)
    if study.indicators is None:
        return
    computed = {*COMPUTED, *(f"distance_{tier.name}_km" for tier in tiers)}
    computed |= {name for name, measure in MEASURES.items() if measure.classes is None}
    computed |= {remoteness_value(study.remoteness.preset), *(supply(one.name) for one in study.supplies)}
    computed.update(minutes)
    for tier in tiers:
        computed.add(travel_time_min(tier.name, "worst"))
        computed |= {months_cut_off(tier.name), worst_month(tier.name), seasonality(tier.name)}
        computed.add(months_without_freight(tier.name))
    computed |= {f"{m}_{n:02d}_{u}" for m, u in (("temperature", "c"), ("precipitation", "mm")) for n in range(1, 13)}
    far = {"remoteness", "access_min", "access_km", *minutes, *(f"distance_{tier.name}_km" for tier in tiers)}
    for name, row in indicators.iterrows():
        if row["direction"] == 1 and row["column"] in far:
            message = f"indicator {name}: more of it counts as better, and it says how far; is direction -1 meant?"
            desk.findings.append(Finding("warning", "direction", message, value=str(row["column"])))
    asked = [
        (name, column)
        for name, row in indicators.iterrows()
        for column in (row["column"], row["per"])
        if pd.notna(column)
    ]
    for name, column in asked:
        if column in settlements and column not in computed:
            _check_numeric(settlements[column], f"indicator {name}", file, desk)
        elif column not in computed:
            own = sorted(set(settlements.columns) - {"geometry"})
            desk.error(
                "no-such-column", f"indicator {name} needs this column; the settlements have {own}, and a run computes "
                f"{sorted(computed)[:8]} and others", file=file, value=column,
            )  # fmt: skip


def _check_numeric(values: pd.Series, what: str, file: str, desk: Desk) -> None:
    """Refuse a column of text, or an empty one that has no type of its own."""
    if pd.api.types.is_numeric_dtype(values):
        return
    text = values.dropna().astype(str)
    if text.empty:
        message = f"the column {values.name} of {what} is empty: it has no value in any row"
        desk.error("no-values", message, file=file, value=str(values.name))
    else:
        message = f"the column {values.name} of {what} must hold numbers"
        desk.error("not-a-number", message, file=file, row=str(text.index[0]), value=text.iloc[0])


def _check_values(study: Study, settlements: gpd.GeoDataFrame, indicators: pd.DataFrame, desk: Desk) -> None:
    """Refuse infinite values of the user's own: inf says unreachable, which is worst, and only where less is better."""
    for name, row in indicators.iterrows():
        for column, divides in ((row["column"], False), (row["per"], True)):
            if column not in settlements or not pd.api.types.is_numeric_dtype(settlements[column]):
                continue
            values = settlements[column].astype(float)
            if divides:
                bad = values[np.isinf(values) | (values < 0)]
                expected = f"indicator {name} is divided by {column}: expected numbers of 0 or more"
            else:
                bad = values[np.isneginf(values) | (np.isposinf(values) & (row["direction"] == 1))]
                expected = (
                    f"the column {column} of indicator {name} is infinite; expected a number (inf means unreachable, "
                    "and stands only where less is better, direction -1)"
                )
            if not bad.empty:
                message = f"{expected}; leave the cell empty where the value is not known"
                desk.error(
                    "bad-indicator", message, file=study.settlements.path.name, layer=study.settlements.layer or "",
                    row=listed(bad.index.tolist()), value=listed([f"{value:g}" for value in bad.unique()]),
                    count=len(bad),
                )  # fmt: skip


def _check_supplies(study: Study, settlements: gpd.GeoDataFrame, desk: Desk) -> None:
    file, own = study.settlements.path.name, sorted(set(settlements.columns) - {"geometry"})
    for one in study.supplies:
        if one.column not in own:
            message = f"supply {one.name} needs this column; the settlements have {own}"
            desk.error("no-such-column", message, file=file, value=one.column)
        else:
            _check_numeric(settlements[one.column], f"supply {one.name}", file, desk)
