"""The commands. Heavy libraries are imported inside them, so that `--help` answers at once."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from gis.errors import Finding, InputError, OutputError, ShalgaiError
from gis.kernels.garbage import uncollected

if TYPE_CHECKING:
    import pandas as pd

    from gis.pipeline import Result


app = typer.Typer(
    help="Which villages are far, and which can live: remoteness and viability of every settlement.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
out_console = Console(soft_wrap=True, highlight=False, emoji=False)
err_console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

_REGIONS = 40
_COLOUR = {"error": "red", "warning": "yellow", "repair": "cyan"}
_SHOWN = 25
_STOPPED = 130

StudyFile = Annotated[Path, typer.Argument(help="The study file (TOML).", show_default=False)]


def main() -> None:
    """Run the command line; every error that a user can mend is one message and exit status 1."""
    for stream in (sys.stdout, sys.stderr):  # a Windows console of another code page cannot print Kazakh names
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except InputError as error:
        show_findings([f for f in error.findings if f.level == "error"])
        err_console.print("[red]No outputs were written; earlier ones are as they were.[/]")
        sys.exit(1)
    except ShalgaiError as error:
        err_console.print(f"[red]error[/] {_escape(str(error))}")
        sys.exit(1)
    except SystemExit as end:
        if end.code == _STOPPED:  # typer's status for Ctrl-C, without a word
            err_console.print("Stopped. Earlier outputs are as they were.")
        raise


def program() -> None:
    """Run the command line as a process of its own, which ends at once when all is said.

    An orderly end gives back gigabytes piece by piece, and waits for threads that are in the middle of a search.
    """
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):  # Python says it
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code or 0)


@app.command()
def run(
    study: Annotated[Path | None, typer.Argument(help="The study file; without it, the demonstration.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the outputs.", show_default="as the study says")] = None,
) -> None:
    """Run a study: score every settlement, write map, layers and tables."""
    with _progress() as step:
        step("start")
        with uncollected():
            from gis.running import run_into
            from gis.study import demonstration, read_study

        chosen = read_study(demonstration() if study is None else study)
        # The demonstration may lie in a folder of the installation: its results belong where the user stands.
        folder = out or (Path("results") if study is None else chosen.resolve(chosen.outputs.folder))
        result = run_into(chosen, folder, name=str(study or "the demonstration"), progress=step)
    _summary(result, folder)


@app.command()
def check(study: StudyFile) -> None:
    """Read and check every layer of a study, list all findings, write nothing."""
    from gis.inputs import counts, read_inputs
    from gis.study import read_study

    try:
        findings = read_inputs(read_study(study)).findings
    except InputError as error:
        findings = list(error.findings)
    show_findings(findings)
    number = counts(findings)
    err_console.print(_counted(number, "error", "warning", "repair"))
    if number["error"]:
        raise typer.Exit(1)


@app.command()
def explain(
    folder: Annotated[Path, typer.Argument(help="The outputs of a run.", show_default=False)],
    settlement: Annotated[str, typer.Argument(help="Its name, in any spelling, or its id.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    page: Annotated[Path | None, typer.Option("--html", help="Write a page to print into this file.")] = None,
) -> None:
    """Say why a settlement has its values, and what would lift its class."""
    from gis.explain import explain as explained
    from gis.explain import explain_html, explain_json

    if page is not None:
        try:
            page.write_text(explain_html(folder, settlement), encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{page}: cannot be written: {error.strerror}") from None
    if as_json or page is None:
        out_console.print(_escape((explain_json if as_json else explained)(folder, settlement)))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write study.toml.", show_default=False)],
    osm: Annotated[Path | None, typer.Option(help="An OpenStreetMap extract to fill it in from.")] = None,
) -> None:
    """Write a commented study file to start from."""
    from gis.starter import write_starter

    out_console.print(_escape(write_starter(folder, osm)))


@app.command()
def doctor() -> None:
    """Show versions and drivers, and what is known to break GDAL or PROJ."""
    from gis.doctor import examine

    facts, findings = examine()
    for name, value in facts.items():
        out_console.print(f"{name:16} {_escape(value)}")
    show_findings(findings)
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)
    out_console.print("ready")


def show_findings(findings: list[Finding]) -> None:
    """Print findings, errors first; of many of one kind the first ones, with how many more there are."""
    shown: dict[str, int] = {}
    order = ("error", "warning", "repair")
    for finding in sorted(findings, key=lambda f: order.index(f.level)):
        shown[finding.code] = shown.get(finding.code, 0) + 1
        if shown[finding.code] <= _SHOWN:
            err_console.print(f"[{_COLOUR[finding.level]}]{finding.level}[/] {_escape(str(finding))}")
    for code, number in shown.items():
        if number > _SHOWN:
            err_console.print(f"... and {number - _SHOWN} more of {_escape(f'[{code}]')}")


def _summary(result: "Result", folder: Path) -> None:
    from gis.inputs import counts
    from gis.outputs import by_potential

    show_findings([f for f in result.record.findings if f.level != "error"])
    number = counts(result.record.findings)
    number["settlement"] = len(result.settlements)
    out_console.print(_counted(number, "settlement", "warning", "repair"))
    for name, row in by_potential(result.settlements).iterrows():
        if row["settlements"]:
            out_console.print(f"  {name:12} {_people(row)}")
    if "regions" in result.tables:
        for line in _by_region(result.tables["regions"]):
            out_console.print(_escape(line))
    out_console.print(f"open the map:  {_escape(str((folder / 'map.html').resolve()))}")
    out_console.print(f"open in QGIS:  {_escape(str((folder / 'project.qgz').resolve()))}")
    out_console.print(f"read:          {_escape(str((folder / 'report.html').resolve()))}")


def _counted(number: Mapping[str, int], *names: str) -> str:
    return ", ".join(f"{number[name]} {name}{'' if number[name] == 1 else 's'}" for name in names)


def _people(row: "pd.Series[float]") -> str:
    """Write settlements and people of a class; nobody known is not nobody."""
    unknown = int(row["population_unknown"])
    known = f"{row['population']:14,.0f} people" if unknown < row["settlements"] else f"{'?':>14} people"
    return f"{int(row['settlements']):8,} settlements {known}" + (f", unknown in {unknown:,}" if unknown else "")


def _by_region(table: "pd.DataFrame") -> list[str]:
    """Lay out the table of the national review: settlements by class of potential and people, a line for a region."""
    from gis.fields import POTENTIALS

    if len(table) > _REGIONS:
        return [f"{len(table) - 1} regions: see tables/regions.csv"]
    classes = [name for name in POTENTIALS if table[f"settlements_{name}"].any()]
    names = [*table["region"].iloc[:-1], "total"]
    width = max(12, *(len(name) for name in names))
    head = f"  {'region':{width}} {'settlements':>11}" + "".join(f"{name:>12}" for name in classes)
    lines = [f"{head}{'people':>14}{'unknown in':>12}"]
    for name, (_, row) in zip(names, table.iterrows(), strict=True):
        unknown = int(row["settlements_population_unknown"])
        people = f"{row['population']:14,.0f}" if unknown < row["settlements"] else f"{'?':>14}"
        counts = "".join(f"{int(row[f'settlements_{one}']):12,}" for one in classes)
        line = f"  {name:{width}} {int(row['settlements']):11,}{counts}{people}{unknown or '':>12}"
        lines.append(line.rstrip())
    return lines


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show a bar for each stage, on a terminal: how long it took, or that it goes on."""
    columns = (TextColumn("{task.description:12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err_console, transient=True, disable=not err_console.is_terminal) as bars:

        def step(name: str) -> None:
            for task in bars.task_ids:
                bars.update(task, total=1, completed=1)
            bars.add_task(name, total=None)

        yield step


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
