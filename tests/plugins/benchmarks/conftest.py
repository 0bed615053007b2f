"""Faces of flat colours in any layout, and the command run on them."""

from __future__ import annotations

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from harness.align.templates import template_points

PX = 48


def face(person: int, number: int, *, grey: bool = False) -> np.ndarray:
    rng = np.random.default_rng([person])
    image = np.kron(rng.integers(40, 215, (4, 4, 3)), np.ones((PX // 4, PX // 4, 1)))
    image = image + np.random.default_rng([person, number]).normal(0, 4, image.shape)
    pixels = np.clip(image, 0, 255).astype(np.uint8)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY) if grey else pixels


@pytest.fixture
def paint():
    """Write the image of a person: a patch of colours that ``toy-pixels`` tells apart."""

    def write(path, person: int, number: int, *, grey: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), face(person, number, grey=grey))

    return write


@pytest.fixture
def encode():
    """Bytes of the image of a person."""
    return lambda person, number: cv2.imencode(".png", face(person, number))[1].tobytes()


@pytest.fixture
def five():
    """The landmarks of every such image, float32 (5, 2)."""
    return template_points("arcface", PX, PX)


@pytest.fixture
def prepared():
    """A benchmark of this class and these parameters, prepared."""

    def make(cls, params, limit=None):
        benchmark = cls(params)
        benchmark.prepare(SimpleNamespace(limit=limit))
        return benchmark

    return make


@pytest.fixture
def results(harness_command, tmp_path):
    """Run a benchmark with ``toy-pixels`` by the command; its results by comparison."""

    def run(benchmark: str, *settings: str) -> dict[str, dict]:
        flags = [word for setting in settings for word in ("-B", setting)]
        harness_command("run", "-m", "toy-pixels", "-b", benchmark, *flags, "-j", "1")
        found = [json.loads(p.read_text()) for p in tmp_path.glob("study/cells/*/result.json")]
        for result in found:
            result["accuracy"] = next(m["value"] for m in result["metrics"] if m["headline"])
        return {result["comparison"]: result for result in found}

    return run
