"""How fit the climate is for life: measures of cold, heat, water and wind, at settlements or for every cell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

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
from gis.kernels.climate import (
    ARIDITY_CLASSES,
    DAYS_IN_MONTH,
    KOPPEN_CLASSES,
    annual_range,
    aridity_code,
    aridity_index,
    bodman_severity,
    cooling_degree_days,
    de_martonne,
    frost_months,
    growing_degree_days,
    hargreaves_pet,
    heat_months,
    heating_degree_days,
    koppen_geiger_code,
    thornthwaite_pet,
    wind_chill,
)

Float = NDArray[np.float64]
Codes = NDArray[np.uint8]

KOPPEN, ARIDITY_CLASS, DISCOMFORT = "koppen", "aridity_class", "discomfort"
FAVOURABLE = "favourable"
"""The zone of discomfort of what no row of the table names."""

_COMPARE: Mapping[str, Callable[[Float, float], NDArray[np.bool_]]] = MappingProxyType(
    {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
)
COMPARISONS = tuple(_COMPARE)


@dataclass(frozen=True)
class Normals:
    """Normals of one set of places: settlements `(12, n)` or cells `(12, ny, nx)`; None where there is no layer.

    Parameters
    ----------
    temperature
        Mean, C: twelve months, or one value for the year.
    precipitation
        mm: twelve months, or the year's sum.
    temperature_min, temperature_max
        Means of the daily minimum and maximum, C, twelve months.
    wind
        Mean wind at 10 m, m/s, twelve months.
    humidity
        Mean relative humidity, per cent, twelve months.
    latitude
        Degrees, of a shape that broadcasts with the places.
    """

    temperature: Any = None
    precipitation: Any = None
    temperature_min: Any = None
    temperature_max: Any = None
    wind: Any = None
    humidity: Any = None
    latitude: Any = None

    def months(self, *names: str) -> bool:
        """Say whether all of these layers are there with twelve months."""
        return all(getattr(self, name) is not None and len(getattr(self, name)) == 12 for name in names)


LAYERS = tuple(field.name for field in fields(Normals) if field.name != "latitude")
"""The layers that a study may give."""


@dataclass(frozen=True)
class Bases:
    """The choices that a study makes.

    Parameters
    ----------
    heating_c, cooling_c, growing_c
        Bases of the degree days.
    frost_c, heat_c
        A month counts as one of frost below, of heat above.
    koppen_cold_c
        Coldest month that divides Koeppen's C from D: 0, or -3.
    pet
        Which evapotranspiration the UNEP aridity is made with.
    """

    heating_c: float = 18.0
    cooling_c: float = 18.0
    growing_c: float = 5.0
    frost_c: float = 0.0
    heat_c: float = 22.0
    koppen_cold_c: float = 0.0
    pet: Literal["thornthwaite", "hargreaves"] = "thornthwaite"


@dataclass(frozen=True)
class Measure:
    """How a measure is made, and what it is measured in.

    Parameters
    ----------
    needs
        Layers that must have twelve months.
    make
        From normals and bases to values without the axis of months.
    unit
        Blank for counts and ratios.
    classes
        Names of the codes from 1 on, of a measure of classes (0 is no data); None of one of numbers.
    also
        What else must be there, with twelve months or one value for the year.
    """

    needs: tuple[str, ...]
    make: Callable[[Normals, Bases], Any]
    unit: str = ""
    classes: tuple[str, ...] | None = None
    also: tuple[str, ...] = ()


def _mean(months: Any) -> Any:
    return np.average(months, axis=0, weights=DAYS_IN_MONTH) if len(months) == 12 else months[0]


def _pet(n: Normals, kind: str) -> Any:
    if kind == "thornthwaite":
        return thornthwaite_pet(n.temperature, n.latitude).sum(axis=0)
    daily = hargreaves_pet(n.temperature_min, n.temperature_max, n.temperature, latitude_deg=n.latitude)
    return np.tensordot(np.asarray(DAYS_IN_MONTH, float), daily, axes=1)


def _unep(n: Normals, b: Bases) -> Any:
    ratio = aridity_index(n.precipitation.sum(axis=0), _pet(n, b.pet))
    return np.where(np.isinf(ratio), np.nan, ratio)  # ice: nothing evaporates


def _aridity_codes(n: Normals, b: Bases) -> Codes:
    code = aridity_code(aridity_index(n.precipitation.sum(axis=0), _pet(n, b.pet)))
    return np.asarray(code + 1, np.uint8)


_T, _P, _V, _AT = ("temperature",), ("precipitation",), ("temperature", "wind"), ("latitude",)
_DAILY = ("temperature_min", "temperature_max")
_DAYS = "C day"
MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        TEMPERATURE_COLDEST_C: Measure(_T, lambda n, _: n.temperature.min(axis=0), "C"),
        TEMPERATURE_WARMEST_C: Measure(_T, lambda n, _: n.temperature.max(axis=0), "C"),
        TEMPERATURE_RANGE_C: Measure(_T, lambda n, _: annual_range(n.temperature), "C"),
        HEATING_DEGREE_DAYS: Measure(_T, lambda n, b: heating_degree_days(n.temperature, b.heating_c), _DAYS),
        "cooling_degree_days": Measure(_T, lambda n, b: cooling_degree_days(n.temperature, b.cooling_c), _DAYS),
        "growing_degree_days": Measure(_T, lambda n, b: growing_degree_days(n.temperature, b.growing_c), _DAYS),
        "frost_months": Measure(_T, lambda n, b: frost_months(n.temperature, b.frost_c)),
        "heat_months": Measure(_T, lambda n, b: heat_months(n.temperature, b.heat_c)),
        "pet_thornthwaite_mm": Measure(_T, lambda n, _: _pet(n, "thornthwaite"), "mm", also=_AT),
        "pet_hargreaves_mm": Measure((*_T, *_DAILY), lambda n, _: _pet(n, "hargreaves"), "mm", also=_AT),
        "wind_ms": Measure(("wind",), lambda n, _: _mean(n.wind), "m/s"),
        "humidity_percent": Measure(("humidity",), lambda n, _: _mean(n.humidity), "%"),
        "wind_chill_c": Measure(_V, lambda n, _: wind_chill(n.temperature, n.wind * 3.6).min(axis=0), "C"),
        "bodman_severity": Measure(_V, lambda n, _: bodman_severity(n.temperature, n.wind).max(axis=0)),
        "aridity_unep": Measure(_T, _unep, also=(*_AT, *_P)),
        ARIDITY_CLASS: Measure(_T, _aridity_codes, "", ARIDITY_CLASSES, also=(*_AT, *_P)),
        KOPPEN: Measure(
            (*_T, *_P),
            lambda n, b: koppen_geiger_code(n.temperature, n.precipitation, cold_limit_c=b.koppen_cold_c),
            "",
            KOPPEN_CLASSES[1:],
        ),
    }
)
"""The measures of twelve months. Those of the year (mean temperature, precipitation, De Martonne) need no months."""

COLUMNS = frozenset(
    [TEMPERATURE_MEAN_C, PRECIPITATION_MM, ARIDITY_DE_MARTONNE, *MEASURES]
    + [name(month) for name in (temperature_c, precipitation_mm) for month in range(1, 13)]
)
"""All columns that the climate may give a settlement."""


def measures(normals: Normals, bases: Bases = Bases()) -> dict[str, Callable[[], Any]]:
    """Name every measure that the normals allow, each with a call that makes it, so that rasters are made one by one.

    Parameters
    ----------
    normals
        Of settlements or cells.
    bases
        The study's choices.

    Returns
    -------
    dict
        Values without the axis of months; NaN where unknown, 0 for classes.

    Notes
    -----
    Wind chill is that of the month that feels coldest, Bodman's severity that of the severest month. The annual mean
    weighs the months by their days. De Martonne is NaN at annual means of -10 C and below, the UNEP aridity where
    nothing evaporates.

    Examples
    --------
    >>> t = np.linspace(-15.0, 20.0, 12)[:, None]
    >>> made = measures(Normals(temperature=t))
    >>> sorted(made)[:3], float(made["frost_months"]()[0])
    (['cooling_degree_days', 'frost_months', 'growing_degree_days'], 5.0)
    """
    n = normals
    out: dict[str, Callable[[], Any]] = {}
    if n.temperature is not None:
        out[TEMPERATURE_MEAN_C] = lambda: _mean(n.temperature)
    if n.precipitation is not None:
        out[PRECIPITATION_MM] = lambda: n.precipitation.sum(axis=0)
    if n.temperature is not None and n.precipitation is not None:
        out[ARIDITY_DE_MARTONNE] = lambda: de_martonne(n.precipitation.sum(axis=0), _mean(n.temperature))
    for name, measure in MEASURES.items():
        if name in ("aridity_unep", ARIDITY_CLASS) and bases.pet == "hargreaves" and not n.months(*_DAILY):
            continue
        if n.months(*measure.needs) and all(getattr(n, other) is not None for other in measure.also):
            out[name] = partial(measure.make, n, bases)
    return out


def unit_of(name: str) -> str:
    """Return the unit of a measure, blank for counts, ratios and classes."""
    if name in MEASURES:
        return MEASURES[name].unit
    return {TEMPERATURE_MEAN_C: "C", PRECIPITATION_MM: "mm"}.get(name, "")


def discomfort(made: Mapping[str, Any], table: pd.DataFrame) -> tuple[Codes, tuple[str, ...]]:
    """Zone places by discomfort: each lies in the severest zone of which any limit is met.

    Parameters
    ----------
    made
        Measures by name, of one shape.
    table
        `zone`, `column` (a measure), `comparison` (<, <=, > or >=) and `limit`; the zones from the mildest to the
        severest. Rows of measures that are not there are passed over.

    Returns
    -------
    codes : array of uint8
        1 for `favourable` (no limit met), 2 for the first zone of the table, and so on; 0 where an unknown
        measure could lead to a severer zone.
    zones : tuple of str
        The names of 1, 2, ...

    Raises
    ------
    ValueError
        Another comparison; no row that could be applied.

    Examples
    --------
    >>> table = pd.DataFrame({"zone": ["cold", "icy"], "column": "t", "comparison": "<=", "limit": [-14.0, -28.0]})
    >>> codes, zones = discomfort({"t": np.array([0.0, -14.0, -30.0, np.nan])}, table)
    >>> codes.tolist(), zones
    ([1, 2, 3, 0], ('favourable', 'cold', 'icy'))
    """
    zones = (FAVOURABLE, *dict.fromkeys(table["zone"].astype(str)))
    used = table[table["column"].isin(list(made))]
    if used.empty:
        raise ValueError(f"no measure of the table of discomfort is known; it names {sorted(set(table['column']))}")
    shape = np.shape(made[str(used["column"].iloc[0])])
    sure, worst = np.ones(shape, np.uint8), np.ones(shape, np.uint8)
    for _, row in used.iterrows():
        if row["comparison"] not in _COMPARE:
            raise ValueError(f"comparison: expected one of {', '.join(_COMPARE)}, got {row['comparison']!r}")
        value, code = np.asarray(made[str(row["column"])]), zones.index(str(row["zone"]))
        with np.errstate(invalid="ignore"):
            met = _COMPARE[str(row["comparison"])](value, float(row["limit"]))
        sure[met] = np.maximum(sure[met], code + 1)
        may = met | np.isnan(value)
        worst[may] = np.maximum(worst[may], code + 1)
    return np.where(sure == worst, sure, 0).astype(np.uint8), zones


def named(codes: Any, classes: Sequence[str]) -> NDArray[np.object_]:
    """Turn codes into the names of classes, None for 0.

    Examples
    --------
    >>> named(np.array([0, 2]), ["arid", "humid"]).tolist()
    [None, 'humid']
    """
    return np.asarray(np.array([None, *classes], object)[np.asarray(codes, int)])


def climate_at(
    index: pd.Index,
    *,
    temperature: Float | None = None,
    precipitation: Float | None = None,
    heating_base_c: float = 18.0,
    bases: Bases | None = None,
    zones: pd.DataFrame | None = None,
    **layers: Any,
) -> pd.DataFrame:
    """Describe the climate at settlements, from normals sampled at them.

    Parameters
    ----------
    index
        The settlements.
    temperature
        Mean temperature, C: shape `(12, n)` for the months or `(1, n)` for the year.
    precipitation
        Precipitation, mm: shape `(12, n)` for the months or `(1, n)` for the year's sum.
    heating_base_c
        Base of the heating degree days, where `bases` are not given.
    bases
        Every choice at once.
    zones
        The table of `discomfort`; no zones where None.
    **layers
        The others of `Normals`.

    Returns
    -------
    DataFrame
        Every measure that the layers allow (see `measures`), classes by name, and the monthly values of
        temperature and precipitation; NaN (None for a class) where a value is not known.

    Examples
    --------
    >>> t = np.array([[-15.0], [-14], [-7], [6], [14], [19], [21], [18], [12], [4], [-6], [-13]])
    >>> out = climate_at(pd.Index(["a"]), temperature=t, precipitation=np.array([[320.0]]))
    >>> out.round(1).loc["a", ["temperature_mean_c", "temperature_range_c", "aridity_de_martonne"]].tolist()
    [3.3, 36.0, 24.0]
    """
    normals = Normals(temperature=temperature, precipitation=precipitation, **layers)
    calls = measures(normals, bases or Bases(heating_c=heating_base_c))
    out: dict[str, Any] = {name: make() for name, make in calls.items()}
    if zones is not None and not zones[zones["column"].isin(list(out))].empty:
        out[DISCOMFORT] = named(*discomfort(out, zones))
    for name in (KOPPEN, ARIDITY_CLASS):
        if name in out:
            out[name] = named(out[name], MEASURES[name].classes or ())
    for column, months in ((temperature_c, temperature), (precipitation_mm, precipitation)):
        if months is not None and len(months) == 12:
            out |= {column(month + 1): months[month] for month in range(12)}
    return pd.DataFrame(out, index=index)
