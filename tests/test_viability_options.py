"""Every way to treat, normalise, weigh and aggregate; and the index recomputed from the tables that a run writes."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_tools import write_country

from gis.errors import InputError, StudyError
from gis.kernels.composite import AGGREGATIONS, NORMALISATIONS, correlation_adjusted_weights, entropy_weights
from gis.outputs import write_outputs
from gis.pipeline import compute
from gis.stages.viability import Rule, Viability, against_the_others, viability
from gis.study import read_study

INF, NAN = math.inf, math.nan


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """Indicators, by default in a block of their own with weight 1, more is better."""
    usual = {"block": "b", "direction": 1, "weight": 1.0, "transform": "none"}
    made = pd.DataFrame([{**usual, "column": row["name"], **row} for row in rows]).set_index("name")
    if "goalposts" in made:
        made["goalpost_low"], made["goalpost_high"] = zip(*made.pop("goalposts"), strict=True)
    return made


def scores(values: list[float], *, floor: float = 0.0, **keys: Any) -> list[float]:
    frame = pd.DataFrame({"x": values}, index=pd.Index([f"s{i}" for i in range(len(values))]))
    made = viability(frame, table({"name": "x", **keys}), {"b": 1.0}, rule=Rule(floor=floor))
    return made.normalised["x"].round(6).tolist()


X = [10.0, 20.0, 40.0, NAN]


@pytest.mark.parametrize(
    ("keys", "more", "less"),
    [
        ({"normalise": "min_max"}, [0, 1 / 3, 1], [1, 2 / 3, 0]),
        ({"normalise": "distance_to_max"}, [0, 1 / 3, 1], [1, 2 / 3, 0]),
        ({"normalise": "rank"}, [1 / 3, 2 / 3, 1], [1, 2 / 3, 1 / 3]),
        ({"normalise": "percentile_rank"}, [0, 0.5, 1], [1, 0.5, 0]),
        ({"normalise": "borda"}, [0, 0.5, 1], [1, 0.5, 0]),
        ({"normalise": "fraction_of_max"}, [0.25, 0.5, 1], [0.75, 0.5, 0]),
        ({"normalise": "goalposts", "goalposts": [0.0, 20.0]}, [0.5, 1, 1], [0.5, 0, 0]),
        ({"normalise": "distance_to_reference", "reference": "s1"}, [0, 1, 1], [1, 1, 0]),
    ],
)
def test_ways_to_normalise_by_hand(keys: dict[str, Any], more: list[float], less: list[float]) -> None:
    assert scores(X, **keys)[:3] == pytest.approx(more, abs=1e-6)
    assert scores(X, direction=-1, **keys)[:3] == pytest.approx(less, abs=1e-6)
    assert math.isnan(scores(X, **keys)[3])


def test_targets_and_z_scores_by_hand() -> None:
    assert scores(X, normalise="distance_to_target", target=30.0)[:3] == pytest.approx([0, 0.5, 1])
    assert scores(X, normalise="distance_to_target", target=30.0, direction=-1)[:3] == pytest.approx([1, 1, 0])
    mean, sd = 70 / 3, math.sqrt(700 / 3)
    assert scores(X, normalise="z_score")[:3] == pytest.approx([0.5 + 0.1 * (x - mean) / sd for x in X[:3]], abs=1e-6)


def test_every_way_has_its_test() -> None:
    tested = {"min_max", "distance_to_max", "rank", "percentile_rank", "borda", "fraction_of_max", "goalposts"}
    tested |= {"distance_to_reference", "distance_to_target", "z_score"}
    assert set(NORMALISATIONS) == tested


@pytest.mark.parametrize("way", sorted(set(NORMALISATIONS) - {"distance_to_reference"}))
def test_unreachable_is_worst_where_less_is_better(way: str) -> None:
    keys = {"goalposts": [0.0, 50.0]} if way == "goalposts" else {"target": 15.0} if way == "distance_to_target" else {}
    made = scores([10.0, 20.0, 40.0, INF, NAN], normalise=way, direction=-1, **keys)
    assert made[3] == min(made[:4])
    assert made[0] == max(made[:4])
    assert math.isnan(made[4])


def test_goalposts_stay_where_the_set_moves() -> None:
    keys = {"normalise": "goalposts", "goalposts": [0.0, 80.0]}
    assert scores([10.0, 20.0, 40.0], **keys)[0] == scores([10.0, 60.0], **keys)[0] == 0.125
    # In the column's unit, also under a logarithm.
    assert scores([math.e - 1, 5.0], transform="log", normalise="goalposts", goalposts=[0, math.e**2 - 1])[0] == 0.5


def test_a_floor_lifts_the_worst_score() -> None:
    assert scores([1.0, 2.0, INF], direction=-1, floor=1.0) == [1.0, 0.01, 0.01]
    assert scores([1.0, 2.0, 3.0], normalise="percentile_rank", floor=10.0) == [0.1, 0.55, 1.0]


def test_per_fills_gaps_and_pulls_outliers_in() -> None:
    n = 20
    frame = pd.DataFrame(
        {
            "doctors": [2.0, 4, NAN, NAN, *range(5, n + 1)],
            "people": [1000.0, 500, 100, 0, *[1000.0] * (n - 4)],
            "income": [*np.linspace(1, 2, n - 1), 500.0],
        }
    )
    rules = table(
        {"name": "doctors", "per": "people", "per_scale": 1000.0, "missing": "median"},
        {"name": "income", "transform": "outliers"},
    )
    groups = ["west", "west", "west", "east", *["east"] * (n - 4)]
    made = viability(frame, rules, {"b": 1.0}, groups=groups)
    assert made.raw["doctors"].iloc[:2].tolist() == [2.0, 8.0]
    assert made.raw["doctors"].isna().tolist()[:4] == [False, False, True, True]
    assert made.treated["doctors"].iloc[2] == 5.0  # the median of the west
    assert made.treated["doctors"].iloc[3] == np.median(range(5, n + 1))
    assert made.imputed == {"doctors": 2}
    # A value that was filled in is still counted as missing.
    assert made.missing.iloc[2] == 0.5
    assert made.missing.iloc[0] == 0.0
    assert made.treatments["income"].action == "winsorise"
    assert made.treated["income"].iloc[-1] == 2.0
    with pytest.raises(ValueError, match="indicator doctors: 2 values missing, and missing is 'fail'"):
        viability(frame, rules.assign(missing="fail"), {"b": 1.0})


FRAME = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [2.0, 4, 6, 9], "c": [4.0, 1, 1, 4], "d": [1.0, 5, 2, 2]})
RULES = table(
    {"name": "a", "block": "x", "weight": 3.0}, {"name": "b", "block": "x"}, {"name": "c", "block": "x"},
    {"name": "d", "block": "y"},
)  # fmt: skip
BLOCKS = {"x": 3.0, "y": 1.0}


def made_by(**rule: Any) -> Viability:
    return viability(FRAME, RULES, BLOCKS, rule=Rule(**rule))


def test_weights_follow_their_rule() -> None:
    assert made_by().weights["weight_in_index"].tolist() == pytest.approx([0.45, 0.15, 0.15, 0.25])
    assert made_by(weights="equal").weights["weight_in_index"].tolist() == pytest.approx([1 / 6] * 3 + [0.5])
    inside = made_by().normalised[["a", "b", "c"]]
    entropy = made_by(weights="entropy").weights["weight_in_index"]
    assert entropy.tolist() == pytest.approx([*0.75 * entropy_weights(inside), 0.25])
    correlation = made_by(weights="correlation").weights["weight_in_index"]
    assert correlation.tolist() == pytest.approx([*0.75 * correlation_adjusted_weights(inside, [3, 1, 1]), 0.25])


def test_aggregations_by_hand() -> None:
    rules = table({"name": "a"}, {"name": "b", "weight": 3.0})
    frame = pd.DataFrame({"a": [0.0, 50.0, 100.0], "b": [100.0, 20.0, 0.0]})
    posts = rules.assign(normalise="goalposts", goalpost_low=0.0, goalpost_high=100.0)
    inside = frame.clip(1)

    def index(how: str, **more: Any) -> list[float]:
        return viability(inside, posts, {"b": 1.0}, rule=Rule(how, **more)).index.tolist()  # type: ignore[arg-type]

    pairs = list(zip(inside["a"], inside["b"], strict=True))
    assert index("arithmetic") == pytest.approx([0.25 * a + 0.75 * b for a, b in pairs])
    assert index("geometric") == pytest.approx([a**0.25 * b**0.75 for a, b in pairs])
    assert index("harmonic") == pytest.approx([1 / (0.25 / a + 0.75 / b) for a, b in pairs])
    assert index("generalised", power=2.0) == pytest.approx([math.sqrt(0.25 * a**2 + 0.75 * b**2) for a, b in pairs])
    # b decides: first beats second and third, second beats third; 50 (1 + s / 2) for s = 2, 0, -2.
    assert index("copeland") == [100.0, 50.0, 0.0]


@pytest.mark.parametrize("how", AGGREGATIONS)
def test_contributions_add_up_or_are_not_there(how: str) -> None:
    made = made_by(aggregation=how, floor=1.0, power=2.0 if how == "generalised" else None)
    assert made.index.between(0, 100).all()
    if how == "copeland":
        assert made.contributions.empty
    else:
        np.testing.assert_allclose(made.contributions.sum(axis=1), made.index)


@pytest.mark.parametrize("how", ["geometric", "harmonic"])
def test_a_mean_that_knows_no_zero_names_the_indicator(how: str) -> None:
    with pytest.raises(ValueError, match=rf"indicator a: the {how} mean needs .* 0 points \(0\); set index.floor to 1"):
        made_by(aggregation=how)
    ties = FRAME.assign(a=[0.0] * 3 + [1.0])
    with pytest.raises(ValueError, match=r"\(0, 1, 2\)"):
        viability(ties, RULES, BLOCKS, rule=Rule("generalised", power=-2.0))
    assert viability(FRAME, RULES, BLOCKS, rule=Rule("generalised", power=2.0)).index.notna().all()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"direction": 0}, "indicator x: direction must be one of 1, -1, got 0"),
        ({"direction": 2}, "indicator x: direction must be one of"),
        ({"transform": "sqrt"}, "indicator x: transform must be one of none, log, outliers"),
        ({"normalise": "best"}, "indicator x: normalise must be one of min_max"),
        ({"normalise": "goalposts"}, "indicator x: goalposts need low and high"),
        ({"normalise": "goalposts", "goalposts": [5.0, 1.0]}, "goalposts must rise"),
        ({"normalise": "distance_to_target"}, "indicator x: distance_to_target needs a target"),
        ({"normalise": "distance_to_target", "target": -5.0}, "x: the target must be better than the worst value"),
        ({"normalise": "distance_to_reference", "reference": "no"}, "indicator x: reference: no settlement has the id"),
        ({"normalise": "fraction_of_max", "column": "negative"}, "x: a fraction of the maximum needs"),
        (
            {"transform": "log", "column": "negative"},
            "indicator x: a logarithm needs values of 0 or more, got -1 .s0.;",
        ),
        ({"column": "abyss"}, "indicator x: the column abyss holds -inf; only inf has a meaning"),
        ({"column": "abyss", "direction": -1}, "indicator x: the column abyss holds -inf"),
        ({"column": "text"}, "indicator x: the column text must hold numbers, such as 'far'"),
        ({"per": "text"}, "indicator x: the column text must hold numbers"),
        ({"per": "negative"}, "indicator x: per negative: denominator: expected 0 or more"),
        ({"column": "same"}, "x: every settlement has the same value, 7"),
        ({"column": "none"}, "x: no settlement has a value"),
        ({"weight": -1.0}, "weights: expected 0 or more, got -1.0 for indicator x"),
        ({"weight": 0.0}, "weights: all 1 are 0"),
    ],
)
def test_bad_input_is_refused_by_name(keys: dict[str, Any], said: str) -> None:
    frame = pd.DataFrame(
        {
            "x": [1.0, 2.0],
            "negative": [-1.0, 2.0],
            "text": ["far", "1"],
            "same": 7.0,
            "none": NAN,
            "abyss": [1.0, -INF],
        },
        index=["s0", "s1"],
    )
    with pytest.raises(ValueError, match=said):
        viability(frame, table({"name": "x", **keys}), {"b": 1.0})


def test_rules_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="floor: expected points from 0 to below 100"):
        made_by(floor=100.0)
    with pytest.raises(ValueError, match="weights: expected given, equal, correlation or entropy"):
        made_by(weights="best")
    with pytest.raises(ValueError, match="power"):
        made_by(aggregation="generalised")


def test_what_tells_nothing_apart_is_left_out_and_said_never_nan() -> None:
    frame = FRAME.assign(same=5.0, none=NAN, endless=INF)
    rules = pd.concat([RULES, table({"name": "same"}, {"name": "none"}, {"name": "endless"}).assign(block="y")])
    made = viability(frame, rules, BLOCKS)
    assert set(made.left_out) == {"same", "none", "endless"}
    pd.testing.assert_series_equal(made.index, made_by().index)
    assert made.index.notna().all()


@pytest.mark.parametrize("turned", ["water", "clinic", "income", "none"])
def test_an_indicator_that_opposes_the_others_is_named(turned: str) -> None:
    rng = np.random.default_rng(1)
    well_off = rng.normal(size=40)
    names = ["water", "clinic", "income"]
    frame = pd.DataFrame({name: well_off + 0.6 * rng.normal(size=40) for name in names})
    rules = table(*({"name": name, "direction": -1 if name == turned else 1} for name in names))
    found = against_the_others(viability(frame, rules, {"b": 1.0}))
    # The two that are right oppose each other's mean with the turned one less than it opposes them both.
    assert (min(found, key=found.__getitem__) if found else "none") == turned
    by_hand = viability(frame, rules, {"b": 1.0}).normalised
    for name, r in found.items():
        others = by_hand.drop(columns=name).mean(axis=1)
        assert r == pytest.approx(np.corrcoef(by_hand[name].rank(), others.rank())[0, 1])
    assert against_the_others(viability(frame[:9], rules, {"b": 1.0})) == {}, (
        "of so few settlements nothing can be said"
    )


def test_one_indicator_or_gaps_oppose_nothing() -> None:
    n = np.arange(20.0)
    assert against_the_others(viability(pd.DataFrame({"a": n}), table({"name": "a"}), {"b": 1.0})) == {}
    apart = pd.DataFrame({"a": [*n, *[NAN] * 20], "b": [*[NAN] * 20, *-n]})
    assert against_the_others(viability(apart, table({"name": "a"}, {"name": "b"}), {"b": 1.0})) == {}


def test_where_all_score_alike_nothing_opposes() -> None:
    """With a warning of scipy else; goalposts far away give all the same score."""
    frame = pd.DataFrame({"a": np.arange(20.0), "b": 20.0 - np.arange(20.0), "c": np.arange(20.0)})
    beyond = {"normalise": "goalposts", "goalpost_low": 100.0, "goalpost_high": 200.0}
    rules = table({"name": "a"}, {"name": "b", **beyond}, {"name": "c", **beyond})
    assert against_the_others(viability(frame, rules, {"b": 1.0})) == {}


columns = st.lists(st.integers(-1000, 1000).map(float), min_size=4, max_size=4)


@settings(deadline=None, max_examples=60)
@given(columns, columns, st.sampled_from(["min_max", "percentile_rank", "z_score", "borda"]), st.integers(0, 3))
def test_raising_an_indicator_never_lowers_the_index(a: list[float], b: list[float], way: str, row: int) -> None:
    """With the ends kept, so that the scale stays: an inner value rises towards the best."""
    frame = pd.DataFrame({"a": [*a, -2000.0, 2000.0], "b": [*b, -2000.0, 2000.0]})
    rules = table({"name": "a", "normalise": way}, {"name": "b", "normalise": way, "weight": 2.0})
    raised = frame.copy()
    raised.loc[row, "a"] = 1500.0
    for how in ("arithmetic", "geometric", "copeland"):
        if way == "z_score":
            continue  # whose mean and deviation move along with any value
        rule = Rule(how, floor=5.0)  # type: ignore[arg-type]
        before, after = (viability(f, rules, {"b": 1.0}, rule=rule).index[row] for f in (frame, raised))
        assert after >= before - 1e-9


@settings(deadline=None, max_examples=40)
@given(
    columns, columns, st.sampled_from(sorted(set(NORMALISATIONS) - {"goalposts", "distance_to_target"})), st.randoms()
)
def test_units_order_and_the_sum_of_weights_decide_nothing(
    a: list[float], b: list[float], way: str, random: Any
) -> None:
    frame = pd.DataFrame({"a": [*a, 5000.0, 1.0], "b": [*b, 1.0, 5000.0]}).abs()
    frame.index = pd.Index([f"s{i}" for i in range(6)])
    rules = table(
        {"name": "a", "normalise": way, "reference": "s4"}, {"name": "b", "normalise": way, "reference": "s5"}
    )
    base = viability(frame, rules, {"b": 1.0}).index
    rows = list(frame.index)
    random.shuffle(rows)
    other = viability(frame.loc[rows] * 1000.0, rules.assign(weight=7.0), {"b": 3.0}).index
    np.testing.assert_allclose(other[base.index], base, atol=1e-8)


OPTIONS = """
[certainty]
draws = 0
[index]
aggregation = "{aggregation}"
weights = "{weights}"
floor = 2.0
missing_by = "region"
[blocks]
reach = 2.0
nature = 1.0
[[indicators]]
name = "near"
block = "reach"
column = "travel_time_city_min"
direction = -1
weight = 2.0
normalise = "goalposts"
goalposts = [0.0, 240.0]
[[indicators]]
name = "town"
block = "reach"
column = "travel_time_town_min"
direction = -1
normalise = "percentile_rank"
[[indicators]]
name = "people"
block = "nature"
column = "population"
direction = 1
transform = "log"
missing = "median"
[[indicators]]
name = "roads"
block = "nature"
column = "distance_city_km"
per = "population"
per_scale = 1000.0
direction = -1
normalise = "fraction_of_max"
"""


def read_csv(path: Path) -> dict[str, dict[str, str]]:
    """A table as a third person reads it: rows by their first column, cells as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    key = next(iter(rows[0]))
    return {row[key]: row for row in rows}


def number(text: str) -> float:
    return float(text) if text else NAN


def recomputed(folder: Path, aggregation: str) -> dict[str, float]:
    """The index from `normalised.csv` and `weights.csv` alone, with nothing but arithmetic."""
    weights, normalised = read_csv(folder / "weights.csv"), read_csv(folder / "normalised.csv")
    out = {}
    for settlement, row in normalised.items():
        known = {name for name in weights if row[name] != ""}
        w: dict[str, float] = {}
        for name in known:
            block = [other for other in known if weights[other]["block"] == weights[name]["block"]]
            within = float(weights[name]["weight"]) / sum(float(weights[other]["weight"]) for other in block)
            w[name] = within * float(weights[name]["block_weight"])
        total = sum(w.values())
        points = {name: 100 * float(row[name]) for name in known}
        if not total:
            out[settlement] = NAN
        elif aggregation == "geometric":
            out[settlement] = math.exp(sum(w[name] * math.log(points[name]) for name in known) / total)
        else:
            out[settlement] = sum(w[name] * points[name] for name in known) / total
    return out


@pytest.mark.parametrize(
    ("aggregation", "weights"), [("arithmetic", "given"), ("geometric", "entropy"), ("arithmetic", "equal")]
)
def test_a_third_person_recomputes_the_index_from_the_written_tables(
    tmp_path: Path, aggregation: str, weights: str
) -> None:
    file = write_country(tmp_path)
    file.write_text(
        file.read_text("utf-8") + OPTIONS.format(aggregation=aggregation, weights=weights), encoding="utf-8"
    )
    folder = write_outputs(compute(read_study(file)), tmp_path / "out") / "tables"
    index = read_csv(folder / "index.csv")
    for settlement, value in recomputed(folder, aggregation).items():
        assert value == pytest.approx(number(index[settlement]["viability"]), rel=1e-12, nan_ok=True)
        parts = [
            number(v) for k, v in read_csv(folder / "contributions.csv")[settlement].items() if k != "settlement_id"
        ]
        assert sum(parts) == pytest.approx(number(index[settlement]["viability"]), rel=1e-12, nan_ok=True)
    # And the stages before it, by the rules that indicators.csv states.
    raw, after, normalised = (read_csv(folder / f"{name}.csv") for name in ("raw", "treated", "normalised"))
    people = [number(row["people"]) for row in after.values()]
    low, high = min(people), max(people)
    for settlement in raw:
        minutes = number(raw[settlement]["near"])
        assert float(normalised[settlement]["near"]) == pytest.approx(0.02 + 0.98 * (1 - min(minutes / 240, 1)))
        if raw[settlement]["people"]:
            assert float(after[settlement]["people"]) == pytest.approx(math.log1p(number(raw[settlement]["people"])))
        share = (float(after[settlement]["people"]) - low) / (high - low)
        assert float(normalised[settlement]["people"]) == pytest.approx(0.02 + 0.98 * share)
    # f has no population: the median of the west was filled in, and is not known; it is said.
    assert raw["f"]["people"] == ""
    assert after["f"]["people"] != ""
    assert float(index["f"]["viability_missing"]) > 0
    stated = read_csv(folder / "indicators.csv")
    assert (stated["near"]["goalpost_low"], stated["near"]["goalpost_high"]) == ("0.0", "240.0")
    assert stated["roads"]["per"] == "population"


def test_the_workbook_holds_every_stage(tmp_path: Path) -> None:
    out = write_outputs(compute(read_study(write_country(tmp_path))), tmp_path / "out")
    book = openpyxl.load_workbook(out / "tables.xlsx", read_only=True)
    for sheet in ("Indicators", "Values as given", "Values after treatment", "Normalised indicators", "Weights",
                  "Contributions", "Index of viability"):  # fmt: skip
        assert sheet in book.sheetnames
    assert recomputed(out / "tables", "arithmetic") == pytest.approx(
        {key: number(row["viability"]) for key, row in read_csv(out / "tables" / "index.csv").items()}, nan_ok=True
    )


@pytest.mark.parametrize(
    ("aggregation", "more"),
    [("harmonic", ""), ("copeland", ""), ("generalised", "power = 0.5\n")],
)
def test_a_study_may_aggregate_as_it_likes_and_be_drawn_as_well(tmp_path: Path, aggregation: str, more: str) -> None:
    file = write_country(tmp_path)
    options = OPTIONS.format(aggregation=aggregation, weights="given").replace("draws = 0", "draws = 20")
    file.write_text(file.read_text("utf-8") + options.replace("[index]\n", f"[index]\n{more}"), encoding="utf-8")
    settlements = compute(read_study(file)).settlements
    assert settlements["viability"].between(0, 100).all()
    assert any(c.startswith("contribution_") for c in settlements) == (aggregation != "copeland")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("floor = 2.0", "floor = 0.0"), "set index.floor to 1"),
        (('missing = "median"', 'missing = "fail"'), "indicator people: 1 values missing"),
        (('per = "population"', 'per = "poeple"'), "indicator roads needs this column"),
        (('per = "population"', 'per = "region"'), "the column region of indicator roads must hold numbers"),
        (('missing_by = "region"', 'missing_by = "oblast"'), "index.missing_by must name a column"),
    ],
)
def test_a_study_with_bad_options_ends_in_one_clear_error(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = write_country(tmp_path)
    text = file.read_text("utf-8") + OPTIONS.format(aggregation="geometric", weights="given")
    assert change[0] in text
    file.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        compute(read_study(file))


def test_an_empty_column_is_refused_by_its_name(tmp_path: Path) -> None:
    file = write_country(tmp_path)
    frame = pd.read_csv(tmp_path / "places.csv", dtype={"settlement_id": str}).assign(blank=np.nan)
    frame.to_csv(tmp_path / "places.csv", index=False)
    more = '[[indicators]]\nname = "wells"\nblock = "b"\ncolumn = "blank"\ndirection = 1\n'
    file.write_text(file.read_text("utf-8") + more, encoding="utf-8")
    with pytest.raises(InputError, match="the column blank of indicator wells is empty"):
        compute(read_study(file))


def test_distance_that_counts_as_better_is_asked_about(tmp_path: Path) -> None:
    file = write_country(tmp_path)
    usual = '[[indicators]]\nname = "far"\nblock = "b"\ncolumn = "remoteness"\ndirection = {}\n'
    text = file.read_text("utf-8")
    asked = {}
    for direction in (1, -1):
        file.write_text(text + usual.format(direction), encoding="utf-8")
        found = compute(read_study(file)).record.findings
        asked[direction] = [one.value for one in found if one.code == "direction"]
    assert asked == {1: ["remoteness"], -1: []}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('aggregation = "geometric"', 'aggregation = "generalised"'), "'generalised' and the key power go together"),
        (("goalposts = [0.0, 240.0]\n", ""), "normalise 'goalposts' and the key goalposts go together"),
        (("goalposts = [0.0, 240.0]", "goalposts = [240.0, 0.0]"), "goalposts must rise"),
        (("weight = 2.0", "weight = -1"), "weight = -1"),
        (("reach = 2.0", "reach = 0"), "expected a number above 0"),
        (("direction = -1", "direction = 3"), "expected 1 or -1"),
    ],
)
def test_keys_that_do_not_fit_are_refused_at_the_door(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = write_country(tmp_path)
    text = file.read_text("utf-8") + OPTIONS.format(aggregation="geometric", weights="given")
    assert change[0] in text
    file.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(StudyError, match=said):
        read_study(file)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "is direction 1 meant?"), ("ru", "ранговая корреляция -"), ("kk", "болуы керек")]
)
def test_a_run_warns_of_its_own_indicator_that_opposes_the_others(tmp_path: Path, language: str, said: str) -> None:
    rows = ["settlement_id,name,population,region,tier,lon,lat,water,clinic,poverty"]
    rows += [
        f"{i},P{i},{100 + i},W,{'village' if i else 'city'},{70 + i / 9},50,{i},{i * i},{i + 5}" for i in range(12)
    ]
    (tmp_path / "places.csv").write_text("\n".join(rows), encoding="utf-8")
    block = '[[indicators]]\nname = "{0}"\nblock = "b"\ncolumn = "{0}"\ndirection = {1}\n'
    own = "".join(block.format(*one) for one in (("water", 1), ("clinic", 1), ("poverty", -1)))
    settings = f'language = "{language}"\n[settlements]\npath = "places.csv"\n[certainty]\ndraws = 0\n'
    tiers = '[[tiers]]\nname = "city"\nvalues = ["city"]\n'
    (tmp_path / "study.toml").write_text(settings + tiers + own, encoding="utf-8")
    study = read_study(tmp_path / "study.toml")
    result = compute(study)
    found = [one for one in result.record.findings if one.code == "direction"]
    assert [(one.level, one.value) for one in found] == [("warning", "poverty")]
    assert "indicator poverty: settlements that it calls good are bad by the other indicators" in found[0].message
    write_outputs(result, tmp_path / "out")
    assert said in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
