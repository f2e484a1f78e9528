"""Shortest paths on compressed rows by a ring of buckets, for one and for k labels a node.

A bucket holds the nodes that wait at minutes of about its width; buckets are emptied in turn. A node waits in one
bucket at most, in a list that is linked both ways, and moves when its label falls into an earlier one. Labels only
fall, so that the answer is the same in any order, and a node that is met too early, because the ring has come round,
costs time, not truth. Beside the labels a search holds 12 bytes a node, one of k labels `20 + k`.

The lists are worked on in place, not in functions of their own: numba counts references to every array that is handed
over, which took longer than all the rest.
"""

import numpy as np

from gis.kernels._jit import kernel


@kernel
def search(offset, to, cost, per_minute, n_buckets, minutes, via, stop):  # type: ignore[no-untyped-def]
    """Bring minutes down from the nodes that have some; `via` takes the edge by which each node was reached.

    With an empty `via` only minutes are kept. `n_buckets` is a power of two; `stop[0]` may be set by another thread.
    """
    n, mask = len(minutes), n_buckets - 1
    head, held = np.full(n_buckets, -1, np.int32), np.full(n, -1, np.int32)
    after, before = np.empty(n, np.int32), np.empty(n, np.int32)
    waiting, bucket = 0, np.int64(min(minutes.min(), 1e15) * per_minute) if n else 0
    for v in range(n):
        if minutes[v] < np.inf:
            at = np.int64(minutes[v] * per_minute) & mask
            first = head[at]
            after[v], before[v], held[v], head[at] = first, -1, at, v
            if first >= 0:
                before[first] = v
            waiting += 1
    while waiting > 0 and not stop[0]:
        v = head[bucket & mask]
        if v < 0:
            bucket += 1
            continue
        head[bucket & mask], held[v] = after[v], -1
        if after[v] >= 0:
            before[after[v]] = -1
        waiting -= 1
        here = minutes[v]
        for e in range(offset[v], offset[v + 1]):
            u, through = to[e], here + cost[e]
            if through < minutes[u]:
                minutes[u] = through
                if len(via):
                    via[u] = e
                at, old = np.int64(through * per_minute) & mask, held[u]
                if at == old:
                    continue
                if old < 0:
                    waiting += 1
                else:
                    left, right = before[u], after[u]
                    if left >= 0:
                        after[left] = right
                    else:
                        head[old] = right
                    if right >= 0:
                        before[right] = left
                first = head[at]
                after[u], before[u], held[u], head[at] = first, -1, at, u
                if first >= 0:
                    before[first] = u


@kernel
def search_k(offset, to, cost, per_minute, n_buckets, minutes, source, stop):  # type: ignore[no-untyped-def]
    """Fill the k least labels of every node, `minutes` and `source` of shape `(n, k)`, from those that have some.

    Labels are sorted by minutes and then by source, and a node has one of each source. A node waits at the least of
    its labels that have not been carried on; all those in that bucket go together.
    """
    n, k = minutes.shape
    mask = n_buckets - 1
    head, held = np.full(n_buckets, -1, np.int32), np.full(n, -1, np.int64)  # the bucket's number, not its place
    after, before = np.empty(n, np.int32), np.empty(n, np.int32)
    waits = np.empty((n, k), np.bool_)
    carried, origin = np.empty(k), np.empty(k, np.int32)
    waiting, bucket = 0, np.int64(min(minutes.min(), 1e15) * per_minute) if n else 0
    for v in range(n):
        for i in range(k):
            waits[v, i] = minutes[v, i] < np.inf
        if waits[v, 0]:
            at = np.int64(minutes[v, 0] * per_minute)
            first = head[at & mask]
            after[v], before[v], held[v], head[at & mask] = first, -1, at, v
            if first >= 0:
                before[first] = v
            waiting += 1
    while waiting > 0 and not stop[0]:
        v = head[bucket & mask]
        if v < 0:
            bucket += 1
            continue
        head[bucket & mask], held[v] = after[v], -1
        if after[v] >= 0:
            before[after[v]] = -1
        waiting -= 1
        count, here = 0, np.int64(0)
        for i in range(k):
            if waits[v, i]:
                at = np.int64(minutes[v, i] * per_minute)
                if count > 0 and at != here:  # wait again for this one
                    first = head[at & mask]
                    after[v], before[v], held[v], head[at & mask] = first, -1, at, v
                    if first >= 0:
                        before[first] = v
                    waiting += 1
                    break
                carried[count], origin[count], waits[v, i] = minutes[v, i], source[v, i], False
                count, here = count + 1, at
        for e in range(offset[v], offset[v + 1]):
            u, least = to[e], np.inf
            for j in range(count):
                through, s, place = carried[j] + cost[e], origin[j], k - 1
                if through > minutes[u, place] or (through == minutes[u, place] and s >= source[u, place] >= 0):
                    continue
                for i in range(k):
                    if source[u, i] == s:
                        place = i if through < minutes[u, i] else -1
                        break
                if place < 0:
                    continue
                while place > 0 and (
                    minutes[u, place - 1] > through or (minutes[u, place - 1] == through and source[u, place - 1] > s)
                ):
                    minutes[u, place], source[u, place] = minutes[u, place - 1], source[u, place - 1]
                    waits[u, place] = waits[u, place - 1]
                    place -= 1
                minutes[u, place], source[u, place], waits[u, place] = through, s, True
                least = min(least, through)
            at, old = np.int64(min(least, 1e15) * per_minute), held[u]
            if least == np.inf or 0 <= old <= at:
                continue
            if old < 0:
                waiting += 1
            else:
                left, right = before[u], after[u]
                if left >= 0:
                    after[left] = right
                else:
                    head[old & mask] = right
                if right >= 0:
                    before[right] = left
            first = head[at & mask]
            after[u], before[u], held[u], head[at & mask] = first, -1, at, u
            if first >= 0:
                before[first] = u


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
        search(offset, to, cost, per_minute, n_buckets, rows[r], none, stop)
