"""The web map: one file for a browser, by folium, that opens from a disk with no network."""

import base64
import html
import importlib.util
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
from branca.element import MacroElement
from jinja2 import Template
from numpy.typing import NDArray

from gis import fields as f
from gis.errors import Finding
from gis.publish import map_areas, map_rasters, map_routes, map_steps, map_themes, palette, payload
from gis.publish.finding_words import finding_said
from gis.publish.packing import pack
from gis.publish.words import LANGUAGES, said, words
from gis.space.grid import Grid
from gis.stages.route_forest import RouteForest

_SCRIPTS = ("points.js", "store.js", "card.js", "table.js", "panel.js", "map.js")
_WIDTH = 6000
"""Lines are simplified to what can be seen where the whole map is this many pixels wide."""

Surfaces = Mapping[tuple[str, str], NDArray[np.floating]]


@dataclass(frozen=True)
class OtherRun:
    """Another run, beside which the reader may lay the map's own.

    Parameters
    ----------
    label
        Its name.
    settlements
        Matched by their index; those that it lacks have no data.
    surfaces, grid
        As in `write_map`; on any grid.
    """

    label: str
    settlements: gpd.GeoDataFrame
    surfaces: Surfaces = field(default_factory=dict)
    grid: Grid | None = None


_LABELS = {
    "name": "column.name", "code": "column.code",
    "population": "column.population", "region": "column.region", "remoteness": "column.remoteness",
    "viability": "column.viability", "access": "column.access_km", "centres": "layer.centres",
    "roads": "layer.roads", "regions": "layer.regions", "no_data": "class.no_data",
    "unreachable": "class.unreachable", "min": "unit.min", "h": "unit.h",
    "m": "unit.m", "km": "unit.km", "heating": "column.heating_degree_days",
    "stable": "card.stable", "not_stable": "card.not_stable",
    "findings": "report.findings", "warning": "report.warning", "repair": "report.repair",
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
        # In base 64 no value can end the script or begin a tag.
        # The highest level takes five times as long as this one for some hundredths less.
        self.data = base64.b64encode(zlib.compress(pack(data), 7)).decode()
        self.old_browser = json.dumps(words(str(data["language"]))["map.old_browser"])


def write_map(
    path: Path,
    *,
    settlements: gpd.GeoDataFrame,
    centres: gpd.GeoDataFrame | None = None,
    roads: gpd.GeoDataFrame | None = None,
    regions: gpd.GeoDataFrame | None = None,
    surfaces: Surfaces | None = None,
    grid: Grid | None = None,
    context: Mapping[str, gpd.GeoDataFrame] | None = None,
    tiers: Sequence[str] = (),
    tier_names: Mapping[str, str] | None = None,
    contributions: Sequence[str] = (),
    remoteness_classes: Sequence[str] = (),
    seasons: Sequence[str] = (),
    months: Mapping[str, pd.DataFrame] | None = None,
    journeys: pd.DataFrame | None = None,
    routes: RouteForest | None = None,
    areas: gpd.GeoDataFrame | None = None,
    pictures: Mapping[str, Mapping[str, str]] | None = None,
    compare: OtherRun | None = None,
    found: Sequence[Finding] = (),
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
    surfaces, grid
        Minutes of shape `(ny, nx)` (`inf` unreachable, `NaN` unknown) by tier and season, and the grid of all.
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
        added where it has columns. Where nothing varies, the page has no slider.
    months
        By tier, minutes with the settlements as rows and the months 1 to 12 as columns: the slider's steps where there
        is one season.
    journeys
        Long table with `from_id`, `to_id`, `tier` and `season`: the nearest centre in each season.
    routes
        Drawn for the settlement that is chosen.
    areas
        Polygons with the columns of the table of regions: the reader may colour them by its figures.
    pictures
        SVG texts by language, named `lorenz` and `ranking`; shown as images, in which no script runs.
    compare
        The reader may swipe between the two runs, and is told which settlements are of another class.
    found
        Warnings and repairs of the run, which the page lists.
    language
        `en`, `ru` or `kk`; the reader may change it.
    title, notes
        The heading, and paragraphs about sources and warnings.

    Returns
    -------
    findings
        Warnings where roads or routes are left out for their size, where surfaces or routes are coarser than they are,
        and where Leaflet's files are not installed: the page then links to them.

    Notes
    -----
    Values are shown as text whatever they hold. The page opens no address by itself.
    """
    findings: list[Finding] = []
    data = page_data(
        findings, path.name,
        settlements=settlements, centres=centres, roads=roads, regions=regions, surfaces=surfaces or {}, grid=grid,
        context=context or {}, tiers=tiers, tier_names=tier_names, contributions=contributions,
        remoteness_classes=remoteness_classes, seasons=seasons, months=months, journeys=journeys, routes=routes,
        areas=areas, pictures=pictures or {}, compare=compare, found=found, language=language, title=title, notes=notes,
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
    surfaces: Surfaces,
    grid: Grid | None,
    context: Mapping[str, gpd.GeoDataFrame],
    tiers: Sequence[str],
    tier_names: Mapping[str, str] | None,
    contributions: Sequence[str],
    remoteness_classes: Sequence[str],
    seasons: Sequence[str],
    months: Mapping[str, pd.DataFrame] | None,
    journeys: pd.DataFrame | None,
    routes: RouteForest | None,
    areas: gpd.GeoDataFrame | None,
    pictures: Mapping[str, Mapping[str, str]],
    compare: OtherRun | None,
    found: Sequence[Finding],
    language: str,
    title: str,
    notes: Sequence[str],
) -> dict[str, Any]:
    """Gather what the page is told; the parameters are those of `write_map`, and what is left out goes to findings."""
    places = payload.neighbours_first(settlements[~(settlements.geometry.is_empty | settlements.geometry.isna())])
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
        message = "roads of these classes would make the map too large: they are only in the GeoPackage"
        findings.append(_left_out("map-roads-left-out", message, left_out, file))
    steps = map_steps.steps(places, tiers, seasons, months, journeys)
    points = payload.points(places, tiers, tier_names, contributions, steps[1:])
    chance = map_themes.probability_of_class(places)
    if chance is not None:
        points["probability"] = payload.numbers(chance)
    coloured = map_themes.themes(places, tiers, tier_names, classes)
    drawn = map_rasters.within(surfaces, grid, map_rasters.BYTES // (1 if compare is None else 2), findings, file)
    other = None
    if compare is not None:
        other = {
            "label": compare.label,
            "themes": map_themes.beside(places, compare.settlements, coloured, tiers, classes),
            "rasters": map_rasters.within(compare.surfaces, compare.grid, map_rasters.BYTES // 2, findings, file),
        }
    ways = map_routes.within(routes, places.index, tiers, seasons, tolerance, findings, file)
    return {
        "language": language,
        "title": title or words(language)["map.title"],
        "notes": [str(note) for note in notes],
        "words": texts,
        "bounds": [[south - margin, west - margin], [north + margin, east + margin]],
        "points": points,
        "themes": coloured,
        "seasons": map_steps.described(steps, seasons),
        "compare": other,
        "months": [said(partial(map_steps.month_name, number)) for number in range(1, 13)],
        "routes": ways,
        "areas": None
        if areas is None or areas.empty
        else map_areas.areas(areas, tiers, tier_names, tolerance, _region_names(places)),
        "pictures": {language: dict(own) for language, own in pictures.items()},
        "centres": payload.centres(centres, places, tiers),
        "roads": lines,
        "regions": None if regions is None or regions.empty else payload.borders(regions, tolerance),
        "region_colour": palette.REGION,
        "context": [payload.context(name, frame, tolerance) for name, frame in context.items()],
        "rasters": drawn,
        "minutes": map_themes.minutes_classes(),
        "findings": [
            {"level": one.level, "text": finding_said(one), "count": one.count} for one in [*found, *findings]
        ],
    }


def _left_out(code: str, message: str, names: Sequence[str], file: str) -> Finding:
    return Finding("warning", code, message, file=file, value=", ".join(names), count=len(names))


def _region_names(settlements: gpd.GeoDataFrame) -> dict[str, dict[str, str]]:
    return payload.region_names(settlements) if f.REGION in settlements else {}


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
