"""Parameters of the MTCNN aligner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness.components import External, Params

Probability = Annotated[float, Field(ge=0, le=1)]

_ORIGINAL: dict[str, Any] = {
    "thresholds": (0.6, 0.7, 0.7),
    "factor": 0.709,
    "min_face_px": 20,
    "softmax": "classes",
}


class MtcnnParams(Params):
    """Which faces MTCNN reports; the defaults are those of the original and of facenet-pytorch.

    A preset sets thresholds, pyramid factor, smallest face and softmax as a port does; all resample
    by area. Two ports, and the faces prepared with them, take the softmax of the first network
    along the image's width instead of over its two classes: a slip, kept for their presets alone,
    which makes a cell's score depend on its row. Which of several faces is taken is a parameter of
    its own: on LFW the largest is a bystander in over 1 % of the images, the ``prominent`` one (the
    rule of FaceNet's and insightface's preparation) in none.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "original": _ORIGINAL,
        "facenet-pytorch": _ORIGINAL,
        "insightface-pytorch": _ORIGINAL
        | {"thresholds": (0.6, 0.7, 0.8), "factor": 0.707, "softmax": "width"},
        "adaface": _ORIGINAL | {"thresholds": (0.6, 0.7, 0.9), "factor": 0.85, "softmax": "width"},
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
    choose: Literal["prominent", "largest", "central", "score", "box"] = Field(
        "prominent",
        description="which of several faces: the largest after taking off twice the squared "
        "distance from the image centre, the largest, the most central, the most probable, or the "
        "one that overlaps the given box most",
    )
