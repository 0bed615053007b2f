"""The main job on real faces: LFW folds 1-5 with a public network, and its reference figures."""

from __future__ import annotations

import json

import numpy as np
import pytest

FOLDS = (0.9917, 0.9950, 0.9967, 0.9850, 0.9883)  # the reference embeddings, squared-L2 grid rule


def arguments(real) -> list[str]:
    network = real / "mobilefacenet-foamliu" / "MobileFaceNet.onnx"
    return ["run", "-m", "onnx", "-M", f"path={network}", "-M", "preset=imagenet", "-b", "lfw",
            "-B", f"root={real / 'lfw'}", "-B", "pairs=pairs_folds_1-5.txt", "-B",
            "landmarks=lfw_landmark.txt", "-B", "flip=none"]  # fmt: skip


def result_of(tmp_path) -> dict:
    (file,) = tmp_path.glob("study/cells/*/result.json")
    return json.loads(file.read_text())


def cosine_distances(home, real) -> np.ndarray:
    """Between our embeddings and the reference ones, by image."""
    reference = np.load(real / "mobilefacenet-foamliu" / "lfw_folds_1-5_reference.npz")
    rows = {name.split("lfw/")[-1]: row for row, name in enumerate(reference["names"])}
    (ours,) = home.glob("store/embeddings/*/*/plain.npy")
    lines = (real / "lfw" / "pairs_folds_1-5.txt").read_text().splitlines()[1:]
    plain = np.load(ours)
    names = sorted(_names(lines, len(plain)))
    theirs = reference["embeddings"][[rows[name] for name in names]]
    dot = (plain * theirs).sum(1)
    return 1 - dot / np.linalg.norm(plain, axis=1) / np.linalg.norm(theirs, axis=1)


def _names(lines: list[str], count: int) -> set[str]:
    """Images of the first pairs of each kind and fold that give ``count`` images."""
    for limit in range(1, 301):
        chosen: set[str] = set()
        for start in range(0, len(lines), 300):
            for line in lines[start : start + limit]:
                words = line.split("\t")
                pairs = [
                    (words[0], words[1]),
                    (words[-2] if len(words) == 4 else words[0], words[-1]),
                ]
                chosen.update(f"{n}/{n}_{int(k):04d}.jpg" for n, k in pairs)
        if len(chosen) == count:
            return chosen
    raise AssertionError(f"no limit gives {count} images")


def test_a_part_of_lfw(harness_command, home, real, tmp_path):
    harness_command(*arguments(real), "--limit", "30", toys=False)
    metric = next(m for m in result_of(tmp_path)["metrics"] if m["headline"])
    assert metric["value"] >= 0.98
    assert cosine_distances(home, real).max() < 1e-3


@pytest.mark.slow
def test_lfw_folds_1_to_5(harness_command, home, real, tmp_path):
    harness_command(*arguments(real), toys=False)
    result = result_of(tmp_path)
    folds = [m["value"] for m in result["metrics"] if "fold" in m["at"]]
    assert folds == pytest.approx(FOLDS, abs=1.5 / 600)
    assert 0.990 <= next(m for m in result["metrics"] if m["headline"])["value"] <= 0.993
    assert result["protocol"]["placed_by"] == {"given": 3811}
    assert cosine_distances(home, real).max() < 1e-3
