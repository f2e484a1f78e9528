"""Install if need be and run the whole test suite: style, types, tests and doctests."""

from __future__ import annotations

import sys

from _setup import ROOT, ensure, run


def main(argv: list[str]) -> int:
    """Run ruff, mypy and pytest; arguments go to pytest, and then only it runs."""
    if {"-h", "--help"} & set(argv):
        print(__doc__, "\nUsage: python3 scripts/test.py [PYTEST ARGUMENTS]", sep="")
        return 0
    python = str(ensure("test"))
    steps = [[python, "-m", "pytest", *argv]]
    if not argv:
        steps = [
            [python, "-m", "ruff", "check", "."],
            [python, "-m", "ruff", "format", "--check", "."],
            [python, "-m", "mypy"],
            [python, "-m", "pytest", "-n", "auto", "--dist", "loadfile"],
        ]
    for step in steps:
        print("$", " ".join(["python", *step[1:]]), flush=True)
        code = run(step, cwd=ROOT)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
