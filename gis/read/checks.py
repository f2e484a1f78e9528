"""What every reader shares: a report of findings, spelling help, and checks of coordinates."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Geod

from gis.errors import Finding, InputError, Level

Bounds = tuple[float, float, float, float]

_GEOD = Geod(ellps="WGS84")
_SHOWN = 10
_POLAR_LAT = 80.0


@dataclass
class Report:
    """The findings of one layer, collected while it is read, so that all are shown at once.

    Parameters
    ----------
    file, layer
        Where the findings are; written into each of them.

    Examples
    --------
    >>> report = Report("a.csv")
    >>> report.add("warning", "same-place", "settlements at the same place", rows=[3, 7])
    >>> str(report.findings[0])
    'a.csv, row 3, 7: settlements at the same place (x 2) [same-place]'
    >>> report.fail("no-crs", "no coordinate system; set crs")
    Traceback (most recent call last):
    ...
    gis.errors.InputError: a.csv: no coordinate system; set crs [no-crs]
    """

    file: str
    layer: str = ""
    findings: list[Finding] = field(default_factory=list)

    def add(
        self,
        level: Level,
        code: str,
        message: str,
        *,
        rows: Iterable[object] = (),
        values: Iterable[object] = (),
        count: int | None = None,
    ) -> None:
        """Write down a finding; of many rows and values the first ten are named, and all are counted."""
        rows, values = list(rows), list(values)
        counted = count if count is not None else max(len(rows), 1)
        self.findings.append(
            Finding(level, code, message, self.file, self.layer, listed(rows), listed(values), counted)
        )

    def fail(self, code: str, message: str, *, value: str = "") -> NoReturn:
        """Write down an error after which reading cannot go on, and raise all that was found."""
        self.add("error", code, message, values=[value] if value else [])
        raise InputError(self.findings)

    def close(self) -> list[Finding]:
        """Raise one `InputError` if there is any error; otherwise return the warnings and repairs."""
        if any(f.level == "error" for f in self.findings):
            raise InputError(self.findings)
        return self.findings


def listed(items: Sequence[object]) -> str:
    """Join items with commas: the first ten, and how many more there are.

    Examples
    --------
    >>> listed(range(12))
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more'
    """
    text = ", ".join(str(item) for item in items[:_SHOWN])
    return text if len(items) <= _SHOWN else f"{text} and {len(items) - _SHOWN} more"


def brief(error: Exception) -> str:
    """Return the first clause of an error's text: GDAL's advice after it is for programmers.

    Examples
    --------
    >>> brief(ValueError("not recognized; prefix the path"))
    'not recognized'
    """
    return str(error).split(";")[0].strip().rstrip(".")


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Return up to three known words that are spelled most like a word, whatever the case.

    Examples
    --------
    >>> nearest("Tertary", ["primary", "tertiary", "track"])
    ['tertiary']
    """
    by_fold = {k.casefold(): k for k in known}
    return [by_fold[k] for k in difflib.get_close_matches(word.casefold(), list(by_fold), n=3, cutoff=0.6)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question with the nearest known words, or nothing where none is near.

    Examples
    --------
    >>> did_you_mean("populaton", ["population", "name"])
    ' (did you mean population?)'
    """
    near = nearest(word, known)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def crs_conflict(crs: CRS, bounds: Bounds, median_x: float) -> str | None:
    """Say in which way coordinates do not fit their coordinate system; None where they do.

    Degrees labelled as metres, metres labelled as degrees, and Gauss-Krueger eastings with a zone number
    in front where the system has none, or the other way round (EPSG:28404-28432 hold the zone number, as in
    12 500 000; their twins EPSG:2494-2522 do not).

    Parameters
    ----------
    crs
        The system that the layer claims.
    bounds
        `(xmin, ymin, xmax, ymax)` of the layer in that system.
    median_x
        Its median easting or longitude.

    Examples
    --------
    >>> crs_conflict(CRS("EPSG:32642"), (66.0, 50.0, 72.0, 52.0), 70.0)
    'coordinates look like degrees, but WGS 84 / UTM zone 42N counts in metres; set crs = "EPSG:4326"'
    >>> crs_conflict(CRS("EPSG:28412"), (410000.0, 5.6e6, 520000.0, 5.7e6), 450000.0)[:44]
    'eastings have no zone number in front, but P'
    >>> crs_conflict(CRS("EPSG:4326"), (66.0, 50.0, 72.0, 52.0), 70.0) is None
    True
    """
    west, south, east, north = bounds
    small = max(abs(west), abs(east)) <= 360 and max(abs(south), abs(north)) <= 180
    if crs.is_geographic:
        if abs(median_x) <= 360 or small:
            return None
        return (
            f"coordinates such as {median_x:.0f} are not degrees, but {crs.name} counts in degrees; "
            "set crs to the projected system that they are in"
        )
    if small:
        return f'coordinates look like degrees, but {crs.name} counts in metres; set crs = "EPSG:4326"'
    return _zone_conflict(crs, median_x)


def _zone_conflict(crs: CRS, median_x: float) -> str | None:
    operation = crs.coordinate_operation
    if operation is None or "Gauss-Kr" not in crs.name:
        return None
    easting = next((float(p.value) for p in operation.params if p.name == "False easting"), 0.0)
    if easting >= 1e6 and median_x < 1e6:
        return (
            f"eastings have no zone number in front, but {crs.name} expects one ({easting:.0f} m at its "
            'middle); set crs to its twin without it (EPSG:2490 + zone, e.g. "EPSG:2502" for zone 12)'
        )
    if easting < 1e6 and median_x >= 1.5e6:
        zone = int(median_x // 1e6)
        return (
            f"eastings have zone number {zone} in front, but {crs.name} expects none; set crs to the twin "
            f'with zone number (for Pulkovo 1942 in six-degree zones "EPSG:{28400 + zone}")'
        )
    return None


def inside(lon: ArrayLike, lat: ArrayLike, bounds: Bounds) -> NDArray[np.bool_]:
    """Say which points lie within bounds `(west, south, east, north)`, in degrees, edges included.

    Examples
    --------
    >>> inside([70.0, 50.0], [50.0, 70.0], (60.0, 40.0, 80.0, 55.0)).tolist()
    [True, False]
    """
    west, south, east, north = bounds
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def check_axes(lon: ArrayLike, lat: ArrayLike, report: Report, *, expected_bounds: Bounds | None) -> bool:
    """Report an error where latitude and longitude of a whole layer are exchanged.

    They are taken as exchanged where most points lie in the area of the other layers only with the axes
    exchanged; or, with no other layer to compare with, where more than a twentieth lie beyond 80 degrees
    north or south, where next to nobody lives, and would not with the axes exchanged.

    Parameters
    ----------
    lon, lat
        Degrees, shape `(n,)`.
    report
        Takes the finding.
    expected_bounds
        `(west, south, east, north)` of the other layers, degrees. A margin of half its width and height
        (at least one degree) is allowed.

    Returns
    -------
    True where the layer is not exchanged and lies in the expected area.

    Examples
    --------
    >>> report = Report("a.csv")
    >>> check_axes([50.0, 51.0], [70.0, 71.0], report, expected_bounds=(60.0, 45.0, 80.0, 55.0))
    False
    >>> report.findings[0].code
    'axes-exchanged'
    """
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    if not len(x):
        return True
    if expected_bounds is None:
        polar, swapped_polar = np.abs(y) > _POLAR_LAT, np.abs(x) > _POLAR_LAT
        exchanged = bool(polar.mean() > 0.05 and (polar & ~swapped_polar).mean() > 0.05)
        apart = False
    else:
        west, south, east, north = expected_bounds
        dx, dy = max(1.0, (east - west) / 2), max(1.0, (north - south) / 2)
        area = (west - dx, south - dy, east + dx, north + dy)
        there, swapped = inside(x, y, area).mean(), inside(y, x, area).mean()
        exchanged = bool(there < 0.5 and swapped > 0.5 and swapped > there)
        apart = bool(there == 0)
    extent = f"{x.min():.2f}..{x.max():.2f} E, {y.min():.2f}..{y.max():.2f} N"
    if exchanged:
        report.add(
            "error",
            "axes-exchanged",
            f"latitude and longitude look exchanged: the layer lies at {extent}; exchange the two columns",
            count=len(x),
        )
    elif apart and expected_bounds is not None:
        west, south, east, north = expected_bounds
        report.add(
            "error",
            "layers-apart",
            f"the layer lies at {extent}, none of it near the other layers ({west:.2f}..{east:.2f} E, "
            f"{south:.2f}..{north:.2f} N); check coordinates and crs",
            count=len(x),
        )
    return not (exchanged or apart)


def distance_from_middle_km(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Return the geodesic kilometres of each point from the point of median longitude and latitude.

    Examples
    --------
    >>> distance_from_middle_km([70.0, 71.0, 72.0], [0.0, 0.0, 0.0]).round(1).tolist()
    [111.3, 0.0, 111.3]
    """
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    _, _, metres = _GEOD.inv(np.full(len(x), np.median(x)), np.full(len(y), np.median(y)), x, y)
    return np.asarray(metres) / 1000.0
