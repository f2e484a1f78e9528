"""Finished stages, kept until the run is done: a run that was killed goes on from the last one."""

import hashlib
import io
import os
import pickle
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np
import shapely
from geopandas.array import GeometryArray
from numpy.typing import NDArray
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
                pickled, sizes = pickle.load(file)
                return pickle.loads(pickled, buffers=[_read(file, size) for size in sizes])
        except Exception:  # a damaged pickle may raise anything
            return None

    def save(self, stage: str, value: Any, seconds: float) -> None:
        """Keep what a stage made, if it took long; a cache that is full or cannot be written keeps nothing."""
        if self.folder is None or seconds < _WORTH_S:
            return
        aside = self.folder / f"{stage}.{os.getpid()}.part"  # the same study may run twice at once
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            pickled, buffers = io.BytesIO(), list[pickle.PickleBuffer]()
            _Pickler(pickled, buffers).dump(value)
            arrays = [buffer.raw() for buffer in buffers]
            with aside.open("wb") as file:
                pickle.dump((pickled.getvalue(), [array.nbytes for array in arrays]), file)
                file.writelines(arrays)
            aside.replace(self.folder / f"{stage}.pickle")

    def forget(self) -> None:
        """Remove what was kept: the run is done, or failed for a reason that will not go away."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


class _Pickler(pickle.Pickler):
    """Keeps many lines or points as the arrays of their coordinates: each as bytes of its own takes six times as long.

    Arrays go into `buffers` as they are, and lines that several tables share go there once.
    """

    def __init__(self, file: IO[bytes], buffers: list[pickle.PickleBuffer]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL, buffer_callback=buffers.append)
        self._taken: dict[tuple[int, int, tuple[int, ...]], tuple[Any, ...]] = {}

    def reducer_override(self, value: Any) -> Any:
        if type(value) is not GeometryArray:
            return NotImplemented
        shapes = np.asarray(value)
        place = shapes.ctypes.data, len(shapes), shapes.strides
        if place not in self._taken:
            self._taken[place] = (shapes, _coordinates(shapes))  # with the shapes, so that no others come to lie there
        parts = self._taken[place][1]
        return NotImplemented if parts is None else (_geometries, (parts, value.crs))


def _coordinates(shapes: NDArray[np.object_]) -> tuple[Any, ...] | None:
    """Return kind, coordinates and offsets of points or lines; None for other shapes and for those with gaps."""
    kinds = np.unique(shapely.get_type_id(shapes))
    alike = len(kinds) == 1 and kinds[0] in (shapely.GeometryType.POINT, shapely.GeometryType.LINESTRING)
    if not alike or (shapely.get_coordinate_dimension(shapes) != 2).any():
        return None
    xy, shape = shapely.get_coordinates(shapes, return_index=True)
    vertices = np.bincount(shape, minlength=len(shapes))
    if not vertices.all():  # an empty one
        return None
    kind = shapely.GeometryType(kinds[0])
    return kind, xy, (np.concatenate([[0], vertices.cumsum()]),) if kind == shapely.GeometryType.LINESTRING else ()


def _read(file: IO[bytes], size: int) -> bytearray:
    """Read an array that may be written to, as those of numpy may."""
    array = bytearray(size)
    if file.readinto(array) < size:  # type: ignore[attr-defined]  # files that are open in binary have it
        raise EOFError
    return array


def _geometries(parts: tuple[Any, ...], crs: Any) -> GeometryArray:
    return GeometryArray(shapely.from_ragged_array(*parts), crs=crs)


def _forget_old(root: Path, but: Path) -> None:
    for folder in root.glob("run-*"):
        with suppress(OSError):
            if folder != but and time.time() - folder.stat().st_mtime > _DAYS * 86_400:
                shutil.rmtree(folder, ignore_errors=True)
