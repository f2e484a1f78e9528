"""Links over land between roads that are not joined: there a journey leaves one road, and goes on by another."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.fields import COMPONENT_ID, FROM_ID, LENGTH_M, ONEWAY, ROAD_CLASS, TO_ID
from gis.kernels.along import ROUNDING_MIN
from gis.space.geodesy import lines_through, points_along
from gis.space.network import Network
from gis.stages.land import Land
from gis.stages.legs import Legs
from gis.stages.over_land import Spread
from gis.stages.surface import RoadCells, not_beaten
from gis.stages.travel import OVER_LAND, Search

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

_PLACE, _WAY = ["edge", "fraction", "to_edge", "to_fraction"], ["settlement", "edge", "fraction"]


@dataclass(frozen=True)
class Links:
    """Ways over land that begin at a road.

    Parameters
    ----------
    to_road
        A row for each that leads to another road: `edge` and `fraction`, where it leaves the one, `to_edge` and
        `to_fraction`, where it reaches the other; `minutes`, `km`; `path`, the cells that it passes; `via`, the
        settlement by whose own way to the road it arrives, or -1.
    to_centre
        A row for each that leads to a centre, as `gis.stages.around_centres.ways_of_centres` returns them, for those
        who arrive alone.
    """

    to_road: pd.DataFrame
    to_centre: pd.DataFrame

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.to_road) + len(self.to_centre)

    def new_beside(self, others: "Links") -> "Links":
        """Return those that are not among others."""
        return Links(
            _not_in(self.to_road, others.to_road, _PLACE),
            _not_in(self.to_centre, others.to_centre, _WAY),
        )

    def with_more(self, more: "list[Links]") -> "Links":
        """Return these and those; of equal ones the quickest."""
        roads = pd.concat([self.to_road, *(one.to_road for one in more)], ignore_index=True)
        centres = pd.concat([self.to_centre, *(one.to_centre for one in more)], ignore_index=True)
        return Links(
            roads.sort_values([*_PLACE, "minutes"], kind="stable").drop_duplicates(_PLACE, ignore_index=True),
            centres.sort_values([*_WAY, "into_min"], kind="stable").drop_duplicates(_WAY, ignore_index=True),
        )


_TO_ROAD = {"edge": int, "fraction": float, "to_edge": int, "to_fraction": float, "minutes": float, "km": float}
_TO_CENTRE = {"settlement": int, "to": int, "edge": int, "fraction": float, "access_min": float, "into_min": float}


def no_links() -> Links:
    """Return none."""
    made = (
        pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in {**columns, "path": object, "via": int}.items()})
        for columns in (_TO_ROAD, {**_TO_CENTRE, "km": float})
    )
    return Links(*made)


def links_over_land(
    spread: Spread, side: RoadCells, search: Search, legs: Legs, ways: pd.DataFrame, centre: Bool
) -> Links:
    """Find where it is quicker to leave a road that is not of the main network for the land than to go on by it.

    Of a road from which the land is quicker all along, each cell has its links; of one that is better driven to a place
    nearer to the centre, or to where the way over land is short, only that place.

    Parameters
    ----------
    spread
        The minutes of the land.
    side
        The roads that are not of the main network, which nobody leaves for the land.
    search, legs, ways
        The journeys by road that they came from, and the ways to the roads.
    centre
        Which settlements are centres.

    Returns
    -------
    Links
        None where minutes by road and over land agree already.

    Notes
    -----
    A way leads out of the cell, from its middle: how far apart the roads within a cell are the grid does not know, so
    from one to another in the same cell it is the way to a cell beside and back.
    """
    roads = spread.cells.roads
    driven = roads.network.is_link[roads.pieces.edge]
    driven[side.piece] = True
    minutes, beside, step_km = spread.land.out_of(spread.answer, side.cell)
    gains = minutes < side.at_ends(spread.node_minutes) - ROUNDING_MIN
    some = np.flatnonzero(gains.any(axis=0))
    if not len(some):
        return no_links()
    side, gains, minutes, beside, step_km = side.some(some), gains[:, some], minutes[some], beside[some], step_km[some]
    found = spread.land.follow(spread.answer, beside)
    starts = spread.start.reshape(-1)[found.end]
    on = spread.arrivals(found.end, starts, search, legs, ways, centre)
    paths = [np.append(cell, found.way(k)) for k, cell in enumerate(side.cell)]
    over = pd.DataFrame(
        {
            "piece": side.piece,
            "to": on["to"],
            "to_edge": on["edge"],
            "to_fraction": on["fraction"],
            "total": minutes,
            "minutes": np.maximum(minutes - starts, 0.0) + on["access_min"],
            "km": step_km + found.km + on["km"],
            "path": pd.Series(paths, on.index, dtype=object),
            "via": on["via"],
        }
    )
    ends = [over.assign(share=share)[there] for share, there in zip((side.enter, side.leave), gains, strict=True)]
    every = pd.concat(ends).sort_values(["piece", "share"], kind="stable", ignore_index=True)
    piece, share, total = (every[name].to_numpy() for name in ("piece", "share", "total"))
    edge, fraction = roads.pieces.on_edges(piece, share)
    every = every.assign(edge=edge, fraction=fraction)[not_beaten(roads, piece, share, total, driven)]
    arrive = every[every["to"] >= 0]
    to_centre = pd.DataFrame(
        {
            "settlement": arrive["to"],
            "to": -1,
            "edge": arrive["edge"],
            "fraction": arrive["fraction"],
            "access_min": np.inf,
            "into_min": arrive["minutes"],
            "km": arrive["km"],
            "path": pd.Series([path[::-1] for path in arrive["path"]], arrive.index, dtype=object),
            "via": -1,
        }
    )
    to_road = every.loc[every["to"] < 0, [*_TO_ROAD, "path", "via"]]
    return no_links().with_more([Links(to_road, to_centre)])


def with_links(network: Network, links: pd.DataFrame, land: Land, lonlat: Float) -> Network:
    """Put links behind the edges of a network: one-way, of the class `over_land`, with the line that they take.

    Parameters
    ----------
    network
        The roads.
    links
        `Links.to_road`.
    land
        The land of their paths.
    lonlat
        Of the settlements, shape `(n, 2)`.

    Returns
    -------
    Network
        Links join no nodes of it, but the places where `gis.stages.travel.Roads.cut_at` cuts its edges; their speed is
        `links_kph`.
    """
    if not len(links):
        return network
    edges = network.edges
    rows = edges.iloc[np.zeros(len(links), np.int64)].copy()
    for column in edges.columns.drop("geometry"):
        kind = edges[column].dtype.kind
        rows[column] = pd.Series([{"b": False, "i": 0, "f": np.nan}.get(kind)] * len(links), rows.index).astype(
            edges[column].dtype
        )
    rows[FROM_ID] = rows[TO_ID] = rows[COMPONENT_ID] = -1
    rows[ROAD_CLASS], rows[ONEWAY], rows[LENGTH_M] = OVER_LAND, 1, links["km"].to_numpy(float) * 1000.0
    rows["geometry"] = _lines(edges.geometry.to_numpy(), links, land, lonlat)
    return Network(network.nodes, gpd.GeoDataFrame(pd.concat([edges, rows], ignore_index=True), crs=edges.crs))


def links_kph(links: pd.DataFrame) -> Float:
    """Return the speed on links, shape `(n,)`: any on those of no length."""
    km, minutes = links["km"].to_numpy(float), links["minutes"].to_numpy(float)
    return np.asarray(np.divide(km * 60.0, minutes, out=np.ones(len(km)), where=(km > 0) & (minutes > 0)))


def _lines(shapes: NDArray[np.object_], links: pd.DataFrame, land: Land, lonlat: Float) -> NDArray[np.object_]:
    """The lines of links: from road to road by the middles of the cells between, and by the door of a settlement."""
    n = np.arange(len(links))
    begin, end = (
        points_along(shapes[links[edge].to_numpy(np.int64)], n, links[share].to_numpy(float))
        for edge, share in (("edge", "fraction"), ("to_edge", "to_fraction"))
    )
    via = links["via"].to_numpy(np.int64)
    inner = [path[1:-1] for path in links["path"]]
    middles = land.lonlat(np.concatenate(inner)), np.repeat(n, [len(cells) for cells in inner])
    return lines_through(begin, [middles, (lonlat[via[via >= 0]], n[via >= 0])], end)


def _not_in(some: pd.DataFrame, others: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    known = pd.MultiIndex.from_frame(others[key])
    return some[~pd.MultiIndex.from_frame(some[key]).isin(known)]
