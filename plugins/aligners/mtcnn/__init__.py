"""MTCNN: the face detector with five landmarks that most published alignments used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin import Asset, Component, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

_WEIGHTS = Asset(
    name="mtcnn",
    summary="weights of the three MTCNN networks",
    licence="MIT",
    source="https://github.com/timesler/facenet-pytorch, folder data",
    layout="a folder with pnet.pt, rnet.pt and onet.pt (PyTorch state dicts)",
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the aligner ``mtcnn``."""
    return [
        Component(
            kind="aligner",
            name="mtcnn",
            version=2,
            target=f"{__name__}.aligner:Mtcnn",
            params=f"{__name__}.params:MtcnnParams",
            summary="three-stage face detector with five landmarks",
            assets=(_WEIGHTS,),
            determinism="within 0.01 px",
            training_data=("WIDER FACE", "CelebA"),
            licence="MIT (weights of facenet-pytorch)",
            citation=(
                "Zhang, Zhang, Li, Qiao: Joint Face Detection and Alignment using Multi-task "
                "Cascaded Convolutional Networks. IEEE Signal Processing Letters 23(10), 2016"
            ),
        )
    ]
