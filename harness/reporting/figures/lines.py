"""Curves of comparisons and searches as Vega-Lite specifications: ROC, DET and CMC."""

from __future__ import annotations

from typing import Any

from harness.reporting.figures.parts import (
    SOLID,
    Rows,
    alt,
    chosen,
    finish,
    names,
    series,
    specification,
    table,
)

LOG_TICKS = [10.0**exponent for exponent in range(-8, 1)]


@specification
def roc(rows: Rows) -> dict[str, Any]:
    """TAR over FAR on a logarithmic axis, one step line a result, with bands where rows have them.

    Rows hold ``far``, ``tar`` (fractions), ``generator``, ``model`` and ``result``, which tells
    repeats apart; ``low`` and ``high`` of all rows or of none. Colour is the generator, dash the
    model; a click on the legend selects one out.
    """
    banded = "low" in rows[0]
    numeric = dict.fromkeys(("far", "tar", *(("low", "high") if banded else ())), "number")
    base = alt.Chart(table(rows, **numeric)).encode(
        x=_rate("far", "false accept rate (FAR)"), detail="result:N", **series(rows)
    )
    y = alt.Y("tar:Q", title="true accept rate (TAR)").scale(zero=False).axis(format="~%")
    pick, opacity = chosen()
    lines = base.mark_line(interpolate="step-after", strokeWidth=2).encode(
        y=y, opacity=opacity, tooltip=[*names(), *_rates("far", "tar")]
    )
    if not banded:
        return finish(lines.add_params(pick))
    shade = alt.condition(pick, alt.value(0.18), alt.value(0.0))
    bands = base.mark_area(interpolate="step-after", line=False).encode(
        y=alt.Y("low:Q", title="true accept rate (TAR)").scale(zero=False),
        y2="high:Q", opacity=shade, strokeDash=SOLID,
    )  # fmt: skip
    return finish(alt.layer(bands, lines.add_params(pick)))


@specification
def det(rows: Rows) -> dict[str, Any]:
    """Detection error trade-off: FNMR over FMR, both on logarithmic axes, of the rows of a ROC.

    Where no genuine comparison is rejected the curve ends: a logarithm has no zero.
    """
    numeric = {"far": "number", "tar": "number"}
    pick, opacity = chosen()
    chart = (
        alt.Chart(table(rows, **numeric))
        .transform_calculate(fnmr="1 - datum.tar")
        .transform_filter("datum.fnmr > 1e-9")
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=_rate("far", "false match rate (FMR)"),
            y=_rate("fnmr", "false non-match rate (FNMR)", alt.Y),
            detail="result:N",
            tooltip=[*names(), *_rates("far", "fnmr")],
            opacity=opacity,
            **series(rows),
        )
        .add_params(pick)
    )
    return finish(chart)


@specification
def cmc(rows: Rows) -> dict[str, Any]:
    """Cumulative match characteristic; rows hold ``rank`` and ``rate`` beside those of a ROC."""
    pick, opacity = chosen()
    chart = (
        alt.Chart(table(rows, rank="number", rate="number"))
        .mark_line(strokeWidth=2, point={"size": 14})
        .encode(
            x=alt.X("rank:Q", title="rank").scale(nice=False),
            y=alt.Y("rate:Q", title="share of searches with the mate at this rank or before")
            .scale(zero=False).axis(format="~%"),
            detail="result:N",
            tooltip=[*names(), alt.Tooltip("rank:Q"), alt.Tooltip("rate:Q", format=".2%")],
            opacity=opacity,
            **series(rows),
        )
        .add_params(pick)
    )  # fmt: skip
    return finish(chart)


def _rate(field: str, title: str, channel: Any = None) -> Any:
    found = (channel or alt.X)(f"{field}:Q", title=title).scale(type="log", nice=False)
    return found.axis(format="~e", values=LOG_TICKS)


def _rates(across: str, up: str) -> list[alt.Tooltip]:
    titles = {"far": "FAR", "tar": "TAR", "fnmr": "FNMR"}
    formats = ((across, ".2e"), (up, ".2%"))
    return [alt.Tooltip(f"{f}:Q", title=titles[f], format=text) for f, text in formats]
