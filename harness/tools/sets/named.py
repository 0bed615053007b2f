"""A face set with who is on it, by what a user calls it."""

from __future__ import annotations

from pathlib import Path

from harness.engine.sets.labelled_set import LabelledSet, open_labelled
from harness.plan.image_source import folder_source, stored_source
from harness.store.artifacts import Store
from harness.store.fingerprints import Fingerprints


def open_set(store: Store, what: str, template: str | None) -> LabelledSet:
    """A stored face set by the beginning of its key, or a folder with one subfolder per person.

    Raises UsageError where it is neither.
    """
    if not Path(what).is_dir():
        return open_labelled(store, stored_source(store, what))
    prints = Fingerprints(store.home / "fingerprints.sqlite")
    return open_labelled(store, folder_source(prints, Path(what), template))
