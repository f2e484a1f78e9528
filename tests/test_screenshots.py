"""The script that takes the pictures of a run."""

import sys
from pathlib import Path

import pytest
from PIL import Image
from study_tools import call, write_country
from test_picture import _needs_chromium

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
import screenshots


def test_a_run_becomes_its_pictures(tmp_path, capsys):
    _needs_chromium()
    study = write_country(tmp_path)
    run, pictures = tmp_path / "results", tmp_path / "pictures"
    assert call("run", study, "--out", run).code == 0
    pictures.mkdir()
    assert screenshots.main([str(run), "--out", str(pictures), "--place", "a"]) == 0
    made = {path.name: Image.open(path) for path in pictures.glob("*.png")}
    assert (
        {"card.png", "phone.png", "report.png"} <= made.keys() <= {"card.png", "phone.png", "report.png", "layout.png"}
    )
    assert made["card.png"].size == (1280, 800)
    assert made["phone.png"].size == (390, 844)
    for image in made.values():
        assert 20 < len(image.convert("RGB").getcolors(70_000)) <= 128
    if "layout.png" not in made:
        assert "no QGIS" in capsys.readouterr().err


def test_what_is_no_run_is_named(tmp_path, capsys):
    assert screenshots.main([str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_help_answers(capsys):
    with pytest.raises(SystemExit, match="0"):
        screenshots.main(["--help"])
    assert "--place" in capsys.readouterr().out
