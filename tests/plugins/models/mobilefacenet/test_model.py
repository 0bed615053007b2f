"""MobileFaceNet: counts, map sizes, layouts, training in miniature."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from harness.engine.context import RunContext
from harness.errors import DataError
from harness.training.loop import train
from harness_plugins.models.mobilefacenet.model import MobileFaceNet
from harness_plugins.models.mobilefacenet.network import MobileFaceNetNetwork
from harness_plugins.models.mobilefacenet.params import MobileFaceNetParams

CONTEXT = SimpleNamespace(seed=1, device="cpu", precision="fp32", batch_size=None)


class Faces:
    """Six images of two people."""

    labels = np.arange(6) % 2

    def __len__(self):
        return 6

    def image(self, index):
        return np.random.default_rng(index).integers(0, 256, (112, 112, 3), np.uint8)


@pytest.mark.parametrize(
    ("variant", "width", "entries", "values"),
    [("relu", 112, 307, 1_019_699), ("prelu", 96, 333, 1_019_186)],
)
def test_published_entries_and_values(variant, width, entries, values):
    state = MobileFaceNetNetwork(variant, width).state_dict()
    assert len(state) == entries
    assert sum(value.numel() for value in state.values()) == values


@pytest.mark.parametrize(("variant", "width"), [("relu", 112), ("prelu", 96)])
def test_map_sizes(variant, width):
    network = MobileFaceNetNetwork(variant, width).eval()
    x = network.stem(torch.rand(2, 3, 112, width))
    assert x.shape[1:] == (64, 56, width // 2)
    x = network.first(x)
    sizes = []
    for block in network.blocks:
        x = block(x)
        sizes.append(tuple(x.shape[1:3]))
    assert sizes == [(64, 28)] * 5 + [(128, 14)] * 7 + [(128, 7)] * 3
    assert network.pool(network.last(x)).shape == (2, 512, 1, 1)
    assert network(torch.rand(2, 3, 112, width)).shape == (2, 128)


@pytest.mark.parametrize("preset", ["foamliu", "xiaoccer"])
def test_presets_give_the_input_of_the_public_weights(preset):
    spec = MobileFaceNet(MobileFaceNetParams(**MobileFaceNetParams.presets[preset])).input_spec
    assert (spec.width, spec.template, spec.colour) == {
        "foamliu": (112, "arcface", "RGB"),
        "xiaoccer": (96, "sphereface", "RGB"),
    }[preset]


def test_trains_saves_and_starts_from_its_own_weights(tmp_path):
    small = {"images_per_batch": 6, "steps": 2, "lr": 0.01}
    model = MobileFaceNet(MobileFaceNetParams(**small))
    model.prepare(CONTEXT)
    train(model, Faces(), seed=1, folder=tmp_path, threads=1)
    again = MobileFaceNet(MobileFaceNetParams(weights=tmp_path / "weights.safetensors"))
    again.prepare(CONTEXT)
    images = np.stack([Faces().image(i) for i in range(3)])
    np.testing.assert_allclose(again.embed(images), model.embed(images), atol=1e-5)


def test_weights_of_the_other_variant_are_refused_by_name(tmp_path):
    torch.save(MobileFaceNetNetwork("relu").state_dict(), tmp_path / "w.pt")
    model = MobileFaceNet(MobileFaceNetParams(weights=tmp_path / "w.pt"))
    with pytest.raises(
        DataError, match=r"missing \(blocks\.0\.expand\.2\.weight.*unexpected \(embed"
    ):
        model.prepare(stored(tmp_path))
    assert list((tmp_path / "store").glob("store/*")) == []


def test_public_weights_are_translated_once(tmp_path, monkeypatch):
    source = MobileFaceNetNetwork("prelu")
    torch.save({"net_state_dict": source.state_dict()}, tmp_path / "w.ckpt")
    models = [MobileFaceNet(MobileFaceNetParams(weights=tmp_path / "w.ckpt")) for _ in range(2)]
    models[0].prepare(stored(tmp_path))
    monkeypatch.setattr(torch, "load", None)
    models[1].prepare(stored(tmp_path))
    for made in models:
        assert made.ready
        for name, value in source.state_dict().items():
            assert torch.equal(made.network.state_dict()[name], value), name


def stored(tmp_path):
    """A context with a store."""
    return RunContext(tmp_path / "store", "test:mobilefacenet", 1, 1, "cpu", "fp32")
