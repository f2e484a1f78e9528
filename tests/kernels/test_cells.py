"""Figures and codes of cells, against numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gis.kernels.cells import figures, whole_numbers

values = st.one_of(st.floats(0, 1e6), st.just(np.inf), st.just(np.nan))


@settings(deadline=None)  # numba compiles in the first example
@given(arrays(np.float64, (3, 5), elements=values), st.sampled_from([np.float32, np.float64]))
def test_figures_are_those_of_numpy(cells, kind):
    cells = cells.astype(kind)
    finite = cells[np.isfinite(cells)].astype(float)
    count, *found = figures(cells)
    assert count == len(finite)
    if not count:
        assert np.isnan(found).all()
    else:
        expected = [finite.min(), finite.max(), finite.mean(), finite.std()]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6 * max(finite.max(), 1))


@settings(deadline=None)  # numba compiles in the first example
@given(arrays(np.float32, (4, 3), elements=st.floats(0, 70_000, width=32) | st.sampled_from([np.inf, np.nan])))
def test_whole_numbers_are_those_of_numpy(cells):
    made = whole_numbers(cells, highest=65533, unreachable=65534, unknown=65535)
    assert made.dtype == np.uint16
    finite = np.isfinite(cells)
    np.testing.assert_array_equal(made[finite], np.minimum(np.rint(cells[finite]), 65533))
    assert (made[np.isinf(cells)] == 65534).all()
    assert (made[np.isnan(cells)] == 65535).all()


@pytest.mark.parametrize("order", ["C", "F"])
def test_cells_keep_their_places(order):
    cells = np.asarray(np.arange(12.0).reshape(3, 4), order=order)
    np.testing.assert_array_equal(whole_numbers(cells, highest=100, unreachable=101, unknown=102), cells)
    assert figures(cells[:, ::2])[:3] == (6, 0.0, 10.0)
