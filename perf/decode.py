"""Strict decoding against OpenCV's: pixels, CPU time per image, and how much damage each finds.

``python perf/decode.py --images DIR`` takes up to 1,000 JPEGs of a folder; without arguments they
are made here. Everything is measured in one run, alternating, as ratios.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from harness.align.decode import decode
from harness.errors import DataError

FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
TARGET = 1.3
"""Strict decoding may take this much of OpenCV's time."""
Pixels = NDArray[np.uint8]


def plain(data: bytes) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), FLAGS), np.uint8)


def strict(data: bytes) -> Pixels:
    return decode(data, "image")


def middle(data: bytes, rng: np.random.Generator) -> bytes:
    begin, end = len(data) // 3, 2 * len(data) // 3
    begin = max(begin, data.rindex(b"\xff\xda") + 14) if data[:2] == b"\xff\xd8" else begin
    return data[:begin] + bytes(end - begin) + data[end:]


def lost(data: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data) // 4, max(len(data) // 4 + 1, len(data) - 600)))
    return data[:at] + data[at + 512 :]


def half(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: len(data) // 2] + data[-12:]


DAMAGE: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    "middle third zeroed": middle,
    "512 bytes lost": lost,
    "second half lost, end kept": half,
}


def made(count: int) -> list[bytes]:
    rng = np.random.default_rng(0)
    images = []
    for _ in range(count):
        noise = rng.normal(128, 90, (150, 150, 3)).astype(np.float32)
        image = np.clip(cv2.GaussianBlur(noise, (0, 0), 1.5) * 2 - 128, 0, 255).astype(np.uint8)
        images.append(cv2.imencode(".jpg", image)[1].tobytes())
    return images


def seconds(read: Callable[[bytes], object], images: Sequence[bytes]) -> float:
    start = time.process_time()
    for data in images:
        read(data)
    return time.process_time() - start


def found(read: Callable[[bytes], Pixels], images: Sequence[bytes]) -> tuple[int, float]:
    """How many damaged images were refused, and the worst share of wrong pixels of the others."""
    refused, worst = 0, 0.0
    for number, data in enumerate(images):
        for damage in DAMAGE.values():
            right = plain(data)
            try:
                got = read(damage(data, np.random.default_rng(number)))
            except (DataError, ValueError):
                refused += 1
                continue
            same = got.shape == right.shape
            wrong = np.abs(got.astype(int) - right).max(axis=2) > 8 if same else np.ones(1)
            worst = max(worst, float(wrong.mean()))
    return refused, worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    images = made(args.count)
    if args.images is not None:
        files = sorted(args.images.rglob("*.jpg"))
        images = [file.read_bytes() for file in files[:: max(1, len(files) // args.count)]]
        images = images[: args.count]
    same = sum(np.array_equal(plain(data), strict(data)) for data in images)
    print(f"{same} of {len(images)} images have OpenCV's pixels, bit for bit")
    rounds = [(seconds(plain, images), seconds(strict, images)) for _ in range(5)]
    ratio = float(np.median([strict_s / plain_s for plain_s, strict_s in rounds]))
    opencv, own = (1e3 * min(column) / len(images) for column in zip(*rounds, strict=True))
    print(f"OpenCV {opencv:.3f} ms, strict {own:.3f} ms per image, ratio {ratio:.2f}")
    some, total = images[:200], len(images[:200]) * len(DAMAGE)
    for name, read in (("OpenCV", plain), ("strict", strict)):
        refused, worst = found(read, some)
        print(f"{name}: {refused} of {total} damaged JPEGs refused; "
              f"of one that is not, {worst:.0%} of the pixels are wrong")  # fmt: skip
    return 0 if same == len(images) and ratio <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
