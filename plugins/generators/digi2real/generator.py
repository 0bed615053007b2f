"""The generator ``digi2real``: rendered identities in, realistic faces of the same out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.plugin import Placement, UsageError
from harness.plugin.files import written_whole
from harness.plugin.generators import Face, Generator, Missing, Picture, Slot

from . import figures, materials, similarity
from .batches import ShrinkingBatches
from .crop import encode, face_box
from .diffusion import shift, tiny
from .diffusion.pipeline import Folders, Pipeline, conditioner, encoder_digest, open_pipeline
from .diffusion.sampling import Latents, SamplerSettings, beside, decode, denoise
from .embedding import SIZE, ArcFaceNetwork, Embedder, OtherModel, RandomProjection
from .jobs import ImageJob, again, make_job
from .params import ARCFACE, NO_DETECTOR, TINY, Digi2RealParams
from .remarks import remarks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.plugin import Context
    from harness.plugin.aligners import Aligner
    from harness.plugin.generators import FaceSet

    from .diffusion.conditioning import Conditioner

    Floats = NDArray[np.float32]
    Pixels = NDArray[np.uint8]

_BATCH = {"cpu": 4, "cuda": 16}
_SHARD = {"cpu": 1, "cuda": 96}  # on a CPU one image is minutes of work
_TINY_BATCH, _TINY_SHARD = 16, 200
_ROWS, _SHOWN = 3, 500
"""Identities of pictures that need new images, and of those that search a set for pairs."""


class Digi2Real(Generator):
    """Digi2Real (George and Marcel 2024) on any source of faces.

    With a detector an image without a face is made again from noise of its own, so that a slot
    still depends on nothing but its identity and sample.
    """

    params: Digi2RealParams

    def prepare(self, ctx: Context) -> None:
        """Make or find prototypes, filter order and shift; networks are loaded when first used."""
        super().prepare(ctx)
        self._tiny = self.params.pipeline == TINY
        kind = ctx.device.partition(":")[0]
        self.shard_slots = _TINY_SHARD if self._tiny else _SHARD[kind]  # type: ignore[misc]
        size = ctx.batch_size or (_TINY_BATCH if self._tiny else _BATCH[kind])
        self._batches = ShrinkingBatches(size, ctx.note, overlap=kind == "cuda")
        self._conditioner: Conditioner | None = None
        self._pipeline: Pipeline | None = None
        self._folders = self._find_folders()
        self._folders.check()
        self._detector: Aligner | None = None
        if self.params.detector != NO_DETECTOR:
            self._detector = ctx.tool("detector")
        self._embedder = self._open_embedder()
        source = materials.embed_source(ctx, self.params, self._embedder)
        self._identities = materials.make_prototypes(ctx, source)
        self._order = materials.make_order(ctx, self.params, self._identities)
        self._sides: tuple[Floats, Floats] | None = None
        self._shift_file = self._find_shift(source)
        self._delta = self._make_delta()
        used, shifted = len(self._order), self._delta is not None
        for remark in remarks(self.params, self._identities, used, shifted=shifted):
            ctx.note(remark)

    def samples_per_identity(self) -> NDArray[np.int32]:
        """The same number for every identity, int32 (identities,)."""
        return np.full(self.params.identities, self.params.images_per_id, np.int32)

    def generate(self, slots: Sequence[Slot]) -> Iterator[Face | Missing]:
        """Yield a face for each slot, or Missing: too few identities, or no face in any attempt."""
        for first in range(0, len(slots), self.shard_slots):
            yield from self._made(slots[first : first + self.shard_slots])

    def write_product(self, name: str, path: Path) -> str:
        """The shift, the only product: a file for ``-G shift=FILE``."""
        if self._shift_file is None:
            raise UsageError("a shift leads to real faces; name their folder: --real FOLDER")
        with written_whole(path) as aside:
            shutil.copyfile(self._shift_file, aside)
        return f"{self._read_shift(path).words()} written to {path}; use it with -G shift={path}"

    def pictures(self, faces: FaceSet, folder: Path) -> list[Picture]:
        """The figures of the paper that this set has the material for."""
        source, made = self.ctx.faces("source"), figures.Made(faces, _SHOWN)
        shown = [figures.source_beside_made(source, made, folder)]
        pairs = figures.similar_pairs(source, made, self._identities, folder)
        shown += [pairs] if pairs is not None else []
        sides = {
            "source": similarity.of_source(self._identities, made),
            "enhanced": similarity.of_made(self.ctx, made, self._embedder),
        }
        shown.append(similarity.histograms(sides, folder))
        if self._tiny or self.ctx.device != "cpu":
            jobs = [self._job(Slot(i, 0)) for i in range(min(_ROWS, len(self._order)))]
            seeds = [job.seed for job in jobs]
            means = [self._identities[int(self._order[job.slot.identity])] for job in jobs]
            ends = [(m.prototype, m.samples[0], s) for m, s in zip(means, seeds, strict=True)]
            shown.append(figures.along_t(self._shown, ends, folder))
            if self._delta is not None:
                points = np.stack([job.embedding for job in jobs])
                shown.append(figures.without_and_with(self._shown, points, seeds, folder))
        if self._sides is not None:
            shown.append(figures.prompt_space(self._pooled(*self._sides), folder))
        return shown

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

    def _open_embedder(self) -> Embedder:
        params, ctx = self.params, self.ctx
        if params.embedder != ARCFACE:
            model = ctx.tool("embedder")
            if not self._tiny and model.embedding_size != SIZE:
                raise UsageError(
                    f"model {params.embedder} gives {model.embedding_size} values and the text "
                    f"encoder of Arc2Face wants {SIZE}; choose another -G embedder"
                )
            return OtherModel(model, params.embedder, ctx.tool_key("embedder"))
        if self._tiny:
            return RandomProjection(tiny.EMBEDDING_SIZE)
        assert params.arcface is not None
        return ArcFaceNetwork(params.arcface, ctx.device)

    def _find_shift(self, source: materials.SourceEmbeddings) -> Path | None:
        """The file of the shift, estimated first where there are real faces; None without any."""
        if self.params.real is None:
            return self.params.shift
        digest = encoder_digest(self._folders)
        path, self._sides = materials.estimate_shift(
            self.ctx, self.params, source, self._embedder, digest, self._conditions
        )
        return path

    def _read_shift(self, path: Path) -> materials.Shift:
        encoder, shape = encoder_digest(self._folders), self._conditions().shape
        return materials.read_shift(path, encoder, self._embedder.identity, shape)

    def _make_delta(self) -> Floats | None:
        """The scaled shift (tokens, width), or None without one."""
        if self._shift_file is None:
            return None
        found, params = self._read_shift(self._shift_file), self.params
        self.ctx.note(
            f"digi2real: {found.words()}, shape {params.shift_shape}, scale {params.shift_scale:g}"
        )
        made = shift.shaped(found.delta, params.shift_shape, self._conditions().position)
        return np.float32(params.shift_scale) * made

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
                self.params.lcm,
            )
        return self._pipeline

    def _made(self, slots: Sequence[Slot]) -> Iterator[Face | Missing]:
        there = [slot for slot in slots if slot.identity < len(self._order)]
        jobs = [self._job(slot) for slot in there]
        done: dict[Slot, Face | Missing] = {}
        for attempt in range(self.params.attempts):
            jobs = [again(job, self.ctx.seed, attempt) for job in jobs] if attempt else jobs
            for face in self._batches.each(jobs, self._denoised, self._faces):
                done[face.slot] = face
            jobs = [job for job in jobs if isinstance(done[job.slot], Missing)]
        lacking = "the source has too few usable identities"
        for slot in slots:
            yield done.get(slot) or Missing(slot, lacking)

    def _job(self, slot: Slot) -> ImageJob:
        identity = self._identities[int(self._order[slot.identity])]
        job = make_job(self.params, self.ctx.seed, identity, slot)
        more: dict[str, Any] = {"shifted": self._delta is not None}
        if self._tiny:
            more["watermark"] = tiny.WATERMARK
        return replace(job, meta={**job.meta, **more})

    def _latents(self, embeddings: Floats, seeds: Sequence[int], *, shifted: bool) -> Latents:
        import torch

        prompts = self._conditions().encode(embeddings)
        if shifted and self._delta is not None:
            prompts = prompts + torch.from_numpy(self._delta)
        params, pipeline = self.params, self._open()
        px = params.image_px or pipeline.image_px
        settings = SamplerSettings(params.steps, params.guidance, px, params.sampler)
        return denoise(pipeline, prompts, seeds, settings)

    def _shown(self, embeddings: Floats, seeds: Sequence[int], shifted: bool) -> Pixels:
        """Images uint8 RGB (N, px, px, 3) of embeddings (N, d), as figures show them."""
        latents = self._latents(embeddings, seeds, shifted=shifted)
        with beside(self._open(), latents):
            pixels = decode(self._open(), latents)
        return np.stack([tiny.watermark(image) for image in pixels]) if self._tiny else pixels

    def _denoised(self, jobs: Sequence[ImageJob]) -> Latents:
        embeddings = np.stack([job.embedding for job in jobs])
        return self._latents(embeddings, [job.seed for job in jobs], shifted=True)

    def _faces(self, jobs: Sequence[ImageJob], latents: Latents) -> list[Face | Missing]:
        """Decoded, looked at and encoded; on a GPU in a thread, while the next are denoised."""
        places: Sequence[Placement | str | None] = [None] * len(jobs)
        with beside(self._open(), latents):
            pixels = decode(self._open(), latents)
            if self._detector is not None:
                nowhere = np.full((len(jobs), 4), np.nan, np.float32)
                places = self._detector.locate(list(pixels), nowhere)
        return [self._face(*each) for each in zip(jobs, pixels, places, strict=True)]

    def _pooled(self, real: Floats, source: Floats) -> dict[str, Floats]:
        """Prompt embeddings of both sides and of the shifted source (N, width).

        The mean of two rows: the identity token's and the next.
        """
        at, delta = self._conditions().position, self._delta
        assert delta is not None, "both sides are known where there is a shift"
        few = [rows[: figures.MOST_POINTS] for rows in (real, source)]
        means = [
            self._conditions().encode(rows)[:, at : at + 2].mean(dim=1).numpy() for rows in few
        ]
        return {"real": means[0], "source": means[1],
                "shifted": means[1] + delta[at : at + 2].mean(axis=0)}  # fmt: skip

    def _face(
        self, job: ImageJob, pixels: NDArray[np.uint8], place: Placement | str | None
    ) -> Face | Missing:
        if isinstance(place, str):
            tried = self.params.attempts
            return Missing(job.slot, f"no face in {tried} attempts, the last: {place}")
        shown = tiny.watermark(pixels) if self._tiny else pixels
        found = place is not None
        return Face(
            job.slot,
            encode(shown, self.params.jpeg_quality),
            landmarks=place.landmarks if place is not None else None,
            box=None if found else face_box(len(shown), self.params.align),
            meta={**job.meta, "detector_score": place.score if place is not None else None},
        )
