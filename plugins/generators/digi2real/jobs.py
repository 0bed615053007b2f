"""One image to be: where it is between prototype and sample, and its noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.plugin import derive, stream
from harness.plugin.generators import Slot

from .prototypes import angle, draw_t, slerp
from .source import Identity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .params import Digi2RealParams


@dataclass(frozen=True)
class ImageJob:
    """One image to be: its slot, embedding (d,), seed of the noise and metadata."""

    slot: Slot
    embedding: NDArray[np.float32]
    seed: int
    meta: dict[str, Any]


def make_job(params: Digi2RealParams, seed: int, identity: Identity, slot: Slot) -> ImageJob:
    """Sample s is copy ``s // latents`` of latent ``s % latents``, whose samples take turns.

    Streams are named by the identity's number in the source: runs that order identities in
    different ways share images.
    """
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
        "attempt": 0,
        "detector": params.detector,
        "detector_score": None,
    }
    return ImageJob(slot, slerp(identity.prototype, towards, t), noise, meta)


def again(job: ImageJob, seed: int, attempt: int) -> ImageJob:
    """The same image from other noise, after no face was found in the one before."""
    names = job.meta["source_identity"], job.meta["latent"], job.meta["copy"], attempt
    noise = derive(seed, "digi2real", "noise", *names) % 2**63
    return replace(job, seed=noise, meta={**job.meta, "seed": noise, "attempt": attempt})
