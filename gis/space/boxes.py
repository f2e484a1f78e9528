"""Boxes in longitude and latitude: a cheap answer to what may be near what."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# No degree of latitude is shorter, nor one of longitude times the cosine of the latitude.
_LEAST_METRES_PER_DEGREE = 110_000.0

_MOST_CELLS = 1_000_000


def boxes_around(lonlat: Float, metres: Float) -> Float:
    """Return boxes that hold all points of the ground within some metres of given points.

    Parameters
    ----------
    lonlat
        Degrees, shape `(n, 2)`.
    metres
        Shape `(n,)`, 0 or more; `inf` gives the whole world.

    Returns
    -------
    array of shape `(n, 4)`
        West, south, east, north in degrees, a little wider than need be; past -180 and 180 where they cross the
        antimeridian, all longitudes where they reach a pole.

    Examples
    --------
    >>> boxes_around(np.array([[60.0, 0.0]]), np.array([110_000.0])).round(2).tolist()
    [[59.0, -1.0, 61.0, 1.0]]
    """
    lon, lat = lonlat.T
    high = np.minimum(metres / _LEAST_METRES_PER_DEGREE, 180.0)
    furthest = np.minimum(np.abs(lat) + high, 90.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        wide = np.fmin(high / np.cos(np.radians(furthest)), 360.0)
    wide = np.where(furthest >= 89.9, 360.0, wide)
    return np.column_stack([lon - wide, lat - high, lon + wide, lat + high])


def touching(boxes: Float, others: Float) -> NDArray[np.bool_]:
    """Tell which boxes may touch any of some others: none that does is missed, some that do not are named.

    The others are marked on a grid of a million cells; so the time is that of the boxes and of the others one after
    the other, however many pairs touch.

    Parameters
    ----------
    boxes, others
        West, south, east, north in degrees, shapes `(n, 4)` and `(m, 4)`; the others may reach past -180 and 180.

    Returns
    -------
    array of shape `(n,)`

    Examples
    --------
    >>> touching(np.array([[0, 0, 1, 1], [8, 8, 9, 9.0]]), np.array([[359, 0.5, 360.5, 2.0]])).tolist()
    [True, False]
    """
    if len(boxes) == 0:
        return np.empty(0, bool)
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    span = np.maximum(high - low, 1e-9)
    cells = np.sqrt(_MOST_CELLS / (span[0] * span[1]))
    shape = np.clip(np.ceil(span * cells), 1, _MOST_CELLS**0.5 * 2).astype(np.int64)
    # A turn of the globe to either side: what reaches past an end of the map comes in at the other.
    others = np.concatenate([others + np.array([turn, 0, turn, 0]) for turn in (-360.0, 0.0, 360.0)])
    others = others[(others[:, :2] <= high).all(axis=1) & (others[:, 2:] >= low).all(axis=1)]

    def cell(xy: Float) -> Int:
        number = (xy - low) * (shape / span)
        return np.asarray(np.clip(number, 0, shape - 1, out=number).astype(np.int64))

    first, last = cell(others[:, :2]), cell(others[:, 2:]) + 1
    change = np.zeros(shape + 1, np.int32)
    for x, y, sign in ((first, first, 1), (last, last, 1), (first, last, -1), (last, first, -1)):
        np.add.at(change, (x[:, 0], y[:, 1]), sign)
    marks = np.zeros(shape + 1, np.int32)
    marks[1:, 1:] = _summed(_summed(change)[:-1, :-1] > 0)
    first, last = cell(boxes[:, :2]), cell(boxes[:, 2:]) + 1
    inside = marks[last[:, 0], last[:, 1]] - marks[first[:, 0], last[:, 1]]
    return np.asarray(inside - marks[last[:, 0], first[:, 1]] + marks[first[:, 0], first[:, 1]] > 0)


def _summed(cells: NDArray[Any]) -> NDArray[np.int32]:
    return np.asarray(cells.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32))
