"""Minutes of places along the pieces of a cut network, in one pass and without arrays of their size beside them."""

import numpy as np
from numpy.typing import NDArray

from gis.kernels._jit import kernel

Float = NDArray[np.float64]
Int = NDArray[np.int64]

ROUNDING_MIN = 1e-9
"""What is quicker by less is rounding."""


def minutes_along(
    node_minutes: Float, from_id: Int, to_id: Int, forward: Float, backward: Float, piece: Int, share: Float
) -> Float:
    """Return the minutes of places on pieces: by the end that is quicker.

    Parameters
    ----------
    node_minutes
        Of the nodes; `inf` unreachable.
    from_id, to_id
        The nodes at the ends of each piece, shape `(p,)`.
    forward, backward
        The minutes along each piece and against it, `inf` where one may not drive, shape `(p,)`.
    piece, share
        Which piece each place is on, and how far along it, 0 to 1; shape `(n,)`.

    Returns
    -------
    array of shape `(n,)`
        At an end of a piece those of its node.

    Examples
    --------
    >>> ends = np.array([0]), np.array([1]), np.array([10.0]), np.array([np.inf])
    >>> minutes_along(np.array([3.0, 5.0]), *ends, np.zeros(3, int), np.array([0.0, 0.5, 1.0])).tolist()
    [3.0, 10.0, 5.0]
    """
    out = np.empty(len(piece))
    _along(node_minutes, from_id, to_id, forward, backward, piece, share, out)
    return out


@kernel
def _along(node_minutes, from_id, to_id, forward, backward, piece, share, out):  # type: ignore[no-untyped-def]
    for n in range(len(piece)):
        p = piece[n]
        out[n] = _at(node_minutes[from_id[p]], node_minutes[to_id[p]], forward[p], backward[p], share[n])


@kernel
def _at(from_min, to_min, forward, backward, share):  # type: ignore[no-untyped-def]
    # 0 x inf at the end of a one-way piece is the end itself.
    to_end = to_min + (forward * (1.0 - share) if share < 1.0 else 0.0)
    to_start = from_min + (backward * share if share > 0.0 else 0.0)
    return min(to_end, to_start)


def lower_to_stretches(
    least: Float,
    cell: Int,
    node_minutes: Float,
    from_id: Int,
    to_id: Int,
    forward: Float,
    backward: Float,
    piece: Int,
    enter: Float,
    leave: Float,
) -> None:
    """Lower the minutes of cells, in place, to the least on the stretches of pieces that run through them.

    Minutes rise or fall evenly along a piece, or rise to a watershed and fall again: the least are at an end.

    Parameters
    ----------
    least
        Of all cells, shape `(cells,)`.
    cell
        The cell of each stretch, shape `(n,)`.
    node_minutes, from_id, to_id, forward, backward, piece
        As in `minutes_along`.
    enter, leave
        Where on its piece each stretch begins and ends, as `share` there, shape `(n,)`.

    Examples
    --------
    >>> ends = np.array([0]), np.array([1]), np.array([10.0]), np.array([np.inf])
    >>> least = np.array([np.inf, 4.0])
    >>> stretches = np.zeros(2, int), np.array([0.0, 0.5]), np.array([0.5, 1.0])
    >>> lower_to_stretches(least, np.array([0, 1]), np.array([9.0, 5.0]), *ends, *stretches)
    >>> least.tolist()
    [9.0, 4.0]
    """
    _lower(least, cell, node_minutes, from_id, to_id, forward, backward, piece, enter, leave)


@kernel
def _lower(least, cell, node_minutes, from_id, to_id, forward, backward, piece, enter, leave):  # type: ignore[no-untyped-def]
    for n in range(len(piece)):
        p = piece[n]
        at = node_minutes[from_id[p]], node_minutes[to_id[p]], forward[p], backward[p]
        least[cell[n]] = min(least[cell[n]], _at(*at, enter[n]), _at(*at, leave[n]))


def stretches_of_pieces(
    begin: Float, end: Float, piece_begin: Float, piece_end: Float
) -> tuple[Int, Int, Float, Float]:
    """Cut stretches of a line where its pieces meet.

    Parameters
    ----------
    begin, end
        Where on the line stretches begin and end, in order and apart, shape `(n,)`.
    piece_begin, piece_end
        The same of the pieces, all of the line, shape `(p,)`.

    Returns
    -------
    of : array of shape `(m,)`
        The stretch that each part is of, in order.
    piece : array of shape `(m,)`
        The piece that it lies on.
    enter, leave : arrays of shape `(m,)`
        Where it begins and ends, as shares of the length of its piece.

    Examples
    --------
    >>> found = stretches_of_pieces(np.array([0.5]), np.array([3.0]), np.array([0.0, 2.0]), np.array([2.0, 4.0]))
    >>> [one.tolist() for one in found]
    [[0, 0], [0, 1], [0.25, 0.0], [1.0, 0.5]]
    """
    room = len(begin) + len(piece_begin)
    of, piece, enter, leave = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room), np.empty(room)
    m = _cut(begin, end, piece_begin, piece_end, of, piece, enter, leave)
    return of[:m], piece[:m], enter[:m], leave[:m]


@kernel
def _cut(begin, end, piece_begin, piece_end, of, piece, enter, leave):  # type: ignore[no-untyped-def]
    m, p, cut, last = 0, 0, 1, len(piece_begin)
    for n in range(len(begin)):
        here = begin[n]
        while cut < last and piece_begin[cut] <= here:
            cut += 1
        while here < end[n]:
            there = end[n]
            if cut < last and piece_begin[cut] < there:
                there = piece_begin[cut]
                cut += 1
            while p + 1 < last and piece_begin[p + 1] <= (here + there) / 2:
                p += 1
            width = piece_end[p] - piece_begin[p]
            of[m], piece[m] = n, p
            enter[m], leave[m] = max((here - piece_begin[p]) / width, 0.0), min((there - piece_begin[p]) / width, 1.0)
            m, here = m + 1, there
    return m


def beaten_along(
    piece: Int, enter: Float, leave: Float, minutes: Float, forward: Float, backward: Float
) -> NDArray[np.bool_]:
    """Say from which ends of stretches it is quicker to drive along their piece to the end of another.

    Parameters
    ----------
    piece, enter, leave
        The piece that each stretch lies on, and where it begins and ends there, as shares; in order of pieces and
        shares, shape `(n,)`. A place is a stretch of no length.
    minutes
        From both ends of each stretch on, off the road; `inf` or NaN where nobody leaves it. Shape `(n,)`.
    forward, backward
        As in `minutes_along`.

    Returns
    -------
    array of shape `(2, n)`
        Of the beginning and the end of each stretch; True by more than rounding.

    Examples
    --------
    >>> place, minutes = np.array([0.0, 0.5, 1.0]), np.array([9.0, 1.0, 7.0])
    >>> beaten_along(np.zeros(3, int), place, place, minutes, np.array([8.0]), np.array([np.inf]))[0].tolist()
    [True, False, False]
    """
    out = np.zeros((2, len(piece)), np.bool_)
    _beaten(piece, enter, leave, minutes, backward, False, out)
    _beaten(piece, enter, leave, minutes, forward, True, out)
    return out


@kernel
def _beaten(piece, enter, leave, minutes, pace, from_end, out):  # type: ignore[no-untyped-def]
    # The least minutes of the places that were passed, by way of driving back to them at the pace of that direction.
    last, at, least = -1, 0.0, np.inf
    for k in range(len(piece)):
        n = len(piece) - 1 - k if from_end else k
        p = piece[n]
        if p != last:
            last, at, least = p, leave[n] if from_end else enter[n], np.inf
        for met in range(2):
            side = 1 - met if from_end else met
            place = enter[n] if side == 0 else leave[n]
            apart = at - place if from_end else place - at
            least += pace[p] * apart if apart > 0.0 else 0.0
            out[side, n] |= minutes[n] > least + ROUNDING_MIN
            at, least = place, min(least, minutes[n]) if minutes[n] == minutes[n] else least
