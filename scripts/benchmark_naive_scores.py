"""Scores of the analyst's script: climate, remoteness, viability, how sure they are, what would lift a settlement."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from benchmark_naive_roads import PAVED_KPH, TIERS
from rasterstats import point_query
from scipy.stats import rankdata, sobol_indices, uniform

DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
PRESETS = Path(__file__).resolve().parents[1] / "layers" / "presets"
ARIA_CAP, ARIA_UPPER = 3.0, {"major_cities": 0.2, "inner_regional": 2.4, "outer_regional": 5.92, "remote": 10.53}
SHARES = {"high": 1204, "medium": 5625, "low": 595}
SPREAD, POPULATION_ERROR, LOTS, STABLE, FLOOR = 0.25, 0.1, 12, 0.8, 0.01
ASSUMPTIONS = ["weights", "normalisation", "aggregation", "speeds", "seasons", "population", "missing"]
DESIGN, CHANGES_DRAWN, SAVES_LEAST_MIN = 128, 3, 0.5


def climate_rasters(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict]:
    """Return the monthly rasters, the measures made from them, and their profile."""
    months = {}
    for name in ("temperature", "precipitation"):
        with rasterio.open(folder / f"{name}.tif") as raster:
            months[name], profile = raster.read(masked=True).astype(float).filled(np.nan), raster.profile
    rows = np.arange(profile["height"]) + 0.5
    lat = (profile["transform"] * (np.zeros(len(rows)), rows))[1]
    return months, measures(months["temperature"], months["precipitation"], lat[:, None]), profile


def measures(warmth: np.ndarray, rain: np.ndarray, lat: np.ndarray) -> dict[str, np.ndarray]:
    """Make the usual measures of monthly normals, months first; the latitude is for the length of days."""
    days = DAYS.reshape(-1, *[1] * (warmth.ndim - 1))
    mean, total = (warmth * days).sum(axis=0) / days.sum(), rain.sum(axis=0)
    middle = np.cumsum(DAYS) - DAYS / 2
    tilt = 0.409 * np.sin(2 * np.pi * middle / 365 - 1.39).reshape(days.shape)
    hours = 24 / np.pi * np.arccos(np.clip(-np.tan(np.radians(lat)) * np.tan(tilt), -1, 1))
    heat = (np.maximum(warmth, 0) / 5) ** 1.514
    index = heat.sum(axis=0)
    power = 6.75e-7 * index**3 - 7.71e-5 * index**2 + 0.01792 * index + 0.49239
    warm = np.maximum(warmth, 0) / np.where(index > 0, index, 1)
    pet = (16 * hours / 12 * days / 30 * (10 * warm) ** power).sum(axis=0)
    return {
        "temperature_mean_c": mean,
        "temperature_coldest_c": warmth.min(axis=0),
        "temperature_warmest_c": warmth.max(axis=0),
        "temperature_range_c": np.ptp(warmth, axis=0),
        "precipitation_mm": total,
        "heating_degree_days": (np.maximum(18 - warmth, 0) * days).sum(axis=0),
        "cooling_degree_days": (np.maximum(warmth - 18, 0) * days).sum(axis=0),
        "growing_degree_days": (np.maximum(warmth - 5, 0) * days).sum(axis=0),
        "frost_months": (warmth < 0).sum(axis=0).astype(float),
        "heat_months": (warmth > 22).sum(axis=0).astype(float),
        "aridity_de_martonne": total / np.where(mean > -10, mean + 10, np.nan),
        "pet_thornthwaite_mm": pet,
        "aridity_unep": total / np.where(pet > 0, pet, np.nan),
    }


def climate_columns(settlements: gpd.GeoDataFrame, months: dict[str, np.ndarray], profile: dict) -> pd.DataFrame:
    """Read every month at the settlements, and make the measures of what was read."""
    lonlat = settlements.geometry.to_crs("EPSG:4326")
    affine = profile["transform"]
    read = {
        name: np.array([point_query(lonlat, band, affine=affine, nodata=np.nan) for band in bands], float)
        for name, bands in months.items()
    }
    columns = measures(read["temperature"], read["precipitation"], lonlat.y.to_numpy())
    for name, unit in (("temperature", "c"), ("precipitation", "mm")):
        columns |= {f"{name}_{month:02}_{unit}": values for month, values in enumerate(read[name], 1)}
    return pd.DataFrame(columns, index=settlements.index)


def aria(km: np.ndarray) -> np.ndarray:
    """Score kilometres to the tiers, shape (n, tiers), from 0 to 100."""
    means = np.nanmean(np.where(np.isfinite(km), km, np.nan), axis=0)
    return 100 * np.minimum(km / means, ARIA_CAP).sum(axis=1) / (ARIA_CAP * km.shape[1])


def aria_classes(score: np.ndarray) -> np.ndarray:
    value = score / 100 * 15
    return np.select([value <= upper for upper in ARIA_UPPER.values()], list(ARIA_UPPER), "very_remote")


def unit(values: np.ndarray, direction: float) -> np.ndarray:
    """Bring values to 0 (worst) to 1 (best)."""
    directed = direction * np.where(np.isfinite(values), values, np.nan)
    low, high = np.nanmin(directed), np.nanmax(directed)
    scaled = (directed - low) / (high - low) if high - low > 1e-9 * abs(high) else np.full(len(values), 0.5)
    return np.where(np.isinf(values), np.where(direction * values > 0, 1.0, 0.0), scaled)


def percentile(score: np.ndarray) -> np.ndarray:
    """Return the share of the others that are worse, equal ones by half."""
    known = ~np.isnan(score)
    out = np.full(len(score), np.nan)
    out[known] = (rankdata(score[known]) - 1) / max(known.sum() - 1, 1)
    return out if np.ptp(score[known]) > 0 else np.where(known, 0.5, np.nan)


@dataclass(frozen=True)
class Rules:
    """Indicators that tell something apart, and their weights."""

    table: pd.DataFrame
    weights: np.ndarray
    block_weights: np.ndarray
    blocks: np.ndarray  # indicators x blocks, 1 where it is its block

    @classmethod
    def of(cls, settlements: pd.DataFrame) -> "Rules":
        """Read them, and leave out those that are the same everywhere."""
        table = pd.read_csv(PRESETS / "indicators.csv").set_index("indicator")
        values = settlements[table["column"]].replace([np.inf, -np.inf], np.nan)
        table = table[(values.max() - values.min() > 1e-9 * values.abs().max()).to_numpy()]
        names = table["block"].drop_duplicates().to_numpy(object)
        weights = pd.read_csv(PRESETS / "blocks.csv").set_index("block")["weight"]
        blocks = (table["block"].to_numpy(object)[:, None] == names).astype(float)
        return cls(table, table["weight"].to_numpy(float), weights[names].to_numpy(float), blocks)

    def values(self, settlements: pd.DataFrame) -> np.ndarray:
        """Return the values of the indicators, shape (n, k)."""
        return settlements[self.table["column"]].to_numpy(float)

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Score the values of all indicators, shape (n, k)."""
        log = (self.table["transform"] == "log").to_numpy()
        moved = np.where(log, np.log1p(np.where(log, values, 0.0)), values)
        directions = self.table["direction"]
        return np.column_stack([unit(x, sign) for x, sign in zip(moved.T, directions, strict=True)])

    def shares(self, scores: np.ndarray, weights: np.ndarray, block_weights: np.ndarray) -> np.ndarray:
        """Return the weight of each score in its settlement: what is missing drops out, by block."""
        inside = ~np.isnan(scores) * weights
        of_block = inside @ self.blocks
        block = block_weights * (of_block > 0)
        block = block / block.sum(axis=1, keepdims=True)
        return inside * ((block / np.where(of_block > 0, of_block, 1.0)) @ self.blocks.T)


def classes(index: np.ndarray, inhabited: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Class by the shares of the national review; also return where high and medium begin."""
    ranked = np.sort(np.round(index[inhabited], 9))[::-1]
    total = sum(SHARES.values())
    n_high = round(len(ranked) * SHARES["high"] / total)
    n_both = round(len(ranked) * (SHARES["high"] + SHARES["medium"]) / total)
    limits = np.array([ranked[n_high - 1] if n_high else np.inf, ranked[max(n_both, 1) - 1]])
    value = np.round(index, 9)
    named = np.select([value >= limits[0], value >= limits[1]], ["high", "medium"], "low").astype(object)
    return np.where(inhabited, named, "uninhabited"), limits


class Alternatives:
    """The index under other defensible assumptions.

    `journeys` are scores by indicator of shape (speeds, seasons, n); `population` of shape (LOTS, n).
    """

    def __init__(
        self, rules: Rules, scores: np.ndarray, journeys: dict[str, np.ndarray], population: dict[str, np.ndarray]
    ) -> None:
        self.rules, self.scores, self.journeys, self.population = rules, scores, journeys, population
        rng = np.random.default_rng(4)
        gaps = np.isnan(scores)
        self.donors = [
            rng.choice(np.flatnonzero(~gap), (LOTS, int(gap.sum()))) if 0 < gap.sum() < len(gap) else None
            for gap in gaps.T
        ]
        shape = next(iter(journeys.values())).shape[:2]
        self.counts = {"normalisation": 2, "aggregation": 2, "speeds": shape[0], "seasons": shape[1]}
        self.counts |= {"population": LOTS, "missing": LOTS}
        self.column = cache(self._column)
        self.scale = cache(self._scale)
        self.published = self.index(self.nothing_moved())

    def nothing_moved(self) -> dict:
        """Return the choices as published."""
        choice = dict.fromkeys([*self.counts, "population", "missing"], 0) | {"population": -1, "missing": -1}
        return choice | {"weights": self.rules.weights, "blocks": self.rules.block_weights}

    def choice(self, u: np.ndarray, lot: np.ndarray) -> dict:
        """Turn seven numbers from 0 to 1 into choices, and others into weights."""
        moved = 1 + SPREAD * (2 * lot - 1)
        k = len(self.rules.weights)
        out = {name: int(x * count) for x, (name, count) in zip(u[1:], self.counts.items(), strict=True)}
        return out | {"weights": self.rules.weights * moved[:k], "blocks": self.rules.block_weights * moved[k:]}

    def _column(self, number: int, speed: int, season: int, people: int, lot: int, ranked: bool) -> np.ndarray:
        name = self.rules.table.index[number]
        score = self.scores[:, number]
        if name in self.journeys:
            score = self.journeys[name][speed, season]
        elif name in self.population and people >= 0:
            score = self.population[name][people]
        if self.donors[number] is not None and lot >= 0:
            score = score.copy()
            score[np.isnan(score)] = score[self.donors[number][lot]]
        return percentile(score) if ranked else score

    def columns(self, choice: dict, ranked: bool) -> np.ndarray:
        """Scores of shape (n, k)."""
        found = []
        for number, name in enumerate(self.rules.table.index):
            at = (choice["speeds"], choice["seasons"]) if name in self.journeys else (0, 0)
            people = choice["population"] if name in self.population else -1
            lot = choice["missing"] if self.donors[number] is not None else -1
            found.append(self.column(number, *at, people, lot, ranked))
        return np.column_stack(found)

    def mean(self, x: np.ndarray, choice: dict) -> np.ndarray:
        """Put scores of shape (n, k) together."""
        share = self.rules.shares(x, choice["weights"], choice["blocks"])
        if choice["aggregation"] == 0:
            return 100 * np.nansum(share * x, axis=1)
        geometric = np.exp(np.nansum(share * np.log(FLOOR + (1 - FLOOR) * x), axis=1))
        return 100 * (geometric - FLOOR) / (1 - FLOOR)

    def _scale(self, normalisation: int, aggregation: int) -> tuple[float, float]:
        """Bring another recipe to the mean and the spread of the published one."""
        if not normalisation and not aggregation:
            return 1.0, 0.0
        choice = self.nothing_moved() | {"normalisation": normalisation, "aggregation": aggregation}
        other = self.mean(self.columns(choice, bool(normalisation)), choice)
        factor = np.std(self.published) / np.std(other)
        return factor, np.mean(self.published) - factor * np.mean(other)

    def index(self, choice: dict) -> np.ndarray:
        """Return the index of all settlements."""
        factor, term = self.scale(choice["normalisation"], choice["aggregation"])
        return factor * self.mean(self.columns(choice, bool(choice["normalisation"])), choice) + term

    def changed(self, choice: dict, rows: np.ndarray, change: np.ndarray) -> np.ndarray:
        """Return the index of some settlements whose scores change, each as if it were the only one."""
        plain = self.columns(choice, False)
        new = np.clip(plain[rows] + change, 0.0, 1.0)
        if choice["normalisation"]:
            ranked = self.columns(choice, True)
            for number, (x, rank) in enumerate(zip(plain.T, ranked.T, strict=True)):
                order = np.argsort(x)[: int((~np.isnan(x)).sum())]
                new[:, number] = np.interp(new[:, number], x[order], rank[order], left=np.nan, right=np.nan)
        factor, term = self.scale(choice["normalisation"], choice["aggregation"])
        return factor * self.mean(new, choice) + term


def certainty(
    alternatives: Alternatives, inhabited: np.ndarray, draws: int, rows: np.ndarray, change: np.ndarray,
    wanted: np.ndarray,
) -> tuple[pd.DataFrame, np.ndarray]:  # fmt: skip
    """Draw assumptions: intervals and probabilities of all; and how probable the changes make the wanted classes."""
    rng = np.random.default_rng(0)
    k = len(alternatives.rules.weights) + len(alternatives.rules.block_weights)
    n = len(alternatives.published)
    index, rank, reached = np.empty((draws, n)), np.empty((draws, n)), np.zeros(len(rows))
    count = {name: np.zeros(n) for name in SHARES}
    for draw in range(draws):
        choice = alternatives.choice(rng.random(len(ASSUMPTIONS)), rng.random(k))
        index[draw] = alternatives.index(choice)
        rank[draw] = rankdata(-index[draw], method="min")
        named, limits = classes(index[draw], inhabited)
        for name in SHARES:
            count[name] += named == name
        if len(rows):
            reached += alternatives.changed(choice, rows, change) >= limits[np.where(wanted == "high", 0, 1)]
    out = {}
    for name, values in (("viability", np.clip(index, 0, 100)), ("rank", rank)):
        out[f"{name}_p05"], out[f"{name}_p95"] = np.quantile(values, [0.05, 0.95], axis=0)
    own, _ = classes(alternatives.published, inhabited)
    out |= {f"probability_{name}": np.where(inhabited, made / draws, np.nan) for name, made in count.items()}
    sure = np.select([own == name for name in SHARES], [count[name] / draws for name in SHARES], 1.0)
    return pd.DataFrame(out | {"stable": sure >= STABLE}), reached / draws


def sensitivity(alternatives: Alternatives) -> pd.DataFrame:
    """Sobol indices of the mean absolute change of rank."""
    rng = np.random.default_rng(1)
    lots = rng.random((DESIGN, len(alternatives.rules.weights) + len(alternatives.rules.block_weights)))
    nominal = rankdata(-alternatives.published, method="min")

    def moved(u: np.ndarray) -> np.ndarray:
        choices = (alternatives.choice(one, lots[int(one[0] * DESIGN)]) for one in u.T)
        ranks = (rankdata(-alternatives.index(choice), method="min") for choice in choices)
        return np.array([[np.abs(rank - nominal).mean() for rank in ranks]])

    found = sobol_indices(func=moved, n=DESIGN, dists=[uniform()] * len(ASSUMPTIONS), random_state=0)
    orders = {"first_order": found.first_order.ravel(), "total": found.total_order.ravel()}
    return pd.DataFrame({"assumption": ASSUMPTIONS} | orders)


def changes(
    settlements: pd.DataFrame, rules: Rules, scores: np.ndarray, saved: np.ndarray, limits: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Find what lifts a settlement alone: an indicator's value, or a paved road; also return the change of the scores.

    `saved` are the minutes that a paved road saves, settlements x tiers.
    """
    share = rules.shares(scores, rules.weights, rules.block_weights)
    potential, index = settlements["potential"].to_numpy(), settlements["viability"].to_numpy()
    wanted = pd.Series(potential).map({"medium": "high", "low": "medium"}).to_numpy(object)
    lack = np.select([wanted == "high", wanted == "medium"], limits, np.nan) - index + 1e-6
    values = rules.values(settlements)
    tables, moves = [], []
    for number, (name, rule) in enumerate(rules.table.iterrows()):
        if rule["block"] == "climate":  # which nobody changes
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = lack / 100 / share[:, number]
        x = np.log1p(values[:, number]) if rule["transform"] == "log" else values[:, number]
        span = np.nanmax(x[np.isfinite(x)]) - np.nanmin(x[np.isfinite(x)])
        needed = x + rise * span * rule["direction"]
        needed = np.expm1(needed) if rule["transform"] == "log" else needed
        at = np.flatnonzero(np.isfinite(rise) & (scores[:, number] + rise <= 1))
        move = np.zeros((len(at), len(rules.table)))
        move[:, number] = rise[at]
        tables.append(pd.DataFrame({
            "row": at, "indicator": name, "value": values[at, number], "needed": needed[at], "rise": rise[at]
        }))  # fmt: skip
        moves.append(move)
    most = saved.max(axis=1)
    at = np.flatnonzero((most >= SAVES_LEAST_MIN) & pd.notna(wanted))
    tables.append(pd.DataFrame({"row": at, "indicator": "paved road", "minutes_saved": most[at], "rise": 0.0}))
    # The kilometres of remoteness stay: only the way to the road is quicker.
    paved = np.fmin(settlements["access_min"], settlements["access_km"] / PAVED_KPH * 60)
    after = rules.scores(rules.values(settlements.assign(access_min=paved)))
    moves.append(np.nan_to_num(after - scores)[at])
    table, move = pd.concat(tables, ignore_index=True), np.concatenate(moves)
    order = table.sort_values(["row", "rise"], kind="stable").index
    table, move = table.loc[order].reset_index(drop=True), move[order]
    table["settlement_id"] = settlements["settlement_id"].to_numpy()[table["row"]]
    table["next_potential"] = wanted[table["row"]]
    table["viability"] = index[table["row"]] + 100 * np.nansum(share[table["row"]] * move, axis=1)
    return table, move


def alternatives_of(
    settlements: pd.DataFrame, rules: Rules, scores: np.ndarray, km: dict, drawn: list[tuple[dict, np.ndarray]]
) -> Alternatives:
    """Score what follows from journeys and from population anew, for each drawn table of speeds and population."""
    journeys: dict[str, np.ndarray] = {}
    names = rules.table.reset_index().set_index("column")["indicator"]
    made = [(km, settlements["access_min"].to_numpy()), *drawn]
    # At every table of speeds the first season, which is as published, and each other.
    for_all = [[np.column_stack([of[season][tier] for tier in TIERS]) for season in of] for of, _ in made]
    journeys[names["remoteness"]] = np.array([[unit(aria(of), -1) for of in seasons] for seasons in for_all])
    if "access_min" in names:
        journeys[names["access_min"]] = np.array([[unit(access, -1)] * len(km) for _, access in made])
    rng = np.random.default_rng(2)
    sigma = np.sqrt(np.log1p(POPULATION_ERROR**2))
    people = settlements["population"].to_numpy(float)
    factors = np.exp(rng.normal(-(sigma**2) / 2, sigma, (LOTS, len(people))))
    population = {names["population"]: np.array([unit(np.log1p(people * f), 1) for f in factors])}
    return Alternatives(rules, scores, journeys, {k: v for k, v in population.items() if k in rules.table.index})
