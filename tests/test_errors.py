"""What an error of a library or the system is called."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from harness.errors import OUT_OF_MEMORY, DataError, is_out_of_memory, one_sentence


def numpy_error() -> Exception:
    with pytest.raises(MemoryError) as caught:
        np.empty(1 << 60, np.uint8)
    return caught.value


def torch_error() -> Exception:
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("std::bad_alloc"),
        numpy_error,
        torch_error,
    ],
    ids=["python", "system", "cuda", "allocator", "numpy", "torch"],
)
def test_memory_that_ran_out_is_called_that(error):
    found = error() if callable(error) else error
    assert is_out_of_memory(found)
    assert one_sentence(found) == OUT_OF_MEMORY


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shape mismatch"),
        ValueError("out of memory is a phrase in a file name"),
        OSError(errno.ENOENT, "No such file"),
        DataError("x.jpg: damaged"),
    ],
    ids=str,
)
def test_other_errors_are_not(error):
    assert not is_out_of_memory(error)
