from __future__ import annotations

import numpy as np
import pytest

from harness.embedding.doubt import FEW, SAMPLE, unsound
from harness.errors import DataError

RNG = np.random.default_rng(0)
SPEC = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), "colour": "RGB"}


def judge(rows, *, ready=True, enrolled=None):
    there = np.ones(len(rows), bool) if enrolled is None else enrolled
    return unsound(np.asarray(rows, np.float32), there, SPEC, ready=ready)


@pytest.mark.parametrize(
    "rows",
    [
        RNG.normal(size=(50, 8)),
        np.abs(RNG.normal(size=(50, 8))) + 3,  # all positive, far from zero
        RNG.normal(size=(50, 2)),
        np.sign(RNG.normal(size=(50, 64))),
        RNG.normal(size=(40, 1)) * np.ones(8) + RNG.normal(0, 0.1, (40, 8)),
    ],
    ids=["normal", "one cone", "two numbers", "binary", "nearly a line"],
)
def test_weak_but_honest_embeddings_pass(rows):
    assert judge(rows) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.ones((50, 8)), "50 images have 1 different embedding in all"),
        (np.zeros((50, 8)), "50 images have 1 different embedding in all"),
        (np.tile(np.eye(8)[:2], (25, 1)), "50 images have 2 different embeddings in all"),
        (RNG.normal(size=(50, 1)), "one line .size 1"),
        (RNG.normal(size=(50, 1)) * np.arange(1, 9), "one line .size 8"),
        (1 + RNG.normal(0, 0.01, (50, 8)), "nearly the same"),
    ],
    ids=["constant", "black", "saturated", "norm", "rank one", "wrong range"],
)
def test_embeddings_that_tell_nothing_stop_with_the_causes(rows, said):
    with pytest.raises(DataError, match=said) as caught:
        judge(rows)
    assert "values in [-1, 1]; check mean and std" in str(caught.value)


def test_a_network_trained_here_is_warned_of():
    (warning,) = judge(1 + RNG.normal(0, 0.01, (50, 8)), ready=False)
    assert "nearly the same" in warning
    assert "learned little" in warning


def test_few_images_and_images_without_a_face_are_not_judged():
    assert judge(np.ones((FEW - 1, 8))) == []
    rows = RNG.normal(size=(50, 8))
    rows[10:] = np.nan
    assert judge(rows, enrolled=np.arange(50) < 10) == []
    assert judge(rows * np.nan, enrolled=np.zeros(50, bool)) == []


def test_a_sample_of_many_is_judged():
    rows = RNG.normal(size=(10 * SAMPLE, 4))
    assert judge(rows) == []
    with pytest.raises(DataError, match=f"{SAMPLE} images have 1"):
        judge(np.ones((10 * SAMPLE, 4)))
