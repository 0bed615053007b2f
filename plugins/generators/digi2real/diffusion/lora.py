"""Low-rank changes of weights, merged into a UNet once: W' = W + (alpha / rank) up down.

Hu et al. 2022. Entries are named as training scripts write them for Stable Diffusion:
``lora_unet_<module>.lora_down.weight``, ``.lora_up.weight`` and ``.alpha``, where <module> is the
name of a layer with underscores for dots.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from harness.plugin import DataError

PREFIX = "lora_unet_"
_PARTS = ("lora_down.weight", "lora_up.weight", "alpha")


def merge(unet: Any, path: Path) -> int:
    """Add the changes in a safetensors file to the weights of ``unet``; gives how many layers.

    Raises DataError for an entry of another name, of a layer that the network lacks, of another
    shape, or one that lacks its partner.
    """
    layers = {name.replace(".", "_"): module for name, module in unet.named_modules()}
    changes = _read(path)
    for layer, parts in changes.items():
        target = layers.get(layer)
        if target is None or not hasattr(target, "weight"):
            raise DataError(f"{path}: the network has no layer {layer}; link LCM-LoRA of SD 1.5")
        if set(parts) != set(_PARTS):
            raise DataError(f"{path}: layer {layer} lacks {min(set(_PARTS) - set(parts))}")
        _add(target.weight, parts, f"{path}: layer {layer}")
    return len(changes)


def _read(path: Path) -> dict[str, dict[str, torch.Tensor]]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        entries = load_file(str(path))
    except (SafetensorError, OSError) as error:
        raise DataError(f"{path} cannot be read as safetensors: {error}") from error
    changes: dict[str, dict[str, torch.Tensor]] = {}
    for name, values in entries.items():
        layer, _, part = name.removeprefix(PREFIX).partition(".")
        if not name.startswith(PREFIX) or part not in _PARTS:
            raise DataError(f"{path}: unknown entry {name}; link LCM-LoRA of SD 1.5")
        changes.setdefault(layer, {})[part] = values.float()
    if not changes:
        raise DataError(f"{path} changes no layer")
    return changes


def _add(weight: torch.Tensor, parts: dict[str, torch.Tensor], where: str) -> None:
    down, up = parts["lora_down.weight"].flatten(1), parts["lora_up.weight"].flatten(1)
    if up.shape[1] != down.shape[0] or up.shape[0] * down.shape[1] != weight.numel():
        raise DataError(f"{where} is for weights of another shape than {tuple(weight.shape)}")
    change = float(parts["alpha"]) / down.shape[0] * (up @ down)
    with torch.no_grad():
        weight += change.reshape(weight.shape).to(weight)
