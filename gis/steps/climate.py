"""The climate step: rasters read at the settlements of a study, and the measures made of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.errors import Finding, InputError
from gis.inputs import Inputs
from gis.read.rasters import Raster
from gis.record import Record
from gis.space.grid import Grid
from gis.space.sampling import sample
from gis.space.zonal import mean_around
from gis.stages.climate import DISCOMFORT, LAYERS, MEASURES, Bases, Normals, climate_at, discomfort, measures, unit_of
from gis.study import Study

Float = NDArray[np.float64]


@dataclass(frozen=True)
class ClimateRaster:
    """A measure of the climate for every cell.

    Parameters
    ----------
    name
        Of the measure.
    values
        Shape of the grid: numbers, NaN where unknown; or codes of classes from 1, 0 where unknown.
    grid
        Of the layer of temperature, or of the first layer there is.
    unit
        Blank for counts, ratios and classes.
    classes
        Names of the codes from 1 on; None for numbers.
    """

    name: str
    values: NDArray[Any]
    grid: Grid
    unit: str
    classes: tuple[str, ...] | None


def climate(study: Study, inputs: Inputs, places: gpd.GeoDataFrame, record: Record) -> pd.DataFrame:
    """Describe the climate at the settlements, and note where a raster has no value."""
    found: dict[str, Any] = {
        name: _at_places(study, raster, name, places, record) for name, raster in _layers(inputs).items()
    }
    temperature, precipitation = found.pop("temperature", None), found.pop("precipitation", None)
    try:
        columns = climate_at(
            places.index,
            temperature=temperature,
            precipitation=precipitation,
            bases=_bases(study),
            zones=inputs.discomfort,
            latitude=places.geometry.y.to_numpy(),
            **found,
        )
    except ValueError as error:
        raise InputError([Finding("error", "climate", f"the climate at the settlements: {error}")]) from None
    if DISCOMFORT in columns and inputs.discomfort is not None:
        unread = sorted(set(inputs.discomfort["column"]) - set(columns))
        message = "limits of discomfort that could not be judged: the study has no layer for these measures"
        record.note("warning", "discomfort-not-judged", message, len(unread), ", ".join(unread))
    return columns


def climate_rasters(study: Study, inputs: Inputs) -> Iterator[ClimateRaster]:
    """Yield every measure that the layers allow, one at a time, on the grid of the temperature.

    Layers on other grids are read at the centres of its cells, bilinear between theirs.
    """
    layers = _layers(inputs)
    if not layers:
        return
    grid = next(iter(layers.values())).grid
    lon, lat = grid.lonlat()
    on_grid = {name: _on_grid(raster, grid, lon, lat) for name, raster in layers.items()}
    try:
        yield from _made(Normals(**on_grid, latitude=lat.astype(np.float32)), study, inputs, grid)
    except ValueError as error:
        raise InputError([Finding("error", "climate", f"the rasters of climate: {error}")]) from None


def _made(normals: Normals, study: Study, inputs: Inputs, grid: Grid) -> Iterator[ClimateRaster]:
    limits = inputs.discomfort
    named_in_table = set() if limits is None else set(limits["column"])
    kept: dict[str, NDArray[Any]] = {}
    for name, make in measures(normals, _bases(study)).items():
        values = np.asarray(make())
        if name in named_in_table:
            kept[name] = values
        yield ClimateRaster(name, values, grid, unit_of(name), MEASURES[name].classes if name in MEASURES else None)
    if limits is not None and kept:
        codes, zones = discomfort(kept, limits)
        yield ClimateRaster(DISCOMFORT, codes, grid, "", zones)


def _layers(inputs: Inputs) -> dict[str, Raster]:
    given = {"temperature": inputs.temperature, "precipitation": inputs.precipitation, **inputs.monthly}
    return {name: raster for name in LAYERS if (raster := given.get(name)) is not None}


def _bases(study: Study) -> Bases:
    rule = study.climate
    return Bases(
        heating_c=rule.heating_base_c,
        cooling_c=rule.cooling_base_c,
        growing_c=rule.growing_base_c,
        frost_c=rule.frost_c,
        heat_c=rule.heat_c,
        koppen_cold_c=rule.koppen_cold_c,
        pet=rule.pet,
    )


def _on_grid(raster: Raster, grid: Grid, lon: Float, lat: Float) -> NDArray[np.floating]:
    if raster.grid == grid:
        return raster.values
    found, _ = sample(np.asarray(raster.values, float), raster.grid, lon.ravel(), lat.ravel())
    return found.reshape(-1, *grid.shape).astype(np.float32)


def _at_places(study: Study, raster: Raster, what: str, places: gpd.GeoDataFrame, record: Record) -> Float:
    lon, lat = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    values = np.asarray(raster.values, float)
    found, share = sample(values, raster.grid, lon, lat)
    if study.climate.radius_km > 0:
        around, cells = mean_around(values, raster.grid, lon, lat, study.climate.radius_km)
        few = np.isnan(around).any(axis=0) & (share > 0).all(axis=0)
        message = (
            f"no cell with a value has its centre within {study.climate.radius_km:g} km: read at the point instead"
        )
        record.note("repair", "climate-at-point", message, int(few.sum()), f"{what}, {int((cells > 0).sum())} others")
        found, share = np.where(few, found, around), np.where(few | np.isnan(around).any(axis=0), share, 1.0)
    borrowed = (share > 0).all(axis=0) & (share < 0.999).any(axis=0)
    message = "settlements at the edge of a climate raster, read from the neighbouring cells that have a value"
    record.note("repair", "climate-borrowed", message, int(borrowed.sum()), what)
    message = "settlements without a value of a climate raster"
    record.note("warning", "climate-unknown", message, int((share == 0).any(axis=0).sum()), what)
    return found
