"""Names the packages of the fixed tree; everything else is in ``pyproject.toml``.

``plugins/`` is installed as ``harness_plugins``, ``reports/`` as ``harness_reports`` and
``recipes/`` as ``harness_recipes``.
"""

import warnings

from setuptools import find_namespace_packages, find_packages, setup

# An editable installation of folders under other names warns of folders called as the package in
# the working directory, whatever is there; newer versions of pip print it as a wall of eight lines.
warnings.filterwarnings("ignore", message=r"\s*Editable installation")


def packages() -> list[str]:
    """Every folder of code or recipes, under the name it is installed as."""
    found = [name for name in find_packages() if name.split(".")[0] == "harness"]
    for folder, find in (
        ("plugins", find_packages),
        ("reports", find_packages),
        ("recipes", find_namespace_packages),  # folders of nothing but TOML files
    ):
        installed = f"harness_{folder}"
        inside = find(folder, exclude=("*__pycache__*",))
        found += [installed, *(f"{installed}.{name}" for name in inside)]
    return sorted(found)


setup(packages=packages())
