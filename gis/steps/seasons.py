"""The minutes of every road in every season and month of a study."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis import fields
from gis.errors import InputError
from gis.inputs import Inputs
from gis.read.checks import Report
from gis.read.months import parse_months
from gis.record import Record
from gis.space.chainage import Chainage, chainage, edges_of_refs, plain_ref, split_edges
from gis.space.impedance import season_factor, speed_kph
from gis.space.network import Network
from gis.space.sampling import sample
from gis.stages.seasons import ice_bears, in_months, month_after_thaw, season_is_open
from gis.study import Study
from gis.study_layers import Season

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

# Roads are read from the climate rasters this many at a time, so that a million of them need little memory.
_BLOCK = 100_000

# Posts and drawn lines differ by a little: what a closure goes beyond the end by this much is not worth a word.
_POSTS_DIFFER = 1.01


@dataclass(frozen=True)
class Year:
    """The speeds on every edge through the year.

    Parameters
    ----------
    seasons
        Names and months.
    speed_kph
        Of each season, shape `(n,)`, on the edges that are open in one of its months; 0 closed.
    always_kph
        Of each season, were no edge closed in any month.
    open_
        In which months each edge is open, shape `(12, n)`; None where nothing closes.
    freight_stopped
        In which months lorries stop on each edge, shape `(12, n)`; None where they never do.
    """

    seasons: Sequence[Season]
    speed_kph: list[Float]
    always_kph: list[Float]
    open_: Bool | None
    freight_stopped: Bool | None = None

    @property
    def varies(self) -> bool:
        """Say whether there is more than one season, or roads close in some months."""
        return len(self.seasons) > 1 or self.open_ is not None

    def any_kph(self) -> Float:
        """Return the greatest speed of the year on each edge: 0 on those that are never open."""
        return np.asarray(np.max(self.speed_kph, axis=0))

    def with_links(self, kph: Float) -> "Year":
        """Return the year with further edges that are open always, at the same speed in all seasons."""
        n = len(kph)
        return Year(
            self.seasons,
            [np.concatenate([speed, kph]) for speed in self.speed_kph],
            [np.concatenate([speed, kph]) for speed in self.always_kph],
            None if self.open_ is None else np.pad(self.open_, ((0, 0), (0, n)), constant_values=True),
            None if self.freight_stopped is None else np.pad(self.freight_stopped, ((0, 0), (0, n))),
        )

    def months(self) -> list[tuple[int, Float]]:
        """Return month and speeds of every month of every season; a month may be in several."""
        return [
            (month, speed if self.open_ is None else np.where(self.open_[month - 1], speed, 0.0))
            for season, speed in zip(self.seasons, self.always_kph, strict=True)
            for month in season.months
        ]


def state(speed: Float) -> str:
    """Name a state of the roads: months in which every edge has the same speed share one search.

    Examples
    --------
    >>> state(np.array([80.0, 0.0])) == state(np.array([80.0, 0.0])), state(np.array([80.0])) == state(np.array([8.0]))
    (True, False)
    """
    return hashlib.blake2b(np.ascontiguousarray(speed).tobytes(), digest_size=16).hexdigest()


def year_of(study: Study, inputs: Inputs, network: Network, record: Record) -> tuple[Network, Year]:
    """Find the speeds of the year, and split edges where a published closure begins or ends."""
    assert inputs.speeds is not None
    assert inputs.surfaces is not None
    network, closed = _published(inputs, network, record)
    edges = network.edges
    open_ = np.ones((12, len(edges)), bool) if closed is None else ~closed
    given = edges[fields.MONTHS].notna().to_numpy() if fields.MONTHS in edges else np.zeros(len(edges), bool)
    if given.any():
        codes, texts = pd.factorize(edges[fields.MONTHS])
        open_ &= in_months([*(parse_months(str(text)) for text in texts), None])[:, codes]
    stopped = _by_temperature(study, inputs, edges, given, open_, record)
    if stopped is not None:
        edges = edges.assign(**{fields.MONTHS_FREIGHT_STOPPED: stopped.sum(axis=0)})
    ever_closed = np.asarray(~open_.all(axis=0))
    edges = edges.assign(**{fields.MONTHS_CLOSED: 12 - open_.sum(axis=0)}) if ever_closed.any() else edges
    base = speed_kph(edges, inputs.speeds, inputs.surfaces)
    seasons, factors = inputs.season.seasons, inputs.season.factors
    always = [base * season_factor(edges, inputs.surfaces, factors[factors["season"] == s.name]) for s in seasons]
    speeds = [
        np.where(season_is_open(open_, season.months), speed, 0.0)
        for season, speed in zip(seasons, always, strict=True)
    ]
    _note(seasons, edges, ever_closed, record)
    year = Year(
        seasons,
        speeds,
        always,
        open_ if ever_closed.any() else None,
        stopped if stopped is not None and stopped.any() else None,
    )
    return Network(network.nodes, edges), year


def _note(seasons: Sequence[Season], edges: pd.DataFrame, ever_closed: Bool, record: Record) -> None:
    left = sorted(set(range(1, 13)) - {month for season in seasons for month in season.months})
    record.note(
        "warning", "months-in-no-season", "months that no season has: the worst month is sought among the others",
        len(left), ", ".join(map(str, left)),
    )  # fmt: skip
    km = edges[fields.LENGTH_M].to_numpy(float)[ever_closed].sum() / 1000.0
    record.note(
        "warning", "closed-in-months", "edges of road that are closed in some months", int(ever_closed.sum()),
        f"{km:.1f} km of road",
    )  # fmt: skip


def _by_temperature(
    study: Study, inputs: Inputs, edges: gpd.GeoDataFrame, given: Bool, open_: Bool, record: Record
) -> Bool | None:
    """Close edges, in place, by the rules of the study; return in which months lorries stop on each."""
    rule = study.closures
    if rule is None or inputs.temperature is None or len(inputs.temperature.values) != 12:
        return None
    assert inputs.surfaces is not None
    ice = (edges[fields.ROAD_CLASS] == "ice_road").to_numpy()
    mud = ~edges[fields.SURFACE].map(inputs.surfaces["paved"]).to_numpy(bool) & ~ice & rule.unpaved_after_thaw
    ice = ice & ~given & rule.ice_roads
    middle = shapely.get_coordinates(shapely.line_interpolate_point(edges.geometry.to_numpy(), 0.5, normalized=True))
    bands, grid = np.asarray(inputs.temperature.values, float), inputs.temperature.grid
    unknown, stopped = 0, np.zeros((12, len(edges)), bool)
    for first in range(0, len(edges), _BLOCK):
        block = slice(first, first + _BLOCK)
        celsius, _ = sample(bands, grid, middle[block, 0], middle[block, 1])
        open_[:, block] &= ~(month_after_thaw(celsius, above_c=rule.thaw_c) & mud[block])
        open_[:, block] &= ice_bears(celsius, below_c=rule.ice_road_c) | ~ice[block]
        unknown += int((np.isnan(celsius).any(axis=0) & (mud | ice)[block]).sum())
        stopped[:, block] = celsius <= rule.freight_stops_c
    message = "edges of road without a temperature in some month: the rules of closure leave them open"
    record.note("warning", "closure-unknown", message, unknown)
    message = f"edges of road where lorries stop in some month, at a mean of {rule.freight_stops_c:g} C and below"
    record.note("warning", "freight-stopped", message, int(stopped.any(axis=0).sum()))
    return stopped


def _published(inputs: Inputs, network: Network, record: Record) -> tuple[Network, Bool | None]:
    """Split the edges at the kilometre posts of published closures, and close what lies between them."""
    closures = inputs.season.closures
    if not closures or inputs.roads is None:
        return network, None
    report, of_ref = Report(inputs.season.file), edges_of_refs(network.edges)
    first_lines = edges_of_refs(inputs.roads).groupby(level=0).first()
    posts: dict[str, Chainage] = {}
    cut_edge, cut_at = [], []
    for closure in closures:
        ref = plain_ref(closure.ref)
        if ref not in posts:
            first = shapely.get_coordinates(inputs.roads.geometry.iloc[int(first_lines[ref])])[0]
            edge = of_ref.loc[[ref]].to_numpy(np.int64)
            posts[ref] = chainage(network, edge, (float(first[0]), float(first[1])))
        road = posts[ref]
        place = f"beyond the end of the road, which is {road.km:.1f} km long"
        if closure.km_from >= road.km:
            at = f"{closure.ref} {closure.km_from:g}"
            report.add(
                "error",
                "beyond-road",
                f"km_from lies {place}; mend the kilometres, or the number of the road",
                rows=[closure.row],
                values=[at],
            )
        elif closure.km_to > road.km * _POSTS_DIFFER:
            at = f"{closure.ref} {closure.km_to:g}"
            message = f"km_to lies {place}: closed to its end"
            report.add("warning", "beyond-road", message, rows=[closure.row], values=[at])
        for km in (closure.km_from, closure.km_to):
            which, share = road.cuts(km)
            cut_edge.append(road.edge[which])
            cut_at.append(share)
    if any(f.level == "error" for f in report.findings):
        raise InputError(report.findings)
    record.findings += report.findings
    record.figures["numbered_roads"] = {
        ref: {"km": round(road.km, 1), "begins": [round(x, 5) for x in road.begins]} for ref, road in posts.items()
    }
    split, edge, start, end = split_edges(network, np.concatenate(cut_edge), np.concatenate(cut_at))
    closed = np.zeros((12, len(edge)), bool)
    for closure in closures:
        road = posts[plain_ref(closure.ref)]
        place_of = np.full(len(network.edges), -1, np.int64)
        place_of[road.edge] = np.arange(len(road.edge))
        on = np.flatnonzero(place_of[edge] >= 0)
        km_at = road.at(place_of[edge[on]], (start + end)[on] / 2)
        inside = on[(km_at >= closure.km_from) & (km_at <= closure.km_to)]
        closed[(np.array(sorted(closure.months)) - 1)[:, None], inside] = True
    return split, closed


@dataclass(frozen=True)
class States:
    """The states of the roads in a year: seasons and months with the same speeds on all edges share one.

    Parameters
    ----------
    of_season
        The state in each season.
    of_months
        Month and state of every month of every season, where the year varies; a month may be in several.
    speed_kph
        On the edges, in each state.
    """

    of_season: list[str]
    of_months: list[tuple[int, str]]
    speed_kph: dict[str, Float]


def states_of(year: Year) -> States:
    """Find the states of the roads in a year."""
    of_season = [state(speed) for speed in year.speed_kph]
    speeds = dict(zip(of_season, year.speed_kph, strict=True))
    months = year.months() if year.varies else []
    # Where nothing closes, the months of a season are one array.
    named = {id(speed): state(speed) for speed in {id(speed): speed for _, speed in months}.values()}
    for _, speed in months:
        speeds.setdefault(named[id(speed)], speed)
    return States(of_season, [(month, named[id(speed)]) for month, speed in months], speeds)


def minutes_of_months(states: States, minutes: dict[str, Float], n: int) -> Float:
    """Lay the minutes of states out by month; a month of several seasons counts with the slowest of them.

    Parameters
    ----------
    states
        The states of the year.
    minutes
        By state, shape `(n,)`.
    n
        Number of settlements.

    Returns
    -------
    array of shape `(12, n)`
        NaN in a month that no season has.
    """
    out = np.full((12, n), np.nan)
    for month, state_of in states.of_months:
        out[month - 1] = np.fmax(out[month - 1], minutes[state_of])
    return out
