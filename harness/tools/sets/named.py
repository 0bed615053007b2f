"""A face set by what a user calls it: a key, a folder of people, a packed file or a generator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness._plugins.registry import Registry
from harness.plan.image_source import folder_source, stored_source
from harness.plan.nodes import ImageSource
from harness.plan.planner import Planner
from harness.progress import Progress
from harness.recipe.resolve import Recipe, StudyTable
from harness.recipe.tables import Faces
from harness.store.artifacts import Store
from harness.store.fingerprints import Fingerprints
from harness.tools import scratch
from harness.tools.import_faces import import_faces


def named_source(
    registry: Registry,
    store: Store,
    what: str,
    template: str | None = None,
    *,
    per_identity: int | None = None,
    progress: Progress | None = None,
    plugin_files: tuple[Path, ...] = (),
) -> ImageSource:
    """The set that is meant. A packed file (.rec, ...) or a generator is stored first.

    Looked for in this order: a folder, a file, a generator, the beginning of a stored set's key.
    Raises UsageError where it is none of them.
    """
    path, quiet = Path(what), progress or Progress(quiet=True)
    if path.is_dir():
        prints = Fingerprints(store.home / "fingerprints.sqlite")
        return folder_source(prints, path, template, per_identity)
    if path.is_file():
        given = {} if template is None else {"template": template}
        item = import_faces(registry, store, path, None, given=given, progress=quiet,
                            plugin_files=plugin_files)  # fmt: skip
        return replace(stored_source(store, item.key, per_identity), title=path.name)
    if what in {item.component.name for item in registry.of_kind("generator")}:
        recipe = Recipe(study=StudyTable(), generator=[Faces(use=what)])
        plan = Planner(registry, store, recipe).plan()
        key = list(plan.nodes)[-1]  # behind any set that it is made from
        with scratch.made(plan, store, progress=quiet, plugin_files=plugin_files):
            return stored_source(store, key, per_identity)
    return stored_source(store, what, per_identity)
