"""landmarks from the box of a face."""

from __future__ import annotations

from harness import Component, hookimpl

HARNESS_API = 1  # the version of the plugin contract that this is written for


@hookimpl
def harness_components() -> list[Component]:
    """Declare the aligner; this module imports nothing heavy."""
    return [
        Component(
            kind="aligner",
            name="acme-old-aligner",
            version=1,  # raise it when equal parameters give other results
            target="acme_old_aligner.aligner:AcmeOldAligner",
            params="acme_old_aligner.params:AcmeOldAlignerParams",
            summary="landmarks from the box of a face",
            licence="Apache-2.0",
            citation="AcmeOldAligner, 2026",
        )
    ]
