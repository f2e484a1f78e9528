"""The step over land: the ways of settlements off the road, and the surfaces of travel time."""

from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis import fields
from gis.kernels.threads import on_all_cores
from gis.space.geodesy import points_along
from gis.space.impedance import with_minutes
from gis.space.network import Network
from gis.stages.around_centres import ways_of_centres
from gis.stages.land import Doors, Land, Walkers, doors
from gis.stages.legs import Legs
from gis.stages.links import Links, links_kph, links_over_land, no_links, with_links
from gis.stages.over_land import (
    Known,
    Reach,
    Spread,
    legs_on_land,
    open_cells,
    to_nearest_road,
)
from gis.stages.surface import Crossings, RoadCells, crossings
from gis.stages.travel import Roads, search_roads

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
Minutes = NDArray[np.float32]


@dataclass(frozen=True)
class OnLand:
    """The ways of settlements to the roads, those over land among them.

    Parameters
    ----------
    ways, legs
        The settlements' first ways, in order, then the others; all places where land and road are changed for each
        other in some season, month and tier are among them.
    surface
        Minutes of all cells, by state of the roads and tier.
    network
        The network with the links over land between roads that are not joined, the last of its edges.
    links
        Those links.
    """

    ways: pd.DataFrame
    legs: Legs
    surface: dict[tuple[str, str], Minutes]
    network: Network
    links: pd.DataFrame


def on_land(
    points: gpd.GeoSeries,
    network: Network,
    speeds: dict[str, Float],
    surfaces_of: list[str],
    ways: pd.DataFrame,
    legs: Legs,
    land: Land,
    centre: dict[str, Bool],
    main: Bool,
    *,
    near_km: float,
) -> OnLand:
    """Find the ways over land in every state of the roads, and make the surfaces of some of the states.

    Roads, land and settlements are solved one after the other, each with the answer of the one before. The ways over
    land of centres off the main network enter the search of the roads; its minutes, and those of the settlements beside
    a road, are carried over the land. Where a road off the main network is slower than the land across it, links over
    land lead from there to what is quicker, and roads and land are solved again, until no road gains anything. Who may
    walk and gains by it takes the way by which the minutes came. A search of the roads with these ways and links gives
    each settlement the minutes of its cell, and a further round would change none.

    Parameters
    ----------
    points
        Settlements, longitude and latitude.
    network, speeds
        The network, and the speeds on its edges in each state of the roads.
    surfaces_of
        The states that a surface is made of.
    ways, legs
        From `gis.space.snapping.ways_to_roads`, and their minutes.
    land
        The land between the roads.
    centre
        Which settlements are centres, by tier.
    main
        Which edges are of the main network. A settlement on it, by a way of up to `near_km` or within a cell, goes by
        road; all others may walk: off the road, or on roads that lead nowhere or are not there all year.
    near_km
        Up to how far from a road the way to it is a local one.

    Returns
    -------
    OnLand
    """
    at = doors(land, points.x.to_numpy(), points.y.to_numpy())
    net = _Net.of(network, speeds, land, at, ways, legs, main, near_km)
    walkers = net.legs.walkers
    assert walkers is not None
    around = ways_of_centres(
        land, at, net.cells, walkers.walks, list(centre.values()), (net.state(key)[0] for key in speeds),
        max_km=legs.over_land_max_km,
    )  # fmt: skip
    off_road = ~np.isfinite(net.legs.access_min[: len(points)])
    net = net.with_ways(around)
    to_road = pd.DataFrame()
    if off_road.any():
        here = open_cells(net.cells)
        near = replace(land, friction=land.near(here.cell, legs.over_land_max_km))
        to_road = to_nearest_road(near, at, here, np.flatnonzero(off_road))
    empty = np.full(land.grid.shape, np.nan, np.float32)
    surface = {(key, tier): empty for key in surfaces_of for tier, who in centre.items() if not who.any()}
    found: list[pd.DataFrame] = []
    reach, on_main = Reach(land, legs.over_land_max_km), net.on_main()
    for key in speeds:
        left: dict[str, Known | None] = {tier: None for tier, who in centre.items() if who.any()}
        while left:
            jobs = [(centre[tier], before) for tier, before in left.items()]
            solved = dict(zip(left, net.solved(key, jobs, reach, on_main), strict=True))
            done = {tier: one for tier, one in solved.items() if not len(one.links)}
            found += [one.walks for one in done.values() if len(one.walks)]
            if key in surfaces_of:
                surface |= {(key, tier): one.surface for tier, one in done.items()}
            left = {tier: solved[tier].known for tier in left if tier not in done}
            if left:
                net = net.with_links([solved[tier].links for tier in left])
    ways, legs = _first_ways(net.ways, net.legs, to_road, network)
    if found:
        every = pd.concat(found, ignore_index=True).sort_values("access_min", kind="stable")
        key_of = ["settlement", "to", "edge", "fraction"]
        every = every.drop_duplicates(key_of).sort_values(key_of)
        ways, legs = _with(ways, legs, every[every["to"] < 0], network)
        legs = replace(legs, direct=every.loc[every["to"] >= 0, list(_DIRECT)])
    return OnLand(ways, legs, surface, net.linked, net.links.to_road)


@dataclass(frozen=True)
class _Solved:
    """What comes of a tier in a state of the roads: links over land that it gains by; if none, ways and minutes."""

    links: Links
    known: Known | None = None
    walks: pd.DataFrame = field(default_factory=pd.DataFrame)
    surface: Minutes = field(default_factory=lambda: np.empty((0, 0), np.float32))


def _solve(
    net: "_Net",
    roads: Roads,
    here: RoadCells,
    side: RoadCells,
    reach: Reach,
    on_main: Int,
    centre: Bool,
    before: Known | None,
    stop: Bool,
) -> _Solved:
    """Search the roads in a state from the centres of a tier, and carry the minutes over the land."""
    search = search_roads(roads, net.legs, centre)
    if stop[0]:
        raise CancelledError
    door_min = np.where(centre, 0.0, search.travel_time_min)
    spread = Spread.of(net.land, net.at, here, search.found.minutes, door_min, reach, before)
    if stop[0]:
        raise CancelledError
    links = links_over_land(spread, side, search, net.legs, net.ways, centre).new_beside(net.links)
    if len(links):
        return _Solved(links, spread.known)
    assert net.legs.walkers is not None
    walked = spread.walked_min(net.legs.walkers.walks)
    walks = spread.walks(walked, search, net.legs, net.ways, centre) if np.isfinite(walked).any() else pd.DataFrame()
    return _Solved(links, walks=walks, surface=spread.surface(walked, on_main))


@dataclass(frozen=True)
class _Net:
    """The roads on the grid, with the ways and links over land that are known: `roads` is in the first state."""

    network: Network
    speeds: dict[str, Float]
    main: Bool
    land: Land
    at: Doors
    crossed: Crossings
    ways: pd.DataFrame
    legs: Legs
    links: Links
    linked: Network
    roads: Roads
    cells: RoadCells

    @classmethod
    def of(
        cls,
        network: Network,
        speeds: dict[str, Float],
        land: Land,
        at: Doors,
        ways: pd.DataFrame,
        legs: Legs,
        main: Bool,
        near_km: float,
    ) -> "_Net":
        """Cut the roads where the settlements' own ways meet them, and say who may walk."""
        ever = np.max(list(speeds.values()), axis=0) > 0
        ashore = ever & (network.edges[fields.ROAD_CLASS] != "ferry").to_numpy()
        crossed, links = crossings(network, land.grid).some(ashore), no_links()
        roads = Roads.cut_at(_at_speed(network, next(iter(speeds.values())), links), ways)
        cells = crossed.on(roads)
        legs = legs_on_land(legs, land, at, cells, near_km=near_km)
        walks = np.ones(len(at.own), bool)
        walks[legs.settlement[np.isfinite(legs.access_min) & main[ways["edge"].to_numpy(np.int64)]]] = False
        nobody = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _DIRECT.items()})
        legs = replace(legs, walkers=Walkers(land, at, walks, legs.over_land_max_km), direct=nobody)
        return cls(network, speeds, main, land, at, crossed, ways, legs, links, network, roads, cells)

    def state(self, key: str) -> tuple[Roads, RoadCells, RoadCells]:
        """Return the roads, where those that are open run, and those off the main network, in a state of the year."""
        roads = self.roads
        if key != next(iter(self.speeds)):
            roads = roads.with_minutes_of(_at_speed(self.linked, self.speeds[key], self.links))
        here = open_cells(replace(self.cells, roads=roads))
        return roads, here, here.some(np.flatnonzero(~self.main[roads.pieces.edge[here.piece]]))

    def solved(self, key: str, jobs: list[tuple[Bool, Known | None]], reach: Reach, on_main: Int) -> list[_Solved]:
        """Search the roads in a state of the year from centres of tiers, and carry the minutes over the land."""
        solve = partial(_solve, self, *self.state(key), reach, on_main)
        return on_all_cores(solve, jobs)

    def with_ways(self, walks: pd.DataFrame) -> "_Net":
        """Return the net with further ways over land."""
        if not len(walks):
            return self
        ways, legs = _with(self.ways, self.legs, walks, self.network)
        return replace(self, ways=ways, legs=legs)._cut()

    def with_links(self, gained: list[Links]) -> "_Net":
        """Return the net with further links over land."""
        links = self.links.with_more(gained)
        ways, legs, to_centre = self.ways, self.legs, links.new_beside(self.links).to_centre
        if len(to_centre):
            ways, legs = _with(ways, legs, to_centre, self.network)
        linked = with_links(self.network, links.to_road, self.land, self.at.lonlat)
        return replace(self, ways=ways, legs=legs, links=links, linked=linked)._cut()

    def _cut(self) -> "_Net":
        network = _at_speed(self.linked, next(iter(self.speeds.values())), self.links)
        roads = Roads.cut_at(network, self.ways, self.links.to_road)
        return replace(self, roads=roads, cells=self.crossed.on(roads))

    def on_main(self) -> Int:
        """Return the cells that the main network crosses."""
        crossed = np.zeros(self.land.friction.size, bool)
        crossed[self.cells.cell[self.main[self.roads.pieces.edge[self.cells.piece]]]] = True
        return np.flatnonzero(crossed)


def _at_speed(network: Network, speed: Float, links: Links) -> Network:
    return Network(network.nodes, with_minutes(network.edges, np.concatenate([speed, links_kph(links.to_road)])))


_DIRECT = {"settlement": np.int64, "to": np.int64, "access_min": float, "km": float, "path": object}


def _with(ways: pd.DataFrame, legs: Legs, walks: pd.DataFrame, network: Network) -> tuple[pd.DataFrame, Legs]:
    """Put ways over land behind the others."""
    who, rows = walks["settlement"].to_numpy(np.int64), _as_ways(walks, network)
    own = ways["component_id"].to_numpy()[who]  # of the first way of each
    legs = replace(
        legs,
        settlement=np.concatenate([legs.settlement, who]),
        access_min=np.concatenate([legs.access_min, walks["access_min"]]),
        into_min=np.concatenate([legs.into_min, walks["into_min"]]),
        access_km=np.concatenate([legs.access_km, walks["km"]]),
        moved=np.concatenate([legs.moved, rows["component_id"].to_numpy() != own]),
        over_land=np.concatenate([legs.over_land, np.ones(len(who), bool)]),
        paths=np.concatenate([legs.paths, walks["path"].to_numpy(object)]),
        via=np.concatenate([legs.via, walks["via"].to_numpy(np.int64)]),
    )
    return pd.concat([ways, rows.set_axis(ways.index[who])]), legs


def _first_ways(ways: pd.DataFrame, legs: Legs, walks: pd.DataFrame, network: Network) -> tuple[pd.DataFrame, Legs]:
    """Let the way over land to the road stand first, for those who are off it."""
    if not len(walks):
        return ways, legs
    who, rows, ways = walks["settlement"].to_numpy(np.int64), _as_ways(walks, network), ways.copy()
    for column in ("edge", "fraction", "access_m", "component_id", "longitude", "latitude"):
        values = ways[column].to_numpy(copy=True)
        values[who] = rows[column].to_numpy()
        ways[column] = values
    minutes, into, km = legs.access_min.copy(), legs.into_min.copy(), legs.access_km.copy()
    minutes[who], into[who], km[who] = walks["access_min"], walks["into_min"], walks["km"]
    paths = legs.paths.copy()
    paths[who] = walks["path"]
    return ways, replace(legs, access_min=minutes, into_min=into, access_km=km, paths=paths)


def _as_ways(walks: pd.DataFrame, network: Network) -> pd.DataFrame:
    """Lay ways over land out as `gis.space.snapping.ways_to_roads` does."""
    edge, fraction = walks["edge"].to_numpy(np.int64), walks["fraction"].to_numpy(float)
    ends = points_along(network.edges.geometry.to_numpy()[edge], np.arange(len(edge)), fraction)
    return pd.DataFrame(
        {
            "settlement": walks["settlement"].to_numpy(np.int64),
            "edge": edge,
            "fraction": fraction,
            "access_m": walks["km"].to_numpy(float) * 1000.0,
            "component_id": network.edges[fields.COMPONENT_ID].to_numpy(np.int64)[edge],
            "longitude": ends[:, 0],
            "latitude": ends[:, 1],
            "preferred": False,
        }
    )
