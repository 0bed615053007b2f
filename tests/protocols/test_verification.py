"""The common part of benchmarks of pairs, on a benchmark made here."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness.errors import DataError
from harness.protocols.base import Embeddings
from harness.protocols.params import PairParams
from harness.protocols.readers.lists import Pair
from harness.protocols.verification import (
    Listing,
    PairBenchmark,
    existing,
    person_by_folder,
    person_by_number,
)

PAIRS = [
    Pair("a/1", "a/2", True, 0),
    Pair("a/1", "b/1", False, 0),
    Pair("b/1", "b/2", True, 1),
    Pair("a/2", "b/2", False, 1),
]


class Made(PairBenchmark):
    title = "made"
    official_pairs = 6

    def listing(self):
        root = self.params.root
        return Listing({"verification": PAIRS}, root, root / "list.txt", subject=person_by_folder)


@pytest.fixture
def root(tmp_path):
    for name in ("a/1", "a/2", "b/1", "b/2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def prepared(root, limit=None, **settings) -> Made:
    benchmark = Made(PairParams(root=root, **settings))
    benchmark.prepare(SimpleNamespace(limit=limit))
    return benchmark


def test_pairs_become_rows_of_the_images(root):
    pairs = prepared(root).comparison("verification")
    assert list(pairs.image_names) == ["a/1", "a/2", "b/1", "b/2"]
    assert pairs.first.tolist() == [0, 0, 2, 1]
    assert pairs.second.tolist() == [1, 2, 3, 3]
    assert pairs.subjects.tolist() == [[0, 0], [0, 1], [1, 1], [0, 1]]
    assert pairs.protocol()["id"] == "made/insightface@1"


def test_cautions_become_warnings_of_the_result(root):
    pairs = prepared(root, flip="none").comparison("verification")
    plain = np.array([[1, 0.1], [1, 0], [0, 1], [0.1, 1]], np.float32)
    scores = pairs.score(Embeddings(plain, None, np.ones(4, bool), pairs.image_names))
    found = pairs.evaluate(scores, 0)
    assert "list.txt lists 4 pairs, the official list has 6" in found.warnings
    assert found.metrics[0].value == 1.0


def test_a_limit_is_of_each_kind_and_fold(root):
    assert len(prepared(root, limit=1).comparison("verification").first) == 4


def test_absent_images_are_counted_and_named(root):
    (root / "a/2").unlink()
    (root / "b/2").unlink()
    with pytest.raises(
        DataError, match=r"list.txt: image a/2 is not in .* \(2 of 4 images are absent\)"
    ):
        prepared(root)


def test_the_layout_is_found_or_named(root):
    assert existing(root, "x", "b") == root / "b"
    with pytest.raises(DataError, match=r"holds none of x, y"):
        existing(root, "x", "y")


def test_people_in_names():
    assert person_by_folder("Asian/m.1/m.1_0001.jpg") == "m.1"
    assert person_by_number("Van_der_Sar_0002.jpg") == "Van_der_Sar"
