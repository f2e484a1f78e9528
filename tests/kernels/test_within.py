"""Searches that end at a limit, held against scipy's from each place alone."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from gis.kernels.paths import csr_graph
from gis.kernels.within import within


@pytest.mark.parametrize("seed", range(8))
def test_pairs_are_those_of_scipy(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.kernels.within._PART", 1 + seed % 3)
    rng = np.random.default_rng(seed)
    n, places = 60, 7
    tail, head, cost = rng.integers(0, n, 150), rng.integers(0, n, 150), rng.integers(1, 30, 150) / 4
    graph = csr_graph(n, tail, head, cost)
    place = np.sort(rng.integers(0, places, 12))  # several begin at several nodes, some at none
    node, start, wanted = rng.integers(0, n, 12), rng.integers(0, 20, 12) / 4, rng.uniform(size=n) < 0.6
    limit = 12.5  # quarters of minutes: some lie at the limit itself
    far = dijkstra(coo_array((graph.minutes, (graph.from_node, graph.to)), shape=(n, n)).tocsr(), indices=node)
    expected = {}
    for k in range(12):
        for v in np.flatnonzero(wanted):
            minutes = start[k] + far[k, v]
            if minutes <= limit:
                pair = int(place[k]), int(v)
                expected[pair] = min(minutes, expected.get(pair, np.inf))
    found = within(graph, place, node, start, limit, wanted)
    assert dict(zip(zip(found[0].tolist(), found[1].tolist(), strict=True), found[2], strict=True)) == expected
    assert len(found[0]) == len(expected)
    order = np.lexsort([found[2], found[0]])
    np.testing.assert_array_equal(found[2], found[2][order])


def test_many_nodes_outgrow_what_was_laid_ready() -> None:
    n = 5000
    at = np.arange(n)
    star = csr_graph(n + 1, np.full(n, n), at, np.linspace(1, 2, n)[::-1])
    found = within(star, np.array([0]), np.array([n]), np.array([0.5]), 9.0, np.ones(n + 1, bool))
    assert len(found[1]) == n + 1
    np.testing.assert_array_equal(found[1][1:], at[::-1])


def test_no_place_finds_nothing() -> None:
    none = np.empty(0, np.int64)
    found = within(csr_graph(2, [0], [1], [1.0]), none, none, np.empty(0), 9.0, np.ones(2, bool))
    assert [len(part) for part in found] == [0, 0, 0]
