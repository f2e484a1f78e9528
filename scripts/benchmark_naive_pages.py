"""What the analyst's script writes for eyes: map, charts, report."""

import base64
import io
from pathlib import Path

import folium
import geopandas as gpd
import jinja2
import matplotlib
import numpy as np
import pandas as pd
import rasterio
import shapely
from benchmark_naive_roads import SEASONS, TIERS
from folium.plugins import Search
from rasterio.warp import Resampling, calculate_default_transform, reproject, transform_bounds

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLOURS = {"high": "#1b7837", "medium": "#fdb863", "low": "#b2182b", "uninhabited": "#999999"}
PIXELS, HOURS_MAX = 1000, 24


def overlays(surfaces: dict[str, np.ndarray], crs: str, affine: rasterio.Affine) -> dict[str, tuple[np.ndarray, list]]:
    """Warp surfaces to the map's projection, as colours, at a size for a screen; with their bounds."""
    ny, nx = next(iter(surfaces.values())).shape
    shrink = max(1, -(-max(ny, nx) // PIXELS))
    bounds = rasterio.transform.array_bounds(ny, nx, affine)
    to, width, height = calculate_default_transform(crs, "EPSG:3857", nx, ny, *bounds)
    width, height = width // shrink + 1, height // shrink + 1
    to = to * rasterio.Affine.scale(shrink)
    west, south, east, north = transform_bounds(
        "EPSG:3857", "EPSG:4326", *rasterio.transform.array_bounds(height, width, to)
    )
    out = {}
    for name, minutes in surfaces.items():
        drawn = np.full((height, width), np.nan, "float32")
        reproject(
            minutes.astype("float32"), drawn, src_transform=affine, src_crs=crs, dst_transform=to, dst_crs="EPSG:3857",
            src_nodata=np.nan, dst_nodata=np.nan, resampling=Resampling.nearest,
        )  # fmt: skip
        unit = np.clip(np.where(np.isfinite(drawn), drawn, np.inf) / 60 / HOURS_MAX, 0, 1)
        colour = (plt.get_cmap("viridis_r")(unit) * 255).astype("uint8")
        colour[~np.isfinite(drawn), 3] = 0
        out[name] = colour, [[south, west], [north, east]]
    return out


def merged(lines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Join lines end to end, and draw them as coarsely as a map of a country needs."""
    chains = shapely.line_merge(shapely.multilinestrings(lines.array))
    return gpd.GeoSeries([chains], crs=lines.crs).explode(ignore_index=True).simplify(500)


def write_map(
    path: Path, settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, water: gpd.GeoDataFrame,
    used: dict[str, np.ndarray], images: dict[str, tuple[np.ndarray, list]],
) -> None:  # fmt: skip
    """One page: a marker and a card for every settlement, routes, centres, roads, pictures of minutes, a search."""
    lonlat = settlements.to_crs("EPSG:4326")
    west, south, east, north = lonlat.total_bounds
    page = folium.Map([(south + north) / 2, (west + east) / 2], zoom_start=5, prefer_canvas=True)
    for name, (colour, bounds) in images.items():
        picture = {"bounds": bounds, "name": f"minutes {name}", "show": False, "opacity": 0.6}
        folium.raster_layers.ImageOverlay(colour, **picture).add_to(page)
    plain = {"water": water.simplify(500), "roads": merged(roads.geometry[roads["road_class"] == "trunk"])}
    plain |= {f"routes {name}": merged(roads.geometry.iloc[np.unique(rows)]) for name, rows in used.items()}
    for name, shapes in plain.items():
        style = {"color": "#77b" if name == "water" else "#777", "weight": 1}
        folium.GeoJson(
            shapes.to_crs("EPSG:4326"), name=name, show=not name.startswith("routes"),
            style_function=lambda _, style=style: style,
        ).add_to(page)  # fmt: skip
    fields = ["name", "region", "population", "potential", "typology", "remoteness", "viability"]
    fields += [
        "rank_p05",
        "rank_p95",
        "stable",
        "lifts",
        "slowest",
        *(f"probability_{name}" for name in ("high", "medium", "low")),
    ]
    fields += [f"minutes_{tier}_{season}" for season in SEASONS for tier in TIERS]
    fields += [column for column in lonlat if column.startswith("contribution_")]
    cards = lonlat[[*fields, "geometry"]].round(1).replace([np.inf, -np.inf], np.nan)
    cards["colour"] = cards["potential"].map(COLOURS)
    places = folium.GeoJson(
        cards, name="settlements", marker=folium.CircleMarker(radius=3, fill=True, fill_opacity=0.8),
        style_function=lambda place: {"color": place["properties"]["colour"]},
        tooltip=folium.GeoJsonTooltip(["name"]), popup=folium.GeoJsonPopup(fields, max_height=300),
    ).add_to(page)  # fmt: skip
    centres = lonlat.loc[lonlat["tier"].isin(TIERS), ["name", "tier", "geometry"]]
    folium.GeoJson(centres, name="centres", tooltip=folium.GeoJsonTooltip(["name", "tier"]), show=False).add_to(page)
    Search(places, search_label="name", placeholder="name").add_to(page)
    folium.LayerControl().add_to(page)
    page.save(path)


def charts(settlements: gpd.GeoDataFrame, regions: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Draw the report's pictures, each as SVG for a page."""
    made = {}

    def keep(name: str, figure: plt.Figure) -> None:
        text = io.StringIO()
        figure.savefig(text, format="svg", bbox_inches="tight")
        plt.close(figure)
        made[name] = base64.b64encode(text.getvalue().encode()).decode()

    for column in ("potential", "remoteness_class"):
        figure, axes = plt.subplots(figsize=(7, 3))
        settlements[column].value_counts().plot.barh(ax=axes)
        keep(column, figure)
    figure, axes = plt.subplots(figsize=(8, 7))
    names = [name for name in COLOURS if f"settlements_{name}" in regions]
    stacked = regions.set_index("region")[[f"settlements_{name}" for name in names]]
    stacked.plot.barh(ax=axes, stacked=True, color=[COLOURS[name] for name in names])
    keep("classes by region", figure)
    figure, axes = plt.subplots(figsize=(7, 4))
    known = settlements[settlements["population"] > 0]
    for tier in TIERS:
        order = known.sort_values(f"minutes_{tier}_summer")
        share = order["population"].cumsum() / order["population"].sum()
        axes.plot(order[f"minutes_{tier}_summer"] / 60, share, label=tier)
    axes.set(xlim=(0, HOURS_MAX), xlabel="hours", ylabel="share of people")
    axes.legend()
    keep("reach", figure)
    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="grey")
    for column, curve in tables["lorenz"].groupby("column"):
        axes.plot(curve["people"], curve["amount"], label=column)
    axes.legend()
    keep("lorenz", figure)
    ranked = list(tables["ranking"].groupby("column"))
    figure, both = plt.subplots(1, max(len(ranked), 1), figsize=(12, 6), squeeze=False)
    for axes, (column, table) in zip(both[0], ranked, strict=False):
        table.set_index("region")["value"].plot.barh(ax=axes, title=column)
    figure.tight_layout()
    keep("ranking", figure)
    figure, axes = plt.subplots(figsize=(9, 5))
    settlements.plot(ax=axes, color=settlements["potential"].map(COLOURS), markersize=2)
    axes.set_axis_off()
    keep("map of potential", figure)
    return made


PAGE = jinja2.Template(
    """<!doctype html><meta charset="utf-8"><title>Benchmark</title><h1>Benchmark</h1>
<p>{{ settlements }} settlements, {{ people }} people; cells of {{ cell_km }} km; {{ draws }} draws.</p>
{% for name, table in tables.items() %}<h2>{{ name }}</h2>{{ table }}{% endfor %}
{% for name, svg in charts.items() %}<h2>{{ name }}</h2><img src="data:image/svg+xml;base64,{{ svg }}">{% endfor %}""",
    autoescape=False,
)


def write_report(
    path: Path, settlements: gpd.GeoDataFrame, tables: dict[str, pd.DataFrame], pictures: dict[str, str],
    **about: object,
) -> None:  # fmt: skip
    """Write the numbers and the pictures as one page."""
    columns = ["name", "region", "potential", "population", "remoteness", "viability"]
    own = settlements[[f"probability_{name}" for name in ("high", "medium", "low")]].to_numpy()
    at = settlements["potential"].map({"high": 0, "medium": 1, "low": 2})
    chance = np.where(at.notna(), own[np.arange(len(at)), at.fillna(0).astype(int)], np.nan)
    sure = settlements.assign(probability=chance)
    by_potential = settlements.groupby("potential")["population"].agg(["size", "sum"]).reset_index()
    shown = {
        "potential": by_potential,
        "indicators": tables["indicators"],
        "regions": tables["regions"],
        "typology": tables["typology"],
        "most remote": settlements.nlargest(20, "remoteness")[columns],
        "least certain": sure.nsmallest(20, "probability")[[*columns, "probability", "viability_p05", "viability_p95"]],
        "disparity": tables["disparity"],
        "sensitivity": tables["sensitivity"],
        "support villages": tables["support"].dropna(subset="rank"),
    }
    html = {name: table.to_html(index=False, float_format="%.2f", escape=True) for name, table in shown.items()}
    people = int(settlements["population"].sum())
    text = PAGE.render(tables=html, charts=pictures, settlements=len(settlements), people=people, **about)
    path.write_text(text, encoding="utf-8")
