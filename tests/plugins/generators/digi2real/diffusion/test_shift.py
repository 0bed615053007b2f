from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from harness.errors import DataError
from harness_plugins.generators.digi2real.diffusion import shift


def test_delta_is_the_difference_of_means(conditions, random_units):
    real, source = random_units(40, 48, seed=1), random_units(35, 48, seed=2)
    found = shift.estimate(conditions, real, source)
    expected = np.mean([conditions.encode(r[None])[0].double().numpy() for r in real], axis=0)
    expected -= np.mean([conditions.encode(r[None])[0].double().numpy() for r in source], axis=0)
    assert found.dtype == np.float32
    assert found.shape == (77, 64)
    assert found == pytest.approx(expected, abs=1e-5)
    assert (found[:4] == 0).all()
    assert (np.abs(found[4:]).max(axis=1) > 1e-3).all()


def test_the_same_faces_have_no_shift(conditions, random_units):
    faces = random_units(5, 48)
    assert np.abs(shift.estimate(conditions, faces, faces[::-1])).max() < 1e-6
    with pytest.raises(DataError, match="at least one face"):
        shift.estimate(conditions, faces[:0], faces)


def test_an_encoder_that_sees_ahead_is_refused(random_units):
    class Backwards:
        position = 2

        def encode(self, embeddings):
            return torch.from_numpy(embeddings)[:, :, None].expand(-1, -1, 3)

    with pytest.raises(DataError, match="not causal"):
        shift.estimate(Backwards(), random_units(3, 8), random_units(3, 8, seed=1))


def test_three_shapes():
    delta = np.arange(24, dtype=np.float32).reshape(6, 4)
    token = shift.shaped(delta, "token", 2)
    assert (token[:2] == 0).all()
    assert (token[2:] == delta[2:]).all()
    identity = shift.shaped(delta, "identity", 2)
    assert (identity[2] == delta[2]).all()
    assert np.delete(identity, 2, axis=0).max() == 0
    pooled = shift.shaped(delta, "pooled", 2)
    assert (pooled[:2] == 0).all()
    assert (pooled[2:] == (delta[2] + delta[3] + delta[4] + delta[5]) / 4).all()


FACTS = {"seed": 5, "real": {"images": 2, "sha256": "ab"}, "source": {"images": 3}}


def test_saved_with_its_facts(tmp_path):
    delta = np.array([[0, 0], [3, 4]], np.float32)
    path = tmp_path / "made" / "shift.safetensors"
    shift.save(path, delta, FACTS)
    again, facts = shift.load(path)
    assert again.dtype == np.float32
    assert (again == delta).all()
    assert facts == {**FACTS, "token_norms": [0.0, 5.0]}


def test_what_is_no_shift_is_refused(tmp_path):
    path = tmp_path / "shift"
    path.write_bytes(b"something else")
    with pytest.raises(DataError, match=r"is not a shift.*harness digi2real shift"):
        shift.load(path)
    save_file({"delta": np.zeros((2, 2), np.float32)}, path)
    with pytest.raises(DataError, match="is not a shift"):
        shift.load(path)
    shift.save(path, np.array([[np.nan]], np.float32), FACTS)
    with pytest.raises(DataError, match="not finite"):
        shift.load(path)
    shift.save(path, np.ones((1, 1), np.float32), {**FACTS, "source": {"images": 0}})
    with pytest.raises(DataError, match="no face on one side"):
        shift.load(path)
