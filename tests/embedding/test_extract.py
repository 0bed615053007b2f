"""Extraction into files: values, failures, and exact resuming."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from harness.components import InputSpec, Model, Params
from harness.embedding import extract as module
from harness.embedding.extract import extract, load
from harness.errors import DataError

NAMES = [f"face-{i}.png" for i in range(11)]


class Means(Model):
    """Embeds an image as the means of its left and right half."""

    input_spec = InputSpec(4, 2, "arcface")
    embedding_size = 2
    images = 0
    stop_after = 10**9

    def embed(self, images):
        self.images += len(images)
        if self.images > self.stop_after:
            raise KeyboardInterrupt
        halves = images.reshape(len(images), 2, 2, 2, 3).mean((1, 3, 4), np.float32)
        with np.errstate(divide="ignore"):
            return np.where(images[:, :1, 0, 0] == 77, np.float32(np.inf), halves)


class Faces:
    """Eleven images; number 4 has no face."""

    def __init__(self, special=None):
        self.special = special

    def __len__(self):
        return len(NAMES)

    def failed(self, index):
        return "no face found" if index == 4 else None

    def image(self, index):
        assert index != 4
        pixels = np.random.default_rng(index).integers(0, 70, (2, 4, 3), np.uint8)
        if index == self.special:
            pixels[0, 0, 0] = 77
        return pixels


def run(folder, model=None, data=None, **options):
    settings = {"mirror": True, "batch_size": 3} | options
    return extract(model or Means(Params()), data or Faces(), NAMES, folder=folder, **settings)


def test_embeds_images_and_their_mirror_images(tmp_path):
    seen = []
    found = run(tmp_path, progress=lambda done, total, unit: seen.append((done, total, unit)))
    assert seen == [(n, 11, "images") for n in (3, 6, 9, 11)]
    assert found.plain.dtype == found.mirror.dtype == np.float32
    for index in set(range(11)) - {4}:
        image = Faces().image(index)
        halves = [image[:, :2].mean(), image[:, 2:].mean()]
        np.testing.assert_allclose(found.plain[index], halves, rtol=1e-6)
        np.testing.assert_allclose(found.mirror[index], halves[::-1], rtol=1e-6)
    assert np.isnan(found.plain[4]).all()
    assert np.isnan(found.mirror[4]).all()
    assert found.enrolled.tolist() == [index != 4 for index in range(11)]
    assert found.failures == (("face-4.png", "no face found"),)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"plain.npy", "mirror.npy", "enrolled.npy", "embeddings.json"}


def test_images_are_made_while_the_network_works_but_not_far_ahead(tmp_path):
    """Batch k is only embedded once an image of batch k + 1 was asked for; memory stays bounded."""
    asked = [threading.Event() for _ in range(60)]
    embedded = []

    class Waits(Means):
        def embed(self, images):
            first = len(embedded) * 3
            if first + 3 < 60:
                assert asked[first + 3].wait(20), "nothing was read while the network worked"
            ahead = max(index for index in range(60) if asked[index].is_set()) - first
            embedded.append(ahead)
            return super().embed(images)

    class Many(Faces):
        def __len__(self):
            return 60

        def failed(self, index):
            return None

        def image(self, index):
            asked[index].set()
            return super().image(index % 4)

    names = [str(index) for index in range(60)]
    extract(Waits(Params()), Many(), names, mirror=False, folder=tmp_path, batch_size=3, threads=2)
    assert len(embedded) == 20
    assert max(embedded) < 3 * 4, "three batches are under way besides the one embedded"


def test_without_mirror_there_is_no_second_file(tmp_path):
    assert run(tmp_path, mirror=False).mirror is None
    assert not (tmp_path / "mirror.npy").exists()


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_batch_size_and_threads_change_nothing(tmp_path, batch):
    first = run(tmp_path / "a")
    again = run(tmp_path / "b", batch_size=batch, threads=1)
    np.testing.assert_array_equal(first.plain, again.plain)


def test_goes_on_where_it_was_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "COMMIT_S", -1.0)
    broken = Means(Params())
    broken.stop_after = 14  # in the third batch
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "a", broken)
    with pytest.raises(DataError, match="no complete embeddings"):
        load(tmp_path / "a")
    second = Means(Params())
    resumed = run(tmp_path / "a", second)
    assert second.images == 2 * (11 - 6)
    whole = run(tmp_path / "b")
    np.testing.assert_array_equal(resumed.plain, whole.plain)
    np.testing.assert_array_equal(resumed.mirror, whole.mirror)


@pytest.mark.parametrize("renamed", [0, 1])
def test_killed_while_putting_files_in_place(tmp_path, monkeypatch, renamed):
    folder = tmp_path / "a"
    monkeypatch.setattr(module._Work, "finish", lambda self: None)
    with pytest.raises(DataError, match="no complete"):
        run(folder)
    monkeypatch.undo()
    if renamed:
        (folder / "plain.partial.npy").rename(folder / "plain.npy")
    model = Means(Params())
    found = run(folder, model)
    assert model.images == 0
    np.testing.assert_array_equal(found.plain, run(tmp_path / "b").plain)


def test_a_finished_folder_is_only_read(tmp_path):
    run(tmp_path)
    model = Means(Params())
    run(tmp_path, model)
    assert model.images == 0


def test_other_settings_start_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "COMMIT_S", -1.0)
    broken = Means(Params())
    broken.stop_after = 14
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, broken)
    model = Means(Params())
    run(tmp_path, model, batch_size=2)
    assert model.images == 22


def test_an_infinite_embedding_names_the_image(tmp_path):
    with pytest.raises(DataError, match=r"face-7\.png: .*not finite"):
        run(tmp_path, data=Faces(special=7))


@pytest.mark.parametrize("part", [np.s_[:, :1], np.s_[:1], np.s_[0]])
def test_embeddings_of_another_shape_are_refused_and_not_stretched(tmp_path, part):
    class Wrong(Means):
        def embed(self, images):
            return super().embed(images)[part]

    with pytest.raises(DataError, match=r"Wrong returned embeddings of shape .* \(N, embedding"):
        run(tmp_path, Wrong(Params()))


def test_wrong_number_of_names_and_empty_data(tmp_path):
    with pytest.raises(DataError, match="1 names cannot belong to 11 images"):
        extract(Means(Params()), Faces(), ["a"], mirror=False, folder=tmp_path)
    with pytest.raises(DataError, match="no images"):
        extract(Means(Params()), [], [], mirror=False, folder=tmp_path)
