"""Layers of a QGIS project as XML: sources, coordinate systems, styles, forms, map tips and metadata."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as xml

from pyproj import CRS

from gis import fields as f
from gis.publish import palette, qml
from gis.publish.words import CLASSES, bin_labels, class_name, column_label, words

VIABILITY = (20, 40, 60, 80)
"""Bounds of the bins of viability, as on the web map."""

_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Layer:
    """A layer of the project.

    Parameters
    ----------
    name
        What the user reads.
    source
        Path from the project's folder, and the layer in the file.
    provider
        `ogr` or `gdal`.
    styles
        QML by name; the first is the one that is shown. The layers of a theme name one of these.
    crs
        None for a table.
    extent
        West, south, east, north in its own CRS.
    geometry
        As OGR names it; empty for tables and rasters.
    extras
        Elements that every style of the layer has besides: forms and map tips.
    part
        Tells layers of one source apart.
    """

    name: str
    source: str
    provider: str
    styles: Mapping[str, str]
    crs: CRS | None = None
    extent: tuple[float, float, float, float] | None = None
    geometry: str = ""
    extras: Sequence[xml.Element] = field(default_factory=tuple)
    part: str = ""

    @property
    def key(self) -> str:
        """The id, the same in every run: longer than ten characters, or QGIS loses the layer in the tree."""
        return f"layer_{uuid5(NAMESPACE_URL, f'shalgai:{self.source}:{self.part}').hex}"


@dataclass(frozen=True)
class About:
    """What the metadata of every layer say.

    Parameters
    ----------
    title, notes
        Of the study; the notes name sources and licences.
    history
        The program and the parameters, a line each.
    language
        `en`, `ru` or `kk`.
    """

    title: str
    notes: Sequence[str] = ()
    history: Sequence[str] = ()
    language: str = "en"


def text_of(root: xml.Element) -> str:
    """Write XML, without the characters that XML cannot hold."""
    return _ILLEGAL.sub("", xml.tostring(root, encoding="unicode"))


def srs(parent: xml.Element, crs: CRS) -> xml.Element:
    """Add a coordinate system: as WKT, because QGIS refuses a bare code."""
    system = xml.SubElement(parent, "spatialrefsys", nativeFormat="Wkt")
    xml.SubElement(system, "wkt").text = crs.to_wkt("WKT2_2019")
    authority = crs.to_authority(min_confidence=100)
    xml.SubElement(system, "srid").text = authority[1] if authority and authority[1].isdigit() else "0"
    xml.SubElement(system, "authid").text = ":".join(authority) if authority else ""
    xml.SubElement(system, "description").text = crs.name
    xml.SubElement(system, "geographicflag").text = "true" if crs.is_geographic else "false"
    return system


def maplayer(parent: xml.Element, layer: Layer, about: About) -> None:
    """Add a layer with all its styles."""
    kind = "raster" if layer.provider == "gdal" else "vector"
    shapes = {"": "No geometry", "Point": "Point", "LineString": "Line", "Polygon": "Polygon"}
    shape = shapes.get(layer.geometry.removeprefix("Multi"), "Unknown geometry")
    attributes = {"type": kind, "styleCategories": "AllStyleCategories", "hasScaleBasedVisibilityFlag": "0"}
    if kind == "vector":
        attributes |= {"geometry": shape, "labelsEnabled": "1", "simplifyDrawingHints": "1", "readOnly": "0"}
    root = xml.SubElement(parent, "maplayer", attributes)
    for tag, text in (("id", layer.key), ("datasource", layer.source), ("layername", layer.name)):
        xml.SubElement(root, tag).text = text
    if layer.crs is not None:
        srs(xml.SubElement(root, "srs"), layer.crs)
    if layer.extent is not None:
        box = xml.SubElement(root, "extent")
        for name, value in zip(("xmin", "ymin", "xmax", "ymax"), layer.extent, strict=True):
            xml.SubElement(box, name).text = repr(float(value))
    _metadata(root, layer, about)
    xml.SubElement(root, "provider", {"encoding": "UTF-8"} if kind == "vector" else {}).text = layer.provider
    names = list(layer.styles)
    manager = xml.SubElement(root, "map-layer-style-manager", current=names[0])
    for name in names:
        entry = xml.SubElement(manager, "map-layer-style", name=name)
        if name != names[0]:
            entry.append(_styled(layer, name, shape))
    root.extend(_styled(layer, names[0], shape))


def _styled(layer: Layer, name: str, shape: str) -> xml.Element:
    root = xml.fromstring(layer.styles[name])
    root.set("styleCategories", "AllStyleCategories")
    if layer.provider == "ogr":
        root.set("labelsEnabled", "1" if root.find("labeling") is not None else "0")
        order = ("Point", "Line", "Polygon", "Unknown geometry", "No geometry")
        xml.SubElement(root, "layerGeometryType").text = str(order.index(shape))
    root.extend(layer.extras)
    return root


def _metadata(root: xml.Element, layer: Layer, about: About) -> None:
    """Add title, abstract, licence, source and parameters."""
    data = xml.SubElement(root, "resourceMetadata")
    rows = [
        ("identifier", layer.source), ("language", about.language), ("type", "dataset"), ("title", layer.name),
        ("abstract", "\n".join([about.title, *about.notes])), *(("history", line) for line in about.history),
        *(("license", note) for note in about.notes),
    ]  # fmt: skip
    for tag, text in rows:
        xml.SubElement(data, tag).text = text
    if layer.crs is not None:
        srs(xml.SubElement(data, "crs"), layer.crs)


def forms(columns: Sequence[str], language: str) -> xml.Element:
    """Let forms and tables show the names of classes instead of their ids."""
    root = xml.Element("fieldConfiguration")
    for column in (c for c in columns if c in CLASSES):
        family = CLASSES[column] + "."
        ids = [key.removeprefix(family) for key in words(language) if key.startswith(family)]
        one = xml.SubElement(root, "field", name=column, configurationFlags="None")
        config = xml.SubElement(xml.SubElement(one, "editWidget", type="ValueMap"), "config")
        options = xml.SubElement(xml.SubElement(config, "Option", type="Map"), "Option", type="List", name="map")
        for value in ids:
            entry = xml.SubElement(options, "Option", type="Map")
            xml.SubElement(entry, "Option", type="QString", name=class_name(column, value, language), value=value)
    return root


def map_tip(
    columns: Sequence[str], numbers: Sequence[str], name: str, language: str, tier_names: Mapping[str, str] | None
) -> xml.Element:
    """Make the HTML that shows when the pointer rests on a settlement; names in it are only text.

    `name` is the expression for its heading.
    """
    rows = [f'<b>{_shown(name)}</b> <span style="color:#666">{_value(f.SETTLEMENT_ID)}</span><table>']
    for column in columns:
        heading = _literal(column_label(column, language, tier_names))
        shown = _number(column, language) if column in numbers else _value(column)
        rows.append(f'<tr><td>{heading}</td><td align="right">{shown}</td></tr>')
    tip = xml.Element("mapTip", enabled="1")
    tip.text = "\n".join([*rows, "</table>"])
    return tip


def _value(column: str) -> str:
    return _shown(f'represent_value("{column}")' if column in CLASSES else f'"{column}"')


def _shown(known: str) -> str:
    return f"[% replace(coalesce({known}, '–'), map('&', '&amp;', '<', '&lt;', '>', '&gt;')) %]"


def _number(column: str, language: str) -> str:
    return f"[% coalesce(format_number(\"{column}\", 0, '{language}'), '–') %]"


def _literal(text: str) -> str:
    return escape(text).replace("[%", "[&#37;")


def class_styles(
    columns: Sequence[str],
    remoteness_classes: Sequence[str],
    aliases: Mapping[str, str],
    size_by: str,
    language: str,
) -> dict[str, str]:
    """Write a style of the settlements for each column: classes of remoteness, bins of viability or of minutes.

    Parameters
    ----------
    columns
        `remoteness_class`, `viability`, or columns of minutes.
    remoteness_classes
        The nearest first.
    aliases
        Headings of the columns.
    size_by
        Expression for the size of the points in mm.
    """
    w, made = words(language), {}
    for column in columns:
        if column == f.REMOTENESS_CLASS:
            colours = palette.remoteness_colours(remoteness_classes)
            items = [
                (f"\"{column}\" = '{name}'", class_name(column, name, language), colour)
                for name, colour in colours.items()
            ]
            missing = w["class.no_data"]
        elif column == f.VIABILITY:
            labels = [f"{a}–{b}" for a, b in zip((0, *VIABILITY), (*VIABILITY, 100), strict=True)]
            items = _bins(column, VIABILITY, labels, palette.VIABILITY)
            missing = w["class.no_data"]
        else:
            items = _bins(
                column, palette.MINUTES, bin_labels(palette.MINUTES, "min", language), palette.MINUTES_COLOURS
            )
            missing = f"{w['class.unreachable']} / {w['class.no_data'].lower()}"  # both are null in a GeoPackage
        rules: list[qml.Rule] = [(condition, label, str(i)) for i, (condition, label, _) in enumerate(items)]
        symbols = {
            str(i): qml.marker(colour, size_mm=1.8, outline_mm=0.15, outline=palette.OUTLINE, size_by=size_by)
            for i, (_, _, colour) in enumerate(items)
        }
        symbols["none"] = qml.marker(
            palette.NO_DATA, size_mm=1.8, outline=palette.OUTLINE, shape="cross2", outline_mm=0.3, size_by=size_by
        )
        rules.append(("ELSE", missing, "none"))
        made[column] = qml.vector_style(rules, symbols, aliases=aliases, title=qml.own_name(aliases, language))
    return made


def _bins(
    column: str, bounds: Sequence[float], labels: Sequence[str], colours: Sequence[str]
) -> list[tuple[str, str, str]]:
    lows, highs = [None, *bounds], [*bounds, None]
    conditions = [
        " AND ".join(
            [
                *([f'"{column}" > {low:.10g}'] if low is not None else []),
                *([f'"{column}" <= {high:.10g}'] if high is not None else []),
            ]
        )
        for low, high in zip(lows, highs, strict=True)
    ]
    return list(zip(conditions, labels, colours, strict=True))


def raster_band(style: str, band: int) -> str:
    """Point the style of a raster's first band at another."""
    root = xml.fromstring(style)
    for renderer in root.iter("rasterrenderer"):
        renderer.set("band", str(band))
    return xml.tostring(root, encoding="unicode")
