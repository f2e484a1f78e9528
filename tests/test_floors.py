"""The floors of the house: an import points down, never up or sideways between folders of one floor."""

import ast
import sys
from pathlib import Path

import pytest
from study_tools import ROOT

# Floor of each folder of the package, and of the modules that lie in no folder ("" is all the others of these).
FLOORS = {
    "fields": 0, "errors": 0,
    "kernels": 1,
    "space": 2,
    "stages": 3,
    "read": 4, "publish": 4,
    "steps": 5, "": 5,
}  # fmt: skip
ARRAYS = {"numpy", "scipy", "numba"}
GEOGRAPHY = ARRAYS | {"geopandas", "shapely", "pyproj", "pandas", "affine"}
# What a floor may know of other people's libraries; the floors that are not named may know all.
LIBRARIES = {0: set[str](), 1: ARRAYS, 2: GEOGRAPHY, 3: GEOGRAPHY}
# Modules that open files, and calls that do: for the floors below reading alone.
OPENERS = {"pathlib", "io", "shutil", "tempfile", "sqlite3", "urllib", "http", "socket", "subprocess", "csv", "glob"}
CALLS = {
    "open", "fromfile", "tofile", "loadtxt", "savetxt", "genfromtxt", "memmap", "read_text", "write_text", "read_bytes",
    "write_bytes", "to_file", "read_file", "to_csv", "read_csv", "to_parquet", "read_parquet", "to_json", "to_pickle",
}  # fmt: skip


def place(parts: tuple[str, ...]) -> tuple[int, str]:
    """The floor and the folder of a module, from its path inside the package."""
    folder = parts[0] if parts else ""
    folder = folder if folder in FLOORS else ""
    return FLOORS[folder], "" if FLOORS[folder] in (0, 5) else folder


def imported(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and dotted name of everything that a module imports; `from gis import fields` is `gis.fields`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = "." * node.level + (node.module or "")
            whole = above == "gis" or node.level
            found += [(node.lineno, f"{above}.{alias.name}" if whole else above) for alias in node.names]
    return found


def faults(package: Path) -> list[str]:
    """Every import and every opened file in a package that its floor forbids."""
    found = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        floor, folder = place(parts)
        if len(parts) > 1 and parts[0] not in FLOORS:
            found.append(f"{path.relative_to(package)}: the folder {parts[0]} stands on no floor; give it one here")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, name in imported(tree):
            reason = forbidden(name, floor, folder)
            if reason:
                found.append(f"{path.relative_to(package)}:{line}: imports {name}, {reason}")
        for node in ast.walk(tree) if floor < 4 else ():
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in CALLS:
                    found.append(f"{path.relative_to(package)}:{node.lineno}: {called}() opens a file below floor 4")
    return found


def forbidden(name: str, floor: int, folder: str) -> str:
    """Why a module of a floor may not import a name; nothing where it may."""
    if name.startswith("."):
        return "relatively: write the whole name"
    head, *rest = name.split(".")
    if head == "gis":
        if not rest:
            return "the package as a whole: name the module"
        there, other = place(tuple(rest))
        if there > floor:
            return f"which is on floor {there}, above floor {floor}"
        return "sideways on one floor" if there == floor and other != folder else ""
    if head in sys.stdlib_module_names:
        return "which opens files, below floor 4" if head in OPENERS and floor < 4 else ""
    return "" if head in LIBRARIES.get(floor, {head}) else f"which floor {floor} may not know"


def test_every_import_of_the_package_points_down() -> None:
    assert faults(ROOT / "gis") == []


def test_the_checker_reads_the_whole_package() -> None:
    names = {name for path in (ROOT / "gis").rglob("*.py") for _, name in imported(ast.parse(path.read_text("utf-8")))}
    assert {"gis.fields", "gis.errors", "numpy", "geopandas"} <= names
    assert {path.parent.name for path in (ROOT / "gis").rglob("*.py")} >= {
        "kernels",
        "space",
        "stages",
        "read",
        "publish",
    }


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("kernels/a.py", "import pandas", "floor 1 may not know"),
        ("kernels/a.py", "from shapely.geometry import Point", "floor 1 may not know"),
        ("kernels/a.py", "from gis.space.grid import Grid", "floor 2, above floor 1"),
        ("space/a.py", "import rasterio.features", "floor 2 may not know"),
        ("space/a.py", "def f():\n    from gis.stages import travel", "floor 3, above floor 2"),
        ("stages/a.py", "import pyogrio", "floor 3 may not know"),
        ("stages/a.py", "import folium", "floor 3 may not know"),
        ("stages/a.py", "from gis.read.vector import read_table", "floor 4, above floor 3"),
        ("stages/a.py", "from gis import study", "floor 5, above floor 3"),
        ("stages/a.py", "import gis.pipeline", "floor 5, above floor 3"),
        ("stages/a.py", "from gis.steps import travel", "floor 5, above floor 3"),
        ("read/a.py", "from gis.publish.words import words", "sideways"),
        ("publish/a.py", "from gis.read import vector", "sideways"),
        ("publish/a.py", "from gis.study import Study", "floor 5, above floor 4"),
        ("read/deep/a.py", "from gis.cli import app", "floor 5, above floor 4"),
        ("errors.py", "import numpy", "floor 0 may not know"),
        ("errors.py", "from gis.kernels import paths", "floor 1, above floor 0"),
        ("kernels/a.py", "from . import b", "relatively"),
        ("kernels/a.py", "import gis", "name the module"),
        ("space/a.py", "from pathlib import Path", "opens files"),
        ("kernels/a.py", "open('x')", "open() opens a file"),
        ("stages/a.py", "def f(p):\n    return p.read_text()", "read_text() opens a file"),
        ("stages/a.py", "def f(frame):\n    frame.to_file('x')", "to_file() opens a file"),
        ("odd/a.py", "import numpy", "stands on no floor"),
        ("kernels/a.py", "if TYPE_CHECKING:\n    import geopandas", "floor 1 may not know"),
    ],
)
def test_the_checker_catches(tmp_path: Path, module: str, source: str, reason: str) -> None:
    file = tmp_path / module
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")
    found = faults(tmp_path)
    assert len(found) == 1
    assert reason in found[0]
    assert found[0].startswith(module)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("kernels/a.py", "import math\nimport numba\nfrom scipy.sparse import csgraph\nfrom gis.kernels import b"),
        ("space/a.py", "import geopandas\nfrom gis.kernels.paths import x\nfrom gis import fields"),
        ("stages/a.py", "from gis.space.grid import Grid\nfrom gis.errors import Finding"),
        ("read/a.py", "import rasterio\nfrom pathlib import Path\nopen('x')\nfrom gis.stages import travel"),
        ("steps/a.py", "from gis.study import Study\nfrom gis.read import vector\nimport rasterio"),
        ("cli.py", "import typer\nfrom gis.steps import travel"),
    ],
)
def test_the_checker_lets_through_what_points_down(tmp_path: Path, module: str, source: str) -> None:
    file = tmp_path / module
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")
    assert faults(tmp_path) == []
