"""Faces in RecordIO files, the layout of insightface's training sets."""

from __future__ import annotations

from collections.abc import Iterable

from harness.components import Asset, Component
from harness.hookspecs import hookimpl

CASIA = Asset(
    name="casia-webface",
    summary="CASIA-WebFace: 490,623 aligned images of 10,572 people",
    licence="non-commercial research only, by the agreement of its authors",
    source="the Chinese Academy of Sciences (CBSR); aligned as train.rec by insightface's data "
    "set list on GitHub (recognition/_datasets_)",
    layout="train.rec, train.idx",
)
MS1MV2 = Asset(
    name="ms1mv2",
    summary="MS1MV2 (faces_emore): 5,822,653 aligned images of 85,742 people",
    licence="non-commercial research only; cut from MS-Celeb-1M, which Microsoft withdrew in 2019",
    source="insightface's data set list on GitHub (recognition/_datasets_)",
    layout="train.rec, train.idx",
)
DCFACE = Asset(
    name="dcface",
    summary="DCFace: 0.5 or 1.2 million images of synthetic identities by a diffusion model",
    licence="research; the terms stand in its repository; made by networks trained on "
    "CASIA-WebFace",
    source="the DCFace repository of Minchul Kim (mk-minchul) on GitHub",
    layout="record/file.rec, record/file.idx, record/list.txt",
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the generator and the data sets that are read by it."""
    return [
        _records("recordio", "Params", "faces of a RecordIO file: train.rec with train.idx"),
        _records(
            "casia-webface",
            "CasiaParams",
            CASIA.summary,
            CASIA,
            citation="Yi et al., Learning Face Representation from Scratch, arXiv 1411.7923, 2014",
            training_data=("CASIA-WebFace",),
        ),
        _records(
            "ms1mv2",
            "Ms1mParams",
            MS1MV2.summary,
            MS1MV2,
            citation="Guo et al., MS-Celeb-1M, ECCV 2016; Deng et al., ArcFace, CVPR 2019",
            training_data=("MS-Celeb-1M",),
        ),
        _records(
            "dcface",
            "DcFaceParams",
            DCFACE.summary,
            DCFACE,
            citation="Kim et al., DCFace, CVPR 2023",
            training_data=("CASIA-WebFace",),
        ),
    ]


def _records(
    name: str,
    params: str,
    summary: str,
    asset: Asset | None = None,
    *,
    citation: str = "",
    training_data: tuple[str, ...] = (),
) -> Component:
    return Component(
        kind="generator",
        name=name,
        version=1,
        target=f"{__name__}.generator:RecordIo",
        params=f"{__name__}.params:{params}",
        summary=summary,
        assets=(asset,) if asset else (),
        licence=asset.licence if asset else "that of the images you give",
        citation=citation or "the source of the images you give",
        training_data=training_data,
    )
