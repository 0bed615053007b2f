"""Within-class covariance normalisation (Hatch et al. 2006), fitted when a training has ended.

Photographs of one person differ more along some directions of the embedding than along others. A
margin loss on a narrow set of images has no reason to care; a linear map that divides by these
deviations makes the embeddings carry over better to images of another kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from harness.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.training.recipe import Outputs

IMAGES = 10_000
"""Training images that it is fitted on at most."""


class Whitening(nn.Module):
    """A linear map of embeddings (N, D) to the same; the identity until it is fitted.

    The map is kept with the weights and is not changed by training steps.
    """

    matrix: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("matrix", torch.eye(size))

    def forward(self, x: Tensor) -> Tensor:
        """Embeddings times the map, in float32 whatever the precision around it."""
        with torch.autocast(x.device.type, enabled=False):
            return x.float() @ self.matrix

    def fit(self, outputs: Outputs, labels: NDArray[np.int64], floor: float) -> None:
        """Put the map for images with these ``labels`` (N,) behind the present one.

        ``outputs`` takes numbers of images, int64 (K,), to what this module puts out, (K, D).
        ``floor`` is the share of the largest variance that is added to each. Of more than
        ``IMAGES`` images the first are used in the order of their labels, so that people have all
        of theirs. Raises DataError where nobody has two images that differ.
        """
        order = np.argsort(labels, kind="stable")[:IMAGES]
        found = whitener(outputs(order).double().cpu().numpy(), labels[order], floor)
        self.matrix @= torch.from_numpy(found).to(self.matrix)


def whitener(
    embeddings: NDArray[np.float64], labels: NDArray[np.int64], floor: float
) -> NDArray[np.float64]:
    """The map for float64 (N, D) embeddings and int64 (N,) labels, symmetric (D, D).

    It is the inverse root of the covariance of unit-length embeddings about the mean of their
    class, after ``floor`` times its largest eigenvalue was added to its diagonal; scaled so that
    the largest variance stays as it is. Raises DataError where no class has two rows that differ.
    """
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), unit.shape[1]))
    np.add.at(sums, classes, unit)
    apart = unit - (sums / counts[:, None])[classes]
    variances, axes = np.linalg.eigh(apart.T @ apart / len(apart))
    largest = variances[-1]
    if largest <= np.finfo(np.float64).eps:
        raise DataError(
            "whitening needs people with two images or more that differ; leave out whitening_floor "
            "or train on other faces"
        )
    factors = np.sqrt((1 + floor) * largest / (variances + floor * largest))
    return np.asarray((axes * factors) @ axes.T)
