"""Racial Faces in-the-Wild: four lists of pairs, one per race, from the folder or a pack."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, Component, hookimpl

RFW = Asset(
    name="rfw",
    summary="Racial Faces in-the-Wild: about 40,000 images of 12,000 people in four groups",
    licence="non-commercial research use only, after a signed agreement",
    source="the RFW page of its authors, whdeng.cn/RFW (send the signed agreement)",
    layout="test/data/<race>/<person>/<person>_<0001>.jpg, test/txts/<race>/<race>_{pairs,lmk}.txt",
    on_request=True,
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="rfw",
            version=1,
            target=f"{__name__}.benchmark:Rfw",
            params=f"{__name__}.params:RfwParams",
            summary="RFW: 6,000 hard pairs for each of four races, and how far the races differ",
            assets=(RFW,),
            licence=RFW.licence,
            citation="Wang et al., Racial Faces in the Wild, ICCV 2019",
            aliases={"rfw-original": ""},  # its name in Bob
        )
    ]
