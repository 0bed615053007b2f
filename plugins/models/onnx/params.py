"""Parameters of an ONNX network: what most files do not say about their input."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness.plugin import External, Params
from harness.plugin.models import PixelMean, PixelStd

_HALF: dict[str, Any] = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
_SAID = "; by default what the file says, else that of preset arcface."
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

    neutral: ClassVar[frozenset[str]] = frozenset({"limit_s"})
    added: ClassVar[dict[str, Any]] = {"output": None, "layout": None}

    path: Annotated[Path, External()] = Field(description="The .onnx file.")
    width: int | None = Field(None, ge=1, description=f"Width of the input in pixels{_SAID}")
    height: int | None = Field(None, ge=1, description=f"Height of the input in pixels{_SAID}")
    template: str | None = Field(
        None, description=f"Landmark template the network was trained on{_SAID}"
    )
    colour: Literal["RGB", "BGR"] | None = Field(
        None, description=f"Channel order of the input{_SAID}"
    )
    mean: PixelMean | None = Field(None, description=f"Mean per channel, pixels in [0, 1]{_SAID}")
    std: PixelStd | None = Field(None, description=f"Divisor per channel, pixels in [0, 1]{_SAID}")
    output: str | None = Field(
        None, description="Name of the output that is the embedding, where there are several."
    )
    layout: Literal["nchw", "nhwc"] | None = Field(
        None,
        description="Order of the input's axes; by default what its shape says, else nchw. "
        "Networks of TensorFlow are often nhwc.",
    )
    limit_s: float = Field(
        60.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds per image of a batch after which the network is stopped: one with a "
        "loop may never end.",
    )
