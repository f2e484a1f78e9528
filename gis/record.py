"""What a run notes down while it goes: seconds, findings, figures."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar, cast

from gis.checkpoints import Checkpoints
from gis.errors import Finding, Level

Progress = Callable[[str], None]
T = TypeVar("T")


@dataclass
class Record:
    """What a run notes down while it goes: seconds of each stage, findings, figures."""

    seconds: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)
    resumed: list[str] = field(default_factory=list)
    progress: Progress | None = None
    checkpoints: Checkpoints = field(default_factory=lambda: Checkpoints(None))

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """Do a stage, or take it from a run that was killed after it; findings and figures come along."""
        with self.stage(name):
            kept = self.checkpoints.load(name)
            if kept is not None:
                value, self.findings, self.figures = kept
                self.resumed.append(name)
                return cast(T, value)
            begun = time.perf_counter()
            made = make()
            self.checkpoints.save(name, (made, self.findings, self.figures), time.perf_counter() - begun)
            return made

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, and say that it has begun."""
        self.begins(name)
        with self.timed(name):
            yield

    def begins(self, name: str) -> None:
        """Say that a stage has begun, or that what is left of it is waited for."""
        if self.progress is not None:
            self.progress(name)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time what goes on beside a stage."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - begun, 3)

    def note(self, level: Level, code: str, message: str, count: int, value: str = "") -> None:
        """Write down a finding, unless it stands for nothing."""
        if count:
            self.findings.append(Finding(level, code, message, count=count, value=value))
