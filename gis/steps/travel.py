"""The travel step: tiers, network, snapping and journeys of a study."""

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis import fields
from gis.inputs import Inputs
from gis.record import Record
from gis.space.impedance import assumed_surface, speed_kph, with_minutes
from gis.space.network import Network, node_at_crossings, node_at_vertices
from gis.space.snapping import ways_to_roads
from gis.stages.travel import Legs, Roads, access_legs, road_journeys, straight_journeys, tier_levels
from gis.study import Study

Float = NDArray[np.float64]


def levels(places: gpd.GeoDataFrame, inputs: Inputs, record: Record) -> pd.Series:
    """Say of which tier each settlement is a centre; note tiers that have none."""
    if inputs.tiers[0].values is not None:
        level = tier_levels(places, values={tier.name: tier.values or [] for tier in inputs.tiers})
    else:
        level = tier_levels(places, population_min={t.name: t.population_min or 0.0 for t in inputs.tiers})
    for position, tier in enumerate(inputs.tiers):
        if not (level <= position).any():
            record.note(
                "warning", "empty-tier", "no centre of this tier or a higher one in the study area: its travel times "
                "are unknown, and remoteness is scored over the other tiers", 1, tier.name,
            )  # fmt: skip
    record.figures["centres"] = {
        tier.name: int((level == position).sum()) for position, tier in enumerate(inputs.tiers)
    }
    return level


@dataclass(frozen=True)
class Travelled:
    """Journeys, and what the surfaces need to go on from them; only the table where there are no roads.

    Parameters
    ----------
    table
        Long table of journeys.
    access
        Where each settlement may enter the roads, from `gis.space.snapping.ways_to_roads`.
    roads
        The cut network of each season.
    legs
        The ways to the road.
    node_minutes
        By tier, the minutes of the nodes in the first season.
    """

    table: pd.DataFrame
    access: pd.DataFrame | None = None
    roads: list[Roads] | None = None
    legs: Legs | None = None
    node_minutes: dict[str, Float] = field(default_factory=dict)


def travel(study: Study, inputs: Inputs, places: gpd.GeoDataFrame, level: pd.Series, record: Record) -> Travelled:
    """Find the journeys of every settlement to every tier, in every season."""
    centre = {tier.name: (level <= position).to_numpy() for position, tier in enumerate(inputs.tiers)}
    points = places.geometry
    if study.roads is None:
        record.note(
            "warning", "no-roads", f"no roads: journeys are straight lines times {study.straight.detour_factor:g} at "
            f"{study.straight.speed_kph:g} km/h", 1,
        )  # fmt: skip
        rows = [
            straight_journeys(points, who, **study.straight.model_dump()).assign(tier=tier, season=season.name)
            for season in study.seasons[:1]
            for tier, who in centre.items()
        ]
        return Travelled(_long(rows))
    rule = study.roads
    networks = _networks(study, inputs, record)
    ways = ways_to_roads(
        points,
        networks[0],
        level.notna().to_numpy(),
        near_m=rule.near_km * 1000,
        max_m=rule.over_land_max_km * 1000,
    )
    legs = access_legs(
        ways["access_m"].to_numpy(),
        ways["settlement"].to_numpy(),
        near_km=rule.near_km,
        near_kph=rule.near_kph,
        over_land_kph=rule.over_land_kph,
        over_land_max_km=rule.over_land_max_km,
    )
    _note_snapping(study, ways, legs, len(points), record)
    rows, node_minutes, cut = [], {}, []
    for season, network in zip(study.seasons, networks, strict=True):
        roads = Roads.cut_at(network, ways)
        cut.append(roads)
        for tier, who in centre.items():
            journeys, minutes = road_journeys(points, roads, legs, who)
            rows.append(journeys.assign(tier=tier, season=season.name))
            if season is study.seasons[0]:
                node_minutes[tier] = minutes
                unreached = int(np.isinf(journeys["travel_time_min"]).sum())
                record.note("warning", "unreachable", "settlements that reach no centre of this tier", unreached, tier)
    return Travelled(_long(rows), ways, cut, legs, node_minutes)


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


def _note_snapping(study: Study, ways: pd.DataFrame, legs: Legs, n: int, record: Record) -> None:
    """Note how settlements were joined to the roads; the first `n` ways are the nearest of each."""
    assert study.roads is not None
    rule = study.roads
    km, joined = legs.access_km[:n], np.isfinite(legs.access_min[:n])
    far = joined & (km > rule.near_km)
    note = record.note
    way = f"straight over land to a road more than {rule.near_km:g} km away, at {rule.over_land_kph:g} km/h"
    note("repair", "over-land-to-road", way, int(far.sum()), f"up to {km[joined].max(initial=0.0):.1f} km")
    alone = f"more than {rule.over_land_max_km:g} km from every road: not joined to one"
    note("warning", "too-far-from-road", alone, int((~joined).sum()))
    main = f"joined to the largest network, within {rule.near_km:g} km, rather than to a nearer road apart from it"
    note("repair", "main-network", main, int(ways["preferred"].sum()))
    other = "nearest road is apart from others that lead to a centre: those may be reached over land as well"
    note("repair", "other-networks", other, int(ways["settlement"].iloc[n:].nunique()))


def _long(rows: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([frame.rename_axis("from_id").reset_index() for frame in rows], ignore_index=True)
    return table[["from_id", "to_id", "tier", "season", "travel_time_min", "distance_km", "mode"]]


def travel_columns(study: Study, inputs: Inputs, travelled: Travelled, index: pd.Index) -> pd.DataFrame:
    """Lay the journeys out as columns on the settlements' index."""
    out: dict[str, pd.Series] = {}
    if travelled.legs is None:
        out[fields.ACCESS_KM] = out[fields.ACCESS_MIN] = pd.Series(np.nan, index=index)
    else:
        out[fields.ACCESS_KM] = pd.Series(travelled.legs.access_km[: len(index)], index=index)
        out[fields.ACCESS_MIN] = pd.Series(travelled.legs.access_min[: len(index)], index=index)
    by = {key: part.set_index("from_id") for key, part in travelled.table.groupby(["tier", "season"])}
    first = study.seasons[0].name
    for tier in inputs.tiers:
        journeys = by[tier.name, first]
        out[fields.travel_time_min(tier.name)] = journeys["travel_time_min"]
        out[fields.distance_km(tier.name)] = journeys["distance_km"]
        out[fields.centre(tier.name)] = journeys["to_id"]
    for season in study.seasons[1:] if travelled.roads is not None else []:
        for tier in inputs.tiers:
            out[fields.travel_time_min(tier.name, season.name)] = by[tier.name, season.name]["travel_time_min"]
    columns = pd.DataFrame(out, index=index)
    minutes = columns[[fields.travel_time_min(tier.name) for tier in inputs.tiers]]
    columns.insert(0, fields.REACHABLE, ~np.isinf(minutes.to_numpy()).any(axis=1))
    return columns
