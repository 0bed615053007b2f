"""A detector and a model that take their time, for the tests of stages made in parts."""

from __future__ import annotations

import time
from typing import ClassVar

import numpy as np
from pydantic import Field

from harness.align.templates import template_points
from harness.components import Aligner, InputSpec, Placement
from harness.plugin import Component, Params, hookimpl
from harness.plugin.models import Model


class FinderParams(Params):
    """Toy detector."""

    neutral: ClassVar[frozenset[str]] = frozenset({"sleep_s"})

    sleep_s: float = Field(0.0, description="Pause at each batch.")
    below: float = Field(122.0, description="An image as dark as this has no face.")


class Finder(Aligner):
    """The landmarks move with the mean brightness, and dark images have no face."""

    def locate(self, images, boxes):
        time.sleep(self.params.sleep_s)
        return [self._locate(image) for image in images]

    def _locate(self, image):
        mean = float(image.mean())
        if mean < self.params.below:
            return f"no face found: {mean:.1f}"
        points = template_points("arcface", image.shape[1], image.shape[0])
        return Placement(points + np.float32((mean - 128) / 64), mean / 255)


class SlowParams(Params):
    """Toy embedding that takes its time."""

    neutral: ClassVar[frozenset[str]] = frozenset({"sleep_s"})

    sleep_s: float = Field(0.0, description="Pause at each batch.")


class SlowPixels(Model):
    """The embedding is the image, much smaller, and the place of each image in its batch."""

    input_spec = InputSpec(48, 48, "arcface")
    embedding_size = 49

    def embed(self, images):
        time.sleep(self.params.sleep_s)
        small = images.reshape(len(images), 4, 12, 4, 12, 3).mean(axis=(2, 4)) - 128.0
        place = np.arange(len(images), dtype=np.float32)[:, None]
        return np.concatenate([small.reshape(len(images), -1), place], axis=1).astype(np.float32)


def _component(kind, name, target):
    return Component(
        kind=kind, name=name, version=1, target=f"{__name__}:{target}",
        params=f"{__name__}:{target.removesuffix('Pixels')}Params", summary=f"toy {kind}",
        licence="Apache-2.0", citation="none",
    )  # fmt: skip


@hookimpl
def harness_components():
    return [
        _component("aligner", "toy-finder", "Finder"),
        _component("model", "toy-slow", "SlowPixels"),
    ]
