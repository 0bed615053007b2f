"""The recipe that every model trained by classification shares."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.training import schedules
from harness.training.data import augment
from harness.training.data.samplers import UniformSampler
from harness.training.losses import classification_loss
from harness.training.optimisers import sgd
from harness.training.recipe import Augmentation, Schedule, TrainingRecipe, constant
from harness.training.settings import published

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from harness.training.params import ClassificationParams


def classification_recipe(
    network: nn.Module, embedding_size: int, params: ClassificationParams, labels: NDArray[np.int64]
) -> TrainingRecipe:
    """SGD on a classification loss over all images, as ``params`` say.

    Raises UsageError when there are fewer images than a batch holds.
    """
    p = params
    per_epoch = UniformSampler(labels, p.images_per_batch, 0).per_epoch
    steps = p.epochs * per_epoch if p.steps is None else p.steps
    settings, assumed = published(p)
    return TrainingRecipe(
        network=network,
        objective=classification_loss(
            p.loss,
            embedding_size,
            int(labels.max()) + 1,
            m=p.margin,
            scale=p.scale,
            gradient=p.margin_gradient,
            sample_rate=p.sample_rate,
            centres=p.centres,
            past_pi=p.arcface_past_pi,
        ),
        sampler=partial(UniformSampler, labels, p.images_per_batch),
        optimiser=sgd(p.lr, p.momentum, p.weight_decay),
        steps=steps,
        schedule=_schedule(p, steps, per_epoch),
        augment=_augmentation(p),
        clip_norm=p.clip_norm,
        images_per_pass=p.images_per_pass,
        settings=settings,
        assumed=assumed,
    )


def _augmentation(p: ClassificationParams) -> Augmentation:
    """AdaFace's between what else is switched on; what is off draws nothing."""
    first = {augment.misaligned: p.landmark_jitter_px}
    last = {
        augment.tinted: p.tint_std,
        augment.greyed: p.grey_probability,
        augment.erased: p.erase_probability,
        augment.noisy: p.noise_std,
    }
    usual = augment.adaface(
        p.crop_probability,
        p.low_resolution_probability,
        p.photometric_probability,
        p.mirror_probability,
    )
    before, after = ([make(amount) for make, amount in steps.items() if amount]
                     for steps in (first, last))  # fmt: skip
    return augment.every(*before, usual, *after)


def _schedule(p: ClassificationParams, steps: int, per_epoch: int) -> Schedule:
    rest = max(steps - p.warm_up_steps, 1)
    named: dict[str, Schedule] = {
        "constant": constant,
        "cosine": schedules.cosine(rest),
        "polynomial": schedules.polynomial(rest),
        "steps": schedules.milestones(
            [epoch * per_epoch - p.warm_up_steps for epoch in p.drop_epochs]
        ),
    }
    return schedules.warm_up(named[p.schedule], p.warm_up_steps, p.warm_up_rule)
