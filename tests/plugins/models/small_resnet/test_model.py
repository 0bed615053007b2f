"""The small residual network: its size, its maps, and a training in miniature."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from harness.training.loop import train
from harness.training.saved.export import export_onnx
from harness.training.whitening import whitener
from harness_plugins.models.small_resnet.model import SmallResNet
from harness_plugins.models.small_resnet.network import ResidualBlock, small_resnet
from harness_plugins.models.small_resnet.params import SmallResNetParams

CONTEXT = SimpleNamespace(seed=1, device="cpu", precision="fp32", batch_size=None)


class Faces:
    """Twenty images of five people: each has stripes, and each image a brightness and noise."""

    labels = np.repeat(np.arange(5), 4)

    def __len__(self):
        return 20

    def image(self, index):
        rng = np.random.default_rng(index)
        stripes = 40 * np.sin(np.arange(64) * (self.labels[index] + 1) / 4)[:, None, None]
        light = rng.integers(60, 180)
        return (light + stripes + rng.integers(0, 30, (64, 64, 3))).astype(np.uint8)


def model(**params):
    made = SmallResNet(SmallResNetParams(**params))
    made.prepare(CONTEXT)
    return made


def convolution(channels, out, kernel=3):
    return channels * out * kernel * kernel


def test_parameters_are_those_of_the_layers():
    wide = [(3, 32, 1), (32, 64, 1), (64, 128, 2), (128, 192, 1)]
    expected = 0
    for channels, out, blocks in wide:
        expected += convolution(channels, out) + 3 * out  # norm and PReLU
        expected += blocks * (2 * convolution(out, out) + 5 * out)
    expected += 192 * 16 * 128 + 128 + 2 * 128
    assert sum(p.numel() for p in small_resnet().parameters()) == expected


def test_maps_halve_four_times():
    sizes = []
    network = small_resnet(64).eval()
    for part in network:
        if isinstance(part, ResidualBlock):
            part.register_forward_hook(lambda _, __, out: sizes.append(tuple(out.shape[1:])))
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 64)
    assert sizes == [(32, 32, 32), (64, 16, 16), (128, 8, 8), (128, 8, 8), (192, 4, 4)]


def test_brightness_and_contrast_of_an_image_change_nothing():
    image = np.random.default_rng(0).integers(100, 140, (64, 64, 3))
    darker, harder = (image - 60).astype(np.uint8), (3 * (image - 120) + 120).astype(np.uint8)
    found = model().embed(np.stack([image.astype(np.uint8), darker, harder]))
    np.testing.assert_allclose(found[1:], found[[0, 0]], atol=2e-3 * np.abs(found).max())


def test_with_local_contrast_light_from_one_side_changes_little():
    images = np.stack([Faces().image(index) for index in (0, 4, 8)])
    lit = (images * np.linspace(0.45, 1.0, 64)[:, None]).round().astype(np.uint8)

    def moved(made):
        rows = [
            row / np.linalg.norm(row, axis=1)[:, None] for row in map(made.embed, (images, lit))
        ]
        return 1 - (rows[0] * rows[1]).sum(1).mean()

    assert moved(model(local_contrast_px=4.0)) < 0.5 * moved(model())


def test_a_network_with_local_contrast_can_be_exported(tmp_path):
    apart = export_onnx(model(local_contrast_px=4.0), tmp_path / "n.onnx")
    assert max(apart.values()) <= 1e-4


def test_it_learns_to_tell_people_apart(tmp_path):
    usual = SmallResNetParams.presets["rendered"]
    off = {name: 0.0 for name in usual if name.endswith(("probability", "_px", "_std"))}
    made = model(**usual | off | {"images_per_batch": 20, "steps": 25, "warm_up_steps": 3})
    done = train(made, Faces(), seed=1, folder=tmp_path, precision="bf16")
    assert (done.steps, done.images) == (25, 500)
    assert done.final_loss < 5.0  # five classes and this margin begin above 11
    embedding = made.embed(np.stack([Faces().image(index) for index in (0, 1, 4)]))
    unit = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > unit[0] @ unit[2] + 0.3
    again = model()
    again.load(tmp_path)
    np.testing.assert_array_equal(again.embed(np.stack([Faces().image(0)] * 2))[0],
                                  made.embed(np.stack([Faces().image(0)] * 2))[0])  # fmt: skip


def test_the_last_layer_is_fitted_once_training_has_ended(tmp_path):
    usual = {"images_per_batch": 20, "steps": 2}
    plain, white = model(**usual), model(**usual, whitening_floor=0.1)
    train(plain, Faces(), seed=1, folder=tmp_path / "plain")
    train(white, Faces(), seed=1, folder=tmp_path / "white")
    images = np.stack([Faces().image(index) for index in range(20)])
    raw = plain.embed(images)
    found = whitener(raw.astype(np.float64), Faces.labels, 0.1)
    np.testing.assert_allclose(white.embed(images), raw @ found, rtol=1e-3, atol=1e-3)
    assert np.abs(white.embed(images) - raw).max() > 0.1
    later = model(images_per_batch=20, steps=0, whitening_floor=0.1)
    later.load(tmp_path / "plain")
    done = train(later, Faces(), seed=2, folder=tmp_path / "later")
    assert (done.steps, done.planned_steps, done.images, done.notes) == (0, 0, 0, ())
    np.testing.assert_array_equal(later.embed(images), white.embed(images))


def test_the_preset_is_in_the_settings():
    params = SmallResNetParams(**SmallResNetParams.presets["rendered"], images_per_pass=None)
    recipe = model(**params.model_dump()).training(np.repeat(np.arange(20), 20))
    assert recipe.settings["preset"] == "rendered"
    assert recipe.settings["erase_probability"] == 0.3
    assert recipe.objective.m == pytest.approx(0.3)
