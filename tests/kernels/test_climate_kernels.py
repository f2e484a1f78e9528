import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gis.kernels import climate

MONTHS = 12
DAYS = np.array(climate.DAYS_IN_MONTH, dtype=int)
# Astana, rounded to whole degrees and millimetres
ASTANA_T = [-15, -14, -7, 6, 14, 20, 21, 19, 12, 4, -6, -12]
ASTANA_P = [17, 14, 18, 21, 35, 37, 50, 29, 22, 27, 28, 22]

temperatures = arrays(np.float64, (MONTHS, 2, 3), elements=st.floats(-60, 45))
rain = arrays(np.float64, (MONTHS, 2, 3), elements=st.floats(0, 400))


def by_months(raster, function):
    """A dumb loop over the cells of (12, ny, nx)."""
    out = np.empty(raster.shape[1:])
    for row in range(raster.shape[1]):
        for column in range(raster.shape[2]):
            out[row, column] = function(raster[:, row, column])
    return out


@given(temperatures, st.floats(10, 25))
def test_degree_days_equal_a_loop_over_days(t, base):
    expected = by_months(
        t, lambda year: sum(max(0.0, base - m) for m, d in zip(year, DAYS, strict=True) for _ in range(d))
    )
    np.testing.assert_allclose(climate.heating_degree_days(t, base), expected, atol=1e-6)
    expected = by_months(
        t, lambda year: sum(max(0.0, m - base) for m, d in zip(year, DAYS, strict=True) for _ in range(d))
    )
    np.testing.assert_allclose(climate.cooling_degree_days(t, base), expected, atol=1e-6)
    np.testing.assert_allclose(climate.growing_degree_days(t, base), expected, atol=1e-6)


@given(temperatures)
def test_heating_less_cooling_is_the_distance_of_the_mean_from_the_base(t):
    year = (t * DAYS[:, None, None]).sum(axis=0)
    difference = climate.heating_degree_days(t, 18) - climate.cooling_degree_days(t, 18)
    np.testing.assert_allclose(difference, 18 * 365 - year, atol=1e-6)


@given(temperatures, st.floats(0, 20))
def test_a_warmer_place_needs_no_more_heating(t, warmer):
    assert (climate.heating_degree_days(t + warmer) <= climate.heating_degree_days(t)).all()
    assert (climate.frost_months(t + warmer) <= climate.frost_months(t)).all()
    assert (climate.heat_months(t + warmer) >= climate.heat_months(t)).all()
    np.testing.assert_allclose(climate.annual_range(t + warmer), climate.annual_range(t), atol=1e-9)


@pytest.mark.parametrize(
    "function",
    [
        climate.heating_degree_days,
        climate.cooling_degree_days,
        climate.growing_degree_days,
        climate.annual_range,
        climate.frost_months,
        climate.heat_months,
    ],
)
def test_axis_shape_nan_and_dtype(function):
    t = np.random.default_rng(1).uniform(-30, 30, (12, 2, 3)).astype(np.float32)
    t[4, 1, 2] = np.nan
    out = function(t)
    assert out.shape == (2, 3)
    assert out.dtype == np.float32
    assert np.isnan(out).tolist() == [[False] * 3, [False, False, True]]
    np.testing.assert_array_equal(function(np.moveaxis(t, 0, 2), axis=2), out)
    np.testing.assert_array_equal(function(t[:, 0, 1]), out[0, 1])
    with pytest.raises(ValueError, match="12 months on axis 0, got shape"):
        function(t[:11])
    with pytest.raises(ValueError, match="infinite"):
        function([np.inf] * 12)
    with pytest.raises(ValueError, match="t_monthly: expected numbers"):
        function(["cold"] * 12)


def test_february_can_have_its_leap_day():
    assert climate.heating_degree_days([0.0] * 12, 18.0) == 18 * 365
    days = [31, 28.25, *climate.DAYS_IN_MONTH[2:]]
    assert climate.heating_degree_days([0.0] * 12, 18.0, days=days) == 18 * 365.25
    with pytest.raises(ValueError, match="days"):
        climate.heating_degree_days([0.0] * 12, days=[31, 28])


def test_wind_chill_against_the_published_chart():
    # Environment Canada's chart, whole degrees
    chart = {(-10, 10): -15, (-20, 30): -33, (-40, 60): -64, (0, 5): -2, (-30, 20): -43, (-50, 80): -81}
    for (t, v), felt in chart.items():
        assert round(float(climate.wind_chill(t, v))) == felt
    np.testing.assert_allclose(climate.wind_chill([-10.0, 5.0], 0.0), [-10.0, 5.0])
    assert np.isnan(climate.wind_chill([0.1, np.nan], 20.0, mask_invalid=True)).all()
    assert not np.isnan(climate.wind_chill(0.0, 20.0, mask_invalid=True))
    with pytest.raises(ValueError, match="v_kph: 1 negative"):
        climate.wind_chill(-5.0, [-1.0, 3.0])


def test_bodman_by_hand():
    np.testing.assert_allclose(climate.bodman_severity([0, -25, -10], [0, 0, 10]), [1.0, 2.0, 1.4 * 3.72])
    with pytest.raises(ValueError, match="v_ms"):
        climate.bodman_severity(-5.0, -1.0)


@pytest.mark.parametrize(
    ("latitude", "day", "radiation", "hours"),
    [(-20.0, 246, 32.2, 11.7), (-22.9, 135, 25.1, 10.9), (13.733, 105, 38.06, 12.3), (50.8, 187, 41.09, 16.1)],
)
def test_radiation_and_day_length_against_fao_56(latitude, day, radiation, hours):
    # FAO-56, examples 8 and 9, 10 (Rio de Janeiro), 17 (Bangkok), 18 (Brussels)
    assert climate.extraterrestrial_radiation(latitude, day) == pytest.approx(radiation, abs=0.06)
    assert climate.day_length_hours(latitude, day) == pytest.approx(hours, abs=0.06)


@given(st.floats(-90, 90), st.integers(1, 365))
def test_the_sun_obeys_symmetry(latitude, day):
    there, opposite = (climate.day_length_hours(side * latitude, day) for side in (1, -1))
    assert there + opposite == pytest.approx(24, abs=1e-6)
    assert climate.extraterrestrial_radiation(latitude, day) >= 0


def test_polar_night_and_day():
    assert climate.day_length_hours(80, 355) == 0
    assert climate.extraterrestrial_radiation(80, 355) == 0
    assert climate.day_length_hours(80, 172) == pytest.approx(24)
    with pytest.raises(ValueError, match="latitude_deg: 1 beyond 90"):
        climate.day_length_hours(4_800_000, 1)


def dumb_thornthwaite(t, hours):
    heat = sum((max(m, 0) / 5) ** 1.514 for m in t)
    a = 6.75e-7 * heat**3 - 7.71e-5 * heat**2 + 0.01792 * heat + 0.49239
    return [16 * (h / 12) * (d / 30) * (10 * max(m, 0) / heat) ** a for m, h, d in zip(t, hours, DAYS, strict=True)]


def test_thornthwaite_equals_the_formula_written_out():
    hours = [
        sum(float(climate.day_length_hours(51.1, d)) for d in range(s - n + 1, s + 1)) / n
        for s, n in zip(np.cumsum(DAYS), DAYS, strict=True)
    ]
    np.testing.assert_allclose(climate.monthly_day_length_hours(51.1), hours)
    expected = dumb_thornthwaite(ASTANA_T, hours)
    np.testing.assert_allclose(climate.thornthwaite_pet(ASTANA_T, 51.1), expected)
    np.testing.assert_allclose(climate.thornthwaite_pet(ASTANA_T, day_length_h=hours), expected)
    t = np.broadcast_to(np.array(ASTANA_T, float)[:, None, None], (12, 2, 3)).copy()
    t[0, 0, 1] = np.nan
    out = climate.thornthwaite_pet(t, np.array([[51.1], [43.0]]))
    np.testing.assert_allclose(out[:, 0, 0], expected)
    assert np.isnan(out[:, 0, 1]).all()
    assert not np.isnan(out[:, 1]).any()
    turned = climate.thornthwaite_pet(np.moveaxis(t, 0, -1), np.array([[51.1], [43.0]]), axis=-1)
    np.testing.assert_allclose(np.moveaxis(turned, -1, 0), out)


def test_thornthwaite_at_its_edges():
    assert (climate.thornthwaite_pet([-5.0] * 12, 50.0) == 0).all()
    hot = [10.0] * 6 + [30.0] * 6
    length = [12.0] * 12
    out = climate.thornthwaite_pet(hot, day_length_h=length, hot="willmott", days=[30] * 12)
    # figure 13 of Thornthwaite 1948 has 162.1 mm at 30 C; the parabola of Willmott et al. is near it
    assert out[-1] == pytest.approx(162.1, rel=0.02)
    assert out[0] == climate.thornthwaite_pet(hot, day_length_h=length, days=[30] * 12)[0]
    with pytest.raises(ValueError, match="either latitude_deg or day_length_h"):
        climate.thornthwaite_pet(hot)
    for places in ((), (3,), (2, 5)):
        with pytest.raises(ValueError, match="does not fit places"):
            climate.thornthwaite_pet(np.ones((12, *places)), [50.0, 43.0])
    by_column = climate.thornthwaite_pet(np.ones((12, 3, 2)), [50.0, 43.0])
    np.testing.assert_array_equal(by_column[:, 0, 1], climate.thornthwaite_pet([1.0] * 12, 43.0))
    with pytest.raises(ValueError, match="hot"):
        climate.thornthwaite_pet(hot, 50.0, hot="cold")


def test_hargreaves():
    ra = climate.extraterrestrial_radiation(45.72, 196)
    # FAO-56 example 20, Lyon: Ra 40.6 MJ (16.6 mm a day), 5.0 mm a day
    assert ra == pytest.approx(40.6, abs=0.1)
    assert climate.hargreaves_pet(14.8, 26.6, 20.7, ra) == pytest.approx(5.0, abs=0.05)
    assert climate.hargreaves_pet(-40.0, -30.0, radiation=5.0) == 0
    low, high = np.full((12, 2, 3), 5.0), np.full((12, 2, 3), 15.0)
    monthly = climate.hargreaves_pet(low, high, latitude_deg=np.array([[50.0], [43.0]]))
    expected = 0.0023 * 0.408 * climate.monthly_extraterrestrial_radiation(43.0) * 27.8 * np.sqrt(10)
    np.testing.assert_allclose(monthly[:, 1, 2], expected)
    with pytest.raises(ValueError, match="t_min is above t_max in 1 values"):
        climate.hargreaves_pet([5.0, 9.0], [6.0, 8.0], radiation=10.0)
    with pytest.raises(ValueError, match="either radiation or latitude_deg"):
        climate.hargreaves_pet(5.0, 6.0)


def test_aridity_and_its_classes():
    index = climate.aridity_index([0, 10, 200, 600, 700, 5, 0], [100, 300, 1000, 1000, 1000, 0, 0])
    np.testing.assert_allclose(index, [0, 1 / 30, 0.2, 0.6, 0.7, np.inf, np.nan])
    names = ["hyper-arid", "hyper-arid", "semi-arid", "dry sub-humid", "humid", "humid", ""]
    assert climate.aridity_class(index).tolist() == names
    assert climate.aridity_code(index).tolist() == [0, 0, 2, 3, 4, 4, -1]
    with pytest.raises(ValueError, match="precipitation_mm: 1 negative"):
        climate.aridity_index(-1.0, 5.0)
    with pytest.raises(ValueError, match="rising"):
        climate.classify([1.0], [2.0, 1.0])


def test_de_martonne():
    np.testing.assert_allclose(
        climate.de_martonne([300, 300, 300, np.nan], [5, -10, -12, 5]), [20, np.nan, np.nan, np.nan]
    )
    with pytest.raises(ValueError, match="negative"):
        climate.de_martonne([-1.0], [5.0])


# Monthly means (C) and totals (mm) of well-known cities, rounded, with the class that atlases give them.
STATIONS = {
    "Astana": (ASTANA_T, ASTANA_P, "Dfb"),
    "Singapore": (
        [26, 27, 28, 28, 28, 28, 28, 28, 28, 28, 27, 26],
        [234, 115, 170, 154, 171, 131, 155, 149, 134, 155, 253, 332],
        "Af",
    ),
    "Cairo": ([14, 15, 18, 22, 25, 28, 28, 28, 27, 24, 19, 15], [7, 4, 4, 2, 0, 0, 0, 0, 0, 0, 4, 7], "BWh"),
    "Rome": ([8, 8, 11, 13, 17, 21, 24, 24, 21, 17, 12, 9], [103, 98, 68, 65, 48, 34, 23, 33, 68, 94, 130, 111], "Csa"),
    "London": ([5, 5, 7, 9, 13, 16, 18, 17, 15, 11, 8, 5], [55, 40, 42, 44, 49, 45, 45, 50, 49, 69, 59, 55], "Cfb"),
    "Beijing": ([-3, 0, 7, 15, 21, 25, 27, 26, 21, 14, 5, -1], [2, 5, 10, 23, 38, 74, 171, 115, 63, 28, 10, 3], "Dwa"),
    "Yakutsk": (
        [-37, -33, -19, -3, 8, 16, 20, 15, 6, -8, -27, -37],
        [9, 8, 6, 10, 20, 35, 38, 38, 31, 19, 16, 10],
        "Dfc",
    ),
    "Verkhoyansk": (
        [-45, -41, -28, -11, 4, 14, 16, 12, 3, -14, -35, -43],
        [7, 6, 5, 7, 14, 24, 33, 32, 16, 14, 11, 9],
        "Dfd",
    ),
    "Vostok": ([-32, -44, -57, -65, -66, -65, -67, -68, -66, -57, -43, -32], [1] * 12, "EF"),
}


@pytest.mark.parametrize("station", STATIONS)
def test_koppen_of_known_stations(station):
    t, p, expected = STATIONS[station]
    assert str(climate.koppen_geiger(t, p)) == expected


def dumb_koppen(t, p):
    """The rules of Beck et al. 2018, table 2, one after the other."""
    summer, winter = [3, 4, 5, 6, 7, 8], [9, 10, 11, 0, 1, 2]
    if sum(t[m] for m in winter) > sum(t[m] for m in summer):
        summer, winter = winter, summer
    ps, pw = [p[m] for m in summer], [p[m] for m in winter]
    mat, year = sum(t) / 12, sum(p)
    threshold = 2 * mat + (28 if sum(ps) > 0.7 * year else 0 if sum(pw) > 0.7 * year else 14)
    if year < 10 * threshold:
        return "B" + ("W" if year < 5 * threshold else "S") + ("h" if mat >= 18 else "k")
    if min(t) >= 18:
        return "A" + ("f" if min(p) >= 60 else "m" if min(p) >= 100 - year / 25 else "w")
    if max(t) <= 10:
        return "ET" if max(t) > 0 else "EF"
    dry_summer, dry_winter = min(ps) < 40 and min(ps) < max(pw) / 3, min(pw) < max(ps) / 10
    if dry_summer and dry_winter:
        dry_summer, dry_winter = sum(ps) <= sum(pw), sum(ps) > sum(pw)
    heat = "a" if max(t) >= 22 else "b" if sum(m > 10 for m in t) >= 4 else "c"
    if min(t) <= 0 and heat == "c" and min(t) < -38:
        heat = "d"
    return ("C" if min(t) > 0 else "D") + ("s" if dry_summer else "w" if dry_winter else "f") + heat


@given(st.integers(0, 2**32 - 1))
def test_koppen_equals_the_rules_written_out(seed):
    rng = np.random.default_rng(seed)
    swing = np.cos(2 * np.pi * (np.arange(12) - rng.integers(12)) / 12)[:, None, None]
    t = rng.uniform(-25, 30, (2, 3)) + rng.uniform(0, 28, (2, 3)) * swing + rng.normal(0, 1, (12, 2, 3))
    p = np.maximum(0, rng.uniform(0, 150, (2, 3)) * (1 + rng.uniform(-1.2, 1.2, (2, 3)) * swing))
    found = climate.koppen_geiger(t, p)
    code = climate.koppen_geiger_code(t, p)
    for row in range(2):
        for column in range(3):
            assert found[row, column] == dumb_koppen(t[:, row, column].tolist(), p[:, row, column].tolist())
            assert climate.KOPPEN_CLASSES[code[row, column]] == found[row, column]


def test_koppen_refuses_and_leaves_gaps():
    t, p = np.array(ASTANA_T, float), np.array(ASTANA_P, float)
    assert climate.koppen_geiger_code(t, np.where(np.arange(12) == 3, np.nan, p)) == 0
    mild = t + 13  # coldest month -2: D by 0 C, C by -3 C
    assert str(climate.koppen_geiger(mild, p * 4))[0] == "D"
    assert str(climate.koppen_geiger(mild, p * 4, cold_limit_c=-3))[0] == "C"
    with pytest.raises(ValueError, match="p_monthly: 12 negative"):
        climate.koppen_geiger(t, -p)
    with pytest.raises(ValueError, match="one shape"):
        climate.koppen_geiger(t, np.ones((12, 2)))


def test_the_legend_is_that_of_the_published_map():
    assert len(climate.KOPPEN_CLASSES) == 31
    known = {1: "Af", 7: "BSk", 8: "Csa", 16: "Cfc", 17: "Dsa", 26: "Dfb", 30: "EF"}
    assert {code: climate.KOPPEN_CLASSES[code] for code in known} == known


def test_against_xclim():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        xi = pytest.importorskip("xclim.indices")
        xr = pytest.importorskip("xarray")
        time = xr.date_range("2001-01-01", periods=365, freq="D", use_cftime=False)
        daily = np.repeat(np.array(ASTANA_T, float), DAYS)
        tas = xr.DataArray(daily, coords={"time": time}, dims="time", attrs={"units": "degC"})
        hdd = xi.heating_degree_days(tas, thresh="18 degC").values[0]
        cdd = xi.cooling_degree_days(tas, thresh="18 degC").values[0]
        gdd = xi.growing_degree_days(tas, thresh="5 degC").values[0]
        wind = xr.DataArray(np.linspace(0, 80, 365), coords={"time": time}, dims="time", attrs={"units": "km/h"})
        chill = xi.wind_chill_index(tas, wind).values
    assert climate.heating_degree_days(ASTANA_T) == pytest.approx(hdd)
    assert climate.cooling_degree_days(ASTANA_T) == pytest.approx(cdd)
    assert climate.growing_degree_days(ASTANA_T) == pytest.approx(gdd)
    np.testing.assert_allclose(climate.wind_chill(daily, wind.values, mask_invalid=True), chill)
