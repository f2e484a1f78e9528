"""Noding on arrays, held against loops over dictionaries, scipy and pyproj."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.kernels import noding
from gis.kernels.geodesic import short_lengths_m, short_steps_m
from gis.kernels.noding import components, pieces_between, vertex_keys

unhurried = settings(deadline=None)  # numba compiles in the first example

# Lines of two vertices or more, each vertex one of a few places, so that most are met more than once.
lines_of_keys = st.lists(st.lists(st.integers(-9, 30), min_size=2, max_size=6), max_size=12)


def by_loop(lines: list[list[int]]) -> tuple[list[tuple[int, int, int, int]], list[int]]:
    """Pieces as (first, last, from, to), and the first vertex at each node."""
    met = Counter(key for line in lines for key in line)
    pieces, begin = [], 0
    for line in lines:
        start = 0
        for at in range(1, len(line)):
            if at == len(line) - 1 or met[line[at]] > 1:
                if line[start] != line[at] or at - start > 1:
                    pieces.append((begin + start, begin + at, line[start], line[at]))
                start = at
        begin += len(line)
    vertex: dict[int, int] = {}
    for first, last, a, b in pieces:
        vertex.setdefault(a, first)
        vertex.setdefault(b, last)
    number = {key: i for i, key in enumerate(sorted(vertex))}
    return [(f, t, number[a], number[b]) for f, t, a, b in pieces], [vertex[key] for key in sorted(vertex)]


@unhurried
@given(lines_of_keys)
def test_pieces_are_those_of_a_loop(lines: list[list[int]]) -> None:
    key = np.array([key for line in lines for key in line], np.int64)
    line = np.repeat(np.arange(len(lines)), [len(one) for one in lines])
    *pieces, vertex = pieces_between(key, line)
    expected, nodes = by_loop(lines)
    assert list(zip(*(part.tolist() for part in pieces), strict=True)) == expected
    assert vertex.tolist() == nodes


def test_pieces_of_many_lines_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(8)
    lines = [rng.integers(-(2**62), 2**62, 4).tolist() for _ in range(2000)]
    for one, other in rng.integers(0, len(lines), (3000, 2)):
        lines[one][rng.integers(4)] = lines[other][rng.integers(4)]
    key, line = np.array(lines).ravel(), np.repeat(np.arange(len(lines)), 4)
    *pieces, vertex = pieces_between(key, line)
    expected, nodes = by_loop(lines)
    assert list(zip(*(part.tolist() for part in pieces), strict=True)) == expected
    assert vertex.tolist() == nodes


@unhurried
@given(st.lists(st.tuples(st.integers(-1800, 1800), st.integers(-900, 900)), max_size=20), st.integers(1, 3))
def test_keys_tell_places_apart_and_rise(tenths: list[tuple[int, int]], cores: int) -> None:
    xy = np.array(tenths, float).reshape(-1, 2) / 10
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noding, "cores", lambda: cores)
        key, halfway = vertex_keys(xy, per_degree=10, halfway=0.01)
    assert not halfway.any()
    order = np.argsort(key, kind="stable")
    assert [tenths[i] for i in order] == sorted(tenths)
    assert len(set(key.tolist())) == len(set(tenths))


def test_what_lies_at_a_border_is_marked() -> None:
    xy = np.array([[60.05, 0.0], [60.0, 0.0501], [60.0, 0.0521], [60.0, -0.05]])
    assert vertex_keys(xy, per_degree=10, halfway=0.01)[1].tolist() == [True, True, False, True]


@unhurried
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=20))
def test_components_are_those_of_scipy(edges: list[tuple[int, int]]) -> None:
    a, b = np.array(edges, np.int64).reshape(-1, 2).T
    count, label = components(15, a, b)
    joined = coo_array((np.ones(len(a)), (a, b)), shape=(15, 15))
    expected, part = connected_components(joined, directed=False)
    assert count == expected
    # The same parts: each label of one goes with one label of the other; and numbered by their first nodes.
    assert len(set(zip(label.tolist(), part.tolist(), strict=True))) == count
    first = np.unique(label, return_index=True)[1]
    assert first.tolist() == sorted(first.tolist())


@unhurried
@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=9), st.data())
def test_steps_are_the_lengths_within_a_line(places: list[tuple[float, float]], data: st.DataObject) -> None:
    xy = np.array(places)
    line = np.sort(np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(xy), max_size=len(xy)))))
    expected = np.append(np.where(line[1:] == line[:-1], short_lengths_m(xy[:-1], xy[1:]), 0.0), 0.0)
    assert np.array_equal(short_steps_m(xy, line), expected, equal_nan=True)


def test_short_steps_are_those_of_karney() -> None:
    steps = np.random.default_rng(2).uniform(-0.02, 0.02, (50, 2))
    xy = np.array([60.0, 50.0]) + np.cumsum(steps, axis=0)
    step = short_steps_m(xy, np.zeros(50, int))
    expected = Geod(ellps="WGS84").inv(*xy[:-1].T, *xy[1:].T)[2]
    np.testing.assert_allclose(step[:-1], expected, rtol=0, atol=1e-8)
    assert step[-1] == 0
