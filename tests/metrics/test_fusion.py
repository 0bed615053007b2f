from __future__ import annotations

import sys

import numpy as np
import pytest

from harness.errors import DataError
from harness.metrics import FUSION_BETAS, media_means, softmax_fused_scores


def plain_fusion(left, right, betas):
    """The formula, one pair of images after another."""
    cosines = [
        float(p @ q / np.linalg.norm(p) / np.linalg.norm(q))
        for p in left.astype(float)
        for q in right.astype(float)
    ]
    fused = []
    for beta in betas:
        weights = [np.exp(beta * s) for s in cosines]
        fused.append(np.dot(cosines, weights) / np.sum(weights))
    return np.mean(fused)


@pytest.fixture
def scene():
    rng = np.random.default_rng(0)
    features = rng.normal(0.3, 1, (120, 8)).astype(np.float32)
    ids = rng.permutation(np.concatenate((np.arange(15), rng.integers(0, 15, 105)))) * 11
    return features, ids, rng.integers(0, 15, 60) * 11, rng.integers(0, 15, 60) * 11


@pytest.mark.parametrize("betas", [FUSION_BETAS, (0,), (20,), (2.5, 7)])
@pytest.mark.parametrize("chunk", [1 << 20, 100])
def test_fused_scores_are_the_formula(scene, betas, chunk, monkeypatch):
    monkeypatch.setattr(sys.modules["harness.metrics.fusion"], "_CHUNK", chunk)
    features, ids, left, right = scene
    found = softmax_fused_scores(features, ids, left, right, betas)
    expected = [
        plain_fusion(features[ids == a], features[ids == b], betas)
        for a, b in zip(left, right, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_beta_runs_from_the_mean_to_the_maximum():
    assert tuple(range(21)) == FUSION_BETAS
    features = np.float32([[1, 0], [0, 1], [-1, 0], [1, 0]])
    ids = np.array(["p", "p", "p", "q"])
    mean = softmax_fused_scores(features, ids, ["p"], ["q"], [0])
    largest = softmax_fused_scores(features, ids, ["p"], ["q"], [500])
    assert mean[0] == pytest.approx(0.0, abs=1e-12)
    assert largest[0] == pytest.approx(1.0)


def test_the_order_of_the_two_templates_does_not_matter(scene):
    features, ids, left, right = scene
    one = softmax_fused_scores(features, ids, left, right)
    np.testing.assert_allclose(softmax_fused_scores(features, ids, right, left), one, atol=1e-6)


def test_frames_of_one_video_may_be_pooled_first(scene):
    features, ids, left, right = scene
    media = np.arange(120) // 3
    means, owner = media_means(features, ids, media)
    found = softmax_fused_scores(means, owner, left, right)
    expected = [
        plain_fusion(means[owner == a], means[owner == b], FUSION_BETAS)
        for a, b in zip(left, right, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_no_pairs_no_scores(scene):
    features, ids, *_ = scene
    assert softmax_fused_scores(features, ids, ids[:0], ids[:0]).shape == (0,)


def test_unusable_input_is_named(scene):
    features, ids, left, right = scene
    with pytest.raises(DataError, match="2 of 3 template ids have no feature, the first is 4"):
        softmax_fused_scores(features, ids, [0, 4, 9999], [0, 0, 0])
    with pytest.raises(DataError, match="60 entries"):
        softmax_fused_scores(features, ids, left, right[:5])
    features[7] = 0
    with pytest.raises(DataError, match="row 7 is zero"):
        softmax_fused_scores(features, ids, left, right)


def test_pairs_are_fused_in_parts_of_about_the_same_number_of_cosines(scene, monkeypatch):
    """Neither one pair after another nor all at once, which would take the memory of all."""
    module = sys.modules[softmax_fused_scores.__module__]
    monkeypatch.setattr(module, "_CHUNK", 1000)
    sizes, fuse = [], module._fuse

    def noted(cosines, starts, betas):
        sizes.append((cosines.size, starts.size))
        return fuse(cosines, starts, betas)

    monkeypatch.setattr(module, "_fuse", noted)
    softmax_fused_scores(*scene)
    cosines, pairs = map(sum, zip(*sizes, strict=True))
    assert pairs == 60
    largest = 20 * 20  # images of two templates
    assert max(size for size, _ in sizes) <= 1000 + largest
    assert len(sizes) <= cosines // 1000 + 2
