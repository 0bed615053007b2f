"""Small components with a known answer, loaded as a single-file plugin by the tests of the core.

A toy face is a flat patch whose colours are its identity; ``toy-pixels`` therefore tells identities
apart perfectly, and ``toy-net`` can learn to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from harness.components import BenchmarkParams, ComponentRequest, InputSpec
from harness.faces.face import Face, Missing, Slot
from harness.plugin import Component, Params, hookimpl
from harness.plugin.benchmarks import Benchmark
from harness.plugin.generators import Generator
from harness.plugin.models import Model
from harness.seeds import stream

SIZE = 48


class FacesParams(Params):
    """Toy faces."""

    neutral: ClassVar[frozenset[str]] = frozenset({"sleep_s"})

    identities: int = Field(6, description="Number of identities.")
    images_per_id: int = Field(4, description="Images of each identity.")
    noise: float = Field(6.0, description="Standard deviation of a pixel's noise.")
    missing_every: int = Field(0, description="One face in so many is missing; none for 0.")
    sleep_s: float = Field(0.0, description="Pause before each face.")
    fail: bool = Field(False, description="Raise an error.")


class ToyFaces(Generator):
    """Patches of colour with five landmarks."""

    shard_slots = 5
    sidecars = {"toy": ".toy", "two": ""}

    def samples_per_identity(self):
        import numpy as np

        return np.full(self.params.identities, self.params.images_per_id, np.int32)

    def generate(self, slots: Sequence[Slot]) -> Iterator[Face | Missing]:
        import time

        for slot in slots:
            if self.params.fail:
                raise RuntimeError("toy generator was told to fail")
            time.sleep(self.params.sleep_s)
            if self.params.noise > 100:
                self.ctx.note("toy faces drown in noise")
            every = self.params.missing_every
            if every and (slot.identity + slot.sample) % every == every - 1:
                yield Missing(slot, "toy face is hidden")
            else:
                yield self._face(slot)

    def sidecar(self, slot: Slot, layout: str) -> str | dict[str, str | bytes]:
        if layout == "two":
            return {"-a.bin": b"\xff", "-b.txt": "b"}
        return f"{layout} {self.ctx.seed} {slot.identity} {slot.sample}\n"

    def _face(self, slot: Slot) -> Face:
        import cv2
        import numpy as np

        from harness.align.templates import template_points

        colours = stream(self.ctx.seed, "toy", slot.identity).integers(30, 225, (4, 4, 3))
        noise = stream(self.ctx.seed, "toy", slot.identity, slot.sample)
        image = np.kron(colours, np.ones((SIZE // 4, SIZE // 4, 1)))
        image = image + noise.normal(0, self.params.noise, image.shape)
        pixels = np.clip(image, 0, 255).astype(np.uint8)
        encoded = cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()
        return Face(slot, encoded, template_points("arcface", SIZE, SIZE), meta={"noise": 1.0})


class PixelsParams(Params):
    """Toy embedding."""

    spoil: bool = Field(False, description="Put NaN into the first row of each batch.")
    noise: float = Field(0.0, description="Standard deviation of what is added.")


class ToyPixels(Model):
    """The embedding is the image, much smaller."""

    input_spec = InputSpec(SIZE, SIZE, "arcface")
    embedding_size = 48

    def embed(self, images):
        import numpy as np

        small = images.reshape(len(images), 4, SIZE // 4, 4, SIZE // 4, 3).mean(axis=(2, 4))
        out = (small.reshape(len(images), -1) - 128.0).astype(np.float32)
        if self.params.noise:
            for row, image in zip(out, images, strict=True):
                own = stream(0, "toy-noise", int(image.sum(dtype=np.int64)))
                row += own.normal(0, self.params.noise, row.shape)
        if self.params.spoil:
            out[0, 0] = np.nan
        return out


class NetParams(Params):
    """Toy network."""

    steps: int = Field(12, description="Steps of training.")
    sleep_s: float = Field(0.0, description="Pause at each training image.")
    weights: str | None = Field(None, description="Weights to start from.")


def _toy_net() -> Any:
    from torch import nn

    from harness.training.data.samplers import UniformSampler
    from harness.training.losses import SoftmaxLoss
    from harness.training.optimisers import sgd
    from harness.training.recipe import TrainingRecipe
    from harness.training.torch_model import TorchModel

    class Net(TorchModel):
        """A small convolution trained with softmax."""

        input_spec = InputSpec(SIZE, SIZE, "arcface")
        embedding_size = 16

        def build(self):
            return nn.Sequential(
                nn.AvgPool2d(6),
                nn.Conv2d(3, 8, 3),
                nn.BatchNorm2d(8),
                nn.ReLU(),
                nn.Flatten(),
                nn.Linear(8 * 36, 16),
            )

        def training(self, labels):
            import time

            def dawdle(image, rng):
                time.sleep(self.params.sleep_s)
                return image

            return TrainingRecipe(
                network=self.network,
                objective=SoftmaxLoss(16, int(labels.max()) + 1),
                sampler=partial(UniformSampler, labels, 8),
                optimiser=sgd(0.05, 0.9, 0.0),
                steps=self.params.steps,
                augment=dawdle,
            )

    return Net


def __getattr__(name: str) -> Any:
    # torch is imported only when the class is asked for, as plugins must.
    if name == "ToyNet":
        return _toy_net()
    raise AttributeError(name)


class PairsParams(BenchmarkParams):
    """Toy benchmark."""

    scoring: ClassVar[frozenset[str]] = frozenset({"rule", "flip", "centre"})

    identities: int = Field(8, description="Number of identities.")
    images_per_id: int = Field(4, description="Images of each identity.")
    flip: str = Field("none", description="How the mirrored image is fused.")
    rule: str = Field("insightface", description="How the threshold is found.")
    centre: bool = Field(False, description="Subtract the mean of the other folds.")
    sleep_s: float = Field(0.0, description="Of no effect.")

    def mirror(self) -> bool:
        return self.flip != "none"

    def requests(self) -> Mapping[str, ComponentRequest]:
        values = {"identities": self.identities, "images_per_id": self.images_per_id}
        return {"faces": ComponentRequest("toy-faces", values, seed=99)}


class ToyPairs(Benchmark):
    """All genuine pairs of toy faces, and as many impostors, in two folds."""

    def prepare(self, ctx):
        super().prepare(ctx)
        self._images = ctx.faces("faces")
        ctx.note("toy pairs are not people")

    def images(self):
        return self._images

    def comparison(self, name):
        from harness.protocols.pairs import PairFolds

        per, half = self.params.images_per_id, self.params.identities // 2
        pairs = []
        for fold in (0, 1):
            for k in range(half):
                one = (fold * half + k) * per
                other = (fold * half + (k + 1) % half) * per
                for i in range(per - 1):
                    pairs.append((one + i, one + i + 1, True, fold))
                    pairs.append((one + i, other + i, False, fold))
        return PairFolds.build(
            name="toy-pairs",
            pairs=pairs,
            images=self._images,
            flip=self.params.flip,
            rule=self.params.rule,
            centre=self.params.centre,
            limit=self.ctx.limit,
        )


def _component(kind: str, name: str, target: str, params: str, **more: Any) -> Component:
    where = __name__
    return Component(
        kind=kind,
        name=name,
        version=1,
        target=f"{where}:{target}",
        params=f"{where}:{params}",
        summary=f"toy {kind}",
        licence="Apache-2.0",
        citation="none",
        **more,
    )


@hookimpl
def harness_components() -> Iterable[Component]:
    return [
        _component("generator", "toy-faces", "ToyFaces", "FacesParams"),
        _component("model", "toy-pixels", "ToyPixels", "PixelsParams"),
        _component("model", "toy-net", "ToyNet", "NetParams", trainable=True),
        _component("benchmark", "toy-pairs", "ToyPairs", "PairsParams"),
    ]


@hookimpl
def harness_groups():
    return {"toys": ["toy-pairs"]}
