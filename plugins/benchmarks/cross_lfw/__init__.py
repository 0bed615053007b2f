"""Cross-Age LFW and Cross-Pose LFW from their official folders or packs."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, Component, hookimpl

CALFW = Asset(
    name="calfw",
    summary="Cross-Age LFW: images with large age gaps and pairs_CALFW.txt",
    licence="research use; the images follow the terms of LFW",
    source="the CALFW page of its authors, whdeng.cn/CALFW",
    layout="pairs_CALFW.txt, images/<Name>_<0001>.jpg; optional folder of *_5loc_attri.txt",
)
CPLFW = Asset(
    name="cplfw",
    summary="Cross-Pose LFW: images with large pose gaps and pairs_CPLFW.txt",
    licence="research use; the images follow the terms of LFW",
    source="the CPLFW page of its authors, whdeng.cn/CPLFW",
    layout="pairs_CPLFW.txt, images/<Name>_<1>.jpg; optional folder of *_5loc_attri.txt",
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmarks."""
    return [
        Component(
            kind="benchmark",
            name="calfw",
            version=1,
            target=f"{__name__}.benchmark:Calfw",
            params=f"{__name__}.params:CalfwParams",
            summary="CALFW: 6,000 pairs with large age gaps in 10 folds",
            assets=(CALFW,),
            licence=CALFW.licence,
            citation="Zheng et al., Cross-Age LFW, arXiv:1708.08197, 2017",
        ),
        Component(
            kind="benchmark",
            name="cplfw",
            version=1,
            target=f"{__name__}.benchmark:Cplfw",
            params=f"{__name__}.params:CplfwParams",
            summary="CPLFW: 6,000 pairs with large pose gaps in 10 folds",
            assets=(CPLFW,),
            licence=CPLFW.licence,
            citation="Zheng and Deng, Cross-Pose LFW, BUPT technical report 18-01, 2018",
        ),
    ]
