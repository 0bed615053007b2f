"""Labeled Faces in the Wild, View 2, from its official folder."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, Component, hookimpl

LFW = Asset(
    name="lfw",
    summary="Labeled Faces in the Wild: 13,233 images of 5,749 people and pairs.txt",
    licence="research use; no licence stated by its authors",
    source="the LFW pages of the University of Massachusetts, vis-www.cs.umass.edu/lfw",
    layout="lfw/<Name>/<Name>_<0001>.jpg, pairs.txt; optional five-point landmark file",
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="lfw",
            version=1,
            target=f"{__name__}.benchmark:Lfw",
            params=f"{__name__}.params:LfwParams",
            summary="LFW View 2: 6,000 pairs in 10 person-disjoint folds",
            assets=(LFW,),
            licence=LFW.licence,
            citation="Huang et al., Labeled Faces in the Wild, UMass Technical Report 07-49, 2007",
            aliases={"lfw-view2": ""},  # its name in Bob
        )
    ]
