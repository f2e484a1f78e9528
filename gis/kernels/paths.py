"""Shortest paths on a directed graph of minutes: the nearest centre, the k nearest, matrices and routes.

**Direction.** A search starts at its sources and follows edges forwards. Settlements travel *to* centres, so the caller
hands over the graph reversed: an edge that a vehicle drives from `a` to `b` is entered as
`csr_graph(n, from_node=b, to_node=a, ...)`. Then `minutes[v]` is the time of the journey from `v` to the centre, and
`predecessor[v]` is the next node on that journey.

**Speed.** Most nodes of a road network are bends between two others. `contract_chains` finds those chains once; every
search then runs on the rest, and fills the chains in after. All functions take either kind of graph, and their
answers differ by rounding at most. Turns cost nothing and none is forbidden.

**Memory.** A graph holds 20 bytes an edge and 8 a node; a contracted one beside it 32 a core edge and at most 32 a
node. Beside its answer (16 bytes a node, `12 k` of k nearest, 8 a pair of a matrix) a search holds some 50 bytes a core
node, one of k labels `13 k + 16` and 4 a node; a matrix holds the 50 once for each core of the machine.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels import _chains, _labels
from gis.kernels._graph import Contracted, Float, Graph, Int, Long, contract_chains, csr_graph
from gis.kernels.least import least_of_groups
from gis.kernels.threads import cores, on_all_cores

__all__ = [
    "Contracted",
    "Graph",
    "Nearest",
    "accumulate",
    "accumulate_all",
    "contract_chains",
    "csr_graph",
    "k_nearest",
    "nearest",
    "route",
    "travel_matrix",
]


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


def nearest(graph: Graph | Contracted, sources: ArrayLike, *, start: ArrayLike | None = None) -> Nearest:
    """Find for every node the source that is nearest by time, in one search from all sources at once.

    Parameters
    ----------
    graph
        Reversed, where journeys run to the sources: see the module.
    sources
        Nodes, shape `(s,)`; a node may be named more than once.
    start
        Minutes already spent at each source, shape `(s,)`; None is 0, `inf` leaves a source out.

    Returns
    -------
    Nearest
        Of sources that are equally near one is taken, the same in every run.

    Raises
    ------
    ValueError
        Sources out of range, or starts that are negative or NaN.

    References
    ----------
    Dijkstra, E. W. (1959), A note on two problems in connexion with graphs, Numerische Mathematik 1.

    Examples
    --------
    >>> graph = csr_graph(4, [0, 1, 3], [1, 2, 2], [5.0, 5.0, 1.0])
    >>> answer = nearest(graph, [0, 3], start=[0.0, 2.0])
    >>> answer.minutes.tolist(), answer.source.tolist(), answer.predecessor.tolist()
    ([0.0, 5.0, 3.0, 2.0], [0, 0, 1, 1], [-1, 0, 3, -1])
    """
    whole = graph.whole if isinstance(graph, Graph) else graph
    places, begin = _sources(sources, start, whole.n)
    which = least_of_groups(places, begin, whole.n)
    sources_at = np.flatnonzero(which >= 0)
    source = which.astype(np.int32)
    minutes = np.full(whole.n, np.inf)
    minutes[sources_at] = begin[which[sources_at]]
    if not len(whole.node):
        return Nearest(minutes, source, _search_plain(whole.graph, minutes, source))
    slots = whole.slot[sources_at]
    sown = np.unique(whole.chain_of(slots[slots >= 0]))
    core_minutes, core_source, last_node, along = _search(whole, sources_at, sown, minutes, source)
    predecessor = np.empty(whole.n, np.int32)
    minutes[whole.core_node], source[whole.core_node] = core_minutes, core_source
    predecessor[whole.core_node] = last_node
    labels = (whole.core_node, along, core_minutes, core_source, minutes, source, predecessor)
    _over_chains(whole, lambda *part: _chains.fill_chains(*part, *whole.chains, *labels))
    # Where sources inside a chain tie with others, an end and the node before it may name different ones.
    for way, last in enumerate((whole.start[sown + 1] - 1, whole.start[sown])):
        end = whole.ends[sown, 1 - way]
        if ((along[end] == 2 * sown + way) & (source[whole.node[last]] != core_source[end])).any():
            _chains.relabel(predecessor, source)
    return Nearest(minutes, source, predecessor)


def _search_plain(graph: Graph, minutes: Float, source: Int) -> Int:
    """Search a graph without chains from the nodes that have minutes; fill both, and return the predecessors."""
    via = np.full(graph.n, -1, np.int32)
    on_all_cores(lambda stop: _labels.search(*graph.rows, minutes, via, stop))
    predecessor = _chains.reached_from(via, graph.from_node)
    _chains.relabel(predecessor, source)
    return np.asarray(predecessor)


def _search(whole: Contracted, places: Long, sown: Long, minutes: Float, source: Int) -> tuple[Float, Int, Int, Int]:
    """Search the core; return minutes, source, last node and the way along a chain of every core node.

    There are sources at `places`; `minutes` and `source` hold them, and `sown` the chains that have some inside.
    """
    core, at = whole.core, whole.core_of[places]
    core_minutes, (core_source, last_node, along) = np.full(core.n, np.inf), np.full((3, core.n), -1, np.int32)
    core_minutes[at[at >= 0]], core_source[at[at >= 0]] = minutes[places[at >= 0]], source[places[at >= 0]]
    if len(sown):
        _chains.leave_chains(sown, *whole.chains, minutes, source, core_minutes, core_source, last_node, along)
    via = np.full(core.n, -1, np.int32)
    on_all_cores(lambda stop: _labels.search(*core.rows, core_minutes, via, stop))
    _chains.follow(via, core.from_node, whole.last_node, whole.along, core_source, last_node, along)
    return core_minutes, core_source, last_node, along


def _over_chains(whole: Contracted, fill: Callable[..., object]) -> None:
    """Run `fill(first, last, stop)` over all chains, an equal share on every core."""
    if not len(whole.ends):
        return
    parts = np.linspace(0, len(whole.ends), cores() + 1).astype(int)
    on_all_cores(fill, itertools.pairwise(parts))


def _nodes(nodes: ArrayLike, n: int, name: str) -> Long:
    places = np.asarray(nodes, np.int64) if np.size(nodes) else np.empty(0, np.int64)
    if places.ndim != 1 or (len(places) and not (places.min() >= 0 and places.max() < n)):
        raise ValueError(f"{name} must be a list of nodes from 0 to {n - 1}")
    return places


def _sources(sources: ArrayLike, start: ArrayLike | None, n: int) -> tuple[Long, Float]:
    places = _nodes(sources, n, "sources")
    begin = np.zeros(len(places)) if start is None else np.asarray(start, np.float64)
    if begin.shape != places.shape or not (begin >= 0).all():
        raise ValueError("start must hold minutes of 0 or more, one for each source")
    return places, begin


def k_nearest(
    graph: Graph | Contracted, sources: ArrayLike, k: int, *, start: ArrayLike | None = None
) -> tuple[Float, Int]:
    """Find for every node the `k` sources that are nearest by time, in one search.

    Parameters
    ----------
    graph, sources, start
        As in `nearest`.
    k
        How many, 1 or more.

    Returns
    -------
    minutes, source : arrays of shape `(n, k)`
        Sorted by minutes, then by position in `sources`; `inf` and -1 where fewer can be reached.

    Examples
    --------
    >>> graph = csr_graph(3, [0, 1, 2, 1], [1, 0, 1, 2], [5.0, 5.0, 1.0, 1.0])
    >>> minutes, source = k_nearest(graph, [0, 2], 2)
    >>> minutes.tolist(), source.tolist()
    ([[0.0, 6.0], [1.0, 5.0], [0.0, 6.0]], [[0, 1], [1, 0], [1, 0]])
    """
    if k < 1:
        raise ValueError(f"k must be 1 or more, got {k}")
    whole = graph.whole if isinstance(graph, Graph) else graph
    places, begin = _sources(sources, start, whole.n)
    core_minutes, core_source = _first_labels(whole, places, begin, k)
    on_all_cores(lambda stop: _labels.search_k(*whole.core.rows, core_minutes, core_source, stop))
    if not len(whole.node):
        return core_minutes, core_source
    minutes, source = np.empty((whole.n, k)), np.empty((whole.n, k), np.int32)
    minutes[whole.core_node], source[whole.core_node] = core_minutes, core_source
    own, own_next = np.full(whole.n, -1, np.int32), np.full(len(places), -1, np.int32)
    for i in np.flatnonzero(begin < np.inf)[::-1]:
        own[places[i]], own_next[i] = i, own[places[i]]
    labels = (own, own_next, begin, core_minutes, core_source, minutes, source)
    _over_chains(whole, lambda *part: _chains.fill_chains_k(*part, *whole.chains, *labels))
    return minutes, source


def _first_labels(whole: Contracted, places: Long, begin: Float, k: int) -> tuple[Float, Int]:
    """Return the k least labels that the sources alone give to core nodes, each source once a node."""
    nodes, minutes = _entries(whole, places, outwards=True)
    minutes = minutes + begin[:, None]
    source, end = np.nonzero(minutes < np.inf)
    node, value = nodes[source, end], minutes[source, end]
    rising = np.argsort(value, kind="stable")
    kept = rising[np.unique((node * len(places) + source)[rising], return_index=True)[1]]
    kept = kept[np.lexsort((source[kept], value[kept], node[kept]))]
    rank = np.arange(len(kept)) - np.searchsorted(node[kept], node[kept])
    kept, rank = kept[rank < k], rank[rank < k]
    core_minutes, core_source = np.full((whole.core.n, k), np.inf), np.full((whole.core.n, k), -1, np.int32)
    core_minutes[node[kept], rank], core_source[node[kept], rank] = value[kept], source[kept]
    return core_minutes, core_source


def _entries(whole: Contracted, places: Long, *, outwards: bool) -> tuple[Long, Float]:
    """Return the core nodes through which nodes are left (`outwards`) or entered, and the minutes, `(places, 2)`."""
    nodes = np.repeat(whole.core_of[places].astype(np.int64)[:, None], 2, axis=1)
    minutes = np.zeros(nodes.shape)
    minutes[:, 1] = np.inf  # a core node is entered once
    inside = np.flatnonzero(nodes[:, 0] < 0)
    if len(inside):
        slots = whole.slot[places[inside]]
        chain = whole.chain_of(slots)
        [hops] = on_all_cores(lambda _: _chains.hops_to_ends(slots, chain, whole.start, whole.forth, whole.back))
        nodes[inside] = whole.ends[chain]
        minutes[inside] = hops[:, 2:] if outwards else hops[:, :2]
    return nodes, minutes


def travel_matrix(graph: Graph | Contracted, origins: ArrayLike, destinations: ArrayLike) -> Float:
    """Return the minutes from each origin to each destination, along the edges of the graph.

    One search per origin, on all cores: let the shorter list be the origins, with the graph reversed for it.

    Returns
    -------
    array of shape `(origins, destinations)`
        0 where both are one node, `inf` unreachable.

    Examples
    --------
    >>> graph = csr_graph(3, [0, 1], [1, 2], [5.0, 2.0])
    >>> travel_matrix(graph, [0, 2], [0, 1, 2]).tolist()
    [[0.0, 5.0, 7.0], [inf, inf, 0.0]]
    """
    whole = graph.whole if isinstance(graph, Graph) else graph
    starts, ends = _nodes(origins, whole.n, "origins"), _nodes(destinations, whole.n, "destinations")
    out_nodes, out_minutes = _entries(whole, starts, outwards=True)
    in_nodes, in_minutes = _entries(whole, ends, outwards=False)
    matrix = np.full((len(starts), len(ends)), np.inf)

    def fill(first: int, stop: NDArray[np.bool_]) -> None:
        part = slice(first, first + 4)
        rows = np.empty((len(starts[part]), whole.core.n))
        _labels.matrix_rows(*whole.core.rows, out_nodes[part], out_minutes[part], rows, stop)
        for side in range(2):
            through = rows[:, in_nodes[:, side]] + in_minutes[:, side]
            np.minimum(matrix[part], through, out=matrix[part])

    on_all_cores(fill, [(first,) for first in range(0, len(starts), 4)])
    _within_chains(whole, starts, ends, matrix)
    return matrix


def _within_chains(whole: Contracted, starts: Long, ends: Long, matrix: Float) -> None:
    """Better the pairs that lie in one chain by the way inside it."""
    if not len(whole.node):
        return
    from_slot, to_slot = whole.slot[starts], whole.slot[ends]
    from_chain = np.where(from_slot >= 0, whole.chain_of(from_slot), -1)
    to_chain = np.where(to_slot >= 0, whole.chain_of(to_slot), -2)
    for i in np.flatnonzero(np.isin(from_chain, to_chain)):
        c, here = from_chain[i], from_slot[i]
        for j in np.flatnonzero(to_chain == c):
            there = to_slot[j]
            forth, back = slice(here + c + 1, there + c + 1), slice(there + c + 1, here + c + 1)
            hops = whole.forth[forth] if there >= here else whole.back[back]
            matrix[i, j] = min(matrix[i, j], float(hops.sum()))


def route(predecessor: ArrayLike, node: int) -> Long:
    """Return the nodes from `node` to the source that serves it, both included.

    Only the node itself where it is a source or unreachable.

    Examples
    --------
    >>> route([-1, 0, 1], 2).tolist()
    [2, 1, 0]
    """
    before = np.asarray(predecessor)
    nodes = [int(node)]
    while before[nodes[-1]] >= 0:
        nodes.append(int(before[nodes[-1]]))
    return np.array(nodes, np.int64)


def accumulate(
    graph: Graph | Contracted, answer: Nearest, edge_value: ArrayLike, nodes: ArrayLike | None = None
) -> Float:
    """Add a value of the edges up along every quickest journey, for example kilometres by road.

    Parameters
    ----------
    graph
        The one of the search.
    answer
        From `nearest`.
    edge_value
        One value for each edge that the graph was made from, in that order.
    nodes
        Where the sums are wanted, shape `(k,)`: the journeys of few nodes are soon walked. None: at every node.

    Returns
    -------
    array of shape `(n,)`, or `(k,)`
        0 at a source, `inf` unreachable.

    Raises
    ------
    ValueError
        Fewer values than edges, or nodes out of range.

    Examples
    --------
    >>> graph = csr_graph(3, [0, 1], [1, 2], [5.0, 2.0])
    >>> answer = nearest(graph, [0])
    >>> accumulate(graph, answer, [1.5, 0.5]).tolist(), accumulate(graph, answer, [1.5, 0.5], [2]).tolist()
    ([0.0, 1.5, 2.0], [2.0])
    """
    asked = np.arange(answer.minutes.size) if nodes is None else nodes
    [total] = accumulate_all(graph, answer, [edge_value], asked)
    return total


def accumulate_all(
    graph: Graph | Contracted, answer: Nearest, edge_values: Sequence[ArrayLike], nodes: ArrayLike
) -> tuple[Float, ...]:
    """Add several values of the edges up in one walk: see `accumulate`.

    Examples
    --------
    >>> graph = csr_graph(3, [0, 1], [1, 2], [5.0, 2.0])
    >>> km, count = accumulate_all(graph, nearest(graph, [0]), [[1.5, 0.5], [1.0, 1.0]], [2, 0])
    >>> km.tolist(), count.tolist()
    ([2.0, 0.0], [2.0, 0.0])
    """
    rows = graph if isinstance(graph, Graph) else graph.graph
    values = tuple(np.ascontiguousarray(value, np.float64) for value in edge_values)
    if any(value.ndim != 1 or len(value) <= rows.edge.max(initial=-1) for value in values):
        raise ValueError("edge_value must hold one number for each edge that the graph was made from")
    asked = _nodes(nodes, rows.n, "nodes")
    total = np.empty((rows.n, len(values)))
    tree = answer.predecessor, answer.minutes
    on_all_cores(lambda _: _chains.add_up(rows.offset, rows.to, rows.edge, values, *tree, asked, total))
    return tuple(np.ascontiguousarray(total[asked].T))
