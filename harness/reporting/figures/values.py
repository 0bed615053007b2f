"""Values over conditions, groups, training steps and bins as Vega-Lite specifications."""

from __future__ import annotations

from typing import Any

from harness.reporting.figures.parts import (
    SOLID,
    Rows,
    alt,
    chosen,
    finish,
    interval,
    names,
    series,
    specification,
    table,
)

ENDS = ("low", "high")


@specification
def over_axis(rows: Rows, title: str, measure: str, legend: str = "generator") -> dict[str, Any]:
    """A metric over a numeric condition such as yaw, with its intervals.

    Rows hold ``x``, ``value``, ``low``, ``high`` (fractions; low and high may be None),
    ``generator``, ``model`` and ``result``, which tells repeats apart. ``legend`` says what the
    colours, the field ``generator``, stand for.
    """
    numeric = dict.fromkeys(("x", "value", *ENDS), "number")
    base = alt.Chart(table(rows, **numeric)).encode(
        x=alt.X("x:Q", title=title).scale(zero=False, padding=12),
        detail="result:N",
        **series(rows, legend),
    )
    y = alt.Y("value:Q", title=measure).scale(zero=False).axis(format="~%")
    shown = [alt.Tooltip("x:Q", title=title), alt.Tooltip("value:Q", title=measure, format=".2%")]
    lines = base.mark_line(strokeWidth=2).encode(y=y)
    points = base.mark_point(filled=True, size=50, opacity=1).encode(
        y=y, tooltip=[*names(), *shown, *interval()]
    )
    whiskers = base.mark_rule(strokeWidth=1.5).encode(
        y=alt.Y("low:Q", title=measure), y2="high:Q", strokeDash=SOLID
    )
    return finish(alt.layer(lines, whiskers, points))


@specification
def groups(rows: Rows, measure: str) -> dict[str, Any]:
    """A metric in each group, a point and its interval for every series side by side.

    Rows hold ``group``, ``value``, ``low``, ``high``, ``generator``, ``model`` and ``series``,
    which tells apart all that is in one group.
    """
    numeric = dict.fromkeys(("value", *ENDS), "number")
    base = alt.Chart(table(rows, **numeric)).encode(
        y=alt.Y("group:N", title=None).axis(grid=True, tickBand="extent"),
        yOffset="series:N",
        color=alt.Color("generator:N", title="generator"),
    )
    x = alt.X("value:Q", title=measure).scale(zero=False).axis(format="~%")
    tooltip = [*names(), alt.Tooltip("group:N"), alt.Tooltip("value:Q", format=".2%"), *interval()]
    shape = {"shape": alt.Shape("model:N")} if len({row["model"] for row in rows}) > 1 else {}
    points = base.mark_point(filled=True, size=60, opacity=1).encode(x=x, tooltip=tooltip, **shape)
    whiskers = base.mark_rule(strokeWidth=1.5).encode(
        x=alt.X("low:Q", title=measure).scale(zero=False), x2="high:Q"
    )
    each, count = (len({row[field] for row in rows}) for field in ("series", "group"))
    return finish(alt.layer(whiskers, points), count * max(28, 12 * each + 8))


@specification
def training(rows: Rows, column: str, title: str) -> dict[str, Any]:
    """A recorded quantity over the steps of all phases, one line per phase.

    Rows hold ``step``, ``generator``, ``model``, ``phase``, ``run`` and quantities, of which some
    may be None.
    """
    common = ("step", "generator", "model", "phase", "run")
    numeric = {name: "number" for name in rows[0] if name not in common[1:]}
    share = column.endswith("accuracy")
    y = alt.Y(f"{column}:Q", title=title).scale(zero=column == "images_per_s")
    pick, opacity = chosen()
    chart = (
        alt.Chart(table(rows, **numeric))
        .transform_filter(f"isValid(datum.{column})")
        .mark_line(strokeWidth=1.5, point={"size": 16} if share else False)
        .encode(
            x=alt.X("step:Q", title="training step, phases one after the other"),
            y=y.axis(format="~%") if share else y,
            detail="run:N",
            tooltip=[
                *names(),
                alt.Tooltip("phase:N"),
                alt.Tooltip("step:Q"),
                alt.Tooltip(f"{column}:Q", title=title, format=".2%" if share else ".4~g"),
            ],
            opacity=opacity,
            **series(rows),
        )
        .add_params(pick)
    )
    return finish(chart, 240)


@specification
def distribution(rows: Rows, title: str, colour: str, legend: str) -> dict[str, Any]:
    """Histograms over each other; ``colour`` is the field that tells them apart.

    Rows hold ``start`` and ``end`` of a bin, its ``density`` (share for each unit of x), ``share``
    and the colour's field. The last row of a histogram closes it: an empty bin of no width.
    """
    numeric = dict.fromkeys(("start", "end", "density", "share"), "number")
    pick = alt.selection_point(fields=[colour], bind="legend")
    chart = (
        alt.Chart(table(rows, **numeric))
        .mark_area(interpolate="step-after", line={"strokeWidth": 1.5})
        .encode(
            x=alt.X("start:Q", title=title).scale(zero=False, nice=False),
            y=alt.Y("density:Q", title="density", stack=None),
            color=alt.Color(f"{colour}:N", title=legend),
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
    return finish(chart, 220)
