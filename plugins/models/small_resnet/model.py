"""The small residual network as a trainable model."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness.plugin import InputSpec
from harness.plugin.models import TorchModel, Whitening, classification_recipe

from .network import INPUT_PX, small_resnet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from harness.plugin.models import TrainingRecipe

    from .params import SmallResNetParams


class SmallResNet(TorchModel):
    """Five stages on 64x64 RGB."""

    params: SmallResNetParams
    network: nn.Sequential

    @property
    def input_spec(self) -> InputSpec:
        """64x64 RGB, about -2 to 2."""
        mean, std = (0.5,) * 3, (0.25,) * 3
        return InputSpec(INPUT_PX, INPUT_PX, self.params.template, mean=mean, std=std)

    @property
    def embedding_size(self) -> int:
        """Length of the raw embedding."""
        return self.params.embedding_size

    @property
    def whitening(self) -> Whitening:
        """The last layer."""
        last = self.network[-1]
        assert isinstance(last, Whitening)
        return last

    def build(self) -> nn.Sequential:
        """The network with torch's default initial weights."""
        params = self.params
        return small_resnet(params.embedding_size, params.dropout, params.local_contrast_px)

    def training(self, labels: NDArray[np.int64]) -> TrainingRecipe:
        """SGD on a margin loss, then the whitening if it is asked for."""
        recipe = classification_recipe(self.network, self.embedding_size, self.params, labels)
        floor = self.params.whitening_floor
        if floor is None:
            return recipe
        return replace(recipe, finish=partial(self.whitening.fit, floor=floor))
