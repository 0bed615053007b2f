"""The reverse diffusion: DPM-Solver++ with classifier-free guidance, in batches over identities.

Settings of the Arc2Face release on Stable Diffusion 1.5 (George and Marcel 2024 print none): 25
steps of the second-order multistep solver (Lu et al. 2022), guidance 3,

    eps = eps_u + w (eps_c - eps_u),    image = decode(latent / f) / 2 + 1/2

with f the factor of the VAE. The noise of an image comes from a generator of its own, so neither
batch nor order changes it. ``lcm`` is the solver of latent consistency models (Luo et al. 2023) for
distilled weights: two to four steps, fresh noise in each, no guidance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import torch

from harness.errors import PrerequisiteError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .pipeline import Pipeline

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Settings:
    """Steps of the solver, weight of the guidance, side of the image in pixels, and the solver."""

    steps: int = 25
    guidance: float = 3.0
    image_px: int = 512
    sampler: Literal["dpm", "lcm"] = "dpm"


def solver(base: Any, sampler: str = "dpm") -> Any:
    """A solver with the noise schedule of ``base``, the configuration of a scheduler."""
    from diffusers.schedulers import DPMSolverMultistepScheduler, LCMScheduler

    made: Any = {"dpm": DPMSolverMultistepScheduler, "lcm": LCMScheduler}[sampler]
    return made.from_config(base)


def own_generator(seed: int) -> torch.Generator:
    """The generator of all noise of one image, on the CPU: the same on every device."""
    return torch.Generator().manual_seed(seed % 2**63)


def starting_noise(rng: torch.Generator, shape: tuple[int, int, int]) -> torch.Tensor:
    """Standard normal float32 of ``shape``."""
    return torch.randn(shape, generator=rng)


def sample(
    pipeline: Pipeline, prompts: torch.Tensor, seeds: Sequence[int], settings: Settings
) -> NDArray[np.uint8]:
    """One image for each prompt embedding (N, tokens, width) and seed, uint8 RGB (N, px, px, 3).

    The UNet works in the pipeline's precision; solver, guidance and VAE in float32.
    """
    scheduler = solver(pipeline.scheduler_config, settings.sampler)
    scheduler.set_timesteps(settings.steps, device=pipeline.device)
    side = settings.image_px // pipeline.vae_factor
    shape = (pipeline.latent_channels, side, side)
    rngs = [own_generator(seed) for seed in seeds]
    noise = torch.stack([starting_noise(rng, shape) for rng in rngs])
    latents = noise.to(pipeline.device) * scheduler.init_noise_sigma
    guided = settings.guidance > 1
    conditions = prompts.to(pipeline.device, pipeline.dtype)
    if guided:
        empty = pipeline.unconditional.to(conditions).expand_as(conditions)
        conditions = torch.cat([empty, conditions])
    with torch.inference_mode():
        for step in scheduler.timesteps:
            scaled = scheduler.scale_model_input(latents, step)
            seen = torch.cat([scaled, scaled]) if guided else scaled
            eps = pipeline.unet(
                seen.to(pipeline.dtype), step, encoder_hidden_states=conditions, return_dict=False
            )[0].float()
            if guided:
                without, with_identity = eps.chunk(2)
                eps = without + settings.guidance * (with_identity - without)
            latents = scheduler.step(eps, step, latents, generator=rngs, return_dict=False)[0]
        return _decode(pipeline, latents)


def _decode(pipeline: Pipeline, latents: torch.Tensor) -> NDArray[np.uint8]:
    # One at a time: at 512 pixels the decoder needs more memory than the UNet.
    images = [
        pipeline.vae.decode(row[None] / pipeline.vae_scale, return_dict=False)[0][0]
        for row in latents
    ]
    pixels = (torch.stack(images) / 2 + 0.5).clamp(0, 1).mul(255).round()
    return np.ascontiguousarray(pixels.to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())


class Batches:
    """Work in batches of at most ``size``, halved for good when the memory of the GPU runs out."""

    def __init__(self, size: int, note: Callable[[str], None]) -> None:
        self.size, self._note = size, note

    def each(
        self, items: Sequence[Item], make: Callable[[Sequence[Item]], Sequence[Made]]
    ) -> Iterator[Made]:
        """``make`` on consecutive batches, in order; a batch that does not fit is made again.

        The reader of the result is told once a halving. Raises PrerequisiteError when a single
        item does not fit.
        """
        first = 0
        while first < len(items):
            batch = items[first : first + self.size]
            made = self._tried(batch, make)
            if made is None:  # outside the handler, whose traceback holds the tensors
                self.size = len(batch) // 2
                torch.cuda.empty_cache()
                self._note(f"the memory of the GPU ran out: batches of {self.size} from there on")
                continue
            yield from made
            first += len(batch)

    @staticmethod
    def _tried(
        batch: Sequence[Item], make: Callable[[Sequence[Item]], Sequence[Made]]
    ) -> Sequence[Made] | None:
        try:
            return make(batch)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise PrerequisiteError(
                    "one image does not fit in the memory of the GPU; use a larger one, "
                    "--device cpu or a smaller -G image_px"
                ) from None
        return None
