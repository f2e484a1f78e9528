"""The peer of the benchmark's section `study`: the same job as a good analyst would script it, with well-known tools.

`python scripts/benchmark_naive.py FOLDER` reads the layers that `benchmark_study.py` wrote and writes FOLDER/naive.
It uses geopandas, networkx, scikit-image, rasterstats and folium, one search per tier and season, and nothing of this
project but its tables of speeds. What it leaves out is listed in `benchmark_study.py`.
"""

import sys
from pathlib import Path

import folium
import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import rasterio
from rasterio.features import rasterize
from rasterio.transform import from_origin
from rasterstats import point_query
from scipy.ndimage import distance_transform_edt
from skimage.graph import MCP_Geometric

CRS = "+proj=aea +lat_0=0 +lon_0=66.9 +lat_1=43 +lat_2=53 +datum=WGS84 +units=m"
SEASONS = {"summer": {True: 1.0, False: 1.0}, "winter": {True: 0.8, False: 0.6}}
TIERS = ["t1", "t2", "t3", "t4", "t5"]
WALK_KPH, ACCESS_KPH, MARGIN_M = 10.0, 20.0, 20_000.0
DRAWS = 1000
PRESETS = Path(__file__).resolve().parents[1] / "layers" / "presets"


def main(folder: Path) -> None:
    out = folder / "naive"
    out.mkdir(exist_ok=True)
    table = pd.read_csv(folder / "settlements.csv", dtype={"settlement_id": str})
    points = gpd.points_from_xy(table["lon"], table["lat"])
    settlements = gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326").to_crs(CRS)
    roads = read_roads(folder)
    rank = settlements["tier"].map({tier: i for i, tier in enumerate(TIERS)}).fillna(99)
    settlements, roads = add_minutes(settlements, roads, rank)
    grid = Grid.over(settlements, float((folder / "cell_km.txt").read_text()) * 1000.0)
    surfaces = {
        f"{tier}_{season}": surface(grid, roads, settlements[rank <= i], season, folder)
        for season in SEASONS
        for i, tier in enumerate(TIERS)
    }
    away = {tier: distance_km(grid, settlements[rank <= i]) for i, tier in enumerate(TIERS)}
    settlements = add_climate(settlements, folder)
    settlements = add_scores(settlements)
    write(out, settlements, roads, surfaces, away, grid)
    write_map(out / "map.html", settlements, roads, surfaces, grid)


def read_roads(folder: Path) -> gpd.GeoDataFrame:
    """Add the speed of each road in each season, and its length."""
    roads = gpd.read_file(folder / "roads.fgb").to_crs(CRS)
    speeds = pd.read_csv(PRESETS / "speeds.csv").set_index("road_class")
    surfaces = pd.read_csv(PRESETS / "surfaces.csv").set_index("surface")
    own = roads["surface"].map(surfaces["factor"])
    usual = roads["road_class"].map(speeds["surface"]).map(surfaces["factor"])
    speed = roads["road_class"].map(speeds["speed_kph"]) * np.minimum(1.0, own / usual)
    paved = roads["surface"].map(surfaces["paved"]) == "yes"
    roads["length_m"] = roads.length
    for season, factor in SEASONS.items():
        roads[f"kph_{season}"] = speed * paved.map(factor)
        roads[f"minutes_{season}"] = roads["length_m"] / 1000 / roads[f"kph_{season}"] * 60
    return roads


HUB = "hub"  # one node before all centres: a search from it remembers the way, which one from many sources does not


def road_graph(roads: gpd.GeoDataFrame) -> nx.DiGraph:
    """Make a graph against the direction of travel, so that one search from all centres answers for everybody."""
    graph = nx.DiGraph()
    for row in roads.itertuples():
        xy = row.geometry.coords
        a, b = (tuple(round(v, 2) for v in end) for end in (xy[0], xy[-1]))
        weights = {season: getattr(row, f"minutes_{season}") for season in SEASONS} | {"km": row.length_m / 1000}
        graph.add_edge(b, a, **weights)
        if row.oneway != "yes":
            graph.add_edge(a, b, **weights)
    return graph


def search(graph: nx.DiGraph, centres: set[tuple[float, float]], season: str) -> tuple[dict, dict, dict]:
    """Return minutes, kilometres and the centre's node of every node that a centre can be reached from."""
    graph.add_weighted_edges_from(((HUB, node, 0.0) for node in centres), weight=season)
    before, minutes = nx.dijkstra_predecessor_and_distance(graph, HUB, weight=season)
    graph.remove_node(HUB)
    km, centre = {}, {}
    for node in minutes:  # nearest first
        if node == HUB:
            continue
        last = before[node][0]
        if last == HUB:
            km[node], centre[node] = 0.0, node
        else:
            km[node], centre[node] = km[last] + graph.edges[last, node]["km"], centre[last]
    return minutes, km, centre


def add_minutes(
    settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, rank: pd.Series
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Snap to the nearest road, go by it to its nearer end, and search once for each tier and season."""
    graph = road_graph(roads)
    near = settlements[["geometry"]].sjoin_nearest(roads[["geometry"]], distance_col="metres")
    near = near[~near.index.duplicated()]
    road = roads.loc[near["index_right"]]
    along = road.geometry.project(settlements.geometry, align=False).to_numpy() / road["length_m"].to_numpy()
    ends = np.array([(geometry.coords[0], geometry.coords[-1]) for geometry in road.geometry]).round(2)
    nodes = list(map(tuple, np.where((along > 0.5)[:, None], ends[:, 1], ends[:, 0]).tolist()))
    kph = np.where(near["metres"] < 2000, ACCESS_KPH, WALK_KPH)
    access = near["metres"].to_numpy() / 1000 / kph * 60
    ids = settlements["settlement_id"].tolist()
    for season in SEASONS:
        to_end = access + np.minimum(along, 1 - along) * road[f"minutes_{season}"].to_numpy()
        for i, tier in enumerate(TIERS):
            centres = {node for node, is_centre in zip(nodes, rank <= i, strict=True) if is_centre}
            minutes, km, centre = search(graph, centres, season)
            by_road = np.array([minutes.get(node, np.inf) for node in nodes]) + to_end
            settlements[f"minutes_{tier}_{season}"] = np.where(rank <= i, 0.0, by_road)
            on_road = np.array([km.get(node, np.nan) for node in nodes])
            settlements[f"km_{tier}_{season}"] = np.where(rank <= i, 0.0, on_road + near["metres"].to_numpy() / 1000)
            first = {node: name for node, name, here in zip(nodes, ids, rank <= i, strict=True) if here}
            settlements[f"centre_{tier}_{season}"] = [first.get(centre.get(node), "") for node in nodes]
    return settlements, roads


class Grid:
    """Cells over the settlements and a margin."""

    def __init__(self, west: float, north: float, cell: float, shape: tuple[int, int]) -> None:
        self.cell, self.shape = cell, shape
        self.transform = from_origin(west, north, cell, cell)

    @classmethod
    def over(cls, settlements: gpd.GeoDataFrame, cell: float) -> "Grid":
        """Lay it."""
        west, south, east, north = settlements.total_bounds
        west, south, east, north = west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M
        return cls(west, north, cell, (int((north - south) // cell) + 1, int((east - west) // cell) + 1))

    def cells(self, points: gpd.GeoDataFrame) -> list[tuple[int, int]]:
        """Return row and column of the cells that hold points."""
        column, row = ~self.transform * (points.geometry.x.to_numpy(), points.geometry.y.to_numpy())
        return sorted(set(zip(row.astype(int).tolist(), column.astype(int).tolist(), strict=True)))


FRICTION: dict[str, np.ndarray] = {}


def friction(grid: Grid, roads: gpd.GeoDataFrame, season: str, folder: Path) -> np.ndarray:
    """Burn roads, the fastest last, over land and water; minutes per metre, -1 where nobody goes."""
    if season not in FRICTION:
        speed = np.full(grid.shape, WALK_KPH)
        water = gpd.read_file(folder / "water.gpkg").to_crs(CRS)
        burn = {"out_shape": grid.shape, "transform": grid.transform}
        speed[rasterize(water.geometry, **burn) == 1] = 0.0
        column = f"kph_{season}"
        slow_first = roads.sort_values(column)
        shapes = zip(slow_first.geometry, slow_first[column], strict=True)
        on_road = rasterize(shapes, all_touched=True, dtype="float64", fill=0.0, **burn)
        speed = np.where(on_road > 0, on_road, speed)
        FRICTION[season] = np.where(speed > 0, 60 / 1000 / np.maximum(speed, 1e-9), -1.0)
    return FRICTION[season]


def surface(grid: Grid, roads: gpd.GeoDataFrame, centres: gpd.GeoDataFrame, season: str, folder: Path) -> np.ndarray:
    """Spread from the centres over the friction."""
    costs, _ = MCP_Geometric(friction(grid, roads, season, folder) * 1.0).find_costs(grid.cells(centres))
    return costs * grid.cell


def distance_km(grid: Grid, centres: gpd.GeoDataFrame) -> np.ndarray:
    away = np.ones(grid.shape, bool)
    away[tuple(np.array(grid.cells(centres)).T)] = False
    return distance_transform_edt(away) * grid.cell / 1000


def add_climate(settlements: gpd.GeoDataFrame, folder: Path) -> gpd.GeoDataFrame:
    """Read both rasters at the settlements, every month, and make the usual measures."""
    lonlat = settlements.geometry.to_crs("EPSG:4326")
    months = {}
    for name in ("temperature", "precipitation"):
        with rasterio.open(folder / f"{name}.tif") as raster:
            bands, affine, nodata = raster.read(), raster.transform, raster.nodata
        months[name] = np.array([point_query(lonlat, band, affine=affine, nodata=nodata) for band in bands], float)
    days = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[:, None]
    warmth, rain = months["temperature"], months["precipitation"].sum(axis=0)
    settlements["mean_temperature_c"] = (warmth * days).sum(axis=0) / days.sum()
    settlements["heating_degree_days"] = (np.maximum(18 - warmth, 0) * days).sum(axis=0)
    settlements["precipitation_mm"] = rain
    settlements["de_martonne"] = rain / (settlements["mean_temperature_c"] + 10)
    return settlements


def add_scores(settlements: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Remoteness after ARIA+, viability from ranges, and three shares of potential; their spread over 1 000 draws."""
    minutes = settlements[[f"minutes_{tier}_summer" for tier in TIERS]].replace(np.inf, np.nan)
    aria = (minutes / minutes.mean()).clip(upper=3).sum(axis=1)
    settlements["remoteness"] = 100 * (aria - aria.min()) / (aria.max() - aria.min())
    columns = [settlements["heating_degree_days"], -settlements["de_martonne"], settlements["remoteness"]]
    scaled = [(value - value.min()) / (value.max() - value.min()) for value in columns]
    settlements["viability"] = 100 * (1 - sum(scaled) / len(scaled))
    rank = (settlements["viability"] - settlements["remoteness"]).rank(pct=True)
    settlements["potential"] = classes(rank)
    rng = np.random.default_rng(0)
    drawn = pd.DataFrame(index=settlements.index, columns=range(DRAWS), dtype=float)
    for draw in range(DRAWS):
        weights = rng.uniform(0.75, 1.25, len(scaled))
        fit = 100 * (1 - sum(w * value for w, value in zip(weights, scaled, strict=True)) / weights.sum())
        tiers = rng.uniform(0.75, 1.25, len(TIERS))
        far = ((minutes * rng.uniform(0.8, 1.2)) / minutes.mean()).clip(upper=3) @ tiers
        drawn[draw] = (fit - 100 * (far - far.min()) / (far.max() - far.min())).rank(pct=True)
    for q in (0.05, 0.95):
        settlements[f"rank_{q}"] = drawn.quantile(q, axis=1)
    settlements["stable"] = drawn.apply(classes).eq(settlements["potential"], axis=0).mean(axis=1)
    return settlements


def classes(rank: pd.Series) -> np.ndarray:
    return np.select([rank > 0.84, rank > 0.08], ["high", "medium"], "low")


def write(
    out: Path,
    settlements: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    surfaces: dict[str, np.ndarray],
    away: dict[str, np.ndarray],
    grid: Grid,
) -> None:
    table = settlements.drop(columns="geometry")
    table.to_csv(out / "settlements.csv", index=False, encoding="utf-8-sig")
    table.to_excel(out / "tables.xlsx", index=False)
    settlements.to_file(out / "results.gpkg", layer="settlements")
    settlements[settlements["tier"].isin(TIERS)].to_file(out / "results.gpkg", layer="centres")
    roads.to_file(out / "results.gpkg", layer="roads")
    for name, bands in (("travel_time", surfaces), ("distance", away)):
        profile = {
            "driver": "COG", "count": len(bands), "height": grid.shape[0], "width": grid.shape[1],
            "dtype": "float32", "crs": CRS, "transform": grid.transform, "compress": "deflate",
        }  # fmt: skip
        with rasterio.open(out / f"{name}.tif", "w", **profile) as raster:
            for band, values in enumerate(bands.values(), 1):
                raster.write(values.astype("float32"), band)


def write_map(
    path: Path, settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, surfaces: dict[str, np.ndarray], grid: Grid
) -> None:
    """A marker for every settlement with its card, the main roads, and a picture of the minutes to each tier."""
    lonlat = settlements.to_crs("EPSG:4326")
    west, south, east, north = lonlat.total_bounds
    colours = {"high": "#1b7837", "medium": "#fdb863", "low": "#b2182b"}
    page = folium.Map([(south + north) / 2, (west + east) / 2], zoom_start=5, prefer_canvas=True)
    for tier in TIERS:
        minutes = np.clip(np.nan_to_num(surfaces[f"{tier}_summer"], posinf=1440) / 600, 0, 1)
        shrink = max(1, max(grid.shape) // 1000)
        folium.raster_layers.ImageOverlay(
            minutes[::shrink, ::shrink], bounds=[[south, west], [north, east]], name=tier, show=False, opacity=0.6
        ).add_to(page)
    main_roads = roads[roads["road_class"] == "trunk"][["geometry"]].simplify(500).to_crs("EPSG:4326")
    folium.GeoJson(main_roads, name="roads", style_function=lambda _: {"color": "#777", "weight": 1}).add_to(page)
    group = folium.FeatureGroup("settlements").add_to(page)
    for row in lonlat.itertuples():
        lines = [f"<b>{row.name}</b>", f"remoteness {row.remoteness:.0f}", f"viability {row.viability:.0f}"]
        lines += [f"{tier}: {getattr(row, f'minutes_{tier}_summer'):.0f} min" for tier in TIERS]
        folium.CircleMarker(
            [row.geometry.y, row.geometry.x], radius=3, color=colours[row.potential], fill=True,
            popup=folium.Popup("<br>".join(lines), max_width=300), tooltip=row.name,
        ).add_to(group)  # fmt: skip
    folium.LayerControl().add_to(page)
    page.save(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
