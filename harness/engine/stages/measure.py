"""Measure: what one measure says of one face set, from its images and their embeddings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from harness.components import Measure, MeasuredValue, Measurement
from harness.embedding.extract import load
from harness.engine.opener import create
from harness.engine.session import Session
from harness.engine.sets.labelled_set import chosen_images, open_labelled
from harness.errors import DataError
from harness.faces.views import Subset
from harness.fileio.atomic import write_text
from harness.fileio.verified import checked, unreadable
from harness.plan.measuring import EMBEDDINGS, ROLES, SET
from harness.plan.nodes import ImageSource, Node
from harness.store.artifacts import Store

RESULT = "measurement.json"


@dataclass(frozen=True, eq=False)
class OpenSet:
    """A set at work; implements :class:`harness.components.MeasuredSet`."""

    images: Subset
    subjects: NDArray[np.int64]
    identities: Mapping[int, str]
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    against: OpenSet | None = None
    seen: OpenSet | None = None
    control: OpenSet | None = None
    notes: tuple[str, ...] = ()
    """What was left out of it, and what is doubtful in it."""

    @property
    def people(self) -> int:
        """Number of identities."""
        return len(self.identities)


def run(node: Node, session: Session, folder: Path) -> dict[str, Any]:
    """Make the node's measurement; ``measurement.json`` holds it."""
    assert node.measuring is not None, "of a measure node"
    sets = {
        role: open_set(session.store, source, node.inputs.get(embeddings_role(role)))
        for role, source in node.measuring.sets.items()
    }
    against, seen, control = (sets.get(role) for role in ROLES)
    faces = replace(sets[SET], against=against, seen=seen, control=control)
    measure: Measure = create(node.component, Measure)
    ctx = session.context(node.component, seed=node.seed)
    ctx.limit = None  # the set was limited where it was made
    measure.prepare(ctx)
    found = finite(_measured(measure, faces, sets))
    _require_once(node.component.name, found)
    notes = [note for role in sets for note in sets[role].notes]
    found = replace(found, notes=list(dict.fromkeys([*found.notes, *ctx.notes, *notes])))
    write_text(folder / RESULT, json.dumps(asdict(found), indent=1, allow_nan=False) + "\n")
    return {
        "values": len(found.values),
        "images": len(faces.images),
        "identities": faces.people,
        "others": {role: [len(other.images), other.people]
                   for role, other in sets.items() if role != SET},
    }  # fmt: skip


def _require_once(name: str, found: Measurement) -> None:
    """Raise where a metric is there twice: of two values one would be dropped without a word."""
    metrics = [value.metric for value in found.values]
    twice = next((metric for metric in metrics if metrics.count(metric) > 1), None)
    if twice is not None:
        raise DataError(f"measure {name} gave {twice} twice; each metric needs a name of its own")


def embeddings_role(role: str) -> str:
    """The input of a measure node that holds the embeddings of the set in a role."""
    return "embeddings" if role == SET else role + EMBEDDINGS


def _measured(measure: Measure, faces: OpenSet, sets: Mapping[str, OpenSet]) -> Measurement:
    """What the measure finds; no metric is measurable where a set has no embedding at all."""
    if "embeddings" in measure.needs:
        for role, found in sets.items():
            norms = np.linalg.norm(found.vectors, axis=1)
            if not (np.isfinite(norms) & (norms > 0)).any():
                which = "the set" if role == SET else f"the set given as {role}"
                why = f"none of the {len(found.vectors):,} images of {which} has an embedding"
                return Measurement([MeasuredValue(name, None, why=why) for name in measure.metrics])
    return measure.measure(faces)


def open_set(store: Store, source: ImageSource, embeddings: str | None) -> OpenSet:
    """A set with its rows sorted, and the embeddings under a key, where there is one."""
    faces = open_labelled(store, source)
    images = chosen_images(faces, source.per_identity)
    assert images.subjects is not None, "chosen_images asks for them"
    # Measures draw by position, so the order in which a folder was read must not count.
    of, named = images.subjects, images.names
    order = np.array(sorted(range(len(images)), key=lambda row: (int(of[row]), named[row])))
    subjects = images.subjects[order]
    names = {int(k): faces.identities.get(int(k), str(k)) for k in np.unique(subjects)}
    chosen = Subset(images, order)
    if embeddings is None:
        return OpenSet(chosen, subjects, names, notes=faces.notes)
    vectors = load(store.get("embeddings", embeddings).folder).plain
    return OpenSet(chosen, subjects, names, np.asarray(vectors)[order], notes=faces.notes)


def finite(found: Measurement) -> Measurement:
    """A value or an end of an interval that is not finite becomes a missing one."""

    def checked_value(value: MeasuredValue) -> MeasuredValue:
        if value.value is not None and not math.isfinite(value.value):
            return MeasuredValue(value.metric, None, n=value.n, why="the value is not finite")
        if not all(math.isfinite(end) for end in (value.low, value.high) if end is not None):
            return replace(value, low=None, high=None, replicates=())
        kept = tuple(r if r is not None and math.isfinite(r) else None for r in value.replicates)
        return replace(value, replicates=kept)

    return replace(found, values=[checked_value(value) for value in found.values])


def found_by(store: Store, node: Node) -> Measurement:
    """What a measure node found; its notes also say what is doubtful in the embeddings.

    Such as an input of the network that was assumed, or vectors that hardly differ.
    """
    found = read_measurement(store.get("measures", node.key).folder)
    keys = [key for name, key in node.inputs.items() if name.endswith("embeddings")]
    kept = [store.get("embeddings", key).facts for key in dict.fromkeys(keys)]
    doubts = [note for facts in kept for note in facts.get("warnings", ())]
    return replace(found, notes=list(dict.fromkeys([*found.notes, *doubts])))


def read_measurement(folder: Path) -> Measurement:
    """What :func:`run` left in a folder; DataError naming the file that cannot be read."""
    path = folder / RESULT
    try:
        return TypeAdapter(Measurement).validate_json(checked(path).read_bytes())
    except (OSError, ValidationError) as error:
        raise unreadable(path, error) from None
