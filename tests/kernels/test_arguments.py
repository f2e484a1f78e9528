"""Every public function of the kernels of scores, and of the presets: what it takes, and what it refuses."""

import inspect

import numpy as np
import pandas as pd
import pytest

from gis.kernels import access, climate, composite, inequality, sensitivity
from gis.stages import remoteness

NAN, INF = float("nan"), float("inf")
MINUTES = [[5.0, 40.0, 90.0], [20.0, 10.0, 120.0]]
KM = [[0.0, 10.0, 20.0, 30.0, 40.0], [10.0, 0.0, 30.0, 80.0, 5.0]]
MONTHS = [-10.0, -7.0, -4.0, -1.0, 2.0, 5.0, 8.0, 11.0, 14.0, 17.0, 20.0, 23.0]
TABLE = [[9.0, 8.0], [5.0, 4.0], [4.0, 5.0], [1.0, 2.0]]
STEPS = {10: 1, 20: 0.5}
COSTS = {"cost_per_km": 0.16, "floor_cost": 3.0, "cutoff_cost": 32.0}
BLOCKS = {"weights": [1, 2], "blocks": ["a", "b"], "block_weights": [1, 2], "names": ["a", "b"]}
CHOICES = {
    "x": TABLE, "weights": [1, 2], "seed": 0, "direction": 1, "weight_spread": 0.2, "normalisations": ["min_max"],
    "aggregations": ["arithmetic"], "bounds": (0, 1), "error_sd": [0.1, 0.1], "block_size": 8, "names": ["a", "b"],
}  # fmt: skip
PEOPLE = {"x": [1, 2, 3], "weights": [1, 1, 2]}

CALLS = {
    access: {
        "capped_ratio_score": {"distance": KM, "means": [10, 10, 10, 10, 10], "cap": 3},
        "cumulative_opportunities": {"travel_time_min": MINUTES, "opportunities": [1, 2, 3], "threshold_min": 30},
        "decay_weights": {"travel_time_min": [1, 2], "decay": "power", "half_life_min": 30, "floor_min": 1},
        "enhanced_two_step_fca": {"travel_time_min": MINUTES, "demand": [1, 2], "supply": [1, 2, 3], "steps": STEPS},
        "gravity_access": {"travel_time_min": MINUTES, "opportunities": [1, 2, 3], "half_life_min": 30},
        "lambda_per_second": {"half_life_min": 15},
        "rural_access_index": {"distance_km": [0.5, 2, 7], "population": [1, 2, 3], "threshold_km": 2},
        "serve_lower_tiers": {"distance": KM},
        "step_weights": {"travel_time_min": [1, 2], "steps": STEPS},
        "three_step_fca": {"travel_time_min": MINUTES, "demand": [1, 2], "supply": [1, 2, 3], "steps": STEPS},
        "tier_means": {"distance": KM},
        "two_step_fca": {"travel_time_min": MINUTES, "demand": [1, 2], "supply": [1, 2, 3], "threshold_min": 30},
    },
    climate: {
        "annual_range": {"t_monthly": MONTHS, "axis": 0},
        "aridity_class": {"aridity": [0.15, 0.4]},
        "aridity_code": {"aridity": [0.15, 0.4]},
        "aridity_index": {"precipitation_mm": [150, 200], "pet_mm": [1000, 900]},
        "bodman_severity": {"t": [-20, -10], "v_ms": [3, 5]},
        "classify": {"values": [0.1, 0.2], "upper_bounds": [0.15, 0.2]},
        "cooling_degree_days": {"t_monthly": MONTHS, "base": 18, "axis": 0},
        "day_length_hours": {"latitude_deg": [45, 50], "day_of_year": [10, 20]},
        "de_martonne": {"precipitation_mm": [150, 200], "temperature_c": [5, 6]},
        "extraterrestrial_radiation": {"latitude_deg": [45, 50], "day_of_year": [10, 20]},
        "frost_months": {"t_monthly": MONTHS, "threshold": 0, "axis": 0},
        "growing_degree_days": {"t_monthly": MONTHS, "base": 5, "axis": 0},
        "hargreaves_pet": {"t_min": [10, 12], "t_max": [20, 25], "radiation": [30, 31]},
        "heat_months": {"t_monthly": MONTHS, "threshold": 22, "axis": 0},
        "heating_degree_days": {"t_monthly": MONTHS, "base": 18, "axis": 0, "days": [30] * 12},
        "koppen_geiger": {"t_monthly": MONTHS, "p_monthly": [30] * 12, "cold_limit_c": 0, "axis": 0},
        "koppen_geiger_code": {"t_monthly": MONTHS, "p_monthly": [30] * 12, "cold_limit_c": 0, "axis": 0},
        "monthly_day_length_hours": {"latitude_deg": [45, 50]},
        "monthly_extraterrestrial_radiation": {"latitude_deg": [45, 50]},
        "thornthwaite_pet": {"t_monthly": MONTHS, "day_length_h": [12] * 12, "hot": "formula", "axis": 0},
        "wind_chill": {"t": [-20, -10], "v_kph": [3, 50]},
    },
    composite: {
        "aggregate": {"x": TABLE, "method": "generalised", "power": 2, **BLOCKS},
        "contributions": {"x": TABLE, "method": "generalised", "power": 2, **BLOCKS},
        "correlation_adjusted_weights": {"x": TABLE, "weights": [1, 2], "names": ["a", "b"]},
        "denominate": {"x": TABLE, "denominator": [1, 2, 3, 4], "scale": 10, "names": ["a", "b"]},
        "entropy_weights": {"x": TABLE, "names": ["a", "b"]},
        "equal_weights": {"count": 3},
        "given_weights": {"weights": [1, 2]},
        "hierarchical_weights": {"blocks": ["a", "b"], "weights": [1, 2], "block_weights": [1, 2]},
        "impute": {"x": TABLE, "method": "mean", "names": ["a", "b"]},
        "missing_share": {"x": TABLE, **BLOCKS},
        "normalise": {"x": TABLE, "direction": [1, -1], "bounds": (0, 1), "names": ["a", "b"]},
        "row_weights": {"x": TABLE, **BLOCKS},
        "treat_outliers": {"x": TABLE, "winmax": 5, "max_skew": 2, "max_kurtosis": 3.5, "names": ["a", "b"]},
    },
    inequality: {
        "disparity": PEOPLE,
        "gini": PEOPLE,
        "hoover": {"x": [1, 2, 3], "population": [1, 1, 2]},
        "location_quotient": {"part": [1, 2, 3], "whole": [4, 5, 6]},
        "lorenz_curve": PEOPLE,
        "max_min_ratio": {"x": [1, 2, 3]},
        "theil": PEOPLE,
        "theil_decomposition": {**PEOPLE, "groups": ["a", "b", "b"]},
        "williamson": PEOPLE,
    },
    sensitivity: {
        "assumption_sensitivity": {"n": 4, **CHOICES},
        "mean_absolute_rank_change": {"index": TABLE, "nominal": [1, 2, 3, 4]},
        "monte_carlo_ranks": {"draws": 4, "class_bounds": [0.5], "interval": 0.9, **CHOICES},
        "rank_of": {"index": [1, 2, 3]},
        "sobol_design": {"n": 8, "d": 2, "seed": 0},
        "sobol_indices": {"y": [1, 2, 3, 4, 5, 7, 9, 8], "d": 2},
        "summarise_draws": {"index": TABLE, "nominal": [1, 2, 3, 4], "class_bounds": [0.5], "interval": 0.9},
    },
    remoteness: {
        "aria_plus": {"distance_km": KM, "means_km": [10, 10, 10, 10, 10], "class_upper": {"near": 5, "far": 15}},
        "cari_plus": {"travel": KM, "means": [10, 10, 10, 10, 10]},
        "far": {"minutes": [[70, 50, 40, 20], [1, 2, 3, 4]]},
        "gravity": {"travel_time_min": MINUTES, "population": [1, 2, 3], "half_life_min": 30},
        "kz": {"minutes": KM, "weight": [1, 1, 1, 1, 1], "cap_min": [60, 60, 60, 60, 60]},
        "nz_ua": {"minutes": [[1, 2, 3], [70, 80, 90]]},
        "over_seasons": {"by_season": [KM, KM], "rule": "mean", "months": [1, 2]},
        "statcan_ir": {
            "distance_km": MINUTES, "population": [1, 2, 3], "ruler": {"least": 0, "greatest": 9}, **COSTS
        },
    },
}  # fmt: skip
FUNCTIONS = [(module, name) for module, calls in CALLS.items() for name in calls]
INNER = {"outranking", "outranking_among", "classes", *CALLS[access]}  # compiled loops; and what a stage passes on

# Of a wrong kind, whatever the argument is for. Text, None and a number mean something to some.
WRONG = {
    "a number that is text": "12", "a text": "abc", "texts": ["a", "b", "c"], "nothing": None, "an object": object(),
    "rows of unequal length": [[1.0, 2.0], [3.0]], "no values": [], "a solid": np.ones((2, 2, 2)), "complex": 1 + 2j,
    "days": np.array(["2020-01-01"] * 3, "M8[D]"), "unknown": NAN, "endless": INF, "below zero": -1, "half": 1.5,
}  # fmt: skip
NEVER = ("an object", "rows of unequal length", "complex", "days", "a number that is text")
NAMES = ("names", "groups", "blocks", "normalisations", "aggregations")  # of which text may be one


def test_every_public_function_is_here():
    for module, calls in CALLS.items():
        public = {name for name in module.__all__ if inspect.isfunction(getattr(module, name))}
        own = INNER if module is remoteness else {"outranking", "outranking_among"}
        assert public - own == set(calls), module.__name__


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
def test_what_is_of_a_wrong_kind_is_refused_as_a_value(module, name):
    """A `ValueError`, or a result where it has a meaning: no TypeError, IndexError or warning from inside."""
    function, given = getattr(module, name), CALLS[module][name]
    function(**given)
    for argument in given:
        for kind, wrong in WRONG.items():
            try:
                function(**{**given, argument: wrong})
            except ValueError:
                continue
            assert kind not in NEVER or argument in NAMES, (argument, kind)


def same(one, two):
    if isinstance(one, remoteness.Remoteness | sensitivity.RankUncertainty):
        return all(same(getattr(one, part), getattr(two, part)) for part in one.__dataclass_fields__)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(value, two[key]) for key, value in one.items())
    if isinstance(one, tuple | list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, pd.DataFrame):
        return same(one.to_numpy(), two.to_numpy())
    if isinstance(one, float) or getattr(one, "dtype", np.dtype(object)).kind == "f":
        return np.allclose(one, two, rtol=2e-6, equal_nan=True)  # of float32
    return np.array_equal(np.asarray(one), np.asarray(two)) if hasattr(one, "shape") else one == two


def as_column(values):
    return pd.Series(values) if np.ndim(values) == 1 else pd.DataFrame(values).to_numpy()


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
@pytest.mark.parametrize(
    "form",
    [np.array, lambda v: np.array(v, np.float32), as_column, lambda v: np.array(v, object), np.ma.array, tuple],
    ids=["array", "float32", "column", "object", "masked", "tuple"],
)
def test_the_form_of_numbers_makes_no_difference(module, name, form):
    function, given = getattr(module, name), CALLS[module][name]
    of_numbers = {
        key: form(value)
        for key, value in given.items()
        if key != "by_season" and isinstance(value, list) and np.asarray(value).dtype.kind in "fi"
    }
    assert same(function(**given), function(**{**given, **of_numbers})), name


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (composite.impute, {"method": "none"}),
        (composite.aggregate, {}),
        (composite.row_weights, {}),
        (composite.missing_share, {}),
        (sensitivity.rank_of, {}),
        (remoteness.aria_plus, {"means_km": [1.0, 2.0]}),
        (lambda x: sensitivity.monte_carlo_ranks(x, draws=4), {}),
    ],
)
def test_what_is_masked_is_unknown(function, given):
    values = np.array([[1.0, 2.0], [3.0, -9999.0], [5.0, 1.0]])
    hidden = np.ma.masked_equal(values, -9999.0)
    assert same(function(hidden, **given), function(np.where(values == -9999, NAN, values), **given))


def test_masked_people_are_not_counted_in_silence():
    with pytest.raises(ValueError, match="1 values are missing"):
        inequality.gini(np.ma.masked_equal([1.0, -9999.0, 3.0], -9999.0))
    assert np.isnan(climate.heating_degree_days(np.ma.masked_less(MONTHS, -5.0)))


def test_what_cannot_be_reached_has_no_weight_at_any_threshold():
    assert access.step_weights([10.0, INF], {INF: 1.0}).tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="threshold_min"):
        access.cumulative_opportunities([[1.0, INF]], threshold_min=INF)


@pytest.mark.parametrize("unit", [1e-320, 1e-300, 1e-160, 1e160, 1e300])
def test_the_unit_may_be_as_small_or_large_as_numbers_go(unit):
    """Squares of the smallest numbers are 0, of the largest infinite: no measure may become NaN, or 0, by them."""
    x = [1.0, 2.0, 5.0]
    made = inequality.disparity(np.multiply(x, unit), np.multiply([1.0, 1.0, 2.0], unit))
    assert made == pytest.approx(inequality.disparity(x, [1, 1, 2]), rel=1e-3)  # 1e-320 has 2 000 steps


def test_labels_of_groups():
    x, parts = [1.0, 1.0, 3.0, 3.0], inequality.theil_decomposition([1.0, 1.0, 3.0, 3.0], ["s", "s", "n", "n"])
    for labels in (pd.Series(["s", "s", "n", "n"]), pd.Categorical(["s", "s", "n", "n"]), np.array([0, 0, 1, 1])):
        assert inequality.theil_decomposition(x, labels) == parts
    for missing in (None, NAN, pd.NA, pd.NaT):
        with pytest.raises(ValueError, match="labels are missing"):
            inequality.theil_decomposition(x, ["s", "s", "n", missing])
