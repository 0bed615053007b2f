"""Celebrities in Frontal-Profile, both protocols, from the official folder or a pack."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, Component, hookimpl

CFP = Asset(
    name="cfp",
    summary="Celebrities in Frontal-Profile: 7,000 images of 500 people and their protocol",
    licence="research use only; no open licence",
    source="the CFP page of its authors, cfpw.io",
    layout="cfp-dataset/Data/Images/<001>/{frontal,profile}/<01>.jpg, cfp-dataset/Protocol/; "
    "optional landmark file",
)
CITATION = "Sengupta et al., Frontal to Profile Face Verification in the Wild, WACV 2016"


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmarks."""
    return [
        Component(
            kind="benchmark",
            name="cfp-fp",
            version=1,
            target=f"{__name__}.benchmark:CfpFp",
            params=f"{__name__}.params:CfpParams",
            summary="CFP-FP: 7,000 pairs of a frontal and a profile image in 10 folds",
            assets=(CFP,),
            licence=CFP.licence,
            citation=CITATION,
        ),
        Component(
            kind="benchmark",
            name="cfp-ff",
            version=1,
            target=f"{__name__}.benchmark:CfpFf",
            params=f"{__name__}.params:CfpParams",
            summary="CFP-FF: 7,000 pairs of frontal images in 10 folds",
            assets=(CFP,),
            licence=CFP.licence,
            citation=CITATION,
        ),
    ]
