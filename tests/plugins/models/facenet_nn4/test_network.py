"""NN4 against the published counts and direct computations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from harness.training.saved.weights import load_weights, read_weights
from harness_plugins.models.facenet_nn4.network import (
    OPENFACE_PTH,
    L2Pool,
    LocalResponseNorm,
    NN4Network,
    pad_to,
)


@pytest.mark.parametrize(
    ("variant", "parameters", "entries"),
    [
        ("nn4", 6_959_088, 387),
        ("nn4.small2", 3_733_968, 261),
        ("nn4.small2.v1", 3_733_968, 261),
    ],
)
def test_published_parameter_counts(variant, parameters, entries):
    network = NN4Network(variant)
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert len(network.state_dict()) == entries


def test_map_sizes_and_channels():
    network = NN4Network("nn4").eval()
    shapes = {}
    for name, part in network.named_children():
        part.register_forward_hook(
            lambda _m, _i, out, name=name: shapes.update({name: tuple(out.shape[1:])})
        )
    with torch.no_grad():
        out = network(torch.rand(2, 3, 96, 96))
    assert out.shape == (2, 128)
    assert torch.allclose(out.norm(dim=1), torch.ones(2))
    assert shapes["conv1"] == (64, 48, 48)
    assert shapes["norm1"] == (64, 24, 24)
    assert shapes["norm2"] == (192, 24, 24)
    expected = {
        "3a": (256, 12), "3b": (320, 12), "3c": (640, 6), "4a": (640, 6), "4b": (640, 6),
        "4c": (640, 6), "4d": (640, 6), "4e": (1024, 3), "5a": (896, 3), "5b": (896, 3),
    }  # fmt: skip
    assert {n: shapes[f"incept{n}"] for n in expected} == {
        n: (channels, size, size) for n, (channels, size) in expected.items()
    }


def test_small2_ends_in_736_channels():
    assert NN4Network("nn4.small2").ln.in_features == 736


def test_local_response_norm_is_the_direct_sum():
    x = np.random.default_rng(0).normal(size=(2, 9, 3, 3)).astype(np.float32) * 100
    direct = np.empty_like(x)
    for c in range(9):
        squares = (x[:, max(0, c - 2) : c + 3] ** 2).sum(1)
        direct[:, c] = x[:, c] / (1 + 1e-4 / 5 * squares) ** 0.75
    ours = LocalResponseNorm(9)(torch.from_numpy(x))
    np.testing.assert_allclose(ours.numpy(), direct, rtol=1e-5)
    theirs = nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)(torch.from_numpy(x))
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_l2_pool_is_the_root_of_the_window_sum_without_padding():
    x = torch.randn(1, 2, 5, 5)
    windows = F.unfold(x, 3).view(1, 2, 9, 3, 3)
    torch.testing.assert_close(L2Pool()(x), windows.square().sum(2).sqrt())


def test_l2_pool_has_a_finite_gradient_at_zero():
    x = torch.zeros(1, 1, 4, 4, requires_grad=True)
    L2Pool()(x).sum().backward()
    assert torch.equal(x.grad, torch.zeros(1, 1, 4, 4))


def test_odd_padding_goes_to_the_bottom_and_right():
    padded = pad_to(torch.ones(1, 1, 2, 2), 5, 4)
    expected = torch.zeros(5, 4)
    expected[1:3, 1:3] = 1
    assert torch.equal(padded[0, 0], expected)


def test_released_geometry_pools_without_padding():
    network = NN4Network("nn4.small2.v1").eval()
    x = torch.rand(1, 192, 12, 12)
    pooled = F.max_pool2d(x, 3, 2)
    assert pooled.shape[2:] == (5, 5)
    branch = network.incept3a.branches[2]
    torch.testing.assert_close(branch[0](x), pooled)
    # 5 of 12: three zeros before and four after; the pool branch is channels 160 to 191.
    out = network.incept3a(x)[:, 160:192]
    torch.testing.assert_close(out[:, :, 3:8, 3:8], branch[1:](pooled))
    assert out[:, :, :3].abs().max() == 0
    assert network.incept3b.branches[2][0](torch.rand(1, 256, 12, 12)).shape[2:] == (4, 4)
    assert network(torch.rand(2, 3, 96, 96)).shape == (2, 128)


def test_the_public_port_loads(tmp_path):
    source, target = (NN4Network("nn4.small2.v1") for _ in range(2))
    ours = source.state_dict()
    stem = {"conv1": 1, "bn1": 2, "conv2": 6, "bn2": 7, "conv3": 9, "bn3": 10, "ln": 25}
    numbers = dict(
        zip(("3a", "3b", "3c", "4a", "4e", "5a", "5b"), (*range(14, 20), 21), strict=True)
    )
    theirs = {}
    for key, value in ours.items():
        head, *rest = key.split(".")
        if key.endswith("num_batches_tracked"):
            continue
        if head in stem:
            theirs[".".join([f"layer{stem[head]}", *rest])] = value
            continue
        _, branch, step, leaf = rest
        kind = "conv" if (step in "03") or (step == "1" and value.dim() == 4) else "bn"
        where = f"layer{numbers[head.removeprefix('incept')]}.seq_list.{branch}"
        theirs[f"{where}.{int(step) + 1}_{kind}.{leaf}"] = value
    torch.save(theirs, tmp_path / "openface.pth")
    load_weights(target, read_weights(tmp_path / "openface.pth", [OPENFACE_PTH]), "openface.pth")
    for name, value in ours.items():
        assert torch.equal(target.state_dict()[name], value), name
