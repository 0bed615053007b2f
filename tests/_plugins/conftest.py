from __future__ import annotations

import pytest

from harness._plugins import discovery


@pytest.fixture
def load(monkeypatch):
    def with_sources(*sources, **options):
        monkeypatch.setattr(discovery, "_installed", lambda autoload: iter(sources))
        return discovery.load(**options)

    return with_sources
