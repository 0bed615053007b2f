"""Opening ONNX files: what their texts may hold."""

import onnx
import pytest
from onnx import TensorProto, helper

from harness.embedding.onnx_session import open_session
from harness.errors import DataError


def network(path, axis="n", output="y"):
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["p"]),
             helper.make_node("Flatten", ["p"], [output])]  # fmt: skip
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [axis, 3, 8, 8])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [axis, 3])],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    made.metadata_props.add(key="author", value="mark")
    onnx.save(made, path)
    return path


def test_a_name_that_is_utf_8_is_kept(tmp_path):
    session = open_session(network(tmp_path / "net.onnx", axis="größe", output="é"))
    assert session.get_outputs()[0].name == "é"
    assert session.get_inputs()[0].shape[0] == "größe"


@pytest.mark.parametrize("text", ["axis", "outp", "mark"])
def test_a_text_that_is_not_utf_8_names_the_file(tmp_path, text):
    path = network(tmp_path / "net.onnx", axis="axis", output="outp")
    path.write_bytes(path.read_bytes().replace(text.encode(), text[:-1].encode() + b"\x80"))
    with pytest.raises(DataError, match=r"net\.onnx has .* not UTF-8"):
        open_session(path)


@pytest.mark.parametrize("end", ["input", "output"])
def test_a_network_without_an_end_is_refused(tmp_path, end):
    path = network(tmp_path / "net.onnx")
    model = onnx.load(path)
    if end == "input":  # a constant in its place
        values = helper.make_tensor("x", TensorProto.FLOAT, [1, 3, 8, 8], [0.0] * 192)
        model.graph.initializer.append(values)
    del getattr(model.graph, end)[:]
    onnx.save(model, path)
    with pytest.raises(DataError, match=rf"net\.onnx has no {end}"):
        open_session(path)
