"""The reverse diffusion: DPM-Solver++ with classifier-free guidance, in batches over identities.

Settings of the Arc2Face release on Stable Diffusion 1.5 (George and Marcel 2024 print none): 25
steps of the second-order multistep solver (Lu et al. 2022), guidance 3,

    eps = eps_u + w (eps_c - eps_u),    image = decode(latent / f) / 2 + 1/2

with f the factor of the VAE. The starting noise of an image comes from a generator of its own, so
neither batch nor order changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

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
    """Steps of the solver, weight of the guidance and side of the image in pixels."""

    steps: int = 25
    guidance: float = 3.0
    image_px: int = 512


def solver(base: Any) -> Any:
    """DPM-Solver++ with the noise schedule of ``base``, the configuration of a scheduler."""
    from diffusers.schedulers import DPMSolverMultistepScheduler

    made: Any = DPMSolverMultistepScheduler
    return made.from_config(base)


def starting_noise(seed: int, shape: tuple[int, int, int]) -> torch.Tensor:
    """Standard normal float32 of ``shape`` from a CPU generator, the same on every device."""
    rng = torch.Generator().manual_seed(seed % 2**63)
    return torch.randn(shape, generator=rng)


def sample(
    pipeline: Pipeline, prompts: torch.Tensor, seeds: Sequence[int], settings: Settings
) -> NDArray[np.uint8]:
    """One image for each prompt embedding (N, tokens, width) and seed, uint8 RGB (N, px, px, 3).

    The UNet works in the pipeline's precision; solver, guidance and VAE in float32.
    """
    scheduler = solver(pipeline.scheduler_config)
    scheduler.set_timesteps(settings.steps, device=pipeline.device)
    side = settings.image_px // pipeline.vae_factor
    shape = (pipeline.latent_channels, side, side)
    noise = torch.stack([starting_noise(seed, shape) for seed in seeds])
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
            latents = scheduler.step(eps, step, latents, return_dict=False)[0]
        return _decode(pipeline, latents)


def _decode(pipeline: Pipeline, latents: torch.Tensor) -> NDArray[np.uint8]:
    # One at a time: at 512 pixels the decoder needs more memory than the UNet.
    images = [
        pipeline.vae.decode(row[None] / pipeline.vae_scale, return_dict=False)[0][0]
        for row in latents
    ]
    pixels = (torch.stack(images) / 2 + 0.5).clamp(0, 1).mul(255).round()
    return np.ascontiguousarray(pixels.to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())


def in_batches(
    items: Sequence[Item],
    size: int,
    make: Callable[[Sequence[Item]], Sequence[Made]],
    note: Callable[[str], None],
) -> Iterator[Made]:
    """``make`` on consecutive batches of at most ``size``, halved when GPU memory runs out.

    The smaller size stays for the rest and ``note`` is told once a halving. Raises
    PrerequisiteError when a single item does not fit.
    """
    first = 0
    while first < len(items):
        batch = items[first : first + size]
        made = None
        try:
            made = make(batch)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise PrerequisiteError(
                    "one image does not fit in the memory of the GPU; use a larger one, "
                    "--device cpu or a smaller -G image_px"
                ) from None
        if made is None:  # outside the handler, whose traceback holds the tensors
            size = len(batch) // 2
            torch.cuda.empty_cache()
            note(f"the memory of the GPU ran out: batches of {size} from there on")
            continue
        yield from made
        first += len(batch)
