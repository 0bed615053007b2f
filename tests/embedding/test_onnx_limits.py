"""Networks with loops that do not end, or that fill the memory, are stopped with a sentence."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from harness.embedding import onnx_limits
from harness.embedding.onnx_session import open_session, run_session
from harness.errors import DataError, LimitError
from harness_plugins.models.onnx.model import OnnxModel
from harness_plugins.models.onnx.params import OnnxParams
from tests.fuzz.mutate import command

FLOAT, BOOL, INT64 = TensorProto.FLOAT, TensorProto.BOOL, TensorProto.INT64
ENDLESS = ("counted", "uncounted", "nested", "of-constants", "in-if", "collecting", "doubling")
IMAGE = np.zeros((1, 3, 6, 4), np.float32)


def value(name, kind, shape=()):
    return helper.make_tensor_value_info(name, kind, shape)


def loop(kind, trips="trips", start="flat", out="last", inner=None, own=""):
    """A ``Loop`` node whose body passes its value on, doubles it, or holds another loop."""
    held, go, done, passed = f"{own}held", f"{own}go", f"{own}done", f"{own}passed"
    content = {
        "doubling": helper.make_node("Concat", [held, held], [passed], axis=0),
        "nested": inner,
        "collecting": helper.make_node("Identity", ["flat"], [passed]),
    }.get(kind) or helper.make_node("Identity", [held], [passed])
    carried = [] if kind == "collecting" else [value(held, FLOAT, None)]
    body = helper.make_graph(
        [helper.make_node("Identity", [go], [done]), content],
        f"{own}body",
        [value(f"{own}i", INT64), value(go, BOOL), *carried],
        [value(done, BOOL), value(passed, FLOAT, None)],
    )
    return helper.make_node(
        "Loop", [trips, "true", *([start] if carried else [])], [out], body=body
    )


def write(path, kind, trips=2**62):
    """A network that adds nothing to the mean of each channel, in ``trips`` rounds."""
    constants = {"trips": np.int64(trips), "true": np.bool_(True), "zero": np.float32(0),
                 "one": np.float32(1)}  # fmt: skip
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
    ]
    if kind == "uncounted":
        nodes.append(loop(kind, trips=""))
    elif kind == "nested":
        nodes.append(loop(kind, inner=loop("counted", start="held", out="passed", own="inner_")))
    elif kind == "of-constants":
        nodes.append(loop(kind, start="one"))
    elif kind == "in-if":
        then, other = (
            helper.make_graph([loop("counted", out=n, own=n)], n, [], [value(n, FLOAT, None)])
            for n in ("then", "other")
        )
        nodes.append(
            helper.make_node("If", ["true"], ["last"], then_branch=then, else_branch=other)
        )
    else:
        nodes.append(loop(kind))
    nodes += [
        helper.make_node("ReduceSum", ["last"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
        helper.make_node("Add", ["flat", "nothing"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [value("x", FLOAT, ["n", 3, "h", "w"])], [value("y", FLOAT, ["n", 3])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_loop_without_end_is_stopped(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(onnx_limits, "MEMORY_SHARE", 0.02)
    path = write(tmp_path / "net.onnx", kind)
    session, start = open_session(path), time.monotonic()
    with pytest.raises(LimitError, match=r"net\.onnx was stopped: 1 images took more than"):
        run_session(session, path, None, {"x": IMAGE}, 0.3)
    assert time.monotonic() - start < 20
    assert not [one for one in threading.enumerate() if one.name == "harness-onnx-limits"]


def test_a_loop_that_ends_gives_its_numbers(tmp_path):
    path = write(tmp_path / "net.onnx", "counted", trips=1000)
    session = open_session(path)
    images = np.random.default_rng(0).random((5, 3, 6, 4), np.float32)
    (found,) = run_session(session, path, None, {"x": images}, 60)
    np.testing.assert_allclose(found, images.mean((2, 3)), rtol=1e-5)


def test_the_limit_is_one_of_each_image(tmp_path):
    path = write(tmp_path / "net.onnx", "counted")
    session, start = open_session(path), time.monotonic()
    with pytest.raises(LimitError, match=r"4 images took more than 1\.2 s; .* raise limit_s"):
        run_session(session, path, None, {"x": IMAGE.repeat(4, 0)}, 0.3)
    assert time.monotonic() - start > 1.2


def test_memory_that_grows_is_a_limit_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_limits, "MEMORY_SHARE", 0.01)
    path = write(tmp_path / "net.onnx", "doubling")
    with pytest.raises(LimitError, match="GB of memory, nearly all that was free"):
        run_session(open_session(path), path, None, {"x": IMAGE}, 60)


def test_another_failure_keeps_its_own_sentence(tmp_path):
    path = write(tmp_path / "net.onnx", "counted", trips=1)
    with pytest.raises(DataError, match=r"net\.onnx fails on an input of shape \(1, 3, 6\)"):
        run_session(open_session(path), path, None, {"x": IMAGE[:, :, :, 0]}, 60)


def test_the_model_has_the_limit_as_a_parameter_outside_of_its_key(tmp_path):
    path = write(tmp_path / "net.onnx", "counted")
    params = OnnxParams(path=path, limit_s=0.2)
    assert "limit_s" in OnnxParams.neutral
    assert OnnxParams(path=path).limit_s == onnx_limits.SECONDS_PER_IMAGE
    context = SimpleNamespace(device="cpu", batch_size=None, note=print)
    with pytest.raises(LimitError, match="1 images took more than"):
        OnnxModel(params).prepare(context)


def test_the_command_ends_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faces").mkdir()
    cv2.imwrite("faces/a.png", np.full((112, 112, 3), 90, np.uint8))
    write(tmp_path / "net.onnx", "counted")
    words = ["-M", "path=net.onnx", "-M", "limit_s=0.2", "--template", "arcface"]
    answer = command(["embed", "faces", "-m", "onnx", *words, "-o", "o.npy", "-q"])
    assert answer.code == 1, answer
    assert "net.onnx was stopped: 1 images took more than 0.2 s" in answer.stderr
    for wrong in ("0", "-1", "nan", "inf", "x"):
        answer = command(["plan", "-m", "onnx", "-M", "path=net.onnx", "-M", f"limit_s={wrong}"])
        assert answer.code == 2, answer
        assert "limit_s" in answer.stderr
