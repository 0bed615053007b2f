"""The contract between a trainable model and the training loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import nn


class TrainingData(Protocol):
    """Images to train on, already aligned to the model's ``InputSpec``.

    ``labels`` is int64 (N,), classes 0..C-1 all present. Read from several threads at once.
    """

    labels: NDArray[np.int64]

    def __len__(self) -> int: ...

    def image(self, index: int) -> NDArray[np.uint8]:
        """One image, uint8 RGB (H, W, 3)."""


class BatchSampler(Protocol):
    """Which images make up a batch: a pure function of the draw's number.

    Random access makes resuming exact without any state to save, and lets threads work ahead.
    """

    def __call__(self, draw: int) -> NDArray[np.int64]:
        """Indices of the images of this draw, int64 (batch,)."""


NamedParameters = Iterable[tuple[str, "nn.Parameter"]]
Augmentation = Callable[["NDArray[np.uint8]", "np.random.Generator"], "NDArray[np.uint8]"]
Schedule = Callable[[int], float]
OptimiserFactory = Callable[["nn.Module"], "torch.optim.Optimizer"]


Outputs = Callable[["NDArray[np.int64]"], "torch.Tensor"]
Finish = Callable[[Outputs, "NDArray[np.int64]"], None]


def constant(step: int) -> float:
    """The schedule that leaves the learning rate alone."""
    return 1.0


@dataclass(frozen=True)
class TrainingRecipe:
    """Everything the loop must know to train one network; it knows nothing else about the model.

    ``objective`` is a module, so that class centres and running statistics are trained and saved
    with the network: ``objective(output, labels)`` gets the network's raw output as float32
    (B, D) and int64 labels (B,), and returns a scalar loss, or None when the batch has nothing to
    teach (it is then drawn again and does not count), and floats to log by name.

    ``sampler`` makes the batch sampler from a seed. ``augment`` changes one uint8 RGB image
    (H, W, 3) with the generator it is given. ``optimiser`` is called with a module that holds
    ``network`` and ``objective`` under these names; see :mod:`harness.training.optimisers`.
    ``schedule`` maps a step, from 0, to a factor of each group's learning rate.
    ``images_per_pass`` bounds how many images the network sees at once; a larger batch goes through
    in equal parts, see :mod:`harness.training.microbatch`. ``restart_optimiser`` builds the
    optimiser again every given number of steps. A loss that stays at ``collapse_loss`` means that
    all embeddings are equal. ``finish`` is called once after the last step, before the weights are
    written, with a function from numbers of training images, int64 (N,), to the network's output
    for them, float32 (N, D), and with the labels of all; see :mod:`harness.training.whitening`.
    ``settings`` goes to the results as it is; ``assumed`` names those settings that no publication
    states.

    Randomness in ``network`` and ``objective`` (dropout, triplet selection) comes from torch's
    default generator, which the loop seeds again for every draw and restores when it ends.
    """

    network: nn.Module
    objective: nn.Module
    sampler: Callable[[int], BatchSampler]
    optimiser: OptimiserFactory
    steps: int
    schedule: Schedule = constant
    augment: Augmentation | None = None
    clip_norm: float | None = None
    images_per_pass: int | None = None
    restart_optimiser: int | None = None
    collapse_loss: float | None = None
    finish: Finish | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
