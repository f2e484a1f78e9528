"""Shortest paths on compressed rows by a ring of buckets, for one and for k labels a node.

A bucket holds what waits at minutes of about its width; buckets are emptied in turn. Labels only fall, so that the
answer is the same in any order, and a label that goes round the ring too early costs time, not truth. Waiting labels
lie in a pool and are linked; those that were bettered since are met and skipped.
"""

import numpy as np

from gis.kernels._jit import kernel


@kernel
def _wider(array):  # type: ignore[no-untyped-def]
    """Return a copy of twice the length."""
    wider = np.empty(2 * len(array), array.dtype)
    for i in range(len(array)):
        wider[i] = array[i]
    return wider


@kernel
def search(offset, to, cost, per_minute, n_buckets, minutes, source, via, stop):  # type: ignore[no-untyped-def]
    """Bring minutes down from the nodes that have some; `via` takes the edge by which each node was reached.

    With an empty `via` only minutes are kept. `n_buckets` is a power of two; `stop[0]` may be set by another thread.
    """
    head, mask = np.full(n_buckets, -1, np.int32), n_buckets - 1
    key, item, following = np.empty(1024), np.empty(1024, np.int32), np.empty(1024, np.int32)
    waiting = used = 0
    free = -1
    bucket = np.int64(min(minutes.min(), 1e15) * per_minute) if len(minutes) else 0
    for v in range(len(minutes)):
        if minutes[v] < np.inf:
            if used == len(key):
                key, item, following = _wider(key), _wider(item), _wider(following)
            at = np.int64(minutes[v] * per_minute) & mask
            key[used], item[used], following[used], head[at] = minutes[v], v, head[at], used
            used += 1
            waiting += 1
    while waiting > 0 and not stop[0]:
        x = head[bucket & mask]
        if x < 0:
            bucket += 1
            continue
        head[bucket & mask] = following[x]
        here, v = key[x], item[x]
        following[x], free = free, x
        waiting -= 1
        if here > minutes[v]:
            continue
        while used + offset[v + 1] - offset[v] > len(key):
            key, item, following = _wider(key), _wider(item), _wider(following)
        for e in range(offset[v], offset[v + 1]):
            u, through = to[e], here + cost[e]
            if through < minutes[u]:
                minutes[u] = through
                if len(via):
                    source[u], via[u] = source[v], e
                if free >= 0:
                    y, free = free, following[free]
                else:
                    y, used = used, used + 1
                at = np.int64(through * per_minute) & mask
                key[y], item[y], following[y], head[at] = through, u, head[at], y
                waiting += 1


@kernel
def _enter_label(minutes, source, value, s):  # type: ignore[no-untyped-def]
    """Enter a label into a node's sorted list of k, each source once; return whether it is among them."""
    k = len(minutes)
    if value > minutes[k - 1] or (value == minutes[k - 1] and source[k - 1] >= 0 and s >= source[k - 1]):
        return False
    old = k - 1  # the place that is given up: the source's own, or the last
    for i in range(k):
        if source[i] == s:
            if minutes[i] <= value:
                return False
            old = i
            break
    while old > 0 and (minutes[old - 1] > value or (minutes[old - 1] == value and source[old - 1] > s)):
        minutes[old], source[old] = minutes[old - 1], source[old - 1]
        old -= 1
    minutes[old], source[old] = value, s
    return value < np.inf


@kernel
def search_k(offset, to, cost, per_minute, n_buckets, first, first_source, first_minutes, minutes, source, stop):  # type: ignore[no-untyped-def]
    """Fill the k least labels of every node, `minutes` and `source` of shape `(n, k)`, from first labels."""
    head, mask = np.full(n_buckets, -1, np.int32), n_buckets - 1
    key, following = np.empty(1024), np.empty(1024, np.int32)
    item, item_source = np.empty(1024, np.int32), np.empty(1024, np.int32)
    waiting = used = 0
    free = -1
    bucket = np.int64(min(first_minutes.min(), 1e15) * per_minute) if len(first) else 0
    for i in range(len(first)):
        if _enter_label(minutes[first[i]], source[first[i]], first_minutes[i], first_source[i]):
            if used == len(key):
                key, following = _wider(key), _wider(following)
                item, item_source = _wider(item), _wider(item_source)
            at = np.int64(first_minutes[i] * per_minute) & mask
            key[used], item[used], item_source[used] = first_minutes[i], first[i], first_source[i]
            following[used], head[at] = head[at], used
            used += 1
            waiting += 1
    while waiting > 0 and not stop[0]:
        x = head[bucket & mask]
        if x < 0:
            bucket += 1
            continue
        head[bucket & mask] = following[x]
        here, v, s = key[x], item[x], item_source[x]
        following[x], free = free, x
        waiting -= 1
        current = False
        for i in range(minutes.shape[1]):
            current |= minutes[v, i] == here and source[v, i] == s
        if not current:
            continue
        while used + offset[v + 1] - offset[v] > len(key):
            key, following = _wider(key), _wider(following)
            item, item_source = _wider(item), _wider(item_source)
        for e in range(offset[v], offset[v + 1]):
            u, through = to[e], here + cost[e]
            if through <= minutes[u, -1] and _enter_label(minutes[u], source[u], through, s):
                if free >= 0:
                    y, free = free, following[free]
                else:
                    y, used = used, used + 1
                at = np.int64(through * per_minute) & mask
                key[y], item[y], item_source[y], following[y], head[at] = through, u, s, head[at], y
                waiting += 1


@kernel
def matrix_rows(offset, to, cost, per_minute, n_buckets, first, first_minutes, rows, stop):  # type: ignore[no-untyped-def]
    """Fill minutes from each origin to every node, one row of `rows` per origin.

    An origin enters at up to two nodes, `first` of shape `(origins, 2)`, with `first_minutes`.
    """
    none = np.empty(0, np.int32)
    for r in range(len(rows)):
        rows[r] = np.inf
        for end in range(2):
            v = first[r, end]
            rows[r, v] = min(rows[r, v], first_minutes[r, end])
        search(offset, to, cost, per_minute, n_buckets, rows[r], none, none, stop)
