from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.components import InputSpec
from harness.errors import DataError
from harness.training import outputs as module
from harness.training.outputs import outputs

SPEC = InputSpec(4, 4, "arcface", mean=(0.5,) * 3, std=(0.5,) * 3)
CPU = torch.device("cpu")


class Faces:
    """Image k is grey k; 99 cannot be read."""

    labels = np.zeros(256, np.int64)

    def __len__(self):
        return 256

    def image(self, index):
        if index == 99:
            raise DataError("image 99 is truncated")
        return np.full((4, 4, 3), index, np.uint8)


@pytest.mark.parametrize("threads", [1, 3])
def test_rows_are_those_of_the_numbers_in_their_order(monkeypatch, threads):
    monkeypatch.setattr(module, "BATCH", 7)
    sizes, shown = [], []

    def forward(images):
        assert torch.is_inference_mode_enabled()
        sizes.append(len(images))
        return images.flatten(1)[:, :2].bfloat16()

    numbers = np.random.default_rng(0).permutation(80)
    rows = outputs(
        forward, Faces(), numbers, SPEC, CPU,
        threads=threads, progress=lambda *told: shown.append(told),
    )  # fmt: skip
    expected = torch.from_numpy((numbers / 255 - 0.5) / 0.5).float()[:, None].expand(-1, 2)
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, expected.bfloat16().float())
    assert sizes == [7] * 11 + [3]
    assert shown[-1] == (80, 80, "images")
    assert [done for done, *_ in shown] == np.cumsum(sizes).tolist()


def test_an_image_that_cannot_be_read_ends_it():
    with pytest.raises(DataError, match="99 is truncated"):
        outputs(lambda images: images.flatten(1), Faces(), range(120), SPEC, CPU)
