"""Realistic faces from rendered identities, by identity-conditioned diffusion."""

from __future__ import annotations

from collections.abc import Iterable

from harness.components import Asset, Component
from harness.hookspecs import hookimpl

_LICENCE = "MIT code; weights trained on WebFace42M, for research; base CreativeML OpenRAIL-M"
_ARC2FACE = "the Arc2Face release (FoivosPar/Arc2Face) on the Hugging Face hub"

ASSETS = (
    Asset(
        name="arc2face-unet",
        summary="UNet of Arc2Face, 3.4 GB",
        licence=_LICENCE,
        source=f"{_ARC2FACE}, folder arc2face",
        layout="a folder with config.json and diffusion_pytorch_model.safetensors",
    ),
    Asset(
        name="arc2face-encoder",
        summary="text encoder of Arc2Face, 0.5 GB",
        licence=_LICENCE,
        source=f"{_ARC2FACE}, folder encoder",
        layout="a folder with config.json and pytorch_model.bin (or model.safetensors)",
    ),
    Asset(
        name="arc2face-arcface",
        summary="face embedding of Arc2Face (ResNet-100, not glintr100.onnx), 0.25 GB",
        licence="non-commercial research (insightface model)",
        source=f"{_ARC2FACE}, arcface.onnx",
        layout="the file arcface.onnx",
    ),
    Asset(
        name="stable-diffusion-v1-5",
        summary="tokenizer, scheduler and VAE of Stable Diffusion 1.5; its UNet is not needed",
        licence="CreativeML OpenRAIL-M",
        source="stable-diffusion-v1-5/stable-diffusion-v1-5 on the Hugging Face hub",
        layout="tokenizer/{vocab.json,merges.txt}, scheduler/scheduler_config.json, "
        "vae/{config.json,diffusion_pytorch_model.safetensors}",
    ),
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the generator."""
    return [
        Component(
            kind="generator",
            name="digi2real",
            version=1,
            target=f"{__name__}.generator:Digi2Real",
            params=f"{__name__}.params:Params",
            summary="rendered identities made realistic by identity-conditioned diffusion",
            assets=ASSETS,
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
