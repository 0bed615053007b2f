"""Streamed faces: the bytes of a stored set, from several threads, with little held."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from harness.align.aligned import AlignedImages
from harness.align.place import Rule, place
from harness.align.templates import template_points
from harness.components import Generator, InputSpec
from harness.errors import DataError
from harness.faces.face import Face, Missing, Slot
from harness.faces.store import FaceSet, shard_path, write_shard
from harness.training.data.streamed import Streamed
from harness.training.data.subset import choose

SPEC = InputSpec(32, 32, "arcface")
COUNTS = np.array([3, 0, 2, 4], np.int32)


class Faces(Generator):
    """Noise with landmarks; some slots are missing or have no landmarks; watches its use."""

    alive = most = 0

    def __init__(self, hidden=(), bare=()):
        super().__init__(None)
        self.hidden, self.bare, self.busy = set(hidden), set(bare), threading.Lock()

    def samples_per_identity(self):
        return COUNTS

    def generate(self, slots):
        assert self.busy.acquire(blocking=False), "two threads use one generator"
        for slot in slots:
            yield self._made(slot)
        self.busy.release()

    def _made(self, slot):
        if slot in self.hidden:
            return Missing(slot, "hidden")
        pixels = np.random.default_rng([slot.identity, slot.sample]).integers(0, 256, (40, 40, 3))
        encoded = cv2.imencode(".png", pixels.astype(np.uint8))[1].tobytes()
        points = None if slot in self.bare else template_points("arcface", 40, 40) + slot.sample
        face = Face(slot, encoded, points)
        Faces.alive += 1
        Faces.most = max(Faces.most, Faces.alive)
        weakref.finalize(face, _gone)
        return face


def _gone():
    Faces.alive -= 1


def streamed(choose_all=lambda i, s: np.ones(len(i), bool), limit=None, **faces):
    opened = []

    def open_generator():
        opened.append(Faces(**faces))
        return opened[-1]

    made = Streamed(open_generator, Rule(), SPEC, choose_all, limit)
    return made, SimpleNamespace(opened=opened)


@pytest.fixture
def stored(tmp_path):
    slots = [Slot(i, n) for i, count in enumerate(COUNTS) for n in range(count)]
    write_shard(shard_path(tmp_path, 0), Faces().generate(slots))
    faces = FaceSet(tmp_path)
    return AlignedImages(faces, place(faces, Rule()), SPEC)


def test_images_and_labels_are_those_of_a_stored_set(stored):
    made, _ = streamed()
    assert made.labels.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]
    for index in range(len(made)):
        assert np.array_equal(made.image(index), stored.image(index))


def test_many_threads_share_few_generators_and_hold_few_faces(stored):
    made, seen = streamed()
    Faces.most = 0
    with ThreadPoolExecutor(3) as pool:
        images = list(pool.map(made.image, list(range(9)) * 40))
    assert all(np.array_equal(image, stored.image(n % 9)) for n, image in enumerate(images))
    assert len(seen.opened) <= 3
    assert Faces.most <= 12


def test_a_limit_and_a_subset_choose_slots():
    made, _ = streamed(limit=3)
    assert made.labels.tolist() == [0, 0, 0, 1, 1]
    part, _ = streamed(lambda i, s: choose(i, s, 1, images=4))
    assert len(part) == 4


def test_what_cannot_be_used_is_replaced_by_the_next_sample_and_counted(stored):
    made, _ = streamed(hidden=[Slot(0, 1)], bare=[Slot(3, 3)])
    assert np.array_equal(made.image(1), stored.image(2))
    assert np.array_equal(made.image(8), stored.image(5))
    assert made.replaced[Slot(0, 1)] == "hidden"
    assert "landmarks" in made.replaced[Slot(3, 3)]


def test_an_identity_without_any_face_is_named():
    made, _ = streamed(hidden=[Slot(2, 0), Slot(2, 1)])
    with pytest.raises(DataError, match=r"identity 2 has no sample with a face.*hidden"):
        made.image(3)
    with pytest.raises(DataError, match="identity 0 of a streamed generator has no face"):
        streamed(hidden=[Slot(0, n) for n in range(3)])
