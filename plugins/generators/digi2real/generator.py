"""The generator ``digi2real``: rendered identities in, realistic faces of the same out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import Generator
from harness.digests import digest
from harness.errors import DataError
from harness.faces.face import Face, Missing, Slot
from harness.seeds import derive, stream

from . import shift, tiny
from .crop import encode, face_box
from .embedding import ArcFace, Embedder, RandomProjection
from .filter import filter_order
from .params import TINY, Params
from .pipeline import Folders, Pipeline, conditioner, encoder_digest, open_pipeline
from .prototypes import angle, draw_t, slerp
from .sampling import Settings, in_batches, sample
from .source import Embedded, Identities, choose_samples, embed_images, make_identities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.components import Context

    from .conditioning import Conditioner

    Floats = NDArray[np.float32]

_BATCH = {"cpu": 4, "cuda": 16}
_SHARD = {"cpu": 1, "cuda": 100}  # on a CPU one image is minutes of work
_TINY_BATCH, _TINY_SHARD = 16, 200


@dataclass(frozen=True)
class Job:
    """One image to be: its slot, embedding (d,), seed of the noise and metadata."""

    slot: Slot
    embedding: Floats
    seed: int
    meta: dict[str, Any]


class Digi2Real(Generator):
    """Digi2Real (George and Marcel 2024) on any source of faces.

    Sample s of an identity is copy ``s // latents`` of latent ``s % latents``. Streams are named by
    the identity's number in the source, so a filtered and an unfiltered run share images.
    """

    params: Params

    def prepare(self, ctx: Context) -> None:
        """Make or find prototypes, filter order and shift; networks are loaded when first used."""
        super().prepare(ctx)
        self._tiny = self.params.pipeline == TINY
        kind = ctx.device.partition(":")[0]
        self.shard_slots = _TINY_SHARD if self._tiny else _SHARD[kind]  # type: ignore[misc]
        self._batch = ctx.batch_size or (_TINY_BATCH if self._tiny else _BATCH[kind])
        self._folders = self._find_folders()
        self._folders.check()
        embedder = self._embedder()
        source = self._embed_source(embedder)
        self._identities = self._make_identities(source)
        self._order = self._make_order()
        self._conditioner: Conditioner | None = None
        self._pipeline: Pipeline | None = None
        self._delta = self._make_shift(embedder, source)
        self._say_what_matters()

    def samples_per_identity(self) -> NDArray[np.int32]:
        """The same number for every identity, int32 (identities,)."""
        return np.full(self.params.identities, self.params.images_per_id, np.int32)

    def generate(self, slots: Sequence[Slot]) -> Iterator[Face | Missing]:
        """Yield a face for each slot, or Missing where the source has too few usable identities."""
        there = [slot for slot in slots if slot.identity < len(self._order)]
        jobs = [self._job(slot) for slot in there]
        make = partial(self._images, self._open())
        made = in_batches(jobs, self._batch, make, self.ctx.note) if jobs else iter(())
        for slot in slots:
            if slot.identity < len(self._order):
                yield next(made)
            else:
                yield Missing(slot, "the source has too few usable identities")

    # -- what the samples share ----------------------------------------------------------------

    def _find_folders(self) -> Folders:
        params = self.params
        if self._tiny:
            root = self.ctx.artifact("tiny-pipeline", {"revision": tiny.REVISION}, tiny.build)
            return Folders(root / "unet", root / "encoder", root / "base")
        assert params.unet is not None, "the planner fills linked assets or refuses"
        assert params.text_encoder is not None
        assert params.base is not None
        return Folders(params.unet, params.text_encoder, params.base)

    def _embedder(self) -> Embedder:
        if self._tiny:
            return RandomProjection(tiny.EMBEDDING_SIZE)
        assert self.params.arcface is not None
        return ArcFace(self.params.arcface, self.ctx.device)

    def _embed_source(self, embedder: Embedder) -> tuple[Embedded, NDArray[np.int64]]:
        images = self.ctx.faces("source")
        if images.subjects is None:
            raise DataError(f"source {self.params.source} does not say who is on its images")
        rng = stream(self.ctx.seed, "digi2real", "source-images")
        chosen = choose_samples(images.subjects, self.params.images_per_prototype, rng)
        return embed_images(self.ctx, images, chosen, embedder, "source"), images.subjects[chosen]

    def _make_identities(self, source: tuple[Embedded, NDArray[np.int64]]) -> Identities:
        embedded, subjects = source
        parts = {"vectors": _digest(embedded.vectors), "subjects": _digest(subjects)}
        return Identities(
            self.ctx.artifact(
                "prototypes", parts, partial(make_identities, subjects, embedded.vectors)
            )
        )

    def _make_order(self) -> NDArray[np.int64]:
        """Places of identities in the order they are used, at most as many as are asked for."""
        prototypes = self._identities.prototypes
        if not self.params.filtered:
            return np.arange(len(prototypes))[: self.params.identities]
        score = self.params.filter_score

        def build(folder: Path) -> None:
            order, scores = filter_order(prototypes, score)
            np.save(folder / "order.npy", order)
            np.save(folder / "scores.npy", scores)

        parts = {"prototypes": _digest(prototypes), "score": score}
        order: NDArray[np.int64] = np.load(self.ctx.artifact("filter", parts, build) / "order.npy")
        return order[: self.params.identities]

    def _make_shift(
        self, embedder: Embedder, source: tuple[Embedded, NDArray[np.int64]]
    ) -> Floats | None:
        """The scaled shift (tokens, width), or None without real faces."""
        if self.params.real is None:
            return None
        images = self.ctx.faces("real")
        rng = stream(self.ctx.seed, "digi2real", "shift-images")
        drawn = np.sort(rng.permutation(len(images))[: self.params.shift_images])
        real = embed_images(self.ctx, images, drawn, embedder, "real faces")
        if real.whole:
            self.ctx.note(
                f"{real.whole} of {len(drawn)} real faces came without landmarks or template and "
                "were embedded whole; -G real_params={template=...} names theirs"
            )
        ours = source[0]
        usable = np.flatnonzero(np.isfinite(ours.vectors).all(axis=1))
        taken = np.sort(rng.permutation(usable)[: self.params.shift_images])
        sides = _side(real, np.arange(len(drawn))), _side(ours, taken)
        facts = {
            "encoder": encoder_digest(self._folders),
            "embedder": embedder.identity,
            "seed": self.ctx.seed,
            "real": sides[0][1],
            "source": sides[1][1],
        }

        def build(folder: Path) -> None:
            delta = shift.estimate(self._conditions(), sides[0][0], sides[1][0])
            shift.save(folder, delta, facts)

        delta, _ = shift.load(self.ctx.artifact("shift", {"facts": digest(facts)}, build))
        made = shift.shaped(delta, self.params.shift_shape, self._conditions().position)
        self.ctx.note(
            f"shift from {len(sides[1][0])} source to {len(sides[0][0])} real faces, shape "
            f"{self.params.shift_shape}, scale {self.params.shift_scale:g}"
        )
        return np.float32(self.params.shift_scale) * made

    def _say_what_matters(self) -> None:
        note, found = self.ctx.note, self._identities
        if self._tiny:
            note(f"digi2real: {tiny.WATERMARK}; identities by a random projection")
        if self._delta is None:
            note("digi2real: no shift towards real faces is applied; give -G real=FOLDER")
        placed = "a box in the middle" if self.params.align == "centre" else "nothing"
        note(
            "digi2real applies no face detector; images without one selected (--aligner mtcnn) are "
            f"placed by {placed}"
        )
        if found.rejected:
            number, reason = next(iter(found.rejected.items()))
            note(f"{len(found.rejected)} source identities rejected; identity {number}: {reason}")
        if found.opposite:
            note(f"{found.opposite} source images lie opposite to their prototype and are left out")
        if found.single:
            note(f"{found.single} source identities have one image: no variation between latents")
        if len(self._order) < self.params.identities:
            note(f"the source has {len(self._order)} of {self.params.identities} identities")

    # -- images --------------------------------------------------------------------------------

    def _conditions(self) -> Conditioner:
        if self._conditioner is None:
            self._conditioner = conditioner(self._folders, self.ctx.device)
        return self._conditioner

    def _open(self) -> Pipeline:
        if self._pipeline is None:
            self._pipeline = open_pipeline(
                self._folders,
                self._conditions().unconditional(),
                self.ctx.device,
                self.ctx.precision,
            )
        return self._pipeline

    def _job(self, slot: Slot) -> Job:
        params, seed = self.params, self.ctx.seed
        identity = self._identities[int(self._order[slot.identity])]
        copy, latent = divmod(slot.sample, params.latents)
        direction = latent % len(identity.samples)
        rng = stream(seed, "digi2real", "t", identity.number, latent)
        t = draw_t(rng, params.beta_a, params.beta_b)
        towards = identity.samples[direction]
        noise = derive(seed, "digi2real", "noise", identity.number, latent, copy) % 2**63
        meta = {
            "source": params.source,
            "source_identity": identity.number,
            "latent": latent,
            "direction": direction,
            "copy": copy,
            "t": t,
            "omega": angle(identity.prototype, towards),
            "seed": noise,
            "shifted": self._delta is not None,
            "detector": "none",
        }
        if self._tiny:
            meta["watermark"] = tiny.WATERMARK
        return Job(slot, slerp(identity.prototype, towards, t), noise, meta)

    def _images(self, pipeline: Pipeline, jobs: Sequence[Job]) -> list[Face]:
        import torch

        prompts = self._conditions().encode(np.stack([job.embedding for job in jobs]))
        if self._delta is not None:
            prompts = prompts + torch.from_numpy(self._delta)
        px = self.params.image_px or pipeline.image_px
        settings = Settings(self.params.steps, self.params.guidance, px)
        pixels = sample(pipeline, prompts, [job.seed for job in jobs], settings)
        return [self._face(job, image) for job, image in zip(jobs, pixels, strict=True)]

    def _face(self, job: Job, pixels: NDArray[np.uint8]) -> Face:
        shown = tiny.watermark(pixels) if self._tiny else pixels
        return Face(
            job.slot,
            encode(shown, self.params.jpeg_quality),
            box=face_box(len(shown), self.params.align),
            meta=job.meta,
        )


def _side(embedded: Embedded, taken: NDArray[np.int64]) -> tuple[Floats, dict[str, Any]]:
    """The usable vectors among those taken, and their count and digest."""
    usable = taken[np.isfinite(embedded.vectors[taken]).all(axis=1)]
    names = [embedded.digests[int(place)] for place in usable]
    return embedded.vectors[usable], {"images": len(names), "sha256": digest(names)}


def _digest(values: NDArray[Any]) -> str:
    made = hashlib.sha256(json.dumps([values.shape, str(values.dtype)]).encode())
    made.update(np.ascontiguousarray(values).data)
    return made.hexdigest()
