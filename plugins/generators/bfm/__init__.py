"""Faces rendered from a 3D morphable model under random pose, light and background."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Component, hookimpl


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the generator."""
    return [
        Component(
            kind="generator",
            name="bfm",
            version=3,
            target=f"{__name__}.generator:Bfm",
            params=f"{__name__}.params:BfmParams",
            gpu_determinism="within 1/255 before encoding",
            summary="faces rendered from an embedded 3D morphable model; runs on a CPU",
            licence="Apache-2.0",
            citation=(
                "Kortylewski et al. 2018, Training Deep Face Recognition Systems with Synthetic "
                "Data, arXiv 1802.05891"
            ),
        )
    ]
