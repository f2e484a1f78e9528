"""Roads, settlements and water from an OpenStreetMap extract, through GDAL's OSM driver.

GDAL and pyosmium give the same ways with the same vertices (three extracts compared, to the last bit). GDAL
is about 1.6 times as fast on 56 000 roads, and keeps ways that the edge of an extract has cut.
"""

import tempfile
import warnings
from collections.abc import Collection
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from gis import fields
from gis.errors import Finding
from gis.read.checks import Report, brief
from gis.read.places import check_places, settlement_frame
from gis.read.roads import LAYER, road_frame
from gis.read.text import as_text, optional_text, parse_numbers
from gis.read.vector import LONLAT, ROW, require_file

PLACES = ("city", "town", "village", "hamlet", "isolated_dwelling")
"""Values of `place` that are settlements; parts of towns, single farms and names of land are not."""

_ROAD_TAGS = {
    "highway": fields.ROAD_CLASS,
    "surface": fields.SURFACE,
    "maxspeed": fields.MAXSPEED_KPH,
    "oneway": fields.ONEWAY,
    "bridge": fields.BRIDGE,
    "tunnel": fields.TUNNEL,
    "ref": fields.REF,
    "name": fields.NAME,
    "layer": LAYER,
}
_ROAD_EXTRA = ("route", "junction", "motor_vehicle", "vehicle", "access", "area", "ice_road", "winter_road")
_PLACE_TAGS = ("place", "name", "name:kk", "name:ru", "name:en", "population")
_WATER_TAGS = ("natural", "name", "water", "intermittent")

_CONFIG = """\
attribute_name_laundering=yes
closed_ways_are_polygons={polygons}
[points]
osm_id=yes
attributes={tags}
other_tags=no
[lines]
osm_id=yes
attributes={tags}
other_tags=no
[multipolygons]
osm_id=yes
attributes={tags}
other_tags=no
[multilinestrings]
osm_id=yes
[other_relations]
osm_id=yes
"""


def osm_roads(path: Path, classes: Collection[str]) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read the ways with `highway` of an extract.

    Parameters
    ----------
    path
        `.osm.pbf` or `.osm`.
    classes
        Road classes that the table of speeds knows; `ferry` among them stands for `route=ferry`, `ice_road` for roads
        with `ice_road=yes` or `winter_road=yes`. Of the others, those that no vehicle drives on and values not in use
        are left out with a warning; usual roads are an error.

    Returns
    -------
    frame, findings
        As `read_roads` returns them; ids are `w` and the number of the way. All vertices are kept exactly: ways
        meet where they share one. Roundabouts and motorways are one-way unless they say otherwise. Areas,
        and ways closed to motor vehicles (the most special of `motor_vehicle`, `vehicle` and `access` is `no`),
        are left out with a warning.

    Raises
    ------
    InputError
        No such file, a broken or truncated one, no roads in it, usual roads that `classes` does not have.

    Examples
    --------
    >>> file = Path(tempfile.mkdtemp()) / "a.osm"
    >>> _ = file.write_text(
    ...     '<osm version="0.6"><node id="1" lat="43" lon="76"/><node id="2" lat="44" lon="77"/><way id="9">'
    ...     '<nd ref="1"/><nd ref="2"/><tag k="highway" v="motorway"/></way></osm>'
    ... )
    >>> osm_roads(file, ["motorway"])[0][["road_class", "oneway"]].to_dict("index")
    {'w9': {'road_class': 'motorway', 'oneway': 1}}
    """
    report = Report(path.name)
    where = "highway IS NOT NULL" + (" OR route = 'ferry'" if "ferry" in classes else "")
    raw = _read(path, "lines", where, (*_ROAD_TAGS, *_ROAD_EXTRA), (), report)
    raw = raw.rename(columns=_ROAD_TAGS)
    raw[fields.ROAD_CLASS] = raw[fields.ROAD_CLASS].fillna(raw["route"])
    if "ice_road" in classes:
        # Tags of a road beside its `highway` (wiki.openstreetmap.org, Key:ice_road and Key:winter_road).
        frozen = (raw["ice_road"] == "yes") | (raw["winter_road"] == "yes")
        raw[fields.ROAD_CLASS] = raw[fields.ROAD_CLASS].where(~frozen, "ice_road")
    raw[ROW] = "w" + raw["osm_id"].astype("str")
    raw[fields.ROAD_ID] = raw[ROW]
    allowed = raw["motor_vehicle"].fillna(raw["vehicle"]).fillna(raw["access"])
    shut = ((allowed == "no") | (raw["area"] == "yes")).to_numpy()
    if shut.any():
        message = "closed to motor vehicles, or areas: left out"
        report.add("warning", "closed-road", message, count=int(shut.sum()))
    frame = road_frame(raw[~shut], classes, report, osm=True)
    if not len(frame):
        report.add("error", "empty-layer", "no roads in the extract; take one that was cut with its highway tags")
    return frame, report.close()


def osm_settlements(path: Path) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read the settlements (`place` is one of `PLACES`) of an extract.

    Returns
    -------
    frame, findings
        As `read_settlements` returns them; the tier is the value of `place`, ids are `n`, `w` or `r` and the
        number of the node, way or relation. A place mapped as an area stands as a point inside it, and is
        left out where a place of the same name lies in it as a node. A population that is not a number is
        unknown.

    Raises
    ------
    InputError
        No such file, a broken or truncated one, no settlements in it.

    Examples
    --------
    >>> file = Path(tempfile.mkdtemp()) / "a.osm"
    >>> _ = file.write_text(
    ...     '<osm version="0.6"><node id="1" lat="43" lon="76"><tag k="place" v="town"/>'
    ...     '<tag k="name" v="Abai"/><tag k="population" v="1200"/></node></osm>'
    ... )
    >>> osm_settlements(file)[0][["name", "population", "tier"]].to_dict("index")
    {'n1': {'name': 'Abai', 'population': 1200.0, 'tier': 'town'}}
    """
    report = Report(path.name)
    nodes = _read(path, "points", "place IS NOT NULL", _PLACE_TAGS, (), report)
    areas = _read(path, "multipolygons", "place IS NOT NULL", _PLACE_TAGS, ("place",), report)
    nodes[fields.SETTLEMENT_ID] = "n" + nodes["osm_id"].astype("str")
    areas[fields.SETTLEMENT_ID] = _area_ids(areas)
    others = [*nodes["place"], *areas["place"]]
    counts = pd.Series(others, dtype=object).value_counts()
    apart = [f"{value} {count}" for value, count in counts.items() if value not in PLACES]
    if apart:
        total = int(counts[~counts.index.isin(PLACES)].sum())
        report.add("warning", "not-a-settlement", "places left out", values=apart, count=total)
    nodes, areas = nodes[nodes["place"].isin(PLACES)], areas[areas["place"].isin(PLACES)]
    areas = _without_nodes(areas, nodes, report)
    raw = pd.concat([nodes, areas], ignore_index=True)
    if not len(raw):
        report.fail(
            "empty-layer",
            f"no settlements in the extract (place = {', '.join(PLACES)}); name another layer of settlements",
        )
    population, unreadable = parse_numbers(raw[fields.POPULATION], comma="thousands")
    unreadable |= ~np.isnan(population) & ~(np.isfinite(population) & (population >= 0))
    if unreadable.any():
        message = "population is not a number of people; taken as unknown"
        bad = raw[unreadable]
        report.add(
            "warning",
            "bad-population",
            message,
            rows=bad[fields.SETTLEMENT_ID],
            values=bad[fields.POPULATION],
        )
    raw[fields.POPULATION] = np.where(unreadable, np.nan, population)
    raw[ROW] = raw[fields.SETTLEMENT_ID]
    raw = raw.rename(columns={"place": fields.TIER}).drop(columns=["osm_id", "osm_way_id"], errors="ignore")
    frame = settlement_frame(gpd.GeoDataFrame(raw, geometry="geometry", crs=LONLAT), report)
    check_places(frame, raw[ROW].to_numpy(dtype=object), report)
    return frame, report.close()


def osm_water(path: Path) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read the areas with `natural=water` of an extract.

    Returns
    -------
    frame, findings
        Index `water_id` (`w` or `r` and a number), `name`, `water` (its kind), `intermittent` (bool), polygons
        in EPSG:4326, valid. Empty where the extract has none.

    Raises
    ------
    InputError
        No such file, a broken or truncated one.

    Examples
    --------
    >>> file = Path(tempfile.mkdtemp()) / "a.osm"
    >>> _ = file.write_text('<osm version="0.6"><node id="1" lat="43" lon="76"/></osm>')
    >>> len(osm_water(file)[0])
    0
    """
    report = Report(path.name)
    raw = _read(path, "multipolygons", "\"natural\" = 'water'", _WATER_TAGS, ("natural",), report)
    shapes = raw.geometry.to_numpy()
    broken = ~shapely.is_valid(shapes)
    if broken.any():
        shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
        report.add("repair", "invalid-geometry", "invalid areas of water mended", count=int(broken.sum()))
    frame = gpd.GeoDataFrame(
        {
            "name": optional_text(raw["name"]),
            "water": optional_text(raw["water"]),
            "intermittent": (raw["intermittent"] == "yes").to_numpy(dtype=bool),
        },
        geometry=gpd.GeoSeries(shapes, index=raw.index, crs=LONLAT),
    )
    frame.index = pd.Index(_area_ids(raw).to_numpy(dtype=object), name="water_id", dtype="str")
    return frame, report.close()


def _area_ids(areas: gpd.GeoDataFrame) -> "pd.Series[str]":
    """Return `w` and the number of the way, or `r` and that of the relation."""
    way = areas["osm_way_id"].notna()
    return ("w" + as_text(areas["osm_way_id"])).where(way, "r" + as_text(areas["osm_id"]))


def _without_nodes(areas: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame, report: Report) -> gpd.GeoDataFrame:
    """Turn areas into points, and drop those in which a node of the same name lies."""
    shapes = shapely.make_valid(areas.geometry.to_numpy())
    area, node = shapely.STRtree(nodes.geometry.to_numpy()).query(shapes, predicate="intersects")
    names, node_names = areas["name"].to_numpy(dtype=object), nodes["name"].to_numpy(dtype=object)
    twice = np.zeros(len(areas), bool)
    twice[area[names[area] == node_names[node]]] = True
    if twice.any():
        message = "places mapped as a node and as an area: the node is kept"
        report.add("repair", "node-and-area", message, count=int(twice.sum()))
    if (~twice).any():
        message = "areas replaced by a point inside them"
        report.add("repair", "area-to-point", message, count=int((~twice).sum()))
    points = gpd.GeoSeries(shapely.point_on_surface(shapes), index=areas.index, crs=LONLAT)
    return areas.set_geometry(points)[~twice]


def _read(
    path: Path, layer: str, where: str, tags: Collection[str], polygons: Collection[str], report: Report
) -> gpd.GeoDataFrame:
    """Read a layer of GDAL's OSM driver with tags of our choice (`:` in them becomes `_`)."""
    require_file(path, report)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "osm.ini"
        config.write_text(_CONFIG.format(tags=",".join(tags), polygons=",".join(polygons)), "utf-8")
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                frame = pyogrio.read_dataframe(path, layer=layer, where=where, CONFIG_FILE=str(config))
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError) as error:
            report.fail("cannot-read", f"not a whole OpenStreetMap extract; copy or download it again ({brief(error)})")
    for message in sorted({str(w.message) for w in caught}):
        report.add("warning", "gdal", f"GDAL says: {message}")
    return frame
