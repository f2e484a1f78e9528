"""Searches on graphs against networkx, a dumb loop and the laws that they must keep."""

import itertools
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.kernels import _jit
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
    some = np.arange(graph.n)[::-3]
    assert accumulate(graph, answer, graph_values(graph), some).tolist() == total[some].tolist()
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


def test_a_generated_country_equals_scipy():
    dijkstra = pytest.importorskip("scipy.sparse.csgraph").dijkstra
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(4)
    side, inner = 12, 6  # a lattice whose roads are chains, some of them one-way or missing
    number = np.arange(side * side).reshape(side, side)
    roads = [
        *zip(number[:, :-1].flat, number[:, 1:].flat, strict=True),
        *zip(number[:-1].flat, number[1:].flat, strict=True),
    ]
    edges, n = [], side * side
    for a, b in roads:
        if (kind := rng.random()) < 0.15:
            continue
        nodes = [a, *range(n, n + inner), b]
        n += inner
        for u, v in itertools.pairwise(nodes):
            minutes = rng.uniform(0.1, 3)
            edges.append((u, v, minutes))
            if kind > 0.3:
                edges.append((v, u, minutes))
    plain = graph_of(n, edges)
    contracted = contract_chains(plain)
    assert contracted.core.n < n / 4
    matrix = sparse.csr_array((plain.minutes, plain.to, plain.offset), shape=(n, n))
    sources = rng.choice(n, 15, replace=False)
    exact = dijkstra(matrix, indices=sources)
    for graph in (plain, contracted):
        np.testing.assert_allclose(nearest(graph, sources).minutes, exact.min(axis=0), rtol=1e-12)
        np.testing.assert_allclose(travel_matrix(graph, sources, np.arange(n)), exact, rtol=1e-12)
        np.testing.assert_allclose(k_nearest(graph, sources, 4)[0], np.sort(exact, axis=0)[:4].T, rtol=1e-12)


DJIBOUTI = Path(__file__).parents[2] / ".." / "shared" / "data" / "osm" / "djibouti_road_edges.parquet"


@pytest.mark.skipif(not DJIBOUTI.exists(), reason="the network of Djibouti is not beside this checkout")
def test_djibouti_equals_networkx():
    edges = pd.read_parquet(DJIBOUTI, columns=["from_id", "to_id", "length_m", "max_speed_kmh"])
    names = pd.Index(np.unique(edges[["from_id", "to_id"]]))
    a, b = names.get_indexer(edges["from_id"]), names.get_indexer(edges["to_id"])
    minutes = (edges["length_m"] / 1000 / edges["max_speed_kmh"] * 60).to_numpy()
    two_way = np.concatenate([a, b]), np.concatenate([b, a]), np.tile(minutes, 2)
    graph = contract_chains(csr_graph(len(names), *two_way))
    assert graph.core.n < graph.n
    net = nx.Graph()
    for u, v, m in zip(a, b, minutes, strict=True):
        if not net.has_edge(u, v) or net[u][v]["weight"] > m:
            net.add_edge(u, v, weight=m)
    centres = [3, 200, 411]
    expected = np.full(len(names), np.inf)
    lengths = nx.multi_source_dijkstra_path_length(net, set(centres))
    expected[list(lengths)] = list(lengths.values())
    answer = nearest(graph, centres)
    np.testing.assert_allclose(answer.minutes, expected, atol=1e-6)
    km = accumulate(graph, answer, np.tile(edges["length_m"] / 1000, 2))
    reached = np.isfinite(expected)
    assert (km[reached] * 60 / edges["max_speed_kmh"].max() <= answer.minutes[reached] + 1e-9).all()


@given(networks(), st.data())
@settings(max_examples=40, deadline=None)
def test_laws(network, data):
    """Doubling minutes doubles the answer, a new source or road never adds minutes, order does not matter."""
    n, edges = network
    if not edges:
        return
    sources = [data.draw(st.integers(0, n - 1))]
    graph = contract_chains(graph_of(n, edges))
    minutes = nearest(graph, sources).minutes
    double = contract_chains(graph_of(n, [(a, b, 2 * m) for a, b, m in edges]))
    np.testing.assert_array_equal(nearest(double, sources).minutes, 2 * minutes)
    more = nearest(graph, [*sources, data.draw(st.integers(0, n - 1))]).minutes
    slack = 1 - 1e-12
    assert (more * slack <= minutes).all()
    road = (data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1)), 0.2)
    built = nearest(contract_chains(graph_of(n, [*edges, road])), sources).minutes
    assert (built * slack <= minutes).all()
    shuffled = graph_of(n, data.draw(st.permutations(edges)))
    np.testing.assert_allclose(nearest(contract_chains(shuffled), sources).minutes, minutes, rtol=1e-12)


def test_a_street_of_no_minutes_and_an_empty_graph():
    street = csr_graph(4, [0, 1, 2], [1, 2, 3], [0.0, 0.0, 0.0])
    for graph in (street, contract_chains(street)):
        assert nearest(graph, [1]).minutes.tolist() == [np.inf, 0, 0, 0]
        assert nearest(graph, []).source.tolist() == [-1] * 4
        assert travel_matrix(graph, [0], []).shape == (1, 0)
    empty = csr_graph(2, [], [], [])
    for graph in (empty, contract_chains(empty)):
        assert nearest(graph, [1], start=[7.5]).minutes.tolist() == [np.inf, 7.5]
        assert k_nearest(graph, [1], 2)[1].tolist() == [[-1, -1], [0, -1]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: csr_graph(2, [0], [2], [1.0]), "nodes must be from 0 to 1"),
        (lambda: csr_graph(2, [-1], [1], [1.0]), "nodes must be from 0 to 1"),
        (lambda: csr_graph(2, [0], [1], [np.inf]), "leave closed edges out"),
        (lambda: csr_graph(2, [0], [1], [np.nan]), "leave closed edges out"),
        (lambda: csr_graph(2, [0], [1], [-1.0]), "leave closed edges out"),
        (lambda: csr_graph(2, [0], [1, 1], [1.0]), "three arrays of one length"),
        (lambda: nearest(csr_graph(2, [0], [1], [1.0]), [2]), "sources must be a list of nodes"),
        (lambda: nearest(csr_graph(2, [0], [1], [1.0]), [0], start=[-1.0]), "start must hold minutes"),
        (lambda: k_nearest(csr_graph(2, [0], [1], [1.0]), [0], 0), "k must be 1 or more"),
        (
            lambda: accumulate(csr_graph(2, [0], [1], [1.0]), nearest(csr_graph(2, [0], [1], [1.0]), [0]), []),
            "edge_value",
        ),
    ],
)
def test_refuses_what_it_cannot_use(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_kernels_compile_where_no_cache_can_be_written(monkeypatch):
    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(_jit, "njit", njit)
    assert _jit.kernel(abs)(-3) == 3
