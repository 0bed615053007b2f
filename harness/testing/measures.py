"""Checks of measures: seeded, blind to order, and in words where nothing can be measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredSet, MeasuredValue, Measurement
from harness.errors import DataError
from harness.seeds import stream
from harness.testing.base import require
from harness.testing.subject import Subject

PEOPLE, EACH, SIZE, SIDE = 12, 6, 16, 48


@dataclass(frozen=True, eq=False)
class MadeUpImages:
    """Small patches of colour, one colour for each person; implements ``Images``."""

    subjects: NDArray[np.int64]
    names: Sequence[str]
    template: str | None = "arcface"

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """Unknown points."""
        return np.full((len(self), 5, 2), np.nan, np.float32)

    @property
    def boxes(self) -> NDArray[np.float32]:
        """Unknown boxes."""
        return np.full((len(self), 4), np.nan, np.float32)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> bytes:
        """A PNG that depends on the name alone."""
        import cv2

        name = self.names[index]
        colours = stream(0, "conformance", name.partition("/")[0]).integers(0, 256, (6, 6, 3))
        noise = stream(0, "conformance", name).normal(0, 12, (SIDE, SIDE, 3))
        image = np.kron(colours, np.ones((SIDE // 6, SIDE // 6, 1))) + noise
        done, data = cv2.imencode(".png", np.clip(image, 0, 255).astype(np.uint8))
        assert done, "encoding a picture in memory does not fail"
        return data.tobytes()


@dataclass(frozen=True, eq=False)
class MadeUpSet:
    """People with embeddings around a centre each; implements ``MeasuredSet``."""

    images: MadeUpImages
    vectors: NDArray[np.float32]
    subjects: NDArray[np.int64]
    identities: Mapping[int, str] = field(default_factory=dict)
    against: MadeUpSet | None = None
    seen: MadeUpSet | None = None
    control: MadeUpSet | None = None


def made(seed: int = 0, people: int = PEOPLE, each: int = EACH, spread: float = 0.5) -> MadeUpSet:
    """A set of made-up people, the same for the same arguments."""
    rng = stream(seed, "conformance", "measures")
    centres = rng.normal(size=(people, 1, SIZE))
    vectors = (centres + spread * rng.normal(size=(people, each, SIZE))).reshape(-1, SIZE)
    subjects = np.repeat(np.arange(people, dtype=np.int64), each)
    names = [f"{seed}-{subject}/{k % each}" for k, subject in enumerate(subjects.tolist())]
    identities = {k: f"person {k}" for k in range(people)}
    return MadeUpSet(
        MadeUpImages(subjects, names), vectors.astype(np.float32), subjects, identities
    )


def whole(main: MadeUpSet) -> MadeUpSet:
    """A set with every other one that a measure may need."""
    return replace(main, against=made(1), seen=made(2, people=60), control=made(3))


def deterministic(subject: Subject) -> None:
    """The same set and seed have the same values a second time."""
    first, second = (subject.open(0).measure(whole(made())) for _ in range(2))
    require(_values(first) == _values(second), "two measurements with one seed differ")


def describes_its_metrics(subject: Subject) -> None:
    """Every metric has a description, by its name up to an ``@``, and is in its range."""
    measure = subject.opened
    found = measure.measure(whole(made()))
    require(found.values, "no values were measured")
    for value in found.values:
        name = value.metric.partition("@")[0]
        require(name in measure.metrics, f"metric {name!r} is not described in metrics")
        info = measure.metrics[name]
        if value.value is None:
            require(value.why.strip(), f"{value.metric} is None without a reason")
            continue
        require(math.isfinite(value.value), f"{value.metric} is {value.value}")
        low = -math.inf if info.low is None else info.low
        high = math.inf if info.high is None else info.high
        inside = low - 1e-6 <= value.value <= high + 1e-6
        require(inside, f"{value.metric} is {value.value}, outside {low} to {high}")
        _check_interval(value)


def pairs_point_at_images(subject: Subject) -> None:
    """NearDuplicates name rows that exist, in the set that they say."""
    faces = whole(made())
    for pair in subject.opened.measure(faces).pairs:
        other: MeasuredSet = getattr(faces, pair.other) if pair.other else faces
        require(0 <= pair.first_row < len(faces.images), f"row {pair.first_row} is not an image")
        require(0 <= pair.second_row < len(other.images), f"row {pair.second_row} is not an image")


def answers_odd_sets(subject: Subject) -> None:
    """One image, one image for each person, and equal embeddings have an answer or a reason."""
    one = made(people=1, each=1)
    alone = made(each=1)
    equal = made()
    equal.vectors[:] = 1
    for what, faces in (("one image", one), ("people of one image", alone), ("equal", equal)):
        try:
            found = subject.opened.measure(whole(faces))
        except DataError:
            continue  # a sentence is an answer
        for value in found.values:
            text = f"{value.metric} of a set of {what} is {value.value}"
            require(value.value is None or math.isfinite(value.value), text)


def counts_missing_embeddings(subject: Subject) -> None:
    """Rows of NaN are left out; they never make a value that is not finite."""
    faces = made()
    faces.vectors[::5] = np.nan
    found = subject.opened.measure(whole(faces))
    for value in found.values:
        require(value.value is None or math.isfinite(value.value), f"{value.metric} is not finite")


def _check_interval(value: MeasuredValue) -> None:
    if value.low is None and value.high is None:
        return
    name = value.metric
    require(None not in (value.low, value.high), f"{name} has half an interval")
    ordered = sorted([value.low or 0.0, value.value or 0.0, value.high or 0.0])
    inside = ordered == [value.low, value.value, value.high]
    require(inside, f"{name}: {value.value} is not in [{value.low}, {value.high}]")


def _values(found: Measurement) -> list[MeasuredValue]:
    return list(found.values)


CHECKS = (
    deterministic,
    describes_its_metrics,
    pairs_point_at_images,
    answers_odd_sets,
    counts_missing_embeddings,
)
