from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from harness_plugins.generators.digi2real.diffusion import tiny
from harness_plugins.generators.digi2real.diffusion.pipeline import (
    Folders,
    conditioner,
    open_pipeline,
)


def units(count: int, size: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, size))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@dataclass
class Patches:
    """Images with a flat colour an identity, as a context hands them out."""

    identities: int
    per: int
    bias: int = 0
    template: str | None = None

    def __post_init__(self):
        count = self.identities * self.per
        self.subjects = np.repeat(np.arange(self.identities), self.per)
        self.landmarks = np.full((count, 5, 2), np.nan, np.float32)
        self.boxes = np.full((count, 4), np.nan, np.float32)
        self.names = [f"{i}/{k}" for i in range(self.identities) for k in range(self.per)]
        self.reads = 0

    def __len__(self):
        return len(self.names)

    def read(self, index):
        self.reads += 1
        rng = np.random.default_rng([self.bias, int(self.subjects[index])])
        colours = rng.integers(0, 200, (4, 4, 3)) + self.bias
        noise = np.random.default_rng([self.bias, index, 7]).integers(0, 40, (56, 56, 3))
        pixels = np.kron(colours, np.ones((14, 14, 1))) + noise
        return cv2.imencode(".png", pixels.clip(0, 255).astype(np.uint8))[1].tobytes()


@dataclass
class Ctx:
    """What a component may ask of the core, with artifacts in a folder."""

    root: object
    sets: dict
    seed: int = 11
    device: str = "cpu"
    precision: str = "fp32"
    batch_size: int | None = None
    limit: int | None = None
    tools: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    built: list = field(default_factory=list)

    def artifact(self, name, parts, build):
        from harness.digests import digest

        folder = self.root / name / digest(parts)
        if not folder.exists():
            aside = Path(tempfile.mkdtemp(dir=self.root))
            build(aside)
            folder.parent.mkdir(exist_ok=True)
            aside.rename(folder)
            self.built.append(name)
        return folder

    def faces(self, name):
        return self.sets[name]

    def tool(self, name):
        return self.tools[name]

    def tool_key(self, name):
        return f"key of {name}"

    def note(self, message):
        self.notes.append(message)

    def progress(self, done, total, unit, detail=""):
        pass


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """The tiny pipeline on disk, written once."""
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("tiny")
    tiny.build(root)
    return Folders(root / "unet", root / "encoder", root / "base")


@pytest.fixture(scope="session")
def conditions(folders):
    return conditioner(folders, "cpu")


@pytest.fixture(scope="session")
def pipeline(folders, conditions):
    return open_pipeline(folders, conditions.unconditional(), "cpu", "fp32")


@pytest.fixture(scope="session")
def random_units():
    return units


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """Artifacts that the tests of the generator share, the networks above all."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def patches():
    return Patches


@pytest.fixture
def context(store):
    def make(root=store, **values):
        sets = values.pop("sets", None) or {"source": Patches(4, 6)}
        return Ctx(root, sets, **values)

    return make
