"""The example reports of the documentation: small, whole, and without a trace of a machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from harness.results.embedded import extract

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
PAGES = sorted(GALLERY.glob("*.html"))


def test_the_gallery_is_small():
    assert sum(path.stat().st_size for path in GALLERY.iterdir()) <= 3_000_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_example_is_of_rendered_faces_and_names_no_folder(page):
    results = extract(page)
    assert results
    assert {result.cell.generator.name for result in results} == {"bfm"}
    assert {result.cell.benchmark.name for result in results} == {"synthpie"}
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work|Users)/", text)


def test_the_page_shows_what_is_there():
    text = (GALLERY / "index.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\((\w+\.(?:html|webp|jpg))\)", text))
    assert shown == {path.name for path in GALLERY.iterdir() if path.suffix not in (".md", ".toml")}
    for recipe in GALLERY.glob("*.toml"):
        assert tomllib.loads(recipe.read_text(encoding="utf-8"))["generator"]
