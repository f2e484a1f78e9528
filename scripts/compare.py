"""Put two runs side by side: one page with a swipe between them, and the settlements whose class differs."""

import argparse
import json
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from gis import fields as f
from gis.publish.rasters import read_minutes
from gis.publish.web_map import OtherRun, write_map
from gis.space.grid import Grid


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compare two runs on one map; settlements are matched by their id.")
    parser.add_argument("left", type=Path, help="folder of a run; its map is drawn")
    parser.add_argument("right", type=Path, help="folder of another run of the same settlements")
    parser.add_argument("--out", type=Path, default=Path("compare.html"), metavar="HTML", help="default: compare.html")
    parser.add_argument("--name", default="", help="name of the other run (default: the name of its folder)")
    chosen = parser.parse_args(argv)
    for folder in (chosen.left, chosen.right):
        for name in ("results.gpkg", "settlements.csv", "run.json"):
            if not (folder / name).is_file():
                print(f"compare.py: {folder} is no folder of a run: there is no {name}", file=sys.stderr)
                return 1
    run = json.loads((chosen.left / "run.json").read_text("utf-8"))
    layers = set(pyogrio.list_layers(chosen.left / "results.gpkg")[:, 0])
    settlements, other = _settlements(chosen.left), _settlements(chosen.right)
    both = settlements.index.intersection(other.index)
    if both.empty:
        print("compare.py: the two runs have no settlement in common", file=sys.stderr)
        return 1
    tiers = list(run["tiers"])
    surfaces, grid = _surfaces(chosen.left, tiers)
    write_map(
        chosen.out,
        settlements=settlements,
        centres=_layer(chosen.left, "centres").set_index(f.SETTLEMENT_ID),
        roads=_layer(chosen.left, "roads") if "roads" in layers else None,
        context={name: _layer(chosen.left, name) for name in ("land", "water") if name in layers},
        surfaces=surfaces,
        grid=grid,
        tiers=tiers,
        tier_names=run["tiers"],
        contributions=[c.removeprefix("contribution_") for c in settlements if c.startswith("contribution_")],
        compare=OtherRun(chosen.name or chosen.right.resolve().name, other, *_surfaces(chosen.right, tiers)),
        language=run["parameters"]["language"],
        title=run["title"],
        notes=run["parameters"]["notes"],
    )
    changed = settlements.loc[both, f.POTENTIAL] != other.loc[both, f.POTENTIAL]
    print(f"{chosen.out}: {len(both)} settlements in both, potential differs in {changed.sum()}")
    return 0


def _layer(folder: Path, name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "results.gpkg", layer=name)


def _surfaces(folder: Path, tiers: list[str]) -> tuple[dict[tuple[str, str], np.ndarray], Grid | None]:
    """Read the travel times from everywhere, in the first season."""
    if not (folder / "travel_time.tif").is_file():
        return {}, None
    bands, grid = read_minutes(folder / "travel_time.tif")
    names = {tier: f.travel_time_min(tier) for tier in tiers}
    return {(tier, ""): bands[name] for tier, name in names.items() if name in bands}, grid


def _settlements(folder: Path) -> gpd.GeoDataFrame:
    """Read the settlements; a GeoPackage has no infinity, so what cannot be reached comes from the table beside it."""
    frame = _layer(folder, "settlements").set_index(f.SETTLEMENT_ID)
    table = pd.read_csv(folder / "settlements.csv", dtype={f.SETTLEMENT_ID: str}, low_memory=False)
    for column in table.columns.intersection(frame.columns):
        if pd.api.types.is_float_dtype(table[column]) and np.isinf(table[column]).any():
            frame[column] = table[column].to_numpy()
    return frame.set_index(frame.index.astype(str))


if __name__ == "__main__":
    sys.exit(main())
