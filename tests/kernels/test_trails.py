"""Ways over the cells of a grid: their lengths against the ways themselves, steps out of cells against a loop."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.kernels.along import beaten_along, minutes_along
from gis.kernels.cost_distance import cost_distance
from gis.kernels.trails import steps_out, trail_km, trails

NY, NX = 9, 14
DX = np.linspace(80.0, 120.0, NY)  # cells that taper
DY = 100.0


def land(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    friction = rng.uniform(0.005, 0.03, (NY, NX))
    friction[rng.uniform(size=friction.shape) < 0.25] = np.inf
    start = np.full((NY, NX), np.inf)
    start.reshape(-1)[rng.choice(NY * NX, 3, replace=False)] = rng.uniform(0, 5, 3)
    return friction, start


@pytest.mark.parametrize("neighbours", [8, 16])
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_lengths_are_those_of_the_ways(neighbours, seed):
    friction, start = land(seed)
    answer = cost_distance(friction, start, dx=DX, dy=DY, neighbours=neighbours)
    cells = np.flatnonzero(np.isfinite(answer.minutes))
    found = trails(answer, cells, dx=DX, dy=DY)
    np.testing.assert_allclose(trail_km(answer, cells, dx=DX, dy=DY), found.km, rtol=1e-12, atol=1e-12)
    assert (found.cells[found.first[:-1]] == cells).all()
    assert np.isfinite(start.reshape(-1)[found.end]).all()
    for k in range(0, len(cells), 7):  # neighbouring cells of a way are neighbours, and the moves are as long as it
        row, column = np.divmod(found.way(k), NX)
        down, right = np.abs(np.diff(row)), np.abs(np.diff(column))
        assert (np.maximum(down, right) <= (1 if neighbours == 8 else 2)).all()
        metres = [
            math.hypot((a > 0) * b * (DX[i] + DX[j]) / 2 + (a == 0) * b * DX[i], a * DY)
            for a, b, i, j in zip(down, right, row[:-1], row[1:], strict=True)
        ]
        assert found.km[k] == pytest.approx(sum(metres) / 1000)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_step_out_goes_to_the_cell_beside_from_which_it_is_quickest(seed):
    friction, start = land(seed)
    minutes = cost_distance(friction, start, dx=DX, dy=DY).minutes
    least, beside, km = steps_out(minutes, friction, np.arange(NY * NX), dx=DX, dy=DY)
    for i, j in itertools.product(range(NY), range(NX)):
        ways = []
        for di, dj in itertools.product((-1, 0, 1), repeat=2):
            k, m = i + di, j + dj
            if (di, dj) == (0, 0) or not (0 <= k < NY and 0 <= m < NX):
                continue
            if di and dj and np.isinf(friction[i, m]) and np.isinf(friction[k, j]):
                continue  # between two barriers
            metres = math.hypot(dj * (DX[i] + DX[k]) / 2, di * DY)
            total = minutes[k, m] + metres * (friction[i, j] + friction[k, m]) / 2
            if np.isfinite(total):
                ways.append((total, metres / 1000))
        cell = i * NX + j
        assert least[cell] == pytest.approx(min(ways)[0] if ways else np.inf)
        assert (beside[cell] < 0) == (not ways)
        if ways:
            assert any(
                km[cell] == pytest.approx(length) for total, length in ways if total == pytest.approx(least[cell])
            )


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_places_along_pieces(seed):
    """Against the formula, one place at a time; also at the ends of one-way pieces, where 0 x inf lurks."""
    rng = np.random.default_rng(seed)
    node = rng.choice([0.0, 3.0, np.inf, 10.0], 6)
    from_id, to_id = rng.integers(0, 6, 5), rng.integers(0, 6, 5)
    forward, backward = rng.choice([2.0, 5.0, np.inf], 5), rng.choice([1.0, 4.0, np.inf], 5)
    piece = np.sort(rng.integers(0, 5, 20))
    share = rng.choice([0.0, 0.25, 0.5, 1.0], 20)
    order = np.lexsort([share, piece])
    piece, share = piece[order], share[order]
    found = minutes_along(node, from_id, to_id, forward, backward, piece, share)
    for n, (p, s) in enumerate(zip(piece, share, strict=True)):
        ahead = 0.0 if s == 1 else forward[p] * (1 - s)
        behind = 0.0 if s == 0 else backward[p] * s
        assert found[n] == min(node[to_id[p]] + ahead, node[from_id[p]] + behind)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_ends_of_stretches_that_are_better_driven_from(seed):
    """Against every other end on the piece, one by one; the numbers are such that no rounding decides."""
    rng = np.random.default_rng(seed)
    forward, backward = rng.choice([2.0, 5.0, np.inf], 5), rng.choice([1.0, 4.0, np.inf], 5)
    ends = [np.sort(rng.choice(np.arange(9) / 8, 2 * rng.integers(0, 4))).reshape(-1, 2) for _ in range(5)]
    piece = np.repeat(np.arange(5), [len(one) for one in ends])
    enter, leave = np.concatenate(ends).T
    minutes = rng.choice([0.5, 1.0, 2.25, 3.0, 7.0, np.inf, np.nan], len(piece))
    found = beaten_along(piece, enter, leave, minutes, forward, backward)
    place, of = np.array([enter, leave]), np.arange(len(piece))
    for side, n in np.ndindex(found.shape):
        better = False
        for to, m in np.ndindex(found.shape):
            if piece[m] == piece[n] and (to, m) != (side, n):
                apart = place[to, m] - place[side, n]
                drive = 0.0 if apart == 0 else (forward if apart > 0 else backward)[piece[n]] * abs(apart)
                better |= bool(minutes[n] > minutes[m] + drive + 1e-9)
        assert found[side, n] == better, (of[n], side)
