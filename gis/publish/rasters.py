"""Rasters as Cloud-Optimised GeoTIFF, with the style that QGIS loads by itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from gis.kernels.cells import figures, whole_numbers
from gis.publish import palette, qml
from gis.publish.words import bin_labels, words
from gis.space.grid import Grid

NODATA, UNREACHABLE, LONGEST = 65535, 65534, 65533
"""Codes in a raster of minutes: unknown, unreachable, and the longest time that it holds (45 days)."""
_STEPS_IN_KM = np.float32(256)

Kind = Literal["minutes", "km"]


def write_cog(
    path: Path,
    bands: Mapping[str, NDArray[np.floating]],
    grid: Grid,
    *,
    kind: Kind,
    language: str = "en",
    title: str = "",
) -> None:
    """Write bands as a Cloud-Optimised GeoTIFF, and beside it the style (`.qml`) of the first band.

    Parameters
    ----------
    path
        The `.tif`; replaced where it exists.
    bands
        Arrays of shape `(ny, nx)` by description: the column with the same figures. `0` at a centre, `inf`
        unreachable, `NaN` unknown.
    grid
        Where the cells lie.
    kind
        `minutes`: whole minutes as uint16, nodata 65535 (unknown) and 65534 (unreachable; stated in the
        file's metadata and in the style). `km`: float32 kilometres in steps of 1/256 (4 m), which halves the file,
        nodata `NaN`, unreachable `inf`.
    language
        Of the style's labels: `en`, `ru` or `kk`.
    title
        Written as the file's description.

    Raises
    ------
    ValueError
        No band, a band of another shape than the grid's, or a value below zero.

    Notes
    -----
    Overviews take the nearest cell, so that no average is made of minutes and codes. Statistics leave the
    codes out.

    Examples
    --------
    >>> from affine import Affine
    >>> from tempfile import TemporaryDirectory
    >>> grid = Grid((1, 3), Affine(1, 0, 60, 0, -1, 50), "EPSG:4326")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "travel_time.tif"
    ...     write_cog(path, {"travel_time_town_min": np.array([[12.4, np.inf, np.nan]])}, grid, kind="minutes")
    ...     with rasterio.open(path) as file:
    ...         file.read(1).tolist(), file.units
    ([[12, 65534, 65535]], ('min',))
    """
    if not bands:
        raise ValueError("expected at least one band")
    for name, values in bands.items():
        if values.shape != grid.shape:
            raise ValueError(f"band {name}: expected the grid's shape {grid.shape}, got {values.shape}")
        if np.nanmin(values, initial=0.0) < 0:
            raise ValueError(f"band {name}: expected 0 or more, got {np.nanmin(values)}")
    minutes = kind == "minutes"
    profile = {
        "driver": "GTiff", "height": grid.shape[0], "width": grid.shape[1], "count": len(bands),
        "crs": grid.crs, "transform": grid.transform, "interleave": "band",
        "dtype": "uint16" if minutes else "float32", "nodata": NODATA if minutes else np.nan,
    }  # fmt: skip
    tags = {"TIFFTAG_IMAGEDESCRIPTION": title} if title else {}
    if minutes:
        tags |= {
            "UNREACHABLE": str(UNREACHABLE),
            "NODATA_MEANING": "unknown",
            "UNREACHABLE_MEANING": "no centre",
        }
    else:
        tags |= {"UNREACHABLE": "inf", "NODATA_MEANING": "unknown"}
    with MemoryFile() as memory:
        with memory.open(**profile) as file:
            file.update_tags(**tags)
            for number, (name, exact) in enumerate(bands.items(), start=1):
                values = exact if minutes else _kilometres(exact)
                file.write(_minutes(values) if minutes else values, number)
                file.set_band_description(number, name)
                file.set_band_unit(number, "min" if minutes else "km")
                file.update_tags(number, **statistics(values))
        # The next level takes twice the time and saves a tenth of the bytes.
        rasterio.shutil.copy(
            memory.name, path, driver="COG", compress="DEFLATE", level=5, predictor="YES", blocksize=512,
            overview_resampling="NEAREST",
        )  # fmt: skip
    path.with_suffix(".qml").write_text(_style(kind, language), encoding="utf-8", newline="\n")


def _kilometres(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Round to 4 m: the digits beyond, which cells of a kilometre do not have, take half of the bytes of a file."""
    return np.asarray(np.rint(values.astype(np.float32, copy=False) * _STEPS_IN_KM) / _STEPS_IN_KM)


def band_names(path: Path) -> tuple[list[str], str, tuple[float, float, float, float]]:
    """Return the descriptions of a raster's bands, its CRS, and west, south, east and north."""
    with rasterio.open(path) as file:
        return [str(name) for name in file.descriptions], file.crs.to_wkt(version="WKT2_2019"), tuple(file.bounds)


def read_minutes(path: Path) -> tuple[dict[str, NDArray[np.float32]], Grid]:
    """Read back the minutes that `write_cog` wrote: by the description of the band, `inf` unreachable, NaN unknown.

    Examples
    --------
    >>> from affine import Affine
    >>> from tempfile import TemporaryDirectory
    >>> grid = Grid((1, 3), Affine(1, 0, 60, 0, -1, 50), "EPSG:4326")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "travel_time.tif"
    ...     write_cog(path, {"town": np.array([[12.0, np.inf, np.nan]])}, grid, kind="minutes")
    ...     read_minutes(path)[0]["town"].tolist()
    [[12.0, inf, nan]]
    """
    with rasterio.open(path) as file:
        grid = Grid(file.shape, file.transform, file.crs.to_wkt(version="WKT2_2019"))
        codes = dict(zip(map(str, file.descriptions), file.read(), strict=True))
    return {
        name: np.where(one == NODATA, np.float32(np.nan), np.where(one == UNREACHABLE, np.float32(np.inf), one)).astype(
            np.float32
        )
        for name, one in codes.items()
    }, grid


def _minutes(values: NDArray[np.floating]) -> NDArray[np.uint16]:
    return whole_numbers(values, highest=LONGEST, unreachable=UNREACHABLE, unknown=NODATA)


def statistics(values: NDArray[np.floating]) -> dict[str, str]:
    """Return the figures of a band as GDAL keeps them in its metadata; none where no value is finite."""
    count, least, highest, mean, deviation = figures(values)
    if not count:
        return {}
    numbers = {
        "MINIMUM": least, "MAXIMUM": highest, "MEAN": mean, "STDDEV": deviation,
        "VALID_PERCENT": 100 * count / values.size,
    }  # fmt: skip
    return {f"STATISTICS_{name}": f"{value:.6g}" for name, value in numbers.items()}


def _style(kind: Kind, language: str) -> str:
    minutes = kind == "minutes"
    bounds = palette.MINUTES if minutes else palette.KILOMETRES
    labels = bin_labels(bounds, "min" if minutes else "km", language)
    longest = LONGEST if minutes else float(np.finfo(np.float32).max)
    unreachable = UNREACHABLE if minutes else float("inf")
    items = list(zip([*map(float, bounds), longest], palette.MINUTES_COLOURS, labels, strict=True))
    items.append((unreachable, palette.UNREACHABLE, words(language)["class.unreachable"]))
    return qml.raster_style(items, opacity=0.8)
