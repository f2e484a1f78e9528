"""A run that was stopped goes on from its last finished stage, with the same answer."""

import pickle
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

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
        stopped.setattr(pipeline, "distances", stop)
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
    kept.save("travel", np.arange(9.0), 9.0)
    assert kept.load("travel").tolist() == list(range(9))
    whole = (kept.folder / "travel.pickle").read_bytes()
    (kept.folder / "travel.pickle").write_bytes(whole[:-1])  # within an array
    assert kept.load("travel") is None
    kept.forget()
    assert not kept.folder.exists()


def test_a_cache_that_cannot_be_written_keeps_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    kept = Checkpoints.of("p", [], tmp_path / "file")
    kept.save("travel", 1, 9.0)
    assert kept.load("travel") is None


@pytest.mark.parametrize(
    "shapes",
    [
        [shapely.LineString([(0, 0), (1 / 3, 2)]), shapely.LineString([(1, 1), (2, 2), (3, 5)])],
        [shapely.Point(71.1, 51.2), shapely.Point(-1e-300, 1e300)],
        [shapely.LineString([(0, 0), (1, 1)]), None],
        [shapely.Point(1, 2), shapely.Point()],
        [shapely.LineString([(0, 0, 5), (1, 1, 6)]), shapely.LineString([(0, 0), (1, 1)])],
        [shapely.from_wkt("POINT M (1 2 3)")],
        [shapely.LineString([(0, 0), (1, 1)]), shapely.MultiLineString([[(0, 0), (1, 1)]])],
        [shapely.box(0, 0, 1, 1), shapely.GeometryCollection([shapely.Point(1, 1)])],
        [None],
        [],
    ],
    ids=str,
)
@pytest.mark.parametrize("crs", ["EPSG:4326", "ESRI:102027", None])
def test_shapes_come_back_as_they_were(shapes, crs, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "_WORTH_S", 0.0)
    kept = Checkpoints.of("p", [], tmp_path)
    frame = gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=np.array(shapes, object), crs=crs)
    kept.save("read", {"twice": [frame, frame]}, 9.0)
    first, second = kept.load("read")["twice"]
    assert first is second
    assert first.crs == frame.crs
    assert first.geometry.to_wkb().tolist() == frame.geometry.to_wkb().tolist()
    pd.testing.assert_frame_equal(pd.DataFrame(first.drop(columns="geometry")), pd.DataFrame({"n": range(len(shapes))}))
    with (tmp_path / "plain").open("wb") as file:  # the same as an ordinary pickle gives back
        pickle.dump(frame, file)
    assert first.geometry.values.equals(pickle.loads((tmp_path / "plain").read_bytes()).geometry.values)
