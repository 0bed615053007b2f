from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from harness.errors import DataError
from harness.fileio.npz_files import read_npz
from tests.fuzz.mutate import bounded, mutants

ARRAYS = {"a": np.arange(12.0).reshape(3, 4), "b": np.array(["x", "yy"]), "c": np.zeros(0)}


def saved(save):
    file = io.BytesIO()
    save(file, **ARRAYS)
    return file.getvalue()


def test_arrays_come_back(tmp_path):
    path = tmp_path / "m.npz"
    for save in (np.savez, np.savez_compressed):
        path.write_bytes(saved(save))
        found = read_npz(path, ARRAYS)
        assert all(np.array_equal(found[name], ARRAYS[name]) for name in ARRAYS)
    with pytest.raises(DataError, match=r"m\.npz is not a readable .npz file .*nothere"):
        read_npz(path, ["nothere"])
    np.savez(path, a=np.array([{}], object))
    with pytest.raises(DataError, match=r"m\.npz"):
        read_npz(path, ["a"])


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_damage_is_named(save, tmp_path):
    path, refused = tmp_path / "m.npz", 0
    with bounded():
        for data in mutants(saved(save), 500):
            path.write_bytes(data)
            try:
                read_npz(path, ARRAYS)
            except DataError as error:
                assert "m.npz" in str(error)
                refused += 1
    assert refused > 200
