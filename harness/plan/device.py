"""Resolving ``auto`` before anything is keyed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from harness.errors import PrerequisiteError, UsageError

PRECISIONS = ("auto", "fp32", "bf16", "fp16")


def resolve_device(asked: str) -> str:
    """``cpu``, ``cuda`` or ``cuda:N``; raises ``PrerequisiteError`` for CUDA that is absent."""
    _check(asked)
    if asked == "cpu":
        return "cpu"
    if _cuda_usable():
        return "cuda" if asked == "auto" else asked
    if asked == "auto":
        return "cpu"
    raise PrerequisiteError(
        f"device {asked} was asked for but torch sees no CUDA device; see `harness doctor`"
    )


def remote_device(asked: str) -> str:
    """The same where other machines do the work: what is asked for is believed."""
    _check(asked)
    return resolve_device(asked) if asked == "auto" else asked


def _check(asked: str) -> None:
    numbered = re.fullmatch(r"cuda:[0-9]{1,4}", asked)
    if asked not in ("auto", "cpu", "cuda") and not numbered:
        raise UsageError(f"unknown device {asked!r}; use auto, cpu, cuda or cuda:N")


def resolve_precision(asked: str, device: str) -> str:
    """``fp32``, ``bf16`` or ``fp16``; ``auto`` is bf16 on CUDA and fp32 on the CPU."""
    if asked not in PRECISIONS:
        raise UsageError(f"unknown precision {asked!r}; use one of {', '.join(PRECISIONS)}")
    if asked != "auto":
        return asked
    return "bf16" if device.startswith("cuda") else "fp32"


def resolve_portable(device: str, precision: str) -> tuple[str, str]:
    """Device and precision of a portable study; raises ``UsageError`` where others were chosen."""
    if device not in ("auto", "cpu") or precision not in ("auto", "fp32"):
        raise UsageError(
            f"portable digits are made on the CPU in fp32, not with device {device} and precision "
            f"{precision}; add --device cpu --precision fp32, or leave out --portable"
        )
    return "cpu", "fp32"


def _cuda_usable() -> bool:
    # Planning must not pay for importing torch on a machine that has no driver at all.
    if sys.platform == "linux" and not Path("/proc/driver/nvidia/version").exists():
        return False
    import torch

    return torch.cuda.is_available()
