"""The web map: one file for a browser, by folium, that opens from a disk with no network."""

import base64
import html
import importlib.util
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
from branca.element import MacroElement
from jinja2 import Template
from numpy.typing import NDArray

from gis import fields as f
from gis.errors import Finding
from gis.publish import map_areas, map_themes, palette, payload
from gis.publish.words import LANGUAGES, said, words
from gis.space.grid import Grid

_SCRIPTS = ("points.js", "store.js", "card.js", "table.js", "panel.js", "map.js")
_WORST = "worst"
_WIDTH = 6000
"""Lines are simplified to what can be seen where the whole map is this many pixels wide."""
_LABELS = {
    "name": "column.name", "code": "column.code",
    "population": "column.population", "region": "column.region", "remoteness": "column.remoteness",
    "viability": "column.viability", "access": "column.access_km", "centres": "layer.centres",
    "roads": "layer.roads", "regions": "layer.regions", "no_data": "class.no_data",
    "unreachable": "class.unreachable", "min": "unit.min", "h": "unit.h",
    "m": "unit.m", "km": "unit.km", "heating": "column.heating_degree_days",
    "stable": "card.stable", "not_stable": "card.not_stable",
}  # fmt: skip
"""Messages of other tables that the page uses, beside those that begin with `map.`."""


class SettlementLayer(folium.map.Layer):
    """A layer for folium: all settlements on one canvas, with a panel, a legend and a search.

    Parameters
    ----------
    data
        What `page_data` returns.
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}<style>{{ this.css }}</style>{% endmacro %}
        {% macro html(this, kwargs) %}
            <script type="text/plain" id="{{ this.get_name() }}_data">{{ this.data }}</script>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = (function () { "use strict";
            {{ this.javascript }}
            return new SettlementLayer("{{ this.get_name() }}_data", {{ this.old_browser }}); })();
        {% endmacro %}
        """
    )

    def __init__(self, data: Mapping[str, object]) -> None:
        super().__init__(name="settlements", overlay=True, control=False, show=True)
        self._name = "settlement_layer"
        self._id = "shalgai"
        templates = files("gis.publish").joinpath("templates")
        self.css = templates.joinpath("map.css").read_text(encoding="utf-8")
        self.javascript = "\n".join(templates.joinpath(s).read_text(encoding="utf-8") for s in _SCRIPTS)
        packed = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        # In base 64 no value can end the script or begin a tag.
        self.data = base64.b64encode(zlib.compress(packed.encode(), 9)).decode()
        self.old_browser = json.dumps(words(str(data["language"]))["map.old_browser"])


def write_map(
    path: Path,
    *,
    settlements: gpd.GeoDataFrame,
    centres: gpd.GeoDataFrame | None = None,
    roads: gpd.GeoDataFrame | None = None,
    regions: gpd.GeoDataFrame | None = None,
    rasters: Mapping[str, tuple[NDArray[np.floating], Grid]] | None = None,
    context: Mapping[str, gpd.GeoDataFrame] | None = None,
    tiers: Sequence[str] = (),
    tier_names: Mapping[str, str] | None = None,
    contributions: Sequence[str] = (),
    remoteness_classes: Sequence[str] = (),
    seasons: Sequence[str] = (),
    routes: gpd.GeoDataFrame | None = None,
    areas: gpd.GeoDataFrame | None = None,
    pictures: Mapping[str, str] | None = None,
    compare: tuple[str, gpd.GeoDataFrame] | None = None,
    language: str = "en",
    title: str = "",
    notes: Sequence[str] = (),
) -> list[Finding]:
    """Write the map of a run as one self-contained page.

    Parameters
    ----------
    path
        The `.html`.
    settlements
        Points, index settlement id, columns as in `gis.fields`; each is optional but the geometry.
    centres
        Points with the settlement id as index; labelled with their names.
    roads, regions
        Lines with `road_class`; polygons. Simplified to what can be seen.
    rasters
        Minutes of shape `(ny, nx)` (`inf` unreachable, `NaN` unknown) and their grid, by tier.
    context
        Lines and polygons that lie below all else, the lowest first: `land`, `water`.
    tiers
        Which to show, the highest first.
    tier_names
        Names that the study gave to tiers.
    contributions
        Indicators whose bars the card shows.
    remoteness_classes
        The classes of `remoteness_class`, the nearest first; none: as they come, by mean remoteness.
    seasons
        Names, the first being that of the plain columns of minutes. Those without columns are left out; `worst` is
        added where it has columns.
    routes
        Lines with `settlement_id` and `tier`; drawn for the settlement that is chosen.
    areas
        Polygons with the columns of the table of regions: the reader may colour them by its figures.
    pictures
        SVG texts named `lorenz` and `ranking`; shown as images, in which no script runs.
    compare
        Name and settlements of another run, matched by settlement id: the reader may swipe between the two, and is
        told which settlements are of another class.
    language
        `en`, `ru` or `kk`; the reader may change it.
    title, notes
        The heading, and paragraphs about sources and warnings.

    Returns
    -------
    findings
        Warnings where roads or routes are left out for their size, and where Leaflet's files are not installed: the
        page then links to them.

    Notes
    -----
    Values are shown as text whatever they hold. The page opens no address by itself.
    """
    findings: list[Finding] = []
    data = page_data(
        findings, path.name,
        settlements=settlements, centres=centres, roads=roads, regions=regions, rasters=rasters or {},
        context=context or {}, tiers=tiers, tier_names=tier_names, contributions=contributions,
        remoteness_classes=remoteness_classes, seasons=seasons, routes=routes, areas=areas, pictures=pictures or {},
        compare=compare,
        language=language, title=title, notes=notes,
    )  # fmt: skip
    (south, west), (north, east) = data["bounds"]  # the page fits them into what its panel leaves free
    middle = ((south + north) / 2, (west + east) / 2)
    page = folium.Map(
        middle, zoom_start=4, min_zoom=2, max_zoom=16, zoom_snap=0.25, tiles=None, zoom_control=False
    )  # fmt: skip
    page._id = "shalgai"
    leaflet = _leaflet()
    if leaflet is None:
        page.default_js = [(n, u) for n, u in folium.Map.default_js if n == "leaflet"]
        page.default_css = [(n, u) for n, u in folium.Map.default_css if n == "leaflet_css"]
        findings.append(
            Finding(
                "warning",
                "leaflet-missing",
                "Leaflet's files were not found, so the map needs the network; install django-leaflet",
                file=path.name,
            )
        )
    else:
        page.default_js, page.default_css = [], []
        page.add_child(_Leaflet(*leaflet))
    page.add_child(SettlementLayer(data))
    root = page.get_root()
    root.title = html.escape(str(data["title"]))  # type: ignore[attr-defined]
    text = root.render().replace("<html>", f'<html lang="{language}">', 1)
    # Folium forbids to enlarge the page by hand, which some readers must.
    text = re.sub(r'content="width=device-width,[^"]*"', 'content="width=device-width, initial-scale=1"', text, count=1)
    path.write_text(text, encoding="utf-8", newline="\n")
    return findings


def page_data(
    findings: list[Finding],
    file: str,
    *,
    settlements: gpd.GeoDataFrame,
    centres: gpd.GeoDataFrame | None,
    roads: gpd.GeoDataFrame | None,
    regions: gpd.GeoDataFrame | None,
    rasters: Mapping[str, tuple[NDArray[np.floating], Grid]],
    context: Mapping[str, gpd.GeoDataFrame],
    tiers: Sequence[str],
    tier_names: Mapping[str, str] | None,
    contributions: Sequence[str],
    remoteness_classes: Sequence[str],
    seasons: Sequence[str],
    routes: gpd.GeoDataFrame | None,
    areas: gpd.GeoDataFrame | None,
    pictures: Mapping[str, str],
    compare: tuple[str, gpd.GeoDataFrame] | None,
    language: str,
    title: str,
    notes: Sequence[str],
) -> dict[str, Any]:
    """Gather what the page is told; the parameters are those of `write_map`, and what is left out goes to findings."""
    places = settlements[~(settlements.geometry.is_empty | settlements.geometry.isna())]
    west, south, east, north = map(float, places.to_crs(4326).total_bounds)
    tolerance = max(east - west, north - south) / _WIDTH
    margin = max(0.0, 0.02 - max(east - west, north - south))  # a single place still needs a frame
    classes = list(remoteness_classes) or _classes(places)
    texts = {
        x: {
            **{key: words(x)[source] for key, source in _LABELS.items()},
            **{key.removeprefix("map."): text for key, text in words(x).items() if key.startswith("map.")},
        }
        for x in LANGUAGES
    }
    lines, left_out = payload.road_lines(roads, tolerance) if roads is not None else ([], [])
    if left_out:
        message = "roads of these classes would make the map too large and are only in the GeoPackage"
        findings.append(_left_out("map-roads-left-out", message, left_out, file))
    others = _seasons(places, tiers, seasons)
    points = payload.points(places, tiers, tier_names, contributions, others)
    chance = map_themes.probability_of_class(places)
    if chance is not None:
        points["probability"] = payload.numbers(chance)
    coloured = map_themes.themes(places, tiers, tier_names, classes)
    other = None
    if compare is not None:
        other = {"label": compare[0], "themes": map_themes.beside(places, compare[1], coloured, tiers, classes)}
    ways = None
    if routes is not None:
        ways, left_out = map_areas.route_lines(routes, points["id"], tiers, tolerance)
        if left_out:
            message = "routes to centres of these tiers would make the map too large and are only in the GeoPackage"
            findings.append(_left_out("map-routes-left-out", message, left_out, file))
    return {
        "language": language,
        "title": title or words(language)["map.title"],
        "notes": [str(note) for note in notes],
        "words": texts,
        "bounds": [[south - margin, west - margin], [north + margin, east + margin]],
        "points": points,
        "themes": coloured,
        "seasons": [
            {"key": x, "label": map_themes.season_name(x)} for x in ([*seasons[:1], *others] if others else [])
        ],
        "compare": other,
        "months": [said(partial(_month, number)) for number in range(1, 13)],
        "routes": ways,
        "areas": None
        if areas is None or areas.empty
        else map_areas.areas(areas, tiers, tier_names, tolerance, _region_names(places)),
        "pictures": dict(pictures),
        "centres": payload.centres(centres, places, tiers),
        "roads": lines,
        "regions": [] if regions is None else payload.borders(regions, tolerance),
        "region_colour": palette.REGION,
        "context": [payload.context(name, frame, tolerance) for name, frame in context.items()],
        "rasters": [
            {"key": tier, "label": payload.tier_label(tier, tier_names), **payload.raster(*one)}
            for tier, one in rasters.items()
        ],
        "minutes": map_themes.minutes_classes(),
    }


def _left_out(code: str, message: str, names: Sequence[str], file: str) -> Finding:
    return Finding("warning", code, f"{message}: {', '.join(names)}", file=file, count=len(names))


def _seasons(settlements: gpd.GeoDataFrame, tiers: Sequence[str], seasons: Sequence[str]) -> list[str]:
    """Return the seasons after the first that have minutes, and the worst month."""
    wanted = [*seasons[1:], *([_WORST] if seasons and _WORST not in seasons else [])]
    return [x for x in wanted if any(f.travel_time_min(tier, x) in settlements for tier in tiers)]


def _region_names(settlements: gpd.GeoDataFrame) -> dict[str, dict[str, str]]:
    return payload.region_names(settlements) if f.REGION in settlements else {}


def _month(number: int, language: str) -> str:
    return words(language)[f"month.{number:02d}"]


def _classes(settlements: gpd.GeoDataFrame) -> list[str]:
    """Order the classes of remoteness by their mean remoteness."""
    if f.REMOTENESS_CLASS not in settlements or f.REMOTENESS not in settlements:
        return []
    means = settlements[f.REMOTENESS].groupby(settlements[f.REMOTENESS_CLASS].astype(object)).mean()
    found = [str(name) for name in means.sort_values().index]
    return found if len(found) <= len(palette.REMOTENESS) else []


class _Leaflet(MacroElement):
    """Leaflet's own files, within the page."""

    _template = Template(
        "{% macro header(this, kwargs) %}<style>{{ this.css }}</style><script>{{ this.javascript }}</script>"
        "{% endmacro %}"
    )

    def __init__(self, javascript: str, css: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.javascript, self.css = javascript, css


def _leaflet() -> tuple[str, str] | None:
    """Read Leaflet's script and style where `django-leaflet` is installed; Django itself is not needed."""
    package = importlib.util.find_spec("leaflet")
    for place in (package.submodule_search_locations or []) if package else []:
        folder = Path(place) / "static" / "leaflet"
        if (folder / "leaflet.js").is_file() and (folder / "leaflet.css").is_file():
            script = (folder / "leaflet.js").read_text(encoding="utf-8")
            script = re.sub(r"(?m)^//# sourceMappingURL=.*$", "", script).replace("</script", "<\\/script")
            style = (folder / "leaflet.css").read_text(encoding="utf-8")
            return script, re.sub(r"url\(([^)]*)\)", partial(_inlined, folder), style)
    return None


def _inlined(folder: Path, match: re.Match[str]) -> str:
    address = match[1].strip("\"' ")
    image = folder / address
    if address.startswith(("#", "data:")):
        return match[0]
    if image.suffix != ".png" or not image.is_file():
        return "none"
    return f"url(data:image/png;base64,{base64.b64encode(image.read_bytes()).decode()})"
