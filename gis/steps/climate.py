"""The climate step: rasters sampled at the settlements of a study."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.inputs import Inputs
from gis.read.rasters import Raster
from gis.record import Record
from gis.space.sampling import sample
from gis.stages.climate import climate_at
from gis.study import Study

Float = NDArray[np.float64]


def climate(study: Study, inputs: Inputs, places: gpd.GeoDataFrame, record: Record) -> pd.DataFrame:
    """Describe the climate at the settlements, and note where a raster has no value."""

    def values(raster: Raster | None, what: str) -> Float | None:
        if raster is None:
            return None
        found, share = sample(
            np.asarray(raster.values, float),
            raster.grid,
            places.geometry.x.to_numpy(),
            places.geometry.y.to_numpy(),
        )
        borrowed = (share > 0).all(axis=0) & (share < 0.999).any(axis=0)
        record.note(
            "repair", "climate-borrowed", "settlements at the edge of a climate raster, read from the "
            "neighbouring cells that have a value", int(borrowed.sum()), what,
        )  # fmt: skip
        record.note(
            "warning",
            "climate-unknown",
            "settlements without a value of a climate raster",
            int((share == 0).any(axis=0).sum()),
            what,
        )
        return found

    return climate_at(
        places.index,
        temperature=values(inputs.temperature, "temperature"),
        precipitation=values(inputs.precipitation, "precipitation"),
        heating_base_c=study.climate.heating_base_c,
    )
