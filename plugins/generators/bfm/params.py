"""Parameters of the generator ``bfm``: how many images, and what varies between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness import components
from harness.components import ExternalPath


class _Distribution(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Constant(_Distribution):
    """Always ``value``."""

    type: Literal["constant"] = "constant"
    value: float = 0.0


class Uniform(_Distribution):
    """Uniform between ``low`` and ``high``."""

    type: Literal["uniform"] = "uniform"
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if self.low > self.high:
            raise ValueError(f"low {self.low} lies above high {self.high}; exchange them")
        return self


class Gaussian(_Distribution):
    """Normal with a true standard deviation ``std``."""

    type: Literal["gaussian"] = "gaussian"
    mean: float = 0.0
    std: float = Field(ge=0.0)


class Cycle(_Distribution):
    """``values[sample % len(values)]``: a controlled grid instead of chance."""

    type: Literal["cycle"] = "cycle"
    values: tuple[float, ...] = Field(min_length=1)


Distribution = Annotated[Constant | Uniform | Gaussian | Cycle, Field(discriminator="type")]


def _within(limit: float) -> dict[str, Any]:
    return {"type": "uniform", "low": -limit, "high": limit}


def _set(identities: int, yaw_deg: float) -> dict[str, Any]:
    return {
        "identities": identities,
        "images_per_id": 100,
        "yaw_deg": _within(yaw_deg),
        "pitch_deg": _within(30.0),
        "roll_deg": _within(15.0),
    }


class Params(components.Params):
    """What is rendered; the pose defaults are those of SYN-1M (Kortylewski et al. 2018, III)."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "syn-1m": _set(10_000, 90.0),
        "syn-1m-front": _set(10_000, 35.0),
        "syn-2m": _set(20_000, 90.0),
    }

    identities: int = Field(1000, ge=1, description="Number of identities.")
    images_per_id: int = Field(100, ge=1, description="Images of each identity.")
    model_file: ExternalPath | None = Field(
        None, description="BFM 2017 or 2019 HDF5 file; the embedded model without one."
    )
    image_px: int = Field(112, ge=32, le=1024, description="Width and height in pixels.")
    yaw_deg: Distribution = Field(
        Uniform(low=-90, high=90), description="Turn; positive moves the nose to the image right."
    )
    pitch_deg: Distribution = Field(
        Uniform(low=-30, high=30), description="Nod; positive moves the nose down."
    )
    roll_deg: Distribution = Field(
        Uniform(low=-15, high=15), description="Tilt; positive is counter-clockwise."
    )
    expression_std: float = Field(
        1.0, ge=0.0, le=3.0, description="Scale of the expression coefficients; 0 is neutral."
    )
    light: Literal["lobes", "static-frontal"] = Field(
        "lobes", description="Ambient with 1 to 3 random lobes, or the published frontal light."
    )
    background: Literal["procedural", "plain", "folder"] = Field(
        "procedural", description="Random texture, one grey, or a random image of a folder."
    )
    background_folder: ExternalPath | None = Field(
        None, description="Folder of background images, searched recursively."
    )
    box_scale: float = Field(
        1.25, ge=0.5, le=4.0, description="Image side in sides of the face box; 1 is published."
    )
    jpeg_quality: int = Field(95, ge=1, le=100, description="JPEG quality of the stored image.")

    @model_validator(mode="after")
    def _background_agrees(self) -> Params:
        if (self.background == "folder") != (self.background_folder is not None):
            raise ValueError('background="folder" and background_folder go together; give both')
        return self
