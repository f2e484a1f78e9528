"""Cost distance against a dumb loop, other libraries, published answers, and the laws that it must keep."""

import heapq
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.graph import MCP_Geometric

from gis.kernels import _buckets
from gis.kernels._buckets import finish_by_buckets
from gis.kernels._moves import Land, move_lengths
from gis.kernels.cost_distance import cost_distance

SCRIPTS = Path(__file__).parents[2] / "scripts"

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


def test_equals_the_worked_example_of_grass():
    """Hold against the manual of GRASS r.cost, its table without the knight's move, rounded to whole numbers."""
    cost = [
        [2, 2, 1, 1, 5, 5, 5], [2, 2, 8, 8, 5, 2, 1], [7, 1, 1, 8, 2, 2, 2],
        [8, 7, 8, 8, 8, 8, 5], [8, 8, 1, 1, 5, 3, 9], [8, 1, 1, 2, 5, 3, 9],
    ]  # fmt: skip
    expected = [
        [22, 21, 21, 20, 17, 15, 14], [20, 19, 22, 20, 15, 12, 11], [22, 18, 17, 18, 13, 11, 9],
        [21, 14, 13, 12, 8, 6, 6], [16, 13, 8, 7, 4, 0, 6], [14, 9, 8, 9, 6, 3, 8],
    ]  # fmt: skip
    start = np.full((6, 7), np.inf)
    start[4, 5] = 0
    minutes = cost_distance(cost, start, dx=1, dy=1).minutes
    assert np.floor(minutes + 0.5).astype(int).tolist() == expected


@pytest.mark.parametrize("shape", [(90, 131), (131, 70)])
def test_equals_scikit_image_where_corners_may_leak(shape):
    rng = np.random.default_rng(5)
    friction = rng.lognormal(-4, 1, shape)
    friction[rng.random(shape) < 0.3] = np.nan
    start = np.full(shape, np.inf)
    start.flat[rng.choice(np.flatnonzero(friction > 0), 5, replace=False)] = 0
    peer, _ = MCP_Geometric(np.where(np.isnan(friction), -1, friction * 100)).find_costs(np.argwhere(start == 0))
    ours = cost_distance(friction, start, dx=100, dy=100, diagonal_gaps=True).minutes
    reached = np.isfinite(peer)
    np.testing.assert_array_equal(np.isfinite(ours), reached)
    np.testing.assert_allclose(ours[reached], peer[reached], rtol=1e-12)


DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "malawi"


@pytest.mark.skipif(not DATA.exists(), reason="the Malawi exercise is not beside this checkout")
def test_equals_the_expected_surface_of_malawi():
    """Recompute a published AccessMod exercise; its engine, r.cost, lets corners leak."""
    rasterio = pytest.importorskip("rasterio")
    pyogrio = pytest.importorskip("pyogrio")
    with rasterio.open(DATA / "input_stack.tif") as raster:
        stack, transform = raster.read(1), raster.transform
    with rasterio.open(DATA / "input_cumulative_cost.tif") as raster:
        expected = raster.read(1)
    speed_kph = {1: 6, 2: 4, 3: 2, 1001: 100, 1002: 80, 1003: 50}  # malawi_accessibility.json
    friction = np.full(stack.shape, np.nan)
    friction[stack >= 2000] = np.inf  # water and wetlands
    for code, speed in speed_kph.items():
        friction[stack == code] = 60 / (1000 * speed)
    places = pyogrio.read_dataframe(DATA / "input_facilities.gpkg").geometry
    row, column = rasterio.transform.rowcol(transform, places.x, places.y)
    start = np.full(stack.shape, np.inf)
    start[row, column] = 0
    answer = cost_distance(friction, start, dx=1000, dy=1000, diagonal_gaps=True)
    cap = 360
    reached = answer.minutes < np.inf
    ours = np.floor(np.where(reached, answer.minutes, cap)).clip(max=cap)
    ours[np.isnan(friction)] = cap
    difference = np.abs(ours - np.where(expected < 0, cap, expected))
    assert difference.max() <= 1
    on_land = (expected >= 0) | (friction < np.inf)
    assert (difference[on_land] == 0).mean() >= 0.994
    tight = cost_distance(friction, start, dx=1000, dy=1000).minutes
    assert (tight[reached] >= answer.minutes[reached]).all()


def _walled(neighbours, gaps=False):
    """Return the minutes behind walls one cell wide: straight, both diagonals, and a staircase."""
    minutes = []
    for wall in (
        [(i, 6) for i in range(9)],
        [(i, i + 1) for i in range(9)],
        [(i, 10 - i) for i in range(9)],
        [(i, 5 + i // 2) for i in range(9)],
    ):
        friction = np.full((9, 12), 0.01)
        for cell in wall:
            friction[cell] = np.inf
        start = np.full(friction.shape, np.inf)
        start[8, 0] = 0
        answer = cost_distance(friction, start, dx=30, dy=30, neighbours=neighbours, diagonal_gaps=gaps)
        minutes.append(answer.minutes[0, 11])
        assert np.isinf(answer.minutes[tuple(np.transpose(wall))]).all()
    return minutes


@pytest.mark.parametrize("neighbours", [8, 16])
def test_a_wall_of_one_cell_holds(neighbours):
    assert np.isinf(_walled(neighbours)).all()


def test_gaps_between_diagonal_barriers_leak_only_when_asked():
    assert [bool(np.isfinite(m)) for m in _walled(8, gaps=True)] == [False, True, True, True]


@pytest.mark.parametrize(("neighbours", "overstated"), [(8, 1 / math.cos(math.pi / 8)), (16, 1.0279)])
def test_uniform_friction_is_overstated_as_documented(neighbours, overstated):
    ny, nx = 121, 141
    start = np.full((ny, nx), np.inf)
    start[60, 70] = 0
    minutes = cost_distance(np.full((ny, nx), 0.02), start, dx=50, dy=50, neighbours=neighbours).minutes
    i, j = np.mgrid[-60:61, -70:71]
    distance = np.hypot(i, j)
    ratio = minutes[distance > 0] / (distance[distance > 0] * 50 * 0.02)
    assert ratio.min() == pytest.approx(1, abs=1e-12)
    assert ratio.max() <= overstated + 1e-4
    assert ratio.max() == pytest.approx(overstated, abs=1e-3)


@st.composite
def worlds(draw):
    ny, nx = draw(st.integers(1, 12)), draw(st.integers(1, 15))
    seed = draw(st.integers(0, 2**16))
    friction, start = land(seed, ny, nx, draw(st.sampled_from([0.0, 0.15, 0.3])))
    if draw(st.booleans()):
        friction = np.where(np.isfinite(friction), np.round(friction * 50) / 50, friction)  # ties, and 0
    return friction, start


@given(worlds(), st.sampled_from([8, 16]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_laws(world, neighbours, slope):
    friction, start = world
    z = np.random.default_rng(1).normal(0, 30, friction.shape) if slope else None
    ny, nx = friction.shape
    dx = np.linspace(80, 100, ny)

    def run(friction=friction, start=start, dx=dx, dy=90.0, z=z, **options):
        return cost_distance(friction, start, dx=dx, dy=dy, elevation=z, neighbours=neighbours, **options)

    once = run(tile=4, threads=1)
    for tile, threads in ((3, 2), (7, 3), (62, None)):
        again = run(tile=tile, threads=threads)
        for name in ("minutes", "source", "move_in"):
            np.testing.assert_array_equal(getattr(again, name), getattr(once, name))
    zero = np.where(start < np.inf, 0.0, np.inf)
    np.testing.assert_array_equal(run(2 * friction, zero).minutes, 2 * run(start=zero).minutes)
    more = start.copy()
    more[ny // 2, nx // 2] = 0
    fewer, less = once.minutes, run(start=more).minutes
    known = ~np.isnan(fewer)
    assert (less[known] <= fewer[known]).all()
    cold, warm = run(start=more), run(start=more, known=fewer.copy(), tile=4)
    for name in ("minutes", "source", "move_in"):
        np.testing.assert_array_equal(getattr(warm, name), getattr(cold, name), "built on what was known")
    flipped = run(friction[:, ::-1], start[:, ::-1], z=None if z is None else z[:, ::-1]).minutes[:, ::-1]
    np.testing.assert_array_equal(flipped, once.minutes)
    upside = run(friction[::-1], start[::-1], dx[::-1], z=None if z is None else z[::-1]).minutes[::-1]
    np.testing.assert_array_equal(upside, once.minutes)
    square = run(dx=90.0).minutes
    turned = run(friction.T, start.T, dx=90.0, z=None if z is None else z.T).minutes.T
    np.testing.assert_array_equal(turned, square)
    _check_sources(once, friction, start)


def _check_sources(answer, friction, start):
    """Every way ends at the cell's source, falls all along, and the source keeps its start."""
    for cell in np.ndindex(friction.shape):
        way = answer.way(*cell)
        source = answer.source[cell]
        if not answer.minutes[cell] < np.inf:
            assert source == -1
            assert len(way) == 0
            assert np.isnan(answer.minutes[cell]) == np.isnan(friction[cell])
            continue
        assert tuple(way[0]) == cell
        assert np.ravel_multi_index(tuple(way[-1]), friction.shape) == source
        assert answer.minutes.flat[source] == start.flat[source]
        assert (np.diff(answer.minutes[tuple(way.T)]) <= 0).all()


def test_large_tiles_and_the_bucket_queue_agree_bit_for_bit():
    rng = np.random.default_rng(3)
    friction = np.exp(rng.normal(-4, 1, (150, 211)))
    friction[40:44, :200] = np.nan
    start = np.full(friction.shape, np.inf)
    start[3, 7], start[140, 9] = 0, 25
    lengths = move_lengths(np.full(150, 70.0), np.full(150, 90.0))
    by_buckets = start.copy()
    finish_by_buckets(Land(friction, np.empty((0, 0)), lengths, False), 8, by_buckets, report=lambda _: None)
    answer = cost_distance(friction, start, dx=70, dy=90)
    by_buckets[np.isnan(friction)] = np.nan
    np.testing.assert_array_equal(answer.minutes, by_buckets)


def corridors(seed, ny, nx, width):
    """Return a random maze: walls one cell wide on a lattice, with a way through most of them, and varied friction."""
    rng, step = np.random.default_rng(seed), width + 1
    friction = rng.lognormal(-4, 0.5, (ny, nx))
    walls = np.zeros((ny, nx), bool)
    walls[width::step] = walls[:, width::step] = True
    friction[walls] = np.nan
    for i in range(0, ny, step):
        for j in range(0, nx, step):
            down, across = rng.random(2) < 0.6
            if down and i + width < ny:
                friction[i + width, j : min(j + width, nx)] = 0.02
            if across and j + width < nx:
                friction[i : min(i + width, ny), j + width] = 0.02
    start = np.full((ny, nx), np.inf)
    start[0, 0], start[ny // step // 2 * step, nx // step // 2 * step] = 0.0, 7.0
    return friction, start


@pytest.mark.parametrize("width", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("gaps", [False, True])
def test_mazes_of_any_width_equal_a_search_cell_by_cell(width, gaps):
    friction, start = corridors(width, 67, 91, width)
    lengths = move_lengths(np.linspace(60, 95, 67), np.full(67, 90.0))
    by_buckets = start.copy()
    finish_by_buckets(Land(friction, np.empty((0, 0)), lengths, gaps), 8, by_buckets, report=lambda _: None)
    by_buckets[np.isnan(friction)] = np.nan
    dx = np.linspace(60, 95, 67)
    for tile in (5, 16, 62):
        answer = cost_distance(friction, start, dx=dx, dy=90, tile=tile, diagonal_gaps=gaps)
        np.testing.assert_array_equal(answer.minutes, by_buckets)
    if not gaps:
        np.testing.assert_allclose(by_buckets, dumb(friction, start, dx, 90.0, 8), rtol=1e-12)
    _check_sources(answer, friction, start)


FAST = {  # friction of a part of the land beside 0.01 on the rest: no one width of buckets suits both
    "a thousandth": np.full((25, 36), 1e-5),
    "a millionth": np.full((25, 36), 1e-8),
    "uneven": 1e-6 * np.random.default_rng(4).lognormal(0, 2, (25, 36)),
    "none": np.zeros((25, 36)),
}


@pytest.mark.parametrize("neighbours", [8, 16])
@pytest.mark.parametrize("fast", FAST)
def test_buckets_hold_where_friction_ranges_widely(fast, neighbours):
    friction = np.full((80, 113), 0.01)
    friction[20:45, 30:66] = FAST[fast]
    friction[60:, 90:] = 1e4
    start = np.full(friction.shape, np.inf)
    start[2, 3], start[30, 40] = 0.0, 1.0
    lengths = move_lengths(np.full(80, 70.0), np.full(80, 90.0))
    minutes = start.copy()
    finish_by_buckets(Land(friction, np.empty((0, 0)), lengths, False), neighbours, minutes, report=lambda _: None)
    np.testing.assert_allclose(minutes, dumb(friction, start, 70.0, 90.0, neighbours), rtol=1e-12)


def test_buckets_too_wide_are_narrowed_and_too_narrow_widened(monkeypatch):
    rng = np.random.default_rng(6)
    friction = np.exp(rng.normal(-4, 1, (150, 211)))
    start = np.full(friction.shape, np.inf)
    start[3, 7] = 0
    land = Land(friction, np.empty((0, 0)), move_lengths(np.full(150, 70.0), np.full(150, 90.0)), False)
    answers, works = [], []
    relax = _buckets._relax
    for per_minute in (1.0, 1e-9, 1e200):
        work = []

        def counted(*args, work=work):
            result = relax(*args)
            work.append(result[1])
            return result

        monkeypatch.setattr(_buckets, "_relax", counted)
        monkeypatch.setattr(_buckets, "_buckets_per_minute", lambda _, per_minute=per_minute: per_minute)
        answers.append(start.copy())
        finish_by_buckets(land, 8, answers[-1], report=lambda _: None)
        works.append(sum(work))
    np.testing.assert_array_equal(answers[1], answers[0])
    np.testing.assert_array_equal(answers[2], answers[0])
    # Eight times as narrow after each portion of work that is mostly done again: ten times from a thousand millionth.
    assert works[1] < works[0] + 11 * _buckets._BUDGET
    assert works[2] < 2 * works[0]


def test_entries_are_added_when_many_cells_wait(monkeypatch):
    monkeypatch.setattr(_buckets, "_ENTRIES", 64)
    friction, start = land(3, 60, 70, 0.1)
    start[::2, ::3] = np.random.default_rng(0).uniform(0, 5, start[::2, ::3].shape)
    minutes = start.copy()
    finish_by_buckets(
        Land(friction, np.empty((0, 0)), move_lengths(np.full(60, 9.0), np.full(60, 9.0)), False), 16, minutes,
        report=lambda _: None,
    )  # fmt: skip
    minutes[np.isnan(friction) & np.isinf(minutes)] = np.nan
    np.testing.assert_allclose(minutes, dumb(friction, start, 9.0, 9.0, 16), rtol=1e-12)


def test_sources_refuse_land_that_was_changed_before_they_were_asked_for():
    friction, start = land(2)
    answer = cost_distance(friction, start, dx=100, dy=100)
    friction[friction < np.inf] *= 1.1
    with pytest.raises(RuntimeError, match="were changed before sources were asked for"):
        answer.source  # noqa: B018


def test_a_maze_is_finished_by_buckets_with_the_same_answer():
    friction = np.full((61, 90), 0.01)
    friction[1::2] = np.nan
    friction[1::4, -1] = friction[3::4, 0] = 0.01
    start = np.full(friction.shape, np.inf)
    start[0, 0] = 0
    shares = []
    answer = cost_distance(friction, start, dx=100, dy=100, tile=6, progress=shares.append)
    np.testing.assert_allclose(answer.minutes, dumb(friction, start, 100, 100, 8), rtol=1e-12)
    assert shares[-1] == 1
    assert shares == sorted(shares)
    assert shares[0] >= 0


def test_starts_on_barriers_stay_there_and_unknown_is_not_unreachable():
    friction = np.array([[np.inf, 0.01, np.nan, 0.01, 0.01]])
    start = np.array([[3.0, np.inf, np.inf, np.inf, 0.0]])
    answer = cost_distance(friction, start, dx=100, dy=100)
    np.testing.assert_array_equal(answer.minutes, [[3.0, np.inf, np.nan, 1.0, 0.0]])
    np.testing.assert_array_equal(answer.source, [[0, -1, -1, 4, 4]])


def test_uphill_and_downhill_differ_and_run_towards_the_start():
    """Tobler by hand: 100 m with 10 m of descent to the start, and the same with a climb."""
    start = np.array([[0.0, np.inf]])
    friction = np.full((1, 2), 60 / 5000)
    for z_cell, slope in ((10.0, -0.1), (-10.0, 0.1), (0.0, 0.0)):
        answer = cost_distance(friction, start, dx=100, dy=100, elevation=[[0.0, z_cell]])
        speed_kph = 6 * math.exp(-3.5 * abs(slope + 0.05))
        assert answer.minutes[0, 1] == pytest.approx(0.1 / speed_kph * 60, rel=1e-14)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"friction": [[-1.0, 1.0]]}, "friction must be 0 or more"),
        ({"start": [[np.nan, 0.0]]}, "start must hold minutes"),
        ({"start": [[-1.0, 0.0]]}, "start must hold minutes"),
        ({"start": [[0.0]]}, "one shape"),
        ({"dx": 0.0}, "dx must be metres above 0"),
        ({"dy": [1.0, 2.0]}, "dy must be metres above 0"),
        ({"neighbours": 4}, "neighbours must be 8 or 16"),
        ({"elevation": [[1.0]]}, "elevation must have the shape"),
        ({"known": np.array([[1.0]])}, "known minutes must have the shape"),
    ],
)
def test_refuses_what_it_cannot_use(change, message):
    good = {"friction": [[1.0, 1.0]], "start": [[0.0, np.inf]], "dx": 1.0, "dy": 1.0}
    with pytest.raises(ValueError, match=message):
        cost_distance(**(good | change))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_known_is_built_on_bit_for_bit(seed):
    rng = np.random.default_rng(seed)
    friction, start = land(seed, 210, 331, gaps=0.05)
    start[friction > 0.05] = 30.0  # a start in many cells, as where roads run
    dx = np.linspace(60, 95, len(friction))
    before = cost_distance(friction, start, dx=dx, dy=80.0)
    kept, soon = before.minutes.copy(), start.copy()
    soon.flat[rng.integers(0, soon.size, 9)] = 2.0
    lower = rng.random(soon.shape) < 0.001
    soon[lower] *= 0.9
    warm, cold = (cost_distance(friction, soon, dx=dx, dy=80.0, known=known) for known in (before.minutes, None))
    for name in ("minutes", "source", "move_in"):
        np.testing.assert_array_equal(getattr(warm, name), getattr(cold, name))
    assert (cold.minutes < kept).sum() > 100
    assert warm.minutes is before.minutes, "no second array"


def test_what_was_never_true_is_told_where_sources_are_asked_for():
    friction, start = land(5, gaps=0.0)
    known = cost_distance(friction, start, dx=90.0, dy=90.0).minutes / 2
    with pytest.raises(RuntimeError, match="were changed"):
        _ = cost_distance(friction, start, dx=90.0, dy=90.0, known=known).source


def test_inputs_are_left_alone_and_float32_is_taken():
    friction, start = land(9)
    before = friction.copy(), start.copy()
    cost_distance(friction.astype(np.float32), start, dx=100, dy=100)
    cost_distance(friction, start, dx=100, dy=100)
    np.testing.assert_array_equal(friction, before[0])
    np.testing.assert_array_equal(start, before[1])


INTERRUPTED = {  # what is solved, and the kernel at whose first call the signal is sent
    "tiles": ("np.full((6000, 6001), 0.01)", "_tiles", "_settle_all"),
    "buckets": ("serpentine(6000, 6001, width=3)", "_buckets", "_relax"),
    "trace": ("np.full((3000, 12_001), 0.01)", "cost_distance", "trace_moves"),
}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("phase", INTERRUPTED)
def test_ctrl_c_is_heard_on_36_million_cells(phase):
    land, module, kernel = INTERRUPTED[phase]
    code = f"""
import importlib, os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background may hand down a deaf one
sys.path.insert(0, {str(SCRIPTS)!r})
import numpy as np
from benchmark_data import serpentine
from gis.kernels.cost_distance import cost_distance
def start(land):
    start = np.full(land.shape, np.inf)
    start[0, 0] = 0
    return start
for small in (np.full((50, 60), 0.01), serpentine(90, 80)):
    cost_distance(small, start(small), dx=1, dy=1).source  # compiled
land = {land}
begin = start(land)
module = importlib.import_module("gis.kernels.{module}")
original, sent = module.{kernel}, []
def called(*args):
    if not sent:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    return original(*args)
module.{kernel} = called
try:
    cost_distance(land, begin, dx=1, dy=1).source
except KeyboardInterrupt:
    print(time.monotonic() - sent[0], flush=True)
"""
    answer = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    assert float(answer.stdout) < 10  # seconds: 0.1 on a quiet machine


def test_progress_is_told_often_and_never_falls():
    for friction in (np.full((1500, 1501), 0.01), corridors(0, 1500, 1501, 1)[0]):
        start = np.full(friction.shape, np.inf)
        start[0, 0] = 0
        shares = []
        cost_distance(friction, start, dx=1, dy=1, progress=shares.append)
        assert len(shares) > 5
        assert shares == sorted(shares)
        assert shares[-1] == 1
