"""Pairs of one image in two files of different bytes."""

from __future__ import annotations

import numpy as np
import pytest

from harness.engine.twins import twin_notes
from harness.protocols.base import Embeddings


class Files:
    """Images by name: their bytes are what is given."""

    def __init__(self, contents):
        self.contents = contents

    def read(self, index):
        return self.contents[index]


def told(rows, pairs, *, contents=None, enrolled=None):
    rows = np.asarray(rows, np.float32)
    count = len(rows)
    there = np.ones(count, np.bool_) if enrolled is None else np.array(enrolled)
    names = [f"{k}.png" for k in range(count)]
    first, second = np.array(pairs, np.int32).T
    columns = {"first": first, "second": second, "genuine": first == first}
    files = Files(contents or [bytes([k]) for k in range(count)])
    return list(twin_notes(columns, Embeddings(rows, None, there, names), files))


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(8, 64)).astype(np.float32)


PAIRS = [(0, 1), (2, 3), (4, 5), (6, 7)]


def test_different_images_say_nothing(rows):
    assert told(rows, PAIRS) == []


def test_one_image_saved_twice(rows):
    rows[3], rows[6] = rows[2], 3 * rows[7]  # a length is no difference
    (text,) = told(rows, PAIRS)
    assert text.startswith("2 of 4 pairs compare two images with the same embedding")
    assert "(similarity 1 within 1e-06: 2.png with 3.png, 6.png with 7.png)" in text


def test_rounding_is_no_difference_and_small_noise_is(rows):
    rows[3] = rows[2] * (1 + 1e-6 * np.random.default_rng(1).normal(size=64))
    assert told(rows, PAIRS)
    rows[3] = rows[2] * (1 + 1e-2 * np.random.default_rng(1).normal(size=64))
    assert told(rows, PAIRS) == []


def test_an_image_with_itself_and_equal_bytes_are_counted_elsewhere(rows):
    rows[3] = rows[2]
    contents = [b"0", b"1", b"2", b"2", b"4", b"5", b"6", b"7"]
    assert told(rows, [*PAIRS, (4, 4)], contents=contents) == []


def test_a_network_that_tells_little_apart_makes_no_copies(rows):
    near = np.ones((8, 64), np.float32) + 1e-3 * rows
    assert told(near, PAIRS) == []
    near[3] = near[2]
    assert len(told(near, PAIRS)) == 1


def test_faces_that_were_not_found_are_no_copies(rows):
    rows[2:4] = np.nan
    assert told(rows, PAIRS, enrolled=[True, True, False, False, True, True, True, True]) == []


def test_comparisons_of_templates_are_left_alone(rows):
    embeddings = Embeddings(rows, None, np.ones(8, np.bool_), ["x"] * 8)
    assert list(twin_notes({"score": np.zeros(3)}, embeddings, Files([]))) == []
