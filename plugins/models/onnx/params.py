"""Parameters of an ONNX network: what the file cannot say about its input."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness import Params
from harness.components import External

Channels = tuple[float, float, float]

_HALF: dict[str, Any] = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
_CROP: dict[str, Any] = {"width": 112, "height": 112, "template": "arcface"}


class OnnxParams(Params):
    """Path of the network and its input; value = (pixel / 255 - mean) / std per channel."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "arcface": {**_CROP, **_HALF, "colour": "RGB"},
        "adaface": {**_CROP, **_HALF, "colour": "BGR"},
        "imagenet": {
            **_CROP,
            "colour": "RGB",
            "mean": (0.485, 0.456, 0.406),
            "std": (0.229, 0.224, 0.225),
        },
        "sphereface": {
            "width": 96,
            "height": 112,
            "template": "sphereface",
            "colour": "RGB",
            "mean": (0.5, 0.5, 0.5),
            "std": (128 / 255,) * 3,
        },
        "facenet-nn4": {
            "width": 96,
            "height": 96,
            "template": "arcface",
            "colour": "RGB",
            "mean": (0.0, 0.0, 0.0),
            "std": (1.0, 1.0, 1.0),
        },
        "raw": {
            **_CROP,
            "colour": "RGB",
            "mean": (0.0, 0.0, 0.0),
            "std": (1 / 255,) * 3,
        },
    }

    path: Annotated[Path, External()] = Field(description="The .onnx file.")
    width: int = Field(112, ge=1, description="Width of the input in pixels.")
    height: int = Field(112, ge=1, description="Height of the input in pixels.")
    template: str = Field("arcface", description="Landmark template the network was trained on.")
    colour: Literal["RGB", "BGR"] = Field("RGB", description="Channel order of the input.")
    mean: Channels = Field((0.5, 0.5, 0.5), description="Mean per channel, pixels in [0, 1].")
    std: Channels = Field((0.5, 0.5, 0.5), description="Divisor per channel, pixels in [0, 1].")
