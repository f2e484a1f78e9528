"""scripts/benchmark.py: every section runs, at a size that takes a moment; peers that are absent are left out."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SIZES = {
    "cost-distance-1m": 60,
    "cost-distance-9m": 60,
    "cost-distance-36m": 60,
    "maze": 60,
    "noise": 60,
    "nearest": 20_000,
    "k-nearest": 20_000,
    "noding": 5_000,
    "snapping": 5_000,
    "study": 8_000,
    "map-7500": 100,
    "map-12000": 100,
    "map-50000": 100,
}


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "scripts" / "benchmark.py", *arguments]
    # Peers warn of their own affairs, and the script leaves those alone.
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "PYTHONUTF8": "1"}
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, encoding="utf-8", env=environment, timeout=600
    )


def sections() -> dict[str, object]:
    sys.path.insert(0, str(ROOT / "scripts"))
    import benchmark

    return dict(benchmark.SECTIONS)


def test_each_section_has_a_toy_size_here() -> None:
    assert set(SIZES) == set(sections())


@pytest.mark.parametrize("name", ["cost-distance-1m", "maze", "noise", "nearest", "k-nearest", "noding", "snapping"])
def test_a_section_runs_and_its_answers_agree(name: str) -> None:
    done = run(name, "--size", SIZES[name], "--runs", 1, "--table")
    assert done.returncode == 0, done.stderr[-2000:]
    table = done.stdout.splitlines()
    assert table[0].startswith("| work |")
    assert all(line.count("|") == table[0].count("|") for line in table)
    assert len(table) > 2


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("networkx", "skimage", "rasterstats")),
    reason="the analyst's script needs networkx, scikit-image and rasterstats",
)
def test_the_study_runs_beside_the_analysts_script() -> None:
    done = run("study", "--size", SIZES["study"], "--runs", 1)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]  # the minutes of both agree
    assert "the whole study" in done.stdout
    assert "both make" in done.stdout
    assert "ours adds" in done.stdout


def test_a_peer_that_does_not_end_gives_a_lower_bound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    import benchmark_study as study
    import benchmark_tools as tools

    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    stopped = study.timed(sleeper, tmp_path, 0.5)
    assert not stopped.ended
    assert stopped.seconds < 30
    assert study.timed([sys.executable, "-c", ""], tmp_path, 30.0).ended
    tools.add_row(tools.Row("the whole study", 1, [100.0], "script", [830.0], stopped=True))
    assert "script / this project >= 8.30 (8.30 to 8.30), stopped after 830 s" in capsys.readouterr().out
    line = tools.table().splitlines()[-1]
    tools.ROWS.clear()
    assert "script more than 830 s" in line
    assert "**>= 8.3**" in line


def test_the_map_is_built_beside_its_peers() -> None:
    done = run("map-7500", "--size", SIZES["map-7500"], "--runs", 1, "--table")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "MB" in done.stdout


def test_an_unknown_section_is_named_with_those_that_there_are() -> None:
    done = run("no-such")
    assert done.returncode == 2
    assert "unknown section no-such" in done.stderr
    assert "noding" in done.stderr


def test_answers_that_differ_end_with_1() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    import benchmark_tools as tools

    peers = [tools.Peer("ours", lambda: 1.0), tools.Peer("other", lambda: 1.1)]
    tools.compare("a sum", peers, lambda a, b: abs(a - b), 1, 1)
    assert tools.DISAGREED == ["a sum: other differs by 1.0e-01"]
    tools.DISAGREED.clear()
    tools.ROWS.clear()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell what children hold")
def test_the_peak_is_that_of_a_process_and_its_children(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    import benchmark_study as study

    held = "import time; kept = b'1' * (200 * 2**20); time.sleep(1.5)"
    both = f"import subprocess, sys; kept = b'1' * (200 * 2**20); subprocess.run([sys.executable, '-c', {held!r}])"
    alone, together = (study.timed([sys.executable, "-c", code], tmp_path, 30.0).peak_gib for code in (held, both))
    assert 200 / 1024 < alone < 300 / 1024
    assert 400 / 1024 < together < 500 / 1024
