"""The real ICT-FaceKit model: sizes, a face that looks forwards, faces rendered from it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from harness.faces.face import Slot
from harness_plugins.generators.bfm.generator import Bfm
from harness_plugins.generators.bfm.model.models import read_model
from harness_plugins.generators.bfm.params import BfmParams

REAL = Path(__file__).parents[2] / "../shared/real/ict-facekit"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="ICT-FaceKit is not here")


class Bench:
    device, precision, batch_size, limit, seed = "cpu", "fp32", None, None, 1

    def __init__(self, home):
        self.home, self.notes = home, []

    def note(self, message):
        self.notes.append(message)

    def artifact(self, name, parts, build):
        folder = self.home / name
        if not folder.exists():
            folder.mkdir()
            build(folder)
        return folder


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    made = Bfm(BfmParams(model_file=REAL, background="plain"))
    made.prepare(Bench(tmp_path_factory.mktemp("parts")))
    return made


def test_the_packed_model(generator):
    model = generator._model
    assert (model.shape.rank, model.expression.rank) == (100, 57)
    mean = model.shape.mean
    tip = mean[:, model.landmarks["center.nose.tip"]]
    assert tip == pytest.approx([0, 4, 131], abs=3)
    assert mean[0, model.landmarks["left.ear.helix.outer"]] > 70
    a, b, c = (mean.T[corner] for corner in model.triangles)
    face = (model.triangles < 9409).all(axis=0) & (mean[2, model.triangles].min(axis=0) > 80)
    assert (np.cross(b - a, c - a)[face, 2] > 0).mean() > 0.75  # the rest lines mouth and nose


def test_faces_of_it(generator):
    for face in generator.generate([Slot(i, s) for i in range(2) for s in range(3)]):
        assert np.isfinite(face.landmarks).all()
        image = cv2.imdecode(np.frombuffer(face.image, np.uint8), 1)
        x, y = face.landmarks[2].round().astype(int)
        blue, _, red = image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(axis=0)
        assert red > blue


def test_the_folder_of_obj_files_says_the_same(generator, tmp_path):
    with np.load(next(REAL.glob("*.npz"))) as file:
        neutral, names = file["neutral"], file["expression_names"]
        deltas = {
            "identity000": file["identity_delta"][0],
            str(names[5]): file["expression_delta"][5],
        }
    for name in ("generic_neutral_mesh.obj", "vertex_indices.json"):
        (tmp_path / name).symlink_to(REAL.resolve() / name)
    for name, delta in deltas.items():
        text = "".join("v {:.7g} {:.7g} {:.7g}\n".format(*p) for p in neutral + delta)
        (tmp_path / f"{name}.obj").write_text(text)
    found, packed = read_model(tmp_path, None, lambda: generator._embedded()), generator._model
    assert (found.triangles == packed.triangles).all()
    assert found.landmarks == packed.landmarks
    assert found.shape.basis[0] == pytest.approx(packed.shape.basis[0], abs=2e-3)
    assert found.expression.basis[0] == pytest.approx(packed.expression.basis[5], abs=2e-3)
