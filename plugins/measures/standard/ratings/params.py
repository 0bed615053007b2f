"""Parameters of quality and attribute components."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from harness.plugin import External, Params
from harness.plugin.models import PixelMean, PixelStd

_IMAGENET: dict[str, Any] = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
_HALF: dict[str, Any] = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
_CROP: dict[str, Any] = {"width": 112, "height": 112, "crop": "arcface"}


class RatingParams(Params):
    """Nothing to set."""


class NetworkParams(Params):
    """A network file and its input; value = (pixel / 255 - mean) / std per channel."""

    path: Annotated[Path, External()] = Field(description="The .onnx file.")
    width: int = Field(112, ge=1, description="Width of the input in pixels.")
    height: int = Field(112, ge=1, description="Height of the input in pixels.")
    crop: str = Field(
        "arcface",
        description="Landmark template that the input follows, or box: the box of the face, and "
        "where a set has none the one that the landmarks imply.",
    )
    box_margin: float = Field(
        0.0, ge=0, le=2, description="With crop=box, share of the box added on every side."
    )
    colour: Literal["RGB", "BGR"] = Field("RGB", description="Channel order of the input.")
    mean: PixelMean = Field((0.5, 0.5, 0.5), description="Mean per channel, pixels in [0, 1].")
    std: PixelStd = Field((0.5, 0.5, 0.5), description="Divisor per channel, pixels in [0, 1].")
    limit_s: float = Field(
        60.0, gt=0, allow_inf_nan=False, description="Seconds per image before it is stopped."
    )

    neutral: ClassVar[frozenset[str]] = frozenset({"limit_s"})


class OnnxQualityParams(NetworkParams):
    """A network whose output is one number per face, higher for better images."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "cr-fiqa": {**_CROP, **_HALF, "colour": "BGR", "output": 1},
        "ediffiqa": {**_CROP, **_HALF, "colour": "RGB"},
    }

    output: int = Field(0, ge=0, description="Which output of the network is the quality, from 0.")
    sign: Literal[1, -1] = Field(
        1, description="-1 where the network gives low numbers to good images."
    )


class OnnxAttributesParams(NetworkParams):
    """Networks with one output per attribute, read by ``heads``."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "pose-bins": {
            **_IMAGENET, "width": 224, "height": 224, "crop": "box", "box_margin": 0.25,
            "heads": {"yaw_deg": "bins:99:-3", "pitch_deg": "bins:99:-3", "roll_deg": "bins:99:-3"},
        },
        "fairface": {
            **_IMAGENET, "width": 224, "height": 224, "crop": "box", "box_margin": 0.25,
            "heads": {
                "race": "classes:White,Black,Latino,East Asian,Southeast Asian,Indian,"
                "Middle Eastern",
                "sex": "classes:male,female",
                "age": "classes:0-2,3-9,10-19,20-29,30-39,40-49,50-59,60-69,over 69",
            },
        },
    }  # fmt: skip

    heads: dict[str, str] = Field(
        description="Attribute by name, in the order of the network's outputs (joined where there "
        "is one output): number, bins:FIRST:STEP (a softmax over values), classes:A,B,... (the "
        "largest), or skip:N (N values that are nothing).",
    )

    @model_validator(mode="after")
    def _readable(self) -> OnnxAttributesParams:
        for name, head in self.heads.items():
            if not _readable_head(head):
                raise ValueError(
                    f"head {name}={head!r} is not number, bins:FIRST:STEP, classes:A,B or skip:N"
                )
        return self


def _readable_head(head: str) -> bool:
    form, _, rest = head.partition(":")
    if form == "number":
        return not rest
    if form == "classes":
        return all(name.strip() for name in rest.split(",")) and "," in rest
    try:
        numbers = [float(word) for word in rest.split(":")]
    except ValueError:
        return False
    if form == "skip":
        return len(numbers) == 1 and numbers[0] >= 1 and numbers[0].is_integer()
    return form == "bins" and len(numbers) == 2 and numbers[1] != 0


class CsvQualityParams(Params):
    """A file with a header: a column image (of OFIQ: Filename), and columns of numbers."""

    path: Annotated[Path, External()] = Field(description="The CSV file.")
    column: str | None = Field(
        None, description="Column; by default quality, or UnifiedQualityScore of OFIQ."
    )


class CsvAttributesParams(Params):
    """A file with a header: a column image (of OFIQ: Filename), and columns of numbers."""

    path: Annotated[Path, External()] = Field(description="The CSV file.")
    columns: tuple[str, ...] = Field((), description="Columns; all of numbers if empty.")
    edges: dict[str, tuple[float, ...]] = Field(
        {}, description="Borders of the bins of a column, ascending, for entropy and kl."
    )
