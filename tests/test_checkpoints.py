"""A run that was stopped goes on from its last finished stage, with the same answer."""

from pathlib import Path

import pandas as pd
import pytest

from gis import checkpoints, pipeline
from gis.checkpoints import Checkpoints
from gis.inputs import study_files
from gis.pipeline import compute
from gis.study import Study, demonstration, read_study


@pytest.fixture
def study() -> Study:
    return read_study(demonstration())


def opened(study: Study, root: Path) -> Checkpoints:
    return Checkpoints.of(study.model_dump_json(exclude={"outputs"}), study_files(study), root)


def stop(*_, **__):
    raise KeyboardInterrupt


def twice(*_, **__):
    pytest.fail("done twice")


def test_a_stopped_run_goes_on_with_the_same_answer(study, tmp_path, monkeypatch):
    whole = compute(study)
    monkeypatch.setattr(checkpoints, "_WORTH_S", 0.0)
    with monkeypatch.context() as stopped:
        stopped.setattr(pipeline, "surfaces", stop)
        with pytest.raises(KeyboardInterrupt):
            compute(study, checkpoints=opened(study, tmp_path))
    with monkeypatch.context() as again:
        # What was finished must not be done again.
        again.setattr(pipeline, "travel", twice)
        resumed = compute(study, checkpoints=opened(study, tmp_path))
    assert resumed.record.resumed == ["read", "travel"]
    pd.testing.assert_frame_equal(resumed.settlements, whole.settlements)
    assert resumed.record.findings == whole.record.findings
    assert resumed.record.figures == whole.record.figures
    for key, minutes in whole.travel_time.items():
        assert (resumed.travel_time[key] == minutes).sum() == (minutes == minutes).sum()


def test_another_question_or_another_file_starts_anew(study, tmp_path):
    kept = opened(study, tmp_path)
    other = study.model_copy(update={"title": "another"})
    assert opened(other, tmp_path).folder != kept.folder
    copy = tmp_path / "layer.csv"
    copy.write_text("a")
    first = Checkpoints.of("p", [copy], tmp_path)
    copy.write_text("b")
    assert Checkpoints.of("p", [copy], tmp_path).folder != first.folder


def test_damaged_and_missing_checkpoints_are_no_checkpoints(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "_WORTH_S", 0.0)
    kept = Checkpoints.of("p", [], tmp_path)
    assert kept.folder is not None
    assert not kept.folder.exists()
    assert kept.load("travel") is None
    kept.save("travel", [1, 2], 9.0)
    assert kept.load("travel") == [1, 2]
    (kept.folder / "travel.pickle").write_bytes(b"\x80\x05cut")
    assert kept.load("travel") is None
    kept.forget()
    assert not kept.folder.exists()


def test_a_cache_that_cannot_be_written_keeps_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    kept = Checkpoints.of("p", [], tmp_path / "file")
    kept.save("travel", 1, 9.0)
    assert kept.load("travel") is None
