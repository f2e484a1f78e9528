"""All layers and tables of a study, read and checked together, so that every finding is shown at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from pyproj.exceptions import CRSError

from gis import area_inputs
from gis.desk import Desk
from gis.errors import Finding
from gis.fields import (
    REGION,
    ROAD_CLASS,
    SPEED_KPH,
    SURFACE,
    TIER,
)
from gis.land_inputs import LandInputs, read_land
from gis.planning_inputs import PlanningInputs, check_groups, read_planning
from gis.read.checks import did_you_mean
from gis.read.places import OURS
from gis.read.rasters import Raster, check_covers, read_raster
from gis.read.roads import read_roads
from gis.read.settlements import read_settlements
from gis.read.shipped import preset
from gis.read.tables import read_lookup
from gis.score_inputs import (
    check_columns,
    read_catchments,
    read_classes,
    read_discomfort,
    read_indicators,
    read_remoteness_table,
    read_tiers,
)
from gis.season_inputs import SeasonInputs, read_season_inputs
from gis.stages.regions import DISTRICT
from gis.study import Study
from gis.study_layers import RasterLayer
from gis.study_rules import Tier

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
    catchments: Mapping[str, Mapping[float, float]] = field(default_factory=dict)
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
    desk = Desk()
    speeds, surfaces = _speeds(study, desk)
    roads = _roads(study, desk, speeds)
    rasters = [_raster(study, desk, study.climate.temperature, _TEMPERATURE_C)]
    rasters += [_raster(study, desk, study.climate.precipitation, _PRECIPITATION_MM)]
    monthly = _monthly(study, desk)
    discomfort = desk.table(lambda: read_discomfort(study))
    season = desk.take(
        lambda: read_season_inputs(study, roads=roads, speeds=speeds, surfaces=surfaces, temperature=rasters[0])
    )
    later = [] if season is None else [each.name for each in season.seasons[1:]]
    settlements = _settlements(study, desk, roads)
    water, land = area_inputs.water(study, desk), desk.take(lambda: read_land(study))
    regions = area_inputs.areas(study, desk, study.regions, REGION)
    districts = area_inputs.areas(study, desk, study.districts, DISTRICT, regions)
    boundary = (
        None
        if study.boundary is None
        else area_inputs.polygons(desk, study.boundary, study.resolve(study.boundary.path))
    )
    tiers = read_tiers(study, desk)
    classes = desk.table(lambda: read_classes(study))
    remoteness_table = read_remoteness_table(study, desk, tiers)
    catchments = read_catchments(study, desk)
    indicators, blocks = read_indicators(study, desk)
    if settlements is not None:
        pairs = [(rasters[0], study.climate.temperature), (rasters[1], study.climate.precipitation)]
        pairs += [(raster, getattr(study.climate, name)) for name, raster in monthly.items()]
        for raster, layer in pairs:
            if raster is not None and layer is not None:
                file = layer.path[0] if isinstance(layer.path, list) else layer.path
                desk.findings += check_covers(raster, settlements, file=file.name)
        settlements = area_inputs.with_areas(settlements, regions, REGION, desk)
        own = study.settlements.path.name
        settlements, districts = area_inputs.with_districts(settlements, districts, desk, own)
        _check_centres(study, settlements, tiers, desk)
        check_columns(study, settlements, tiers, later, indicators, desk)
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
        catchments=catchments,
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


def _speeds(study: Study, desk: Desk) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
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


def _roads(study: Study, desk: Desk, speeds: pd.DataFrame | None) -> gpd.GeoDataFrame | None:
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


def _settlements(study: Study, desk: Desk, roads: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
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


def _raster(study: Study, desk: Desk, layer: RasterLayer | None, valid: tuple[float, float]) -> Raster | None:
    if layer is None:
        return None
    path = [study.resolve(p) for p in layer.path] if isinstance(layer.path, list) else study.resolve(layer.path)
    return desk.take(lambda: read_raster(path, scale=layer.scale, offset=layer.offset, valid_range=valid))


def _monthly(study: Study, desk: Desk) -> dict[str, Raster]:
    """Read the climate rasters that are of use by months only."""
    found = {name: _raster(study, desk, getattr(study.climate, name), valid) for name, valid in _MONTHLY.items()}
    there = {name: raster for name, raster in found.items() if raster is not None}
    for name, raster in there.items():
        if len(raster.values) != 12:
            desk.error("bands", "expected twelve months", value=f"climate.{name}: {len(raster.values)} band(s)")
    return there


def _check_centres(study: Study, settlements: gpd.GeoDataFrame, tiers: list[Tier], desk: Desk) -> None:
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


def _check_grid(study: Study, settlements: gpd.GeoDataFrame, desk: Desk) -> None:
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


def _known_surfaces(roads: gpd.GeoDataFrame, surfaces: pd.DataFrame, study: Study, desk: Desk) -> gpd.GeoDataFrame:
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
