"""What our training loop and embedding cost beside plain PyTorch, and what precision gives.

    python perf/training.py                       # everything, small network, minutes
    python perf/training.py step --model iresnet18 --steps 3

Figures are images per second of processor time on one thread, because the machine may be shared,
and sides take turns step by step. Questions:

step     our loop (decode, augmentation, health, history) against a tutorial's loop on ready tensors
bf16     bf16 with channels_last against fp32
load     decode and augmentation alone, and what 16 cores would feed
embed    ``extract`` on encoded images against a hand-written loop on the same
onnx     ONNX Runtime against torch
sample   memory and time of a margin loss at 200,000 classes, all centres and a tenth of them
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from harness.embedding.extract import extract
from harness.embedding.inputs import to_array, to_tensor
from harness.embedding.onnx_session import open_session
from harness.seeds import stream
from harness.training.data.augment import adaface
from harness.training.loop import train
from harness.training.losses import classification_loss
from harness.training.saved.export import export_onnx
from harness.training.step import AUTOCAST
from harness.training.torch_model import TorchModel

PEOPLE, EACH = 30, 20


class EncodedFaces:
    """Smooth random images as JPEG bytes, decoded when asked for."""

    def __init__(self, model: TorchModel) -> None:
        spec = model.input_spec
        rng = np.random.default_rng(0)
        self.labels = np.repeat(np.arange(PEOPLE), EACH)
        self.files = []
        for _ in self.labels:
            noise = rng.integers(0, 256, (8, 8, 3), np.uint8)
            image = cv2.resize(noise, (spec.width, spec.height), interpolation=cv2.INTER_CUBIC)
            self.files.append(cv2.imencode(".jpg", image)[1])

    def __len__(self) -> int:
        return len(self.files)

    def failed(self, _index: int) -> None:
        """Every face is there."""

    def image(self, index: int) -> np.ndarray:
        """Decode one image."""
        return cv2.imdecode(self.files[index], cv2.IMREAD_COLOR_RGB)


def make(name: str, steps: int, precision: str = "fp32") -> TorchModel:
    from harness_plugins.models.facenet_nn4.model import FaceNetNN4
    from harness_plugins.models.facenet_nn4.params import FaceNetNN4Params
    from harness_plugins.models.iresnet50.model import IResNet
    from harness_plugins.models.iresnet50.params import IResNetParams
    from harness_plugins.models.mobilefacenet.model import MobileFaceNet
    from harness_plugins.models.mobilefacenet.params import MobileFaceNetParams

    rest: dict[str, Any] = {"steps": steps, "lr": 1e-3}
    made: TorchModel
    if name == "facenet-nn4":
        params = {"people_per_batch": 12, "images_per_person": 10, "variant": "nn4.small2"}
        made = FaceNetNN4(FaceNetNN4Params(**params, **rest))
    elif name == "mobilefacenet":
        made = MobileFaceNet(MobileFaceNetParams(images_per_batch=64, **rest))
    else:
        depth = int(name.removeprefix("iresnet"))
        made = IResNet(IResNetParams(depth=depth, images_per_batch=32, **rest))
    made.prepare(SimpleNamespace(seed=0, device="cpu", precision=precision, batch_size=None))
    return made


class Plain:
    """One step of a tutorial's loop, on tensors that are already there."""

    def __init__(self, name: str, precision: str, layout: torch.memory_format) -> None:
        model = make(name, 1)
        faces = EncodedFaces(model)
        self.recipe, self.precision = model.training(faces.labels), precision
        batch = self.recipe.sampler(0)(0)
        images = np.stack([faces.image(i) for i in batch])
        self.images = to_tensor(images, model.input_spec).contiguous(memory_format=layout)
        self.labels = torch.from_numpy(faces.labels[batch])
        parts = {"network": self.recipe.network, "objective": self.recipe.objective}
        body = torch.nn.ModuleDict(parts).to(memory_format=layout).train()
        self.optimiser = self.recipe.optimiser(body)

    def __call__(self) -> None:
        with torch.autocast("cpu", AUTOCAST.get(self.precision), self.precision in AUTOCAST):
            output = self.recipe.network(self.images)
        loss, _ = self.recipe.objective(output.float(), self.labels)
        self.optimiser.zero_grad()
        if loss is not None:
            loss.backward()
        self.optimiser.step()


def seconds(work: Callable[[], Any]) -> float:
    """Processor time of all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def in_turns(one: Callable[[], Any], other: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Processor seconds of each, the median over rounds that alternate; one warm-up each."""
    one(), other()
    pairs = [(seconds(one), seconds(other)) for _ in range(rounds)]
    left, right = (float(np.median(side)) for side in zip(*pairs, strict=True))
    return left, right


def step(name: str, steps: int, precision: str) -> str:
    """Our loop, with a plain step between any two of ours; loaders count as ours at all times."""
    model, plain = make(name, steps + 1), Plain(name, precision, torch.channels_last)
    total = [0.0, 0.0]  # of this process, and of the plain steps in it
    started: list[float] = []

    def between(done: int, _total: int, _unit: str, _detail: str = "") -> None:
        if started:
            total[0] += time.process_time() - started.pop()
        if done <= steps:
            at = time.thread_time()
            started.append(time.process_time())
            plain()
            if done > 0:
                total[1] += time.thread_time() - at

    with tempfile.TemporaryDirectory() as folder:
        train(
            model, EncodedFaces(model), seed=0, folder=Path(folder), precision=precision,
            progress=between, threads=1,
        )  # fmt: skip
    batch = len(plain.labels)
    ours = (total[0] - total[1]) / steps
    theirs = total[1] / steps
    return (
        f"step, {name} {precision}, batch {batch}: ours {batch / ours:.1f}, plain loop "
        f"{batch / theirs:.1f} images/cpu-s, ratio {theirs / ours:.3f}"
    )


def bf16(name: str, steps: int) -> str:
    """Training steps in two precisions and memory orders."""
    fast = Plain(name, "bf16", torch.channels_last)
    slow = Plain(name, "fp32", torch.contiguous_format)
    left, right = in_turns(fast, slow, steps)
    batch = len(fast.labels)
    return (
        f"bf16 channels_last, {name}: {batch / left:.1f}, fp32 {batch / right:.1f} images/cpu-s, "
        f"ratio {right / left:.2f}"
    )


def load(name: str, rounds: int) -> str:
    """JPEG to augmented pixels, as a batch is made of them."""
    faces = EncodedFaces(make(name, 1))
    augment = adaface()

    def work() -> None:
        for index in range(len(faces)):
            augment(faces.image(index), stream(0, "train", "augment", 0, index))

    spent, _ = in_turns(work, work, rounds)
    rate = len(faces) / spent
    return f"decode and augment: {rate:.0f} images/cpu-s, 16 cores {16 * rate:.0f} images/s"


def embed(name: str, rounds: int) -> str:
    """The same images, decoded and embedded in batches of 64."""
    model = make(name, 1)
    faces = EncodedFaces(model)
    count = 256
    faces.files = faces.files[:count]
    names = [str(index) for index in range(count)]

    def ours() -> None:
        with tempfile.TemporaryDirectory() as folder:
            extract(model, faces, names, mirror=False, folder=Path(folder), threads=1)

    def by_hand() -> None:
        rows = []
        with torch.inference_mode():
            for start in range(0, count, 64):
                images = np.stack([faces.image(index) for index in range(start, start + 64)])
                rows.append(model.network(to_tensor(images, model.input_spec)).numpy())
        np.concatenate(rows)

    left, right = in_turns(ours, by_hand, rounds)
    return (
        f"embed, {name}: ours {count / left:.1f}, hand-written {count / right:.1f} images/cpu-s, "
        f"ratio {right / left:.3f}"
    )


def onnx(name: str, rounds: int) -> str:
    """One batch of 64 through both."""
    model = make(name, 1)
    faces = EncodedFaces(model)
    images = np.stack([faces.image(index) for index in range(64)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "n.onnx"
        export_onnx(model, path)
        session = open_session(path, threads=1)
    values, tensor = to_array(images, model.input_spec), to_tensor(images, model.input_spec)

    def by_torch() -> None:
        with torch.inference_mode():
            model.network(tensor)

    left, right = in_turns(lambda: session.run(None, {"input": values}), by_torch, rounds)
    return (
        f"onnx, {name}: {64 / left:.1f}, torch {64 / right:.1f} images/cpu-s, "
        f"ratio {right / left:.2f}"
    )


def one_loss(rate: float) -> tuple[float, float]:
    """Peak memory in GB, weights and their gradient included, and seconds of a step."""
    torch.set_num_threads(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loss = classification_loss("adaface", 512, 200_000, sample_rate=rate)
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(256, 512, generator=generator).requires_grad_()
    labels = torch.randint(200_000, (256,), generator=generator)
    spent = seconds(lambda: loss(F.normalize(features) * 20, labels)[0].backward())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (peak - before) / 2**20, spent


def sample() -> str:
    """Each in a process of its own, because a peak never falls."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        (all_gb, all_s), (some_gb, some_s) = (pool.apply(one_loss, (r,)) for r in (1.0, 0.1))
    return (
        f"sample, 200,000 x 512, batch 256: all {all_gb:.2f} GB and {all_s:.1f} cpu-s, a tenth "
        f"{some_gb:.2f} GB and {some_s:.1f} cpu-s, ratios {all_gb / some_gb:.1f} and "
        f"{all_s / some_s:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    questions = ("step", "bf16", "load", "embed", "onnx", "sample")
    parser.add_argument("question", nargs="*", choices=[*questions, []], default=[])
    parser.add_argument("--model", default="mobilefacenet")
    parser.add_argument("--steps", type=int, default=4, help="Steps or rounds of each side.")
    options = parser.parse_args()
    torch.set_num_threads(1)
    name, steps = options.model, options.steps
    answers: dict[str, Callable[[], str]] = {
        "step": lambda: "\n".join(step(name, steps, p) for p in ("fp32", "bf16")),
        "bf16": lambda: bf16(name, steps),
        "load": lambda: load(name, steps),
        "embed": lambda: embed(name, steps),
        "onnx": lambda: onnx(name, steps),
        "sample": sample,
    }
    for question in options.question or questions:
        print(answers[question](), flush=True)


if __name__ == "__main__":
    main()
