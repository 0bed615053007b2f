"""The measures that papers on synthetic faces report, with intervals and their embedder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin import Component, hookimpl

from .ratings import declared

if TYPE_CHECKING:
    from collections.abc import Iterable

_REALISM = (
    "Heusel et al. 2017; Bińkowski et al. 2018; Kynkäänniemi et al. 2019; Naeem et al. 2020; "
    "Jayasumana et al. 2024"
)
_MEASURES = {
    "separability": ("EER, FNMR at two FMRs, AUC, d' and overlap of genuine and impostor scores",
                     "Maio et al. 2002; Daugman 2000"),
    "consistency": ("label noise: images that are not nearest to the centre of their identity", ""),
    "diversity": ("distance within identities, Vendi score, spread of identities",
                  "Friedman & Dieng 2023"),
    "uniqueness": ("identities that are different people at a cosine threshold", ""),
    "capacity": ("upper bound of the identities that a generator can make",
                 "Boddeti, Sreekumar & Ross 2023"),
    "duplicates": ("images that occur twice, by bytes and by a perceptual hash", ""),
    "realism": ("Fréchet and kernel distances, precision, recall, density and coverage", _REALISM),
    "leakage": ("identities that are also in a set that the generator has seen", ""),
    "attribute-balance": ("mean, spread and balance of attributes or image quality",
                          "Mardia 1972; Kullback & Leibler 1951"),
    "image-statistics": ("brightness, contrast, sharpness, colourfulness and saturation", ""),
}  # fmt: skip

_VERSIONS = {"separability": 4}
"""Raised where a measure gives another number for the same set; 3 else."""


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the measures, and quality and attributes of images."""
    yield from declared()
    for name, (summary, citation) in _MEASURES.items():
        module = name.replace("-", "_")
        title = "".join(part.title() for part in name.split("-"))
        yield Component(
            kind="measure",
            name=name,
            version=_VERSIONS.get(name, 3),
            target=f"harness_plugins.measures.standard.{module}:{title}",
            params=f"harness_plugins.measures.standard.params:{title}Params",
            summary=summary,
            licence="Apache-2.0",
            citation=citation or "harness, definitions in docs/measures.md",
        )
