"""The journeys from some nodes as one tree: each edge once, however many journeys and values run along it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis.kernels._graph import Float, Graph, Int, Long
from gis.kernels._jit import kernel
from gis.kernels.paths import Nearest


@dataclass(frozen=True)
class JourneyTree:
    """What journeys run along, from the sources outwards.

    Parameters
    ----------
    node
        Of the graph, shape `(t,)`.
    parent
        The place in the tree of the node before each one, always a lower one; -1 at a source. Shape `(t,)`.
    edge
        The place in the rows of the graph of the edge between the two, shape `(t,)`; -1 at a source.
    at
        The place in the tree of each node whose journey was asked for, shape `(k,)`.
    """

    node: Int
    parent: Int
    edge: Long
    at: Long

    def totals(self, value: Float) -> Float:
        """Add up what each edge of the tree holds, from the source to each of its nodes; both of shape `(t,)`."""
        return np.asarray(_add_up(self.parent, np.ascontiguousarray(value, np.float64)))

    def sums(self, value: Float) -> Float:
        """Add up what each edge of the tree holds, shape `(t,)`, along each journey from its source: shape `(k,)`."""
        return self.totals(value)[self.at]


def journey_tree(graph: Graph, answer: Nearest, nodes: NDArray[np.integer]) -> JourneyTree:
    """Gather the journeys from some nodes to the sources that serve them.

    Parameters
    ----------
    graph
        The one of the search.
    answer
        From `gis.kernels.paths.nearest`.
    nodes
        That are reached, shape `(k,)`.

    Examples
    --------
    >>> from gis.kernels.paths import csr_graph, nearest
    >>> graph = csr_graph(4, [0, 1, 1], [1, 2, 3], [5.0, 2.0, 1.0])
    >>> tree = journey_tree(graph, nearest(graph, [0]), np.array([2, 0]))
    >>> tree.parent.tolist(), tree.edge.tolist(), tree.sums(np.array([0.0, 1.5, 0.5])).tolist()
    ([-1, 0, 1], [-1, 0, 1], [2.0, 0.0])
    """
    asked = np.ascontiguousarray(nodes, np.int64)
    return JourneyTree(*_grow(graph.offset, graph.to, answer.predecessor, asked))


@kernel
def _grow(offset, to, predecessor, nodes):  # type: ignore[no-untyped-def]
    n, count = len(predecessor), 0
    place, stack = np.full(n, -1, np.int32), np.empty(n, np.int32)
    node, parent, edge, at = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int64), np.empty_like(nodes)
    for k in range(len(nodes)):
        depth, here = 0, nodes[k]
        while here >= 0 and place[here] < 0:
            stack[depth] = here
            depth += 1
            here = predecessor[here]
        for i in range(depth - 1, -1, -1):
            v = stack[i]
            place[v], node[count], parent[count], edge[count] = count, v, -1, -1
            if here >= 0:
                parent[count] = place[here]
                for e in range(offset[here], offset[here + 1]):
                    if to[e] == v:
                        edge[count] = e
            here = v
            count += 1
        at[k] = place[nodes[k]]
    return node[:count].copy(), parent[:count].copy(), edge[:count].copy(), at


@kernel
def _add_up(parent, value):  # type: ignore[no-untyped-def]
    total = np.zeros(len(parent))
    for i in range(len(parent)):
        if parent[i] >= 0:
            total[i] = total[parent[i]] + value[i]
    return total
