"""What the way over land is like: land cover, relief and rivers of a study, read and checked."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.errors import Finding, InputError
from gis.read.rasters import Raster, read_raster
from gis.read.shipped import preset
from gis.read.tables import read_lookup
from gis.read.vector import read_table
from gis.study import Study
from gis.study_layers import LandCover, Layer, RasterLayer

_ELEVATION_M = (-500.0, 9000.0)


@dataclass(frozen=True)
class LandInputs:
    """Rasters and lines that make the friction over land; each None where the study has none."""

    cover: Raster | None = None
    speed_of_cover: pd.Series | None = None
    elevation: Raster | None = None
    rivers: gpd.GeoDataFrame | None = None


def read_land(study: Study) -> tuple[LandInputs, list[Finding]]:
    """Read land cover with its speeds, elevation and rivers.

    Raises
    ------
    InputError
        With the findings of all of them: a file that cannot be read, a class of land cover that the table of
        speeds does not name, rivers that are not lines.
    """
    land = study.land
    findings: list[Finding] = []
    made: dict[str, Any] = {}
    readers: list[Callable[[], tuple[dict[str, Any], list[Finding]]]] = []
    if land.cover is not None:
        readers.append(partial(_cover, study, land.cover))
    if land.elevation is not None:
        readers.append(partial(_elevation, study, land.elevation))
    if land.rivers is not None:
        readers.append(partial(_rivers, study, land.rivers))
    for reader in readers:
        try:
            values, found = reader()
        except InputError as error:
            found = list(error.findings)
        else:
            made |= values
        findings += found
    if any(finding.level == "error" for finding in findings):
        raise InputError(findings)
    return LandInputs(**made), findings


def _cover(study: Study, layer: LandCover) -> tuple[dict[str, Any], list[Finding]]:
    path = study.resolve(layer.path)
    file = study.resolve(layer.speeds) if layer.speeds is not None else preset("land_cover.csv")
    raster, findings = read_raster(path, bands=[1])
    table = read_lookup(file, text=["land_cover"], numbers=["code", "speed_kph"], key="code")["speed_kph"]
    table.index = table.index.astype(float)
    if (table < 0).any():
        slow = table[table < 0]
        message = "a speed must be 0 (no way through) or more"
        raise InputError([*findings, Finding("error", "speed", message, file=file.name, value=f"{slow.iloc[0]:g}")])
    codes, count = np.unique(raster.values[np.isfinite(raster.values)], return_counts=True)
    strange = ~np.isin(codes, table.index.to_numpy())
    if strange.any():
        shown = ", ".join(f"{code:g}" for code in codes[strange][:10])
        message = f"no speed in {file.name} for these classes; add rows, or name a table in land.cover.speeds"
        cells = int(count[strange].sum())
        finding = Finding("error", "unknown-cover", message, file=path.name, value=shown, count=cells)
        raise InputError([*findings, finding])
    return {"cover": raster, "speed_of_cover": table}, findings


def _elevation(study: Study, layer: RasterLayer) -> tuple[dict[str, Any], list[Finding]]:
    if not isinstance(layer.path, Path):
        message = "expected one file of elevations, not a list"
        raise InputError([Finding("error", "one-file", message, value=str(len(layer.path)))])
    raster, findings = read_raster(
        study.resolve(layer.path), bands=[1], scale=layer.scale, offset=layer.offset, valid_range=_ELEVATION_M
    )
    return {"elevation": raster}, findings


def _rivers(study: Study, layer: Layer) -> tuple[dict[str, Any], list[Finding]]:
    path = study.resolve(layer.path)
    rivers, findings = read_table(path, layer=layer.layer, encoding=layer.encoding, crs=layer.crs)
    kinds = rivers.geometry.geom_type
    wrong = ~kinds.isin(["LineString", "MultiLineString"])
    if wrong.any():
        row, kind = str(rivers.loc[wrong, "row"].iloc[0]), str(kinds[wrong].iloc[0])
        wanted = "expected lines; polygons of water belong into [water]"
        finding = Finding("error", "wrong-geometry", wanted, path.name, "", row, kind, int(wrong.sum()))
        raise InputError([*findings, finding])
    return {"rivers": rivers}, findings
