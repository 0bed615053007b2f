"""Parameters of the generator ``bfm``: how many images, and what varies between them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from harness.plugin import External, ExternalPath, Params

from .distributions import (
    Constant,
    ControlledGrid,
    Cycle,
    Distribution,
    Gaussian,
    Mixture,
    Random,
    Uniform,
    within,
)
from .published_config import expand

__all__ = ["BfmParams", "Constant", "Cycle", "Distribution", "Gaussian", "Mixture", "Uniform"]

Light = Literal["lobes", "empirical", "multivariate-normal", "static-frontal", "directional"]
Map = Literal["depth", "correspondence", "normals", "albedo", "illumination", "regions"]
_FOLDER = External(reader=2)  # since 2, links are followed and hidden files left out
FROM_PRIOR = ("empirical", "multivariate-normal")


def _set(identities: int, yaw_deg: float) -> dict[str, Any]:
    return {
        "identities": identities,
        "images_per_id": 100,
        "yaw_deg": within(yaw_deg),
        "pitch_deg": within(30.0),
        "roll_deg": within(15.0),
    }


_FAITHFUL: dict[str, Any] = {
    "image_px": 227,
    "supersample": 1,
    "box_scale": 1.0,
    "bound_std": None,
    "rounding": "down",
    "styles": False,
    "scaling": {"type": "uniform", "low": 1.0, "high": 1.2},
}
"""As the published software draws: one sample per pixel, hard edges, its face box, no bounds."""


class BfmParams(Params):
    """What is rendered; the pose defaults are those of SYN-1M (Kortylewski et al. 2018, III)."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "syn-1m": _set(10_000, 90.0),
        "syn-1m-front": _set(10_000, 35.0),
        "syn-2m": _set(20_000, 90.0),
        "faithful": {**_set(10_000, 90.0), **_FAITHFUL},
    }
    neutral: ClassVar[frozenset[str]] = frozenset({"config_differs"})
    added: ClassVar[Mapping[str, Any]] = {"noise_std": 0.0}

    identities: int = Field(1000, ge=1, description="Number of identities.")
    images_per_id: int = Field(
        100, ge=1, description="Images of each identity; with grid, the size of the grid."
    )
    config: ExternalPath | None = Field(
        None,
        description="JSON configuration of the published generator, random or controlled; it sets "
        "what follows, and parameters given beside it win.",
    )
    config_differs: tuple[str, ...] = Field(
        (), description="Set from config: where its images differ from those of that software."
    )
    rps: Annotated[Path | None, _FOLDER] = Field(
        None,
        description="Folder of .rps files (or one): each is rendered as it says, an identity a "
        "folder. Only model, background, supersample, rounding and jpeg_quality apply then.",
    )
    model_file: ExternalPath | None = Field(
        None,
        description="BFM 2017 or 2019 HDF5 file, BFM 2009 .mat file, or ICT-FaceKit "
        "folder; the embedded model without one (also by the word embedded).",
    )
    landmarks_file: ExternalPath | None = Field(
        None, description="JSON object of landmark names and vertex numbers; adds to the model's."
    )
    shape: Random = Field(
        Gaussian(std=1.0), description="Shape coefficients of an identity, standard deviations."
    )
    colour: Random = Field(
        Gaussian(std=1.0), description="Colour coefficients of an identity, standard deviations."
    )
    expression: Random | None = Field(
        None,
        description="Expression coefficients of an image, standard deviations; by default gaussian "
        "of std 1, and for blend shapes each one in eight raised by 0 to 0.7.",
    )
    expression_strength: Distribution = Field(
        Constant(value=1.0),
        description="Factor of the expression coefficients of an image; 0 is the neutral face.",
    )
    expressions: bool = Field(
        True, description="false: the neutral model, without the mean expression either."
    )
    shape_components: int | None = Field(
        None, ge=0, description="Number of shape components used; all if not set, 0 is the mean."
    )
    colour_components: int | None = Field(
        None, ge=0, description="Number of colour components used; all if not set, 0 is the mean."
    )
    expression_components: int | None = Field(
        None, ge=0, description="Number of expression components used; all if not set."
    )
    bound_std: float | None = Field(
        3.0,
        gt=0.0,
        description="Coefficients are clipped to this many standard deviations (-G bound_std=99: "
        "as good as none).",
    )
    image_px: int = Field(112, ge=32, le=1024, description="Width and height in pixels.")
    supersample: int = Field(
        2, ge=1, le=4, description="Samples along each side of a pixel; 1 gives hard edges."
    )
    yaw_deg: Distribution = Field(
        Uniform(low=-90, high=90),
        description="Turn in degrees; positive moves the nose to the image right.",
    )
    pitch_deg: Distribution = Field(
        Uniform(low=-30, high=30), description="Nod in degrees; positive moves the nose down."
    )
    roll_deg: Distribution = Field(
        Uniform(low=-15, high=15), description="Tilt in degrees; positive is counter-clockwise."
    )
    shift_x_px: Distribution = Field(
        Constant(value=0.0), description="Shift to the right in pixels, after centring."
    )
    shift_y_px: Distribution = Field(
        Constant(value=0.0), description="Shift upwards in pixels, after centring."
    )
    scaling: Distribution = Field(
        Constant(value=1.0),
        description="Factor of the focal length; no effect with centring=facebox, as published.",
    )
    centring: Literal["facebox", "landmark", "none"] = Field(
        "facebox",
        description="facebox: the face fills the image. landmark: mean of pupils and nose tip in "
        "the middle, 300 mm at 1 m wide. none: the origin of the model in the middle.",
    )
    box_scale: float = Field(
        1.25, ge=0.5, le=4.0, description="Image side in sides of the face box; 1 is published."
    )
    light: Light = Field(
        "lobes",
        description="lobes: ambient with 1 to 3 random lobes, our substitute for photographed "
        "light. empirical, multivariate-normal: from bip_folder. static-frontal: as published. "
        "directional: half ambient, half one lamp, as in the published controlled mode.",
    )
    light_off_axis_deg: Distribution = Field(
        Constant(value=60.0),
        description="With directional light, degrees from the camera to the lamp: 0 frontal.",
    )
    light_around_deg: Distribution = Field(
        Constant(value=0.0),
        description="With directional light, degrees around: 0 above, 90 at the image left.",
    )
    bip_folder: Annotated[Path | None, _FOLDER] = Field(
        None, description="Folder of the Basel Illumination Prior, or its parameters folder."
    )
    light_energy: float | None = Field(
        None, gt=0.0, description="Scales each light to this sum of squares of its 27 numbers."
    )
    light_colour: bool = Field(True, description="false: every light is grey.")
    background: Literal["procedural", "plain", "folder"] = Field(
        "procedural", description="Random texture, one grey, or a random image of a folder."
    )
    background_folder: Annotated[Path | None, _FOLDER] = Field(
        None, description="Folder of background images, searched recursively."
    )
    grid: ControlledGrid | None = Field(
        None,
        description="Controlled images instead of random ones: ranges (start, end, step, "
        "inclusive) of background, yaw_deg, pitch_deg, roll_deg and light_deg, in degrees.",
    )
    gain: tuple[float, float, float] = Field(
        (1.0, 1.0, 1.0), description="Factors of red, green and blue after shading."
    )
    contrast: float = Field(
        1.0, ge=0.0, description="Colours after shading, before gain: 1 as they are, 0 grey."
    )
    offset: tuple[float, float, float] = Field(
        (0.0, 0.0, 0.0), description="Added to red, green and blue last, in 0..1."
    )
    rounding: Literal["nearest", "down"] = Field(
        "nearest", description="How colours become bytes; down is published."
    )
    styles: bool = Field(
        True,
        description="Hair cuts, beards, make-up, glasses and clothes of the embedded model; false "
        "gives everyone the same short hair and nothing else.",
    )
    restyle: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Share of images on which an identity wears other styles than its own.",
    )
    occlusion: Distribution = Field(
        Constant(value=0.0), description="Share of the face box that something covers, 0 to 0.95."
    )
    resolution_px: Distribution | None = Field(
        None, description="Width in pixels to which an image is reduced and enlarged again."
    )
    noise_std: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Deviation of the Gaussian noise on every value of the image before JPEG; 1 is "
        "the whole range.",
    )
    jpeg_quality: int = Field(95, ge=1, le=100, description="JPEG quality of the stored image.")
    maps: tuple[Map, ...] = Field(
        (),
        description="Maps that belong to the set, for example depth,normals; written beside its "
        "images by `harness faces export --format maps`.",
    )

    @field_validator("maps", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return value.split(",") if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _expanded(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        values = expand(values)
        if values.get("model_file") == "embedded":
            values = {**values, "model_file": None}
        if values.get("grid") is not None and "images_per_id" not in values:
            values = {
                **values,
                "images_per_id": ControlledGrid.model_validate(values["grid"]).count(),
            }
        return values

    @model_validator(mode="after")
    def _agrees(self) -> BfmParams:
        turned = self.light_off_axis_deg, self.light_around_deg
        if self.light != "directional" and turned != (Constant(value=60.0), Constant(value=0.0)):
            raise ValueError("light_off_axis_deg and light_around_deg go with light=directional")
        if (self.background == "folder") != (self.background_folder is not None):
            raise ValueError('background="folder" and background_folder go together; give both')
        if (self.light in FROM_PRIOR) != (self.bip_folder is not None):
            raise ValueError(
                "bip_folder and light=empirical or multivariate-normal go together; give both"
            )
        if self.grid is not None and self.images_per_id != self.grid.count():
            raise ValueError(
                f"the grid has {self.grid.count()} images per identity, images_per_id says "
                f"{self.images_per_id}; leave images_per_id out"
            )
        return self
