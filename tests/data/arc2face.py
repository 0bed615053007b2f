"""Made-up weights and source faces in the layouts of the published files of Digi2Real.

The networks are tiny and random, their classes and file names are those of the releases; the text
encoder is a pickle with the names of older releases, as published.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from safetensors.torch import load_file, save_file


def write_weights(folder: Path) -> Path:
    """``arc2face/``, ``encoder/``, ``arcface.onnx``, ``base/`` and LCM-LoRA in one folder."""
    from harness_plugins.generators.digi2real.diffusion import tiny

    aside = folder.with_name(f"{folder.name}-made")
    tiny.build(aside)
    folder.mkdir(parents=True)
    (aside / "unet").rename(folder / "arc2face")
    (aside / "encoder").rename(folder / "encoder")
    (aside / "base").rename(folder / "base")
    (folder / "base" / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    file = folder / "encoder" / "model.safetensors"
    names = {f"text_model.{n.removeprefix('text_model.')}": w for n, w in load_file(file).items()}
    torch.save(
        names | {"text_model.embeddings.position_ids": torch.arange(77)[None]},
        folder / "encoder" / "pytorch_model.bin",
    )
    file.unlink()
    write_arcface(folder / "arcface.onnx")
    write_lora(folder)
    return folder


def write_arcface(path: Path) -> None:
    """Colours of a grid of 4 x 4 as 48 values, any number of images at a time."""
    nodes = [
        helper.make_node(
            "AveragePool", ["input.1"], ["p"], kernel_shape=[28, 28], strides=[28, 28]
        ),
        helper.make_node("Flatten", ["p"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "arcface",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 48])],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path
    )


def write_lora(folder: Path) -> None:
    """A change of one layer of the UNet."""
    weight = load_file(folder / "arc2face/diffusion_pytorch_model.safetensors")["conv_out.weight"]
    rng = torch.Generator().manual_seed(5)
    layer = "lora_unet_conv_out"
    save_file(
        {
            f"{layer}.lora_down.weight": torch.randn((2, *weight.shape[1:]), generator=rng) / 10,
            f"{layer}.lora_up.weight": torch.randn((len(weight), 2, 1, 1), generator=rng) / 10,
            f"{layer}.alpha": torch.tensor(2.0),
        },
        folder / "pytorch_lora_weights.safetensors",
    )


def write_digiface(folder: Path, subjects: int = 4, images: int = 72) -> Path:
    """One archive of the 72-image part: ``<subject>/<k>.png``, 112 pixels."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "subjects_0-1999_72_imgs.zip", "w") as archive:
        for subject in range(subjects):
            for k in range(images):
                archive.writestr(f"{subject}/{k}.png", _face(subject, k))
    return folder


def _face(subject: int, number: int) -> bytes:
    colours = np.random.default_rng([3, subject]).integers(30, 225, (4, 4, 3))
    noise = np.random.default_rng([3, subject, number]).normal(0, 12, (4, 4, 3))
    image = np.kron(np.clip(colours + noise, 0, 255), np.ones((28, 28, 1))).astype(np.uint8)
    return cv2.imencode(".png", image)[1].tobytes()
