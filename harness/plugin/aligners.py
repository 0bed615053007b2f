"""For authors of aligners: the base class and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.align.place import box_points as box_points
    from harness.components import Aligner as Aligner

__getattr__, __dir__, __all__ = exports(__name__)
