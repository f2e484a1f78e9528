"""Work in a process of its own: it ends with the block, its errors are raised, and nothing of it is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gis
from gis.errors import OutputError
from gis.publish import elsewhere as module
from gis.publish.elsewhere import can_be_elsewhere, elsewhere


def held(begun: Path, seconds: float) -> None:
    begun.write_text(str(os.getpid()), "utf-8")
    time.sleep(seconds)
    begun.with_suffix(".done").touch()


@pytest.fixture(autouse=True)
def found_by_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def until(path: Path) -> int:
    for _ in range(600):
        if path.exists() and path.read_text("utf-8"):
            return int(path.read_text("utf-8"))
        time.sleep(0.1)
    raise AssertionError(f"{path} never came")


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except OSError:
        return False
    return True


def test_the_work_is_done_in_another_process_while_the_block_goes_on(tmp_path: Path) -> None:
    with elsewhere(held, tmp_path / "a", seconds=0.0) as wait:
        assert until(tmp_path / "a") != os.getpid()
        wait()
        wait()
        assert (tmp_path / "a.done").exists()
    with elsewhere(held, tmp_path / "b", 0.3):
        pass
    assert (tmp_path / "b.done").exists(), "the end of the block waits"


def test_a_large_task_does_not_hold_up_the_block_until_the_process_has_begun_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        module, "_CHILD", f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'go')!r}).exists():\n"
        f"    time.sleep(0.05)\n{module._CHILD}",
    )  # fmt: skip
    text = "a" * 5_000_000  # more than a pipe holds
    with elsewhere(Path.write_text, tmp_path / "a.txt", text):
        (tmp_path / "go").touch()
    assert (tmp_path / "a.txt").read_text() == text


def test_a_block_that_fails_before_the_task_was_read_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHILD", "import time; time.sleep(300)")
    with pytest.raises(ValueError, match="no"), elsewhere(Path.write_text, tmp_path / "a.txt", "a" * 5_000_000):
        raise ValueError("no")


def test_what_the_work_raises_is_raised_here(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as failed, elsewhere(Path.write_text, tmp_path / "none" / "a.txt", "a"):
        pass
    assert failed.value.filename == str(tmp_path / "none" / "a.txt")


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_a_block_that_fails_ends_the_process_at_once(tmp_path: Path, error: BaseException) -> None:
    def block() -> None:
        with elsewhere(held, tmp_path / "a", 300.0):
            until(tmp_path / "a")
            raise error

    with pytest.raises(type(error)):
        block()
    assert not alive(until(tmp_path / "a"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_that_is_killed_is_an_error_that_says_so(tmp_path: Path) -> None:
    def block() -> None:
        with elsewhere(held, tmp_path / "a", 300.0):
            os.kill(until(tmp_path / "a"), signal.SIGKILL)

    with pytest.raises(OutputError, match="held: its process ended with -9; is there enough memory"):
        block()


PARENT = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from gis.publish.elsewhere import elsewhere
from test_publish_elsewhere import held
with elsewhere(held, Path(sys.argv[2]), 300.0):
    time.sleep(300)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_the_process_ends_when_the_program_that_asked_for_it_is_killed(tmp_path: Path) -> None:
    path = {"PYTHONPATH": str(Path(gis.__file__).parents[1])}
    program = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(Path(__file__).parent), str(tmp_path / "a")], env=os.environ | path
    )
    number = until(tmp_path / "a")
    program.kill()
    program.wait()
    for _ in range(600):
        if not alive(number):
            return
        time.sleep(0.1)
    raise AssertionError("it is still there")


def test_a_process_that_cannot_begin_is_an_error_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHILD", "import there_is_no_such_module")
    with pytest.raises(OutputError, match="No module named 'there_is_no_such_module'"), elsewhere(time.sleep, 0):
        pass


@pytest.mark.parametrize(
    ("program", "can"),
    [("/usr/bin/python3.11", True), (r"C:\OSGeo4W\bin\qgis-bin.exe", False), ("", False), (None, False)],
)
def test_without_a_python_there_is_no_process(monkeypatch: pytest.MonkeyPatch, program: str | None, can: bool) -> None:
    monkeypatch.setattr(sys, "executable", program)
    assert can_be_elsewhere() is can


def test_a_module_in_the_working_folder_is_not_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gis.py").write_text("raise SystemExit('the wrong one')", "utf-8")
    monkeypatch.chdir(tmp_path)
    with elsewhere(held, tmp_path / "a", 0.0):
        pass
    assert (tmp_path / "a.done").exists()
