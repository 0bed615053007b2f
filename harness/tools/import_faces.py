"""Face sets from other software into the store, by the generators that read them in place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from harness._plugins.registry import Registry
from harness.errors import UsageError
from harness.inputs import walk_files
from harness.plan.planner import Planner
from harness.progress import Progress
from harness.recipe.resolve import Recipe, StudyTable
from harness.recipe.tables import Faces
from harness.store.artifacts import Artifact, Store
from harness.store.face_sets import KIND
from harness.tools import scratch

IMAGES = ""
"""The suffix that generators of plain images declare to read."""


def import_faces(
    registry: Registry,
    store: Store,
    path: Path,
    layout: str | None,
    *,
    given: Mapping[str, Any],
    progress: Progress,
    jobs: int | None = None,
    plugin_files: tuple[Path, ...] = (),
) -> Artifact:
    """Put a set at ``path`` into the store, or find it there; what was begun is taken up.

    ``layout`` is the generator that reads it, found by the files if None; ``given`` are parameters
    of it. Template and landmarks that an export states are used where nothing else is given. Raises
    ``UsageError`` where the layout cannot be told, ``DataError`` for damage.
    """
    layout = layout or layout_of(path, readers(registry))
    values = {**given, "use": layout, "root": path}
    recipe = Recipe(study=StudyTable(), generator=[Faces.model_validate(values)])
    plan = Planner(registry, store, recipe).plan()
    node = list(plan.nodes.values())[-1]  # behind any set that it is made from
    with scratch.made(plan, store, progress=progress, jobs=jobs, plugin_files=plugin_files):
        return store.get(KIND, node.key)


def readers(registry: Registry) -> dict[str, list[str]]:
    """By suffix, the generators that read such files as they are; see ``Component.reads``."""
    found: dict[str, list[str]] = {}
    for registered in registry.of_kind("generator"):
        for suffix in registered.component.reads:
            found.setdefault(suffix, []).append(registered.component.name)
    return found


def layout_of(path: Path, known: Mapping[str, list[str]]) -> str:
    """The generator that reads what is at ``path``: by suffix, packed files before images."""
    if not path.exists():
        raise UsageError(f"{path} does not exist; check the path")
    if path.is_file():
        suffixes = {path.suffix.lower()} & known.keys()
        if not suffixes:
            named = ", ".join(sorted(filter(None, known)))
            raise UsageError(f"{path} is none of {named}; say how it is read: --format")
    else:
        suffixes = {PurePosixPath(name).suffix for name in walk_files(path)} & known.keys()
    images = set(known.get(IMAGES, ()))
    found = {name for suffix in suffixes for name in known[suffix]}
    fitting = sorted(found - images) or sorted(images)
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise UsageError(f"no generator says that it reads {path}; name one with --format")
    raise UsageError(f"{path} holds files of {' and '.join(fitting)}; choose one with --format")
