"""FaceNet-NN4 as a trainable model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from harness.plugin import InputSpec
from harness.plugin.models import (
    PeopleSampler,
    TorchModel,
    TrainingRecipe,
    adam,
    constant,
    cosine,
    mirror,
    published,
)

from .network import OPENFACE_PTH, NN4Network, draw_scales
from .triplets import TripletObjective

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.plugin.models import WeightsLayout

    from .params import FaceNetNN4Params


class FaceNetNN4(TorchModel):
    """NN4 or nn4.small2 on 96x96 RGB in [0, 1] (Kortylewski et al. 2018, section IV-A)."""

    params: FaceNetNN4Params

    @property
    def input_spec(self) -> InputSpec:
        """96x96 RGB in [0, 1]."""
        return InputSpec(96, 96, self.params.template, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))

    @property
    def embedding_size(self) -> int:
        """Length of the unit embedding."""
        return self.params.embedding_size

    @property
    def layouts(self) -> tuple[WeightsLayout, ...]:
        """The public port besides the authors' names, which are ours."""
        return (OPENFACE_PTH,)

    def build(self) -> NN4Network:
        """The network with torch's default initial weights, or Torch7's scales of batch norm."""
        network = NN4Network(self.params.variant, self.params.embedding_size)
        if self.params.batch_norm_scale == "uniform":
            draw_scales(network)
        return network

    def training(self, labels: NDArray[np.int64]) -> TrainingRecipe:
        """Adam on triplets from P x K batches."""
        p = self.params
        steps = p.steps or p.epochs * p.batches_per_epoch
        settings, assumed = published(p)
        return TrainingRecipe(
            network=self.network,
            objective=TripletObjective(p.alpha, p.selection),
            sampler=partial(PeopleSampler, labels, p.people_per_batch, p.images_per_person),
            optimiser=adam(p.lr),
            steps=steps,
            schedule=cosine(steps) if p.schedule == "cosine" else constant,
            images_per_pass=p.images_per_pass,
            augment=mirror(p.mirror_probability) if p.mirror_probability else None,
            restart_optimiser=p.batches_per_epoch if p.restart_optimiser else None,
            collapse_loss=p.alpha,
            settings=settings,
            assumed=assumed,
        )
