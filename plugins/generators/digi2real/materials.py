"""What samples share: identities, their order and the shift; all of it is kept in the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.plugin import DataError, digest, stream

from .diffusion import shift
from .filter import filter_order
from .source import Embedded, Identities, choose_samples, embed_images, make_identities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.plugin import Context

    from .diffusion.conditioning import Conditioner
    from .embedding import Embedder
    from .params import Digi2RealParams

    Floats = NDArray[np.float32]

FILE = "shift.safetensors"


@dataclass(frozen=True)
class SourceEmbeddings:
    """Embeddings of the chosen source images and whose each is, int64 (n,)."""

    embedded: Embedded
    subjects: NDArray[np.int64]


@dataclass(frozen=True)
class Shift:
    """The delta (tokens, width) that was estimated, unscaled, and what is known of it."""

    delta: Floats
    facts: dict[str, Any]

    def words(self) -> str:
        """Counts of both sides, for people."""
        ours, real = self.facts["source"]["images"], self.facts["real"]["images"]
        return f"shift from {ours} source to {real} real faces"


def embed_source(ctx: Context, params: Digi2RealParams, embedder: Embedder) -> SourceEmbeddings:
    """Embed the chosen images of every source identity."""
    images = ctx.faces("source")
    if images.subjects is None:
        raise DataError(f"source {params.source} does not say who is on its images")
    rng = stream(ctx.seed, "digi2real", "source-images")
    chosen = choose_samples(images.subjects, params.images_per_prototype, rng)
    embedded = embed_images(ctx, images, chosen, embedder, "source")
    return SourceEmbeddings(embedded, images.subjects[chosen])


def make_prototypes(ctx: Context, source: SourceEmbeddings) -> Identities:
    """Prototypes and usable samples of every identity."""
    vectors, subjects = source.embedded.vectors, source.subjects
    parts = {"vectors": array_digest(vectors), "subjects": array_digest(subjects)}
    build = partial(make_identities, subjects, vectors)
    return Identities(ctx.artifact("prototypes", parts, build))


def make_order(ctx: Context, params: Digi2RealParams, identities: Identities) -> NDArray[np.int64]:
    """Places of identities in the order they are used, at most as many as are asked for."""
    prototypes, score = identities.prototypes, params.filter_score
    if not params.filtered:
        return np.arange(len(prototypes))[: params.identities]

    def build(folder: Path) -> None:
        order, scores = filter_order(prototypes, score)
        np.save(folder / "order.npy", order)
        np.save(folder / "scores.npy", scores)

    parts = {"prototypes": array_digest(prototypes), "score": score}
    order: NDArray[np.int64] = np.load(ctx.artifact("filter", parts, build) / "order.npy")
    return order[: params.identities]


def estimate_shift(
    ctx: Context,
    params: Digi2RealParams,
    source: SourceEmbeddings,
    embedder: Embedder,
    encoder: str,
    conditions: Callable[[], Conditioner],
) -> tuple[Path, tuple[Floats, Floats]]:
    """The file with the shift from the source to ``params.real``, and the faces of both sides.

    Those are unit embeddings (n, d), the real ones first. ``encoder`` is the digest of the text
    encoder. The file holds counts, seed, and the digests of every image of both sides.
    """
    images = ctx.faces("real")
    rng = stream(ctx.seed, "digi2real", "shift-images")
    drawn = np.sort(rng.permutation(len(images))[: params.shift_images])
    real = embed_images(ctx, images, drawn, embedder, "real faces")
    if real.whole:
        ctx.note(
            f"{real.whole} of {len(drawn)} real faces came without landmarks or template and "
            "were embedded whole; -G real_params={template=...} names theirs"
        )
    ours = source.embedded
    usable = np.flatnonzero(np.isfinite(ours.vectors).all(axis=1))
    taken = np.sort(rng.permutation(usable)[: params.shift_images])
    sides = _side(real, np.arange(len(drawn))), _side(ours, taken)
    facts = {
        "encoder": encoder,
        "embedder": embedder.identity,
        "seed": ctx.seed,
        "real": sides[0][1],
        "source": sides[1][1],
    }

    def build(folder: Path) -> None:
        delta = shift.estimate(conditions(), sides[0][0], sides[1][0])
        shift.save(folder / FILE, delta, facts)

    path = ctx.artifact("shift", {"facts": digest(facts)}, build) / FILE
    return path, (sides[0][0], sides[1][0])


def read_shift(path: Path, encoder: str, embedder: str, shape: tuple[int, int]) -> Shift:
    """The shift in a file; raises DataError when it was estimated with other networks."""
    delta, facts = shift.load(path)
    for what, name, ours in (("text encoder", "encoder", encoder),
                             ("face embedding", "embedder", embedder)):  # fmt: skip
        if facts.get(name) != ours:
            raise DataError(
                f"{path} was estimated with another {what} than this run has; estimate it again: "
                "harness digi2real shift"
            )
    if delta.shape != shape:
        raise DataError(f"{path} holds a shift of shape {delta.shape}, the encoder gives {shape}")
    return Shift(delta, facts)


def _side(embedded: Embedded, taken: NDArray[np.int64]) -> tuple[Floats, dict[str, Any]]:
    """The usable vectors among those taken, their count and the digests of their images."""
    usable = taken[np.isfinite(embedded.vectors[taken]).all(axis=1)]
    names = [embedded.digests[int(place)] for place in usable]
    facts = {"images": len(names), "sha256": digest(names), "image_sha256": names}
    return embedded.vectors[usable], facts


def array_digest(values: NDArray[Any]) -> str:
    """SHA-256 of an array: its shape, type and bytes."""
    made = hashlib.sha256(json.dumps([values.shape, str(values.dtype)]).encode())
    made.update(np.ascontiguousarray(values).data)
    return made.hexdigest()
