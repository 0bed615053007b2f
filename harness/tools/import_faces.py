"""Face sets from other software into the store, by the generators that read them in place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from harness._plugins.manager import Registry
from harness.engine.event_log import Events
from harness.engine.runner import Runner
from harness.engine.session import Session
from harness.errors import DataError, HarnessError, UsageError
from harness.faces.export import ABOUT, LANDMARKS
from harness.fileio.decoding import json_value
from harness.inputs import walk_files
from harness.plan.planner import Planner
from harness.process.cpus import cpu_count
from harness.progress import Progress
from harness.recipe.resolve import Recipe, StudyTable
from harness.recipe.tables import Faces
from harness.store.artifacts import Artifact, Store
from harness.store.face_sets import KIND

READERS = {".rec": "recordio", ".parquet": "parquet", ".tar": "webdataset", ".zip": "folder"}
"""The generator that reads files of a suffix; ``folder`` also reads plain images."""


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
    layout = layout or layout_of(path)
    values = {**stated(path, layout), **given, "use": layout, "root": path}
    recipe = Recipe(study=StudyTable(), generator=[Faces.model_validate(values)])
    plan = Planner(registry, store, recipe).plan()
    node = list(plan.nodes.values())[-1]  # behind any set that it is made from
    with TemporaryDirectory() as folder:
        session = Session(plan, store, Path(folder), progress, jobs or cpu_count(), plugin_files)
        outcome = Runner(session, Events(Path(folder)), fail_fast=True).run()
    for failure in outcome.failures:
        if isinstance(failure.error, HarnessError):
            raise failure.error
        raise RuntimeError(f"{failure.label}: {failure.message}") from failure.error
    return store.get(KIND, node.key)


def layout_of(path: Path) -> str:
    """The generator that reads what lies at ``path``: by suffix, packed files before images."""
    if not path.exists():
        raise UsageError(f"{path} does not exist; check the path")
    if path.is_file():
        if path.suffix.lower() not in READERS:
            raise UsageError(
                f"{path} is none of {', '.join(READERS)}; say how it is read: --format"
            )
        return READERS[path.suffix.lower()]
    suffixes = {PurePosixPath(name).suffix for name in walk_files(path)}
    found = {READERS[suffix] for suffix in suffixes if suffix in READERS}
    packed = sorted(found - {"folder"})
    if len(packed) > 1:
        raise UsageError(f"{path} holds files of {' and '.join(packed)}; choose one with --format")
    return packed[0] if packed else "folder"


def stated(path: Path, layout: str) -> dict[str, Any]:
    """Parameters that an exported folder states about itself; none for one of other software."""
    if path.is_file():
        path = path.parent
    if not (path / ABOUT).is_file():
        return {}
    try:
        about = json_value((path / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path / ABOUT}: {error}; export the set again") from None
    template = about.get("template") if isinstance(about, dict) else None
    if template is not None and not isinstance(template, str):
        raise DataError(f"{path / ABOUT}: template is no name; export the set again")
    if layout == "folder" and (path / LANDMARKS).is_file():
        return {"landmarks": LANDMARKS}
    labels = {"labels": "header"} if layout == "recordio" else {}
    return {"template": template, **labels}
