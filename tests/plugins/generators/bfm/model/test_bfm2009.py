"""The model of 2009, in a file made here from the embedded model's mesh, and landmarks by rule."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.io import savemat

from harness.errors import DataError, PrerequisiteError
from harness.faces.face import Slot
from harness_plugins.generators.bfm.model.bfm2009 import read_mat
from harness_plugins.generators.bfm.model.landmarks import NEEDED, by_rule, read_vertices
from harness_plugins.generators.bfm.model.models import read_model

RANK = 3


@pytest.fixture
def face(open_bfm):
    return open_bfm()._model


@pytest.fixture
def content(face):
    """Variables as they are in the file: micrometres, columns, standard deviations, 1-based."""
    rng = np.random.default_rng(0)
    size = 3 * face.vertices

    def columns():
        return np.linalg.qr(rng.normal(size=(size, RANK)))[0].astype("f4")

    a, b, c = face.triangles + 1
    std = np.array([[3.0], [2.0], [1.0]], "f4")
    return {
        "shapeMU": (face.shape.mean.T.reshape(-1, 1) * 1000).astype("f4"),
        "shapePC": columns(),
        "shapeEV": std * 1e5,
        "texMU": (face.colour.mean.T.reshape(-1, 1) * 255).astype("f4"),
        "texPC": columns(),
        "texEV": std * 1000,
        "tl": np.stack([b, a, c], axis=1).astype("f8"),
        "segbin": np.ones((face.vertices, 4), "u1"),
    }


@pytest.fixture
def write(tmp_path, content):
    def write():
        path = tmp_path / "01_MorphableModel.mat"
        savemat(path, content, do_compression=True)
        return path

    return write


TINY = {
    "shapeMU": np.zeros((9, 1)), "shapePC": np.zeros((9, 3)), "shapeEV": np.ones((3, 1)),
    "texMU": np.zeros((9, 1)), "texPC": np.zeros((9, 3)), "texEV": np.ones((3, 1)),
    "tl": np.array([[1.0, 2.0, 3.0]]),
}  # fmt: skip


def test_units_deviations_and_winding(write, content, face):
    found = read_mat(write())
    assert found.shape.mean == pytest.approx(face.shape.mean, abs=1e-3)
    assert found.colour.mean == pytest.approx(face.colour.mean, abs=1e-5)
    assert (found.triangles == face.triangles).all()
    weights = np.array([1.0, -2.0, 0.5], "f4")
    expected = content["shapeMU"][:, 0] + content["shapePC"] @ (content["shapeEV"][:, 0] * weights)
    assert found.shape.instance(weights).T.ravel() == pytest.approx(expected / 1000, abs=1e-3)
    expected = content["texMU"][:, 0] + content["texPC"] @ (content["texEV"][:, 0] * weights)
    assert found.colour.instance(weights).T.ravel() == pytest.approx(expected / 255, abs=1e-4)
    assert found.expression.rank == 0


def test_landmarks_by_rule_are_near_the_true_ones(face):
    found = by_rule(face.shape.mean)
    for name, vertex in found.items():
        apart = np.linalg.norm(
            face.shape.mean[:, vertex] - face.shape.mean[:, face.landmarks[name]]
        )
        assert apart < 25, name
    x = {name: face.shape.mean[0, vertex] for name, vertex in found.items()}
    assert x["left.eye.pupil.center"] > 20 > -20 > x["right.eye.pupil.center"]


def test_faces_are_rendered_and_the_rule_is_said(write, open_bfm):
    generator = open_bfm(model_file=write(), yaw_deg={"type": "constant", "value": 0.0})
    (face,) = generator.generate([Slot(0, 0)])
    assert np.isfinite(face.landmarks).all()
    assert any("names no landmarks" in note for note in generator.ctx.notes)


def test_landmarks_of_a_file_replace_those_by_rule(write, tmp_path, face):
    path = tmp_path / "landmarks.json"
    exact = {name: face.landmarks[name] for name in NEEDED}
    path.write_text(json.dumps(exact))
    found = read_model(write(), path, pytest.fail).landmarks
    assert {name: found[name] for name in NEEDED} == exact


@pytest.mark.parametrize("text", ["[1]", "{}", '{"a": -1}', '{"a": 1e9}', '{"a": "b"}', "x"])
def test_landmark_files_that_name_no_vertices(tmp_path, text):
    path = tmp_path / "landmarks.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"landmarks\.json"):
        read_vertices(path, 100)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shapePC": None}, "shapePC"),
        ({"texEV": np.ones((2, 1))}, "do not fit together"),
        ({"texMU": np.ones((6, 1)), "texPC": np.ones((6, 3))}, "and colour 2"),
        ({"shapeEV": -np.ones((3, 1))}, "negative"),
        ({"shapeEV": np.full((3, 1), np.nan)}, "finite"),
        ({"tl": np.zeros((4, 3))}, "do not exist"),
        ({"tl": np.full((4, 3), 1e6)}, "do not exist"),
        ({"tl": "text"}, "tl is not an array"),
    ],
)
def test_malformed_files_are_named(tmp_path, changes, message):
    path = tmp_path / "01_MorphableModel.mat"
    savemat(path, {k: v for k, v in {**TINY, **changes}.items() if v is not None})
    with pytest.raises(DataError, match=message) as error:
        read_mat(path)
    assert "01_MorphableModel.mat" in str(error.value)


def test_truncated_files(tmp_path):
    path = tmp_path / "01_MorphableModel.mat"
    savemat(path, TINY, do_compression=True)
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(DataError, match=r"01_MorphableModel\.mat"):
        read_mat(path)


def test_a_path_to_nothing(tmp_path):
    with pytest.raises(PrerequisiteError, match=r"none\.h5 is not there"):
        read_model(tmp_path / "none.h5", None, pytest.fail)
