"""MobileFaceNet as a trainable model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin import InputSpec
from harness.plugin.models import TorchModel, classification_recipe

from .network import FOAMLIU, XIAOCCER, MobileFaceNetNetwork

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.plugin.models import TrainingRecipe, WeightsLayout

    from .params import MobileFaceNetParams


class MobileFaceNet(TorchModel):
    """MobileFaceNet (Chen et al. 2018)."""

    params: MobileFaceNetParams

    @property
    def layouts(self) -> tuple[WeightsLayout, ...]:
        """Those of the two public implementations."""
        return FOAMLIU, XIAOCCER

    @property
    def input_spec(self) -> InputSpec:
        """RGB, 112 high, 112 or 96 wide."""
        p = self.params
        return InputSpec(p.width, 112, p.template, "RGB", p.mean, p.std)

    @property
    def embedding_size(self) -> int:
        """Length of the raw embedding."""
        return self.params.embedding_size

    def build(self) -> MobileFaceNetNetwork:
        """The network with Kaiming initial weights."""
        p = self.params
        return MobileFaceNetNetwork(p.variant, p.width, p.embedding_size)

    def training(self, labels: NDArray[np.int64]) -> TrainingRecipe:
        """SGD on a margin loss."""
        return classification_recipe(self.network, self.embedding_size, self.params, labels)
