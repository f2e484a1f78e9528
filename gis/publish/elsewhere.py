"""Work in a process of its own: Python's lock leaves no second core to work that is all Python."""

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gis.errors import OutputError

_CHILD = "from gis.publish.elsewhere import answer; answer()"


def can_be_elsewhere() -> bool:
    """Tell whether a process can be started: within another program, such as QGIS on Windows, there is no Python."""
    return "python" in Path(sys.executable or "").stem.lower()


@contextlib.contextmanager
def elsewhere(work: Callable[..., object], *arguments: Any, **named: Any) -> Iterator[Callable[[], None]]:
    """Do work in a process of its own while the block goes on.

    Parameters
    ----------
    work
        A function of a module; what it returns is dropped.
    *arguments, **named
        What it is called with; they are pickled.

    Yields
    ------
    Callable
        Waits for the end of the work. The end of the block does so too; a block that fails, or is stopped by Ctrl-C,
        ends the process at once.

    Raises
    ------
    Exception
        What the work raised.
    OutputError
        The process was killed, as it is where the memory is full.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with elsewhere(Path.write_text, Path(folder) / "a.txt", "done") as wait:
    ...         wait()
    ...         (Path(folder) / "a.txt").read_text()
    'done'
    """
    task = pickle.dumps((work, arguments, named), pickle.HIGHEST_PROTOCOL)
    path = {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    with subprocess.Popen(
        [sys.executable, "-P", "-c", _CHILD],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | path,
    ) as process:  # fmt: skip

        def wait() -> None:
            if process.returncode is not None:  # it was waited for before
                return
            sender.join()
            said, complaint = process.communicate()
            if process.returncode:
                last = complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
                reason = last or f"its process ended with {process.returncode}"
                raise OutputError(f"{work.__name__}: {reason}; is there enough memory? Run again")
            failed = pickle.loads(said)
            if failed is not None:
                raise failed

        def send() -> None:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # it has ended already: `wait` says why
                process.stdin.write(task)
                process.stdin.flush()

        sender = threading.Thread(target=send)
        try:
            sender.start()  # it reads when it has loaded its libraries
            yield wait
            wait()
        finally:
            process.kill()
            if sender.is_alive():  # what it writes is not to be closed under its hands
                sender.join()


def answer() -> None:
    """Do the work that stands in the standard input, and say there is no error, or which."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    failed = None
    work, arguments, named = pickle.load(sys.stdin.buffer)
    try:
        work(*arguments, **named)
    except Exception as error:
        failed = error
    sys.stdout.buffer.write(pickle.dumps(failed))


def _end_with(parent: int) -> None:
    """End when the program that asked for the work is gone: killed, it could not say so."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)
