"""Attributes that several components give, and the bins in which they are counted."""

from __future__ import annotations

from harness.plugin.ratings import AttributeInfo

_ANGLES = tuple(float(edge) for edge in range(-90, 91, 15))

POSE = {
    "yaw_deg": AttributeInfo("turn of the head, positive to the image right", "degrees", "angle",
                             edges=_ANGLES),
    "pitch_deg": AttributeInfo("nod of the head, positive down", "degrees", "angle",
                               edges=_ANGLES),
    "roll_deg": AttributeInfo("tilt of the head, positive counter-clockwise", "degrees", "angle",
                              edges=_ANGLES),
}  # fmt: skip


def steps(low: float, high: float, bins: int) -> tuple[float, ...]:
    """Borders of equal bins."""
    return tuple(low + (high - low) * k / bins for k in range(bins + 1))
