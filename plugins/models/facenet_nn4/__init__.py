"""FaceNet-NN4 as in OpenFace, trained with triplets."""

from __future__ import annotations

from harness.plugin import Component, hookimpl


@hookimpl
def harness_components() -> list[Component]:
    """Declare the model."""
    return [
        Component(
            kind="model",
            name="facenet-nn4",
            version=1,
            target=f"{__name__}.model:FaceNetNN4",
            params=f"{__name__}.params:FaceNetNN4Params",
            summary="FaceNet NN4 and nn4.small2 as in OpenFace: 96x96 RGB to 128, by triplets",
            trainable=True,
            determinism="within 1e-5",
            licence="Apache-2.0",
            citation="Schroff et al. 2015; Amos et al. 2016; Kortylewski et al. 2018",
        )
    ]
