"""Where a fault is reported, and a text to attach to the report.

The project names no address that it does not have. A copy is reported to where it came from: an
address for issues in the metadata of the package, else the repository, folder or index that pip
recorded when it installed the package.
"""

from __future__ import annotations

import json
import platform
import re
import socket
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from harness.tools.doctor import DoctorFinding

DIST = "synthface-harness"
ISSUES = re.compile(r"issue|bug|tracker", re.IGNORECASE)
PACKAGES = ("numpy", "torch", "onnxruntime", "onnxruntime-gpu", "opencv-python-headless", "pyarrow",
            "pydantic", "click", "diffusers", "transformers", "numba", "dask")  # fmt: skip
"""Packages whose versions a report names; others follow from them or rarely matter."""


def where_to_report() -> str:
    """The place to report a fault of this copy to, in words or as an address."""
    try:
        dist = metadata.distribution(DIST)
    except metadata.PackageNotFoundError:
        return "the place you got harness from"
    for entry in dist.metadata.get_all("Project-URL") or []:
        label, _, address = entry.partition(",")
        if ISSUES.search(label):
            return str(address).strip()
    return _installed_from(dist.read_text("direct_url.json"))


def _installed_from(recorded: str | None) -> str:
    """What pip recorded (PEP 610): a repository, a folder or file, or nothing for an index."""
    if recorded is None:
        return f"the maintainers of {DIST} on the package index it was installed from"
    try:
        record = json.loads(recorded)
        address = urlsplit(str(record["url"]))
    except (ValueError, KeyError, TypeError):
        return "the place you got harness from"
    if address.scheme == "file":
        return f"whoever gave you {address.path}"
    host = address.netloc.rpartition("@")[2]  # an address may hold a name and a password
    plain = urlunsplit((address.scheme, host, address.path, "", ""))
    kind = "repository" if "vcs_info" in record else "archive"
    return f"the maintainers of the {kind} {plain}"


def report_text(findings: Iterable[DoctorFinding]) -> str:
    """Markdown to attach to a report: versions, what is wrong here, and what the reporter adds.

    It names no person and no machine: the home folder is ``~`` and the host ``HOST``.
    """
    lines = [
        "### Environment",
        "",
        f"- {DIST} {_version(DIST)}",
        f"- Python {platform.python_version()} on {platform.platform()}",
        *(f"- {name} {found}" for name in PACKAGES if (found := _version(name)) != "missing"),
        "",
        "### What `harness doctor` finds",
        "",
        *([f"- {f.level}: {f.what}: {f.text}" for f in findings if f.level != "ok"] or ["nothing"]),
        "",
        "### Command, and what it printed with HARNESS_TRACEBACK=1",
        "",
        "(paste here)",
    ]
    text = "\n".join(lines).replace(str(Path.home()), "~")
    return re.sub(rf"\b{re.escape(socket.gethostname())}\b", "HOST", text)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
