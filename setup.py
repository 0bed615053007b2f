"""Names the packages of the fixed tree; everything else is in ``pyproject.toml``.

``plugins/`` is installed as ``harness_plugins`` and ``reports/`` as ``harness_reports``.
"""

from setuptools import find_packages, setup


def packages() -> list[str]:
    """Every folder with an ``__init__.py``, under the name it is installed as."""
    found = [name for name in find_packages() if name.split(".")[0] == "harness"]
    for folder, installed in (("plugins", "harness_plugins"), ("reports", "harness_reports")):
        found += [installed, *(f"{installed}.{name}" for name in find_packages(folder))]
    return sorted(found)


setup(packages=packages())
