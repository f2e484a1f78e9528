"""The typology: groups of remoteness, nine names, and those without one."""

import numpy as np
import pandas as pd
import pytest

from gis.stages.typology import GROUPS, remoteness_groups, type_counts, typology

NAMES = {(group, fit): f"{group}_{fit}" for group in GROUPS for fit in ("high", "medium", "low")}


@pytest.mark.parametrize("n", range(1, 12))
def test_groups_keep_the_order_and_are_the_same_from_both_ends(n: int) -> None:
    classes = [f"class {i}" for i in range(n)]
    groups = [GROUPS.index(group) for group in remoteness_groups(classes).values()]
    assert groups == sorted(groups)
    if n > 1:
        assert groups == [2 - group for group in reversed(groups)]
        assert {0, 2} <= set(groups)
    if n > 2:
        assert 1 in groups


def test_the_five_classes_of_the_presets() -> None:
    groups = remoteness_groups(["near", "accessible", "outlying", "remote", "very_remote"])
    assert list(groups.values()) == ["near", "near", "midway", "remote", "remote"]


def test_groups_that_the_user_names() -> None:
    assert remoteness_groups(["a", "b", "c"], near=["a", "b"], remote=[]) == {"a": "near", "b": "near", "c": "midway"}
    with pytest.raises(ValueError, match="no class of remoteness is called 'd'"):
        remoteness_groups(["a", "b"], near=["d"])
    with pytest.raises(ValueError, match="'b' cannot be both near and remote"):
        remoteness_groups(["a", "b"], near=["b"])


def test_each_pair_has_its_type_and_what_has_no_pair_its_own() -> None:
    groups = {"n": "near", "m": "midway", "r": "remote"}
    rows = [(c, p) for c in groups for p in ("high", "medium", "low")]
    far, fit = (pd.Series(part, dtype=object) for part in zip(*rows, strict=True))
    assert typology(far, fit, groups, NAMES).tolist() == [f"{groups[c]}_{p}" for c, p in rows]
    odd = typology(
        pd.Series(["n", None, np.nan, "n"], dtype=object),
        pd.Series(["uninhabited", "high", "unknown", "unknown"]),
        groups,
        NAMES,
    )
    assert odd.tolist() == ["uninhabited", "unknown", "unknown", "unknown"]


def test_a_name_that_lacks_is_refused() -> None:
    short = {pair: name for pair, name in NAMES.items() if pair != ("remote", "low")}
    with pytest.raises(ValueError, match="no type is named for remote and low"):
        typology(pd.Series(["n"]), pd.Series(["high"]), {"n": "near"}, short)


def test_two_pairs_may_share_a_name_and_the_counts_sum() -> None:
    types = pd.Series(["a", "b", "a", "uninhabited", "unknown"])
    people = pd.Series([1.0, np.nan, 3.0, 0.0, 7.0])
    table = type_counts(types, people, ["b", "a", "a"])
    assert table.index.tolist() == ["b", "a", "uninhabited", "unknown"]
    assert table["settlements"].sum() == 5
    assert table["population"].tolist() == [0.0, 4.0, 0.0, 7.0]
