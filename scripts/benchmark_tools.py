"""What every section of the benchmark is measured with: alternating runs, agreement, memory, and the table."""

import importlib.util
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Peer:
    """One way to do the work: its name, and a call that returns the answer."""

    name: str
    call: Callable[[], Any]
    tolerance: float = 1e-6  # the largest difference from our answer that still counts as the same
    share: float = 1.0  # how much of the work it is given; its time is scaled by count, and that is said
    expected: Any = None  # our answer to the part that it is given


@dataclass
class Row:
    """One line of the README's table: ours beside the fastest peer."""

    work: str
    size: int
    ours: list[float]
    fastest: str
    peer: list[float]
    unit: str = "s"
    notes: list[str] = field(default_factory=list)
    stopped: bool = False  # the peer did not end in the time that it had: it takes longer, and ratios are lower bounds

    @property
    def ratios(self) -> list[float]:
        """Ratio of each round, in which both ran one after the other; a peer that ran once is in all."""
        peer = self.peer * len(self.ours) if len(self.peer) == 1 else self.peer
        return [theirs / ours for ours, theirs in zip(self.ours, peer, strict=False)]


SLOW_S = 10.0

ROWS: list[Row] = []
DISAGREED: list[str] = []


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def kilobytes(field: str, process: int | str = "self") -> int:
    """Return what Linux says of the memory of a process, such as `VmRSS`; 0 where it has ended."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


def peak_bytes(call: Callable[[], Any]) -> float:
    """Return the most memory that a call held at once beyond what was held before; NaN where it cannot be told."""
    reset = Path("/proc/self/clear_refs")
    if not reset.exists():
        return float("nan")
    reset.write_text("5")
    before = kilobytes("VmRSS")
    answer = call()
    peak = kilobytes("VmHWM")
    del answer
    return (peak - before) * 1024.0


def compare(title: str, peers: list[Peer], agree: Callable[[Any, Any], float], runs: int, units: int) -> Row:
    """Run all peers in turn, `runs` times, and print a line for each; the first is ours.

    `units` are what the time is divided by: cells, edges, settlements. `agree` tells how far two answers differ; an
    answer that is a call is read by it, off the clock.
    """
    wall: dict[str, list[float]] = {peer.name: [] for peer in peers}
    core: dict[str, list[float]] = {peer.name: [] for peer in peers}
    answers: dict[str, Any] = {}
    for turn in range(runs + 1):
        for peer in peers:
            if len(wall[peer.name]) == runs:
                continue
            begin, begin_core = time.perf_counter(), time.process_time()
            answer = peer.call()
            seconds, core_seconds = time.perf_counter() - begin, time.process_time() - begin_core
            if turn == 0:
                answers[peer.name] = answer() if callable(answer) else answer
            # The first call also compiles: it counts only where it takes so long that this does not matter.
            if turn > 0 or seconds > SLOW_S:
                wall[peer.name].append(seconds / peer.share)
                core[peer.name].append(core_seconds / peer.share)
    median = {name: statistics.median(t) for name, t in wall.items()}
    ours = peers[0].name
    print(f"\n{title}")
    print(
        f"  {'':28} {'median s':>9} {'least':>8} {'most':>8} {'core s':>8} {'ns/unit':>8} {'x ours':>7}"
        "  largest difference"
    )
    for peer in peers:
        name, t = peer.name, wall[peer.name]
        difference = agree(answers[ours] if peer.expected is None else peer.expected, answers[name])
        print(
            f"  {name:28} {median[name]:9.4f} {min(t):8.4f} {max(t):8.4f} {statistics.median(core[name]):8.4f} "
            f"{median[name] / units * 1e9:8.1f} {median[name] / median[ours]:7.2f}  {difference:.1e}"
            + (f"  (at {peer.share:.0%} of the size, scaled by count)" if peer.share < 1 else "")
        )
        if not difference <= peer.tolerance:
            DISAGREED.append(f"{title}: {name} differs by {difference:.1e}")
            print(f"  {name} DISAGREES: more than {peer.tolerance:.0e}")
    fastest = min(peers[1:], key=lambda peer: median[peer.name], default=None)
    row = Row(title, units, wall[ours], fastest.name if fastest else "", wall[fastest.name] if fastest else [])
    if fastest and fastest.share < 1:
        row.notes.append(f"peer at {fastest.share:.0%} of the size, scaled by count")
    return add_row(row)


def add_row(row: Row) -> Row:
    """Print the ratio and keep the row for the table."""
    if row.peer:
        spread = f"{statistics.median(row.ratios):.2f} ({min(row.ratios):.2f} to {max(row.ratios):.2f})"
        stopped = f", stopped after {row.peer[-1]:.0f} s" if row.stopped else ""
        print(f"  {row.unit}: {row.fastest} / this project {'>=' if row.stopped else '='} {spread}{stopped}")
    ROWS.append(row)
    return row


def relative(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest relative difference where both are above 0; infinite where only one of them is finite."""
    a, b = np.asarray(a), np.asarray(b)
    if (np.isfinite(a) != np.isfinite(b)).any():
        return float("inf")
    both = np.isfinite(a) & (a > 0)
    return float(np.max(np.abs(a[both] - b[both]) / a[both], initial=0.0))


def note(text: str) -> None:
    """Print a line that belongs to the last comparison, and keep it for the table."""
    print(f"  {text}")
    ROWS[-1].notes.append(text)


def grown(call: Callable[[], Any], units: int, runs: int) -> None:
    """Run the same work of ours at a smaller size, and note how the time of the last comparison grew from it."""
    row, least = ROWS[-1], float("inf")
    call()
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        least = min(least, time.perf_counter() - begin)
    note(f"{row.size / units:.0f} x the size takes {min(row.ours) / least:.1f} x the time")


def growth() -> None:
    """Note how the time of one work grew with its size, where several sections measured it."""
    by_work: dict[str, list[Row]] = {}
    for row in ROWS:
        by_work.setdefault(row.work.rsplit(", ", 1)[0], []).append(row)
    for work, rows in by_work.items():
        rows = sorted(rows, key=lambda row: row.size)
        for small, large in itertools.pairwise(rows):
            if large.size > small.size and large.unit == "s":
                times = min(large.ours) / min(small.ours)
                text = f"{large.size / small.size:.1f} x the size takes {times:.1f} x the time"
                large.notes.append(text)
                print(f"{work}: {text}")


def table() -> str:
    """Return the rows as Markdown."""
    lines = [
        "| work | ours | peer | ratio (spread) | beside it |",
        "|---|---|---|---|---|",
    ]
    for row in ROWS:
        ours = f"{statistics.median(row.ours):.3g} {row.unit}"
        peer = ratio = ""
        if row.peer:
            more, least = ("more than ", ">= ") if row.stopped else ("", "")
            peer = f"{row.fastest} {more}{statistics.median(row.peer):.3g} {row.unit}"
            ratio = f"**{least}{statistics.median(row.ratios):.1f}** ({min(row.ratios):.1f} to {max(row.ratios):.1f})"
        lines.append(f"| {row.work} | {ours} | {peer} | {ratio} | {'; '.join(row.notes)} |")
    return "\n".join(lines)
