"""What the report of a run is made from: the settings of the study, and the files that it read, with their licences."""

import csv
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gis.pipeline import Result
from gis.publish.record import sha256
from gis.publish.report import write_report
from gis.publish.report_base import Run, made_line
from gis.publish.report_sections import sections
from gis.read.shipped import layers_dir
from gis.study import Study


def program() -> str:
    """Name the program and its version."""
    return f"Shalgai {version('shalgai')}"


def settings(study: Study) -> list[str]:
    """Return what the study sets, a line for each key, in its order.

    Examples
    --------
    >>> from gis.study import make_study
    >>> settings(make_study({"settlements": {"path": "villages.csv"}}, folder=Path()))
    ['settlements.path = "villages.csv"']
    """

    def lines(value: object, key: str) -> list[str]:
        if isinstance(value, dict):
            prefix = f"{key}." if key else ""
            return [line for name, inner in value.items() for line in lines(inner, f"{prefix}{name}")]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return [line for i, inner in enumerate(value, start=1) for line in lines(inner, f"{key}.{i}")]
        return [f"{key} = {json.dumps(value, ensure_ascii=False)}"]

    return lines(study.model_dump(mode="json", exclude_unset=True), "")


def input_files(result: Result) -> list[dict[str, Any]]:
    """Describe the files that a run read: name, size, hash, date, and source and licence where the catalogue has them.

    The catalogue is that of the layers that come with the program; a file is known there by its hash. The date is the
    catalogue's, else that of the file's last change.
    """
    with (layers_dir() / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        known = {row["sha256"]: row for row in csv.DictReader(file)}
    folder, made = result.study.folder, []
    for path in result.inputs.files:
        digest = sha256(path)
        row: Mapping[str, str] = known.get(digest, {})
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        name = path.relative_to(folder) if path.is_relative_to(folder) else path
        made.append({
            "file": name.as_posix(), "bytes": path.stat().st_size, "sha256": digest, "source": row.get("source", ""),
            "licence": row.get("licence", ""), "date": row.get("date") or changed.isoformat(),
        })  # fmt: skip
    return made


def report(
    result: Result, folder: Path, inputs: list[dict[str, Any]], titles: Mapping[str, str], libraries: Mapping[str, str]
) -> None:
    """Write the report of a run into the folder where its pictures of disparity are already."""
    study, roads = result.study, result.roads
    language, day = study.language, datetime.now(UTC).date()
    run = Run(
        settlements=result.settlements,
        tables=result.tables,
        below={
            "land": result.inputs.boundary,
            "water": result.inputs.water,
            "regions": result.inputs.regions,
            "roads": roads,
        },
        findings=result.record.findings,
        inputs=inputs,
        parameters=study.model_dump(mode="json"),
        settings=settings(study),
        tiers=[tier.name for tier in result.inputs.tiers],
        tier_names=titles,
        remoteness_classes=result.inputs.classes["class"].tolist(),
        figures=result.record.figures,
        versions=libraries,
        language=language,
        day=day,
        program=program(),
    )
    write_report(folder, study.title, made_line(run), sections(run, folder), language)
