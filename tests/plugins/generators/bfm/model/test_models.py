"""Landmarks that a model file lacks."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness_plugins.generators.bfm.model.landmarks import NEEDED, complete

MEAN = np.random.default_rng(0).normal(size=(3, 40)).astype(np.float32)
ALL = {name: index for index, name in enumerate(NEEDED)}
WITHOUT_SIDES = {name: vertex for name, vertex in ALL.items() if not name.endswith("face.side")}


def test_ears_are_the_sides(tmp_path):
    ears = {"left.ear.helix.outer": 31, "right.ear.helix.outer": 32}
    found = complete({**WITHOUT_SIDES, **ears}, MEAN, tmp_path)
    assert (found["left.face.side"], found["right.face.side"]) == (31, 32)


def test_without_ears_the_outermost_vertices_are_the_sides(tmp_path):
    found = complete(WITHOUT_SIDES, MEAN, tmp_path)
    assert MEAN[0, found["left.face.side"]] == MEAN[0].max()
    assert MEAN[0, found["right.face.side"]] == MEAN[0].min()


def test_missing_landmarks_are_listed(tmp_path):
    few = {name: vertex for name, vertex in ALL.items() if "lips" not in name}
    with pytest.raises(DataError, match=r"lacks the landmarks left\.lips\.corner, right\.lips"):
        complete(few, MEAN, tmp_path)
