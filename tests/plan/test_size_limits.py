"""Which runs a person is asked about, and which cannot fit on the disk."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from harness.errors import PrerequisiteError
from harness.plan.cost import Total
from harness.plan.size_limits import is_large, require_room


@pytest.mark.parametrize(
    ("seconds", "count", "large"),
    [(3600, 2e10, False), (3601, 0, True), (0, 2.1e10, True), (0, 0, False)],
)
def test_an_hour_or_20_gb_is_large(seconds, count, large):
    assert is_large(Total(seconds=seconds, bytes=count)) == large


@pytest.mark.parametrize(
    ("free", "count", "fits"),
    [(5e9, 4.9e9, True), (5e9, 5.1e9, False), (1e6, 9e8, True), (0, 2e9, False)],
)
def test_a_run_that_does_not_fit_is_refused(monkeypatch, tmp_path, free, count, fits):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    found = SimpleNamespace(total=Total(bytes=count))
    home = tmp_path / "not" / "yet" / "there"
    if fits:
        require_room(found, home)
        return
    with pytest.raises(PrerequisiteError, match="free; free space, set HARNESS_HOME") as error:
        require_room(found, home)
    assert str(tmp_path) in str(error.value)
    assert error.value.exit_code == 3
