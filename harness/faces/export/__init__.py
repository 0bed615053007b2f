"""Face sets in layouts that other software reads, each a module of this folder.

A layout is added by adding its module, called what ``--format`` calls it, with a function
``write(faces, target, report)``. Image bytes are never encoded again.

Identities keep their numbers in names of files and columns. Where a layout needs labels without
gaps (RecordIO, WebDataset's ``cls``), the label is the rank of the identity among those with
images, and ``identities.tsv`` says which is which.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.choices import Choices
from harness.fileio.atomic import folder_written_whole, write_text

if TYPE_CHECKING:
    from harness.faces.store import FaceSet

Report = Callable[[int, int, str, str], None]
LANDMARKS = "landmarks.txt"
ABOUT = "faceset.json"
IDENTITIES = "identities.tsv"
OWN_FILES = frozenset({ABOUT, IDENTITIES, LANDMARKS})
"""Files beside the images of an export that say something of them."""

LAYOUTS: Choices[Callable[[FaceSet, Path, Report], None]] = Choices(__name__, "write")
"""Every layout by name; only what is written is imported."""


def export(
    faces: FaceSet,
    layout: str,
    target: Path,
    about: Mapping[str, Any],
    report: Report = lambda *_: None,
) -> None:
    """Write a face set to the folder ``target``, which appears whole or not at all.

    ``layout`` is a key of ``LAYOUTS``; ``about`` is kept beside the images in ``faceset.json``.
    Raises ``UsageError`` when the folder exists already and holds something.
    """
    with folder_written_whole(target) as aside:
        LAYOUTS[layout](faces, aside, report)
        labels = sorted(set(faces.subjects.tolist()))
        table = "".join(f"{label}\t{identity}\n" for label, identity in enumerate(labels))
        write_text(aside / IDENTITIES, "label\tidentity\n" + table)
        facts = {"layout": layout, "template": faces.template, "images": len(faces), **about}
        write_text(aside / ABOUT, json.dumps(facts, indent=1, sort_keys=True) + "\n")
