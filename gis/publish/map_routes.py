"""The routes of all settlements as the web map is told of them: shared stretches, and the way on from each node.

A route is followed from node to node, from the settlement to its centre: `onward` tells which of the stretches at a
node comes next. Stretches are simplified to what can be seen, so that thousands of routes take little room.
"""

import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.errors import Finding
from gis.publish.map_steps import Json
from gis.publish.packing import pack
from gis.publish.payload import DEGREE, degrees, unit_for, z_curve
from gis.stages.route_forest import RouteForest

Int = NDArray[np.int64]

BYTES = 150_000
"""What the routes may take, packed."""

_LEAST = 3
"""Bytes of a stretch, packed: there are hardly ever fewer. Where not even these fit, the coarsest is tried first."""

_OFF_ROAD = 2.0
"""How many times as far the way over land may be drawn, which is known to a cell of the land."""

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
    near: dict[int, RouteForest] = {}

    def described(times: int, own: RouteForest, left: Sequence[str]) -> tuple[Json, bool]:
        if times not in near:
            near[times] = simplified(own, tolerance * times)
        made = routes(near[times].of_tiers(left), ids, tiers, seasons, tolerance * times)
        return made, len(zlib.compress(pack(made), 6)) <= BYTES

    many = len(forest.ends) > BYTES // _LEAST
    for drop in range(len(tiers) + 1):
        left, made = tiers[drop:], None
        own = forest.of_tiers(left)
        if len(own.ends):
            if (drop or many) and not described(_TIMES[-1], own, left)[1]:
                continue  # no need to try what is finer
            for times in _TIMES:
                made, fits = described(times, own, left)
                if fits:
                    break
            else:
                continue
        if drop:
            message = "routes to centres of these tiers would make the map too large: it does not draw them"
            names = ", ".join(tiers[:drop])
            findings.append(Finding("warning", "map-routes-left-out", message, file=file, value=names, count=drop))
        return made
    return None


def simplified(forest: RouteForest, tolerance: float) -> RouteForest:
    """Return the forest with its lines at most so many degrees from the road, or twice as far from a way over land."""
    return forest.simplified(np.where(forest.off_road, _OFF_ROAD, 1.0) * tolerance)


def routes(forest: RouteForest, ids: pd.Index, tiers: Sequence[str], seasons: Sequence[str], tolerance: float) -> Json:
    """Describe the forest of routes.

    Parameters
    ----------
    forest
        From `simplified`.
    ids
        Of the settlements, in the order of the page; they are the first nodes. One that the forest lacks has no route.
    tiers, seasons
        Those of the page; a pair that the forest lacks has no ways.
    tolerance
        How far a line is from the road, in degrees.

    Returns
    -------
    dict
        - `unit`, hundred-thousandths of a degree: coordinates are whole numbers of it. `x`, `y`: of the nodes on roads,
          which come after the settlements.
        - `from`, `to` (as the difference to `from`): the nodes of each stretch; `off`: 1 where it is on no road;
          `count`: its vertices between them; `dx`, `dy`: those of all stretches, each as the step from the vertex
          before, the first from the node `from`, a settlement's coordinates being rounded down.
        - `ways`: `onward` by node (0 none, else the place + 1 of the stretch among those at the node, in the order of
          stretches).
        - `of`: the number of the way by tier and season, or -1.
    """
    unit = unit_for(tolerance)
    turn, place = _order(forest, ids)
    ends = place[forest.ends]
    flipped, ends = ends[:, 0] > ends[:, 1], np.sort(ends, axis=1)
    ranked = np.lexsort([ends[:, 1], ends[:, 0]])
    number = np.append(np.argsort(ranked), -1)  # the last stands for -1
    ends = ends[ranked]
    whole = np.rint(forest.xy[turn] * (DEGREE / unit)).astype(np.int64)
    whole[: len(ids)] = np.asarray([degrees(axis) for axis in forest.xy[turn[: len(ids)]].T], np.int64).T // unit
    steps, count = _vertices(forest, ranked, flipped, whole[ends[:, 0]], unit)
    at_first, at_second = _places(ends)
    ways: list[Json] = []
    seen: dict[bytes, int] = {}
    of = [[-1] * len(seasons) for _ in tiers]
    for t, tier in enumerate(tiers):
        for s, season in enumerate(seasons):
            if (tier, season) not in forest.onward:
                continue
            stretch = number[np.where(turn < 0, -1, forest.onward[tier, season][turn])]
            here = ends[stretch, 0] == np.arange(len(stretch))
            onward = np.where(stretch < 0, 0, np.where(here, at_first[stretch], at_second[stretch]) + 1)
            key = onward.tobytes()
            if key not in seen:
                seen[key] = len(ways)
                ways.append({"onward": onward.tolist()})
            of[t][s] = seen[key]
    x, y = whole[len(ids) :].T.tolist()
    return {
        "unit": unit, "x": x, "y": y, "from": ends[:, 0].tolist(), "to": (ends[:, 1] - ends[:, 0]).tolist(),
        "off": forest.off_road[ranked].astype(int).tolist(), "count": count.tolist(),
        "dx": steps[:, 0].tolist(), "dy": steps[:, 1].tolist(), "ways": ways, "of": of,
    }  # fmt: skip


def _order(forest: RouteForest, ids: pd.Index) -> tuple[Int, Int]:
    """Return the nodes in the order of the page, -1 for settlements that have none, and the place of each."""
    of_page = forest.settlements.get_indexer(ids)
    others = np.setdiff1d(np.arange(len(forest.xy)), of_page)
    if len(others):
        others = others[np.argsort(z_curve(forest.xy[others, 0], forest.xy[others, 1]), kind="stable")]
    turn = np.concatenate([of_page, others])
    place = np.empty(len(forest.xy), np.int64)
    place[turn[turn >= 0]] = np.flatnonzero(turn >= 0)
    return turn.astype(np.int64), place


def _vertices(forest: RouteForest, ranked: Int, flipped: NDArray[np.bool_], begin: Int, unit: int) -> tuple[Int, Int]:
    """Return the steps to the vertices between the ends of the stretches, and how many each stretch has."""
    count = np.diff(forest.first)[ranked]
    stretch = np.repeat(np.arange(len(ranked)), count)
    along = np.arange(len(stretch)) - np.repeat(np.cumsum(count) - count, count)
    back = flipped[ranked][stretch]
    vertex = np.where(back, forest.first[ranked + 1][stretch] - 1 - along, forest.first[ranked][stretch] + along)
    whole = np.rint(forest.vertices[vertex] * (DEGREE / unit)).astype(np.int64)
    first, last = along == 0, along == count[stretch] - 1
    whole[first] = begin
    steps = np.diff(whole, axis=0, prepend=0)
    return steps[~first & ~last], count - 2


def _places(ends: Int) -> tuple[Int, Int]:
    """Return the place of each stretch among those at its first end, and at its second."""
    place = pd.Series(ends.ravel()).groupby(ends.ravel()).cumcount().to_numpy().astype(np.int64)
    return place[::2], place[1::2]
