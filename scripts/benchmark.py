"""Measure this project beside the peers that are installed: `python scripts/benchmark.py [SECTION ...] [--runs N]`.

Runs alternate, answers are compared, and each line holds the median, the least and the most, and the ratio to ours.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import benchmark_map as web_map
import benchmark_paths as paths
import benchmark_roads as roads
import benchmark_study as study
import benchmark_surface as surface
import benchmark_tools as tools


@dataclass(frozen=True)
class Section:
    """What runs it, its size in the unit that this names, and the size of its line in the README (0: no line)."""

    call: Callable[[int, int], None]
    size: int
    in_table: int


SECTIONS = {
    "cost-distance-1m": Section(surface.fractal, 1000, 1000),
    "cost-distance-9m": Section(surface.fractal, 3000, 3000),
    "cost-distance-36m": Section(surface.fractal, 6000, 6000),
    "maze": Section(surface.maze, 3000, 2000),
    "noise": Section(surface.noise, 3000, 2000),
    "nearest": Section(paths.nearest_centre, 1_300_000, 1_300_000),
    "k-nearest": Section(paths.k_nearest_and_matrix, 1_300_000, 1_300_000),
    "noding": Section(roads.noding, 1_000_000, 1_000_000),
    "snapping": Section(roads.snapping, 1_000_000, 1_000_000),
    "study": Section(study.study, 100_000, 50_000),
    "map-7500": Section(web_map.maps, 7_500, 0),
    "map-12000": Section(web_map.maps, 12_000, 12_000),
    "map-50000": Section(web_map.maps, 50_000, 50_000),
}


def main(argv: list[str] | None = None) -> int:
    """Run the sections; 1 where answers do not agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sections", nargs="*", help=f"any of {', '.join(SECTIONS)}; all if none is named")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each engine (%(default)s)")
    parser.add_argument("--size", type=int, help="another size than the section's own: rows, edges or settlements")
    parser.add_argument("--table", action="store_true", help="print the README's table; all else goes to stderr")
    options = parser.parse_args(argv)
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"unknown section {', '.join(sorted(unknown))}; choose from {', '.join(SECTIONS)}")
    warnings.simplefilter("ignore")  # those of the peers
    stdout = os.dup(1)
    if options.table:
        os.dup2(2, 1)  # also what peers print from C
    for name in options.sections or SECTIONS:
        section = SECTIONS[name]
        size = options.size or (section.in_table if options.table else section.size)
        if size:
            section.call(options.runs, size)
            sys.stdout.flush()
    print()
    tools.growth()
    for line in tools.DISAGREED:
        print(f"answers differ: {line}")
    sys.stdout.flush()
    os.dup2(stdout, 1)
    if options.table:
        print(tools.table())
    return 1 if tools.DISAGREED else 0


if __name__ == "__main__":
    sys.exit(main())
