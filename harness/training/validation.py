"""How a training performs on people it does not see: pair accuracy on held-out training identities.

It is for watching and for choosing settings. Benchmarks never take part, and no checkpoint is
chosen by it: the last one stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.errors import UsageError
from harness.metrics.verification import kfold_accuracy
from harness.seeds import derive, stream
from harness.training.outputs import outputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from harness.components import InputSpec
    from harness.training.recipe import TrainingData

GENUINE_PER_IDENTITY = 10
FOLDS = 10
TIMES = 20
"""How often in a training accuracy is measured."""


def split(
    labels: NDArray[np.int64], held_out: int, seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of the images to train on and of those held out, bool (N,) each.

    ``held_out`` identities are drawn from those with at least two images; the first ones of a
    larger number are those of a smaller. Raises UsageError unless two identities are left to train
    on and at least two are held out.
    """
    counts = np.bincount(labels)
    able = [int(label) for label in np.flatnonzero(counts >= 2)]
    able.sort(key=lambda label: derive(seed, "validation", "identity", label))
    if held_out < 2 or held_out > min(len(able), len(counts) - 2):
        raise UsageError(
            f"validation={held_out} identities cannot be held out: it takes at least 2, "
            f"{len(able)} of {len(counts)} have two images or more, and 2 must be left to train on"
        )
    apart = np.isin(labels, able[:held_out])
    return ~apart, apart


@dataclass(frozen=True)
class Validation:
    """Images of held-out identities and pairs of them; ``pairs`` int64 (P, 2), ``genuine`` (P,)."""

    data: TrainingData
    pairs: NDArray[np.int64]
    genuine: NDArray[np.bool_]
    folds: NDArray[np.int64]

    @classmethod
    def of(cls, data: TrainingData, seed: int) -> Validation:
        """At most ten genuine pairs per identity, and as many impostor pairs, drawn by ``seed``."""
        rng = stream(seed, "validation", "pairs")
        genuine: list[tuple[int, int]] = []
        for label in np.unique(data.labels):
            mine = np.flatnonzero(data.labels == label)
            mine = rng.permutation(mine)[:GENUINE_PER_IDENTITY]
            pairs = list(combinations(mine.tolist(), 2))
            chosen = rng.permutation(len(pairs))[:GENUINE_PER_IDENTITY]
            genuine += [pairs[number] for number in chosen]
        impostor = [_impostor(data.labels, rng) for _ in genuine]
        # In random order, so that no fold is made of one person.
        first, second = rng.permutation(genuine), np.array(impostor)
        folds = np.arange(len(genuine)) % min(FOLDS, len(genuine))
        return cls(
            data,
            np.concatenate([first, second]).astype(np.int64),
            np.arange(2 * len(genuine)) < len(genuine),
            np.concatenate([folds, folds]).astype(np.int64),
        )

    def accuracy(self, forward: Callable[[torch.Tensor], torch.Tensor], spec: InputSpec,
                 device: torch.device) -> float:  # fmt: skip
        """Share of pairs called right, by cross-validated thresholds on squared distances.

        ``forward`` maps a batch of inputs to embeddings (N, D), and must not learn from it.
        """
        rows = outputs(forward, self.data, range(len(self.data)), spec, device)
        unit = torch.nn.functional.normalize(rows.double(), dim=1).numpy()
        distances = np.square(unit[self.pairs[:, 0]] - unit[self.pairs[:, 1]]).sum(1)
        found = kfold_accuracy(distances, self.genuine, self.folds, "official")
        return found.n_right / found.n_pairs


def _impostor(labels: NDArray[np.int64], rng: np.random.Generator) -> tuple[int, int]:
    while True:
        one, other = (int(number) for number in rng.integers(len(labels), size=2))
        if labels[one] != labels[other]:
            return one, other
