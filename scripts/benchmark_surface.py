"""Cost distance beside other engines: fractal land, a maze, white noise."""

import benchmark_data as data
import numpy as np
from benchmark_tools import Peer, compare, installed, note, peak_bytes, relative

from gis.kernels.cost_distance import cost_distance

CELL_M = 1000.0


def surface_peers(friction: np.ndarray, start: np.ndarray, *, slow: bool) -> list[Peer]:
    """List the engines for a cost surface; the peers let corners leak, so ours does here too."""

    def ours() -> np.ndarray:
        return cost_distance(friction, start, dx=CELL_M, dy=CELL_M, diagonal_gaps=True).minutes

    peers = [Peer("this project", ours)]
    if installed("xrspatial"):
        import xarray
        from xrspatial import cost_distance as xrspatial_cost_distance

        coords = {"y": np.arange(len(friction))[::-1] * CELL_M, "x": np.arange(friction.shape[1]) * CELL_M}
        cost = xarray.DataArray(friction, dims=["y", "x"], coords=coords)
        source = xarray.DataArray((start == 0).astype(float), dims=["y", "x"], coords=coords)
        # Its answer is of 32 bits, and such sums drift.
        peers.append(Peer("xarray-spatial (float32)", lambda: xrspatial_cost_distance(source, cost).data, 0.05))
    if slow and installed("skimage"):
        from skimage.graph import MCP_Geometric

        barred = np.where(np.isnan(friction), -1.0, friction * CELL_M)
        places = np.argwhere(start == 0)
        peers.append(Peer("scikit-image MCP_Geometric", lambda: MCP_Geometric(barred).find_costs(places)[0]))
    return peers


def surface(title: str, friction: np.ndarray, count: int, runs: int) -> None:
    start = data.starts(friction, count)
    peers = surface_peers(friction, start, slow=friction.size < 2e7)
    compare(f"{title}, {friction.shape[0]} x {friction.shape[1]}", peers, relative, runs, friction.size)
    bytes_a_cell = peak_bytes(peers[0].call) / friction.size
    note(f"memory beyond the input: {bytes_a_cell:.1f} bytes a cell, of which 12 are minutes and sources")


def fractal(runs: int, rows: int) -> None:
    surface("cost distance, fractal", data.fractal_friction(rows, rows + 1), min(100, rows), runs)


def maze(runs: int, rows: int) -> None:
    for ny in (rows // 3, rows):
        ny += 1 - ny % 2  # the walls are every other row
        surface("cost distance, serpentine maze", data.serpentine(ny, ny - 1), 1, runs)


def noise(runs: int, rows: int) -> None:
    for ny in (rows // 3, rows):
        surface("cost distance, white noise", data.white_noise(ny, ny + 1), min(100, ny), runs)
