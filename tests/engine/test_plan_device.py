"""What a GPU changes in the keys of face sets."""

from __future__ import annotations

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.components import Generator
from harness.engine.job import Job
from harness.engine.session import Session
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store


@pytest.fixture(scope="module")
def registry():
    return load()


@pytest.fixture
def plan(registry, home, monkeypatch):
    """A plan on a device that need not be there."""

    def made(device: str, **study):
        monkeypatch.setattr("harness.plan.planner.resolve_device", lambda _: device)
        settings = RecipeFlags(generator=("bfm",), model=("facenet-nn4",), bench=("synthpie",),
                            **study)  # fmt: skip
        return make_plan(settings, registry, Store(home), tolerant=True)

    return made


def generated(plan):
    """Parts of the training set, and of those of the benchmark."""
    nodes = [node for node in plan.nodes.values() if node.stage == "generate"]
    ours = [n for n in nodes if n.parts["component"]["params"]["image_px"] == 112]
    return [n for n in ours if n.seed == plan.study.seed], [
        n for n in ours if n.seed != plan.study.seed
    ]


def test_training_faces_of_a_gpu_have_a_key_of_their_own(plan):
    (by_cpu,), _ = generated(plan("cpu"))
    (by_gpu,), _ = generated(plan("cuda:1"))
    assert "device" not in by_cpu.parts
    assert by_gpu.parts["device"] == "cuda"
    assert by_cpu.key != by_gpu.key


def test_faces_of_a_benchmark_are_the_same_on_every_device(plan):
    _, by_cpu = generated(plan("cpu"))
    _, by_gpu = generated(plan("cuda"))
    assert len(by_cpu) == 2
    assert [node.key for node in by_cpu] == [node.key for node in by_gpu]
    assert all("device" not in node.parts for node in by_gpu)


def test_a_session_draws_on_the_gpu_what_the_key_says_so(plan, home, monkeypatch):
    class Bare(Generator):
        def samples_per_identity(self):
            return [1]

        def generate(self, slots):
            return iter(())

    monkeypatch.setattr("harness.engine.opener.create", lambda *_: Bare(None))
    made = plan("cuda")
    session = Session.open(Job.of(made, Store(home)))
    (training,), benchmark = generated(made)
    assert session.generator(training)[1].device == "cuda"
    assert [session.generator(node)[1].device for node in benchmark] == ["cpu", "cpu"]
