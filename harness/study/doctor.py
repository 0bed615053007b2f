"""What could be wrong with this environment, each finding with what to do."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from filelock import FileLock, Timeout

from harness.executors.local import cpu_count
from harness.registry import Registry
from harness.study.assets import Links
from harness.study.store import Store

LOW_DISK_GIB = 5.0


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    level: Literal["ok", "warn", "bad"]
    what: str
    text: str


def examine(registry: Registry, store: Store) -> list[Finding]:
    """All findings, good ones too."""
    return [
        *_python(),
        *_onnxruntime(),
        *_torch(),
        *_plugins(registry),
        *_store(store),
        *_locks(store),
        *_links(store),
    ]


def _python() -> Iterator[Finding]:
    yield Finding("ok", "python", f"{platform.python_version()} on {platform.platform()}")
    yield Finding("ok", "processors", f"{cpu_count()} usable")
    for name in ("synthface-harness", "numpy", "diffusers", "transformers"):
        try:
            yield Finding("ok", name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding("bad", name, f"not installed; pip install {name}")
    try:
        metadata.version("harness")
    except metadata.PackageNotFoundError:
        return
    yield Finding(
        "bad",
        "harness",
        "another distribution named harness is installed and shares "
        "our import name; pip uninstall harness",
    )


def _onnxruntime() -> Iterator[Finding]:
    found = []
    for name in ("onnxruntime", "onnxruntime-gpu"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    if len(found) == 2:
        yield Finding(
            "bad",
            "onnxruntime",
            f"{' and '.join(found)} overwrite each other; uninstall both, then install one",
        )
    elif not found:
        yield Finding("bad", "onnxruntime", "not installed; pip install onnxruntime")
    else:
        yield Finding("ok", "onnxruntime", found[0])


def _torch() -> Iterator[Finding]:
    try:
        import torch
    except ImportError as error:
        yield Finding("bad", "torch", f"cannot be imported: {error}; reinstall it")
        return
    yield Finding("ok", "torch", torch.__version__)
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        yield Finding("ok", "cuda", ", ".join(names))
    else:
        yield Finding("warn", "cuda", "no CUDA device; everything runs on the CPU")


def _plugins(registry: Registry) -> Iterator[Finding]:
    for row in registry.plugins:
        name = f"plugin {row.name}"
        if row.ok:
            yield Finding("ok", name, f"{row.dist} {row.version}")
        else:
            yield Finding("bad", name, f"{row.reason}; mend or uninstall {row.dist}")


def _store(store: Store) -> Iterator[Finding]:
    home = store.home
    above = home
    while not above.exists():
        above = above.parent
    if not os.access(above, os.W_OK):
        yield Finding("bad", "store", f"{home} cannot be written; set HARNESS_HOME")
        return
    free = shutil.disk_usage(above).free / 2**30
    level: Literal["ok", "warn"] = "ok" if free >= LOW_DISK_GIB else "warn"
    yield Finding(level, "store", f"{home}, {free:.1f} GiB free")


def _locks(store: Store) -> Iterator[Finding]:
    for owner in sorted((store.home / "locks").glob("*.json")):
        try:
            holder = json.loads(owner.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        age = (time.time() - holder["since"]) / 60
        where = f"process {holder['pid']} on {holder['host']}, {age:.0f} min ago"
        try:
            with FileLock(owner.with_suffix(".lock"), timeout=0):
                pass
        except Timeout:
            yield Finding("ok", "lock", f"{owner.stem[:12]} held by {where}")
            continue
        note = "" if holder["host"] == socket.gethostname() else " (another host)"
        yield Finding(
            "warn",
            "lock",
            f"{owner.stem[:12]} left behind by {where}{note}; harmless, the next run takes it up",
        )


def _links(store: Store) -> Iterator[Finding]:
    for name, path in sorted(Links(store).all().items()):
        if path.exists():
            yield Finding("ok", f"asset {name}", str(path))
        else:
            yield Finding(
                "warn", f"asset {name}", f"{path} is gone; harness assets link {name} PATH"
            )
