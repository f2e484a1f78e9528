"""Generate a national road network of a given size as a layer: for trials at the size of a whole country.

Junctions on a jittered lattice over Kazakhstan, several components, chains of nodes of degree two, one-way roads, and
bridges that pass over other roads. The same size and seed give the same layer.
"""

import argparse
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

WEST, SOUTH, EAST, NORTH = 46.6, 40.7, 87.2, 55.4
CLASSES = ("trunk", "primary", "secondary", "tertiary", "unclassified")
SURFACES = ("asphalt", "gravel", "ground")


def main(argv: list[str] | None = None) -> int:
    """Write the layer; its suffix names the format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="for example roads.fgb or roads.gpkg")
    parser.add_argument("--edges", type=int, default=1_000_000, help="about how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(argv)
    roads = network(chosen.edges, chosen.seed)
    roads.to_file(chosen.out, index=False)
    print(f"{len(roads)} edges in {chosen.out}")
    return 0


def network(edges: int, seed: int) -> gpd.GeoDataFrame:
    """Return about `edges` lines, most of them links of chains between junctions."""
    from benchmark_data import road_network

    made = road_network(edges, seed=seed)
    rng = np.random.default_rng(seed + 1)
    # Both directions of a two-way edge are listed: keep each pair once, and know which have only one.
    low, high = np.minimum(made.from_node, made.to_node), np.maximum(made.from_node, made.to_node)
    pair, first, count = np.unique(low * made.n + high, return_index=True, return_counts=True)
    a, b = made.from_node[first], made.to_node[first]
    lonlat = _over_country(made.xy_m)
    middle = (lonlat[a] + lonlat[b]) / 2 + rng.uniform(-2e-4, 2e-4, (len(pair), 2))
    lines = shapely.linestrings(np.stack([lonlat[a], middle, lonlat[b]], axis=1).round(7))
    rank = rng.choice(len(CLASSES), len(pair), p=[0.05, 0.15, 0.2, 0.3, 0.3])
    return gpd.GeoDataFrame(
        {
            "road_id": np.arange(1, len(pair) + 1).astype(str),
            "road_class": np.array(CLASSES)[rank],
            "surface": np.array(SURFACES)[np.where(rank < 3, 0, rng.integers(0, 3, len(pair)))],
            "oneway": np.where(count == 1, "yes", "no"),
            "bridge": np.where(rng.random(len(pair)) < 0.01, "yes", "no"),
        },
        geometry=lines,
        crs="EPSG:4326",
    )


def _over_country(xy: np.ndarray) -> np.ndarray:
    """Stretch the lattice over the bounds of the country."""
    share = (xy - xy.min(axis=0)) / (xy.max(axis=0) - xy.min(axis=0))
    return share * [EAST - WEST, NORTH - SOUTH] + [WEST, SOUTH]


if __name__ == "__main__":
    sys.exit(main())
