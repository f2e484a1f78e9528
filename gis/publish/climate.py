"""Measures of the climate as Cloud-Optimised GeoTIFF, with the style that QGIS loads by itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from gis.kernels.cells import figures
from gis.publish import palette, qml
from gis.publish.rasters import statistics
from gis.publish.words import column_label, number, words
from gis.space.grid import Grid

_STEPS = 7


def write_measure(
    path: Path,
    values: NDArray[Any],
    grid: Grid,
    *,
    unit: str = "",
    classes: Sequence[str] | None = None,
    language: str = "en",
) -> None:
    """Write a measure of the climate, and beside it its style (`.qml`).

    Parameters
    ----------
    path
        The `.tif`, named after the measure; replaced where it exists.
    values
        Shape of the grid. Numbers become float32 with NaN for no data; codes of classes uint8 with 0 for no data.
    grid
        Where the cells lie.
    unit
        Of numbers; blank for counts and ratios.
    classes
        Names of the codes from 1 on, written as metadata (`CLASS_1` and so on) and labels.
    language
        Of description and labels: `en`, `ru` or `kk`.

    Raises
    ------
    ValueError
        Values of another shape than the grid's.

    Examples
    --------
    >>> from affine import Affine
    >>> from tempfile import TemporaryDirectory
    >>> grid = Grid((1, 3), Affine(1, 0, 60, 0, -1, 50), "EPSG:4326")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "koppen.tif"
    ...     write_measure(path, np.array([[1, 2, 0]]), grid, classes=["Af", "Am"])
    ...     with rasterio.open(path) as file:
    ...         file.read(1).tolist(), file.nodata, file.tags(1)["CLASS_2"]
    ([[1, 2, 0]], 0.0, 'Am')
    """
    if values.shape != grid.shape:
        raise ValueError(f"{path.stem}: expected the grid's shape {grid.shape}, got {values.shape}")
    title = column_label(path.stem, language)
    kind = np.float32 if classes is None else np.uint8
    profile = {
        "driver": "GTiff", "height": grid.shape[0], "width": grid.shape[1], "count": 1, "crs": grid.crs,
        "transform": grid.transform,
        "dtype": np.dtype(kind).name, "nodata": np.nan if classes is None else 0,
    }  # fmt: skip
    tags = {} if classes is None else {f"CLASS_{code}": name for code, name in enumerate(classes, start=1)}
    with MemoryFile() as memory:
        with memory.open(**profile) as file:
            file.write(values.astype(kind), 1)
            file.set_band_description(1, title)
            file.update_tags(TIFFTAG_IMAGEDESCRIPTION=title)
            if unit:
                file.set_band_unit(1, unit)
            file.update_tags(1, **tags, **({} if classes else statistics(values)))
        rasterio.shutil.copy(
            memory.name, path, driver="COG", compress="DEFLATE", level=9, predictor="YES", blocksize=512,
            overview_resampling="NEAREST",
        )  # fmt: skip
    path.with_suffix(".qml").write_text(_style(values, classes, language), encoding="utf-8", newline="\n")


def _style(values: NDArray[Any], classes: Sequence[str] | None, language: str) -> str:
    if classes is not None:
        there = [code for code in range(1, len(classes) + 1) if (values == code).any()] or [1]
        labels = [words(language).get(f"climate.{classes[code - 1]}", classes[code - 1]) for code in there]
        return qml.raster_style(list(zip(map(float, there), _colours(len(there)), labels, strict=True)), opacity=0.8)
    count, low, high, _, _ = figures(values)
    if not count:
        low, high = 0.0, 1.0
    bounds = np.linspace(low, high, _STEPS + 1)[1:] if high > low else np.array([high])
    digits = max(0, 1 - int(np.floor(np.log10(max(high - low, 1e-6)))))
    labels = [f"≤ {number(float(bound), language, digits)}" for bound in bounds]
    bounds[-1] = np.inf  # rounding must not leave the highest cell without a colour
    items = list(zip(map(float, bounds), _colours(len(bounds)), labels, strict=True))
    return qml.raster_style(items if len(items) > 1 else [(high, items[0][1], labels[0]), items[0]], opacity=0.8)


def _colours(count: int) -> list[str]:
    ramp = palette.MINUTES_COLOURS
    return [ramp[round(i * (len(ramp) - 1) / max(count - 1, 1))] for i in range(count)]
