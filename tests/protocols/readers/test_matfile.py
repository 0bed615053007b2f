"""MATLAB files against SciPy's writer and reader, and damaged ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from harness.errors import DataError
from harness.protocols.readers.matfile import Cells, read_variable


@pytest.fixture
def written(tmp_path):
    cells = np.empty((3, 1), object)
    cells[:, 0] = ["a.jpg", "zwölf.jpg", np.arange(3.0)]
    file = tmp_path / "x.mat"
    savemat(file, {"other": 1, "set": cells, "ids": np.array([[3], [4]], np.uint16)})
    return file


@pytest.mark.parametrize("compressed", [False, True])
def test_what_scipy_wrote_is_read(written, compressed):
    cells = np.empty((2, 1), object)
    cells[:, 0] = ["a.jpg", "zwölf.jpg"]
    savemat(written, {"set": cells, "ids": np.array([[3], [4]])}, do_compression=compressed)
    found = read_variable(written, "set")
    assert isinstance(found, Cells)
    assert found.shape == (2, 1)
    assert found.values == ["a.jpg", "zwölf.jpg"]
    assert read_variable(written, "ids").tolist() == [3, 4]


def test_an_absent_variable_or_file_is_named(written):
    with pytest.raises(DataError, match=r"x.mat has no variable 'gone'"):
        read_variable(written, "gone")
    with pytest.raises(DataError, match="cannot read"):
        read_variable(written.parent / "y.mat", "set")


@pytest.mark.parametrize("seed", range(50))
def test_damage_is_a_clean_error_or_harmless(written, seed):
    rng = np.random.default_rng(seed)
    content = bytearray(written.read_bytes())
    for place in rng.integers(len(content), size=3):
        content[place] ^= 1 << int(rng.integers(8))
    written.write_bytes(bytes(content[: int(rng.integers(1, len(content)))]))
    try:
        read_variable(written, "ids")
    except DataError as error:
        assert "x.mat" in str(error)
