"""The training loop: one function, exact after any interruption."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.embedding.prefetch import prefetch
from harness.errors import DataError, UsageError
from harness.fileio.atomic import write_text
from harness.seeds import derive, stream
from harness.training.distributed import ALONE, Ranks
from harness.training.health import Health, check_finite
from harness.training.history import History
from harness.training.memory import kept_memory
from harness.training.outputs import outputs
from harness.training.saved import checkpoint
from harness.training.saved.result import read_training
from harness.training.step import TrainingStep
from harness.training.validation import TIMES, Validation

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.components import ShowProgress, TrainableModel
    from harness.training.recipe import TrainingData, TrainingRecipe

RESULT = "training.json"
MAX_EMPTY_DRAWS = 50
"""Batches in a row without anything to learn after which training ends early."""


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
    validation_accuracy: float | None = None


def train(
    model: TrainableModel,
    data: TrainingData,
    *,
    seed: int,
    folder: Path,
    device: str = "cpu",
    precision: str = "fp32",
    progress: ShowProgress | None = None,
    checkpoint_s: float = 300.0,
    threads: int = 2,
    validation: TrainingData | None = None,
    ranks: Ranks = ALONE,
) -> Summary:
    """Train a prepared model; leave weights, ``training.json`` and history in ``folder``.

    The same call after an interruption continues from the last checkpoint, and a finished folder is
    only read. On the CPU with one thread the weights are then bit-equal to an undisturbed run.
    The network sees float32 sums in the objective whatever ``precision`` (fp32, bf16, fp16) is.
    ``threads`` load and align images ahead, and change speed alone. On ``validation``, identities
    that ``data`` does not hold, pair accuracy is measured twenty times and is in the history.
    With several ``ranks`` every one calls this, and the first of them writes; a checkpoint may be
    taken up by another number of them.

    Raises DataError when training diverges, collapses, or the data does not fit the model.
    """
    done = finished(folder)
    if done is not None:
        if ranks.first:
            checkpoint.remove(folder)  # a kill may have come between the result and this
        model.load(folder)
        return done
    folder.mkdir(parents=True, exist_ok=True)
    place = torch.device(device)
    devices = [place] if place.type == "cuda" else []
    with kept_memory(), torch.random.fork_rng(devices):
        torch.manual_seed(_torch_seed(seed, "recipe"))
        check_labels(data)
        recipe = model.training(data.labels)
        check_steps(recipe, data)
        step = TrainingStep(recipe, model.input_spec, place, precision, ranks)
        watched = None if validation is None else Validation.of(validation, derive(seed, "train"))
        run = _Run(step, data, seed, watched)
        run.restore(folder, progress)
        run.check_agreement(folder)
        run.steps(folder, progress, checkpoint_s, threads)
        return run.finish(model, folder, progress, threads)


def finished(folder: Path) -> Summary | None:
    """What the training in ``folder`` did, or None when it has not finished."""
    path = folder / RESULT
    if not path.exists():
        return None
    summary = read_training(path).summary.model_dump()
    return Summary(**summary | {"notes": tuple(summary["notes"])})


def check_labels(data: TrainingData) -> None:
    """Raise DataError unless every image has a label and the classes are 0..C-1 without a gap."""
    labels = data.labels
    if len(labels) != len(data) or len(labels) == 0:
        raise DataError(f"training needs one label per image: {len(labels)} for {len(data)} images")
    if labels.min() < 0 or (np.bincount(labels) == 0).any():
        raise DataError("training labels must be 0..C-1 with at least one image of every class")


def check_steps(recipe: TrainingRecipe, data: TrainingData) -> None:
    """Raise DataError for a single class, UsageError for a training of no steps."""
    if int(data.labels.max()) < 1:
        raise DataError("all training images have one label, so there is nobody to tell apart")
    if recipe.steps < 1 and recipe.finish is None:
        raise UsageError("a training of 0 steps learns nothing; raise steps or epochs")


def _torch_seed(seed: int, *path: str | int) -> int:
    # torch takes 64 bits, of which the sign is left out.
    return derive(seed, "train", *path) % 2**63


class _Run:
    """The state of one training and how it moves by a step."""

    def __init__(
        self, step: TrainingStep, data: TrainingData, seed: int, validation: Validation | None
    ) -> None:
        self.learn, self.data, self.seed, self.validation = step, data, seed, validation
        self.ranks = step.ranks
        self.recipe = recipe = step.recipe
        self.sampler = recipe.sampler(derive(seed, "train", "sampler"))
        self.health = Health(recipe.collapse_loss)
        self.history = History(recipe.steps)
        self.step = self.draw = self.images = self.empty = 0
        self.seconds = 0.0
        self.accuracy: float | None = None
        self.last_good = "No checkpoint had been written yet."

    def restore(self, folder: Path, progress: ShowProgress | None) -> None:
        """Take up the folder's checkpoint, if there is one; after a damaged one, start over."""
        try:
            state = checkpoint.load(folder, str(self.learn.device))
        except DataError as error:
            # Every process meets the same file, so all of them start over.
            if progress:
                progress(0, self.recipe.steps, "steps", f"{error}; starting over")
            state = None
        if state is None:
            return
        if state["fingerprint"] != self.fingerprint():
            raise DataError(
                f"{folder} holds a checkpoint of another training (seed, data, precision or number "
                "of steps differ); use another folder or delete it"
            )
        self.step, self.draw, self.images, self.empty = state["counters"]
        self.learn.restore(state)
        self.history.restore(state["history"])
        self.health.low, self.health.flat = state["health"]
        self.seconds, self.accuracy = state["seconds"], state["accuracy"]
        self.last_good = f"The last good checkpoint, of step {self.step}, is in {folder}."

    def fingerprint(self) -> str:
        """What must be equal for a checkpoint to be taken up."""
        labels = derive(0, self.data.labels.tobytes().hex())
        watched = "" if self.validation is None else f" {len(self.validation.data)}"
        precision, recipe = self.learn.precision, self.recipe
        parts = (self.seed, precision, recipe.steps, recipe.images_per_pass, len(self.data))
        return " ".join(map(str, parts)) + f" {labels:x}{watched}"

    def check_agreement(self, folder: Path) -> None:
        """Raise DataError unless all processes train the same from the same step on."""
        number = derive(0, self.step, self.fingerprint()) % 2**62
        if not self.ranks.agree(number, self.learn.device):
            raise DataError(
                "the processes of this training differ in their data or in the checkpoint they "
                f"found in {folder}; let all of them see the same files and run the same command"
            )

    def save(self, folder: Path) -> None:
        """Write a checkpoint, unless a value in it is not finite; the first process does."""
        if not self.ranks.first:
            return
        where = f"training diverged before step {self.step}"
        state = self.learn.state()
        check_finite(state["body"], f"{where}. {self.last_good}")
        checkpoint.save(
            folder,
            {
                "fingerprint": self.fingerprint(),
                "counters": [self.step, self.draw, self.images, self.empty],
                **state,
                "history": self.history.state(),
                "health": [self.health.low, self.health.flat],
                "seconds": self.seconds,
                "accuracy": self.accuracy,
            },
        )
        self.last_good = f"The last good checkpoint, of step {self.step}, is in {folder}."

    def steps(
        self, folder: Path, progress: ShowProgress | None, checkpoint_s: float, threads: int
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

    def finish(
        self, model: TrainableModel, folder: Path, progress: ShowProgress | None, threads: int
    ) -> Summary:
        """Write what the training leaves behind, then delete its checkpoint."""
        self.learn.body.eval()
        rows = self.history.rows
        planned = self.recipe.steps
        if planned and not self.step:
            raise DataError(f"nothing was learned: {self._early()}")
        notes = () if self.step == planned else (self._early(),)
        summary = Summary(
            steps=self.step,
            planned_steps=planned,
            images=self.images,
            seconds=round(self.seconds, 3),
            final_loss=rows[-1]["loss"] if rows else 0.0,
            wait_share=round(float(np.mean([r["wait_share"] for r in rows])), 4) if rows else 0.0,
            notes=notes,
            validation_accuracy=self.accuracy,
        )
        if not self.ranks.first:
            return summary
        if self.recipe.finish is not None:
            self.recipe.finish(
                lambda numbers: outputs(
                    self.learn.forward, self.data, numbers, self.learn.spec, self.learn.device,
                    threads=threads, progress=progress,
                ),
                self.data.labels,
            )  # fmt: skip
        model.save(folder)
        self.history.write(folder)
        facts = {
            "summary": asdict(summary),
            "settings": dict(self.recipe.settings),
            "assumed": list(self.recipe.assumed),
            "seed": str(self.seed),
            "device": str(self.learn.device),
            "precision": self.learn.precision,
            "processes": self.ranks.count,
        }
        write_text(folder / RESULT, json.dumps(facts, indent=2, sort_keys=True) + "\n")
        checkpoint.remove(folder)
        return summary

    def _early(self) -> str:
        return (
            f"training ended at step {self.step} of {self.recipe.steps}: {MAX_EMPTY_DRAWS} batches "
            "in a row had nothing left to teach (too few images of each person, or all told apart)"
        )

    def _load(self, draw: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The images of a batch that belong to this process, and the labels of all of it."""
        indices = self.sampler(draw)
        share = self.ranks.share(len(indices))
        images = []
        for place in range(share.start, share.stop):
            image = self.data.image(int(indices[place]))
            if self.recipe.augment is not None:
                # By its place in the batch, so that it does not matter who loads it.
                image = self.recipe.augment(
                    image, stream(self.seed, "train", "augment", draw, place)
                )
            images.append(image)
        return np.stack(images), self.data.labels[indices]

    def _one(self, images: NDArray[np.uint8], labels: NDArray[np.int64], waited_s: float) -> None:
        seed = _torch_seed(self.seed, "draw", self.draw)
        self.draw += 1
        restart = self.recipe.restart_optimiser
        if restart and self.step % restart == 0 and self.empty == 0:
            self.learn.restart()
        taught = self.learn(images, labels, self.step, seed)
        if taught is None:
            self.empty += 1
            self.history.waited(waited_s)
            return
        self.empty = 0
        self.health.check(self.step, taught.loss, taught.spread, taught.rate, self.last_good)
        self.step += 1
        self.images += len(labels)
        values = {"loss": taught.loss, "spread": taught.spread, "learning_rate": taught.rate}
        self.history.add(
            self.step, values | dict(taught.log) | self._validated(), len(labels), waited_s
        )

    def _validated(self) -> dict[str, float]:
        """Accuracy on held-out identities, at every twentieth of the training and at its end."""
        total = self.recipe.steps
        if (
            self.validation is None
            or not self.ranks.first
            or self.step * TIMES // total == (self.step - 1) * TIMES // total
        ):
            return {}
        self.learn.body.eval()
        self.accuracy = self.validation.accuracy(
            self.learn.forward, self.learn.spec, self.learn.device
        )
        self.learn.body.train()
        return {"validation_accuracy": self.accuracy}
