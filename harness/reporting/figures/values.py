"""Values over conditions, groups, training steps and bins as Vega-Lite specifications."""

from __future__ import annotations

from typing import Any

from harness.reporting.figures.parts import (
    HEIGHT,
    Rows,
    alt,
    coloured,
    finish,
    highlighted,
    interval,
    labelled,
    only,
    specification,
    table,
)
from harness.reporting.figures.series import DrawnSeries

ENDS = ("low", "high")
TRAINING_HEIGHT = 240


@specification
def over_axis(
    rows: Rows, title: str, measure: str, drawn: DrawnSeries, legend: str | None = None
) -> dict[str, Any]:
    """A metric over a numeric condition such as yaw, with its intervals.

    Rows hold ``x``, ``value``, ``low``, ``high`` (fractions; low and high may be None) and
    ``series``; ``legend`` says what the series are.
    """
    numeric = dict.fromkeys(("x", "value", *ENDS), "number")
    domain = _fractions(rows)
    color = coloured(drawn, legend=legend)
    base = only(alt.Chart(table(rows, **numeric)), drawn).encode(
        x=alt.X("x:Q", title=title).scale(zero=False, padding=12), color=color
    )
    y = alt.Y("value:Q", title=measure).scale(domain=list(domain)).axis(format="~%")
    shown = [alt.Tooltip("x:Q", title=title), alt.Tooltip("value:Q", title=measure, format=".2%")]
    pick, opacity = highlighted()
    lines = base.mark_line(strokeWidth=2).encode(y=y, opacity=opacity).add_params(pick)
    points = base.mark_point(filled=True, size=50).encode(
        y=y, opacity=opacity, tooltip=[alt.Tooltip("series:N"), *shown, *interval()]
    )
    whiskers = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=1.5)
        .encode(y=alt.Y("low:Q", title=measure), y2="high:Q", opacity=opacity)
    )
    ends: dict[str, tuple[float, float]] = {}
    for row in sorted(rows, key=lambda row: row["x"]):
        ends[row["series"]] = (row["x"], row["value"])
    labels = labelled(ends, drawn, domain, HEIGHT, right=True)
    return finish(alt.layer(lines, whiskers, points, *labels), drawn=drawn)


@specification
def groups(rows: Rows, measure: str, drawn: DrawnSeries) -> dict[str, Any]:
    """A metric in each group, a point and its interval for every series side by side.

    Rows hold ``group``, ``value``, ``low``, ``high`` and ``series``.
    """
    numeric = dict.fromkeys(("value", *ENDS), "number")
    base = only(alt.Chart(table(rows, **numeric)), drawn).encode(
        y=alt.Y("group:N", title=None).axis(grid=True, tickBand="extent"),
        yOffset=alt.YOffset("series:N").sort(list(drawn.all)),
        color=coloured(drawn),
    )
    x = alt.X("value:Q", title=measure).scale(zero=False).axis(format="~%")
    tooltip = [alt.Tooltip("series:N"), alt.Tooltip("group:N"),
               alt.Tooltip("value:Q", format=".2%"), *interval()]  # fmt: skip
    pick, opacity = highlighted()
    points = base.mark_point(filled=True, size=60).encode(x=x, tooltip=tooltip, opacity=opacity)
    whiskers = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=1.5)
        .encode(x=alt.X("low:Q", title=measure).scale(zero=False), x2="high:Q", opacity=opacity)
    )
    count = len({row["group"] for row in rows})
    height = count * max(28, 12 * len(drawn.drawn) + 8)
    return finish(alt.layer(whiskers, points.add_params(pick)), height, drawn)


@specification
def training(rows: Rows, column: str, title: str, drawn: DrawnSeries) -> dict[str, Any]:
    """A recorded quantity over the steps of all phases: a line per series and phase.

    Rows hold ``step``, ``series``, ``phase``, ``run`` and quantities, of which some may be None;
    ``<quantity>_low`` and ``<quantity>_high`` where a row is the mean of several trainings.
    """
    words = ("series", "phase", "run")
    numeric = {name: "number" for name in rows[0] if name not in words}
    share = column.endswith("accuracy")
    ends = (f"{column}_low", f"{column}_high")
    banded = any(row.get(ends[0]) is not None for row in rows)
    domain = _spanned(rows, (column, *ends))
    base = (
        only(alt.Chart(table(rows, **numeric)), drawn)
        .transform_filter(f"isValid(datum.{column})")
        .encode(
            x=alt.X("step:Q", title="training step, phases one after the other").axis(
                format="~s", tickMinStep=1, tickCount=8
            ),
            detail="run:N",
            color=coloured(drawn),
        )
    )
    pick, opacity = highlighted()
    y = alt.Y(f"{column}:Q", title=title).scale(domain=list(domain))
    form = ".2%" if share else ".4~g"
    lines = base.mark_line(strokeWidth=1.5, point={"size": 16} if share else False).encode(
        y=y.axis(format="~%") if share else y,
        tooltip=[
            alt.Tooltip("series:N"),
            alt.Tooltip("phase:N"),
            alt.Tooltip("step:Q", format=",.0f"),
            alt.Tooltip(f"{column}:Q", title=title, format=form),
        ],
        opacity=opacity,
    )
    last: dict[str, tuple[float, float]] = {}
    for row in sorted(rows, key=lambda row: row["step"]):
        if row.get(column) is not None:
            last[row["series"]] = (row["step"], row[column])
    layers = [lines.add_params(pick),
              *labelled(last, drawn, domain, TRAINING_HEIGHT, right=True)]  # fmt: skip
    if banded:
        shade = alt.condition(pick, alt.value(0.18), alt.value(0.0))
        bands = (
            base.transform_filter(f"isValid(datum.{ends[0]})")
            .mark_area(line=False)
            .encode(y=alt.Y(f"{ends[0]}:Q"), y2=f"{ends[1]}:Q", opacity=shade)
        )
        layers.insert(0, bands)
    return finish(alt.layer(*layers), TRAINING_HEIGHT, drawn)


@specification
def distribution(
    rows: Rows, title: str, colour: str, legend: str, drawn: DrawnSeries
) -> dict[str, Any]:
    """Histograms over each other; ``colour`` is the field that tells them apart.

    Rows hold ``start`` and ``end`` of a bin, its ``density`` (share for each unit of x), ``share``
    and the colour's field. The last row of a histogram closes it: an empty bin of no width.
    """
    numeric = dict.fromkeys(("start", "end", "density", "share"), "number")
    pick = alt.selection_point(fields=[colour], bind="legend")
    chart = (
        only(alt.Chart(table(rows, **numeric)), drawn, colour)
        .mark_area(interpolate="step-after", line={"strokeWidth": 1.5})
        .encode(
            x=alt.X("start:Q", title=title).scale(zero=False, nice=False),
            y=alt.Y("density:Q", title="density", stack=None),
            color=coloured(drawn, colour, legend),
            opacity=alt.condition(pick, alt.value(0.35), alt.value(0.03)),
            tooltip=[
                alt.Tooltip(f"{colour}:N", title=legend),
                alt.Tooltip("start:Q", title="from", format=".4~g"),
                alt.Tooltip("end:Q", title="to", format=".4~g"),
                alt.Tooltip("share:Q", format=".2%"),
            ],
        )
        .add_params(pick)
    )
    return finish(chart, 220, drawn)


def _fractions(rows: Rows) -> tuple[float, float]:
    """An axis that holds all values and intervals of fractions, with a little room."""
    low, high = _spanned(rows, ("value", *ENDS))
    return max(0.0, low), min(1.0, high)


def _spanned(rows: Rows, fields: tuple[str, ...]) -> tuple[float, float]:
    values = [row[name] for row in rows for name in fields if row.get(name) is not None]
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.05
    return low - room, high + room
