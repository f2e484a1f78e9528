"""Cost distance beside other engines: fractal land, a maze, white noise."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import benchmark_data as data
import numpy as np
from benchmark_tools import Peer, compare, installed, note, peak_bytes, relative

from gis.kernels.cost_distance import cost_distance

CELL_M = 1000.0
MAZES = {"serpentine": data.serpentine, "spiral": data.spiral, "carved": data.perfect_maze}


def surface_peers(friction: np.ndarray, start: np.ndarray, grass_folder: Path) -> list[Peer]:
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
        # It adds in 64 bits and hands out 32: half a unit of their last place is 6e-8.
        peers.append(Peer("xarray-spatial (float32)", lambda: xrspatial_cost_distance(source, cost).data))
    if installed("skimage"):
        from skimage.graph import MCP_Geometric

        barred = np.where(np.isnan(friction), -1.0, friction * CELL_M)
        places = np.argwhere(start == 0)
        peers.append(Peer("scikit-image MCP_Geometric", lambda: MCP_Geometric(barred).find_costs(places)[0]))
    if shutil.which("grass"):
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


def surface(title: str, friction: np.ndarray, start: np.ndarray, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        peers = surface_peers(friction, start, Path(folder))
        compare(f"{title}, {friction.shape[0]} x {friction.shape[1]}", peers, relative, runs, friction.size)
    bytes_a_cell = peak_bytes(peers[0].call) / friction.size
    note(f"memory beyond the input: {bytes_a_cell:.1f} bytes a cell, of which 8 are the minutes")
    began, answer = time.perf_counter(), cost_distance(friction, start, dx=CELL_M, dy=CELL_M, diagonal_gaps=True)
    solved = time.perf_counter()
    cells = int((answer.source >= 0).sum())
    print(
        f"  sources and moves, asked for only here: {time.perf_counter() - solved:.3f} s after {solved - began:.3f} s,"
        f" 5 bytes a cell; {cells} cells have a source"
    )


def fractal(runs: int, rows: int) -> None:
    friction = data.fractal_friction(rows, rows + 1)
    surface("cost distance, fractal", friction, data.starts(friction, min(100, rows)), runs)


def maze(runs: int, rows: int) -> None:
    """Run every kind of maze and width of corridor at two sizes, from the first corner."""
    for ny in (rows // 3, rows):
        for width in (1, 2, 3, 5, 9):
            for name, make in MAZES.items():
                friction = make(ny, ny + 1, width=width)
                start = np.full(friction.shape, np.inf)
                start[0, 0] = 0.0
                surface(f"cost distance, {name} maze, corridors {width} wide", friction, start, runs)


def noise(runs: int, rows: int) -> None:
    for ny in (rows // 3, rows):
        friction = data.white_noise(ny, ny + 1)
        surface("cost distance, white noise", friction, data.starts(friction, min(100, ny)), runs)
