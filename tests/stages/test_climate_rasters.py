"""Measures of the climate as rasters and at settlements: by hand, against other libraries, and as a run writes them."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine
from pyproj import Geod, Transformer

from gis.errors import InputError, StudyError
from gis.kernels.climate import ARIDITY_CLASSES, DAYS_IN_MONTH, KOPPEN_CLASSES
from gis.outputs import write_outputs
from gis.pipeline import Result, compute
from gis.publish.climate import write_measure
from gis.read.shipped import preset
from gis.read.tables import read_lookup
from gis.space.grid import Grid
from gis.space.zonal import mean_around
from gis.stages.climate import DISCOMFORT, MEASURES, Bases, Normals, climate_at, discomfort, measures
from gis.steps.climate import climate_rasters
from gis.study import demonstration, make_study

NAN = np.nan
RNG = np.random.default_rng(4)
SHAPE = (3, 5)
T = (RNG.uniform(-5, 12, SHAPE) - 18 * np.cos(np.arange(12) * np.pi / 6)[:, None, None]).astype(np.float64)
P = RNG.uniform(1, 60, (12, *SHAPE))
V = RNG.uniform(0, 9, (12, *SHAPE))
NORMALS = Normals(
    temperature=T,
    precipitation=P,
    temperature_min=T - 6,
    temperature_max=T + 7,
    wind=V,
    humidity=np.full((12, *SHAPE), 60.0),
    latitude=np.linspace(41, 55, 15).reshape(SHAPE),
)


def test_every_measure_of_the_issue_is_made() -> None:
    made = measures(NORMALS)
    assert set(made) == {*MEASURES, "temperature_mean_c", "precipitation_mm", "aridity_de_martonne"}
    assert all(np.shape(make()) == SHAPE for make in made.values())


def test_a_raster_is_the_settlement_at_each_cell() -> None:
    """Cells and settlements go through one formula: no way to differ by shape."""
    flat = {
        name: None if value is None else np.asarray(value).reshape(-1, 15)
        for name, value in vars(NORMALS).items()
        if name != "latitude"
    }
    index = pd.Index([str(i) for i in range(15)])
    at = climate_at(index, **flat, latitude=np.asarray(NORMALS.latitude).ravel())
    for name, make in measures(NORMALS).items():
        values = np.asarray(make()).ravel()
        classes = MEASURES[name].classes if name in MEASURES else None
        if classes is None:
            np.testing.assert_allclose(at[name].to_numpy(float), values, rtol=1e-12)
        else:
            assert at[name].tolist() == [classes[code - 1] for code in values]


def test_measures_by_hand() -> None:
    # Half a year of -10 C with 5 m/s, half a year of +25 C in calm air; 10 mm a month, on the equator.
    t = np.repeat([-10.0, 25.0, -10.0], [3, 6, 3])[:, None]
    wind = np.repeat([5.0, 0.0, 5.0], [3, 6, 3])[:, None]
    made = {
        name: float(np.asarray(make())[0])
        for name, make in measures(
            Normals(temperature=t, precipitation=np.full((12, 1), 10.0), wind=wind, latitude=np.array([0.0])),
            Bases(heating_c=17.0, cooling_c=20.0, growing_c=10.0, frost_c=0.0, heat_c=24.0),
        ).items()
    }
    days = np.asarray(DAYS_IN_MONTH)
    winter = days[[0, 1, 2, 9, 10, 11]].sum()
    summer = days.sum() - winter
    assert made["heating_degree_days"] == pytest.approx(winter * 27)
    assert made["cooling_degree_days"] == pytest.approx(summer * 5)
    assert made["growing_degree_days"] == pytest.approx(summer * 15)
    assert (made["frost_months"], made["heat_months"]) == (6, 6)
    power = 18**0.16
    assert made["wind_chill_c"] == pytest.approx(13.12 - 6.215 - 11.37 * power - 3.965 * power)
    assert made["bodman_severity"] == pytest.approx(1.4 * (1 + 0.272 * 5))
    assert made["wind_ms"] == pytest.approx(winter / days.sum() * 5)
    # Thornthwaite on the equator: twelve hours a day.
    heat = 6 * (25 / 5) ** 1.514
    a = 6.75e-7 * heat**3 - 7.71e-5 * heat**2 + 0.01792 * heat + 0.49239
    pet = 16 * (summer / 30) * (10 * 25 / heat) ** a
    assert made["pet_thornthwaite_mm"] == pytest.approx(pet, rel=0.01)
    assert made["aridity_unep"] == pytest.approx(120 / made["pet_thornthwaite_mm"])
    assert made["aridity_de_martonne"] == pytest.approx(120 / ((winter * -10 + summer * 25) / days.sum() + 10))
    assert KOPPEN_CLASSES[int(made["koppen"])] == "BWk"
    assert ARIDITY_CLASSES[int(made["aridity_class"]) - 1] == "arid"


def test_an_unknown_month_is_unknown_and_no_class() -> None:
    t = T.copy()
    t[5, 1, 2] = NAN
    made = measures(Normals(temperature=t, precipitation=P, latitude=NORMALS.latitude))
    for name, make in made.items():
        if name in MEASURES and MEASURES[name].classes is not None:
            codes = np.asarray(make())
            assert codes[1, 2] == 0
            assert (np.delete(codes.ravel(), 7) > 0).all()
        elif name != "precipitation_mm":
            assert np.isnan(np.asarray(make())[1, 2])


def test_where_nothing_evaporates_there_is_no_ratio() -> None:
    made = measures(
        Normals(temperature=np.full((12, 1), -5.0), precipitation=np.ones((12, 1)), latitude=np.array([50.0]))
    )
    assert np.isnan(made["aridity_unep"]()).all()
    assert ARIDITY_CLASSES[int(made["aridity_class"]()[0]) - 1] == "humid"


def test_hargreaves_may_stand_behind_the_aridity() -> None:
    by = {pet: measures(NORMALS, Bases(pet=pet))["aridity_unep"]() for pet in ("thornthwaite", "hargreaves")}
    year = P.sum(axis=0)
    for pet, ratio in by.items():
        np.testing.assert_allclose(ratio, year / measures(NORMALS)[f"pet_{pet}_mm"]())
    assert "aridity_unep" not in measures(Normals(temperature=T, precipitation=P, latitude=NORMALS.latitude),
                                          Bases(pet="hargreaves"))  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # xclim's own
def test_degree_days_are_those_of_xclim() -> None:
    """A day's own mean is its month's: then xclim sums the same."""
    xclim = pytest.importorskip("xclim")
    xr = pytest.importorskip("xarray")
    days = pd.date_range("2001-01-01", "2001-12-31")
    daily = xr.DataArray(
        T[days.month.to_numpy() - 1, 0, 0], dims="time", coords={"time": days}, attrs={"units": "degC"}
    )  # fmt: skip
    place = {name: float(np.asarray(make())[0, 0]) for name, make in measures(NORMALS).items()}
    made = {
        "heating_degree_days": xclim.indices.heating_degree_days(daily, thresh="18 degC", freq="YS"),
        "cooling_degree_days": xclim.indices.cooling_degree_days(daily, thresh="18 degC", freq="YS"),
        "growing_degree_days": xclim.indices.growing_degree_days(daily, thresh="5 degC", freq="YS"),
    }
    leap = np.asarray(DAYS_IN_MONTH).sum() / 365
    for name, theirs in made.items():
        assert place[name] == pytest.approx(float(theirs.values[0]), rel=abs(leap - 1) + 2e-3)


TABLE = pd.DataFrame(
    {
        "zone": ["hard", "hard", "harder", "hardest"],
        "column": ["t", "dry", "t", "t"],
        "comparison": ["<=", "<", "<", "<"],
        "limit": [-14.0, 0.2, -28.0, -38.0],
    }
)


def test_zones_take_the_severest_limit_that_is_met() -> None:
    t = np.array([0.0, -14.0, -28.0, -28.1, -39.0, 0.0])
    dry = np.array([0.2, 1.0, 1.0, 1.0, 1.0, 0.19])
    codes, zones = discomfort({"t": t, "dry": dry}, TABLE)
    assert zones == ("favourable", "hard", "harder", "hardest")
    assert codes.tolist() == [1, 2, 2, 3, 4, 2]


def test_unknown_measures_leave_a_zone_open_unless_it_is_the_severest() -> None:
    codes, _ = discomfort({"t": np.array([NAN, -39.0, 0.0]), "dry": np.array([0.1, NAN, NAN])}, TABLE)
    assert codes.tolist() == [0, 4, 0]
    # A measure that the study has no layer for is passed over.
    assert discomfort({"dry": np.array([0.1, 0.3])}, TABLE)[0].tolist() == [2, 1]
    with pytest.raises(ValueError, match="no measure of the table of discomfort is known"):
        discomfort({"rain": np.array([1.0])}, TABLE)
    with pytest.raises(ValueError, match="comparison: expected one of"):
        discomfort({"t": np.array([1.0])}, TABLE.assign(comparison="="))


def test_the_preset_of_discomfort_names_measures_and_sources() -> None:
    table = read_lookup(preset("discomfort.csv"), text=["zone", "column", "comparison", "source"], numbers=["limit"])
    assert set(table["column"]) <= set(MEASURES)
    codes, zones = discomfort({"temperature_coldest_c": np.array([-10.0, -14, -28, -39])}, table)
    assert [zones[code - 1] for code in codes] == ["favourable", "unfavourable", "very_unfavourable", "extreme"]


GRIDS = [
    Grid((40, 60), Affine(0.05, 0, 66.0, 0, -0.04, 51.0), "EPSG:4326"),
    Grid((40, 60), Affine(4000, 0, 12_400_000, 0, -2500, 5_560_000), "EPSG:28412"),
]


@pytest.mark.parametrize("grid", GRIDS, ids=["degrees", "pulkovo"])
def test_means_around_are_those_of_the_cells_within(grid: Grid) -> None:
    bands = RNG.normal(size=(2, *grid.shape))
    bands[0, 3:6, 10:30] = NAN
    lon, lat = grid.lonlat()
    points = RNG.integers(0, lon.size, 12)
    x, y = lon.ravel()[points] + 0.003, lat.ravel()[points] - 0.002
    values, cells = mean_around(bands, grid, x, y, 20.0)
    geod, dx, dy = Geod(ellps="WGS84"), *grid.cell_sizes_m()
    area = np.broadcast_to((dx * dy)[:, None], grid.shape)
    for i in range(len(x)):
        away = np.asarray(geod.inv(lon.ravel(), lat.ravel(), np.full(lon.size, x[i]), np.full(lon.size, y[i]))[2])
        inside = (away <= 20_000).reshape(grid.shape)
        assert abs(int(inside.sum()) - cells[i]) <= max(2, 0.02 * inside.sum())
        for band in range(2):
            known = inside & np.isfinite(bands[band])
            assert values[band, i] == pytest.approx(np.average(bands[band][known], weights=area[known]), abs=0.05)


def test_means_around_agree_with_exactextract() -> None:
    """On a field as smooth as a climate, a circle of some hundred cells: a thousandth of its spread."""
    exactextract = pytest.importorskip("exactextract")
    from exactextract.raster import NumPyRasterSource
    from shapely.geometry import Point, mapping

    grid = GRIDS[1]
    xx, yy = np.meshgrid(grid.x - grid.x.mean(), grid.y - grid.y.mean())
    field = np.sin(xx / 60_000) + np.cos(yy / 40_000) + RNG.normal(scale=0.05, size=grid.shape)
    x, y = grid.x[[20, 30, 45]] + 700.0, grid.y[[15, 22, 12]] - 300.0
    west, south, east, north = grid.bounds
    circles = [
        {"type": "Feature", "properties": {}, "geometry": mapping(Point(a, b).buffer(20_000))}
        for a, b in zip(x, y, strict=True)
    ]
    source = NumPyRasterSource(field, xmin=west, ymin=south, xmax=east, ymax=north)
    theirs = [f["properties"]["mean"] for f in exactextract.exact_extract(source, circles, "mean")]
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    ours, cells = mean_around(field[None], grid, lon, lat, 20.0)
    assert (cells > 100).all()
    np.testing.assert_allclose(ours[0], theirs, atol=0.01 * field.std())


def test_a_circle_smaller_than_the_cells_finds_none() -> None:
    values, cells = mean_around(np.ones((1, 40, 60)), GRIDS[0], np.array([66.0, 10.0]), np.array([51.0, 10.0]), 1.0)
    assert np.isnan(values).all()
    assert cells.tolist() == [0, 0]
    with pytest.raises(ValueError, match="radius_km"):
        mean_around(np.ones((1, 40, 60)), GRIDS[0], np.array([66.0]), np.array([51.0]), 0.0)


def write_months(path: Path, values: np.ndarray, north: float = 56.0, cell: float = 1.0) -> dict[str, str]:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[1], width=values.shape[2], count=len(values), dtype="float32",
        crs="EPSG:4326", transform=Affine(cell, 0, 46.0, 0, -cell, north), nodata=-9999.0,
    ) as file:  # fmt: skip
        file.write(values.astype(np.float32))
    return {"path": str(path)}


def run(tmp_path: Path, **climate: object) -> Result:
    """The demonstration's settlements under a made climate of one-degree cells."""
    shape = (12, 16, 43)
    year = -18 * np.cos(np.arange(12) * np.pi / 6)[:, None, None]
    t = np.broadcast_to(np.linspace(-4, 14, 16)[None, :, None] + year, shape)
    layers: dict[str, object] = {
        "temperature": write_months(tmp_path / "t.tif", t),
        "precipitation": write_months(tmp_path / "p.tif", np.full((12, 8, 22), 20.0), cell=2.0),
        "temperature_min": write_months(tmp_path / "low.tif", t - 6),
        "temperature_max": write_months(tmp_path / "high.tif", t + 6),
        "wind": write_months(tmp_path / "wind.tif", np.full(shape, 4.0)),
        "humidity": write_months(tmp_path / "humidity.tif", np.full(shape, 65.0)),
    }
    data = tomllib.loads(demonstration().read_text("utf-8"))
    data |= {"grid": {"cell_km": 100}, "certainty": {"draws": 0}, "climate": layers | climate}
    return compute(make_study(data, folder=demonstration().parent))


def test_a_run_writes_each_measure_on_the_grid_of_the_input(tmp_path: Path) -> None:
    result = run(tmp_path)
    folder = write_outputs(result, tmp_path / "out") / "climate"
    names = {*MEASURES, "temperature_mean_c", "precipitation_mm", "aridity_de_martonne", DISCOMFORT}
    assert {path.stem for path in folder.glob("*.tif")} == names
    assert {path.stem for path in folder.glob("*.qml")} == names
    with rasterio.open(tmp_path / "t.tif") as source:
        grid = (source.shape, source.transform, source.crs)
    for made in climate_rasters(result.study, result.inputs):
        with rasterio.open(folder / f"{made.name}.tif") as file:
            assert (file.shape, file.transform, file.crs) == grid
            assert file.driver == "GTiff"
            assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert (file.units[0] or "") == made.unit
            if made.classes is None:
                np.testing.assert_array_equal(file.read(1), made.values.astype(np.float32))
                if np.isfinite(made.values).any():
                    assert float(file.tags(1)["STATISTICS_MAXIMUM"]) == pytest.approx(np.nanmax(made.values), rel=1e-5)
            else:
                np.testing.assert_array_equal(file.read(1), made.values)
                assert file.tags(1)["CLASS_1"] == made.classes[0]
                assert file.nodata == 0
    # At the settlements: columns of every measure, classes by name.
    columns = result.settlements
    assert names <= set(columns)
    assert set(columns["koppen"].dropna()) <= set(KOPPEN_CLASSES)
    assert columns["wind_ms"].between(3.99, 4.01).all()


def test_a_raster_may_be_left_out(tmp_path: Path) -> None:
    assert not (write_outputs(run(tmp_path, rasters=False), tmp_path / "out") / "climate").exists()


def test_means_around_settlements_in_a_run(tmp_path: Path) -> None:
    at, around = run(tmp_path).settlements, run(tmp_path, radius_km=150.0).settlements
    assert not np.allclose(at["temperature_mean_c"], around["temperature_mean_c"])
    np.testing.assert_allclose(at["temperature_mean_c"], around["temperature_mean_c"], atol=1.5)
    small = run(tmp_path, radius_km=1.0)
    codes = {finding.code for finding in small.record.findings}
    assert "climate-at-point" in codes
    near = small.settlements["temperature_mean_c"]
    assert ((near - at["temperature_mean_c"]).abs() < 1.2).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: {"wind": write_months(p / "w.tif", np.full((1, 16, 43), 4.0))}, "expected twelve months"),
        (lambda p: {"humidity": write_months(p / "h.tif", np.full((12, 16, 43), 140.0))}, "140"),
        (lambda p: {"temperature_min": write_months(p / "m.tif", np.full((12, 16, 43), 55.0))}, "t_min is above t_max"),
    ],
)
def test_layers_that_make_no_sense_are_refused(tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=said):
        run(tmp_path, **change(tmp_path))


def test_a_table_of_discomfort_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "zones.csv"
    own.write_text("zone,column,comparison,limit\nwindy,wind_ms,>=,3\n", "utf-8")
    assert set(run(tmp_path, discomfort=str(own)).settlements["discomfort"]) == {"windy"}
    own.write_text("zone,column,comparison,limit\nwindy,wind,>=,3\n", "utf-8")
    with pytest.raises(InputError, match=r"expected one of .*wind_ms"):
        run(tmp_path, discomfort=str(own))
    own.write_text("zone,column,comparison,limit\nwindy,wind_ms,=,3\n", "utf-8")
    with pytest.raises(InputError, match="expected one of <, <=, >, >="):
        run(tmp_path, discomfort=str(own))


def test_limits_that_no_layer_judges_are_said(tmp_path: Path) -> None:
    def unjudged(result: Result) -> list[str]:
        return [f.value for f in result.record.findings if f.code == "discomfort-not-judged"]

    assert unjudged(run(tmp_path)) == []
    data = tomllib.loads(demonstration().read_text("utf-8")) | {"grid": {"cell_km": 100}, "certainty": {"draws": 0}}
    assert unjudged(compute(make_study(data, folder=demonstration().parent))) == ["bodman_severity, wind_chill_c"]


def test_hargreaves_needs_its_layers() -> None:
    settlements = {"settlements": {"path": "a.csv"}}
    with pytest.raises(StudyError, match="pet 'hargreaves' needs temperature_min and temperature_max"):
        make_study({**settlements, "climate": {"pet": "hargreaves"}}, folder=Path())


def test_a_measure_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected the grid's shape"):
        write_measure(tmp_path / "koppen.tif", np.zeros((2, 2)), GRIDS[0])
    # A raster without any value, and one of a single value, have styles as well.
    grid = Grid((1, 2), Affine(1, 0, 60, 0, -1, 50), "EPSG:4326")
    for values in (np.full((1, 2), NAN), np.full((1, 2), 7.0)):
        write_measure(tmp_path / "wind_ms.tif", values, grid, unit="m/s", language="kk")
        assert "<item" in (tmp_path / "wind_ms.qml").read_text("utf-8")
