"""Components that are opened without a plan."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.components import Generator, Model
from harness.engine import opener
from harness.engine.job import Job
from harness.engine.opener import ComponentOpener
from harness.engine.session import Session
from harness.engine.stages import generate
from harness.errors import PrerequisiteError, UsageError
from harness.faces.face import Slot
from harness.plan.planner import Planner
from harness.recipe.resolve import Recipe, StudyTable, Use
from harness.recipe.run_options import RunOptions
from harness.store.artifacts import Store
from harness.tools.regenerate import remake
from harness.tools.sidecars import export_sidecars

TOYS = Path(__file__).parents[1] / "data" / "toys.py"


@pytest.fixture(scope="module")
def registry():
    return load(plugins_dirs=[TOYS])


@pytest.fixture
def choose(registry, home):
    def chosen(kind, name, **values):
        return Planner(registry, Store(home), Recipe()).choose(kind, Use(use=name, **values))

    return chosen


def test_a_context_says_what_the_study_and_the_store_say(choose, home):
    study = StudyTable(limit=3, batch_size=7)
    made = ComponentOpener(Store(home, shared=True), study, device="cuda:1", precision="bf16")
    ctx = made.context(choose("model", "toy-pixels"), seed=5, faces={"faces:a": "k", "model": "m"})
    assert (ctx.limit, ctx.batch_size, ctx.device, ctx.precision) == (3, 7, "cuda:1", "bf16")
    assert (ctx.seed, ctx.shared, ctx.home) == (5, True, Store(home).home)
    assert ctx.faces_keys == {"a": "k"}
    assert made.context(choose("model", "toy-pixels"), precision="fp32").precision == "fp32"


def test_a_component_of_another_base_is_refused(choose, home):
    with pytest.raises(UsageError, match="which does not derive from Generator"):
        ComponentOpener(Store(home)).prepared(choose("model", "toy-pixels"), Generator)


def test_a_library_that_is_missing_is_named_with_what_installs_it(choose, home, monkeypatch):
    def missing(_):
        raise ImportError("No module named 'far'")

    monkeypatch.setattr(opener, "import_object", missing)
    with pytest.raises(PrerequisiteError, match="toy-pixels cannot be imported: No module named"):
        ComponentOpener(Store(home)).prepared(choose("model", "toy-pixels"), Model)


def test_a_network_without_weights_cannot_embed(choose, home):
    with pytest.raises(UsageError, match="model toy-net has no weights"):
        ComponentOpener(Store(home)).trained(choose("model", "toy-net"), None)


@pytest.fixture
def portable_set(registry, home, tmp_path, monkeypatch):
    """A stored set whose key says that its kernels were pinned, and how often they are since."""
    held = []

    @contextmanager
    def pinned():
        held.append("on")
        yield
        held.append("off")

    monkeypatch.setattr(opener.portable, "held", pinned)
    options = RunOptions(generator="toy-faces", portable=True, jobs=1, study=tmp_path / "s",
                         plugins_dirs=[TOYS])  # fmt: skip
    store = Store(home)
    plan = make_plan(options, registry, store)
    (node,) = plan.nodes.values()
    session = Session.open(Job.of(plan, store, options))
    item = store.build("faces", node.key, node.parts, lambda f: generate.run(node, session, f))
    assert "on" in held
    held.clear()
    return item, held


def test_a_face_is_made_again_with_the_kernels_of_its_set(registry, home, portable_set):
    item, held = portable_set
    assert remake(registry, Store(home), item, Slot(1, 2), {}).same
    assert held == ["on", "off"]


def test_side_files_are_made_with_the_kernels_of_their_set(registry, home, portable_set, tmp_path):
    item, held = portable_set
    written = export_sidecars(registry, Store(home), item, "toy", tmp_path / "out", {})
    assert held == ["on", "off"] * written
