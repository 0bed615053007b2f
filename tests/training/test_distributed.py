"""Several processes train as one does: shares, gradients, checkpoints, and a process that dies."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from harness.components import InputSpec, Params
from harness.errors import DataError, HarnessError, PrerequisiteError, UsageError
from harness.training.data.samplers import PeopleSampler, UniformSampler
from harness.training.distributed import ALONE, Ranks, launch
from harness.training.loop import train
from harness.training.losses import AdaFace
from harness.training.optimisers import sgd
from harness.training.recipe import TrainingRecipe
from harness.training.torch_model import TorchModel

STEPS = 12


class Context:
    """As much of a context as a model under training needs."""

    seed, device, precision, batch_size = 7, "cpu", "fp32", None


class Faces:
    """Random 8x8 images of four classes."""

    labels = np.arange(40) % 4

    def __init__(self, delay_s=0.0):
        self.delay_s = delay_s

    def __len__(self):
        return 40

    def image(self, index):
        time.sleep(self.delay_s)
        noise = np.random.default_rng(index).integers(0, 60, (8, 8, 3))
        return (noise + 40 * self.labels[index]).astype(np.uint8)


class Tiny(TorchModel):
    """A network with or without batch norm and dropout, trained by AdaFace on odd batches."""

    input_spec = InputSpec(8, 8, "arcface")
    embedding_size = 6
    change: dict = {}
    noisy = False

    def build(self):
        more = [nn.BatchNorm2d(5), nn.Dropout(0.3)] if self.noisy else []
        return nn.Sequential(
            nn.Conv2d(3, 5, 3, 2), *more, nn.Tanh(), nn.Flatten(), nn.Linear(45, 6)
        )

    def training(self, labels):
        recipe = TrainingRecipe(
            network=self.network,
            objective=AdaFace(6, 4, m=0.4, scale=8.0, clamp=1e-3, sample_rate=0.8),
            sampler=partial(UniformSampler, labels, 7),
            optimiser=sgd(0.05, 0.9, 5e-4),
            steps=STEPS,
            augment=lambda image, rng: image[:, ::-1] if rng.random() < 0.5 else image,
            clip_norm=5.0,
        )
        return replace(recipe, **self.change)


def work(task, ranks, report):
    """One training process; it may kill itself, once, or fail."""
    torch.set_num_threads(1)
    model = Tiny(Params())
    model.change, model.noisy = task.get("change", {}), task.get("noisy", False)
    model.prepare(Context())
    dying = Path(task["folder"]) / "died"

    def progress(done, total, unit, detail=""):
        report((done, total))

    def dawdle(image, rng):
        checkpoint = Path(task["folder"]) / "checkpoint.pt"
        if task.get("kill") == ranks.rank and checkpoint.exists() and not dying.exists():
            dying.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(task.get("delay_s", 0.0))
        return image

    if "kill" in task:
        model.change = {**model.change, "augment": dawdle}
    faces = Faces()
    if task.get("other_data") == ranks.rank:
        faces.labels = np.arange(40) % 4 // 2 * 2 + np.arange(40) // 20  # as many, of other people
    summary = train(
        model, faces, seed=3, folder=Path(task["folder"]), threads=1, ranks=ranks,
        progress=progress, checkpoint_s=task.get("checkpoint_s", 300.0),
    )  # fmt: skip
    return summary.steps


def weights(folder):
    return load_file(Path(folder) / "weights.safetensors")


def assert_close(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        torch.testing.assert_close(value, other[name], rtol=1e-4, atol=1e-5, msg=name)


def alone(folder, **task):
    folder.mkdir()
    threads = torch.get_num_threads()
    try:
        assert work({"folder": str(folder), **task}, ALONE, lambda _: None) == STEPS
    finally:
        torch.set_num_threads(threads)
    return weights(folder)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("sampler", [UniformSampler(np.arange(40) % 4, 7, 1),
                                     PeopleSampler(np.arange(40) % 4, 3, 5, 1)])  # fmt: skip
def test_the_shares_together_are_the_batch(count, sampler):
    for draw in range(4):
        batch = sampler(draw)
        shares = [batch[Ranks(rank, count).share(len(batch))] for rank in range(count)]
        np.testing.assert_array_equal(np.concatenate(shares), batch)
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_batch_is_no_smaller_than_the_number_of_processes():
    with pytest.raises(UsageError, match="cannot be shared by 3 processes"):
        Ranks(0, 3).share(2)


def test_as_many_gpus_as_processes(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(PrerequisiteError, match="torch sees 1"):
        launch(work, {}, 2, device="cuda", heard=print)


@pytest.mark.slow
def test_two_processes_train_as_one(tmp_path):
    expected = alone(tmp_path / "alone")
    heard = []
    task = {"folder": str(tmp_path / "two")}
    assert launch(work, task, 2, device="cpu", heard=heard.append) == [STEPS, STEPS]
    assert_close(weights(tmp_path / "two"), expected)
    assert heard == [(step, STEPS) for step in range(1, STEPS + 1)]
    facts = json.loads((tmp_path / "two/training.json").read_text())
    assert facts["processes"] == 2
    ours, theirs = (
        json.loads((tmp_path / name / "training.json").read_text())["summary"]
        for name in ("two", "alone")
    )
    assert ours["images"] == theirs["images"] == 7 * STEPS
    assert ours["final_loss"] == pytest.approx(theirs["final_loss"], rel=1e-4)


@pytest.mark.slow
def test_batch_norm_and_dropout_are_those_of_parts_of_the_batch(tmp_path):
    # Running averages move once per part in a single process; gradients are the same.
    even = {"sampler": partial(UniformSampler, Faces.labels, 8)}
    expected = alone(tmp_path / "alone", noisy=True, change={**even, "images_per_pass": 4})
    task = {"folder": str(tmp_path / "two"), "noisy": True, "change": even}
    launch(work, task, 2, device="cpu", heard=lambda _: None)
    found = weights(tmp_path / "two")
    running = {name for name in found if "running" in name or "tracked" in name}
    assert_close(
        {k: v for k, v in found.items() if k not in running},
        {k: v for k, v in expected.items() if k not in running},
    )
    for name in running:
        assert torch.isfinite(found[name]).all()


@pytest.mark.slow
def test_a_killed_process_costs_time_and_nothing_else(tmp_path):
    expected = alone(tmp_path / "alone", change={"augment": None})
    folder = tmp_path / "two"
    folder.mkdir()
    heard = []
    task = {"folder": str(folder), "kill": 1, "checkpoint_s": 0.0, "delay_s": 0.01}
    assert launch(work, task, 2, device="cpu", heard=heard.append) == [STEPS, STEPS]
    assert (folder / "died").exists()
    steps = [done for done, _ in heard]
    assert steps[-1] == STEPS
    assert len(steps) < 2 * STEPS  # taken up from a checkpoint
    assert_close(weights(folder), expected)


def stop_early(task, ranks, report):
    """A training that is interrupted in the middle, in every process."""
    torch.set_num_threads(1)
    model = Tiny(Params())
    model.prepare(Context())

    def progress(done, total, unit, detail=""):
        if done == STEPS // 2 + 1:
            raise KeyboardInterrupt

    try:
        train(model, Faces(), seed=3, folder=Path(task["folder"]), threads=1, ranks=ranks,
              progress=progress, checkpoint_s=0.0)  # fmt: skip
    except KeyboardInterrupt:
        return True
    return False


@pytest.mark.slow
def test_a_checkpoint_may_be_taken_up_by_another_number_of_processes(tmp_path):
    expected = alone(tmp_path / "alone")
    folder = tmp_path / "more"
    task = {"folder": str(folder)}
    threads = torch.get_num_threads()
    assert stop_early(task, ALONE, None)
    torch.set_num_threads(threads)
    heard = []
    launch(work, task, 2, device="cpu", heard=heard.append)
    assert heard[0][0] == STEPS // 2 + 1
    assert_close(weights(folder), expected)


def fail(task, ranks, report):
    """One process raises, the other waits for it in vain."""
    if ranks.rank == 1:
        raise DataError("image 3 is damaged")
    torch.distributed.barrier()


@pytest.mark.slow
def test_the_error_of_one_process_is_the_error_of_all():
    with pytest.raises(DataError, match="image 3 is damaged"):
        launch(fail, {}, 2, device="cpu", heard=lambda _: None)


def die(task, ranks, report):
    """Never lives."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_dying_again_and_again_ends(monkeypatch):
    monkeypatch.setattr("harness.training.distributed.RELAUNCHES", 1)
    with pytest.raises(HarnessError, match=r"was killed 2 times.*run the same command again"):
        launch(die, {}, 2, device="cpu", heard=lambda _: None)


def test_processes_that_do_not_train_the_same_say_so(tmp_path):
    with pytest.raises(DataError, match="differ in their data or in the checkpoint they found"):
        launch(work, {"folder": tmp_path, "other_data": 1}, 2, device="cpu", heard=print)
    assert not (tmp_path / "training.json").exists()
