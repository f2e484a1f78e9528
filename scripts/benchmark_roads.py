"""Road lines into a noded, contracted graph, and settlements to the nearest road, beside other ways to do it."""

from collections import Counter
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from benchmark_tools import Peer, compare, grown, installed, note, peak_bytes, relative
from national_roads import network as national_network

from gis.fields import FROM_ID, LENGTH_M, TO_ID
from gis.kernels.paths import Contracted, contract_chains, csr_graph
from gis.space.geodesy import densified, local_crs
from gis.space.network import Network, node_at_vertices
from gis.space.snapping import snap

# The peers take a minute or so for a million lines, and longer for a line the more there are: they get a part.
PEER_SHARE = 0.2


def road_lines(edges: int) -> gpd.GeoDataFrame:
    """Return about `edges` lines of five vertices each, most of them links of chains between junctions."""
    xy = shapely.get_coordinates(national_network(edges, 0).geometry.to_numpy()).reshape(-1, 3, 2)
    a, middle, b = xy[:, 0], xy[:, 1], xy[:, 2]
    five = np.stack([a, (0.4 * a + 0.6 * middle).round(7), middle, (0.6 * middle + 0.4 * b).round(7), b], axis=1)
    return gpd.GeoDataFrame(geometry=shapely.linestrings(five), crs="EPSG:4326")


def noding(runs: int, edges: int) -> None:
    """Compare the graphs of junctions: nodes, edges, metres.

    Ours and the loop keep the pieces of a chain as they are, in order; momepy merges them into one line. The peers'
    lines are in a plane, as they need them: the way there is not counted. Ours adds geodesic lengths and components.
    """
    roads, part = road_lines(edges), road_lines(round(edges * PEER_SHARE))
    flat = part.to_crs(local_crs(tuple(part.total_bounds)))
    expected = summary_of_ours(noded_and_contracted(part), flat.crs)
    peers = [
        Peer("this project", lambda: noded_and_contracted(roads)),
        Peer("networkx loop", lambda: summary(networkx_loop(flat.geometry), "length"), 1e-9, PEER_SHARE, expected),
    ]
    if installed("momepy"):
        import momepy

        def by_momepy() -> np.ndarray:
            return summary(momepy.gdf_to_nx(momepy.remove_false_nodes(flat)), "mm_len")

        peers.append(Peer("momepy", by_momepy, 1e-9, PEER_SHARE, expected))

    def agree(ours: Any, theirs: Any) -> float:
        return 0.0 if ours is theirs else relative(ours, theirs)

    compare(f"road lines into a noded, contracted graph, {len(roads)} lines", peers, agree, runs, len(roads))
    grown(lambda: noded_and_contracted(part), len(part), runs)
    note(f"{peak_bytes(peers[0].call) / len(roads):.0f} bytes a line")


def noded_and_contracted(roads: gpd.GeoDataFrame) -> tuple[Network, Contracted]:
    """Make our graph: every way in both directions, as the peers have it."""
    made = node_at_vertices(roads)
    a, b, metres = (made.edges[column].to_numpy() for column in (FROM_ID, TO_ID, LENGTH_M))
    ways = np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([metres, metres])
    return made, contract_chains(csr_graph(len(made.nodes), *ways))


def summary_of_ours(made: tuple[Network, Contracted], plane: Any) -> np.ndarray:
    """Return nodes, edges and metres in the plane."""
    network, contracted = made
    edges = len(contracted.ends) + np.count_nonzero(contracted.along < 0) // 2
    return np.array([contracted.core.n, edges, network.edges.to_crs(plane).length.sum()])


def summary(graph: Any, length: str) -> np.ndarray:
    """Return nodes, edges and metres of a networkx graph."""
    metres = sum(data[length] for *_, data in graph.edges(data=True))
    return np.array([graph.number_of_nodes(), graph.number_of_edges(), metres])


def networkx_loop(lines: gpd.GeoSeries) -> Any:
    """Node and contract in the way of osmnx: a loop over lines, a graph of vertices shared, a walk along each chain.

    The vertices come from one vectorised call, and chains keep a list of their pieces instead of a merged line.
    """
    import networkx as nx

    xy, line = shapely.get_coordinates(lines.to_numpy(), return_index=True)
    cut = np.flatnonzero(np.diff(line)) + 1
    ways = [list(map(tuple, part)) for part in np.split(xy, cut)]
    uses: Counter[tuple[float, float]] = Counter(vertex for way in ways for vertex in way)
    graph = nx.MultiGraph()
    for way in ways:
        start = 0
        for at in range(1, len(way)):
            if at == len(way) - 1 or uses[way[at]] > 1:
                piece = way[start : at + 1]
                graph.add_edge(way[start], way[at], geometry=shapely.LineString(piece))
                start = at
    metres = shapely.length([data["geometry"] for _, _, data in graph.edges(data=True)])
    for (_, _, data), length in zip(graph.edges(data=True), metres, strict=True):
        data["length"] = length
    return contracted_by_walking(graph)


def contracted_by_walking(graph: Any) -> Any:
    """Walk from every junction along its edges to the next junction."""
    import networkx as nx

    out = nx.MultiGraph()
    junctions = {node for node, degree in graph.degree if degree != 2}
    for ring in nx.connected_components(graph):
        if junctions.isdisjoint(ring):
            junctions.add(next(iter(ring)))
    done = set()
    for junction in junctions:
        out.add_node(junction)
        for _, there, key in graph.edges(junction, keys=True):
            pieces, metres = [], 0.0
            before, here, by = junction, there, key
            while True:
                data = graph.edges[before, here, by]
                if id(data) in done:
                    break
                done.add(id(data))
                pieces.append(data["geometry"])
                metres += data["length"]
                if here in junctions:
                    out.add_edge(junction, here, length=metres, pieces=pieces)
                    break
                ways = list(graph.edges(here, keys=True))
                _, after, way = ways[1] if graph.edges[here, ways[0][1], ways[0][2]] is data else ways[0]
                before, here, by = here, after, way
    return out


def snapping(runs: int, edges: int) -> None:
    """Compare the metres from 12 000 settlements to the nearest road, in the plane of ours.

    The peer is given degrees as ours is, and projects: what is nearest in degrees is not the nearest. Its lines have
    vertices enough to keep their course there. Of ties it returns a row each, and the first is taken; ours takes the
    road whose point lies further west, then south, then the faster.
    """
    made = node_at_vertices(national_network(edges, 0).drop(columns="road_id"))
    minutes = made.edges[LENGTH_M] / 1000.0
    network = Network(made.nodes, made.edges.assign(forward_min=minutes, backward_min=minutes))
    count = min(12_000, edges)
    rng = np.random.default_rng(3)
    west, south, east, north = network.edges.total_bounds
    places = gpd.GeoSeries.from_xy(rng.uniform(west, east, count), rng.uniform(south, north, count), crs="EPSG:4326")
    bounds = np.vstack([network.edges.total_bounds, places.total_bounds])
    plane = local_crs((*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0)))
    lines = gpd.GeoDataFrame(geometry=densified(network.edges.geometry.to_numpy()), crs="EPSG:4326")
    ties = 0

    def by_geopandas() -> np.ndarray:
        nonlocal ties
        flat = gpd.GeoDataFrame(geometry=places).to_crs(plane)
        found = gpd.sjoin_nearest(flat, lines.to_crs(plane), distance_col="metres")
        ties = len(found) - count
        return found.groupby(level=0)["metres"].first().to_numpy()

    def in_plane(ways: Any) -> np.ndarray:
        if isinstance(ways, np.ndarray):
            return ways
        entry = gpd.GeoSeries.from_xy(ways["longitude"], ways["latitude"], crs="EPSG:4326").to_crs(plane)
        return entry.distance(places.to_crs(plane), align=False).to_numpy()

    peers = [
        Peer("this project", lambda: snap(places, network, near_m=0.0)),
        Peer("geopandas sjoin_nearest", by_geopandas),
    ]

    def agree(ours: Any, theirs: Any) -> float:
        a, b = in_plane(ours), in_plane(theirs)
        return float(np.abs(a - b).max() / np.median(a))

    compare(f"{count} settlements to the nearest of {len(network.edges)} edges", peers, agree, runs, count)
    note(f"ties: sjoin_nearest adds {ties} rows, ours none")
