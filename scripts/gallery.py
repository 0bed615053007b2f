"""Rebuild ``docs/gallery/``: example reports of rendered faces, and pictures of them.

    python scripts/gallery.py                  # runs what is missing in build/gallery, then renders
    python scripts/gallery.py --studies DIR    # takes studies that are there, by name

The pages are reports of ``harness report`` made smaller for a repository: contact sheets are
compressed once more, and the script that makes figures interactive is left out, so they are still.
Pictures need Chromium; without it the old ones stay, and it says so.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "docs" / "gallery"
RECIPES: dict[str, tuple[str, ...]] = {
    "demo": ("-c", "recipes/demo.toml"),
    "quick": ("-c", "recipes/demo.toml", "--profile", "quick"),
    "seeds": ("-c", "docs/gallery/seeds.toml"),
}
"""Examples by name: what ``harness run`` is given. All faces are rendered: nobody is in them."""
PICTURES = {"demo": "overview", "seeds": "benchmarks", "quick": "training"}
"""The tab of each example that the documentation shows."""
VIEWER = re.compile(r'<script type="application/gzip" id="viewer">.*?</script>\n?', re.DOTALL)
SHEET = re.compile(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)")
JPEG_QUALITY = 55
MOST_WIDE = 800  # pixels
MOST_BYTES = 3_000_000
SIZE = (1280, 860)


def study_of(name: str, studies: Path) -> Path:
    """The study of an example, run where it is not there yet."""
    place = studies / name
    if not (place / "cells").is_dir():
        command = [sys.executable, "-m", "harness", "run", *RECIPES[name], "-o", str(place)]
        subprocess.run([*command, "--yes"], check=True, cwd=ROOT)  # noqa: S603 (our own command)
    return place


def page_of(study: Path) -> str:
    """The report of a study, without the viewer and with smaller contact sheets."""
    from harness.reporting import render

    with tempfile.TemporaryDirectory() as scratch:
        page = render([study], Path(scratch), {"html"})[0].read_text(encoding="utf-8")
    return SHEET.sub(lambda found: _smaller(found[1]), VIEWER.sub("", page))


def _smaller(encoded: str) -> str:
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)
    share = min(1.0, MOST_WIDE / pixels.shape[1])
    pixels = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    data = cv2.imencode(".jpg", pixels, quality)[1].tobytes()
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def sheet_of(page: str) -> bytes:
    """The first contact sheet of a page."""
    found = SHEET.search(page)
    if found is None:
        raise SystemExit("the report has no contact sheet; was the study made without pictures?")
    return base64.b64decode(found[1])


def picture_of(page: Path, tab: str, browser: ModuleType) -> bytes:
    """The first screen of a tab as WebP."""
    with tempfile.TemporaryDirectory() as profile:
        chromium = browser.Browser(Path(profile))
        try:
            chromium.size(*SIZE)
            chromium.open(f"file://{page}")
            chromium.ask(f"document.getElementById('to-{tab}').click()")
            chromium.ask("new Promise((done) => setTimeout(done, 500))")
            pixels = np.frombuffer(chromium.picture(whole=False), np.uint8)
        finally:
            chromium.close()
    image = cv2.imdecode(pixels, cv2.IMREAD_COLOR)
    return bytes(cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, 80])[1].tobytes())


def browser_module() -> ModuleType:
    """The module of the tests that drives Chromium."""
    path = ROOT / "tests" / "data" / "browser.py"
    spec = importlib.util.spec_from_file_location("browser_of_tests", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Rebuild the example reports of docs/gallery.")
    parser.add_argument("--studies", type=Path, default=ROOT / "build" / "gallery")
    parser.add_argument("names", nargs="*", default=list(RECIPES), help="examples; all of them")
    given = parser.parse_args()
    studies, browser = given.studies, browser_module()
    for name in given.names:
        tab = PICTURES[name]
        page = GALLERY / f"{name}.html"
        page.write_text(page_of(study_of(name, studies)), encoding="utf-8")
        if name == "demo":
            (GALLERY / "sheet.jpg").write_bytes(sheet_of(page.read_text(encoding="utf-8")))
        if browser.CHROMIUM is None:
            sys.stderr.write(f"{name}: no Chromium, so its picture is the old one\n")
        else:
            (GALLERY / f"{name}.webp").write_bytes(picture_of(page, tab, browser))
    total = sum(path.stat().st_size for path in GALLERY.iterdir())
    sys.stdout.write(f"{GALLERY}: {total:,} bytes\n")
    return int(total > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
