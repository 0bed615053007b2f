"""What could be wrong with this environment, each finding with what to do."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from harness._plugins.registry import FROM_FILE, Registry
from harness.process import cpus
from harness.store import leases
from harness.store.artifacts import Store
from harness.store.aside import all_aside
from harness.store.assets import Links
from harness.tools import inventory

LOW_DISK_GIB = 5.0
DRIVER = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True)
class DoctorFinding:
    """One line of the doctor's report."""

    level: Literal["ok", "warn", "bad"]
    what: str
    text: str


def examine(registry: Registry, store: Store, device: str = "auto") -> list[DoctorFinding]:
    """All findings, good ones too; ``device`` is what the user wants to run on."""
    return [
        *_python(),
        *_onnxruntime(),
        *_torch(device),
        *_plugins(registry),
        *_requirements(registry),
        *_store(store),
        *_artifacts(store, registry),
        *_locks(store),
        *_links(store),
    ]


def _python() -> Iterator[DoctorFinding]:
    yield DoctorFinding("ok", "python", f"{platform.python_version()} on {platform.platform()}")
    granted = cpus.quota()
    limit = "" if granted is None else f", of which the container grants {granted:g}"
    yield DoctorFinding(
        "ok", "processors",
        f"{cpus.cpu_count()} usable ({cpus.affinity()} by affinity{limit}); waiting threads "
        f"{cpus.waiting()}",
    )  # fmt: skip
    for name in ("synthface-harness", "numpy", "diffusers", "transformers"):
        try:
            yield DoctorFinding("ok", name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield DoctorFinding("bad", name, f"not installed; pip install {name}")
    try:
        metadata.version("harness")
    except metadata.PackageNotFoundError:
        return
    yield DoctorFinding(
        "bad",
        "harness",
        "another distribution named harness is installed and shares "
        "our import name; pip uninstall harness",
    )


def _onnxruntime() -> Iterator[DoctorFinding]:
    found = []
    for name in ("onnxruntime", "onnxruntime-gpu"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    if len(found) == 2:
        yield DoctorFinding(
            "bad",
            "onnxruntime",
            f"{' and '.join(found)} overwrite each other's files; pip uninstall -y onnxruntime "
            "onnxruntime-gpu, then install the one that fits this machine",
        )
    elif not found:
        yield DoctorFinding("bad", "onnxruntime", "not installed; pip install onnxruntime")
    else:
        yield DoctorFinding("ok", "onnxruntime", found[0])


def _torch(device: str) -> Iterator[DoctorFinding]:
    try:
        import torch
    except ImportError as error:
        yield DoctorFinding("bad", "torch", f"cannot be imported: {error}; reinstall it")
        return
    yield DoctorFinding("ok", "torch", torch.__version__)
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        yield DoctorFinding("ok", "cuda", ", ".join(names))
        return
    why = why_no_cuda(torch.version.cuda, driver=_driver(), environ=os.environ)
    if device.startswith("cuda"):
        yield DoctorFinding("bad", "cuda", f"{device} is asked for, but {why}")
    else:
        yield DoctorFinding("warn", "cuda", f"{why}; everything runs on the CPU")


def _driver() -> bool:
    """Whether an NVIDIA driver is found; taken for granted where it cannot be looked for."""
    return not sys.platform.startswith("linux") or DRIVER.exists()


def why_no_cuda(built_for: str | None, *, driver: bool, environ: Mapping[str, str]) -> str:
    """Why torch sees no CUDA device, and what to do; ``built_for`` is its version of CUDA."""
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    if built_for is None:
        mend = "; install a CUDA build of torch" if driver else " and no NVIDIA driver is found"
        return f"the installed torch is a CPU build{mend}"
    if not driver:
        return f"torch is built for CUDA {built_for} and no NVIDIA driver is found; install one"
    if visible is not None:
        return f"CUDA_VISIBLE_DEVICES={visible} shows torch no device; unset it"
    return (
        f"torch is built for CUDA {built_for} and the NVIDIA driver gives it no device; see "
        "`nvidia-smi`, and update the driver if it is older than that"
    )


def _plugins(registry: Registry) -> Iterator[DoctorFinding]:
    """One line for those that load, by distribution, and one for each that does not."""
    loaded = Counter(f"{row.dist} {row.version}" for row in registry.plugins if row.ok)
    if loaded:
        shares = ", ".join(f"{count} of {dist}" for dist, count in sorted(loaded.items()))
        yield DoctorFinding("ok", "plugins", f"{shares}; `harness list plugins` names them")
    for row in registry.plugins:
        if not row.ok:
            text = f"{row.reason}; fix or uninstall {row.dist}"
            yield DoctorFinding("bad", f"plugin {row.name}", text)


def _requirements(registry: Registry) -> Iterator[DoctorFinding]:
    """Plugins whose own metadata ask for other versions than those installed: old, or too new."""
    from packaging.requirements import Requirement

    for dist in sorted({row.dist for row in registry.plugins if row.version != FROM_FILE}):
        try:
            wanted = [Requirement(text) for text in metadata.requires(dist) or ()]
        except metadata.PackageNotFoundError:
            continue
        for need in wanted:
            if need.marker is not None and not need.marker.evaluate({"extra": ""}):
                continue
            try:
                found = metadata.version(need.name)
            except metadata.PackageNotFoundError:
                found = "nothing"
            if found == "nothing" or not need.specifier.contains(found, prereleases=True):
                yield DoctorFinding(
                    "warn",
                    f"plugins of {dist}",
                    f"need {need.name}{need.specifier} and {found} is installed; "
                    f"pip install --upgrade {dist}",
                )


def _store(store: Store) -> Iterator[DoctorFinding]:
    home = store.home
    above = home
    while not above.exists():
        above = above.parent
    if not os.access(above, os.W_OK):
        yield DoctorFinding("bad", "store", f"{home} cannot be written; set HARNESS_HOME")
        return
    free = shutil.disk_usage(above).free / 2**30
    level: Literal["ok", "warn"] = "ok" if free >= LOW_DISK_GIB else "warn"
    yield DoctorFinding(level, "store", f"{home}, {free:.1f} GiB free")


def _artifacts(store: Store, registry: Registry) -> Iterator[DoctorFinding]:
    """What takes room or was damaged; content is read by `harness store verify` only."""
    old = inventory.outdated(store, registry)
    if old:
        size = sum(sum(artifact.manifest["files"].values()) for artifact in old) / 2**30
        yield DoctorFinding(
            "ok",
            "old artifacts",
            f"{len(old)} ({size:.1f} GiB) were made by older versions of components; "
            "harness store gc STUDY... --dry-run",
        )
    for damage in inventory.incomplete(store):
        yield DoctorFinding("warn", "damaged artifact", f"{damage}; the next run makes it again")
    for one in all_aside(store):
        yield DoctorFinding(
            "warn",
            "set aside",
            f"{one.kind} {one.key[:12]} in {one.folder}: {one.damage}; inspect and delete it",
        )


def _locks(store: Store) -> Iterator[DoctorFinding]:
    folder = store.home / "locks"
    for key, holder in leases.unfinished(folder):
        where = f"process {holder.get('pid', '?')} on {holder.get('host', 'an unknown host')}"
        if not holder.get("locked"):
            yield DoctorFinding(
                "ok", "lock", f"{key[:12]} leased to {where}; silent ones are taken over"
            )
            continue
        try:
            with FileLock(folder / f"{key}.lock", timeout=0):
                pass
        except Timeout:
            yield DoctorFinding("ok", "lock", f"{key[:12]} held by {where}")
            continue
        note = "" if holder.get("host") == socket.gethostname() else " (another host)"
        yield DoctorFinding(
            "warn",
            "lock",
            f"{key[:12]} left behind by {where}{note}; harmless, the next run takes it up",
        )


def _links(store: Store) -> Iterator[DoctorFinding]:
    links = Links(store)
    for name, path in sorted(links.all().items()):
        if fault := links.fault(name):
            yield DoctorFinding(
                "warn", f"asset {name}", f"{fault}; harness assets link {name} PATH"
            )
        else:
            yield DoctorFinding("ok", f"asset {name}", str(path))
