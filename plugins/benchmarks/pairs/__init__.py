"""Any list of pairs on any folder, or any pack; and the group of five that papers report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.components import Component
from harness.hookspecs import hookimpl


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="pairs",
            version=1,
            target=f"{__name__}.benchmark:Pairs",
            params=f"{__name__}.params:Params",
            summary="your own pairs: a folder of images and a CSV file, or a .bin pack",
            licence="that of your data",
            citation="protocol of LFW View 2, Huang et al. 2007",
        )
    ]


@hookimpl
def harness_groups() -> Mapping[str, Iterable[str]]:
    """The five benchmarks that papers on synthetic training faces report together."""
    return {"hq5": ["lfw", "calfw", "cplfw", "agedb-30", "cfp-fp"]}
