"""Faces in RecordIO files, the layout of insightface's training sets."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Component, hookimpl
from harness.plugin.sources import named_set

_TARGET = f"{__name__}.generator:RecordIo"
_PARAMS = f"{__name__}.params"

NAMED = [
    named_set(
        "casia-webface",
        target=_TARGET,
        params=f"{_PARAMS}:CasiaParams",
        summary="CASIA-WebFace: 490,623 aligned images of 10,572 people",
        licence="non-commercial research only, by the agreement of its authors",
        source="the Chinese Academy of Sciences (CBSR); aligned as train.rec by insightface's data "
        "set list on GitHub (recognition/_datasets_)",
        layout="train.rec, train.idx",
        citation="Yi et al., Learning Face Representation from Scratch, arXiv 1411.7923, 2014",
        training_data=("CASIA-WebFace",),
    ),
    named_set(
        "ms1mv2",
        target=_TARGET,
        params=f"{_PARAMS}:Ms1mParams",
        summary="MS1MV2 (faces_emore): 5,822,653 aligned images of 85,742 people",
        licence="non-commercial research only; cut from MS-Celeb-1M, "
        "which Microsoft withdrew in 2019",
        source="insightface's data set list on GitHub (recognition/_datasets_)",
        layout="train.rec, train.idx",
        citation="Guo et al., MS-Celeb-1M, ECCV 2016; Deng et al., ArcFace, CVPR 2019",
        training_data=("MS-Celeb-1M",),
    ),
    named_set(
        "dcface",
        target=_TARGET,
        params=f"{_PARAMS}:DcFaceParams",
        summary="DCFace: 0.5 or 1.2 million images of synthetic identities by a diffusion model",
        licence="research; the terms are in its repository; made by networks trained on CASIA- "
        "WebFace",
        source="the DCFace repository of Minchul Kim (mk-minchul) on GitHub",
        layout="record/file.rec, record/file.idx, record/list.txt",
        citation="Kim et al., DCFace, CVPR 2023",
        training_data=("CASIA-WebFace",),
    ),
]


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the generator of your own files and the data sets of this layout."""
    own = Component(
        kind="generator",
        name="recordio",
        version=2,
        target=_TARGET,
        params=f"{_PARAMS}:RecordIOParams",
        summary="faces of a RecordIO file: train.rec with train.idx",
        licence="that of the images you give",
        citation="the source of the images you give",
        reads=(".rec",),
    )
    return [own, *NAMED]
