"""Public MobileFaceNet weights: our network gives the embeddings of their authors' networks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from harness.align.decode import decode
from harness.align.warp import warp
from harness.embedding.inputs import to_array
from harness.embedding.onnx_session import open_session
from harness.engine.context import RunContext
from harness_plugins.models.mobilefacenet.model import MobileFaceNet
from harness_plugins.models.mobilefacenet.params import MobileFaceNetParams

REAL = Path(__file__).parents[2] / "../shared/real"
FOAMLIU, XIAOCCER = REAL / "mobilefacenet-foamliu", REAL / "mobilefacenet-xiaoccer"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="real data is not here")


@pytest.fixture
def model(home):
    return lambda preset, weights: opened(home, preset, weights)


def opened(home, preset, weights):
    made = MobileFaceNet(
        MobileFaceNetParams(weights=weights, **MobileFaceNetParams.presets[preset])
    )
    made.prepare(RunContext(home, "test:mobilefacenet", 1, 0, "cpu", "fp32"))
    return made


def test_foamliu_torch_and_onnx_agree(model):
    ours = model("foamliu", FOAMLIU / "mobilefacenet.pt")
    images = np.random.default_rng(0).integers(0, 256, (4, 112, 112, 3), np.uint8)
    session = open_session(FOAMLIU / "MobileFaceNet.onnx")
    values = to_array(images, ours.input_spec)
    theirs = np.concatenate([session.run(None, {"input0": v[None]})[0] for v in values])
    scale = np.abs(theirs).max()
    assert np.abs(ours.embed(images) - theirs).max() < 1e-5 * max(scale, 1.0)
    again = model("foamliu", FOAMLIU / "mobilefacenet.pt")  # from the store
    np.testing.assert_array_equal(again.embed(images), ours.embed(images))


def test_xiaoccer_equals_its_reference_plain_and_mirrored(model):
    reference = np.load(XIAOCCER / "reference_embeddings.npz")
    ours = model("xiaoccer", XIAOCCER / "068.ckpt")
    lines = (REAL / "lfw/lfw_landmark.txt").read_text().splitlines()
    points = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    images = []
    for name in map(str, reference["names"][:24]):
        landmarks = np.array(points[name], np.float32).reshape(5, 2) * 0.6
        pixels = decode((REAL / "lfw/lfw" / name).read_bytes(), name)
        images.append(warp(pixels, landmarks, ours.input_spec))
    faces = np.stack(images)
    for found, key in ((ours.embed(faces), "image"), (ours.embed(faces[:, :, ::-1]), "mirrored")):
        expected = reference[key][:24]
        norms = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
        assert (1 - (found * expected).sum(1) / norms).max() < 1e-3


@pytest.mark.slow
def test_xiaoccer_reaches_its_accuracy_on_lfw(harness_command, tmp_path):
    lfw = REAL / "lfw"
    harness_command(
        "run", "-m", "mobilefacenet", "-M", "preset=xiaoccer", "-M",
        f"weights={XIAOCCER / '068.ckpt'}", "-b", "lfw", "-B", f"root={lfw}", "-B",
        "pairs=pairs_folds_1-5.txt", "-B", "landmarks=lfw_landmark.txt", "-B", "flip=concat", "-B",
        "centre=true", toys=False,
    )  # fmt: skip
    (file,) = tmp_path.glob("study/cells/*/result.json")
    result = json.loads(file.read_text())
    headline = next(m for m in result["metrics"] if m["headline"])
    assert headline["value"] == pytest.approx(0.9860, abs=0.0015)
