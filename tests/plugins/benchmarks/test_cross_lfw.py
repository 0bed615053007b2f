"""CALFW and CPLFW in their official layout: genuine pairs first, two lines per pair."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness_plugins.benchmarks.cross_lfw.benchmark import Calfw, Cplfw
from harness_plugins.benchmarks.cross_lfw.params import CalfwParams, CplfwParams

PEOPLE = 10


@pytest.fixture
def calfw(tmp_path, paint, five):
    """Ten people, two images each, twenty pairs; the mark of a genuine pair is its fold."""
    root = tmp_path / "calfw"
    names = {}
    for person in range(PEOPLE):
        for number in (1, 2):
            name = f"Van_der_P{person}_{number:04d}"
            names[person, number] = f"{name}.jpg"
            paint(root / "images" / f"{name}.jpg", person, number)
            (root / "CA_landmarks").mkdir(exist_ok=True)
            points = "\n".join(f"{x:.2f} {y:.2f}" for x, y in five)
            (root / "CA_landmarks" / f"{name}_5loc_attri.txt").write_text(points + "\n")
    lines = [f"{names[p, n]} {p + 1}" for p in range(PEOPLE) for n in (1, 2)]
    for person in range(PEOPLE):
        lines += [f"{names[person, 1]} 0", f"{names[(person + 1) % PEOPLE, 2]} 0"]
    (root / "pairs_CALFW.txt").write_text("\r\n".join(lines))
    (root / "pairs_CPLFW.txt").write_text(
        "\n".join(line if line.endswith(" 0") else line.split()[0] + " 1" for line in lines) + "\n"
    )
    return root


def test_accuracy_by_the_command(results, calfw):
    (result,) = results("calfw", "root=calfw", "landmarks=CA_landmarks", "flip=none").values()
    assert result["accuracy"] == 1.0
    protocol = result["protocol"]
    assert (protocol["n_genuine"], protocol["n_impostor"], protocol["folds"]) == (10, 10, 10)
    assert protocol["id"] == "calfw/insightface@1"
    assert any("20 pairs, the official list has 6000" in w for w in result["warnings"])


def test_both_lists_give_balanced_folds_and_people(prepared, calfw):
    settings = {"root": calfw, "landmarks": "CA_landmarks"}
    one = prepared(Calfw, CalfwParams(**settings)).comparison("verification")
    two = prepared(Cplfw, CplfwParams(**settings)).comparison("verification")
    assert one.protocol()["pairs_sha256"] == two.protocol()["pairs_sha256"]
    for fold in range(10):
        assert one.genuine[one.fold == fold].tolist() == [True, False]
    same = one.subjects[:, 0] == one.subjects[:, 1]
    np.testing.assert_array_equal(same, one.genuine)


def test_labels_against_the_names_are_told_and_kept(prepared, calfw):
    file = calfw / "pairs_CPLFW.txt"
    lines = file.read_text().splitlines()
    lines[1] = "Van_der_P5_0002.jpg 1"
    file.write_text("\n".join(lines))
    benchmark = prepared(Cplfw, CplfwParams(root=calfw))
    told = benchmark.cautions("verification")
    assert any("1 labels contradict the names" in line for line in told), told
    assert benchmark.comparison("verification").genuine.sum() == 10


def test_what_is_missing_is_named(prepared, calfw):
    params = CalfwParams(root=calfw, landmarks="CA_landmarks")
    (calfw / "CA_landmarks/Van_der_P3_0002_5loc_attri.txt").unlink()
    with pytest.raises(DataError, match=r"1 of 20 landmark files are absent.*P3_0002_5loc"):
        prepared(Calfw, params)
    (calfw / "images/Van_der_P2_0001.jpg").unlink()
    with pytest.raises(DataError, match=r"line \d+: image Van_der_P2_0001.jpg .*1 of \d+ images"):
        prepared(Calfw, params)
    (calfw / "pairs_CALFW.txt").unlink()
    with pytest.raises(DataError, match=r"holds none of pairs_CALFW.txt"):
        prepared(Calfw, params)


def test_a_limit_and_chosen_folds_read_only_their_images(prepared, calfw):
    assert len(prepared(Calfw, CalfwParams(root=calfw, folds=(1, 2))).images()) == 5
    (calfw / "images/Van_der_P7_0001.jpg").unlink()
    prepared(Calfw, CalfwParams(root=calfw, folds=(1, 2)))
