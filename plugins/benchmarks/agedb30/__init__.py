"""AgeDB with 30 years between the images of a pair, from its official folder or a pack."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Asset, Component, hookimpl

AGEDB = Asset(
    name="agedb",
    summary="AgeDB: 16,488 images of 568 people with age, 68 points and four protocols",
    licence="non-commercial research use only, on request",
    source="the AgeDB page of Imperial College's iBUG group, which gives the password on request",
    layout="03_Protocol_Images/<id_name_age_gender>.{jpg,pts}, 04_FINAL_protocol_30_years.mat",
    on_request=True,
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the benchmark."""
    return [
        Component(
            kind="benchmark",
            name="agedb-30",
            version=1,
            target=f"{__name__}.benchmark:AgeDb30",
            params=f"{__name__}.params:AgeDb30Params",
            summary="AgeDB-30: 6,000 pairs, 30 years between their images, in 10 folds",
            assets=(AGEDB,),
            licence=AGEDB.licence,
            citation="Moschoglou et al., AgeDB, CVPR Workshops 2017",
        )
    ]
