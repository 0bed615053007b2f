"""A small residual network on 64x64 pixels, for trainings of minutes on a CPU."""

from __future__ import annotations

from harness.plugin import Component, hookimpl


@hookimpl
def harness_components() -> list[Component]:
    """Declare the model."""
    return [
        Component(
            kind="model",
            name="small-resnet",
            version=3,
            target=f"{__name__}.model:SmallResNet",
            params=f"{__name__}.params:SmallResNetParams",
            summary="Residual network of two million parameters, the fastest on CPUs: 64x64 to 128",
            trainable=True,
            determinism="within 1e-5",
            licence="Apache-2.0",
            citation="He et al., Deep Residual Learning for Image Recognition, CVPR 2016",
        )
    ]
