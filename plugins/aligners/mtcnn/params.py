"""Parameters of the MTCNN aligner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness.plugin import External, Params

Probability = Annotated[float, Field(ge=0, le=1)]

_ORIGINAL: dict[str, Any] = {
    "thresholds": (0.6, 0.7, 0.7),
    "factor": 0.709,
    "min_face_px": 20,
    "softmax": "classes",
    "boxes": "whole",
    "border": "pad",
    "resample": "area",
}
_MTCNN_PYTORCH = _ORIGINAL | {
    "softmax": "width",
    "boxes": "rounded",
    "border": "cut",
    "resample": "bilinear",
    "choose": "score",
}


class MtcnnParams(Params):
    """Which faces MTCNN reports; the defaults are those of the original (MATLAB).

    A preset does what the port of its name does, its choice among several faces included:
    ``facenet-pytorch`` (MTCNN().detect), ``insightface-pytorch`` (InsightFace_Pytorch) and
    ``adaface`` (AdaFace's face_alignment). ``original`` sets everything but the choice. On LFW the
    largest face is a bystander in over 1 % of the images, the ``prominent`` one (the rule of
    FaceNet's and insightface's preparation) in none.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "original": _ORIGINAL,
        "facenet-pytorch": _ORIGINAL
        | {"boxes": "fractional", "border": "stretch", "choose": "largest"},
        "insightface-pytorch": _MTCNN_PYTORCH | {"thresholds": (0.6, 0.7, 0.8), "factor": 0.707},
        "adaface": _MTCNN_PYTORCH | {"thresholds": (0.6, 0.7, 0.9), "factor": 0.85},
    }

    weights: Annotated[Path | None, External(asset="mtcnn")] = Field(
        None, description="folder with pnet.pt, rnet.pt and onet.pt"
    )
    thresholds: tuple[Probability, Probability, Probability] = Field(
        (0.6, 0.7, 0.7), description="least face probability after the first, second, third network"
    )
    factor: float = Field(
        0.709, gt=0, lt=1, description="ratio of neighbouring scales of the image pyramid"
    )
    min_face_px: int = Field(20, ge=12, description="side of the smallest face looked for")
    softmax: Literal["classes", "width"] = Field(
        "classes",
        description="axis of the first network's softmax: its two classes, as in the original, or "
        "the width of the image, as in two ports",
    )
    boxes: Literal["whole", "fractional", "rounded"] = Field(
        "whole",
        description="how boxes are counted: from 1 and cut to whole pixels (the original), from 1 "
        "with fractions (facenet-pytorch), or from 0 and rounded (the other two ports)",
    )
    border: Literal["pad", "stretch", "cut"] = Field(
        "pad",
        description="a crop that leaves the image: black outside, what is left of it stretched, or "
        "black outside and its box cut off afterwards",
    )
    resample: Literal["area", "bilinear"] = Field(
        "area",
        description="how pyramid and crops are resampled: mean over areas, or Pillow's filter",
    )
    choose: Literal["prominent", "largest", "largest_over_threshold", "central", "score", "box"] = (
        Field(
            "prominent",
            description="which of several faces: the largest after taking off twice the squared "
            "distance from the image centre, the largest, the largest of probability over 0.9, the "
            "most central, the most probable, or the one that overlaps the given box most",
        )
    )
