"""For authors of trackers: what the hooks of a running study are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.lifecycle import CellFinished as CellFinished
    from harness.lifecycle import ReportWritten as ReportWritten
    from harness.lifecycle import StageFinished as StageFinished
    from harness.lifecycle import StageStarted as StageStarted
    from harness.lifecycle import StudyFinished as StudyFinished
    from harness.lifecycle import StudyStarted as StudyStarted

__getattr__, __dir__, __all__ = exports(__name__)
