"""Make the pictures of a run that the README shows, as PNG with 256 colours: its map in the default view, or a chart.

For the README: `map.html` to map.png, and `report/classes_by_region.svg` to classes_by_region.png. Needs playwright and
Chromium (Debian: the package chromium). Run build_demo_layers.py afterwards where a picture lies under layers/: the
catalogue holds its hash.
"""

import argparse
import io
import math
import shutil
import sys
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[1] / "layers" / "kazakhstan" / "map.png"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make a picture of a map.html, or of an SVG of the report.")
    parser.add_argument("map", type=Path, help="a map.html or an SVG, as `shalgai run` writes it")
    parser.add_argument("--out", type=Path, default=PICTURE, metavar="PNG", help="default: layers/kazakhstan/map.png")
    parser.add_argument("--width", type=int, default=1280, help="pixels of a map (default: 1280)")
    parser.add_argument("--height", type=int, default=800, help="pixels of a map (default: 800)")
    parser.add_argument("--view", default="", help="what follows # in the address of a view, such as colour=viability")
    chosen = parser.parse_args(argv)
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chosen.map.is_file() or browser is None:
        missing = "Chromium was not found" if chosen.map.is_file() else f"there is no file {chosen.map}"
        print(f"picture.py: {missing}", file=sys.stderr)
        return 1
    shot = _shot(chosen.map, browser, chosen.width, chosen.height, chosen.view)
    from PIL import Image

    with Image.open(io.BytesIO(shot)) as image:
        image.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            chosen.out, optimize=True
        )
    print(f"{chosen.out}: {chosen.out.stat().st_size / 1000:.0f} kB")
    return 0


def _shot(page_file: Path, browser: str, width: int, height: int, view: str) -> bytes:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.goto(page_file.resolve().as_uri() + (f"#{view}" if view else ""))
        if page_file.suffix == ".svg":
            size = page.evaluate("document.documentElement.getBoundingClientRect().toJSON()")
            page.set_viewport_size({"width": math.ceil(size["width"]), "height": math.ceil(size["height"])})
        else:
            page.wait_for_selector("[data-ready=yes]", timeout=30_000)
            page.wait_for_timeout(500)  # the fade of the layers
        shot: bytes = page.screenshot()
        chromium.close()
    return shot


if __name__ == "__main__":
    sys.exit(main())
