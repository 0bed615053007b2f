"""Realistic faces from rendered identities, by identity-conditioned diffusion."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, AssetFile, Component, hookimpl
from harness.plugin.generators import Product

_LICENCE = "MIT code; weights trained on WebFace42M, for research; base CreativeML OpenRAIL-M"
_ARC2FACE = "FoivosPar/Arc2Face"
_BASE = "stable-diffusion-v1-5/stable-diffusion-v1-5"
_LCM = "latent-consistency/lcm-lora-sdv1-5"
_HUB = "on the Hugging Face hub"
_UNET_FILES = ("diffusion_pytorch_model.bin",)

ASSETS = (
    Asset(
        name="arc2face-unet",
        summary="UNet of Arc2Face, 3.4 GB",
        licence=_LICENCE,
        source=f"{_ARC2FACE} {_HUB}, folder arc2face",
        layout="a folder with config.json and diffusion_pytorch_model.safetensors",
        hub=_ARC2FACE,
        place="arc2face",
        files=(
            AssetFile("config.json", "arc2face/config.json", 0.01),
            AssetFile(
                "diffusion_pytorch_model.safetensors",
                "arc2face/diffusion_pytorch_model.safetensors",
                3438,
                _UNET_FILES,
            ),
        ),
    ),
    Asset(
        name="arc2face-encoder",
        summary="text encoder of Arc2Face, 0.5 GB",
        licence=_LICENCE,
        source=f"{_ARC2FACE} {_HUB}, folder encoder",
        layout="a folder with config.json and pytorch_model.bin (or model.safetensors)",
        hub=_ARC2FACE,
        place="encoder",
        files=(
            AssetFile("config.json", "encoder/config.json", 0.01),
            AssetFile(
                "pytorch_model.bin", "encoder/pytorch_model.bin", 492, ("model.safetensors",)
            ),
        ),
    ),
    Asset(
        name="arc2face-arcface",
        summary="face embedding of Arc2Face (ResNet-100, not glintr100.onnx), 0.26 GB",
        licence="non-commercial research (insightface model)",
        source=f"{_ARC2FACE} {_HUB}, arcface.onnx",
        layout="the file arcface.onnx",
        hub=_ARC2FACE,
        place="arcface.onnx",
        files=(AssetFile("", "arcface.onnx", 261),),
    ),
    Asset(
        name="stable-diffusion-v1-5",
        summary="tokenizer, scheduler and VAE of Stable Diffusion 1.5, 0.3 GB; no UNet of it",
        licence="CreativeML OpenRAIL-M",
        source=f"{_BASE} {_HUB}",
        layout="tokenizer/{vocab.json,merges.txt}, scheduler/scheduler_config.json, "
        "vae/{config.json,diffusion_pytorch_model.safetensors}",
        hub=_BASE,
        place="base",
        files=(
            AssetFile("tokenizer/vocab.json", "tokenizer/vocab.json", 1),
            AssetFile("tokenizer/merges.txt", "tokenizer/merges.txt", 0.5),
            AssetFile("tokenizer/tokenizer_config.json", "tokenizer/tokenizer_config.json", 0.01),
            AssetFile("scheduler/scheduler_config.json", "scheduler/scheduler_config.json", 0.01),
            AssetFile("vae/config.json", "vae/config.json", 0.01),
            AssetFile(
                "vae/diffusion_pytorch_model.safetensors",
                "vae/diffusion_pytorch_model.safetensors",
                335,
                ("vae/diffusion_pytorch_model.bin",),
            ),
        ),
    ),
    Asset(
        name="lcm-lora-sdv1-5",
        summary="distilled weights for a fast preview, 0.13 GB; optional, not the paper's",
        licence="CreativeML OpenRAIL++-M",
        source=f"{_LCM} {_HUB}",
        layout="the file pytorch_lora_weights.safetensors",
        hub=_LCM,
        place="pytorch_lora_weights.safetensors",
        files=(AssetFile("", "pytorch_lora_weights.safetensors", 135),),
        optional=True,
    ),
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the generator."""
    return [
        Component(
            kind="generator",
            name="digi2real",
            version=4,  # the defaults are the paper's, and unset candidates are its 87,000
            target=f"{__name__}.generator:Digi2Real",
            params=f"{__name__}.params:Digi2RealParams",
            summary="rendered identities made realistic by identity-conditioned diffusion",
            assets=ASSETS,
            products=(
                Product(
                    "shift",
                    "Estimate the shift from source faces to real ones, for -G shift=FILE",
                    options=("real", "source"),
                    required=("real", "source"),
                ),
            ),
            portable=False,
            determinism="within 2/255",
            training_data=(
                "WebFace42M (Arc2Face and its face embedding)",
                "FFHQ and CelebA-HQ (Arc2Face)",
                "LAION-5B (Stable Diffusion 1.5)",
            ),
            licence=_LICENCE,
            citation=(
                "George and Marcel 2024, Digi2Real, arXiv 2411.02188; Papantoniou et al. 2024, "
                "Arc2Face, ECCV"
            ),
        )
    ]
