"""Vertices of lines that become nodes, and the parts of a network that hang together."""

import itertools

import numpy as np
from numpy.typing import NDArray

from gis.kernels._jit import kernel
from gis.kernels.threads import cores, on_all_cores

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]

# Multiplying by this (2**64 over the golden ratio) spreads keys that lie close together: Knuth, The Art of Computer
# Programming, volume 3, section 6.4.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

_LEAST_BITS = 10  # of a table of places: of a thousand at least


def vertex_keys(xy: Float, *, per_degree: int, halfway: float) -> tuple[Int, Bool]:
    """Give every vertex a whole number, equal numbers to those that agree to a part of a degree.

    Parameters
    ----------
    xy
        Longitude and latitude in degrees, shape `(n, 2)`.
    per_degree
        Into how many parts a degree is cut.
    halfway
        A vertex so near to the border between two parts is marked: two writings of one place may lie on both sides.

    Returns
    -------
    key : array of shape `(n,)`
        Rising from west to east, and from south to north where the longitude is the same.
    halfway : array of shape `(n,)`
        Whether a coordinate is less than `halfway` parts from a border.

    Examples
    --------
    >>> key, halfway = vertex_keys(np.array([[60.0, 0.0], [60.0, 0.01], [60.1, -1.0]]), per_degree=10, halfway=0.01)
    >>> bool(key[0] == key[1]), bool(key[1] < key[2]), halfway.tolist()
    (True, True, [False, False, False])
    """
    xy = np.ascontiguousarray(xy, np.float64)
    key, half = np.empty(len(xy), np.int64), np.empty(len(xy), np.bool_)
    bounds = np.linspace(0, len(xy), cores() + 1).astype(int)
    parts = [slice(first, last) for first, last in itertools.pairwise(bounds)]
    on_all_cores(lambda at, _: _keys(xy[at], per_degree, 0.5 - halfway, key[at], half[at]), [(at,) for at in parts])
    return key, half


def pieces_between(key: Int, line: Int) -> tuple[Int, Int, Int, Int, Int]:
    """Cut lines at their ends and at every vertex that is met more than once.

    Parameters
    ----------
    key
        A number for every vertex of each line in turn, equal for those at one place, shape `(v,)`.
    line
        The line of each vertex, rising, shape `(v,)`.

    Returns
    -------
    first, last : arrays of shape `(m,)`
        The positions of the vertices where each piece begins and ends. Pieces of no length are left out; a loop with
        a vertex between has one.
    from_id, to_id : arrays of shape `(m,)`
        The nodes there, numbered from 0 without gaps in the order of their keys.
    vertex : array of shape `(nodes,)`
        Of each node the position of the vertex that is the first to be at it, in the order of the pieces.

    Notes
    -----
    Most vertices are met once. Those are set aside by a table of bits, in which a place that two keys share by chance
    does no harm, so that only the others need be sorted.

    Examples
    --------
    >>> pieces_between(np.array([7, 8, 9, 8, 5]), np.array([0, 0, 0, 1, 1]))[2:4]
    (array([1, 2, 2]), array([2, 3, 0]))
    """
    if not len(key):
        none = np.empty(0, np.int64)
        return none, none, none, none, none
    shift = np.uint64(64 - max(int(4 * len(key)).bit_length(), _LEAST_BITS))
    at, end = _met_again(key, line, _met(key, shift), shift)
    key = key[at]
    return _pieces(at, line, *_numbered(key, end, np.argsort(key)))  # type: ignore[no-any-return]


def components(n: int, a: Int, b: Int) -> tuple[int, Int]:
    """Number the parts of an undirected graph that hang together, by their first nodes.

    Parameters
    ----------
    n
        Number of nodes.
    a, b
        The ends of each edge, shape `(m,)`.

    Returns
    -------
    count : int
    label : array of shape `(n,)`

    References
    ----------
    Galler, B. A. and Fischer, M. J. (1964), An improved equivalence algorithm, Communications of the ACM 7(5).

    Examples
    --------
    >>> count, label = components(5, np.array([3, 1]), np.array([0, 4]))
    >>> count, label.tolist()
    (3, [0, 1, 2, 0, 1])
    """
    return _components(n, a, b)  # type: ignore[no-any-return]


@kernel
def _keys(xy, per_degree, most, key, half):  # type: ignore[no-untyped-def]
    high = np.int64(181 * per_degree)
    for i in range(len(xy)):
        x, y = xy[i, 0] * per_degree, xy[i, 1] * per_degree
        whole_x, whole_y = np.rint(x), np.rint(y)
        key[i] = (np.int64(whole_x) + 180 * per_degree) * high + np.int64(whole_y) + 90 * per_degree
        half[i] = max(abs(x - whole_x), abs(y - whole_y)) > most


@kernel
def _met(key, shift):  # type: ignore[no-untyped-def]
    """Return a table of pairs of bits, 32 to a word: the place of a key was met; it was met again."""
    table = np.zeros((1 << (64 - shift)) // 32, np.uint64)
    for k in key:
        place = (np.uint64(k) * _SPREAD) >> shift
        word, bit = place >> np.uint64(5), np.uint64(1) << ((place & np.uint64(31)) << np.uint64(1))
        table[word] |= bit | ((table[word] & bit) << np.uint64(1))
    return table


@kernel
def _met_again(key, line, table, shift):  # type: ignore[no-untyped-def]
    """Return the positions of the ends of lines, and of those keys whose place was met again; which are ends."""
    n, found = len(key), 0
    at, ends = np.empty(n, np.int64), np.empty(n, np.bool_)
    for i in range(n):
        place = (np.uint64(key[i]) * _SPREAD) >> shift
        word, bit = place >> np.uint64(5), np.uint64(2) << ((place & np.uint64(31)) << np.uint64(1))
        end = i == 0 or i == n - 1 or line[i] != line[i - 1] or line[i] != line[i + 1]
        at[found], ends[found] = i, end
        found += end or table[word] & bit != 0
    return at[:found], ends[:found]


@kernel
def _numbered(key, end, order):  # type: ignore[no-untyped-def]
    """Return the rank of each key among those that are met more than once or at an end, -1 of others; and how many."""
    number, n, i = np.empty(len(key), np.int32), len(key), 0
    count = np.int32(0)
    while i < n:
        first, here = order[i], key[order[i]]
        alone = i + 1 == n or key[order[i + 1]] != here
        if alone and not end[first]:
            number[first] = -1
            i += 1
            continue
        while i < n and key[order[i]] == here:
            number[order[i]] = count
            i += 1
        count += 1
    return number, count


@kernel
def _pieces(at, line, number, count):  # type: ignore[no-untyped-def]
    """Return the pieces between the vertices that have a number: see `pieces_between`."""
    first, last, a, b = np.empty((4, len(at)), np.int64)
    vertex = np.full(count, -1, np.int64)
    made, start, used = 0, 0, 0
    for i in range(1, len(at)):
        if number[i] < 0:
            continue
        same = line[at[i]] == line[at[start]]
        if same and (number[start] != number[i] or at[i] - at[start] > 1):
            first[made], last[made], a[made], b[made] = at[start], at[i], number[start], number[i]
            for stop in (start, i):
                if vertex[number[stop]] < 0:
                    vertex[number[stop]] = at[stop]
                    used += 1
            made += 1
        start = i
    first, last, a, b = first[:made], last[:made], a[:made], b[:made]
    if used == count:
        return first, last, a, b, vertex
    new = np.cumsum(vertex >= 0) - 1
    return first, last, new[a], new[b], vertex[vertex >= 0]


@kernel
def _root(above, v):  # type: ignore[no-untyped-def]
    while above[v] != v:
        above[v] = above[above[v]]
        v = above[v]
    return v


@kernel
def _components(n, a, b):  # type: ignore[no-untyped-def]
    above, label, count = np.arange(n).astype(np.int32), np.empty(n, np.int64), 0
    for e in range(len(a)):
        x, y = _root(above, a[e]), _root(above, b[e])
        above[max(x, y)] = min(x, y)
    for v in range(n):  # a root comes before all that hang on it
        if above[v] == v:
            label[v], count = count, count + 1
        else:
            label[v] = label[above[v]]
    return count, label
