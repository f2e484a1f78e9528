"""Run many studies one after the other, go on after one fails, and leave a summary table.

Each has its `run.log` beside its outputs; one that was killed or stopped goes on from its last finished stage.
"""

import argparse
import contextlib
import csv
import sys
import time
from pathlib import Path

try:
    from gis.errors import ShalgaiError
    from gis.fields import POTENTIALS
except ModuleNotFoundError:
    sys.exit("shalgai is not installed for this Python; after scripts/demo.py, use the one in .venv")

COLUMNS = ["study", "seconds", "settlements", *POTENTIALS, "warnings", "repairs", "error"]


def main(argv: list[str] | None = None) -> int:
    """Run the studies; 0 if all succeeded, 1 if one failed, 2 if there was none or the table cannot be written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="+", type=Path, help="study files, or folders that are searched for study*.toml")
    parser.add_argument("--summary", type=Path, default=Path("batch.csv"), help="the table (default: %(default)s)")
    chosen = parser.parse_args(argv)
    studies = [file for path in chosen.study for file in found(path)]
    if not studies:
        print("no study*.toml in", *chosen.study, file=sys.stderr)
        return 2
    rows: list[dict[str, object]] = []
    taken: dict[Path, Path] = {}
    if not write(chosen.summary, rows):  # before the night begins
        return 2
    try:
        for number, study in enumerate(studies, 1):
            rows.append(one(study, taken))
            said = rows[-1]["error"] or "done"
            print(f"[{number}/{len(studies)}] {study}: {said} ({rows[-1]['seconds']} s)", flush=True)
            written = write(chosen.summary, rows)  # after each: a night's work is not lost with its last study
    except KeyboardInterrupt:
        print(f"Stopped after {len(rows)} of {len(studies)} studies.", file=sys.stderr)
        return 130
    return int(any(row["error"] for row in rows) or not written)


def found(path: Path) -> list[Path]:
    """The study files of a folder and the folders in it, or the file itself."""
    return sorted(path.rglob("study*.toml")) if path.is_dir() else [path]


def one(study: Path, taken: dict[Path, Path]) -> dict[str, object]:
    """Run one study into its own folder of outputs, and say how it went; `taken` holds the folders of the others."""
    from gis.inputs import counts
    from gis.running import run_into
    from gis.study import read_study

    row: dict[str, object] = dict.fromkeys(COLUMNS, "") | {"study": study.as_posix()}
    begun = time.perf_counter()
    try:
        read = read_study(study)
        folder = read.resolve(read.outputs.folder).resolve()
        if taken.setdefault(folder, study) != study:
            raise ShalgaiError(f"{folder}: holds the results of {taken[folder]}; give outputs.folder another name")
        result = run_into(read, folder, name=study.as_posix())
        number = counts(result.record.findings)
        row |= result.settlements["potential"].value_counts().to_dict()
        row |= {"settlements": len(result.settlements), "warnings": number["warning"], "repairs": number["repair"]}
    except ShalgaiError as error:
        row["error"] = str(error)
    except Exception as error:  # a fault of the program in one study must not end the night's others
        row["error"] = f"fault of the program, please report it: {type(error).__name__}: {error}"
    row["seconds"] = round(time.perf_counter() - begun, 1)
    return row


def write(path: Path, rows: list[dict[str, object]]) -> bool:
    """Write the table aside and put it in place; say so and go on where that cannot be done (it is open in Excel)."""
    aside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            table.writerows(rows)
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        print(f"{path}: cannot be written: {error.strerror}; close it, or set --summary", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
