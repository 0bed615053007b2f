"""Every built-in component passes the conformance kit through the public door."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from harness._plugins.discovery import load
from harness._plugins.registry import BUILTIN
from harness.faces.export import LAYOUTS
from harness.faces.face import Face, Slot
from harness.faces.store import FaceSet, shard_path, write_shard
from harness.testing import checks_for, run_checks

REGISTRY = load(autoload=False)
COMPONENTS = [
    (item.component.kind, item.component.name)
    for item in REGISTRY.components
    if item.dist == BUILTIN
]
SMALL = {
    "bfm": {"identities": 2, "images_per_id": 2},
    "digi2real": {"pipeline": "tiny", "identities": 2, "images_per_id": 2},
    "facenet-nn4": {"variant": "nn4.small2"},
}
LONG = {"bfm", "digi2real", "iresnet50", "synthpie", "ijba", "ijbb", "ijbc", "multipie", "rfw"}
"""Those that take more than five seconds; the others and the toys keep `make test` honest."""
FIRST_CHECKS = 6
"""What is looked at where no data is linked."""
NOT_FOR_ALL = {
    "generator": {"different-seed", "prefix-stable", "declared-size", "landmarks-in-image"},
    "model": {"save-and-load", "learns-a-batch", "finite-in-bf16", "onnx-parity"},
    "benchmark": {"oracle-is-perfect", "random-is-chance", "permutation-invariant"},
    "aligner": set(),
    "measure": set(),
    "quality": set(),
    "attribute": set(),
}
"""Checks that have nothing to look at in some component of a kind."""


def slow_where_long(kind, name):
    marks = [pytest.mark.slow] if name in LONG else []
    return pytest.param(kind, name, id=name, marks=marks)


@pytest.fixture
def values(tmp_path, official):
    """Parameters, and data in the official layout, that a component needs to be opened."""

    def find(kind, name):
        if kind == "benchmark" and name in official.LAYOUTS | {"ijbb": 0, "ijbc": 0}:
            written = official.write_official(tmp_path, [name])
            return {"root": str(written.roots[name]), **written.settings[name]}
        if name == "pairs":
            return {"root": str(pairs(tmp_path / "pairs"))}
        if name == "folder":
            return {"root": str(pairs(tmp_path / "folder"))}
        if name in ("parquet", "webdataset", "lmdb"):
            return {"root": str(packed(pairs(tmp_path / "pairs"), tmp_path / name, name))}
        if name.startswith("csv-"):
            listed = [f"face {k},{k / 10}" for k in range(5)]
            (tmp_path / "rated.csv").write_text("\n".join(["image,quality", *listed]))
            return {"path": str(tmp_path / "rated.csv")}
        if name in ("onnx-quality", "onnx-attributes"):
            path = str(network(tmp_path / "net.onnx", 1))
            heads = {} if name == "onnx-quality" else {"heads": {"age": "number"}}
            return {"path": path, **heads}
        if name == "imagelist":
            root = packed(pairs(tmp_path / "pairs"), tmp_path / name, name)
            return {"root": str(root), "list": str(root / "images.txt")}
        if name == "onnx":
            return {"path": str(network(tmp_path / "net.onnx")), "preset": "arcface"}
        return SMALL.get(name, {})

    return find


def pairs(folder):
    """Four people with three images each, and a list of genuine pairs and impostors."""
    rows = []
    for person in range(4):
        patch = np.random.default_rng(person).integers(30, 225, (4, 4, 3))
        (folder / f"p{person}").mkdir(parents=True)
        for number in range(3):
            noise = np.random.default_rng([person, number]).normal(0, 4, (112, 112, 3))
            image = np.clip(np.kron(patch, np.ones((28, 28, 1))) + noise, 0, 255)
            cv2.imwrite(str(folder / f"p{person}" / f"{number}.png"), image.astype(np.uint8))
        other = person ^ 1
        rows += [f"p{person}/{a}.png,p{person}/{b}.png,1,{person // 2 + 1}" for a, b in
                 ((0, 1), (0, 2), (1, 2))]  # fmt: skip
        # Each of two people names the other's next image, so that no pair is there twice.
        rows += [f"p{person}/{a}.png,p{other}/{(a + person % 2) % 3}.png,0,{person // 2 + 1}"
                 for a in range(3)]  # fmt: skip
    (folder / "pairs.csv").write_text("\n".join(rows) + "\n")
    return folder


def packed(folder, target, layout):
    """The same four people in the files of another layout."""
    target.mkdir()
    faces = [
        Face(Slot(person, number), (folder / f"p{person}" / f"{number}.png").read_bytes())
        for person in range(4)
        for number in range(3)
    ]
    write_shard(shard_path(folder, 0), faces)
    LAYOUTS[layout](FaceSet(folder), target, lambda *_: None)
    return target


def network(path: Path, size: int = 32):
    """A network of one matrix on means of patches, as ONNX."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).standard_normal((16 * 16 * 3, size)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[7, 7], strides=[7, 7]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["y"]),
    ]
    seen = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 112, 112])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", size])
    held = [numpy_helper.from_array(weights, "w")]
    graph = helper.make_graph(nodes, "linear", [seen], [out], held)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(made, path)
    return path


@pytest.mark.parametrize(("kind", "name"), [slow_where_long(*item) for item in COMPONENTS])
def test_a_built_in_component_passes(kind, name, values):
    provided = REGISTRY.find(kind, name)
    given = values(kind, name)
    if name == "recordio":
        pytest.skip("records need a file; its aliases with linked data are checked for the rest")
    report = run_checks(REGISTRY, provided, given)
    assert report.ok, report.lines()
    assert len(report.outcomes) == len(checks_for(kind))
    if not given and provided.component.assets:
        assert report.run >= FIRST_CHECKS, report.lines()
    else:
        skipped = {outcome.check for outcome in report.with_status("skipped")}
        assert skipped <= NOT_FOR_ALL[kind], report.lines()


def test_every_kind_has_built_in_components():
    assert {kind for kind, _ in COMPONENTS} == set(NOT_FOR_ALL)
    assert len(COMPONENTS) > 25
