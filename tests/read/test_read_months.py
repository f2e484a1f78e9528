"""Months as people write them, against a loop over the year."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.read.months import parse_months

MONTH = st.integers(1, 12)


@given(MONTH, MONTH, st.sampled_from(["-", "–", " - ", "—"]))
def test_a_span_is_walked_from_its_first_month_to_its_last(first, last, dash):
    walked, month = {first}, first
    while month != last:
        month = month % 12 + 1
        walked.add(month)
    assert parse_months(f"{first}{dash}{last}") == walked


@given(st.lists(MONTH, min_size=1), st.sampled_from([",", ", ", ";", " "]))
def test_a_list_is_its_set(months, comma):
    assert parse_months(comma.join(map(str, months))) == set(months)


@pytest.mark.parametrize("text", ["", " ", ",", "0", "13", "5-13", "0-3", "May", "5-", "-5", "5--7", "1.5", "5-7-9"])
def test_what_names_no_months(text):
    assert parse_months(text) is None


def test_spans_and_single_months_together():
    assert parse_months("11-2; 4") == {11, 12, 1, 2, 4}
