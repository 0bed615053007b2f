"""The networks, read from local folders in the layout of their releases; nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.plugin import DataError, PrerequisiteError, digest, file_sha256
from harness.plugin.files import read_json, walk

from .conditioning import Conditioner, open_conditioner, require_complete
from .lora import merge

if TYPE_CHECKING:
    import torch

_WEIGHTS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
_TEXT_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class Folders:
    """Where the parts are: ``base`` holds tokenizer, scheduler and vae."""

    unet: Path
    encoder: Path
    base: Path

    def check(self) -> None:
        """Raise PrerequisiteError naming the first file that is missing and what links it."""
        wanted: tuple[tuple[str, Path, tuple[str, ...]], ...] = (
            ("arc2face-unet", self.unet, ("config.json",)),
            ("arc2face-unet", self.unet, _WEIGHTS),
            ("arc2face-encoder", self.encoder, ("config.json",)),
            ("arc2face-encoder", self.encoder, _TEXT_WEIGHTS),
            ("stable-diffusion-v1-5", self.base, ("tokenizer/vocab.json",)),
            ("stable-diffusion-v1-5", self.base, ("tokenizer/merges.txt",)),
            ("stable-diffusion-v1-5", self.base, ("scheduler/scheduler_config.json",)),
            ("stable-diffusion-v1-5", self.base, ("vae/config.json",)),
            ("stable-diffusion-v1-5", self.base, tuple(f"vae/{name}" for name in _WEIGHTS)),
        )
        for asset, folder, names in wanted:
            if not any((folder / name).is_file() for name in names):
                raise PrerequisiteError(
                    f"{folder} lacks {' or '.join(names)}; complete it, or link another folder: "
                    f"harness assets link {asset} PATH"
                )


@dataclass(frozen=True)
class Pipeline:
    """What sampling needs; see :func:`open_pipeline`."""

    unet: Any
    vae: Any
    scheduler_config: dict[str, Any]
    unconditional: torch.Tensor
    device: torch.device
    dtype: torch.dtype
    side_stream: torch.cuda.Stream | None = None
    """On a GPU, where images are decoded while the UNet is at work on the next ones."""

    @property
    def latent_channels(self) -> int:
        """Channels of a latent image."""
        return int(self.unet.config.in_channels)

    @property
    def vae_factor(self) -> int:
        """Image pixels in a latent pixel, along a side."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def vae_scale(self) -> float:
        """The factor by which latents are scaled."""
        return float(self.vae.config.scaling_factor)

    @property
    def image_px(self) -> int:
        """The side of the image that the UNet was made for."""
        return int(self.unet.config.sample_size) * self.vae_factor


def conditioner(folders: Folders, device: str) -> Conditioner:
    """The text encoder of these folders, in float32."""
    folders.check()
    return open_conditioner(folders.encoder, folders.base / "tokenizer", device)


def encoder_digest(folders: Folders) -> str:
    """Digest of the files of text encoder and tokenizer."""
    files = [
        here.path / name
        for folder in (folders.encoder, folders.base / "tokenizer")
        for here in walk(folder, deep=False)
        for name in here.files
    ]
    return digest([[path.name, file_sha256(path)] for path in files])


def open_pipeline(
    folders: Folders,
    unconditional: torch.Tensor,
    device: str,
    precision: str,
    lora: Path | None = None,
) -> Pipeline:
    """UNet in ``precision``, VAE in ``vae_dtype`` and the configuration of the scheduler.

    The low-rank changes in ``lora`` are merged into the weights of the UNet.

    Raises PrerequisiteError for a missing file and DataError for weights that lack an entry, have
    another shape or do not fit the text encoder.
    """
    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    folders.check()
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    place = torch.device(device)
    unet = _load(UNet2DConditionModel, folders.unet, dtype)
    if lora is not None:
        merge(unet, lora)
    vae = _load(AutoencoderKL, folders.base / "vae", vae_dtype(place, precision))
    width = int(unconditional.shape[-1])
    if unet.config.cross_attention_dim != width:
        raise DataError(
            f"{folders.unet} wants prompt embeddings of {unet.config.cross_attention_dim} values "
            f"and the text encoder gives {width}; take both from one release"
        )
    scheduler = read_json(folders.base / "scheduler" / "scheduler_config.json")
    return assemble(unet, vae, scheduler, unconditional, place)


def assemble(
    unet: Any, vae: Any, scheduler_config: dict[str, Any], unconditional: torch.Tensor,
    place: torch.device,
) -> Pipeline:  # fmt: skip
    """Networks put on a device in the layout that it is fast with, each in its own precision."""
    import torch

    stream: torch.cuda.Stream | None = None
    if place.type == "cuda":
        # cuDNN's half-precision kernels work on channels last and convert anything else
        unet, vae = (n.to(place, memory_format=torch.channels_last) for n in (unet, vae))
        cuda: Any = torch.cuda  # whose constructors carry no types
        stream = cuda.Stream(place)
    empty, dtype = unconditional.to(place), unet.dtype
    return Pipeline(unet, vae, scheduler_config, empty, place, dtype, stream)


def vae_dtype(place: torch.device, precision: str) -> torch.dtype:
    """Float16 on a GPU unless float32 is asked for, as in the release; float32 on a CPU.

    Not bfloat16, whose eight bits would show as bands in the image.
    """
    import torch

    half = place.type == "cuda" and precision != "fp32"
    return torch.float16 if half else torch.float32


def _load(cls: Any, folder: Path, dtype: torch.dtype) -> Any:
    from diffusers.utils import logging

    logging.set_verbosity_error()  # what matters of it is raised, in one sentence
    logging.disable_progress_bar()
    try:
        model, found = cls.from_pretrained(
            str(folder), local_files_only=True, output_loading_info=True, torch_dtype=dtype,
            low_cpu_mem_usage=False,
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(line.strip() for line in str(error).strip().splitlines()[:2])
        raise DataError(f"{folder} cannot be read as {cls.__name__}: {reason}") from error
    require_complete(found, folder)
    return model.eval().requires_grad_(False)
