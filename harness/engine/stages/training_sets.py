"""The faces of one phase of training: stored sets and streamed ones, and which part of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.align.aligned import AlignedImages
from harness.align.place import Rule
from harness.components import Generator, InputSpec
from harness.engine.context import RunContext
from harness.engine.session import Session
from harness.engine.stages import place
from harness.errors import DataError
from harness.faces.namesakes import names_among
from harness.faces.source import SourceGenerator, among, read_names
from harness.faces.store import FaceSet, source_names
from harness.plan.nodes import Node, TrainingSource
from harness.plan.training import faces_role, placements_role
from harness.protocols.readers.ratings import read_ratings
from harness.recipe.tables import Take
from harness.training.data.streamed import Streamed
from harness.training.data.subset import choose, classes


class LabelledFaces:
    """The aligned faces of a stored set, or a part of them, with contiguous class labels."""

    def __init__(self, session: Session, node: Node, index: int, spec: InputSpec) -> None:
        assert node.training is not None
        faces = session.faces(node.inputs[faces_role(index)])
        placements = place.load(session, node.inputs[placements_role(index)])
        taken = _taken(session, node.training.sources[index], faces.subjects, faces.samples, faces)
        self._aligned = AlignedImages(faces, placements, spec)
        self._index = np.flatnonzero(~placements.failed & taken)
        self.labels: NDArray[np.int64] = classes(faces.subjects[self._index])
        self.chosen = int(taken.sum())
        self._faces = faces

    def __len__(self) -> int:
        return len(self._index)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Aligned pixels, uint8 RGB (H, W, 3)."""
        return self._aligned.image(int(self._index[index]))

    def people(self) -> list[str]:
        """Names of the people that are trained on, where the source of the set has names."""
        return names_among(map(str, source_names(self._faces, self._index).values()))


class StreamedFaces(Streamed):
    """A streamed set, and what its generators noted."""

    def __init__(self, session: Session, source: TrainingSource, spec: InputSpec) -> None:
        assert source.node is not None
        node, study = source.node, session.plan.study
        self._contexts: list[RunContext] = []

        def opened() -> Generator:
            generator, ctx = session.generator(node)
            self._contexts.append(ctx)
            return generator

        super().__init__(
            opened,
            Rule(study.align, study.on_failure, study.max_doubtful),
            spec,
            lambda identities, samples: _taken(session, source, identities, samples, None),
            node.parts["limit"],
        )

    def people(self) -> list[str]:
        """As of :class:`LabelledFaces`; none of a generator that makes people of its own."""
        with self._generator() as generator:
            if not isinstance(generator, SourceGenerator):
                return []
            used = np.unique(self._identities).tolist()
            return names_among(map(generator.identity_name, used))

    def notes(self) -> list[str]:
        """What the reader of the result must know."""
        said = [note for ctx in self._contexts for note in ctx.notes]
        if self.replaced:
            reason = next(iter(self.replaced.values()))
            said.append(
                f"at least {len(self.replaced)} streamed faces could not be used and were replaced "
                f"by others of the same identity; the first reason: {reason}"
            )
        return list(dict.fromkeys(said))


def open_sets(session: Session, node: Node, spec: InputSpec) -> list[LabelledFaces | StreamedFaces]:
    """The face sets of a train node, in the order of its sources.

    Raises DataError when a set is smaller than what is to be taken of it.
    """
    training = node.training
    assert training is not None, "train nodes have a training"
    return [
        StreamedFaces(session, source, spec)
        if training.stream and source.node is not None
        else LabelledFaces(session, node, index, spec)
        for index, source in enumerate(training.sources)
    ]


def facts(source: TrainingSource, found: LabelledFaces | StreamedFaces) -> dict[str, Any]:
    """What was trained on, as a result records it."""
    return {
        "name": source.name,
        "key": source.key,
        "images": len(found),
        "identities": int(found.labels.max()) + 1 if len(found) else 0,
        "take": source.take.words(),
        "streamed": isinstance(found, StreamedFaces),
    }


def _taken(
    session: Session,
    source: TrainingSource,
    subjects: NDArray[np.int64],
    samples: NDArray[Any],
    faces: FaceSet | None,
) -> NDArray[np.bool_]:
    """The part of a set that a phase takes; under ``--limit`` as much of it as there is."""
    limit, take = session.plan.study.limit, source.take
    excluded = _excluded(faces, take.exclude) if faces is not None and take.exclude else set()
    within = subjects < limit if limit is not None else np.ones(len(subjects), np.bool_)
    if faces is not None and take.quality is not None and take.min_quality is not None:
        within &= _good(faces, take.quality, take.quality_column, take.min_quality)
    wanted: Mapping[str, int | None] = _wanted(take, subjects[within], excluded, limit)
    mask = within.copy()
    mask[within] = choose(
        subjects[within], samples[within], int(source.rules.get("seed", 0)),
        excluded=excluded, **wanted,
    )  # fmt: skip
    return mask


def _wanted(
    take: Take, subjects: NDArray[np.int64], excluded: set[int], limit: int | None
) -> dict[str, int | None]:
    if limit is None:
        return {"identities": take.identities, "images": take.images}
    left = subjects[~np.isin(subjects, list(excluded))]
    people = len(np.unique(left)) if take.identities is None else take.identities
    identities = take.identities and min(people, len(np.unique(left)))
    # A trial has fewer people, so their images may not suffice either.
    images = take.images if take.images is None or take.images <= len(left) else None
    return {"identities": identities, "images": images}


def _good(faces: FaceSet, path: Path, column: str | None, least: float) -> NDArray[np.bool_]:
    """Images that a list rates ``least`` or higher; DataError where it leaves some of them out."""
    listed = read_ratings(path, column)
    unknown = np.flatnonzero(~listed.has(faces.names))
    if len(unknown):
        raise DataError(
            f"{path} does not name {len(unknown):,} of {len(faces):,} images of the face set, the "
            f"first {faces.names[int(unknown[0])]!r}; rate all of them (`harness faces rate`)"
        )
    good = listed.of(faces.names) >= least
    if not good.any():
        raise DataError(f"no image of the face set has {listed.column} from {least:g} in {path}")
    return np.asarray(good)


def _excluded(faces: FaceSet, path: Path) -> set[int]:
    """Identities of a set that a list names, by the name they have in their source, or number."""
    listed = read_names(path)
    named = source_names(faces, np.arange(len(faces)))
    people = np.unique(faces.subjects).tolist()
    names = [str(named.get(subject, subject)) for subject in people]
    left_out = among(names, listed)
    found = {s for s, name in zip(people, names, strict=True) if name in left_out}
    if not found:
        raise DataError(
            f"{path} names {len(listed)} identities and none is in the face set, whose first is "
            f"{names[0]!r}; write them as they are named there"
        )
    return found
