"""Journeys over land, held against one graph of cells and roads that networkx solves, and by laws."""

import itertools
import math
from dataclasses import dataclass, replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from gis.space.geodesy import points_along
from gis.space.grid import Grid
from gis.space.impedance import with_minutes
from gis.space.network import Network, node_at_vertices
from gis.space.snapping import ways_to_roads
from gis.stages.journey_parts import journey_parts
from gis.stages.land import Land, Walkers, doors
from gis.stages.legs import access_legs
from gis.stages.links import links_kph
from gis.stages.matrix import road_matrix
from gis.stages.over_land import Reach, Spread, open_cells
from gis.stages.routes import route
from gis.stages.support import road_pairs
from gis.stages.surface import crossings
from gis.stages.travel import Roads, road_journeys
from gis.steps.over_land import OnLand, on_land
from gis.steps.seasons import Year
from gis.steps.travel import _main_network

NY, NX = 14, 19
WEST, NORTH, M = 500_000.0, 5_514_000.0, 1000.0
GRID = Grid((NY, NX), Affine(M, 0, WEST, 0, -M, NORTH), "EPSG:32642")
GEOD = Geod(ellps="WGS84")
TO_DEGREES = Transformer.from_crs("EPSG:32642", "EPSG:4326", always_xy=True)
NEAR_KM = 0.25
RULE = {"near_km": NEAR_KM, "near_kph": 20.0, "over_land_kph": 5.0, "over_land_max_km": 500.0}
some_seeds = st.integers(0, 100_000)


def at(column: float, row: float) -> tuple[float, float]:
    """Longitude and latitude of a place, in columns from the west and rows from the north."""
    lon, lat = TO_DEGREES.transform(WEST + column * M, NORTH - row * M)
    return float(lon), float(lat)


@dataclass
class World:
    """Land with barriers and a relief, roads with gaps, islands and one-way streets, and settlements anywhere."""

    land: Land
    network: Network
    kph: np.ndarray
    points: gpd.GeoSeries
    centre: np.ndarray


def world(seed: int, *, hills: bool = False, neighbours: int = 8) -> World:
    rng = np.random.default_rng(seed)
    friction = rng.uniform(0.008, 0.03, GRID.shape)
    friction[rng.uniform(size=GRID.shape) < 0.15] = np.inf
    friction[:, 9] = np.inf  # a river: roads cross it where they will, nobody else does
    if seed % 3:
        friction[rng.integers(0, NY), 9] = 0.01
    relief = rng.uniform(0, 150, GRID.shape) if hills else None
    place = {
        (i, j): (1.5 + 4 * i + rng.uniform(-1, 1), 1.5 + 3.6 * j + rng.uniform(-1, 1))
        for i, j in itertools.product(range(5), range(4))
    }
    streets = [(a, (a[0] + di, a[1] + dj)) for a in place for di, dj in ((1, 0), (0, 1))]
    streets = [(a, b) for a, b in streets if b in place and rng.uniform() < 0.45]
    lines = [shapely.LineString([at(*place[a]), at(*place[b])]) for a, b in streets]
    columns = {"road_class": "tertiary", "months": None, "oneway": rng.choice([0, 0, 0, 1, -1], len(lines))}
    network = node_at_vertices(gpd.GeoDataFrame(columns, geometry=lines, crs="EPSG:4326"))
    kph = rng.uniform(20, 90, len(network.edges))
    cells = rng.choice(NY * NX, 12, replace=False)  # no two in one cell
    spots = [at(c % NX + rng.uniform(0.1, 0.9), c // NX + rng.uniform(0.1, 0.9)) for c in cells.tolist()]
    held = {(c // NX, c % NX) for c in cells.tolist()}
    for k in range(0, 12, 3):  # some on a road
        spot = lines[rng.integers(len(lines))].interpolate(rng.uniform(), normalized=True).coords[0]
        x, y = TO_DEGREES.transform(*spot, direction="INVERSE")
        if (cell := (int((NORTH - y) // M), int((x - WEST) // M))) not in held:
            held.add(cell)
            spots[k] = spot
    points = gpd.GeoSeries([shapely.Point(spot) for spot in spots], index=list("abcdefghijkl"), crs="EPSG:4326")
    centre = np.zeros(12, bool)
    centre[rng.choice(12, 3, replace=False)] = True
    return World(Land(GRID, friction, relief, neighbours), network, kph, points, centre)


@dataclass
class Solved:
    made: OnLand
    roads: Roads
    journeys: pd.DataFrame
    node_minutes: np.ndarray
    on_graph: np.ndarray
    main: np.ndarray


def solve(w: World, *, speeds: dict[str, np.ndarray] | None = None, state: str = "all") -> Solved:
    speeds = {"all": w.kph} if speeds is None else speeds
    base = Network(w.network.nodes, with_minutes(w.network.edges, next(iter(speeds.values()))))
    ways = ways_to_roads(w.points, base, w.centre, near_m=NEAR_KM * 1000, max_m=NEAR_KM * 1000)
    legs = access_legs(ways["access_m"].to_numpy(), ways["settlement"].to_numpy(), **RULE)
    main = _main_network(w.network, Year([], [], list(speeds.values()), None))
    made = on_land(
        w.points, w.network, speeds, list(speeds), ways, legs, w.land, {"town": w.centre}, main, near_km=NEAR_KM
    )
    kph = np.concatenate([speeds[state], links_kph(made.links)])
    roads = Roads.cut_at(Network(w.network.nodes, with_minutes(made.network.edges, kph)), made.ways, made.links)
    journeys, node_minutes = road_journeys(w.points, roads, made.legs, w.centre)
    assert made.legs.walkers is not None
    return Solved(made, roads, journeys, node_minutes, ~made.legs.walkers.walks, main)


def own_cells(w: World) -> np.ndarray:
    x, y = Transformer.from_crs("EPSG:4326", GRID.crs, always_xy=True).transform(w.points.x, w.points.y)
    row, column = GRID.cells(x, y)
    return np.asarray(row * NX + column)


def move_minutes(w: World, a: int, b: int) -> float:
    """Minutes of a move to a cell beside, in the direction of the journey: written down once more, from the formula."""
    (i, j), (k, m) = divmod(a, NX), divmod(b, NX)
    f = w.land.friction
    if not (np.isfinite(f[i, j]) and np.isfinite(f[k, m])):
        return math.inf
    if i != k and j != m and not (np.isfinite(f[i, m]) or np.isfinite(f[k, j])):
        return math.inf
    length = M * math.hypot(i - k, j - m)
    minutes = length * (f[i, j] + f[k, m]) / 2
    if w.land.elevation_m is not None:
        rise = (w.land.elevation_m[k, m] - w.land.elevation_m[i, j]) / length
        minutes *= math.exp(3.5 * abs(rise + 0.05)) / 1.2
    return float(minutes)


def oracle(w: World, s: Solved) -> pd.Series:
    """The minutes of all who walk: land, roads and land again as one graph; the main network is left at the end."""
    graph = nx.MultiDiGraph()
    pairs = [
        (a, (a // NX + di) * NX + a % NX + dj)
        for a in range(NY * NX)
        for di, dj in itertools.product((-1, 0, 1), repeat=2)
        if (di or dj) and 0 <= a // NX + di < NY and 0 <= a % NX + dj < NX
    ]
    for a, b in pairs:
        if math.isfinite(minutes := move_minutes(w, a, b)):
            graph.add_edge(("before", a), ("before", b), minutes=minutes)
            graph.add_edge(("behind", a), ("behind", b), minutes=minutes)
    beside = {cell: [b for a, b in pairs if a == cell] for cell in range(NY * NX)}
    p, edges = s.roads.pieces, s.roads.network.edges
    forward = edges["forward_min"].to_numpy()[p.edge] * (p.end - p.start)
    backward = edges["backward_min"].to_numpy()[p.edge] * (p.end - p.start)
    finite = math.isfinite

    def part(minutes: float, share: float) -> float:
        return minutes * share if share > 0 else 0.0

    for k in range(len(p.edge)):
        for tail, head, minutes in ((p.from_id[k], p.to_id[k], forward[k]), (p.to_id[k], p.from_id[k], backward[k])):
            if finite(minutes):
                graph.add_edge(("road", tail), ("road", head), minutes=minutes)
    cells = crossings(s.roads.network, GRID).on(s.roads)
    for n, (cell, k) in enumerate(zip(cells.cell.tolist(), cells.piece.tolist(), strict=True)):
        for end, share in enumerate((cells.enter[n], cells.leave[n])):
            there = ("place", n, end)
            graph.add_edge(("before", cell), there, minutes=0.0)
            for node, out, back in (
                (p.to_id[k], part(forward[k], 1 - share), part(backward[k], 1 - share)),
                (p.from_id[k], part(backward[k], share), part(forward[k], share)),
            ):
                if finite(out):
                    graph.add_edge(there, ("road", node), minutes=out)
                if finite(back):
                    graph.add_edge(("road", node), there, minutes=back)
            if np.isfinite(w.land.friction.reshape(-1)[cell]):
                graph.add_edge(there, ("behind", cell), minutes=0.0)
            for b in [] if s.main[p.edge[k]] else beside[cell]:
                if finite(minutes := move_minutes(w, cell, b)):
                    graph.add_edge(there, ("before", b), minutes=minutes)
    standing, legs, own = s.made.legs.walkers.at, s.made.legs, own_cells(w)
    straight = np.array([path is None for path in legs.paths])
    for way in np.flatnonzero(straight & np.isfinite(legs.access_min)).tolist():
        settlement, node = int(legs.settlement[way]), ("road", s.roads.pieces.cut_node[way])
        graph.add_edge(("door", settlement), node, minutes=legs.access_min[way])
        graph.add_edge(("before", own[settlement]), node, minutes=legs.access_min[way])
        aside = (("before", standing.cell[settlement]), node)
        graph.add_edge(*aside, minutes=legs.access_min[way] + standing.minutes[settlement])
        if w.centre[settlement]:
            graph.add_edge(node, "centre", minutes=legs.access_min[way])
    for settlement in range(len(w.points)):
        cell, more = int(standing.cell[settlement]), float(standing.minutes[settlement])
        if cell >= 0 and not s.on_graph[settlement]:
            graph.add_edge(("door", settlement), ("before", cell), minutes=more)
        if w.centre[settlement] and cell >= 0:
            graph.add_edge(("before", cell), "centre", minutes=more)
            if not s.on_graph[settlement] and cell != own[settlement]:
                graph.add_edge(("behind", cell), "centre", minutes=more)
            elif not s.on_graph[settlement]:  # straight from the roads of its own cell
                for a, b in pairs:
                    if b == cell and math.isfinite(minutes := move_minutes(w, a, b)):
                        graph.add_edge(("behind", a), "centre", minutes=minutes)
                for n in np.flatnonzero(cells.cell == cell).tolist():
                    for end, share in enumerate((cells.enter[n], cells.leave[n])):
                        k = cells.piece[n]
                        line = edges.geometry.to_numpy()[[p.edge[k]]]
                        place = points_along(line, np.array([0]), np.array([p.start[k] + (p.end - p.start)[k] * share]))
                        metres = GEOD.inv(*place[0], w.points.iloc[settlement].x, w.points.iloc[settlement].y)[2]
                        minutes = metres * float(w.land.friction.reshape(-1)[cell])
                        graph.add_edge(("place", n, end), "centre", minutes=minutes)
    found = nx.single_source_dijkstra_path_length(graph.reverse(), "centre", weight="minutes")
    least = [0.0 if w.centre[k] else found.get(("door", k), math.inf) for k in range(len(w.points))]
    return pd.Series(least, index=w.points.index)


def off_road(s: Solved) -> np.ndarray:
    """Who has no way to the road but over the land."""
    legs, n = s.made.legs, len(s.journeys)
    straight = np.array([path is None for path in legs.paths[:n]])
    return np.asarray(~s.on_graph & (~straight | np.isinf(legs.access_min[:n])))


def law_minutes(*solved: Solved) -> list[np.ndarray]:
    """Return the minutes of those on the main network, and of those off every road.

    To the grid two roads in the cell of a settlement are one. So who is beside a road that is not of the main network
    takes that road, even if another in the cell would be quicker: what betters the other may keep him from walking.
    """
    held = np.logical_and.reduce([s.on_graph | off_road(s) for s in solved])
    return [s.journeys["travel_time_min"].to_numpy()[held] for s in solved]


@settings(max_examples=20, deadline=None, phases=[Phase.generate])
@given(seed=some_seeds, hills=st.booleans())
def test_off_the_road_the_minutes_are_those_of_one_graph_of_cells_and_roads(seed, hills):
    w = world(seed, hills=hills)
    s = solve(w)
    expected, minutes = oracle(w, s), s.journeys["travel_time_min"]
    off = off_road(s)
    np.testing.assert_allclose(minutes[off], expected[off], rtol=1e-9)
    assert (minutes[~s.on_graph] >= expected[~s.on_graph] * (1 - 1e-9)).all()


def test_the_worlds_have_what_the_laws_are_about():
    solved = [(w := world(seed), solve(w)) for seed in range(30)]
    modes = pd.concat([s.journeys["mode"] for _, s in solved])
    assert {"at_centre", "by_road", "over_land", "unreachable"} <= set(modes)
    off = np.concatenate([off_road(s) for _, s in solved])
    assert 0.2 < off.mean() < 0.9
    assert any((w.centre & off_road(s)).any() for w, s in solved), "a centre off the road"
    beside = [s.made.legs.walkers.at for _, s in solved]
    assert any(((d.cell != d.own) & (d.cell >= 0)).any() for d in beside), "a settlement in a cell of water"
    by_road = [(s.journeys["mode"] == "by_road") & off_road(s) & (s.journeys["road_min"] > 0) for _, s in solved]
    assert sum(rows.sum() for rows in by_road) > 30


@settings(max_examples=20, deadline=None, phases=[Phase.generate])
@given(seed=some_seeds, hills=st.booleans(), neighbours=st.sampled_from([8, 16]))
def test_the_surface_at_a_settlement_off_the_road_is_its_journey(seed, hills, neighbours):
    w = world(seed, hills=hills, neighbours=neighbours)
    s = solve(w)
    there = s.made.surface["all", "town"].reshape(-1)[own_cells(w)]
    off = off_road(s)
    np.testing.assert_allclose(there[off], s.journeys["travel_time_min"].to_numpy()[off], rtol=1e-6)


@settings(max_examples=20, deadline=None, phases=[Phase.generate])
@given(seed=some_seeds)
def test_cells_on_the_main_network_have_the_minutes_of_the_graph(seed):
    w = world(seed)
    s = solve(w)
    cells = crossings(s.roads.network, GRID).on(s.roads)
    least = np.full(NY * NX, np.inf)
    np.minimum.at(least, cells.cell, cells.at_ends(s.node_minutes).min(axis=0))
    doors_min = np.full(NY * NX, np.inf)
    near = ~off_road(s)
    np.minimum.at(doors_min, own_cells(w)[near], s.journeys["travel_time_min"].to_numpy()[near])
    on_main = np.unique(cells.cell[s.main[s.roads.pieces.edge[cells.piece]]])
    on_main = on_main[np.isfinite(w.land.friction.reshape(-1)[on_main]) & np.isinf(doors_min[on_main])]
    on_main = on_main[~np.isin(on_main, s.made.legs.walkers.at.cell)]
    surface = s.made.surface["all", "town"].reshape(-1)
    np.testing.assert_allclose(surface[on_main], least[on_main], rtol=1e-6)


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(seed=some_seeds, hills=st.booleans())
def test_a_second_round_changes_nothing(seed, hills):
    w = world(seed, hills=hills)
    s = solve(w)
    standing, minutes = s.made.legs.walkers.at, s.journeys["travel_time_min"].to_numpy()
    cells = open_cells(crossings(s.roads.network, GRID).on(s.roads))
    again = Spread.of(w.land, standing, cells, s.node_minutes, minutes, Reach(w.land, 500.0))
    assert np.isinf(again.walked_min(~s.on_graph)).all()
    first = s.made.surface["all", "town"]
    on_main = cells.cell[s.main[s.roads.pieces.edge[cells.piece]]]
    second = again.surface(np.full(len(minutes), np.inf), on_main)
    np.testing.assert_allclose(second, np.minimum(first, second), rtol=1e-6)
    held = np.zeros(NY * NX, bool)
    held[standing.cell] = True
    held[standing.own] = True  # what a settlement's own minutes make quicker is its cell, and what lies on foot from it
    np.testing.assert_allclose(first.reshape(-1)[~held], second.reshape(-1)[~held], rtol=1e-6)


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(seed=some_seeds, more=st.integers(0, 11))
def test_a_further_centre_never_adds_minutes(seed, more):
    w = world(seed)
    before = solve(w)
    with_more = w.centre.copy()
    with_more[more] = True
    after = solve(replace(w, centre=with_more))
    old, new = law_minutes(before, after)
    assert (new <= old * (1 + 1e-9)).all()
    assert (after.made.surface["all", "town"] <= before.made.surface["all", "town"] * (1 + 1e-6)).all()


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(seed=some_seeds, row=st.integers(0, NY - 1))
def test_a_ford_never_adds_minutes(seed, row):
    w = world(seed)
    friction = w.land.friction.copy()
    friction[row, 9] = 0.008  # as quick as any land: a road over water is stepped on as quickly as its bank is walked
    old, new = (solve(replace(w, land=replace(w.land, friction=f))) for f in (w.land.friction, friction))
    # Who stands on the bank that is now open begins there: where nobody's door has moved, nobody is slower.
    moved = doors(w.land, w.points.x.to_numpy(), w.points.y.to_numpy()).cell
    same = moved == doors(replace(w.land, friction=friction), w.points.x.to_numpy(), w.points.y.to_numpy()).cell
    before, after = law_minutes(old, new)
    assert (after <= before * (1 + 1e-9)).all() or not same.all()


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(seed=some_seeds, pick=st.integers(0, 1000))
def test_closing_a_road_never_saves_minutes(seed, pick):
    w = world(seed)
    closed = w.kph.copy()
    closed[pick % len(closed)] = 0.0
    speeds = {"open": w.kph, "closed": closed}
    is_open, is_closed = law_minutes(*(solve(w, speeds=speeds, state=state) for state in speeds))
    assert (is_closed >= is_open * (1 - 1e-9)).all()
    made = solve(w, speeds=speeds, state="open").made
    assert (made.surface["closed", "town"] >= made.surface["open", "town"] * (1 - 1e-6)).all()


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(seed=some_seeds, pick=st.integers(0, 1000), factor=st.floats(1.0, 5.0))
def test_a_quicker_road_never_adds_minutes_and_slower_land_never_saves_any(seed, pick, factor):
    w = world(seed)
    fast = w.kph.copy()
    fast[pick % len(fast)] *= factor
    before = solve(w)
    base, quicker = law_minutes(before, solve(replace(w, kph=fast)))
    assert (quicker <= base * (1 + 1e-9)).all()
    slow = replace(w.land, friction=w.land.friction * factor)
    base, slower = law_minutes(before, solve(replace(w, land=slow)))
    assert (slower >= base * (1 - 1e-9)).all()


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(seed=some_seeds, hills=st.booleans(), neighbours=st.sampled_from([8, 16]))
def test_parts_and_legs_of_journeys_agree(seed, hills, neighbours):
    w = world(seed, hills=hills, neighbours=neighbours)
    s = solve(w)
    journeys, legs = s.journeys, s.made.legs
    reached = np.isfinite(journeys["travel_time_min"])
    parts = journeys.loc[reached, ["road_min", "track_min", "offroad_min"]].sum(axis=1)
    np.testing.assert_allclose(parts, journeys.loc[reached, "travel_time_min"], rtol=1e-9)
    paved = np.zeros(len(s.roads.network.edges), bool)
    made = journey_parts(journeys, w.centre, paved_kph=1.0, roads=s.roads, legs=legs, paved=paved).parts
    by_kind = made.groupby("from_id")[["length_km", "travel_time_min"]].sum()
    for name, journey in journeys[reached & ~w.centre].iterrows():
        drawn = route(w.points, str(name), journey, centre=w.centre, roads=s.roads, legs=legs)
        assert drawn.travel_time_min == pytest.approx(journey["travel_time_min"])
        assert drawn.length_km == pytest.approx(journey["distance_km"])
        assert drawn.line is not None
        ends = shapely.get_coordinates(drawn.line)[[0, -1]]
        np.testing.assert_allclose(ends[0], w.points[name].coords[0])
        np.testing.assert_allclose(ends[1], w.points[journey["to_id"]].coords[0])
        assert by_kind.loc[name, "travel_time_min"] == pytest.approx(journey["travel_time_min"])
        assert by_kind.loc[name, "length_km"] == pytest.approx(journey["distance_km"])


@settings(max_examples=10, deadline=None, phases=[Phase.generate])
@example(seed=12, hills=False)  # some stand in water, beside the cell of a centre
@example(seed=57, hills=True)
@example(seed=1127, hills=False)  # a link over land leads to a centre
@given(seed=some_seeds, hills=st.booleans())
def test_matrix_and_pairs_are_not_quicker_than_the_journey_to_the_nearest(seed, hills):
    w = world(seed, hills=hills)
    s = solve(w)
    places = np.flatnonzero(w.centre)
    matrix = road_matrix(w.points.x.to_numpy(), w.points.y.to_numpy(), s.roads, s.made.legs, places)
    minutes = s.journeys["travel_time_min"].to_numpy()
    assert (matrix.min(axis=1) <= minutes * (1 + 1e-9)).all()
    off = off_road(s)
    np.testing.assert_allclose(matrix.min(axis=1)[off], minutes[off], rtol=1e-9)
    limit = 120.0
    pairs = road_pairs(w.points, s.roads, s.made.legs, w.centre, limit_min=limit)
    best = pairs.groupby("from_id")["travel_time_min"].min().reindex(w.points.index).to_numpy()
    within = minutes <= limit * (1 - 1e-9)
    assert (best[within] <= minutes[within] * (1 + 1e-9)).all()
    np.testing.assert_allclose(best[within & off], minutes[within & off], rtol=1e-9)


def test_walkers_to_a_place_are_those_of_the_whole_grid():
    for seed in range(5):
        w = world(seed, hills=True)
        standing = doors(w.land, w.points.x.to_numpy(), w.points.y.to_numpy())
        walkers = Walkers(w.land, standing, np.ones(12, bool), max_km=100.0)
        found = walkers.ways_to(np.arange(12)).set_index(["settlement", "to"])["minutes"]
        assert len(found) > 20
        for place in np.flatnonzero(standing.cell >= 0).tolist():
            start = np.full(GRID.shape, np.inf)
            start.reshape(-1)[standing.cell[place]] = standing.minutes[place]
            whole = w.land.spread(start).minutes.reshape(-1)
            for settlement in range(12):
                if settlement != place and standing.cell[settlement] not in (-1, standing.cell[place]):
                    expected = whole[standing.cell[settlement]] + standing.minutes[settlement]
                    assert found.get((settlement, place), np.inf) == pytest.approx(expected)
        twice = replace(walkers, faster=2.0).ways_to(np.arange(12)).set_index(["settlement", "to"])["minutes"]
        pd.testing.assert_series_equal(twice * 2, found)


def test_a_village_on_a_road_apart_drives_to_where_the_gap_is_short():
    """By hand: 7.5 km of its own road, from the cell where it ends 3 km over land at 5 km/h, 11.5 km of the other."""
    lines = [shapely.LineString([at(5.5, 1.5), at(5.5, 9.5)]), shapely.LineString([at(1.5, 12.5), at(17.5, 12.5)])]
    columns = {"road_class": "tertiary", "months": None, "oneway": [0, 0]}
    network = node_at_vertices(gpd.GeoDataFrame(columns, geometry=lines, crs="EPSG:4326"))
    spots = [at(17.5, 12.5), at(5.5, 1.5), at(5.5, 9.5), at(5.5, 12.5)]
    points = gpd.GeoSeries([shapely.Point(spot) for spot in spots], index=list("cvgm"), crs="EPSG:4326")
    friction = np.full(GRID.shape, 0.012)
    w = World(Land(GRID, friction), network, np.full(2, 60.0), points, np.array([True, False, False, False]))
    s = solve(w)
    village = s.journeys.loc["v"]
    assert village["travel_time_min"] == pytest.approx(7.5 + 36 + 11.5, rel=1e-3)
    assert village[["road_min", "track_min", "offroad_min"]].tolist() == pytest.approx([19, 0, 36], rel=1e-3)
    assert village["moved"]
    assert s.journeys.loc["g", "travel_time_min"] == pytest.approx(36 + 11.5, rel=1e-3)
    assert not s.journeys.loc["m", "moved"]
    drawn = route(points, "v", village, centre=w.centre, roads=s.roads, legs=s.made.legs)
    assert drawn.legs["kind"].tolist() == ["road", "over_land", "road"]
    assert drawn.legs["length_km"].tolist() == pytest.approx([7.5, 3, 11.5], rel=1e-3)
    # Nobody goes from the main road to a place on the other by driving on it: he walks all the way from the main road.
    back = solve(replace(w, centre=np.array([False, True, False, False])))
    assert back.journeys.loc["c", "travel_time_min"] > 100
    # A river between the two, without a ford: there is no way.
    friction = friction.copy()
    friction[11] = np.inf
    assert np.isinf(solve(replace(w, land=Land(GRID, friction))).journeys.loc["v", "travel_time_min"])


def test_rounds_that_build_on_the_last_one_find_what_anew_they_would():
    used = 0
    for seed in range(12):
        w, of = world(seed, hills=seed % 2 == 1), Spread.of.__func__
        built: list[bool] = []

        def noted(cls, *given, of=of, built=built):
            before = given[6] if len(given) > 6 else None
            made = of(cls, *given)
            built.append(before is not None and before.near is made.near)
            return made

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Spread, "of", classmethod(noted))
            built_on = solve(w)
            patch.setattr(Spread, "of", classmethod(lambda cls, *given, of=of: of(cls, *given[:6])))
            anew = solve(w)
        used += sum(built)
        for key, surface in anew.made.surface.items():
            np.testing.assert_allclose(built_on.made.surface[key], surface, rtol=1e-9)
        pd.testing.assert_frame_equal(built_on.journeys, anew.journeys, rtol=1e-9)
    assert used > 10, "the rounds were built upon"
