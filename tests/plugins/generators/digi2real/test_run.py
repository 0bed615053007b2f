from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from harness.faces.store import FaceSet

SMALL = ["-G", "pipeline=tiny", "-G", "identities=3", "-G", "images_per_id=4", "-G", "steps=4",
         "-G", "images_per_prototype=2"]  # fmt: skip


def face_set(home, generator):
    """The stored set of a generator."""
    for manifest in home.rglob("manifest.json"):
        parts = json.loads(manifest.read_text())["parts"]
        if parts.get("stage") == "generate" and generator in parts["component"]["provider"]:
            return FaceSet(manifest.parent)
    raise AssertionError(generator)


def test_the_sentence_of_the_user_on_rendered_identities(harness_command, home, tmp_path):
    """Renders of the morphable model, made realistic (here: noise), train and test a model."""
    done = harness_command(
        "run", "-g", "digi2real", *SMALL, "-m", "toy-net", "-M", "steps=2", "-b", "toy-pairs",
        "-o", "study",
    )  # fmt: skip
    assert "toy-pairs" in done.stdout
    (result,) = (tmp_path / "study").rglob("result.json")
    text = result.read_text()
    assert "noise: random weights of pipeline=tiny" in text
    assert "no shift towards real faces" in text
    assert "no face detector" in text
    (page,) = (tmp_path / "study").rglob("*.html")
    assert "noise: random weights of pipeline=tiny" in page.read_text()
    made = face_set(home, "digi2real")
    assert len(face_set(home, "bfm")) == 6
    assert len(made) == 12
    for index in range(12):
        assert "noise" in made.meta(index)["watermark"]
        pixels = cv2.imdecode(np.frombuffer(made.read(index), np.uint8), cv2.IMREAD_COLOR)
        corner = pixels[-10:, :30].reshape(-1, 3)
        assert (corner.max(axis=1) < 40).mean() > 0.3  # the black ground of the watermark
    assert made.meta(0)["source"] == "bfm"


@pytest.mark.parametrize("more", [[], ["-G", "preset=digi2real-20k"]])
def test_without_weights_every_missing_file_is_named(harness_command, more):
    done = harness_command(
        "plan", "-g", "digi2real", *more, "-m", "toy-net", "-b", "toy-pairs", check=3
    )
    said = done.stdout + done.stderr
    for name in ("arc2face-unet", "arc2face-encoder", "arc2face-arcface", "stable-diffusion-v1-5"):
        assert f"harness assets link {name} PATH" in said
