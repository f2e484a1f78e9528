"""The promise: whatever happens to a run, each output is whole, old or new, and the next run mends the rest."""

import contextlib
import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gis.errors import OutputError
from gis.publish.bundle import bundle, recover

FILES = ("a.txt", "map.html", "sub/c.txt", "run.json")


def write(folder, text, names=FILES):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def seen(out):
    """Return each file that a user sees with its text, and the names of hidden folders left behind."""
    files = {p.relative_to(out).as_posix(): p.read_text("utf-8") for p in sorted(out.rglob("*")) if p.is_file()}
    shown = {k: v for k, v in files.items() if not k.startswith(".shalgai")}
    return shown, sorted(p.name for p in out.iterdir() if p.is_dir() and p.name.startswith(".shalgai"))


def test_files_appear_together_and_the_users_own_stay(tmp_path):
    out = tmp_path / "Нәтиже"
    with bundle(out) as folder:
        write(folder, "one")
        assert seen(out)[0] == {}
    (out / "mine.txt").write_text("mine")
    with bundle(out) as folder:
        assert list(folder.iterdir()) == [folder / ".lock"]
        write(folder, "two", ("a.txt", "run.json", "new.txt"))
    shown, left = seen(out)
    assert shown == {"a.txt": "two", "run.json": "two", "new.txt": "two", "mine.txt": "mine"}
    assert left == []


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_run_that_fails_changes_nothing(tmp_path, error):
    out = tmp_path / "out"
    with bundle(out) as folder:
        write(folder, "one")

    def fail():
        with bundle(out) as folder:
            write(folder, "two")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert seen(out) == (dict.fromkeys(FILES, "one"), [])


def test_a_thread_at_its_last_files_leaves_nothing_after_ctrl_c(tmp_path):
    out, begun = tmp_path / "out", threading.Event()
    until = []

    def write_on(folder):
        number = 0
        while not until or time.monotonic() < until[0]:
            with contextlib.suppress(OSError):  # the folder is gone
                (folder / "climate").mkdir(exist_ok=True)
                (folder / "climate" / f"{number}.tif").write_bytes(bytes(1000))
            number += 1
            begun.set()

    def interrupted():
        with bundle(out) as folder:
            thread.append(threading.Thread(target=write_on, args=(folder,)))
            thread[0].start()
            begun.wait()
            write(folder, "two")
            until.append(time.monotonic() + 0.15)
            raise KeyboardInterrupt

    with bundle(out) as folder:
        write(folder, "one")
    thread = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    thread[0].join()
    assert seen(out) == (dict.fromkeys(FILES, "one"), [])


def test_a_first_run_that_fails_leaves_no_folder(tmp_path):
    with pytest.raises(ValueError, match="no"), bundle(tmp_path / "out"):
        raise ValueError("no")
    assert not (tmp_path / "out").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
import gis.publish.bundle as b
stop, calls = int(sys.argv[2]), 0

def counted(function):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return call

for name in ("replace", "rename", "unlink", "mkdir", "write_text"):
    setattr(Path, name, counted(getattr(Path, name)))
os.link = counted(os.link)
with b.bundle(Path(sys.argv[1])) as folder:
    for name in ("a.txt", "map.html", "sub/c.txt", "run.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with open(folder / name, "w") as file:
            file.write("two")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_at_every_step_each_file_is_whole_and_the_next_run_mends(tmp_path):
    states = set()
    for stop in range(1, 60):
        out = tmp_path / f"out{stop}"
        with bundle(out) as folder:
            write(folder, "one", (*FILES, "gone.txt"))
        (out / "mine.txt").write_text("mine")
        done = subprocess.run([sys.executable, "-c", KILLED, out, str(stop)], check=False, timeout=60)
        shown, _ = seen(out)
        assert shown.pop("mine.txt") == "mine"
        gone = shown.pop("gone.txt", None)
        assert set(shown) == set(FILES)
        assert set(shown.values()) <= {"one", "two"}, "a file that is not whole"
        assert shown["run.json"] == "one" or set(shown.values()) == {"two"}, "the record is newer than the rest"
        if done.returncode == 0:
            assert set(shown.values()) == {"two"}
            assert gone is None
            break
        assert done.returncode == -signal.SIGKILL
        recover(out)
        mended, left = seen(out)
        assert left == []
        assert mended.pop("mine.txt") == "mine"
        if mended["run.json"] == "one":
            assert mended.pop("gone.txt") == "one"
        assert mended in (dict.fromkeys(FILES, "one"), dict.fromkeys(FILES, "two")), "old and new are mixed"
        states.add((frozenset(shown.values()), mended["run.json"]))
    else:
        pytest.fail("the run never came to its end")
    assert (frozenset({"one"}), "one") in states
    assert (frozenset({"one", "two"}), "two") in states, "never killed in the middle of the move"


def test_a_file_that_cannot_be_replaced_undoes_the_whole_move(tmp_path, monkeypatch):
    out = tmp_path / "out"
    with bundle(out) as folder:
        write(folder, "one")
    replace = Path.replace

    def locked(self, target):
        if Path(target).name == "map.html" and ".shalgai-ready" in str(self):
            raise PermissionError(errno.EACCES, "in use", str(self), None, str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", locked)
    with pytest.raises(OutputError, match=r"map\.html: .*QGIS"), bundle(out) as folder:
        write(folder, "two")
    assert seen(out) == (dict.fromkeys(FILES, "one"), [])


def test_where_hard_links_are_unknown_copies_do(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    for text in ("one", "two"):
        with bundle(tmp_path / "out") as folder:
            write(folder, text)
    assert seen(tmp_path / "out") == (dict.fromkeys(FILES, "two"), [])


def test_two_runs_into_one_folder_are_refused(tmp_path):
    with bundle(tmp_path / "out") as folder:
        write(folder, "one")
        with pytest.raises(OutputError, match="another run"), bundle(tmp_path / "out"):
            pass
    assert seen(tmp_path / "out")[0] == dict.fromkeys(FILES, "one")


def test_a_full_disk_is_named(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(OutputError, match="disk is full"), bundle(out):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_errors_of_inputs_pass_unchanged(tmp_path):
    with pytest.raises(FileNotFoundError), bundle(tmp_path / "out"):
        (tmp_path / "missing.txt").read_text()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="out"), bundle(tmp_path / "out"):
        pass
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="rights do not bind this user")
def test_an_unwritable_folder_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"), bundle(tmp_path / "out"):
        pass


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody can write")
def test_a_folder_that_nobody_can_write_is_refused():
    with pytest.raises(OutputError, match="cannot be written"), bundle(Path("/proc/out")):
        pass


def test_a_geopackage_with_a_live_log_is_not_replaced(tmp_path):
    out = tmp_path / "out"
    with bundle(out) as folder:
        write(folder, "one", ("results.gpkg",))
    (out / "results.gpkg").unlink()
    db = sqlite3.connect(out / "results.gpkg")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE a (b)")
    with pytest.raises(OutputError, match="close it in QGIS"), bundle(out) as folder:
        write(folder, "two", ("results.gpkg",))
    db.close()
    with bundle(out) as folder:
        write(folder, "two", ("results.gpkg",))
    assert seen(out)[0] == {"results.gpkg": "two"}


def test_a_list_that_points_outside_removes_nothing_there(tmp_path):
    out = tmp_path / "out"
    (tmp_path / "precious.txt").write_text("mine")
    out.mkdir()
    (out / ".shalgai-files.json").write_text('["../precious.txt", 7]')
    with bundle(out) as folder:
        write(folder, "one")
    assert (tmp_path / "precious.txt").read_text() == "mine"
