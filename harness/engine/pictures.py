"""Pictures and histories that a study keeps beside its numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from harness._plugins.targets import import_object
from harness.components import Generator
from harness.engine.attributes import attributes
from harness.engine.session import Session
from harness.engine.stages.training_sets import open_sets
from harness.errors import HarnessError
from harness.faces.contact_sheet import contact_sheet
from harness.faces.face_sheet import sheet
from harness.fileio import verified
from harness.fileio.atomic import write_text, written_whole
from harness.plan.nodes import Node

ROWS, COLUMNS = 8, 10


def face_sheet(session: Session, node: Node) -> Path:
    """A contact sheet of a face set: identities down, samples across."""
    path = session.folder / "media" / f"sheet-{node.key[:12]}.jpg"
    if _kept(session, path):
        return path
    sheet(session.faces(node.key), path, ROWS, COLUMNS)
    verified.record(path)
    return path


def face_attributes(session: Session, node: Node) -> Path:
    """What the faces of a set say of themselves, as histograms."""
    path = session.folder / "media" / f"attributes-{node.key[:12]}.json"
    if not _kept(session, path):
        write_text(path, json.dumps(attributes(session.faces(node.key))) + "\n")
        verified.record(path)
    return path


def generator_pictures(session: Session, node: Node) -> None:
    """What a generator shows of its set, beside the sheet; a failure of it spoils no set."""
    index = session.folder / "media" / f"pictures-{node.key[:12]}.json"
    cls = import_object(node.component.provided.component.target)
    pictures = index.parent.glob(f"picture-{node.key[:12]}-*.jpg")
    whole = all(verified.fits(path) for path in pictures)
    if cls.pictures is Generator.pictures or (_kept(session, index) and whole):
        return
    rows = []
    with TemporaryDirectory() as folder:
        try:
            generator, _ = session.generator(node)
            made = generator.pictures(session.faces(node.key), Path(folder))
        except HarnessError as error:
            session.progress.line(f"{'':>8}  no pictures of {node.label}: {error}")
            return
        for number, picture in enumerate(made):
            name = f"picture-{node.key[:12]}-{number}.jpg"
            with written_whole(index.with_name(name)) as aside:
                shutil.copyfile(Path(folder) / picture.file, aside)
            verified.record(index.with_name(name))
            rows.append({"title": picture.title, "text": picture.text, "file": name})
    write_text(index, json.dumps(rows, indent=1) + "\n")
    verified.record(index)


def restore_inputs_sheet(session: Session, node: Node) -> None:
    """Draw the sheet of a finished training again if it is altered; one that is not there stays so.

    Opening the sets of a training costs too much for a picture that nobody has missed.
    """
    path = _inputs_sheet(session, node)
    if path.exists() and not verified.fits(path):
        inputs_sheet(session, node)


def _inputs_sheet(session: Session, node: Node) -> Path:
    return session.folder / "media" / f"inputs-{node.key[:12]}.jpg"


def inputs_sheet(session: Session, node: Node) -> Path:
    """What a network will see in training: aligned inputs, one row per identity."""
    path = _inputs_sheet(session, node)
    if _kept(session, path):
        return path
    model, _ = session.model(node.component, 0, precision="fp32")
    rows: list[list[NDArray[np.uint8]]] = []
    labels: list[str] = []
    for part in open_sets(session, node, model.input_spec):
        for label in np.unique(part.labels)[: ROWS - len(rows)]:
            chosen = np.flatnonzero(part.labels == label)[:COLUMNS]
            rows.append([part.image(int(i)) for i in chosen])
            labels.append(str(len(labels)))
    contact_sheet(rows, path, row_labels=labels)
    verified.record(path)
    return path


def keep_history(session: Session, node: Node, folder: Path) -> None:
    """Copy a training's history into the study, so that a report needs no store."""
    source = folder / "history.parquet"
    target = session.folder / "media" / f"history-{node.key[:12]}.parquet"
    if source.exists() and not _kept(session, target):
        with written_whole(target) as aside:
            shutil.copyfile(source, aside)
        verified.record(target)


def _kept(session: Session, path: Path) -> bool:
    """Whether a file is there and fits the digest beside it; an altered one is made again."""
    if not path.exists() or verified.fits(path):
        return path.exists()
    session.progress.line(f"{path} is altered: its SHA-256 is not the one beside it; made again")
    return False
