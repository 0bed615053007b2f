from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness_plugins.generators.digi2real import source
from harness_plugins.generators.digi2real.embedding import RandomProjection
from harness_plugins.generators.digi2real.prototypes import prototype


def test_blocks_are_kept_and_taken_up_again(context, patches, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "BLOCK", 4)
    images = patches(3, 3)
    ctx = context(root=tmp_path)

    class Failing(RandomProjection):
        calls = 0

        def embed(self, crops):
            Failing.calls += 1
            if Failing.calls == 2:
                raise KeyboardInterrupt
            return super().embed(crops)

    every = np.arange(9)
    with pytest.raises(KeyboardInterrupt):
        source.embed_images(ctx, images, every, Failing(8), "source")
    done = source.embed_images(ctx, images, every, Failing(8), "source")
    assert Failing.calls == 4  # three blocks, the second twice
    assert done.vectors.shape == (9, 8)
    assert np.linalg.norm(done.vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert done.whole == 9
    other = source.embed_images(
        context(root=tmp_path, seed=99), images, every, Failing(8), "source"
    )
    assert Failing.calls == 4
    assert (other.vectors == done.vectors).all()
    assert len(set(done.digests)) == 9


def test_an_unreadable_image_is_named_and_the_others_stay(context, patches, tmp_path):
    images = patches(2, 2)
    read = images.read
    images.read = lambda index: b"broken" if index == 1 else read(index)
    done = source.embed_images(
        context(root=tmp_path), images, np.arange(4), RandomProjection(8), "source"
    )
    assert [bool(text) for text in done.problems] == [False, True, False, False]
    assert "0/1" in done.problems[1]
    assert np.isnan(done.vectors[1]).all()
    assert np.isfinite(done.vectors[[0, 2, 3]]).all()


def test_identities_and_the_reasons_of_those_that_are_none(random_units, tmp_path):
    faces = random_units(9, 16)
    nothing = np.full(16, np.nan, np.float32)
    rows = np.stack(
        [faces[0], faces[1], nothing, nothing, faces[2], faces[3], -faces[3], faces[4], faces[4],
         -faces[4]]
    )  # fmt: skip
    subjects = np.array([3, 3, 3, 5, 8, 9, 9, 20, 20, 20])
    source.make_identities(subjects, rows, tmp_path)
    made = source.Identities(tmp_path)
    assert made.numbers.tolist() == [3, 8, 20]
    assert len(made) == 3
    assert made[0].prototype == pytest.approx(prototype(faces[:2]))
    assert made[0].samples == pytest.approx(faces[:2])
    assert made[1].samples == pytest.approx(faces[2:3])
    assert made[2].samples == pytest.approx(faces[[4, 4]])
    assert (made.single, made.opposite) == (1, 1)
    assert made.rejected.keys() == {"5", "9"}
    assert "no image" in made.rejected["5"]
    assert "cancel" in made.rejected["9"]


def test_a_source_without_identities_is_refused(tmp_path):
    with pytest.raises(DataError, match="no image"):
        source.make_identities(np.array([1]), np.full((1, 4), np.nan, np.float32), tmp_path)


def test_samples_are_drawn_without_replacement():
    subjects = np.repeat([4, 2, 7], [8, 3, 5])
    chosen = source.choose_samples(subjects, 5, np.random.default_rng(0))
    assert (np.diff(chosen) > 0).all()
    assert np.unique(subjects[chosen], return_counts=True)[1].tolist() == [3, 5, 5]
    others = source.choose_samples(subjects, 5, np.random.default_rng(1))
    assert chosen.tolist() != others.tolist()
    counts = np.zeros(8)
    for seed in range(400):
        counts[source.choose_samples(subjects[:8], 2, np.random.default_rng(seed))] += 1
    assert counts == pytest.approx(100, abs=35)
