"""Any list of pairs on any folder, or any pack; and the groups that papers report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.plugin import Component, hookimpl


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="pairs",
            version=1,
            target=f"{__name__}.benchmark:Pairs",
            params=f"{__name__}.params:PairsParams",
            summary="your own pairs: a folder of images and a CSV file, or a .bin pack",
            licence="that of your data",
            citation="protocol of LFW View 2, Huang et al. 2007",
        )
    ]


@hookimpl
def harness_groups() -> Mapping[str, Iterable[str]]:
    """What papers on synthetic training faces report together.

    ``seed1`` is Kortylewski et al. (2018, tables I and II), ``seed2`` Digi2Real (George and Marcel
    2024, tables 1 to 8), each in the order of its tables.
    """
    return {
        "hq5": ["lfw", "calfw", "cplfw", "agedb-30", "cfp-fp"],
        "seed1": ["multipie", "lfw", "ijba"],
        "seed2": ["lfw", "calfw", "cplfw", "agedb-30", "cfp-fp", "ijbb", "ijbc", "rfw"],
    }
