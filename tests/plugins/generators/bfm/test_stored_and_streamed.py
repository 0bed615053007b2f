"""The same bytes from a stored set, from any number of workers, from a stream, and alone."""

from __future__ import annotations

import numpy as np
import pytest

from harness._plugins.discovery import load
from harness.align.aligned import AlignedImages
from harness.align.place import Rule, place
from harness.api import make_plan
from harness.components import InputSpec
from harness.engine.job import Job
from harness.engine.session import Session
from harness.engine.stages import generate
from harness.faces.face import Slot
from harness.faces.store import FaceSet
from harness.recipe.run_options import RecipeFlags, RunOptions
from harness.store.artifacts import Store
from harness.tools.regenerate import remake
from harness.training.data.streamed import Streamed

IDENTITIES, EACH = 6, 4
VALUES = {
    "identities": IDENTITIES,
    "images_per_id": EACH,
    "image_px": 48,
    "restyle": 0.3,
    "expression_strength": {"type": "uniform", "low": 0.5, "high": 1.5},
    "occlusion": {"type": "uniform", "low": 0.0, "high": 0.3},
}
SPEC = InputSpec(40, 40, "arcface")
SMALL = """
from dataclasses import replace

from harness.hookspecs import hookimpl
from harness_plugins.generators import bfm
from harness_plugins.generators.bfm.generator import Bfm


class Small(Bfm):
    shard_slots = 5


@hookimpl
def harness_components():
    (component,) = bfm.harness_components()
    return [replace(component, name="small", target=f"{__name__}:Small")]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The set made by one process in shards of five, and what to make it again with."""
    folder = tmp_path_factory.mktemp("store")
    plugin = folder / "small.py"
    plugin.write_text(SMALL)
    registry, store = load(plugins_dirs=[plugin]), Store(folder)
    settings = RecipeFlags(
        generator=("small",), model=("facenet-nn4",), bench=("synthpie",),
        params={
            "generator": tuple(VALUES.items()),
            "model": (("people_per_batch", 2), ("images_per_person", 2)),
        },
        device="cpu",
    )  # fmt: skip
    plan = make_plan(settings, registry, store, tolerant=True)
    node = next(n for n in plan.nodes.values() if (n.stage, n.label) == ("generate", "small"))
    job = Job.of(plan, store, RunOptions(jobs=1, plugins_dirs=[plugin]))
    session = Session.open(job)
    item = store.build("faces", node.key, node.parts, lambda f: generate.run(node, session, f))
    return registry, store, session, node, item


def test_two_workers_make_the_set_of_one(made, tmp_path):
    _, _, session, node, item = made
    assert len(list(item.folder.glob("shard-*.arrow"))) == 5
    two = Session.open(session.job.on("cpu", 2))
    facts = generate.run(node, two, tmp_path)
    assert facts["sha256"] == item.facts["sha256"]
    assert facts["faces"] == IDENTITIES * EACH


def test_one_image_is_made_again_alone(made):
    registry, store, _, _, item = made
    again = remake(registry, store, item, Slot(IDENTITIES - 1, EACH - 1), {})
    assert again.same, again.verdict


def test_a_stream_gives_the_images_of_the_stored_set(made):
    _, _, session, node, item = made
    faces, rule = FaceSet(item.folder), Rule("given")
    streamed = Streamed(
        lambda: session.generator(node)[0], rule, SPEC, lambda a, _: np.ones(len(a), bool)
    )
    stored = AlignedImages(faces, place(faces, rule), SPEC)
    assert len(streamed) == len(faces) == IDENTITIES * EACH
    for index in (7, 0, 23, 8):
        made_now = streamed._made(Slot(int(faces.subjects[index]), int(faces.samples[index])))
        assert made_now.image == faces.read(index)
        assert np.array_equal(streamed.image(index), stored.image(index))
