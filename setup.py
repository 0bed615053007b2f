"""Names the packages of the fixed tree; everything else is in ``pyproject.toml``.

``plugins/`` is installed as ``harness_plugins``, ``reports/`` as ``harness_reports`` and
``recipes/`` as ``harness_recipes``.
"""

from setuptools import find_packages, setup


def packages() -> list[str]:
    """Every folder with an ``__init__.py``, under the name it is installed as."""
    found = [name for name in find_packages() if name.split(".")[0] == "harness"]
    for folder in ("plugins", "reports", "recipes"):
        installed = f"harness_{folder}"
        found += [installed, *(f"{installed}.{name}" for name in find_packages(folder))]
    return sorted(found)


setup(packages=packages())
