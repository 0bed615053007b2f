"""Any embedding network stored as ONNX."""

from __future__ import annotations

from harness.plugin import Component, hookimpl


@hookimpl
def harness_components() -> list[Component]:
    """Declare the model."""
    return [
        Component(
            kind="model",
            name="onnx",
            version=1,
            target=f"{__name__}.model:OnnxModel",
            params=f"{__name__}.params:OnnxParams",
            summary="Any ready ONNX embedding network; size, colour and range by preset",
            determinism="within 1e-5",
            portable=False,
            licence="Apache-2.0; a network file has its own licence",
            citation="the authors of the network file",
        )
    ]
