"""What all figures share: their look, their series, and data that are in the page once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

if TYPE_CHECKING:
    import altair as alt
else:
    try:
        import altair as alt
    except ImportError:
        alt = None

__all__ = ["Rows", "SOLID", "alt", "chosen", "finish", "interval", "names", "series",
           "specification", "table"]  # fmt: skip

P = ParamSpec("P")

WIDTH, HEIGHT = 680, 360
COLOURS = (
    "#2f7fd6", "#e07a1f", "#1f9e77", "#c2478f", "#8a63d2", "#a98600", "#d1495b", "#2b9db3",
    "#6f8f2f", "#8c6d5a",
)  # fmt: skip
"""Distinct on white and on near-black, also for colour-blind readers when dashes differ too."""

CONFIG: Mapping[str, Any] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
             "gridColor": "#8884", "domainColor": "#888", "tickColor": "#888"},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
               "labelLimit": 320, "orient": "bottom", "columns": 3, "symbolStrokeWidth": 3,
               # Below each other: side by side two long legends leave the picture.
               "layout": {"bottom": {"direction": "vertical", "anchor": "start"}}},
    "range": {"category": list(COLOURS)},
}  # fmt: skip

Rows = Sequence[Mapping[str, Any]]
SOLID = {"value": [1, 0]}
"""No dash for bands and whiskers: a dashed one would read as a gap in the interval."""


def specification(make: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """Mark what makes a specification: it is empty where altair is not installed.

    A report is complete without pictures, so it is written, and each picture says what is missing.
    """

    @wraps(make)
    def made(*args: P.args, **options: P.kwargs) -> dict[str, Any]:
        return {} if alt is None else make(*args, **options)

    return made


def series(rows: Rows, legend: str = "generator") -> dict[str, Any]:
    """Colour for the generator and, where there are several, dash for the model."""
    encodings: dict[str, Any] = {"color": alt.Color("generator:N", title=legend)}
    if len({row["model"] for row in rows}) > 1:
        encodings["strokeDash"] = alt.StrokeDash("model:N", title="model")
    return encodings


def names() -> list[alt.Tooltip]:
    """Generator and model, for every tooltip."""
    return [alt.Tooltip("generator:N"), alt.Tooltip("model:N")]


def interval() -> list[alt.Tooltip]:
    """The ends of an interval of a fraction, for tooltips."""
    return [alt.Tooltip(f"{end}:Q", format=".2%") for end in ("low", "high")]


def chosen() -> tuple[alt.Parameter, Any]:
    """A click on the legend selects one generator out: the parameter, and the others' opacity."""
    pick = alt.selection_point(fields=["generator"], bind="legend")
    return pick, alt.condition(pick, alt.value(1.0), alt.value(0.12))


def table(rows: Rows, **numeric: str) -> alt.InlineData:
    """Rows inlined as CSV: a third of the size of JSON objects."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    kind = alt.CsvDataFormat(type="csv", parse=numeric)
    return alt.InlineData(values=out.getvalue(), format=kind)


def finish(chart: Any, height: int = HEIGHT) -> dict[str, Any]:
    """The specification of a chart with the look of all."""
    spec: dict[str, Any] = chart.properties(width=WIDTH, height=height).to_dict()
    spec["config"] = dict(CONFIG)
    return spec
