"""The training loop: one function, exact after any interruption."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import nn

from harness.embedding.inputs import to_tensor
from harness.embedding.prefetch import prefetch
from harness.errors import DataError
from harness.files import write_text
from harness.seeds import derive, stream
from harness.training import checkpoint
from harness.training.health import Health, check_finite, spread
from harness.training.history import History
from harness.training.memory import kept_memory

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.components import InputSpec, TrainableModel
    from harness.training.recipe import TrainingData, TrainingRecipe

RESULT = "training.json"
MAX_EMPTY_DRAWS = 50
"""Batches in a row without anything to learn after which training ends early."""

AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Progress(Protocol):
    """The progress callback of a :class:`harness.components.Context`."""

    def __call__(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """Show how far a stage is."""


@dataclass(frozen=True)
class Summary:
    """What a training did. ``images`` counts image visits, ``seconds`` all attempts together."""

    steps: int
    planned_steps: int
    images: int
    seconds: float
    final_loss: float
    wait_share: float
    notes: tuple[str, ...] = ()


def train(
    model: TrainableModel,
    data: TrainingData,
    *,
    seed: int,
    folder: Path,
    device: str = "cpu",
    precision: str = "fp32",
    progress: Progress | None = None,
    checkpoint_s: float = 300.0,
    threads: int = 2,
) -> Summary:
    """Train a prepared model; leave weights, ``training.json`` and history in ``folder``.

    The same call after an interruption goes on from the last checkpoint, and a finished folder is
    only read. On the CPU with one thread the weights are then bit-equal to an undisturbed run.
    The network sees float32 sums in the objective whatever ``precision`` (fp32, bf16, fp16) is.
    ``threads`` load and align images ahead, and change speed alone.

    Raises DataError when training diverges, collapses, or the data does not fit the model.
    """
    done = finished(folder)
    if done is not None:
        model.load(folder)
        return done
    folder.mkdir(parents=True, exist_ok=True)
    place = torch.device(device)
    devices = [place] if place.type == "cuda" else []
    with kept_memory(), torch.random.fork_rng(devices):
        torch.manual_seed(_torch_seed(seed, "recipe"))
        check_labels(data)
        recipe = model.training(data.labels)
        run = _Run(recipe, model.input_spec, data, seed, place, precision)
        run.restore(folder)
        run.steps(folder, progress, checkpoint_s, threads)
        return run.finish(model, folder)


def finished(folder: Path) -> Summary | None:
    """What the training in ``folder`` did, or None when it has not finished."""
    path = folder / RESULT
    if not path.exists():
        return None
    summary = json.loads(path.read_text(encoding="utf-8"))["summary"]
    return Summary(**summary | {"notes": tuple(summary["notes"])})


def check_labels(data: TrainingData) -> None:
    """Raise DataError unless every image has a label and the classes are 0..C-1 without a gap."""
    labels = data.labels
    if len(labels) != len(data) or len(labels) == 0:
        raise DataError(f"training needs one label an image: {len(labels)} for {len(data)} images")
    if labels.min() < 0 or (np.bincount(labels) == 0).any():
        raise DataError("training labels must be 0..C-1 with at least one image of every class")


def _torch_seed(seed: int, *path: str | int) -> int:
    return derive(seed, "train", *path) % 2**63


class _Run:
    """The state of one training and how it moves by a step."""

    def __init__(
        self,
        recipe: TrainingRecipe,
        spec: InputSpec,
        data: TrainingData,
        seed: int,
        device: torch.device,
        precision: str,
    ) -> None:
        self.recipe, self.spec, self.data, self.seed = recipe, spec, data, seed
        self.device, self.precision = device, precision
        recipe.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.body = nn.ModuleDict({"network": recipe.network, "objective": recipe.objective})
        self.body.to(device).train()
        self.optimiser = recipe.optimiser(self.body)
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")
        self.sampler = recipe.sampler(derive(seed, "train", "sampler"))
        self.health = Health(recipe.collapse_loss)
        self.history = History(recipe.steps)
        self.step = self.draw = self.images = self.empty = 0
        self.seconds = 0.0
        self.last_good = "No checkpoint had been written yet."

    def restore(self, folder: Path) -> None:
        """Take up the folder's checkpoint, if there is one."""
        state = checkpoint.load(folder, str(self.device))
        if state is None:
            return
        if state["fingerprint"] != self.fingerprint():
            raise DataError(
                f"{folder} holds a checkpoint of another training (seed, data, precision or number "
                "of steps differ); use another folder or delete it"
            )
        self.step, self.draw, self.images, self.empty = state["counters"]
        self.body.load_state_dict(state["body"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        self.history.restore(state["history"])
        self.health.low, self.health.flat = state["health"]
        self.seconds = state["seconds"]
        self.last_good = f"The last good checkpoint, of step {self.step}, is in {folder}."

    def fingerprint(self) -> str:
        """What must be equal for a checkpoint to be taken up."""
        labels = derive(0, self.data.labels.tobytes().hex())
        return f"{self.seed} {self.precision} {self.recipe.steps} {len(self.data)} {labels:x}"

    def save(self, folder: Path) -> None:
        """Write a checkpoint, unless a value in it is not finite."""
        where = f"training diverged before step {self.step}"
        check_finite(self.body.state_dict(), f"{where}. {self.last_good}")
        checkpoint.save(
            folder,
            {
                "fingerprint": self.fingerprint(),
                "counters": [self.step, self.draw, self.images, self.empty],
                "body": self.body.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "scaler": self.scaler.state_dict(),
                "history": self.history.state(),
                "health": [self.health.low, self.health.flat],
                "seconds": self.seconds,
            },
        )
        self.last_good = f"The last good checkpoint, of step {self.step}, is in {folder}."

    def steps(
        self, folder: Path, progress: Progress | None, checkpoint_s: float, threads: int
    ) -> None:
        """Train to the end of the budget; a checkpoint every ``checkpoint_s`` and at the end."""
        total = self.recipe.steps
        before, start = self.seconds, time.perf_counter()
        saved = start
        batches = prefetch(
            itertools.count(self.draw), self._load, threads=threads, ahead=threads + 1
        )
        try:
            while self.step < total and self.empty < MAX_EMPTY_DRAWS:
                asked = time.perf_counter()
                images, labels = next(batches)
                self._one(images, labels, time.perf_counter() - asked)
                if progress and self.step and not self.empty:
                    progress(self.step, total, "steps", self.history.detail())
                now = time.perf_counter()
                self.seconds = before + now - start
                if now - saved >= checkpoint_s:
                    self.save(folder)
                    saved = time.perf_counter()
        finally:
            batches.close()
        self.save(folder)

    def finish(self, model: TrainableModel, folder: Path) -> Summary:
        """Write what the training leaves behind, then delete its checkpoint."""
        self.body.eval()
        model.save(folder)
        self.history.write(folder)
        rows = self.history.rows
        planned = self.recipe.steps
        notes = () if self.step == planned else (self._early(),)
        summary = Summary(
            steps=self.step,
            planned_steps=planned,
            images=self.images,
            seconds=round(self.seconds, 3),
            final_loss=rows[-1]["loss"] if rows else 0.0,
            wait_share=round(float(np.mean([r["wait_share"] for r in rows])), 4) if rows else 0.0,
            notes=notes,
        )
        facts = {
            "summary": asdict(summary),
            "settings": dict(self.recipe.settings),
            "assumed": list(self.recipe.assumed),
            "seed": str(self.seed),
            "device": str(self.device),
            "precision": self.precision,
        }
        write_text(folder / RESULT, json.dumps(facts, indent=2, sort_keys=True) + "\n")
        checkpoint.remove(folder)
        return summary

    def _early(self) -> str:
        return (
            f"training ended at step {self.step} of {self.recipe.steps}: {MAX_EMPTY_DRAWS} batches "
            "in a row had nothing left to teach"
        )

    def _load(self, draw: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        indices = self.sampler(draw)
        images = [self.data.image(int(index)) for index in indices]
        if self.recipe.augment is not None:
            rng = stream(self.seed, "train", "augment", draw)
            images = [self.recipe.augment(image, rng) for image in images]
        return np.stack(images), self.data.labels[indices]

    def _one(self, images: NDArray[np.uint8], labels: NDArray[np.int64], waited_s: float) -> None:
        torch.manual_seed(_torch_seed(self.seed, "draw", self.draw))
        self.draw += 1
        restart = self.recipe.restart_optimiser
        if restart and self.step % restart == 0 and self.empty == 0:
            self.optimiser = self.recipe.optimiser(self.body)
        inputs = to_tensor(images, self.spec, self.device)
        with torch.autocast(
            self.device.type, AUTOCAST.get(self.precision), enabled=self.precision in AUTOCAST
        ):
            output = self.recipe.network(inputs)
        target = torch.from_numpy(labels).to(self.device)
        loss, log = self.recipe.objective(output.float(), target)
        if loss is None:
            self.empty += 1
            self.history.waited(waited_s)
            return
        self.empty = 0
        rate = self._update(loss)
        values = {"loss": float(loss.detach()), "spread": spread(output), "learning_rate": rate}
        self.health.check(self.step, values["loss"], values["spread"], rate, self.last_good)
        self.step += 1
        self.images += len(images)
        self.history.add(self.step, values | log, len(images), waited_s)

    def _update(self, loss: torch.Tensor) -> float:
        factor = self.recipe.schedule(self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if self.recipe.clip_norm is not None:
            self.scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self.body.parameters(), self.recipe.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return float(self.optimiser.param_groups[0]["lr"])
