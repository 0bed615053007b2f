"""a linear layer on small images."""

from __future__ import annotations

from harness import Component, hookimpl

HARNESS_API = 1  # the version of the plugin contract that this is written for


@hookimpl
def harness_components() -> list[Component]:
    """Declare the model; this module imports nothing heavy."""
    return [
        Component(
            kind="model",
            name="acme-old-model",
            version=1,  # raise it when equal parameters give other results
            target="acme_old_model.model:AcmeOldModel",
            params="acme_old_model.params:AcmeOldModelParams",
            summary="a linear layer on small images",
            trainable=True,
            licence="Apache-2.0",
            citation="AcmeOldModel, 2026",
        )
    ]
