"""The tables that the seasons of a study are read from: months, factors of speed, published closures."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from gis.errors import Finding, InputError
from gis.fields import ROAD_CLASS, SURFACE
from gis.read.checks import Report, did_you_mean
from gis.read.rasters import Raster
from gis.read.seasons import SEASON, Closure, read_closures, read_seasons
from gis.read.shipped import preset
from gis.space.chainage import edges_of_refs, plain_ref
from gis.space.impedance import ANY_PAVED, ANY_UNPAVED
from gis.study import Study
from gis.study_layers import Season


@dataclass(frozen=True)
class SeasonInputs:
    """The seasons of a study, wherever they were given.

    Parameters
    ----------
    seasons
        Names and months, in the study's order; the first is the one that remoteness is scored by.
    factors
        `season`, `road_class`, `surface` and `factor` of speed, for `gis.space.impedance.season_factor`.
    closures
        As published.
    file
        The name of the file of closures.
    """

    seasons: list[Season] = field(default_factory=lambda: [Season(name="year")])
    factors: pd.DataFrame = field(default_factory=lambda: _factors([]))
    closures: list[Closure] = field(default_factory=list)
    file: str = ""


def read_season_inputs(
    study: Study,
    *,
    roads: pd.DataFrame | None,
    speeds: pd.DataFrame | None,
    surfaces: pd.DataFrame | None,
    temperature: Raster | None,
) -> tuple[SeasonInputs, list[Finding]]:
    """Read the tables of seasons and closures, and check them against the roads.

    Parameters
    ----------
    study
        The study.
    roads, speeds, surfaces
        As read; None where there are none, or where they could not be read.
    temperature
        The raster, which the rules of closure need for each month.

    Raises
    ------
    InputError
        See `gis.read.seasons`; rules without a monthly temperature; closures of roads that no line has.
    """
    if study.roads is None:
        return SeasonInputs(study.seasons if isinstance(study.seasons, list) else [Season(name="year")]), []
    errors: list[Finding] = []
    rule = study.closures
    if rule is not None and (rule.unpaved_after_thaw or rule.ice_roads):
        unread = study.climate.temperature is not None and temperature is None
        if not unread and (temperature is None or len(temperature.values) != 12):
            message = "the rules of closure need climate.temperature with twelve months; set it, or take [closures] out"
            errors.append(Finding("error", "no-monthly-temperature", message, value="closures"))
    seasons, factors = study.seasons, _factors([])
    closures: list[Closure] = []
    file = ""
    try:
        if isinstance(seasons, list):
            factors = _factors(seasons)
        elif speeds is not None and surfaces is not None:
            seasons, factors = _from_table(study, seasons, speeds, surfaces)
    except InputError as error:
        errors += error.findings
    try:
        if study.roads.closures is not None:
            path = study.resolve(study.roads.closures)
            closures, file = read_closures(path), path.name
            if roads is not None:
                _check_refs(closures, roads, file)
    except InputError as error:
        errors += error.findings
    if errors:
        raise InputError(errors)
    return SeasonInputs(seasons if isinstance(seasons, list) else [Season(name="year")], factors, closures, file), []


def _factors(seasons: list[Season]) -> pd.DataFrame:
    rows = [
        (season.name, "", group, factor)
        for season in seasons
        for group, factor in ((ANY_PAVED, season.paved), (ANY_UNPAVED, season.unpaved))
    ]
    return pd.DataFrame(rows, columns=[SEASON, ROAD_CLASS, SURFACE, "factor"])


def _from_table(
    study: Study, given: Path | str, speeds: pd.DataFrame, surfaces: pd.DataFrame
) -> tuple[list[Season], pd.DataFrame]:
    path = study.resolve(given) if isinstance(given, Path) else preset(f"seasons_{given}.csv")
    months, factors = read_seasons(path, classes=list(speeds.index), surfaces=[*surfaces.index, ANY_PAVED, ANY_UNPAVED])
    seasons, report = [], Report(path.name)
    for name, own in months.items():
        try:
            seasons.append(Season(name=name, months=own))
        except ValueError:
            message = "expected lower-case Latin letters, digits and _, beginning with a letter; but not worst"
            report.add("error", "season", message, values=[name])
    report.close()
    return seasons, factors


def _check_refs(closures: list[Closure], roads: pd.DataFrame, file: str) -> None:
    report, known = Report(file), sorted(set(edges_of_refs(roads).index))
    for closure in closures:
        if plain_ref(closure.ref) not in known:
            near = (
                f"{did_you_mean(plain_ref(closure.ref), known)}; mend ref"
                if known
                else "; set columns.ref of the roads"
            )
            report.add(
                "error", "unknown-ref", f"no road has this number{near}", rows=[closure.row], values=[closure.ref]
            )
    report.close()
