"""Networks of quality and attributes: crops, heads, and files that do not fit."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from harness.align.templates import template_points
from harness.components import FaceBatch
from harness.errors import DataError, UsageError
from harness_plugins.measures.standard.ratings.network import box_around, cut
from harness_plugins.measures.standard.ratings.onnx_attributes import OnnxAttributes
from harness_plugins.measures.standard.ratings.onnx_quality import OnnxQuality
from harness_plugins.measures.standard.ratings.params import (
    OnnxAttributesParams,
    OnnxQualityParams,
)


class Ctx:
    """The context of a component that only asks for the device."""

    device = "cpu"


def network(path, sizes, side=8):
    """Outputs of these sizes, each the mean pixel times 0, 1, 2, ... and one more, in its rows."""
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
             helper.make_node("Flatten", ["pooled"], ["flat"])]  # fmt: skip
    tables, outputs = [], []
    for k, size in enumerate(sizes):
        table = np.tile(np.arange(size, dtype=np.float32) / 3, (3, 1))
        tables.append(onnx.numpy_helper.from_array(table, f"w{k}"))
        nodes.append(helper.make_node("MatMul", ["flat", f"w{k}"], [f"out{k}"]))
        outputs.append(helper.make_tensor_value_info(f"out{k}", TensorProto.FLOAT, ["n", size]))
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, side, side])
    graph = helper.make_graph(nodes, "toy", [given], outputs, tables)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def faces(levels=(0.0, 128.0, 255.0), unknown=0):
    images = [np.full((112, 112, 3), level, np.uint8) for level in levels]
    points = np.tile(template_points("arcface", 112, 112).astype(np.float32), (len(levels), 1, 1))
    points[:unknown] = np.nan
    boxes = np.full((len(levels), 4), np.nan, np.float32)
    return FaceBatch(list("abc"[: len(levels)]), images, points, boxes,
                     np.empty((len(levels), 0), np.float32))  # fmt: skip


PLAIN = {"width": 8, "height": 8, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def opened(cls, params):
    made = cls(params)
    made.prepare(Ctx())
    return made


def test_quality_is_one_output_with_its_sign(tmp_path):
    path = network(tmp_path / "q.onnx", [3, 2])
    with pytest.raises(DataError, match="3 numbers per face"):
        opened(OnnxQuality, OnnxQualityParams(path=path, **PLAIN)).rate(faces())
    with pytest.raises(UsageError, match="has 2 outputs"):
        opened(OnnxQuality, OnnxQualityParams(path=path, output=2, **PLAIN))
    one = network(tmp_path / "one.onnx", [1])
    found = opened(OnnxQuality, OnnxQualityParams(path=one, sign=-1, **PLAIN)).rate(faces())
    assert found == pytest.approx([0, 0, 0])
    found = opened(OnnxQuality, OnnxQualityParams(path=one, **PLAIN)).rate(faces(unknown=2))
    assert np.isnan(found).tolist() == [True, True, False]


@pytest.mark.parametrize("sizes", [(3, 4, 1), (8,)])
def test_heads_are_outputs_or_parts_of_one(tmp_path, sizes):
    if len(sizes) == 1:
        heads = {"sex": "classes:m,f,x", "rest": "skip:4", "age": "number"}
    else:
        heads = {"sex": "classes:m,f,x", "yaw_deg": "bins:-30:10", "age": "number"}
    path = network(tmp_path / "a.onnx", sizes)
    rater = opened(OnnxAttributes, OnnxAttributesParams(path=path, heads=heads, **PLAIN))
    found = rater.describe(faces())
    assert rater.attributes["sex"].categories == ("m", "f", "x")
    assert found["sex"].tolist() == [0, 2, 2]
    if len(sizes) == 1:
        assert found["age"] == pytest.approx([0, 7 * 128 / 255, 7], abs=1e-3)
        assert "rest" not in found
    else:
        logits = np.arange(4) * 1.0
        soft = np.exp(logits) / np.exp(logits).sum()
        wanted = [(-30 - 20 - 10 + 0) / 4, None, soft @ [-30, -20, -10, 0]]
        assert found["yaw_deg"][[0, 2]] == pytest.approx([wanted[0], wanted[2]], abs=1e-4)


def test_heads_that_do_not_fit_are_refused(tmp_path):
    path = network(tmp_path / "a.onnx", [3, 4])
    three = {"a": "classes:x,y", "b": "number", "c": "number"}
    for heads in ({"a": "classes:x,y", "b": "number"}, three):
        rater = opened(OnnxAttributes, OnnxAttributesParams(path=path, heads=heads, **PLAIN))
        with pytest.raises(DataError, match=r"a\.onnx"):
            rater.describe(faces())
    for wrong in (
        "bins:1",
        "bins:1:0",
        "classes:only",
        "skip:0",
        "skip:1.5",
        "degrees",
        "number:1",
    ):
        with pytest.raises(ValueError, match="head x"):
            OnnxAttributesParams(path=path, heads={"x": wrong})


def test_a_box_is_cut_with_its_margin_and_black_outside():
    image = np.zeros((40, 60, 3), np.uint8)
    image[10:30, 20:40] = 200
    box = np.array([20, 10, 40, 30], np.float32)
    assert (cut(image, box, 0.0, 10, 10) == 200).all()
    wide = cut(image, box, 0.5, 40, 40)
    assert wide.mean() == pytest.approx(200 / 4, rel=0.02)
    assert (cut(image, box + 100, 0.0, 10, 10) == 0).all()
    points = template_points("arcface", 112, 112)
    left, top, right, bottom = box_around(points.astype(np.float32))
    assert left < points[:, 0].min()
    assert bottom > points[:, 1].max()
    assert right - left == pytest.approx(bottom - top, abs=1e-3)
