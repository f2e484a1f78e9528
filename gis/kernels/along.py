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
        p, s = piece[n], share[n]
        # 0 x inf at the end of a one-way piece is the end itself.
        to_end = node_minutes[to_id[p]] + (forward[p] * (1.0 - s) if s < 1.0 else 0.0)
        to_start = node_minutes[from_id[p]] + (backward[p] * s if s > 0.0 else 0.0)
        out[n] = min(to_end, to_start)


def beaten_by_neighbours(
    piece: Int, share: Float, minutes: Float, forward: Float, backward: Float
) -> NDArray[np.bool_]:
    """Say from which places it is quicker to drive along their piece to the place before or after.

    Parameters
    ----------
    piece, share
        As in `minutes_along`, in the order of pieces and shares.
    minutes
        From each place on, off the road; shape `(n,)`.
    forward, backward
        As in `minutes_along`.

    Examples
    --------
    >>> shares, minutes = np.array([0.0, 0.5, 1.0]), np.array([9.0, 1.0, 7.0])
    >>> beaten_by_neighbours(np.zeros(3, int), shares, minutes, np.array([8.0]), np.array([np.inf])).tolist()
    [True, False, False]
    """
    out = np.zeros(len(piece), np.bool_)
    _beaten(piece, share, minutes, forward, backward, out)
    return out


@kernel
def _beaten(piece, share, minutes, forward, backward, out):  # type: ignore[no-untyped-def]
    for here in range(1, len(piece)):
        before, p = here - 1, piece[here]
        if piece[before] == p:
            apart = share[here] - share[before]
            forth, back = (forward[p] * apart, backward[p] * apart) if apart > 0.0 else (0.0, 0.0)
            out[before] |= minutes[before] > minutes[here] + forth + ROUNDING_MIN
            out[here] |= minutes[here] > minutes[before] + back + ROUNDING_MIN
