"""Cost distance beside other engines: fractal land, a maze, white noise."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import benchmark_data as data
import numpy as np
from benchmark_tools import Peer, compare, installed, note, peak_bytes, relative

from gis.kernels.cost_distance import cost_distance

CELL_M = 1000.0


def surface_peers(
    friction: np.ndarray, start: np.ndarray, *, slow: bool, grass_folder: Path | None = None
) -> list[Peer]:
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
    if slow and grass_folder is not None and shutil.which("grass"):
        peers.append(Peer("GRASS r.cost", grass_peer(friction, start, grass_folder)))
    return peers


def grass_peer(friction: np.ndarray, start: np.ndarray, folder: Path) -> Callable[[], Callable[[], np.ndarray]]:
    """Read friction and starts into a scratch location; the call is `r.cost` alone and the second that GRASS starts."""
    (ny, nx), location = friction.shape, folder / "location"

    def grass(*command: str) -> None:
        subprocess.run(["grass", *command], check=True, capture_output=True)

    def module(*command: str) -> None:
        grass(str(location / "PERMANENT"), "--exec", *command)

    grass("-c", "XY", "-e", str(location))
    (friction * CELL_M).astype("f8").tofile(folder / "friction.bin")
    extent = [f"north={ny}", "south=0", f"east={nx}", "west=0", f"rows={ny}", f"cols={nx}"]
    source = f"input={folder / 'friction.bin'}"
    module("r.in.bin", "-d", source, "output=friction", "bytes=8", "anull=nan", *extent)
    module("g.region", "raster=friction")
    points = "\n".join(f"{column + 0.5}|{ny - row - 0.5}" for row, column in np.argwhere(start == 0))
    (folder / "points.txt").write_text(points)
    module("v.in.ascii", f"input={folder / 'points.txt'}", "output=points", "separator=pipe")

    def minutes() -> np.ndarray:
        module("r.out.bin", "input=cost", f"output={folder / 'cost.bin'}", "bytes=8", "null=nan", "--overwrite")
        return np.fromfile(folder / "cost.bin", "f8").reshape(ny, nx)

    def cost() -> Callable[[], np.ndarray]:
        module("r.cost", "input=friction", "output=cost", "start_points=points", "memory=4000", "--overwrite")
        return minutes

    return cost


def surface(title: str, friction: np.ndarray, count: int, runs: int) -> None:
    start = data.starts(friction, count)
    with tempfile.TemporaryDirectory() as folder:
        peers = surface_peers(friction, start, slow=friction.size < 2e7, grass_folder=Path(folder))
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
