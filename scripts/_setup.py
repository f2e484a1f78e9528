"""Make the project's virtual environment; plain standard library, for Linux, macOS and Windows."""

from __future__ import annotations  # an old Python must get as far as the message about itself

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LEAST = (3, 11)


def ensure(extra: str = "") -> Path:
    """Create and fill .venv where that is needed; return its Python. An environment with more in it will do."""
    if sys.version_info < LEAST:
        sys.exit(f"Python {LEAST[0]}.{LEAST[1]} or newer is needed; this is {sys.version.split()[0]}.")
    stamp = VENV / f"installed{'-' + extra if extra else ''}"
    wanted = _fingerprint()
    stamps = (stamp, VENV / "installed-test")
    if PYTHON.exists() and any(s.exists() and s.read_text() == wanted for s in stamps):
        return PYTHON
    # A .venv that was made while python3-venv was missing has a Python and no pip.
    if not PYTHON.exists() or run([str(PYTHON), "-c", "import importlib.util as u; exit(not u.find_spec('pip'))"]):
        _create()
    print(f"Installing into {VENV} (once; this needs the network) ...", flush=True)
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if run([*command, "--constraint", str(ROOT / "constraints.txt"), "--editable", target]):
        sys.exit("The installation failed; the message above says why. Is there a network? Then run this again.")
    stamp.write_text(wanted)
    return PYTHON


def run(command: list[str], cwd: Path | None = None) -> int:
    """Run a command and return its status. Ctrl-C is the child's to answer: this waits until it has."""
    child = subprocess.Popen(command, cwd=cwd)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue


def _create() -> None:
    print(f"Creating {VENV} ...", flush=True)
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            "This Python cannot make virtual environments. On Debian and Ubuntu install the package:\n"
            f"    sudo apt install python3-venv   (or python{version}-venv)\nand run this again."
        )
    # clear: an environment that was left half made is made anew.
    venv.create(VENV, with_pip=True, clear=VENV.exists(), symlinks=os.name != "nt")


def _fingerprint() -> str:
    parts = [(ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"\0".join([*parts, sys.version.encode(), str(ROOT).encode()])).hexdigest()
