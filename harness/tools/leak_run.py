"""Embedding both sides of a leak check, and keeping what it found beside the study."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.digests import digest
from harness.embedding.extract import load
from harness.engine.session import Session
from harness.engine.sets.labelled_set import LabelledSet
from harness.fileio.atomic import write_text
from harness.fileio.names import require_no_links
from harness.plan.nodes import Plan, PlannedCell
from harness.progress import Progress
from harness.results.leak_record import FOLDER
from harness.store.artifacts import Store
from harness.tools import scratch
from harness.tools.leak import (
    EmbeddedPeople,
    LeakReport,
    find_leaks,
    names_by_file,
    require_subjects,
)
from harness.tools.sets.embed_set import SetEmbedder


def check(
    plan: Plan,
    store: Store,
    training: Sequence[LabelledSet],
    *,
    fmr: float,
    per_identity: int | None,
    progress: Progress,
    jobs: int,
    plugin_files: tuple[Path, ...] = (),
    kind: str = "image",
    control: LabelledSet | None = None,
) -> Iterator[LeakReport]:
    """Search the people of the plan's benchmarks in every training set.

    The benchmark's embeddings are those of an ordinary run and are kept in the store, as are the
    training faces', so another ``fmr`` embeds nothing.
    """
    seen: set[str] = set()
    made = scratch.made(plan, store, progress=progress, jobs=jobs, plugin_files=plugin_files)
    with made as session:
        for cell in plan.cells:
            if cell.keys["embeddings"] in seen:
                continue  # another comparison of the same images
            seen.add(cell.keys["embeddings"])
            benchmark = _benchmark(session, cell)
            embedder = SetEmbedder(session, cell.model, cell.aligner)
            others = None if control is None else _trained(embedder, control, per_identity)
            for faces in training:
                people = _trained(embedder, faces, per_identity)
                titles = (cell.benchmark.name, faces.title, cell.model.name)
                yield find_leaks(benchmark, people, fmr, titles, kind, others)


def record(study: Path, report: LeakReport, training_key: str) -> Path:
    """Keep a report in the study; one of other settings or data is beside it."""
    facts = {"training_key": training_key, **report.to_json()}
    require_no_links(study, FOLDER, f"{FOLDER}/*")
    path = study / FOLDER / f"{digest(facts)[:12]}-{report.benchmark}.json"
    if not path.exists():
        facts["created"] = datetime.now(UTC).isoformat(timespec="seconds")
        write_text(path, json.dumps(facts, indent=1) + "\n")
    return path


def _benchmark(session: Session, cell: PlannedCell) -> EmbeddedPeople:
    images = session.benchmark(cell.benchmark, cell.keys).images()
    subjects = require_subjects(images, f"benchmark {cell.benchmark.name}")
    found = load(session.store.get("embeddings", cell.keys["embeddings"]).folder)
    return EmbeddedPeople(found.plain, subjects, images.names, names_by_file(images))


def _trained(
    embedder: SetEmbedder, training: LabelledSet, per_identity: int | None
) -> EmbeddedPeople:
    found = embedder.embed(training, per_identity)
    return EmbeddedPeople(found.vectors, found.subjects, found.images.names, training.identities)
