"""Checks of models: image i of the result depends on image i alone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.components import TrainableModel
from harness.testing.base import CheckSkippedError, require
from harness.testing.subject import Subject
from harness.testing.trained import network_of, normalised
from harness.testing.work import pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-5
"""Largest difference of an element, in lengths of the longest embedding."""
DECLARED = 1e-4
"""The same between two ways to compute the input, which memory order and rounding tell apart."""


def size_and_dtype(subject: Subject) -> None:
    """N images give float32 (N, embedding_size)."""
    model, images = subject.opened, pixels(subject.opened)
    found = model.embed(images)
    require(isinstance(found, np.ndarray), f"embed gives a {type(found).__name__}, not an array")
    require(found.dtype == np.float32, f"embeddings are {found.dtype}, not float32")
    wanted = (len(images), model.embedding_size)
    require(found.shape == wanted, f"embeddings have shape {found.shape}, not {wanted}")


def declared_input(subject: Subject) -> None:
    """The input is declared in full, is what the network sees, and another size is refused."""
    from harness.align.templates import find_template

    model = subject.opened
    spec = model.input_spec
    find_template(spec.template)
    require(spec.width > 0 and spec.height > 0, f"its input is {spec.width}x{spec.height} pixels")
    require(spec.colour in ("RGB", "BGR"), f"its colour order is {spec.colour!r}")
    require(all(value > 0 for value in spec.std), f"its std is {spec.std}")
    images = pixels(model)
    larger = np.pad(images, ((0, 0), (0, spec.height), (0, spec.width), (0, 0)))
    require(_refuses(model, larger), "images of another size than it declares are embedded, too")
    network = network_of(model)
    if network is not None:
        import torch

        with torch.inference_mode():
            seen = network(torch.from_numpy(normalised(images, spec))).numpy()
        _require_close(_embed(subject, images), seen, "from the input that it declares", DECLARED)


def finite(subject: Subject) -> None:
    """Embeddings hold no NaN and no infinity."""
    good = np.isfinite(_embed(subject, pixels(subject.opened)))
    rows = int(np.count_nonzero(~good.reshape(len(good), -1).all(axis=1)))
    require(not rows, f"{rows} of {len(good)} embeddings are not finite")


def deterministic(subject: Subject) -> None:
    """The same images give the same embeddings a second time."""
    images = pixels(subject.opened)
    first, second = _embed(subject, images), _embed(subject, images)
    _require_close(first, second, "a second time", 0.0)


def batch_size_invariant(subject: Subject) -> None:
    """An image has the same embedding in a batch of itself of any size, within 1e-5."""
    image = pixels(subject.opened)[:1]
    alone = _embed(subject, image)
    for size in (2, 5):
        batch = _embed(subject, np.repeat(image, size, axis=0))
        _require_close(np.repeat(alone, size, axis=0), batch, f"in a batch of {size}", TOLERANCE)


def row_independent(subject: Subject) -> None:
    """An image has the same embedding whatever else is in its batch."""
    images = pixels(subject.opened)
    before = _embed(subject, images[[0, 1, 2, 3]])
    after = _embed(subject, images[[0, 4, 5, 3]])
    _require_close(before[[0, 3]], after[[0, 3]], "beside other images", TOLERANCE)


def last_short_batch(subject: Subject) -> None:
    """A batch that is smaller than the one before has as many rows as images."""
    images = pixels(subject.opened)
    for size in (4, 2, 1):
        rows = len(_embed(subject, images[:size]))
        require(rows == size, f"a batch of {size} images has {rows} embeddings")


def save_and_load(subject: Subject) -> None:
    """A trainable model that is saved and loaded has the same embeddings."""
    model = subject.opened
    if not isinstance(model, TrainableModel):
        require(not subject.component.trainable, "it is declared trainable and cannot be trained")
        raise CheckSkippedError("it cannot be trained")
    require(subject.component.trainable, "it can be trained but its declaration does not say so")
    other = subject.open(seed=1)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder))
        other.load(Path(folder))
    images = pixels(model)
    _require_close(model.embed(images), other.embed(images), "after loading", TOLERANCE)


CHECKS = (
    size_and_dtype,
    declared_input,
    finite,
    deterministic,
    batch_size_invariant,
    row_independent,
    last_short_batch,
    save_and_load,
)


def _refuses(model: Any, images: NDArray[np.uint8]) -> bool:
    try:
        model.embed(images)
    except Exception:  # noqa: BLE001 (however it refuses)
        return True
    return False


def _embed(subject: Subject, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Embeddings for comparison; their type is another check's business."""
    return np.asarray(subject.opened.embed(images), np.float64)


def _require_close(first: NDArray[Any], second: NDArray[Any], how: str, tolerance: float) -> None:
    require(first.shape == second.shape, f"{how} the shape is {second.shape}, not {first.shape}")
    known = np.isfinite(first) & np.isfinite(second)  # the rest is another check's business
    if not known.any():
        return
    scale = float(np.sqrt(np.square(np.where(known, first, 0.0)).sum(axis=1).max()))
    worst = float(np.abs(first - second, where=known, out=np.zeros(first.shape)).max())
    require(
        worst <= tolerance * scale,
        f"{how} an embedding of length {scale:.3g} changes by {worst:.2e}, more than "
        f"{tolerance:g} of it",
    )
