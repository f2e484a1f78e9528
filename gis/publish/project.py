"""The QGIS project of a run, written without QGIS: groups, themes, bookmarks, layouts and an atlas.

It is made from the files that lie beside it, so that layers look the same whether they are opened through the project
or alone. All paths in it are relative: the folder may be moved.
"""

import contextlib
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as xml

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj import CRS, Transformer

from gis import fields as f
from gis.publish import palette, qml
from gis.publish.geopackage import AREAS, SIZE_BY_POPULATION
from gis.publish.layout import A3, A4, Entry, Page, layout, plain, tree_layer
from gis.publish.project_layers import (
    About,
    Layer,
    class_styles,
    forms,
    map_tip,
    maplayer,
    raster_band,
    srs,
    text_of,
)
from gis.publish.rasters import band_names
from gis.publish.report_base import written_day
from gis.publish.words import column_label, words
from gis.stages.regions import alphabetical

EXTENTS = "region_extents"
"""The layer of boxes around the settlements of each region, for atlas and bookmarks where no polygons are."""

_FOOTER = 700  # letters of the sources that fit under a page
_HEADING = 30  # letters of a heading in a legend, before it is broken
_VERSION = "3.22.0"
_UNITS = {"travel_time": "unit.min", "distance": "unit.km"}  # said in the legend, by every class
Extent = tuple[float, float, float, float]


def region_extents(settlements: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Draw a box around the settlements of each region, a tenth wider on each side, and no narrower than 0.2 degrees.

    Parameters
    ----------
    settlements
        In longitude and latitude, with `region`; those without a region are left out.

    Returns
    -------
    GeoDataFrame
        `region` and polygons, in the order of the names; empty where no settlement has a region.

    Examples
    --------
    >>> places = gpd.GeoDataFrame({"region": ["A", "A"]}, geometry=gpd.points_from_xy([60, 70], [50, 52]), crs=4326)
    >>> region_extents(places).total_bounds.tolist()
    [59.0, 49.8, 71.0, 52.2]
    """
    located = settlements[~(settlements.geometry.isna() | settlements.geometry.is_empty)]
    boxes = located.geometry.bounds.groupby(located[f.REGION].astype(object)).agg(
        {"minx": "min", "miny": "min", "maxx": "max", "maxy": "max"}
    )
    west, south, east, north = (boxes[c].to_numpy(float) for c in ("minx", "miny", "maxx", "maxy"))
    dx, dy = np.maximum((east - west) * 0.1, 0.1), np.maximum((north - south) * 0.1, 0.1)
    shapes = shapely.box(west - dx, south - dy, east + dx, north + dy)
    return gpd.GeoDataFrame({f.REGION: boxes.index.astype(str)}, geometry=shapes, crs=settlements.crs)


def write_project(
    path: Path,
    *,
    crs: str,
    tiers: Sequence[str],
    remoteness_classes: Sequence[str],
    about: About,
    tier_names: Mapping[str, str] | None = None,
    day: date,
    program: str = "Shalgai",
) -> None:
    """Write the QGIS project over the results that lie in its folder.

    Parameters
    ----------
    path
        The `.qgz`, beside `results.gpkg`, `travel_time.tif` and `distance.tif` with their styles.
    crs
        Of the project: that of the grid.
    tiers, remoteness_classes
        As in the results, in order.
    about
        Title, notes, parameters and language.
    tier_names
        Names of the tiers that the study gave.
    day, program
        Printed under the layouts.

    Notes
    -----
    Opens in QGIS 3.22 and newer. The themes of settlements are styles of one layer: a theme switches the style.
    """
    made = _Project(path.parent, tiers, remoteness_classes, about, tier_names)
    text = text_of(made.document(CRS(crs), f"{program}, {written_day(day, about.language)}"))
    entry = zipfile.ZipInfo(path.with_suffix(".qgs").name, (day.year, day.month, day.day, 0, 0, 0))
    with zipfile.ZipFile(path, "w") as file:
        whole = f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{text}\n"
        file.writestr(entry, whole.encode(), compress_type=zipfile.ZIP_DEFLATED)


class _Project:
    """Layers by what they are called here, in drawing order, and the themes over them."""

    def __init__(
        self,
        folder: Path,
        tiers: Sequence[str],
        classes: Sequence[str],
        about: About,
        tier_names: Mapping[str, str] | None,
    ) -> None:
        self.about, self.tier_names, self.tiers = about, tier_names, tiers
        self.words = words(about.language)
        self.package = folder / "results.gpkg"
        self.columns: list[str] = []
        tables = {str(name) for name, _ in pyogrio.list_layers(self.package)}
        above = ("centres", "settlements", "flows", "borders", "roads", "water")
        there = tables | ({"borders"} if "regions" in tables else set())
        self.layers = {name: self._vector(name) for name in above if name in there}
        self.layers["settlements"] = self._settlements(classes)
        w = self.words
        self.groups = {
            "travel_time": w["map.travel_time"], "distance": w["project.distance"], "climate": w["project.climate"]
        }  # fmt: skip
        for name in ("travel_time", "distance"):
            self.layers |= self._bands(folder, name)
        self.layers |= self._climate(folder)
        below = ("regions", "districts", EXTENTS, "land", "repairs")
        self.layers |= {name: self._vector(name) for name in below if name in tables}
        self.coverage = self.layers.get("regions", self.layers.get(EXTENTS))

    def _vector(self, name: str) -> Layer:
        table = "regions" if name == "borders" else name
        about = pyogrio.read_info(self.package, layer=table, force_total_bounds=True)
        heading = self.words["project.borders"] if name == "borders" else self.words.get(f"layer.{name}", name)
        with contextlib.closing(sqlite3.connect(self.package)) as db:
            (style,) = db.execute("SELECT styleQML FROM layer_styles WHERE f_table_name = ?", [table]).fetchone()
        if name in ("borders", EXTENTS):
            outline = qml.polygon(palette.REGION, 0.4)
            style = qml.vector_style([("", heading, "0")], {"0": outline}, aliases={})
        shape = about["geometry_type"]
        return Layer(
            heading, f"./{self.package.name}|layername={table}", "ogr", {"default": style},
            crs=CRS(about["crs"]) if about["crs"] else None,
            extent=about["total_bounds"] if shape and about["features"] else None,
            geometry=shape or "", extras=[forms(list(about["fields"]), self.about.language)], part=name,
        )  # fmt: skip

    def _settlements(self, classes: Sequence[str]) -> Layer:
        language, names = self.about.language, self.tier_names
        columns = list(pyogrio.read_info(self.package, layer="settlements")["fields"])
        minutes = [c for tier in self.tiers for c in columns if c.startswith(f"travel_time_{tier}_")]
        first = [c for c in minutes if c in {f.travel_time_min(tier) for tier in self.tiers}]
        self.columns = [c for c in (f.REMOTENESS_CLASS, f.VIABILITY, *dict.fromkeys(minutes)) if c in columns]
        aliases = {c: column_label(c, language, names) for c in columns}
        size = SIZE_BY_POPULATION if f.POPULATION in columns else ""
        more = class_styles(self.columns, classes, aliases, size, language)
        shown = [c for c in (f.POPULATION, f.POTENTIAL, f.REMOTENESS_CLASS, f.REMOTENESS, f.VIABILITY) if c in columns]
        numbers = {f.POPULATION, f.REMOTENESS, f.VIABILITY, *first}
        tip = map_tip([*shown, *first], sorted(numbers), qml.own_name(columns, language), language, names)
        plain_layer = self.layers["settlements"]
        return replace(plain_layer, styles={**plain_layer.styles, **more}, extras=[*plain_layer.extras, tip])

    def _climate(self, folder: Path) -> dict[str, Layer]:
        made = {}
        for path in sorted((folder / "climate").glob("*.tif")):
            _, crs, extent = band_names(path)
            style = {"default": path.with_suffix(".qml").read_text(encoding="utf-8")}
            name = column_label(path.stem, self.about.language)
            source = f"./{path.relative_to(folder).as_posix()}"
            made[f"climate:{path.stem}"] = Layer(name, source, "gdal", style, crs=CRS(crs), extent=extent)
        return made

    def _bands(self, folder: Path, name: str) -> dict[str, Layer]:
        path, unit = folder / f"{name}.tif", f", {self.words[_UNITS[name]]}"
        style = path.with_suffix(".qml").read_text(encoding="utf-8")
        bands, crs, extent = band_names(path)
        return {
            f"{name}:{column}": Layer(
                column_label(column, self.about.language, self.tier_names).removesuffix(unit), f"./{path.name}", "gdal",
                {"default": raster_band(style, number)}, crs=CRS(crs), extent=extent, part=column,
            )
            for number, column in enumerate(bands, start=1)
        }  # fmt: skip

    def themes(self) -> dict[str, dict[str, str]]:
        """Return the styles of the layers that are shown, by the name of the theme; the main themes first."""
        context = ("borders", "roads", "water", "land")
        below: dict[str, str] = {name: "default" for name in context if name in self.layers}
        language, names = self.about.language, self.tier_names
        made: dict[str, dict[str, str]] = {}
        made[self.words["column.potential"]] = {"centres": "default", "settlements": "default", **below}
        for column in self.columns:
            shown = {"centres": "default", "settlements": column, **below}
            made[column_label(column, language, names)] = shown
        for name in (name for name in self.layers if name.startswith("travel_time:")):
            title = self.words["project.surface"].format(what=self.layers[name].name)
            made[title] = {"centres": "default", name: "default", **below}
        if "regions" in self.layers:
            made[self.words["layer.regions"]] = {"centres": "default", "regions": "default", **below}
        return made

    def extent(self, crs: CRS) -> Extent:
        """Return the extent of the settlements and a margin, in a CRS."""
        layer = self.layers["settlements"]
        assert layer.crs is not None
        west, south, east, north = layer.extent or (-1.0, -1.0, 1.0, 1.0)
        across = Transformer.from_crs(layer.crs, crs, always_xy=True)
        west, south, east, north = across.transform_bounds(west, south, east, north)
        margin = 0.05 * max(east - west, north - south) or 1.0
        return west - margin, south - margin, east + margin, north + margin

    def document(self, crs: CRS, made_by: str) -> xml.Element:
        """Return the whole project."""
        root = xml.Element("qgis", version=_VERSION, projectname=self.about.title)
        xml.SubElement(root, "homePath", path="")
        xml.SubElement(root, "title").text = self.about.title
        srs(xml.SubElement(root, "projectCrs"), crs)
        self._tree(root)
        extent = self.extent(crs)
        canvas = xml.SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
        xml.SubElement(canvas, "units").text = "degrees" if crs.is_geographic else "meters"
        box = xml.SubElement(canvas, "extent")
        for name, value in zip(("xmin", "ymin", "xmax", "ymax"), extent, strict=True):
            xml.SubElement(box, name).text = repr(value)
        xml.SubElement(canvas, "rotation").text = "0"
        srs(xml.SubElement(canvas, "destinationsrs"), crs)
        layers = xml.SubElement(root, "projectlayers")
        for layer in self.layers.values():
            maplayer(layers, layer, self.about)
        order = xml.SubElement(root, "layerorder")
        for layer in self.layers.values():
            xml.SubElement(order, "layer", id=layer.key)
        self._properties(root)
        self._themes(root)
        self._project_metadata(root)
        layouts = xml.SubElement(root, "Layouts")
        for page in self._pages(extent, made_by):
            layout(layouts, page)
        self._bookmarks(root)
        view = xml.SubElement(root, "ProjectViewSettings", UseProjectScales="0", rotation="0")
        west, south, east, north = map(repr, extent)
        default = xml.SubElement(view, "DefaultViewExtent", xmin=west, ymin=south, xmax=east, ymax=north)
        srs(default, crs)
        return root

    def _tree(self, root: xml.Element) -> None:
        tree = xml.SubElement(root, "layer-tree-group")
        first = next(iter(self.themes().values()))
        for title, names in (
            (
                "project.results",
                (
                    "centres",
                    "settlements",
                    "flows",
                    "travel_time",
                    "distance",
                    "climate",
                    "regions",
                    "districts",
                    "repairs",
                ),
            ),
            ("project.context", ("borders", "roads", "water", EXTENTS, "land")),
        ):
            group = _group(tree, self.words[title])
            for name in names:
                if name in self.layers:
                    tree_layer(group, self.layers[name], visible=name in first)
                    continue
                bands = [layer for key, layer in self.layers.items() if key.startswith(f"{name}:")]
                if bands:  # only one raster at a time
                    inner = _group(group, self.groups[name], exclusive=True)
                    for layer in bands:
                        tree_layer(inner, layer, visible=False)
        order = xml.SubElement(tree, "custom-order", enabled="1")
        for layer in self.layers.values():
            if layer.crs is not None:
                xml.SubElement(order, "item").text = layer.key

    def _themes(self, root: xml.Element) -> None:
        presets = xml.SubElement(root, "visibility-presets")
        for title, shown in self.themes().items():
            preset = xml.SubElement(presets, "visibility-preset", {"name": title, "has-expanded-info": "1"})
            for name, style in shown.items():
                key = self.layers[name].key
                xml.SubElement(preset, "layer", id=key, visible="1", expanded="1", style=style)

    def _pages(self, extent: Extent, made_by: str) -> list[Page]:
        """An A4 and an A3 page for each theme, and an atlas of the first."""
        w, about = self.words, self.about
        notes = " ".join(about.notes)
        notes = notes if len(notes) <= _FOOTER else notes[: _FOOTER - 1].rstrip() + "…"
        footer = plain("\n".join(filter(None, [w["project.sources"].format(notes=notes) if notes else "", made_by])))
        pages = []
        first = {f"travel_time:{f.travel_time_min(tier)}" for tier in self.tiers}
        for theme, shown in self.themes().items():
            surface = any(name.startswith("travel_time:") for name in shown)
            if shown.get("settlements", "").startswith("travel_time_") or (surface and not first & set(shown)):
                continue  # a map of every season would bury the others; the first surface of each tier is printed
            legend = [self._entry(name, style, theme) for name, style in shown.items() if name != "land"]
            one = Page("", A4, plain(about.title), plain(theme), footer, theme, legend, extent, w["unit.km"])
            pages += [replace(one, name=f"A4: {theme}"), replace(one, name=f"A3: {theme}", size=A3)]
        if self.coverage is not None:
            atlas = replace(
                pages[0], name=": ".join([w["project.atlas"], pages[0].theme]), coverage=self.coverage,
                page_name=AREAS["regions"], subtitle=f"{pages[0].subtitle}: [% @atlas_pagename %]",
            )  # fmt: skip
            pages.append(atlas)
        return pages

    def _entry(self, name: str, style: str, theme: str) -> Entry:
        """Show a layer in the legend: the highest class first, and no line that says nothing."""
        layer = self.layers[name]
        heading = theme if name == "settlements" else layer.name
        if len(heading) > _HEADING:
            heading = heading.replace(": ", ":\n", 1)
        if layer.provider == "gdal":  # the first line names the band
            items = xml.fromstring(layer.styles[style]).findall(".//colorrampshader/item")
            return Entry(layer, heading, range(1, len(items) + 1))
        rules = xml.fromstring(layer.styles[style]).findall(".//rules/rule")
        if len(rules) == 1:
            return Entry(layer, "", [0])
        if name == "centres":  # the last rule is for a tier that is not known: none is
            rules = rules[:-1]
        drawn = range(len(rules))
        return Entry(layer, heading, drawn[::-1] if style == "default" and name != "regions" else drawn)

    def _bookmarks(self, root: xml.Element) -> None:
        marks = xml.SubElement(root, "Bookmarks")
        if self.coverage is None:
            return
        key = AREAS["regions"]
        table = self.coverage.source.split("layername=")[1]
        areas = gpd.read_file(self.package, layer=table, columns=[key])
        areas = areas.sort_values(key, key=lambda names: names.astype(str).map(alphabetical), kind="stable")
        crs = CRS(areas.crs)
        for name, shape in zip(areas[key], areas.geometry, strict=True):
            if shape is not None and not shape.is_empty:
                mark = xml.SubElement(marks, "Bookmark", {
                    "id": f"{{{uuid5(NAMESPACE_URL, f'shalgai:{name}')}}}", "name": str(name),
                    "group": self.words["layer.regions"], "extent": shapely.box(*shape.bounds).wkt,
                })  # fmt: skip
                srs(mark, crs)

    def _properties(self, root: xml.Element) -> None:
        properties = xml.SubElement(root, "properties")
        for section, name, kind, value in (
            ("Paths", "Absolute", "bool", "false"), ("SpatialRefSys", "ProjectionsEnabled", "int", "1"),
            ("Measure", "Ellipsoid", "QString", "EPSG:7030"), ("Measurement", "DistanceUnits", "QString", "km"),
        ):  # fmt: skip
            xml.SubElement(xml.SubElement(properties, section), name, type=kind).text = value

    def _project_metadata(self, root: xml.Element) -> None:
        data = xml.SubElement(root, "projectMetadata")
        xml.SubElement(data, "language").text = self.about.language
        xml.SubElement(data, "title").text = self.about.title
        xml.SubElement(data, "abstract").text = "\n".join(self.about.notes)


def _group(parent: xml.Element, name: str, *, exclusive: bool = False) -> xml.Element:
    more = {"mutually-exclusive": "1", "mutually-exclusive-child": "-1"} if exclusive else {}
    return xml.SubElement(parent, "layer-tree-group", {"name": name, "checked": "Qt::Checked", "expanded": "1", **more})
