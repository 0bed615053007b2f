"""IJB-B and IJB-C from insightface's ``meta/`` folder or from the official lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.plugin import Asset, Component, hookimpl

_LAYOUT = (
    "loose_crop/<n>.jpg and meta/{0}_name_5pts_score.txt, {0}_face_tid_mid.txt, "
    "{0}_template_pair_label.txt, {0}_1N_*.csv; or images/ and protocols/ as NIST gives them"
)


def _component(
    name: str, params: str, summary: str, citation: str, aliases: Mapping[str, str]
) -> Component:
    asset = Asset(
        name=name,
        summary=f"{summary}, with its template lists",
        licence="on application to NIST; no redistribution",
        source="NIST Face Challenges, nist.gov/programs-projects/face-challenges",
        layout=_LAYOUT.format(name),
        on_request=True,
    )
    return Component(
        kind="benchmark",
        name=name,
        version=1,
        target=f"{__name__}.benchmark:Ijb",
        params=f"{__name__}.params:{params}",
        summary=summary,
        assets=(asset,),
        licence=asset.licence,
        citation=citation,
        aliases=aliases,
    )


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the two benchmarks, which differ in their lists alone."""
    return [
        _component(
            "ijbb",
            "IjbbParams",
            "IJB-B: 1,845 subjects, 8,010,270 template pairs, 1:N in two galleries",
            "Whitelam et al., IARPA Janus Benchmark-B Face Dataset, CVPR Workshops 2017",
            {},
        ),
        _component(
            "ijbc",
            "IjbcParams",
            "IJB-C: 3,531 subjects, 15,658,489 template pairs, 1:N in two galleries",
            "Maze et al., IARPA Janus Benchmark - C: Face Dataset and Protocol, ICB 2018",
            {"ijbc-test1": "1:1"},  # its name in Bob
        ),
    ]


@hookimpl
def harness_groups() -> Mapping[str, Iterable[str]]:
    """Name the Janus benchmarks together."""
    return {"ijb": ["ijba", "ijbb", "ijbc"]}
