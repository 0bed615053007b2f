"""Checks of models that are torch networks: what training needs, and what an export must keep."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.components import TrainableModel
from harness.errors import HarnessError
from harness.seeds import stream
from harness.testing.base import CheckSkippedError, require
from harness.testing.subject import Subject
from harness.testing.work import pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.components import InputSpec
    from harness.training.recipe import TrainingRecipe

PEOPLE, PICTURES, ALBUM = 2, 4, 1024
STEPS = 30
ENOUGH, LEAST = 0.5, 0.9
"""Shares of the first loss: at one a check stops early, above the other it fails."""
EXPORTED = 1e-4
"""Largest difference of an element after an export, in lengths of the longest embedding."""


def learns_a_batch(subject: Subject) -> None:
    """The loss of one batch of two people falls within 30 steps, at the recipe's own rate."""
    model = _trainable(subject)
    import torch

    from harness.training.recipe import constant
    from harness.training.step import TrainingStep

    images, labels = two_people(model.input_spec)
    losses: list[float] = []
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        recipe = replace(_recipe(model), schedule=constant)  # a warm-up would hide it
        step = TrainingStep(recipe, model.input_spec, torch.device("cpu"), "fp32")
        for number in range(STEPS):
            taught = step(images, labels, number, 0)  # the same dropout each time
            if taught is None:
                break
            losses.append(taught.loss)
            if taught.loss <= ENOUGH * losses[0]:
                return
    if not losses:
        raise CheckSkippedError("its loss finds nothing to learn in two people")
    require(
        taught is None or losses[-1] <= LEAST * losses[0],
        f"the loss is {losses[0]:.4g} and after {len(losses)} steps {losses[-1]:.4g}; check the "
        "learning rate, and that the loss reaches the network",
    )


def finite_in_bf16(subject: Subject) -> None:
    """A step of training and the embeddings under bf16 autocast are finite."""
    model = _trainable(subject)
    import torch

    from harness.training.step import TrainingStep

    images, labels = two_people(model.input_spec)
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        recipe = _recipe(model)
        step = TrainingStep(recipe, model.input_spec, torch.device("cpu"), "bf16")
        taught = step(images, labels, 0, 0)
    require(taught is None or np.isfinite(taught.loss), "its loss in bf16 is not finite")
    wrong = [name for name, value in step.body.state_dict().items() if not value.isfinite().all()]
    require(not wrong, f"after a step in bf16 {', '.join(wrong[:3])} is not finite")
    recipe.network.eval()
    with torch.inference_mode():
        inputs = torch.from_numpy(normalised(images, model.input_spec))
        require(step.forward(inputs).isfinite().all(), "embeddings in bf16 are not finite")


def onnx_parity(subject: Subject) -> None:
    """An exportable network gives the same embeddings as ONNX, from the input it declares."""
    network = network_of(subject.opened)
    if network is None:
        raise CheckSkippedError("it is not a torch network that could be exported")
    if find_spec("onnx") is None:
        raise CheckSkippedError("the package onnx, which exports networks, is not installed")
    from harness.embedding.onnx_session import open_session
    from harness.training.saved.export import export_onnx

    model = subject.open()
    images = pixels(model)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.onnx")
        export_onnx(model, path)
        session = open_session(path)
        for batch in (1, len(images)):
            ours = model.embed(images[:batch])
            values = normalised(images[:batch], model.input_spec)
            (theirs,) = session.run(None, {"input": values})
            scale = float(np.linalg.norm(ours, axis=1).max())
            worst = float(np.abs(ours - theirs).max())
            require(
                worst <= EXPORTED * scale,
                f"in a batch of {batch} an embedding of length {scale:.3g} changes by {worst:.2e}",
            )


CHECKS = (learns_a_batch, finite_in_bf16, onnx_parity)


def network_of(model: Any) -> Any:
    """The network of a :class:`harness.training.torch_model.TorchModel`, or None."""
    if not isinstance(model, TrainableModel):
        return None
    from harness.training.torch_model import TorchModel

    return model.network if isinstance(model, TorchModel) else None


def normalised(images: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """What ``spec`` says that the network sees: float32 (N, 3, H, W), by its definition alone."""
    channels = [images[..., "RGB".index(colour)] for colour in spec.colour]
    values = np.stack(channels, axis=1) / 255.0
    mean, std = (np.array(v).reshape(3, 1, 1) for v in (spec.mean, spec.std))
    result: NDArray[np.float32] = ((values - mean) / std).astype(np.float32)
    return result


def two_people(spec: InputSpec) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Eight pictures of two people who differ in large patches, uint8 RGB, and their labels."""
    labels = np.repeat(np.arange(PEOPLE), PICTURES)
    rng = stream(0, "conformance", "people")
    patches = rng.integers(0, 256, (PEOPLE, 4, 4, 3))[labels]
    rows = np.arange(spec.height) * 4 // spec.height
    columns = np.arange(spec.width) * 4 // spec.width
    noise = rng.integers(0, 256, (len(labels), spec.height, spec.width, 3))
    mixed = (2 * patches[:, rows][:, :, columns] + noise) // 3
    return mixed.astype(np.uint8), labels.astype(np.int64)


def _recipe(model: TrainableModel) -> TrainingRecipe:
    """How it trains on two people with as many images as any sampler may want."""
    try:
        return model.training(np.repeat(np.arange(PEOPLE), ALBUM))
    except HarnessError as error:
        raise CheckSkippedError(f"it does not train on two people: {error}") from error


def _trainable(subject: Subject) -> TrainableModel:
    """A fresh component, because training changes it."""
    if not isinstance(subject.opened, TrainableModel):
        raise CheckSkippedError("it cannot be trained")
    model: TrainableModel = subject.open()
    return model
