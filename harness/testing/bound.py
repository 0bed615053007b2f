"""The kit as pytest parametrisation: one test a check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness._plugins.discovery import load
from harness._plugins.registry import Registry
from harness.components import Kind
from harness.testing.base import Check, CheckFailedError
from harness.testing.run import checks_for
from harness.testing.subject import Subject

if TYPE_CHECKING:
    import pytest

Wanted = tuple[Kind, str] | tuple[Kind, str, Mapping[str, Any]]


@dataclass(frozen=True)
class BoundCheck:
    """A check with the component it looks at; call it in a test."""

    check: Check
    subject: Subject

    def __call__(self) -> None:
        """Raise ``CheckFailedError`` when the check fails, and skip the test when it is skipped."""
        import pytest

        outcome = self.check.judge(self.subject)
        if outcome.status == "skipped":
            pytest.skip(outcome.reason)
        if outcome.status == "failed":
            raise CheckFailedError(f"{outcome.about} {outcome.reason}")


def parametrize_with_checks(
    components: Iterable[Wanted],
    *,
    plugins_dirs: Sequence[Path] = (),
    registry: Registry | None = None,
) -> pytest.MarkDecorator:
    """A decorator that gives a test the argument ``check``, once for every check.

    ``components`` are (kind, name) or (kind, name, parameter values). ``plugins_dirs`` are folders
    of single-file plugins, or such files; ``registry`` replaces what is installed.
    """
    import pytest

    known = registry or load(plugins_dirs=plugins_dirs)
    cases = []
    for kind, name, *values in components:
        subject = Subject(known, known.find(kind, name), values[0] if values else {})
        cases += [
            pytest.param(BoundCheck(check, subject), id=f"{name}-{check.name}")
            for check in checks_for(kind)
        ]
    return pytest.mark.parametrize("check", cases)
