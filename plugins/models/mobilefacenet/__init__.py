"""MobileFaceNet, the small network for CPUs."""

from __future__ import annotations

from harness.plugin import Component, hookimpl


@hookimpl
def harness_components() -> list[Component]:
    """Declare the model."""
    return [
        Component(
            kind="model",
            name="mobilefacenet",
            version=1,
            target=f"{__name__}.model:MobileFaceNet",
            params=f"{__name__}.params:MobileFaceNetParams",
            summary="MobileFaceNet, one million parameters, for CPUs: 112x112 to 128",
            trainable=True,
            determinism="within 1e-5",
            licence="Apache-2.0",
            citation="Chen et al. 2018",
        )
    ]
