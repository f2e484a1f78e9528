"""Polygons of a study: water, the study area, regions and districts, read and checked."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.desk import Desk
from gis.errors import Finding, InputError
from gis.fields import REGION
from gis.read.osm import osm_water
from gis.read.vector import read_table
from gis.stages.regions import DISTRICT
from gis.study import Study
from gis.study_layers import Layer


def water(study: Study, desk: Desk) -> gpd.GeoDataFrame | None:
    """Read the polygons of water, from an OpenStreetMap extract as well."""
    layer = study.water
    if layer is None:
        return None
    path = study.resolve(layer.path)
    if path.suffix.lower() in (".pbf", ".osm"):
        return desk.take(lambda: osm_water(path))
    return polygons(desk, layer, path)


_PLAIN = "district_name"
"""Column with the name of a district as its layer has it, until settlements have found theirs."""


def areas(
    study: Study, desk: Desk, layer: Layer | None, name: str, regions: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame | None:
    """Read the polygons of regions or districts, with their names as text; parts of one area are joined.

    Districts of one name in several regions are named with their region: by the layer's own column, or by the polygons
    of the regions.
    """
    if layer is None:
        return None
    path = study.resolve(layer.path)
    areas = polygons(desk, layer, path)
    column = layer.columns.get(name, name)
    if areas is None:
        return None
    if column not in areas:
        desk.error(
            "no-such-column", f"expected a column with the {name}'s name; the layer has {list(areas.columns)}; "
            f"set columns.{name}", file=path.name, value=column,
        )  # fmt: skip
        return None
    areas = areas.drop(columns=[name] if column != name and name in areas else []).rename(columns={column: name})
    areas[name] = _names(areas[name])
    blank = areas[name].isna()
    if blank.any():
        desk.error(
            "blank-cell", f"the {name}'s name is blank", file=path.name, row=str(areas.loc[blank, "row"].iloc[0]),
            value=column, count=int(blank.sum()),
        )  # fmt: skip
        return None
    if name == DISTRICT:
        areas[_PLAIN] = areas[name]
        areas[name] = _told_apart(areas[name], _region_of(areas, layer, regions), desk, path.name)
    again = areas[name].duplicated()
    if again.any():
        desk.findings.append(Finding(
            "repair", "joined-parts", f"polygons of one {name} were joined", file=path.name,
            row=str(areas.loc[again, "row"].iloc[0]), value=str(areas.loc[again, name].iloc[0]), count=int(again.sum()),
        ))  # fmt: skip
        areas = areas.dissolve(by=name, sort=False, as_index=False)
    return areas


def _region_of(districts: gpd.GeoDataFrame, layer: Layer, regions: gpd.GeoDataFrame | None) -> pd.Series:
    """The region of each district: as its layer says, or the one that a point within it lies in; None unknown."""
    column = layer.columns.get(REGION, REGION)
    if column in districts:
        return _names(districts[column])
    out = pd.Series(None, index=districts.index, dtype=object)
    if regions is not None:
        point, polygon = _lying_in(districts.geometry.representative_point().to_numpy(), regions)
        out.iloc[point] = regions[REGION].to_numpy()[polygon]
    return out


def _lying_in(points: NDArray[np.object_], areas: gpd.GeoDataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of the points that lie in an area, each once, and of the first area that it lies in."""
    point, polygon = shapely.STRtree(areas.geometry.to_numpy()).query(points, predicate="intersects")
    first = pd.Series(polygon, index=point).groupby(level=0).min()
    return first.index.to_numpy(np.int64), first.to_numpy(np.int64)


def _told_apart(names: pd.Series, region: pd.Series, desk: Desk, file: str) -> pd.Series:
    """Names of districts, with the region where one name is found in several of them."""
    several = (region.groupby(names).transform("nunique") > 1) & region.notna()
    told = names.where(~several, names + " (" + region.astype(str) + ")")
    if several.any():
        desk.findings.append(Finding(
            "repair", "district-in-regions", "districts of one name in several regions: each is named with its region",
            file=file, value=", ".join(dict.fromkeys(names[several])), count=int(told[several].nunique()),
        ))  # fmt: skip
    return told


def with_districts(
    settlements: gpd.GeoDataFrame, districts: gpd.GeoDataFrame | None, desk: Desk, file: str
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None]:
    """Give settlements their district as `with_areas` does; of those of one name that of its region, or the nearest."""
    if DISTRICT in settlements:
        own = _names(settlements[DISTRICT])
        if districts is None:
            named = _told_apart(own, settlements[REGION], desk, file)
        else:
            named = _of_one_name(own, settlements, districts[districts[_PLAIN] != districts[DISTRICT]])
        settlements = settlements.assign(**{DISTRICT: named})
    districts = None if districts is None else districts.drop(columns=_PLAIN)
    return with_areas(settlements, districts, DISTRICT, desk), districts


def _of_one_name(own: pd.Series, settlements: gpd.GeoDataFrame, alike: gpd.GeoDataFrame) -> pd.Series:
    """Names of districts, of those that share theirs the one that is meant."""
    named = own.copy()
    in_region = own + " (" + settlements[REGION].astype(str) + ")"
    by_region = in_region.isin(alike[DISTRICT])
    named[by_region] = in_region[by_region]
    for name, polygons in alike.groupby(_PLAIN):
        asked = (own == name) & ~by_region
        nearest = shapely.STRtree(polygons.geometry.to_numpy()).nearest(settlements.geometry.to_numpy()[asked])
        named[asked] = polygons[DISTRICT].to_numpy()[nearest]
    return named


def _names(values: pd.Series) -> pd.Series:
    """Names as text; whole numbers are codes, without a decimal point."""
    if pd.api.types.is_float_dtype(values.dtype) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    text = values.astype(object).where(values.notna(), None)
    return pd.Series([None if v is None or not str(v).strip() else str(v).strip() for v in text], values.index, object)


def polygons(desk: Desk, layer: Layer, path: Path) -> gpd.GeoDataFrame | None:
    """Read a layer of polygons; those that cross themselves are made valid, other geometries refused."""

    def read() -> tuple[gpd.GeoDataFrame, list[Finding]]:
        frame, findings = read_table(path, layer=layer.layer, encoding=layer.encoding, crs=layer.crs)
        kinds = frame.geometry.geom_type
        wrong = ~kinds.isin(["Polygon", "MultiPolygon"])
        if wrong.any():
            first = frame.loc[wrong].iloc[0]
            raise InputError(
                [*findings, Finding(
                    "error", "wrong-geometry", "expected polygons; this may be another layer", file=path.name,
                    row=str(first["row"]), value=str(kinds[wrong].iloc[0]), count=int(wrong.sum()),
                )]
            )  # fmt: skip
        invalid = ~frame.geometry.is_valid
        if invalid.any():
            frame = frame.set_geometry(frame.geometry.make_valid())
            findings = [*findings, Finding(
                "repair", "invalid-geometry", "polygons that cross themselves were made valid", file=path.name,
                row=str(frame.loc[invalid, "row"].iloc[0]), count=int(invalid.sum()),
            )]  # fmt: skip
        return frame, findings

    return desk.take(read)


def with_areas(
    settlements: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None, name: str, desk: Desk
) -> gpd.GeoDataFrame:
    """Give settlements without a region (or district) the one that they lie in; name those that the layer lacks."""
    if name in settlements:
        settlements = settlements.assign(**{name: _names(settlements[name])})
    if areas is None:
        return settlements
    own = settlements[name] if name in settlements else pd.Series(None, index=settlements.index, dtype=object)
    strange = sorted(set(own.dropna()) - set(areas[name]))
    if strange:
        message = (
            f"settlements of a {name} that the layer of {name}s does not have: they are in its table, not on the map"
        )
        desk.findings.append(
            Finding("warning", f"{name}-without-polygon", message, value=", ".join(strange[:10]),
                    count=int(own.isin(strange).sum()))
        )  # fmt: skip
    blank = own.isna()
    point, polygon = _lying_in(settlements.geometry.to_numpy()[blank.to_numpy()], areas)
    filled = own.astype(object).copy()
    ids = settlements.index[blank.to_numpy()][point]
    filled[ids] = areas[name].to_numpy()[polygon]
    if len(ids):
        message = f"settlements without a {name} were given the one that they lie in"
        desk.findings.append(Finding("repair", f"{name}-by-place", message, count=len(ids)))
    return settlements.assign(**{name: filled})
