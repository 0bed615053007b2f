"""Cross-Quality LFW from its official folder or a pack."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, Component, hookimpl

XQLFW = Asset(
    name="xqlfw",
    summary="Cross-Quality LFW: LFW images of very different quality and xqlfw_pairs.txt",
    licence="MIT for the list; the images follow the terms of LFW (research use)",
    source="the XQLFW page of its authors, martlgap.github.io/xqlfw",
    layout="lfw_original_imgs_min_qual0.85variant11/<Name>/<Name>_<0001>.jpg, xqlfw_pairs.txt",
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="xqlfw",
            version=1,
            target=f"{__name__}.benchmark:Xqlfw",
            params=f"{__name__}.params:XqlfwParams",
            summary="XQLFW: 6,000 pairs of high and low image quality, LFW protocol",
            assets=(XQLFW,),
            licence=XQLFW.licence,
            citation="Knoche et al., Cross-Quality LFW, FG 2021",
        )
    ]
