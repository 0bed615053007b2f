"""Logs studies to Weights & Biases, by default offline into a folder beside the study."""

from __future__ import annotations

from harness.plugin import Extension, hookimpl


@hookimpl
def harness_trackers() -> list[Extension]:
    """Declare ``wandb``."""
    return [
        Extension(
            name="wandb",
            target=f"{__name__}.tracker:WandbTracker",
            summary="settings, metrics and the report as Weights & Biases runs, one per cell",
            extras=("wandb",),
        )
    ]
