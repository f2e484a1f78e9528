"""True lengths on the ellipsoid, and a plane in which "nearest" means nearest."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod
from scipy.spatial import cKDTree

from gis.kernels.geodesic import short_lengths_m

Float = NDArray[np.float64]
Int = NDArray[np.int64]

GEOD = Geod(ellps="WGS84")
"""The ellipsoid of every length."""

_CANDIDATES = 3  # points measured at first, of those whose chords are least

# No point is nearest whose chord is longer than the least by more than this: see `gis.kernels.nearest_centre`.
_CHORD_RATIO = (GEOD.a / GEOD.b) ** 3

# A line that is straight in degrees bends in a plane of metres: over steps of this many degrees by 5 cm at 50 degrees
# north, 0.25 m at 80.
_STEP_DEGREES = 0.02


def line_lengths_m(lines: NDArray[np.object_]) -> Float:
    """Return the geodesic length of lines given in longitude and latitude (WGS 84).

    Parameters
    ----------
    lines
        LineStrings, shape `(n,)`.

    Returns
    -------
    length_m : array of shape `(n,)`

    Examples
    --------
    >>> one_degree = shapely.linestrings([[[60.0, 0.0], [61.0, 0.0]]])
    >>> line_lengths_m(one_degree).round().tolist()
    [111319.0]
    """
    metres, first, last = vertex_measures_m(lines)
    return np.asarray(metres[last] - metres[first])


def vertex_measures_m(lines: NDArray[np.object_]) -> tuple[Float, Int, Int]:
    """Measure along lines: the geodesic metres at every vertex, counted on from one line to the next.

    Parameters
    ----------
    lines
        LineStrings in longitude and latitude (WGS 84), shape `(n,)`.

    Returns
    -------
    metres : array of shape `(v,)`
        At each vertex of each line in turn; a line begins at the measure at which the one before it ends.
    first, last : arrays of shape `(n,)`
        Positions of the first and the last vertex of each line.

    Examples
    --------
    >>> lines = shapely.linestrings([[[60, 0], [61, 0], [62, 0]], [[60, 0], [60, 0], [60, 1]]])
    >>> metres, first, last = vertex_measures_m(lines)
    >>> metres.round(-3).tolist(), first.tolist(), last.tolist()
    ([0.0, 111000.0, 223000.0, 223000.0, 223000.0, 333000.0], [0, 3], [2, 5])
    """
    xy = shapely.get_coordinates(lines)
    end = np.cumsum(shapely.get_num_coordinates(lines))
    first = np.concatenate([[0], end[:-1]]).astype(np.int64)[: len(lines)]
    within = np.ones(len(xy), bool)
    within[first] = False
    step = np.zeros(len(xy))
    step[1:] = segment_lengths_m(xy[:-1], xy[1:], where=within[1:])
    return np.cumsum(step), first, (end - 1).astype(np.int64)


def densified(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Put vertices into long segments of lines in longitude and latitude, so that they keep their course in any plane.

    Between two vertices a line is straight in degrees, as GeoJSON has it (RFC 7946, section 3.1.1). Between
    two towns 300 km apart that is 2 km off the straight line of a map in metres.

    Examples
    --------
    >>> shapely.get_num_coordinates(densified(shapely.linestrings([[[60, 50], [60.09, 50]]]))).tolist()
    [6]
    """
    out = np.array(lines, object)
    box = shapely.bounds(out).reshape(-1, 4)
    # A line in so small a box has no long segment, and stays the object that it is.
    longer = np.flatnonzero(np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) > _STEP_DEGREES)
    out[longer] = shapely.segmentize(out[longer], _STEP_DEGREES)
    return out


def points_along(lines: NDArray[np.object_], line: Int, share: Float) -> Float:
    """Find points on lines by their share of the line's geodesic length.

    Parameters
    ----------
    lines
        LineStrings in longitude and latitude (WGS 84), shape `(n,)`.
    line
        Which line each point is on, shape `(k,)`.
    share
        How far along it, 0 to 1, shape `(k,)`.

    Returns
    -------
    array of shape `(k, 2)`
        Longitude and latitude.

    Examples
    --------
    >>> corner = shapely.linestrings([[[60.0, 60.0], [61.0, 60.0], [61.0, 60.5]]])
    >>> points_along(corner, np.array([0, 0]), np.array([0.5, 1.0])).round(3).tolist()
    [[60.999, 60.0], [61.0, 60.5]]
    """
    dense = densified(lines)
    xy = shapely.get_coordinates(dense)
    metres, first, last = vertex_measures_m(dense)
    start, end = first[line], last[line]
    target = metres[start] + share * (metres[end] - metres[start])
    before = np.clip(np.searchsorted(metres, target, side="right") - 1, start, end - 1)
    step = metres[before + 1] - metres[before]
    part = np.clip((target - metres[before]) / np.where(step > 0, step, 1.0), 0.0, 1.0)[:, None]
    return np.asarray(xy[before] * (1 - part) + xy[before + 1] * part)


def parts_of_lines(
    lines: NDArray[np.object_], start: Float, end: Float, line: Int | None = None
) -> NDArray[np.object_]:
    """Cut parts of lines, each between two shares of its line's geodesic length.

    Parameters
    ----------
    lines
        LineStrings in longitude and latitude (WGS 84), shape `(n,)`.
    start, end
        Shares from 0 to 1, `start` below `end`, shape `(k,)`.
    line
        Which line each part is of, shape `(k,)`: a line with many parts is measured once. None: one of each line.

    Returns
    -------
    array of shape `(k,)`
        LineStrings in the direction of the lines.

    Examples
    --------
    >>> corner = shapely.linestrings([[[60.0, 60.0], [61.0, 60.0], [61.0, 60.5]]])
    >>> shapely.to_wkt(parts_of_lines(corner, np.array([0.25]), np.array([1.0])), rounding_precision=3).tolist()
    ['LINESTRING (60.5 60, 61 60, 61 60.5)']
    """
    line = np.arange(len(lines)) if line is None else line
    metres, first, last = vertex_measures_m(lines)
    begin, length = metres[first[line]], (metres[last] - metres[first])[line]
    # The vertices between the ends of a part follow each other.
    low = np.searchsorted(metres, begin + start * length, side="right").clip(first[line], last[line] + 1)
    high = np.searchsorted(metres, begin + end * length, side="left").clip(low, last[line] + 1)
    ends = points_along(lines, np.concatenate([line, line]), np.concatenate([start, end]))
    count = high - low + 2
    until = np.cumsum(count)
    part = np.repeat(np.arange(len(line)), count)
    place = np.arange(len(part)) - (until - count)[part]
    xy = np.empty((len(part), 2))
    inner = (place > 0) & (place < count[part] - 1)
    xy[inner] = shapely.get_coordinates(lines)[(low[part] + place - 1)[inner]]
    xy[until - count], xy[until - 1] = ends[: len(line)], ends[len(line) :]
    return np.asarray(shapely.linestrings(xy, indices=part))


def lines_through(start: Float, between: Sequence[tuple[Float, Int]], end: Float) -> NDArray[np.object_]:
    """Draw lines from places to places, by others between.

    Parameters
    ----------
    start, end
        Longitude and latitude, shape `(n, 2)`.
    between
        Places in the order in which the lines pass them, shape `(k, 2)`, each with the line that passes it, `(k,)`.

    Returns
    -------
    array of shape `(n,)`
        LineStrings.

    Examples
    --------
    >>> start, end = np.array([[60.0, 0.0], [61.0, 0.0]]), np.array([[60.0, 2.0], [61.0, 2.0]])
    >>> shapely.to_wkt(lines_through(start, [(np.array([[60.5, 1.0]]), np.array([0]))], end)).tolist()
    ['LINESTRING (60 0, 60.5 1, 60 2)', 'LINESTRING (61 0, 61 2)']
    """
    number = np.arange(len(start))
    xy = np.concatenate([start, *(places for places, _ in between), end])
    line = np.concatenate([number, *(lines for _, lines in between), number])
    order = np.argsort(line, kind="stable")
    return np.asarray(shapely.linestrings(xy[order], indices=line[order]))


def segment_lengths_m(start: Float, end: Float, *, where: NDArray[np.bool_] | None = None) -> Float:
    """Return the geodesic length between pairs of points, each of shape `(n, 2)` in degrees.

    Parameters
    ----------
    start, end
        Longitude and latitude (WGS 84), shape `(n, 2)`.
    where
        Which pairs to measure, shape `(n,)`; the others get 0. None: all.

    Examples
    --------
    >>> segment_lengths_m(np.array([[60.0, 50.0]]), np.array([[60.0, 50.0]])).tolist()
    [0.0]
    """
    length = short_lengths_m(start, end)
    if where is not None:
        length[~where] = 0.0
    far = np.flatnonzero(np.isnan(length))
    if len(far):
        _, _, length[far] = GEOD.inv(start[far, 0], start[far, 1], end[far, 0], end[far, 1])
    return length


def local_crs(bounds: tuple[float, float, float, float]) -> CRS:
    """Return a conformal coordinate system in metres around bounds in degrees.

    A conformal (here stereographic) plane keeps shapes, so that the point of a road which is nearest in the
    plane is nearest on the ground as well, in any direction: neither a plane of degrees nor an equal-area
    one has that. Lengths are not read from it: they are geodesic.

    Examples
    --------
    >>> local_crs((46.5, 40.5, 87.3, 55.5)).coordinate_operation.method_name
    'Stereographic'
    """
    west, south, east, north = bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    return CRS.from_proj4(f"+proj=stere +lat_0={lat:.4f} +lon_0={lon:.4f} +ellps=WGS84 +units=m +type=crs")


def equal_area_crs(bounds: tuple[float, float, float, float]) -> CRS:
    """Return an Albers equal-area coordinate system in metres fitted to bounds in degrees.

    Standard parallels a sixth of the height inside the bounds, the usual rule. Bounds that straddle the
    equator evenly have no such cone and get a cylinder.

    Examples
    --------
    >>> equal_area_crs((46.5, 40.5, 87.3, 55.5)).coordinate_operation.method_name
    'Albers Equal Area'
    """
    west, south, east, north = bounds
    lon, inset = (west + east) / 2, (north - south) / 6
    low, high = south + inset, north - inset
    if abs(low + high) < 0.5:
        return CRS.from_proj4(f"+proj=cea +lon_0={lon:.4f} +lat_ts=0 +datum=WGS84 +units=m +type=crs")
    return CRS.from_proj4(
        f"+proj=aea +lat_0=0 +lon_0={lon:.4f} +lat_1={low:.4f} +lat_2={high:.4f} +datum=WGS84 +units=m +type=crs"
    )


def nearest_point(lon: Float, lat: Float, to_lon: Float, to_lat: Float) -> tuple[Float, Int]:
    """Find for each point the nearest of other points, on the ellipsoid.

    A k-d tree on earth-centred coordinates names the candidates; their geodesic lengths decide.

    Parameters
    ----------
    lon, lat
        The points, degrees, shape `(n,)`.
    to_lon, to_lat
        The points to look among, shape `(m,)`.

    Returns
    -------
    distance_m : array of shape `(n,)`
        `0` at a point of the second set, `inf` where that set is empty.
    index : array of shape `(n,)`
        Position in the second set, -1 where that set is empty; of equal distances the first.

    Examples
    --------
    >>> d, i = nearest_point(np.array([60.0]), np.array([50.0]), np.array([70.0, 60.0]), np.array([50.0, 51.0]))
    >>> d.round().tolist(), i.tolist()
    ([111239.0], [1])
    """
    lon, lat, to_lon, to_lat = (np.asarray(a, float) for a in (lon, lat, to_lon, to_lat))
    if len(to_lon) == 0:
        return np.full(len(lon), np.inf), np.full(len(lon), -1, np.int64)
    # Each place once, so that many points at one place do not use up the candidates.
    places, first = np.unique(np.column_stack([to_lon, to_lat]), axis=0, return_index=True)
    tree, centred = cKDTree(_earth_centred(*places.T)), _earth_centred(lon, lat)
    distance, index = np.empty(len(lon)), np.empty(len(lon), np.int64)
    rows, k = np.arange(len(lon)), min(_CANDIDATES, len(places))
    while len(rows):
        chord, found = (np.asarray(a).reshape(len(rows), k) for a in tree.query(centred[rows], k=k))
        candidates = np.sort(first[found], axis=1)
        here, there = np.repeat(rows, k), candidates.ravel()
        _, _, flat = GEOD.inv(lon[here], lat[here], to_lon[there], to_lat[there])
        metres = np.asarray(flat, float).reshape(len(rows), k)
        best = metres.argmin(axis=1)[:, None]
        distance[rows] = np.take_along_axis(metres, best, axis=1)[:, 0]
        index[rows] = np.take_along_axis(candidates, best, axis=1)[:, 0]
        unsure = (chord[:, -1] <= _CHORD_RATIO * chord[:, 0]) & (k < len(places))
        rows, k = rows[unsure], min(4 * k, len(places))
    return distance, index


def _earth_centred(lon: Float, lat: Float) -> Float:
    lam, phi = np.radians(lon), np.radians(lat)
    e2 = GEOD.es
    n = GEOD.a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    return np.column_stack([n * np.cos(phi) * np.cos(lam), n * np.cos(phi) * np.sin(lam), n * (1 - e2) * np.sin(phi)])
