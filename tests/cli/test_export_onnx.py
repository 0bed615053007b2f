"""``harness export-onnx``: a trained model, by its key or with its weights, as a file that runs."""

from __future__ import annotations

import re

import cv2
import numpy as np
import onnx


def trained(here, home):
    """Key of a toy training, and its file of weights."""
    here("run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "-j", "1", "-q")
    (file,) = home.glob("store/models/*/*/weights.safetensors")
    return file.parent.name, file


def embeddings(here, tmp_path, *model):
    here("embed", "photos", "--template", "arcface", "-o", "e.npy", "-q", *model)
    return np.load(tmp_path / "e.npy")


def test_by_key_and_the_file_needs_no_parameters(here, home, tmp_path):
    key, weights = trained(here, home)
    said = here("export-onnx", key[:10], "net.onnx").stdout
    assert re.search(r"batch 1: differs from torch by \d\.\de-\d\d", said)
    assert "batch 7: differs" in said
    (tmp_path / "photos").mkdir()
    for number in range(3):
        photo = np.random.default_rng(number).integers(0, 256, (48, 48, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"photos/{number}.png"), photo)
    ours = embeddings(here, tmp_path, "-m", "toy-net", "-M", f"weights={weights}")
    theirs = embeddings(here, tmp_path, "-m", "onnx", "-M", "path=net.onnx")
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    # The same from a file of weights; a result then names where the numbers come from.
    here("export-onnx", "toy-net", "again.onnx", "-M", f"weights={weights}")
    props = {p.key: p.value for p in onnx.load(tmp_path / "again.onnx").metadata_props}
    assert props["harness.model"].endswith(":toy-net")
    again = embeddings(here, tmp_path, "-m", "onnx", "-M", "path=again.onnx")
    np.testing.assert_array_equal(again, theirs)


def test_what_cannot_be_exported_is_said(here, home):
    assert "no weights" in here("export-onnx", "toy-net", "n.onnx", check=2).stderr
    assert "not a torch network" in here("export-onnx", "toy-pixels", "n.onnx", check=2).stderr
    assert "toy-net" in here("export-onnx", "toy-nett", "n.onnx", check=2).stderr
    assert "ends in .onnx" in here("export-onnx", "toy-net", "n.pt", check=2).stderr
    key, _ = trained(here, home)
    said = here("export-onnx", key[:8], "n.onnx", "-M", "steps=3", check=2).stderr
    assert "leave out -M" in said
