"""A check, what came of it, and the report that always ends with counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.components import Kind
from harness.errors import PrerequisiteError

if TYPE_CHECKING:
    from harness.testing.subject import Subject

Status = Literal["passed", "failed", "skipped"]
MARKS = {"failed": "FAILED ", "skipped": "skipped"}


class CheckFailedError(AssertionError):
    """The component breaks a promise; one sentence says which and where."""


class CheckSkippedError(Exception):
    """The check has nothing to look at; one sentence says why."""


@dataclass(frozen=True)
class Check:
    """One promise of the contract and the function that tests it."""

    kind: Kind
    name: str
    run: Callable[[Subject], None]

    @property
    def about(self) -> str:
        """The promise in one sentence."""
        return " ".join((self.run.__doc__ or "").split())

    @classmethod
    def of(cls, kind: Kind, function: Callable[[Subject], None]) -> Check:
        """A check named after its function: ``same_seed`` is ``same-seed``."""
        return cls(kind, function.__name__.replace("_", "-"), function)

    def judge(self, subject: Subject) -> CheckOutcome:
        """Run the check; whatever the component raises is its failure."""
        try:
            self.run(subject)
        except (CheckSkippedError, PrerequisiteError) as reason:
            return CheckOutcome(self.name, "skipped", str(reason), self.about)
        except CheckFailedError as error:
            return CheckOutcome(self.name, "failed", str(error), self.about)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (a plugin may raise anything)
            text = " ".join(str(error).split())
            return CheckOutcome(self.name, "failed", f"{type(error).__name__}: {text}", self.about)
        return CheckOutcome(self.name, "passed", "", self.about)


@dataclass(frozen=True)
class CheckOutcome:
    """What came of one check; ``reason`` is empty when it passed."""

    check: str
    status: Status
    reason: str
    about: str


@dataclass(frozen=True)
class Report:
    """Every check of one component. ``run`` counts those that looked: passed and failed."""

    kind: Kind
    name: str
    provider: str
    outcomes: tuple[CheckOutcome, ...]

    def with_status(self, status: Status) -> tuple[CheckOutcome, ...]:
        """The outcomes of one status, in order."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == status)

    @property
    def passed(self) -> int:
        """Number of checks that passed."""
        return len(self.with_status("passed"))

    @property
    def failed(self) -> int:
        """Number of checks that failed."""
        return len(self.with_status("failed"))

    @property
    def skipped(self) -> int:
        """Number of checks that had nothing to look at."""
        return len(self.with_status("skipped"))

    @property
    def run(self) -> int:
        """Number of checks that looked."""
        return self.passed + self.failed

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def counts(self) -> str:
        """One line: how many checks ran, passed, failed and were skipped."""
        return (
            f"{self.kind} {self.name}: {self.run} checks run, {self.passed} passed, "
            f"{self.failed} failed, {self.skipped} skipped"
        )

    def lines(self) -> list[str]:
        """Failed and skipped checks with their reasons (a shared one once), then the counts."""
        shown: dict[tuple[Status, str], list[str]] = {}
        for outcome in (*self.with_status("failed"), *self.with_status("skipped")):
            shown.setdefault((outcome.status, outcome.reason), []).append(outcome.check)
        texts = [
            f"{MARKS[status]}  {', '.join(checks)}: {reason}"
            for (status, reason), checks in shown.items()
        ]
        return [*texts, self.counts]

    def record(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "kind": self.kind,
            "name": self.name,
            "provider": self.provider,
            "run": self.run,
            "passed": self.passed,
            "failed": self.failed,
            "skipped": self.skipped,
            "checks": [vars(outcome) for outcome in self.outcomes],
        }


def require(condition: object, message: str) -> None:
    """Raise :class:`CheckFailedError` unless the condition holds."""
    if not condition:
        raise CheckFailedError(message)
