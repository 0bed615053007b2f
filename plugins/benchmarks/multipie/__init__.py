"""CMU Multi-PIE by the protocol of Kortylewski et al. (2018)."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, Component, hookimpl

MULTIPIE = Asset(
    name="multipie",
    summary="CMU Multi-PIE: session 1, 249 subjects from 15 cameras under 20 lights",
    licence="commercial licence of Carnegie Mellon University; internal research use",
    source="multipie.org, Carnegie Mellon University",
    layout="session01/multiview/<subject>/<recording>/<camera>/"
    "<subject>_<session>_<recording>_<camera>_<shot>.png",
    on_request=True,
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="multipie",
            version=1,
            target=f"{__name__}.benchmark:MultiPie",
            params=f"{__name__}.params:MultiPieParams",
            summary="Multi-PIE: 10 subject-disjoint folds over 13 yaw angles, frontal light",
            assets=(MULTIPIE,),
            licence=MULTIPIE.licence,
            citation="Gross et al., Multi-PIE, FG 2008; protocol of Kortylewski et al. 2018, "
            "Training Deep Face Recognition Systems with Synthetic Data",
        )
    ]
