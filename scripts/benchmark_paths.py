"""Searches on a road graph beside other engines."""

from typing import Any

import benchmark_data as data
import numpy as np
from benchmark_tools import Peer, compare, grown, installed, relative

from gis.kernels.paths import contract_chains, csr_graph, k_nearest, nearest, travel_matrix

# Parts of the work that peers get which are too slow for all of it.
NETWORKX_SHARE, PANDANA_SHARE = 0.1, 0.02


def network(edges: int) -> tuple[Any, Any, Any, np.ndarray]:
    """Return our graph, the contracted one, scipy's matrix and 300 centres."""
    from scipy.sparse import csr_array

    roads = data.road_network(edges)
    graph = csr_graph(roads.n, roads.from_node, roads.to_node, roads.minutes)
    matrix = csr_array((graph.minutes, graph.to, graph.offset), shape=(graph.n, graph.n))
    centres = np.random.default_rng(1).choice(graph.n, min(300, graph.n // 3), replace=False)
    return graph, contract_chains(graph), matrix, centres


def nearest_centre(runs: int, edges: int) -> None:
    from scipy.sparse.csgraph import dijkstra

    graph, contracted, matrix, centres = network(edges)
    tiers = [centres[first::5] for first in range(5)]
    peers = [
        Peer("this project", lambda: nearest(contracted, centres).minutes),
        Peer("scipy dijkstra(min_only)", lambda: dijkstra(matrix, indices=centres, min_only=True)),
    ]
    if installed("igraph"):
        import igraph

        n = graph.n  # one more node leads to every centre at no cost
        net = igraph.Graph(
            n + 1,
            np.stack([np.append(graph.from_node, np.full(len(centres), n)), np.append(graph.to, centres)], 1),
            directed=True,
        )
        weights = np.append(graph.minutes, np.zeros(len(centres))).tolist()
        peers.append(Peer("igraph distances", lambda: np.array(net.distances(n, weights=weights)[0][:n])))
    peers += slow_peers(edges)

    def agree(ours: Any, theirs: Any) -> float:
        return 0.0 if ours is theirs else relative(ours, theirs)

    compare(f"nearest of 300 centres, {graph.n} nodes", peers, agree, runs, graph.n)

    tenth, tenth_contracted, _, tenth_centres = network(edges // 10)
    grown(lambda: nearest(tenth_contracted, tenth_centres), tenth.n, runs)

    def prepared() -> list[np.ndarray]:
        made = contract_chains(graph)
        return [nearest(made, tier).minutes for tier in tiers]

    def by_scipy() -> list[np.ndarray]:
        return [dijkstra(matrix, indices=tier, min_only=True) for tier in tiers]

    peers = [Peer("this project, contracting", prepared), Peer("scipy dijkstra(min_only)", by_scipy)]
    compare(
        f"nearest for 5 tiers with preparation, {graph.n} nodes",
        peers,
        lambda a, b: max(map(relative, a, b)),
        runs,
        5 * graph.n,
    )


def slow_peers(edges: int) -> list[Peer]:
    """List those that get a part of the work; their graphs are built before the clock starts, as all are."""
    peers = []
    if installed("networkx"):
        import networkx as nx

        graph, contracted, _, centres = network(round(edges * NETWORKX_SHARE))
        net = nx.DiGraph()
        net.add_nodes_from(range(graph.n))
        net.add_weighted_edges_from(
            zip(graph.from_node.tolist(), graph.to.tolist(), graph.minutes.tolist(), strict=True)
        )

        def by_networkx() -> np.ndarray:
            minutes = nx.multi_source_dijkstra_path_length(net, set(centres.tolist()))
            return np.array([minutes.get(node, np.inf) for node in range(graph.n)])

        peers.append(Peer("networkx", by_networkx, 1e-6, NETWORKX_SHARE, nearest(contracted, centres).minutes))
    if installed("pandana"):
        import pandana
        import pandas as pd

        part, core, _, places = network(round(edges * PANDANA_SHARE))
        # It goes from each node to the nearest place: so against the direction of ours. Numbers stand for coordinates.
        x = pd.Series(np.arange(part.n, dtype=float))
        ways = pd.Series(part.to), pd.Series(part.from_node), pd.DataFrame({"minutes": part.minutes})
        roads = pandana.Network(x, x * 0, *ways, twoway=False)
        far = 1e6

        def by_pandana() -> np.ndarray:
            roads.set_pois("centre", far, 1, x.iloc[places], x.iloc[places] * 0)
            minutes = roads.nearest_pois(far, "centre", num_pois=1).iloc[:, 0].to_numpy()
            return np.where(minutes >= far, np.inf, minutes)

        # Its minutes are cut to thousandths on every edge.
        peers.append(Peer("pandana", by_pandana, 0.05, PANDANA_SHARE, nearest(core, places).minutes))
    return peers


def k_nearest_and_matrix(runs: int, edges: int) -> None:
    """Compare with scipy run from each centre: from 10 of the 300, and its time counted thirtyfold."""
    from scipy.sparse.csgraph import dijkstra

    graph, contracted, matrix, centres = network(edges)
    few = centres[:10]
    share = len(few) / len(centres)
    settlements = np.random.default_rng(2).choice(graph.n, min(7500, graph.n), replace=False)

    def agree(ours: Any, theirs: Any) -> float:
        return 0.0 if ours is theirs else relative(ours, theirs)

    def by_scipy_nearest() -> np.ndarray:
        return np.sort(dijkstra(matrix, indices=few), axis=0)[:5].T

    peers = [
        Peer("this project", lambda: k_nearest(contracted, centres, 5)[0]),
        Peer("scipy from each centre", by_scipy_nearest, 1e-6, share, k_nearest(contracted, few, 5)[0]),
    ]
    compare(f"five nearest of 300, {graph.n} nodes", peers, agree, runs, graph.n)
    expected = travel_matrix(contracted, few, settlements)
    peers = [
        Peer("this project", lambda: travel_matrix(contracted, centres, settlements)),
        Peer("scipy from each centre", lambda: dijkstra(matrix, indices=few)[:, settlements], 1e-6, share, expected),
    ]
    compare(f"matrix 300 x {len(settlements)}, {graph.n} nodes", peers, agree, runs, 300 * len(settlements))
