"""The travel step: tiers, network, snapping and journeys of a study."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis import fields
from gis.inputs import Inputs
from gis.kernels.threads import on_all_cores
from gis.record import Record
from gis.space.barriers import without_fords
from gis.space.impedance import assumed_surface, with_minutes
from gis.space.network import Network, node_at_crossings, node_at_vertices, with_components
from gis.space.snapping import ways_to_roads
from gis.stages.freight import months_without_freight
from gis.stages.land import Land
from gis.stages.legs import Legs, access_legs
from gis.stages.links import links_kph
from gis.stages.routes import Route, route
from gis.stages.seasons import month_summary
from gis.stages.travel import (
    PART_OF_YEAR,
    PARTS,
    Roads,
    road_journeys,
    straight_journeys,
    tier_levels,
)
from gis.steps.over_land import OnLand, on_land
from gis.steps.seasons import Year, minutes_of_months, states_of, year_of
from gis.study import Study

Float = NDArray[np.float64]
State = TypeVar("State")


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
        The cut network of each season; seasons with the same minutes share one.
    legs
        The ways to the road.
    surface
        By tier and season, the minutes of the cells of the grid; seasons with the same minutes share one array.
    monthly
        By tier, the minutes of the settlements in the twelve months, shape `(12, n)`, as in
        `gis.stages.seasons.month_summary`; empty where all months are alike.
    points, centre
        The settlements, and which are centres by tier, in the order of all arrays.
    freight
        By tier, months without freight, from `gis.stages.freight`; empty where lorries stop nowhere.
    """

    table: pd.DataFrame
    access: pd.DataFrame | None = None
    roads: list[Roads] | None = None
    legs: Legs | None = None
    surface: dict[tuple[str, str], NDArray[np.float32]] = field(default_factory=dict)
    monthly: dict[str, Float] = field(default_factory=dict)
    points: gpd.GeoSeries | None = None
    centre: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    freight: dict[str, Float] = field(default_factory=dict)

    @property
    def road_edges(self) -> gpd.GeoDataFrame | None:
        """Return the edges of the first season that are roads: without the links over land between them."""
        if self.roads is None:
            return None
        network = self.roads[0].network
        return network.edges[~network.is_link]

    def route(self, settlement: str, tier: str, season: str | None = None) -> Route:
        """Draw the journey of a settlement to its centre of a tier, in the first season or a named one.

        Raises
        ------
        KeyError
            No such settlement, tier or season.
        """
        assert self.points is not None
        seasons = list(dict.fromkeys(self.table["season"]))
        season = seasons[0] if season is None else season
        for what, name, known in (
            ("settlement", settlement, self.points.index), ("tier", tier, self.centre), ("season", season, seasons)
        ):  # fmt: skip
            if name not in known:
                raise KeyError(f"no {what} {name!r}")
        rows = self.table[(self.table["tier"] == tier) & (self.table["season"] == season)]
        journey = rows[rows["from_id"] == settlement].iloc[0]
        roads = None if self.roads is None else self.roads[seasons.index(season)]
        return route(self.points, settlement, journey, centre=self.centre[tier], roads=roads, legs=self.legs)


def travel(
    study: Study, inputs: Inputs, places: gpd.GeoDataFrame, level: pd.Series, land: Land | None, record: Record
) -> Travelled:
    """Find the journeys of every settlement to every tier, in every season, and the minutes of every cell."""
    centre = {tier.name: (level <= position).to_numpy() for position, tier in enumerate(inputs.tiers)}
    points = places.geometry
    if study.roads is None or land is None:
        record.note(
            "warning", "no-roads", f"no roads: journeys are straight lines times {study.straight.detour_factor:g} at "
            f"{study.straight.speed_kph:g} km/h", 1,
        )  # fmt: skip
        rows = [
            straight_journeys(points, who, **study.straight.model_dump()).assign(
                tier=tier, season=inputs.season.seasons[0].name
            )
            for tier, who in centre.items()
        ]
        return Travelled(_long(rows), points=points, centre=centre)
    rule = study.roads
    network, year = year_of(study, inputs, _network(study, inputs, record), record)
    ways = _ways(study, points, network, year, level.notna().to_numpy())
    legs = access_legs(
        ways["access_m"].to_numpy(),
        ways["settlement"].to_numpy(),
        near_km=rule.near_km,
        near_kph=rule.near_kph,
        over_land_kph=rule.over_land_kph,
        over_land_max_km=rule.over_land_max_km,
    )
    states = states_of(year)
    main = _main_network(network, year)
    made = on_land(
        points, network, states.speed_kph, states.of_season, ways, legs, land, centre, main, near_km=rule.near_km
    )
    _note_snapping(study, made.ways, made.legs, len(points), record)
    record.note(
        "repair", "links-over-land", "links over land between roads that are not joined", len(made.links),
        f"up to {made.links['km'].max():.1f} km",
    )  # fmt: skip
    surface = {
        (tier, season.name): made.surface[key, tier]
        for season, key in zip(year.seasons, states.of_season, strict=True)
        for tier in centre
    }
    return replace(_journeys(points, made, year, centre, record), surface=surface)


def _journeys(
    points: gpd.GeoSeries, made: OnLand, year: Year, centre: dict[str, NDArray[np.bool_]], record: Record
) -> Travelled:
    """Search every state of the roads once, for every tier, and lay the answers out by season and month."""
    names = [season.name for season in year.seasons]
    network, ways, legs, year = made.network, made.ways, made.legs, year.with_links(links_kph(made.links))
    states = states_of(year)
    of_season, speeds = states.of_season, states.speed_kph
    uncut = Roads.cut_at(Network(network.nodes, with_minutes(network.edges, year.speed_kph[0])), ways, made.links)
    kept: dict[str, Roads] = {}
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    for key, speed in speeds.items():
        roads = (
            uncut
            if key == of_season[0]
            else uncut.with_minutes_of(Network(network.nodes, with_minutes(network.edges, speed)))
        )
        if key in of_season:
            kept[key] = roads
        tables |= journeys_of_states(points, {key: roads}, legs, centre)
    rows = [
        tables[key, tier].assign(tier=tier, season=name)
        for name, key in zip(names, of_season, strict=True)
        for tier in centre
    ]
    monthly: dict[str, Float] = {}
    for tier in centre:
        _note_journeys(tables[of_season[0], tier], tier, record)
        if year.varies:
            minutes_of = {key: tables[key, tier]["travel_time_min"].to_numpy(float) for key in speeds}
            monthly[tier] = minutes_of_months(states, minutes_of, len(points))
    if year.varies:
        record.figures["states_of_roads"] = len(speeds)
    freight: dict[str, Float] = {}
    if year.freight_stopped is not None:
        first = of_season[0]
        freight = {
            tier: months_without_freight(tables[first, tier], who, kept[first], legs, year.freight_stopped)
            for tier, who in centre.items()
        }
        for tier, months in freight.items():
            message = "settlements with a stretch on the way to this tier where lorries stop in some month"
            record.note("warning", "without-freight", message, int((months > 0).sum()), tier)
    return Travelled(_long(rows), ways, [kept[key] for key in of_season], legs, {}, monthly, points, centre, freight)


def journeys_of_states(
    points: gpd.GeoSeries, states: Mapping[State, Roads], legs: Legs, centre: Mapping[str, NDArray[np.bool_]]
) -> dict[tuple[State, str], pd.DataFrame]:
    """Search the journeys in each state of the roads to each tier, on all cores: by state and tier."""
    jobs = [(state, tier) for state in states for tier in centre]
    made = on_all_cores(lambda state, tier, _: road_journeys(points, states[state], legs, centre[tier])[0], jobs)
    return dict(zip(jobs, made, strict=True))


def _part_of_year(network: Network) -> NDArray[np.bool_]:
    """Say which roads exist for a part of the year only: ferries, ice roads, those with months of opening."""
    edges = network.edges
    return np.asarray(edges[fields.ROAD_CLASS].isin(PART_OF_YEAR) | edges[fields.MONTHS].notna(), bool)


def _main_network(network: Network, year: Year) -> NDArray[np.bool_]:
    """Say which edges are of the main network: the largest part of the roads by which all places reach all others.

    Of the roads that are there all year, closed or not; by kilometres. What only leads away from it is no part of it.
    """
    edges, n = network.edges, len(network.nodes)
    there = ~_part_of_year(network) & (np.max(year.always_kph, axis=0) > 0)
    oneway = edges[fields.ONEWAY].to_numpy()
    a, b = edges[fields.FROM_ID].to_numpy(np.int64), edges[fields.TO_ID].to_numpy(np.int64)
    forth, back = there & (oneway >= 0), there & (oneway <= 0)
    tail, head = np.concatenate([a[forth], b[back]]), np.concatenate([b[forth], a[back]])
    graph = coo_array((np.ones(len(tail), bool), (tail, head)), shape=(n, n)).tocsr()
    part = connected_components(graph, connection="strong")[1]
    there &= part[a] == part[b]
    km = np.bincount(part[a], weights=np.where(there, edges[fields.LENGTH_M], 0.0), minlength=1)
    return np.asarray(there & (part[a] == np.argmax(km)), bool)


def _ways(study: Study, points: gpd.GeoSeries, network: Network, year: Year, centre: NDArray[np.bool_]) -> pd.DataFrame:
    """Find the ways of settlements to the roads that are open in some month.

    Ferries are not boarded on the water. Roads that exist for a part of the year only (ferries, ice roads, those with
    months of opening) add ways and take none away: the ways to the roads without them are found as well.
    """
    assert study.roads is not None
    near_m = study.roads.near_km * 1000
    edges, speed = network.edges, year.any_kph()
    road_class = edges[fields.ROAD_CLASS]
    ashore = speed * (road_class != "ferry").to_numpy()
    ways = ways_to_roads(
        points, Network(network.nodes, with_minutes(edges, ashore)), centre, near_m=near_m, max_m=near_m
    )
    part_of_year = _part_of_year(network)
    if not part_of_year.any() or part_of_year.all():
        return ways
    left = np.flatnonzero(~part_of_year)
    without = Network(network.nodes, with_minutes(edges.iloc[left].reset_index(drop=True), speed[left]))
    more = ways_to_roads(points, with_components(without), centre, near_m=near_m, max_m=near_m)
    more = more[more["access_m"] <= near_m]
    more = more.assign(edge=left[more["edge"].to_numpy(np.int64)], preferred=False)
    both = pd.concat([ways, more])
    return both[~both.duplicated(["settlement", "edge", "fraction"])]


def _network(study: Study, inputs: Inputs, record: Record) -> Network:
    """Make the network, without minutes, and note its parts."""
    assert study.roads is not None
    assert inputs.roads is not None
    assert inputs.speeds is not None
    roads = assumed_surface(inputs.roads.sort_index(), inputs.speeds)
    noded = node_at_vertices(roads) if study.roads.noding == "vertices" else node_at_crossings(roads)
    if study.land.bridges_only and inputs.land.rivers is not None:
        noded, cut = without_fords(noded, inputs.land.rivers.geometry)
        record.note("repair", "no-bridge", "roads cut where they cross a river without a bridge", int(cut.sum()))
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
    return noded


def _note_journeys(journeys: pd.DataFrame, tier: str, record: Record) -> None:
    """Note who reaches no centre of a tier, and who reaches it by way of a road that is not the nearest."""
    unreached = int(np.isinf(journeys["travel_time_min"]).sum())
    record.note("warning", "unreachable", "settlements that reach no centre of this tier", unreached, tier)
    message = "settlements that reach this tier over land to a road that is not joined to their nearest"
    record.note("repair", "over-land-to-network", message, int(journeys["moved"].sum()), tier)


def _note_snapping(study: Study, ways: pd.DataFrame, legs: Legs, n: int, record: Record) -> None:
    """Note how settlements were joined to the roads; the first `n` ways are the nearest of each."""
    assert study.roads is not None
    rule = study.roads
    km, joined = legs.access_km[:n], np.isfinite(legs.access_min[:n])
    far = joined & legs.over_land[:n]
    note = record.note
    way = f"over land to a road more than {rule.near_km:g} km away"
    note("repair", "over-land-to-road", way, int(far.sum()), f"up to {km[joined].max(initial=0.0):.1f} km")
    alone = f"no way over land to a road: more than {rule.over_land_max_km:g} km, or behind barriers"
    note("warning", "too-far-from-road", alone, int((~joined).sum()))
    main = f"joined to the largest network, within {rule.near_km:g} km, rather than to a nearer road apart from it"
    note("repair", "main-network", main, int(ways["preferred"].sum()))
    other = "nearest road is apart from others that lead to a centre: those may be reached over land as well"
    note("repair", "other-networks", other, len(np.unique(legs.settlement[legs.moved])))


def _long(rows: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([frame.rename_axis("from_id").reset_index() for frame in rows], ignore_index=True)
    return table[["from_id", "to_id", "tier", "season", "travel_time_min", "distance_km", "mode", *PARTS]]


def travel_columns(inputs: Inputs, travelled: Travelled, index: pd.Index) -> pd.DataFrame:
    """Lay the journeys out as columns on the settlements' index."""
    out: dict[str, pd.Series] = {}
    if travelled.legs is None:
        out[fields.ACCESS_KM] = out[fields.ACCESS_MIN] = pd.Series(np.nan, index=index)
    else:
        out[fields.ACCESS_KM] = pd.Series(travelled.legs.access_km[: len(index)], index=index)
        out[fields.ACCESS_MIN] = pd.Series(travelled.legs.access_min[: len(index)], index=index)
    by = {key: part.set_index("from_id") for key, part in travelled.table.groupby(["tier", "season"])}
    seasons = [season.name for season in inputs.season.seasons]
    for tier in inputs.tiers:
        journeys = by[tier.name, seasons[0]]
        out[fields.travel_time_min(tier.name)] = journeys["travel_time_min"]
        out[fields.distance_km(tier.name)] = journeys["distance_km"]
        out[fields.centre(tier.name)] = journeys["to_id"]
    for season in seasons[1:] if travelled.roads is not None else []:
        for tier in inputs.tiers:
            out[fields.travel_time_min(tier.name, season)] = by[tier.name, season]["travel_time_min"]
    if travelled.roads is not None:
        lowest = by[inputs.tiers[-1].name, seasons[0]]
        out |= {part: lowest[part] for part in PARTS}
    for tier in inputs.tiers if travelled.monthly else []:
        months = month_summary(travelled.monthly[tier.name]).set_axis(index)
        out[fields.months_cut_off(tier.name)] = months["cut_off"]
        out[fields.travel_time_min(tier.name, "worst")] = months["worst_min"]
        out[fields.worst_month(tier.name)] = months["worst_month"]
        out[fields.seasonality(tier.name)] = months["seasonality"]
    for name, count in travelled.freight.items():
        out[fields.months_without_freight(name)] = pd.Series(count, index=index)
    columns = pd.DataFrame(out, index=index)
    minutes = columns[[fields.travel_time_min(tier.name) for tier in inputs.tiers]]
    columns.insert(0, fields.REACHABLE, ~np.isinf(minutes.to_numpy()).any(axis=1))
    return columns
