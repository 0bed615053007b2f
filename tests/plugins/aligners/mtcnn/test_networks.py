from __future__ import annotations

import pytest
import torch

from harness.errors import DataError, PrerequisiteError
from harness_plugins.aligners.mtcnn.networks import ONet, PNet, RNet, load

NETWORKS = {"pnet": PNet, "rnet": RNet, "onet": ONet}


def loaded(kit, name):
    network = NETWORKS[name]().eval()
    load(network, kit.weights / f"{name}.pt")
    return network


def pixels(seed, count, height, width):
    return torch.randn((count, 3, height, width), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_the_layout_is_the_public_one(kit, name):
    expected = {}
    for layer, shape in kit.layout[name].items():
        expected[f"{layer}.weight"] = shape
        if not layer.startswith("prelu"):
            expected[f"{layer}.bias"] = shape[:1]
    state = NETWORKS[name]().state_dict()
    assert {key: tuple(value.shape) for key, value in state.items()} == expected


@pytest.mark.parametrize("softmax", ["classes", "width"])
@pytest.mark.parametrize("size", [(12, 12), (13, 40), (57, 31)])
@torch.inference_mode()
def test_pnet_against_bare_operations(kit, size, softmax):
    x = pixels(0, 2, *size)
    network = PNet(softmax).eval()
    load(network, kit.weights / "pnet.pt")
    offsets, probability = network(x)
    axis = {"classes": 1, "width": 3}[softmax]
    expected_offsets, expected_probability = kit.plain.pnet(kit.states[0], x, axis)
    assert torch.allclose(offsets, expected_offsets, atol=1e-5)
    assert torch.allclose(probability, expected_probability, atol=1e-5)
    # One cell every two pixels, the last ones within the image.
    assert probability.shape == (2, *((side - 12 + 1) // 2 + 1 for side in size))
    if softmax == "width":
        assert torch.allclose(probability.sum(dim=2), torch.ones(()), atol=1e-5)


@torch.inference_mode()
def test_rnet_against_bare_operations(kit):
    x = pixels(1, 5, 24, 24)
    result = loaded(kit, "rnet")(x)
    for value, expected in zip(result, kit.plain.rnet(kit.states[1], x), strict=True):
        assert torch.allclose(value, expected, atol=1e-5)


@torch.inference_mode()
def test_onet_against_bare_operations(kit):
    x = pixels(2, 5, 48, 48)
    offsets, points, probability = loaded(kit, "onet")(x)
    expected_offsets, columns, expected_probability = kit.plain.onet(kit.states[2], x)
    assert torch.allclose(offsets, expected_offsets, atol=1e-5)
    assert torch.allclose(probability, expected_probability, atol=1e-5)
    # The network gives five x, then five y.
    assert torch.allclose(points[:, :, 0], columns[:, :5], atol=1e-5)
    assert torch.allclose(points[:, :, 1], columns[:, 5:], atol=1e-5)


@torch.inference_mode()
def test_no_crops_give_no_results(kit):
    assert [tuple(part.shape) for part in loaded(kit, "rnet")(pixels(3, 0, 24, 24))] == [
        (0, 4),
        (0,),
    ]
    assert [tuple(part.shape) for part in loaded(kit, "onet")(pixels(3, 0, 48, 48))] == [
        (0, 4),
        (0, 5, 2),
        (0,),
    ]


def test_a_missing_file_is_a_prerequisite(tmp_path):
    with pytest.raises(
        PrerequisiteError, match=r"pnet\.pt is missing; give a folder with pnet\.pt"
    ):
        load(PNet(), tmp_path / "pnet.pt")


def test_other_weights_are_refused_by_entry(kit, tmp_path):
    with pytest.raises(DataError, match=r"rnet\.pt does not fit the network: 4 missing \(conv4_1"):
        load(PNet(), kit.weights / "rnet.pt")
    state = dict(kit.states[0])
    del state["conv3.bias"]
    torch.save(state, tmp_path / "short.pt")
    with pytest.raises(DataError, match=r"1 missing \(conv3\.bias\), none unexpected"):
        load(PNet(), tmp_path / "short.pt")
    torch.save(kit.states[0] | {"extra": torch.zeros(1)}, tmp_path / "long.pt")
    with pytest.raises(DataError, match=r"none missing, 1 unexpected \(extra\)"):
        load(PNet(), tmp_path / "long.pt")
    torch.save(kit.states[0] | {"conv1.bias": torch.zeros(28)}, tmp_path / "wide.pt")
    with pytest.raises(DataError, match=r"conv1\.bias has shape \(28,\) where the network has"):
        load(PNet(), tmp_path / "wide.pt")
    torch.save(kit.states[0] | {"conv1.bias": torch.full((10,), torch.nan)}, tmp_path / "nan.pt")
    with pytest.raises(DataError, match=r"values of conv1\.bias are not finite"):
        load(PNet(), tmp_path / "nan.pt")


def test_weights_with_a_prefix_are_read(kit, tmp_path):
    state = {f"module.{name}": value for name, value in kit.states[0].items()}
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "pnet.pt")
    network = PNet()
    load(network, tmp_path / "pnet.pt")
    assert torch.equal(network.conv1.bias, kit.states[0]["conv1.bias"])


def test_truncated_and_hostile_files_are_refused(kit, tmp_path):
    data = (kit.weights / "pnet.pt").read_bytes()
    path = tmp_path / "pnet.pt"
    for content, message in (
        (b"", "is an empty file"),
        (data[: len(data) // 2], "damaged or cut short"),
        (b"not weights", "is a text file, not a weights file"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"pnet\.pt is .*{message.removeprefix('is ')}"):
            load(PNet(), path)
    torch.save(Trap(tmp_path / "sprung"), path)
    with pytest.raises(DataError, match=r"pnet\.pt"):
        load(PNet(), path)
    assert not (tmp_path / "sprung").exists()
    torch.save([1, 2], path)
    with pytest.raises(DataError, match="holds no state dict but a list"):
        load(PNet(), path)


class Trap:
    """Unpickling this would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (type(self.path).touch, (self.path,))
