"""CFP, folds 1 and 2, from the official files: the lists, and a public network's accuracy."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from harness.errors import DataError
from harness_plugins.benchmarks.cfp.benchmark import CfpFf, CfpFp
from harness_plugins.benchmarks.cfp.params import CfpParams

VIEWS = {"cfp-fp": ("FP", "frontal", "profile"), "cfp-ff": ("FF", "frontal", "frontal")}
ACCURACY = {"cfp-fp": 0.8421, "cfp-ff": 0.9807}  # measured, image alone, given landmarks


def plain_pairs(real, benchmark):
    """The pairs of folds 1 and 2 from the numbers alone: 10 frontal and 4 profile images each."""
    split, *views = VIEWS[benchmark]
    found = []
    for fold in (0, 1):
        for kind in ("same", "diff"):
            folder = real / "cfp/cfp-dataset/Protocol/Split" / split / f"{fold + 1:02d}"
            for line in (folder / f"{kind}.txt").read_text().split():
                names = []
                for number, view in zip(map(int, line.split(",")), views, strict=True):
                    person, place = divmod(number - 1, 10 if view == "frontal" else 4)
                    names.append(f"{person + 1:03d}/{view}/{place + 1:02d}.jpg")
                found.append((*names, kind == "same", fold))
    return found


@pytest.fixture
def cfp(real):
    if not (real / "cfp/cfp-dataset").is_dir():
        pytest.skip("CFP is not here")
    return real / "cfp"


@pytest.mark.parametrize(("name", "cls"), [("cfp-fp", CfpFp), ("cfp-ff", CfpFf)])
def test_the_official_lists(cfp, real, name, cls):
    benchmark = cls(CfpParams(root=cfp, landmarks="cfp_landmark.tsv", folds=(1, 2)))
    benchmark.prepare(SimpleNamespace(limit=None))
    pairs = benchmark.comparison("verification")
    names = pairs.image_names
    read = [
        (names[a], names[b], bool(g), int(k))
        for a, b, g, k in zip(pairs.first, pairs.second, pairs.genuine, pairs.fold, strict=True)
    ]
    assert read == plain_pairs(real, name)
    assert len(read) == 1400
    # The official lists of frontal pairs name 25 pairs twice, and CFP holds some images under two
    # names: two genuine pairs are of copies, and two more pairs are repeated through a copy.
    said_of = {
        "cfp-ff": [
            "FF: 2 of 1,400 pairs compare an image with itself",
            "FF: 27 of 1,400 pairs occur earlier in the list",
        ],
        "cfp-fp": [],
    }
    said = benchmark.cautions("verification")
    assert [caution.partition(" (")[0] for caution in said] == said_of[name]
    assert ((pairs.subjects[:, 0] == pairs.subjects[:, 1]) == pairs.genuine).all()


def test_folds_without_images_are_named(cfp):
    with pytest.raises(DataError, match=r"images are absent.*choose the folds you have"):
        CfpFp(CfpParams(root=cfp)).prepare(SimpleNamespace(limit=None))


def naive_accuracy(pairs, names, embeddings) -> float:
    """Each fold at the best of 400 thresholds on the other, pair by pair; NaN is not a match."""
    rows = {name: row for row, name in enumerate(names)}
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    distance = np.array([np.sum((unit[rows[a]] - unit[rows[b]]) ** 2) for a, b, _, _ in pairs])
    genuine, fold = (np.array([pair[k] for pair in pairs]) for k in (2, 3))
    accuracies = []
    for k in (0, 1):
        train, test = fold != k, fold == k
        right = [np.mean((distance[train] < t) == genuine[train]) for t in np.arange(0, 4, 0.01)]
        threshold = np.arange(0, 4, 0.01)[int(np.argmax(right))]
        accuracies.append(np.mean((distance[test] < threshold) == genuine[test]))
    return float(np.mean(accuracies))


@pytest.mark.slow
@pytest.mark.parametrize("name", VIEWS)
def test_accuracy_of_a_public_network(harness_command, home, cfp, real, tmp_path, name):
    network = real / "mobilefacenet-foamliu/MobileFaceNet.onnx"
    harness_command("run", "-m", "onnx", "-M", f"path={network}", "-M", "preset=imagenet",
                    "-b", name, "-B", f"root={cfp}", "-B", "landmarks=cfp_landmark.tsv",
                    "-B", "folds=[1, 2]", "-B", "flip=none", toys=False)  # fmt: skip
    (file,) = tmp_path.glob("study/cells/*/result.json")
    result = json.loads(file.read_text())
    value = next(m["value"] for m in result["metrics"] if m["headline"])
    pairs = plain_pairs(real, name)
    (stored,) = home.glob("store/embeddings/*/*/plain.npy")
    names = sorted({image for pair in pairs for image in pair[:2]})
    with np.errstate(invalid="ignore"):
        expected = naive_accuracy(pairs, names, np.load(stored).astype(np.float64))
    assert value == pytest.approx(expected, abs=1e-9)
    assert value == pytest.approx(ACCURACY[name], abs=0.003)
