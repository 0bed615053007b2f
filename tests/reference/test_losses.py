"""Heads, centres and warm-up against AdaFace and insightface's arcface_torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import distributed, nn

from harness.training.losses import classification_loss
from harness.training.schedules import polynomial, warm_up

SIZE, CLASSES, BATCH = 32, 50, 24


def scene(seed):
    """Raw features, labels, and centres such that own angles are in all of 0..pi."""
    rng = torch.Generator().manual_seed(seed)
    centres = torch.randn(SIZE, CLASSES, generator=rng)
    labels = torch.randint(CLASSES, (BATCH,), generator=rng)
    own = nn.functional.normalize(centres[:, labels], dim=0).T
    aside = torch.randn(BATCH, SIZE, generator=rng)
    aside = nn.functional.normalize(aside - (aside * own).sum(1, keepdim=True) * own, dim=1)
    theta = torch.linspace(0.05, math.pi - 0.05, BATCH)[:, None]
    unit = theta.cos() * own + theta.sin() * aside
    return unit * torch.rand(BATCH, 1, generator=rng) * 40 + unit, labels, centres


@pytest.mark.parametrize("seed", range(4))
def test_arcface_of_adaface(reference, reference_module, differs, seed):
    theirs = reference_module(reference("adaface"), "head").ArcFace(SIZE, CLASSES)
    ours = classification_loss("arcface", SIZE, CLASSES, past_pi="clip")
    features, labels, centres = scene(seed)
    with torch.no_grad():
        theirs.kernel.copy_(centres)
        ours.weight.copy_(centres)
    a, b = features.clone().requires_grad_(), features.clone().requires_grad_()
    norms = b.norm(dim=1, keepdim=True)
    expected = nn.functional.cross_entropy(theirs(b / norms, norms, labels), labels)
    found = ours(a, labels)[0]
    found.backward()
    expected.backward()
    assert differs("loss", found.item(), expected.item()) < 1e-5 * expected.item()
    assert differs("gradient", a.grad, b.grad) < 1e-5 * float(b.grad.abs().max())
    largest = float(theirs.kernel.grad.abs().max())
    assert differs("centres", ours.weight.grad, theirs.kernel.grad) < 1e-5 * largest


@pytest.mark.parametrize("name", ["arcface", "cosface"])
@pytest.mark.parametrize("seed", range(2))
def test_the_margins_of_arcface_torch(reference, reference_module, differs, name, seed):
    module = reference_module(reference("insightface") / "recognition/arcface_torch", "losses")
    margins = {"arcface": (1.0, 0.5, 0.0), "cosface": (1.0, 0.0, 0.4)}[name]
    theirs = module.CombinedMarginLoss(64.0, *margins)
    ours = classification_loss(name, SIZE, CLASSES, gradient="straight-through")
    features, labels, centres = scene(seed)
    with torch.no_grad():
        ours.weight.copy_(centres)
    a, b = features.clone().requires_grad_(), features.clone().requires_grad_()
    unit = nn.functional.normalize
    logits = theirs((unit(b) @ unit(centres, dim=0)).clamp(-1, 1), labels[:, None])
    expected = nn.functional.cross_entropy(logits, labels)
    found = ours(a, labels)[0]
    found.backward()
    expected.backward()
    assert differs("loss", found.item(), expected.item()) < 1e-5 * expected.item()
    assert differs("gradient", a.grad, b.grad) < 1e-5 * float(b.grad.abs().max())


def test_the_centres_of_partial_fc(reference, reference_module, differs, tmp_path):
    folder = reference("insightface") / "recognition/arcface_torch"
    module = reference_module(folder, "partial_fc_v2")
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0,
                                   world_size=1)  # fmt: skip
    try:
        theirs = module.PartialFC_V2(lambda *_: None, 512, 2000).weight.detach()
    finally:
        distributed.destroy_process_group()
    ours = classification_loss("cosface", 512, 2000, centres="normal").weight.detach()
    one, two = ours.flatten().sort().values, theirs.flatten().sort().values
    # Kolmogorov-Smirnov: the largest gap between the two distributions of a million draws each.
    gap = (torch.searchsorted(two, one) / two.numel() - torch.linspace(0, 1, one.numel())).abs()
    assert differs("distribution", float(gap.max()), 0.0) < 1.95 * math.sqrt(2 / one.numel())
    assert differs("deviation", float(ours.std()), float(theirs.std())) < 1e-4


@pytest.mark.parametrize(("warm", "total", "power"), [(10, 100, 1.0), (3, 40, 2.0), (1, 9, 1.0)])
def test_the_warm_up_of_arcface_torch(reference, reference_functions, differs, warm, total, power):
    folder = reference("insightface") / "recognition/arcface_torch"

    class Base(torch.optim.lr_scheduler.LRScheduler):
        def __init__(self, optimizer, last_epoch=-1, verbose=False):  # torch dropped the last
            super().__init__(optimizer, last_epoch)
            self._get_lr_called_within_step = True

        def _initial_step(self):  # its get_lr needs what its constructor sets afterwards
            self._get_lr_called_within_step = True
            super()._initial_step()

    kind = reference_functions(folder / "lr_scheduler.py", "PolynomialLRWarmup", _LRScheduler=Base,
                               warnings=None, torch=torch).PolynomialLRWarmup  # fmt: skip
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = kind(optimiser, warm, total, power=power)
    used = []
    for _ in range(total):
        used.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    ours = warm_up(polynomial(total - warm, power), warm, "insightface")
    assert differs("factor", [ours(step) for step in range(total)], np.array(used)) < 1e-12
