"""The promised signatures are the committed ones, and every change of them is told."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("snapshot", Path(__file__).parent / "snapshot.py")
SNAPSHOT = importlib.util.module_from_spec(spec)
spec.loader.exec_module(SNAPSHOT)


def test_the_contract_is_the_committed_one():
    assert SNAPSHOT.written() == SNAPSHOT.FILE.read_text(encoding="utf-8"), (
        "what plugins are promised has changed: regenerate tests/plugin/contract.txt with "
        "`make contract`, and add a line to CHANGELOG.md; a name that goes is deprecated first"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [("def embed(self, images", "def embed(self, pictures"), ("width: int", "width: float"),
     ("seed: int = 0", "seed: int = 1"), ("def stream(", "def streams(")],
)  # fmt: skip
def test_a_changed_signature_is_told(before, after):
    text = SNAPSHOT.FILE.read_text(encoding="utf-8")
    assert before in text
    assert text.replace(before, after) != SNAPSHOT.written()
