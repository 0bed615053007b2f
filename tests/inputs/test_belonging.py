"""Files that belong to a file: external weights of ONNX, links of HDF5."""

from __future__ import annotations

import h5py
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from harness.digests import file_sha256
from harness.errors import DataError
from harness.inputs import belonging, beside, content_of, content_sha256, require_closed
from harness.inputs.onnx_data import external_locations


def external(name, location):
    tensor = numpy_helper.from_array(np.arange(6, dtype=np.float32), name)
    onnx.external_data_helper.set_external_data(tensor, location, offset=0, length=24)
    tensor.ClearField("raw_data")
    return tensor


def graph(nodes=(), initializers=()):
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [6])
    return helper.make_graph(list(nodes), "g", [value], [value], list(initializers))


def save(path, made, functions=()):
    model = helper.make_model(made, functions=list(functions))
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def data(tmp_path):
    (tmp_path / "w.data").write_bytes(np.arange(6, dtype=np.float32).tobytes())
    return "w.data"


def constant(tensor):
    return helper.make_node("Constant", [], ["c"], value=tensor)


def nested(tensor):
    branch = graph([constant(tensor)])
    return helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=graph())


def function(tensor):
    opset = [helper.make_opsetid("", 17)]
    return helper.make_function("own", "f", [], ["c"], [constant(tensor)], opset)


@pytest.mark.parametrize(
    "make",
    [
        lambda path, tensor: save(path, graph(initializers=[tensor])),
        lambda path, tensor: save(path, graph([constant(tensor)])),
        lambda path, tensor: save(path, graph([nested(tensor)])),
        lambda path, tensor: save(path, graph(), [function(tensor)]),
    ],
    ids=["initializer", "constant", "subgraph", "function"],
)
@pytest.mark.parametrize("name", ["net.onnx", "net.bin"])
def test_weights_are_found_wherever_a_tensor_can_be(tmp_path, data, make, name):
    path = make(tmp_path / name, external("w", data))
    assert belonging(path) == [data]


def test_sparse_tensors(tmp_path, data):
    made = graph()
    sparse = made.sparse_initializer.add()
    sparse.values.CopyFrom(external("w", data))
    sparse.indices.CopyFrom(external("i", data))
    assert belonging(save(tmp_path / "net.onnx", made)) == [data]


def test_agrees_with_the_library_on_a_saved_network(tmp_path):
    tensors = [numpy_helper.from_array(np.ones(300, np.float32), f"w{k}") for k in range(3)]
    model = helper.make_model(graph(initializers=tensors))
    path = tmp_path / "net.onnx"
    onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=False,
              size_threshold=0)  # fmt: skip
    loaded = onnx.load(path, load_external_data=False)
    wanted = {entry.value for tensor in loaded.graph.initializer
              for entry in tensor.external_data if entry.key == "location"}  # fmt: skip
    assert external_locations(path) == sorted(wanted)
    assert len(wanted) == 3


def test_a_network_with_its_weights_inside_has_none(tmp_path):
    tensor = numpy_helper.from_array(np.ones(300, np.float32), "w")
    path = save(tmp_path / "net.onnx", graph(initializers=[tensor]))
    assert belonging(path) == []
    assert content_sha256(path) == file_sha256(path)


@pytest.mark.parametrize(
    "location", ["../w.data", "/etc/passwd", r"..\w.data", "C:/w.data", "a/../../w.data", "", "."]
)
def test_weights_outside_of_the_folder_are_refused(tmp_path, location):
    path = save(tmp_path / "net.onnx", graph(initializers=[external("w", location)]))
    with pytest.raises(DataError, match=r"net\.onnx keeps weights in .* outside of its folder"):
        belonging(path)


def test_weights_that_are_missing_are_named(tmp_path):
    path = save(tmp_path / "net.onnx", graph(initializers=[external("w", "w.data")]))
    with pytest.raises(DataError, match=r"keeps weights in w\.data, which is not in"):
        belonging(path)


@pytest.mark.parametrize("content", [b"", b"\x08", b"\x08\x09\x3a\xff\xff", b"\x08" + b"\xff" * 40,
                                     b"\x3a\x04\x0b\x0b\x0b\x0b", b"text of a note"])  # fmt: skip
def test_other_bytes_have_no_weights(tmp_path, content):
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    assert belonging(path) == []


def test_content_sees_the_weights(tmp_path, data):
    path = save(tmp_path / "net.onnx", graph(initializers=[external("w", data)]))
    before = content_sha256(path)
    (tmp_path / data).write_bytes(bytes(24))
    assert content_sha256(path) != before


def test_files_beside(tmp_path):
    for name in ("train.rec", "train.idx", "list.txt", "other.idx"):
        (tmp_path / name).touch()
    found = beside(tmp_path / "train.rec", (".idx", ".lst", "list.txt", "train.rec"))
    assert found == ["list.txt", "train.idx"]


# -- HDF5 --------------------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.arange(4.0)
    return tmp_path / "other.h5"


def external_link(file, other):
    file["deep/er/link"] = h5py.ExternalLink(other.name, "/x")


def virtual(file, other):
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(str(other), "x", (4,))
    file.create_virtual_dataset("deep/v", layout)


def storage(file, other):
    raw = other.with_suffix(".raw")
    file.create_dataset("deep/s", (4,), "f8", external=[(str(raw), 0, 32)])


@pytest.mark.parametrize(
    ("change", "message"),
    [(external_link, "deep/er/link is an external link"), (virtual, "deep/v is a virtual dataset"),
     (storage, "deep/s is a dataset with external storage")],
)  # fmt: skip
def test_hdf5_files_that_take_data_from_others_are_refused(tmp_path, other, change, message):
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        change(file, other)
    with pytest.raises(DataError, match=rf"model\.h5: {message}"):
        belonging(path)


def test_hdf5_files_that_hold_everything_pass(tmp_path):
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file["a/b"] = np.arange(3)
        file["a/soft"] = h5py.SoftLink("/a/b")
        file["a/gone"] = h5py.SoftLink("/nowhere")
        file["loop"] = file["a"]
        file["a/loop"] = file["/"]
    require_closed(path)
    assert belonging(path) == []


def test_damaged_hdf5_files_are_named(tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50))
    with pytest.raises(DataError, match=r"model\.h5 is not a readable HDF5 file"):
        belonging(path)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_one_opening_gives_the_same_digest(tmp_path, size):
    path = tmp_path / "data.bin"
    path.write_bytes(np.random.default_rng(size).bytes(size))
    assert content_of(str(path), path.stat().st_mode) == (file_sha256(path), belonging(path))


def test_one_opening_sees_what_a_network_names_and_refuses_what_is_no_file(tmp_path):
    path = tmp_path / "net.onnx"
    save(path, graph(initializers=[external("w", "weights.bin")]))
    (tmp_path / "weights.bin").write_bytes(bytes(24))
    assert content_of(str(path), path.stat().st_mode)[1] == ["weights.bin"] == belonging(path)
    with pytest.raises(DataError, match="cannot read"):
        content_of(str(tmp_path), tmp_path.stat().st_mode)
