"""Face models in the layouts of the Basel files, made here from a small part of a sphere."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from harness.errors import DataError
from harness.faces.face import Slot
from harness_plugins.generators.bfm.model.h5_model import read_h5
from harness_plugins.generators.bfm.rendering.camera import BOX_LANDMARKS, CENTRE_LANDMARKS
from harness_plugins.generators.bfm.rendering.render import FIVE_LANDMARKS

NAMES = sorted({*BOX_LANDMARKS, *CENTRE_LANDMARKS, *FIVE_LANDMARKS})
RANK = 4


def sphere():
    """A ball of 80 mm with triangles that look outwards."""
    around = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    theta, phi = np.meshgrid(np.linspace(0.05, np.pi - 0.05, 12), around, indexing="ij")
    points = 80 * np.stack([np.sin(theta) * np.sin(phi), np.cos(theta),
                            np.sin(theta) * np.cos(phi)], -1).reshape(-1, 3)  # fmt: skip
    index = np.arange(240).reshape(12, 20)
    a, b = index[:-1].ravel(), np.roll(index, -1, 1)[:-1].ravel()
    c, d = index[1:].ravel(), np.roll(index, -1, 1)[1:].ravel()
    return points.astype("f4"), np.concatenate([[a, c, b], [b, c, d]], 1).astype("i4")


def modes(seed: int, size: int, rank: int = RANK):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(size, rank)))[0].astype("f4")
    return basis, np.linspace(4, 1, rank).astype("f4")


def write(path, *, version=(0, 9), old_mesh=False, expression=True, names=NAMES, scalar=True):
    points, cells = sphere()
    with h5py.File(path, "w") as file:
        for seed, part in enumerate(["shape", "color", *(["expression"] if expression else [])]):
            basis, variance = modes(seed, points.size)
            if version == (0, 8):
                basis = basis * np.sqrt(variance)
            mean = {"shape": points.ravel(), "color": np.full(points.size, 0.5, "f4")}.get(
                part, np.zeros(points.size, "f4"))  # fmt: skip
            group = file.create_group(f"{part}/model")
            group["mean"], group["pcaBasis"], group["pcaVariance"] = mean, basis, variance
            if version is not None:
                shape = () if scalar else (1,)
                for name, value in zip(("majorVersion", "minorVersion"), version, strict=True):
                    file[f"{part}/version/{name}"] = np.full(shape, value, "i4")
            if old_mesh:
                file[f"{part}/representer/reference-mesh/vertex-coordinates"] = points
                file[f"{part}/representer/reference-mesh/triangle-list"] = cells.T
            else:
                file[f"{part}/representer/points"] = points.T
                file[f"{part}/representer/cells"] = cells
        rng = np.random.default_rng(9)
        listed = [{"id": name, "coordinates": points[rng.integers(len(points))].tolist()}
                  for name in names]  # fmt: skip
        file["metadata/landmarks/json"] = np.bytes_(json.dumps(listed).encode() + b"\0")
    return path


@pytest.fixture
def model(tmp_path):
    return write(tmp_path / "model.h5")


@pytest.mark.parametrize("version", [(0, 8), (0, 9), (1, 0), None])
@pytest.mark.parametrize("old_mesh", [False, True])
def test_every_version_and_layout_gives_the_same_face(tmp_path, version, old_mesh):
    found = read_h5(write(tmp_path / "m.h5", version=version or (0, 8), old_mesh=old_mesh,
                          scalar=version != (1, 0)))  # fmt: skip
    points, cells = sphere()
    basis, variance = modes(0, points.size)
    weights = np.array([1.0, -2.0, 0.5], "f4")
    expected = points.ravel() + basis[:, :3] @ (np.sqrt(variance[:3]) * weights)
    assert found.shape.instance(weights).T.ravel() == pytest.approx(expected, abs=1e-4)
    assert (found.triangles == cells).all()
    assert found.vertices == 240


def test_without_expressions_there_are_no_modes(tmp_path):
    found = read_h5(write(tmp_path / "m.h5", expression=False))
    assert found.expression.rank == 0
    assert not found.expression.instance(np.empty(0, "f4")).any()


def test_faces_are_rendered_from_it(model, open_bfm):
    generator = open_bfm(model_file=model, yaw_deg={"type": "constant", "value": 0.0})
    (face,) = generator.generate([Slot(0, 0)])
    assert len(face.image) > 500
    assert np.isfinite(face.landmarks).all()


def broken(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.__delitem__("color"), "lacks color/representer/points"),
        (lambda f: f.__delitem__("shape/model/mean"), "lacks shape/model/mean"),
        (lambda f: f["shape/model/mean"].write_direct(np.full(720, np.nan, "f4")), "not finite"),
        (lambda f: f["color/representer/points"].write_direct(np.zeros((3, 240), "f4")),
         "meshes of shape and color differ"),
        (lambda f: f["shape/representer/cells"].__setitem__((0, 0), 9999), "do not exist"),
        (lambda f: f["shape/version/majorVersion"].__setitem__((), 7), "version 7.9 is unknown"),
        (lambda f: (f.__delitem__("shape/model/mean"), f.create_group("shape/model/mean")),
         "lacks shape/model/mean"),
        (lambda f: (f.__delitem__("color/model/mean"),
                    f.__setitem__("color/model/mean", b"text")), "holds no numbers"),
        (lambda f: f["shape/representer/points"].__setitem__((0, 0), np.nan), "not finite"),
        (lambda f: (f.__delitem__("expression/representer/points"),
                    f.__setitem__("expression/representer/points", np.zeros((3, 9), "f4")),
                    f.__delitem__("expression/representer/cells"),
                    f.__setitem__("expression/representer/cells", np.zeros((3, 2), "i4"))),
         "meshes of shape and expression differ"),
        (lambda f: (f.__delitem__("shape/model/pcaVariance"),
                    f.__setitem__("shape/model/pcaVariance", np.ones(3, "f4"))), "for 240"),
    ],
)  # fmt: skip
def test_malformed_files_are_named(model, change, message):
    broken(model, change)
    with pytest.raises(DataError, match=message) as error:
        read_h5(model)
    assert "model.h5" in str(error.value)


def test_a_landmark_on_no_vertex(tmp_path):
    path = write(tmp_path / "m.h5")
    with h5py.File(path, "r+") as file:
        del file["metadata/landmarks/json"]
        off = [{"id": "center.nose.tip", "coordinates": [0, 0, 500]}]
        file["metadata/landmarks/json"] = json.dumps(off)
    with pytest.raises(DataError, match=r"center\.nose\.tip is .* mm from"):
        read_h5(path)


def test_legacy_landmarks_are_lines(tmp_path):
    path = write(tmp_path / "m.h5")
    points, _ = sphere()
    with h5py.File(path, "r+") as file:
        del file["metadata/landmarks/json"]
        lines = [f"{name} 1 {x} {y} {z}" for name, (x, y, z) in zip("ab", points[[7, 30]],
                                                                    strict=True)]  # fmt: skip
        file["metadata/landmarks/text"] = np.bytes_("\n".join(lines).encode())
    assert read_h5(path).landmarks == {"a": 7, "b": 30}


@pytest.mark.parametrize(
    "text", [b'{"id": 1}', b"[1]", b"\xff", b'[{"id": "a", "coordinates": [1]}]']
)
def test_landmarks_that_are_none(tmp_path, text):
    path = write(tmp_path / "m.h5")
    with h5py.File(path, "r+") as file:
        del file["metadata/landmarks/json"]
        file["metadata/landmarks/json"] = np.bytes_(text)
    with pytest.raises(DataError, match=r"m\.h5: (its landmarks|landmark a)"):
        read_h5(path)


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_truncated_files(model, keep):
    model.write_bytes(model.read_bytes()[:keep])
    with pytest.raises(DataError, match="is not a readable HDF5 file"):
        read_h5(model)
