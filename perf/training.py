"""What our training loop costs beside a plain PyTorch loop, and what precision and threads give.

    python perf/training.py --model facenet-nn4 --threads 2

Prints images per second of a plain loop over ready tensors, of ours over encoded images (decoding,
augmentation, health, history, checkpoints), and their ratio; then embedding in the same way. Runs
alternate, and the median of several is taken, because the machine may be shared.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch

from harness.embedding.extract import extract
from harness.embedding.inputs import to_tensor
from harness.training.loop import AUTOCAST, train
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


def make(name: str, steps: int, precision: str) -> TorchModel:
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


def ours(name: str, steps: int, precision: str) -> float:
    model = make(name, steps, precision)
    with tempfile.TemporaryDirectory() as folder:
        done = train(model, EncodedFaces(model), seed=0, folder=Path(folder), precision=precision)
    return done.images / done.seconds


def plain(name: str, steps: int, precision: str) -> float:
    """The loop of a tutorial, on tensors that are already there."""
    model = make(name, steps, precision)
    faces = EncodedFaces(model)
    recipe = model.training(faces.labels)
    batch = recipe.sampler(0)(0)
    images = to_tensor(np.stack([faces.image(i) for i in batch]), model.input_spec)
    labels = torch.from_numpy(faces.labels[batch])
    body = torch.nn.ModuleDict({"network": recipe.network, "objective": recipe.objective}).train()
    optimiser = recipe.optimiser(body)
    start = time.perf_counter()
    for _ in range(steps):
        with torch.autocast("cpu", AUTOCAST.get(precision), enabled=precision in AUTOCAST):
            output = recipe.network(images)
        loss, _ = recipe.objective(output.float(), labels)
        optimiser.zero_grad()
        if loss is not None:
            loss.backward()
        optimiser.step()
    return steps * len(batch) / (time.perf_counter() - start)


def embedding(name: str, precision: str) -> tuple[float, float]:
    """Images per second of ``extract`` over encoded images, and of a batch loop over tensors."""
    model = make(name, 1, precision)
    faces = EncodedFaces(model)
    names = [str(index) for index in range(len(faces))]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        extract(model, faces, names, mirror=False, folder=Path(folder))
        through_us = len(faces) / (time.perf_counter() - start)
    images = np.stack([faces.image(index) for index in range(64)])
    tensor = to_tensor(images, model.input_spec)
    start = time.perf_counter()
    with (
        torch.inference_mode(),
        torch.autocast("cpu", AUTOCAST.get(precision), enabled=precision in AUTOCAST),
    ):
        for _ in range(8):
            model.network(tensor)
    return through_us, 8 * 64 / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", default="facenet-nn4")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{options.model}, {options.threads} threads, images/s (median of {options.runs})")
    for precision in ("fp32", "bf16"):
        arguments = (options.model, options.steps, precision)
        pairs = [(ours(*arguments), plain(*arguments)) for _ in range(options.runs)]
        left, right = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(
            f"train {precision}: ours {left:.0f}, plain loop {right:.0f}, ratio {left / right:.2f}"
        )
        pairs = [embedding(options.model, precision) for _ in range(options.runs)]
        left, right = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(
            f"embed {precision}: ours {left:.0f}, plain loop {right:.0f}, ratio {left / right:.2f}"
        )


if __name__ == "__main__":
    main()
