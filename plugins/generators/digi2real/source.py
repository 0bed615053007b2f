"""The identities of the source as embeddings, made in blocks that the store keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from harness.plugin import DataError, digest
from harness.plugin.files import json_value

from .embedding import Embedder, crop
from .prototypes import directions, prototype, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.plugin import Context, Images

FACTS = "facts.json"
BLOCK = 256
"""Images embedded at a time and kept together: less than a minute's work on one processor."""
_BATCH = 64


class _StoredFacts(BaseModel):
    model_config = ConfigDict(strict=True)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The facts of a stored folder; raises ``DataError`` naming the file where damaged."""
        path = folder / FACTS
        try:
            return cls.model_validate(json_value(path.read_bytes()))
        except (OSError, ValueError) as error:
            raise DataError(
                f"{path} is not what a run left there ({error}); run `harness store verify`"
            ) from None


class _BlockFacts(_StoredFacts):
    """What the embedding of a block of images leaves beside its vectors."""

    problems: list[str]
    whole: int


class _SourceFacts(_StoredFacts):
    """What the choice of identities leaves beside their prototypes."""

    rejected: dict[str, str]
    opposite: int
    single: int


@dataclass(frozen=True)
class Embedded:
    """Unit embeddings of some images of a set.

    ``vectors`` is float32 (n, d), NaN where ``problems`` (n texts) says why there is none;
    ``digests`` are the SHA-256 of the encoded images, ``whole`` how many were taken unaligned.
    """

    vectors: NDArray[np.float32]
    problems: Sequence[str]
    digests: Sequence[str]
    whole: int


def embed_images(
    ctx: Context, images: Images, indices: NDArray[np.int64], embedder: Embedder, what: str
) -> Embedded:
    """Embed the named images, block by block; finished blocks are taken from the store.

    A block's key is made of the bytes of its images and of the embedder, so it serves every run
    that sees the same images.
    """
    parts: list[Embedded] = []
    for first in range(0, len(indices), BLOCK):
        parts.append(_block(ctx, images, indices[first : first + BLOCK], embedder))
        ctx.progress(min(first + BLOCK, len(indices)), len(indices), "images", f"{what} embedded")
    if not parts:
        raise DataError(f"the {what} holds no image")
    return Embedded(
        np.concatenate([part.vectors for part in parts]),
        [text for part in parts for text in part.problems],
        [text for part in parts for text in part.digests],
        sum(part.whole for part in parts),
    )


def _block(
    ctx: Context, images: Images, indices: NDArray[np.int64], embedder: Embedder
) -> Embedded:
    data = [images.read(int(index)) for index in indices]
    digests = [hashlib.sha256(item).hexdigest() for item in data]
    points = np.ascontiguousarray(images.landmarks[indices])
    parts = {
        "embedder": embedder.identity,
        "images": digest(digests),
        "landmarks": hashlib.sha256(points.tobytes()).hexdigest(),
        "template": images.template,
    }

    def build(folder: Path) -> None:
        vectors, problems, whole = _embed(images, indices, data, embedder)
        np.save(folder / "vectors.npy", vectors)
        texts = [text.encode("utf-8", "backslashreplace").decode() for text in problems]
        (folder / FACTS).write_text(json.dumps({"problems": texts, "whole": whole}))

    folder = ctx.artifact("embeddings", parts, build)
    facts = _BlockFacts.read(folder)
    return Embedded(np.load(folder / "vectors.npy"), facts.problems, digests, facts.whole)


def _embed(
    images: Images, indices: NDArray[np.int64], data: Sequence[bytes], embedder: Embedder
) -> tuple[NDArray[np.float32], list[str], int]:
    problems = [""] * len(indices)
    crops, places, whole = [], [], 0
    for place, index in enumerate(indices):
        try:
            pixels, aligned = crop(images, int(index), data[place], embedder.spec)
        except DataError as error:
            problems[place] = str(error)
            continue
        crops.append(pixels)
        places.append(place)
        whole += not aligned
    raw = [embedder.embed(np.stack(crops[i : i + _BATCH])) for i in range(0, len(crops), _BATCH)]
    if not raw:
        raise DataError(f"none of {len(indices)} images can be embedded: {problems[0]}")
    found = np.concatenate(raw)
    vectors = np.full((len(indices), found.shape[1]), np.nan, np.float32)
    for place, row in zip(places, found, strict=True):
        try:
            vectors[place] = unit(row[None])[0]
        except DataError as error:
            problems[place] = f"{images.names[int(indices[place])]}: {error}"
    return vectors, problems, whole


@dataclass(frozen=True)
class Identity:
    """One usable identity: its number in the source, unit prototype (d,) and samples (n, d)."""

    number: int
    prototype: NDArray[np.float32]
    samples: NDArray[np.float32]


class Identities:
    """All usable identities of a source, memory-mapped, and why others are not."""

    def __init__(self, folder: Path) -> None:
        self.numbers: NDArray[np.int64] = np.load(folder / "numbers.npy")
        self.prototypes: NDArray[np.float32] = np.load(folder / "prototypes.npy", mmap_mode="r")
        self._samples = np.load(folder / "samples.npy", mmap_mode="r")
        self._ends = np.cumsum(np.load(folder / "counts.npy"))
        facts = _SourceFacts.read(folder)
        self.rejected, self.opposite, self.single = facts.rejected, facts.opposite, facts.single

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: int) -> Identity:
        first = int(self._ends[place - 1]) if place else 0
        samples = np.array(self._samples[first : int(self._ends[place])])
        return Identity(int(self.numbers[place]), np.array(self.prototypes[place]), samples)


def make_identities(
    subjects: NDArray[np.int64], vectors: NDArray[np.float32], folder: Path
) -> None:
    """Write the prototype and the usable samples of every identity into ``folder``.

    ``vectors`` are unit embeddings (n, d) of images of ``subjects`` (n,), NaN where unusable. An
    identity without a prototype is rejected with its reason; a sample opposite to the prototype is
    left out and counted; an identity of a single image is counted, as it has no variation.
    """
    numbers, prototypes, samples, counts = [], [], [], []
    facts: dict[str, Any] = {"rejected": {}, "opposite": 0, "single": 0}
    for number, rows in _by_subject(subjects, vectors):
        usable = rows[np.isfinite(rows).all(axis=1)]
        try:
            mean = prototype(usable)
        except DataError as error:
            facts["rejected"][str(number)] = str(error)
            continue
        kept = directions(mean, usable)
        if not kept:
            facts["rejected"][str(number)] = "all images lie opposite to their mean"
            continue
        facts["opposite"] += len(usable) - len(kept)
        facts["single"] += len(kept) == 1
        numbers.append(number)
        prototypes.append(mean)
        samples.append(usable[kept])
        counts.append(len(kept))
    if not numbers:
        reason = next(iter(facts["rejected"].values()), "the source is empty")
        raise DataError(f"no identity of the source can be used; the first reason: {reason}")
    np.save(folder / "numbers.npy", np.array(numbers, np.int64))
    np.save(folder / "prototypes.npy", np.stack(prototypes))
    np.save(folder / "samples.npy", np.concatenate(samples))
    np.save(folder / "counts.npy", np.array(counts, np.int64))
    (folder / FACTS).write_text(json.dumps(facts))


def _by_subject(
    subjects: NDArray[np.int64], vectors: NDArray[np.float32]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    order = np.argsort(subjects, kind="stable")
    numbers, starts = np.unique(subjects[order], return_index=True)
    for number, rows in zip(numbers, np.split(order, starts[1:]), strict=True):
        yield int(number), vectors[rows]


def choose_samples(
    subjects: NDArray[np.int64], most: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Indices of at most ``most`` images of every identity, drawn without replacement, sorted."""
    keys = rng.random(len(subjects))
    order = np.lexsort((keys, subjects))
    _, starts, counts = np.unique(subjects[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(starts, counts)
    return np.sort(order[rank < most])
