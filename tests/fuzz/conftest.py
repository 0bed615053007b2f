"""Thousands of command lines in one process share the list of plugins, which no case changes."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from harness._plugins import discovery
from harness._plugins.registry import Registry
from harness.cli import options


@cache
def _loaded(disabled: tuple[str, ...], plugins_dirs: tuple[Any, ...]) -> Registry:
    return discovery.load(disabled=disabled, plugins_dirs=plugins_dirs)


@pytest.fixture(autouse=True)
def plugins_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading plugins takes ten times as long as a case."""

    def load(disabled: Any = (), plugins_dirs: Any = ()) -> Registry:
        return _loaded(tuple(disabled), tuple(plugins_dirs))

    monkeypatch.setattr(options, "load", load)
