"""The catalogue: one row for every file under layers/, with its SHA-256."""

import hashlib
from fnmatch import fnmatchcase
from pathlib import Path

from demo_layers.tables import read_csv, write_csv

HEADER = ["file", "title", "source", "licence", "crs", "units", "date", "sha256"]


def files_below(folder: Path) -> dict[str, Path]:
    """Give the files below a folder by their path with slashes; hidden files and the catalogue are not layers."""
    paths = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        relative.as_posix(): path
        for relative, path in paths.items()
        if relative.as_posix() != "catalogue.csv" and not any(part.startswith((".", "_")) for part in relative.parts)
    }


def build_catalogue(layers: Path, out: Path) -> None:
    """Write catalogue.csv; what a file is comes from the first pattern of catalogue_source.csv that fits it."""
    patterns = read_csv(layers / "catalogue_source.csv")
    files = files_below(layers) | files_below(out)
    rows = []
    for name in sorted(files):
        described = next((row for row in patterns if fnmatchcase(name, row["file"])), None)
        if described is None:
            raise SystemExit(f"{name}: add a row to {layers / 'catalogue_source.csv'}")
        digest = hashlib.sha256(files[name].read_bytes()).hexdigest()
        rows.append([name, *(described[key] for key in HEADER[1:-1]), digest])
    write_csv(out / "catalogue.csv", HEADER, rows)
