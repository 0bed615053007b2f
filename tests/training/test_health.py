"""Symptoms and how long they must last."""

from __future__ import annotations

import pytest
import torch

from harness.errors import DataError
from harness.training.health import PATIENCE, Health, check_finite, spread


def test_spread():
    assert spread(torch.ones(5, 3)) == pytest.approx(0.0, abs=1e-6)
    assert spread(torch.eye(4) * 7) == pytest.approx(0.75)


@pytest.mark.parametrize("values", [(float("nan"), 0.5), (float("inf"), 0.5), (0.2, float("nan"))])
def test_values_that_are_not_finite_stop_at_once(values):
    with pytest.raises(DataError, match=r"diverged at step 3.*learning rate 0\.1.*Last good: none"):
        Health(None).check(3, *values, 0.1, "Last good: none")


def test_equal_embeddings_stop_only_after_many_steps_in_a_row():
    health = Health(None)
    for step in range(PATIENCE - 1):
        health.check(step, 1.0, 1e-5, 0.1, "")
    health.check(PATIENCE, 1.0, 0.4, 0.1, "")
    for step in range(PATIENCE - 1):
        health.check(step, 1.0, 1e-5, 0.1, "")
    with pytest.raises(DataError, match="collapsed"):
        health.check(PATIENCE, 1.0, 1e-5, 0.1, "")


def test_a_loss_that_stays_at_the_margin_is_a_collapse():
    health = Health(0.2)
    for step in range(PATIENCE - 1):
        health.check(step, 0.2001, 0.05, 0.1, "")
    with pytest.raises(DataError, match=r"collapsed.*loss 0\.2001"):
        health.check(PATIENCE, 0.2001, 0.05, 0.1, "")


def test_a_loss_at_the_margin_with_spread_embeddings_is_none():
    health = Health(0.2)
    for step in range(3 * PATIENCE):
        health.check(step, 0.2, 0.5, 0.1, "")


def test_a_noisy_loss_around_the_margin_is_none():
    health = Health(0.2)
    for step in range(3 * PATIENCE):
        health.check(step, 0.2 + 0.01 * (step % 3 - 1), 0.05, 0.1, "")


def test_check_finite_names_the_tensor():
    tensors = {
        "good": torch.ones(2),
        "count": torch.tensor(3),
        "bad": torch.tensor([1.0, torch.nan]),
    }
    with pytest.raises(DataError, match="here: the values of bad"):
        check_finite(tensors, "here")
