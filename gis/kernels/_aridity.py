"""Dry or wet: aridity from precipitation against heat or evapotranspiration, and classes by bounds."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._months import as_float, not_negative
from gis.kernels._numbers import Float, doubles

ARIDITY_CLASSES = ("hyper-arid", "arid", "semi-arid", "dry sub-humid", "humid")
"""Classes of the UNEP aridity index, driest first."""

_ARIDITY_BREAKS = (0.05, 0.20, 0.50, 0.65)


def aridity_index(precipitation_mm: ArrayLike, pet_mm: ArrayLike) -> Float:
    """Aridity index of UNEP: precipitation over potential evapotranspiration, both of the year.

    Parameters
    ----------
    precipitation_mm, pet_mm
        mm a year, of shapes that broadcast.

    Returns
    -------
    array
        Ratio, low = dry; `inf` where nothing evaporates but something falls, NaN where both are 0 or one is
        unknown.

    Raises
    ------
    ValueError
        Negative precipitation or evapotranspiration.

    Notes
    -----
    Thornthwaite's PET is lower than Hargreaves' or Penman's in dry lands, so the choice moves the class.

    References
    ----------
    UNEP 1997, World Atlas of Desertification, 2nd edition (which uses Thornthwaite).

    Examples
    --------
    >>> float(aridity_index(150.0, 1000.0))
    0.15
    """
    p = not_negative(as_float(precipitation_mm, "precipitation_mm"), "precipitation_mm")
    pet = not_negative(as_float(pet_mm, "pet_mm"), "pet_mm")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(p / pet)


def classify(values: ArrayLike, upper_bounds: ArrayLike) -> NDArray[np.int8]:
    """Return the number of the class of each value, in a table of classes by their upper bounds.

    Parameters
    ----------
    values
        Any shape.
    upper_bounds
        Rising bounds between classes; a value equal to a bound belongs to the class above it.

    Returns
    -------
    array
        0 for the class below the first bound, up to `len(upper_bounds)`; -1 where the value is NaN.

    Raises
    ------
    ValueError
        Bounds that do not rise.

    Examples
    --------
    >>> classify([0.1, 0.5, 2.0, float("nan")], [0.5, 1.0]).tolist()
    [0, 1, 2, -1]
    """
    bounds = as_float(upper_bounds, "upper_bounds")
    if bounds.ndim != 1 or not bool((np.diff(bounds) > 0).all()):
        raise ValueError(f"upper_bounds: expected rising numbers, got {bounds.tolist()}")
    a = doubles(values, "values")
    return np.where(np.isnan(a), -1, np.searchsorted(bounds, a, side="right")).astype(np.int8)


def aridity_code(aridity: ArrayLike) -> NDArray[np.int8]:
    """Return the number of the UNEP class of an aridity index, for rasters.

    Parameters
    ----------
    aridity
        Precipitation over potential evapotranspiration (`aridity_index`), any shape.

    Returns
    -------
    array
        Place in `ARIDITY_CLASSES`, 0 = hyper-arid; -1 where unknown.

    Examples
    --------
    >>> aridity_code([0.04, 0.05, 0.65]).tolist()
    [0, 1, 4]
    """
    return classify(aridity, _ARIDITY_BREAKS)


def aridity_class(aridity: ArrayLike) -> NDArray[np.str_]:
    """Name the UNEP class of an aridity index.

    Below 0.05 hyper-arid, below 0.20 arid, below 0.50 semi-arid, below 0.65 dry sub-humid, else humid.

    Parameters
    ----------
    aridity
        Precipitation over potential evapotranspiration (`aridity_index`), any shape.

    Returns
    -------
    array of str
        One of `ARIDITY_CLASSES`, or `""` where the index is unknown.

    Examples
    --------
    >>> str(aridity_class(0.15))
    'arid'
    """
    names = np.array([*ARIDITY_CLASSES, ""])
    return np.asarray(names[aridity_code(aridity)])


def de_martonne(precipitation_mm: ArrayLike, temperature_c: ArrayLike) -> Float:
    """De Martonne's aridity index, P / (T + 10), low = dry.

    Parameters
    ----------
    precipitation_mm
        mm a year, 0 or more.
    temperature_c
        Mean of the year, C, of a shape that broadcasts.

    Returns
    -------
    array
        Index; NaN at and below -10 C, where it is not defined, and where an input is unknown.

    Raises
    ------
    ValueError
        Negative precipitation.

    Notes
    -----
    Usual classes: below 10 dry, 20 semi-dry, 24 Mediterranean, 28 semi-humid, 35 humid. Close above -10 C the
    index explodes: it says nothing about cold deserts.

    References
    ----------
    De Martonne 1926, La Meteorologie 2.

    Examples
    --------
    >>> float(de_martonne(300.0, 5.0))
    20.0
    """
    p = not_negative(as_float(precipitation_mm, "precipitation_mm"), "precipitation_mm")
    t = as_float(temperature_c, "temperature_c")
    return np.asarray(p / np.where(t > -10, t + 10, np.nan))
