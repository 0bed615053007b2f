"""The conformance kit: checks that a component keeps the promises of the contract.

Light to import. pytest is needed only by :func:`parametrize_with_checks`.
"""

from __future__ import annotations

from harness.testing.base import Check, CheckOutcome, Report
from harness.testing.bound import BoundCheck, parametrize_with_checks
from harness.testing.run import checks_for, run_checks

__all__ = [
    "BoundCheck",
    "Check",
    "CheckOutcome",
    "Report",
    "checks_for",
    "parametrize_with_checks",
    "run_checks",
]
