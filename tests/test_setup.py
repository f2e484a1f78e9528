"""The scripts that need nothing but Python: the environment they make, and what they say where they cannot."""

import ast
import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from study_tools import ROOT

SCRIPTS = ROOT / "scripts"


class Checkout:
    """A made-up checkout and the commands that would have been run in it; no network, no installation."""

    def __init__(self, root: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.module = root, module
        self.commands: list[list[str]] = []
        self.created = 0
        self.fails = False
        self.has_pip = True
        monkeypatch.setattr(module, "ROOT", root)
        monkeypatch.setattr(module, "VENV", root / ".venv")
        monkeypatch.setattr(module, "PYTHON", root / ".venv" / "bin" / "python")
        monkeypatch.setattr(module, "run", self.run)
        monkeypatch.setattr(venv, "create", self.create)
        (root / "pyproject.toml").write_text("[project]\n")
        (root / "constraints.txt").write_text("numpy==2.0\n")

    def create(self, folder: Path, **options: Any) -> None:
        assert options["with_pip"]
        self.created += 1
        self.has_pip = True
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / "python").touch()

    def run(self, command: list[str], cwd: Path | None = None) -> int:
        assert cwd is None
        if command[1] == "-c":
            return int(not self.has_pip)
        self.commands.append(command)
        return int(self.fails)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    spec = importlib.util.spec_from_file_location("_setup_under_test", SCRIPTS / "_setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Checkout(tmp_path, module, monkeypatch)


def test_the_first_call_creates_and_installs_pinned_and_editable(checkout: Checkout) -> None:
    assert checkout.module.ensure() == checkout.root / ".venv" / "bin" / "python"
    assert checkout.created == 1
    (command,) = checkout.commands
    assert command[1:4] == ["-m", "pip", "install"]
    assert command[command.index("--constraint") + 1] == str(checkout.root / "constraints.txt")
    assert command[command.index("--editable") + 1] == str(checkout.root)
    assert not any("://" in part or "index" in part for part in command), "the registry is the user's own"


def test_the_second_call_starts_the_work_at_once(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.module.ensure()
    capsys.readouterr()
    checkout.module.ensure()
    assert checkout.created == 1
    assert len(checkout.commands) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml"])
def test_changed_pins_install_again_into_the_same_environment(checkout: Checkout, name: str) -> None:
    checkout.module.ensure("test")
    (checkout.root / name).write_text("numpy==2.1\n")
    checkout.module.ensure("test")
    checkout.module.ensure("test")
    assert checkout.created == 1
    assert len(checkout.commands) == 2


def test_the_tests_need_more_than_the_demonstration_and_serve_it_too(checkout: Checkout) -> None:
    checkout.module.ensure()
    checkout.module.ensure("test")
    assert [command[-1] for command in checkout.commands] == [str(checkout.root), f"{checkout.root}[test]"]
    checkout.module.ensure()
    assert len(checkout.commands) == 2


def test_an_environment_for_tests_serves_the_demonstration(checkout: Checkout) -> None:
    checkout.module.ensure("test")
    checkout.module.ensure()
    assert len(checkout.commands) == 1


def test_a_moved_checkout_installs_again(checkout: Checkout, tmp_path: Path) -> None:
    checkout.module.ensure()
    stamp = checkout.root / ".venv" / "installed"
    wanted = stamp.read_text()
    checkout.module.ROOT = tmp_path / "elsewhere"
    checkout.module.ROOT.mkdir()
    for name in ("constraints.txt", "pyproject.toml"):
        (checkout.module.ROOT / name).write_bytes((checkout.root / name).read_bytes())
    assert checkout.module._fingerprint() != wanted


def test_a_failed_installation_says_so_and_is_tried_again(checkout: Checkout) -> None:
    checkout.fails = True
    with pytest.raises(SystemExit, match=r"The installation failed.*Is there a network"):
        checkout.module.ensure()
    checkout.fails = False
    checkout.module.ensure()
    assert len(checkout.commands) == 2


def test_an_environment_without_pip_is_made_anew(checkout: Checkout) -> None:
    checkout.create(checkout.root / ".venv", with_pip=True)
    checkout.has_pip = False
    checkout.module.ensure()
    assert checkout.created == 2


@pytest.mark.parametrize("missing", ["ensurepip", "venv"])
def test_a_missing_module_names_the_debian_package(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit) as caught:
        checkout.module.ensure()
    assert "sudo apt install python3-venv" in str(caught.value)
    assert f"python{sys.version_info.major}.{sys.version_info.minor}-venv" in str(caught.value)
    assert checkout.commands == []


def test_a_python_too_old_is_told_which_is_needed(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(sys, "version", "3.9.2 (default)")
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed; this is 3\.9\.2\."):
        checkout.module.ensure()
    assert checkout.created == 0


def test_the_least_python_is_that_of_the_project(checkout: Checkout) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=" + ".".join(map(str, checkout.module.LEAST))


@pytest.mark.parametrize("name", ["_setup.py", "demo.py", "test.py"])
def test_an_old_python_gets_as_far_as_the_message_and_needs_no_package(name: str) -> None:
    tree = ast.parse((SCRIPTS / name).read_text(encoding="utf-8"), feature_version=(3, 8))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {a.name for n in imports if isinstance(n, ast.Import) for a in n.names}
    names |= {str(n.module) for n in imports if isinstance(n, ast.ImportFrom)}
    assert names <= {*sys.stdlib_module_names, "_setup"}
    # Annotations such as `Path | None` would be evaluated, and fail, before anything is said.
    assert "__future__" in names


@pytest.mark.parametrize(("name", "said"), [("demo.py", "[STUDY.toml] [--out DIR]"), ("test.py", "[PYTEST ARGUMENTS]")])
def test_help_installs_nothing(name: str, said: str) -> None:
    for flag in ("--help", "-h"):
        done = subprocess.run([sys.executable, SCRIPTS / name, flag], capture_output=True, text=True)
        assert done.returncode == 0
        assert said in done.stdout
        assert "Installing" not in done.stdout


def script(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location(f"{name}_under_test", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_demo_runs_the_demonstration_or_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    demo, commands = script("demo", monkeypatch), []
    monkeypatch.setattr(demo, "ensure", lambda: Path("python"))
    monkeypatch.setattr(demo, "run", lambda command: commands.append(command) or 7)
    assert demo.main([]) == 7
    assert demo.main(["my study.toml", "--out", "x"]) == 7
    assert commands == [
        ["python", "-m", "gis", "run", "--out", str(ROOT / "results")],
        ["python", "-m", "gis", "run", "my study.toml", "--out", "x"],
    ]


def test_test_runs_style_types_and_tests_and_stops_at_the_first_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    module, commands = script("test", monkeypatch), []
    monkeypatch.setattr(module, "ensure", lambda extra: Path(f"python-{extra}"))

    def run(command: list[str], cwd: Path) -> int:
        assert cwd == ROOT
        commands.append(command[2])
        return 3 if command[2] == fails else 0

    monkeypatch.setattr(module, "run", run)
    fails = ""
    assert module.main([]) == 0
    assert commands == ["ruff", "ruff", "mypy", "pytest"]
    fails = "mypy"
    commands.clear()
    assert module.main([]) == 3
    assert commands == ["ruff", "ruff", "mypy"]
    commands.clear()
    assert module.main(["-k", "one"]) == 0
    assert commands == ["pytest"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_waits_for_the_child_to_end_well(tmp_path: Path) -> None:
    child = (
        "import pathlib, signal, time\n"
        "try:\n    pathlib.Path('begun').touch(); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    time.sleep(0.6); pathlib.Path('tidied').touch(); raise SystemExit(130)\n"
    )
    parent = (
        "import os, signal, sys, threading, time, pathlib\nfrom _setup import run\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a run in the background may hand down a deaf one
        "def stop():\n"
        "    while not pathlib.Path('begun').exists(): time.sleep(0.05)\n"
        "    os.killpg(0, signal.SIGINT)\n"
        "threading.Thread(target=stop).start()\n"
        f"sys.exit(run([sys.executable, '-c', {child!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", parent], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        start_new_session=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert (tmp_path / "tidied").exists(), "a child is not killed while it tidies up"
