"""Folders that the generator reads: through links, and without what is hidden."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from harness.errors import DataError
from harness_plugins.generators.bfm.background import image_files
from harness_plugins.generators.bfm.bip import read_lights
from harness_plugins.generators.bfm.rerender import grouped


def light(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.full((9, 3), float(value)).tolist()
    path.write_text(json.dumps({"version": "V4.0", "environmentMap": {"coefficients": rows}}))


def image(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((4, 4, 3), np.uint8))


def test_backgrounds_are_found_through_links_and_hidden_ones_are_not(tmp_path):
    image(tmp_path / "elsewhere" / "b.PNG")
    root = tmp_path / "data"
    for name in ("a.png", "._a.png", ".ipynb_checkpoints/a.png", "sub/c.jpg"):
        image(root / name)
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    found = [path.relative_to(root).as_posix() for path in image_files(root)]
    assert found == ["a.png", "linked/b.PNG", "sub/c.jpg"]


@pytest.mark.parametrize("inner", ["", "parameters"])
def test_lights_are_found_through_links_and_hidden_ones_are_not(tmp_path, inner):
    light(tmp_path / "elsewhere" / "2.rps", 2)
    root = tmp_path / "data"
    light(root / inner / "1.rps", 1)
    light(root / inner / "._1.rps", 9)
    (root / inner / "2.rps").symlink_to(tmp_path / "elsewhere" / "2.rps")
    assert read_lights(root)[:, 0, 0].tolist() == [1.0, 2.0]


def test_scenes_are_found_through_links_and_hidden_ones_are_not(tmp_path):
    light(tmp_path / "elsewhere" / "1.rps", 1)
    root = tmp_path / "data"
    light(root / "a" / "1.rps", 1)
    light(root / "a" / ".cache" / "1.rps", 1)
    light(root / "a" / "._1.rps", 1)
    (root / "b").symlink_to(tmp_path / "elsewhere")
    found = [[path.relative_to(root).as_posix() for path in group] for group in grouped(root)]
    assert found == [["a/1.rps"], ["b/1.rps"]]
    (root / "b" / "loop").symlink_to(root)
    with pytest.raises(DataError, match="loop is a link to a folder"):
        grouped(root)
