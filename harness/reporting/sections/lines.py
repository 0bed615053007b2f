"""The curves of a benchmark: ROC with bands, DET, and CMC where there are searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from harness.reporting.figures import curves
from harness.reporting.figures.figure_embed import Figure, draw
from harness.reporting.figures.series import MOST_SERIES, DrawnSeries, drawn_series
from harness.reporting.sections.series_names import SeriesNames

if TYPE_CHECKING:
    from harness.reporting.figures.curves import StepCurve
    from harness.results.study import Cell, Study

Curves = Mapping[str, Sequence[tuple["Cell", "StepCurve"]]]
"""Of each series, those of its trainings."""


def figures(
    identifier: str, title: str, cells: Sequence[Cell], study: Study, series: SeriesNames
) -> list[Figure]:
    """The curves that the cells of one benchmark have; trainings of one series are one line."""
    grouped = series.grouped(cells)
    rocs = {
        label: found
        for label, group in grouped.items()
        if (found := [(cell, curve) for cell in group if (curve := curves.roc(cell, study))])
    }
    made = _roc_and_det(identifier, title, rocs, series) if rocs else []
    ranked = {
        label: each
        for label, group in grouped.items()
        if (each := [points for cell in group if (points := curves.cmc(cell, study))])
    }
    if ranked:
        made.append(_cmc(identifier, title, ranked, series))
    return made


def _roc_and_det(identifier: str, title: str, found: Curves, series: SeriesNames) -> list[Figure]:
    from harness.reporting.figures.lines import det, roc

    seeds = max(len(group) for group in found.values())
    bands = _bands(found)
    lines = {label: _line(group, bands) for label, group in found.items()}
    drawn = drawn_series(
        lines, series.order, {k: fmean(row["tar"] for row in v) for k, v in lines.items()}
    )
    rows = [{"series": label, **row} for label, line in lines.items() for row in line]
    text = (
        f"ROC of {_count(found)} on {title}: true accept rate over false accept rate, the latter "
        f"on a logarithmic axis. {_of_start(found)} {_of_bands(bands, seeds)} {_of_choice(drawn)}"
        "Values at fixed rates, with intervals over people, are in the table below."
    )
    first = draw(f"{identifier}-roc", f"ROC on {title}", text, roc(rows, drawn))
    text = (
        f"DET of {_count(found)} on {title}: the share of genuine comparisons rejected over the "
        "share of impostors accepted, both on normal deviate axes; lower is better. "
        f"{_of_start(found)} {_of_choice(drawn)}"
    )
    second = draw(f"{identifier}-det", f"DET on {title}", text, det(rows, drawn), data_of=first.id)
    return [first, second]


def _bands(found: Curves) -> str:
    """What bands show: ``seeds``, ``pairs``, or nothing.

    One figure has one kind, since two kinds side by side would be compared. Where a series has
    several trainings, it is how far they are apart.
    """
    if any(len(group) > 1 for group in found.values()):
        return "seeds"
    counts = [
        cell.result.protocol.get("n_genuine") for group in found.values() for cell, _ in group
    ]
    counted = all(isinstance(count, int) and count > 0 for count in counts)
    return "pairs" if counted and len(found) <= MOST_SERIES else ""


def _line(group: Sequence[tuple[Cell, StepCurve]], bands: str) -> list[dict[str, Any]]:
    """Corners of the mean step line of some trainings, and its band."""
    import numpy as np

    grid = curves.log_grid(min(_start(cell, curve) for cell, curve in group))
    values = np.stack([curve.at(grid) for _, curve in group])
    rows: list[dict[str, Any]] = []
    last = len(grid) - 1
    for index, (far, tar) in enumerate(zip(grid.tolist(), values.T, strict=True)):
        if np.isnan(tar).any():
            continue
        row: dict[str, Any] = {"far": float(f"{far:.4g}"), "tar": float(f"{tar.mean():.5g}")}
        if bands == "seeds":
            spread = len(group) > 1
            row["low"] = float(f"{tar.min():.5g}") if spread else None
            row["high"] = float(f"{tar.max():.5g}") if spread else None
        elif bands == "pairs":
            count = int(group[0][0].result.protocol["n_genuine"])
            row["low"], row["high"] = curves.band(row["tar"], count)
        same = rows and {**row, "far": 0} == {**rows[-1], "far": 0}
        if not same or index == last:
            rows.append(row)
    return rows


def _start(cell: Cell, curve: StepCurve) -> float:
    """The smallest false accept rate that can be measured: one of all impostor comparisons."""
    count = cell.result.protocol.get("n_impostor")
    return 1 / count if isinstance(count, int) and count > 1 else curve.first


def _cmc(
    identifier: str,
    title: str,
    found: Mapping[str, Sequence[Sequence[tuple[int, float]]]],
    series: SeriesNames,
) -> Figure:
    from harness.reporting.figures.lines import cmc

    rows = []
    for label, group in found.items():
        for points in zip(*group, strict=False):  # ranks begin at 1 in every one
            rate = fmean(rate for _, rate in points)
            rows.append({"series": label, "rank": points[0][0], "rate": float(f"{rate:.5g}")})
    best = {label: fmean(points[0][1] for points in group) for label, group in found.items()}
    drawn = drawn_series(found, series.order, best)
    text = (
        f"CMC of {_count(found)} on {title}: the share of searches that find the mate at a rank "
        f"or before it, the mean over training seeds. {_of_choice(drawn)}"
        "Values at fixed ranks are in the table below."
    )
    return draw(f"{identifier}-cmc", f"CMC on {title}", text, cmc(rows, drawn))


def _of_start(found: Curves) -> str:
    counts = {
        cell.result.protocol.get("n_impostor") for group in found.values() for cell, _ in group
    }
    known = sorted(count for count in counts if isinstance(count, int) and count > 1)
    if not known:
        return "It begins at the smallest rate that was measured."
    many = f"{known[0]:,}" if len(known) == 1 else f"{known[0]:,} to {known[-1]:,}"
    return (
        f"It begins at one false accept among {many} impostor comparisons: a smaller rate cannot "
        "be measured."
    )


def _of_bands(bands: str, seeds: int) -> str:
    if bands == "seeds":
        return (
            "Lines are means over training seeds, bands reach from the lowest to the highest seed "
            f"(up to {seeds}); series of one seed have none."
        )
    if bands:
        return (
            "Bands are 95 % intervals (Wilson) of the rate at a fixed threshold, each pair taken "
            "as independent."
        )
    return f"Bands are drawn for up to {MOST_SERIES} series whose pairs are counted."


def _of_choice(drawn: DrawnSeries) -> str:
    return f"{drawn.note} " if drawn.note else ""


def _count(found: Mapping[str, object]) -> str:
    return f"{len(found)} series"
