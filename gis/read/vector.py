"""One door for every vector file: what GDAL reads, and tables with coordinates, in longitude and latitude."""

import warnings
import zipfile
import zlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from gis.errors import Finding
from gis.read.checks import Report, brief, crs_conflict, did_you_mean
from gis.read.encoding import shapefile_encoding
from gis.read.tables import TABLES, read_rows
from gis.read.text import parse_numbers

ROW = "row"
"""Column with the number of each row, counted from 1 as a person counts the rows of data."""

LONLAT = "EPSG:4326"

_LON = ("lon", "lon_deg", "long", "lng", "longitude", "x", "долгота", "бойлық")
_LAT = ("lat", "lat_deg", "latitude", "y", "широта", "ендік")
_COLUMNAR = (".fgb", ".gpkg")
_FLAT = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
_ZIPPED = (".shp", ".gpkg", ".geojson", ".json", ".fgb")


def read_table(
    path: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    r"""Read any vector file into longitude and latitude (EPSG:4326), with the number of each row.

    Parameters
    ----------
    path
        GeoPackage, Shapefile (also zipped), GeoJSON, FlatGeobuf or whatever else GDAL reads; CSV (comma,
        semicolon, tab or bar; decimal point or comma) or XLSX with columns of coordinates.
    layer
        Name of the layer, or sheet of a workbook; may be left out where the file has only one.
    encoding
        Of the text in a CSV or a Shapefile. Left out, it is found: UTF-8 if the bytes are that, else CP1251,
        which a warning then says.
    crs
        Coordinate system. Needed where the file has none; put before the file's own, with a warning, where
        the two differ. Tables with coordinates are in EPSG:4326 if nothing else is said.
    lon, lat
        Columns of a table with longitude (or easting) and latitude (or northing). Left out, they are known by
        common English, Russian and Kazakh names.

    Returns
    -------
    frame, findings
        All columns of the file (but one named `row`), `row` (from 1) and the geometry in EPSG:4326; warnings
        and repairs.

    Raises
    ------
    InputError
        With all that is wrong: no such file, broken file, unknown layer, no rows, no coordinate system,
        coordinates that are blank, not finite or do not fit the coordinate system.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "places.csv"
    >>> _ = file.write_text("name;lon;lat\nАбай;72,9;49,6\n", "utf-8")
    >>> frame, findings = read_table(file)
    >>> frame.geometry.iloc[0].wkt, frame["row"].tolist(), findings
    ('POINT (72.9 49.6)', [1], [])
    """
    report = Report(path.name, layer or "")
    frame = load(report, path, layer=layer, encoding=encoding, crs=crs, lon=lon, lat=lat)
    return frame, report.close()


def load(
    report: Report,
    path: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
) -> gpd.GeoDataFrame:
    """Read as `read_table` does, and write errors of single rows into a report, without those rows.

    Raises
    ------
    InputError
        Only where reading cannot go on.
    """
    require_file(path, report)
    if path.suffix.lower() in TABLES:
        frame = _points(read_rows(report, path, encoding=encoding, sheet=layer), report, lon, lat, crs)
    else:
        frame = _read_ogr(report, path, layer, encoding)
        if not isinstance(frame, gpd.GeoDataFrame):
            frame = _points(frame, report, lon, lat, crs)
        elif lon or lat:
            message = f"the layer has geometry of its own: columns {lon} and {lat} are not used"
            report.add("warning", "columns-unused", message)
    if not len(frame):
        if not any(f.level == "error" for f in report.findings):
            report.add("error", "empty-layer", "the layer has no rows; name another file or layer")
        report.close()
    return _to_lonlat(frame, crs, report)


def require_file(path: Path, report: Report) -> None:
    """Raise `InputError` where there is no such file, naming those most like it, or it cannot be opened.

    Examples
    --------
    >>> require_file(Path("nowhere.csv"), Report("nowhere.csv"))
    Traceback (most recent call last):
    ...
    gis.errors.InputError: nowhere.csv: no such file ...
    """
    if path.is_file():
        try:
            path.open("rb").close()
        except OSError as error:
            report.fail("cannot-open", f"cannot be opened ({error.strerror}); close it in other programs, check rights")
        return
    if path.is_dir() and path.suffix.lower() == ".gdb":
        return
    if path.is_dir():
        report.fail("not-a-file", "this is a folder; name a file in it", value=str(path))
    if not path.parent.is_dir():
        report.fail("no-such-file", f"no such file: there is no folder {path.parent}; mend the path")
    names = [p.name for p in path.parent.iterdir()]
    report.fail("no-such-file", f"no such file in {path.parent}{did_you_mean(path.name, names)}")


def _read_ogr(report: Report, path: Path, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame | pd.DataFrame:
    source = _unzipped(report, path) if path.suffix.lower() == ".zip" else str(path)
    if path.suffix.lower() == ".shp":
        _require_whole_shapefile(report, path)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            # Coordinates that are NaN: reported row by row, later.
            warnings.filterwarnings("ignore", "invalid value encountered", RuntimeWarning)
            name = _choose_layer(report, source, layer)
            if source.lower().endswith(".shp"):
                encoding = shapefile_encoding(report, path, encoding)
            frame = _by_columns(source, name) if source.lower().endswith(_COLUMNAR) and encoding is None else None
            if frame is None:
                frame = pyogrio.read_dataframe(
                    source, layer=name, encoding=encoding, datetime_as_string=True, on_invalid="ignore"
                )
    except UnicodeDecodeError as error:
        report.fail("encoding", f"text is not in {error.encoding}; set encoding to what it is in")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as e:
        report.fail(
            "cannot-read",
            f"cannot be read: broken, or not a format that GDAL knows ({brief(e)}); save it as GeoPackage",
        )
    except RuntimeError as error:
        report.fail("cannot-read", f"cannot be read to its end ({brief(error)}); copy or download it again")
    for message in sorted({str(w.message) for w in caught}):
        report.add("warning", "gdal", f"GDAL says: {message}")
    return frame.assign(**{ROW: np.arange(1, len(frame) + 1)})


def _by_columns(source: str, layer: str) -> gpd.GeoDataFrame | None:
    """Read a layer by columns, three times as fast as by rows; None where rows have to be looked at one by one.

    Which they do where a shape is broken, a curve, or has heights, and where text is not UTF-8, which nobody checks.
    """
    about = pyogrio.read_info(source, layer=layer)
    if about["geometry_type"] not in _FLAT:
        return None
    try:
        frame = pyogrio.read_dataframe(source, layer=layer, datetime_as_string=True, use_arrow=True, on_invalid="raise")
        for column in frame.select_dtypes("str"):
            pa.array(frame[column]).validate(full=True)
    except (RuntimeError, ValueError, OSError, shapely.errors.GEOSException):
        return None  # what is wrong is found row by row
    return frame if len(frame) == about["features"] else None


def _choose_layer(report: Report, source: str, layer: str | None) -> str:
    kinds = {str(name): kind for name, kind in pyogrio.list_layers(source)}
    if layer is not None:
        if layer not in kinds:
            known = ", ".join(kinds)
            report.fail("no-such-layer", f"not in the file{did_you_mean(layer, kinds)}; set layer to one of {known}")
        return layer
    spatial = [name for name, kind in kinds.items() if kind is not None] or list(kinds)
    if not spatial:
        report.fail("empty-layer", "the file has no layers; name another file")
    if len(spatial) > 1:
        report.fail("which-layer", f"the file has {len(spatial)} layers; set layer to one of {spatial}")
    return spatial[0]


def _unzipped(report: Report, path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            names = [n for n in archive.namelist() if Path(n).suffix.lower() in _ZIPPED]
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError) as error:
        report.fail("broken-zip", f"not a whole zip file ({error}); copy or download it again")
    if broken is not None:
        report.fail("broken-zip", f"the file {broken} in it is damaged; copy or download it again")
    if len(names) != 1:
        report.fail(
            "broken-zip",
            f"expected one layer in it ({', '.join(_ZIPPED)}), found {names or 'none'}; unzip it",
        )
    return f"/vsizip/{{{path}}}/{names[0]}"


def _require_whole_shapefile(report: Report, path: Path) -> None:
    there = {p.suffix.lower() for p in path.parent.glob(f"{_escaped(path.stem)}.*")}
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in there]
    if missing:
        report.fail(
            "shapefile-parts",
            f"a Shapefile is several files of one name; {', '.join(missing)} missing: copy them beside it",
        )
    # GDAL reads the records that a cut file lost as rows without geometry. The header holds the length, in
    # words of two bytes, at byte 24.
    with path.open("rb") as file:
        header = file.read(28)
    if len(header) == 28 and 2 * int.from_bytes(header[24:28], "big") > path.stat().st_size:
        report.fail("cannot-read", "the file is shorter than it says of itself; copy it again")


def _escaped(stem: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)


def _points(rows: pd.DataFrame, report: Report, lon: str | None, lat: str | None, crs: str | None) -> gpd.GeoDataFrame:
    """Make points of the coordinate columns; rows without usable coordinates are reported and left out."""
    columns = [c for c in rows.columns if c != ROW]
    x_name, y_name = (
        _coordinate(report, columns, lon, "lon", _LON),
        _coordinate(report, columns, lat, "lat", _LAT),
    )
    usable = np.ones(len(rows), bool)
    numbers = []
    for name in (x_name, y_name):
        values, unreadable = parse_numbers(rows[name])
        bad = ~np.isfinite(values)
        for code, mask, message in (
            ("bad-coordinate", unreadable, f"{name} is not a number; write degrees such as 71.43"),
            (
                "blank-coordinate",
                bad & ~unreadable & ~np.isinf(values),
                f"{name} is blank; fill it in, or take the row out",
            ),
            ("bad-coordinate", np.isinf(values), f"{name} is not finite; give the place, or take the row out"),
        ):
            if mask.any():
                values_bad = [v for v in rows.loc[mask, name].unique() if not pd.isna(v)]
                report.add("error", code, message, rows=rows.loc[mask, ROW], values=values_bad)
        usable &= ~bad
        numbers.append(values)
    points = shapely.points(numbers[0][usable], numbers[1][usable])
    return gpd.GeoDataFrame(rows[usable], geometry=points, crs=None if crs else LONLAT)


def _coordinate(report: Report, columns: list[str], given: str | None, ours: str, known: tuple[str, ...]) -> str:
    if given is not None:
        if given not in columns:
            report.fail(
                "no-such-column",
                f"no column of this name for {ours}{did_you_mean(given, columns)}; the file has {columns}",
                value=given,
            )
        return given
    by_fold = {c.strip().casefold(): c for c in columns}
    found = next((by_fold[k] for k in known if k in by_fold), None)
    if found is None:
        report.fail("no-coordinates", f"no column with coordinates known; name it as {ours}; the file has {columns}")
    return str(found)


def _to_lonlat(frame: gpd.GeoDataFrame, given: str | None, report: Report) -> gpd.GeoDataFrame:
    own = frame.crs
    asked = parse_crs(given, report) if given else None
    if own is None and asked is None:
        report.fail("no-crs", 'the layer has no coordinate system; set crs, for example crs = "EPSG:4326"')
    system = asked if asked is not None else CRS.from_user_input(own)
    frame = _finite(frame, report)
    bounds = shapely.bounds(frame.geometry.to_numpy()).reshape(-1, 4)
    known = ~np.isnan(bounds).any(axis=1)  # no bounds: no geometry
    if not known.any():
        return frame.set_crs(system, allow_override=True).to_crs(LONLAT)
    x, y = bounds[known][:, [0, 2]].mean(axis=1), bounds[known][:, [1, 3]].mean(axis=1)
    middle = (float(np.median(x)), float(np.median(y)))
    if own is not None and asked is not None and _apart_m(CRS.from_user_input(own), asked, middle) > 1.0:
        report.add("warning", "crs-overridden", f"read in {asked.name}, as set, though the file says {own.name}")
    extent = (x.min(), y.min(), x.max(), y.max())
    conflict = crs_conflict(system, extent, middle[0])
    if conflict:
        report.fail("crs-implausible", conflict)
    frame = frame.set_crs(system, allow_override=True)
    if system.equals(CRS(LONLAT), ignore_axis_order=True):
        frame = frame.set_crs(LONLAT, allow_override=True)
    else:
        frame = frame.to_crs(LONLAT)
    return _in_range(frame, known, bounds[:, :2], system, report)


def _finite(frame: gpd.GeoDataFrame, report: Report) -> gpd.GeoDataFrame:
    """Leave out, and report, rows with a vertex that is NaN or infinite."""
    coordinates, owner = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
    bad = ~np.isfinite(coordinates).all(axis=1)
    if not bad.any():
        return frame
    rows = np.unique(owner[bad])
    values = [f"{x:g} {y:g}" for x, y in coordinates[bad][:10]]
    message = "the geometry has a coordinate that is not finite; mend it, or take the row out"
    report.add("error", "bad-coordinate", message, rows=frame[ROW].to_numpy()[rows], values=values)
    return frame[~np.isin(np.arange(len(frame)), rows)]


def _in_range(
    frame: gpd.GeoDataFrame, known: np.ndarray, given: np.ndarray, system: CRS, report: Report
) -> gpd.GeoDataFrame:
    """Leave out, and report, rows beyond the range of longitude and latitude; `given` is x and y as in the file."""
    bounds = shapely.bounds(frame.geometry.to_numpy()).reshape(-1, 4)
    west, south, east, north = bounds.T
    with np.errstate(invalid="ignore"):
        outside = known & ~((west >= -180.0001) & (east <= 180.0001) & (south >= -90.0001) & (north <= 90.0001))
        swapped = outside & (np.abs(bounds[:, [0, 2]]) <= 90).all(axis=1)
        swapped &= (np.abs(bounds[:, [1, 3]]) <= 180).all(axis=1)
    for code, mask, message in (
        ("axes-exchanged", swapped, "latitude beyond 90 degrees: latitude and longitude are exchanged; exchange them"),
        (
            "out-of-range",
            outside & ~swapped,
            f"outside longitude -180..180 and latitude -90..90, read in {system.name}; mend them, or set crs",
        ),
    ):
        if mask.any():
            places = [f"{x:.6g} {y:.6g}" for x, y in given[mask][:10]]
            report.add("error", code, message, rows=frame.loc[mask, ROW], values=places)
    return frame[~outside]


def parse_crs(text: str, report: Report) -> CRS:
    """Return the coordinate system that a text names, or raise `InputError` where pyproj knows none.

    Examples
    --------
    >>> parse_crs("EPSG:32642", Report("a.shp")).name
    'WGS 84 / UTM zone 42N'
    """
    try:
        return CRS.from_user_input(text)
    except CRSError:
        report.fail("unknown-crs", 'no such coordinate system; give a code such as "EPSG:32642"', value=text)


def _apart_m(first: CRS, second: CRS, point: tuple[float, float]) -> float:
    """Return how far one pair of coordinates lies apart, read in two systems (inf where it is in neither)."""
    lonlat = [gpd.GeoSeries(shapely.points([point]), crs=crs).to_crs(LONLAT).iloc[0] for crs in (first, second)]
    metres = 111_320.0 * lonlat[0].distance(lonlat[1])
    return float(metres) if np.isfinite(metres) else float("inf")
