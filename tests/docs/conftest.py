"""The scripts that build the site are not a package: their tests import them from their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

SITE = Path(__file__).parents[2] / "docs" / "site"


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    """The folder of the scripts, where modules are looked for first."""
    monkeypatch.syspath_prepend(str(SITE))
    return SITE
