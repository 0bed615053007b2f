"""Parameters of the generator ``digi2real``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from harness.plugin import ComponentRequest, External, Params, ToolRequest

from .presets import MOST, PAPER_CHOICE, PAPER_DETECTOR, PAPER_SOURCE, PRESETS

ARC2FACE = "arc2face"
TINY = "tiny"
ARCFACE = "arcface"
NO_DETECTOR = "none"
_WEIGHTS = ("unet", "text_encoder", "arcface", "base", "lcm")
_STORED = re.compile(r"[0-9a-f]{8,64}")
"""A source of this form is the key of a stored face set, which takes no parameters."""


class Digi2RealParams(Params):
    """Where identities come from, how they are varied, and how the diffusion model samples."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = PRESETS
    # Requested face sets and tools have keys of their own; their paths must not be in ours.
    neutral: ClassVar[frozenset[str]] = frozenset(
        {"source", "source_params", "source_seed", "real_params", "embedder_params",
         "detector_params"}
    )  # fmt: skip

    identities: int = Field(20_000, ge=1, description="Number of identities.")
    images_per_id: int = Field(20, ge=1, description="Images of each identity.")
    pipeline: Literal["arc2face", "tiny"] = Field(
        "arc2face",
        description="arc2face: the published weights. tiny: a small network of random weights, "
        "whose images are noise and say so; it needs no file and tries out everything else, by "
        "default from the source bfm, without detector and filter.",
    )

    source: str = Field(
        PAPER_SOURCE,
        description="Generator, data set or key of a stored set that gives the source faces.",
    )
    source_params: Mapping[str, Any] = Field(
        {},
        description="Its parameters; identities, images_per_id and which images of digiface1m are "
        "taken are set if not named here.",
    )
    source_seed: int = Field(0, ge=0, description="Root seed of the source.")
    images_per_prototype: int = Field(5, ge=1, description="Source images of each identity.")

    embedder: str = Field(
        ARCFACE,
        description="arcface: arcface.onnx of the Arc2Face release. Or a model with weights; the "
        "published text encoder wants 512 values.",
    )
    embedder_params: Mapping[str, Any] = Field({}, description="Parameters of that model.")

    latents: int = Field(5, ge=1, description="Embeddings of each identity that are imaged.")
    beta_a: float = Field(2.0, gt=0, description="t ~ Beta(a, b) along the arc; 1, 1 is uniform.")
    beta_b: float = Field(2.0, gt=0, description="See beta_a; the paper's alpha is both.")

    filtered: bool = Field(True, description="Keep the identities least similar to others.")
    candidates: int | None = Field(
        None,
        ge=1,
        description=f"Source identities to choose among; {MOST:,} as in the paper if unset.",
    )
    filter_score: Literal["max", "mean", "greedy"] = Field(
        "max", description="Similarity to the nearest other identity, to all, or to those taken."
    )

    real: Annotated[Path | None, External()] = Field(
        None, description="Folder of real faces that the shift leads to; without it none is added."
    )
    real_params: Mapping[str, Any] = Field(
        {}, description="Parameters of the generator folder for real, like template or landmarks."
    )
    shift: Annotated[Path | None, External()] = Field(
        None, description="File that `harness digi2real shift` wrote, instead of real."
    )
    shift_images: int = Field(1000, ge=1, description="Most images of each side of the shift.")
    shift_scale: float = Field(1.0, description="Factor of the shift.")
    shift_shape: Literal["token", "identity", "pooled"] = Field(
        "token",
        description="One vector a token, only that of the identity token, or one for all tokens "
        "from there on.",
    )

    steps: int = Field(25, ge=1, le=1000, description="Steps of the solver.")
    guidance: float = Field(3.0, ge=1.0, description="Classifier-free guidance; 1 switches it off.")
    image_px: int | None = Field(
        None, ge=64, le=1024, multiple_of=64, description="Image side; by default the network's."
    )
    sampler: Literal["dpm", "lcm"] = Field(
        "dpm",
        description="dpm: DPM-Solver++. lcm: few steps with the distilled weights of lcm, a fast "
        "preview that is not the paper's.",
    )

    detector: str = Field(
        PAPER_DETECTOR,
        description="Aligner that looks for the face in each image while it is made; an image "
        "without one is made again from other noise.",
    )
    detector_params: Mapping[str, Any] = Field({}, description="Parameters of the aligner.")
    attempts: int = Field(
        5, ge=1, le=100, description="Most images tried for one slot; for a detector only."
    )
    align: Literal["centre", "none"] = Field(
        "centre",
        description="What is said of the place of the face where there is no detector: a box in "
        "the middle, or nothing.",
    )
    jpeg_quality: int = Field(95, ge=1, le=100, description="JPEG quality of the stored image.")

    unet: Annotated[Path | None, External(asset="arc2face-unet")] = Field(
        None, description="Folder with config.json and diffusion_pytorch_model.safetensors."
    )
    text_encoder: Annotated[Path | None, External(asset="arc2face-encoder")] = Field(
        None, description="Folder with config.json and pytorch_model.bin."
    )
    arcface: Annotated[Path | None, External(asset="arc2face-arcface")] = Field(
        None, description="arcface.onnx."
    )
    base: Annotated[Path | None, External(asset="stable-diffusion-v1-5")] = Field(
        None, description="Folder with tokenizer/, scheduler/ and vae/."
    )
    lcm: Annotated[Path | None, External()] = Field(
        None, description="LCM-LoRA of Stable Diffusion 1.5, for sampler=lcm."
    )

    def requests(self) -> Mapping[str, ComponentRequest]:
        """The source faces, and the real faces where a folder is given."""
        wide = max(MOST, self.identities) if self.filtered else self.identities
        made = {
            "identities": self.candidates or wide,
            "images_per_id": self.images_per_prototype,
            **(PAPER_CHOICE if self.source == PAPER_SOURCE else {}),
            **self.source_params,
        }
        stored = _STORED.fullmatch(self.source) is not None
        wanted = {
            "source": ComponentRequest(self.source, {} if stored else made, seed=self.source_seed)
        }
        if self.real is not None:
            wanted["real"] = ComponentRequest(
                "folder", {**self.real_params, "root": str(self.real)}, seed=self.source_seed
            )
        return wanted

    def tools(self) -> Mapping[str, ToolRequest]:
        """The model that embeds and the aligner that detects, where they are not our own."""
        wanted: dict[str, ToolRequest] = {}
        if self.embedder != ARCFACE:
            wanted["embedder"] = ToolRequest("model", self.embedder, self.embedder_params)
        if self.detector != NO_DETECTOR:
            wanted["detector"] = ToolRequest("aligner", self.detector, self.detector_params)
        return wanted

    def departures(self) -> tuple[str, ...]:
        """What is not as in the paper, for the name of a row."""
        no_shift = (self.real is None and self.shift is None) or self.shift_scale == 0
        facts = {
            "random weights": self.pipeline == TINY,
            f"source {self.source}": self.source != PAPER_SOURCE,
            f"embedder {self.embedder}": self.embedder != ARCFACE,
            "no detector" if self.detector == NO_DETECTOR else f"detector {self.detector}": (
                self.detector != PAPER_DETECTOR
            ),
            "no shift": no_shift,
            "fast preview": self.sampler == "lcm",
        }
        return tuple(words for words, departs in facts.items() if departs)

    @model_validator(mode="after")
    def _candidates_suffice(self) -> Digi2RealParams:
        if self.candidates is not None and self.candidates < self.identities:
            raise ValueError(
                f"candidates={self.candidates} is less than identities={self.identities}; raise it"
            )
        if self.candidates is not None and not self.filtered:
            raise ValueError("candidates is for filtered=true; give both or none")
        return self

    @model_validator(mode="after")
    def _no_contradictions(self) -> Digi2RealParams:
        if self.real is not None and self.shift is not None:
            raise ValueError("shift= is a shift already estimated; leave out real=")
        for tool, none in (("embedder", ARCFACE), ("detector", NO_DETECTOR)):
            if getattr(self, f"{tool}_params") and getattr(self, tool) == none:
                raise ValueError(f"{tool}_params are for {tool}=NAME; give both or none")
        if self.lcm is not None and self.sampler != "lcm":
            raise ValueError("lcm= is for sampler=lcm; give both or none")
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _by_what_is_read(
        cls, values: Any, handler: ModelWrapValidatorHandler[Digi2RealParams]
    ) -> Digi2RealParams:
        # Which assets are needed is in the class: fewer for some values of other parameters.
        if cls is not Digi2RealParams or not isinstance(values, Mapping):
            return handler(values)
        if values.get("pipeline") == TINY:
            return TinyParams.model_validate(values)
        own = values.get("embedder", ARCFACE) == ARCFACE
        if values.get("sampler") == "lcm":
            return (LcmParams if own else OtherEmbedderLcmParams).model_validate(values)
        return handler(values) if own else OtherEmbedderParams.model_validate(values)


class OtherEmbedderParams(Digi2RealParams):
    """The same for another model that embeds."""

    arcface: Annotated[Path | None, External()] = None


class LcmParams(Digi2RealParams):
    """The same for ``sampler=lcm``."""

    lcm: Annotated[Path | None, External(asset="lcm-lora-sdv1-5")] = None


class OtherEmbedderLcmParams(LcmParams):
    """Both."""

    arcface: Annotated[Path | None, External()] = None


class TinyParams(Digi2RealParams):
    """The same for ``pipeline=tiny``, which reads no weights and nothing that must be obtained."""

    identities: int = Field(1000, ge=1)
    source: str = "bfm"
    filtered: bool = False
    detector: str = NO_DETECTOR
    unet: Annotated[Path | None, External()] = None
    text_encoder: Annotated[Path | None, External()] = None
    arcface: Annotated[Path | None, External()] = None
    base: Annotated[Path | None, External()] = None

    @model_validator(mode="after")
    def _no_weights(self) -> TinyParams:
        given = [name for name in _WEIGHTS if getattr(self, name) is not None]
        if given:
            raise ValueError(f"pipeline=tiny reads no {given[0]}; leave it out")
        if self.sampler == "lcm":
            raise ValueError("pipeline=tiny has no distilled weights; leave out sampler=lcm")
        return self
