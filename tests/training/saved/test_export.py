"""Exported networks embed as the model does."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn

from harness.components import InputSpec, Params
from harness.embedding.inputs import to_array
from harness.embedding.onnx_input import declared
from harness.embedding.onnx_session import open_session
from harness.errors import DataError, PrerequisiteError
from harness.training.saved.export import export_onnx
from harness.training.torch_model import TorchModel

CONTEXT = SimpleNamespace(seed=1, device="cpu", precision="fp32", batch_size=None)


class Small(TorchModel):
    """A few layers on BGR input."""

    input_spec = InputSpec(8, 6, "arcface", "BGR", (0.1, 0.2, 0.3))
    embedding_size = 5

    def build(self):
        return nn.Sequential(
            nn.Conv2d(3, 4, 3, 2), nn.BatchNorm2d(4), nn.PReLU(4), nn.Flatten(), nn.Linear(24, 5)
        )

    def training(self, labels):
        """Never called: only ready networks are exported."""


def test_any_batch_and_the_same_embeddings(tmp_path):
    model = Small(Params())
    model.prepare(CONTEXT)
    path = tmp_path / "small.onnx"
    found = export_onnx(model, path, {"made by": "a test"})
    assert found.keys() == {1, 7}
    assert max(found.values()) < 1e-5
    session = open_session(path)
    assert session.get_modelmeta().custom_metadata_map["made by"] == "a test"
    assert declared(session, path) == model.input_spec
    images = np.random.default_rng(0).integers(0, 256, (4, 6, 8, 3), np.uint8)
    (rows,) = session.run(None, {"input": to_array(images, model.input_spec)})
    np.testing.assert_allclose(rows, model.embed(images), atol=1e-5)
    assert [p.name for p in tmp_path.iterdir()] == ["small.onnx"]


class Fickle(nn.Module):
    """Counts its calls, which a graph cannot do."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x.flatten(1)[:, :5] + self.calls


def test_a_graph_that_differs_is_not_written(tmp_path):
    model = Small(Params())
    model.prepare(CONTEXT)
    model.network = Fickle()
    with pytest.raises(DataError, match="differs from the network"):
        export_onnx(model, tmp_path / "fickle.onnx")
    assert list(tmp_path.iterdir()) == []


def test_says_when_the_package_onnx_is_missing(tmp_path, monkeypatch):
    model = Small(Params())
    model.prepare(CONTEXT)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(PrerequisiteError, match="pip install onnx"):
        export_onnx(model, tmp_path / "small.onnx")
