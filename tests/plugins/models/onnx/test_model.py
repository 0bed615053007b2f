"""ONNX networks made by the test: batches, sizes, and what must be refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from harness.components import InputSpec
from harness.embedding.onnx_input import KEY, as_metadata
from harness.embedding.onnx_session import open_session
from harness.errors import DataError, PrerequisiteError, UsageError
from harness_plugins.models.onnx.model import OnnxModel
from harness_plugins.models.onnx.params import OnnxParams

CONTEXT = SimpleNamespace(seed=1, device="cpu", precision="fp32", batch_size=None)
IMAGES = np.random.default_rng(0).integers(1, 256, (5, 6, 4, 3), np.uint8)
NEUTRAL = {"width": 4, "height": 6, "mean": (0, 0, 0), "std": (1, 1, 1)}


def network(path, batch="n", size=(6, 4), outputs=1, said=None):
    """Write a network that returns the mean of each channel, with metadata ``said``."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Identity", ["flat"], ["out"]),
    ]
    out = [helper.make_tensor_value_info("out", TensorProto.FLOAT, [batch, 3])]
    if outputs == 2:
        out.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, [batch, 3]))
    seen = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, *size])
    graph = helper.make_graph(nodes, "means", [seen], out)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(made, said or {})
    onnx.save(made, path)
    return path


def model(path, **params):
    made = OnnxModel(OnnxParams(path=path, **(NEUTRAL | params)))
    made.prepare(CONTEXT)
    return made


@pytest.mark.parametrize("batch", ["n", 1, 2, 7])
def test_any_batch_axis_gives_the_same_rows(tmp_path, batch):
    made = model(network(tmp_path / "n.onnx", batch))
    found = made.embed(IMAGES)
    np.testing.assert_allclose(found, IMAGES.mean((1, 2)) / 255, rtol=1e-5)
    assert found.dtype == np.float32
    assert made.embedding_size == 3
    assert made.embed(IMAGES[:0]).shape == (0, 3)


def test_colour_order_and_range_are_applied(tmp_path):
    made = model(network(tmp_path / "n.onnx"), colour="BGR", mean=(0.5,) * 3, std=(0.25,) * 3)
    expected = (IMAGES.mean((1, 2))[:, ::-1] / 255 - 0.5) / 0.25
    np.testing.assert_allclose(made.embed(IMAGES), expected, rtol=1e-4, atol=1e-5)


def test_declared_size_must_be_the_size_of_the_graph(tmp_path):
    with pytest.raises(UsageError, match="wants width 4 but 5 is declared"):
        model(network(tmp_path / "n.onnx"), width=5)
    free = model(network(tmp_path / "free.onnx", size=("h", "w")), width=5)
    assert free.input_spec.width == 5


SAID = InputSpec(4, 6, "sphereface", "BGR", (0.25,) * 3, (0.5,) * 3)


def test_the_input_that_a_file_declares_needs_no_parameters(tmp_path):
    path = network(tmp_path / "n.onnx", size=("h", "w"), said=as_metadata(SAID))
    made = OnnxModel(OnnxParams(path=path))
    made.prepare(CONTEXT)
    assert made.input_spec == SAID
    expected = (IMAGES.mean((1, 2))[:, ::-1] / 255 - 0.25) / 0.5
    np.testing.assert_allclose(made.embed(IMAGES), expected, rtol=1e-4, atol=1e-5)
    OnnxModel(OnnxParams(path=path, width=4, colour="BGR")).prepare(CONTEXT)


def test_a_parameter_must_not_contradict_the_file(tmp_path):
    path = network(tmp_path / "n.onnx", said=as_metadata(SAID))
    with pytest.raises(UsageError, match="has colour BGR, but RGB is declared; leave out colour"):
        OnnxModel(OnnxParams(path=path, colour="RGB")).prepare(CONTEXT)


@pytest.mark.parametrize("text", ["no json", "{}", '{"width": "wide"}'])
def test_a_malformed_declaration_is_refused(tmp_path, text):
    path = network(tmp_path / "n.onnx", said={KEY: text})
    with pytest.raises(DataError, match=r"n\.onnx declares its input in metadata harness\.input"):
        OnnxModel(OnnxParams(path=path)).prepare(CONTEXT)


def test_without_any_declaration_the_input_is_that_of_arcface(tmp_path):
    made = OnnxModel(OnnxParams(path=network(tmp_path / "n.onnx", size=("h", "w"))))
    made.prepare(CONTEXT)
    assert made.input_spec == InputSpec(112, 112, "arcface")


def test_other_kinds_of_network_are_refused(tmp_path):
    with pytest.raises(DataError, match="1 inputs and 2 outputs"):
        model(network(tmp_path / "two.onnx", outputs=2))
    with pytest.raises(DataError, match="only float32 images"):
        model(network(tmp_path / "flat.onnx", size=(6,)))


def test_missing_or_damaged_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"absent\.onnx does not exist"):
        model(tmp_path / "absent.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"\x00" * 20)
    with pytest.raises(DataError, match=r"bad\.onnx cannot be opened"):
        model(tmp_path / "bad.onnx")


def test_a_device_that_is_not_there_is_never_replaced_quietly(tmp_path, monkeypatch):
    path = network(tmp_path / "n.onnx")
    with pytest.raises(PrerequisiteError, match="not on 'mps'"):
        open_session(path, "mps")
    session = SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr("onnxruntime.InferenceSession", lambda *_a, **_k: session)
    with pytest.raises(PrerequisiteError, match="CUDA build"):
        open_session(path, "cuda:1")


def test_presets_fit_the_parameters():
    for preset in OnnxParams.presets.values():
        OnnxParams(path="x.onnx", **preset)
    assert OnnxParams(path="x.onnx", **OnnxParams.presets["adaface"]).colour == "BGR"
    low = (0 / 255 - np.array(OnnxParams.presets["sphereface"]["mean"])) / (128 / 255)
    np.testing.assert_allclose(low, -127.5 / 128)
