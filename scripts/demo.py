"""Install if need be, run the demonstration country, say what to open."""

from __future__ import annotations

import sys

from _setup import ROOT, ensure, run


def main(argv: list[str]) -> int:
    """Run `shalgai run` with the arguments given, or the demonstration into results/."""
    if {"-h", "--help"} & set(argv):
        print(__doc__, "\nUsage: python3 scripts/demo.py [STUDY.toml] [--out DIR]", sep="")
        return 0
    python = ensure()
    arguments = argv or ["--out", str(ROOT / "results")]
    return run([str(python), "-m", "gis", "run", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
