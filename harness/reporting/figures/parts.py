"""What all figures share: their look, the colours and labels of series, and inlined data."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from harness.reporting.figures.series import DrawnSeries

if TYPE_CHECKING:
    import altair as alt
else:
    try:
        import altair as alt
    except ImportError:
        alt = None

__all__ = ["HEIGHT", "Ends", "Rows", "alt", "coloured", "finish", "highlighted", "interval",
           "labelled", "only", "specification", "table"]  # fmt: skip

P = ParamSpec("P")

WIDTH, HEIGHT = 680, 360
LABEL_GAP = 15.0
"""Pixels between two labels."""
FARTHEST = 3 * LABEL_GAP
LABELS = "labels"
"""How the names of the layers with labels at lines begin; a narrow page leaves them out."""

CONFIG: Mapping[str, Any] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
             "gridColor": "#8884", "domainColor": "#888", "tickColor": "#888"},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
               "labelLimit": 320, "orient": "bottom", "columns": 3, "symbolStrokeWidth": 3,
               # Fonts differ between machines, and the engine that draws may not have the reader's.
               "columnPadding": 40,
               # Below each other: side by side two long legends leave the picture.
               "layout": {"bottom": {"direction": "vertical", "anchor": "start"}}},
}  # fmt: skip

Rows = Sequence[Mapping[str, Any]]
Ends = Mapping[str, tuple[float, float]]
"""Where the label of each series is: x and y of the point that it names."""


def specification(make: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """Mark what makes a specification: it is empty where altair is not installed.

    A report is complete without pictures, so it is written, and each picture says what is missing.
    """

    @wraps(make)
    def made(*args: P.args, **options: P.kwargs) -> dict[str, Any]:
        return {} if alt is None else make(*args, **options)

    return made


def coloured(drawn: DrawnSeries, field: str = "series", legend: str | None = None) -> alt.Color:
    """The colour of each series; a click on the legend highlights one (:func:`highlighted`)."""
    scale = alt.Scale(domain=list(drawn.drawn), range=list(drawn.colours))
    symbols = alt.Legend(symbolType="circle", symbolOpacity=1)
    return alt.Color(f"{field}:N", title=legend, scale=scale, legend=symbols)


def only(chart: Any, drawn: DrawnSeries, field: str = "series") -> Any:
    """The chart of those series alone that are drawn at first; a page may select others."""
    if drawn.complete:
        return chart
    return chart.transform_filter(alt.FieldOneOfPredicate(field, list(drawn.drawn)))


def interval() -> list[alt.Tooltip]:
    """The ends of an interval of a fraction, for tooltips."""
    return [alt.Tooltip(f"{end}:Q", format=".2%") for end in ("low", "high")]


def highlighted(field: str = "series") -> tuple[alt.Parameter, Any]:
    """A click on the legend highlights a series: the parameter, and the opacity of lines."""
    pick = alt.selection_point(fields=[field], bind="legend")
    return pick, alt.condition(pick, alt.value(1.0), alt.value(0.12))


def labelled(
    ends: Ends, drawn: DrawnSeries, domain: tuple[float, float], height: int, *, right: bool
) -> list[Any]:
    """Layers that write the name of each drawn series beside its line, none over another.

    None where lines are so close that a name would be far from its line: the legend is left.

    ``ends`` are in the units of the linear axes, whose y axis has that ``domain``; labels are to
    the right of their points, or with ``right`` to their left, for the right ends of lines.
    """
    names = [name for name in drawn.drawn if name in ends]
    if len(names) < 2:
        return []
    unit = (domain[1] - domain[0]) / height
    wanted = [(domain[1] - ends[name][1]) / unit for name in names]
    placed = spread(wanted, LABEL_GAP, LABEL_GAP / 2, height - LABEL_GAP / 2)
    if any(abs(at - place) > FARTHEST for at, place in zip(wanted, placed, strict=True)):
        return []
    rows = [
        {"x": ends[name][0], "y": domain[1] - at * unit, "series": name}
        for name, at in zip(names, placed, strict=True)
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("x:Q"), y=alt.Y("y:Q"), color=coloured(drawn)
    )
    side = -1 if right else 1
    dots = base.mark_point(filled=True, size=40, opacity=1, xOffset=6 * side, yOffset=-8)
    text = base.mark_text(align="right" if right else "left", dx=12 * side, dy=-8, fontSize=11)
    text = text.encode(text="series:N", color=alt.value("#333"))
    return [dots.properties(name=f"{LABELS}-dots"), text.properties(name=f"{LABELS}-text")]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places nearest to those wanted that are ``gap`` apart and within ``low`` and ``high``.

    Where there is no room for all, places continue above ``high``.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [0.0] * len(wanted)
    last = low - gap
    for index in order:
        placed[index] = last = max(wanted[index], last + gap, low)
    last = max(high, low + gap * (len(order) - 1)) + gap
    for index in reversed(order):
        placed[index] = last = min(placed[index], last - gap)
    return placed


def table(rows: Rows, **numeric: str) -> alt.InlineData:
    """Rows inlined as CSV: a third of the size of JSON objects."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    kind = alt.CsvDataFormat(type="csv", parse=numeric)
    return alt.InlineData(values=out.getvalue(), format=kind)


def finish(chart: Any, height: int = HEIGHT, drawn: DrawnSeries | None = None) -> dict[str, Any]:
    """The specification of a chart with the look of all; ``usermeta`` lists the series."""
    spec: dict[str, Any] = chart.properties(width=WIDTH, height=height).to_dict()
    spec["config"] = dict(CONFIG)
    for layer in spec.get("layer", ()):
        # Inline: figures of the same rows share one data set in the page, but have own labels.
        if str(layer.get("name", "")).startswith(LABELS):
            layer["data"] = {"values": spec["datasets"][layer["data"]["name"]]}
    if drawn is not None and not drawn.complete:
        spec["usermeta"] = {"series": list(drawn.all), "drawn": list(drawn.drawn)}
    return spec
