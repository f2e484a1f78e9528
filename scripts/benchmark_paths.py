"""Searches on a road graph beside other engines."""

from typing import Any

import benchmark_data as data
import numpy as np
from benchmark_tools import Peer, compare, installed, relative

from gis.kernels.paths import contract_chains, csr_graph, k_nearest, nearest, travel_matrix


def network(edges: int) -> tuple[Any, Any, Any, np.ndarray]:
    """Return our graph, the contracted one, scipy's matrix and 300 centres."""
    from scipy.sparse import csr_array

    roads = data.road_network(edges)
    graph = csr_graph(roads.n, roads.from_node, roads.to_node, roads.minutes)
    matrix = csr_array((graph.minutes, graph.to, graph.offset), shape=(graph.n, graph.n))
    return graph, contract_chains(graph), matrix, np.random.default_rng(1).choice(graph.n, 300, replace=False)


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
            np.stack([np.append(graph.from_node, np.full(300, n)), np.append(graph.to, centres)], 1),
            directed=True,
        )
        weights = np.append(graph.minutes, np.zeros(300)).tolist()
        peers.append(Peer("igraph distances", lambda: np.array(net.distances(n, weights=weights)[0][:n])))
    compare(f"nearest of 300 centres, {graph.n} nodes", peers, relative, runs, graph.n)

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
