"""What a run notes down while it goes: seconds, findings, figures."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gis.errors import Finding, Level

Progress = Callable[[str], None]


@dataclass
class Record:
    """What a run notes down while it goes: seconds of each stage, findings, figures."""

    seconds: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)
    progress: Progress | None = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, and say that it has begun."""
        if self.progress is not None:
            self.progress(name)
        begun = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - begun, 3)

    def note(self, level: Level, code: str, message: str, count: int, value: str = "") -> None:
        """Write down a finding, unless it stands for nothing."""
        if count:
            self.findings.append(Finding(level, code, message, count=count, value=value))
