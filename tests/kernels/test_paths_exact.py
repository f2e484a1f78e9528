"""Searches on graphs of whole minutes, where every sum and every tie is exact, against a dumb loop; and Ctrl-C."""

import itertools
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gis.kernels import paths, threads
from gis.kernels.paths import accumulate, contract_chains, csr_graph, k_nearest, nearest, route, travel_matrix


@st.composite
def streets(draw):
    """Draw one-way links between few nodes, bends and dead ends among them: parallel, looped, of 0 minutes, apart."""
    n = draw(st.integers(1, 14))
    node = st.integers(0, n - 1)
    minutes = draw(st.sampled_from([st.sampled_from([0, 1, 2]), st.integers(0, 9), st.sampled_from([1, 10**6])]))
    edges = draw(st.lists(st.tuples(node, node, minutes), max_size=16))
    walk = draw(st.lists(node, max_size=12))  # a road through many nodes, so that there are chains
    edges += [(a, b, draw(minutes)) for a, b in itertools.pairwise(walk)]
    edges += [(b, a, m) for a, b, m in edges if draw(st.booleans())]
    return n, edges


def dumb(n, edges):
    """Return the matrix of least minutes: go over all edges until nothing gets better."""
    least = np.where(np.eye(n) > 0, 0.0, np.inf)
    for _ in range(n):
        for a, b, minutes in edges:
            least[:, b] = np.minimum(least[:, b], least[:, a] + minutes)
    return least


RING = (6, [(i, (i + 1) % 6, 1) for i in range(6)] + [((i + 1) % 6, i, 1) for i in range(6)])


@given(streets(), st.data())
@example(RING, None)
@settings(max_examples=300, deadline=None)
def test_whole_minutes_equal_a_dumb_loop_to_the_last_tie(drawn, data):
    n, edges = drawn
    if data is None:
        sources, start, k = [0, 2, 4], np.array([1.0, 1.0, 1.0]), 3
    else:
        sources = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=6))
        begin = st.lists(st.sampled_from([0.0, 1.0, 7.0, np.inf]), min_size=len(sources), max_size=len(sources))
        start, k = np.array(data.draw(begin)), data.draw(st.integers(1, 5))
    exact = dumb(n, edges)
    by_source = exact[sources] + start[:, None]
    a, b, minutes = np.array(edges, float).reshape(-1, 3).T
    plain = csr_graph(n, a.astype(int), b.astype(int), minutes)
    for graph in (plain, contract_chains(plain)):
        answer = nearest(graph, sources, start=start)
        np.testing.assert_array_equal(answer.minutes, by_source.min(axis=0))
        reached = np.isfinite(answer.minutes)
        assert (answer.source[~reached] == -1).all()
        assert (answer.predecessor[~reached] == -1).all()
        np.testing.assert_array_equal(by_source[answer.source[reached], reached], answer.minutes[reached])
        spent = accumulate(graph, answer, minutes)
        np.testing.assert_array_equal(spent[reached] + start[answer.source[reached]], answer.minutes[reached])
        for v in np.flatnonzero(reached):
            assert route(answer.predecessor, v)[-1] == sources[answer.source[v]]
        np.testing.assert_array_equal(travel_matrix(graph, sources, np.arange(n)), exact[sources])
        order = np.argsort(by_source, axis=0, kind="stable")[:k]
        ranked = np.take_along_axis(by_source, order, axis=0)
        found_minutes, found = k_nearest(graph, sources, k, start=start)
        np.testing.assert_array_equal(found_minutes[:, : len(order)], ranked.T)
        np.testing.assert_array_equal(found[:, : len(order)], np.where(np.isfinite(ranked), order, -1).T)
        assert (found[:, len(order) :] == -1).all()


def lattice(side, rng):
    """Return a graph of streets two ways in which some are closed, and the links of it."""
    number = np.arange(side * side).reshape(side, side)
    a = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    b = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    a, b = np.concatenate([a, b]), np.concatenate([b, a])
    kept = rng.random(len(a)) < 0.7
    return a[kept], b[kept]


@pytest.mark.parametrize("spread", [0.0, 3.0, 12.0])
def test_minutes_of_any_spread_equal_scipy(spread):
    """Edges from nanoseconds to years: far more than the ring of buckets holds at once."""
    dijkstra = pytest.importorskip("scipy.sparse.csgraph").dijkstra
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(8)
    side = 40
    a, b = lattice(side, rng)
    plain = csr_graph(side * side, a, b, np.exp(rng.normal(0, 1, len(a)) * spread))
    sources = rng.choice(side * side, 9, replace=False)
    start = np.exp(rng.normal(0, 1, 9) * spread)
    matrix = sparse.csr_array((plain.minutes, plain.to, plain.offset), shape=(plain.n, plain.n))
    exact = dijkstra(matrix, indices=sources)
    late = exact + start[:, None]
    for graph in (plain, contract_chains(plain)):
        np.testing.assert_allclose(nearest(graph, sources, start=start).minutes, late.min(axis=0), rtol=1e-11)
        four = k_nearest(graph, sources, 4, start=start)[0]
        np.testing.assert_allclose(four, np.sort(late, axis=0)[:4].T, rtol=1e-11)
        np.testing.assert_allclose(travel_matrix(graph, sources, np.arange(plain.n)), exact, rtol=1e-11)


def test_the_answer_is_the_same_on_any_number_of_cores(monkeypatch):
    rng = np.random.default_rng(3)
    a, b = lattice(25, rng)
    graph = contract_chains(csr_graph(625, a, b, rng.integers(0, 3, len(a))))
    sources = rng.choice(625, 20)  # some of them twice, and many ties
    answers = []
    for cores in (1, 2, 7):
        monkeypatch.setattr(threads, "cores", lambda cores=cores: cores)
        monkeypatch.setattr(paths, "cores", lambda cores=cores: cores)
        answer = nearest(graph, sources)
        matrix = travel_matrix(graph, sources, np.arange(625))
        answers.append([answer.minutes, answer.source, answer.predecessor, *k_nearest(graph, sources, 3), matrix])
    for other in answers[1:]:
        for one, two in zip(answers[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


WORK = {  # each takes minutes on a graph of 1 M edges, were it let
    "k_nearest": "k_nearest(graph, rng.choice(n, 3000), 300)",
    "travel_matrix": "travel_matrix(graph, rng.choice(n, 20_000), [0])",
}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("work", WORK)
def test_ctrl_c_is_heard_in_the_midst_of_a_search(work):
    code = f"""
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background may hand down a deaf one
import numpy as np
from gis.kernels.paths import csr_graph, k_nearest, travel_matrix
rng, n = np.random.default_rng(0), 250_000
a, graph = np.arange(n), csr_graph(3, [0, 1], [1, 2], [1.0, 1.0])
k_nearest(graph, [0], 2), travel_matrix(graph, [0], [1])  # compiled
steps = [(a, (a + step) % n) for step in (1, -1, 500, -500)]
graph = csr_graph(n, *np.concatenate(steps, axis=1), rng.uniform(1, 9, 4 * n))
print("ready", flush=True)
try:
    {WORK[work]}
except KeyboardInterrupt:
    print("heard", flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            time.sleep(1.0)
            child.send_signal(signal.SIGINT)
            assert child.communicate(timeout=60)[0] == "heard\n"
        finally:
            child.kill()
    assert child.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no timer that interrupts")
def test_ctrl_c_leaves_no_job_waiting_that_the_main_thread_has_locked():
    code = """
import signal, time
from gis.kernels.threads import on_all_cores
begun = time.monotonic()
def interrupt(number, frame):  # where locks are taken; else at last
    while frame is not None:
        inside = frame.f_code.co_name == "__enter__" and frame.f_code.co_filename.endswith("_base.py")
        if inside or time.monotonic() - begun > 1:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt
        frame = frame.f_back
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
try:
    on_all_cores(lambda job, stop: time.sleep(0.001), [(job,) for job in range(30_000)])
except KeyboardInterrupt:
    print("heard", flush=True)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout == "heard\n", run.stderr
