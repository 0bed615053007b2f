"""Writing a model in the layout of the Basel Face Model 2017."""

from __future__ import annotations

import numpy as np

from harness_plugins.generators.bfm.model.h5_model import read_h5
from harness_plugins.generators.bfm.model.h5_write import write_h5


def test_a_model_comes_back_from_its_file(open_bfm, tmp_path):
    import h5py

    model = open_bfm()._model
    write_h5(model, tmp_path / "model.h5")
    again = read_h5(tmp_path / "model.h5")
    for part in ("shape", "colour", "expression"):
        one, two = getattr(model, part), getattr(again, part)
        assert (one.mean == two.mean).all()
        np.testing.assert_allclose(one.basis, two.basis, rtol=1e-5, atol=1e-5)
    assert (model.triangles == again.triangles).all()
    assert model.landmarks == again.landmarks
    with h5py.File(tmp_path / "model.h5") as file:
        basis = file["shape/model/pcaBasis"]
        assert basis.shape == (3 * model.vertices, 199)
        lengths = np.linalg.norm(basis[:, :20].astype(np.float64), axis=0)
        np.testing.assert_allclose(lengths, 1, atol=1e-4)
