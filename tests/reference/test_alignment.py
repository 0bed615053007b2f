"""Alignment against insightface's and AdaFace's, as their evaluations call it."""

from __future__ import annotations

import numpy as np
import pytest

from harness.align.templates import template_points
from harness.align.warp import fitted, similarity, warp
from harness.components import InputSpec

TEMPLATES = {112: "arcface", 224: "arcface", 128: "arcface-128", 256: "arcface-128"}


def faces(count, seed=0):
    """Landmarks of faces of 20 to 300 pixels, turned and distorted, float32 (count, 5, 2)."""
    rng = np.random.default_rng(seed)
    points = template_points("arcface", 112, 112).astype(float) - 56
    turns = np.exp(1j * rng.uniform(-np.pi, np.pi, count)) * rng.uniform(0.2, 3, count)
    z = (points @ [1, 1j]) * turns[:, None]
    z += (rng.normal(0, 3, z.shape) + 1j * rng.normal(0, 3, z.shape)) * np.abs(turns)[:, None]
    z += (rng.uniform(50, 200, count) + 1j * rng.uniform(50, 200, count))[:, None]
    return np.stack([z.real, z.imag], axis=-1).astype(np.float32)


@pytest.mark.parametrize("size", sorted(TEMPLATES))
def test_insightface_crops(reference, reference_module, size):
    folder = reference("insightface", "skimage") / "python-package/insightface/utils"
    theirs = reference_module(folder, "face_align")
    image = np.random.default_rng(1).integers(0, 256, (250, 250, 3), dtype=np.uint8)
    spec = InputSpec(size, size, TEMPLATES[size])
    for points in faces(100):
        expected = theirs.estimate_norm(points, size)
        ours = similarity(points, template_points(spec.template, size, size))
        assert np.allclose(ours, expected, atol=1e-3)
        assert np.abs(points @ (ours - expected)[:, :2].T + (ours - expected)[:, 2]).max() < 1e-3
        apart = np.abs(
            warp(image, points, spec) - theirs.norm_crop(image, points, size).astype(int)
        )
        assert np.mean(apart > 3) < 1e-3


@pytest.mark.parametrize("kind", ["faces", "mirrored", "profiles"])
def test_adaface_crops(reference, reference_module, kind):
    folder = reference("adaface") / "face_alignment"
    theirs = reference_module(folder, "mtcnn_pytorch.src.align_trans")
    target = theirs.get_reference_facial_points(default_square=True)
    image = np.random.default_rng(1).integers(0, 256, (250, 250, 3), dtype=np.uint8)
    spec, reflected = InputSpec(112, 112, "arcface-adaface"), 0
    for points in faces(200) * {"mirrored": np.float32([-1, 1])}.get(kind, np.float32(1)):
        if kind == "profiles":
            points = (points - points.mean(0)) * np.float32([0.15, 1]) + points.mean(0)
            points[2, 0] += np.ptp(points[:, 1]) / 3
        expected = theirs.get_similarity_transform_for_cv2(np.float32(points), np.float32(target))
        ours = fitted(points, spec)
        reflected += np.linalg.det(ours[:, :2]) < 0
        assert np.abs(points @ (ours - expected)[:, :2].T + (ours - expected)[:, 2]).max() < 1e-3
        crop = theirs.warp_and_crop_face(image, points, target, (112, 112))
        apart = np.abs(warp(image, points, spec) - crop.astype(int))
        assert np.mean(apart > 3) < 1e-3
    assert bool(reflected) == (kind != "faces")
