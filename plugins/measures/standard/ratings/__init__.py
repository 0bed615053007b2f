"""Quality and attributes of face images that need no download, and ready ONNX networks for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin import Component

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUALITIES = {
    "feature-norm": ("length of the raw embedding of any model; long ones are of good images",
                     "Meng et al., MagFace, CVPR 2021; Kim et al., AdaFace, CVPR 2022"),
    "onnx-quality": ("any ready network for face image quality, such as CR-FIQA or eDifFIQA",
                     "the authors of the network file"),
    "csv-quality": ("quality by a CSV file, such as OFIQ writes", "the authors of the file"),
}  # fmt: skip
_ATTRIBUTES = {
    "pose-from-landmarks": ("yaw, pitch and roll from five landmarks, without a network",
                            "Terzakis & Lourakis, SQPnP, ECCV 2020"),
    "pixel-statistics": ("brightness, contrast, sharpness, colourfulness and saturation",
                         "Hasler & Süsstrunk 2003"),
    "onnx-attributes": ("any ready networks of pose, age, sex or other classes",
                        "the authors of the network file"),
    "stated-attributes": ("pose, age and occlusion as the generator states them", "the generator"),
    "csv-attributes": ("attributes by a CSV file, such as OFIQ writes", "the authors of the file"),
}  # fmt: skip
_OF_A_FILE = "Apache-2.0; a network file has its own licence"


def declared() -> Iterator[Component]:
    """The components of this folder."""
    for kind, named in (("quality", _QUALITIES), ("attribute", _ATTRIBUTES)):
        for name, (summary, citation) in named.items():
            ready = name.startswith("onnx-")
            cls = "".join(part.title() for part in name.split("-"))
            module = "csv_ratings" if name.startswith("csv-") else name.replace("-", "_")
            params = f"{cls}Params" if name.startswith(("onnx-", "csv-")) else "RatingParams"
            yield Component(
                kind=kind,  # type: ignore[arg-type]
                name=name,
                version=1,
                target=f"{__name__}.{module}:{cls}",
                params=f"{__name__}.params:{params}",
                summary=summary,
                determinism="within 1e-5" if ready else "exact",
                portable=not ready,
                licence=_OF_A_FILE if ready else "Apache-2.0",
                citation=citation,
            )
