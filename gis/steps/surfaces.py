"""The surfaces step: the grid of a study, the land on it, travel time and distance."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.features
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.warp import Resampling, reproject

from gis.inputs import Inputs
from gis.read.rasters import Raster
from gis.record import Record
from gis.space.geodesy import equal_area_crs
from gis.space.grid import Grid
from gis.space.grid_distance import distances_from_cells
from gis.stages.land import Land
from gis.stages.surface import over_land_friction
from gis.study import Study

Float = NDArray[np.float64]
Minutes = NDArray[np.float32]
Kilometres = NDArray[np.float32]

_CELLS = 1_500_000


def make_grid(study: Study, places: gpd.GeoDataFrame) -> Grid:
    """Lay the grid of the study over the settlements and a margin around them."""
    west, south, east, north = (float(v) for v in places.total_bounds)
    crs = equal_area_crs((west, south, east, north)) if study.grid.crs == "auto" else CRS(study.grid.crs)
    axis = crs.axis_info[0].unit_conversion_factor
    # Units of the grid in a kilometre; of a grid of degrees, in a kilometre along a meridian.
    per_km = np.degrees(1.0 / 6371.0088) if crs.is_geographic else 1000.0 / axis
    west, south, east, north = places.geometry.to_crs(crs).total_bounds
    margin = study.grid.margin_km * per_km
    box = (west - margin, south - margin, east + margin, north + margin)
    cell_km = study.grid.cell_km or _round_cell(math.sqrt((box[2] - box[0]) * (box[3] - box[1]) / _CELLS) / per_km)
    return Grid.over(box, cell_km * per_km, crs.to_wkt() if study.grid.crs == "auto" else study.grid.crs)


def _round_cell(km: float) -> float:
    """Return the next of 0.1, 0.2, 0.5, 1, 2, 5, 10 ... kilometres."""
    power = 10.0 ** math.floor(math.log10(max(km, 0.05)))
    return float(min(step * power for step in (1, 2, 5, 10) if step * power >= km * 0.999))


def make_land(study: Study, inputs: Inputs, grid: Grid, record: Record) -> Land | None:
    """Lay the land of the study on its grid; None where there are no roads that one could walk to."""
    if study.roads is None:
        return None
    friction, elevation = _over_land(study, inputs, grid, _outside(inputs, grid), record)
    return Land(grid, friction, elevation, study.land.neighbours)


def distances(inputs: Inputs, places: gpd.GeoDataFrame, level: pd.Series, grid: Grid) -> dict[str, Kilometres]:
    """Make the surfaces of distance, one for each tier: as float32, no reader tells 0.1 m apart."""
    lon, lat = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    outside = _outside(inputs, grid)
    centres = [(level <= position).to_numpy() for position in range(len(inputs.tiers))]
    away = distances_from_cells(grid, [(lon[who], lat[who]) for who in centres], unit_m=1000.0, dtype=np.float32)
    for km, who in zip(away, centres, strict=True):
        km[outside if who.any() else ...] = np.nan
    return {tier.name: km for tier, km in zip(inputs.tiers, away, strict=True)}


def straight_minutes(study: Study, inputs: Inputs, distance: dict[str, Kilometres]) -> dict[tuple[str, str], Minutes]:
    """Make the surfaces of travel time of a study without roads, by tier and season: those of straight lines."""
    first = inputs.season.seasons[0].name
    per_km = np.float32(study.straight.detour_factor / study.straight.speed_kph * 60.0)
    return {(tier, first): km * per_km for tier, km in distance.items()}


def _outside(inputs: Inputs, grid: Grid) -> NDArray[np.bool_]:
    return np.zeros(grid.shape, bool) if inputs.boundary is None else ~_burn(inputs.boundary, grid)


def _over_land(
    study: Study, inputs: Inputs, grid: Grid, outside: NDArray[np.bool_], record: Record
) -> tuple[Float, Float | None]:
    """Return the friction over land, and the elevation where the study has it."""
    assert study.roads is not None
    land = inputs.land
    elevation = None if land.elevation is None else _on_grid(land.elevation, grid, Resampling.average)
    speed: float | Float = study.roads.over_land_kph
    if land.cover is not None and land.speed_of_cover is not None:
        code = _on_grid(land.cover, grid, Resampling.mode)
        speed = land.speed_of_cover.reindex(code.ravel()).to_numpy(float).reshape(grid.shape)
    barrier = np.zeros(grid.shape, bool)
    if inputs.water is not None:
        barrier |= _burn(inputs.water, grid)
    if land.rivers is not None:
        barrier |= _burn(land.rivers, grid)
    friction = over_land_friction(grid, speed_kph=speed, elevation_m=elevation, water=barrier, outside=outside)
    unknown = np.isnan(friction) & ~outside
    message = "cells where land cover or elevation is not known: nobody travels over land there"
    record.note("warning", "unknown-land", message, int(unknown.sum()))
    return friction, elevation


def _on_grid(raster: Raster, grid: Grid, resampling: Resampling) -> Float:
    """Bring the first band of a raster onto a grid: coarse cells are read where they lie, fine ones joined."""
    out = np.full(grid.shape, np.nan)
    source = np.asarray(raster.values[0], float)
    coarse = _cell_m(raster.grid) > _cell_m(grid)
    reproject(
        source,
        out,
        src_transform=raster.grid.transform,
        src_crs=raster.grid.crs,
        dst_transform=grid.transform,
        dst_crs=grid.crs,
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=(Resampling.nearest if resampling is Resampling.mode else Resampling.bilinear)
        if coarse
        else resampling,
    )
    return out


def _cell_m(grid: Grid) -> float:
    dx, dy = grid.cell_sizes_m()
    return float(np.sqrt(np.median(dx) * np.median(dy)))


def _burn(layer: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.bool_]:
    """Say which cells polygons cover at their middle, and lines touch at all: a thin river has no gaps."""
    shapes = layer.geometry.to_crs(grid.crs)
    shapes = shapes[~shapes.is_empty]
    if shapes.empty:
        return np.zeros(grid.shape, bool)
    burnt = rasterio.features.rasterize(
        ((shapely.geometry.mapping(shape), 1) for shape in shapes),
        out_shape=grid.shape,
        transform=grid.transform,
        all_touched=bool((shapely.get_dimensions(shapes.to_numpy()) == 1).all()),
    )
    return np.asarray(burnt, bool)
