"""Held-out identities of the embedded face model: yaw angles of Multi-PIE, and single factors."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Component, hookimpl


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="synthpie",
            version=1,
            target=f"{__name__}.benchmark:SynthPie",
            params=f"{__name__}.params:SynthpieParams",
            summary="rendered, held-out identities at 13 yaw angles, or in one factor changed",
            requires_components=("generator:bfm",),
            licence="Apache-2.0",
            citation="angles and protocol after the Multi-PIE test of Kortylewski et al. 2018",
        )
    ]
