"""Sums along journeys, held against a walk from node to node."""

from itertools import pairwise

import numpy as np
import pytest

from gis.kernels.journey_tree import journey_tree
from gis.kernels.paths import csr_graph, nearest, route


@pytest.mark.parametrize("seed", range(8))
def test_sums_are_those_of_a_walk(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 40, 90
    tail, head, minutes = rng.integers(0, n, m), rng.integers(0, n, m), rng.integers(0, 5, m).astype(float)
    graph = csr_graph(n, tail, head, minutes)
    found = nearest(graph, rng.choice(n, 3, replace=False))
    asked = rng.permutation(np.repeat(np.flatnonzero(np.isfinite(found.minutes)), 2))
    tree = journey_tree(graph, found, asked)
    value = rng.uniform(0, 9, m)
    on_way = np.where(tree.edge >= 0, value[graph.edge[tree.edge]], 0.0)
    expected, nodes = [], set()
    for node in asked.tolist():
        way = route(found.predecessor, node)[::-1]
        nodes |= set(way.tolist())
        total = 0.0
        for a, b in pairwise(way.tolist()):
            here = [e for e in range(graph.offset[a], graph.offset[a + 1]) if graph.to[e] == b]
            total += value[graph.edge[here[0]]]
        expected.append(total)
    assert tree.sums(on_way).tolist() == expected
    assert len(tree.parent) == len(nodes)  # each once
    assert (tree.parent < np.arange(len(tree.parent))).all()


def test_nothing_asked_is_an_empty_tree() -> None:
    graph = csr_graph(2, [0], [1], [1.0])
    tree = journey_tree(graph, nearest(graph, [0]), np.empty(0, np.int64))
    assert tree.sums(np.empty(0)).tolist() == []
