"""The line of a journey: from a settlement to its centre, leg by leg."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.fields import NAME, REF, ROAD_CLASS, SPEED_KPH, SURFACE
from gis.kernels.paths import route as nodes_of_route
from gis.space.geodesy import parts_of_lines
from gis.stages.journey_parts import SHARE_LEAST
from gis.stages.legs import Legs
from gis.stages.travel import BY_ROAD, NONE, OVER_LAND, Roads, search_roads

Float = NDArray[np.float64]

ACCESS, ROAD = "access", "road"
"""Kinds of legs: a local way between a place and the road, and along it; `over_land` is what leads over the land."""

_ROAD_COLUMNS = (ROAD_CLASS, SURFACE, REF, NAME)


@dataclass(frozen=True)
class Route:
    """A journey as a line.

    Parameters
    ----------
    from_id, to_id
        The settlement and its centre; `to_id` is None where none is reached.
    mode
        How it is made, as in `gis.stages.travel`.
    legs
        In order: `kind`, `road_class`, `surface`, `ref`, `name`, `length_km`, `travel_time_min`, `speed_kph`, and the
        line in longitude and latitude, in the direction of travel. Neighbouring stretches of one kind, class,
        surface, number and name are one leg. Empty at a centre and where none is reached.
    length_km, travel_time_min
        Of the whole journey, the sums of its legs: 0 at a centre, `inf` where none is reached.
    """

    from_id: str
    to_id: str | None
    mode: str
    legs: gpd.GeoDataFrame
    length_km: float
    travel_time_min: float

    @property
    def line(self) -> shapely.LineString | None:
        """Return the whole journey as one line; None where there are no legs."""
        if self.legs.empty:
            return None
        return shapely.LineString(_joined(self.legs.geometry.tolist()))

    @property
    def slowest(self) -> pd.Series | None:
        """Return the leg of the lowest speed, of several the one that takes longest; None where there are no legs.

        Legs that take less than a twentieth of the minutes hold nobody up and are left out, as on the cards.
        """
        if self.legs.empty:
            return None
        minutes = self.legs["travel_time_min"].to_numpy(float)
        order = np.lexsort([-minutes, self.legs[SPEED_KPH].to_numpy(float), minutes < SHARE_LEAST * minutes.sum()])
        slowest: pd.Series = self.legs.iloc[int(order[0])]
        return slowest


def route(
    points: gpd.GeoSeries,
    settlement: str,
    journey: pd.Series,
    *,
    centre: NDArray[np.bool_] | None = None,
    roads: Roads | None = None,
    legs: Legs | None = None,
) -> Route:
    """Draw the journey of a settlement to its centre.

    The roads are searched again, so that no run has to keep the ways of all journeys.

    Parameters
    ----------
    points
        Settlements, longitude and latitude, with a unique index.
    settlement
        The one that travels.
    journey
        Its row of `gis.stages.travel.road_journeys` (or `straight_journeys`).
    centre, roads, legs
        As for `road_journeys`; not needed for a journey that is not by road.

    Returns
    -------
    Route

    Raises
    ------
    ValueError
        A journey by road without the roads.

    Notes
    -----
    The length of the line itself differs from `length_km` by some millionths, since within a segment degrees are
    interpolated; a `straight` journey is longer than its line by the detour factor.

    Examples
    --------
    >>> from gis.stages.travel import straight_journeys
    >>> points = gpd.GeoSeries.from_xy([70.0, 71.0], [50.0, 50.0], index=["a", "b"], crs="EPSG:4326")
    >>> journeys = straight_journeys(points, np.array([True, False]), speed_kph=60, detour_factor=1.5)
    >>> made = route(points, "b", journeys.loc["b"])
    >>> made.to_id, made.mode, round(made.length_km, 1), made.line.wkt
    ('a', 'straight', 107.5, 'LINESTRING (71 50, 70 50)')
    """
    to_id, mode = journey["to_id"], str(journey["mode"])
    minutes, km = float(journey["travel_time_min"]), float(journey["distance_km"])
    if to_id is None or pd.isna(to_id):
        return Route(settlement, None, NONE, _frame([]), minutes, minutes)
    if settlement == to_id:
        return Route(settlement, settlement, mode, _frame([]), 0.0, 0.0)
    here, there = points.loc[settlement], points.loc[to_id]
    if mode != BY_ROAD:
        own, centre_at = points.index.get_indexer([settlement, to_id]).tolist()
        middle = np.empty((0, 2)) if legs is None else legs.between_centre(own, centre_at)
        shape = shapely.LineString([here.coords[0], *middle, there.coords[0]])
        leg = {"kind": mode, "length_km": km, "travel_time_min": minutes, "geometry": shape}
        return Route(settlement, str(to_id), mode, _frame([leg]), km, minutes)
    if centre is None or roads is None or legs is None:
        raise ValueError("the journey is by road: centre, roads and legs are needed")
    search = search_roads(roads, legs, centre)
    way = int(search.way[points.index.get_loc(settlement)])
    node = int(roads.pieces.cut_node[way])
    into = int(search.into[search.found.source[node]])
    nodes = nodes_of_route(search.found.predecessor, node)
    enter, leave = roads.places(nodes[[0, -1]])
    found = [
        _access(legs, way, float(legs.access_min[way]), here, enter),
        *_along(roads, nodes),
        _access(legs, into, float(legs.into_min[into]), there, leave, back=True),
    ]
    frame = _frame([leg for leg in found if leg["length_km"] > 0])
    return Route(
        settlement, str(to_id), mode, frame, float(frame["length_km"].sum()), float(frame["travel_time_min"].sum())
    )


def _access(
    legs: Legs, way: int, minutes: float, own: shapely.Point, road: Float, *, back: bool = False
) -> dict[str, Any]:
    line = shapely.LineString([own.coords[0], *legs.between(way), road])
    return {
        "kind": OVER_LAND if legs.over_land[way] else ACCESS,
        "length_km": float(legs.access_km[way]),
        "travel_time_min": minutes,
        "geometry": shapely.reverse(line) if back else line,
    }


def _along(roads: Roads, nodes: NDArray[np.int64]) -> list[dict[str, Any]]:
    """The pieces of road between neighbouring nodes of a journey; the graph holds them against its direction."""
    graph, pieces, edges = roads.graph, roads.pieces, roads.network.edges
    steps = []
    for a, b in pairwise(nodes.tolist()):
        row = slice(int(graph.offset[b]), int(graph.offset[b + 1]))
        steps.append(row.start + int(np.flatnonzero(graph.to[row] == a)[0]))
    step = np.array(steps, np.int64)
    number = graph.edge[step]
    piece, along = roads.driven(number)
    of = edges.iloc[pieces.edge[piece]]
    lines = parts_of_lines(of.geometry.to_numpy(), pieces.start[piece], pieces.end[piece])
    lines = np.where(along, lines, shapely.reverse(lines))
    columns = [column for column in _ROAD_COLUMNS if column in of]
    linked = roads.network.is_link[pieces.edge[piece]]
    return [
        {
            "kind": OVER_LAND if linked[i] else ROAD,
            **({} if linked[i] else {column: of[column].iloc[i] for column in columns}),
            "length_km": float(roads.km[number[i]]),
            "travel_time_min": float(graph.minutes[step[i]]),
            "geometry": lines[i],
        }
        for i in range(len(step))
    ]


def _frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Lay legs out as a table, neighbours of a kind joined."""
    columns = ["kind", *_ROAD_COLUMNS, "length_km", "travel_time_min", "geometry"]
    table = pd.DataFrame(rows, columns=columns).astype({"length_km": float, "travel_time_min": float})
    key = table[["kind", *_ROAD_COLUMNS]].astype(object).where(lambda t: t.notna(), "")
    group = (key != key.shift()).any(axis=1).cumsum()
    out = table.groupby(group, sort=False).agg(
        {**dict.fromkeys(columns, "first"), "length_km": "sum", "travel_time_min": "sum", "geometry": list}
    )
    out["geometry"] = [shapely.LineString(_joined(lines)) for lines in out["geometry"]]
    out[SPEED_KPH] = out["length_km"] / out["travel_time_min"] * 60.0
    return gpd.GeoDataFrame(out.reset_index(drop=True), geometry="geometry", crs="EPSG:4326")


def _joined(lines: list[shapely.LineString]) -> Float:
    """Set lines behind each other; a vertex that repeats the one before it is left out."""
    xy = shapely.get_coordinates(lines)
    new = np.ones(len(xy), bool)
    new[1:] = (np.abs(np.diff(xy, axis=0)) > 1e-12).any(axis=1)
    new[-1] = True
    return np.asarray(xy[new] if new.sum() > 1 else xy[[0, -1]])
