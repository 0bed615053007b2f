"""The executor of every run that names none: this process and local workers."""

from __future__ import annotations

from harness.plugin import Extension, hookimpl


@hookimpl
def harness_executors() -> list[Extension]:
    """Declare ``local``."""
    return [
        Extension(
            name="local",
            target="harness.executors.local:LocalExecutor",
            summary="this process, or as many local workers as -j allows",
        )
    ]
