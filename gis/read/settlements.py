"""Settlements from any table or vector file, checked one by one."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from gis.errors import Finding
from gis.read.checks import Bounds, Report, did_you_mean
from gis.read.places import OURS, check_places, settlement_frame
from gis.read.vector import LONLAT, ROW, load

OSM_SUFFIXES = (".pbf", ".osm")


def read_settlements(
    path: Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    expected_bounds: Bounds | None = None,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    r"""Read settlements: points with a unique id, a name and a population, in longitude and latitude.

    Parameters
    ----------
    path
        A file that `read_table` reads, or an OpenStreetMap extract (`.osm.pbf`, `.osm`), of which `place`
        is taken.
    layer, crs, encoding
        As in `read_table`.
    columns
        Our names (settlement_id, name, name_kk, name_ru, name_en, population, region, tier, lon, lat, and any
        column of your own) and the file's names of them. What is left out is looked for under our name. Not
        used for an OpenStreetMap extract.
    expected_bounds
        `(west, south, east, north)` of the other layers, degrees; shows whether the axes are exchanged.

    Returns
    -------
    frame, findings
        Index `settlement_id` (text), `name` (text, never empty), `name_kk`, `name_ru`, `name_en`, `region`,
        `tier` (text or None), `population` (persons; NaN is unknown), every other column of the file (as
        numbers where each filled value is one), and points in EPSG:4326. Warnings and repairs.

    Raises
    ------
    InputError
        With all that is wrong: see `read_table`; a column named that is not in the file, ids twice or
        blank, populations negative or unreadable, lines in place of points, no geometry, coordinates that are
        0 0, latitude and longitude exchanged.

    Notes
    -----
    Markup and formulas in names are kept as text. An area stands as a point inside it. A file's column whose
    name is one of ours, but which `columns` replaces by another, is left out.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "places.csv"
    >>> _ = file.write_text("code,title,people,lon,lat\n7,Абай,\"1 200\",72.9,49.6\n", "utf-8")
    >>> frame, findings = read_settlements(
    ...     file, columns={"settlement_id": "code", "name": "title", "population": "people"}
    ... )
    >>> frame[["name", "population"]].to_dict("index"), findings
    ({'7': {'name': 'Абай', 'population': 1200.0}}, [])
    """
    if path.suffix.lower() in OSM_SUFFIXES:
        from gis.read.osm import osm_settlements

        return osm_settlements(path)
    report = Report(path.name, layer or "")
    named = dict(columns or {})
    lon, lat = named.pop("lon", None), named.pop("lat", None)
    raw = load(report, path, layer=layer, encoding=encoding, crs=crs, lon=lon, lat=lat)
    raw = _renamed(raw, named, report)
    raw = _as_points(raw, report)
    if not len(raw):
        report.close()
    frame = settlement_frame(raw, report)
    check_places(frame, raw[ROW].to_numpy(), report, expected_bounds=expected_bounds)
    return frame, report.close()


def _renamed(raw: gpd.GeoDataFrame, named: Mapping[str, str], report: Report) -> gpd.GeoDataFrame:
    """Give the columns our names; report those that are not in the file."""
    geometry = raw.geometry.name
    theirs = [c for c in raw.columns if c not in (ROW, geometry)]
    for ours, name in named.items():
        if name not in theirs:
            message = f"no column of this name for {ours}{did_you_mean(name, theirs)}; the file has {theirs}"
            report.add("error", "no-such-column", message, values=[name])
    by_fold = {c.casefold(): c for c in reversed(theirs)}
    taken = {name: ours for ours, name in named.items() if name in theirs}
    for ours in OURS:
        if ours not in named and by_fold.get(ours) is not None and by_fold[ours] not in taken:
            taken[by_fold[ours]] = ours
    # One column may serve twice, for example as id and as name: each gets a copy.
    copies = {ours: raw[name] for ours, name in named.items() if name in theirs}
    copies |= {ours: raw[name] for name, ours in taken.items() if ours not in copies}
    others = [c for c in theirs if c not in taken and c not in copies]
    return gpd.GeoDataFrame({ROW: raw[ROW], **copies, **{c: raw[c] for c in others}}, geometry=raw.geometry)


def _as_points(raw: gpd.GeoDataFrame, report: Report) -> gpd.GeoDataFrame:
    """Turn geometries into points; rows without a usable one are reported and left out."""
    geometry = raw.geometry
    empty = (geometry.isna() | geometry.is_empty).to_numpy()
    if empty.any():
        report.add("error", "no-geometry", "no geometry in the row; give it a place", rows=raw.loc[empty, ROW])
    raw = raw[~empty]
    shapes = shapely.force_2d(raw.geometry.to_numpy())
    kinds = shapely.get_type_id(shapes)
    multi = kinds == shapely.GeometryType.MULTIPOINT
    single = multi & (shapely.get_num_geometries(shapes) == 1)
    area = np.isin(kinds, [shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON])
    wrong = ~((kinds == shapely.GeometryType.POINT) | single | area)
    if single.any():
        shapes[single] = shapely.get_geometry(shapes[single], 0)
        report.add("repair", "multipoint", "multipoints of one point made points", count=int(single.sum()))
    if area.any():
        shapes[area] = shapely.point_on_surface(shapely.make_valid(shapes[area]))
        message = "areas replaced by a point inside them"
        report.add("repair", "area-to-point", message, count=int(area.sum()))
    if wrong.any():
        found = sorted({str(shape.geom_type) for shape in shapes[wrong][:1000]})
        message = "settlements must be points (or areas); this may be another layer"
        report.add("error", "wrong-geometry", message, rows=raw.loc[wrong, ROW], values=found)
    return raw.set_geometry(gpd.GeoSeries(shapes, index=raw.index, crs=LONLAT))[~wrong]
