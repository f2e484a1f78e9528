"""The spine: from a study to every settlement scored."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.features
import shapely
from numpy.typing import NDArray

from gis import fields
from gis.errors import Finding, InputError
from gis.inputs import Inputs, read_inputs
from gis.read.rasters import Raster
from gis.space.geodesy import equal_area_crs
from gis.space.grid import Grid
from gis.space.impedance import assumed_surface, speed_kph, with_minutes
from gis.space.network import Network, node_at_crossings, node_at_vertices
from gis.space.sampling import sample
from gis.space.snapping import snap, snap_again
from gis.stages.climate import climate_at
from gis.stages.potential import by_shares, by_thresholds
from gis.stages.remoteness import Remoteness, aria_plus, classes, kz
from gis.stages.surface import distance_surface, over_land_friction, travel_time_surface
from gis.stages.travel import Legs, Roads, access_legs, road_journeys, straight_journeys, tier_levels
from gis.stages.viability import Viability, viability
from gis.study import Study

Float = NDArray[np.float64]
Progress = Callable[[str], None]

_CELLS = 100_000


@dataclass
class Record:
    """What a run notes down while it goes: seconds of each stage, findings, figures."""

    seconds: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)
    progress: Progress | None = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, and say that it has begun."""
        if self.progress is not None:
            self.progress(name)
        begun = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - begun, 3)

    def note(self, level: str, code: str, message: str, count: int, value: str = "") -> None:
        """Write down a finding, unless it stands for nothing."""
        if count:
            self.findings.append(Finding(level, code, message, count=count, value=value))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Result:
    """What a run makes, as objects.

    Parameters
    ----------
    study
        As run.
    settlements
        Every settlement with every value, on `settlement_id`; `inf` unreachable, NaN unknown.
    centres
        The settlements that are centres, with their tier.
    journeys
        Long table: `from_id`, `to_id`, `tier`, `season`, `travel_time_min`, `distance_km`, `mode`.
    roads
        The edges of the network with speeds and minutes of the first season; None without roads.
    travel_time, distance
        Surfaces by tier on `grid`: minutes, and geodesic kilometres.
    grid
        Of the surfaces.
    water, regions
        As read.
    tables
        The tables behind viability: normalised indicators, ranges, weights.
    record
        Seconds, findings and figures.
    """

    study: Study
    inputs: Inputs
    settlements: gpd.GeoDataFrame
    centres: gpd.GeoDataFrame
    journeys: pd.DataFrame
    roads: gpd.GeoDataFrame | None
    travel_time: dict[str, Float]
    distance: dict[str, Float]
    grid: Grid
    tables: dict[str, pd.DataFrame]
    record: Record


def compute(study: Study, *, progress: Progress | None = None) -> Result:
    """Run a study and return its results as objects; nothing is written.

    Parameters
    ----------
    study
        From `gis.study.read_study` or `gis.study.make_study`.
    progress
        Called with the name of each stage as it begins.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        Layers that cannot be used, with all findings.
    """
    record = Record(progress=progress)
    with record.stage("read"):
        inputs = read_inputs(study)
    record.findings += inputs.findings
    places = inputs.settlements.sort_index()
    level = _levels(places, inputs, record)
    with record.stage("travel"):
        travelled = _travel(study, inputs, places, level, record)
    with record.stage("surfaces"):
        grid = _grid(study, places)
        travel_time, distance = _surfaces(study, inputs, places, level, travelled, grid)
    with record.stage("climate"):
        climate = _climate(study, inputs, places, record)
    with record.stage("scores"):
        columns = pd.concat([_travel_columns(study, inputs, travelled, places.index), climate], axis=1)
        scored = pd.concat([places.drop(columns=columns.columns, errors="ignore"), columns], axis=1)
        far = _remoteness(study, inputs, scored, record)
        scored[fields.REMOTENESS] = far.score
        scored[fields.REMOTENESS_CLASS] = classes(
            far.score * (0.15 if study.remoteness.preset == "aria_plus" else 1.0),
            inputs.classes["upper"].tolist(),
            inputs.classes["class"].tolist(),
        )
        scored, tables = _viability(study, inputs, scored, record)
    settlements = _ordered(scored.loc[inputs.settlements.index], inputs)
    centres = settlements.loc[
        level.reindex(settlements.index).notna(), [fields.NAME, fields.POPULATION, "geometry"]
    ]
    names = np.array([tier.name for tier in inputs.tiers], object)
    centres = centres.assign(tier=names[level[centres.index].astype(int)])
    tables["remoteness_parts"] = far.parts.loc[settlements.index]
    return Result(
        study=study,
        inputs=inputs,
        settlements=settlements,
        centres=centres,
        journeys=travelled.table,
        roads=None if travelled.roads is None else travelled.roads[0].network.edges,
        travel_time=travel_time,
        distance=distance,
        grid=grid,
        tables=tables,
        record=record,
    )


def _levels(places: gpd.GeoDataFrame, inputs: Inputs, record: Record) -> pd.Series:
    if inputs.tiers[0].values is not None:
        level = tier_levels(places, values={tier.name: tier.values or [] for tier in inputs.tiers})
    else:
        level = tier_levels(places, population_min={t.name: t.population_min or 0.0 for t in inputs.tiers})
    for position, tier in enumerate(inputs.tiers):
        if not (level <= position).any():
            record.note(
                "warning", "empty-tier", "no centre of this tier or a higher one lies in the study area: its travel times are "
                "unknown, and remoteness is scored over the other tiers", 1, tier.name,
            )  # fmt: skip
    record.figures["centres"] = {
        tier.name: int((level == position).sum()) for position, tier in enumerate(inputs.tiers)
    }
    return level


@dataclass(frozen=True)
class _Travelled:
    table: pd.DataFrame
    access: pd.DataFrame | None = None
    roads: list[Roads] | None = None
    legs: Legs | None = None
    node_minutes: dict[str, Float] = field(default_factory=dict)


def _travel(
    study: Study, inputs: Inputs, places: gpd.GeoDataFrame, level: pd.Series, record: Record
) -> _Travelled:
    centre = {tier.name: (level <= position).to_numpy() for position, tier in enumerate(inputs.tiers)}
    points = places.geometry
    if study.roads is None:
        record.note(
            "warning", "no-roads", f"no roads: journeys are straight lines times {study.straight.detour_factor:g} at "
            f"{study.straight.speed_kph:g} km/h", 1,
        )  # fmt: skip
        rows = [
            straight_journeys(points, who, **study.straight.model_dump()).assign(
                tier=tier, season=season.name
            )
            for season in study.seasons[:1]
            for tier, who in centre.items()
        ]
        return _Travelled(_long(rows))
    rule = study.roads
    networks = _networks(study, inputs, record)
    snapped = snap(points, networks[0], near_m=rule.near_km * 1000)
    is_centre = level.notna().to_numpy() & (snapped["access_m"] <= rule.over_land_max_km * 1000).to_numpy()
    served = np.unique(snapped["component_id"].to_numpy()[is_centre])
    snapped = snap_again(snapped, points, networks[0], served)
    legs = access_legs(
        snapped["access_m"].to_numpy(),
        near_km=rule.near_km,
        near_kph=rule.near_kph,
        over_land_kph=rule.over_land_kph,
        over_land_max_km=rule.over_land_max_km,
    )
    _note_snapping(study, snapped, legs, record)
    rows, node_minutes, cut = [], {}, []
    for season, network in zip(study.seasons, networks, strict=True):
        roads = Roads.cut_at(network, snapped)
        cut.append(roads)
        for tier, who in centre.items():
            journeys, minutes = road_journeys(points, roads, legs, who)
            rows.append(journeys.assign(tier=tier, season=season.name))
            if season is study.seasons[0]:
                node_minutes[tier] = minutes
                unreached = int(np.isinf(journeys["travel_time_min"]).sum())
                record.note(
                    "warning", "unreachable", "settlements that reach no centre of this tier", unreached, tier
                )
    return _Travelled(_long(rows), snapped, cut, legs, node_minutes)


def _networks(study: Study, inputs: Inputs, record: Record) -> list[Network]:
    """The network once, its minutes for each season."""
    assert study.roads is not None
    assert inputs.roads is not None
    assert inputs.speeds is not None
    assert inputs.surfaces is not None
    roads = assumed_surface(inputs.roads.sort_index(), inputs.speeds)
    noded = node_at_vertices(roads) if study.roads.noding == "vertices" else node_at_crossings(roads)
    edges = noded.edges
    km = edges[fields.LENGTH_M].to_numpy() / 1000.0
    assumed = edges["surface_assumed"].to_numpy(bool)
    record.note(
        "repair", "surface-assumed", "roads without a surface were given the usual one of their class",
        int(inputs.roads[fields.SURFACE].isna().sum()), f"{km[assumed].sum():.0f} of {km.sum():.0f} km",
    )  # fmt: skip
    components = int(edges[fields.COMPONENT_ID].max()) + 1
    if components > 1:
        apart = km[edges[fields.COMPONENT_ID].to_numpy() > 0].sum()
        record.note(
            "warning", "components", "parts of the road network that are not joined to the largest one", components - 1,
            f"{apart:.1f} km of road",
        )  # fmt: skip
    record.figures["network"] = {
        "nodes": len(noded.nodes), "edges": len(edges), "components": components, "km": round(float(km.sum()), 1)
    }  # fmt: skip
    return [
        Network(
            noded.nodes,
            with_minutes(
                edges,
                speed_kph(
                    edges,
                    inputs.speeds,
                    inputs.surfaces,
                    paved_factor=season.paved,
                    unpaved_factor=season.unpaved,
                ),
            ),
        )
        for season in study.seasons
    ]


def _note_snapping(study: Study, snapped: pd.DataFrame, legs: Legs, record: Record) -> None:
    assert study.roads is not None
    rule = study.roads
    far = legs.access_km > rule.near_km
    record.note(
        "repair", "over-land-to-road",
        f"settlements more than {rule.near_km:g} km from a road travel over land to it, straight, at {rule.over_land_kph:g} km/h",
        int((far & np.isfinite(legs.access_min)).sum()), f"up to {np.where(np.isfinite(legs.access_min), legs.access_km, 0).max():.1f} km",
    )  # fmt: skip
    record.note(
        "warning", "too-far-from-road", f"settlements more than {rule.over_land_max_km:g} km from every road; not joined to one",
        int(np.isinf(legs.access_min).sum()),
    )  # fmt: skip
    record.note(
        "repair", "main-network", f"settlements joined to the largest network within {rule.near_km:g} km rather than to a nearer "
        "road apart from it", int(snapped["preferred"].sum()),
    )  # fmt: skip
    record.note(
        "repair", "moved-to-served", "settlements whose nearest road leads to no centre; joined over land to the nearest road "
        "that does", int(snapped["moved"].sum()),
    )  # fmt: skip


def _long(rows: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([frame.rename_axis("from_id").reset_index() for frame in rows], ignore_index=True)
    return table[["from_id", "to_id", "tier", "season", "travel_time_min", "distance_km", "mode"]]


def _travel_columns(study: Study, inputs: Inputs, travelled: _Travelled, index: pd.Index) -> pd.DataFrame:
    out: dict[str, pd.Series] = {}
    if travelled.legs is None:
        out[fields.ACCESS_KM] = out[fields.ACCESS_MIN] = pd.Series(np.nan, index=index)
    else:
        out[fields.ACCESS_KM] = pd.Series(travelled.legs.access_km, index=index)
        out[fields.ACCESS_MIN] = pd.Series(travelled.legs.access_min, index=index)
    by = {key: part.set_index("from_id") for key, part in travelled.table.groupby(["tier", "season"])}
    first = study.seasons[0].name
    for tier in inputs.tiers:
        journeys = by[tier.name, first]
        out[fields.travel_time_min(tier.name)] = journeys["travel_time_min"]
        out[fields.distance_km(tier.name)] = journeys["distance_km"]
        out[fields.centre(tier.name)] = journeys["to_id"]
    for season in study.seasons[1:] if travelled.roads is not None else []:
        for tier in inputs.tiers:
            out[fields.travel_time_min(tier.name, season.name)] = by[tier.name, season.name][
                "travel_time_min"
            ]
    columns = pd.DataFrame(out, index=index)
    minutes = columns[[fields.travel_time_min(tier.name) for tier in inputs.tiers]]
    columns.insert(0, fields.REACHABLE, ~np.isinf(minutes).any(axis=1))
    return columns


def _grid(study: Study, places: gpd.GeoDataFrame) -> Grid:
    bounds = tuple(places.total_bounds)
    crs = equal_area_crs(bounds) if study.grid.crs == "auto" else study.grid.crs  # type: ignore[arg-type]
    projected = places.geometry.to_crs(crs)
    unit = 1.0 if projected.crs.is_projected else 1.0 / 111.32
    metres = 1000.0 / (
        projected.crs.axis_info[0].unit_conversion_factor if projected.crs.is_projected else 1.0
    )
    per_km = metres if projected.crs.is_projected else unit
    west, south, east, north = projected.total_bounds
    margin = study.grid.margin_km * per_km
    box = (west - margin, south - margin, east + margin, north + margin)
    cell_km = study.grid.cell_km or _round_cell(
        math.sqrt((box[2] - box[0]) * (box[3] - box[1]) / _CELLS) / per_km
    )
    return Grid.over(
        box, cell_km * per_km, projected.crs.to_wkt() if study.grid.crs == "auto" else study.grid.crs
    )


def _round_cell(km: float) -> float:
    """The next of 0.1, 0.2, 0.5, 1, 2, 5, 10 ... kilometres."""
    power = 10.0 ** math.floor(math.log10(max(km, 0.05)))
    return float(min(step * power for step in (1, 2, 5, 10) if step * power >= km * 0.999))


def _surfaces(
    study: Study,
    inputs: Inputs,
    places: gpd.GeoDataFrame,
    level: pd.Series,
    travelled: _Travelled,
    grid: Grid,
) -> tuple[dict[str, Float], dict[str, Float]]:
    lon, lat = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    outside = None
    if inputs.boundary is not None:
        outside = ~_burn(inputs.boundary, grid)
    travel_time, distance = {}, {}
    for position, tier in enumerate(inputs.tiers):
        centre = (level <= position).to_numpy()
        away = distance_surface(grid, lon[centre], lat[centre])
        if travelled.roads is None or study.roads is None:
            minutes = away * study.straight.detour_factor / study.straight.speed_kph * 60.0
        elif not centre.any():
            minutes = np.full(grid.shape, np.nan)
        else:
            water = _burn(inputs.water, grid) if inputs.water is not None else None
            friction = over_land_friction(
                grid, speed_kph=study.roads.over_land_kph, water=water, outside=outside
            )
            journeys = travelled.table[
                (travelled.table["tier"] == tier.name) & (travelled.table["season"] == study.seasons[0].name)
            ]
            minutes = travel_time_surface(
                travelled.roads[0], travelled.node_minutes[tier.name], grid, friction,
                lon=lon, lat=lat, settlement_min=journeys["travel_time_min"].to_numpy(),
            )  # fmt: skip
        travel_time[tier.name] = minutes if outside is None else np.where(outside, np.nan, minutes)
        distance[tier.name] = away if outside is None else np.where(outside, np.nan, away)
    return travel_time, distance


def _burn(polygons: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.bool_]:
    shapes = polygons.geometry.to_crs(grid.crs)
    shapes = shapes[~shapes.is_empty]
    if shapes.empty:
        return np.zeros(grid.shape, bool)
    burnt = rasterio.features.rasterize(
        ((shapely.geometry.mapping(shape), 1) for shape in shapes),
        out_shape=grid.shape,
        transform=grid.transform,
    )
    return np.asarray(burnt, bool)


def _climate(study: Study, inputs: Inputs, places: gpd.GeoDataFrame, record: Record) -> pd.DataFrame:
    def values(raster: Raster | None, what: str) -> Float | None:
        if raster is None:
            return None
        found, share = sample(
            np.asarray(raster.values, float),
            raster.grid,
            places.geometry.x.to_numpy(),
            places.geometry.y.to_numpy(),
        )
        borrowed = (share > 0).all(axis=0) & (share < 0.999).any(axis=0)
        record.note(
            "repair", "climate-borrowed", "settlements at the edge of a climate raster, read from the neighbouring cells that "
            "have a value", int(borrowed.sum()), what,
        )  # fmt: skip
        record.note(
            "warning",
            "climate-unknown",
            "settlements without a value of a climate raster",
            int((share == 0).any(axis=0).sum()),
            what,
        )
        return found

    return climate_at(
        places.index,
        temperature=values(inputs.temperature, "temperature"),
        precipitation=values(inputs.precipitation, "precipitation"),
        heating_base_c=study.climate.heating_base_c,
    )


def _remoteness(study: Study, inputs: Inputs, scored: gpd.GeoDataFrame, record: Record) -> Remoteness:
    names = [tier.name for tier in inputs.tiers]
    if study.remoteness.preset == "kz":
        assert inputs.kz_table is not None
        minutes = scored[[fields.travel_time_min(name) for name in names]].set_axis(names, axis=1)
        table = inputs.kz_table.loc[names]
        far = kz(minutes, weight=table["weight"].to_dict(), cap_min=table["cap_min"].to_dict())
    else:
        km = scored[[fields.distance_km(name) for name in names]].set_axis(names, axis=1)
        means = study.remoteness.means_km
        if means is not None and set(means) != set(names):
            raise InputError(
                [
                    Finding(
                        "error",
                        "means",
                        f"remoteness.means_km must name the tiers {names}",
                        value=str(sorted(means)),
                    )
                ]
            )
        far = aria_plus(km, means_km=means)
    record.figures["remoteness_ruler"] = dict(far.ruler)
    return far


def _viability(
    study: Study, inputs: Inputs, scored: gpd.GeoDataFrame, record: Record
) -> tuple[gpd.GeoDataFrame, dict[str, pd.DataFrame]]:
    table = inputs.indicators
    absent = ~table["column"].isin(scored.columns)
    for name, row in table[absent].iterrows():
        record.note(
            "warning",
            "indicator-left-out",
            f"the study has no layer for this indicator ({row['column']})",
            1,
            str(name),
        )
    try:
        made: Viability = viability(scored, table[~absent], inputs.block_weights)
    except ValueError as error:
        raise InputError(
            [Finding("error", "indicators", str(error), file=study.settlements.path.name)]
        ) from None
    for name, reason in made.left_out.items():
        record.note("warning", "indicator-left-out", f"the indicator tells nothing apart: {reason}", 1, name)
    for name, count in made.infinite.items():
        record.note(
            "repair",
            "unreachable-is-worst",
            "unreachable counts as the end of the indicator's range",
            count,
            name,
        )
    scored[fields.VIABILITY] = made.index
    scored[fields.VIABILITY_MISSING] = made.missing
    rule, population = study.potential, scored[fields.POPULATION]
    if rule.rule == "thresholds":
        scored[fields.POTENTIAL] = by_thresholds(made.index, population, high=rule.high, low=rule.low)
        limits = {"high": rule.high, "medium": rule.low}
    else:
        scored[fields.POTENTIAL], limits = by_shares(
            made.index, population, high=rule.high, medium=rule.medium, low=rule.low
        )
    record.figures["potential_limits"] = limits
    record.figures["potential"] = {
        name: int((scored[fields.POTENTIAL] == name).sum()) for name in fields.POTENTIALS
    }
    parts = made.contributions.rename(columns=fields.contribution)
    used = table.loc[made.contributions.columns].join(made.ranges)
    used["block_weight"] = used["block"].map(inputs.block_weights)
    tables = {"indicators": used.reset_index(), "normalised": made.normalised}
    return scored.join(parts), tables


def _ordered(scored: gpd.GeoDataFrame, inputs: Inputs) -> gpd.GeoDataFrame:
    """Put the columns that every run has first, the user's own last."""
    head = [
        fields.NAME,
        fields.NAME_KK,
        fields.NAME_RU,
        fields.NAME_EN,
        fields.POPULATION,
        fields.REGION,
        fields.TIER,
    ]
    own = [c for c in inputs.settlements.columns if c not in head and c != "geometry"]
    scores = [
        fields.REMOTENESS, fields.REMOTENESS_CLASS, fields.VIABILITY, fields.VIABILITY_MISSING, fields.POTENTIAL
    ]  # fmt: skip
    between = [c for c in scored.columns if c not in {*head, *own, *scores, "geometry"}]
    travel = [c for c in between if not c.startswith(("temperature_", "precipitation_", "contribution_"))]
    rest = [c for c in between if c not in travel]
    order = [
        *(c for c in head if c in scored),
        *travel,
        *scores,
        *rest,
        *(c for c in own if c in scored),
        "geometry",
    ]
    return scored[order]
