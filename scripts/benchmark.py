"""Measure this project beside the peers that are installed: `python scripts/benchmark.py [SECTION ...] [--runs N]`.

Runs alternate, answers are compared, and each line holds the median, the ratio to the fastest peer and the spread.
"""

import argparse
import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import benchmark_data as data
import numpy as np

from gis.kernels.cost_distance import cost_distance
from gis.kernels.paths import contract_chains, csr_graph, k_nearest, nearest, travel_matrix

CELL_M = 1000.0


@dataclass(frozen=True)
class Peer:
    """One way to do the work: its name, and a call that returns the answer."""

    name: str
    call: Callable[[], Any]


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def peak_bytes(call: Callable[[], Any]) -> float:
    """Return the most memory that a call held at once beyond what was held before; NaN where it cannot be told."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not reset.exists():
        return float("nan")

    def kilobytes(field: str) -> int:
        line = next(line for line in status.read_text().splitlines() if line.startswith(field))
        return int(line.split()[1])

    reset.write_text("5")
    before = kilobytes("VmRSS")
    answer = call()
    peak = kilobytes("VmHWM")
    del answer
    return (peak - before) * 1024.0


def compare(title: str, peers: list[Peer], agree: Callable[[Any, Any], float], runs: int, units: int) -> None:
    """Run all peers in turn, `runs` times, and print a line for each; the first is ours."""
    wall: dict[str, list[float]] = {peer.name: [] for peer in peers}
    core: dict[str, list[float]] = {peer.name: [] for peer in peers}
    answers = {peer.name: peer.call() for peer in peers}  # also compiles
    for _ in range(runs):
        for peer in peers:
            begin, begin_core = time.perf_counter(), time.process_time()
            peer.call()
            wall[peer.name].append(time.perf_counter() - begin)
            core[peer.name].append(time.process_time() - begin_core)
    median = {name: statistics.median(t) for name, t in wall.items()}
    ours = peers[0].name
    print(f"\n{title}")
    print(
        f"  {'':28} {'median s':>9} {'least':>8} {'most':>8} {'core s':>8} {'ns/unit':>8} {'x ours':>7}"
        "  largest difference"
    )
    for name, t in wall.items():
        print(
            f"  {name:28} {median[name]:9.4f} {min(t):8.4f} {max(t):8.4f} {statistics.median(core[name]):8.4f} "
            f"{median[name] / units * 1e9:8.1f} {median[name] / median[ours]:7.2f}  "
            f"{agree(answers[ours], answers[name]):.1e}"
        )
    if len(peers) > 1:
        print(f"  ratio to the fastest peer: {min(median[p.name] for p in peers[1:]) / median[ours]:.2f}")


def relative(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest relative difference where both are finite and above 0."""
    both = np.isfinite(a) & np.isfinite(b) & (a > 0)
    return float(np.max(np.abs(a[both] - b[both]) / a[both], initial=0.0))


def surface_peers(friction: np.ndarray, start: np.ndarray, *, slow: bool) -> list[Peer]:
    """List the engines for a cost surface; the peers let corners leak, so ours does here too."""

    def ours() -> np.ndarray:
        return cost_distance(friction, start, dx=CELL_M, dy=CELL_M, diagonal_gaps=True).minutes

    peers = [Peer("this project", ours)]
    if installed("xrspatial"):
        import xarray
        from xrspatial import cost_distance as xrspatial_cost_distance

        coords = {"y": np.arange(len(friction))[::-1] * CELL_M, "x": np.arange(friction.shape[1]) * CELL_M}
        cost = xarray.DataArray(friction, dims=["y", "x"], coords=coords)
        source = xarray.DataArray((start == 0).astype(float), dims=["y", "x"], coords=coords)
        peers.append(Peer("xarray-spatial (float32)", lambda: xrspatial_cost_distance(source, cost).data))
    if slow and installed("skimage"):
        from skimage.graph import MCP_Geometric

        barred = np.where(np.isnan(friction), -1.0, friction * CELL_M)
        places = np.argwhere(start == 0)
        peers.append(Peer("scikit-image MCP_Geometric", lambda: MCP_Geometric(barred).find_costs(places)[0]))
    return peers


def surface(title: str, friction: np.ndarray, count: int, runs: int) -> None:
    start = data.starts(friction, count)
    peers = surface_peers(friction, start, slow=friction.size < 2e7)
    compare(f"{title}, {friction.shape[0]} x {friction.shape[1]}", peers, relative, runs, friction.size)
    bytes_a_cell = peak_bytes(peers[0].call) / friction.size
    print(f"  memory beyond the input: {bytes_a_cell:.1f} bytes a cell, of which 12 are minutes and sources")


def cost_distance_1m(runs: int) -> None:
    surface("cost distance, fractal", data.fractal_friction(1000, 1001), 100, runs)


def cost_distance_9m(runs: int) -> None:
    surface("cost distance, fractal", data.fractal_friction(3000, 3001), 100, runs)


def cost_distance_36m(runs: int) -> None:
    surface("cost distance, fractal", data.fractal_friction(6000, 6001), 100, runs)


def maze(runs: int) -> None:
    surface("cost distance, serpentine maze", data.serpentine(1001, 1000), 1, runs)
    surface("cost distance, serpentine maze", data.serpentine(3001, 3000), 1, runs)


def noise(runs: int) -> None:
    surface("cost distance, white noise", data.white_noise(1000, 1001), 100, runs)
    surface("cost distance, white noise", data.white_noise(3000, 3001), 100, runs)


def network(edges: int = 1_300_000) -> tuple[Any, Any, Any, np.ndarray]:
    """Return our graph, the contracted one, scipy's matrix and 300 centres."""
    from scipy.sparse import csr_array

    roads = data.road_network(edges)
    graph = csr_graph(roads.n, roads.from_node, roads.to_node, roads.minutes)
    matrix = csr_array((graph.minutes, graph.to, graph.offset), shape=(graph.n, graph.n))
    return graph, contract_chains(graph), matrix, np.random.default_rng(1).choice(graph.n, 300, replace=False)


def nearest_centre(runs: int) -> None:
    from scipy.sparse.csgraph import dijkstra

    graph, contracted, matrix, centres = network()
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
    compare(f"nearest of 300, {graph.n} nodes, {len(graph.to)} directed edges", peers, relative, runs, graph.n)

    def prepared() -> list[np.ndarray]:
        made = contract_chains(graph)
        return [nearest(made, tier).minutes for tier in tiers]

    def by_scipy() -> list[np.ndarray]:
        return [dijkstra(matrix, indices=tier, min_only=True) for tier in tiers]

    peers = [Peer("this project, contracting", prepared), Peer("scipy dijkstra(min_only)", by_scipy)]
    compare("the same for 5 tiers, with preparation", peers, lambda a, b: max(map(relative, a, b)), runs, 5 * graph.n)


def k_nearest_and_matrix(runs: int) -> None:
    """Compare with scipy run from each centre: from 10 of the 300, and counted thirtyfold."""
    from scipy.sparse.csgraph import dijkstra

    graph, contracted, matrix, centres = network()
    settlements = np.random.default_rng(2).choice(graph.n, 7500, replace=False)
    begin = time.perf_counter()
    sample = dijkstra(matrix, indices=centres[:10])[:, settlements]
    scipy_s = (time.perf_counter() - begin) * 30
    work: list[tuple[str, Callable[[], Any]]] = [
        ("five nearest of 300", lambda: k_nearest(contracted, centres, 5)),
        ("matrix 300 x 7 500", lambda: travel_matrix(contracted, centres, settlements)),
    ]
    for title, call in work:
        answer, times = call(), []
        for _ in range(runs):
            begin = time.perf_counter()
            call()
            times.append(time.perf_counter() - begin)
        median = statistics.median(times)
        print(f"\n{title}, {graph.n} nodes: {median:.3f} s ({min(times):.3f} to {max(times):.3f})")
        print(f"  scipy from each centre: {scipy_s:.1f} s, reckoned from 10; ratio {scipy_s / median:.1f}")
        if isinstance(answer, np.ndarray):
            print(f"  largest difference of the sample: {relative(answer[:10], sample):.1e}")


SECTIONS: dict[str, Callable[[int], None]] = {
    "cost-distance-1m": cost_distance_1m,
    "cost-distance-9m": cost_distance_9m,
    "cost-distance-36m": cost_distance_36m,
    "maze": maze,
    "noise": noise,
    "nearest": nearest_centre,
    "k-nearest": k_nearest_and_matrix,
}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sections", nargs="*", help=f"any of {', '.join(SECTIONS)}; all if none is named")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each engine (5)")
    options = parser.parse_args(argv)
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"unknown section {', '.join(sorted(unknown))}; choose from {', '.join(SECTIONS)}")
    warnings.simplefilter("ignore")  # those of the peers
    for name in options.sections or SECTIONS:
        SECTIONS[name](options.runs)


if __name__ == "__main__":
    main()
