"""How many processors this process may use, and how its threads wait for each other."""

from __future__ import annotations

import math
import os
from collections.abc import MutableMapping
from pathlib import Path

CGROUP = Path("/proc/self/cgroup")
MOUNT = Path("/sys/fs/cgroup")
WAITING = "OMP_WAIT_POLICY"


def affinity() -> int:
    """Processors that the scheduler may put this process on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota() -> float | None:
    """Processors' worth of time that a container or batch system grants; None without a limit.

    The smallest ``cpu.max`` of the control group and of those around it counts (Linux, cgroup v2),
    or the quota of version 1. Not readable is not limited.
    """
    found = [value for value in (*_version_2(), _version_1()) if value is not None]
    return min(found, default=None)


def cpu_count() -> int:
    """Processors this process may use: its affinity, and at most what a container grants."""
    granted = quota()
    return affinity() if granted is None else max(1, min(affinity(), math.ceil(granted)))


def wait_passively(environ: MutableMapping[str, str] = os.environ) -> None:
    """Let threads that wait sleep instead of spin, unless the user has chosen.

    A thread that spins while another process has its sibling's processor makes everybody slower: on
    a busy machine a training lost nine tenths of its speed. OpenMP reads the variable when it is
    loaded, so this comes before the first import of torch; workers inherit it.
    """
    if not any(name in environ for name in (WAITING, "GOMP_SPINCOUNT", "KMP_BLOCKTIME")):
        environ[WAITING] = "PASSIVE"


def waiting() -> str:
    """How threads of this process wait, in words."""
    return {"PASSIVE": "sleep", "ACTIVE": "spin"}.get(
        os.environ.get(WAITING, "").upper(), "as the system's OpenMP chooses"
    )


def _version_2() -> list[float | None]:
    lines = _text(CGROUP).splitlines()
    own = next((line[3:] for line in lines if line.startswith("0::")), None)
    if own is None:
        return []
    group = MOUNT / own.lstrip("/")
    return [_cpu_max(_text(folder / "cpu.max")) for folder in (group, *group.parents)
            if folder.is_relative_to(MOUNT)]  # fmt: skip


def _cpu_max(text: str) -> float | None:
    words = text.split()
    if len(words) != 2 or not all(word.isdecimal() for word in words) or int(words[1]) == 0:
        return None  # "max 100000" is not a limit
    return int(words[0]) / int(words[1])


def _version_1() -> float | None:
    for folder in ("cpu", "cpu,cpuacct"):
        quota_us = _text(MOUNT / folder / "cpu.cfs_quota_us").strip()
        period_us = _text(MOUNT / folder / "cpu.cfs_period_us").strip()
        if quota_us.isdecimal() and period_us.isdecimal() and int(period_us):
            return int(quota_us) / int(period_us)  # -1, without a limit, is not decimal
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
