"""A contact sheet of any face set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.align.decode import decode
from harness.faces.contact_sheet import contact_sheet
from harness.faces.store import FaceSet


def sheet(faces: FaceSet, path: Path, rows: int, columns: int) -> None:
    """A contact sheet: the first identities down, their first samples across."""
    tiles, labels = [], []
    for identity in np.unique(faces.subjects)[:rows]:
        chosen = np.flatnonzero(faces.subjects == identity)[:columns]
        tiles.append([decode(faces.read(int(i)), faces.names[int(i)]) for i in chosen])
        labels.append(str(identity))
    contact_sheet(tiles, path, row_labels=labels)
