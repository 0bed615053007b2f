"""Presets, input and a training in miniature."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn

from harness.engine.context import RunContext
from harness.errors import DataError
from harness.training.classification import classification_recipe
from harness.training.loop import train
from harness.training.losses import AdaFace
from harness.training.settings import published
from harness_plugins.models.iresnet50.model import IResNet
from harness_plugins.models.iresnet50.network import IResNetNetwork
from harness_plugins.models.iresnet50.params import IResNetParams

CONTEXT = SimpleNamespace(seed=1, device="cpu", precision="fp32", batch_size=None)


class Faces:
    """Four images of two people."""

    labels = np.array([0, 0, 1, 1])

    def __len__(self):
        return 4

    def image(self, index):
        return np.random.default_rng(index).integers(0, 256, (112, 112, 3), np.uint8)


@pytest.mark.parametrize(
    ("preset", "batch", "steps", "half", "last"),
    [("digi2real2024", 256, 30 * 4, 0.5, None), ("adaface-r50", 512, 26 * 2, 0.1, 0.001)],
)
def test_presets_are_the_published_settings(preset, batch, steps, half, last):
    params = IResNetParams(**IResNetParams.presets[preset])
    recipe = classification_recipe(nn.Linear(2, 512), 512, params, np.arange(1024) % 10)
    assert len(recipe.sampler(0)(0)) == batch
    assert recipe.steps == steps
    assert recipe.schedule(steps // 2) == pytest.approx(half)
    if last is not None:
        assert recipe.schedule(steps - 1) == pytest.approx(last)
    loss = recipe.objective
    assert isinstance(loss, AdaFace)
    assert (loss.m, loss.h, loss.scale, loss.t, loss.clamp) == (0.4, 0.333, 64.0, 0.01, 1e-3)
    group = recipe.optimiser(nn.ModuleDict({"objective": loss})).param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.1, 0.9, 5e-4)
    assert recipe.settings["preset"] == preset
    assert set(recipe.assumed) == set(IResNetParams.assumed.get(preset, ()))


@pytest.mark.parametrize("preset", ["digi2real2024", "adaface-r50"])
def test_a_preset_sets_everything_and_any_change_ends_it(preset):
    values = IResNetParams.presets[preset]
    # Cosine has no epochs at which the rate drops.
    assert set(IResNetParams.model_fields) - set(values) <= {"drop_epochs"}
    for key, value in {"embedding_size": 256, "images_per_pass": 64, "lr": 0.2}.items():
        settings, assumed = published(IResNetParams(**{**values, key: value}))
        assert (settings["preset"], assumed) == (None, ())


def test_colour_order_follows_the_variant():
    colours = {
        v: IResNet(IResNetParams(variant=v)).input_spec.colour for v in ("adaface", "insightface")
    }
    assert colours == {"adaface": "BGR", "insightface": "RGB"}


def test_trains_and_embeds(tmp_path):
    model = IResNet(IResNetParams(depth=18, images_per_batch=4, steps=1, embedding_size=16))
    model.prepare(CONTEXT)
    assert train(model, Faces(), seed=1, folder=tmp_path, threads=1).steps == 1
    found = model.embed(np.stack([Faces().image(i) for i in range(2)]))
    assert found.shape == (2, 16)
    assert np.isfinite(found).all()


def test_weights_of_the_other_variant_are_refused(tmp_path):
    import torch

    torch.save(IResNetNetwork(18, "insightface").state_dict(), tmp_path / "w.pt")
    model = IResNet(IResNetParams(depth=18, weights=tmp_path / "w.pt"))
    with pytest.raises(DataError, match=r"none missing, 8 unexpected \(body\.0\.shortcut_layer"):
        model.prepare(RunContext(tmp_path / "store", "test:iresnet50", 1, 1, "cpu", "fp32"))
