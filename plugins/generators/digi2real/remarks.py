"""What the reader of a number must know of the faces behind it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.plugin import NO_MEASUREMENT

from .diffusion import tiny
from .params import ARCFACE, NO_DETECTOR, TINY, Digi2RealParams
from .source import Identities


def remarks(
    params: Digi2RealParams, found: Identities, used: int, *, shifted: bool
) -> Iterator[str]:
    """A sentence for everything that is not as published; ``used`` identities are imaged."""
    small, own = params.pipeline == TINY, params.embedder == ARCFACE
    if small:
        identities = "a random projection" if own else f"model {params.embedder}"
        yield f"{NO_MEASUREMENT}digi2real: {tiny.WATERMARK}; identities by {identities}"
    if params.sampler == "lcm":
        yield "digi2real: a preview by latent consistency, not the sampler of the paper"
    if not own and not small:
        yield (
            f"digi2real: identities by model {params.embedder}, and a text encoder that "
            "was trained on those of arcface.onnx"
        )
    if not shifted:
        yield "digi2real: no shift towards real faces is applied; give -G real=FOLDER"
    if params.detector == NO_DETECTOR:
        placed = "a box in the middle" if params.align == "centre" else "nothing"
        yield (
            "digi2real applies no face detector (-G detector=mtcnn); images are placed by the "
            f"detector of the study, if any, or {placed}, and none is made again"
        )
    yield from _of_the_source(found)
    if used < params.identities:
        yield f"the source has {used} of {params.identities} identities"


def _of_the_source(found: Identities) -> Iterator[str]:
    if found.rejected:
        number, reason = next(iter(found.rejected.items()))
        yield f"{len(found.rejected)} source identities rejected; identity {number}: {reason}"
    if found.opposite:
        yield f"{found.opposite} source images are opposite to their prototype and are left out"
    if found.single:
        yield f"{found.single} source identities have one image: no variation between latents"
