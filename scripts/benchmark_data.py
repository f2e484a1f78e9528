"""Data for the benchmark, made up but like the real: deterministic for a seed, and of any size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CORRIDOR = 0.012  # minutes per metre in mazes


def fractal(ny: int, nx: int, *, power: float = 1.8, seed: int = 0) -> Float:
    """Return fractal noise of mean 0 and deviation 1: amplitudes fall with frequency to the power given."""
    rng = np.random.default_rng(seed)
    noise = np.fft.rfft2(rng.standard_normal((ny, nx)))
    frequency = np.hypot(np.fft.fftfreq(ny)[:, None], np.fft.rfftfreq(nx)[None, :])
    frequency[0, 0] = np.inf
    noise *= frequency**-power
    field = np.fft.irfft2(noise, s=(ny, nx))
    return np.asarray((field - field.mean()) / field.std())


def draw_line(field: Float, ends: tuple[int, int, int, int], value: float) -> None:
    """Draw a straight line of a value into a field, one cell wide and joined by sides."""
    r0, c0, r1, c1 = ends
    steps = 2 * max(abs(r1 - r0), abs(c1 - c0), 1)
    t = np.linspace(0, 1, steps + 1)
    rows, columns = np.rint(r0 + t * (r1 - r0)).astype(int), np.rint(c0 + t * (c1 - c0)).astype(int)
    field[rows, columns] = value
    field[rows[1:], columns[:-1]] = value


def fractal_friction(ny: int, nx: int, *, seed: int = 0) -> Float:
    """Return minutes per metre: walking over fractal land, roads between towns, and lakes (6 %) as NaN."""
    land = fractal(ny, nx, seed=seed)
    friction = (60 / 4000) * np.exp(0.5 * land)
    water = fractal(ny, nx, seed=seed + 1)
    lake = water > np.quantile(water[:: max(1, ny // 500), :: max(1, nx // 500)], 0.94)
    friction[lake] = np.nan
    rng = np.random.default_rng(seed + 2)
    towns = np.stack([rng.integers(0, ny, 60), rng.integers(0, nx, 60)], axis=1)
    for town in towns:
        near = np.argsort(((towns - town) ** 2).sum(axis=1))[1:4]
        for other in towns[near]:
            draw_line(friction, (*town, *other), 60 / 60_000)
    return friction


def white_noise(ny: int, nx: int, *, seed: int = 0) -> Float:
    """Return lognormal friction in which each cell is drawn alone."""
    return 0.01 * np.random.default_rng(seed).lognormal(0.0, 1.0, (ny, nx))


def serpentine(ny: int, nx: int, *, width: int = 1) -> Float:
    """Return corridors that run to and fro, joined at alternate ends; the walls, one cell wide, are NaN."""
    friction = np.full((ny, nx), CORRIDOR)
    for number, wall in enumerate(range(width, ny, width + 1)):
        friction[wall] = np.nan
        friction[wall, -width:] = CORRIDOR
        if number % 2:
            friction[wall, -width:], friction[wall, :width] = np.nan, CORRIDOR
    return friction


def spiral(ny: int, nx: int, *, width: int = 1) -> Float:
    """Return one corridor that winds inwards from the first corner; the walls, one cell wide, are NaN."""
    friction = np.full((ny, nx), CORRIDOR)
    west, step = 0, width + 1
    top, left, bottom, right = width, width, ny - 1 - width, nx - 1 - width
    while left < right and top < bottom:
        friction[top, west : right + 1] = np.nan
        friction[top : bottom + 1, right] = np.nan
        friction[bottom, left : right + 1] = np.nan
        friction[top + step : bottom + 1, left] = np.nan
        west, top, left, bottom, right = left, top + step, left + step, bottom - step, right - step
    return friction


def perfect_maze(ny: int, nx: int, *, width: int = 1, seed: int = 0) -> Float:
    """Return a maze with one way between any two places, carved by a walk that turns back only where it is stuck."""
    step, rng = width + 1, np.random.default_rng(seed)
    rows, columns = (ny + 1) // step, (nx + 1) // step
    friction = np.full((ny, nx), np.nan)
    for row in range(width):
        for column in range(width):
            friction[row : rows * step : step, column : columns * step : step] = CORRIDOR
    new = np.ones((rows, columns), bool)
    new[0, 0], trail, dice = False, [(0, 0)], iter(())
    while trail:
        i, j = trail[-1]
        ways = [
            (p, q)
            for p, q in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1))
            if 0 <= p < rows and 0 <= q < columns and new[p, q]
        ]
        if not ways:
            trail.pop()
            continue
        if (chance := next(dice, None)) is None:
            dice = iter(rng.random(100_000).tolist())
            chance = next(dice)
        p, q = ways[int(chance * len(ways))]
        if p == i:
            friction[i * step : i * step + width, max(j, q) * step - 1] = CORRIDOR
        else:
            friction[max(i, p) * step - 1, j * step : j * step + width] = CORRIDOR
        new[p, q] = False
        trail.append((p, q))
    return friction


def starts(friction: Float, count: int, *, seed: int = 0) -> Float:
    """Return starting minutes: 0 at `count` cells that can be walked on, inf elsewhere."""
    start = np.full(friction.shape, np.inf)
    free = np.flatnonzero(np.isfinite(friction))
    start.ravel()[np.random.default_rng(seed + 3).choice(free, count, replace=False)] = 0.0
    return start


@dataclass(frozen=True)
class Roads:
    """A generated road network: both directions of an edge are listed where it is not one-way."""

    n: int
    from_node: Int
    to_node: Int
    minutes: Float
    xy_m: Float


def road_network(edges: int = 1_000_000, *, seed: int = 0) -> Roads:
    """Return a national network of about `edges` undirected edges, most of them links of chains.

    Junctions lie on a jittered lattice cut into a few components (bridges join some of them); each road between
    two junctions is a chain of degree-2 nodes, so that about 86 % of the nodes have degree 2; 4 % of the roads
    are one-way, 6 % are missing.
    """
    rng = np.random.default_rng(seed)
    links = 4.3  # the mean number of edges of a road
    side = max(3, round(np.sqrt(edges / links / 1.88)))
    ny, nx = side, side + 1
    number = np.arange(ny * nx).reshape(ny, nx)
    roads = np.concatenate(
        [
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1),
            np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1),
        ]
    )
    row, column = roads[:, 0] // nx, roads[:, 0] % nx
    crosses = ((roads[:, 1] // nx != row) & (row == ny // 3)) | ((roads[:, 1] % nx != column) & (column == 2 * nx // 3))
    keep = rng.random(len(roads)) > np.where(crosses, 0.99, 0.06)
    islet = (row < ny // 20) & (column < nx // 20) & ((roads[:, 1] // nx >= ny // 20) | (roads[:, 1] % nx >= nx // 20))
    roads = roads[keep & ~islet]
    xy = np.stack([number % nx, number // nx], axis=-1).reshape(-1, 2) * 2000.0
    xy = xy + rng.uniform(-600, 600, xy.shape)
    return _chained(roads, xy, links, rng)


def _chained(roads: Int, xy: Float, links: float, rng: np.random.Generator) -> Roads:
    """Cut each road into a chain of links and list both directions but for the one-ways."""
    count = 1 + rng.poisson(links - 1, len(roads))
    road = np.repeat(np.arange(len(roads)), count)
    position = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    n_junctions = len(xy)
    inner = n_junctions + np.cumsum(position > 0) - 1  # number of the node before each link but the first
    a = np.where(position == 0, roads[road, 0], inner)
    b = np.where(position == count[road] - 1, roads[road, 1], inner + 1)
    share = (position / count[road])[:, None]
    at = xy[roads[road, 0]] * (1 - share) + xy[roads[road, 1]] * share
    nodes = np.concatenate([xy, (at + rng.uniform(-40, 40, at.shape))[position > 0]])
    length = np.hypot(*(nodes[a] - nodes[b]).T)
    speed = rng.choice([90.0, 70.0, 50.0, 30.0], len(roads), p=[0.05, 0.15, 0.4, 0.4])[road]
    minutes = length / 1000 / speed * 60
    both = (rng.random(len(roads)) > 0.04)[road]
    return Roads(
        len(nodes),
        np.concatenate([a, b[both]]),
        np.concatenate([b, a[both]]),
        np.concatenate([minutes, minutes[both]]),
        nodes,
    )
