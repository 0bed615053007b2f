"""The shared recipe of classification: steps, schedule, optimiser, settings."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from harness.errors import UsageError
from harness.training.classification import classification_recipe
from harness.training.data.augment import adaface
from harness.training.losses import CosFace
from harness.training.params import ClassificationParams

LABELS = np.arange(100) % 10


def recipe(**params):
    return classification_recipe(nn.Linear(3, 4), 4, ClassificationParams(**params), LABELS)


def test_epochs_become_steps_of_full_batches():
    made = recipe(images_per_batch=30, epochs=7)
    assert made.steps == 21
    assert recipe(images_per_batch=30, steps=5).steps == 5
    assert len(made.sampler(1)(0)) == 30


@pytest.mark.parametrize(
    ("schedule", "at", "expected"),
    [
        ("constant", 50, 1.0),
        ("cosine", 50, 0.5),
        ("polynomial", 75, 0.25),
        ("steps", 49, 1.0),
        ("steps", 50, 0.1),
        ("steps", 80, 0.01),
    ],
)
def test_schedules(schedule, at, expected):
    made = recipe(images_per_batch=10, epochs=10, schedule=schedule, drop_epochs=(5, 8))
    assert made.schedule(at) == pytest.approx(expected)


def test_warm_up_leaves_the_milestones_where_they_are():
    made = recipe(
        images_per_batch=10, epochs=10, schedule="steps", drop_epochs=(5,), warm_up_steps=20
    )
    assert [made.schedule(s) for s in (9, 20, 49, 50)] == pytest.approx([0.5, 1, 1, 0.1])


def test_loss_and_optimiser_follow_the_parameters():
    made = recipe(images_per_batch=10, loss="cosface", margin=0.2, scale=30, lr=0.05, clip_norm=5)
    assert isinstance(made.objective, CosFace)
    assert (made.objective.m, made.objective.scale) == (0.2, 30)
    assert made.objective.weight.shape == (4, 10)
    assert made.optimiser(made.network).param_groups[0]["lr"] == 0.05
    assert made.clip_norm == 5
    assert made.settings["lr"] == 0.05


def test_too_few_images():
    with pytest.raises(UsageError, match="256 images cannot be drawn from 100"):
        recipe()


IMAGE = np.random.default_rng(0).integers(0, 256, (112, 112, 3), np.uint8)


def test_what_is_off_draws_nothing():
    usual = recipe(images_per_batch=10).augment
    for seed in range(5):
        expected = adaface()(IMAGE, np.random.default_rng(seed))
        assert np.array_equal(usual(IMAGE, np.random.default_rng(seed)), expected)


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("landmark_jitter_px", 2.0),
        ("tint_std", 0.1),
        ("grey_probability", 1.0),
        ("erase_probability", 1.0),
        ("noise_std", 0.1),
    ],
)
def test_every_augmentation_is_switched_on_by_its_name(name, amount):
    off = dict.fromkeys(
        (
            "crop_probability",
            "low_resolution_probability",
            "photometric_probability",
            "mirror_probability",
        ),
        0.0,
    )
    made = recipe(images_per_batch=10, **off, **{name: amount})
    plain = recipe(images_per_batch=10, **off)
    assert np.array_equal(plain.augment(IMAGE, np.random.default_rng(0)), IMAGE)
    assert not np.array_equal(made.augment(IMAGE, np.random.default_rng(0)), IMAGE)
    assert made.settings[name] == amount


def test_the_choices_of_other_codes_reach_loss_and_schedule():
    made = recipe(images_per_batch=10, loss="arcface", centres="normal", arcface_past_pi="clip",
                  warm_up_steps=4, warm_up_rule="insightface", schedule="constant")  # fmt: skip
    assert made.objective.past_pi == "clip"
    assert float(made.objective.weight.detach().norm(dim=0).max()) < 0.1
    assert [made.schedule(step) for step in range(5)] == [1, 0.25, 0.5, 0.75, 1]
    names = {"centres", "arcface_past_pi", "warm_up_rule"}
    assert names <= made.settings.keys()
    assert names == set(ClassificationParams.added)
