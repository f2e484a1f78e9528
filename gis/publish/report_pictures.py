"""Pictures of the report as SVG: maps of the settlements, and how many people reach a centre in time.

Letters are outlines, points and roads are a picture inside; the same figures make the same bytes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis import fields as f
from gis.publish import palette
from gis.publish.words import class_name, number, tier_name, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Untrusted names may hold $: no mathematics in them. The salt makes the ids in the file repeatable.
_STYLE: Any = {"text.parse_math": False, "svg.hashsalt": "shalgai", "font.family": "DejaVu Sans", "font.size": 8.0}
Float = NDArray[np.float64]
_DOTS_PER_INCH = 200
_ROADS_MAX = 50_000
_JOINED = 200
_LABELS = 18
_SCORES = (20, 40, 60, 80)
_HOURS = 12.0
_DASHES = ("-", "--", "-.", ":")


def write_class_map(
    path: Path,
    settlements: gpd.GeoDataFrame,
    column: str,
    colours: Mapping[str, str],
    *,
    below: Mapping[str, gpd.GeoDataFrame | None],
    names: Sequence[str],
    language: str,
) -> None:
    """Draw the settlements by class, over land, water and roads; the largest places are named.

    Parameters
    ----------
    path
        The `.svg`; replaced where it exists.
    settlements
        Points in longitude and latitude, with `population`.
    column
        Holds the classes.
    colours
        Of the classes, the best or nearest first.
    below
        `land`, `water`, `regions` and `roads`, where the study has them.
    names
        Of the settlements, in their order.
    language
        `en`, `ru` or `kk`.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    x, y = settlements.geometry.x.to_numpy(), settlements.geometry.y.to_numpy()
    people = settlements[f.POPULATION].to_numpy(dtype=float, na_value=np.nan)
    size = 3.0 + 60.0 * np.sqrt(np.nan_to_num(people) / max(float(np.nanmax(people, initial=1.0)), 1.0))
    values = settlements[column].astype(object).to_numpy()
    with mpl.rc_context(_STYLE):
        middle = np.cos(np.radians((y.min() + y.max()) / 2))
        wide = max(np.ptp(x), 0.2) * middle / max(np.ptp(y), 0.2)
        figure = Figure(figsize=(7.0, float(np.clip(7.0 / wide, 3.0, 8.0)) + 0.7), layout="constrained")
        axes = figure.add_subplot()
        _draw_below(axes, below)
        shown = []
        for name in reversed(list(colours)):
            drawn = values == name
            if not drawn.any():
                continue
            bare = name in (f.UNINHABITED, f.UNKNOWN)
            width = 0.6 if bare else 0.25
            axes.scatter(
                x[drawn], y[drawn], s=size[drawn], c=colours[name], edgecolors=palette.OUTLINE, linewidths=width,
                rasterized=True, zorder=4,
            )  # fmt: skip
            label = f"{class_name(column, name, language)}: {number(int(drawn.sum()), language)}"
            shown.append(
                Line2D([], [], marker="o", linestyle="", markersize=5, color=colours[name], markeredgewidth=width,
                       markeredgecolor=palette.OUTLINE, label=label)
            )  # fmt: skip
        span = max(float(np.ptp(x)) * middle, float(np.ptp(y)), 0.2)
        for i in _apart(x * middle, y, people, 0.05 * span):
            axes.annotate(
                str(names[i]), (x[i], y[i]), xytext=(3, 2), textcoords="offset points", fontsize=6, zorder=5,
                path_effects=[withStroke(linewidth=1.6, foreground=palette.HALO)], annotation_clip=True,
            )  # fmt: skip
        pad = 0.04 * span
        axes.set(xlim=(x.min() - pad, x.max() + pad), ylim=(y.min() - pad, y.max() + pad), aspect=1 / middle)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("#bbbbbb")
        figure.legend(handles=shown[::-1], loc="outside lower center", ncols=3, frameon=False)
        _save(figure, path)


def write_region_map(
    path: Path,
    regions: gpd.GeoDataFrame,
    values: Float,
    *,
    below: Mapping[str, gpd.GeoDataFrame | None],
    names: Sequence[str],
) -> None:
    """Colour the regions by a score of 0 to 100, in steps of 20; each has its name, where there is room for it.

    Parameters
    ----------
    path
        The `.svg`; replaced where it exists.
    regions
        Polygons in longitude and latitude.
    values
        Of the regions, in their order; NaN where there are no settlements.
    below
        `water`, where the study has it: drawn over the regions.
    names
        Of the regions, in their order.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch
    from matplotlib.patheffects import withStroke

    west, south, east, north = regions.total_bounds
    middle = np.cos(np.radians((south + north) / 2))
    wide = max(east - west, 0.2) * middle / max(north - south, 0.2)
    steps = np.digitize(values, _SCORES)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.0, float(np.clip(7.0 / wide, 3.0, 8.0)) + 0.5), layout="constrained")
        axes = figure.add_subplot()
        colours = [palette.NO_DATA if np.isnan(v) else palette.VIABILITY[k] for v, k in zip(values, steps, strict=True)]
        _fill(axes, regions, colours, "#777777", 1)
        water = below.get("water")
        if water is not None:
            _fill(axes, water, [palette.CONTEXT["water"]] * len(water), "#b9b4aa", 2)
        at = regions.geometry.representative_point()
        distance = 0.06 * max((east - west) * middle, north - south)
        size = shapely.area(regions.geometry.to_numpy())
        for i in _apart(at.x.to_numpy() * middle, at.y.to_numpy(), size, distance):
            axes.annotate(
                str(names[i]).replace(" ", "\n"), (at.x.iloc[i], at.y.iloc[i]), ha="center", va="center",
                fontsize=5.5, zorder=4, path_effects=[withStroke(linewidth=1.4, foreground=palette.HALO)],
            )  # fmt: skip
        ends = [0, *_SCORES, 100]
        keys = [
            Patch(facecolor=palette.VIABILITY[k], edgecolor="#777777", label=f"{ends[k]}–{ends[k + 1]}")
            for k in sorted(set(steps[~np.isnan(values)].tolist()))
        ]
        pad = 0.02 * (east - west)
        axes.set(
            xlim=(west - pad, east + pad), ylim=(south - pad, north + pad), aspect=1 / middle, xticks=[], yticks=[]
        )
        axes.spines[:].set_visible(False)
        figure.legend(handles=keys, loc="outside lower center", ncols=len(ends), frameon=False)
        _save(figure, path)


def _fill(axes: Any, layer: gpd.GeoDataFrame, colours: Sequence[str], edge: str, zorder: int) -> None:
    """Fill polygons, their holes left open."""
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path as Outline

    parts, of = shapely.get_parts(shapely.force_2d(layer.geometry.to_numpy()), return_index=True)
    outlines = [
        Outline.make_compound_path(*(Outline(np.asarray(ring.coords)) for ring in (part.exterior, *part.interiors)))
        for part in parts
    ]
    faces = [colours[i] for i in of]
    axes.add_collection(PathCollection(outlines, facecolors=faces, edgecolors=edge, linewidths=0.4, zorder=zorder))


def _apart(x: Float, y: Float, people: Float, distance: float) -> list[int]:
    """Choose the largest places for labels, none nearer than a distance to a larger one."""
    chosen: list[int] = []
    for i in np.argsort(-np.nan_to_num(people), kind="stable").tolist():
        if len(chosen) == _LABELS or not people[i] > 0:
            break
        if all(np.hypot(x[i] - x[j], y[i] - y[j]) >= distance for j in chosen):
            chosen.append(i)
    return chosen


def _draw_below(axes: Any, below: Mapping[str, gpd.GeoDataFrame | None]) -> None:
    from matplotlib.collections import LineCollection, PolyCollection

    for name in ("land", "water"):
        layer = below.get(name)
        if layer is not None:
            rings = [np.asarray(part.exterior.coords)[:, :2] for part in layer.geometry.explode() if part is not None]
            fill = palette.CONTEXT[name]
            axes.add_collection(PolyCollection(rings, facecolors=fill, edgecolors="#b9b4aa", linewidths=0.4, zorder=1))
    lines = {"roads": (palette.ROADS["tertiary"][0], 0.5), "regions": (palette.REGION, 0.5)}
    for name, (colour, width) in lines.items():
        layer = below.get(name)
        if layer is not None:
            shapes = _main_roads(layer) if name == "roads" else layer.geometry.boundary
            parts = shapely.get_parts(shapely.force_2d(shapes.dropna().to_numpy()))
            strokes = _strokes(*shapely.get_coordinates(parts, return_index=True))
            axes.add_collection(LineCollection(strokes, colors=colour, linewidths=width, rasterized=True, zorder=2))


def _strokes(xy: Float, line: NDArray[np.int64]) -> list[Float]:
    """Join lines into few, with gaps between them: each that is drawn alone takes as long as a hundred joined ones."""
    begins = np.flatnonzero(np.diff(line, prepend=-1))
    gapped = np.insert(xy, begins, np.nan, axis=0)
    return np.split(gapped, (begins + np.arange(len(begins)))[_JOINED::_JOINED]) if len(xy) else []


def _main_roads(roads: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Leave out the least classes of roads where all would blacken a page: a picture is no map."""
    if f.ROAD_CLASS not in roads:
        return roads.geometry
    number, names = pd.factorize(roads[f.ROAD_CLASS], use_na_sentinel=False)
    style = np.array([list(palette.ROADS).index(palette.road_style(name)) for name in names], np.int64)[number]
    total = np.cumsum(np.bincount(style, minlength=len(palette.ROADS)))
    return roads.geometry[(total <= _ROADS_MAX)[style]]


def write_reach(
    path: Path,
    settlements: gpd.GeoDataFrame,
    tiers: Sequence[str],
    language: str,
    tier_names: Mapping[str, str] | None = None,
) -> None:
    """Draw for each tier the share of people who reach a centre within so many hours.

    Parameters
    ----------
    path
        The `.svg`; replaced where it exists.
    settlements
        With `population` and minutes to each tier; people who reach none count as such, settlements whose
        population or minutes are not known are left out.
    tiers
        In order.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    w = words(language)
    people = settlements[f.POPULATION].to_numpy(dtype=float, na_value=np.nan)
    colours = (palette.POTENTIAL[f.HIGH], palette.POTENTIAL[f.LOW], palette.REGION, palette.ROADS["trunk"][0])
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.0, 3.6), layout="constrained")
        axes = figure.add_subplot()
        for i, tier in enumerate(tiers):
            hours = settlements[f.travel_time_min(tier)].to_numpy(float) / 60.0
            known = ~np.isnan(hours) & (people > 0)
            if not known.any():
                continue
            order = np.argsort(hours[known], kind="stable")
            sorted_hours = hours[known][order]
            share = np.cumsum(people[known][order]) / people[known].sum()
            within = np.isfinite(sorted_hours)
            axes.step(
                np.concatenate([[0.0], sorted_hours[within]]), np.concatenate([[0.0], share[within]]), where="post",
                label=tier_name(tier, language, tier_names), color=colours[i % 4], linestyle=_DASHES[i // 4 % 4],
            )  # fmt: skip
        axes.set(xlim=(0, _HOURS), ylim=(0, 1.02), xlabel=f"{w['map.travel_time']}, {w['unit.h']}")
        axes.set(ylabel=w["column.people"], xticks=range(0, int(_HOURS) + 1))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.grid(color="#dddddd", linewidth=0.5)
        axes.spines[["top", "right"]].set_visible(False)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower right", frameon=False)
        _save(figure, path)


def _save(figure: "Figure", path: Path) -> None:
    figure.savefig(path, format="svg", dpi=_DOTS_PER_INCH, metadata={"Date": None})
