"""Pictures and histories that a study keeps beside its numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from harness.align.aligned import AlignedImages
from harness.align.decode import decode
from harness.files import written_whole
from harness.reporting.sheets import contact_sheet
from harness.study.plan import Node
from harness.study.session import Session
from harness.study.stages import place

ROWS, COLUMNS = 8, 10


def face_sheet(session: Session, node: Node) -> Path:
    """A contact sheet of a face set: identities down, samples across."""
    path = session.folder / "media" / f"sheet-{node.key[:12]}.jpg"
    if path.exists():
        return path
    faces = session.faces(node.key)
    rows, labels = [], []
    for identity in np.unique(faces.subjects)[:ROWS]:
        chosen = np.flatnonzero(faces.subjects == identity)[:COLUMNS]
        rows.append([decode(faces.read(int(i)), faces.names[int(i)]) for i in chosen])
        labels.append(str(identity))
    contact_sheet(rows, path, row_labels=labels)
    return path


def inputs_sheet(session: Session, node: Node) -> Path:
    """What a network will see in training: aligned inputs, an identity a row."""
    path = session.folder / "media" / f"inputs-{node.key[:12]}.jpg"
    if path.exists():
        return path
    assert node.chosen is not None
    model, _ = session.model(node.chosen, 0, precision="fp32")
    faces = session.faces(node.inputs["faces"])
    placements = place.load(session, node.inputs["placements"])
    aligned = AlignedImages(faces, placements, model.input_spec)
    placed = ~placements.failed
    rows, labels = [], []
    for identity in np.unique(faces.subjects[placed])[:ROWS]:
        chosen = np.flatnonzero((faces.subjects == identity) & placed)[:COLUMNS]
        rows.append([aligned.image(int(i)) for i in chosen])
        labels.append(str(identity))
    contact_sheet(rows, path, row_labels=labels)
    return path


def keep_history(session: Session, node: Node, folder: Path) -> None:
    """Copy a training's history into the study, so that a report needs no store."""
    source = folder / "history.parquet"
    target = session.folder / "media" / f"history-{node.key[:12]}.parquet"
    if source.exists() and not target.exists():
        with written_whole(target) as aside:
            shutil.copyfile(source, aside)
