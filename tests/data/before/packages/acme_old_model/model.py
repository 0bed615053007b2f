"""The model: replace the network and its training by your own."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import nn

from harness.components import InputSpec
from harness.training.losses import SoftmaxLoss
from harness.training.optimisers import sgd
from harness.training.recipe import TrainingRecipe
from harness.training.samplers import UniformSampler
from harness.training.torch_model import TorchModel


class AcmeOldModel(TorchModel):
    """One linear layer on small images, trained with softmax."""

    input_spec = InputSpec(112, 112, "arcface")
    embedding_size = 64

    def build(self) -> nn.Module:
        return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(14 * 14 * 3, 64))

    def training(self, labels: NDArray[np.int64]) -> TrainingRecipe:
        return TrainingRecipe(
            network=self.network,
            objective=SoftmaxLoss(64, int(labels.max()) + 1),
            sampler=partial(UniformSampler, labels, self.params.batch),
            optimiser=sgd(0.01, 0.9, 5e-4),
            steps=self.params.steps,
        )
