"""Lengths on an ellipsoid, and from many points to the nearest of others."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels._jit import kernel

Float = NDArray[np.float64]

_BLOCK = 32  # points of a block, by its side, that share their candidates
_CLOSE = 1e-12  # radians of longitude; what is left is thousandths of it, for each round leaves a part as small as f
_ROUNDS = 20  # enough but for points almost opposite to each other

# What is kept of a point: earth-centred coordinates, sine and cosine of the reduced latitude, longitude.
_X, _Y, _Z, _SIN_U, _COS_U, _LON, _KEPT = range(7)


@kernel
def _place(lon, lat, a, f, point):  # type: ignore[no-untyped-def]
    """Fill what is kept of a point, from radians."""
    u = math.atan2((1.0 - f) * math.sin(lat), math.cos(lat))
    sin_u, cos_u = math.sin(u), math.cos(u)
    point[_X], point[_Y] = a * cos_u * math.cos(lon), a * cos_u * math.sin(lon)
    point[_Z] = a * (1.0 - f) * sin_u
    point[_SIN_U], point[_COS_U], point[_LON] = sin_u, cos_u, lon


@kernel
def _inverse(p, q, a, f, hint):  # type: ignore[no-untyped-def]
    """Return the metres between two points and how much wider the longitude is on the auxiliary sphere.

    Vincenty's inverse formula. `hint` is that widening for a pair nearby, and saves rounds. NaN where the rounds do
    not end, between points almost opposite to each other.
    """
    apart = q[_LON] - p[_LON]
    apart -= 2.0 * math.pi * round(apart / (2.0 * math.pi))
    ss, cc = p[_SIN_U] * q[_SIN_U], p[_COS_U] * q[_COS_U]
    sc, cs = p[_SIN_U] * q[_COS_U], p[_COS_U] * q[_SIN_U]
    lam = apart * (1.0 + hint)
    for _ in range(_ROUNDS):
        sin_lam, cos_lam = math.sin(lam), math.cos(lam)
        east, north = q[_COS_U] * sin_lam, cs - sc * cos_lam
        sin_s, cos_s = math.sqrt(east * east + north * north), ss + cc * cos_lam
        if sin_s == 0.0:
            return (0.0 if cos_s > 0.0 else np.nan), 0.0
        s = math.atan2(sin_s, cos_s)
        sin_a = cc * sin_lam / sin_s
        cos2_a = 1.0 - sin_a * sin_a
        middle = cos_s - 2.0 * ss / cos2_a if cos2_a > 0.0 else 0.0  # along the equator all is in sin_a
        c = f / 16.0 * cos2_a * (4.0 + f * (4.0 - 3.0 * cos2_a))
        last = lam
        lam = apart + (1.0 - c) * f * sin_a * (s + c * sin_s * (middle + c * cos_s * (2.0 * middle * middle - 1.0)))
        if abs(lam - last) < _CLOSE:
            break
    else:
        return np.nan, 0.0
    if abs(lam) > math.pi:
        return np.nan, 0.0
    u2 = cos2_a * f * (2.0 - f) / ((1.0 - f) * (1.0 - f))
    big_a = 1.0 + u2 / 16384.0 * (4096.0 + u2 * (u2 * (320.0 - 175.0 * u2) - 768.0))
    big_b = u2 / 1024.0 * (256.0 + u2 * (u2 * (74.0 - 47.0 * u2) - 128.0))
    m2 = middle * middle
    inner = cos_s * (2.0 * m2 - 1.0) - big_b / 6.0 * middle * (4.0 * sin_s * sin_s - 3.0) * (4.0 * m2 - 3.0)
    metres = a * (1.0 - f) * big_a * (s - big_b * sin_s * (middle + big_b / 4.0 * inner))
    return metres, (lam / apart - 1.0 if apart != 0.0 else 0.0)


@kernel
def _middle(points, n):  # type: ignore[no-untyped-def]
    """Return the middle of the first `n` points, and how far they lie around it."""
    x, y, z = points[:n, _X].mean(), points[:n, _Y].mean(), points[:n, _Z].mean()
    around = 0.0
    for k in range(n):
        around = max(around, (points[k, _X] - x) ** 2 + (points[k, _Y] - y) ** 2 + (points[k, _Z] - z) ** 2)
    return x, y, z, math.sqrt(around)


@kernel
def _candidates(middle, to, first, last, squared, ratio, chosen):  # type: ignore[no-untyped-def]
    """Choose the points of `to` from `first` to `last` that can be nearest to any around the middle; count them."""
    x, y, z, around = middle
    least = np.inf
    for c in range(first, last):
        squared[c] = (to[_X, c] - x) ** 2 + (to[_Y, c] - y) ** 2 + (to[_Z, c] - z) ** 2
        least = min(least, squared[c])
    reach = (ratio * (math.sqrt(least) + around) + around + 1e-3) ** 2
    count = 0
    for c in range(first, last):
        if squared[c] <= reach:
            chosen[count] = c
            count += 1
    return count


@kernel
def _nearest(lon, lat, to, begin, a, f, metres):  # type: ignore[no-untyped-def]
    """Fill the metres from points of shape `(ny, nx)`, in radians, to the nearest of each set, block by block.

    Set `s` are the points `to[:, begin[s]:begin[s + 1]]`.
    """
    ny, nx = lon.shape
    ratio = (1.0 - f) ** -3
    points, cell = np.empty((_BLOCK * _BLOCK, _KEPT)), np.empty((_BLOCK * _BLOCK, 2), np.int64)
    squared, chosen, each = np.empty(to.shape[1]), np.empty(to.shape[1], np.int64), np.ascontiguousarray(to.T)
    for top in range(0, ny, _BLOCK):
        for west in range(0, nx, _BLOCK):
            n = 0
            for i in range(top, min(top + _BLOCK, ny)):
                for j in range(west, min(west + _BLOCK, nx)):
                    metres[:, i, j] = np.nan
                    if np.isfinite(lon[i, j] + lat[i, j]):
                        _place(lon[i, j], lat[i, j], a, f, points[n])
                        cell[n, 0], cell[n, 1] = i, j
                        n += 1
            if n == 0:
                continue
            middle = _middle(points, n)
            for s in range(len(begin) - 1):
                count = _candidates(middle, to, begin[s], begin[s + 1], squared, ratio, chosen)
                hint = 0.0
                for k in range(n):
                    p = points[k]
                    least = np.inf
                    for c in range(count if count > 1 else 0):
                        q = each[chosen[c]]
                        squared[c] = (q[_X] - p[_X]) ** 2 + (q[_Y] - p[_Y]) ** 2 + (q[_Z] - p[_Z]) ** 2
                        least = min(least, squared[c])
                    best = np.inf
                    for c in range(count):
                        if count == 1 or squared[c] <= least * ratio * ratio:
                            length, hint = _inverse(p, each[chosen[c]], a, f, hint)
                            best = length if length < best or np.isnan(length) else best
                            if np.isnan(length):
                                break
                    metres[s, cell[k, 0], cell[k, 1]] = best


def metres_to_nearest(
    lon: ArrayLike, lat: ArrayLike, to: Sequence[tuple[ArrayLike, ArrayLike]], *, a: float, f: float
) -> Float:
    """Measure from the cells of a grid to the nearest point of each of some sets, along the ellipsoid.

    Parameters
    ----------
    lon, lat
        Degrees, shape `(ny, nx)`; neighbours should lie near each other. Cells that are not finite have no place.
    to
        The sets: longitudes and latitudes of their points, degrees, shape `(m,)`.
    a, f
        Half the longer axis in metres, and the flattening.

    Returns
    -------
    array of shape `(len(to), ny, nx)`
        Metres, within 0.1 mm; `inf` where a set is empty. NaN where a cell has no place, and where a point that may be
        the nearest is almost opposite to it (more than 19 900 km off), for there the formula fails.

    Notes
    -----
    A block of cells shares the points that can be nearest to any of them. This is sure: the ellipsoid
    bends no more than a circle of radius `b**2 / a` and no less than one of `a**2 / b`, so the geodesic between two
    points is no longer than the arc of the one over their chord, and no shorter than that of the other. So no point
    is nearest whose chord is more than `(a / b)**3` times the least.

    References
    ----------
    Vincenty, T. (1975), Direct and inverse solutions of geodesics on the ellipsoid, Survey Review 23.

    Examples
    --------
    >>> to = [([70.0], [50.0]), ([71.0, 75.0], [50.0, 50.0])]
    >>> metres_to_nearest([[70.0, 71.0]], [[50.0, 50.0]], to, a=6378137.0, f=1 / 298.257223563).round(2).tolist()
    [[[0.0, 71695.22]], [[71695.22, 0.0]]]
    """
    lon_r, lat_r = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
    centres = np.radians(np.concatenate([np.column_stack(points) for points in to], dtype=float).reshape(-1, 2))
    begin = np.cumsum([0, *(len(np.asarray(x)) for x, _ in to)])
    places = np.empty((len(centres), _KEPT))
    for point, (x, y) in zip(places, centres, strict=True):
        _place(x, y, a, f, point)
    metres = np.empty((len(to), *lon_r.shape))
    _nearest(lon_r, lat_r, np.ascontiguousarray(places.T), begin, a, f, metres)
    return metres
