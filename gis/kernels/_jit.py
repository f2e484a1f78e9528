"""One way to compile a kernel: cached where a folder can be written, and free of Python's lock."""

from collections.abc import Callable
from typing import Any

from numba import njit


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function with numba when it is first called, and keep the machine code for later runs.

    The code is kept beside the module, or where that cannot be written in the user's cache folder, or in
    `NUMBA_CACHE_DIR`. Where none can be written it is compiled anew in each run.
    """
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no folder for its cache
        return njit(nogil=True)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Have a function compiled into each kernel that calls it: a call with arrays costs as much as 60 cells of work."""
    return njit(inline="always")(function)
