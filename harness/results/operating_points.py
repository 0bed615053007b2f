"""Operating points in words."""

from __future__ import annotations

from collections.abc import Mapping

from harness.results import numbers


def operating_point(at: Mapping[str, float | str]) -> str:
    """``FAR=1e-4, yaw=15°``; empty without an operating point."""
    return ", ".join(_point(key, value) for key, value in at.items())


def _point(key: str, value: float | str) -> str:
    if key in {"far", "fpir", "fmr"} and not isinstance(value, str):
        return f"{key.upper()}={numbers.far(value)}"
    text = value if isinstance(value, str) else f"{value:g}"
    if key.endswith("_deg"):
        return f"{key.removesuffix('_deg')}={text}°"
    return f"{key}={text}"
