"""Figures as Vega-Lite specifications: one for the page, for SVG and for papers."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import altair as alt

WIDTH, HEIGHT = 680, 360
LOG_TICKS = [10.0**exponent for exponent in range(-8, 1)]
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
               "labelLimit": 320, "orient": "bottom", "columns": 3, "symbolStrokeWidth": 3},
    "range": {"category": list(COLOURS)},
}  # fmt: skip


def roc(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """TAR over FAR on a logarithmic axis, one step line a result.

    Rows hold ``far``, ``tar`` (fractions), ``generator``, ``model`` and ``result``, which tells
    repeats apart. Colour is the generator, dash the model; a click on the legend picks one out.
    """
    pick = alt.selection_point(fields=["generator"], bind="legend")
    chart = (
        alt.Chart(_table(rows, far="number", tar="number"))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("far:Q", title="false accept rate (FAR)").scale(type="log", nice=False)
            .axis(format="~e", values=LOG_TICKS),
            y=alt.Y("tar:Q", title="true accept rate (TAR)").scale(zero=False).axis(format="~%"),
            detail="result:N",
            tooltip=[
                alt.Tooltip("generator:N"),
                alt.Tooltip("model:N"),
                alt.Tooltip("far:Q", title="FAR", format=".2e"),
                alt.Tooltip("tar:Q", title="TAR", format=".2%"),
            ],
            opacity=alt.condition(pick, alt.value(1.0), alt.value(0.12)),
            **_series(rows),
        )
        .add_params(pick)
    )  # fmt: skip
    return _finish(chart)


def over_axis(rows: Sequence[Mapping[str, Any]], title: str, measure: str) -> dict[str, Any]:
    """A metric over a numeric condition such as yaw, with its intervals.

    Rows hold ``x``, ``value``, ``low``, ``high`` (fractions; low and high may be None),
    ``generator`` and ``model``.
    """
    numeric = dict.fromkeys(("x", "value", "low", "high"), "number")
    base = alt.Chart(_table(rows, **numeric)).encode(
        x=alt.X("x:Q", title=title).scale(zero=False, padding=12), **_series(rows)
    )
    y = alt.Y("value:Q", title=measure).scale(zero=False).axis(format="~%")
    tooltip = [
        alt.Tooltip("generator:N"),
        alt.Tooltip("model:N"),
        alt.Tooltip("x:Q", title=title),
        alt.Tooltip("value:Q", title=measure, format=".2%"),
        alt.Tooltip("low:Q", format=".2%"),
        alt.Tooltip("high:Q", format=".2%"),
    ]
    lines = base.mark_line(strokeWidth=2).encode(y=y)
    points = base.mark_point(filled=True, size=50, opacity=1).encode(y=y, tooltip=tooltip)
    # No dash here: a dashed whisker would read as a gap in the interval.
    whiskers = base.mark_rule(strokeWidth=1.5).encode(
        y=alt.Y("low:Q", title=measure), y2="high:Q", strokeDash=alt.value([1, 0])
    )
    return _finish(alt.layer(lines, whiskers, points))


def training(rows: Sequence[Mapping[str, Any]], column: str, title: str) -> dict[str, Any]:
    """A recorded quantity over training steps, one line a run.

    Rows hold ``step``, the column, ``generator``, ``model`` and ``run``.
    """
    chart = (
        alt.Chart(_table(rows, step="number", **{column: "number"}))
        .mark_line(strokeWidth=1.5)
        .encode(
            x=alt.X("step:Q", title="training step"),
            y=alt.Y(f"{column}:Q", title=title).scale(zero=column != "loss"),
            detail="run:N",
            tooltip=[
                alt.Tooltip("generator:N"),
                alt.Tooltip("model:N"),
                alt.Tooltip("step:Q"),
                alt.Tooltip(f"{column}:Q", title=title, format=".4~g"),
            ],
            **_series(rows),
        )
        .properties(height=240)
    )
    return _finish(chart)


def svg(spec: Mapping[str, Any]) -> str:
    """The figure as SVG text; nothing is fetched."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(dict(spec), allowed_base_urls=[]))


@cache
def viewer() -> str:
    """The script that draws specifications in a page: Vega, Vega-Lite and Vega-Embed in one."""
    import vl_convert

    return str(vl_convert.javascript_bundle())  # type: ignore[call-arg] # its stub forgets the default


def _series(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Colour for the generator and, where there are several, dash for the model."""
    encodings: dict[str, Any] = {"color": alt.Color("generator:N", title="generator")}
    if len({row["model"] for row in rows}) > 1:
        encodings["strokeDash"] = alt.StrokeDash("model:N", title="model")
    return encodings


def _table(rows: Sequence[Mapping[str, Any]], **numeric: str) -> alt.InlineData:
    """Rows inlined as CSV: a third of the size of JSON objects."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    kind = alt.CsvDataFormat(type="csv", parse=numeric)
    return alt.InlineData(values=out.getvalue(), format=kind)


def _finish(chart: Any) -> dict[str, Any]:
    sized = chart.properties(width=WIDTH)
    if not isinstance(chart, alt.Chart) or chart.height is alt.Undefined:
        sized = sized.properties(height=HEIGHT)
    spec: dict[str, Any] = sized.to_dict()
    spec["config"] = dict(CONFIG)
    return spec
