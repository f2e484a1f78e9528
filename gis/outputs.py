"""Every output of a run, written aside and moved into place together."""

import contextlib
import json
import platform
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gis import fields
from gis.errors import Finding
from gis.inputs import counts
from gis.pipeline import Result
from gis.publish.beside import beside
from gis.publish.bundle import bundle
from gis.publish.climate import write_measure
from gis.publish.elsewhere import can_be_elsewhere, elsewhere
from gis.publish.finding_words import finding_in
from gis.publish.geopackage import write_geopackage
from gis.publish.payload import region_names
from gis.publish.pictures import disparity_pictures, gini_by_people, write_lorenz, write_ranking
from gis.publish.project import EXTENTS, region_extents, write_project
from gis.publish.project_layers import About
from gis.publish.rasters import write_cog
from gis.publish.record import write_record
from gis.publish.tables import plain, write_csv, write_csv_and_workbook
from gis.publish.web_map import write_map
from gis.publish.words import tier_name, words
from gis.reporting import input_files, program, report, settings
from gis.steps.cards import flows, minutes_by_month
from gis.steps.climate import climate_rasters
from gis.study import study_schema

# Tables of fewer cells are written before another Python has started.
_MANY_CELLS = 300_000
_LIBRARIES = (
    "folium",
    "geopandas",
    "matplotlib",
    "numba",
    "numpy",
    "pandas",
    "pyogrio",
    "pyproj",
    "rasterio",
    "scipy",
    "shapely",
)


def write_outputs(result: Result, out: Path) -> Path:
    """Write the outputs of a run into a folder; those of an earlier run stay whole until all are written.

    Parameters
    ----------
    result
        From `gis.pipeline.compute`.
    out
        The folder; made where it is missing.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        The folder or a file in it cannot be written.
    """
    study, record = result.study, result.record
    titles = {tier.name: tier.title for tier in result.inputs.tiers if tier.title}
    with bundle(out) as folder:
        with record.stage("tables"):
            names = region_names(result.settlements)
            own = {key: said[study.language] for key, said in names.items()}
            _pictures(folder, result.tables, study.language, own)

        def rasters(stopped: threading.Event) -> None:
            with record.timed("rasters"):
                _rasters(folder, result, stopped)

        with beside(rasters):
            with record.stage("map"):
                record.findings += _map(folder, result, titles, names)
            repairs = repairs_table(record.findings, study.language)
            with _tables(folder, result, titles, repairs) as written:
                with record.stage("geopackage"):
                    _geopackage(folder, result, titles, repairs)
                with record.stage("report"):
                    files = input_files(result)
                    report(result, folder, files, titles, {name: version(name) for name in _LIBRARIES})
                with record.stage("tables"):
                    written()
            record.begins("rasters")
        with record.stage("project"):  # which looks into the rasters and the GeoPackage
            _project(folder, result, titles)
        (folder / "study.schema.json").write_text(
            json.dumps(study_schema(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
        tiers = {tier.name: tier_name(tier.name, study.language, titles) for tier in result.inputs.tiers}
        write_record(folder / "run.json", run_record(result, tiers, files))
    return out


def _rasters(folder: Path, result: Result, stopped: threading.Event) -> None:
    """Write the surfaces, and every measure of the climate that the layers allow, unless it is stopped."""
    study, first = result.study, result.inputs.season.seasons[0].name
    title = {"language": study.language, "title": study.title}
    minutes = {
        fields.travel_time_min(tier, None if season == first else season): surface
        for (tier, season), surface in result.travel_time.items()
    }
    away = {fields.distance_km(tier): surface for tier, surface in result.distance.items()}
    write_cog(folder / "travel_time.tif", minutes, result.grid, kind="minutes", **title)
    if not stopped.is_set():
        write_cog(folder / "distance.tif", away, result.grid, kind="km", **title)
    for made in climate_rasters(study, result.inputs) if study.climate.rasters else ():
        if stopped.is_set():
            return
        (folder / "climate").mkdir(exist_ok=True)
        write_measure(
            folder / "climate" / f"{made.name}.tif",
            made.values,
            made.grid,
            unit=made.unit,
            classes=made.classes,
            language=study.language,
        )


def _map(folder: Path, result: Result, titles: dict[str, str], regions: dict[str, dict[str, str]]) -> list[Finding]:
    study = result.study
    return write_map(
        folder / "map.html",
        settlements=result.settlements,
        centres=result.centres,
        roads=result.roads,
        regions=result.inputs.regions,
        surfaces=result.travel_time,
        grid=result.grid,
        context=_context(result),
        tiers=[tier.name for tier in result.inputs.tiers],
        tier_names=titles,
        contributions=[c.removeprefix("contribution_") for c in result.settlements if c.startswith("contribution_")],
        remoteness_classes=result.inputs.classes["class"].tolist(),
        seasons=[season.name for season in result.inputs.season.seasons],
        months=minutes_by_month(result.travelled),
        journeys=result.journeys,
        routes=result.routes,
        areas=result.areas.get("regions"),
        pictures=disparity_pictures(result.tables, regions),
        found=list(result.record.findings),
        language=study.language,
        title=study.title,
        notes=study.notes,
    )


@contextlib.contextmanager
def _tables(
    folder: Path, result: Result, titles: dict[str, str], repairs: pd.DataFrame
) -> Iterator[Callable[[], None]]:
    """Write CSV and the workbook, where they are large beside the block; what is given waits until it is done."""
    study = result.study
    settlements, summary = plain(result.settlements), plain(by_potential(result.settlements))
    others = {name: plain(table) for name, table in result.tables.items()}
    sheets = {"settlements": settlements, "summary": summary, **others, "repairs": plain(repairs)}
    about = {"title": study.title, "notes": study.notes, "date": datetime.now(UTC).date().isoformat()}
    named: dict[str, Any] = {"run": about, "language": study.language, "tier_names": titles}
    given = folder / "settlements.csv", settlements, sheets
    with contextlib.ExitStack() as stack:
        written: Callable[[], None] = partial(write_csv_and_workbook, *given, **named)
        if can_be_elsewhere() and sum(table.size for table in sheets.values()) > _MANY_CELLS:
            written = stack.enter_context(elsewhere(write_csv_and_workbook, *given, **named))
        with result.record.stage("tables"):  # the half that leaves both processes as much to do
            (folder / "tables").mkdir()
            for name, table in others.items():
                write_csv(folder / "tables" / f"{name}.csv", table)
        yield written


def _geopackage(folder: Path, result: Result, titles: dict[str, str], repairs: pd.DataFrame) -> None:
    study = result.study
    layers = {"centres": result.centres, "settlements": result.settlements}
    layers["flows"] = flows(result.travelled, result.routes, result.settlements[fields.POPULATION])
    if result.roads is not None:
        layers["roads"] = result.roads.drop(columns=["surface_assumed"]).assign(
            surface_assumed=result.roads["surface_assumed"].astype(bool)
        )
    layers |= dict(reversed(result.areas.items()))
    if "regions" not in layers and result.settlements[fields.REGION].notna().any():
        layers[EXTENTS] = region_extents(result.settlements)
    layers |= dict(reversed(_context(result).items()))
    write_geopackage(
        folder / "results.gpkg",
        {**layers, **result.cards, "repairs": repairs},
        language=study.language,
        tier_names=titles,
        title=study.title,
        abstract="\n".join(study.notes),
    )


def _project(folder: Path, result: Result, titles: dict[str, str]) -> None:
    study = result.study
    write_project(
        folder / "project.qgz",
        crs=result.grid.crs,
        tiers=[tier.name for tier in result.inputs.tiers],
        remoteness_classes=result.inputs.classes["class"].tolist(),
        about=About(study.title, study.notes, [program(), *settings(study)], study.language),
        tier_names=titles,
        day=datetime.now(UTC).date(),
        program=program(),
    )


def _pictures(folder: Path, tables: dict[str, pd.DataFrame], language: str, regions: dict[str, str]) -> None:
    if "lorenz" in tables:
        write_lorenz(folder / "lorenz.svg", tables["lorenz"], gini_by_people(tables["disparity"]), language)
    if "ranking" in tables:
        write_ranking(folder / "ranking.svg", tables["ranking"], language, regions)


def _context(result: Result) -> dict[str, gpd.GeoDataFrame]:
    """What lies below everything on the map, lowest first."""
    layers = {"land": result.inputs.boundary, "water": result.inputs.water}
    return {name: layer for name, layer in layers.items() if layer is not None}


def repairs_table(findings: list[Finding], language: str) -> pd.DataFrame:
    """Make the table of everything that was warned of and repaired, in a language."""
    told = [finding_in(finding, language) for finding in findings]
    columns = ["level", "code", "message", "file", "layer", "row", "value", "count"]
    table = pd.DataFrame([finding.as_dict() for finding in told], columns=columns).rename_axis("number")
    return table.assign(level=[words(language)[f"report.{level}"] for level in table["level"]])


def by_potential(settlements: pd.DataFrame) -> pd.DataFrame:
    """Count settlements and people by class of potential, as the national review does.

    Returns
    -------
    DataFrame
        On `potential`, all five classes: `settlements`, `population` (persons, of those known; NaN where it is known
        of none) and `population_unknown` (settlements whose population is not known).

    Examples
    --------
    >>> villages = pd.DataFrame({"potential": ["high", "low", "low"], "population": [900.0, 50, float("nan")]})
    >>> by_potential(villages).loc[["high", "low"]].to_numpy().tolist()
    [[1.0, 900.0, 0.0], [2.0, 50.0, 1.0]]
    """
    groups = settlements.groupby(fields.POTENTIAL)[fields.POPULATION]
    counted = {"settlements": groups.size(), fields.POPULATION: groups.sum(min_count=1)}
    table = pd.DataFrame({**counted, "population_unknown": groups.size() - groups.count()})
    return table.reindex(list(fields.POTENTIALS), fill_value=0).rename_axis(fields.POTENTIAL)


def run_record(result: Result, tier_titles: dict[str, str], files: list[dict[str, Any]]) -> dict[str, object]:
    """Return what run.json says: inputs, versions, parameters, counts, warnings and seconds."""
    study, record = result.study, result.record
    return {
        "title": study.title,
        "program": {"name": "shalgai", "version": version("shalgai")},
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": sys.platform,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "inputs": [{key: one[key] for key in ("file", "bytes", "sha256")} for one in files],
        "parameters": study.model_dump(mode="json"),
        "tiers": tier_titles,
        "counts": {
            "settlements": len(result.settlements),
            "by_potential": record.figures["potential"],
            "by_remoteness": result.settlements[fields.REMOTENESS_CLASS].value_counts().sort_index().to_dict(),
            "findings": counts(record.findings),
        },
        "figures": record.figures,
        "findings": [finding.as_dict() for finding in record.findings],
        "grid": {
            "shape": list(result.grid.shape),
            "transform": list(result.grid.transform)[:6],
            "crs": result.grid.crs,
        },
        "seconds": record.seconds,
    }
