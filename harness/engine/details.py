"""What ``--verbose`` adds to the lines of a run: keys, inputs, folders, and commands."""

from __future__ import annotations

from pathlib import Path

from harness.engine.session import Session
from harness.plan.nodes import KIND_OF_STAGE, ResolvedComponent


def of_a_start(session: Session, key: str, chosen: ResolvedComponent | None) -> None:
    """A stage begins: its key, whose code makes it of what, and what an earlier run left."""
    progress, node = session.progress, session.plan.nodes.get(key)
    by = ""
    if chosen is not None:
        provided = chosen.provided
        version = provided.component.version
        by = f" by {provided.provider} {provided.dist_version}, component version {version}"
    progress.detail(f"key {key[:12]}{by}")
    if node is None:
        return
    for role, needed in node.inputs.items():
        progress.detail(f"from {role} {needed[:12]}")
    if session.store.is_begun(KIND_OF_STAGE[node.stage], key):
        progress.detail("an interrupted run left a part of it, which is kept")


def of_an_end(session: Session, key: str, folder: Path | None) -> None:
    """A stage is done or reused: where it is, and the command that tells more of a cell."""
    progress, node = session.progress, session.plan.nodes.get(key)
    if node is not None:
        progress.detail(f"in {session.store.folder(KIND_OF_STAGE[node.stage], key)}")
    elif folder is not None:
        progress.detail(f"in {folder}; harness trace {session.folder}:{key[:12]}")
