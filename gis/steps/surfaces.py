"""The surfaces step: the grid of a study, travel time and distance on it."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.features
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gis.inputs import Inputs
from gis.space.geodesy import equal_area_crs
from gis.space.grid import Grid
from gis.stages.surface import cross_cells, distance_surface, over_land_friction, travel_time_surface
from gis.steps.travel import Travelled
from gis.study import Study

Float = NDArray[np.float64]

_CELLS = 100_000


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


def surfaces(
    study: Study,
    inputs: Inputs,
    places: gpd.GeoDataFrame,
    level: pd.Series,
    travelled: Travelled,
    grid: Grid,
) -> tuple[dict[str, Float], dict[str, Float]]:
    """Make the surfaces of travel time and of distance, one of each by tier."""
    lon, lat = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    outside = None
    if inputs.boundary is not None:
        outside = ~_burn(inputs.boundary, grid)
    cells = None if travelled.roads is None else cross_cells(travelled.roads[0], grid)
    travel_time, distance = {}, {}
    for position, tier in enumerate(inputs.tiers):
        centre = (level <= position).to_numpy()
        away = distance_surface(grid, lon[centre], lat[centre])
        if cells is None or study.roads is None:
            minutes = away * study.straight.detour_factor / study.straight.speed_kph * 60.0
        elif not centre.any():
            minutes = np.full(grid.shape, np.nan)
        else:
            water = _burn(inputs.water, grid) if inputs.water is not None else None
            friction = over_land_friction(grid, speed_kph=study.roads.over_land_kph, water=water, outside=outside)
            journeys = travelled.table[
                (travelled.table["tier"] == tier.name) & (travelled.table["season"] == inputs.season.seasons[0].name)
            ]
            minutes = travel_time_surface(
                cells, travelled.node_minutes[tier.name], friction,
                lon=lon, lat=lat, settlement_min=journeys["travel_time_min"].to_numpy(),
            )  # fmt: skip
        travel_time[tier.name] = minutes if outside is None else np.where(outside, np.nan, minutes)
        distance[tier.name] = away if outside is None else np.where(outside, np.nan, away)
    return travel_time, distance


def _burn(polygons: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.bool_]:
    shapes = polygons.geometry.to_crs(grid.crs)
    shapes = shapes[~shapes.is_empty]
    if shapes.empty:
        return np.zeros(grid.shape, bool)
    burnt = rasterio.features.rasterize(
        ((shapely.geometry.mapping(shape), 1) for shape in shapes),
        out_shape=grid.shape,
        transform=grid.transform,
    )
    return np.asarray(burnt, bool)
