"""Work that is done beside other work, so that a second core is not left idle."""

import contextlib
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Do work in a thread while the block goes on; at the end of the block wait for it.

    It pays for work that leaves Python's lock alone, as GDAL's compression does. The block runs in the thread that it
    was called in: Python hears Ctrl-C in its main thread alone.

    Parameters
    ----------
    work
        Given an event that is set when the block has failed: the work should then end soon.

    Raises
    ------
    Exception
        What the work raised, if the block went well. An error of the block is raised when the work has ended, so that
        no file is in use; Ctrl-C does not wait for it.

    Examples
    --------
    >>> done = []
    >>> with beside(lambda stopped: done.append("surfaces")):
    ...     done.append("tables")
    >>> sorted(done)
    ['surfaces', 'tables']
    """
    stopped = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work(stopped)
        except BaseException as error:  # raised again below
            failed.append(error)

    thread = threading.Thread(target=run)
    try:
        thread.start()
        yield
        while thread.is_alive():
            thread.join(0.2)  # on Windows a longer wait would not hear Ctrl-C
    except BaseException as error:
        stopped.set()
        if isinstance(error, Exception):
            thread.join()
        raise
    if failed:
        raise failed[0]
