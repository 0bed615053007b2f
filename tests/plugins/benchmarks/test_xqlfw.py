"""XQLFW: LFW's list under its own name, images in a folder of an odd name."""

from __future__ import annotations

import pytest

from harness.errors import DataError
from harness_plugins.benchmarks.xqlfw.benchmark import FOLDERS, Xqlfw
from harness_plugins.benchmarks.xqlfw.params import XqlfwParams


@pytest.fixture
def xqlfw(tmp_path, paint, five):
    """Four people in two folds, and a landmark table with a face that was not found."""
    root = tmp_path / "xqlfw"
    rows = []
    for person in range(4):
        for number in (1, 2):
            name = f"P{person}/P{person}_{number:04d}.jpg"
            paint(root / FOLDERS[0] / name, person, number)
            points = five.ravel() if (person, number) != (3, 2) else ["nan"] * 10
            rows.append("\t".join(map(str, [name, *points])))
    (root / "points.tsv").write_text("\n".join(rows))
    lines = ["2\t2"]
    for a, b in ((0, 1), (2, 3)):
        lines += [f"P{a}\t1\t2", f"P{b}\t1\t2", f"P{a}\t1\tP{b}\t2", f"P{b}\t1\tP{a}\t2"]
    (root / "xqlfw_pairs.txt").write_text("\n".join(lines))
    return root


def test_accuracy_by_the_command(results, xqlfw):
    (result,) = results("xqlfw", "root=xqlfw", "landmarks=points.tsv", "flip=none").values()
    # The pair of the face that was not found is never accepted: one of eight is wrong.
    assert result["accuracy"] == pytest.approx(7 / 8)
    assert any("no face in 1 of 8 images" in warning for warning in result["warnings"])
    assert result["enrolment"]["failure_rate"] == 1 / 8


def test_folders_and_templates(prepared, xqlfw):
    (xqlfw / FOLDERS[0]).rename(xqlfw / "xqlfw_aligned_112")
    with pytest.raises(DataError, match="holds none of lfw_original_imgs"):
        prepared(Xqlfw, XqlfwParams(root=xqlfw))
    benchmark = prepared(
        Xqlfw, XqlfwParams(root=xqlfw, images="xqlfw_aligned_112", template="arcface")
    )
    assert benchmark.images().template == "arcface"
    assert len(set(benchmark.images().subjects)) == 4
