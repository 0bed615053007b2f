"""Landmarks of real faces are not doubted, and the common mistakes with them are."""

from __future__ import annotations

import numpy as np
import pytest

from harness.align.doubt import misfits, residual
from harness.align.place import Rule, place
from harness.errors import DataError
from harness.faces.files import ImageFiles
from harness.protocols.readers.landmark_files import read_scored_points


@pytest.fixture
def sets(real):
    """Names and points (N, 5, 2) in pixels of LFW (given) and CFP (by MTCNN), and their folders."""
    found = {}
    for name, file, folder, scale in (
        ("lfw", "lfw/lfw_landmark.txt", "lfw/lfw", 0.6),
        ("cfp", "cfp/cfp_landmark.tsv", "cfp/cfp-dataset/Data/Images", 1.0),
    ):
        points, root = read_scored_points(real / file), real / folder
        there = [n for n, p in points.items() if np.isfinite(p).all() and (root / n).exists()]
        found[name] = (there, np.stack([points[n] for n in there]) * scale, root)
    return found


def test_real_faces_are_not_doubted(sets):
    for names, points, folder in sets.values():
        assert len(names) > 1000
        placed = place(ImageFiles(folder, names, landmarks=points.astype(np.float32)), Rule())
        assert not placed.failed.any()
    profile = np.array(["profile" in name for name in sets["cfp"][0]])
    assert np.quantile(residual(sets["cfp"][1][profile]), 0.99) < 0.55
    assert np.quantile(residual(sets["lfw"][1]), 0.99) < 0.35


@pytest.mark.parametrize("order", [(1, 0, 2, 3, 4), (0, 1, 2, 4, 3), (1, 0, 2, 4, 3)])
def test_wrong_orders_of_real_points_are_found_image_by_image(sets, order):
    _, lfw, _ = sets["lfw"]
    assert np.mean([bool(reason) for reason in misfits(lfw[:, order])]) > 0.99
    _, cfp, _ = sets["cfp"]
    assert np.mean([bool(reason) for reason in misfits(cfp[:, order])]) > 0.9


@pytest.mark.parametrize("factor", [0.45, 0.6, 0.7, 1 / 0.6, 10])
def test_points_of_another_scale_stop(sets, factor):
    names, points, folder = sets["lfw"]
    wrong = (points[:200] * factor).astype(np.float32)
    with pytest.raises(DataError, match="images of another size"):
        place(ImageFiles(folder, names[:200], landmarks=wrong), Rule())
