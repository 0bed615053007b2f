"""Data that change while a stage reads them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.engine.unchanged import changes
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store

RESTLESS = """
from harness.plugin import Component, hookimpl
from harness_plugins.generators.folder.generator import Folder

class Restless(Folder):
    def generate(self, slots):
        if (self.params.root / "restless").exists():
            other = (self.params.root / "p0" / "0.png").read_bytes()
            (self.params.root / "p2" / "2.png").write_bytes(other)
        yield from super().generate(slots)

@hookimpl
def harness_components():
    return [Component(kind="generator", name="restless", version=1, target=f"{__name__}:Restless",
                      params="harness_plugins.generators.folder.params:FolderParams",
                      summary="a folder that changes", licence="none", citation="none")]
"""


@pytest.fixture
def images(tmp_path):
    for person in range(3):
        for number in range(3):
            path = tmp_path / f"set/p{person}/{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            rng = np.random.default_rng([person, number])
            cv2.imwrite(str(path), rng.integers(0, 256, (32, 32, 3)).astype(np.uint8))
    return tmp_path / "set"


def found(plan, home, folder):
    session = SimpleNamespace(store=SimpleNamespace(home=home), folder=folder)
    read = [node.worker for node in plan.nodes.values() if node.stage == "generate"]
    return list(changes(session, read))


def rewrite(path):
    path.write_bytes(path.read_bytes() + b" ")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda root: None, False),
        (lambda root: rewrite(root / "p0/0.png"), True),
        (lambda root: (root / "p1/1.png").unlink(), True),
        (lambda root: (root / "p1/1.png").rename(root / "p1/9.png"), True),
        (lambda root: (root / "notes.txt").write_text("x"), True),
        (lambda root: (root / ".hidden").write_text("x"), False),
    ],
)
def test_what_the_key_was_made_of_is_compared(images, home, tmp_path, change, told):
    settings = RecipeFlags(generator=("folder",), params={"generator": (("root", images),)})
    plan = make_plan(settings, load(), Store())
    change(images)
    texts = found(plan, home, tmp_path / "study")
    assert texts == (["set (root of folder) changed during the run"] if told else [])
    assert found(plan, home, images / "study") == []  # the run itself writes there


def test_a_set_that_changed_while_it_was_read_is_discarded(harness_command, images, home, tmp_path):
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "restless.py").write_text(RESTLESS)
    args = ("--plugins-dir", "plugins", "run", "-g", "restless", "-G", "root=set", "-G",
            "template=arcface", "-o", "study", "-q")  # fmt: skip
    (images / "restless").write_text("")
    done = harness_command(*args, check=1)
    assert "set (root of restless) changed during the run; what was made of it is discarded" in (
        done.stderr
    )
    assert not list(Path(home).rglob("shard-*.arrow"))
    harness_command(*args)  # nothing changes any more: the image is replaced by itself
    (manifest,) = Path(home).rglob("faces/*/*/manifest.json")
    assert json.loads(manifest.read_text())["facts"]["faces"] == 9
