"""The same digits on every x86-64 processor with AVX2: kernels pinned, one order of summation.

Libraries choose kernels by the processor, and kernels sum in different orders, so a training ends
in other weights on another machine. Here every library is told to use code that exists on all:
PyTorch's own kernels compiled for AVX2 in one thread, MKL's ``COMPATIBLE`` branch (the only one
that its documentation promises on processors of all makers), OpenBLAS's Haswell kernels. oneDNN and
NNPACK are off, because both choose their blocks by the size of the caches.

Most of this is decided when a library is loaded, so it is set in the environment of a new process.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness.errors import PrerequisiteError
from harness.process.machine import flags

WIDE = {"avx512f": "X86_V4", "avx512_vbmi2": "AVX512_ICL", "avx512_fp16": "AVX512_SPR"}
"""Processor flags beyond AVX2, and NumPy's names for the kernels that need them."""


class VariablesNeededError(PrerequisiteError):
    """The process was started without ``variables`` in its environment."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        setting = " ".join(f'{name}="{value}"' for name, value in variables.items())
        super().__init__(
            "portable digits need libraries that were loaded with other settings; start Python "
            f"again with {setting}"
        )
        self.variables = dict(variables)


def variables() -> dict[str, str]:
    """The environment of a portable process; raises ``PrerequisiteError`` where there can be none.

    NumPy and OpenCV complain of features that a processor has not, so they are named only where
    they are there.
    """
    if platform.machine().lower() not in ("x86_64", "amd64") or (flags() and "avx2" not in flags()):
        raise PrerequisiteError(
            f"portable digits need an x86-64 processor with AVX2, and this is {platform.machine()}"
            f"{'' if 'avx2' in flags() else ' without it'}; leave out --portable"
        )
    wanted = {
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_CBWR": "COMPATIBLE",
        "OPENBLAS_CORETYPE": "Haswell",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    wide = [name for flag, name in WIDE.items() if flag in flags()]
    if wide:
        wanted |= {"NPY_DISABLE_CPU_FEATURES": " ".join(wide), "OPENCV_CPU_DISABLE": "AVX512-SKX"}
    return wanted


def require(environ: Mapping[str, str] = os.environ) -> None:
    """Raise :class:`VariablesNeededError` unless the environment is that of a portable process."""
    wanted = variables()
    if any(environ.get(name) != value for name, value in wanted.items()):
        raise VariablesNeededError(wanted)


@contextmanager
def held() -> Iterator[None]:
    """Run the block with the settings of PyTorch and OpenCV that no environment variable makes.

    Raises :class:`VariablesNeededError` where PyTorch has loaded other kernels than the environment
    asks for, as in a notebook that sets the variables too late.
    """
    import cv2
    import torch

    require()
    if torch.backends.cpu.get_cpu_capability() != "AVX2":
        raise VariablesNeededError(variables())
    threads, onednn = torch.get_num_threads(), torch.backends.mkldnn.enabled
    ipp = cv2.ipp.useIPP()
    torch.set_num_threads(1)
    cv2.ipp.setUseIPP(False)  # Intel's library, which looks at the processor too
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]
    try:
        with torch.backends.nnpack.flags(enabled=False):
            yield
    finally:
        torch.set_num_threads(threads)
        cv2.ipp.setUseIPP(ipp)
        torch.backends.mkldnn.enabled = onednn
