"""Embedding both sides of a leak check, and keeping what it found beside the study."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from harness.align.aligned import AlignedImages
from harness.align.place import Rule, place
from harness.components import Aligner, Images
from harness.digests import digest
from harness.embedding.extract import extract, load
from harness.engine.event_log import Events
from harness.engine.runner import Runner
from harness.engine.session import Session, cell_inputs, create
from harness.engine.stages.embed import BATCH
from harness.errors import UsageError
from harness.faces.files import ImageFiles, search_images
from harness.faces.store import FaceSet
from harness.faces.views import Subset
from harness.fileio.atomic import write_text
from harness.fileio.names import require_no_links
from harness.inputs import shown
from harness.plan.nodes import Plan, PlannedCell
from harness.progress import Progress
from harness.results.leaks import FOLDER
from harness.store import face_sets
from harness.store.artifacts import Store
from harness.store.fingerprints import Fingerprints
from harness.tools.leak import (
    EmbeddedPeople,
    LeakReport,
    find_leaks,
    first_images,
    names_by_file,
    require_subjects,
)

READING = 2
"""Raised when other images are found in the same folder."""


@dataclass(frozen=True)
class SearchedTraining:
    """A training set to search: its key or fingerprint, what to call it, and its images."""

    key: str
    title: str
    images: Images
    identities: Mapping[int, str]
    notes: tuple[str, ...] = ()
    """What was left out of a folder."""


def open_training(store: Store, what: str, template: str | None) -> SearchedTraining:
    """A stored face set by the beginning of its key, or a folder with a folder a person.

    Raises UsageError where it is neither.
    """
    folder = Path(what)
    if not folder.is_dir():
        item = face_sets.find(store, what)
        faces = FaceSet(item.folder)
        provider = item.manifest["parts"]["component"]["provider"].rpartition(":")[2]
        return SearchedTraining(
            item.key, f"{provider} {item.key[:12]}", faces, _source_names(faces)
        )
    found = search_images(folder)
    names = found.names
    people = sorted({name.partition("/")[0] for name in names})
    if any("/" not in name for name in names):
        raise UsageError(f"{folder} has images outside the folders of its people; sort them")
    number = {person: index for index, person in enumerate(people)}
    subjects = np.array([number[name.partition("/")[0]] for name in names], np.int64)
    images = ImageFiles(folder, names, template=template, subjects=subjects)
    fingerprint = Fingerprints(store.home / "fingerprints.sqlite").of(folder)
    key = digest({"folder": fingerprint, "reading": READING})
    notes = tuple(found.left_out.notes(folder.name))
    named = dict(enumerate(map(shown, people)))
    return SearchedTraining(key, shown(folder.name), images, named, notes)


def check(
    plan: Plan,
    store: Store,
    training: Sequence[SearchedTraining],
    *,
    fmr: float,
    per_identity: int | None,
    progress: Progress,
    jobs: int,
    plugin_files: tuple[Path, ...] = (),
) -> Iterator[LeakReport]:
    """Search the people of the plan's benchmarks in every training set.

    The benchmark's embeddings are those of an ordinary run and are kept in the store, as are the
    training faces', so another ``fmr`` embeds nothing.
    """
    seen: set[str] = set()
    with tempfile.TemporaryDirectory() as scratch:
        session = Session(plan, store, Path(scratch), progress, jobs, plugin_files)
        events = Events(Path(scratch))
        outcome = Runner(session, events, fail_fast=True).run()
        if outcome.failures:
            raise outcome.failures[0].error
        for cell in plan.cells:
            if cell.keys["embeddings"] in seen:
                continue  # another comparison of the same images
            seen.add(cell.keys["embeddings"])
            benchmark = _benchmark(session, cell)
            for faces in training:
                people = _trained(session, cell, faces, per_identity)
                titles = (cell.benchmark.name, faces.title, cell.model.name)
                yield find_leaks(benchmark, people, fmr, titles)


def record(study: Path, report: LeakReport, training_key: str) -> Path:
    """Keep a report in the study; one of other settings or data stands beside it."""
    facts = {"training_key": training_key, **report.to_json()}
    require_no_links(study, FOLDER, f"{FOLDER}/*")
    path = study / FOLDER / f"{digest(facts)[:12]}-{report.benchmark}.json"
    if not path.exists():
        facts["created"] = datetime.now(UTC).isoformat(timespec="seconds")
        write_text(path, json.dumps(facts, indent=1) + "\n")
    return path


def _benchmark(session: Session, cell: PlannedCell) -> EmbeddedPeople:
    images = session.benchmark(cell.benchmark, cell_inputs(cell)).images()
    subjects = require_subjects(images, f"benchmark {cell.benchmark.name}")
    found = load(session.store.get("embeddings", cell.keys["embeddings"]).folder)
    return EmbeddedPeople(found.plain, subjects, images.names, names_by_file(images))


def _trained(
    session: Session, cell: PlannedCell, training: SearchedTraining, per_identity: int | None
) -> EmbeddedPeople:
    subjects = require_subjects(training.images, training.title)
    images = Subset(training.images, first_images(subjects, per_identity))
    study = session.plan.study
    parts = {
        "stage": "leak",
        "component": cell.model.identity(),
        "inputs": {"faces": training.key},
        "per_identity": per_identity,
        "template": images.template,
        "aligner": cell.aligner.identity() if cell.aligner else None,
        "rule": [study.align, study.on_failure],
        "device": session.plan.device.split(":")[0],
    }
    made = session.store.build(
        "embeddings", digest(parts), parts, lambda folder: _embed(session, cell, images, folder)
    )
    found = load(made.folder)
    assert images.subjects is not None, "asked for above"
    return EmbeddedPeople(found.plain, images.subjects, images.names, training.identities)


def _embed(session: Session, cell: PlannedCell, images: Subset, folder: Path) -> dict[str, Any]:
    aligner = None
    if cell.aligner is not None:
        aligner = create(cell.aligner, Aligner)
        aligner.prepare(session.context(cell.aligner, seed=0))
    study, progress = session.plan.study, session.progress
    progress.stage("   place  training faces")
    rule = Rule(study.align, study.on_failure, study.max_doubtful)
    placements = place(images, rule, aligner=aligner, progress=progress)
    network = session.trained(cell.model, None)
    progress.stage("   embed  training faces")
    extract(
        network,
        AlignedImages(images, placements, network.input_spec),
        images.names,
        mirror=False,
        folder=folder,
        progress=progress,
        batch_size=study.batch_size or BATCH,
    )
    progress.close()
    return {"images": len(images), "failed": int(placements.failed.sum())}


def _source_names(faces: FaceSet) -> dict[int, str]:
    """The names that a data set gave its people, where the face set keeps them."""
    first = np.unique(faces.subjects, return_index=True)[1]
    found = {}
    for row in first.tolist():
        name = faces.meta(row).get("source_identity")
        if not isinstance(name, str):
            return {}
        found[int(faces.subjects[row])] = name
    return found
