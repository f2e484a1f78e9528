"""Directed graphs in compressed rows, and their cores: what is left when chains of nodes are left out."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.kernels import _chains
from gis.kernels.threads import on_all_cores

Float = NDArray[np.float64]
Int = NDArray[np.int32]
Long = NDArray[np.int64]


@dataclass(frozen=True)
class Graph:
    """Directed graph in compressed rows: the edges out of node `v` are `offset[v]:offset[v + 1]`.

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

    offset: Long
    to: Int
    minutes: Float
    edge: Long

    @property
    def n(self) -> int:
        """Return the number of nodes."""
        return len(self.offset) - 1

    @cached_property
    def from_node(self) -> Int:
        """Return the node at the start of each edge, shape `(m,)`."""
        return np.repeat(np.arange(self.n, dtype=np.int32), np.diff(self.offset))

    @cached_property
    def rows(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32], Float, float]:
        """Return what a search needs: offset, to, minutes, and buckets per minute, eight to a middling edge.

        Indices have no sign, so that numba need not look for those that count from the end.
        """
        sample = self.minutes[:: 1 + len(self.minutes) // 10_000]
        middling = float(np.median(sample[sample > 0])) if (sample > 0).any() else 8.0
        return self.offset.view(np.uint64), self.to.view(np.uint32), self.minutes, min(8.0 / middling, 1e300)

    @cached_property
    def whole(self) -> "Contracted":
        """Return the graph as one without chains."""
        none, no_hop = np.empty(0, np.int32), np.empty(0)
        numbers = np.arange(self.n, dtype=np.int32)
        return Contracted(
            self, self, numbers, numbers, self.from_node, np.full(len(self.to), -1, np.int32),
            np.zeros(1, np.int64), none, np.empty((0, 2), np.int32), no_hop, no_hop,
        )  # fmt: skip


@dataclass(frozen=True)
class Contracted:
    """A graph and its core, from `contract_chains`; the fields are for the searches.

    Parameters
    ----------
    graph, core
        The whole graph, and the one of the nodes that are left.
    core_node, core_of
        The node of each core node, and the core node of each node (-1 inside a chain).
    last_node, along
        Of each core edge the last node before its end, and `2 * chain` forwards, `2 * chain + 1` backwards, -1 if it
        is an edge of the graph.
    start, node, ends, forth, back
        The chains: see `_chains`. `ends` are core nodes.
    """

    graph: Graph
    core: Graph
    core_node: Int
    core_of: Int
    last_node: Int
    along: Int
    start: Long
    node: Int
    ends: NDArray[np.int32]
    forth: Float
    back: Float

    @property
    def n(self) -> int:
        """Return the number of nodes of the whole graph."""
        return self.graph.n

    @property
    def chains(self) -> tuple[Long, Int, NDArray[np.int32], Float, Float]:
        """Return start, node, ends, forth and back, as the kernels take them."""
        return self.start, self.node, self.ends, self.forth, self.back

    @cached_property
    def slot(self) -> Long:
        """Return the place of each node in `node`, -1 for core nodes."""
        slot = np.full(self.n, -1, np.int64)
        slot[self.node] = np.arange(len(self.node))
        return slot

    def chain_of(self, slots: Long) -> Long:
        """Return the chain that each slot belongs to."""
        return np.asarray(np.searchsorted(self.start, slots, side="right") - 1)


def csr_graph(n: int, from_node: ArrayLike, to_node: ArrayLike, minutes: ArrayLike) -> Graph:
    """Build a graph of `n` nodes from directed edges.

    Of parallel edges the quickest is kept, and the first of those. Edges of 0 minutes stay edges.

    Parameters
    ----------
    n
        Number of nodes.
    from_node, to_node
        Shape `(m,)`, nodes from 0 to `n - 1`. A two-way road is two edges.
    minutes
        Shape `(m,)`, 0 or more and finite.

    Raises
    ------
    ValueError
        Arrays of different length, nodes out of range, and minutes that are negative, NaN or infinite: a closed
        edge is left out by the caller.

    Examples
    --------
    >>> graph = csr_graph(3, [0, 0, 1], [1, 1, 2], [5.0, 4.0, 0.0])
    >>> graph.to.tolist(), graph.minutes.tolist(), graph.edge.tolist()
    ([1, 2], [4.0, 0.0], [1, 2])
    """
    a, b = np.ascontiguousarray(from_node, np.int64), np.ascontiguousarray(to_node, np.int64)
    cost = np.ascontiguousarray(minutes, np.float64)
    if not (a.ndim == 1 and a.shape == b.shape == cost.shape):
        raise ValueError(f"expected three arrays of one length, got {a.shape}, {b.shape} and {cost.shape}")
    if len(a) and not (min(a.min(), b.min()) >= 0 and max(a.max(), b.max()) < n < 2**31):
        raise ValueError(f"nodes must be from 0 to {n - 1}")
    if len(a) and not (np.isfinite(cost).all() and cost.min() >= 0):
        raise ValueError("minutes must be finite and 0 or more: leave closed edges out")
    offset = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(a, minlength=n), out=offset[1:])
    to, weight, edge = np.empty(len(a), np.int32), np.empty(len(a)), np.empty(len(a), np.int64)
    kept = _chains.fill_rows(offset, a, b, cost, to, weight, edge)
    return Graph(offset, to[:kept], weight[:kept], edge[:kept])


def contract_chains(graph: Graph) -> Contracted:
    """Leave out the nodes that lie between just two others, once, so that searches run on the rest.

    A chain of such nodes becomes one edge for each direction that can be driven from end to end; one-way links and
    chains that are broken in a direction are respected. Nothing is lost: searches fill the chains in again, and
    sources may lie inside them.

    Examples
    --------
    >>> road = csr_graph(5, [0, 1, 2, 3, 1], [1, 2, 3, 4, 0], [1.0, 2.0, 3.0, 4.0, 1.0])
    >>> contract_chains(road).core.n
    2
    >>> from gis.kernels.paths import nearest
    >>> nearest(contract_chains(road), [0]).minutes.tolist()
    [0.0, 1.0, 3.0, 6.0, 10.0]
    """
    rows = (graph.offset, graph.to, graph.minutes)
    [(start, node, ends, forth, back)] = on_all_cores(lambda _: _chains.walk_chains(*rows))
    is_core = np.ones(graph.n, np.bool_)
    is_core[node] = False
    core_node = np.flatnonzero(is_core).astype(np.int32)
    core_of = np.full(graph.n, -1, np.int32)
    core_of[core_node] = np.arange(len(core_node))
    ends = core_of[ends]
    chains = (start, node, ends, forth, back)
    [(offset, to, minutes, last_node, along)] = on_all_cores(
        lambda _: _chains.core_rows(*rows, core_node, core_of, *chains)
    )
    core = Graph(offset, to, minutes, np.arange(len(to)))
    return Contracted(graph, core, core_node, core_of, last_node, along, *chains)
