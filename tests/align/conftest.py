"""Small image sets held in memory."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from harness.errors import DataError


class MemoryImages:
    def __init__(self, files, *, landmarks=None, boxes=None, template=None):
        self.files = list(files)
        count = len(self.files)
        self.names = [f"face-{index}.png" for index in range(count)]
        self.landmarks = np.full((count, 5, 2), np.nan, np.float32)
        self.boxes = np.full((count, 4), np.nan, np.float32)
        if landmarks is not None:
            self.landmarks[:] = landmarks
        if boxes is not None:
            self.boxes[:] = boxes
        self.template = template
        self.subjects = None
        self.reads = []

    def __len__(self):
        return len(self.files)

    def read(self, index):
        self.reads.append(index)
        if self.files[index] is None:
            raise DataError(f"{self.names[index]}: no such file")
        return self.files[index]


def encode(image, extension=".png", *options):
    done, data = cv2.imencode(extension, image[..., ::-1] if image.ndim == 3 else image, options)
    assert done
    return data.tobytes()


def smooth(seed, width=90, height=70, channels=3):
    """A smooth random uint8 image: interpolation errors stay small in it."""
    noise = np.random.default_rng(seed).normal(size=(height, width, channels))
    image = cv2.GaussianBlur(noise, (0, 0), 6).reshape(height, width, channels)
    image = (image - image.min()) / (image.max() - image.min()) * 255
    return np.squeeze(image.astype(np.uint8))


@pytest.fixture
def kit():
    return SimpleNamespace(Images=MemoryImages, encode=encode, smooth=smooth)
