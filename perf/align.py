"""Detection, decoding and warping against the plain way: one run, CPU time per image, ratios.

``python perf/align.py --weights DIR --images DIR`` times MTCNN on the JPEGs of a folder (of one
size, best of all: that is what batching is for) and checks that all ways find the same faces.
Without arguments only decoding and warping are timed, on an image made here.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from harness.align.decode import decode, image_size
from harness.align.templates import template_points
from harness.align.warp import warp
from harness.components import InputSpec, Placement
from harness_plugins.aligners.mtcnn.aligner import Mtcnn
from harness_plugins.aligners.mtcnn.boxes import Floats, suppress
from harness_plugins.aligners.mtcnn.conventions import Convention
from harness_plugins.aligners.mtcnn.params import MtcnnParams

Image = NDArray[np.uint8]
TARGETS = {"batched against loop": 1.1, "one by one against loop": 1.0}


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Least CPU time of several runs: other users of the machine only ever add to it."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def resized(pixels: Tensor, height: int, width: int) -> Tensor:
    return (interpolate(pixels, (height, width), mode="area") - 127.5) / 128


def crops(pixels: Tensor, spans: NDArray[np.int64], size: int) -> tuple[Tensor, NDArray[np.bool_]]:
    """Crops cut out and resampled one after the other, black outside the image."""
    height, width = pixels.shape[2:]
    parts, kept = [], np.zeros(len(spans), dtype=bool)
    for row, (top, bottom, left, right) in enumerate(spans.tolist()):
        inner = slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width))
        if inner[0].start >= inner[0].stop or inner[1].start >= inner[1].stop:
            continue
        frame = torch.zeros(1, 3, bottom - top, right - left)
        part = pixels[:, :, inner[0], inner[1]]
        y, x = inner[0].start - top, inner[1].start - left
        frame[:, :, y : y + part.shape[2], x : x + part.shape[3]] = part
        parts.append(resized(frame, size, size))
        kept[row] = True
    return torch.cat([torch.empty(0, 3, size, size), *parts]), kept


@torch.inference_mode()
def loop(aligner: Mtcnn, image: Image) -> Floats:
    """MTCNN on one image as the ports do it: landmarks (k, 5, 2)."""
    nets, params = aligner.cascade, aligner.params
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    height, width = image.shape[:2]
    rule = Convention("whole", "pad")
    boxes, scores, offsets = [], [], []
    for scale in rule.scales(height, width, params.min_face_px, params.factor):
        level = resized(pixels, int(height * scale + 1), int(width * scale + 1))
        offset, probability = nets.pnet(level)
        cells = (probability[0] >= params.thresholds[0]).nonzero()
        here = rule.cells(cells.flip(1).numpy(), scale)
        score = probability[0, cells[:, 0], cells[:, 1]].numpy()
        keep = suppress(here, score, rule.suppression(0.5))
        boxes.append(here[keep])
        scores.append(score[keep])
        offsets.append(offset[0, :, cells[:, 0], cells[:, 1]].T.numpy()[keep])
    found, score, move = (np.concatenate(parts) for parts in (boxes, scores, offsets))
    keep = suppress(found, score, rule.suppression(0.7))
    found = rule.square(rule.regress(found[keep], move[keep], first=True))
    part, kept = crops(pixels, rule.spans(found, height, width), 24)
    offset, probability = nets.rnet(part)
    passed = (probability > params.thresholds[1]).numpy()
    found, move = found[kept][passed], offset.numpy()[passed]
    keep = suppress(found, probability.numpy()[passed], rule.suppression(0.7))
    found = rule.square(rule.regress(found[keep], move[keep]))
    part, kept = crops(pixels, rule.spans(found, height, width), 48)
    offset, points, probability = nets.onet(part)
    passed = (probability > params.thresholds[2]).numpy()
    found = found[kept][passed]
    landmarks = rule.landmarks(found, points.numpy()[passed])
    found = rule.regress(found, offset.numpy()[passed])
    keep = suppress(found, probability.numpy()[passed], rule.suppression(0.7, "min"))
    return landmarks[keep]


def detection(weights: Path, images: Sequence[Image], repeats: int) -> bool:
    """Time the detector in three ways; True when results agree and targets are met."""
    aligner = Mtcnn(MtcnnParams(weights=weights))
    aligner.prepare(SimpleNamespace(device="cpu"))
    boxes = np.full((len(images), 4), np.nan, dtype=np.float32)
    found = aligner.locate(images, boxes)
    plain = [loop(aligner, image) for image in images]
    apart = max(
        float(np.abs(faces - face.landmarks).max(axis=(1, 2)).min())
        if isinstance(face, Placement)
        else float(len(faces))
        for face, faces in zip(found, plain, strict=True)
    )
    ways = {
        "loop": seconds(lambda: [loop(aligner, image) for image in images], repeats),
        "one by one": seconds(lambda: [aligner.locate([i], boxes[:1]) for i in images], repeats),
        "batched": seconds(lambda: aligner.locate(images, boxes), repeats),
    }
    for way, taken in ways.items():
        print(f"mtcnn {way:<11} {len(images) / taken:8.1f} images/cpu-s")
    good = apart < 0.1
    print(f"largest difference of a landmark: {apart:.4f} px")
    for name, target in TARGETS.items():
        ratio = ways["loop"] / ways[name.removesuffix(" against loop")]
        good &= ratio >= target
        print(f"{name}: {ratio:.2f}x (target {target}x)")
    return good


def throughput(repeats: int) -> None:
    """Time decoding and warping of a 250 x 250 JPEG, beside OpenCV's decoder alone."""
    noise = np.random.default_rng(0).normal(size=(250, 250, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    image = np.clip(128 + 300 * smooth, 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", image)[1].tobytes()
    spec = InputSpec(112, 112, "arcface")
    points = template_points("arcface", 112, 112) * 1.1 + 60
    bare = np.frombuffer(data, dtype=np.uint8)
    ways: dict[str, Callable[[], object]] = {
        "cv2.imdecode": lambda: cv2.imdecode(bare, cv2.IMREAD_COLOR_RGB),
        "decode": lambda: decode(data, "a"),
        "image_size": lambda: image_size(data, "a"),
        "warp": lambda: warp(image, points, spec),
        "decode + warp": lambda: warp(decode(data, "a"), points, spec),
    }
    for name, work in ways.items():
        taken = seconds(lambda work=work: [work() for _ in range(500)], repeats)  # type: ignore[misc]
        print(f"{name:<17} {500 / taken:8.0f} images/cpu-s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="folder with pnet.pt, rnet.pt and onet.pt")
    parser.add_argument("--images", type=Path, help="folder with JPEGs")
    parser.add_argument("--limit", type=int, default=40, help="most images to take")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)  # waiting threads would count as CPU time
    cv2.setNumThreads(1)
    throughput(options.repeats)
    if not (options.weights and options.images):
        return 0
    paths = sorted(options.images.rglob("*.jpg"))[: options.limit]
    images = [decode(path.read_bytes(), path.name) for path in paths]
    return 0 if detection(options.weights, images, options.repeats) else 1


if __name__ == "__main__":
    sys.exit(main())
