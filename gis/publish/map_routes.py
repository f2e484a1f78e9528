"""The routes of all settlements as the web map is told of them: shared stretches of road, and the way onward from each.

A route is followed from node to node: `start` is where a settlement enters the roads, `onward` which of the stretches
at a node comes next. Stretches are simplified to what can be seen, so that thousands of routes take little room.
"""

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.errors import Finding
from gis.publish.map_steps import Json
from gis.publish.packing import pack
from gis.publish.payload import z_curve
from gis.stages.route_forest import RouteForest, Ways

Int = NDArray[np.int64]

BYTES = 150_000
"""What the routes may take, packed."""

_FINEST = 1e-5
_TIMES = (1, 2, 4)
"""How many times as far from the road as other lines a route may be drawn."""


def within(
    forest: RouteForest | None,
    ids: pd.Index,
    tiers: Sequence[str],
    seasons: Sequence[str],
    tolerance: float,
    findings: list[Finding],
    file: str,
) -> Json | None:
    """Describe the routes in so many bytes as they may take: simplified more where need be, then without high tiers.

    The routes to the highest tiers are the longest and tell least. Which are left out is said in the findings; None
    without routes.
    """
    if forest is None:
        return None
    for drop in range(len(tiers) + 1):
        for times in _TIMES:
            made = routes(forest.of_tiers(tiers[drop:]), ids, tiers, seasons, tolerance * times)
            if len(zlib.compress(pack(made), 6)) <= BYTES:
                if drop:
                    message = "routes to centres of these tiers would make the map too large: it does not draw them"
                    names = ", ".join(tiers[:drop])
                    findings.append(
                        Finding("warning", "map-routes-left-out", message, file=file, value=names, count=drop)
                    )
                return made
    return None


def routes(forest: RouteForest, ids: pd.Index, tiers: Sequence[str], seasons: Sequence[str], tolerance: float) -> Json:
    """Describe the forest of routes.

    Parameters
    ----------
    forest
        From `gis.stages.route_forest.route_forest`.
    ids
        Of the settlements, in the order of the page.
    tiers, seasons
        Those of the page; a pair that the forest lacks has no ways.
    tolerance
        How far a line may be from the road, in degrees.

    Returns
    -------
    dict
        - `unit`, degrees: coordinates are whole numbers of it. `x`, `y`: of the nodes.
        - `from`, `to` (as the difference to `from`): the nodes of each stretch; `count`: its vertices between them;
          `dx`, `dy`: those of all stretches, each as the step from the vertex before.
        - `ways`: `start` by settlement (0 as in the first way, 1 not by road, else the node + 2), and `onward` by node
          (0 none, else the place + 1 of the stretch among those at the node, in the order of stretches).
        - `of`: the number of the way by tier and season, or -1.
    """
    unit = max(_FINEST, 10.0 ** math.floor(math.log10(tolerance)))
    turn = np.argsort(z_curve(forest.xy[:, 0], forest.xy[:, 1]), kind="stable") if len(forest.xy) else np.empty(0, int)
    place = np.empty(len(turn), np.int64)
    place[turn] = np.arange(len(turn))
    xy = np.rint(forest.xy[turn] / unit).astype(np.int64)
    ends, flipped = place[forest.ends], np.zeros(len(forest.ends), bool)
    if len(ends):
        flipped = ends[:, 0] > ends[:, 1]
        ends = np.sort(ends, axis=1)
    ranked = np.lexsort([ends[:, 1], ends[:, 0]])
    number = np.empty(len(ranked), np.int64)
    number[ranked] = np.arange(len(ranked))
    ends = ends[ranked]
    steps, count = _vertices(forest, ranked, flipped, xy[ends[:, 0]], unit, tolerance)
    at_node = _places(ends)
    order = forest.settlements.get_indexer(ids)
    ways: list[Json] = []
    seen: dict[bytes, int] = {}
    of = [[-1] * len(seasons) for _ in tiers]
    for t, tier in enumerate(tiers):
        for s, season in enumerate(seasons):
            if (tier, season) not in forest.ways:
                continue
            start, onward = _way(forest.ways[tier, season], order, turn, place, number, at_node)
            key = start.tobytes() + onward.tobytes()
            if key not in seen:
                seen[key] = len(ways)
                first = ways[0]["start"] if ways else None
                ways.append({"start": _like(start, first), "onward": onward.tolist()})
            of[t][s] = seen[key]
    return {
        "unit": unit, "x": xy[:, 0].tolist(), "y": xy[:, 1].tolist(),
        "from": ends[:, 0].tolist(), "to": (ends[:, 1] - ends[:, 0]).tolist(), "count": count.tolist(),
        "dx": steps[:, 0].tolist(), "dy": steps[:, 1].tolist(), "ways": ways, "of": of,
    }  # fmt: skip


def _vertices(
    forest: RouteForest, ranked: Int, flipped: NDArray[np.bool_], begin: Int, unit: float, tolerance: float
) -> tuple[Int, Int]:
    """Return the steps to the vertices between the ends of the stretches, and how many each stretch has."""
    if not len(ranked):
        return np.empty((0, 2), np.int64), np.empty(0, np.int64)
    parts = [forest.lines[i][::-1] if flipped[i] else forest.lines[i] for i in ranked.tolist()]
    stretch = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    lines = shapely.simplify(shapely.linestrings(np.concatenate(parts), indices=stretch), tolerance)
    xy, stretch = shapely.get_coordinates(lines, return_index=True)
    whole = np.rint(xy / unit).astype(np.int64)
    first, last = np.diff(stretch, prepend=-1) > 0, np.diff(stretch, append=len(parts)) > 0
    whole[first] = begin
    steps = np.diff(whole, axis=0, prepend=0)
    inner = ~first & ~last
    return steps[inner], np.bincount(stretch[inner], minlength=len(parts))


def _places(ends: Int) -> Mapping[tuple[int, int], int]:
    """Return, by node and stretch, the place of the stretch among those at the node."""
    table = pd.DataFrame({"node": ends.ravel(), "stretch": np.repeat(np.arange(len(ends)), 2)})
    place = table.groupby("node").cumcount()
    return dict(zip(zip(table["node"].tolist(), table["stretch"].tolist(), strict=True), place.tolist(), strict=True))


def _way(
    way: Ways, order: Int, turn: Int, place: Int, number: Int, at_node: Mapping[tuple[int, int], int]
) -> tuple[Int, Int]:
    """Return `start` by settlement of the page, -1 for none, and `onward` by node."""
    given = np.where(order >= 0, way.start[np.maximum(order, 0)], -1)
    start = np.where(given >= 0, place[np.maximum(given, 0)] if len(place) else -1, -1)
    stretch = way.onward[turn]
    onward = [0 if s < 0 else at_node[node, int(number[s])] + 1 for node, s in enumerate(stretch.tolist())]
    return start.astype(np.int64), np.array(onward, np.int64)


def _like(start: Int, first: Sequence[int] | None) -> list[int]:
    """Code where a way starts; the first way has no other to be like."""
    codes = start + 2
    if first is not None:
        codes = np.where((codes == np.asarray(first)) & (codes > 1), 0, codes)
    found: list[int] = codes.tolist()
    return found
