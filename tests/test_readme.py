"""What the README shows is what the program prints and takes."""

import re
import tomllib
from pathlib import Path

from study_tools import call

from gis.study import make_study

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_figures_are_those_that_the_demonstration_prints(tmp_path):
    ran = call("run", "--out", tmp_path / "out")
    assert ran.code == 0
    figures = [line.rstrip() for line in ran.out.splitlines() if not line.startswith(("open ", "read:"))]
    assert len(figures) > 20
    assert "\n".join(figures) in README


def test_the_study_in_ten_lines_is_a_study_of_ten_lines():
    text = re.search(r"```toml\n(.*?)```", README, re.S)
    assert text is not None
    lines = text.group(1).splitlines()
    assert len(lines) <= 10
    study = make_study(tomllib.loads(text.group(1)), folder=ROOT)
    assert study.roads is not None


def test_every_file_that_it_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
    for script in re.findall(r"scripts/\w+\.py", README):
        assert (ROOT / script).exists(), script


def test_every_output_that_it_names_is_written_and_every_table_is_a_key(tmp_path):
    names = [f for row in re.findall(r"^\| (`.*?) \|", README.split("## Outputs")[1].split("## Methods")[0], re.M)
             for f in re.findall(r"`([^`]+)`", row)]  # fmt: skip
    assert len(names) > 10
    assert call("run", "--out", tmp_path).code == 0
    missing = [name for name in names if not (tmp_path / name).exists()]
    assert not missing
