"""Dijkstra's search on compressed rows with a heap of four children a node, for one and for k labels."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _push(key, item, size, new_key, new_item):  # type: ignore[no-untyped-def]
    """Put an item into a heap of `size` items, ordered by key and then by item."""
    at = size
    while at > 0:
        above = (at - 1) >> 2
        if key[above] < new_key or (key[above] == new_key and item[above] <= new_item):
            break
        key[at], item[at] = key[above], item[above]
        at = above
    key[at], item[at] = new_key, new_item


@njit(cache=True, nogil=True)
def _pop(key, item, size):  # type: ignore[no-untyped-def]
    """Take the least item off the top of a heap of `size` items."""
    top_key, top_item = key[0], item[0]
    last_key, last_item = key[size - 1], item[size - 1]
    at = 0
    while True:
        child = 4 * at + 1
        if child >= size - 1:
            break
        least = child
        for c in range(child + 1, min(child + 4, size - 1)):
            if key[c] < key[least] or (key[c] == key[least] and item[c] < item[least]):
                least = c
        if last_key < key[least] or (last_key == key[least] and last_item <= item[least]):
            break
        key[at], item[at] = key[least], item[least]
        at = least
    key[at], item[at] = last_key, last_item
    return top_key, top_item


@njit(cache=True, nogil=True)
def heap_all(minutes, key, item):  # type: ignore[no-untyped-def]
    """Put every node with finite minutes into an empty heap; return its size."""
    size = 0
    for v in range(len(minutes)):
        if minutes[v] < np.inf:
            _push(key, item, size, minutes[v], v)
            size += 1
    return size


@njit(cache=True, nogil=True)
def search(offset, to, cost, minutes, source, via, key, item, size, budget):  # type: ignore[no-untyped-def]
    """Settle at most `budget` nodes from the heap; return its size, 0 when the search is over.

    `via` takes the edge by which each node was reached.
    """
    while size > 0 and budget > 0:
        here, v = _pop(key, item, size)
        size -= 1
        if here > minutes[v]:
            continue
        budget -= 1
        for e in range(offset[v], offset[v + 1]):
            u, through = to[e], here + cost[e]
            if through < minutes[u]:
                minutes[u], source[u], via[u] = through, source[v], e
                _push(key, item, size, through, u)
                size += 1
    return size


@njit(cache=True, nogil=True)
def search_k(offset, to, cost, n_sources, minutes, source, count, key, item, size, budget):  # type: ignore[no-untyped-def]
    """Settle at most `budget` labels; an item of the heap is `node * n_sources + source`.

    `minutes` and `source` of shape `(n, k)` are filled from the left, `count` says how far.
    """
    k = minutes.shape[1]
    while size > 0 and budget > 0:
        here, label = _pop(key, item, size)
        size -= 1
        v, s = label // n_sources, label % n_sources
        if _known(source, count, v, s, k):
            continue
        budget -= 1
        minutes[v, count[v]], source[v, count[v]] = here, s
        count[v] += 1
        for e in range(offset[v], offset[v + 1]):
            if not _known(source, count, to[e], s, k):
                _push(key, item, size, here + cost[e], to[e] * n_sources + s)
                size += 1
    return size


@njit(cache=True, nogil=True)
def _known(source, count, v, s, k):  # type: ignore[no-untyped-def]
    """Return whether a node has all its labels, or that of this source."""
    if count[v] == k:
        return True
    found = False
    for i in range(count[v]):
        found |= source[v, i] == s
    return found


@njit(cache=True, nogil=True)
def push_label(key, item, size, minutes, label):  # type: ignore[no-untyped-def]
    """Put one label into the heap of `search_k`; return its size."""
    _push(key, item, size, minutes, label)
    return size + 1


@njit(cache=True, nogil=True)
def matrix_rows(offset, to, cost, first_node, first_minutes, rows):  # type: ignore[no-untyped-def]
    """Fill minutes from each origin to every node, one row of `rows` per origin.

    An origin enters at up to two nodes, `first_node` of shape `(origins, 2)`, with `first_minutes`.
    """
    n = rows.shape[1]
    key, item = np.empty(len(to) + 3), np.empty(len(to) + 3, np.int64)
    source, via = np.zeros(n, np.int32), np.zeros(n, np.int64)
    for r in range(len(rows)):
        minutes = rows[r]
        minutes[:] = np.inf
        size = 0
        for end in range(2):
            v = first_node[r, end]
            if first_minutes[r, end] < minutes[v]:
                minutes[v] = first_minutes[r, end]
                _push(key, item, size, minutes[v], v)
                size += 1
        search(offset, to, cost, minutes, source, via, key, item, size, 1 << 62)
