"""The same graph with other minutes: its rows are sorted once, however often its edges become quicker or slower."""

import numpy as np
from numpy.typing import NDArray

from gis.kernels._graph import Float, Graph, Long

Parallel = tuple[Long, Long]
"""Edges that a graph left out beside a quicker one, and their place: that of the edge that it kept."""


def parallel_edges(graph: Graph, from_node: NDArray[np.integer], to_node: NDArray[np.integer]) -> Parallel:
    """Find the edges that `csr_graph` left out, because another between the same nodes is quicker.

    Parameters
    ----------
    graph
        From `csr_graph`.
    from_node, to_node
        What it was made from.

    Examples
    --------
    >>> from gis.kernels._graph import csr_graph
    >>> ends = np.array([0, 0, 0]), np.array([2, 1, 1])
    >>> edge, place = parallel_edges(csr_graph(3, *ends, [1.0, 5.0, 4.0]), *ends)
    >>> edge.tolist(), place.tolist()
    ([1], [0])
    """
    left_out = np.ones(len(from_node), bool)
    left_out[graph.edge] = False
    edge = np.flatnonzero(left_out)
    pair = graph.from_node.astype(np.int64) * graph.n + graph.to  # rising: rows are, and so is each
    return edge, np.searchsorted(pair, from_node[edge].astype(np.int64) * graph.n + to_node[edge])


def reweighed(graph: Graph, minutes: Float, parallel: Parallel) -> Graph:
    """Return what `csr_graph` makes of the same edges with other minutes.

    Parameters
    ----------
    graph
        From `csr_graph`.
    minutes
        Of all edges that it was made from, shape `(m,)`, 0 or more and finite.
    parallel
        From `parallel_edges`.

    Examples
    --------
    >>> from gis.kernels._graph import csr_graph
    >>> ends = np.array([0, 0, 0]), np.array([2, 1, 1])
    >>> graph = csr_graph(3, *ends, [1.0, 5.0, 4.0])
    >>> other = reweighed(graph, np.array([1.0, 2.0, 3.0]), parallel_edges(graph, *ends))
    >>> graph.edge.tolist(), other.edge.tolist(), other.minutes.tolist()
    ([2, 0], [1, 0], [2.0, 1.0])
    """
    edge, (spare, place) = graph.edge, parallel
    if len(spare):
        contested = np.unique(place)
        rival, where = np.concatenate([spare, edge[contested]]), np.concatenate([place, contested])
        order = np.lexsort([rival, minutes[rival], where])  # of equal ones the first
        best = order[np.unique(where[order], return_index=True)[1]]
        edge = edge.copy()
        edge[where[best]] = rival[best]
    return Graph(graph.offset, graph.to, minutes[edge], edge)
