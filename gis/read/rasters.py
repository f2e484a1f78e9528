"""Rasters of any format that GDAL reads, as float arrays with NaN for no data."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from gis.errors import Finding
from gis.read.checks import Report, brief
from gis.read.vector import LONLAT, require_file
from gis.space.grid import Grid

_MOST_BANDS = 12


@dataclass(frozen=True)
class Raster:
    """Bands of one grid.

    Parameters
    ----------
    values
        Shape `(bands, ny, nx)`, float, NaN where there is no data; rows from north to south.
    grid
        Where the cells lie.
    descriptions
        What the file says of each band; empty where it says nothing.

    Examples
    --------
    >>> grid = Grid((1, 2), Affine(1, 0, 60.0, 0, -1, 50.0), "EPSG:4326")
    >>> Raster(np.array([[[1.0, np.nan]]]), grid, ("t",)).values.shape
    (1, 1, 2)
    """

    values: NDArray[np.floating]
    grid: Grid
    descriptions: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[1:] != self.grid.shape:
            raise ValueError(f"values of shape {self.values.shape} do not fit a grid of {self.grid.shape}")
        if len(self.descriptions) != len(self.values):
            raise ValueError(f"{len(self.values)} bands, but {len(self.descriptions)} descriptions")


def read_raster(
    path: Path | Sequence[Path],
    *,
    bands: Sequence[int] | None = None,
    scale: float | None = None,
    offset: float | None = None,
    valid_range: tuple[float, float] | None = None,
) -> tuple[Raster, list[Finding]]:
    """Read a raster of one band or of twelve months: values x scale + offset, no data as NaN.

    Parameters
    ----------
    path
        One file of any format that GDAL reads, or twelve files of one band each, January first.
    bands
        Numbers of the bands to read, from 1. Left out, the file must have one band or twelve.
    scale, offset
        Put before what the file says of itself (`GDAL_SCALE`, `GDAL_OFFSET`); left out, the file's are used.
    valid_range
        Lowest and highest value that make sense, after scaling, in the unit wanted; values beyond it are an
        error, which says so where a tenth of them would fit.

    Returns
    -------
    raster, findings
        float64 for integers of 32 bits and float64, else float32. Warnings and repairs.

    Raises
    ------
    InputError
        No such file, broken file, no coordinate system, rotated, another number of bands, no values, values
        outside `valid_range`, months on different grids.

    Notes
    -----
    A raster with south up is turned over, which is a repair. No data is NaN where the file's nodata
    value, mask or alpha band says so.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "t.tif"
    >>> with rasterio.open(
    ...     file, "w", driver="GTiff", height=1, width=2, count=1, dtype="int16", nodata=-999,
    ...     crs="EPSG:4326", transform=Affine(1, 0, 60, 0, -1, 50),
    ... ) as target:
    ...     target.write(np.array([[[-999, 55]]], dtype="int16"))
    >>> read_raster(file, scale=0.1)[0].values.round(2).tolist()
    [[[nan, 5.5]]]
    """
    if isinstance(path, Path):
        report = Report(path.name)
        raster = _read_one(path, report, bands=bands, scale=scale, offset=offset)
        if bands is None and len(raster.values) not in (1, _MOST_BANDS):
            _refuse_bands(report, raster)
    else:
        report = Report(path[0].parent.name if path else "")
        if len(path) != _MOST_BANDS:
            report.fail("bands", f"expected one file, or {_MOST_BANDS}, one a month; got {len(path)}: list them anew")
        raster = _months([_read_month(p, report, scale=scale, offset=offset) for p in path], path, report)
    if not np.isfinite(raster.values).any():
        report.add("error", "empty-layer", "no cell has a value; take another raster, or mend its nodata value")
    elif valid_range is not None:
        _check_range(raster.values, valid_range, report)
    return raster, report.close()


def _refuse_bands(report: Report, raster: Raster) -> None:
    names = [f"{i} {d}".strip() for i, d in enumerate(raster.descriptions, 1)]
    report.fail(
        "bands",
        f"expected one band or {_MOST_BANDS} (one a month), found {len(names)} ({', '.join(names)}); "
        "choose by setting bands",
    )


def _read_month(path: Path, report: Report, *, scale: float | None, offset: float | None) -> Raster:
    own = Report(path.name)
    raster = _read_one(path, own, bands=None, scale=scale, offset=offset)
    if len(raster.values) != 1:
        own.fail("bands", f"a file for each month needs one band, found {len(raster.values)}")
    report.findings.extend(own.findings)
    return raster


def _months(rasters: Sequence[Raster], paths: Sequence[Path], report: Report) -> Raster:
    grid = rasters[0].grid
    for raster, path in zip(rasters, paths, strict=True):
        same = raster.grid.shape == grid.shape and raster.grid.crs == grid.crs
        if not (same and raster.grid.transform.almost_equals(grid.transform, 1e-9)):
            report.add(
                "error",
                "grids-differ",
                f"{path.name} is not on the grid of {paths[0].name}; warp it to it (gdalwarp -te ... -tr ...)",
            )
    report.close()
    descriptions = tuple(r.descriptions[0] or p.stem for r, p in zip(rasters, paths, strict=True))
    return Raster(np.concatenate([r.values for r in rasters]), grid, descriptions)


def _read_one(
    path: Path, report: Report, *, bands: Sequence[int] | None, scale: float | None, offset: float | None
) -> Raster:
    require_file(path, report)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            with rasterio.open(path) as source:
                indexes = _indexes(source, bands, report)
                transform, crs = _placed(source, report)
                masked = source.read(indexes, masked=True)
                scales, offsets = _scaling(source, indexes, scale, offset, report)
                descriptions = tuple(source.descriptions[i - 1] or "" for i in indexes)
    except rasterio.errors.RasterioError as error:
        report.fail(
            "cannot-read",
            f"cannot be read: broken, or not a format that GDAL knows ({brief(error)}); copy or download it again",
        )
    wide = masked.dtype.itemsize > 4 or masked.dtype in (np.int32, np.uint32)
    dtype = np.float64 if wide else np.float32
    values = masked.astype(dtype).filled(np.nan)
    if (scales != 1).any() or (offsets != 0).any():
        values = (values * scales[:, None, None] + offsets[:, None, None]).astype(dtype)
    values[~np.isfinite(values)] = np.nan
    if transform.e > 0:
        values = np.ascontiguousarray(values[:, ::-1])
        ny = values.shape[1]
        transform = Affine(transform.a, 0.0, transform.c, 0.0, -transform.e, transform.f + ny * transform.e)
        report.add("repair", "south-up", "the raster has south up: turned over")
    return Raster(values, Grid((values.shape[1], values.shape[2]), transform, crs), descriptions)


def _indexes(source: rasterio.DatasetReader, bands: Sequence[int] | None, report: Report) -> list[int]:
    # An alpha band is a mask, not values: `masked=True` has used it.
    alpha = rasterio.enums.ColorInterp.alpha
    known = [i for i, c in zip(source.indexes, source.colorinterp, strict=True) if c != alpha]
    if not known:
        report.fail("bands", "the file has no band of its own; name one of the layers inside it")
    wrong = [b for b in bands or () if b not in known]
    if wrong:
        report.fail("bands", f"no such band; the file has {known}", value=str(wrong))
    return list(bands) if bands is not None else known


def _placed(source: rasterio.DatasetReader, report: Report) -> tuple[Affine, str]:
    """Return the transform and the coordinate system, or refuse a raster that has none or is rotated."""
    transform = source.transform
    if source.crs is None:
        report.fail("no-crs", "the raster has no coordinate system; give it one (gdal_edit.py -a_srs ...)")
    if transform == Affine.identity():
        report.fail("no-crs", "the raster has no place on Earth; give it one (georeference it)")
    if transform.b or transform.d or transform.a <= 0 or not transform.e:
        report.fail("rotated", "the raster is rotated or has west to the right; warp it (gdalwarp) first")
    crs = CRS.from_user_input(source.crs)
    bounds = source.bounds
    if crs.is_geographic and max(map(abs, bounds)) > 541:
        message = f"extent {tuple(bounds)} is not in degrees, but {crs.name} counts in degrees; set its CRS"
        report.fail("crs-implausible", message)
    epsg = crs.to_epsg()
    return transform, f"EPSG:{epsg}" if epsg else crs.to_wkt()


def _scaling(
    source: rasterio.DatasetReader,
    indexes: list[int],
    scale: float | None,
    offset: float | None,
    report: Report,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    own_scale = np.array([source.scales[i - 1] for i in indexes], float)
    own_offset = np.array([source.offsets[i - 1] for i in indexes], float)
    scales = own_scale if scale is None else np.full(len(indexes), float(scale))
    offsets = own_offset if offset is None else np.full(len(indexes), float(offset))
    if (own_scale != 1).any() or (own_offset != 0).any():
        used = "used" if np.array_equal(scales, own_scale) and np.array_equal(offsets, own_offset) else "set aside"
        message = f"the file's own scale {own_scale[0]:g} and offset {own_offset[0]:g} {used}"
        report.add("warning" if used == "set aside" else "repair", "scale", message)
    return scales, offsets


def _check_range(values: NDArray[np.floating], valid_range: tuple[float, float], report: Report) -> None:
    low, high = valid_range
    found = float(np.nanmin(values)), float(np.nanmax(values))
    if low <= found[0] and found[1] <= high:
        return
    hints = []
    if low <= found[0] / 10 and found[1] / 10 <= high:
        hints.append("tenths of the unit (as WorldClim 1.4 stores degrees): set scale = 0.1")
    if low < 0 and low <= found[0] - 273.15 and found[1] - 273.15 <= high:
        hints.append("kelvins: set offset = -273.15")
    if not hints:
        outside = int(((values < low) | (values > high)).sum())
        hints.append(f"another unit (set scale and offset), or a nodata value not named in the file ({outside} cells)")
    report.add(
        "error",
        "implausible-values",
        f"expected {low:g} to {high:g}; these may be {' or '.join(hints)}",
        values=[f"{found[0]:g} to {found[1]:g}"],
    )


def check_covers(raster: Raster, settlements: gpd.GeoDataFrame, *, file: str = "") -> list[Finding]:
    """Find the settlements that lie outside a raster, or where it has no value in any band.

    Parameters
    ----------
    raster
        As `read_raster` returns it.
    settlements
        Points in any coordinate system; `name` is used where there is one.
    file
        Name of the raster's file, for the findings.

    Returns
    -------
    One error where no settlement has a value; else a warning each for those outside and those without
    a value; empty where all have one.

    Examples
    --------
    >>> raster = Raster(np.ones((1, 1, 2)), Grid((1, 2), Affine(1, 0, 60, 0, -1, 50), "EPSG:4326"), ("",))
    >>> points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([10.0], [10.0]), crs="EPSG:4326")
    >>> check_covers(raster, points)[0].code
    'raster-does-not-cover'
    """
    points = settlements.geometry.to_crs(LONLAT)
    to_grid = Transformer.from_crs(LONLAT, raster.grid.crs, always_xy=True)
    x, y = to_grid.transform(points.x.to_numpy(), points.y.to_numpy())
    row, column = raster.grid.cells(x, y)
    outside = row < 0
    empty = ~outside & np.isnan(raster.values[:, row, column]).all(axis=0)
    names = settlements["name"] if "name" in settlements else settlements.index.to_series()
    report = Report(file)
    if len(points) and (outside | empty).all():
        w, s, e, n = Transformer.from_crs(raster.grid.crs, LONLAT, always_xy=True).transform_bounds(*raster.grid.bounds)
        message = (
            f"the raster ({w:.2f}..{e:.2f} E, {s:.2f}..{n:.2f} N) has no value at any settlement "
            f"({points.x.min():.2f}..{points.x.max():.2f} E, {points.y.min():.2f}..{points.y.max():.2f} N); "
            "take one that covers them, or check its CRS"
        )
        report.add("error", "raster-does-not-cover", message, count=len(points))
        return report.findings
    for code, mask, message in (
        ("outside-raster", outside, "settlements outside the raster: their values are unknown"),
        ("no-raster-value", empty, "settlements where the raster has no value: unknown there"),
    ):
        if mask.any():
            report.add("warning", code, message, values=names[mask].head(10), count=int(mask.sum()))
    return report.findings
