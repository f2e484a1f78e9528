"""Print layouts of a QGIS project as XML: map, legend, scale bar, north arrow, title, sources and date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as xml

from gis.publish.project_layers import Layer

A4, A3 = (297.0, 210.0), (420.0, 297.0)
"""Width and height of a page in mm, landscape."""

_FONT = "Arial"
_MAP, _LABEL, _LEGEND, _PICTURE, _SCALE = "65639", "65641", "65642", "65640", "65646"
Box = tuple[float, float, float, float]
"""x, y, width, height on the page, mm."""


@dataclass(frozen=True)
class Entry:
    """A layer in a legend: its heading there (empty: none), and which of its lines, counted from 0, in which order."""

    layer: Layer
    heading: str
    lines: Sequence[int]


@dataclass(frozen=True)
class Page:
    """What a layout shows.

    Parameters
    ----------
    name
        Of the layout, unique in the project.
    size
        `A4` or `A3`.
    title, subtitle, footer
        Texts; `[% ... %]` in them is a QGIS expression, so untrusted text must not hold it (see `plain`).
    theme
        The map theme that the map follows.
    legend
        What the legend shows, from above.
    extent
        West, south, east, north in the project's CRS; the page shows at least this.
    coverage
        The layer whose features are the pages of an atlas; None for a single page.
    page_name
        Column with the name of a page of the atlas.
    """

    name: str
    size: tuple[float, float]
    title: str
    subtitle: str
    footer: str
    theme: str
    legend: Sequence["Entry"]
    extent: tuple[float, float, float, float]
    km: str
    coverage: Layer | None = None
    page_name: str = ""


def plain(text: str) -> str:
    """Return a text in which QGIS finds no expression.

    Examples
    --------
    >>> plain("Abai [% 1 + 1 %]")
    'Abai [ % 1 + 1 %]'
    """
    return text.replace("[%", "[ %")


def layout(parent: xml.Element, page: Page) -> None:
    """Add a print layout."""
    width, height = page.size
    k = width / A4[0]  # everything grows with the page, the margins less
    edge, side = 8.0, 67.0 * k
    top, foot = 26.0 * k, 17.0 * k
    root = xml.SubElement(parent, "Layout", name=page.name, units="mm", printResolution="300", worldFileMap="")
    xml.SubElement(root, "Snapper", tolerance="5", snapToItems="1", snapToGrid="0", snapToGuides="1")
    xml.SubElement(root, "Grid", offsetX="0", offsetY="0", resolution="10", resUnits="mm", offsetUnits="mm")
    pages = xml.SubElement(root, "PageCollection")
    _item(pages, page, "65638", "page", (0, 0, width, height), {})
    box = (edge, top, width - 2 * edge - side - 3, height - top - foot - edge)
    shown = _map(root, page, box)
    _label(root, page, "title", (edge, edge - 1, width - 2 * edge, 9 * k), page.title, 15 * k, bold=True)
    _label(root, page, "subtitle", (edge, edge + 8.5 * k, width - 2 * edge, 7 * k), page.subtitle, 11 * k)
    _legend(root, page, (edge + box[2] + 3, top, side, box[3]), shown, k)
    _scale(root, page, (edge + 3, top + box[3] - 14 * k, 70 * k, 12 * k), shown, k)
    _item(root, page, _PICTURE, "north", (edge + box[2] - 13 * k, top + 3, 10 * k, 12 * k), {
        "file": ":/images/north_arrows/layout_default_north_arrow.svg", "mapUuid": shown, "northMode": "1",
        "northOffset": "0", "mode": "0", "anchorPoint": "4", "resizeMode": "0", "pictureRotation": "0",
        "svgFillColor": "34,34,34,255", "svgBorderColor": "255,255,255,255", "svgBorderWidth": "0.2",
    })  # fmt: skip
    _label(
        root, page, "sources", (edge, height - foot - edge + 3, width - 2 * edge, foot), page.footer, 7 * k, top=True
    )
    if page.coverage is not None:
        xml.SubElement(
            root, "Atlas", enabled="1", hideCoverage="0", coverageLayer=page.coverage.key,
            coverageLayerName=page.coverage.name, coverageLayerSource=page.coverage.source,
            coverageLayerProvider=page.coverage.provider, pageNameExpression=f'"{page.page_name}"',
            filenamePattern="'atlas_' || @atlas_featurenumber", filterFeatures="0",
            sortFeatures="1", sortKey=f'"{page.page_name}"', sortAscending="1",
        )  # fmt: skip
    else:
        xml.SubElement(root, "Atlas", enabled="0", coverageLayer="", hideCoverage="0")


def _item(
    parent: xml.Element, page: Page, kind: str, name: str, box: Box, more: Mapping[str, str], *, filled: bool = False
) -> xml.Element:
    x, y, width, height = (f"{value:.10g}" for value in box)
    own = f"{{{uuid5(NAMESPACE_URL, f'shalgai:{page.name}:{name}')}}}"
    return xml.SubElement(
        parent, "LayoutItem",
        {
            "type": kind, "id": name, "uuid": own, "templateUuid": own, "size": f"{width},{height},mm",
            "position": f"{x},{y},mm", "positionOnPage": f"{x},{y},mm", "referencePoint": "0", "opacity": "1",
            "visibility": "1", "frame": "false", "background": "true" if filled else "false", "itemRotation": "0",
            "zValue": str(len(parent)), "excludeFromExports": "0", "positionLock": "false", "blendMode": "0", **more,
        },
    )  # fmt: skip


def _map(root: xml.Element, page: Page, box: Box) -> str:
    item = _item(root, page, _MAP, "map", box, {
        "followPreset": "true", "followPresetName": page.theme, "keepLayerSet": "false", "mapRotation": "0",
        "drawCanvasItems": "true", "mapFlags": "0", "labelMargin": "1,mm", "frame": "true", "outlineWidthM": "0.2,mm",
    }, filled=True)  # fmt: skip
    xml.SubElement(item, "FrameColor", red="120", green="120", blue="120", alpha="255")
    xml.SubElement(item, "BackgroundColor", red="255", green="255", blue="255", alpha="255")
    west, south, east, north = fitted(page.extent, box[2] / box[3])
    xml.SubElement(item, "Extent", xmin=repr(west), ymin=repr(south), xmax=repr(east), ymax=repr(north))
    driven = "1" if page.coverage is not None else "0"
    xml.SubElement(item, "AtlasMap", atlasDriven=driven, margin="0.1", scalingMode="2")
    return item.get("uuid", "")


def fitted(extent: tuple[float, float, float, float], ratio: float) -> tuple[float, float, float, float]:
    """Widen an extent around its middle until width / height is the ratio.

    Examples
    --------
    >>> fitted((0, 0, 1, 1), 2.0)
    (-0.5, 0.0, 1.5, 1.0)
    """
    west, south, east, north = extent
    width, height = max(east - west, (north - south) * ratio), max(north - south, (east - west) / ratio)
    x, y = (west + east) / 2, (south + north) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _label(
    root: xml.Element,
    page: Page,
    name: str,
    box: Box,
    text: str,
    points: float,
    *,
    bold: bool = False,
    top: bool = False,
) -> None:
    item = _item(root, page, _LABEL, name, box, {
        "labelText": text, "htmlState": "0", "halign": "1", "valign": "32" if top else "128", "marginX": "0",
        "marginY": "0",
    })  # fmt: skip
    xml.SubElement(item, "LabelFont", description=_font(points, bold=bold), style="")
    xml.SubElement(item, "FontColor", red="34", green="34", blue="34", alpha="255")


def _legend(root: xml.Element, page: Page, box: Box, shown: str, k: float) -> None:
    """Add the legend: its own tree of layers, drawn in the styles of the map's theme."""
    item = _item(root, page, _LEGEND, "legend", box, {
        "title": "", "columnCount": "1", "splitLayer": "0", "symbolWidth": f"{5 * k:.10g}", "boxSpace": "0",
        "symbolHeight": f"{3.2 * k:.10g}", "maxSymbolSize": f"{3.6 * k:.10g}", "lineSpacing": "0.6", "columnSpace": "2",
        "resizeToContents": "0", "map_uuid": shown, "legendFilterByAtlas": "0", "wrapChar": "\n",
        "fontColor": "#222222", "symbolAlignment": "1", "titleAlignment": "1",
    })  # fmt: skip
    styles = xml.SubElement(item, "styles")
    gaps = {"title": 9.0, "group": 9.0, "subgroup": 8.5, "symbol": 8.0, "symbolLabel": 7.5}
    for name, points in gaps.items():
        margins = {"marginTop": "2.6", "marginBottom": "0.9"} if name == "subgroup" else {"marginTop": "0.9"}
        margins |= {"marginLeft": "1.5"} if name == "symbolLabel" else {}
        style = xml.SubElement(styles, "style", {"name": name, "alignment": "1", "indent": "0", **margins})
        xml.SubElement(style, "styleFont", description=_font(points * k, bold=name == "subgroup"), style="")
    tree = xml.SubElement(item, "layer-tree-group")
    for entry in page.legend:
        options = tree_layer(tree, entry.layer, visible=True)
        lines = ",".join(map(str, entry.lines))
        named = {"title-label": entry.heading} if entry.heading else {"title-style": "hidden"}
        for key, value in {**named, "node-order": lines}.items():
            xml.SubElement(options, "Option", type="QString", name=f"legend/{key}", value=value)


def tree_layer(parent: xml.Element, layer: Layer, *, visible: bool) -> xml.Element:
    """Add a layer to a tree of layers, and return the place of its options."""
    node = xml.SubElement(
        parent, "layer-tree-layer", id=layer.key, name=layer.name, source=layer.source, providerKey=layer.provider,
        checked="Qt::Checked" if visible else "Qt::Unchecked", expanded="0",
    )  # fmt: skip
    return xml.SubElement(xml.SubElement(node, "customproperties"), "Option", type="Map")


def _scale(root: xml.Element, page: Page, box: Box, shown: str, k: float) -> None:
    item = _item(root, page, _SCALE, "scale", box, {
        "mapUuid": shown, "style": "Single Box", "unitType": "km", "unitLabel": page.km, "alignment": "0",
        "numMapUnitsPerScaleBarUnit": "1", "numSegments": "2", "numSegmentsLeft": "0", "numUnitsPerSegment": "100",
        "segmentSizeMode": "1", "minBarWidth": f"{30 * k:.10g}", "maxBarWidth": f"{55 * k:.10g}",
        "segmentMillimeters": "20", "height": f"{2 * k:.10g}", "outlineWidth": "0.2", "boxContentSpace": "1.5",
        "labelBarSpace": "1.5", "labelVerticalPlacement": "0", "labelHorizontalPlacement": "0",
    }, filled=True)  # fmt: skip
    xml.SubElement(item, "BackgroundColor", red="255", green="255", blue="255", alpha="215")
    xml.SubElement(
        item, "text-style", fontFamily=_FONT, fontSize=f"{8 * k:.10g}", fontSizeUnit="Point", fontWeight="50",
        textColor="34,34,34,255", textOpacity="1",
    )  # fmt: skip
    xml.SubElement(item, "fillColor", red="34", green="34", blue="34", alpha="255")
    xml.SubElement(item, "fillColor2", red="255", green="255", blue="255", alpha="255")
    xml.SubElement(item, "strokeColor", red="34", green="34", blue="34", alpha="255")


def _font(points: float, *, bold: bool = False) -> str:
    return f"{_FONT},{points:.10g},-1,5,{75 if bold else 50},0,0,0,0,0"
