"""Pixels: decoding files, and warping faces to a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.align.decode import decode as decode
    from harness.align.decode import image_size as image_size
    from harness.align.templates import template_points as template_points
    from harness.align.warp import unusable as unusable
    from harness.align.warp import warp as warp

__getattr__, __dir__, __all__ = exports(__name__)
