"""The reverse diffusion: DPM-Solver++ with classifier-free guidance, in batches over identities.

Settings of the Arc2Face release on Stable Diffusion 1.5 (George and Marcel 2024 print none): 25
steps of the second-order multistep solver (Lu et al. 2022), guidance 3,

    eps = eps_u + w (eps_c - eps_u),    image = decode(latent / f) / 2 + 1/2

with f the factor of the VAE. The noise of an image comes from a generator of its own, so neither
batch nor order changes it. ``lcm`` is the solver of latent consistency models (Luo et al. 2023) for
distilled weights: two to four steps, fresh noise in each, no guidance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .pipeline import Pipeline


@dataclass(frozen=True)
class SamplerSettings:
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


@dataclass(frozen=True)
class Latents:
    """Denoised latents (N, channels, side, side), and on a GPU the event after which they are."""

    values: torch.Tensor
    ready: torch.cuda.Event | None


def sample(
    pipeline: Pipeline, prompts: torch.Tensor, seeds: Sequence[int], settings: SamplerSettings
) -> NDArray[np.uint8]:
    """One image for each prompt embedding (N, tokens, width) and seed, uint8 RGB (N, px, px, 3)."""
    latents = denoise(pipeline, prompts, seeds, settings)
    with beside(pipeline, latents):
        return decode(pipeline, latents)


def denoise(
    pipeline: Pipeline, prompts: torch.Tensor, seeds: Sequence[int], settings: SamplerSettings
) -> Latents:
    """The latents of each prompt embedding (N, tokens, width) and seed.

    The UNet works in the pipeline's precision, solver and guidance in float32. On a GPU this
    returns while the device is still at work.
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
    return Latents(latents, _marked(pipeline))


def _marked(pipeline: Pipeline) -> torch.cuda.Event | None:
    if pipeline.side_stream is None:
        return None
    cuda: Any = torch.cuda  # whose constructors carry no types
    event: torch.cuda.Event = cuda.Event()
    event.record(torch.cuda.current_stream(pipeline.device))
    return event


@contextmanager
def beside(pipeline: Pipeline, latents: Latents) -> Iterator[None]:
    """What is asked of a GPU in here follows these latents, not the UNet's work after them."""
    stream = pipeline.side_stream
    if stream is None or latents.ready is None:
        yield
        return
    stream.wait_event(latents.ready)
    latents.values.record_stream(stream)
    with torch.cuda.stream(stream):
        yield


def decode(pipeline: Pipeline, latents: Latents) -> NDArray[np.uint8]:
    """Images uint8 RGB (N, px, px, 3) of latents, by the VAE in its precision."""
    vae = pipeline.vae
    # One at a time: at 512 pixels the decoder needs more memory than the UNet.
    with torch.inference_mode():
        images = [
            vae.decode((row[None] / pipeline.vae_scale).to(vae.dtype), return_dict=False)[0][0]
            for row in latents.values
        ]
        pixels = (torch.stack(images).float() / 2 + 0.5).clamp(0, 1).mul(255).round()
        return np.ascontiguousarray(pixels.to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())
