"""A miniature of the pipeline with random weights, in the layout of the published files.

The same classes as the full one, so that everything around the networks can be tried without a
file. Its images are noise, and say so: in their corner, in their metadata and in the result.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from harness.plugin import derive

if TYPE_CHECKING:
    from numpy.typing import NDArray

REVISION = 1
SEED = 20241102
WATERMARK = "noise: random weights of pipeline=tiny, no face"
EMBEDDING_SIZE = 48
_WIDTH = 64
_TOKENS = 77
_WORDS = ("photo", "of", "a", "id", "person")


def build(folder: Path) -> None:
    """Write ``unet/``, ``encoder/`` and ``base/`` as the full pipeline expects them."""
    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel
    from transformers.utils import logging

    said: Any = logging
    said.disable_progress_bar()

    vocabulary = _write_tokenizer(folder / "base" / "tokenizer")
    _write_scheduler(folder / "base" / "scheduler")
    text = CLIPTextConfig(
        vocab_size=len(vocabulary),
        hidden_size=_WIDTH,
        intermediate_size=2 * _WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=_TOKENS,
        bos_token_id=len(vocabulary) - 2,
        eos_token_id=len(vocabulary) - 1,
        pad_token_id=len(vocabulary) - 1,
    )
    # Constructors draw from torch's global state: it is put back, and no weight comes from it.
    with torch.random.fork_rng(devices=[]):
        networks = {
            "encoder": CLIPTextModel(text),
            "unet": UNet2DConditionModel(**_UNET),
            "base/vae": AutoencoderKL(**_VAE),
        }
    for name, network in networks.items():
        _fill(network, name)
        network.save_pretrained(folder / name)


_UNET: dict[str, Any] = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "cross_attention_dim": _WIDTH,
    "attention_head_dim": 8,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}
_VAE: dict[str, Any] = {
    "block_out_channels": (8, 8, 16, 16),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}


def _fill(network: Any, name: str) -> None:
    """Weights by name from a seed: scales are one, offsets zero, the rest N(0, 1 / inputs)."""
    import torch

    with torch.no_grad():
        for entry, weight in network.named_parameters():
            if weight.ndim == 1:
                weight.fill_(float(entry.endswith("weight")))
                continue
            seed = derive(SEED, "digi2real", "tiny", name, entry) % 2**63
            rng = torch.Generator().manual_seed(seed)
            inputs = weight.shape[-1] if "embedding" in entry else weight[0].numel()
            weight.copy_(torch.randn(weight.shape, generator=rng) / inputs**0.5)


def _write_tokenizer(folder: Path) -> list[str]:
    """A vocabulary that knows the words of the prompt and their letters."""
    merges: list[str] = []
    pieces: set[str] = set()
    for word in _WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        pieces.update(parts)
        while len(parts) > 1:
            merges.append(f"{parts[0]} {parts[1]}")
            parts[:2] = [parts[0] + parts[1]]
            pieces.add(parts[0])
    vocabulary = [*sorted(pieces), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True)
    numbers = {piece: number for number, piece in enumerate(vocabulary)}
    (folder / "vocab.json").write_text(json.dumps(numbers))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": _TOKENS})
    )
    return vocabulary


def _write_scheduler(folder: Path) -> None:
    """The scheduler of Stable Diffusion 1.5, from which the solver takes its betas."""
    folder.mkdir(parents=True)
    config = {
        "_class_name": "PNDMScheduler",
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "steps_offset": 1,
    }
    (folder / "scheduler_config.json").write_text(json.dumps(config))


def watermark(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of uint8 RGB (H, W, 3) with the word NOISE on black in its lower left corner."""
    marked = np.ascontiguousarray(pixels).copy()
    height, width = marked.shape[:2]
    scale = width / 64 * 0.4
    (text_width, text_height), _ = cv2.getTextSize("NOISE", cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    cv2.rectangle(marked, (0, height - text_height - 4), (text_width + 3, height), (0, 0, 0), -1)
    cv2.putText(marked, "NOISE", (2, height - 3), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 0), 1)
    return marked
