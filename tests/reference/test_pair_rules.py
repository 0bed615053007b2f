"""Rules for pairs in folds against facenet, insightface and OpenFace."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.interpolate import BSpline
from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold
from sklearn.preprocessing import normalize

from harness.protocols.base import Embeddings
from harness.protocols.pairs import PairFolds

FOLDS, PAIRS = 10, 2000
GRID, FINE = np.arange(0, 4, 0.01), np.arange(0, 4, 0.001)


def spline(x, y, kind):
    """What SciPy gave for ``slinear`` before 1.5; since then it refuses points that repeat."""
    assert kind == "slinear"
    return BSpline.construct_fast(np.concatenate([x[:1], x, x[-1:]]), y, 1)


class Scene:
    """Pairs of random people: raw embeddings of images and mirrored images, some of them equal."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        size = int(rng.choice([3, 6, 16]))
        people = rng.normal(0.15, 1, (PAIRS, 2, size))
        self.same = np.arange(PAIRS) // (PAIRS // FOLDS // 2) % 2 == 0
        people[self.same, 1] = people[self.same, 0]
        lengths = rng.uniform(1, 30, (2, PAIRS, 2, 1))
        views = (people + 0.8 * rng.normal(size=(2, *people.shape))) * lengths
        self.plain, self.mirror = views.astype(np.float32).reshape(2, 2 * PAIRS, size)

    def comparison(self, **rules) -> PairFolds:
        rows = np.arange(0, 2 * PAIRS, 2)
        pairs = [(int(a), int(a) + 1, bool(s), k // (PAIRS // FOLDS))
                 for k, (a, s) in enumerate(zip(rows, self.same, strict=True))]  # fmt: skip
        names = [str(k) for k in range(2 * PAIRS)]
        images = SimpleNamespace(names=names, subjects=None)
        return PairFolds.build(name="t", pairs=pairs, images=images,
                               **{"flip": "none", "rule": "insightface", **rules})  # fmt: skip

    def found(self, **rules) -> dict:
        made = self.comparison(**rules)
        names = [str(k) for k in range(2 * PAIRS)]
        embeddings = Embeddings(self.plain, self.mirror, np.ones(2 * PAIRS, bool), names)
        metrics = made.evaluate(made.score(embeddings), 0).metrics
        folds = [m.value for m in metrics if m.name == "accuracy" and "fold" in m.at]
        return {"folds": folds, **{m.name: m for m in metrics if "fold" not in m.at}}


@pytest.fixture
def facenet(reference, reference_functions):
    file = reference("facenet") / "src/facenet.py"
    names = ("distance", "calculate_roc", "calculate_accuracy", "calculate_val",
             "calculate_val_far")  # fmt: skip
    given = SimpleNamespace(interp1d=spline)
    return reference_functions(file, *names, np=np, math=math, KFold=KFold, interpolate=given)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("mean", [False, True])
@pytest.mark.parametrize("metric", [0, 1])
def test_facenet(facenet, differs, metric, mean, flip, seed):
    scene = Scene(seed)
    views = [normalize(view.astype(float)) for view in (scene.plain, scene.mirror)]
    rows = np.hstack(views) if flip else views[0]
    options = {"distance_metric": metric, "subtract_mean": mean}
    one, two = rows[0::2], rows[1::2]
    _, _, accuracy = facenet.calculate_roc(GRID, one, two, scene.same, **options)
    val, std, far = facenet.calculate_val(FINE, one, two, scene.same, 1e-2, **options)
    found = scene.found(
        flip="concat" if flip else "none", views="unit", normalise=False, centre=mean,
        distance=("squared-l2", "angle")[metric], val_far=1e-2,
    )  # fmt: skip
    ours = found["val@far"]
    assert differs("accuracy of a fold", found["folds"], accuracy) == 0
    triple = (ours.value, found["val@far-fold-std"].value, ours.realised_far)
    assert differs("VAL, std, FAR", triple, (val, std, far)) < 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_insightface(reference, reference_functions, differs, seed):
    file = reference("insightface") / "recognition/arcface_torch/eval/verification.py"
    names = ("LFold", "calculate_roc", "calculate_accuracy", "calculate_val", "calculate_val_far")
    given = SimpleNamespace(interp1d=spline)
    theirs = reference_functions(file, *names, np=np, KFold=KFold, interpolate=given)
    scene = Scene(seed)
    rows = normalize(scene.plain.astype(float) + scene.mirror)
    one, two = rows[0::2], rows[1::2]
    _, _, accuracy = theirs.calculate_roc(GRID, one, two, scene.same)
    val, std, far = theirs.calculate_val(FINE, one, two, scene.same, 1e-3)
    found = scene.found(flip="sum", val_far=1e-3)
    assert differs("accuracy of a fold", found["folds"], accuracy) == 0
    ours = found["val@far"]
    triple = (ours.value, found["val@far-fold-std"].value, ours.realised_far)
    assert differs("VAL, std, FAR", triple, (val, std, far)) < 1e-12


@pytest.mark.parametrize("seed", range(6))
def test_openface(reference, reference_functions, differs, seed):
    file = reference("openface") / "evaluation/lfw.py"
    names = ("findBestThreshold", "evalThresholdAccuracy", "getDistances", "getEmbeddings")
    theirs = reference_functions(file, *names, np=np, accuracy_score=accuracy_score)
    scene = Scene(seed)
    rows = normalize(scene.plain.astype(float))
    embeddings = {f"p_{row:04d}": values for row, values in enumerate(rows)}
    # Three words for a genuine pair, four for an impostor pair, as in pairs.txt.
    pairs = np.array([["p", str(2 * k), str(2 * k + 1)] if same
                      else ["p", str(2 * k), "p", str(2 * k + 1)]
                      for k, same in enumerate(scene.same)], dtype=object)  # fmt: skip
    accuracies = []
    for train, test in KFold(FOLDS, shuffle=False).split(pairs):
        best = theirs.findBestThreshold(GRID, embeddings, pairs[train])
        accuracies.append(theirs.evalThresholdAccuracy(embeddings, pairs[test], best)[0])
    found = scene.found(rule="openface")
    assert differs("accuracy of a fold", found["folds"], accuracies) == 0
