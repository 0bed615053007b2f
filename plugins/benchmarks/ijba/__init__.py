"""IJB-A from its official lists: ten splits of 1:1 and of 1:N."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, Component, hookimpl

IJBA = Asset(
    name="ijba",
    summary="IJB-A: 5,712 images and 2,085 videos of 500 subjects, ten splits",
    licence="on application to NIST; no redistribution",
    source="NIST Face Challenges, nist.gov/programs-projects/face-challenges",
    layout="IJB-A_11_sets/split<k>/, IJB-A_1N_sets/split<k>/, img/ and frame/ (or images/ above)",
    on_request=True,
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="ijba",
            version=1,
            target=f"{__name__}.benchmark:Ijba",
            params=f"{__name__}.params:IjbaParams",
            summary="IJB-A: template verification and identification in ten splits",
            assets=(IJBA,),
            licence=IJBA.licence,
            citation="Klare et al., Pushing the frontiers of unconstrained face detection and "
            "recognition: IARPA Janus Benchmark A, CVPR 2015",
        )
    ]
