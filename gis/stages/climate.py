"""The climate at each settlement, from monthly or annual rasters."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.fields import (
    ARIDITY_DE_MARTONNE,
    HEATING_DEGREE_DAYS,
    PRECIPITATION_MM,
    TEMPERATURE_COLDEST_C,
    TEMPERATURE_MEAN_C,
    TEMPERATURE_RANGE_C,
    TEMPERATURE_WARMEST_C,
    precipitation_mm,
    temperature_c,
)
from gis.kernels.climate import DAYS_IN_MONTH, annual_range, de_martonne, heating_degree_days

Float = NDArray[np.float64]


def climate_at(
    index: pd.Index,
    *,
    temperature: Float | None = None,
    precipitation: Float | None = None,
    heating_base_c: float = 18.0,
) -> pd.DataFrame:
    """Describe the climate at settlements, from values sampled at them.

    Parameters
    ----------
    index
        The settlements.
    temperature
        Mean temperature, C: shape `(12, n)` for the months or `(1, n)` for the year.
    precipitation
        Precipitation, mm: shape `(12, n)` for the months or `(1, n)` for the year's sum.
    heating_base_c
        Base of the heating degree days.

    Returns
    -------
    DataFrame
        Annual mean, coldest and warmest month, range, heating degree days, precipitation of the year, De Martonne's
        aridity, and the monthly values, as far as what is given allows; NaN where a value is not known. The
        annual mean weighs the months by their days. De Martonne is NaN at annual means of -10 C and below.

    Examples
    --------
    >>> t = np.array([[-15.0], [-14], [-7], [6], [14], [19], [21], [18], [12], [4], [-6], [-13]])
    >>> out = climate_at(pd.Index(["a"]), temperature=t, precipitation=np.array([[320.0]]))
    >>> out.round(1).loc["a", ["temperature_mean_c", "temperature_range_c", "aridity_de_martonne"]].tolist()
    [3.3, 36.0, 24.0]
    """
    out: dict[str, Float] = {}
    if temperature is not None:
        monthly = len(temperature) == 12
        mean = np.average(temperature, axis=0, weights=DAYS_IN_MONTH) if monthly else temperature[0]
        out[TEMPERATURE_MEAN_C] = mean
        if monthly:
            out[TEMPERATURE_COLDEST_C] = temperature.min(axis=0)
            out[TEMPERATURE_WARMEST_C] = temperature.max(axis=0)
            out[TEMPERATURE_RANGE_C] = annual_range(temperature)
            out[HEATING_DEGREE_DAYS] = heating_degree_days(temperature, heating_base_c)
    if precipitation is not None:
        out[PRECIPITATION_MM] = precipitation.sum(axis=0)
        if temperature is not None:
            out[ARIDITY_DE_MARTONNE] = de_martonne(out[PRECIPITATION_MM], out[TEMPERATURE_MEAN_C])
    if temperature is not None and len(temperature) == 12:
        out |= {temperature_c(month + 1): temperature[month] for month in range(12)}
    if precipitation is not None and len(precipitation) == 12:
        out |= {precipitation_mm(month + 1): precipitation[month] for month in range(12)}
    return pd.DataFrame(out, index=index)
