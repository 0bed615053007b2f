"""patchworks of colours as faces."""

from __future__ import annotations

from harness import Component, hookimpl

HARNESS_API = 1  # the version of the plugin contract that this is written for


@hookimpl
def harness_components() -> list[Component]:
    """Declare the generator; this module imports nothing heavy."""
    return [
        Component(
            kind="generator",
            name="acme-old-generator",
            version=1,  # raise it when equal parameters give other results
            target="acme_old_generator.generator:AcmeOldGenerator",
            params="acme_old_generator.params:AcmeOldGeneratorParams",
            summary="patchworks of colours as faces",
            licence="Apache-2.0",
            citation="AcmeOldGenerator, 2026",
        )
    ]
