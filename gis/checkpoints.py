"""Finished stages, kept until the run is done: a run that was killed goes on from the last one."""

import hashlib
import os
import pickle
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from geopandas.array import GeometryArray
from platformdirs import user_cache_path

from gis.publish.record import sha256

_DAYS = 7
# A stage that took less is done again as quickly as it is read back.
_WORTH_S = 1.0


@dataclass(frozen=True)
class Checkpoints:
    """The kept stages of one run.

    They lie in the user's own cache, never beside the outputs: a pickle is not a file to be handed on.

    Parameters
    ----------
    folder
        Named by a digest of all that decides the answer; None keeps nothing.
    """

    folder: Path | None

    @classmethod
    def of(cls, parameters: str, files: list[Path], root: Path | None = None) -> "Checkpoints":
        """Open the checkpoints of a run with these parameters and input files, by this program."""
        digest = hashlib.sha256(parameters.encode())
        for file in files:
            if not file.is_file():  # the reader will say so, better than we could
                return cls(None)
            digest.update(sha256(file).encode())
        for library in ("numpy", "pandas", "geopandas", "shapely"):  # another one may read a pickle, and otherwise
            digest.update(f"{library} {version(library)}".encode())
        for source in sorted(Path(__file__).parent.rglob("*.py")):
            digest.update(f"{source.name} {source.stat().st_mtime_ns}".encode())
        root = root or user_cache_path("shalgai")
        folder = root / f"run-{digest.hexdigest()[:32]}"
        _forget_old(root, folder)
        return cls(folder)

    def load(self, stage: str) -> Any | None:
        """Return what a stage made, or None where it is not kept or cannot be read."""
        if self.folder is None:
            return None
        try:
            with (self.folder / f"{stage}.pickle").open("rb") as file:
                return pickle.load(file)
        except Exception:  # a damaged pickle may raise anything
            return None

    def save(self, stage: str, value: Any, seconds: float) -> None:
        """Keep what a stage made, if it took long; a cache that is full or cannot be written keeps nothing."""
        if self.folder is None or seconds < _WORTH_S:
            return
        aside = self.folder / f"{stage}.{os.getpid()}.part"  # the same study may run twice at once
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with aside.open("wb") as file:
                _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
            aside.replace(self.folder / f"{stage}.pickle")

    def forget(self) -> None:
        """Remove what was kept: the run is done, or failed for a reason that will not go away."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


class _Pickler(pickle.Pickler):
    """Keeps many lines or points as the arrays of their coordinates: each as bytes of its own takes twice as long."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is GeometryArray:
            shapes = np.asarray(value)
            kinds = set(np.unique(shapely.get_type_id(shapes)).tolist())
            alike = kinds in ({shapely.GeometryType.POINT}, {shapely.GeometryType.LINESTRING})
            flat = not (shapely.has_z(shapes) | shapely.has_m(shapes) | shapely.is_empty(shapes)).any()
            if alike and flat:
                return _geometries, (*shapely.to_ragged_array(shapes), value.crs)
        return NotImplemented


def _geometries(kind: shapely.GeometryType, xy: Any, offsets: Any, crs: Any) -> GeometryArray:
    return GeometryArray(shapely.from_ragged_array(kind, xy, offsets), crs=crs)


def _forget_old(root: Path, but: Path) -> None:
    for folder in root.glob("run-*"):
        with suppress(OSError):
            if folder != but and time.time() - folder.stat().st_mtime > _DAYS * 86_400:
                shutil.rmtree(folder, ignore_errors=True)
