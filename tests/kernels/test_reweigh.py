"""The same graph with other minutes, held against the graph that is sorted anew."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gis.kernels._graph import csr_graph
from gis.kernels.reweigh import parallel_edges, reweighed

_NODES = 5
_EDGE = st.tuples(
    st.integers(0, _NODES - 1), st.integers(0, _NODES - 1), st.integers(0, 3), st.integers(0, 3)
)  # few nodes and few minutes: many parallel edges, many ties


@given(st.lists(_EDGE, max_size=40))
def test_the_graph_is_the_one_that_is_made_anew(edges: list[tuple[int, int, int, int]]) -> None:
    tail, head, before, after = np.array(edges, np.int64).reshape(-1, 4).T
    graph = csr_graph(_NODES, tail, head, before)
    made = reweighed(graph, after.astype(float), parallel_edges(graph, tail, head))
    anew = csr_graph(_NODES, tail, head, after)
    for name in ("offset", "to", "minutes", "edge"):
        np.testing.assert_array_equal(getattr(made, name), getattr(anew, name), err_msg=name)


def test_the_graph_itself_is_not_changed() -> None:
    tail, head = np.array([0, 0]), np.array([1, 1])
    graph = csr_graph(2, tail, head, [2.0, 1.0])
    reweighed(graph, np.array([1.0, 2.0]), parallel_edges(graph, tail, head))
    assert graph.edge.tolist() == [1]
