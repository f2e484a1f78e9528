"""Roads that would be too many for the map are seen to be so before they are merged."""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.publish import payload

NODES = st.tuples(st.integers(0, 3), st.integers(0, 2))
EDGES = st.lists(st.tuples(NODES, NODES), min_size=1, max_size=25)


@settings(deadline=None)
@given(EDGES)
def test_never_more_than_the_lines_that_merging_leaves(edges):
    lines = shapely.linestrings(np.array(edges, float))
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    closed = shapely.is_closed(merged)
    least = payload._merged_at_least(lines)
    assert least <= len(merged)
    if not closed.any():
        assert least == len(merged)


def test_what_is_too_many_is_left_out_merged_or_not(monkeypatch):
    y = np.arange(40.0)
    apart = shapely.linestrings(np.stack([np.stack([y * 0, y], 1), np.stack([y * 0 + 1, y], 1)], axis=1))
    joined = shapely.linestrings(np.stack([np.stack([y, y * 0], 1), np.stack([y + 1, y * 0], 1)], axis=1))
    roads = gpd.GeoDataFrame(
        {"road_class": ["trunk"] * 40 + ["primary_link"] * 40 + ["track"] * 40},
        geometry=np.concatenate([joined, apart, joined]), crs=4326,
    )  # fmt: skip
    monkeypatch.setattr(payload, "_MOST_VERTICES", 2 + 80)
    lines, left_out = payload.road_lines(roads, 0.001)
    assert [len(one["lines"]["count"]) for one in lines] == [1, 40]
    assert left_out == ["local"]
    monkeypatch.setattr(payload, "_MOST_VERTICES", 2 + 79)
    lines, left_out = payload.road_lines(roads, 0.001)
    assert [len(one["lines"]["count"]) for one in lines] == [1]
    assert left_out == ["primary", "local"]
