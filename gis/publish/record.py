"""The record of a run: what went in, with which parameters, and what came out."""

import hashlib
import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path


def write_record(path: Path, record: Mapping[str, object]) -> None:
    """Write the record of a run as JSON, the same bytes for the same content.

    Keys keep their order; `inf` is written as the text `"inf"` and `NaN` as `null`, because JSON has neither.
    Paths, numpy scalars, sets and dataclass-like `as_dict()` objects become plain values.

    Raises
    ------
    TypeError
        A value that has no plain form.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_record(Path(folder) / "run.json", {"minutes": [1.5, float("inf"), float("nan")]})
    ...     json.loads((Path(folder) / "run.json").read_text())
    {'minutes': [1.5, 'inf', None]}
    """
    text = json.dumps(_plain(record), ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits; a file that has not changed is read once.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a").write_bytes(b"")
    ...     sha256(Path(folder) / "a")[:8]
    'e3b0c442'
    """
    status = path.stat()
    return _sha256(path.absolute(), status.st_size, status.st_mtime_ns)


@lru_cache
def _sha256(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return [_plain(v) for v in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    for method in ("as_dict", "to_dict", "isoformat", "tolist"):  # findings, Series, dates, numpy
        if hasattr(value, method):
            return _plain(getattr(value, method)())
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"a record holds plain values, got {type(value).__name__}: {value!r}")
