"""What CONTRIBUTING.md and the architecture page point to is there, and no room is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATH = re.compile(r"`((?:harness|plugins|tests|reports|docs|\.ci|\.github)/[\w./-]*)`")
PAGES = ("CONTRIBUTING.md", "docs/architecture.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_of_a_page_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = [path for path in PATH.findall(text) if "NAME" not in path and "PATH" not in path]
    assert len(paths) > 20
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_every_room_has_a_row_in_the_architecture():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = [path.parent.name for path in (ROOT / "harness").glob("*/__init__.py")]
    assert len(rooms) > 20
    assert not [room for room in rooms if f"`harness/{room}/`" not in text]


def test_every_module_outside_of_the_rooms_is_named_in_the_architecture():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    modules = [p.name for p in (ROOT / "harness").glob("*.py") if not p.name.startswith("__")]
    assert not [name for name in modules if f"`{name}`" not in text and f"/{name}`" not in text]


def test_every_make_target_of_the_table_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)`", text))
    assert {"check", "fix", "test", "test-full"} <= targets
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)
