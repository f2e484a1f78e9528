"""The map beside stock folium and GeoDataFrame.explore: bytes, seconds to build, milliseconds to interactive."""

import contextlib
import importlib.util
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from benchmark_data import fractal
from benchmark_tools import Row, add_row, installed

from gis import fields as f
from gis.publish.web_map import write_map
from gis.space.grid import Grid

TIERS = ("national", "regional", "city", "town", "district")
COLUMNS = [f.NAME, f.POTENTIAL, f.REMOTENESS, f.VIABILITY, *(f.travel_time_min(tier) for tier in TIERS)]
COLOURS = {f.HIGH: "#1b7837", f.MEDIUM: "#fdb863", f.LOW: "#b2182b"}

# After the last task of more than 50 ms, how long the page must be at rest to count as interactive.
REST_MS = 1500
OBSERVE = """
window.__busyUntil = 0;
new PerformanceObserver(list => list.getEntries().forEach(task => {
  window.__busyUntil = Math.max(window.__busyUntil, task.startTime + task.duration);
})).observe({type: "longtask", buffered: true});
"""
INTERACTIVE = f"""() => new Promise(done => {{
  const look = () => {{
    const loaded = performance.getEntriesByType("navigation")[0].loadEventEnd;
    const last = Math.max(loaded, window.__busyUntil);
    if (loaded > 0 && performance.now() - last > {REST_MS}) done(last); else setTimeout(look, 100);
  }};
  look();
}})"""


def settlements(count: int) -> gpd.GeoDataFrame:
    """Return settlements with what a card shows."""
    rng = np.random.default_rng(6)
    frame = gpd.GeoDataFrame(
        {
            f.NAME: [f"Ақбұлақ {i}" for i in range(count)],
            f.POTENTIAL: rng.choice([f.HIGH, f.MEDIUM, f.LOW], count, p=[0.16, 0.76, 0.08]),
            f.REMOTENESS: rng.uniform(0, 100, count).round(1),
            f.VIABILITY: rng.uniform(0, 100, count).round(1),
        },
        geometry=gpd.points_from_xy(rng.uniform(47, 87, count), rng.uniform(41, 55, count)),
        crs="EPSG:4326",
        index=pd.Index([str(100_000 + i) for i in range(count)], name=f.SETTLEMENT_ID),
    )
    for k, tier in enumerate(TIERS):
        frame[f.travel_time_min(tier)] = (rng.gamma(2, 400 / (k + 1), count)).round(1)
    return frame


def by_ours(frame: gpd.GeoDataFrame, path: Path) -> None:
    write_map(path, settlements=frame, tiers=TIERS)


def by_ours_with_raster(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Add a raster of minutes of 1 million cells."""
    minutes = np.abs(fractal(700, 1450)).astype(np.float32) * 300
    grid = Grid((700, 1450), Affine(0.028, 0, 47, 0, -0.02, 55), "EPSG:4326")
    write_map(
        path, settlements=frame, tiers=TIERS, surfaces={(TIERS[0], "year"): minutes}, grid=grid, seasons=("year",)
    )


def by_circle_markers(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Loop over the settlements, as folium's guide has it."""
    page = folium.Map([48, 67], zoom_start=5)
    for row in frame.itertuples():
        card = "<br>".join(f"{column}: {getattr(row, column)}" for column in COLUMNS)
        folium.CircleMarker(
            [row.geometry.y, row.geometry.x], radius=3, color=COLOURS[row.potential], fill=True,
            popup=folium.Popup(card, max_width=300), tooltip=row.name,
        ).add_to(page)  # fmt: skip
    page.save(path)


def by_explore(frame: gpd.GeoDataFrame, path: Path) -> None:
    page = frame[[*COLUMNS, "geometry"]].explore(
        f.POTENTIAL, popup=COLUMNS, tooltip=[f.NAME], cmap=list(COLOURS.values())
    )
    page.save(path)


def maps(runs: int, count: int) -> None:
    """Build and open each page in turn.

    Interactive is the end of the last task of more than 50 ms, or of loading where that is later, after which the
    page rests. The network is off: the peers get Leaflet's file from the disk in no time, and nothing for the other
    scripts and styles that they ask a network for, which is in their favour; no page has tiles. A peer that takes
    more than half a minute to build is built and opened once.
    """
    frame = settlements(count)
    makers: dict[str, Callable[[gpd.GeoDataFrame, Path], None]] = {"this project": by_ours}
    makers |= {"this project, with raster": by_ours_with_raster, "folium CircleMarker loop": by_circle_markers}
    if installed("mapclassify"):
        makers["GeoDataFrame.explore"] = by_explore
    build: dict[str, list[float]] = {name: [] for name in makers}
    ready: dict[str, list[float]] = {name: [] for name in makers}
    size: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        path = Path(folder) / "map.html"
        by_ours(frame.iloc[:10], path)  # imports
        for turn in range(runs):
            for name, make in makers.items():
                if turn and build[name][0] > 30:
                    continue
                begin = time.perf_counter()
                make(frame, path)
                build[name].append(time.perf_counter() - begin)
                size[name] = path.stat().st_size
                if opened is not None:
                    ready[name].append(milliseconds_to_interactive(opened, path))
    report(count, build, ready, size)


def report(count: int, build: dict[str, list[float]], ready: dict[str, list[float]], size: dict[str, int]) -> None:
    print(f"\nmap of {count} settlements")
    print(f"  {'':28} {'MB':>7} {'build s (least to most)':>26} {'ms to interactive':>26}")
    for name, seconds in build.items():
        ms = ready[name]
        opening = f"{statistics.median(ms):8.0f} ({min(ms):.0f} to {max(ms):.0f})" if ms else "no Chromium"
        print(
            f"  {name:28} {size[name] / 1e6:7.2f} {statistics.median(seconds):10.3f} "
            f"({min(seconds):.3f} to {max(seconds):.3f}) {opening:>26}"
        )
    ours = "this project"
    loop, explore = "folium CircleMarker loop", "GeoDataFrame.explore"
    megabytes = {name: [value / 1e6] for name, value in size.items()}
    rows = [("MB", "HTML", megabytes, loop), ("s", "to build", build, loop)]
    if ready[ours] and explore in ready:
        rows.append(("ms", "to interactive", ready, explore))
    for unit, what, values, peer in rows:
        row = Row(f"map, {what}, {count} settlements", count, values[ours], peer, values[peer], unit)
        add_row(row)
        if "this project, with raster" in values:
            row.notes.append(f"with a raster {statistics.median(values['this project, with raster']):.3g}")


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Open Chromium; None where it or playwright is not installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None or not installed("playwright"):
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield opened
        finally:
            opened.close()


def milliseconds_to_interactive(opened: Any, path: Path) -> float:
    """Open a page afresh and wait until it rests."""
    context = opened.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(OBSERVE)
    context.route(lambda url: url.startswith("http"), from_disk)
    page = context.new_page()
    page.set_default_timeout(300_000)
    page.goto(path.as_uri(), wait_until="load", timeout=300_000)
    answer = float(page.evaluate(INTERACTIVE))
    context.close()
    return answer


def from_disk(route: Any) -> None:
    """Answer what a page asks a network for: with Leaflet's own files, else with nothing."""
    url = route.request.url
    shipped = {"leaflet.js": "leaflet-src.js", "leaflet.css": "leaflet.css"}.get(url.rsplit("/", 1)[-1])
    kind = route.request.resource_type
    package = importlib.util.find_spec("leaflet")  # importing it would ask for Django's settings
    if shipped is not None and package is not None and package.origin is not None:
        route.fulfill(path=Path(package.origin).parent / "static" / "leaflet" / shipped)
    elif kind in ("script", "stylesheet"):
        route.fulfill(body="", content_type="text/javascript" if kind == "script" else "text/css")
    else:
        route.abort()
