"""The conformance kit: checks that a component keeps the promises of the contract.

Light to import. pytest is needed only by :func:`parametrize_with_checks`.
"""

from __future__ import annotations

from harness.testing.base import Check, CheckOutcome, Report
from harness.testing.bound import BoundCheck, parametrize_with_checks
from harness.testing.installed import check_component, component, report_sections
from harness.testing.run import checks_for, run_checks

__all__ = [
    "BoundCheck",
    "Check",
    "CheckOutcome",
    "Report",
    "check_component",
    "checks_for",
    "component",
    "parametrize_with_checks",
    "report_sections",
    "run_checks",
]
