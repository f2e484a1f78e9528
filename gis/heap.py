"""The heap of a run: glibc keeps one for each thread, and holds on to what was freed in the midst of them.

At a million roads that is a third of what a run would hold. Other systems give memory back by themselves.
"""

import ctypes
import sys
from typing import Any

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # malloc.h of glibc
_ALL = 2**31 - 1


def share_one_heap() -> None:
    """Let all threads of the process that begin after this share one heap, and keep what is freed until `give_back`.

    Else each large array would be fresh pages, which the system empties first: a quarter of its time. To give back what
    a stage has freed, and take it again in the next, costs seconds and hardly lowers what is held at most.
    """
    if (mallopt := _of_glibc("mallopt")) is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _ALL)


def give_back() -> None:
    """Give memory that was freed back to the system."""
    if (malloc_trim := _of_glibc("malloc_trim")) is not None:
        malloc_trim(0)


def _of_glibc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
