from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from harness.components import InputSpec
from harness.errors import UsageError
from harness.training.validation import GENUINE_PER_IDENTITY, Validation, split

SPEC = InputSpec(4, 4, "arcface")
LABELS = np.repeat(np.arange(12), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])


class Faces:
    """Each person has a colour; ``spoilt`` gives everybody the same one."""

    def __init__(self, labels, *, spoilt=False):
        self.labels, self.spoilt = labels, spoilt

    def __len__(self):
        return len(self.labels)

    def image(self, index):
        label = 0 if self.spoilt else int(self.labels[index])
        colours = np.random.default_rng(label).integers(0, 256, (4, 4, 3))
        noise = np.random.default_rng(10**6 + index).integers(-9, 9, (4, 4, 3))
        return np.clip(colours + noise, 0, 255).astype(np.uint8)


def test_a_split_is_whole_identities_nested_and_seeded():
    train, apart = split(LABELS, 5, seed=1)
    assert (train ^ apart).all()
    assert not set(LABELS[train]) & set(LABELS[apart])
    assert len(set(LABELS[apart])) == 5
    assert 0 not in LABELS[apart]  # one image makes no pair
    assert set(LABELS[split(LABELS, 3, seed=1)[1]]) < set(LABELS[apart])
    assert set(LABELS[split(LABELS, 5, seed=2)[1]]) != set(LABELS[apart])


@pytest.mark.parametrize("held_out", [1, 11, 12])
def test_a_split_that_leaves_nothing_is_refused(held_out):
    with pytest.raises(UsageError, match="cannot be held out"):
        split(LABELS, held_out, seed=1)


def test_pairs_are_right_distinct_and_balanced():
    made = Validation.of(Faces(LABELS[LABELS > 0]), seed=1)
    labels = made.data.labels[made.pairs]
    assert ((labels[:, 0] == labels[:, 1]) == made.genuine).all()
    genuine = made.pairs[made.genuine]
    assert len({frozenset(pair) for pair in genuine.tolist()}) == len(genuine)
    assert made.genuine.sum() * 2 == len(made.pairs)
    for label, count in zip(*np.unique(made.data.labels, return_counts=True), strict=True):
        possible = len(list(combinations(range(min(count, GENUINE_PER_IDENTITY)), 2)))
        found = (made.data.labels[genuine[:, 0]] == label).sum()
        assert found == min(possible, GENUINE_PER_IDENTITY)
    again = Validation.of(Faces(LABELS[LABELS > 0]), seed=1)
    assert np.array_equal(again.pairs, made.pairs)


def test_accuracy_is_perfect_or_chance():
    def flat(inputs):
        return inputs.flatten(1)

    device = torch.device("cpu")
    clear = Validation.of(Faces(LABELS[LABELS > 0]), seed=1)
    assert clear.accuracy(flat, SPEC, device) == 1.0
    spoilt = Validation.of(Faces(LABELS[LABELS > 0], spoilt=True), seed=1)
    assert spoilt.accuracy(flat, SPEC, device) == pytest.approx(0.5, abs=0.15)
