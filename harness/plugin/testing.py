"""The conformance kit, for the tests of a plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.testing import BoundCheck as BoundCheck
    from harness.testing import Check as Check
    from harness.testing import CheckOutcome as CheckOutcome
    from harness.testing import Report as Report
    from harness.testing import check_component as check_component
    from harness.testing import checks_for as checks_for
    from harness.testing import component as component
    from harness.testing import parametrize_with_checks as parametrize_with_checks
    from harness.testing import report_sections as report_sections

__getattr__, __dir__, __all__ = exports(__name__)
