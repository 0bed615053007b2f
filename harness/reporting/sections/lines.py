"""The curves of a benchmark: ROC with bands, DET, and CMC where there are searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.reporting.figures import curves
from harness.reporting.figures.figure_embed import Figure, draw
from harness.reporting.tables.matrix import Names

if TYPE_CHECKING:
    from harness.results.study import Cell, Study

MOST_BANDS = 8
"""More bands over each other are grey fog."""


def figures(
    identifier: str, title: str, cells: Sequence[Cell], study: Study, names: Names
) -> list[Figure]:
    """The curves that the cells of one benchmark have."""
    rocs = [(cell, points) for cell in cells if (points := curves.corners(curves.roc(cell, study)))]
    cmcs = [(cell, ranked) for cell in cells if (ranked := curves.cmc(cell, study))]
    made: list[Figure] = []
    if rocs:
        made += _roc_and_det(identifier, title, rocs, names)
    if cmcs:
        from harness.reporting.figures.lines import cmc

        rows = [
            {"rank": rank, "rate": rate, **_common(cell, names)}
            for cell, ranked in cmcs
            for rank, rate in ranked
        ]
        text = (
            f"CMC of {_count(cmcs)} on {title}: the share of searches that find the mate at a rank "
            "or before it. Values at fixed ranks are in the table below."
        )
        made.append(draw(f"{identifier}-cmc", f"CMC on {title}", text, cmc(rows)))
    return made


def _roc_and_det(
    identifier: str,
    title: str,
    found: Sequence[tuple[Cell, list[tuple[float, float]]]],
    names: Names,
) -> list[Figure]:
    from harness.reporting.figures.lines import det, roc

    counts = [cell.result.protocol.get("n_genuine") for cell, _ in found]
    banded = len(found) <= MOST_BANDS and all(isinstance(n, int) and n > 0 for n in counts)
    rows: list[dict[str, Any]] = []
    for (cell, points), count in zip(found, counts, strict=True):
        common = _common(cell, names)
        for far, tar in points:
            low, high = curves.band(tar, int(count or 0)) if banded else (0.0, 0.0)
            ends = {"low": low, "high": high} if banded else {}
            rows.append({"far": far, "tar": tar, **ends, **common})
    text = (
        f"ROC of {_count(found)} on {title}: true accept rate over false accept rate, the latter "
        f"on a logarithmic axis. {_of_bands(banded)} Values at fixed rates, with intervals over "
        "people, are in the table below."
    )
    first = draw(f"{identifier}-roc", f"ROC on {title}", text, roc(rows))
    text = (
        f"DET of {_count(found)} on {title}: the share of genuine comparisons rejected over the "
        "share of impostors accepted, both on logarithmic axes; lower is better."
    )
    bare = [{k: v for k, v in row.items() if k not in {"low", "high"}} for row in rows]
    second = draw(f"{identifier}-det", f"DET on {title}", text, det(bare), data_of=first.id)
    return [first, second]


def _of_bands(banded: bool) -> str:
    if banded:
        return (
            "Bands are 95 % intervals (Wilson) of the rate at a fixed threshold, each pair taken "
            "as independent."
        )
    return f"Bands are drawn for up to {MOST_BANDS} results whose pairs are counted."


def _common(cell: Cell, names: Names) -> dict[str, str]:
    row = names.row(cell.result)
    return {"generator": row.source, "model": row.model, "result": cell.result.id[:12]}


def _count(found: Sequence[object]) -> str:
    return f"{len(found)} {'result' if len(found) == 1 else 'results'}"
