"""Run kernels on all cores, so that Ctrl-C is heard meanwhile."""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

Result = TypeVar("Result")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_all_cores(work: Callable[..., Result], jobs: Iterable[tuple[Any, ...]] = ((),)) -> list[Result]:
    """Run `work(*job, stop)` for each job, and return what they return.

    Ctrl-C sets `stop[0]`, a flag of numpy that kernels look at, and is raised when they have ended. Python hears it
    in its main thread alone, so even one job is given to another: numba turns a `KeyboardInterrupt` that comes while
    it hands over an answer into a `SystemError`. The jobs are handed out by a thread as well: interrupted while it
    holds the lock of a job, the main thread would leave that job waiting for ever.
    """
    stop, todo = np.zeros(1, np.bool_), list(jobs)
    answers: list[Future[Result]] = []

    def begin(job: tuple[Any, ...]) -> Result:
        if stop[0]:
            raise CancelledError
        return work(*job, stop)

    def hand_out() -> None:
        with ThreadPoolExecutor(cores()) as pool:
            answers.extend(pool.submit(begin, job) for job in todo)

    thread = threading.Thread(target=hand_out)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.2)
    except BaseException:
        stop[0] = True
        if thread.is_alive():
            thread.join()
        raise
    return [answer.result() for answer in answers]
