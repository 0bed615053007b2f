"""A detector run over an image set: in batches, with progress, taken up where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from harness.align.decode import decode
from harness.align.placements import Method, Placements
from harness.align.warp import unusable
from harness.components import Placement
from harness.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.components import Aligner, Images

Progress = Callable[[int, int, str], None]
Batch = list["NDArray[np.uint8] | str"]

BATCH_IMAGES = 256
BATCH_PIXELS = 16_000_000
SAVE_EVERY_S = 30.0
DECODERS = 4
"""Threads that decode; a detector on a GPU is faster than one of them on large images."""


def detect(
    images: Images, aligner: Aligner, folder: Path | None, progress: Progress | None
) -> Iterator[Placement | str]:
    """Yield a placement or the reason why there is none for each image, in order.

    Images are decoded one batch ahead of the detector. What was found is saved in ``folder`` every
    half minute, as files named by the number of their first image, and read from there next time.
    """
    done = 0
    if folder is not None:
        for part in _saved(folder, len(images)):
            yield from _rows(part)
            done += len(part)
    fresh: list[Placement | str] = []
    saved_at = monotonic()
    for batch in _ahead(_batches(images, done)):
        found = _locate(aligner, batch, images.boxes[done : done + len(batch)])
        yield from found
        fresh += found
        done += len(batch)
        if progress is not None:
            progress(done, len(images), "images")
        if folder is not None and monotonic() - saved_at >= SAVE_EVERY_S:
            _table(fresh).save(folder / _part_name(done - len(fresh)))
            fresh, saved_at = [], monotonic()


def _locate(aligner: Aligner, batch: Batch, boxes: NDArray[np.float32]) -> list[Placement | str]:
    """Results of a batch; what could not be decoded passes by the detector."""
    readable = [index for index, item in enumerate(batch) if not isinstance(item, str)]
    pixels = [item for item in batch if not isinstance(item, str)]
    found = aligner.locate(pixels, boxes[readable]) if pixels else []
    if len(found) != len(pixels):
        raise DataError(f"the aligner returned {len(found)} results for {len(pixels)} images")
    results: list[Placement | str] = [item if isinstance(item, str) else "" for item in batch]
    for index, item in zip(readable, found, strict=True):
        results[index] = item if isinstance(item, str) else unusable(item.landmarks) or item
    return results


def _batches(images: Images, start: int) -> Iterator[Batch]:
    batch: Batch = []
    pixels = 0
    for item in _decoded_side_by_side(images, start):
        batch.append(item)
        pixels += 0 if isinstance(item, str) else item.shape[0] * item.shape[1]
        if len(batch) == BATCH_IMAGES or pixels >= BATCH_PIXELS:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _decoded_side_by_side(images: Images, start: int) -> Iterator[NDArray[np.uint8] | str]:
    """All images from ``start`` on, in order, a few of them decoded at a time."""
    with ThreadPoolExecutor(max_workers=DECODERS) as pool:
        for first in range(start, len(images), DECODERS):
            few = range(first, min(first + DECODERS, len(images)))
            yield from pool.map(lambda index: _decoded(images, index), few)


def _decoded(images: Images, index: int) -> NDArray[np.uint8] | str:
    try:
        return decode(images.read(index), images.names[index])
    except DataError as error:
        return f"unreadable: {error}"


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one being made in a thread while this one is used."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pending = pool.submit(next, batches, None)
        while (batch := pending.result()) is not None:
            pending = pool.submit(next, batches, None)
            yield batch


def _part_name(start: int) -> str:
    return f"part-{start:09d}.arrow"


def _saved(folder: Path, total: int) -> Iterator[Placements]:
    """The saved parts that follow each other without a gap, from image 0 on."""
    start = 0
    while start < total and (path := folder / _part_name(start)).exists():
        part = Placements.load(path)
        start += len(part)
        if not len(part) or start > total:
            raise DataError(f"{path}: does not belong to {total} images; remove {folder}")
        yield part


def _table(found: list[Placement | str]) -> Placements:
    landmarks = np.full((len(found), 5, 2), np.nan, dtype=np.float32)
    scores = np.full(len(found), np.nan, dtype=np.float32)
    methods: list[Method] = []
    for index, item in enumerate(found):
        methods.append("none" if isinstance(item, str) else "detector")
        if isinstance(item, Placement):
            landmarks[index], scores[index] = item.landmarks, item.score
    return Placements(landmarks, scores, methods, [r if isinstance(r, str) else "" for r in found])


def _rows(part: Placements) -> Iterator[Placement | str]:
    for index, method in enumerate(part.methods):
        if method == "none":
            yield part.reasons[index]
        else:
            yield Placement(part.landmarks[index], float(part.scores[index]))
