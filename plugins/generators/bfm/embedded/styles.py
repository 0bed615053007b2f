"""Styles: what a person can change from day to day: hair cut, beard, make-up, glasses, clothes.

A style mode moves or paints the mesh by its coefficient. Some come in any strength, others are
present in a share of people only, and the rest of the time absent.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..model.styles import Styles
from .colour import Colour, Masks
from .fields import Array

# Cuts and patterns of hair by chance: the share of people who wear them, if not everyone.
_RARE_CUTS = {"fringe": 0.2, "swept": 0.2, "long": 0.25, "shoulder": 0.2, "bob": 0.15}
_BARE = ("receding", "temples")

_PAINT: tuple[tuple[str, str, Colour, float], ...] = (
    ("full beard", "beard", (-0.36, -0.29, -0.24), 0.14),
    ("stubble", "beard", (-0.12, -0.10, -0.075), 0.18),
    ("moustache", "moustache", (-0.36, -0.29, -0.24), 0.16),
    ("goatee", "goatee", (-0.34, -0.28, -0.23), 0.12),
    ("sideburns", "jawline", (-0.25, -0.21, -0.17), 0.08),
    ("lipstick", "lip", (0.10, -0.16, -0.11), 0.18),
    ("nude lips", "lip", (0.05, 0.03, 0.03), 0.10),
    ("eye shadow", "lid", (-0.20, -0.20, -0.14), 0.14),
    ("eye liner", "lash", (-0.10, -0.08, -0.07), 0.2),
    ("rouge", "cheek", (0.04, -0.04, -0.03), 0.14),
    ("drawn brows", "brow", (-0.12, -0.10, -0.08), 0.15),
)


def styles(cuts: Mapping[str, Array], rims: Array, lenses: Array, m: Masks) -> Styles:
    """All styles of the model; ``rims`` and ``lenses`` are the offsets that bring glasses out."""
    count = m["skin"].size
    still, unpainted = np.zeros((3, count)), np.zeros((3, count))
    rows: list[tuple[str, Array, Array, float]] = [
        (f"hair {name}", move, unpainted, _RARE_CUTS.get(name, 1.0)) for name, move in cuts.items()
    ]
    rows += [
        (name, still, np.array(colour)[:, None] * m[region], chance)
        for name, region, colour, chance in _PAINT
    ]
    rows.append(("glasses", rims, unpainted, 0.16))
    rows.append(("dark glasses", rims + lenses, unpainted, 0.04))
    for name, colour in (
        ("rim tone", (0.12, 0.08, 0.06)),
        ("rim tint", (0.06, -0.02, -0.05)),
    ):
        rows.append((name, still, np.array(colour)[:, None] * m["rim"], 1.0))
    for number, colour in enumerate(((0.2, 0.2, 0.2), (0.12, -0.06, -0.06), (-0.03, 0.05, -0.08))):
        rows.append((f"cloth {number}", still, np.array(colour)[:, None] * m["cloth"], 1.0))
    return Styles(
        names=tuple(name for name, *_ in rows),
        shape=np.stack([move for _, move, _, _ in rows]).astype(np.float32),
        colour=np.stack([paint for _, _, paint, _ in rows]).astype(np.float32),
        chance=np.array([chance for *_, chance in rows], np.float32),
    )
