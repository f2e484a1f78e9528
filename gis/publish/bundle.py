"""Outputs are written aside and moved into place at the end, so that a failed run loses nothing.

Everything happens inside the folder of outputs, hence on one file system:

`.shalgai-part-*`
    The run writes here. Its lock file is held while the run lives.
`.shalgai-old-*`
    Hard links (or copies) of the files that are about to be replaced.
`.shalgai-ready-*`
    The part folder, renamed in one step once every file in it is complete: the point of no return.

A run that dies before the renaming has touched no output. A run that dies after it has left complete new
files in the ready folder, and the next run, or `recover`, moves what is left of them: at each moment every
output is a whole file, old or new, and `run.json` goes last, so that a new record means new outputs. Where
a file cannot be replaced (on Windows: it is open in QGIS), what was moved is put back.
"""

import contextlib
import errno
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gis.errors import OutputError

_PART, _OLD, _READY, _LIST = ".shalgai-part-", ".shalgai-old-", ".shalgai-ready-", ".shalgai-files.json"
_LOCK, _RECORD = ".lock", "run.json"
_TRIES = 10
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextlib.contextmanager
def bundle(out: Path) -> Iterator[Path]:
    """Give an empty folder to write into, and move its files into `out` when the block ends well.

    Files in `out` that no run wrote are left alone; files of the earlier run that the new one does not write
    are removed. If the block raises, `out` stays as it was.

    Parameters
    ----------
    out
        The folder of outputs; made where it is missing.

    Yields
    ------
    Path
        A folder inside `out`, hidden, on the same file system.

    Raises
    ------
    OutputError
        The folder cannot be written, the disk is full, a file is in use, or another run writes here.

    Notes
    -----
    Safe against errors, Ctrl-C and a killed process; a power cut is as safe as the file system is.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with bundle(Path(folder) / "results") as stage:
    ...         _ = (stage / "a.txt").write_text("done")
    ...     (Path(folder) / "results" / "a.txt").read_text()
    'done'
    """
    out = Path(out).resolve()
    fresh = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        recover(out)
        part = Path(tempfile.mkdtemp(prefix=_PART, dir=out))
    except OSError as error:
        raise _refusal(error, out) from error
    lock = (part / _LOCK).open("w")
    try:
        _locked(lock)
        yield part
        _check_databases(part, out)
        lock.close()
        (part / _LOCK).unlink()
        _commit(part, out)
    except Exception as error:
        refusal = _refusal(error, out)
        if refusal is error:
            raise
        raise refusal from error
    finally:
        lock.close()
        _remove(part)
        if fresh:
            with contextlib.suppress(OSError):
                out.rmdir()  # only where it is still empty


def recover(out: Path) -> None:
    """Finish the move that a killed run began, and remove what killed runs left behind.

    Cheap where there is nothing to do; call it before reading a folder of outputs.

    Raises
    ------
    OutputError
        Another run is writing into the folder at this moment, or a file cannot be replaced.
    """
    out = Path(out).resolve()
    if not out.is_dir():
        return
    for ready in sorted(out.glob(_READY + "*")):
        try:
            _move(ready, out, None)
        except OSError as error:
            raise _refusal(error, out) from error
    for part in out.glob(_PART + "*"):
        if (part / _LOCK).exists():
            with (part / _LOCK).open("w") as lock:
                if not _locked(lock):
                    raise OutputError(f"{out}: another run is writing here; wait for it, or choose another folder")
        _remove(part)
    for old in out.glob(_OLD + "*"):
        shutil.rmtree(old, ignore_errors=True)


def _commit(part: Path, out: Path) -> None:
    """Set the old files aside as links, rename the part folder, and move; put all back on a refusal."""
    name = part.name.removeprefix(_PART)
    old, ready = out / (_OLD + name), out / (_READY + name)
    files = _files(part)
    (part / _LIST).write_text(json.dumps(files, ensure_ascii=False), encoding="utf-8")
    for file in {*files, *_listed(out), _LIST}:
        if (out / file).is_file():
            _link(out / file, old / file)
    part.rename(ready)
    try:
        _move(ready, out, old)
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _move(ready: Path, out: Path, old: Path | None) -> None:
    """Move the files of the ready folder into `out`; with `old` given, undo all of it on a refusal."""
    files = _files(ready)
    gone = set(_listed(out)) - set(json.loads((ready / _LIST).read_text(encoding="utf-8"))) if _has(ready) else set()
    try:
        for file in [*files, *([_LIST] if _has(ready) else [])]:
            if file == _LIST:
                for path in gone:
                    (out / path).unlink(missing_ok=True)
            (out / file).parent.mkdir(parents=True, exist_ok=True)
            (ready / file).replace(out / file)
    except OSError:
        if old is not None:
            _undo(files, out, old)
            shutil.rmtree(ready, ignore_errors=True)
        raise
    shutil.rmtree(ready, ignore_errors=True)


def _undo(files: list[str], out: Path, old: Path) -> None:
    for file in files:
        if not (old / file).exists():
            with contextlib.suppress(OSError):
                (out / file).unlink(missing_ok=True)
    for file in (*_files(old), *([_LIST] if (old / _LIST).exists() else [])):
        with contextlib.suppress(OSError):  # the file in use is still the old one
            (old / file).replace(out / file)


def _remove(part: Path) -> None:
    """Remove what a run wrote; one that was stopped may be at its last file, so a few times, half a second at most."""
    for _ in range(_TRIES):
        shutil.rmtree(part, ignore_errors=True)
        if not part.exists():
            return
        time.sleep(0.5 / _TRIES)


def _has(folder: Path) -> bool:
    return (folder / _LIST).exists()


def _files(folder: Path) -> list[str]:
    """List the files below a folder, the record last."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted((n for n in names if n not in (_LOCK, _LIST)), key=lambda name: name == _RECORD)


def _listed(out: Path) -> list[str]:
    """List the files of the earlier run, as it wrote them down; never one outside the folder."""
    try:
        names = json.loads((out / _LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [n for n in names if isinstance(n, str) and (out / n).resolve().is_relative_to(out)]


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # exFAT and some network drives have no hard links
        shutil.copy2(source, target)


def _locked(file: IO[str]) -> bool:
    """Take the lock of an open file; the system gives it back when the process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # A file system that knows no locks cannot tell: then the run goes on.
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def _check_databases(part: Path, out: Path) -> None:
    """Refuse to slip a new database under another's write-ahead log: SQLite would mix the two."""
    for path in part.rglob("*.gpkg"):
        target = out / path.relative_to(part)
        log = target.with_name(target.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise OutputError(
                f"{target}: is open in another program; close it in QGIS and run again"
                f" (if no program has it open, delete {log.name} and {target.name}-shm)"
            )
        for suffix in ("-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)


def _refusal(error: Exception, out: Path) -> Exception:
    """Turn an error of the file system into one that says what to do; leave others as they are."""
    if isinstance(error, OutputError):
        return error
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL or (number is None and out.is_dir() and shutil.disk_usage(out).free < 2**20):
        return OutputError(f"{out}: the disk is full; free some space or choose another folder, and run again")
    if not isinstance(error, OSError):
        return error
    where = error.filename2 or error.filename or str(out)
    if not (Path(where).is_relative_to(out) or out.is_relative_to(where)):
        return error  # of an input, not of the outputs
    if out.exists() and not out.is_dir():
        return OutputError(f"{out}: is a file, not a folder; choose another folder for the outputs")
    if isinstance(error, PermissionError) and Path(where).is_file():
        return OutputError(f"{where}: cannot be replaced; if it is open in QGIS or Excel, close it there and run again")
    reason = error.strerror or str(error)
    return OutputError(f"{where}: cannot be written ({reason}); check the folder's rights or choose another folder")
