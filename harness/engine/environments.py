"""The environment of a result: packages, device, processor and kernels, and what differs."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from harness.engine.session import Session
from harness.process.machine import differences, machine
from harness.results import env_file
from harness.store.artifacts import Artifact

PACKAGES = ("numpy", "torch", "onnxruntime-gpu", "onnxruntime", "opencv-python-headless", "pyarrow",
            "scipy", "numba", "synthface-harness")  # fmt: skip


def record(session: Session, artifacts: Mapping[str, Artifact]) -> str:
    """Write the environment once under its digest; gives its path in the study folder."""
    return env_file.write(session.folder, _facts(session, artifacts))


def restore(session: Session, name: str, artifacts: Mapping[str, Artifact]) -> str:
    """Write a damaged environment file again if it described this machine; what was wrong, or "".

    That of another machine cannot be known again: it stays damaged, and reports name it.
    """
    path = session.folder / name
    if path.is_file() and env_file.fits(path):
        return ""
    facts = _facts(session, artifacts)
    if env_file.name_of(facts) != name:
        return ""
    env_file.write(session.folder, facts)
    return f"{path} was missing or its content did not fit its name"


def _facts(session: Session, artifacts: Mapping[str, Artifact]) -> dict[str, Any]:
    """What is recorded of this machine.

    ``made_on`` names the machine of every stored input that was made on another one than this, or
    with other kernels or threads.
    """
    here = machine()
    made_on = {
        role: artifact.facts.get("machine", "not recorded")
        for role, artifact in artifacts.items()
        if differences(artifact.facts.get("machine", "not recorded"), here)
    }
    return {
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


def _versions(names: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
