"""Roads of the analyst's script: a networkx graph, its searches, routes, what journeys are made of, who is in reach."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

CRS = "+proj=aea +lat_0=0 +lon_0=66.9 +lat_1=43 +lat_2=53 +datum=WGS84 +units=m"
SEASONS = {"summer": {True: 1.0, False: 1.0}, "winter": {True: 0.8, False: 0.6}}
TIERS = ["t1", "t2", "t3", "t4", "t5"]
WALK_KPH, ACCESS_KPH, NEAR_M, PAVED_KPH = 10.0, 20.0, 2000.0, 50.0
SPEED_FACTOR, SPEED_TABLES = 1.4, 7  # the most a speed is multiplied or divided by; tables, the published one included
LINES_MAX, SIMPLIFY_M = 5_000, 200.0
HUB = -1  # one node before all centres: a search from it remembers the way, which one from many sources does not


def read_roads(folder, presets) -> gpd.GeoDataFrame:
    """Add the length of each road, whether it is paved, and its speed and minutes in each season."""
    roads = gpd.read_file(folder / "roads.fgb").to_crs(CRS)
    speeds = pd.read_csv(presets / "speeds.csv").set_index("road_class")
    surfaces = pd.read_csv(presets / "surfaces.csv").set_index("surface")
    own = roads["surface"].map(surfaces["factor"])
    usual = roads["road_class"].map(speeds["surface"]).map(surfaces["factor"])
    speed = roads["road_class"].map(speeds["speed_kph"]) * np.minimum(1.0, own / usual)
    roads["paved"] = roads["surface"].map(surfaces["paved"]) == "yes"
    roads["length_m"] = roads.length
    for season, factor in SEASONS.items():
        roads[f"kph_{season}"] = speed * roads["paved"].map(factor)
        roads[f"minutes_{season}"] = roads["length_m"] / 1000 / roads[f"kph_{season}"] * 60
    return roads


@dataclass(frozen=True)
class Net:
    """The graph, against the direction of travel, so that one search from all centres answers for everybody."""

    graph: nx.DiGraph
    ends: np.ndarray  # nodes of the first and the last point of each road, shape (roads, 2)
    ways: pd.DataFrame  # edges of the graph: `tail`, `head`, `row` (the road), `along` (travel follows its line)
    edge_of: pd.Index  # of tail * nodes + head
    nodes: int


@dataclass(frozen=True)
class Tree:
    """The quickest ways of all nodes to one tier in one season."""

    minutes: np.ndarray
    onward: np.ndarray  # the next node; a centre's own is itself
    way: np.ndarray  # the row of `Net.ways` that leads there, -1 at centres and where none is reached


@dataclass(frozen=True)
class Entry:
    """Where settlements meet the roads."""

    near: gpd.GeoDataFrame  # `index_right` (the road) and `metres`
    nodes: np.ndarray  # both ends of that road, shape (n, 2)
    share: np.ndarray  # the share of it that is driven to each end; infinite against a one-way road
    into: np.ndarray  # the share of it that is driven from each end; likewise
    access_min: np.ndarray


def numbered(roads: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Number the ends of the roads, shape (roads, 2); also return where the numbers lie."""
    xy = [shapely.get_coordinates(shapely.get_point(roads.geometry.array, end)) for end in (0, -1)]
    ends = pd.DataFrame(np.concatenate(xy).round(2))
    number = ends.groupby([0, 1], sort=False).ngroup().to_numpy()
    return number.reshape(2, -1).T, ends[~pd.Series(number).duplicated()].to_numpy()


def joined(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add ways over land, as rows at the end: from each network that stands apart, the shortest to the largest one."""
    ends, xy = numbered(roads)
    graph = coo_array((np.ones(len(ends)), ends.T), shape=(len(xy), len(xy)))
    _, label = connected_components(graph, directed=False)
    largest = np.bincount(label).argmax()
    main = np.flatnonzero(label == largest)
    metres, nearest = cKDTree(xy[main]).query(xy)
    apart = pd.DataFrame({"label": label, "metres": metres})
    apart = apart[apart["label"] != largest]
    at = apart.groupby("label")["metres"].idxmin().to_numpy(int)
    minutes = metres[at] / 1000 / WALK_KPH * 60
    links = {"road_class": "walk", "oneway": "no", "paved": False, "length_m": metres[at]}
    links |= {f"minutes_{season}": minutes for season in SEASONS} | {f"kph_{season}": WALK_KPH for season in SEASONS}
    lines = shapely.linestrings(np.stack([xy[at], xy[main[nearest[at]]]], axis=1))
    return pd.concat([roads, gpd.GeoDataFrame(links, geometry=lines, crs=roads.crs)], ignore_index=True)


def road_net(roads: gpd.GeoDataFrame) -> Net:
    """Make the graph, of the quickest of parallel ways."""
    a, b = numbered(roads)[0].T
    both = np.flatnonzero(roads["oneway"] != "yes")
    ways = pd.DataFrame({
        "tail": np.r_[b, a[both]], "head": np.r_[a, b[both]], "row": np.r_[np.arange(len(roads)), both],
        "along": np.r_[np.ones(len(roads), bool), np.zeros(len(both), bool)],
    })  # fmt: skip
    quick_first = np.argsort(roads["minutes_summer"].to_numpy()[ways["row"]], kind="stable")
    ways = ways.iloc[quick_first].drop_duplicates(["tail", "head"]).sort_index(ignore_index=True)
    graph = nx.DiGraph()
    lists = (ways[name].tolist() for name in ("tail", "head", "row"))
    graph.add_edges_from((tail, head, {"row": row}) for tail, head, row in zip(*lists, strict=True))
    n = int(max(a.max(), b.max())) + 1
    return Net(graph, np.column_stack([a, b]), ways, pd.Index(ways["tail"] * n + ways["head"]), n)


def search(net: Net, minutes: np.ndarray, nodes: np.ndarray, into: np.ndarray) -> Tree:
    """Search once from all centres: `minutes` are of the roads, `into` those from distinct nodes to their centres."""
    of_row = [*minutes.tolist(), *into.tolist()]
    net.graph.add_edges_from((HUB, node, {"row": len(minutes) + i}) for i, node in enumerate(nodes.tolist()))
    before, found = nx.dijkstra_predecessor_and_distance(net.graph, HUB, weight=lambda _, __, way: of_row[way["row"]])
    net.graph.remove_node(HUB)
    del found[HUB], before[HUB]
    node = np.fromiter(found, np.int64, len(found))
    took = np.full(net.nodes, np.inf)
    took[node] = np.fromiter(found.values(), float, len(found))
    last = np.fromiter((before[one][0] for one in found), np.int64, len(found))
    onward, way = np.arange(net.nodes), np.full(net.nodes, -1)
    node, last = node[last != HUB], last[last != HUB]
    onward[node], way[node] = last, net.edge_of.get_indexer(last * net.nodes + node)
    return Tree(took, onward, way)


def summed(tree: Tree, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum the values of the ways from each node to its centre, and return that centre's node, by doubling the steps."""
    total, jump = np.where((tree.way >= 0).reshape(-1, *[1] * (values.ndim - 1)), values[tree.way], 0.0), tree.onward
    while (jump != jump[jump]).any():
        total, jump = total + total[jump], jump[jump]
    return total, jump


def enter(settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, net: Net, land_min: np.ndarray) -> Entry:
    """Snap to the nearest road; who is far from it goes over land, no quicker than round the water."""
    proper = roads.loc[roads["road_class"] != "walk", ["geometry"]]
    near = settlements[["geometry"]].sjoin_nearest(proper, distance_col="metres")
    near = near[~near.index.duplicated()]
    road = roads.loc[near["index_right"]]
    along = road.geometry.project(settlements.geometry, align=False).to_numpy() / road["length_m"].to_numpy()
    against = np.where(road["oneway"] == "yes", np.inf, 0.0)
    share, into = np.column_stack([along + against, 1 - along]), np.column_stack([along, 1 - along + against])
    metres = near["metres"].to_numpy()
    local, straight = metres / 1000 / ACCESS_KPH * 60, metres / 1000 / WALK_KPH * 60
    around = np.where(np.isfinite(land_min), np.maximum(land_min, straight), straight)
    return Entry(near, net.ends[near["index_right"]], share, into, np.where(metres < NEAR_M, local, around))


@dataclass(frozen=True)
class Journey:
    """Of all settlements to one tier in one season."""

    minutes: np.ndarray
    km: np.ndarray
    centre: np.ndarray  # position of the settlement that is the centre, -1 for none
    node: np.ndarray  # where the journey enters the roads, -1 where it goes straight over land
    on_road: np.ndarray  # share of the entry's road
    into: np.ndarray  # share of the centre's road
    tree: Tree


def journey(
    settlements: gpd.GeoDataFrame, net: Net, entry: Entry, minutes: np.ndarray, length_m: np.ndarray,
    centre: np.ndarray, faster: tuple[float, float] = (1.0, 1.0),
) -> Journey:  # fmt: skip
    """By road from the better end of the entry's road, or straight over land where that is quicker."""
    road, metres = entry.near["index_right"].to_numpy(), entry.near["metres"].to_numpy()
    near, walk = faster
    access = entry.access_min / np.where(metres < NEAR_M, near, walk)
    at = np.flatnonzero(centre)
    doors = pd.DataFrame({
        "node": entry.nodes[at].ravel(), "centre": np.repeat(at, 2), "share": entry.into[at].ravel(),
        "minutes": (entry.into[at] * minutes[road[at], None] + access[at, None]).ravel(),
    })  # fmt: skip
    doors = doors.sort_values("minutes", kind="stable").drop_duplicates("node").set_index("node")
    tree = search(net, minutes, doors.index.to_numpy(), doors["minutes"].to_numpy())
    by_end = tree.minutes[entry.nodes] + entry.share * minutes[road][:, None]
    end = np.argmin(by_end, axis=1)
    pick = np.arange(len(end)), end
    node, on_road = entry.nodes[pick], entry.share[pick]
    total_km, root = summed(tree, length_m[net.ways["row"]] / 1000)
    took = by_end[pick] + access
    door = doors.reindex(root[node])
    to, into = door["centre"].fillna(-1).to_numpy(int), door["share"].fillna(0.0).to_numpy()
    by_roads = total_km[node] + (on_road * length_m[road] + into * length_m[road[to]]) / 1000
    km = by_roads + (metres + metres[to]) / 1000
    there = settlements.geometry.iloc[at].sindex.nearest(settlements.geometry, return_all=False, return_distance=True)
    straight_km = there[1] / 1000
    straight = straight_km / (WALK_KPH * walk) * 60
    over_land = straight < took
    took, km = np.where(over_land, straight, took), np.where(over_land, straight_km, km)
    to, node = np.where(over_land, at[there[0][1]], to), np.where(over_land, -1, node)
    here = np.arange(len(centre))
    took, km, to = np.where(centre, 0.0, took), np.where(centre, 0.0, km), np.where(centre, here, to)
    return Journey(took, np.where(np.isfinite(took), km, np.inf), to, node, on_road, into, tree)


def speed_tables(classes: list[str]) -> Iterator[pd.Series]:
    """Draw factors of speed by class of road, half common to all, in pairs of opposites."""
    rng = np.random.default_rng(5)
    for _ in range(SPEED_TABLES // 2):
        u = rng.uniform(-1, 1, len(classes) + 1)
        factor = pd.Series(SPEED_FACTOR ** ((u[0] + u[1:]) / 2), classes)
        yield factor
        yield 1 / factor


def at_other_speeds(
    settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, net: Net, entry: Entry, centres: dict[str, np.ndarray]
) -> Iterator[tuple[dict[str, dict[str, np.ndarray]], np.ndarray]]:
    """Search again for each other table of speeds: kilometres by season and tier, and minutes to the road."""
    length_m = roads["length_m"].to_numpy()
    minutes = {season: roads[f"minutes_{season}"].to_numpy() for season in SEASONS}
    for factor in speed_tables(sorted({*roads["road_class"], "near", "walk"})):
        by, faster = roads["road_class"].map(factor).to_numpy(), (factor["near"], factor["walk"])
        km = {
            season: {
                tier: journey(settlements, net, entry, minutes[season] / by, length_m, who, faster).km
                for tier, who in centres.items()
            }
            for season in SEASONS
        }  # fmt: skip
        yield km, entry.access_min / np.where(entry.near["metres"] < NEAR_M, *faster)


def parts_of(tier: str, ids: pd.Index, roads: gpd.GeoDataFrame, net: Net, entry: Entry, one: Journey) -> pd.DataFrame:
    """Split journeys of the summer by class of road, paved or not, the way to the road included; what paving saves."""
    minutes, km = roads["minutes_summer"].to_numpy(), roads["length_m"].to_numpy() / 1000
    code, kinds = pd.factorize(roads["road_class"] + np.where(roads["paved"], " paved", " unpaved"), sort=True)
    k, every = len(kinds), np.arange(len(roads))
    values = np.zeros((len(roads), 2 * k + 1))
    values[every, code], values[every, k + code] = minutes, km
    values[:, -1] = np.where(roads["paved"], 0.0, np.maximum(minutes - km / PAVED_KPH * 60, 0.0))
    total, _ = summed(one.tree, values[net.ways["row"]])
    who = np.flatnonzero((one.node >= 0) & np.isfinite(one.minutes) & (one.minutes > 0))
    road, to = entry.near["index_right"].to_numpy(), one.centre[who]
    found = total[one.node[who]] + one.on_road[who, None] * values[road[who]] + one.into[who, None] * values[road[to]]
    own_km = entry.near["metres"].to_numpy() / 1000
    access_km, access_min = own_km[who] + own_km[to], entry.access_min[who] + entry.access_min[to]
    columns = pd.MultiIndex.from_product([["minutes", "km"], kinds])
    table = pd.DataFrame(found[:, :-1], ids[who], columns)
    table["minutes", "access"], table["km", "access"] = access_min, access_km
    long = table.stack(future_stack=True).rename_axis(["settlement_id", "kind"]).reset_index()
    walked = np.flatnonzero((one.node < 0) & (one.minutes > 0))
    straight = {"settlement_id": ids[walked], "kind": "over land", "km": one.km[walked], "minutes": one.minutes[walked]}
    long = pd.concat([long[long["minutes"] > 0], pd.DataFrame(straight)], ignore_index=True)
    saved = pd.Series(0.0, ids, name="paved_saves_min")
    saved.iloc[who] = found[:, -1] + np.maximum(entry.access_min[who] - own_km[who] / PAVED_KPH * 60, 0.0)
    saved.iloc[walked] = np.maximum(one.minutes[walked] - one.km[walked] / PAVED_KPH * 60, 0.0)
    return long.join(saved, on="settlement_id").assign(tier=tier)


def route_table(ids: pd.Index, tier: str, one: Journey, parts: pd.DataFrame) -> pd.DataFrame:
    """A row for each settlement: its centre, minutes, kilometres, slowest leg, what paving saves, and all legs."""
    long = parts[parts["minutes"] >= 0.05 * parts.groupby("settlement_id")["minutes"].transform("sum")]
    long = long.assign(kph=long["km"] / long["minutes"] * 60).sort_values(["kph", "minutes"], ascending=[True, False])
    slowest = long.drop_duplicates("settlement_id").set_index("settlement_id").reindex(ids)
    ordered = parts.sort_values("minutes", ascending=False).round({"km": 2, "minutes": 1})
    records = pd.Series(ordered[["kind", "km", "minutes"]].to_dict("records"), ordered["settlement_id"])
    legs = records.groupby(level=0).agg(lambda rows: json.dumps(list(rows)))
    return pd.DataFrame({
        "settlement_id": ids, "tier": tier, "centre_id": np.where(one.centre >= 0, ids[one.centre], ""),
        "minutes": one.minutes, "km": one.km, "slowest": slowest["kind"].to_numpy(),
        "slowest_km": slowest["km"].to_numpy(), "slowest_min": slowest["minutes"].to_numpy(),
        "slowest_kph": slowest["kph"].to_numpy(), "parts": legs.reindex(ids, fill_value="[]").to_numpy(),
        "paved_saves_min": slowest["paved_saves_min"].fillna(0.0).to_numpy(),
    })  # fmt: skip


def route_lines(settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, net: Net, one: Journey) -> list:
    """Draw the way of each settlement, node by node; None at a centre and where none is reached."""
    shapes, row, along = roads.geometry.array, net.ways["row"].tolist(), net.ways["along"].tolist()
    onward, way = one.tree.onward.tolist(), one.tree.way.tolist()
    door = shapely.get_coordinates(settlements.geometry.array)
    lines = []
    for i, node in enumerate(one.node.tolist()):
        if one.minutes[i] == 0 or one.centre[i] < 0:
            lines.append(None)
            continue
        drawn = [door[[i]]]
        while node >= 0 and way[node] >= 0:
            xy = shapely.get_coordinates(shapes[row[way[node]]])
            drawn.append(xy if along[way[node]] else xy[::-1])
            node = onward[node]
        lines.append(shapely.LineString(np.concatenate([*drawn, door[[one.centre[i]]]])))
    return list(shapely.simplify(lines, SIMPLIFY_M))


def taken(net: Net, one: Journey) -> np.ndarray:
    """Return the roads that any settlement takes."""
    on, front = np.zeros(net.nodes, bool), np.unique(one.node[one.node >= 0])
    while len(front):
        on[front] = True
        front = np.unique(one.tree.onward[front])
        front = front[~on[front]]
    way = one.tree.way[on]
    return net.ways["row"].to_numpy()[way[way >= 0]]


def within(
    net: Net, entry: Entry, minutes: np.ndarray, ids: pd.Index, candidate: np.ndarray, limit: float
) -> pd.DataFrame:
    """Pairs of settlement and candidate within some minutes by road; a candidate reaches itself in 0."""
    of_row = minutes.tolist()
    every, of_road = np.arange(len(ids)), minutes[entry.near["index_right"]]
    end, start = np.argmin(entry.share, axis=1), np.argmin(entry.into, axis=1)
    own = entry.access_min + entry.share[every, end] * of_road
    into = entry.access_min + entry.into[every, start] * of_road
    of_node = pd.DataFrame({"node": entry.nodes[every, end], "own": own, "settlement": every})
    first = entry.nodes[every, start]
    at = np.flatnonzero(candidate)
    pairs = [pd.DataFrame({"from": at, "to": at, "minutes": 0.0})]
    for one in at.tolist():
        found = nx.single_source_dijkstra_path_length(
            net.graph, int(first[one]), cutoff=limit, weight=lambda _, __, way: of_row[way["row"]]
        )
        reached = of_node[of_node["node"].isin(found.keys())]
        took = reached["node"].map(found) + reached["own"] + into[one]
        pairs.append(pd.DataFrame({"from": reached["settlement"], "to": one, "minutes": took})[took <= limit])
    every = pd.concat(pairs).sort_values(["from", "minutes", "to"]).drop_duplicates(["from", "to"])
    ends = {"from_id": ids[every["from"]], "to_id": ids[every["to"]]}
    return pd.DataFrame(ends | {"minutes": every["minutes"].to_numpy()})
