"""Cost distance against a dumb loop, other libraries, published answers, and the laws that it must keep."""

import heapq
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.graph import MCP_Geometric

from gis.kernels.cost_distance import cost_distance

STRAIGHT = [(-1, 0), (1, 0), (0, -1), (0, 1)]
DIAGONAL = [(-1, -1), (1, 1), (-1, 1), (1, -1)]
KNIGHT = [(a * p, b * q) for p, q in ((1, 2), (2, 1)) for a in (-1, 1) for b in (-1, 1)]


def dumb(friction, start, dx, dy, neighbours, elevation=None):
    """Search cell by cell, with the geometry of every move spelled out."""
    ny, nx = friction.shape
    dx, dy = np.broadcast_to(dx, ny), np.broadcast_to(dy, ny)
    barred = ~(friction < np.inf)
    best = start.copy()
    heap = [(start[c], c) for c in np.ndindex(start.shape) if start[c] < np.inf]
    heapq.heapify(heap)
    while heap:
        here, (i, j) = heapq.heappop(heap)
        if here > best[i, j] or barred[i, j]:
            continue
        for a, b in STRAIGHT + DIAGONAL + (KNIGHT if neighbours == 16 else []):
            p, q = i + a, j + b
            if not (0 <= p < ny and 0 <= q < nx) or barred[p, q]:
                continue
            top, low = min(i, p), max(i, p)
            height = dy[top : low + 1].sum() - (dy[top] + dy[low]) / 2
            width = abs(b) * (dx[i] + dx[p]) / 2
            length = math.hypot(height, width)
            passed = [(i, j), (p, q)]
            if (a, b) in DIAGONAL and barred[i, q] and barred[p, j]:
                continue
            if abs(b) == 2:
                passed += [(i, (j + q) // 2), (p, (j + q) // 2)]
            if abs(a) == 2:
                passed += [((i + p) // 2, j), ((i + p) // 2, q)]
            if any(barred[c] for c in passed):
                continue
            minutes = length * np.mean([friction[c] for c in passed])
            if elevation is not None:
                rise = (elevation[i, j] - elevation[p, q]) / length  # the journey runs from (p, q) to (i, j)
                minutes /= 6 * math.exp(-3.5 * abs(rise + 0.05)) / 5
            if here + minutes < best[p, q]:
                best[p, q] = here + minutes
                heapq.heappush(heap, (best[p, q], (p, q)))
    best[np.isnan(friction) & np.isinf(best)] = np.nan
    return best


def land(seed, ny=17, nx=23, gaps=0.15):
    rng = np.random.default_rng(seed)
    friction = rng.lognormal(-4, 1, (ny, nx))
    friction[rng.random((ny, nx)) < gaps] = np.nan
    friction[rng.random((ny, nx)) < gaps] = np.inf
    start = np.full((ny, nx), np.inf)
    cells = rng.integers(0, ny * nx, 4)
    start.flat[cells] = [0, 0, 1.5, 40]
    return friction, start


@pytest.mark.parametrize("neighbours", [8, 16])
@pytest.mark.parametrize("slope", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_equals_a_dumb_loop(neighbours, slope, seed):
    friction, start = land(seed)
    ny = len(friction)
    dx, dy = np.linspace(60, 95, ny), np.linspace(112, 108, ny)
    z = np.random.default_rng(seed).normal(500, 40, friction.shape) if slope else None
    answer = cost_distance(friction, start, dx=dx, dy=dy, neighbours=neighbours, elevation=z, tile=5)
    np.testing.assert_allclose(answer.minutes, dumb(friction, start, dx, dy, neighbours, z), rtol=1e-12)
