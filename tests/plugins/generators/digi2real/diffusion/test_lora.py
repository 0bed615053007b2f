"""Low-rank changes merged into weights, against the formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from harness.errors import DataError
from harness_plugins.generators.digi2real.diffusion.lora import merge


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.down = torch.nn.ModuleList([torch.nn.Linear(5, 7)])
        self.conv = torch.nn.Conv2d(3, 4, 3)

    @classmethod
    def zero(cls):
        made = cls()
        for weight in made.parameters():
            torch.nn.init.zeros_(weight)
        return made


def entries(rank=2):
    rng = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(shape, generator=rng)  # noqa: E731
    return {
        "lora_unet_down_0.lora_down.weight": draw(rank, 5),
        "lora_unet_down_0.lora_up.weight": draw(7, rank),
        "lora_unet_down_0.alpha": torch.tensor(1.0),
        "lora_unet_conv.lora_down.weight": draw(rank, 3, 3, 3),
        "lora_unet_conv.lora_up.weight": draw(4, rank, 1, 1),
        "lora_unet_conv.alpha": torch.tensor(8.0),
    }


def test_the_product_is_added_once(tmp_path):
    changes = entries()
    save_file(changes, tmp_path / "lora.safetensors")
    net = Net.zero()
    assert merge(net, tmp_path / "lora.safetensors") == 2
    up, down = (changes[f"lora_unet_down_0.lora_{k}.weight"].numpy() for k in ("up", "down"))
    assert net.down[0].weight.detach().numpy() == pytest.approx(0.5 * up @ down, abs=1e-6)
    up, down = (changes[f"lora_unet_conv.lora_{k}.weight"] for k in ("up", "down"))
    # a low-rank convolution is two of them, one after the other
    image = torch.randn((1, 3, 6, 6), generator=torch.Generator().manual_seed(1))
    expected = 4 * torch.nn.functional.conv2d(torch.nn.functional.conv2d(image, down), up)
    assert np.abs((net.conv(image) - expected).detach().numpy()).max() < 1e-4


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda e: {**e, "lora_te_x.alpha": torch.ones(())}, "unknown entry lora_te_x"),
        (lambda e: {k.replace("conv", "other"): v for k, v in e.items()}, "no layer other"),
        (lambda e: {k: v for k, v in e.items() if k != "lora_unet_conv.alpha"}, "lacks alpha"),
        (lambda e: {**e, "lora_unet_conv.lora_up.weight": torch.ones(5, 2, 1, 1)}, "another shape"),
        (lambda e: {}, "changes no layer"),
    ],
)
def test_other_files_are_refused(tmp_path, change, reason):
    save_file(change(entries()), tmp_path / "lora.safetensors")
    with pytest.raises(DataError, match=reason):
        merge(Net.zero(), tmp_path / "lora.safetensors")
    (tmp_path / "lora.safetensors").write_bytes(b"no tensors")
    with pytest.raises(DataError, match="cannot be read"):
        merge(Net.zero(), tmp_path / "lora.safetensors")
