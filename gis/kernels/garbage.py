"""Keeps the collector of garbage from work that frees nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector of garbage still: a million new geometries would start it a thousand times, for nothing.

    Examples
    --------
    >>> with uncollected():
    ...     gc.isenabled()
    False
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def few_full_collections() -> Iterator[None]:
    """Let the collector of garbage look through what is new as ever, and hardly ever through everything.

    It would look through a million geometries again and again, and what a run drops seldom lies in a circle.

    Examples
    --------
    >>> with few_full_collections():
    ...     gc.get_threshold()[2]
    1000
    """
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, 1000)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)
