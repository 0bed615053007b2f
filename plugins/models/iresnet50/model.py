"""IResNet as a trainable model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin import InputSpec
from harness.plugin.models import TorchModel, classification_recipe

from .network import IResNetNetwork, layouts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.plugin.models import TrainingRecipe, WeightsLayout

    from .params import IResNetParams


class IResNet(TorchModel):
    """IResNet-18/34/50/100 (Kim et al. 2022; George and Marcel 2024, section 4)."""

    params: IResNetParams

    @property
    def layouts(self) -> tuple[WeightsLayout, ...]:
        """AdaFace's and insightface's, for this depth."""
        return layouts(self.params.depth)

    @property
    def input_spec(self) -> InputSpec:
        """112x112 in [-1, 1], in the colour order of the variant."""
        p = self.params
        return InputSpec(112, 112, p.template, "BGR" if p.variant == "adaface" else "RGB")

    @property
    def embedding_size(self) -> int:
        """Length of the raw embedding."""
        return self.params.embedding_size

    def build(self) -> IResNetNetwork:
        """The network with the variant's initial weights."""
        p = self.params
        return IResNetNetwork(p.depth, p.variant, p.embedding_size, p.dropout)

    def training(self, labels: NDArray[np.int64]) -> TrainingRecipe:
        """SGD on a margin loss."""
        return classification_recipe(self.network, self.embedding_size, self.params, labels)
