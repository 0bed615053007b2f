"""Packages that cannot be imported, as one sentence with the line that installs them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import metadata

from harness.errors import PrerequisiteError

CORE = "synthface-harness"
DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "dask_jobqueue": "dask-jobqueue",
    "distributed": "dask",
    "mlflow": "mlflow-skinny",
    "sklearn": "scikit-learn",
    "vl_convert": "vl-convert-python",
}
"""The distribution of an import name, where the two differ."""


class MissingPackageError(PrerequisiteError):
    """A package that something needs is not installed; the message has the line that does it."""


def missing_package(
    error: BaseException, what: str, dist: str = CORE, extras: Sequence[str] = ()
) -> MissingPackageError | None:
    """What to tell where ``error`` says that a package is missing; None for any other error.

    ``what`` needs it and belongs to the distribution ``dist``, whose ``extras`` bring it if it has
    some. A package that neither ``dist`` nor the core requires is not named: a plugin's import of
    a module that does not exist is a bug of the plugin.
    """
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    module = error.name.split(".")[0]
    line = install_line(module, dist, extras)
    if not line:
        return None
    return MissingPackageError(f"{what} needs {module}, which is not installed; {line}")


def install_line(module: str, dist: str = CORE, extras: Sequence[str] = ()) -> str:
    """``pip install ...`` for an import name; empty where no requirement brings it."""
    wanted = _normal(DISTRIBUTIONS.get(module, module))
    for owner in dict.fromkeys((dist, CORE)):
        for name, text, extra in _requirements(owner):
            if name == wanted:
                return f"pip install '{owner}[{extra}]'" if extra else f"pip install '{text}'"
    return f"pip install '{dist}[{','.join(extras)}]'" if extras else ""


def _requirements(dist: str) -> Iterator[tuple[str, str, str]]:
    """Name, name with versions, and extra (or nothing) of what a distribution requires."""
    from packaging.requirements import Requirement

    try:
        texts = metadata.requires(dist) or []
    except metadata.PackageNotFoundError:
        return
    for text in texts:
        need = Requirement(text)
        extra = re.search(r"extra == [\"']([^\"']+)", str(need.marker or ""))
        if extra is None and need.marker is not None and not need.marker.evaluate():
            continue
        yield _normal(need.name), f"{need.name}{need.specifier}", extra[1] if extra else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
