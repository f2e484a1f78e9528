"""Shortest paths on compressed rows by a ring of buckets, for one and for k labels a node.

A bucket holds the nodes that wait at minutes of about its width, first come, first served; buckets are emptied in
turn. A node waits in one bucket at most, in a list that is linked both ways, and moves when its label falls into
another. What lies beyond the ring waits in its last bucket, and goes round again; where nothing lies within it, the
ring leaps on. Labels only fall, so that the answer is the same in any order.

Beside the labels a search holds 16 bytes a node, one of k labels `16 + k`. The lists are worked on in place, not in
functions of their own: numba counts references to every array that is handed over, and that took longer than the rest.
"""

import numpy as np

from gis.kernels._jit import kernel

_BUCKETS = 1 << 12
_FAR = 4e18  # the last bucket that an integer can name


@kernel
def search(offset, to, cost, per_minute, minutes, via, stop):  # type: ignore[no-untyped-def]
    """Bring minutes down from the nodes that have some; `via` takes the edge by which each node was reached.

    With an empty `via` only minutes are kept. There are `per_minute` buckets in a minute; another thread may set
    `stop[0]`.
    """
    n, mask = len(minutes), _BUCKETS - 1
    head, tail = np.full(_BUCKETS, -1, np.int32), np.full(_BUCKETS, -1, np.int32)
    after, before, held = np.empty(n, np.int32), np.empty(n, np.int32), np.full(n, -1, np.int32)
    moved, count = np.empty(n, np.int32), 0
    for v in range(n):
        if minutes[v] < np.inf:
            moved[count] = v
            count += 1
    waiting, idle, bucket = 0, 0, np.int64(min(minutes.min() * per_minute, _FAR)) if n else 0
    while not stop[0]:
        for i in range(count):
            u = moved[i]
            at, old = min(np.int64(min(minutes[u] * per_minute, _FAR)), bucket + mask) & mask, held[u]
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
                else:
                    tail[old] = left
            last = tail[at]
            after[u], before[u], held[u], tail[at] = -1, last, at, u
            if last >= 0:
                after[last] = u
            else:
                head[at] = u
        count = 0
        if waiting == 0:
            break
        v = head[bucket & mask]
        if v < 0:
            bucket, idle = bucket + 1, idle + 1
            continue
        head[bucket & mask], held[v] = after[v], -1
        if after[v] >= 0:
            before[after[v]] = -1
        else:
            tail[bucket & mask] = -1
        waiting -= 1
        here = minutes[v]
        at = np.int64(min(here * per_minute, _FAR))
        if at > bucket:
            if idle <= mask:
                moved[0], count = v, 1
                continue
            bucket = at
        idle = 0
        for e in range(offset[v], offset[v + 1]):
            u, through = to[e], here + cost[e]
            if through < minutes[u]:
                minutes[u] = through
                if len(via):
                    via[u] = e
                moved[count] = u
                count += 1


@kernel
def search_k(offset, to, cost, per_minute, minutes, source, stop):  # type: ignore[no-untyped-def]
    """Fill the k least labels of every node, `minutes` and `source` of shape `(n, k)`, from those that have some.

    Labels are sorted by minutes and then by source, and a node has one of each source. A node waits at the least of
    its labels that have not been carried on; all those in that bucket go together.
    """
    n, k = minutes.shape
    mask = _BUCKETS - 1
    head, tail = np.full(_BUCKETS, -1, np.int32), np.full(_BUCKETS, -1, np.int32)
    after, before, held = np.empty(n, np.int32), np.empty(n, np.int32), np.full(n, -1, np.int32)
    moved, count = np.empty(n, np.int32), 0
    waits = np.empty((n, k), np.bool_)
    carried, origin = np.empty(k), np.empty(k, np.int32)
    for v in range(n):
        for i in range(k):
            waits[v, i] = minutes[v, i] < np.inf
        if waits[v, 0]:
            moved[count] = v
            count += 1
    waiting, idle, bucket = 0, 0, np.int64(min(minutes.min() * per_minute, _FAR)) if n else 0
    while not stop[0]:
        for i in range(count):
            u, first = moved[i], 0
            while not waits[u, first]:
                first += 1
            at, old = min(np.int64(min(minutes[u, first] * per_minute, _FAR)), bucket + mask) & mask, held[u]
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
                else:
                    tail[old] = left
            last = tail[at]
            after[u], before[u], held[u], tail[at] = -1, last, at, u
            if last >= 0:
                after[last] = u
            else:
                head[at] = u
        count = 0
        if waiting == 0:
            break
        v = head[bucket & mask]
        if v < 0:
            bucket, idle = bucket + 1, idle + 1
            continue
        head[bucket & mask], held[v] = after[v], -1
        if after[v] >= 0:
            before[after[v]] = -1
        else:
            tail[bucket & mask] = -1
        waiting -= 1
        labels = 0
        for i in range(k):
            if waits[v, i]:
                at = np.int64(min(minutes[v, i] * per_minute, _FAR))
                if at > bucket and (labels > 0 or idle <= mask):
                    moved[0], count = v, 1
                    break
                bucket = max(bucket, at)
                carried[labels], origin[labels], waits[v, i] = minutes[v, i], source[v, i], False
                labels += 1
        if labels == 0:
            continue
        idle = 0
        for e in range(offset[v], offset[v + 1]):
            u, entered = to[e], False
            for j in range(labels):
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
                entered = True
            if entered:
                moved[count] = u
                count += 1


@kernel
def matrix_rows(offset, to, cost, per_minute, first, first_minutes, rows, stop):  # type: ignore[no-untyped-def]
    """Fill minutes from each origin to every node, one row of `rows` per origin.

    An origin enters at up to two nodes, `first` of shape `(origins, 2)`, with `first_minutes`.
    """
    none = np.empty(0, np.int32)
    for r in range(len(rows)):
        rows[r] = np.inf
        for end in range(2):
            v = first[r, end]
            rows[r, v] = min(rows[r, v], first_minutes[r, end])
        search(offset, to, cost, per_minute, rows[r], none, stop)
