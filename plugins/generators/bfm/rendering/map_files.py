"""Maps of an image as files beside it: PNG, and the range of a depth map as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from ..model.morphable import MorphableModel
from ..model.regions import Regions, face_regions
from ..params import Map
from .maps import KINDS, Mapper, MapView

Bytes = NDArray[np.uint8]

SUFFIXES: Mapping[str, str] = {
    **{kind: f"_{kind}.png" for kind in get_args(Map)},
    "maps": "_{map}.png",
}
"""Formats and their file names, as in the published software; ``maps`` are those asked for."""


@dataclass(frozen=True)
class Shown:
    """What is on an image of ``width`` x ``height`` pixels."""

    view: MapView
    width: int
    height: int


class MapFiles:
    """Writes maps of images of one model; not to be shared between threads."""

    def __init__(self, model: MorphableModel) -> None:
        self._model = model
        self._mapper: tuple[int, Mapper] | None = None

    @cached_property
    def _regions(self) -> Regions:
        return face_regions(self._model)

    def files(self, shown: Shown, wanted: Sequence[str]) -> dict[str, str | bytes]:
        """Content by suffix: a PNG for each of ``wanted``, and ``_depth.json`` for a depth map."""
        side = max(shown.width, shown.height)
        if self._mapper is None or self._mapper[0] != side:
            self._mapper = side, Mapper(self._model, side)
        regions = {"regions": self._regions} if "regions" in wanted else {}
        made = self._mapper[1].draw(shown.view, [k for k in KINDS if k in wanted], regions)
        files: dict[str, str | bytes] = {
            SUFFIXES[name]: _png(image[: shown.height, : shown.width])
            for name, image in made.images.items()
        }
        if "depth" in wanted:
            nearest, farthest = made.depth_mm
            span = {"nearest_mm": nearest, "farthest_mm": farthest}
            files["_depth.json"] = json.dumps(span) + "\n"
        return files


def _png(image: Bytes) -> bytes:
    done, encoded = cv2.imencode(".png", image[..., ::-1])
    if not done:
        raise RuntimeError("PNG encoding failed")
    return encoded.tobytes()
