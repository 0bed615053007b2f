"""MTCNN against facenet-pytorch's batched mode: CPU time per image, in turns, one thread.

``python perf/mtcnn.py --reference CLONE --images DIR`` wants a clone of facenet-pytorch (or
``HARNESS_REF_FACENET_PYTORCH``), its torchvision, and JPEGs of one size; the weights are the
clone's. Both find all faces of the same images, which must agree, and the ratio of the times is the
result.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import torch

from harness.align.decode import decode
from harness_plugins.aligners.mtcnn.aligner import Mtcnn
from harness_plugins.aligners.mtcnn.params import MtcnnParams

TARGET = 2.0
VARIABLE = "HARNESS_REF_FACENET_PYTORCH"


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, default=os.environ.get(VARIABLE))
    parser.add_argument("--images", type=Path, required=True, help="folder with JPEGs of one size")
    parser.add_argument("--limit", type=int, default=40, help="most images to take")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    if options.reference is None:
        parser.error(f"give --reference or set {VARIABLE} to a clone of facenet-pytorch")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    paths = sorted(options.images.rglob("*.jpg"))[: options.limit]
    images = [decode(path.read_bytes(), path.name) for path in paths]
    sys.path.insert(0, str(options.reference))
    theirs, batch = import_module("models.mtcnn").MTCNN(select_largest=False), np.stack(images)
    preset = MtcnnParams.presets["facenet-pytorch"]
    ours = Mtcnn(MtcnnParams(weights=Path(options.reference) / "data", **preset))
    ours.prepare(SimpleNamespace(device="cpu"))
    boxes = np.full((len(images), 4), np.nan, dtype=np.float32)
    expected, found = theirs.detect(batch, landmarks=True)[2], ours.cascade.detect(images)
    counts = [
        (0 if points is None else len(points), len(faces.scores))
        for points, faces in zip(expected, found, strict=True)
    ]
    apart = [
        np.abs(np.array(points, float) - faces.landmarks).max(axis=(1, 2))
        for points, faces in zip(expected, found, strict=True)
        if points is not None and len(points) == len(faces.scores)
    ]
    close = np.mean(np.concatenate(apart) <= 0.01)
    times = np.array(
        [
            (
                seconds(lambda: theirs.detect(batch, landmarks=True)),
                seconds(lambda: ours.locate(images, boxes)),
            )
            for _ in range(options.repeats)
        ]
    )
    ratio = float(np.median(times[:, 0] / times[:, 1]))
    for name, taken in zip(("facenet-pytorch", "harness"), times.T, strict=True):
        print(f"{name:<16} {np.median(taken) / len(images) * 1e3:6.1f} ms of one core per image")
    print(f"faces: {sum(a for a, _ in counts)}, of {sum(b for _, b in counts)} found here")
    print(f"landmarks within 0.01 px: {close:.1%}")
    print(f"ratio, median of {options.repeats} pairs: {ratio:.2f} (target {TARGET})")
    same = all(a == b for a, b in counts) and close >= 0.99
    return 0 if same and ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
