"""Rasters of travel time and of distance to the nearest centre."""

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from gis.kernels.cost_distance import cost_distance
from gis.space.geodesy import nearest_point, points_along
from gis.space.grid import Grid
from gis.stages.travel import Roads, piece_minutes

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# Roads are entered into the cells at points this many to a cell's width: a cell that a road only clips is missed by at
# most a third of a cell.
_POINTS_PER_CELL = 3


def travel_time_surface(
    roads: Roads,
    node_minutes: Float,
    grid: Grid,
    friction: Float,
    *,
    lon: Float,
    lat: Float,
    settlement_min: Float,
) -> Float:
    """Spread the minutes that were solved on the roads over the land beside them.

    Each cell that a road crosses starts with the least minutes of the road inside it, each cell that holds a
    settlement with that settlement's minutes; from there the raster carries them over land. So a cell
    on a road has the road's time, and a cell off it the time over land to the road, and on.

    Parameters
    ----------
    roads
        The cut network.
    node_minutes
        Minutes of its nodes, from `gis.stages.travel.road_journeys`, shape `(n_nodes,)`.
    grid
        Of the surface, shape `(ny, nx)`.
    friction
        Minutes per metre over land, `inf` where one cannot go, NaN outside the study area, shape `(ny, nx)`.
    lon, lat, settlement_min
        Settlements and their minutes.

    Returns
    -------
    array of shape `(ny, nx)`
        Minutes; `inf` unreachable, NaN outside the study area.
    """
    start = np.full(grid.shape, np.inf)
    edge_lon, edge_lat, minutes = road_points(roads, node_minutes, grid)
    _enter(
        start,
        grid,
        np.concatenate([edge_lon, lon]),
        np.concatenate([edge_lat, lat]),
        np.r_[minutes, settlement_min],
    )
    dx, dy = grid.cell_sizes_m()
    minutes = cost_distance(friction, start, dx=dx, dy=dy).minutes
    return np.where(np.isnan(friction), np.nan, minutes)


def road_points(roads: Roads, node_minutes: Float, grid: Grid) -> tuple[Float, Float, Float]:
    """Walk along the roads and give points, a third of a cell apart, with the minutes from each to its centre.

    Parameters
    ----------
    roads, node_minutes
        As in `travel_time_surface`.
    grid
        Whose cells set the spacing.

    Returns
    -------
    lon, lat, minutes : arrays of shape `(n,)`
    """
    p, edges = roads.pieces, roads.network.edges
    forward, backward = piece_minutes(roads.network, roads.pieces)
    dx, dy = grid.cell_sizes_m()
    spacing = min(dx.min(), dy.min()) / _POINTS_PER_CELL
    length = edges["length_m"].to_numpy()[p.edge] * (p.end - p.start)
    count = np.ceil(length / spacing).astype(np.int64) + 1
    piece = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    share = step / np.maximum(count[piece] - 1, 1)
    with np.errstate(invalid="ignore"):  # 0 x inf at the end of a one-way piece is the end itself
        to_end = node_minutes[p.to_id[piece]] + np.where(share == 1, 0.0, forward[piece] * (1 - share))
        to_start = node_minutes[p.from_id[piece]] + np.where(share == 0, 0.0, backward[piece] * share)
    at = p.start[piece] + share * (p.end - p.start)[piece]
    xy = points_along(edges.geometry.to_numpy(), p.edge[piece], at)
    return xy[:, 0], xy[:, 1], np.fmin(to_end, to_start)


def distance_surface(grid: Grid, lon: Float, lat: Float) -> Float:
    """Measure from the middle of every cell to the nearest centre, geodesic.

    Parameters
    ----------
    grid
        Shape `(ny, nx)`.
    lon, lat
        The centres.

    Returns
    -------
    array of shape `(ny, nx)`
        Kilometres; NaN everywhere where there is no centre.

    Examples
    --------
    >>> from affine import Affine
    >>> grid = Grid((1, 2), Affine(1, 0, 69.5, 0, -1, 50.5), "EPSG:4326")
    >>> distance_surface(grid, np.array([70.0]), np.array([50.0])).round(1).tolist()
    [[0.0, 71.7]]
    """
    if len(lon) == 0:
        return np.full(grid.shape, np.nan)
    cell_lon, cell_lat = grid.lonlat()
    metres, _ = nearest_point(cell_lon.ravel(), cell_lat.ravel(), lon, lat)
    return metres.reshape(grid.shape) / 1000.0


def over_land_friction(
    grid: Grid,
    *,
    speed_kph: float,
    water: NDArray[np.bool_] | None = None,
    outside: NDArray[np.bool_] | None = None,
) -> Float:
    """Make friction over land: one stated speed, none over water, unknown outside the study area.

    Parameters
    ----------
    grid
        Shape `(ny, nx)`.
    speed_kph
        Over land.
    water, outside
        Cells of water, and cells outside the study area, shape `(ny, nx)`.

    Returns
    -------
    array of shape `(ny, nx)`
        Minutes per metre; `inf` water, NaN outside.

    Examples
    --------
    >>> from affine import Affine
    >>> grid = Grid((1, 2), Affine(1, 0, 69.5, 0, -1, 50.5), "EPSG:4326")
    >>> over_land_friction(grid, speed_kph=6.0, water=np.array([[False, True]])).tolist()
    [[0.01, inf]]
    """
    friction = np.full(grid.shape, 60.0 / (speed_kph * 1000.0))
    if water is not None:
        friction[water] = np.inf
    if outside is not None:
        friction[outside] = np.nan
    return friction


def _enter(start: Float, grid: Grid, lon: Float, lat: Float, minutes: Float) -> None:
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(lon, lat)
    row, column = grid.cells(x, y)
    inside = (row >= 0) & np.isfinite(minutes)
    np.minimum.at(start, (row[inside], column[inside]), minutes[inside])
