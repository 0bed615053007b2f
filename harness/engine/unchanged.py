"""Outside data that changed between planning and the end of a stage that read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.engine.session import Session
from harness.inputs import shown
from harness.plan.nodes import ResolvedComponent
from harness.recipe.parameters import external_fields, in_key
from harness.store.fingerprints import Fingerprints


def changes(session: Session, read: Iterable[ResolvedComponent]) -> Iterator[str]:
    """A sentence for each path of these components whose data are no longer those of the key.

    Costs a directory walk where the file system tells that files are the same, as planning does. A
    folder in which the run itself writes always changes, so it is not looked at.
    """
    prints = Fingerprints(session.store.home / "fingerprints.sqlite")
    written = [folder.resolve() for folder in (session.store.home, session.folder)]
    for chosen in read:
        for name, mark in external_fields(type(chosen.params)).items():
            path, planned = getattr(chosen.params, name), chosen.key_params.get(name)
            if mark.inside is not None or path is None or planned is None:
                continue
            if any(folder.is_relative_to(Path(path).resolve()) for folder in written):
                continue
            if in_key(mark, prints.of(Path(path), mark.beside)) != planned:
                yield f"{shown(Path(path).name)} ({name} of {chosen.name}) changed during the run"
