"""Parts of an extraction joined: the bytes of extracting all images at once."""

from __future__ import annotations

import numpy as np
import pytest

from harness.components import InputSpec, Model, Params
from harness.embedding.concatenated import concatenate
from harness.embedding.extract import extract
from harness.errors import DataError

COUNT = 11


class Corners(Model):
    """The first pixels of an image, and its place in the batch."""

    input_spec = InputSpec(4, 3, "arcface")
    embedding_size = 4

    def embed(self, images):
        place = np.arange(len(images), dtype=np.float32)[:, None]
        return np.concatenate([images[:, 0, 0].astype(np.float32), place], axis=1)


class Some:
    """Images ``first`` to ``last - 1`` of eleven; the fifth has no face."""

    def __init__(self, first: int, last: int) -> None:
        self.numbers = range(first, last)

    def __len__(self) -> int:
        return len(self.numbers)

    def failed(self, index):
        return "no face found" if self.numbers[index] == 4 else None

    def image(self, index):
        return np.random.default_rng(self.numbers[index]).integers(0, 256, (3, 4, 3), np.uint8)


def extracted(folder, first, last, *, mirror):
    names = [f"face-{number}.png" for number in range(first, last)]
    extract(Corners(Params()), Some(first, last), names, mirror=mirror, folder=folder, batch_size=3)
    return folder


@pytest.mark.parametrize("mirror", [True, False])
def test_joined_parts_are_the_whole(tmp_path, mirror):
    whole = extracted(tmp_path / "whole", 0, COUNT, mirror=mirror)
    cuts = [(0, 3), (3, 9), (9, COUNT)]  # of whole batches
    parts = [extracted(tmp_path / str(cut), *cut, mirror=mirror) for cut in cuts]
    joined = tmp_path / "joined"
    joined.mkdir()
    concatenate(parts, joined)
    names = {path.name for path in whole.iterdir()}
    assert {path.name for path in joined.iterdir()} == names
    for name in names:
        assert (joined / name).read_bytes() == (whole / name).read_bytes(), name


def test_a_part_that_is_not_complete_is_refused(tmp_path):
    part = extracted(tmp_path / "part", 0, 3, mirror=False)
    (part / "embeddings.json").unlink()
    with pytest.raises(DataError, match="no complete embeddings"):
        concatenate([part], tmp_path)
