"""The questions of a data card, and which measures answer each."""

from __future__ import annotations

from collections.abc import Mapping

SOURCING = "Sourcing"
MORE = "More measures"
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "Leakage": ("leakage",),
    "Variability": ("diversity",),
    "Separability": ("separability", "consistency"),
    "Scale": ("uniqueness", "capacity", "duplicates"),
    SOURCING: (),
    "Bias": ("image-statistics", "attribute-balance"),
    "Benchmark reliability": (),
    "Similarity to the reference": ("realism",),
}
"""The seven requirements of Borsukiewicz et al. 2025 (arXiv 2510.17372), with the measures that
answer each, and similarity to a reference set."""
