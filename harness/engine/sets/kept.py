"""Keeping in the study what a measure found, so that a report needs no store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from harness.align.decode import decode
from harness.components import FacePair, Images, Measurement, MetricInfo
from harness.engine.session import Session
from harness.engine.stages.cell_record import component_use
from harness.engine.stages.measure import found_by, open_set
from harness.errors import DataError
from harness.faces.contact_sheet import contact_sheet
from harness.fileio import verified
from harness.inputs import shown
from harness.plan.measuring import SET, measure_class
from harness.plan.nodes import ImageSource, Node
from harness.results.measured.records import (
    MeasurementRecord,
    PairRecord,
    SetUse,
    ValueRecord,
    write_record,
)
from harness.store.artifacts import Artifact

SHOWN_PAIRS = 12


def keep_measurement(session: Session, node: Node) -> MeasurementRecord:
    """Write the record of a measure node into the study, with a picture of its first pairs."""
    item = session.store.get("measures", node.key)
    found = found_by(session.store, node)
    return write_record(session.folder, _record(session, node, item, found))


def _record(session: Session, node: Node, item: Artifact, found: Measurement) -> MeasurementRecord:
    assert node.measuring is not None, "of a measure node"
    about, sets = node.measuring, node.measuring.sets
    counts = {SET: [item.facts["images"], item.facts["identities"]], **item.facts["others"]}
    uses = {role: _set_use(source, *counts[role]) for role, source in sets.items()}
    code = {"source_sha256": item.facts["source_sha256"]}
    return MeasurementRecord(
        id=node.key,
        set=uses.pop(SET),
        generator=component_use(about.generator, sets[SET].key, {}) if about.generator else None,
        measure=component_use(node.component, node.key, code),
        model=component_use(about.model, node.inputs["embeddings"], {}) if about.model else None,
        others=uses,
        values=_values(node, found),
        pairs=[PairRecord(first=shown(p.first), second=shown(p.second), score=p.score,
                          other=p.other) for p in found.pairs],
        notes=[*map(shown, found.notes), *item.facts.get("warnings", ())],
        pictures=_pictures(session, node, found),
        seed=node.seed,
        limited=session.plan.study.limit,
        inputs=dict(node.inputs),
    )  # fmt: skip


def _set_use(source: ImageSource, images: int, identities: int) -> SetUse:
    return SetUse(key=source.key, title=source.title, images=images, identities=identities)


def _values(node: Node, found: Measurement) -> list[ValueRecord]:
    metrics = measure_class(node.component).metrics
    made = []
    for value in found.values:
        info = metrics.get(value.metric.partition("@")[0], MetricInfo(""))
        made.append(
            ValueRecord(
                metric=value.metric,
                value=value.value,
                low=value.low,
                high=value.high,
                n=value.n,
                why=shown(value.why),
                text=info.text,
                least=info.low,
                most=info.high,
                better=info.better,
            )
        )
    return made


def _pictures(session: Session, node: Node, found: Measurement) -> str | None:
    """A contact sheet of the first pairs, one pair per row; its path below the study."""
    assert node.measuring is not None, "of a measure node"
    if not found.pairs:
        return None
    path = session.folder / "media" / f"pairs-{node.key[:12]}.jpg"
    name = path.relative_to(session.folder).as_posix()
    if path.exists() and verified.fits(path):
        return name
    pairs = found.pairs[:SHOWN_PAIRS]
    roles = {SET, *(pair.other for pair in pairs if pair.other)}
    images: Mapping[str, Images] = {
        role: open_set(session.store, node.measuring.sets[role], None).images for role in roles
    }
    rows = [[image for image in _pair(pair, images) if image is not None] for pair in pairs]
    if not all(len(row) == 2 for row in rows):
        return None  # a file of a folder is gone; the pairs are still named
    contact_sheet(rows, path, row_labels=[f"{pair.score:.3f}" for pair in pairs])
    verified.record(path)
    return name


def _pair(pair: FacePair, images: Mapping[str, Images]) -> Iterator[NDArray[np.uint8] | None]:
    for role, row in ((SET, pair.first_row), (pair.other or SET, pair.second_row)):
        try:
            yield decode(images[role].read(row), images[role].names[row])
        except DataError:
            yield None
