"""IResNet against the published counts and public key layouts."""

from __future__ import annotations

import pytest
import torch

from harness.training.saved.weights import load_weights, read_weights
from harness_plugins.models.iresnet50.network import IResNetNetwork, layouts


def on_meta(depth, variant):
    with torch.device("meta"):
        return IResNetNetwork(depth, variant)


@pytest.mark.parametrize(
    ("depth", "variant", "parameters", "entries"),
    [
        (18, "adaface", 24_020_352, 179),
        (50, "adaface", 43_585_600, 467),
        (100, "adaface", 65_150_912, 917),
        (18, "insightface", 24_025_600, 187),
        (34, "insightface", 34_139_328, 331),
        (50, "insightface", 43_590_848, 475),
        (100, "insightface", 65_156_160, 925),
    ],
)
def test_published_counts(depth, variant, parameters, entries):
    network = on_meta(depth, variant)
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert len(network.state_dict()) == entries


def test_insightface_trains_all_but_the_last_scale():
    network = on_meta(50, "insightface")
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == 43_590_336


def test_adaface_keys_are_the_published_ones():
    keys = on_meta(50, "adaface").state_dict().keys()
    shortcuts = {int(k.split(".")[1]) for k in keys if "shortcut_layer" in k}
    assert shortcuts == {3, 7, 21}
    assert {"input_layer.2.weight", "body.23.res_layer.5.running_var"} <= keys
    assert {k for k in keys if k.startswith("output_layer.4")} == {
        f"output_layer.4.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")
    }


@pytest.mark.parametrize("variant", ["adaface", "insightface"])
def test_map_sizes(variant):
    network = on_meta(18, variant).eval()
    x = network.input_layer(torch.empty(2, 3, 112, 112, device="meta"))
    sizes = [tuple(x.shape[1:])]
    for block in network.body:
        x = block(x)
        sizes.append(tuple(x.shape[1:]))
    assert sizes == [
        (64, 112, 112), (64, 56, 56), (64, 56, 56), (128, 28, 28), (128, 28, 28),
        (256, 14, 14), (256, 14, 14), (512, 7, 7), (512, 7, 7),
    ]  # fmt: skip
    assert network.output_layer(x).shape == (2, 512)


def test_a_block_by_hand():
    network = IResNetNetwork(18, "adaface").eval()
    block = network.body[0]
    x = torch.randn(1, 64, 6, 6)
    bn1, conv1, bn2, act, conv2, bn3 = block.res_layer
    expected = x[:, :, ::2, ::2] + bn3(conv2(act(bn2(conv1(bn1(x))))))
    torch.testing.assert_close(block(x), expected)
    assert network.output_layer[1].p == 0.4
    assert network.body[2].shortcut_layer[0].stride == (2, 2)


def theirs(ours):
    """Our keys under insightface's names."""
    starts = {0: 1, 2: 2, 4: 3, 6: 4}
    parts = ["bn1", "conv1", "bn2", "prelu", "conv2", "bn3"]
    outer = {"input_layer": ["conv1", "bn1", "prelu"]}
    outer["output_layer"] = ["bn2", "", "", "fc", "features"]
    named = {}
    for key, value in ours.items():
        head, number, *rest = key.split(".")
        if head != "body":
            named[".".join([outer[head][int(number)], *rest])] = value
            continue
        first = max(start for start in starts if start <= int(number))
        where = f"layer{starts[first]}.{int(number) - first}"
        kind, index, *leaf = rest
        part = parts[int(index)] if kind == "res_layer" else f"downsample.{index}"
        named[".".join([where, part, *leaf])] = value
    return named


@pytest.mark.parametrize("nested", [False, True])
def test_insightface_weights_load(tmp_path, nested):
    source, target = (IResNetNetwork(18, "insightface") for _ in range(2))
    state = theirs(source.state_dict())
    assert "layer1.0.downsample.1.running_mean" in state
    assert "features.weight" in state
    torch.save({"state_dict_backbone": state, "epoch": 1} if nested else state, tmp_path / "w.pth")
    load_weights(target, read_weights(tmp_path / "w.pth", layouts(18)), "w.pth")
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value), name


def test_adaface_checkpoint_loads_without_its_head(tmp_path):
    source, target = (IResNetNetwork(18, "adaface") for _ in range(2))
    state = {f"model.{name}": value for name, value in source.state_dict().items()}
    state |= {"head.kernel": torch.ones(512, 3), "head.t": torch.ones(1)}
    torch.save({"state_dict": state, "epoch": 1}, tmp_path / "w.ckpt")
    load_weights(target, read_weights(tmp_path / "w.ckpt", layouts(18)), "w.ckpt")
    assert torch.equal(target.body[0].res_layer[1].weight, source.body[0].res_layer[1].weight)
