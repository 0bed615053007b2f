"""Settings that come by environment variables."""

from __future__ import annotations

import os

from harness.errors import UsageError
from harness.fileio import texts


def seconds(name: str, default: float) -> float:
    """The variable ``name`` in seconds; raises ``UsageError`` where it is not a number above 0."""
    text = os.environ.get(name, "")
    try:
        found = float(text) if text else default
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise UsageError(f"{name}={text} is not a number of seconds above 0; correct or unset it")
    return found


def flag(name: str) -> bool:
    """Whether the variable ``name`` says yes; raises ``UsageError`` for neither yes nor no."""
    text = os.environ.get(name, "").strip()
    found = texts.flag(text) if text else False
    if found is None:
        raise UsageError(f"{name}={text[:40]!r} is neither yes nor no; set it to 1 or unset it")
    return found


def whole_number(name: str, least: int) -> int:
    """The variable ``name``, which must be set, as a whole number of at least ``least``.

    Raises ``UsageError`` for anything else.
    """
    text = os.environ.get(name, "")
    found = texts.whole_number(text)
    if found is None or not least <= found < 1 << 31:
        raise UsageError(f"{name}={text[:40]!r} is not a whole number of at least {least}")
    return found
