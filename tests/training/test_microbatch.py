"""A batch in parts gives the gradients of the whole batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from harness.components import InputSpec
from harness.training.losses import classification_loss
from harness.training.optimisers import sgd
from harness.training.recipe import TrainingRecipe
from harness.training.step import TrainingStep

SPEC = InputSpec(8, 8, "arcface")


class Triplets(nn.Module):
    """Draws one negative for every image from the whole batch."""

    def forward(self, output, labels):
        unit = nn.functional.normalize(output, dim=1)
        other = torch.randint(len(labels), (len(labels),))
        return (unit * unit[other]).sum(1).square().mean(), {"drawn": float(other.sum())}


def network(*, norm):
    torch.manual_seed(1)
    layers = [nn.Conv2d(3, 4, 3, 2), nn.Tanh(), nn.Flatten(), nn.Linear(36, 6)]
    return nn.Sequential(*layers[:1], nn.BatchNorm2d(4), *layers[1:]) if norm else (
        nn.Sequential(*layers))  # fmt: skip


def step(objective, *, norm=False, precision="fp32", **change):
    recipe = TrainingRecipe(
        network=network(norm=norm),
        objective=objective,
        sampler=lambda seed: lambda draw: np.arange(4),
        optimiser=sgd(0.1, 0.9, 5e-4),
        steps=1,
    )
    return TrainingStep(replace(recipe, **change), SPEC, torch.device("cpu"), precision)


def batch(count=12):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 8, 8, 3)).astype(np.uint8), np.arange(count) % 3


def loss(name):
    torch.manual_seed(2)
    return Triplets() if name == "triplets" else classification_loss(name, 6, 3, scale=8.0)


@pytest.mark.parametrize("name", ["adaface", "cosface", "triplets"])
@pytest.mark.parametrize("most", [1, 5, 4])
def test_parts_teach_what_the_whole_batch_teaches(name, most):
    whole, parts = step(loss(name)), step(loss(name), images_per_pass=most, clip_norm=None)
    for number in range(3):
        one, other = whole(*batch(), number, seed=9), parts(*batch(), number, seed=9)
        assert one.loss == pytest.approx(other.loss, rel=1e-6)
        assert dict(one.log) == pytest.approx(dict(other.log))
    for key, value in whole.body.state_dict().items():
        torch.testing.assert_close(value, parts.body.state_dict()[key], rtol=2e-5, atol=1e-6)


def test_a_part_as_large_as_the_batch_is_the_batch_bit_for_bit():
    whole, parts = step(loss("adaface"), norm=True), step(loss("adaface"), norm=True,
                                                          images_per_pass=12)  # fmt: skip
    assert whole(*batch(), 0, seed=9) == parts(*batch(), 0, seed=9)
    for key, value in whole.body.state_dict().items():
        assert torch.equal(value, parts.body.state_dict()[key])


def test_batch_norm_averages_move_once_a_part():
    images, labels = batch()
    made = step(loss("cosface"), norm=True, images_per_pass=4)
    oracle = network(norm=True).train()
    inputs = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    with torch.no_grad():
        for part in inputs.split(4):
            oracle(part)
    made(images, labels, 0, seed=9)
    norm, expected = made.recipe.network[1], oracle[1]
    torch.testing.assert_close(norm.running_mean, expected.running_mean)
    torch.testing.assert_close(norm.running_var, expected.running_var)
    assert int(norm.num_batches_tracked) == 3
    assert norm.momentum == 0.1


def test_dropout_is_the_same_in_both_passes():
    """With one frozen mask a step, the loss must fall by what the gradient promises."""
    made = step(Linear(), optimiser=sgd(1e-3, 0.0, 0.0), images_per_pass=4)
    made.recipe.network.append(nn.Dropout(0.5))
    before = made(*batch(), 0, seed=9).loss
    gradient = sum(float(p.grad.square().sum()) for p in made.recipe.network.parameters())
    after = made(*batch(), 0, seed=9).loss
    assert before - after == pytest.approx(1e-3 * gradient, rel=0.02)


class Linear(nn.Module):
    def forward(self, output, labels):
        return output.mean(), {}


def low(precision, scale=16.0):
    made = step(loss("cosface"), precision=precision, images_per_pass=4)
    if precision == "fp16":
        made.scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    return made


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_low_precision_stays_near(precision):
    whole, coarse = step(loss("cosface")), low(precision)
    for number in range(3):
        one, other = whole(*batch(), number, seed=9), coarse(*batch(), number, seed=9)
    assert other.loss == pytest.approx(one.loss, rel=0.05)
    for key, value in whole.body.state_dict().items():
        torch.testing.assert_close(value, coarse.body.state_dict()[key], rtol=0.1, atol=0.02)


def test_a_step_that_overflows_fp16_is_left_out_and_the_scale_halved():
    assert step(loss("cosface"), precision="fp16").scaler.is_enabled()
    assert not step(loss("cosface"), precision="bf16").scaler.is_enabled()
    made = low("fp16", scale=2.0**40)
    before = [value.clone() for value in made.body.parameters()]
    made(*batch(), 0, seed=9)
    assert all(torch.equal(a, b) for a, b in zip(before, made.body.parameters(), strict=True))
    assert made.scaler.get_scale() == 2.0**39
