"""The peer of the benchmark's section `study`: the same job as a good analyst would script it, with well-known tools.

`python scripts/benchmark_naive.py FOLDER` reads the layers that `benchmark_study.py` wrote and writes FOLDER/naive.
It uses geopandas, networkx, scikit-image, rasterstats, folium, matplotlib and jinja2, one search for each tier, season
and table of speeds, and nothing of this project but its tables of presets. What it leaves out is listed in
`benchmark_study.py`. The seconds of CPU of its stages, under the names of ours, are in FOLDER/naive/run.json.
"""

import json
import resource
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from benchmark_naive_pages import charts, overlays, write_map, write_report
from benchmark_naive_planner import SUPPORT_LIMIT_MIN, candidates, disparity, region_table, support, typology
from benchmark_naive_roads import (
    CRS,
    LINES_MAX,
    SEASONS,
    TIERS,
    WALK_KPH,
    Entry,
    Journey,
    Net,
    at_other_speeds,
    enter,
    joined,
    journey,
    parts_of,
    read_roads,
    road_net,
    route_lines,
    route_table,
    taken,
    within,
)
from benchmark_naive_scores import (
    CHANGES_DRAWN,
    PRESETS,
    Rules,
    alternatives_of,
    aria,
    aria_classes,
    certainty,
    changes,
    classes,
    climate_columns,
    climate_rasters,
    percentile,
    sensitivity,
)
from rasterio.features import rasterize
from rasterio.transform import from_origin
from scipy.ndimage import distance_transform_edt
from skimage.graph import MCP_Geometric

MARGIN_M = 20_000.0
SECONDS: dict[str, float] = {}
PEAK_GIB: dict[str, float] = {}


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add up the CPU seconds of a stage, and print them: a run that is stopped has said how far it came."""
    begin = time.process_time()
    yield
    SECONDS[name] = SECONDS.get(name, 0.0) + time.process_time() - begin
    PEAK_GIB[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name}: {SECONDS[name]:.1f} core s, peak {PEAK_GIB[name]:.1f} GiB", flush=True)


def main(folder: Path) -> None:
    out = folder / "naive"
    (out / "climate").mkdir(parents=True, exist_ok=True)
    study = tomllib.loads((folder / "study.toml").read_text("utf-8"))
    draws, cell_km = study["certainty"]["draws"], study["grid"]["cell_km"]
    with stage("read"):
        table = pd.read_csv(folder / "settlements.csv", dtype={"settlement_id": str})
        points = gpd.points_from_xy(table["lon"], table["lat"])
        settlements = gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326").to_crs(CRS)
        roads, water = read_roads(folder, PRESETS), gpd.read_file(folder / "water.gpkg").to_crs(CRS)
    rank = settlements["tier"].map({tier: i for i, tier in enumerate(TIERS)}).fillna(99)
    centres = {tier: (rank <= i).to_numpy() for i, tier in enumerate(TIERS)}
    grid = Grid.over(settlements, cell_km * 1000)
    with stage("travel"):
        ways = joined(roads)
        net = road_net(ways)
        entry = enter(settlements, ways, net, land_minutes(grid, settlements, roads, water))
        journeys = travel(settlements, ways, net, entry, centres)
        settlements = with_journeys(settlements, entry, journeys)
    with stage("surfaces"):
        minutes, km = surfaces(grid, settlements, roads, water, centres)
    with stage("climate"):
        months, climate, profile = climate_rasters(folder)
        settlements = settlements.join(climate_columns(settlements, months, profile))
    settlements, tables, lines, used = score(settlements, ways, net, entry, centres, journeys, draws)
    with stage("rasters"):
        write_rasters(out, grid, minutes, km, climate, profile)
    with stage("geopackage"):
        write_geopackage(out / "results.gpkg", settlements, roads, water, tables, lines)
    with stage("tables"):
        write_tables(out, settlements, tables)
    with stage("map"):
        images = overlays(minutes, CRS, grid.transform)
        write_map(out / "map.html", settlements, ways, water, used, images)
    with stage("report"):
        pictures = charts(settlements, tables["regions"], tables)
        write_report(out / "report.html", settlements, tables, pictures, cell_km=cell_km, draws=draws)
    (out / "run.json").write_text(json.dumps({"core_seconds": SECONDS, "peak_gib": PEAK_GIB}), encoding="utf-8")


def travel(
    settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, net: Net, entry: Entry, centres: dict[str, np.ndarray]
) -> dict[tuple[str, str], Journey]:
    """Search once for each tier and season."""
    length_m = roads["length_m"].to_numpy()
    return {
        (tier, season): journey(settlements, net, entry, roads[f"minutes_{season}"].to_numpy(), length_m, who)
        for season in SEASONS
        for tier, who in centres.items()
    }


def with_journeys(
    settlements: gpd.GeoDataFrame, entry: Entry, journeys: dict[tuple[str, str], Journey]
) -> gpd.GeoDataFrame:
    ids = settlements["settlement_id"].to_numpy(object)
    columns = {"access_km": entry.near["metres"].to_numpy() / 1000, "access_min": entry.access_min}
    for (tier, season), one in journeys.items():
        columns[f"minutes_{tier}_{season}"], columns[f"km_{tier}_{season}"] = one.minutes, one.km
        columns[f"centre_{tier}_{season}"] = np.where(one.centre >= 0, ids[one.centre], "")
    for tier in TIERS:
        columns[f"minutes_{tier}_worst"] = np.maximum.reduce([columns[f"minutes_{tier}_{s}"] for s in SEASONS])
    return settlements.join(pd.DataFrame(columns, index=settlements.index))


def score(
    settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, net: Net, entry: Entry, centres: dict[str, np.ndarray],
    journeys: dict[tuple[str, str], Journey], draws: int,
) -> tuple[gpd.GeoDataFrame, dict[str, pd.DataFrame], list, dict[str, np.ndarray]]:  # fmt: skip
    """Score, say how sure, explain, and make the planner's tables; also lines of routes, and the roads they take."""
    ids = pd.Index(settlements["settlement_id"], dtype=object)
    km = {season: {tier: journeys[tier, season].km for tier in TIERS} for season in SEASONS}
    with stage("scores"):
        settlements["remoteness"] = aria(np.column_stack([km["summer"][tier] for tier in TIERS]))
        settlements["remoteness_class"] = aria_classes(settlements["remoteness"].to_numpy())
        rules = Rules.of(settlements)
        values = rules.values(settlements)
        scores = rules.scores(values)
        share = rules.shares(scores, rules.weights, rules.block_weights)
        points = 100 * np.nan_to_num(share * scores)
        settlements["viability"] = points.sum(axis=1)
        inhabited = settlements["population"].ne(0).to_numpy()
        settlements["potential"], limits = classes(settlements["viability"].to_numpy(), inhabited)
        names = rules.table.index
        settlements[[f"contribution_{name}" for name in names]] = points
        settlements["typology"], types = typology(settlements)
    with stage("certainty"):
        drawn = list(at_other_speeds(settlements, roads, net, entry, centres))
        alternatives = alternatives_of(settlements, rules, scores, km, drawn)
        sobol = sensitivity(alternatives)
    with stage("cards"):
        summer = {tier: journeys[tier, "summer"] for tier in TIERS}
        parts = {tier: parts_of(tier, ids, roads, net, entry, one) for tier, one in summer.items()}
        routes = pd.concat([route_table(ids, tier, summer[tier], parts[tier]) for tier in TIERS], ignore_index=True)
    with stage("routes"):
        lines = []
        if len(routes) <= LINES_MAX:
            lines = [line for one in summer.values() for line in route_lines(settlements, roads, net, one)]
        used = {f"{tier} {season}": taken(net, one) for (tier, season), one in journeys.items()}
    with stage("cards"):
        saved = routes["paved_saves_min"].to_numpy().reshape(len(TIERS), -1).T
        lifts, moves = changes(settlements, rules, scores, saved, limits)
        lists = {"settlement_id": np.repeat(ids, len(names)), "indicator": np.tile(names, len(ids))}
        per_score = {
            "value": values, "score": scores, "percentile": 100 * np.apply_along_axis(percentile, 0, scores),
            "weight": share, "points": points,
        }  # fmt: skip
        explained = pd.DataFrame(lists | {name: table.ravel() for name, table in per_score.items()})
    with stage("certainty"):
        first = (lifts.groupby("row").cumcount() < CHANGES_DRAWN + 1).to_numpy()
        rows, wanted = lifts["row"].to_numpy()[first], lifts["next_potential"].to_numpy()[first]
        sure, chance = certainty(alternatives, inhabited, draws, rows, moves[first], wanted)
        lifts.loc[first, "probability"] = chance
        settlements = settlements.join(sure.set_axis(settlements.index))
    with stage("planning"):
        best = lifts.drop_duplicates("settlement_id").set_index("settlement_id")["indicator"]
        settlements["lifts"] = settlements["settlement_id"].map(best).fillna("")
        settlements["slowest"] = routes["slowest"].to_numpy()[-len(ids) :]
        paved = roads.loc[roads["paved"], ["geometry"]]
        near = settlements[["geometry"]].sjoin_nearest(paved, distance_col="metres")["metres"]
        settlements["all_season_km"] = near.groupby(level=0).first() / 1000
        tables = disparity(settlements) | {"regions": region_table(settlements), "typology": types}
        summer_min = roads["minutes_summer"].to_numpy()
        pairs = within(net, entry, summer_min, ids, candidates(settlements), SUPPORT_LIMIT_MIN)
        tables |= support(settlements, pairs)
    indicators = rules.table.assign(minimum=np.nanmin(values, axis=0), maximum=np.nanmax(values, axis=0))
    of_each = {"raw": values, "normalised": scores, "contributions": points}
    for name, x in of_each.items():
        tables[name] = pd.DataFrame(x, ids, names).rename_axis("settlement_id").reset_index()
    tables |= {"indicators": indicators.reset_index(), "sensitivity": sobol, "routes": routes}
    tables |= {"indicator_values": explained, "changes": lifts.drop(columns=["row", "rise"])}
    return settlements, tables, lines, used


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

    def places(self, points: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return row and column of the cells that hold points."""
        column, row = ~self.transform * (points.geometry.x.to_numpy(), points.geometry.y.to_numpy())
        return row.astype(int), column.astype(int)

    def starts(self, points: gpd.GeoDataFrame) -> list[tuple[int, int]]:
        """Return the cells that hold points, as scikit-image wants them."""
        row, column = self.places(points)
        return list(zip(row.tolist(), column.tolist(), strict=True))

    def burn(self, shapes: object, **options: object) -> np.ndarray:
        """Burn shapes into the cells."""
        return rasterize(shapes, out_shape=self.shape, transform=self.transform, **options)


def friction(grid: Grid, water: gpd.GeoDataFrame, on_road_kph: np.ndarray | float) -> np.ndarray:
    """Return minutes per metre over land and, where given, road; -1 on water, where nobody goes."""
    speed = np.where(grid.burn(water.geometry) == 1, 0.0, WALK_KPH)
    speed = np.where(on_road_kph > 0, on_road_kph, speed)
    return np.where(speed > 0, 60 / 1000 / np.maximum(speed, 1e-9), -1.0)


def land_minutes(
    grid: Grid, settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, water: gpd.GeoDataFrame
) -> np.ndarray:
    """Return the minutes over land, round the water, from each settlement to the nearest cell with a road."""
    starts = np.argwhere(grid.burn(roads.geometry, all_touched=True) == 1)
    costs, _ = MCP_Geometric(friction(grid, water, 0.0)).find_costs(starts)
    return costs[grid.places(settlements)] * grid.cell


def surfaces(
    grid: Grid, settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, water: gpd.GeoDataFrame,
    centres: dict[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:  # fmt: skip
    """Minutes to each tier in each season over burnt roads and land, and kilometres to each tier as the crow flies."""
    minutes, km = {}, {}
    for season in SEASONS:
        slow_first = roads.sort_values(f"kph_{season}")  # the fastest road of a cell is burnt last
        shapes = zip(slow_first.geometry, slow_first[f"kph_{season}"], strict=True)
        cost = friction(grid, water, grid.burn(shapes, all_touched=True, dtype="float64", fill=0.0))
        for tier, who in centres.items():
            costs, _ = MCP_Geometric(cost).find_costs(grid.starts(settlements[who]))
            minutes[f"{tier} {season}"] = costs * grid.cell
    for tier, who in centres.items():
        away = np.ones(grid.shape, bool)
        away[grid.places(settlements[who])] = False
        km[tier] = distance_transform_edt(away) * grid.cell / 1000
    return minutes, km


def write_rasters(
    out: Path, grid: Grid, minutes: dict[str, np.ndarray], km: dict[str, np.ndarray], climate: dict[str, np.ndarray],
    given: dict,
) -> None:  # fmt: skip
    """Cloud-optimised GeoTIFFs: minutes, kilometres, and each measure of climate on the grid of the input."""
    own = {"height": grid.shape[0], "width": grid.shape[1], "crs": CRS, "transform": grid.transform}
    theirs = {name: given[name] for name in ("height", "width", "crs", "transform")}
    files = [("travel_time", minutes, own), ("distance", km, own)]
    files += [(f"climate/{name}", {name: values}, theirs) for name, values in climate.items()]
    for name, bands, where in files:
        profile = {"driver": "COG", "count": len(bands), "dtype": "float32", "compress": "deflate", "nodata": np.nan}
        with rasterio.open(out / f"{name}.tif", "w", **profile, **where) as raster:
            for band, (title, values) in enumerate(bands.items(), 1):
                raster.write(values.astype("float32"), band)
                raster.set_band_description(band, title)


def write_geopackage(
    path: Path, settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, water: gpd.GeoDataFrame,
    tables: dict[str, pd.DataFrame], lines: list,
) -> None:  # fmt: skip
    routes = tables["routes"]
    drawn = gpd.GeoDataFrame(routes, geometry=lines or [None] * len(routes), crs=CRS)
    layers = {"settlements": settlements, "centres": settlements[settlements["tier"].isin(TIERS)], "roads": roads}
    layers |= {"water": water, "routes": drawn if lines else routes}
    for name, layer in layers.items():
        gpd.GeoDataFrame(layer).to_file(path, layer=name)
    for name in ("indicator_values", "changes"):
        gpd.GeoDataFrame(tables[name]).to_file(path, layer=name)


def write_tables(out: Path, settlements: gpd.GeoDataFrame, tables: dict[str, pd.DataFrame]) -> None:
    """Every table as CSV, for two kinds of Excel, and the short ones as sheets of a workbook."""
    long = {"routes", "indicator_values", "changes"}
    every = {"settlements": settlements.drop(columns="geometry")}
    every |= {name: table for name, table in tables.items() if name not in long}
    with pd.ExcelWriter(out / "tables.xlsx") as book:
        for name, table in every.items():
            table.to_csv(out / f"{name}.csv", index=False, encoding="utf-8-sig")
            table.to_csv(out / f"{name}_excel.csv", index=False, encoding="utf-8-sig", sep=";", decimal=",")
            table.to_excel(book, sheet_name=name, index=False, freeze_panes=(1, 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
