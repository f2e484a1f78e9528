"""The least of each group, held against a loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.kernels.least import least_of_groups

values = st.floats(-9, 9).map(round) | st.sampled_from([np.inf, np.nan])


@settings(deadline=None)  # numba compiles in the first example
@given(st.lists(st.tuples(st.integers(-1, 4), values), max_size=20))
def test_the_first_of_the_least_is_found(pairs: list[tuple[int, float]]) -> None:
    group, value = np.array([g for g, _ in pairs], np.int64), np.array([v for _, v in pairs], float)
    expected = []
    for wanted in range(5):
        own = [(v, i) for i, (g, v) in enumerate(pairs) if g == wanted and v < np.inf]
        expected.append(min(own)[1] if own else -1)
    assert least_of_groups(group, value, 5).tolist() == expected


def test_groups_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="from -1 to 1"):
        least_of_groups(np.array([2]), np.array([1.0]), 2)
    with pytest.raises(ValueError, match="one length"):
        least_of_groups(np.array([0, 1]), np.array([1.0]), 2)
