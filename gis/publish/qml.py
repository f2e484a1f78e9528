"""Styles for QGIS, written as QML without QGIS.

Each renderer has a rule or an item for values that are missing: QGIS draws no NULL by itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree as xml

from gis import fields as f
from gis.publish import palette

_VERSION = "3.22.0"
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold, even escaped: names may have it, and QGIS would refuse the whole style."""
Rule = tuple[str, str, str]
"""A filter (QGIS expression, or `ELSE`), a label, and the id of a symbol."""


def own_name(columns: Iterable[str], language: str) -> str:
    """Return the QGIS expression for a place's name in a language, or as it is given where that is not known.

    Examples
    --------
    >>> print(own_name(["name", "name_ru"], "ru"), own_name(["name", "name_ru"], "kk"))
    coalesce(nullif("name_ru", ''), "name") "name"
    """
    own = f.NAME_IN[language]
    return f'coalesce(nullif("{own}", \'\'), "{f.NAME}")' if own in columns else f'"{f.NAME}"'


def marker(fill: str, *, size_mm: float, outline: str = palette.HALO, shape: str = "circle",
           outline_mm: float = 0.2, size_by: str = "") -> xml.Element:  # fmt: skip
    """Make a point symbol; without a fill it is hollow; `size_by` is an expression for the size in mm."""
    symbol = _symbol("marker")
    properties = {
        "name": shape, "color": _rgba(fill or palette.HALO, 255 if fill else 0), "outline_color": _rgba(outline),
        "outline_width": str(outline_mm), "outline_width_unit": "MM", "size": str(size_mm), "size_unit": "MM",
    }  # fmt: skip
    layer = _layer(symbol, "SimpleMarker", properties)
    if size_by:
        _defined(xml.SubElement(layer, "data_defined_properties"), {"size": size_by})
    return symbol


def line(colour: str, width_mm: float, *, width_by: str = "") -> xml.Element:
    """Make a line symbol with round ends; `width_by` is an expression for the width in mm."""
    symbol = _symbol("line")
    layer = _layer(symbol, "SimpleLine", {
        "line_color": _rgba(colour), "line_width": str(width_mm), "line_width_unit": "MM",
        "capstyle": "round", "joinstyle": "round",
    })  # fmt: skip
    if width_by:
        _defined(xml.SubElement(layer, "data_defined_properties"), {"outlineWidth": width_by})
    return symbol


def polygon(outline: str, width_mm: float, fill: str = "") -> xml.Element:
    """Make a polygon symbol; without a fill only its border is drawn."""
    symbol = _symbol("fill")
    _layer(symbol, "SimpleFill", {
        "color": _rgba(fill or "#ffffff", 255 if fill else 0), "style": "solid" if fill else "no",
        "outline_color": _rgba(outline), "outline_width": str(width_mm), "outline_width_unit": "MM",
    })  # fmt: skip
    return symbol


def vector_style(
    rules: Sequence[Rule],
    symbols: Mapping[str, xml.Element],
    *,
    aliases: Mapping[str, str],
    title: str = "",
    label: str = "",
    label_by: Mapping[str, str] | None = None,
) -> str:
    """Write the style of a vector layer with a rule renderer.

    Parameters
    ----------
    rules
        Drawn in this order; the last may have the filter `ELSE`. None: the layer has no geometry.
    symbols
        By the id that the rules name.
    aliases
        Headings of the columns, in the columns' order.
    title
        Expression for the title of a feature, in forms and tips.
    label
        Expression for labels on the map; empty: none.
    label_by
        Expressions for properties of the labels, by the name that QGIS gives them (`Size`, `Show`, `Priority`).
    """
    root = xml.Element("qgis", version=_VERSION, styleCategories="Symbology|Labeling|Fields|MapTips")
    if rules:
        renderer = xml.SubElement(
            root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0", enableorderby="0"
        )
        top = xml.SubElement(renderer, "rules", key="{root}")
        for number, (condition, text, symbol) in enumerate(rules):
            xml.SubElement(top, "rule", key=f"{{rule-{number}}}", filter=condition, label=text, symbol=symbol)
        drawn = xml.SubElement(renderer, "symbols")
        for name, element in symbols.items():
            element.set("name", name)
            drawn.append(element)
        if label:
            root.append(_labels(label, label_by or {}))
    fields = xml.SubElement(root, "aliases")
    for number, (name, text) in enumerate(aliases.items()):
        xml.SubElement(fields, "alias", index=str(number), field=name, name=text)
    if title:
        xml.SubElement(root, "previewExpression").text = title
    return _text(root)


def raster_style(items: Sequence[tuple[float, str, str]], *, opacity: float = 1.0) -> str:
    """Write the style of a raster whose first band is coloured in steps.

    Parameters
    ----------
    items
        Upper bound (the last may be `inf`), colour and label of each step, upwards.
    opacity
        From 0 to 1.
    """
    root = xml.Element("qgis", version=_VERSION, styleCategories="Symbology")
    pipe = xml.SubElement(root, "pipe")
    finite = [value for value, _, _ in items if value != float("inf")]
    renderer = xml.SubElement(
        pipe, "rasterrenderer", type="singlebandpseudocolor", band="1", opacity=str(opacity), alphaBand="-1",
        classificationMin="0", classificationMax=f"{max(finite):.10g}", nodataColor="",
    )  # fmt: skip
    xml.SubElement(renderer, "rasterTransparency")
    shader = xml.SubElement(
        xml.SubElement(renderer, "rastershader"), "colorrampshader",
        colorRampType="DISCRETE", classificationMode="1", clip="0",
        minimumValue="0", maximumValue=f"{max(finite):.10g}",
    )  # fmt: skip
    for value, colour, label in items:
        xml.SubElement(shader, "item", value=f"{value:.10g}", color=colour, label=label, alpha="255")
    return _text(root)


def _labels(expression: str, label_by: Mapping[str, str]) -> xml.Element:
    labeling = xml.Element("labeling", type="simple")
    settings = xml.SubElement(labeling, "settings", calloutType="simple")
    style = xml.SubElement(
        settings, "text-style", fieldName=expression, isExpression="1", fontSize="9", fontSizeUnit="Point",
        fontWeight="63", textColor=_rgba(palette.CENTRE), textOpacity="1",
    )  # fmt: skip
    xml.SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM",
        bufferColor=_rgba(palette.HALO), bufferOpacity="0.85",
    )  # fmt: skip
    xml.SubElement(settings, "placement", placement="6", dist="0.5", distUnits="MM")
    xml.SubElement(settings, "rendering", obstacle="1", drawLabels="1")
    _defined(xml.SubElement(settings, "dd_properties"), label_by)
    return labeling


def _defined(parent: xml.Element, expressions: Mapping[str, str]) -> None:
    """Let expressions decide properties."""
    whole = _options(parent, {"name": "", "type": "collection"})
    properties = xml.SubElement(whole, "Option", type="Map", name="properties")
    for name, expression in expressions.items():
        one = xml.SubElement(properties, "Option", type="Map", name=name)
        xml.SubElement(one, "Option", type="bool", name="active", value="true")
        xml.SubElement(one, "Option", type="QString", name="expression", value=expression)
        xml.SubElement(one, "Option", type="int", name="type", value="3")


def _symbol(kind: str) -> xml.Element:
    return xml.Element("symbol", type=kind, name="0", alpha="1", clip_to_extent="1", force_rhr="0")


def _layer(symbol: xml.Element, kind: str, properties: Mapping[str, str]) -> xml.Element:
    layer = xml.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    _options(layer, properties)
    for name, value in properties.items():  # older releases read these
        xml.SubElement(layer, "prop", k=name, v=value)
    return layer


def _options(parent: xml.Element, properties: Mapping[str, str]) -> xml.Element:
    options = xml.SubElement(parent, "Option", type="Map")
    for name, value in properties.items():
        xml.SubElement(options, "Option", type="QString", name=name, value=value)
    return options


def _rgba(colour: str, alpha: int = 255) -> str:
    return ",".join(map(str, (*palette.rgb(colour), alpha)))


def _text(root: xml.Element) -> str:
    xml.indent(root)
    body = _ILLEGAL.sub("", xml.tostring(root, encoding="unicode"))
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{body}\n"
