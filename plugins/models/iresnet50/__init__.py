"""IResNet as in AdaFace and insightface."""

from __future__ import annotations

from harness.plugin import Component, hookimpl


@hookimpl
def harness_components() -> list[Component]:
    """Declare the model."""
    return [
        Component(
            kind="model",
            name="iresnet50",
            version=1,
            target=f"{__name__}.model:IResNet",
            params=f"{__name__}.params:IResNetParams",
            summary="IResNet-50 (also 18, 34, 100) of AdaFace or insightface: 112x112 to 512",
            trainable=True,
            determinism="within 1e-5",
            licence="Apache-2.0",
            citation="Deng et al. 2019; Kim et al. 2022; George and Marcel 2024",
        )
    ]
