"""Results as a GeoPackage that QGIS opens styled, with headings in the study's language."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as xml

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from gis import fields as f
from gis.publish import palette, qml
from gis.publish.layer_stream import geometry_kinds, write_layer
from gis.publish.words import class_name, column_label, number, tier_name, words

_STYLES = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"""
_COLUMNS = """
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
    mime_type TEXT, constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))"""
_EXTENSIONS = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
    table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
    scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"""


AREAS = {"regions": "region", "districts": "district"}
"""Layers of areas with figures, and their columns of names."""
_AREA_FIGURE = "viability_weighted"
SIZE_BY_POPULATION = 'scale_exp(coalesce("population", 0), 0, 1000000, 1.4, 7, 0.4)'
"""Expression for the size of a settlement's mark, mm."""


def write_geopackage(
    path: Path,
    layers: Mapping[str, gpd.GeoDataFrame | pd.DataFrame],
    *,
    language: str = "en",
    tier_names: Mapping[str, str] | None = None,
    title: str = "",
    abstract: str = "",
) -> None:
    """Write layers into a new GeoPackage (version 1.3), each with a default style and headings.

    Parameters
    ----------
    path
        Replaced where it exists.
    layers
        By name, the first on top in QGIS. `settlements`, `centres`, `roads`, `flows`, `regions` and `repairs` have
        styles of their own; others are drawn plainly. A table without geometry is written as attributes. A named index
        is written as the first column; columns keep their order.
    language
        Of headings and legends: `en`, `ru` or `kk`.
    tier_names
        Names of the tiers that the study gave.
    title, abstract
        Written into the catalogue of the file, after the layer's own name.

    Notes
    -----
    `inf` (unreachable) and `NaN` (unknown) are both written as null, because a GeoPackage has no `inf`; the
    column `reachable` tells them apart.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from shapely import Point
    >>> places = gpd.GeoDataFrame({"name": ["Абай"]}, geometry=[Point(73, 49)], crs=4326)
    >>> with TemporaryDirectory() as folder:
    ...     write_geopackage(Path(folder) / "results.gpkg", {"settlements": places})
    ...     layer_names(Path(folder) / "results.gpkg")
    ['settlements']
    """
    path.unlink(missing_ok=True)
    w = words(language)
    described = []
    for name, frame in layers.items():
        heading = w.get(f"layer.{name}", name)
        identity = {"IDENTIFIER": f"{title}: {heading}" if title else heading, "DESCRIPTION": abstract}
        table = _writable(frame)
        write_layer(path, name, table, identity)
        described.append(_described(name, table, language, tier_names))
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(_STYLES)
        db.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', '', strftime('%Y-%m-%dT%H:%M:%fZ','now'))"
        )
        db.execute(_COLUMNS)
        db.execute(_EXTENSIONS)
        for table_name in ("gpkg_data_columns", "gpkg_data_column_constraints"):
            db.execute(
                "INSERT OR IGNORE INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
                [table_name, "http://www.geopackage.org/spec121/#extension_schema"],
            )
        db.execute(_CONSTRAINTS)
        for style, titles in described:
            db.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,"
                " styleName, styleQML, styleSLD, useAsDefault, description, owner)"
                " VALUES ('', '', ?, ?, ?, ?, '', 1, '', '')",
                style,
            )
            db.executemany(
                "INSERT OR REPLACE INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?, ?, ?, ?)",
                titles,
            )


_CONSTRAINTS = """
CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
    constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
    min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
    CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))"""


def _described(
    name: str, table: gpd.GeoDataFrame | pd.DataFrame, language: str, tier_names: Mapping[str, str] | None
) -> tuple[tuple[str, str | None, str, str], list[tuple[str, str, str, str]]]:
    """Return the style of a layer and the titles of its columns, as rows of their tables."""
    spatial = isinstance(table, gpd.GeoDataFrame)
    columns = [c for c in table.columns if not (spatial and c == table.geometry.name)]
    aliases = {c: column_label(c, language, tier_names) for c in columns}
    key = AREAS.get(name, f.NAME)
    named = key in columns
    title = qml.own_name(columns, language) if key == f.NAME else f'"{key}"'
    rules, symbols = _drawing(name, table, language, tier_names) if spatial else ([], {})
    style = qml.vector_style(
        rules,
        symbols,
        aliases=aliases,
        title=title if named else "",
        label=title if named and name in ("centres", "regions") else "",
        label_by=_label_by(table) if named and name == "centres" and f.TIER in columns else {},
    )
    titles = {c: t for c, t in aliases.items() if t != c}
    many = Counter(titles.values())
    # The standard wants the short names unique within a table: the column's own name is.
    return (name, "geom" if spatial else None, name, style), [
        (name, c, t if many[t] == 1 else c, t) for c, t in titles.items()
    ]


def _drawing(
    name: str, table: gpd.GeoDataFrame, language: str, tier_names: Mapping[str, str] | None
) -> tuple[list[qml.Rule], dict[str, xml.Element]]:
    """Choose the rules and symbols of a layer."""
    label = words(language).get(f"layer.{name}", name)
    if name == "settlements" and f.POTENTIAL in table:
        return _settlements(table, language)
    if name == "roads" and f.ROAD_CLASS in table:
        return _roads(language)
    if name == "centres":
        return _centres(table, label, language, tier_names)
    if name == "flows" and f.POPULATION in table:
        return _flows(table, language, tier_names)
    if name in AREAS and _AREA_FIGURE in table:
        return _areas(name, table, language)
    kinds = geometry_kinds(table)
    if kinds <= {"Point", "MultiPoint"}:
        element = qml.marker(palette.NO_DATA, size_mm=2)
    elif kinds <= {"LineString", "MultiLineString"}:
        element = qml.line(palette.ROADS["local"][0], 0.3)
    elif name == "regions":
        element = qml.polygon(palette.REGION, 0.4)
    else:
        element = qml.polygon(palette.REGION, 0.1, palette.CONTEXT.get(name, palette.CONTEXT["water"]))
    return [("", label, "0")], {"0": element}


def _centres(
    table: gpd.GeoDataFrame, label: str, language: str, tier_names: Mapping[str, str] | None
) -> tuple[list[qml.Rule], dict[str, xml.Element]]:
    """Draw hollow squares, so that the settlement below shows; the higher the tier, the larger."""
    ranks = _ranks(table)
    symbols = {"else": qml.marker("", size_mm=1.4, outline=palette.CENTRE, outline_mm=0.25, shape="square")}
    rules: list[qml.Rule] = []
    for rank, tier in enumerate(ranks):
        size = max(1.6, 3.6 - 0.7 * rank)
        symbols[tier] = qml.marker("", size_mm=size, outline=palette.CENTRE, outline_mm=0.4, shape="square")
        rules.append((f'"tier" = {_quoted(tier)}', tier_name(tier, language, tier_names), tier))
    return [*reversed(rules), ("ELSE", label, "else")], symbols


def _ranks(table: gpd.GeoDataFrame) -> list[str]:
    """Return the tiers of the centres, that of the largest places first."""
    if f.TIER not in table or f.POPULATION not in table:
        return []
    people = pd.to_numeric(table[f.POPULATION], errors="coerce").groupby(table[f.TIER].astype(object)).median()
    return [str(tier) for tier in people.sort_values(ascending=False).index]


def _label_by(table: gpd.GeoDataFrame) -> dict[str, str]:
    """Let the higher tiers be labelled first, larger, and the lower ones only on closer looks."""
    tiers = f"array({', '.join(map(_quoted, _ranks(table)))})"
    rank = f'array_find({tiers}, "tier")'
    return {
        "Priority": f"max(0, 10 - 3 * {rank})",
        "Size": f"if({rank} = 0, 11, if({rank} = 1, 9.5, 8))",
        "Show": f"{rank} < 2 OR @map_scale < 6000000",
    }


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _settlements(table: gpd.GeoDataFrame, language: str) -> tuple[list[qml.Rule], dict[str, xml.Element]]:
    size = SIZE_BY_POPULATION if f.POPULATION in table else ""
    rules: list[qml.Rule] = []
    symbols: dict[str, xml.Element] = {}
    # The classes without a value lie lowest, and the rule for them also takes NULL.
    for value in reversed(f.POTENTIALS):
        condition = f"\"potential\" = '{value}'"
        if value == f.UNKNOWN:
            condition = f'"potential" IS NULL OR {condition}'
        bare = value in (f.UNINHABITED, f.UNKNOWN)
        symbols[value] = qml.marker(
            palette.POTENTIAL[value],
            size_mm=1.8,
            outline=palette.OUTLINE if bare else palette.HALO,
            shape="cross2" if value == f.UNKNOWN else "circle",
            outline_mm=0.3 if bare else 0.2,
            size_by=size,
        )
        rules.append((condition, class_name(f.POTENTIAL, value, language), value))
    if f.POTENTIAL_STABLE in table:  # a ring around those whose class is in doubt
        ring = f"1.2 + {size}" if size else ""
        symbols["unsure"] = qml.marker("", size_mm=3, outline=palette.OUTLINE, outline_mm=0.3, size_by=ring)
        rules.append((f'NOT "{f.POTENTIAL_STABLE}"', words(language)["card.not_stable"].capitalize(), "unsure"))
    return rules, symbols


def _areas(name: str, table: gpd.GeoDataFrame, language: str) -> tuple[list[qml.Rule], dict[str, xml.Element]]:
    """Colour areas by the mean viability of their people, in five equal steps; outlines alone where none is known."""
    outline = (palette.REGION, 0.4 if name == "regions" else 0.2)
    known = table[_AREA_FIGURE].astype(float)
    known = known[np.isfinite(known)]
    rules: list[qml.Rule] = [(f'"{_AREA_FIGURE}" IS NULL', words(language)["class.no_data"], "none")]
    symbols = {"none": qml.polygon(*outline)}
    if known.empty:
        return rules, symbols
    bounds = np.round(np.linspace(known.min(), known.max(), len(palette.VIABILITY) + 1), 1)
    steps = [(low, high) for low, high in pairwise(bounds.tolist()) if low < high] or [(bounds[0], bounds[-1])]
    for i, (low, high) in enumerate(steps):
        first, last = i == 0, i == len(steps) - 1
        above = "" if first else f'"{_AREA_FIGURE}" >= {low:.10g}'
        below = "" if last else f'"{_AREA_FIGURE}" < {high:.10g}'
        condition = " AND ".join(part for part in (above, below) if part) or f'"{_AREA_FIGURE}" IS NOT NULL'
        colour = palette.VIABILITY[round(i * (len(palette.VIABILITY) - 1) / max(len(steps) - 1, 1))]
        symbols[f"step-{i}"] = qml.polygon(*outline, colour)
        shown = {"low": number(low, language, 1), "high": number(high, language, 1)}
        rules.append((condition, words(language)["planning.viability"].format(**shown), f"step-{i}"))
    return rules, symbols


def _roads(language: str) -> tuple[list[qml.Rule], dict[str, xml.Element]]:
    rules: list[qml.Rule] = []
    for key in reversed(list(palette.ROADS)):
        condition = "ELSE" if key == "local" else f"\"road_class\" IN ('{key}', '{key}_link')"
        rules.append((condition, class_name(f.ROAD_CLASS, key, language), key))
    return rules, {key: qml.line(*style) for key, style in palette.ROADS.items()}


def _flows(
    table: gpd.GeoDataFrame, language: str, tier_names: Mapping[str, str] | None
) -> tuple[list[qml.Rule], dict[str, xml.Element]]:
    """Draw each tier as a rule of its own, to be shown or not; the more people, the wider."""
    most = float(np.fmax.reduce(table[f.POPULATION].to_numpy(float), initial=1.0))
    rules: list[qml.Rule] = []
    symbols: dict[str, xml.Element] = {}
    for rank, tier in enumerate(dict.fromkeys(table[f.TIER])):
        colour = palette.REMOTENESS[-1 - rank % len(palette.REMOTENESS)]
        symbols[tier] = qml.line(colour, 0.4, width_by=f'scale_exp("population", 0, {most:.10g}, 0.15, 4, 0.5)')
        rules.append((f'"tier" = {_quoted(tier)}', tier_name(tier, language, tier_names), tier))
    return rules, symbols


def _writable(frame: gpd.GeoDataFrame | pd.DataFrame) -> gpd.GeoDataFrame | pd.DataFrame:
    """Write the named index as the first column, `inf` as null, and classes as text."""
    table = frame.reset_index() if frame.index.name else frame.reset_index(drop=True)
    for column in table.columns:
        values = table[column]
        if pd.api.types.is_float_dtype(values.dtype):
            numbers = values.to_numpy(dtype=float, na_value=np.nan)
            table[column] = np.where(np.isinf(numbers), np.nan, numbers)
        elif isinstance(values.dtype, pd.CategoricalDtype):
            table[column] = values.astype(object).where(values.notna(), None)
    if isinstance(table, gpd.GeoDataFrame) and table.geometry.name != "geom":
        table = table.rename_geometry("geom")
    return table


def layer_names(path: Path) -> list[str]:
    """Return the layers of a GeoPackage, without the table of styles."""
    return [str(name) for name in pyogrio.list_layers(path)[:, 0] if name != "layer_styles"]
