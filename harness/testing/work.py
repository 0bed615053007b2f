"""A small piece of work for each kind of component, the same in every check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.faces.face import Face, Missing, Slot
from harness.seeds import stream
from harness.testing.base import CheckSkippedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.testing.subject import Subject

IDENTITIES, SAMPLES, IMAGES = 3, 2, 6


def exercise(subject: Subject, component: Any) -> None:
    """Let a prepared component do what it is for, once."""
    kind = subject.component.kind
    if kind == "generator":
        list(component.generate(slots(component)))
    elif kind == "model":
        component.embed(pixels(component))
    elif kind == "benchmark":
        component.images().read(0)
        for name in subject.chosen.params.comparison_names():  # type: ignore[attr-defined]
            component.comparison(name).protocol()
    elif kind == "measure":
        from harness.testing.measures import made, whole

        component.measure(whole(made()))
    elif kind in ("quality", "attribute"):
        from harness.testing.faces import batch

        (component.rate if kind == "quality" else component.describe)(batch())
    else:
        component.locate(*photos())


def slots(generator: Any) -> list[Slot]:
    """The first samples of the first identities."""
    counts = np.asarray(generator.samples_per_identity())
    return [
        Slot(identity, sample)
        for identity in range(min(len(counts), IDENTITIES))
        for sample in range(min(int(counts[identity]), SAMPLES))
    ]


def answers(generator: Any, wanted: Sequence[Slot]) -> dict[Slot, Face | Missing]:
    """What the generator gives for each slot."""
    made = list(generator.generate(wanted))
    return {item.slot: item for item in made}


def reference(subject: Subject) -> list[Face | Missing]:
    """What the shared generator answers to the first slots, asked once."""
    if "answers" not in subject.noted:
        generator = subject.opened
        subject.noted["answers"] = list(generator.generate(slots(generator)))
    made: list[Face | Missing] = subject.noted["answers"]
    return made


def faces(subject: Subject) -> list[Face]:
    """The faces among those answers; the check is skipped when there is none."""
    found = [item for item in reference(subject) if isinstance(item, Face)]
    if not found:
        raise CheckSkippedError("none of the first slots holds a face")
    return found


def pixels(model: Any) -> NDArray[np.uint8]:
    """Six images of noise as the model wants them, uint8 RGB (6, height, width, 3)."""
    spec = model.input_spec
    shape = (IMAGES, spec.height, spec.width, 3)
    return stream(0, "conformance", "images").integers(0, 256, shape, np.uint8)


def photos() -> tuple[list[NDArray[np.uint8]], NDArray[np.float32]]:
    """Three images without a face, of three sizes, and boxes that nobody knows."""
    rng = stream(0, "conformance", "photos")
    sizes = ((96, 96), (64, 120), (48, 40))
    images = [rng.integers(0, 256, (*size, 3), np.uint8) for size in sizes]
    return images, np.full((len(images), 4), np.nan, np.float32)
