"""All layers and tables of a study, read and checked together, so that every finding is shown at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from gis.errors import Finding, InputError
from gis.fields import (
    REGION,
    ROAD_CLASS,
    SPEED_KPH,
    SURFACE,
    TIER,
    months_cut_off,
    remoteness_value,
    seasonality,
    supply,
    travel_time_min,
    worst_month,
)
from gis.land_inputs import LandInputs, read_land
from gis.planning_inputs import PlanningInputs, check_groups, read_planning
from gis.read.checks import did_you_mean
from gis.read.osm import osm_water
from gis.read.places import OURS
from gis.read.rasters import Raster, check_covers, read_raster
from gis.read.roads import read_roads
from gis.read.settlements import read_settlements
from gis.read.shipped import preset
from gis.read.tables import read_lookup
from gis.read.vector import read_table
from gis.season_inputs import SeasonInputs, read_season_inputs
from gis.stages.climate import COMPARISONS, MEASURES
from gis.stages.regions import DISTRICT
from gis.study import Indicator, Layer, RasterLayer, Study, Tier

T = TypeVar("T")

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

_TEMPERATURE_C = (-90.0, 60.0)
_PRECIPITATION_MM = (0.0, 20_000.0)
_MONTHLY = {
    "temperature_min": _TEMPERATURE_C, "temperature_max": _TEMPERATURE_C, "wind": (0.0, 60.0), "humidity": (0.0, 100.0)
}  # fmt: skip
_CELLS_MAX = 25_000_000  # 0.2 GB for each raster of a tier


@dataclass(frozen=True)
class Inputs:
    """What a study reads: layers in longitude and latitude, tables, and what was found on the way."""

    settlements: gpd.GeoDataFrame
    tiers: list[Tier]
    indicators: pd.DataFrame
    block_weights: Mapping[str, float]
    classes: pd.DataFrame
    remoteness_table: pd.DataFrame | None = None
    roads: gpd.GeoDataFrame | None = None
    speeds: pd.DataFrame | None = None
    surfaces: pd.DataFrame | None = None
    season: SeasonInputs = field(default_factory=SeasonInputs)
    water: gpd.GeoDataFrame | None = None
    land: LandInputs = field(default_factory=LandInputs)
    boundary: gpd.GeoDataFrame | None = None
    regions: gpd.GeoDataFrame | None = None
    districts: gpd.GeoDataFrame | None = None
    planning: PlanningInputs | None = None
    temperature: Raster | None = None
    precipitation: Raster | None = None
    monthly: Mapping[str, Raster] = field(default_factory=dict)
    discomfort: pd.DataFrame | None = None
    files: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class _Desk:
    """Gathers findings from one reader after the other, and goes on after one that refused."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def take(self, reader: Callable[[], tuple[T, list[Finding]]]) -> T | None:
        try:
            value, findings = reader()
        except InputError as error:
            self.findings += error.findings
            return None
        self.findings += findings
        return value

    def table(self, reader: Callable[[], T]) -> T | None:
        return self.take(lambda: (reader(), []))

    def error(self, code: str, message: str, *, file: str = "", row: str = "", value: str = "", count: int = 1) -> None:
        self.findings.append(Finding("error", code, message, file=file, row=row, value=value, count=count))

    def close(self) -> None:
        if any(finding.level == "error" for finding in self.findings):
            raise InputError(self.findings)


def read_inputs(study: Study) -> Inputs:
    """Read every layer and table of a study.

    Parameters
    ----------
    study
        The study; relative paths start from its folder.

    Returns
    -------
    Inputs

    Raises
    ------
    InputError
        With all findings of all layers, where any is an error.
    """
    desk = _Desk()
    speeds, surfaces = _speeds(study, desk)
    roads = _roads(study, desk, speeds)
    rasters = [_raster(study, desk, study.climate.temperature, _TEMPERATURE_C)]
    rasters += [_raster(study, desk, study.climate.precipitation, _PRECIPITATION_MM)]
    monthly = _monthly(study, desk)
    discomfort = desk.table(lambda: _discomfort(study))
    season = desk.take(
        lambda: read_season_inputs(study, roads=roads, speeds=speeds, surfaces=surfaces, temperature=rasters[0])
    )
    later = [] if season is None else [each.name for each in season.seasons[1:]]
    settlements = _settlements(study, desk, roads)
    water, land = _water(study, desk), desk.take(lambda: read_land(study))
    regions = _areas(study, desk, study.regions, REGION)
    districts = _areas(study, desk, study.districts, DISTRICT)
    boundary = None if study.boundary is None else _polygons(desk, study.boundary, study.resolve(study.boundary.path))
    tiers = _tiers(study, desk)
    classes = desk.table(lambda: _classes(study))
    remoteness_table = _remoteness_table(study, desk, tiers)
    indicators, blocks = _indicators(study, desk)
    if settlements is not None:
        pairs = [(rasters[0], study.climate.temperature), (rasters[1], study.climate.precipitation)]
        pairs += [(raster, getattr(study.climate, name)) for name, raster in monthly.items()]
        for raster, layer in pairs:
            if raster is not None and layer is not None:
                file = layer.path[0] if isinstance(layer.path, list) else layer.path
                desk.findings += check_covers(raster, settlements, file=file.name)
        settlements = _with_areas(settlements, regions, REGION, desk)
        settlements = _with_areas(settlements, districts, DISTRICT, desk)
        _check_centres(study, settlements, tiers, desk)
        _check_columns(study, settlements, tiers, later, indicators, desk)
        _check_grid(study, settlements, desk)
    named = [] if settlements is None else settlements[REGION].dropna().unique().tolist()
    planning = desk.take(lambda: read_planning(study, regions, named))
    if classes is not None:
        desk.findings += check_groups(study, classes["class"].tolist())
    if roads is not None and surfaces is not None:
        roads = _known_surfaces(roads, surfaces, study, desk)
    desk.close()
    assert settlements is not None
    assert classes is not None
    return Inputs(
        settlements=settlements,
        tiers=tiers,
        indicators=indicators,
        block_weights=blocks,
        classes=classes,
        remoteness_table=remoteness_table,
        roads=roads,
        speeds=speeds,
        surfaces=surfaces,
        season=season or SeasonInputs(),
        water=water,
        land=land or LandInputs(),
        boundary=boundary,
        regions=regions,
        districts=districts,
        planning=planning,
        temperature=rasters[0],
        precipitation=rasters[1],
        monthly=monthly,
        discomfort=discomfort,
        files=study_files(study),
        findings=desk.findings,
    )


def _speeds(study: Study, desk: _Desk) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    if study.roads is None:
        return None, None
    speeds_file = study.resolve(study.roads.speeds) if study.roads.speeds else preset("speeds.csv")
    surfaces_file = study.resolve(study.roads.surfaces) if study.roads.surfaces else preset("surfaces.csv")
    speeds = desk.table(
        lambda: read_lookup(speeds_file, text=[ROAD_CLASS, SURFACE], numbers=[SPEED_KPH], key=ROAD_CLASS)
    )
    surfaces = desk.table(lambda: read_lookup(surfaces_file, text=[SURFACE, "paved"], numbers=["factor"], key=SURFACE))
    if speeds is None or surfaces is None:
        return speeds, surfaces
    for name, value in speeds[SPEED_KPH].items():
        if value < 0:
            desk.error(
                "speed",
                "a speed must be 0 (impassable) or more",
                file=speeds_file.name,
                row=str(name),
                value=f"{value:g}",
            )
    for name, value in surfaces["factor"].items():
        if not 0 <= value <= 1:
            desk.error(
                "factor",
                "a factor must lie between 0 and 1",
                file=surfaces_file.name,
                row=str(name),
                value=f"{value:g}",
            )
    for name, value in surfaces["paved"].items():
        if value not in ("yes", "no"):
            desk.error("paved", "expected yes or no", file=surfaces_file.name, row=str(name), value=str(value))
    for name, value in speeds[SURFACE].items():
        if value not in surfaces.index or surfaces.loc[value, "factor"] == 0:
            desk.error(
                "surface", f"the usual surface must be a passable one of {surfaces_file.name}",
                file=speeds_file.name, row=str(name), value=str(value),
            )  # fmt: skip
    return speeds, surfaces.assign(paved=surfaces["paved"] == "yes")


def _roads(study: Study, desk: _Desk, speeds: pd.DataFrame | None) -> gpd.GeoDataFrame | None:
    layer = study.roads
    if layer is None or speeds is None:
        return None
    return desk.take(
        lambda: read_roads(
            study.resolve(layer.path),
            layer=layer.layer,
            crs=layer.crs,
            encoding=layer.encoding,
            columns=layer.columns,
            classes=list(speeds.index),
        )
    )


def _settlements(study: Study, desk: _Desk, roads: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    layer = study.settlements
    for name in set(layer.columns) - {*OURS, "lon", "lat"}:
        near = did_you_mean(name, OURS)
        if near:
            message = f"taken as a column of your own{near}"
            desk.findings.append(Finding("warning", "own-column", message, file=layer.path.name, value=name))
    bounds = None if roads is None else tuple(roads.total_bounds)
    return desk.take(
        lambda: read_settlements(
            study.resolve(layer.path),
            layer=layer.layer,
            crs=layer.crs,
            encoding=layer.encoding,
            columns=layer.columns,
            expected_bounds=bounds,
        )
    )


def _raster(study: Study, desk: _Desk, layer: RasterLayer | None, valid: tuple[float, float]) -> Raster | None:
    if layer is None:
        return None
    path = [study.resolve(p) for p in layer.path] if isinstance(layer.path, list) else study.resolve(layer.path)
    return desk.take(lambda: read_raster(path, scale=layer.scale, offset=layer.offset, valid_range=valid))


def _monthly(study: Study, desk: _Desk) -> dict[str, Raster]:
    """Read the climate rasters that are of use by months only."""
    found = {name: _raster(study, desk, getattr(study.climate, name), valid) for name, valid in _MONTHLY.items()}
    there = {name: raster for name, raster in found.items() if raster is not None}
    for name, raster in there.items():
        if len(raster.values) != 12:
            desk.error("bands", "expected twelve months", value=f"climate.{name}: {len(raster.values)} band(s)")
    return there


def _discomfort(study: Study) -> pd.DataFrame:
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


def _water(study: Study, desk: _Desk) -> gpd.GeoDataFrame | None:
    layer = study.water
    if layer is None:
        return None
    path = study.resolve(layer.path)
    if path.suffix.lower() in (".pbf", ".osm"):
        return desk.take(lambda: osm_water(path))
    return _polygons(desk, layer, path)


def _areas(study: Study, desk: _Desk, layer: Layer | None, name: str) -> gpd.GeoDataFrame | None:
    """Read the polygons of regions or districts, with their names as text; parts of one area are joined."""
    if layer is None:
        return None
    path = study.resolve(layer.path)
    areas = _polygons(desk, layer, path)
    column = layer.columns.get(name, name)
    if areas is None:
        return None
    if column not in areas:
        desk.error(
            "no-such-column", f"expected a column with the {name}'s name; the layer has {list(areas.columns)}; "
            f"set columns.{name}", file=path.name, value=column,
        )  # fmt: skip
        return None
    areas = areas.drop(columns=[name] if column != name and name in areas else []).rename(columns={column: name})
    areas[name] = _names(areas[name])
    blank = areas[name].isna()
    if blank.any():
        desk.error(
            "blank-cell", f"the {name}'s name is blank", file=path.name, row=str(areas.loc[blank, "row"].iloc[0]),
            value=column, count=int(blank.sum()),
        )  # fmt: skip
        return None
    again = areas[name].duplicated()
    if again.any():
        desk.findings.append(Finding(
            "repair", "joined-parts", f"polygons of one {name} were joined", file=path.name,
            row=str(areas.loc[again, "row"].iloc[0]), value=str(areas.loc[again, name].iloc[0]), count=int(again.sum()),
        ))  # fmt: skip
        areas = areas.dissolve(by=name, sort=False, as_index=False)
    return areas


def _names(values: pd.Series) -> pd.Series:
    """Names as text; whole numbers are codes, without a decimal point."""
    if pd.api.types.is_float_dtype(values.dtype) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    text = values.astype(object).where(values.notna(), None)
    return pd.Series([None if v is None or not str(v).strip() else str(v).strip() for v in text], values.index, object)


def _polygons(desk: _Desk, layer: Layer, path: Path) -> gpd.GeoDataFrame | None:
    def read() -> tuple[gpd.GeoDataFrame, list[Finding]]:
        frame, findings = read_table(path, layer=layer.layer, encoding=layer.encoding, crs=layer.crs)
        kinds = frame.geometry.geom_type
        wrong = ~kinds.isin(["Polygon", "MultiPolygon"])
        if wrong.any():
            first = frame.loc[wrong].iloc[0]
            raise InputError(
                [*findings, Finding(
                    "error", "wrong-geometry", "expected polygons; this may be another layer", file=path.name,
                    row=str(first["row"]), value=str(kinds[wrong].iloc[0]), count=int(wrong.sum()),
                )]
            )  # fmt: skip
        invalid = ~frame.geometry.is_valid
        if invalid.any():
            frame = frame.set_geometry(frame.geometry.make_valid())
            findings = [*findings, Finding(
                "repair", "invalid-geometry", "polygons that cross themselves were made valid", file=path.name,
                row=str(frame.loc[invalid, "row"].iloc[0]), count=int(invalid.sum()),
            )]  # fmt: skip
        return frame, findings

    return desk.take(read)


def _tiers(study: Study, desk: _Desk) -> list[Tier]:
    if study.tiers is not None:
        return study.tiers
    named = study.remoteness.preset if study.remoteness.preset in ("cari_plus", "far", "nz_ua") else "aria_plus"
    table = desk.table(lambda: read_lookup(preset(f"tiers_{named}.csv"), text=[TIER], numbers=["population_min"]))
    return (
        []
        if table is None
        else [Tier(name=str(row[TIER]), population_min=float(row["population_min"])) for _, row in table.iterrows()]
    )


def _classes(study: Study) -> pd.DataFrame:
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


def _remoteness_table(study: Study, desk: _Desk, tiers: list[Tier]) -> pd.DataFrame | None:
    """The limits of a preset that measures minutes to each tier: a row for each tier, of `nz_ua` for each class too."""
    rule = study.remoteness
    if rule.preset not in ("kz", "far", "nz_ua"):
        return None
    path = study.resolve(rule.table) if rule.table else preset(f"remoteness_{rule.preset}.csv")
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


def _check_limits(table: pd.DataFrame, named: set[str], tiers: list[Tier], path: Path, desk: _Desk) -> None:
    """Refuse minutes below 0, and rows of tiers that the study has not: the preset would be another one."""
    for name in sorted(named - {tier.name for tier in tiers}):
        message = "the study has no such tier; name the tiers as the table does, or name your own in remoteness.table"
        desk.error("tier", message, file=path.name, value=name)
    for row, minutes in table["minutes"].items():
        if minutes < 0:
            desk.error("minutes", "expected 0 or more", file=path.name, row=str(row), value=f"{minutes:g}")


def _indicators(study: Study, desk: _Desk) -> tuple[pd.DataFrame, Mapping[str, float]]:
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


def _with_areas(
    settlements: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None, name: str, desk: _Desk
) -> gpd.GeoDataFrame:
    """Give settlements without a region (or district) the one that they lie in; name those that the layer lacks."""
    if name in settlements:
        settlements = settlements.assign(**{name: _names(settlements[name])})
    if areas is None:
        return settlements
    own = settlements[name] if name in settlements else pd.Series(None, index=settlements.index, dtype=object)
    strange = sorted(set(own.dropna()) - set(areas[name]))
    if strange:
        message = (
            f"settlements of a {name} that the layer of {name}s does not have: they are in its table, not on the map"
        )
        desk.findings.append(
            Finding("warning", f"{name}-without-polygon", message, value=", ".join(strange[:10]),
                    count=int(own.isin(strange).sum()))
        )  # fmt: skip
    blank = own.isna()
    point, polygon = shapely.STRtree(areas.geometry.to_numpy()).query(
        settlements.geometry.to_numpy()[blank.to_numpy()], predicate="intersects"
    )
    first = pd.Series(polygon, index=point).groupby(level=0).min()
    filled = own.astype(object).copy()
    ids = settlements.index[blank.to_numpy()][first.index]
    filled[ids] = areas[name].to_numpy()[first.to_numpy()]
    if len(ids):
        message = f"settlements without a {name} were given the one that they lie in"
        desk.findings.append(Finding("repair", f"{name}-by-place", message, count=len(ids)))
    return settlements.assign(**{name: filled})


def _check_centres(study: Study, settlements: gpd.GeoDataFrame, tiers: list[Tier], desk: _Desk) -> None:
    file = study.settlements.path.name
    if any(tier.values is not None for tier in tiers):
        if settlements[TIER].isna().all():
            desk.error(
                "no-tier", "the tiers go by values of the column tier, and the settlements have none; set "
                "settlements.columns.tier, or give the tiers population_min", file=file,
            )  # fmt: skip
            return
        known = {value for tier in tiers for value in tier.values or []}
        if not settlements[TIER].isin(known).any():
            desk.error(
                "no-centre", f"no settlement is a centre: the tiers take {sorted(known)}; the column tier holds "
                f"{sorted(settlements[TIER].dropna().unique())[:8]}", file=file,
            )  # fmt: skip
            return
        there = list(settlements[TIER].dropna().unique())
        for value in sorted(known - set(there)):
            message = f"no settlement has this value of a tier{did_you_mean(value, there)}"
            desk.findings.append(Finding("warning", "tier-value", message, file=file, value=value))
    elif not (settlements["population"] >= min((t.population_min or 0.0) for t in tiers)).any():
        desk.error(
            "no-centre", "no settlement is a centre: none has the population of the lowest tier; name tiers with a "
            "lower population_min, or by values", file=file,
        )  # fmt: skip


def _check_columns(
    study: Study,
    settlements: gpd.GeoDataFrame,
    tiers: list[Tier],
    later: list[str],
    indicators: pd.DataFrame,
    desk: _Desk,
) -> None:
    minutes = [travel_time_min(t.name) for t in tiers] + [travel_time_min(t.name, s) for t in tiers for s in later]
    for column in sorted({name for name in minutes if minutes.count(name) > 1}):
        desk.error("names", f"the names of tiers and seasons make the column {column} twice; choose another name")
    _check_supplies(study, settlements, desk)
    file = study.settlements.path.name
    if study.index.missing_by is not None and study.index.missing_by not in settlements:
        message = f"index.missing_by must name a column of the settlements: {sorted(set(settlements) - {'geometry'})}"
        desk.error("no-such-column", message, file=file, value=study.index.missing_by)
    if study.indicators is None:
        return
    computed = {*COMPUTED, *(f"distance_{tier.name}_km" for tier in tiers)}
    computed |= {name for name, measure in MEASURES.items() if measure.classes is None}
    computed |= {remoteness_value(study.remoteness.preset), *(supply(one.name) for one in study.supplies)}
    computed.update(minutes)
    for tier in tiers:
        computed.add(travel_time_min(tier.name, "worst"))
        computed |= {months_cut_off(tier.name), worst_month(tier.name), seasonality(tier.name)}
    computed |= {f"{m}_{n:02d}_{u}" for m, u in (("temperature", "c"), ("precipitation", "mm")) for n in range(1, 13)}
    asked = [
        (name, column)
        for name, row in indicators.iterrows()
        for column in (row["column"], row["per"])
        if pd.notna(column)
    ]
    for name, column in asked:
        if column in settlements and column not in computed:
            if not pd.api.types.is_numeric_dtype(settlements[column]):
                value = settlements[column].dropna().astype(str)
                example = value.iloc[0] if len(value) else "nothing"
                desk.error(
                    "not-a-number",
                    f"the column {column} of indicator {name} must hold numbers",
                    file=file,
                    value=example,
                )
        elif column not in computed:
            own = sorted(set(settlements.columns) - {"geometry"})
            desk.error(
                "no-such-column", f"indicator {name} needs this column; the settlements have {own}, and a run computes "
                f"{sorted(computed)[:8]} and others", file=file, value=column,
            )  # fmt: skip


def _check_supplies(study: Study, settlements: gpd.GeoDataFrame, desk: _Desk) -> None:
    file, own = study.settlements.path.name, sorted(set(settlements.columns) - {"geometry"})
    for one in study.supplies:
        if one.column not in own:
            message = f"supply {one.name} needs this column; the settlements have {own}"
            desk.error("no-such-column", message, file=file, value=one.column)
        elif not pd.api.types.is_numeric_dtype(settlements[one.column]):
            message = f"the column {one.column} of supply {one.name} must hold numbers"
            desk.error("not-a-number", message, file=file, value=str(settlements[one.column].dropna().iloc[0]))


def _check_grid(study: Study, settlements: gpd.GeoDataFrame, desk: _Desk) -> None:
    """Refuse a coordinate system that is not known, and cells so small that no memory holds the grid."""
    if study.grid.crs != "auto":
        try:
            CRS.from_user_input(study.grid.crs)
        except CRSError:
            desk.error(
                "unknown-crs", 'no such coordinate system; give a code such as "EPSG:32642", or "auto"',
                value=f"grid.crs = {study.grid.crs}",
            )  # fmt: skip
    if study.grid.cell_km is None:
        return
    west, south, east, north = settlements.total_bounds
    margins_km = 2 * study.grid.margin_km
    wide_km = (east - west) * 111.2 * np.cos(np.radians((south + north) / 2)) + margins_km
    high_km = (north - south) * 111.2 + margins_km
    cells = wide_km * high_km / study.grid.cell_km**2
    if cells > _CELLS_MAX:
        desk.error(
            "too-many-cells", f"the grid would have about {cells:,.0f} cells, more than {_CELLS_MAX:,}; choose larger "
            "cells", value=f"grid.cell_km = {study.grid.cell_km:g}",
        )  # fmt: skip


def _known_surfaces(roads: gpd.GeoDataFrame, surfaces: pd.DataFrame, study: Study, desk: _Desk) -> gpd.GeoDataFrame:
    """Blank surfaces that the table does not know, and say so: the usual one of the class is then assumed."""
    strange = roads[SURFACE].notna() & ~roads[SURFACE].isin(surfaces.index)
    if strange.any() and study.roads is not None:
        names = roads.loc[strange, SURFACE].value_counts()
        desk.findings.append(
            Finding(
                "warning",
                "unknown-surface",
                "surfaces that the table of surfaces does not name; the usual one of the class was assumed",
                file=study.roads.path.name,
                value=", ".join(map(str, names.index[:8])),
                count=int(strange.sum()),
            )
        )
    return roads.assign(**{SURFACE: roads[SURFACE].where(~strange, None)})


def study_files(study: Study) -> list[Path]:
    """Return every file that a study names, each once: layers with all their parts, and tables.

    Examples
    --------
    >>> from gis.study import demonstration, read_study
    >>> [path.name for path in study_files(read_study(demonstration()))][:2]
    ['settlements.csv', 'roads.geojson']
    """
    named = _paths(study.model_dump(exclude={"outputs"}))
    return list(dict.fromkeys(part for path in named for part in _parts(study.resolve(path))))


def _paths(value: object) -> list[Path]:
    if isinstance(value, Path):
        return [value]
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [path for item in inner for path in _paths(item)]


def _parts(path: Path) -> list[Path]:
    """The files that a layer consists of: a Shapefile is several, a file geodatabase a folder of them."""
    if path.is_dir():
        return sorted(part for part in path.rglob("*") if part.is_file())
    if path.suffix.lower() == ".shp":
        suffixes = (".shp", ".shx", ".dbf", ".prj", ".cpg")
        return sorted(p for p in path.parent.iterdir() if p.stem == path.stem and p.suffix.lower() in suffixes)
    return [path]


def counts(findings: list[Finding]) -> dict[str, int]:
    """Count findings by level.

    Examples
    --------
    >>> counts([Finding("warning", "a", "b"), Finding("repair", "c", "d", count=3)])
    {'error': 0, 'warning': 1, 'repair': 1}
    """
    return {level: int(np.sum([f.level == level for f in findings])) for level in ("error", "warning", "repair")}
