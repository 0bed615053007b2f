"""Numbers of alignment that recipes and keys state; as light as planning needs."""

from __future__ import annotations

MAX_DOUBTFUL = 0.05
"""Largest share of images whose landmarks cannot be those of a face, see ``doubt``."""

DOUBT_RULE = "doubt@1"
"""Enters the keys of placements that ``doubt`` may reject; changes with its thresholds."""
