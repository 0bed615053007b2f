"""Settings that come by environment variables."""

from __future__ import annotations

import os

from harness.errors import UsageError


def seconds(name: str, default: float) -> float:
    """The variable ``name`` in seconds; raises ``UsageError`` where it is no number above 0."""
    text = os.environ.get(name, "")
    try:
        found = float(text) if text else default
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise UsageError(f"{name}={text} is no number of seconds above 0; correct or unset it")
    return found
