"""``run --nproc``: one training in two processes, with plugins from a single file."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

ARGS = ("run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "-j", "2")


@pytest.mark.slow
def test_two_processes_train_one_model(harness_command, home, tmp_path):
    done = harness_command(*ARGS, "--nproc", "2")
    assert "accuracy" in done.stdout
    assert "steps" in done.stderr  # the progress of the first process
    (model,) = home.glob("store/models/*/*")
    facts = json.loads((model / "manifest.json").read_text())["facts"]
    assert (facts["processes"], facts["steps"], facts["image_visits"]) == (2, 12, 96)
    assert {path.name for path in model.iterdir()} == {
        "weights.safetensors", "training.json", "history.parquet", "manifest.json"
    }  # fmt: skip
    weights = load_file(model / "weights.safetensors")
    assert all(bool(torch.isfinite(value).all()) for value in weights.values())


@pytest.mark.slow
def test_more_processes_than_images_in_a_batch_is_said(harness_command):
    said = harness_command(*ARGS, "--nproc", "9", check=2).stderr
    assert "a batch of 8 images cannot be shared by 9 processes" in said
