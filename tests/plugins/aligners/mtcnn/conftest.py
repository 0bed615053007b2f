"""Weights with random numbers in the official layout, and the plain oracle."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from harness_plugins.aligners.mtcnn.aligner import Mtcnn
from harness_plugins.aligners.mtcnn.params import MtcnnParams

# Entry names and shapes of the public state dicts.
LAYOUT = {
    "pnet": {
        "conv1": (10, 3, 3, 3),
        "prelu1": (10,),
        "conv2": (16, 10, 3, 3),
        "prelu2": (16,),
        "conv3": (32, 16, 3, 3),
        "prelu3": (32,),
        "conv4_1": (2, 32, 1, 1),
        "conv4_2": (4, 32, 1, 1),
    },
    "rnet": {
        "conv1": (28, 3, 3, 3),
        "prelu1": (28,),
        "conv2": (48, 28, 3, 3),
        "prelu2": (48,),
        "conv3": (64, 48, 2, 2),
        "prelu3": (64,),
        "dense4": (128, 576),
        "prelu4": (128,),
        "dense5_1": (2, 128),
        "dense5_2": (4, 128),
    },
    "onet": {
        "conv1": (32, 3, 3, 3),
        "prelu1": (32,),
        "conv2": (64, 32, 3, 3),
        "prelu2": (64,),
        "conv3": (64, 64, 3, 3),
        "prelu3": (64,),
        "conv4": (128, 64, 2, 2),
        "prelu4": (128,),
        "dense5": (256, 1152),
        "prelu5": (256,),
        "dense6_1": (2, 256),
        "dense6_2": (4, 256),
        "dense6_3": (10, 256),
    },
}
OFFSETS = {"conv4_2", "dense5_2", "dense6_2"}


def _load_plain():
    spec = importlib.util.spec_from_file_location(
        "plain_mtcnn", Path(__file__).with_name("plain.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_states(seed):
    """State dicts whose networks find many faces in noise and move boxes a little."""
    generator = torch.Generator().manual_seed(seed)
    states = []
    for network in ("pnet", "rnet", "onet"):
        state = {}
        for name, shape in LAYOUT[network].items():
            if name.startswith("prelu"):
                state[f"{name}.weight"] = torch.rand(shape, generator=generator) * 0.5
                continue
            fan = float(np.prod(shape[1:]))
            scale = (2 / fan) ** 0.5 * (0.1 if name in OFFSETS else 1)
            state[f"{name}.weight"] = torch.randn(shape, generator=generator) * scale
            state[f"{name}.bias"] = torch.randn(shape[0], generator=generator) * 0.05
        states.append(state)
    return tuple(states)


def scene(seed, width, height):
    """Smooth colour noise: something at every scale."""
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width, 3))
    for sigma in (1, 3, 9):
        layer = cv2.GaussianBlur(rng.normal(size=(height, width, 3)), (0, 0), sigma)
        image += layer / layer.std()
    return np.clip(128 + 45 * image, 0, 255).astype(np.uint8)


def context(device="cpu"):
    return SimpleNamespace(device=device, seed=0, precision="fp32", batch_size=None)


@pytest.fixture(scope="session")
def states():
    return random_states(9)


@pytest.fixture(scope="session")
def weights(tmp_path_factory, states):
    folder = tmp_path_factory.mktemp("mtcnn")
    for name, state in zip(("pnet", "rnet", "onet"), states, strict=True):
        torch.save(state, folder / f"{name}.pt")
    return folder


@pytest.fixture(scope="session")
def kit(states, weights):
    def aligner(**values):
        made = Mtcnn(MtcnnParams(weights=weights, **values))
        made.prepare(context())
        return made

    return SimpleNamespace(
        states=states,
        weights=weights,
        plain=_load_plain(),
        scene=scene,
        context=context,
        aligner=aligner,
        layout=LAYOUT,
    )
