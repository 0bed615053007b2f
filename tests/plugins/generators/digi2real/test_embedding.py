from __future__ import annotations

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from harness.align.templates import template_points
from harness.digests import file_sha256
from harness.errors import DataError
from harness_plugins.generators.digi2real.embedding import ArcFaceNetwork, RandomProjection, crop
from harness_plugins.generators.digi2real.onnx_nodes import first_nodes, normalises_inside


def network(path, names, operators=("Sub", "Mul")):
    """Flatten after two scalings: (x - 10) * 0.5, whose operators can have any names."""
    constants = [
        helper.make_tensor("ten", TensorProto.FLOAT, [1], [10.0]),
        helper.make_tensor("half", TensorProto.FLOAT, [1], [0.5]),
    ]
    second = "half"
    if operators[1] == "Div":
        constants[1], second = helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0]), "two"
    nodes = [
        helper.make_node("Identity", ["data"], ["a"], name=names[0]),
        helper.make_node(operators[0], ["a", "ten"], ["b"], name=names[1]),
        helper.make_node(operators[1], ["b", second], ["c"], name=names[2]),
        helper.make_node("ReduceMean", ["c"], ["out"], name=names[3], axes=[2, 3], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 3])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


CROPS = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)


def test_a_network_that_scales_inside_gets_plain_pixels(tmp_path):
    path = network(tmp_path / "arcface.onnx", ["i", "s", "m", "r"])
    assert normalises_inside(path)
    expected = (CROPS.astype(float).mean(axis=(1, 2)) - 10) * 0.5
    assert ArcFaceNetwork(path).embed(CROPS) == pytest.approx(expected, rel=1e-4)


def test_any_other_network_gets_scaled_rgb(tmp_path):
    path = network(tmp_path / "arcface.onnx", ["i", "s", "m", "r"], ("Sub", "Div"))
    assert not normalises_inside(path)
    scaled = (CROPS.astype(float).mean(axis=(1, 2)) - 127.5) / 127.5
    assert ArcFaceNetwork(path).embed(CROPS) == pytest.approx((scaled - 10) / 2, rel=1e-4)


def test_operators_are_known_by_their_old_names_too(tmp_path):
    path = network(tmp_path / "a.onnx", ["i", "_minusscalar0", "_mulscalar0", "r"], ("Add", "Div"))
    assert normalises_inside(path)


def test_nodes_are_those_that_onnx_reads(tmp_path):
    path = network(tmp_path / "a.onnx", ["i", "s", "", "r"])
    expected = [(node.name, node.op_type) for node in onnx.load(path).graph.node]
    assert first_nodes(path, 8) == expected
    assert first_nodes(path, 2) == expected[:2]


@pytest.mark.parametrize(
    "content", [b"", b"no network at all", b"\x3a\xff\xff\xff\x7f", b"\x08\x07"]
)
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "a.onnx").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.onnx"):
        first_nodes(tmp_path / "a.onnx", 8)


def test_equal_files_are_one_embedder(tmp_path):
    one, two = (network(tmp_path / f"{k}.onnx", ["i", "s", "m", "r"]) for k in "ab")
    assert ArcFaceNetwork(one).identity == ArcFaceNetwork(two).identity


def test_the_projection_is_linear_in_the_miniature():
    made = RandomProjection(48).embed(CROPS)
    assert made.shape == (3, 48)
    assert (made == RandomProjection(48).embed(CROPS)).all()
    black, white = (np.full((1, 112, 112, 3), v, np.uint8) for v in (0, 255))
    assert RandomProjection(48).embed(black) == pytest.approx(
        -RandomProjection(48).embed(white), rel=1e-4
    )


class OneImage:
    def __init__(self, landmarks=None, template=None):
        self.names, self.template = ["face"], template
        self.landmarks = np.full((1, 5, 2), np.nan, np.float32)
        if landmarks is not None:
            self.landmarks[0] = landmarks


def encoded(size):
    image = np.random.default_rng(1).integers(0, 256, (size, size, 3), np.uint8)
    return image, cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def test_crops_follow_landmarks_then_the_template_then_the_whole_image():
    image, data = encoded(112)
    points = template_points("arcface", 112, 112)
    for images in (OneImage(points), OneImage(template="arcface")):
        made, aligned = crop(images, 0, data)
        assert aligned
        assert (made == image).all()
    moved, aligned = crop(OneImage(points + np.float32([3, 2])), 0, data)
    assert aligned
    assert np.abs(moved[:-2, :-3].astype(int) - image[2:, 3:]).max() <= 1
    whole, aligned = crop(OneImage(), 0, encoded(224)[1])
    assert not aligned
    assert whole.shape == (112, 112, 3)


def test_an_image_without_a_face_is_refused():
    _, data = encoded(112)
    with pytest.raises(DataError, match="face: landmarks coincide"):
        crop(OneImage(np.zeros((5, 2))), 0, data)
    with pytest.raises(DataError, match="face"):
        crop(OneImage(), 0, b"no image")


def test_the_identity_of_a_network_is_that_of_its_weights_too(tmp_path):
    path = network(tmp_path / "arcface.onnx", ("n0", "n1", "n2", "n3"))
    plain = ArcFaceNetwork(path).identity
    assert plain == file_sha256(path)
    found = set()
    for half in (0.5, 0.25):
        made = onnx.load(network(tmp_path / "a.onnx", ("n0", "n1", "n2", "n3")))
        made.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.float32([half]), "half"))
        made.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.float32([10]), "ten"))
        (tmp_path / "weights.data").unlink(missing_ok=True)
        onnx.save(made, path, save_as_external_data=True, location="weights.data",
                  size_threshold=0)  # fmt: skip
        found.add((file_sha256(path), ArcFaceNetwork(path).identity))
    assert len({sha for sha, _ in found}) == 1
    assert len({identity for _, identity in found}) == 2
