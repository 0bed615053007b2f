"""What is installed with the package is what it imports."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@cache
def source() -> str:
    """The text of all modules; some import inside the code that they give to a process."""
    files = [path for top in ("harness", "plugins") for path in (ROOT / top).rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def names(distribution: str) -> set[str]:
    """What an installed distribution can be imported as."""
    return {
        module
        for module, owners in packages_distributions().items()
        if canonicalize_name(distribution) in {canonicalize_name(owner) for owner in owners}
    }


@pytest.mark.parametrize("text", PROJECT["dependencies"])
def test_the_package_imports_what_it_requires(text):
    requirement = Requirement(text)
    if requirement.marker is not None and not requirement.marker.evaluate():
        pytest.skip("not of this machine")
    used = [name for name in names(requirement.name)
            if re.search(rf"\b(import|from) +{name}\b", source())]  # fmt: skip
    assert used, (
        f"{requirement.name} is required and never imported; make it an extra or leave it out"
    )


@pytest.mark.parametrize(("module", "extra"), [("psutil", "dask"), ("psutil", "test"),
                                               ("hypothesis", "test")])  # fmt: skip
def test_what_only_an_extra_imports_is_in_the_extra(module, extra):
    required = {Requirement(text).name for text in PROJECT["optional-dependencies"][extra]}
    assert module in required
    assert module not in {Requirement(text).name for text in PROJECT["dependencies"]}
