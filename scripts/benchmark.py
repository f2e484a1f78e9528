"""Measure this project beside the peers that are installed: `python scripts/benchmark.py [SECTION ...] [--runs N]`.

Runs alternate, answers are compared, and each line holds the median, the ratio to the fastest peer and the spread.
"""

import argparse
import contextlib
import sys
import warnings
from collections.abc import Callable

import benchmark_map as web_map
import benchmark_paths as paths
import benchmark_roads as roads
import benchmark_study as study
import benchmark_surface as surface
import benchmark_tools as tools

# Each section: what runs it, and its size, in the unit that the function names.
SECTIONS: dict[str, tuple[Callable[[int, int], None], int]] = {
    "cost-distance-1m": (surface.fractal, 1000),
    "cost-distance-9m": (surface.fractal, 3000),
    "cost-distance-36m": (surface.fractal, 6000),
    "maze": (surface.maze, 3000),
    "noise": (surface.noise, 3000),
    "nearest": (paths.nearest_centre, 1_300_000),
    "k-nearest": (paths.k_nearest_and_matrix, 1_300_000),
    "noding": (roads.noding, 1_000_000),
    "snapping": (roads.snapping, 1_000_000),
    "study": (study.study, 100_000),
    "map-7500": (web_map.maps, 7_500),
    "map-12000": (web_map.maps, 12_000),
    "map-50000": (web_map.maps, 50_000),
}


def main(argv: list[str] | None = None) -> int:
    """Run the sections; 1 where answers do not agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sections", nargs="*", help=f"any of {', '.join(SECTIONS)}; all if none is named")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each engine (%(default)s)")
    parser.add_argument("--size", type=int, help="another size than the section's own: rows, edges or settlements")
    parser.add_argument("--table", action="store_true", help="print a Markdown table; all else goes to stderr")
    options = parser.parse_args(argv)
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"unknown section {', '.join(sorted(unknown))}; choose from {', '.join(SECTIONS)}")
    warnings.simplefilter("ignore")  # those of the peers
    with contextlib.redirect_stdout(sys.stderr if options.table else sys.stdout):
        for name in options.sections or SECTIONS:
            section, size = SECTIONS[name]
            section(options.runs, options.size or size)
        print()
        tools.growth()
        for line in tools.DISAGREED:
            print(f"answers differ: {line}")
    if options.table:
        print(tools.table())
    return 1 if tools.DISAGREED else 0


if __name__ == "__main__":
    sys.exit(main())
