"""Searches on graphs against networkx, a dumb loop and the laws that they must keep."""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.kernels.paths import (
    accumulate,
    contract_chains,
    csr_graph,
    k_nearest,
    nearest,
    route,
    travel_matrix,
)


@st.composite
def networks(draw):
    """Draw chains between a few junctions: two-way, one-way, broken, looped, parallel, of 0 minutes, and rings."""
    n_junctions = draw(st.integers(1, 6))
    edges, n = [], n_junctions
    for _ in range(draw(st.integers(0, 9))):
        a, b = draw(st.integers(0, n_junctions - 1)), draw(st.integers(0, n_junctions - 1))
        inner = draw(st.integers(0, 4))
        way = draw(st.sampled_from(["both", "both", "forth", "back", "broken"]))
        nodes = [a, *range(n, n + inner), b]
        n += inner
        for i, (u, v) in enumerate(itertools.pairwise(nodes)):
            minutes = draw(st.sampled_from([0.0, 0.1, 0.7, 1.3, 2.0, 5.5]))
            if way != "back" and not (way == "broken" and i == inner // 2):
                edges.append((u, v, minutes))
            if way != "forth":
                edges.append((v, u, minutes * draw(st.sampled_from([1.0, 1.5]))))
    for _ in range(draw(st.integers(0, 2))):
        size = draw(st.integers(1, 4))
        edges += [(n + i, n + (i + 1) % size, 0.3 + i) for i in range(size)]
        n += size
    return n, edges


def graph_of(n, edges):
    a, b, minutes = np.array(edges).reshape(-1, 3).T
    return csr_graph(n, a.astype(int), b.astype(int), minutes)


def oracle(n, edges):
    """Return the matrix of least minutes, by networkx."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    for a, b, minutes in edges:
        if not graph.has_edge(a, b) or graph[a][b]["weight"] > minutes:
            graph.add_edge(a, b, weight=minutes)
    matrix = np.full((n, n), np.inf)
    for a, lengths in nx.all_pairs_dijkstra_path_length(graph):
        matrix[a, list(lengths)] = list(lengths.values())
    return matrix


@given(networks(), st.data())
@settings(max_examples=150, deadline=None)
def test_all_searches_equal_networkx_with_and_without_chains(network, data):
    n, edges = network
    plain, exact = graph_of(n, edges), oracle(n, edges)
    sources = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=5))
    start = np.array(
        data.draw(st.lists(st.sampled_from([0.0, 0.4, 3.0]), min_size=len(sources), max_size=len(sources)))
    )
    by_source = exact[sources] + start[:, None]
    for graph in (plain, contract_chains(plain)):
        answer = nearest(graph, sources, start=start)
        np.testing.assert_allclose(answer.minutes, by_source.min(axis=0), rtol=1e-12)
        reached = np.flatnonzero(answer.source >= 0)
        assert set(reached) == set(np.flatnonzero(np.isfinite(by_source.min(axis=0))))
        np.testing.assert_allclose(by_source[answer.source[reached], reached], answer.minutes[reached], rtol=1e-12)
        _follow(plain, answer, sources, start, reached)
        k = data.draw(st.integers(1, 4))
        minutes, source = k_nearest(graph, sources, k, start=start)
        expected = np.sort(by_source, axis=0)[:k].T
        np.testing.assert_allclose(minutes[:, : expected.shape[1]], expected, rtol=1e-12)
        assert np.isinf(minutes[:, expected.shape[1] :]).all()
        for v in range(n):
            named = source[v][source[v] >= 0]
            assert len(set(named)) == len(named) == np.isfinite(minutes[v]).sum()
            np.testing.assert_allclose(by_source[named, v], minutes[v, : len(named)], rtol=1e-12)
        np.testing.assert_allclose(travel_matrix(graph, sources, np.arange(n)), exact[sources], rtol=1e-12)


def _follow(graph, answer, sources, start, reached):
    """Walk every route and add its edges up."""
    cost = {(a, b): m for a, b, m in zip(graph.from_node, graph.to, graph.minutes, strict=True)}
    total = accumulate(graph, answer, graph_values(graph))
    for v in reached:
        nodes = route(answer.predecessor, v)
        assert nodes[0] == v
        assert nodes[-1] == sources[answer.source[v]]
        hops = [cost[b, a] for a, b in itertools.pairwise(nodes)]
        np.testing.assert_allclose(sum(hops) + start[answer.source[v]], answer.minutes[v], rtol=1e-12)
        np.testing.assert_allclose(total[v], sum(hops), rtol=1e-12)
    assert np.isinf(total[answer.source < 0]).all()


def graph_values(graph):
    """Return the minutes in the order of the edges that the graph was made from."""
    values = np.full(graph.edge.max(initial=-1) + 1, np.nan)
    values[graph.edge] = graph.minutes
    return values
