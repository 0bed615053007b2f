"""For authors of report sections and of further metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.components import ReportSection as ReportSection
    from harness.components import ReportTable as ReportTable
    from harness.lifecycle import Scored as Scored
    from harness.protocols.base import Metric as Metric
    from harness.results.study import Study as Study

__getattr__, __dir__, __all__ = exports(__name__)
