"""A public network on real faces: our embeddings are the reference embeddings."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.align.decode import decode
from harness.align.warp import warp
from harness_plugins.models.onnx.model import OnnxModel
from harness_plugins.models.onnx.params import OnnxParams

REAL = Path(__file__).parents[2] / "../shared/real"
WEIGHTS = REAL / "mobilefacenet-foamliu"
LFW = REAL / "lfw"

pytestmark = pytest.mark.skipif(
    not (WEIGHTS.is_dir() and LFW.is_dir()), reason="real data is not here"
)


def test_embeddings_equal_the_reference():
    reference = np.load(WEIGHTS / "lfw_folds_1-5_reference.npz")
    rows = range(0, len(reference["names"]), 100)
    lines = (LFW / "lfw_landmark.txt").read_text().splitlines()
    points = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    params = OnnxParams(path=WEIGHTS / "MobileFaceNet.onnx", **OnnxParams.presets["imagenet"])
    model = OnnxModel(params)
    model.prepare(SimpleNamespace(seed=0, device="cpu", precision="fp32", batch_size=None))
    images = []
    for row in rows:
        name = str(reference["names"][row])
        landmarks = np.array(points[name], np.float32).reshape(5, 2) * 0.6
        pixels = decode((LFW / "lfw" / name).read_bytes(), name)
        images.append(warp(pixels, landmarks, model.input_spec))
    ours = model.embed(np.stack(images))
    theirs = reference["embeddings"][list(rows)]
    cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert (1 - cosine).max() < 1e-3
