"""Run kernels on all cores, so that Ctrl-C is heard meanwhile."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
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
    it hands over an answer into a `SystemError`.
    """
    stop = np.zeros(1, np.bool_)
    with ThreadPoolExecutor(cores()) as pool:
        try:
            futures = [pool.submit(work, *job, stop) for job in jobs]
            while wait(futures, timeout=0.2).not_done:
                pass
        except BaseException:
            stop[0] = True
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in futures]
