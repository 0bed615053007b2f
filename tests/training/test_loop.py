"""The loop: exact resuming, failures with their cause, and what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from torch import nn

from harness.components import InputSpec, Params
from harness.errors import DataError, UsageError
from harness.training.data.samplers import UniformSampler
from harness.training.loop import finished, train
from harness.training.optimisers import adam, sgd
from harness.training.recipe import TrainingRecipe
from harness.training.saved import checkpoint
from harness.training.torch_model import TorchModel

STEPS = 24


@dataclass
class Context:
    """As much of a context as a model under training needs."""

    seed: int = 7
    device: str = "cpu"
    precision: str = "fp32"
    batch_size: int | None = None


@dataclass
class Faces:
    """Random 8x8 images of four classes, with a mean of their own each; optionally slow."""

    delay_s: float = 0.0
    labels: np.ndarray = field(default_factory=lambda: np.arange(40) % 4)
    reads: int = 0

    def __len__(self):
        return len(self.labels)

    def image(self, index):
        time.sleep(self.delay_s)
        self.reads += 1
        noise = np.random.default_rng(index).integers(0, 60, (8, 8, 3))
        return (noise + 40 * self.labels[index]).astype(np.uint8)


class Softmax(nn.Module):
    """Cross-entropy over class centres, with a buffer that must survive an interruption."""

    def __init__(self, classes, skip_from=10**9):
        super().__init__()
        self.centres = nn.Linear(6, classes)
        self.register_buffer("calls", torch.zeros(()))
        self.skip_from = skip_from

    def forward(self, output, labels):
        self.calls += 1
        if self.calls > self.skip_from or int(self.calls) % 5 == 0:
            return None, {}
        loss = nn.functional.cross_entropy(self.centres(output) * (1 + 1e-3 * self.calls), labels)
        return loss, {"calls": float(self.calls)}


class Tiny(TorchModel):
    """Convolution, batch norm, dropout: everything that has state or randomness."""

    input_spec = InputSpec(8, 8, "arcface")
    embedding_size = 6
    change: dict = {}
    objective = partial(Softmax, 4)

    def build(self):
        return nn.Sequential(
            nn.Conv2d(3, 5, 3, 2), nn.BatchNorm2d(5), nn.Flatten(), nn.Dropout(0.3),
            nn.Linear(45, 6),
        )  # fmt: skip

    def training(self, labels):
        recipe = TrainingRecipe(
            network=self.network,
            objective=self.objective(),
            sampler=partial(UniformSampler, labels, 6),
            optimiser=adam(0.01),
            steps=STEPS,
            schedule=lambda step: 1 - step / 100,
            augment=lambda image, rng: image[:, ::-1] if rng.random() < 0.5 else image,
            clip_norm=5.0,
            restart_optimiser=7,
            settings={"lr": 0.01},
            assumed=("lr",),
        )
        return replace(recipe, **self.change)


def tiny(**change):
    model = Tiny(Params())
    model.change = change
    model.prepare(Context())
    return model


def weights(folder):
    return (folder / "weights.safetensors").read_bytes()


def run(folder, data=None, model=None, **options):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return train(model or tiny(), data or Faces(), seed=3, folder=folder, **options)
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    run(folder)
    return folder


def test_leaves_weights_history_and_settings(undisturbed):
    names = {path.name for path in undisturbed.iterdir()}
    assert names == {"weights.safetensors", "training.json", "history.parquet"}
    facts = json.loads((undisturbed / "training.json").read_text())
    assert facts["settings"] == {"lr": 0.01}
    assert facts["assumed"] == ["lr"]
    rows = pq.read_table(undisturbed / "history.parquet").to_pylist()
    assert [row["step"] for row in rows] == list(range(1, STEPS + 1))
    assert rows[-1]["learning_rate"] == pytest.approx(0.01 * (1 - (STEPS - 1) / 100))
    assert {"loss", "images_per_s", "wait_share", "calls", "spread"} <= rows[0].keys()
    # Every fifth batch is skipped, drawn again and not counted.
    assert rows[-1]["calls"] == 29


def test_learns_and_embeds(undisturbed):
    model, faces = tiny(), Faces()
    model.load(undisturbed)
    embedded = model.embed(np.stack([faces.image(i) for i in range(40)]))
    assert embedded.shape == (40, 6)
    assert embedded.dtype == np.float32
    centres = np.stack([embedded[faces.labels == c].mean(0) for c in range(4)])
    nearest = np.linalg.norm(embedded[:, None] - centres, axis=2).argmin(1)
    assert (nearest == faces.labels).mean() > 0.9


@pytest.mark.parametrize("stop", [1, 9, 17])
def test_resumes_bit_equal_after_an_exception(undisturbed, tmp_path, stop):
    done = []

    def progress(step, total, unit, detail=""):
        done.append(step)
        assert (total, unit) == (STEPS, "steps")
        assert "loss" in detail
        assert "images/s" in detail
        if step == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, progress=progress, checkpoint_s=0.0)
    assert finished(tmp_path) is None
    run(tmp_path, progress=lambda *_: done.append("resumed"), threads=4)
    assert weights(tmp_path) == weights(undisturbed)
    assert done.count("resumed") == STEPS - stop + 1
    losses = [
        pq.read_table(f / "history.parquet")["loss"].to_pylist() for f in (tmp_path, undisturbed)
    ]
    assert losses[0] == losses[1]


def start(folder):
    """The training of ``run`` in a process of its own, slowly, with a checkpoint every step."""
    script = (
        "import importlib.util, pathlib, sys\n"
        "spec = importlib.util.spec_from_file_location('tests_loop', sys.argv[1])\n"
        "m = importlib.util.module_from_spec(spec); sys.modules['tests_loop'] = m\n"
        "spec.loader.exec_module(m)\n"
        "m.run(pathlib.Path(sys.argv[2]), m.Faces(delay_s=0.02), checkpoint_s=0.0)\n"
    )
    command = [sys.executable, "-c", script, __file__, str(folder)]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})


def test_resumes_bit_equal_after_sigkill(undisturbed, tmp_path):
    process = start(tmp_path)
    while not (tmp_path / checkpoint.FILE).exists():
        assert process.poll() is None, "training ended before its first checkpoint"
        time.sleep(0.02)
    time.sleep(0.3)
    process.kill()
    process.wait()
    assert finished(tmp_path) is None
    run(tmp_path)
    assert weights(tmp_path) == weights(undisturbed)
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.slow
def test_ten_kills_at_random_moments_change_nothing(undisturbed, tmp_path):
    moments = np.random.default_rng(0).uniform(0.0, 6.0, 10)
    for moment in moments:
        process = start(tmp_path)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    run(tmp_path)
    assert weights(tmp_path) == weights(undisturbed)


def test_thread_count_and_a_second_call_change_nothing(undisturbed, tmp_path):
    faces = Faces()
    first = run(tmp_path, faces, threads=3)
    reads = faces.reads
    assert weights(tmp_path) == weights(undisturbed)
    assert run(tmp_path, faces) == first
    assert faces.reads == reads


def test_global_generators_are_untouched(tmp_path):
    torch.manual_seed(5)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    run(tmp_path)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])


def test_seed_changes_weights(undisturbed, tmp_path):
    train(tiny(), Faces(), seed=4, folder=tmp_path)
    assert weights(tmp_path) != weights(undisturbed)


def test_another_training_in_the_folder_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, progress=_interrupt, checkpoint_s=0.0)
    with pytest.raises(DataError, match="another training"):
        train(tiny(), Faces(), seed=4, folder=tmp_path)


def test_after_a_damaged_checkpoint_training_starts_over_and_says_so(undisturbed, tmp_path):
    said = []
    (tmp_path / checkpoint.FILE).write_bytes(b"no checkpoint")
    run(tmp_path, progress=lambda *values: said.append(values[3]))
    assert "checkpoint.pt is not a readable checkpoint" in said[0]
    assert said[0].endswith("starting over")
    assert weights(tmp_path) == weights(undisturbed)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_one_bit_of_a_checkpoint_is_found(tmp_path, share):
    checkpoint.save(tmp_path, {"step": 3, "weights": torch.arange(4000.0)})
    path = tmp_path / checkpoint.FILE
    assert checkpoint.load(tmp_path, "cpu")["step"] == 3
    content = bytearray(path.read_bytes())
    content[int(len(content) * share)] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"checkpoint\.pt is (altered|not a readable)"):
        checkpoint.load(tmp_path, "cpu")


def test_a_checkpoint_of_an_older_release_is_read(tmp_path):
    torch.save({"step": 3}, tmp_path / checkpoint.FILE)
    assert checkpoint.load(tmp_path, "cpu") == {"step": 3}


def test_a_kill_between_result_and_checkpoint_leaves_none(undisturbed, tmp_path):
    shutil.copytree(undisturbed, tmp_path / "done")
    (tmp_path / "done" / checkpoint.FILE).write_bytes(b"left by a kill")
    run(tmp_path / "done")
    assert not (tmp_path / "done" / checkpoint.FILE).exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes of files")
def test_weights_are_as_readable_as_every_other_file(undisturbed):
    modes = {path.stat().st_mode for path in undisturbed.iterdir()}
    assert len(modes) == 1


def test_divergence_names_cause_and_last_good_checkpoint(tmp_path):
    model = tiny(optimiser=sgd(1e30, 0.9, 0.0), clip_norm=None)
    with pytest.raises(
        DataError, match=r"diverged.*learning rate.*(checkpoint, of step|No checkpoint)"
    ):
        run(tmp_path, model=model, checkpoint_s=0.0)
    state = checkpoint.load(tmp_path, "cpu")
    if state is not None:
        assert all(torch.isfinite(value).all() for value in state["body"].values())


def test_collapse_is_detected(tmp_path):
    class Drained(nn.Module):
        """Pulls every embedding to one point."""

        def forward(self, output, labels):
            return (output - 1).square().sum() + 0.2, {}

    model = tiny(steps=400, collapse_loss=0.2, augment=None, restart_optimiser=None)
    model.objective = Drained
    model.network[-1].weight.data.zero_()
    model.network[-1].weight.requires_grad_(False)
    with pytest.raises(DataError, match="collapsed: for 100 steps"):
        run(tmp_path, model=model)


def test_ends_early_when_nothing_is_left_to_learn(tmp_path):
    model = tiny()
    model.objective = partial(Softmax, 4, skip_from=8)
    summary = run(tmp_path, model=model)
    assert summary.steps == 7
    assert summary.planned_steps == STEPS
    assert "50 batches in a row" in summary.notes[0]
    assert run(tmp_path) == summary


@pytest.mark.parametrize("labels", [[0, 1, 3, 3], [0, -1, 1, 1], [0, 0, 1]])
def test_bad_labels_are_refused(tmp_path, labels):
    class Short(Faces):
        def __len__(self):
            return 4

    with pytest.raises(DataError, match="label"):
        run(tmp_path, Short(labels=np.array(labels)))


def test_bf16_trains(tmp_path):
    summary = run(tmp_path, precision="bf16")
    assert summary.steps == STEPS
    assert np.isfinite(summary.final_loss)


def _interrupt(step, *_):
    if step == 2:
        raise KeyboardInterrupt


def same(one, other):
    columns = [
        pq.read_table(f / "history.parquet")
        .drop_columns(["images_per_s", "wait_share"])
        .to_pylist()
        for f in (one, other)
    ]
    return weights(one) == weights(other) and columns[0] == columns[1]


@pytest.mark.parametrize("stop", [5, 12])
def test_resumes_bit_equal_with_parts_and_validation(tmp_path, stop):
    held = Faces(labels=np.arange(20) % 4)

    def again(folder, **options):
        model = tiny(images_per_pass=4)
        return run(folder, model=model, validation=held, checkpoint_s=0.0, **options)

    def interrupt(step, *_):
        if step == stop:
            raise KeyboardInterrupt

    summary = again(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        again(tmp_path / "broken", progress=interrupt)
    assert again(tmp_path / "broken", threads=3).validation_accuracy == summary.validation_accuracy
    assert same(tmp_path / "whole", tmp_path / "broken")


def test_validation_is_measured_at_intervals_and_changes_nothing(undisturbed, tmp_path):
    summary = run(tmp_path, validation=Faces(labels=np.arange(20) % 4))
    assert weights(tmp_path) == weights(undisturbed)
    rows = pq.read_table(tmp_path / "history.parquet").to_pylist()
    measured = [
        row["validation_accuracy"] for row in rows if row["validation_accuracy"] is not None
    ]
    assert len(measured) == 20
    assert rows[-1]["validation_accuracy"] == summary.validation_accuracy
    assert summary.validation_accuracy > 0.7
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "other", progress=_interrupt, checkpoint_s=0.0)
    with pytest.raises(DataError, match="another training"):
        run(tmp_path / "other", model=tiny(images_per_pass=3))


def test_one_class_is_refused(tmp_path):
    with pytest.raises(DataError, match="all training images have one label"):
        run(tmp_path, Faces(labels=np.zeros(12, np.int64)))


def test_a_training_of_no_steps_is_refused_unless_something_follows_it(tmp_path):
    with pytest.raises(UsageError, match="0 steps learns nothing; raise steps or epochs"):
        run(tmp_path / "none", model=tiny(steps=0))
    seen = []
    finish = lambda outputs, labels: seen.append(len(labels))  # noqa: E731
    assert run(tmp_path / "some", model=tiny(steps=0, finish=finish)).steps == 0
    assert seen


def test_a_training_that_never_had_anything_to_learn_is_refused(tmp_path):
    model = tiny()
    model.objective = partial(Softmax, 4, skip_from=0)
    with pytest.raises(DataError, match=r"nothing was learned: training ended at step 0 of"):
        run(tmp_path, model=model)
    assert not (tmp_path / "training.json").exists()
