"""What the digits of a number depend on beside its inputs: processor, instruction sets, threads."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import Any

ONEDNN_SETS = (
    ("SSE41", "sse4_1"),
    ("AVX", "avx"),
    ("AVX2", "avx2"),
    ("AVX2_VNNI", "avx_vnni"),
    ("AVX512_CORE", "avx512bw"),
    ("AVX512_CORE_VNNI", "avx512_vnni"),
    ("AVX512_CORE_BF16", "avx512_bf16"),
    ("AVX512_CORE_FP16", "avx512_fp16"),
    ("AVX512_CORE_AMX", "amx_tile"),
)
"""oneDNN's names of instruction sets, weakest first, with the processor flag that each needs."""

CHOOSING = (
    "ATEN_CPU_CAPABILITY",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "NUMBA_CPU_NAME",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "OPENCV_CPU_DISABLE",
)
"""Environment variables by which a user makes libraries choose other kernels."""


def machine() -> dict[str, Any]:
    """Processor, kernels in use and threads of this process, as JSON values.

    Libraries that are not loaded are left out: a stage that does not use one does not depend on it.
    """
    return {
        "processor": processor(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "kernels": _kernels(),
        "threads": _threads(),
        "set": {name: os.environ[name] for name in CHOOSING if os.environ.get(name)},
    }


@cache
def processor() -> str:
    """Model of the processor, as the system names it."""
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


@cache
def flags() -> frozenset[str]:
    """Instruction sets of the processor, in the names of Linux; empty where they are not known."""
    return frozenset(_cpuinfo().get("flags", "").split())


@cache
def _cpuinfo() -> dict[str, str]:
    """The first processor of ``/proc/cpuinfo``; empty on other systems."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}


def _kernels() -> dict[str, str]:
    """Instruction set by library, as far as each library tells it."""
    found = {}
    torch = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = str(torch.backends.cpu.get_cpu_capability())
        found["onednn"] = _onednn() if torch.backends.mkldnn.enabled else "off"
        found["mkl"] = (
            os.environ.get("MKL_CBWR", "auto") if torch.backends.mkl.is_available() else ""
        )
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_info

        for pool in threadpool_info():
            if pool["internal_api"] == "openblas" and "numpy" in pool["filepath"]:
                found["openblas"] = str(pool.get("architecture", ""))
    return {name: value for name, value in found.items() if value}


def _onednn() -> str:
    """The set that oneDNN takes: the best one of the processor, below the user's ceiling."""
    names = [name for name, _ in ONEDNN_SETS]
    ceiling = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    allowed = names.index(ceiling) if ceiling in names else len(names) - 1
    usable = [name for name, flag in ONEDNN_SETS[: allowed + 1] if flag in flags()]
    return usable[-1] if usable else ""


def _threads() -> int | None:
    """Threads that one operation of torch may use; None where torch is not loaded."""
    torch = sys.modules.get("torch")
    return None if torch is None else int(torch.get_num_threads())


def differences(one: Any, other: Any, name: str = "") -> list[str]:
    """What differs between two records of :func:`machine`, as ``fact A / B``; nested facts by path.

    A fact that one of the two does not state is not called a difference.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for key in sorted({*one, *other}):
            inside = f"{name} {key}".strip()
            if name != "set" and (key not in one or key not in other):
                continue
            found += differences(one.get(key, "unset"), other.get(key, "unset"), inside)
        return found
    if one == other or one is None or other is None:
        return []
    return [f"{name} {one} / {other}"]
