"""Chains of degree-2 nodes: found once, left out of the search, and filled in after it."""

import numpy as np

from gis.kernels._jit import kernel

# Of chain c the inner nodes are node[start[c]:start[c + 1]], from its end a to its end b, and the hops between them
# are start[c] + c to start[c + 1] + c: hop s + c leads to inner node s from the left, hop s + c + 1 to its right.


@kernel
def fill_rows(offset, a, b, cost, to, minutes, edge):  # type: ignore[no-untyped-def]
    """Sort edges into rows by end and cost, drop all but the quickest of parallel ones; return how many stay.

    `offset` comes in as the rows with parallel edges and leaves without.
    """
    n = len(offset) - 1
    slot = offset[:-1].copy()
    for e in range(len(a)):  # insertion into short sorted rows
        first, at = offset[a[e]], slot[a[e]]
        slot[a[e]] += 1
        while at > first and (to[at - 1] > b[e] or (to[at - 1] == b[e] and minutes[at - 1] > cost[e])):
            to[at], minutes[at], edge[at] = to[at - 1], minutes[at - 1], edge[at - 1]
            at -= 1
        to[at], minutes[at], edge[at] = b[e], cost[e], e
    kept = read = 0
    for v in range(n):
        end, row = offset[v + 1], kept
        while read < end:
            if kept == row or to[kept - 1] != to[read]:
                to[kept], minutes[kept], edge[kept] = to[read], minutes[read], edge[read]
                kept += 1
            read += 1
        offset[v + 1] = kept
    return kept


@kernel
def _edge_between(offset, to, a, b):  # type: ignore[no-untyped-def]
    """Return the position of the edge from a to b, -1 where there is none; rows of a road network are short."""
    for e in range(offset[a], offset[a + 1]):
        if to[e] == b:
            return e
    return -1


@kernel
def edge_minutes(offset, to, minutes, a, b):  # type: ignore[no-untyped-def]
    """Return the minutes of the edge from a to b; inf where there is none."""
    e = _edge_between(offset, to, a, b)
    return minutes[e] if e >= 0 else np.inf


@kernel
def _two_neighbours(offset, to):  # type: ignore[no-untyped-def]
    """Return for every node its two neighbours, edges of either direction counted; -1 twice where not two."""
    n = len(offset) - 1
    pair = np.full((n, 2), -1, np.int32)
    more = np.zeros(n, np.bool_)
    for v in range(n):
        for e in range(offset[v], offset[v + 1]):
            for x, y in ((v, np.int64(to[e])), (np.int64(to[e]), v)):
                if x == y or pair[x, 0] == y or pair[x, 1] == y:
                    continue
                if pair[x, 0] < 0:
                    pair[x, 0] = y
                elif pair[x, 1] < 0:
                    pair[x, 1] = y
                else:
                    more[x] = True
    for v in range(n):
        if more[v] or pair[v, 1] < 0:
            pair[v] = -1
    return pair


@kernel
def walk_chains(offset, to, minutes):  # type: ignore[no-untyped-def]
    """Walk every chain from one end to the other.

    Returns start, nodes, ends (node numbers, shape `(chains, 2)`), and hops forwards and backwards.
    """
    pair = _two_neighbours(offset, to)
    n = len(pair)
    inner = pair[:, 0] >= 0
    total = inner.sum()
    start, ends = np.zeros(total + 1, np.int64), np.empty((total, 2), np.int32)
    node, taken = np.empty(total, np.int32), np.zeros(n, np.bool_)
    forth, back = np.empty(2 * total), np.empty(2 * total)
    chains = filled = 0
    for round_ in range(2):  # chains that hang on a core node, then rings, which give up one node to the core
        for x in range(n):
            if not inner[x] or taken[x]:
                continue
            if round_ == 1:
                inner[x] = False
                before, here = x, pair[x, 0]
            elif not inner[pair[x, 0]]:
                before, here = pair[x, 0], x
            elif not inner[pair[x, 1]]:
                before, here = pair[x, 1], x
            else:
                continue
            ends[chains, 0] = before
            while True:
                forth[filled + chains] = edge_minutes(offset, to, minutes, before, here)
                back[filled + chains] = edge_minutes(offset, to, minutes, here, before)
                if not inner[here]:
                    break
                node[filled], taken[here] = here, True
                filled += 1
                before, here = here, pair[here, 1] if pair[here, 0] == before else pair[here, 0]
            ends[chains, 1] = here
            chains += 1
            start[chains] = filled
    return start[: chains + 1], node[:filled], ends[:chains], forth[: filled + chains], back[: filled + chains]


@kernel
def core_rows(offset, to, minutes, core_node, core_of, start, node, ends, forth, back):  # type: ignore[no-untyped-def]
    """Return the rows of the core: offset, to, minutes, and of each edge `last_node` and `along` (see `Contracted`).

    Of parallel ways the quickest is kept; one that leads back to its own start is left out.
    """
    chain_of, total = np.empty(len(core_of), np.int32), np.zeros((len(ends), 2))
    for c in range(len(ends)):
        for s in range(start[c], start[c + 1]):
            chain_of[node[s]] = c
        for h in range(start[c] + c, start[c + 1] + c + 1):
            total[c, 0] += forth[h]
            total[c, 1] += back[h]
    room = 0
    for v in core_node:
        room += offset[v + 1] - offset[v]
    core_offset = np.zeros(len(core_node) + 1, np.int64)
    core_to, core_minutes = np.empty(room, np.int32), np.empty(room)
    last_node, along = np.empty(room, np.int32), np.empty(room, np.int32)
    kept = 0
    for i in range(len(core_node)):
        first, v = kept, core_node[i]
        for e in range(offset[v], offset[v + 1]):
            end, through, last, by = core_of[to[e]], minutes[e], v, -1
            if end < 0:
                c = chain_of[to[e]]
                way = 0 if ends[c, 0] == i else 1
                end, through, by = ends[c, 1 - way], total[c, way], 2 * c + way
                last = node[start[c + 1] - 1] if way == 0 else node[start[c]]
            if end == i or through == np.inf:
                continue
            at = first
            while at < kept and core_to[at] < end:
                at += 1
            if at == kept or core_to[at] > end:
                for j in range(kept, at, -1):
                    core_to[j], core_minutes[j] = core_to[j - 1], core_minutes[j - 1]
                    last_node[j], along[j] = last_node[j - 1], along[j - 1]
                kept += 1
            elif core_minutes[at] <= through:
                continue
            core_to[at], core_minutes[at], last_node[at], along[at] = end, through, last, by
        core_offset[i + 1] = kept
    return core_offset, core_to[:kept], core_minutes[:kept], last_node[:kept], along[:kept]


@kernel
def leave_chains(chains, start, node, ends, forth, back, minutes, source, core_minutes, core_source, last_node, along):  # type: ignore[no-untyped-def]
    """Carry the sources inside the chains listed out to the chains' ends.

    Of ends that are reached so, `last_node` and `along` take the way, as of a core edge.
    """
    for c in chains:
        for way in range(2):
            best, from_source, last = np.inf, -1, -1
            count = start[c + 1] - start[c]
            for step in range(count):
                s = start[c] + step if way == 0 else start[c + 1] - 1 - step
                best += forth[s + c] if way == 0 else back[s + c + 1]
                last = node[s]
                if minutes[last] < best:
                    best, from_source = minutes[last], source[last]
            best += forth[start[c + 1] + c] if way == 0 else back[start[c] + c]
            end = ends[c, 1 - way]
            if best < core_minutes[end]:
                core_minutes[end], core_source[end] = best, from_source
                last_node[end], along[end] = last, 2 * c + way


@kernel
def fill_chains(  # type: ignore[no-untyped-def]
    first, last_chain, stop, start, node, ends, forth, back,
    core_node, along, core_minutes, core_source, minutes, source, predecessor,
):  # fmt: skip
    """Fill in the nodes of the chains from `first` to `last_chain` from their ends.

    `minutes` comes in as inf but at sources, which hold their `source` too. `along[end]` is `2 * chain` for an end b
    that was reached along the chain, `2 * chain + 1` for an end a. Nothing better can come back from there, and
    neither rounding nor edges of 0 minutes must make it seem so. Values are chosen without branches, which are
    foreseen badly here.
    """
    for c in range(first, last_chain):
        if stop[0]:
            break
        a, b = ends[c, 0], ends[c, 1]
        best, from_source, last = core_minutes[a], core_source[a], core_node[a]
        best = np.inf if along[a] == 2 * c + 1 else best
        for s in range(start[c], start[c + 1]):
            best += forth[s + c]
            v = node[s]
            if minutes[v] <= best:  # a source, or nothing has come so far
                best, last = minutes[v], -1
                from_source = source[v] if best < np.inf else -1
            minutes[v], source[v], predecessor[v] = best, from_source, last
            last = v
        best, from_source, last = core_minutes[b], core_source[b], core_node[b]
        best = np.inf if along[b] == 2 * c else best
        for s in range(start[c + 1] - 1, start[c] - 1, -1):
            best += back[s + c + 1]
            v = node[s]
            better = best < minutes[v]
            best = best if better else minutes[v]
            from_source = from_source if better else source[v]
            minutes[v], source[v] = best, from_source
            predecessor[v] = last if better else predecessor[v]
            last = v


@kernel
def _merge(v, minutes, source, other_minutes, other_source, left_minutes, left_source):  # type: ignore[no-untyped-def]
    """Merge a sorted list of k labels into node v's, each source once, by minutes and then by source."""
    k = len(left_minutes)
    if other_minutes[0] > minutes[v, k - 1]:
        return
    for m in range(k):
        left_minutes[m], left_source[m] = minutes[v, m], source[v, m]
    i = j = filled = 0
    while filled < k:  # every source on the left is entered from there or from the right: the left cannot run out
        left, right = left_minutes[i], other_minutes[j] if j < k else np.inf
        if left < right or (left == right and (left == np.inf or left_source[i] <= other_source[j])):
            value, s, i = left, left_source[i], i + 1
        else:
            value, s, j = right, other_source[j], j + 1
        known = False
        for m in range(filled):
            known |= source[v, m] == s
        if not known or value == np.inf:
            minutes[v, filled], source[v, filled] = value, s
            filled += 1


@kernel
def fill_chains_k(  # type: ignore[no-untyped-def]
    first, last_chain, stop, start, node, ends, forth, back,
    own, own_next, begin, core_minutes, core_source, minutes, source,
):  # fmt: skip
    """Fill in k labels of the nodes of the chains from `first` to `last_chain`, from their ends and sources inside.

    `own[node]` is the first source at a node, `own_next[source]` the next one there, -1 none.
    """
    k = minutes.shape[1]
    carried, origin = np.empty(k), np.empty(k, np.int32)
    one, one_source = np.full(k, np.inf), np.full(k, -1, np.int32)
    spare, spare_source = np.empty(k), np.empty(k, np.int32)
    for c in range(first, last_chain):
        if stop[0]:
            break
        for way in range(2):
            for m in range(k):
                carried[m], origin[m] = core_minutes[ends[c, way], m], core_source[ends[c, way], m]
            for step in range(start[c + 1] - start[c]):
                s = start[c] + step if way == 0 else start[c + 1] - 1 - step
                v, hop = node[s], forth[s + c] if way == 0 else back[s + c + 1]
                for m in range(k):
                    carried[m] += hop
                    origin[m] = origin[m] if carried[m] < np.inf else -1
                if way == 1:
                    _merge(v, minutes, source, carried, origin, spare, spare_source)
                else:
                    for m in range(k):
                        minutes[v, m], source[v, m] = carried[m], origin[m]
                if own[v] < 0:
                    continue
                i = own[v]
                while way == 0 and i >= 0:
                    one[0], one_source[0] = begin[i], i
                    _merge(v, minutes, source, one, one_source, spare, spare_source)
                    i = own_next[i]
                for m in range(k):
                    carried[m], origin[m] = minutes[v, m], source[v, m]


@kernel
def hops_to_ends(slots, chain, start, forth, back):  # type: ignore[no-untyped-def]
    """Return for inner nodes the minutes from end a, from end b, to end a and to end b, shape `(nodes, 4)`."""
    out = np.zeros((len(slots), 4))
    for i in range(len(slots)):
        s, c = slots[i], chain[i]
        for h in range(start[c] + c, s + c + 1):
            out[i, 0] += forth[h]
            out[i, 2] += back[h]
        for h in range(s + c + 1, start[c + 1] + c + 1):
            out[i, 1] += back[h]
            out[i, 3] += forth[h]
    return out


@kernel
def follow(via, from_node, edge_last_node, edge_along, source, last_node, along):  # type: ignore[no-untyped-def]
    """Give every core node the source at the root of its route, and what is known of the edge `via` which it came."""
    done = via < 0
    for v in range(len(source)):
        root = v
        while not done[root]:
            root = from_node[via[root]]
        here = v
        while not done[here]:
            e = via[here]
            source[here], last_node[here], along[here] = source[root], edge_last_node[e], edge_along[e]
            done[here], here = True, from_node[e]


@kernel
def relabel(predecessor, source):  # type: ignore[no-untyped-def]
    """Give every node the source at the root of its route."""
    done = predecessor < 0
    for v in range(len(source)):
        root = v
        while not done[root]:
            root = predecessor[root]
        here = v
        while not done[here]:
            source[here], done[here] = source[root], True
            here = predecessor[here]


@kernel
def reached_from(via, from_node):  # type: ignore[no-untyped-def]
    """Return the node at the start of the edge by which each node was reached; -1 where by none."""
    predecessor = np.empty(len(via), np.int32)
    for v in range(len(via)):
        predecessor[v] = from_node[via[v]] if via[v] >= 0 else -1
    return predecessor


@kernel
def add_up(offset, to, edge, values, predecessor, minutes, nodes, total):  # type: ignore[no-untyped-def]
    """Sum some edge values from each source along the tree to some nodes, in their rows of `total`; others are left."""
    stack, known = np.empty(len(total), np.int64), predecessor < 0
    for v in np.flatnonzero(known):
        total[v] = 0.0 if minutes[v] < np.inf else np.inf
    for v in nodes:
        depth, here = 0, v
        while not known[here]:
            stack[depth] = here
            depth += 1
            here = predecessor[here]
        for i in range(depth - 1, -1, -1):
            e = edge[_edge_between(offset, to, here, stack[i])]
            for k in range(len(values)):
                total[stack[i], k] = total[here, k] + values[k][e]
            here = stack[i]
            known[here] = True
