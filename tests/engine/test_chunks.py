"""Stages in parts: the bytes of one part, whatever is made when and by whom."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from harness import api
from harness._plugins.discovery import load
from harness._plugins.targets import import_object
from harness.align.aligned import AlignedImages
from harness.align.place import Rule, place
from harness.align.placements import Placements
from harness.embedding.extract import extract
from harness.engine import chunks
from harness.engine.session import Session
from harness.errors import DataError
from harness.executors.local import LocalExecutor
from harness.faces.store import FaceSet
from harness.progress import Lanes, Progress

PLUGINS = tuple(Path(__file__).parents[1] / "data" / name for name in ("toys.py", "finder.py"))
RECIPE = """
[study]
align = "detector"
batch_size = 4

[[model]]
use = "toy-slow"

[[benchmark]]
use = "toy-pairs"
flip = "add"

[aligner]
use = "toy-finder"
"""
FILES = ("placements/*/*/placements.arrow", "embeddings/*/*/*")


def run(home: Path, monkeypatch, part_images: int = 10) -> dict[str, str]:
    """The toy study of 32 images; digests of its placements and embeddings, by path."""
    home.mkdir(exist_ok=True)
    (home / "recipe.toml").write_text(RECIPE)
    monkeypatch.setenv("HARNESS_HOME", str(home))
    monkeypatch.setattr(chunks, "PART_IMAGES", part_images)
    api.run(recipe=home / "recipe.toml", study=home / "study", jobs=1, plugins_dirs=PLUGINS)
    found = [path for pattern in FILES for path in home.glob(f"store/{pattern}")]
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
        if path.name != "manifest.json"
    }


def test_parts_leave_the_bytes_of_one_part(tmp_path, monkeypatch):
    whole = run(tmp_path / "whole", monkeypatch, 1024)
    assert len(whole) == 5
    for images in (1, 10):
        assert run(tmp_path / str(images), monkeypatch, images) == whole
    (placements,) = tmp_path.glob("10/store/placements/*/*")
    assert {path.name for path in placements.iterdir()} == {"placements.arrow", "manifest.json"}
    assert not list(tmp_path.glob("*/work/*/*"))


def test_the_bytes_are_those_of_the_functions_over_all_images(tmp_path, monkeypatch):
    run(tmp_path, monkeypatch)
    registry = load(plugins_dirs=PLUGINS)

    def made(kind, name):
        component = registry.find(kind, name).component
        return import_object(component.target)(import_object(component.params)())

    (faces,) = tmp_path.glob("store/faces/*/*")
    images, model = FaceSet(faces), made("model", "toy-slow")
    placed = place(images, Rule("detector"), aligner=made("aligner", "toy-finder"))
    assert 0 < placed.failed.sum() < len(images) == 32
    (path,) = tmp_path.glob("store/placements/*/*/placements.arrow")
    stored = Placements.load(path)
    np.testing.assert_array_equal(stored.landmarks, placed.landmarks)
    np.testing.assert_array_equal(stored.scores, placed.scores)
    assert (stored.methods, stored.reasons) == (placed.methods, placed.reasons)
    extract(
        model, AlignedImages(images, placed, model.input_spec), images.names, mirror=True,
        folder=tmp_path / "oracle", batch_size=4,
    )  # fmt: skip
    (folder,) = tmp_path.glob("store/embeddings/*/*")
    for file in (tmp_path / "oracle").iterdir():
        assert (folder / file.name).read_bytes() == file.read_bytes(), file.name


def test_parts_that_are_finished_are_kept(tmp_path, monkeypatch):
    asked: list[tuple[str, list[int]]] = []
    all_of_them = LocalExecutor.run_parts

    def one_of_them(self, task, shared, parts, needs, hear):
        asked.append((shared[0].node.stage, list(parts)))
        for answer in all_of_them(self, task, shared, parts, needs, hear):
            yield answer
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(LocalExecutor, "run_parts", one_of_them)
        for _ in range(5):
            with pytest.raises(KeyboardInterrupt):
                run(tmp_path / "cut", patched)
    assert asked == [("place", [0, 1, 2, 3]), ("place", [1, 2, 3]), ("place", [2, 3]),
                     ("place", [3]), ("place", []), ("embed", [0, 1, 2, 3])]  # fmt: skip
    assert run(tmp_path / "cut", monkeypatch) == run(tmp_path / "whole", monkeypatch)


def test_parts_travel_to_a_session_of_their_own(tmp_path, monkeypatch):
    """As on another machine: nothing but bytes arrives, and one session serves several parts."""
    opened: list[str] = []
    open_session, all_of_them = Session.open, LocalExecutor.run_parts

    def counted(job, progress=None, **more):
        nodes = [*job.plan.nodes.values()]
        opened.extend(n.key for n in nodes if len(nodes) == 1 and n.stage != "generate")
        return open_session(job, progress, **more)

    def far_away(self, task, shared, parts, needs, hear):
        assert needs == {}
        for part in parts:
            there = pickle.loads(pickle.dumps((task, shared)))  # noqa: S301 (own bytes)
            yield from all_of_them(self, *there, [part], needs, hear)

    whole = run(tmp_path / "whole", monkeypatch, 1024)
    monkeypatch.setattr(Session, "open", counted)
    monkeypatch.setattr(LocalExecutor, "run_parts", far_away)
    assert run(tmp_path / "away", monkeypatch) == whole
    assert len(opened) == len(set(opened)) == 2


def test_an_executor_that_leaves_a_part_out_is_named(tmp_path, monkeypatch):
    def none_of_them(self, task, shared, parts, needs, hear):
        return iter(())

    monkeypatch.setattr(LocalExecutor, "run_parts", none_of_them)
    with pytest.raises(DataError, match="executor LocalExecutor left out 4 of 4 shards"):
        run(tmp_path, monkeypatch)


def test_a_stage_waits_for_a_worker_whenever_none_of_its_parts_is_at_work(tmp_path, monkeypatch):
    seen: list[str] = []
    all_of_them = LocalExecutor.run_parts

    def counted(self, task, shared, parts, needs, hear):
        def heard(message):
            hear(message)
            if message[0] == "begun":
                seen.append("begun")

        for answer in all_of_them(self, task, shared, parts, needs, heard):
            seen.append("done")
            yield answer

    monkeypatch.setattr(LocalExecutor, "run_parts", counted)
    for kind in (Progress, Lanes):
        monkeypatch.setattr(kind, "queued", lambda self: seen.append("queued"))
    run(tmp_path, monkeypatch)
    one = ["queued", "begun", "done"]
    assert seen == [*one * 4, *one * 4]  # of placing and of embedding
