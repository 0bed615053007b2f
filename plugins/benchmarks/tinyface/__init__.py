"""TinyFace: identification of faces that are small from the start."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, Component, hookimpl

TINYFACE = Asset(
    name="tinyface",
    summary="TinyFace: Testing_Set with 3,728 probes, 4,443 mates and 153,428 distractors",
    licence="research use, by its authors' terms",
    source="qmul-tinyface.github.io, Queen Mary University of London",
    layout="Testing_Set/Probe, Gallery_Match, Gallery_Distractor and the two *_img_ID_pairs.mat",
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="tinyface",
            version=1,
            target=f"{__name__}.benchmark:TinyFace",
            params=f"{__name__}.params:TinyFaceParams",
            summary="TinyFace: closed-set identification among 153,428 distractors",
            assets=(TINYFACE,),
            licence=TINYFACE.licence,
            citation="Cheng et al., Low-Resolution Face Recognition, ACCV 2018",
        )
    ]
