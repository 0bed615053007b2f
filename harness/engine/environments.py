"""The environment of a result: packages, device, processor and kernels, and what differs."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata

from harness.engine.session import Session
from harness.process.machine import differences, machine
from harness.results import env_file
from harness.store.artifacts import Artifact

PACKAGES = ("numpy", "torch", "onnxruntime-gpu", "onnxruntime", "opencv-python-headless", "pyarrow",
            "scipy", "numba", "synthface-harness")  # fmt: skip


def record(session: Session, artifacts: Mapping[str, Artifact]) -> str:
    """Write the environment once under its digest; gives its path in the study folder.

    ``made_on`` names the machine of every stored input that was made on another one than this, or
    with other kernels or threads.
    """
    here = machine()
    made_on = {
        role: artifact.facts.get("machine", "not recorded")
        for role, artifact in artifacts.items()
        if differences(artifact.facts.get("machine", "not recorded"), here)
    }
    facts = {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "device": session.plan.device,
        "precision": session.plan.precision,
        "portable": session.plan.study.portable,
        "jobs": session.jobs,
        **here,
        "packages": _versions(PACKAGES),
        "made_on": made_on,
    }
    return env_file.write(session.folder, facts)


def _versions(names: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
