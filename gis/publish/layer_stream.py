"""A layer handed to GDAL as a stream of Arrow batches: no row passes through Python."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from numpy.typing import NDArray

_ROWS = 50_000
_WKB = {"ARROW:extension:name": "ogc.wkb"}
_MULTI = {
    "MultiPoint": (shapely.GeometryType.POINT, shapely.multipoints),
    "MultiLineString": (shapely.GeometryType.LINESTRING, shapely.multilinestrings),
    "MultiPolygon": (shapely.GeometryType.POLYGON, shapely.multipolygons),
}


def write_layer(path: Path, name: str, table: gpd.GeoDataFrame | pd.DataFrame, identity: Mapping[str, str]) -> None:
    """Add a layer to a GeoPackage, which is made (version 1.3) where it is missing.

    Parameters
    ----------
    path, name
        The GeoPackage, and the layer in it.
    table
        The index is left out; NaN and None are written as null. A table without geometry becomes attributes; single
        and multi parts together become multi parts.
    identity
        Options of the layer: `IDENTIFIER`, `DESCRIPTION`.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C is heard between two batches, not at the end of the layer.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> places = gpd.GeoDataFrame({"name": ["Абай", None]}, geometry=gpd.points_from_xy([73, 74], [49, 50]), crs=4326)
    >>> with TemporaryDirectory() as folder:
    ...     write_layer(Path(folder) / "some.gpkg", "places", places, {})
    ...     pyogrio.read_dataframe(Path(folder) / "some.gpkg")["name"].isna().tolist()
    [False, True]
    """
    there = path.exists()
    spatial: dict[str, object] = {}
    shapes: dict[str, NDArray[np.object_]] = {}
    if isinstance(table, gpd.GeoDataFrame):
        name_of_shapes, kind = table.geometry.name, _kind(table)
        shapes[name_of_shapes] = _multi(table.geometry.to_numpy(), kind)
        crs = None if table.crs is None else table.crs.to_wkt()
        spatial = {"geometry_name": name_of_shapes, "geometry_type": kind, "crs": crs}
        table = pd.DataFrame(table.drop(columns=name_of_shapes))
    stopped: list[BaseException] = []
    # Nobody reads the file before it is whole: there is no need to wait for the disk after each part.
    pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "OFF"})
    try:
        pyogrio.write_arrow(
            _stream(table, shapes, stopped), path, layer=name, driver="GPKG", append=there,
            dataset_options={} if there else {"VERSION": "1.3"}, layer_options=dict(identity), **spatial,
        )  # fmt: skip
    except Exception:
        if stopped:  # of which GDAL says only that the stream has failed
            raise stopped[0] from None
        raise
    finally:
        pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": None})


def _stream(
    table: pd.DataFrame, shapes: Mapping[str, NDArray[np.object_]], stopped: list[BaseException]
) -> pa.RecordBatchReader:
    """Return the columns as batches, with those of shapes as WKB; what stops it is kept."""
    columns = {column: _column(table[column]) for column in table}
    schema = pa.schema(
        [pa.field(name, column.type) for name, column in columns.items()]
        + [pa.field(name, pa.binary(), metadata=_WKB) for name in shapes]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for first in range(0, len(table), _ROWS):
                some = [column.slice(first, _ROWS) for column in columns.values()]
                some += [pa.array(shapely.to_wkb(s[first : first + _ROWS]), pa.binary()) for s in shapes.values()]
                yield pa.record_batch(some, schema=schema)
        except BaseException as error:
            stopped.append(error)
            raise

    return pa.RecordBatchReader.from_batches(schema, batches())


def _column(values: pd.Series) -> pa.Array:
    """Turn a column into Arrow's: what is no number is text."""
    if values.dtype == object and pd.api.types.infer_dtype(values) not in ("boolean", "string"):
        values = values.map(str, na_action="ignore")
    column = pa.array(values, from_pandas=True)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


def _kind(table: gpd.GeoDataFrame) -> str:
    """Return the type of geometry of a layer; single and multi parts together are multi."""
    kinds = geometry_kinds(table)
    if len(kinds) == 1:
        return kinds.pop()
    for single in ("Point", "LineString", "Polygon"):
        if kinds and kinds <= {single, f"Multi{single}"}:
            return f"Multi{single}"
    return "Unknown"


def geometry_kinds(table: gpd.GeoDataFrame) -> set[str]:
    """Return the types of geometry in a layer."""
    types = table.geometry.iloc[np.unique(shapely.get_type_id(table.geometry.to_numpy()), return_index=True)[1]]
    return set(types.geom_type.dropna())


def _multi(shapes: NDArray[np.object_], kind: str) -> NDArray[np.object_]:
    """Make a multi part of each single one, in a layer of multi parts."""
    if kind not in _MULTI:
        return shapes
    single, make = _MULTI[kind]
    made, at = shapes.copy(), np.flatnonzero(shapely.get_type_id(shapes) == single)
    made[at] = make(shapes[at], indices=np.arange(len(at)))
    return made
