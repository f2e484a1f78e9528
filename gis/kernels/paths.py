"""Shortest paths on a directed graph of minutes: the nearest centre, the k nearest, matrices and routes.

**Direction.** A search starts at its sources and follows edges forwards. Settlements travel *to* centres, so
the caller hands over the graph reversed: an edge that a vehicle drives from `a` to `b` is entered as
`csr_graph(n, from_node=b, to_node=a, ...)`. Then `minutes[v]` is the time of the journey from `v` to the
centre, and `predecessor[v]` is the next node on that journey.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int32]

_BUDGET = 200_000  # nodes between two returns to Python, so that Ctrl-C is heard


@dataclass(frozen=True)
class Graph:
    """Directed graph in compressed rows: the edges of node `v` are `offset[v]:offset[v + 1]`.

    Parameters
    ----------
    offset
        Shape `(n + 1,)`.
    to
        Shape `(m,)`, the node at the end of each edge, rising within a row.
    minutes
        Shape `(m,)`, 0 or more, finite.
    edge
        Shape `(m,)`, the position of the edge in the arrays that the graph was made from.
    """

    offset: NDArray[np.int64]
    to: Int
    minutes: Float
    edge: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Return the number of nodes."""
        return len(self.offset) - 1


@dataclass(frozen=True)
class Nearest:
    """Answer of `nearest`, one value per node.

    Parameters
    ----------
    minutes
        Least minutes from a source; 0 at a source, `inf` unreachable.
    source
        Position in `sources` of the source that serves the node; -1 none.
    predecessor
        The node before it on the way from the source; -1 at a source and where unreachable.
    """

    minutes: Float
    source: Int
    predecessor: Int


def csr_graph(n: int, from_node: ArrayLike, to_node: ArrayLike, minutes: ArrayLike) -> Graph:
    """Build a graph of `n` nodes from directed edges; of parallel edges the quickest is kept."""
    a, b = np.asarray(from_node, np.int64), np.asarray(to_node, np.int64)
    cost = np.asarray(minutes, np.float64)
    if not (a.ndim == 1 and a.shape == b.shape == cost.shape):
        raise ValueError(f"expected three arrays of one length, got {a.shape}, {b.shape} and {cost.shape}")
    if len(a) and not (min(a.min(), b.min()) >= 0 and max(a.max(), b.max()) < n):
        raise ValueError(f"nodes must be 0 to {n - 1}")
    if len(a) and not (np.isfinite(cost).all() and cost.min() >= 0):
        raise ValueError("minutes must be finite and 0 or more: leave closed edges out")
    order = np.lexsort((cost, b, a))
    a, b = a[order], b[order]
    first = np.ones(len(a), bool)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    order, a, b = order[first], a[first], b[first]
    offset = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(a, minlength=n), out=offset[1:])
    return Graph(offset, b.astype(np.int32), cost[order], order)


def nearest(graph: Graph, sources: ArrayLike, *, start: ArrayLike | None = None) -> Nearest:
    """Find for every node the source that is nearest by time, in one search."""
    places = _nodes(sources, graph.n, "sources")
    begin = np.zeros(len(places)) if start is None else np.asarray(start, np.float64)
    if begin.shape != places.shape or not (begin >= 0).all():
        raise ValueError("start must hold minutes of 0 or more, one for each source")
    minutes = np.full(graph.n, np.inf)
    source = np.full(graph.n, -1, np.int32)
    predecessor = np.full(graph.n, -1, np.int32)
    for i in np.lexsort((np.arange(len(places)), begin))[::-1]:
        if begin[i] < np.inf:
            minutes[places[i]], source[places[i]] = begin[i], i
    _search(graph.offset, graph.to, graph.minutes, minutes, source, predecessor)
    return Nearest(minutes, source, predecessor)


def _nodes(nodes: ArrayLike, n: int, name: str) -> NDArray[np.int64]:
    places = np.asarray(nodes, np.int64)
    if places.ndim != 1 or (len(places) and not (places.min() >= 0 and places.max() < n)):
        raise ValueError(f"{name} must be a list of nodes from 0 to {n - 1}")
    return places


def k_nearest(graph: Graph, sources: ArrayLike, k: int) -> tuple[Float, Int]:
    """Return minutes and positions in `sources` of the `k` nearest sources of every node, shape `(n, k)`."""
    places = _nodes(sources, graph.n, "sources")
    every = travel_matrix(graph, places, np.arange(graph.n)).T
    order = np.argsort(every, axis=1, kind="stable")[:, :k]
    minutes = np.full((graph.n, k), np.inf)
    source = np.full((graph.n, k), -1, np.int32)
    minutes[:, : order.shape[1]] = np.take_along_axis(every, order, axis=1)
    source[:, : order.shape[1]] = order
    source[~np.isfinite(minutes)] = -1
    return minutes, source


def travel_matrix(graph: Graph, origins: ArrayLike, destinations: ArrayLike) -> Float:
    """Return the minutes from each origin to each destination, shape `(origins, destinations)`."""
    starts, ends = _nodes(origins, graph.n, "origins"), _nodes(destinations, graph.n, "destinations")
    rows = [nearest(graph, [o]).minutes[ends] for o in starts]
    return np.array(rows).reshape(len(starts), len(ends))


def accumulate(predecessor: ArrayLike, value: ArrayLike) -> Float:
    """Sum a value of edges along the way from the source to each node, for example kilometres.

    Parameters
    ----------
    predecessor
        From `nearest`, shape `(n,)`; -1 at a source and where unreachable.
    value
        Of the edge by which each node is reached, 0 where there is none, shape `(n,)`.

    Returns
    -------
    array of shape `(n,)`

    Notes
    -----
    Each round doubles the length of way that a node has summed, so the rounds are the logarithm of the longest way.

    Examples
    --------
    >>> accumulate([-1, 0, 1, -1], [0.0, 2.0, 3.0, 0.0]).tolist()
    [0.0, 2.0, 5.0, 0.0]
    """
    total, before = np.array(value, np.float64), np.array(predecessor, np.int64)
    going = np.flatnonzero(before >= 0)
    while len(going):
        ahead = before[going]
        # Both right-hand sides are read before either array changes.
        total[going], before[going] = total[going] + total[ahead], before[ahead]
        going = going[before[going] >= 0]
    return total


def route(predecessor: ArrayLike, node: int) -> NDArray[np.int64]:
    """Return the nodes from `node` to the source that serves it, both included."""
    before = np.asarray(predecessor)
    nodes = [node]
    while before[nodes[-1]] >= 0:
        nodes.append(int(before[nodes[-1]]))
    return np.array(nodes, np.int64)


@njit(cache=True, nogil=True)
def _push(heap_key, heap_node, size, key, node):  # type: ignore[no-untyped-def]
    at = size
    while at > 0:
        above = (at - 1) >> 2
        if heap_key[above] <= key:
            break
        heap_key[at], heap_node[at] = heap_key[above], heap_node[above]
        at = above
    heap_key[at], heap_node[at] = key, node


@njit(cache=True, nogil=True)
def _search(offset, to, cost, minutes, source, predecessor):  # type: ignore[no-untyped-def]
    n = len(minutes)
    room = n + len(to) + 1
    heap_key, heap_node = np.empty(room), np.empty(room, np.int32)
    size = 0
    for v in range(n):
        if minutes[v] < np.inf:
            _push(heap_key, heap_node, size, minutes[v], v)
            size += 1
    while size:
        here, v = heap_key[0], heap_node[0]
        size -= 1
        last_key, last_node = heap_key[size], heap_node[size]
        at = 0
        while True:
            child = 4 * at + 1
            if child >= size:
                break
            least = child
            for c in range(child + 1, min(child + 4, size)):
                if heap_key[c] < heap_key[least]:
                    least = c
            if heap_key[least] >= last_key:
                break
            heap_key[at], heap_node[at] = heap_key[least], heap_node[least]
            at = least
        heap_key[at], heap_node[at] = last_key, last_node
        if here > minutes[v]:
            continue
        for e in range(offset[v], offset[v + 1]):
            u, through = to[e], here + cost[e]
            if through < minutes[u]:
                minutes[u], source[u], predecessor[u] = through, source[v], v
                _push(heap_key, heap_node, size, through, u)
                size += 1
