"""ONNX networks made by the test: batches, sizes, and what must be refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from harness.components import InputSpec
from harness.embedding.onnx_input import KEY, as_metadata
from harness.embedding.onnx_session import open_session
from harness.errors import DataError, PrerequisiteError, UsageError
from harness_plugins.models.onnx.model import OnnxModel
from harness_plugins.models.onnx.params import OnnxParams

NOTES: list[str] = []
CONTEXT = SimpleNamespace(
    seed=1, device="cpu", precision="fp32", batch_size=None, note=NOTES.append
)
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


def test_a_declaration_in_another_unit_is_refused(tmp_path):
    said = as_metadata(SAID)
    said[KEY] = said[KEY].replace("[0.25, 0.25, 0.25]", "[127, 127, 127]")
    path = network(tmp_path / "n.onnx", said=said)
    with pytest.raises(DataError, match=r"127 of 255 is 0\.498"):
        OnnxModel(OnnxParams(path=path)).prepare(CONTEXT)


def test_without_any_declaration_the_input_is_that_of_arcface(tmp_path):
    made = OnnxModel(OnnxParams(path=network(tmp_path / "n.onnx", size=("h", "w"))))
    made.prepare(CONTEXT)
    assert made.input_spec == InputSpec(112, 112, "arcface")


def test_other_kinds_of_network_are_refused(tmp_path):
    with pytest.raises(DataError, match="only float32 images"):
        model(network(tmp_path / "flat.onnx", size=(6,)))


def test_missing_or_damaged_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"absent\.onnx does not exist"):
        model(tmp_path / "absent.onnx")
    for content, message in (
        (b"\x00" * 20, "cannot be opened as an ONNX network"),
        (b"", "is an empty file, not an ONNX network"),
        (b"version https://git-lfs.github.com/spec/v1", "is a Git LFS pointer, not an ONNX"),
        (b"<html></html>", "is a web page, not an ONNX network"),
        (network(tmp_path / "n.onnx").read_bytes()[:90], "cannot be opened"),
    ):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(DataError, match=rf"bad\.onnx {message}"):
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


# -- networks as people have them ------------------------------------------------------------------


def linear(path, *, shape=("n", 3, 6, 4), nodes=(), first="x", outputs=("y",), size=72):
    """A network of ``nodes``, flattened and multiplied by fixed weights to three numbers."""
    weights = np.random.default_rng(3).normal(size=(size, 3)).astype(np.float32)
    made = [
        *nodes,
        helper.make_node("Flatten", [first], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["y"], name="/head/MatMul"),
        helper.make_node("ReduceL2", ["y"], ["norm"], axes=[1], keepdims=1),
    ]
    sizes = {"y": ["n", 3], "norm": ["n", 1], "flat": ["n", size]}
    graph = helper.make_graph(
        made, "linear", [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes[name]) for name in outputs],
        [numpy_helper.from_array(weights, "w"),
         numpy_helper.from_array(np.array([1, 3, 6, 4], np.int64), "one")],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
              path)  # fmt: skip
    return path


def expected(nchw):
    weights = np.random.default_rng(3).normal(size=(72, 3)).astype(np.float32)
    return nchw.reshape(len(nchw), -1) @ weights


NCHW = IMAGES.transpose(0, 3, 1, 2).astype(np.float32) / 255
ONE = helper.make_node("Reshape", ["x", "one"], ["r"], name="/stem/Reshape")


@pytest.mark.parametrize(
    ("shape", "layout"),
    [(("n", 6, 4, 3), None), (("n", 6, 4, 3), "nhwc"), ((2, "h", "w", 3), None),
     (("n", "h", "w", "c"), "nhwc"), (("n", "h", 4, 3), None)],
)  # fmt: skip
def test_channels_last_is_told_by_the_shape_or_a_parameter(tmp_path, shape, layout):
    turn = helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2])
    made = model(linear(tmp_path / "n.onnx", shape=shape, nodes=[turn], first="t"), layout=layout)
    np.testing.assert_allclose(made.embed(IMAGES), expected(NCHW), rtol=1e-4)


def test_channels_last_without_sizes_is_asked_for(tmp_path):
    turn = helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2])
    pool = helper.make_node("Conv", ["t", "k"], ["c"], name="/stem/Conv")
    graph = helper.make_graph(
        [turn, pool, helper.make_node("Flatten", ["c"], ["y"])], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "h", "w", "c"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "m"])],
        [numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "k")],
    )  # fmt: skip
    path = tmp_path / "free.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
              path)  # fmt: skip
    with pytest.raises(DataError, match=r"free\.onnx fails .*\(Conv\).*give -M layout=nhwc"):
        model(path)
    assert model(path, layout="nhwc").embedding_size == 24


def test_a_layout_that_contradicts_the_shape_is_refused(tmp_path):
    path = linear(tmp_path / "n.onnx")
    with pytest.raises(UsageError, match="wants height 3 but 6 is declared; leave out layout=nhwc"):
        model(path, layout="nhwc")
    grey = linear(tmp_path / "grey.onnx", shape=("n", 1, 6, 4), size=24)
    with pytest.raises(UsageError, match=r"wants channels 1 but 3 .* only networks for colour"):
        model(grey)


@pytest.mark.parametrize("outputs", [("y", "norm"), ("norm", "y"), ("norm", "flat", "y")])
def test_an_output_is_chosen_by_name(tmp_path, outputs):
    path = linear(tmp_path / "n.onnx", outputs=outputs)
    count = len(outputs)
    with pytest.raises(
        DataError, match=rf"{count} outputs: .*y \(n, 3\).*; name .* -M output=NAME"
    ):
        model(path)
    with pytest.raises(UsageError, match=r"no output 'z'; it has .*norm \(n, 1\)"):
        model(path, output="z")
    np.testing.assert_allclose(model(path, output="y").embed(IMAGES), expected(NCHW), rtol=1e-4)
    assert model(path, output="norm").embedding_size == 1


def test_a_batch_that_breaks_inside_is_given_one_by_one_and_noted(tmp_path):
    NOTES.clear()
    path = linear(tmp_path / "inner.onnx", nodes=[ONE], first="r")
    made = model(path)
    (note,) = [text for text in NOTES if "one by one" in text]
    assert "one by one" in note
    assert "/stem/Reshape" in note
    np.testing.assert_allclose(made.embed(IMAGES), expected(NCHW), rtol=1e-4)
    parts = [made.embed(IMAGES[:2]), made.embed(IMAGES[2:])]
    assert (np.concatenate(parts) == made.embed(IMAGES)).all()


def test_a_network_that_mixes_the_images_of_a_batch_is_refused(tmp_path):
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1),
        helper.make_node("Add", ["x", "mean"], ["r"]),
    ]
    path = linear(tmp_path / "mixed.onnx", nodes=nodes, first="r")
    with pytest.raises(DataError, match=r"mixed\.onnx gives an image another embedding in a batch"):
        model(path)
    one = OnnxModel(OnnxParams(path=path, **NEUTRAL))
    one.prepare(SimpleNamespace(**{**vars(CONTEXT), "batch_size": 1}))
    np.testing.assert_allclose(one.embed(IMAGES[:1]), expected(2 * NCHW[:1]), rtol=1e-4)


def test_a_network_that_never_runs_is_named_with_its_node(tmp_path):
    path = linear(tmp_path / "n.onnx", shape=("n", 3, "h", "w"))
    message = r"n\.onnx fails on an input of shape \(1, 3, 7, 4\) in node '/head/MatMul' \(MatMul\)"
    with pytest.raises(DataError, match=message):
        model(path, height=7)


def test_new_parameters_leave_the_keys_of_before():
    from harness.recipe.parameters import key_values

    values = key_values(OnnxParams(path="x"), {"path": "sha"})
    assert not {"output", "layout"} & values.keys()
    assert key_values(OnnxParams(path="x", output="y"), {"path": "sha"})["output"] == "y"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "template, colour are assumed as of preset arcface"),
        ({"colour": "BGR"}, "template is assumed as of preset arcface"),
        ({"colour": "BGR", "template": "adaface"}, ""),
    ],
)
def test_what_nobody_states_about_the_input_is_noted_as_assumed(tmp_path, params, said):
    NOTES.clear()
    model(network(tmp_path / "n.onnx"), **params)
    assert [text for text in NOTES if said in text] == NOTES
    assert len(NOTES) == (said != "")


def test_a_file_that_states_its_input_assumes_nothing(tmp_path):
    spec = InputSpec(width=4, height=6, template="arcface", colour="BGR", mean=(0, 0, 0),
                     std=(1, 1, 1))  # fmt: skip
    NOTES.clear()
    made = OnnxModel(OnnxParams(path=network(tmp_path / "n.onnx", said=as_metadata(spec))))
    made.prepare(CONTEXT)
    assert NOTES == []


def test_the_result_and_the_table_say_what_was_assumed(harness_command, tmp_path):
    network(tmp_path / "n.onnx", size=(112, 112))
    done = harness_command("run", "-m", "onnx", "-M", "path=n.onnx", "-b", "toy-pairs", "-o", "s",
                           "-q")  # fmt: skip
    said = "n.onnx does not say what its input is: width, height, template, colour, mean, std are"
    assert said in done.stdout.replace("\\", "")
