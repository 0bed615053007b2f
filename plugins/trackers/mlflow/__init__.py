"""Logs studies to MLflow, by default into a folder beside the study."""

from __future__ import annotations

from harness.plugin import Extension, hookimpl


@hookimpl
def harness_trackers() -> list[Extension]:
    """Declare ``mlflow``."""
    return [
        Extension(
            name="mlflow",
            target=f"{__name__}.tracker:MlflowTracker",
            summary="parameters, metrics and the report as MLflow runs, one per cell",
            extras=("mlflow",),
        )
    ]
