"""A small country whose villages are far from sure of their class."""

from pathlib import Path

import numpy as np
import pandas as pd
from study_tools import write_roads

STUDY = """\
title = "Sure & <b>unsure</b>"
language = "{language}"
[settlements]
path = "places.csv"
[roads]
path = "roads.geojson"
[[tiers]]
name = "town"
values = ["town"]
[[tiers]]
name = "district_centre"
values = ["district_centre"]
[[seasons]]
name = "summer"
months = [4, 5, 6, 7, 8, 9]
[[seasons]]
name = "winter"
months = [10, 11, 12, 1, 2, 3]
unpaved = 0.5
[grid]
cell_km = 20
[remoteness]
preset = "kz"
[blocks]
access = 2
life = 1
[[indicators]]
name = "remoteness"
block = "access"
column = "remoteness"
direction = -1
[[indicators]]
name = "water"
block = "life"
column = "water"
direction = 1
[[indicators]]
name = "people"
block = "life"
column = "population"
direction = 1
transform = "log"
[potential]
rule = "thresholds"
high = 70
low = 45
{more}
"""
HOSTILE = "<script>alert(1)</script> & \"Ауыл\" 'x'"


def places(n: int = 12) -> pd.DataFrame:
    """Villages along the road from the town, and on the track that leaves it half way."""
    rng = np.random.default_rng(7)
    along = np.linspace(0.0, 1.0, n - 3)
    branch = np.array([0.3, 0.7, 1.0])
    lon = np.concatenate([69.9 + 0.6 * along, 70.5 + 0.2 * branch])
    lat = np.concatenate([np.full(n - 3, 50.0), 50.0 + 0.3 * branch])
    tier = ["town", *["village"] * (n - 1)]
    tier[4] = "district_centre"
    water = np.round(rng.random(n) * 100, 1)
    water[[2, 7]] = np.nan
    people = np.round(np.exp(rng.normal(6.5, 1.2, n)))
    people[5] = 0
    names = [f"Ауыл {i}" for i in range(n)]
    names[6] = HOSTILE
    return pd.DataFrame(
        {
            "settlement_id": [f"p{i:02d}" for i in range(n)], "name": names, "population": people, "tier": tier,
            "lon": lon.round(5), "lat": lat.round(5), "water": water,
        }
    )  # fmt: skip


def write_study(
    folder: Path, *, language: str = "en", more: str = "", table: pd.DataFrame | None = None, branch: str = "track"
) -> Path:
    """Write places, roads and the study; return the study file."""
    folder.mkdir(parents=True, exist_ok=True)
    (places() if table is None else table).to_csv(folder / "places.csv", index=False)
    surface = {"road_class": branch, "surface": "ground" if branch == "track" else "asphalt"}
    write_roads(folder / "roads.geojson", {"road_class": "primary", "surface": "asphalt"}, surface)
    study = folder / "study.toml"
    study.write_text(STUDY.format(language=language, more=more), encoding="utf-8")
    return study
