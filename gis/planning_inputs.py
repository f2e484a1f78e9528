"""The tables that the planner's part of a study reads: criteria for towns, names of types, figures by region."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.errors import Finding, InputError
from gis.fields import HIGH, LOW, MEDIUM, REGION
from gis.read.checks import Report, did_you_mean
from gis.read.shipped import preset
from gis.read.tables import read_lookup, read_rows
from gis.read.text import parse_numbers
from gis.read.vector import require_file
from gis.stages.towns import COMPARISONS, REGION_MEAN
from gis.stages.typology import GROUPS, remoteness_groups
from gis.study import Study
from gis.study_rules import Regional


@dataclass(frozen=True)
class PlanningInputs:
    """Tables of the planner's part.

    Parameters
    ----------
    criteria
        Of depressed towns: index `criterion`; `column`, `comparison`, `limit`, `points`.
    types
        Type of each pair of group of remoteness and class of potential.
    regional
        Numbers by region, 0 or more, NaN unknown; no columns where the study gives none.
    all_season_within_km
        The distance of the Rural Access Index, where the study names none.
    findings
        Warnings.
    """

    criteria: pd.DataFrame
    types: dict[tuple[str, str], str]
    regional: pd.DataFrame
    all_season_within_km: float
    findings: list[Finding] = field(default_factory=list)


def read_planning(
    study: Study, regions: gpd.GeoDataFrame | None, named: Sequence[str]
) -> tuple[PlanningInputs, list[Finding]]:
    """Read the tables; regions of the study that the figures do not name, and others, are warned of.

    Parameters
    ----------
    study
        The study.
    regions
        The layer of regions, with column `region`.
    named
        The regions of the settlements.

    Raises
    ------
    InputError
        With all findings of all tables.
    """
    findings: list[Finding] = []
    criteria, types, regional = pd.DataFrame(), dict[tuple[str, str], str](), pd.DataFrame()
    try:
        criteria = read_criteria(study.resolve(study.towns.criteria) if study.towns.criteria else preset("towns.csv"))
    except InputError as error:
        findings += error.findings
    try:
        types = read_types(study.resolve(study.typology.table) if study.typology.table else preset("typology.csv"))
    except InputError as error:
        findings += error.findings
    try:
        if study.regional is not None:
            regional, found = _regional(study, study.regional, regions, named)
            findings += found
    except InputError as error:
        findings += error.findings
    if any(finding.level == "error" for finding in findings):
        raise InputError(findings)
    access = read_lookup(preset("rural_access.csv"), text=["parameter"], numbers=["value"], key="parameter")["value"]
    return PlanningInputs(criteria, types, regional, float(access["all_season_within_km"]), findings), findings


def read_criteria(path: Path) -> pd.DataFrame:
    """Read the criteria of depressed towns, each checked.

    Raises
    ------
    InputError
        A column missing, a comparison that is not known, a limit that is no number, points that are not above 0.

    Examples
    --------
    >>> read_criteria(preset("towns.csv")).loc["single_industry", ["comparison", "limit"]].tolist()
    ['is', 'yes']
    """
    table = read_lookup(path, text=["criterion", "column", "comparison", "limit"], numbers=["points"], key="criterion")
    report = Report(path.name)
    for name, row in table.iterrows():
        if row["comparison"] not in COMPARISONS:
            message = f"expected a comparison of {', '.join(COMPARISONS)}{did_you_mean(row['comparison'], COMPARISONS)}"
            report.add("error", "comparison", message, rows=[name], values=[row["comparison"]])
        elif row["comparison"] != "is" and row["limit"] != REGION_MEAN and not _is_number(row["limit"]):
            report.add("error", "limit", f"expected a number or {REGION_MEAN}", rows=[name], values=[row["limit"]])
        if not row["points"] > 0:
            report.add("error", "points", "expected points above 0", rows=[name], values=[f"{row['points']:g}"])
    report.close()
    return table


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def read_types(path: Path) -> dict[tuple[str, str], str]:
    """Read the names of the types: one for each pair of group of remoteness and class of potential.

    Raises
    ------
    InputError
        A pair missing, given twice, or of words that are not known.

    Examples
    --------
    >>> read_types(preset("typology.csv"))["remote", "high"]
    'remote_viable'
    """
    table = read_lookup(path, text=["remoteness", "potential", "type"])
    report = Report(path.name)
    wanted = [(group, fit) for group in GROUPS for fit in (HIGH, MEDIUM, LOW)]
    pairs = list(zip(table["remoteness"], table["potential"], strict=True))
    for number, pair in enumerate(pairs, start=1):
        if pair not in wanted:
            message = f"expected a remoteness of {', '.join(GROUPS)} and a potential of {HIGH}, {MEDIUM}, {LOW}"
            report.add("error", "no-such-pair", message, rows=[number], values=[" and ".join(pair)])
        elif pair in pairs[: number - 1]:
            report.add("error", "duplicate-key", "this pair stands twice", rows=[number], values=[" and ".join(pair)])
    lacking = [" and ".join(pair) for pair in wanted if pair not in pairs]
    if lacking:
        report.add("error", "missing-pair", "no type is named for these pairs", values=lacking)
    report.close()
    return dict(zip(pairs, table["type"], strict=True))


def check_groups(study: Study, classes: Sequence[str]) -> list[Finding]:
    """Return an error where the study's groups of remoteness name a class that is not there."""
    try:
        remoteness_groups(classes, near=study.typology.near, remote=study.typology.remote)
    except ValueError as error:
        return [Finding("error", "typology", f"typology.near and typology.remote: {error}")]
    return []


def _regional(
    study: Study, rule: Regional, regions: gpd.GeoDataFrame | None, named: Sequence[str]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the figures by region from their table, or from the layer of regions."""
    if rule.path is not None:
        path = study.resolve(rule.path)
        report = Report(path.name)
        require_file(path, report)
        table = read_rows(report, path, encoding=None, sheet=None)
        key = rule.key
    elif regions is not None and study.regions is not None:
        report = Report(study.regions.path.name)
        table, key = pd.DataFrame(regions.drop(columns="geometry")), REGION
    else:
        raise InputError(
            [Finding("error", "no-regions", "regional needs a path, or a layer of regions to take its columns from")]
        )
    wanted = list(dict.fromkeys([*rule.values, *rule.amounts, *([rule.whole] if rule.whole else [])]))
    have = [c for c in table.columns if c != "row"]
    for name in [key, *wanted]:
        if name not in table:
            message = f"column missing{did_you_mean(name, have)}; it has {have}"
            report.add("error", "no-such-column", message, values=[name])
    report.close()
    if not wanted:
        report.fail("no-figures", "name columns of it in regional.values or regional.amounts")
    figures = _numbers(table.assign(**{key: table[key].astype(str).str.strip()}), key, wanted, report)
    _compare(figures.index, named, report, layer=rule.path is None)
    return figures, report.close()


def _numbers(table: pd.DataFrame, key: str, wanted: list[str], report: Report) -> pd.DataFrame:
    again = table[key].duplicated(keep=False)
    if again.any():
        report.add("error", "duplicate-key", f"{key} twice", rows=table.loc[again, "row"], values=table.loc[again, key])
    out = {}
    for name in wanted:
        values, unreadable = parse_numbers(table[name])
        for code, message, bad in (
            ("not-a-number", "must be a number, or blank where it is not known", unreadable | np.isinf(values)),
            ("negative", "must be 0 or more", values < 0),
        ):
            cells = table.loc[bad]
            if len(cells):
                report.add("error", code, f"{name} {message}", rows=cells["row"], values=cells[name])
        out[name] = values
    report.close()
    return pd.DataFrame(out, index=pd.Index(table[key], name=REGION, dtype=object))


def _compare(regions: pd.Index, named: Sequence[str], report: Report, *, layer: bool) -> None:
    lacking, strange = sorted(set(named) - set(regions)), sorted(set(regions) - set(named))
    if lacking:
        near = did_you_mean(lacking[0], strange)
        report.add("warning", "region-without-figures", f"regions without a row{near}", values=lacking)
    if strange and not layer:  # a polygon without settlements is no fault
        report.add("warning", "unknown-region", "rows of regions that no settlement lies in: left out", values=strange)
