"""Who is within some minutes of each of many places: searches that end at a limit, and cost what they touch."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gis.kernels._graph import Float, Graph, Long
from gis.kernels._jit import kernel
from gis.kernels.threads import on_all_cores

_PART = 256  # places to a job


def within(
    graph: Graph, place: Long, node: Long, start: Float, limit: float, wanted: NDArray[np.bool_]
) -> tuple[Long, Long, Float]:
    """Find the nodes that lie within some minutes of each of many places, along the edges of a graph.

    Parameters
    ----------
    graph
        Reversed, where journeys run to the places: see `gis.kernels.paths`.
    place, node, start
        Where searches begin: the place, the node, the minutes already spent (0 or more, finite); shape `(k,)`, places
        from 0 up in rising order. A place may begin at several nodes.
    limit
        Minutes up to and including.
    wanted
        Which nodes are asked about, shape `(n,)`.

    Returns
    -------
    place, node, minutes
        One row for each pair, by place, then the nearest first.

    References
    ----------
    Dijkstra, E. W. (1959), A note on two problems in connexion with graphs, Numerische Mathematik 1.

    Examples
    --------
    >>> from gis.kernels.paths import csr_graph
    >>> graph = csr_graph(4, [0, 1, 3], [1, 2, 2], [5.0, 5.0, 1.0])
    >>> wanted = np.array([True, True, True, False])
    >>> found = within(graph, np.array([0, 1]), np.array([0, 3]), np.array([0.0, 2.0]), 5.0, wanted)
    >>> [values.tolist() for values in found]
    [[0, 0, 1], [0, 1, 2], [0.0, 5.0, 3.0]]
    """
    first = np.searchsorted(place, np.arange(0, int(place.max(initial=-1)) + 1 + _PART, _PART))
    rows = graph.offset, graph.to, graph.minutes
    found = on_all_cores(
        lambda a, b, stop: _search(*rows, place[a:b], node[a:b], start[a:b], limit, wanted, stop), pairwise(first)
    )
    none = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    who, where, minutes = (np.concatenate(part) for part in zip(none, *found, strict=True))
    return who, where, minutes


@kernel
def _push(keys, nodes, count, key, node):  # type: ignore[no-untyped-def]
    """Put a node into a heap, the smallest key at its top; return the heap, which may have grown, and its size."""
    if count == len(keys):
        keys, nodes = np.append(keys, np.empty_like(keys)), np.append(nodes, np.empty_like(nodes))
    i = count
    while i > 0 and keys[(i - 1) // 2] > key:
        keys[i], nodes[i] = keys[(i - 1) // 2], nodes[(i - 1) // 2]
        i = (i - 1) // 2
    keys[i], nodes[i] = key, node
    return keys, nodes, count + 1


@kernel
def _drop_top(keys, nodes, count):  # type: ignore[no-untyped-def]
    """Take the top off a heap; return its size."""
    count -= 1
    key, node, i = keys[count], nodes[count], 0
    while 2 * i + 1 < count:
        child = 2 * i + 1
        if child + 1 < count and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[i], nodes[i] = keys[child], nodes[child]
        i = child
    keys[i], nodes[i] = key, node
    return count


@kernel
def _search(offset, to, cost, place, node, start, limit, wanted, stop):  # type: ignore[no-untyped-def]
    """Search from each place in turn; what a search touched is cleaned up after it."""
    minutes = np.full(len(offset) - 1, np.inf)
    keys, nodes, count = np.empty(1024), np.empty(1024, np.int64), 0
    who, where, least = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024)
    touched = np.empty(1024, np.int64)
    found = begin = 0
    while begin < len(place) and not stop[0]:
        end, done = begin, 0
        while end < len(place) and place[end] == place[begin]:
            v = node[end]
            if start[end] <= limit and start[end] < minutes[v]:
                minutes[v] = start[end]
                keys, nodes, count = _push(keys, nodes, count, start[end], v)
            end += 1
        while count > 0:
            now, v = keys[0], nodes[0]
            count = _drop_top(keys, nodes, count)
            if now > minutes[v]:
                continue  # better was found meanwhile
            if done == len(touched):
                touched = np.append(touched, np.empty_like(touched))
            touched[done] = v
            done += 1
            if wanted[v]:
                if found == len(who):
                    who, where = np.append(who, np.empty_like(who)), np.append(where, np.empty_like(where))
                    least = np.append(least, np.empty_like(least))
                who[found], where[found], least[found] = place[begin], v, now
                found += 1
            for e in range(offset[v], offset[v + 1]):
                then, w = now + cost[e], to[e]
                if then <= limit and then < minutes[w]:
                    minutes[w] = then
                    keys, nodes, count = _push(keys, nodes, count, then, w)
        minutes[touched[:done]] = np.inf
        begin = end
    return who[:found], where[:found], least[:found]
