"""Run many studies one after the other, go on after one fails, and leave a summary table."""

import argparse
import csv
import sys
import time
from pathlib import Path

from gis.errors import ShalgaiError
from gis.fields import POTENTIALS

COLUMNS = ["study", "seconds", "settlements", *POTENTIALS, "warnings", "repairs", "error"]


def main(argv: list[str] | None = None) -> int:
    """Run the studies; 0 if all succeeded, 1 if one failed, 2 if there was none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", nargs="+", type=Path, help="study files, or folders that are searched for study*.toml")
    parser.add_argument("--summary", type=Path, default=Path("batch.csv"), help="the table (default: %(default)s)")
    chosen = parser.parse_args(argv)
    studies = [file for path in chosen.study for file in found(path)]
    if not studies:
        print("no study*.toml in", *chosen.study, file=sys.stderr)
        return 2
    rows = []
    for number, study in enumerate(studies, 1):
        rows.append(one(study))
        print(f"[{number}/{len(studies)}] {study}: {rows[-1]['error'] or 'done'} ({rows[-1]['seconds']} s)", flush=True)
        write(chosen.summary, rows)  # after each: a night's work is not lost with its last study
    return int(any(row["error"] for row in rows))


def found(path: Path) -> list[Path]:
    """The study files of a folder and the folders in it, or the file itself."""
    return sorted(path.rglob("study*.toml")) if path.is_dir() else [path]


def one(study: Path) -> dict[str, object]:
    """Run one study into its own folder of outputs, and say how it went."""
    from gis.inputs import counts
    from gis.outputs import write_outputs
    from gis.pipeline import compute
    from gis.study import read_study

    row: dict[str, object] = dict.fromkeys(COLUMNS, "") | {"study": study.as_posix()}
    begun = time.perf_counter()
    try:
        read = read_study(study)
        result = compute(read)
        write_outputs(result, read.resolve(read.outputs.folder))
        number = counts(result.record.findings)
        row |= result.settlements["potential"].value_counts().to_dict()
        row |= {"settlements": len(result.settlements), "warnings": number["warning"], "repairs": number["repair"]}
    except ShalgaiError as error:
        row["error"] = str(error)
    except Exception as error:  # a fault of the program in one study must not end the night's others
        row["error"] = f"fault of the program, please report it: {type(error).__name__}: {error}"
    row["seconds"] = round(time.perf_counter() - begun, 1)
    return row


def write(path: Path, rows: list[dict[str, object]]) -> None:
    """Write the table aside and put it in place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".part")
    with aside.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)
    aside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
