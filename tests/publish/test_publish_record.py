import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gis.errors import Finding
from gis.publish.record import sha256, write_record


def test_record_is_strict_json_with_the_same_bytes_each_time(tmp_path):
    record = {
        "title": "Қазақстан",
        "numbers": [np.int64(3), np.float32(0.5), float("inf"), float("-inf"), float("nan"), True, None],
        "array": np.array([[1.0, np.nan]]),
        "table": pd.Series({"high": 2}),
        "finding": Finding("repair", "x", "y"),
        "when": pd.Timestamp("2024-01-02"),
        "set": {"b", "a"},
        "path": Path("a") / "b",
    }
    write_record(tmp_path / "a.json", record)
    write_record(tmp_path / "b.json", record)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    read = json.loads((tmp_path / "a.json").read_text("utf-8"), parse_constant=refuse)
    assert read["numbers"] == [3, 0.5, "inf", "-inf", None, True, None]
    assert read["array"] == [[1.0, None]]
    assert read["table"] == {"high": 2}
    assert read["set"] == ["a", "b"]
    assert read["path"] == "a/b"
    assert read["finding"]["code"] == "x"
    assert list(read) == list(record)


def test_what_has_no_plain_form_is_refused(tmp_path):
    with pytest.raises(TypeError, match="object"):
        write_record(tmp_path / "a.json", {"a": object()})


def test_sha256_is_hashlib_s(tmp_path):
    data = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(data)
    assert sha256(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_sha256_of_a_file_that_has_changed_is_the_new_one(tmp_path):
    for data in (b"one", b"two", b"three"):
        (tmp_path / "a").write_bytes(data)
        os.utime(tmp_path / "a", ns=(len(data), ord(data[:1])))
        assert sha256(tmp_path / "a") == hashlib.sha256(data).hexdigest()
