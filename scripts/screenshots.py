"""Take the pictures of a run that the README shows: map with a card, on a phone, the report, and a QGIS layout.

Needs playwright and Chromium; the QGIS layout is left out where PyQGIS is not installed. The pictures have 128 colours.
Run build_demo_layers.py afterwards where they lie under layers/: the catalogue holds their hashes.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

OUT = Path(__file__).resolve().parents[1] / "layers" / "kazakhstan"
_LAPTOP, _PHONE = (1280, 800), (390, 844)
_PRINT = """
import os, sys
from qgis.core import *
QgsApplication.setPrefixPath("/usr", True)
qgis = QgsApplication([], False)  # as long as it is held
qgis.initQgis()
project = QgsProject.instance()
project.read(sys.argv[1])
layout = next(one for one in project.layoutManager().layouts() if one.name().startswith("A4"))
settings = QgsLayoutExporter.ImageExportSettings()
settings.dpi = 110
done = QgsLayoutExporter(layout).exportToImage(sys.argv[2], settings)
sys.stdout.flush()
os._exit(int(done))
"""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Take the pictures of a run that the README shows.")
    parser.add_argument("run", type=Path, help="folder of a run")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the pictures (default: layers/kazakhstan)")
    parser.add_argument("--place", default="", metavar="ID", help="settlement whose card is opened")
    chosen = parser.parse_args(argv)
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if not (chosen.run / "map.html").is_file() or browser is None:
        missing = f"{chosen.run} is no folder of a run" if browser else "Chromium was not found"
        print(f"screenshots.py: {missing}", file=sys.stderr)
        return 1
    for name, shot in [*_shots(chosen.run.resolve(), browser, chosen.place), *_layout(chosen.run.resolve())]:
        _save(shot, chosen.out / name)
    return 0


def _shots(run: Path, browser: str, place: str) -> Iterator[tuple[str, bytes]]:
    from playwright.sync_api import sync_playwright

    card = f"place={place}&map=6.25/51.4/71&time=district_centre" if place else "time=district_centre"
    views = [
        ("card.png", "map.html", _LAPTOP, card),
        ("phone.png", "map.html", _PHONE, f"place={place}&map=5/50.2/70" if place else ""),
        ("report.png", "report.html", (1000, 800), ""),
    ]
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        for name, file, (width, height), view in views:
            page = chromium.new_page(viewport={"width": width, "height": height}, is_mobile=width < 500)
            page.goto((run / file).as_uri() + (f"#{view}" if view else ""))
            if file == "map.html":
                page.wait_for_selector("[data-ready=yes]", timeout=30_000)
            else:
                page.evaluate("document.querySelectorAll('h2')[2].scrollIntoView()")  # the classes of the settlements
            page.wait_for_timeout(500)  # the fade of the layers
            yield name, page.screenshot()
        chromium.close()


def _layout(run: Path) -> Iterator[tuple[str, bytes]]:
    """Print the first A4 layout of the project with the system's QGIS."""
    python, own = "/usr/bin/python3", ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if k not in own} | {"QT_QPA_PLATFORM": "offscreen"}
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "layout.png"
        command = [python, "-c", _PRINT, str(run / "project.qgz"), str(made)]
        done = (
            subprocess.run(command, env=environment, capture_output=True, check=False)
            if Path(python).exists()
            else None
        )
        if done is not None and done.returncode == 0 and made.is_file():
            yield "layout.png", made.read_bytes()
        else:
            print("screenshots.py: no QGIS for Python, so no layout", file=sys.stderr)


def _save(shot: bytes, path: Path) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(shot)) as image:
        small = image.convert("RGB").quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
