"""Support villages and their satellites: who reaches which candidate in time, and a proposed set.

A support village is a centre whose catchment is its satellites. The proposal is the maximal covering location problem
(Church and ReVelle 1974), solved greedily: the candidate that adds most people comes next. For a given number p of
villages the greedy set serves at least 1 - (1 - 1/p)^p of what the best set of p would serve, which is never less than
63 % (Nemhauser, Wolsey and Fisher 1978), and in practice nearly all of it.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.spatial import cKDTree

from gis.fields import POPULATION
from gis.kernels.within import within
from gis.space.geodesy import GEOD
from gis.stages.legs import Legs
from gis.stages.travel import Roads

Float = NDArray[np.float64]
Int = NDArray[np.int64]


def road_pairs(
    points: gpd.GeoSeries, roads: Roads, legs: Legs, candidate: NDArray[np.bool_], *, limit_min: float
) -> pd.DataFrame:
    """Find every settlement that reaches a candidate centre within some minutes, by road or straight over land.

    The journeys are those of `gis.stages.travel.road_journeys`, to each candidate instead of to the nearest.

    Parameters
    ----------
    points
        Settlements, longitude and latitude, with a unique index.
    roads, legs
        The roads cut where the settlements' ways meet them, and those ways.
    candidate
        Which settlements are candidates, shape `(n,)`.
    limit_min
        Minutes up to and including.

    Returns
    -------
    DataFrame
        `from_id`, `to_id` (the candidate), `travel_time_min`; a candidate reaches itself in 0. By `from_id`, the
        quickest first, then by `to_id`, in the order of `points`.
    """
    who = np.flatnonzero(candidate)
    by_road = _within(roads, legs, who, len(points), limit_min)
    if legs.walkers is None:
        over_land = _straight_within(points, who, min(limit_min / 60 * legs.over_land_kph, legs.over_land_max_km))
        over_land["minutes"] *= 60 / legs.over_land_kph
    else:
        walks = legs.walkers.ways_to(who, limit_min).rename(columns={"settlement": "from"})
        over_land = pd.concat([walks, pd.DataFrame({"from": who, "to": who, "minutes": 0.0})])
    return _best(points.index, [by_road, over_land], limit_min)


def straight_pairs(
    points: gpd.GeoSeries, candidate: NDArray[np.bool_], *, limit_min: float, speed_kph: float, detour_factor: float
) -> pd.DataFrame:
    """As `road_pairs`, where no roads are known: geodesic kilometres times a detour factor, at one speed.

    Examples
    --------
    >>> points = gpd.GeoSeries.from_xy([70.0, 70.5, 75.0], [50.0] * 3, index=["a", "b", "c"], crs="EPSG:4326")
    >>> near = straight_pairs(points, np.array([True, False, False]), limit_min=60, speed_kph=60, detour_factor=1.4)
    >>> near.round(1).to_numpy().tolist()
    [['a', 'a', 0.0], ['b', 'a', 50.2]]
    """
    rows = _straight_within(points, np.flatnonzero(candidate), limit_min / 60 * speed_kph / detour_factor)
    rows["minutes"] *= detour_factor / speed_kph * 60
    return _best(points.index, [rows], limit_min)


def _within(roads: Roads, legs: Legs, who: Int, n: int, limit_min: float) -> pd.DataFrame:
    """Search from each candidate, no farther than the limit."""
    graph, cut = roads.graph, roads.pieces.cut_node
    on = (cut >= 0) & np.isfinite(legs.access_min)
    of = np.full(n, -1, np.int64)
    of[who] = np.arange(len(who))
    starts = np.flatnonzero((cut >= 0) & np.isfinite(legs.into_min) & (of[legs.settlement] >= 0))
    starts = starts[np.argsort(of[legs.settlement[starts]], kind="stable")]
    # The ways from the road to the settlements, those of each node of the graph in turn.
    ways = np.flatnonzero(on)[np.argsort(cut[on], kind="stable")]
    count = np.bincount(cut[ways], minlength=graph.n)
    begins = (of[legs.settlement[starts]], cut[starts], legs.into_min[starts])
    place, node, minutes = within(graph, *begins, limit_min, count > 0)
    many = count[node]
    nth = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    way = ways[np.repeat((np.cumsum(count) - count)[node], many) + nth]
    found = {"from": legs.settlement[way], "to": who[np.repeat(place, many)]}
    return pd.DataFrame({**found, "minutes": np.repeat(minutes, many) + legs.access_min[way]})


def _straight_within(points: gpd.GeoSeries, who: Int, limit_km: float) -> pd.DataFrame:
    """Pairs of settlement and candidate, with the geodesic kilometres between them as `minutes`, to be scaled."""
    lon, lat = points.x.to_numpy(float), points.y.to_numpy(float)
    lam, phi = np.radians(lon), np.radians(lat)
    # On a sphere of the smallest radius of curvature (b^2 / a) a chord is shorter than the way on the ellipsoid.
    xyz = (
        GEOD.b**2 / GEOD.a / 1000 * np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    )
    near = cKDTree(xyz).query_ball_point(xyz[who], limit_km)
    from_ = np.concatenate([np.asarray(found, np.int64) for found in near]) if len(who) else np.empty(0, np.int64)
    to = np.repeat(who, [len(found) for found in near])
    _, _, metres = GEOD.inv(lon[from_], lat[from_], lon[to], lat[to])
    km = np.asarray(metres, float) / 1000
    keep = km <= limit_km
    return pd.DataFrame({"from": from_[keep], "to": to[keep], "minutes": km[keep]})


def _best(ids: pd.Index, parts: list[pd.DataFrame], limit_min: float) -> pd.DataFrame:
    every = pd.concat(parts, ignore_index=True)
    every.loc[every["from"] == every["to"], "minutes"] = 0.0
    every = every[every["minutes"] <= limit_min].astype({"from": np.int64, "to": np.int64})
    every = every.sort_values(["from", "minutes", "to"], kind="stable").drop_duplicates(["from", "to"])
    names = ids.to_numpy(object)
    return pd.DataFrame(
        {
            "from_id": names[every["from"]],
            "to_id": names[every["to"]],
            "travel_time_min": every["minutes"].to_numpy(float),
        }
    )


def catchments(pairs: pd.DataFrame, population: pd.Series, candidates: pd.Index) -> pd.DataFrame:
    """Count the settlements and people that each candidate serves, alone and among all candidates.

    Parameters
    ----------
    pairs
        From `road_pairs` or `straight_pairs`.
    population
        Of the settlements to be served, by id; NaN counts as a settlement without people. Others are not counted.
    candidates
        Ids.

    Returns
    -------
    DataFrame
        By candidate: `settlements_within`, `population_within` (all that reach it in time, itself included; catchments
        overlap), `settlements_nearest`, `population_nearest` (those for whom it is the quickest: each once).

    Examples
    --------
    >>> pairs = pd.DataFrame({"from_id": ["a", "b", "b", "c"], "to_id": ["a", "a", "c", "c"],
    ...                       "travel_time_min": [0.0, 9.0, 20.0, 0.0]})
    >>> table = catchments(pairs, pd.Series({"a": 10.0, "b": 5.0, "c": 7.0}), pd.Index(["a", "c"]))
    >>> table[["population_within", "population_nearest"]].to_numpy().tolist()
    [[15.0, 15.0], [12.0, 7.0]]
    """
    served = pairs[pairs["from_id"].isin(population.index)]
    out = {}
    for name, rows in (("within", served), ("nearest", served.drop_duplicates("from_id"))):
        people = rows["from_id"].map(population.fillna(0.0)).groupby(rows["to_id"])
        out[f"settlements_{name}"] = people.size().reindex(candidates, fill_value=0)
        out[f"population_{name}"] = people.sum().reindex(candidates, fill_value=0.0)
    return pd.DataFrame(out, index=candidates)


def propose(
    pairs: pd.DataFrame, population: pd.Series, candidates: pd.Index, *, number: int | None = None, share: float = 1.0
) -> pd.DataFrame:
    """Propose support villages: again and again the candidate that adds most people who have none in reach yet.

    Parameters
    ----------
    pairs, population, candidates
        As for `catchments`.
    number
        Stop at so many villages.
    share
        Stop where this share of all people is served.

    Returns
    -------
    DataFrame
        The villages in the order of their choice: `rank` from 1, `population_added`, `share_served` (of the people of
        `population`, added up). It ends early where no candidate adds anybody.

    Notes
    -----
    Of candidates that add as many people the larger village is taken, then the one named first in `candidates`. See the
    module for what the greedy choice guarantees.

    References
    ----------
    Church and ReVelle 1974, Papers of the Regional Science Association 32. Nemhauser, Wolsey and Fisher 1978,
    Mathematical Programming 14.

    Examples
    --------
    >>> pairs = pd.DataFrame({"from_id": ["a", "b", "b", "c"], "to_id": ["a", "a", "c", "c"],
    ...                       "travel_time_min": [0.0, 9.0, 20.0, 0.0]})
    >>> people = pd.Series({"a": 10.0, "b": 5.0, "c": 7.0, "d": 8.0})
    >>> propose(pairs, people, pd.Index(["a", "c"])).round(3).reset_index().to_numpy().tolist()
    [['a', 1, 15.0, 0.5], ['c', 2, 7.0, 0.733]]
    """
    open_ = population.fillna(0.0).to_numpy(float).copy()
    total = float(open_.sum())
    reach = _reach(pairs, population.index, candidates)
    own = population.reindex(candidates).fillna(0.0).to_numpy(float)
    chosen: list[tuple[object, int, float, float]] = []
    served = 0.0
    while total > 0 and len(chosen) < (len(candidates) if number is None else number) and served < share * total:
        adds = reach @ open_
        best = int(np.lexsort((-own, -adds))[0])
        if adds[best] <= 0:
            break
        open_[reach.indices[reach.indptr[best] : reach.indptr[best + 1]]] = 0.0
        served = total - float(open_.sum())
        chosen.append((candidates[best], len(chosen) + 1, float(adds[best]), served / total))
    table = pd.DataFrame(chosen, columns=["id", "rank", "population_added", "share_served"])
    return table.set_index(pd.Index(table.pop("id"), name=candidates.name))


def _reach(pairs: pd.DataFrame, demand: pd.Index, candidates: pd.Index) -> csr_matrix:
    """Candidates x settlements, 1 where the settlement reaches the candidate in time."""
    column, row = demand.get_indexer(pd.Index(pairs["from_id"])), candidates.get_indexer(pd.Index(pairs["to_id"]))
    known = (column >= 0) & (row >= 0)
    shape = (len(candidates), len(demand))
    return coo_matrix((np.ones(int(known.sum())), (row[known], column[known])), shape=shape).tocsr()


def satellites(pairs: pd.DataFrame, chosen: pd.Index, population: pd.Series) -> pd.DataFrame:
    """Assign each settlement to the support village that it reaches first.

    Returns
    -------
    DataFrame
        By settlement of `population`, which is kept as a column: `support_id` (None where none is in reach; a support
        village is its own) and `travel_time_min` (`inf` where none is in reach: beyond the limit, not unknown).

    Examples
    --------
    >>> pairs = pd.DataFrame({"from_id": ["b", "b"], "to_id": ["a", "c"], "travel_time_min": [9.0, 20.0]})
    >>> satellites(pairs, pd.Index(["c"]), pd.Series({"b": 5.0, "d": 8.0}))["travel_time_min"].tolist()
    [20.0, inf]
    """
    first = pairs[pairs["to_id"].isin(chosen)].drop_duplicates("from_id").set_index("from_id")
    to = first["to_id"].reindex(population.index)
    minutes = first["travel_time_min"].reindex(population.index).fillna(np.inf)
    table = pd.DataFrame({"support_id": to.astype(object).where(to.notna(), None), "travel_time_min": minutes})
    table.insert(0, POPULATION, population)
    return table
