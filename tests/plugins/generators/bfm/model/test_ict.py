"""ICT-FaceKit in both its forms, made here from a part of a sphere with eyes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.errors import DataError
from harness.faces.face import Slot
from harness_plugins.generators.bfm.model.ict import read_ict
from harness_plugins.generators.bfm.model.landmarks import NEEDED

ROWS, COLUMNS = 41, 40
MATERIALS = ["M_Face", "M_ScleraLeft", "M_ScleraRight", "M_EyeOcclusion"]
IBUG = {8: (0, -7), 19: (-3.5, 4.5), 24: (3.5, 4.5), 30: (0, 0), 31: (-1.5, -0.5),
        35: (1.5, -0.5), 36: (-4.5, 3), 39: (-1.8, 3), 42: (1.8, 3), 45: (4.5, 3),
        48: (-2.5, -3.5), 54: (2.5, -3.5)}  # fmt: skip
"""Centimetres on the front; the index in the list of 68."""


def ball(centre, radius, rows, columns):
    """Points and quadrangles that look outwards; the poles are triangles."""
    around = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    theta, phi = np.meshgrid(np.linspace(0.02, np.pi - 0.02, rows), around, indexing="ij")
    points = np.stack([np.sin(theta) * np.sin(phi), np.cos(theta),
                       np.sin(theta) * np.cos(phi)], -1)  # fmt: skip
    index = np.arange(rows * columns).reshape(rows, columns)
    right = np.roll(index, -1, 1)
    quads = np.stack([index[:-1], index[1:], right[1:], right[:-1]], -1).reshape(-1, 4)
    quads = np.concatenate([quads, [[0, 1, 2, -1]]])
    return (points.reshape(-1, 3) * radius + centre).astype("f4"), quads


@pytest.fixture(scope="module")
def model():
    """Everything the files hold."""
    meshes = [ball((0, 0, 0), 10, ROWS, COLUMNS), ball((3, 3, 9), 1.3, 9, 8),
              ball((-3, 3, 9), 1.3, 9, 8), ball((0, 0, 30), 1, 5, 6)]  # fmt: skip
    starts = np.cumsum([0, *(len(points) for points, _ in meshes)])
    neutral = np.concatenate([points for points, _ in meshes])
    quads = [np.where(q < 0, -1, q + start) for (_, q), start in zip(meshes, starts, strict=False)]
    material = np.repeat(np.arange(4), [len(q) for q in quads]).astype("i2")
    front = neutral[:, 2] > 0
    ibug = np.zeros(68, int)
    for index, place in IBUG.items():
        away = np.linalg.norm(neutral[:, :2] - place, axis=1) + 100 * ~front
        ibug[index] = away[: ROWS * COLUMNS].argmin()
    rng = np.random.default_rng(0)
    return {
        "neutral": neutral,
        "quads": np.concatenate(quads).astype("i4"),
        "face_material": material,
        "material_names": np.array(MATERIALS),
        "identity_delta": rng.normal(0, 0.1, (3, *neutral.shape)).astype("f4"),
        "expression_delta": rng.normal(0, 0.1, (2, *neutral.shape)).astype("f4"),
        "ibug": ibug,
    }


def indices(folder, model):
    text = json.dumps({"idx_to_landmark_verts": model["ibug"].tolist()})
    (folder / "vertex_indices.json").write_text(text)


def packed(folder, model):
    indices(folder, model)
    np.savez(folder / "ict.npz", **{k: v for k, v in model.items() if k != "ibug"})
    return folder


def obj(path, points, model=None):
    lines = ["# made here", *("v {:.9g} {:.9g} {:.9g}".format(*point) for point in points)]
    last = None
    for quad, material in (
        [] if model is None else zip(model["quads"], model["face_material"], strict=True)
    ):
        if material != last:
            lines.append(f"usemtl {MATERIALS[material]}")
            last = material
        lines.append("f " + " ".join(f"{corner + 1}/7" for corner in quad if corner >= 0))
    path.write_text("\n".join(lines) + "\n")


def unpacked(folder, model):
    indices(folder, model)
    obj(folder / "generic_neutral_mesh.obj", model["neutral"], model)
    for name, part in (("identity{:03d}", "identity_delta"), ("smile{}", "expression_delta")):
        for number, delta in enumerate(model[part]):
            obj(folder / f"{name.format(number)}.obj", model["neutral"] + delta)
    return folder


@pytest.fixture
def embedded(open_bfm):
    return lambda: open_bfm()._model


@pytest.mark.parametrize("form", [packed, unpacked])
def test_both_forms_give_the_same_model(tmp_path, model, embedded, form):
    found = read_ict(form(tmp_path, model), embedded)
    used = len(model["neutral"]) - 30  # the occlusion shell is left out
    assert found.vertices == used
    weights = np.array([1.0, -2.0, 0.5], "f4")
    offset = np.einsum("k,kvi->iv", weights, model["identity_delta"][:, :used])
    expected = 10 * (model["neutral"][:used].T + offset)
    assert found.shape.instance(weights) == pytest.approx(expected, abs=1e-3)
    expected = 10 * model["expression_delta"][1, :used].T
    assert found.expression.instance(np.array([0, 1], "f4")) == pytest.approx(expected, abs=1e-3)
    assert found.blend_shapes
    # A quadrangle is two triangles.
    quads = model["quads"][model["face_material"] < 3]
    assert found.triangles.shape[1] == len(quads) + (quads[:, 3] >= 0).sum()


def test_triangles_look_outwards(tmp_path, model, embedded):
    found = read_ict(packed(tmp_path, model), embedded)
    a, b, c = (found.shape.mean.T[corner] for corner in found.triangles)
    skin = found.triangles.max(axis=0) < ROWS * COLUMNS
    normal = np.cross(b - a, c - a)
    assert ((normal * (a + b + c)).sum(axis=1)[skin] > 0).mean() > 0.99


def test_landmarks_lie_where_the_indices_say(tmp_path, model, embedded):
    found = read_ict(packed(tmp_path, model), embedded)
    mean = found.shape.mean
    assert found.landmarks["left.lips.corner"] == model["ibug"][54]
    assert mean[:, found.landmarks["left.eye.pupil.center"]] == pytest.approx([30, 30, 103], abs=4)
    ear = mean[:, found.landmarks["right.ear.helix.outer"]]
    assert ear[0] < -88
    assert abs(ear[1] - 30) < 40
    assert abs(mean[0, found.landmarks["center.front.trichion"]]) < 2


def test_skin_takes_the_colours_of_the_embedded_model_and_eyes_do_not(tmp_path, model, embedded):
    found, source = read_ict(packed(tmp_path, model), embedded), embedded()
    assert found.colour.rank == source.colour.rank
    skin, eyes = slice(0, ROWS * COLUMNS), slice(ROWS * COLUMNS, None)
    theirs = {tuple(colour) for colour in source.colour.mean.T.round(5)}
    assert {tuple(colour) for colour in found.colour.mean[:, skin].T.round(5)} <= theirs
    assert not found.colour.basis[:, :, eyes].any()
    pupil = found.colour.mean[:, found.landmarks["left.eye.pupil.center"]]
    assert pupil.max() < 0.1
    tip, other = (m.colour.mean[:, m.landmarks["center.nose.tip"]] for m in (found, source))
    assert tip == pytest.approx(other, abs=0.2)


def test_faces_are_rendered_with_few_blend_shapes(tmp_path, model, open_bfm):
    generator = open_bfm(model_file=packed(tmp_path, model))
    assert set(NEEDED) <= set(generator._model.landmarks)
    faces = list(generator.generate([Slot(0, sample) for sample in range(40)]))
    assert all(np.isfinite(face.landmarks).all() for face in faces)
    weights = np.array([generator.scene(Slot(0, sample)).expression for sample in range(200)])
    assert (weights >= 0).all()
    assert weights.max() <= 0.7
    assert (weights > 0).mean() == pytest.approx(1 / 8, abs=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "vertex_indices.json").unlink(), r"cannot read .*vertex_indices\.json"),
        (lambda f: (f / "vertex_indices.json").write_text("{}"), "does not name"),
        (lambda f: (f / "vertex_indices.json").write_text('{"idx_to_landmark_verts": [1]}'),
         "not a list of 68"),
        (lambda f: (f / "generic_neutral_mesh.obj").unlink(), r"cannot read .*neutral_mesh"),
        (lambda f: (f / "identity001.obj").write_text("v 1 2 3\n"), r"identity001\.obj has 1 vert"),
        (lambda f: (f / "smile0.obj").write_text("v 1 2\n"), r"smile0\.obj has vertices"),
        (lambda f: (f / "generic_neutral_mesh.obj").write_text("v 1 2 3\nf 1 2\n"), "has a face"),
        (lambda f: (f / "generic_neutral_mesh.obj").write_text("v 1 2 3\n"), "no faces"),
    ],
)  # fmt: skip
def test_damaged_folders_are_named(tmp_path, model, embedded, change, message):
    change(unpacked(tmp_path, model))
    with pytest.raises(DataError, match=message):
        read_ict(tmp_path, embedded)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("identity_delta", np.zeros((2, 5, 3)), "do not belong together"),
        ("neutral", None, r"not a readable .npz"),
        ("quads", np.full((3, 4), 99_999), "do not exist"),
        ("material_names", np.array(["a", "b", "c", "d"]), "has one of the materials"),
    ],
)
def test_damaged_packs_are_named(tmp_path, model, embedded, part, value, message):
    changed = {**model, part: value}
    if value is None:
        del changed[part]
    if part == "quads":
        changed["face_material"] = np.zeros(3, "i2")
    with pytest.raises(DataError, match=message):
        read_ict(packed(tmp_path, changed), embedded)


def test_values_that_are_not_finite(tmp_path, model, embedded):
    neutral = model["neutral"].copy()
    neutral[3] = np.nan
    with pytest.raises(DataError, match="not finite"):
        read_ict(packed(tmp_path, {**model, "neutral": neutral}), embedded)


def test_an_empty_folder(tmp_path, embedded):
    with pytest.raises(DataError, match="FaceXModel"):
        read_ict(tmp_path, embedded)
