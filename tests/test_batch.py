"""scripts/batch.py: a night of studies."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from study_tools import ROOT, contents, environment, write_country

from gis.fields import POTENTIALS

sys.path.insert(0, str(ROOT / "scripts"))
import batch  # type: ignore[import-not-found]


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_failing_study_does_not_end_the_night(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, last = write_country(night / "a"), write_country(night / "с пробелом")
    broken = night / "b" / "study.toml"
    broken.parent.mkdir()
    broken.write_text("[settlements]\npath = 'none.csv'\n", encoding="utf-8")
    typo = night / "typo.toml"
    typo.write_text("[setlements]\n", encoding="utf-8")
    missing = night / "missing.toml"
    status = batch.main([str(path) for path in (first, broken, typo, missing, last)])
    assert status == 1
    rows = table(night / "batch.csv")
    assert [row["study"] for row in rows] == [path.as_posix() for path in (first, broken, typo, missing, last)]
    assert [bool(row["error"]) for row in rows] == [False, True, True, True, False]
    assert "no such file" in rows[1]["error"]
    assert "did you mean 'settlements'?" in rows[2]["error"]
    assert "no such study file" in rows[3]["error"]
    for row in (rows[0], rows[4]):
        assert row["settlements"] == "6"
        assert sum(int(row[name] or 0) for name in POTENTIALS) == 6
        assert int(row["warnings"]) > 0
        assert float(row["seconds"]) >= 0
    assert (night / "с пробелом" / "results" / "map.html").exists()
    assert "seconds {" in (night / "с пробелом" / "results" / "run.log").read_text("utf-8")
    assert "failed: none.csv" in (night / "b" / "results" / "run.log").read_text("utf-8")
    assert "[5/5]" in capsys.readouterr().out


def test_a_folder_is_searched_for_studies_and_all_well_is_zero(night: Path) -> None:
    write_country(night / "all" / "west")
    write_country(night / "all" / "east" / "deep").rename(night / "all" / "east" / "deep" / "study_2024.toml")
    (night / "all" / "other.toml").write_text("x = 1")
    assert batch.main(["all", "--summary", "night/summary.csv"]) == 0
    rows = table(night / "night" / "summary.csv")
    assert [row["study"] for row in rows] == ["all/east/deep/study_2024.toml", "all/west/study.toml"]
    assert list(rows[0]) == batch.COLUMNS
    assert not list((night / "night").glob("*.part"))


def test_two_studies_never_write_over_each_other(night: Path) -> None:
    first = write_country(night / "a")
    second = first.with_name("study_2.toml")
    second.write_text(first.read_text(encoding="utf-8").replace("A small", "Another"), encoding="utf-8")
    assert batch.main(["a"]) == 1
    rows = table(night / "batch.csv")
    assert [bool(row["error"]) for row in rows] == [False, True]
    assert "holds the results of a/study.toml; give outputs.folder another name" in rows[1]["error"]
    assert "A small country" in (night / "a" / "results" / "run.json").read_text(encoding="utf-8")


def test_a_fault_of_the_program_is_written_down_and_the_night_goes_on(
    night: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gis.outputs

    first, second = write_country(night / "a"), write_country(night / "b")
    real = gis.outputs.write_outputs

    def faulty(result: object, out: Path) -> Path:
        if out.parent.name == "a":
            raise ZeroDivisionError("by zero")
        return real(result, out)  # type: ignore[arg-type]

    monkeypatch.setattr(gis.outputs, "write_outputs", faulty)
    assert batch.main([str(first), str(second)]) == 1
    rows = table(night / "batch.csv")
    assert "fault of the program" in rows[0]["error"]
    assert "ZeroDivisionError: by zero" in rows[0]["error"]
    assert rows[1]["error"] == ""


def test_a_study_of_a_stopped_night_goes_on_from_its_last_stage(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gis.checkpoints
    import gis.outputs

    monkeypatch.setattr(gis.checkpoints, "user_cache_path", lambda name: night / "cache" / name)
    monkeypatch.setattr(gis.checkpoints, "_WORTH_S", 0.0)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(gis.outputs, "write_outputs", stop)
        assert batch.main([str(write_country(night / "a"))]) == 130
    assert batch.main([str(night / "a")]) == 0
    log = (night / "a" / "results" / "run.log").read_text("utf-8")
    assert log.index("stopped by the user") < log.index("taken from the run that was stopped: read, travel")


def test_nothing_to_run_is_said(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (night / "empty").mkdir()
    assert batch.main(["empty"]) == 2
    assert "no study*.toml in empty" in capsys.readouterr().err
    assert not (night / "batch.csv").exists()


def test_a_table_that_cannot_be_written_is_known_before_the_night(
    night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_country(night / "a")
    (night / "file").write_text("mine")
    before = contents(night)
    assert batch.main([str(study), "--summary", "file/batch.csv"]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert contents(night) == before


def test_a_table_that_is_open_elsewhere_does_not_end_the_night(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studies = [write_country(night / name) for name in "abc"]
    real, calls = Path.replace, []

    def refused(self: Path, target: Path) -> Path:
        if self.name == "batch.csv.part":
            calls.append(target)
            if len(calls) == 3:
                raise PermissionError(13, "Permission denied")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", refused)
    monkeypatch.setattr(batch, "one", lambda study, _: dict.fromkeys(batch.COLUMNS, "") | {"study": str(study)})
    assert batch.main([str(study) for study in studies]) == 0
    assert len(table(night / "batch.csv")) == 3


def test_a_stopped_night_keeps_its_table(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one(study: Path, _: object) -> dict[str, object]:
        if study.name == "b.toml":
            raise KeyboardInterrupt
        return dict.fromkeys(batch.COLUMNS, "") | {"study": str(study)}

    monkeypatch.setattr(batch, "one", one)
    assert batch.main(["a.toml", "b.toml", "c.toml"]) == 130
    assert [row["study"] for row in table(night / "batch.csv")] == ["a.toml"]


def test_help_says_what_it_does() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "batch.py", "--help"], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0
    assert "go on after one fails" in done.stdout
    assert "--summary" in done.stdout


def test_a_python_without_the_program_is_told_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "gis.py").write_text("raise ModuleNotFoundError('gis')")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "batch.py", "x"],
        capture_output=True, text=True, env=environment() | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "not installed for this Python" in done.stderr
    assert "Traceback" not in done.stderr
